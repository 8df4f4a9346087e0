package main

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"goldenthread/api/version"
	"goldenthread/cmd/internal/folder"
	"goldenthread/domain"
	"goldenthread/eventstore"
	"goldenthread/eventstore/storetest"
	"goldenthread/projections"
)

// TestFoldersOfEarlierReleases: on a folder that an earlier release made this one gives the
// same roots, reads every event, opens what is sealed, and goes on. testdata/releases/make
// makes such a folder; there is one of each release.
func TestFoldersOfEarlierReleases(t *testing.T) {
	roots, err := filepath.Glob("testdata/releases/*.roots")
	require.NoError(t, err)
	require.Contains(t, roots, "testdata/releases/"+version.Number+".roots", "make this release's folder: cmd/goldenthread/testdata/releases/make")
	for _, file := range roots {
		name := strings.TrimSuffix(file, ".roots")
		t.Run(filepath.Base(name), func(t *testing.T) {
			dir := unpacked(t, name+".tar.gz")
			require.Equal(t, mustRead(t, file), rootsIn(t, dir))
			require.NoError(t, os.Remove(filepath.Join(dir, "log", "mark.json")))
			require.Equal(t, mustRead(t, file), rootsIn(t, dir), "without what is there for a faster start")
			goesOn(t, dir)
		})
	}
}

// rootsIn opens the folder, reads all of it, and gives each group with its size and root.
func rootsIn(t *testing.T, dir string) string {
	store, groups := opened(t, dir)
	defer func() { require.NoError(t, folder.Close(store)) }()
	var said strings.Builder
	for _, group := range store.Groups() {
		require.NoError(t, store.Stopped(group))
		next := store.Next(group)
		events := uint64(0)
		for _, err := range store.Entries(t.Context(), group, 0, next) {
			require.NoError(t, err)
			events++
		}
		require.Equal(t, next, events)
		log, err := store.Log(group)
		require.NoError(t, err)
		fmt.Fprintln(&said, group, log.Tree().N, log.Tree().Hash)
		require.EqualValues(t, next, log.Tree().N)
		g, err := groups.Now(t.Context(), group, nil)
		require.NoError(t, err)
		p, refused := g.Proposal("P1", domain.DayOf(time.Now()))
		require.Nil(t, refused)
		require.Equal(t, "Shared records", p.Title)
		chair := g.State().Person("chair")
		require.NotNil(t, chair)
		personal, err := store.OpenPersonal(chair.ID, chair.Sealed)
		require.NoError(t, err)
		require.Equal(t, domain.PersonalData{Name: "Alex Example", Email: "alex@example.org"}, personal)
	}
	return said.String()
}

// goesOn records one more event, and the log extends what was signed.
func goesOn(t *testing.T, dir string) {
	store, _ := opened(t, dir)
	defer func() { require.NoError(t, folder.Close(store)) }()
	log, err := store.Log("example")
	require.NoError(t, err)
	before := log.Tree()
	r, err := store.Execute(t.Context(), storetest.Request("example", "cd-north", &domain.RegisterPerson{PersonEntry: domain.PersonEntry{Handle: fmt.Sprint("new-", before.N), Office: "Practice manager"}}))
	require.NoError(t, err)
	after, err := store.AwaitSigned(t.Context(), "example", r.Next)
	require.NoError(t, err)
	require.Greater(t, after.N, before.N)
}

func opened(t *testing.T, dir string) (*eventstore.Store, *projections.Groups) {
	store, groups, err := folder.Open(t.Context(), eventstore.Options{Dir: dir, ClockConfirmed: true, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	return store, groups
}

func mustRead(t *testing.T, file string) string {
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	return string(b)
}

// unpacked is a folder of what is in the archive.
func unpacked(t *testing.T, file string) string {
	dir := t.TempDir()
	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	zipped, err := gzip.NewReader(f)
	require.NoError(t, err)
	for in := tar.NewReader(zipped); ; {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return dir
		}
		require.NoError(t, err)
		require.True(t, filepath.IsLocal(h.Name), h.Name)
		path := filepath.Join(dir, h.Name)
		if h.Typeflag == tar.TypeDir {
			require.NoError(t, os.MkdirAll(path, 0o700))
			continue
		}
		b, err := io.ReadAll(in)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, b, 0o600))
	}
}
