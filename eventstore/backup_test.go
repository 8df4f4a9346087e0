package eventstore

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/eventstore/commit"
	"goldenthread/eventstore/storetest"
)

// unpacked makes a data folder of a backup and the keys of the store's folder.
func unpacked(t *testing.T, backup []byte, from string) string {
	dir := t.TempDir()
	for archive := tar.NewReader(bytes.NewReader(backup)); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		path := filepath.Join(dir, h.Name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		if h.Typeflag == tar.TypeReg {
			b, err := io.ReadAll(archive)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(path, b, 0o600))
		}
	}
	for _, name := range []string{"wrapping.key", "signing.key"} {
		b, err := os.ReadFile(filepath.Join(from, name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), b, 0o600))
	}
	return dir
}

// TestABackupRestoresTheLedgerAndNoKeys restores a ledger to the same root, with everybody's data readable
// who has not been erased, and none of it without the keys.
func TestABackupRestoresTheLedgerAndNoKeys(t *testing.T) {
	from := t.TempDir()
	s := openTest(t, Options{Dir: from})
	victim, other := registerPersons(t, s)
	mustExecute(t, s, eraseRequest(victim.id))
	signed, err := s.AwaitSigned(testContext(t), "trafford", s.Next("trafford"))
	require.NoError(t, err)
	var backup bytes.Buffer
	require.NoError(t, s.Backup(testContext(t), &backup))
	for _, name := range []string{"wrapping.key", "signing.key"} {
		key, err := os.ReadFile(filepath.Join(from, name))
		require.NoError(t, err)
		require.NotContains(t, backup.String(), string(key))
	}
	require.NotContains(t, backup.String(), otherName)

	r := openTest(t, Options{Dir: unpacked(t, backup.Bytes(), from)})
	requireErased(t, r, victim, other)
	tree, err := r.AwaitSigned(testContext(t), "trafford", r.Next("trafford"))
	require.NoError(t, err)
	require.Equal(t, signed, tree)
	mustExecute(t, r, storetest.Register("trafford", "later"))
}

func TestOneBackupAtATime(t *testing.T) {
	s := openTest(t, Options{Dir: t.TempDir()})
	archive, into := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- s.Backup(testContext(t), into) }()
	_, err := archive.Read(make([]byte, 1))
	require.NoError(t, err, "the first one is being written")
	require.ErrorIs(t, s.Backup(testContext(t), io.Discard), commit.ErrNotReady)
	go io.Copy(io.Discard, archive)
	require.NoError(t, <-done)
	require.NoError(t, s.Backup(testContext(t), io.Discard), "the first one has ended")
}
