package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"goldenthread/cmd/internal/folder"
	"goldenthread/cmd/internal/programtest"
	"goldenthread/domain"
	"goldenthread/eventstore"
	"goldenthread/eventstore/logs"
	"goldenthread/eventstore/storetest"
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
	first := made()[0]
	require.NoError(t, os.Rename(first, filepath.Join(to, "goldenthread-20260101T000000Z.tar"))) // names tell backups apart by the second
	first = made()[0]
	for _, method := range []string{"GET", "POST"} { // the operator's page says when the newest was made, and makes another
		status, page := p.Send("operator", method, map[string]string{"GET": "/operator", "POST": "/operator/backup"}[method], "")
		require.Equal(t, 200, status, "%s", page)
		newest := made()[len(made())-1]
		require.Contains(t, string(page), "and then read whole: <code>"+filepath.Base(newest))
		require.Equal(t, method == "POST", newest != first)
	}
	out, errs, code := p.Run("operator", "doctor", "--backups", to)
	require.Zero(t, code, "%s%s", out, errs)
	dir, said := p.restored(t, made()[0], "wrapping.key", "signing.key", "backup.key")
	require.Contains(t, said, "people get in as they did then")
	require.FileExists(t, filepath.Join(dir, "tokens.json"))
}

// A whole folder that was set back is in order by itself. The note beside the backups says that
// there was more: the group records nothing until the operator accepts the loss.
func TestTheNoteBesideTheBackupsShowsAFolderThatWasSetBack(t *testing.T) {
	const release = "testdata/releases/0.1.0.tar.gz"
	b := &backups{dir: t.TempDir()}
	known, err := b.readNote()
	require.NoError(t, err)
	require.Empty(t, known)
	now := unpacked(t, release)
	for range 2 {
		store, _ := opened(t, now)
		b.known = func() map[string]uint64 { return signedFor(store) }
		require.NoError(t, b.note())
		require.NoError(t, folder.Close(store))
		goesOn(t, now)
	}
	known, err = b.readNote()
	require.NoError(t, err)
	require.Len(t, known, 1)

	lastWeek := unpacked(t, release)
	options := eventstore.Options{Dir: lastWeek, ClockConfirmed: true, Known: known, Log: slog.New(slog.DiscardHandler)}
	store, _, err := folder.Open(t.Context(), options)
	require.NoError(t, err)
	require.ErrorContains(t, store.Stopped("example"), "it is noted beside its backups that it had 25 events")
	require.EqualValues(t, 1, logs.LostEvents(store.Stopped("example")))
	_, err = store.Execute(t.Context(), storetest.Request("example", "cd-north", &domain.RegisterPerson{PersonEntry: domain.PersonEntry{Handle: "new", Office: "Practice manager"}}))
	require.Error(t, err)
	b.known = func() map[string]uint64 { return signedFor(store) }
	require.NoError(t, b.note())
	again, err := b.readNote()
	require.NoError(t, err)
	require.Equal(t, known, again, "a folder that was set back takes nothing back")
	require.NoError(t, folder.Close(store))

	options.AcceptLoss = true
	store, _, err = folder.Open(t.Context(), options)
	require.NoError(t, err)
	require.NoError(t, store.Stopped("example"))
	require.NoError(t, folder.Close(store))
	options.AcceptLoss = false
	store, _, err = folder.Open(t.Context(), options)
	require.NoError(t, err)
	require.NoError(t, store.Stopped("example"), "the loss is on the record, and the log has another origin")
	require.NoError(t, folder.Close(store))

	require.NoError(t, os.WriteFile(filepath.Join(b.dir, noteFile), []byte("null"), 0o600))
	_, err = b.readNote()
	require.ErrorContains(t, err, "delete it if it is damaged")
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
