package stream

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// Other users of the machine can't open the data folder, whatever it was before.
func TestDataFolderIsClosedToOthers(t *testing.T) {
	for _, mode := range []os.FileMode{0o700, 0o755, 0o777} {
		dir := filepath.Join(t.TempDir(), "data")
		require.NoError(t, os.Mkdir(dir, 0o700))
		require.NoError(t, os.Chmod(dir, mode))
		lock, err := LockFolder(dir)
		require.NoError(t, err)
		require.NoError(t, lock.Unlock())
		info, err := os.Stat(dir)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
	}
}

// The folder is locked whatever happens to the file lock in it, and whoever has it notices
// that the file or the folder is another by now.
func TestTheFolderItselfIsLocked(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	lock, err := LockFolder(dir)
	require.NoError(t, err)
	require.NoError(t, lock.Check())
	require.NoError(t, os.Remove(filepath.Join(dir, "lock")))
	_, err = LockFolder(dir)
	require.ErrorContains(t, err, "in use by another process")
	require.ErrorContains(t, lock.Check(), "taken away or replaced")

	require.NoError(t, os.WriteFile(filepath.Join(dir, "lock"), nil, 0o600))
	require.ErrorContains(t, lock.Check(), "taken away or replaced", "the file is another")
	require.NoError(t, lock.Unlock())

	lock, err = LockFolder(dir)
	require.NoError(t, err, "who was refused holds nothing")
	require.NoError(t, os.Rename(dir, dir+".aside"))
	require.NoError(t, os.CopyFS(dir, os.DirFS(dir+".aside")))
	require.ErrorContains(t, lock.Check(), "taken away or replaced", "the folder is another")
	require.NoError(t, lock.Unlock())
}

// What can't be written to says so in words.
func TestAFolderThatCantBeUsedIsNamed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := LockFolder(file)
	require.ErrorContains(t, err, "a file lies where a folder is needed")
	dir := t.TempDir()
	require.NoError(t, CheckRoom(dir))
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
	require.ErrorContains(t, CheckRoom(filepath.Join(dir, "none")), "nothing can be written to the data folder")
	for err, words := range map[error]string{syscall.EROFS: "read-only", syscall.ENOSPC: "disk is full", syscall.EACCES: "this user may not write"} {
		said := InWords(&os.PathError{Op: "open", Path: "data/lock", Err: err})
		require.ErrorContains(t, said, words)
		require.ErrorIs(t, said, err)
	}
}

// What somebody names as a file of settings or a key is read whole, or refused in words.
func TestFilesThatSomebodyNames(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "key")
	require.NoError(t, os.WriteFile(file, []byte("abc"), 0o640))
	for _, read := range []func(string) ([]byte, error){ReadFile, ReadSecretFile} {
		b, err := read(file)
		require.NoError(t, err)
		require.Equal(t, "abc", string(b))
		_, err = read(dir)
		require.EqualError(t, err, dir+" is a folder; a file is meant")
		_, err = read(file + "s")
		require.ErrorIs(t, err, os.ErrNotExist)
	}
	require.NoError(t, os.Chmod(file, 0o644))
	_, err := ReadFile(file)
	require.NoError(t, err)
	_, err = ReadSecretFile(file)
	require.ErrorContains(t, err, "can be read by everybody")
	_, err = ReadFile("/dev/zero")
	require.ErrorContains(t, err, "more than 1 MB")
}
