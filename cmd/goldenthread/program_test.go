package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// mainEnv makes the test binary the real program.
const mainEnv = "GOLDENTHREAD_TEST_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(mainEnv) != "" {
		main()
		return
	}
	if config := os.Getenv(natsEnv); config != "" {
		runNATS(config)
		return
	}
	if answers := os.Getenv(bareEnv); answers != "" {
		serveBare(answers)
	}
	os.Exit(m.Run())
}

// A program is the real program serving a folder.
type program struct {
	t      testing.TB
	dir    string
	url    string
	tokens map[string]string // by person; "operator" is the operator's
	cmd    *exec.Cmd
	log    *programLog
}

// A programLog is what the program says on standard error.
type programLog struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *programLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *programLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

var answersAt = regexp.MustCompile(`answers at (http://\S+);`)

// start serves the folder until the test ends.
func start(t testing.TB, dir string, args ...string) *program {
	t.Helper()
	return startAs(t, os.Args[0], dir, args...)
}

// startAs starts it as that file runs it.
func startAs(t testing.TB, file, dir string, args ...string) *program {
	t.Helper()
	p := &program{t: t, dir: dir, tokens: map[string]string{}, log: &programLog{}}
	p.cmd = exec.Command(file, append([]string{"serve", "--data", dir, "--listen", "127.0.0.1:0"}, args...)...)
	p.cmd.Env = append(os.Environ(), mainEnv+"=1")
	out, err := p.cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	t.Cleanup(p.stop)
	lines := bufio.NewScanner(out)
	for p.url == "" && lines.Scan() {
		fmt.Fprintln(p.log, lines.Text())
		if m := answersAt.FindStringSubmatch(lines.Text()); m != nil {
			p.url = m[1]
		}
	}
	require.NotEmpty(t, p.url, "it did not start:\n%s", p.log)
	go io.Copy(p.log, out)
	p.readTokens()
	return p
}

func (p *program) readTokens() {
	operator, err := os.ReadFile(filepath.Join(p.dir, "operator-token"))
	require.NoError(p.t, err)
	if b, err := os.ReadFile(filepath.Join(p.dir, exampleTokens)); err == nil {
		require.NoError(p.t, json.Unmarshal(b, &p.tokens))
	}
	p.tokens["operator"] = strings.TrimSpace(string(operator))
}

// stop ends the program as an operator would, and waits for it.
func (p *program) stop() {
	if p.cmd.ProcessState != nil {
		return
	}
	p.cmd.Process.Signal(syscall.SIGTERM)
	timer := time.AfterFunc(20*time.Second, func() { p.cmd.Process.Kill() })
	defer timer.Stop()
	p.cmd.Wait()
}

// send sends a request as that person and gives status and body.
func (p *program) send(person, method, path, body string) (int, []byte) {
	p.t.Helper()
	req, err := http.NewRequest(method, p.url+path, strings.NewReader(body))
	require.NoError(p.t, err)
	if person != "" {
		require.NotEmpty(p.t, p.tokens[person], "no token for %s", person)
		req.Header.Set("Authorization", "Bearer "+p.tokens[person])
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(p.t, err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	require.NoError(p.t, err)
	return res.StatusCode, b
}

// ask asks the manager's question below the group and reads the answer.
func ask[T any](p *program, path string) T {
	p.t.Helper()
	status, body := p.send("manager", "GET", "/v1/groups/trafford"+path, "")
	require.Equal(p.t, 200, status, "%s: %s", path, body)
	v, err := read[T](body)
	require.NoError(p.t, err)
	return *v
}

// refused has a command sent that must be refused by that rule.
func (p *program) refused(rule, person, command, body string) string {
	p.t.Helper()
	status, answer := p.send(person, "POST", "/v1/groups/trafford/commands/"+command, body)
	require.GreaterOrEqual(p.t, status, 400, "%s", answer)
	require.Less(p.t, status, 500, "%s", answer)
	problem := map[string]any{}
	require.NoError(p.t, json.Unmarshal(answer, &problem))
	require.Equal(p.t, rule, problem["rule"], "%s", answer)
	return problem["detail"].(string)
}

// run runs the program as that person and gives its output and exit code.
func (p *program) run(person string, args ...string) (stdout, stderr string, code int) {
	p.t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), mainEnv+"=1", "GOLDENTHREAD_SERVER="+p.url, "GOLDENTHREAD_GROUP=trafford", "GOLDENTHREAD_TOKEN="+p.tokens[person])
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		require.NoError(p.t, err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}
