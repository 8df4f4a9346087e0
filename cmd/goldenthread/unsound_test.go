package main

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/cmd/internal/programtest"
)

const oldFolder = "testdata/releases/0.1.0.tar.gz"

// TestVerifyPassesOverNoLog: a log without its checkpoint, one that is gone while the mark names
// it, and one in the folder of another group are not as they were signed.
func TestVerifyPassesOverNoLog(t *testing.T) {
	p := &program{&programtest.Program{T: t, File: os.Args[0]}}
	out, errs, code := p.Run("", "verify", unpacked(t, oldFolder))
	require.Zero(t, code, "%s%s", out, errs)
	for what, damage := range map[string]func(log string) error{
		"its checkpoint is gone": func(log string) error { return os.Remove(filepath.Join(log, "checkpoint")) },
		"a folder in its checkpoint's place": func(log string) error {
			return os.Rename(filepath.Join(log, "tile"), filepath.Join(log, "checkpoint"))
		},
		"it is gone":                       os.RemoveAll,
		"it lies in the folder of another": func(log string) error { return os.Rename(log, filepath.Join(filepath.Dir(log), "another")) },
	} {
		dir := unpacked(t, oldFolder)
		log := filepath.Join(dir, "log", "example")
		if what == "a folder in its checkpoint's place" {
			require.NoError(t, os.Remove(filepath.Join(log, "checkpoint")))
		}
		require.NoError(t, damage(log))
		out, errs, code := p.Run("", "verify", dir)
		require.EqualValues(t, exitDamaged, code, "%s: %s%s", what, out, errs)
		require.Contains(t, out, "example IS NOT AS IT WAS SIGNED", what)
		require.NotContains(t, out, "is as it was signed", what)
	}
}

// TestCheckStoreSaysWhatItMends: what is mended as the folder is opened is said, and the exit
// code is that of a folder that is well.
func TestCheckStoreSaysWhatItMends(t *testing.T) {
	p := &program{&programtest.Program{T: t, File: os.Args[0]}}
	dir := unpacked(t, oldFolder)
	require.NoError(t, os.Truncate(filepath.Join(dir, "log", "example", "tile", "entries", "000.p", "24"), 100))
	out, errs, code := p.Run("", "check-store", "--data", dir)
	require.Zero(t, code, "%s%s", out, errs)
	require.Contains(t, errs, "rebuilt from the stream")
	_, errs, code = p.Run("", "check-store", "--data", dir)
	require.Zero(t, code)
	require.NotContains(t, errs, "level=")
}

// TestCheckStoreSaysWhatCanBeDone: where stream and log have lost the same events, no repair
// mends it.
func TestCheckStoreSaysWhatCanBeDone(t *testing.T) {
	p := &program{&programtest.Program{T: t, File: os.Args[0]}}
	dir := unpacked(t, oldFolder)
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "nats", "jetstream", "$G", "streams", "LEDGER")))
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "log", "example", "tile")))
	out, errs, code := p.Run("", "check-store", "--data", dir)
	require.EqualValues(t, exitDamaged, code, "%s%s", out, errs)
	require.Contains(t, out, "restore the newest backup")
	require.NotContains(t, out, "goldenthread repair")
}

// TestALostSecretIsMadeAnewWithAWord: a new operator's token or key of backups takes the place of
// a lost one, and the log says what that means.
func TestALostSecretIsMadeAnewWithAWord(t *testing.T) {
	dir := unpacked(t, oldFolder)
	p := start(t, dir)
	p.Stop()
	require.NotContains(t, p.Log.String(), "a secret of this installation is gone")
	require.NoError(t, os.Remove(filepath.Join(dir, "operator-token")))
	require.NoError(t, os.Remove(filepath.Join(dir, backupKeyFile)))
	p = start(t, dir)
	p.Stop()
	require.Contains(t, p.Log.String(), "the old token no longer works")
	require.Contains(t, p.Log.String(), "come back only with the old one")
}

// TestARestoreLeavesALinkThatLeadsNowhere, such as to a disk that is not mounted.
func TestARestoreLeavesALinkThatLeadsNowhere(t *testing.T) {
	p := &program{&programtest.Program{T: t, File: os.Args[0]}}
	dir := filepath.Join(t.TempDir(), "data")
	require.NoError(t, os.Symlink(filepath.Join(t.TempDir(), "not-mounted"), dir))
	_, _, code := p.Run("", "restore", "--data", dir, "--from", filepath.Join(t.TempDir(), "none.tar"), "--keys", t.TempDir())
	require.Equal(t, exitFailed, code)
	_, err := os.Readlink(dir)
	require.NoError(t, err)
}

// TestOtherFoldersAreLeftAlone: commands that work on a data folder change nothing about another folder, not
// even its permissions, and make none.
func TestOtherFoldersAreLeftAlone(t *testing.T) {
	p := &program{&programtest.Program{T: t, File: os.Args[0]}}
	mine, none := t.TempDir(), filepath.Join(t.TempDir(), "none")
	require.NoError(t, os.WriteFile(filepath.Join(mine, "letter.txt"), nil, 0o600))
	require.NoError(t, os.Chmod(mine, 0o755))
	for _, command := range [][]string{{"keys", "add"}, {"keys", "retire"}, {"repair"}, {"check-store"}, {"doctor"}} {
		for _, dir := range []string{mine, none} {
			_, _, code := p.Run("", append(command, "--data", dir)...)
			require.NotZero(t, code, "%v %s", command, dir)
		}
		require.NoDirExists(t, none, "%v", command)
		info, err := os.Stat(mine)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o755), info.Mode().Perm(), "%v", command)
		left, err := os.ReadDir(mine)
		require.NoError(t, err)
		require.Len(t, left, 1, "%v", command)
	}
}

// TestACommandLineThatSaysTooLittleOrNoName exits with 2.
func TestACommandLineThatSaysTooLittleOrNoName(t *testing.T) {
	for _, line := range [][]string{{"backup"}, {"restore", "--data", "x"}, {"export"}, {"help", "nothing"}, {"help", "do", "consnt"}, {"completion", "bsh"}, {"do", "consnt"},
		{"doctor", "--data", "x", "--server", "http://127.0.0.1:1"}} {
		root := rootCommand()
		root.SetArgs(line)
		root.SetOut(io.Discard)
		root.SetErr(io.Discard)
		require.Equal(t, exitUsage, run(t.Context(), root), "%v", line)
	}
	for _, line := range [][]string{{"help"}, {"help", "do", "consent"}, {"completion", "bash"}, {"do", "consent", "--help"}} {
		root := rootCommand()
		root.SetArgs(line)
		root.SetOut(io.Discard)
		root.SetErr(io.Discard)
		require.Zero(t, run(t.Context(), root), "%v", line)
	}
}

// TestLostWaysInAreNamedByTheDoctor: where what is kept of tokens is gone, nobody gets in by them, and the
// doctor says so of the server at work.
func TestLostWaysInAreNamedByTheDoctor(t *testing.T) {
	dir := unpacked(t, oldFolder)
	start(t, dir).Stop() // which brings the tokens into the stream
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "nats", "jetstream", "$G", "streams", "ACCESS")))
	for _, name := range []string{"tokens.json", "passkeys.json"} {
		require.NoError(t, os.RemoveAll(filepath.Join(dir, name)))
	}
	p := start(t, dir)
	defer p.Stop()
	out, _, code := p.Run("operator", "doctor")
	require.EqualValues(t, exitNeedsDoing, code)
	require.Regexp(t, `Ways in +wrong`, out)
}
