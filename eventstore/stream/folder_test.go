package stream

import (
	"os"
	"path/filepath"
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
