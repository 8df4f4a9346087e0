package main

import (
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/cmd/internal/programtest"
)

func TestMain(m *testing.M) {
	if os.Getenv(programtest.MainEnv) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// A program is the real program: this test binary, run again.
type program struct{ *programtest.Program }

// storyEnds is the day on which the example's story ends, and from which on it goes on.
const storyEnds = "2026-10-06"

// start serves the folder until the test ends; of an example its story alone.
func start(t testing.TB, dir string, args ...string) *program {
	t.Helper()
	if slices.Contains(args, "--example") {
		args = append(args, "--example-until", storyEnds)
	}
	return &program{programtest.Start(t, os.Args[0], dir, args...)}
}

// ask asks the manager's question below the group and reads the answer.
func ask[T any](p *program, path string) T {
	p.T.Helper()
	status, body := p.Send("manager", "GET", "/v1/groups/trafford"+path, "")
	require.Equal(p.T, 200, status, "%s: %s", path, body)
	v, err := read[T](body)
	require.NoError(p.T, err)
	return *v
}

// refused has a command sent that must be refused by that rule.
func (p *program) refused(rule, person, command, body string) string {
	p.T.Helper()
	status, answer := p.Send(person, "POST", "/v1/groups/trafford/commands/"+command, body)
	require.GreaterOrEqual(p.T, status, 400, "%s", answer)
	require.Less(p.T, status, 500, "%s", answer)
	problem := map[string]any{}
	require.NoError(p.T, json.Unmarshal(answer, &problem))
	require.Equal(p.T, rule, problem["rule"], "%s", answer)
	return problem["detail"].(string)
}

// A command that is not known is no success, and what is near it is named.
func TestACommandThatIsNotKnown(t *testing.T) {
	p := &program{&programtest.Program{T: t, File: os.Args[0]}}
	for _, args := range [][]string{{"do", "consnt"}, {"keys", "ad"}, {"do", "xyzzy"}, {"consnt"}, {"help", "consnt"}, {"completion", "bsh"}} {
		_, errs, code := p.Run("", args...)
		require.Equal(t, exitUsage, code, "%q", args)
		require.Contains(t, errs, args[len(args)-1])
	}
	for _, args := range [][]string{{"witness", "--name", "a"}, {"doctor", "--data", "a", "--server", "b"}, {"restore"}} {
		_, errs, code := p.Run("", args...)
		require.Equal(t, exitUsage, code, "%q: %s", args, errs)
	}
	_, errs, _ := p.Run("", "do", "consnt")
	require.Contains(t, errs, "near it: consent")
	for _, args := range [][]string{{"do"}, {"help", "do"}, {"help"}, {"completion"}} {
		out, errs, code := p.Run("", args...)
		require.Zero(t, code, "%q: %s", args, errs)
		require.Contains(t, out, args[len(args)-1])
	}
}
