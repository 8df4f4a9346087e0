package simulation

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// scratch is a folder in memory, where the machine has such: a simulated disk is slow
// enough. It is removed when the test ends.
func scratch(t testing.TB) string {
	dir, err := os.MkdirTemp("/dev/shm", "simulation-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	return dir
}

// scratchNow is such a folder, which the caller removes.
func scratchNow(t testing.TB) string {
	dir, err := os.MkdirTemp("/dev/shm", "simulation-")
	if err != nil {
		dir, err = os.MkdirTemp("", "simulation-")
	}
	require.NoError(t, err)
	return dir
}
