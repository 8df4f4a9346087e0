package main

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"goldenthread/eventstore"
)

// TestBackupWhileRunning makes a backup while people ask, restores it, and finds
// everything there that had been acknowledged before it was begun, and all of it signed for.
func TestBackupWhileRunning(t *testing.T) {
	s := newSiege(t, t.TempDir())
	p := start(t, s.dir)
	ctx, cancel := context.WithCancel(t.Context())
	stormed := make(chan struct{})
	go func() { s.storm(ctx, p.URL); close(stormed) }()
	s.answers(t, 20)
	s.mu.Lock()
	before := map[string]bool{}
	for id := range s.acknowledged {
		before[id] = true
	}
	s.mu.Unlock()
	file := filepath.Join(t.TempDir(), "backup.tar")
	out, errs, code := p.Run("operator", "backup", "--to", file)
	require.Zero(t, code, "%s", errs)
	require.Contains(t, out, "wrapping.key")
	cancel()
	<-stormed
	p.Tokens["somebody"] = s.askers[0].token
	_, errs, code = p.Run("somebody", "backup", "--to", file+".other")
	require.Equal(t, 3, code, "%s", errs)
	_, errs, code = p.Run("operator", "backup", "--to", file)
	require.Equal(t, 1, code, "%s", errs) // it is there
	left, err := filepath.Glob(filepath.Join(s.dir, "backup-*"))
	require.NoError(t, err)
	require.Empty(t, left)
	p.Stop()

	restored := filepath.Join(t.TempDir(), "data")
	out, errs, code = p.Run("operator", "restore", "--data", restored, "--from", file, "--keys", s.dir)
	require.Zero(t, code, "%s", errs)
	said, errs, code := p.Run("operator", "verify", restored)
	require.Zero(t, code, "%s%s", said, errs)
	for _, group := range s.groups { // nothing is left to be signed for, though people wrote meanwhile
		require.Contains(t, out, group+": ")
		_, rest, _ := strings.Cut(out, group+": ")
		whole, _, _ := strings.Cut(rest, "\n")
		require.Contains(t, said, group+" is as it was signed: "+whole)
	}
	again := &siege{t: t, dir: restored, options: eventstore.Options{Dir: restored}, groups: s.groups, acknowledged: before, open: map[string]asker{}}
	lost, doubled := again.count()
	require.NotEmpty(t, before)
	require.Zero(t, lost)
	require.Zero(t, doubled)

	p = start(t, restored) // tokens that were given out are in it
	again.insist(p.URL, s.askers[0], uuid.NewString())
	t.Logf("%d acknowledged before the backup, 0 lost", len(before))
}
