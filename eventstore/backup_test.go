package eventstore

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/eventstore/archive"
	"goldenthread/eventstore/commit"
	"goldenthread/eventstore/storetest"
)

// unpacked makes a data folder of a backup and the keys of the store's folder.
func unpacked(t *testing.T, backup []byte, from string) string {
	dir, file := t.TempDir(), filepath.Join(t.TempDir(), "backup.tar")
	require.NoError(t, os.WriteFile(file, backup, 0o600))
	_, err := archive.Unpack(file, dir, nil)
	require.NoError(t, err)
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
	require.NoError(t, s.Backup(testContext(t), &backup, nil, nil))
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
	out, into := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- s.Backup(testContext(t), into, nil, nil) }()
	_, err := out.Read(make([]byte, 1))
	require.NoError(t, err, "the first one is being written")
	require.ErrorIs(t, s.Backup(testContext(t), io.Discard, nil, nil), commit.ErrNotReady)
	go io.Copy(io.Discard, out)
	require.NoError(t, <-done)
	require.NoError(t, s.Backup(testContext(t), io.Discard, nil, nil), "the first one has ended")
}
