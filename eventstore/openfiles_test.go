//go:build unix

package eventstore

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/eventstore/logs"
	"goldenthread/eventstore/storetest"
	"goldenthread/eventstore/tilelog"
)

const fewFilesEnv = "GOLDENTHREAD_FEW_FILES"

// inAProcessOfItsOwn runs the test in another process and says false; in that one it says
// true.
func inAProcessOfItsOwn(t *testing.T) bool {
	if os.Getenv(fewFilesEnv) != "" {
		return true
	}
	cmd := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), fewFilesEnv+"=1")
	said, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", said)
	require.Contains(t, string(said), "--- PASS")
	return false
}

// TestTooManyOpenFilesIsNoDamage: while the process can open no more files, nothing is
// reported as damaged or missing, no group stops and no log is rebuilt. Afterwards all is
// as it was. It runs in a process of its own, whose files it uses up.
func TestTooManyOpenFilesIsNoDamage(t *testing.T) {
	if !inAProcessOfItsOwn(t) {
		return
	}
	dir := t.TempDir()
	s := openTest(t, Options{Dir: dir})
	mustExecute(t, s, storetest.Found("trafford"))
	for range 60 {
		mustExecute(t, s, several("trafford"))
	}
	next := s.Next("trafford")
	_, err := s.AwaitSigned(testContext(t), "trafford", next)
	require.NoError(t, err)

	release := useUpFiles(t)
	func() {
		defer release()
		outOfFiles := func(err error) {
			require.Error(t, err)
			require.True(t, tilelog.OutOfFiles(err), "%v", err)
			require.False(t, errors.As(err, new(*tilelog.Damage)), "%v", err)
		}
		log, err := s.logs.Log("trafford")
		require.NoError(t, err)
		report, err := log.Verify(testContext(t))
		outOfFiles(err)
		require.Empty(t, report.Damage)
		_, _, err = log.Proof(3)
		outOfFiles(err)
		_, err = log.Leaves(0)
		outOfFiles(err)
		outOfFiles(log.Intact())
		err = s.CheckCopies(testContext(t), func(r logs.CopyReport) error { return r.Err })
		outOfFiles(err)
		require.NoError(t, s.Stopped("trafford"))
	}()
	require.NoError(t, s.CheckCopies(testContext(t), func(r logs.CopyReport) error { require.Empty(t, r.Mended); return r.Err }))
	require.NoError(t, s.Stopped("trafford"))
	mustExecute(t, s, storetest.Register("trafford", "after"))
}

// TestOpeningAFolderWithFewFilesIsNoDamage: a folder that can't be opened since too many
// files are open is opened later as it was.
func TestOpeningAFolderWithFewFilesIsNoDamage(t *testing.T) {
	if !inAProcessOfItsOwn(t) {
		return
	}
	dir := t.TempDir()
	s := openTest(t, Options{Dir: dir})
	mustExecute(t, s, storetest.Found("trafford"))
	next := s.Next("trafford")
	tree, err := s.AwaitSigned(testContext(t), "trafford", next)
	require.NoError(t, err)
	require.NoError(t, s.Close(testContext(t)))

	for _, free := range []int{0, 3, 8, 15, 25} {
		release := useUpFiles(t, free)
		again, err := Open(testContext(t), Options{Dir: dir, Log: quiet})
		if err == nil {
			require.NoError(t, again.Stopped("trafford"), "with %d", free)
			require.NoError(t, again.Close(testContext(t)))
		} else {
			require.NotErrorIs(t, err, new(logs.Loss))
			require.NotContains(t, err.Error(), "missing", "with %d", free)
			require.NotContains(t, err.Error(), "damaged", "with %d", free)
		}
		release()
	}
	s = openTest(t, Options{Dir: dir})
	require.NoError(t, s.Stopped("trafford"))
	now, err := s.AwaitSigned(testContext(t), "trafford", next)
	require.NoError(t, err)
	require.Equal(t, tree, now)
}

// useUpFiles has the process hold as many files open as it may, but for so many, until
// release.
func useUpFiles(t *testing.T, free ...int) (release func()) {
	var before syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before))
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 256, Max: before.Max}))
	var held []*os.File
	for {
		f, err := os.Open(filepath.Clean("/"))
		if err != nil {
			require.True(t, tilelog.OutOfFiles(err), "%v", err)
			break
		}
		held = append(held, f)
	}
	for range append(free, 0)[0] {
		held[0].Close()
		held = held[1:]
	}
	return func() {
		for _, f := range held {
			f.Close()
		}
		require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &before))
	}
}

// A fillingDisk is a disk of the logs that can be full.
type fillingDisk struct{ full atomic.Bool }

func (d *fillingDisk) Write(path string, data []byte) error {
	if d.full.Load() {
		return &os.PathError{Op: "write", Path: path, Err: syscall.ENOSPC}
	}
	return errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, data, 0o600))
}

func (*fillingDisk) Rename(from, to string) error { return os.Rename(from, to) }

func (*fillingDisk) RemoveAll(path string) error { return os.RemoveAll(path) }

func (*fillingDisk) Sync(string, []string) error { return nil }

// TestAFullDiskIsNoDamage: a log that can't be mended since the disk is full stops no group. It
// is mended once there is room.
func TestAFullDiskIsNoDamage(t *testing.T) {
	dir, _ := smallStore(t)
	bundles, err := filepath.Glob(filepath.Join(dir, logs.Folder, "one", "tile", "entries", "*.p", "*"))
	require.NoError(t, err)
	require.NotEmpty(t, bundles)
	for _, bundle := range bundles {
		require.NoError(t, os.Remove(bundle))
	}
	var d fillingDisk
	d.full.Store(true)
	s := openTest(t, Options{Dir: dir, Disk: &d})
	require.ErrorIs(t, reports(t, s)["one"].Err, tilelog.ErrUnwritten)
	require.NoError(t, s.Stopped("one"))
	d.full.Store(false)
	require.NotEmpty(t, reports(t, s)["one"].Mended)
	require.NoError(t, s.Stopped("one"))
	mustExecute(t, s, storetest.Register("one", "after"))
	requireLogged(t, s, "one")
}
