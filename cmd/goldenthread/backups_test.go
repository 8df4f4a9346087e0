package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"goldenthread/cmd/internal/programtest"
)

// A server with --backup-to makes a backup at once, reads it, and leaves it for the doctor.
func TestServeMakesBackups(t *testing.T) {
	to := t.TempDir()
	_, errs, code := (&program{&programtest.Program{T: t, File: os.Args[0]}}).Run("", "serve", "--data", filepath.Join(to, "data"), "--backup-to", filepath.Join(to, "nowhere"))
	require.Equal(t, exitUsage, code, "%s", errs)
	p := start(t, filepath.Join(t.TempDir(), "data"), "--example", "trafford", "--backup-to", to)
	made := func() []string {
		files, err := filepath.Glob(filepath.Join(to, "*.tar"))
		require.NoError(t, err)
		return files
	}
	require.Eventually(t, func() bool { return len(made()) == 1 }, 30*time.Second, 20*time.Millisecond)
	out, errs, code := p.Run("operator", "doctor", "--backups", to)
	require.Zero(t, code, "%s%s", out, errs)
	dir, said := p.restored(t, made()[0], "wrapping.key", "signing.key", "backup.key")
	require.Contains(t, said, "people get in as they did then")
	require.FileExists(t, filepath.Join(dir, "tokens.json"))
}

// For a week all backups are kept, then one a week, and after 90 days none.
func TestBackupsAreThinned(t *testing.T) {
	now := time.Date(2026, 6, 1, 3, 0, 0, 0, time.UTC)
	var made []time.Time
	for day := range 120 {
		made = append(made, now.AddDate(0, 0, -day))
	}
	old := map[time.Time]bool{}
	for _, at := range thinned(made) {
		old[at] = true
	}
	kept, oldest := 0, now
	for _, at := range made {
		if !old[at] {
			kept, oldest = kept+1, at
		}
	}
	require.Equal(t, 8+12, kept)
	require.LessOrEqual(t, now.Sub(oldest), backupsKept)
	require.Greater(t, now.Sub(oldest), backupsKept-7*24*time.Hour)
}
