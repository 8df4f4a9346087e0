package recovery

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"goldenthread/domain"
	"goldenthread/eventstore"
	"goldenthread/eventstore/storetest"
)

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

func testContext(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func openTest(t testing.TB, o eventstore.Options) *eventstore.Store {
	t.Helper()
	o.Log = quiet
	s, err := eventstore.Open(testContext(t), o)
	require.NoError(t, err)
	t.Cleanup(func() { s.Close(testContext(t)) })
	return s
}

func mustExecute(t testing.TB, s *eventstore.Store, req domain.Request) eventstore.Result {
	t.Helper()
	r, err := s.Execute(testContext(t), req)
	require.NoError(t, err)
	return r
}

// linesOf are the lines of the group's ledger.
func linesOf(t testing.TB, s *eventstore.Store, group string) (lines [][]byte) {
	t.Helper()
	for i := range s.Next(group) {
		line, err := s.Line(testContext(t), group, i)
		require.NoError(t, err)
		lines = append(lines, line)
	}
	return lines
}

// smallStore makes a data folder with two groups, closed, all signed for.
func smallStore(t testing.TB) (dir string, lines map[string][][]byte) {
	t.Helper()
	dir = t.TempDir()
	s := openTest(t, eventstore.Options{Dir: dir})
	lines = map[string][][]byte{}
	for _, group := range []string{"one", "two"} {
		mustExecute(t, s, storetest.Found(group))
		for i := range 6 {
			mustExecute(t, s, storetest.Register(group, fmt.Sprintf("p%d", i)))
		}
		_, err := s.AwaitSigned(testContext(t), group, s.Next(group))
		require.NoError(t, err)
		lines[group] = linesOf(t, s, group)
	}
	require.NoError(t, s.Close(testContext(t)))
	return dir, lines
}

// copyFolder is a copy of a closed data folder.
func copyFolder(t testing.TB, from string) string {
	t.Helper()
	to := t.TempDir()
	require.NoError(t, os.CopyFS(to, os.DirFS(from)))
	for _, key := range []string{"wrapping.key", "signing.key"} {
		require.NoError(t, os.Chmod(filepath.Join(to, key), 0o600))
	}
	return to
}
