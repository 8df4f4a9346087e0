package main

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestCommandLineIsTraced: the command line begins a trace, or goes on with the
// one in TRACEPARENT; the ledger and the server's log have it.
func TestCommandLineIsTraced(t *testing.T) {
	p := start(t, filepath.Join(t.TempDir(), "data"), "--example", "trafford")
	const sent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	newest := func() string {
		out, errs, code := p.Run("cd-altrincham", "audit", "--order", "newest", "--limit", "1", "--json")
		require.Zero(t, code, errs)
		m := regexp.MustCompile(`"traceparent": ?"([^"]*)"`).FindStringSubmatch(out)
		require.NotNil(t, m, out)
		return m[1]
	}
	raise := func(title string) {
		_, errs, code := p.Run("cd-altrincham", "do", "raise-proposal", "--title", title, "--text", "We ask for it.", "--matter", "digital")
		require.Zero(t, code, errs)
	}
	raise("One")
	began := newest()
	require.True(t, strings.HasSuffix(began, "-01"), began)
	raise("Two")
	require.NotEqual(t, began, newest())
	t.Setenv("TRACEPARENT", sent)
	raise("Three")
	require.Equal(t, sent, newest())
	require.Contains(t, p.Log.String(), "name=raise-proposal")
	require.Contains(t, p.Log.String(), "trace=4bf92f3577b34da6a3ce929d0e0e4736")
	require.Contains(t, p.Log.String(), "trace="+began[3:35])
}
