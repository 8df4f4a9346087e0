package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/cmd/internal/programtest"
)

func TestBackupThatIsNotWhole(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "cut.tar")
	require.NoError(t, os.WriteFile(file, []byte("nats/"), 0o600))
	p := &program{&programtest.Program{T: t, File: os.Args[0]}}
	_, errs, code := p.Run("", "restore", "--data", filepath.Join(dir, "data"), "--from", file, "--keys", dir)
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "unpack")
}
