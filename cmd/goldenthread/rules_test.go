package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/domain"
)

func TestRulesCommand(t *testing.T) {
	rules := func(args ...string) (said string, code int) {
		var out bytes.Buffer
		root := rootCommand()
		root.SetOut(&out)
		root.SetErr(&out)
		root.SetArgs(append([]string{"rules"}, args...))
		code = run(t.Context(), root)
		return out.String(), code
	}
	said, code := rules("c13")
	require.Zero(t, code)
	require.Contains(t, said, "C13. Lapsing\n\nA proposal that reaches its closing date")
	require.Contains(t, said, "\nMinutes: c13-lapse")
	require.NotContains(t, said, "](")
	said, code = rules()
	require.Zero(t, code)
	for _, r := range domain.Rules() {
		require.Contains(t, said, r.Number+" ")
		require.Contains(t, said, r.Title+"\n")
	}
	said, code = rules("C99")
	require.Equal(t, exitUsage, code)
	require.Contains(t, said, `no rule "C99"`)
}
