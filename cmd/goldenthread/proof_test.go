package main

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var sizes = regexp.MustCompile(`is as it was signed: (\d+) events`)
var roots = regexp.MustCompile(`root ([A-Za-z0-9+/]{43}=)`)

// TestVerifyExportImport: the ledger verifies, offline and over HTTP; its export
// is the same ledger elsewhere; one changed byte anywhere is found (L9).
func TestVerifyExportImport(t *testing.T) {
	if testing.Short() {
		t.Skip("it does one thing after the other, for long")
	}
	dir := filepath.Join(t.TempDir(), "data")
	p := start(t, dir, "--example", "trafford")
	online, _, code := p.Run("lmc-chair", "verify", p.URL)
	require.Zero(t, code, online)
	root := roots.FindStringSubmatch(online)[1]
	status, key := p.Send("lmc-chair", "GET", "/v1/groups/trafford/log/vkey", "")
	require.Equal(t, 200, status)
	vkey := strings.TrimSpace(string(key))

	file := filepath.Join(t.TempDir(), "trafford.zip")
	out, errs, code := p.Run("lmc-chair", "export", "--out", file)
	require.Zero(t, code, errs)
	events := sizes.FindStringSubmatch(online)[1]
	require.Contains(t, out, "holds "+events+" events under the root")
	require.Contains(t, out, root)
	_, errs, code = p.Run("lmc-chair", "export", "--out", file)
	require.Equal(t, exitFailed, code, "a file that is there is left alone: %s", errs)
	p.Stop()

	other := filepath.Join(t.TempDir(), "other")
	out, errs, code = p.Run("", "import", file, "--data", other, "--vkey", vkey)
	require.Zero(t, code, errs)
	require.Contains(t, out, root)
	for _, folder := range []string{dir, other} {
		out, _, code = p.Run("", "verify", folder)
		require.Zero(t, code, out)
		require.Contains(t, out, "trafford is as it was signed: "+events+" events, root "+root)
	}
	out, _, code = p.Run("", "verify", filepath.Join(dir, "log", "trafford"), "--vkey", vkey)
	require.Zero(t, code, out)
	_, errs, code = p.Run("", "verify", filepath.Join(other, "log", "trafford"), "--vkey", vkey, "--json")
	require.Equal(t, int(exitDamaged), code, "signed by another key: %s", errs)

	bent := filepath.Join(t.TempDir(), "bent.zip")
	bendZip(t, file, bent)
	third := filepath.Join(t.TempDir(), "third")
	_, errs, code = p.Run("", "import", bent, "--data", third)
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "does not continue the one that was signed")
	require.NoDirExists(t, third, "nothing was made")

	size, err := strconv.Atoi(events)
	require.NoError(t, err)
	partial := strconv.Itoa(size % 256)
	everyFile(t, filepath.Join(dir, "log", "trafford"), func(path string) {
		if w := filepath.Base(path); strings.HasSuffix(filepath.Dir(path), "001.p") && w != partial {
			return // of an earlier checkpoint
		}
		whole, err := os.ReadFile(path)
		require.NoError(t, err)
		for _, at := range []int{0, len(whole) / 2, len(whole) - 1} {
			changed := bytes.Clone(whole)
			changed[at] ^= 4
			require.NoError(t, os.WriteFile(path, changed, 0o600))
			out, _, code := p.Run("", "verify", filepath.Join(dir, "log", "trafford"), "--vkey", vkey)
			require.NotZero(t, code, "byte %d of %s:\n%s", at, path, out)
		}
		require.NoError(t, os.WriteFile(path, whole, 0o600))
	})
}

func everyFile(t *testing.T, dir string, f func(path string)) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			f(path)
		}
		return err
	}))
}

// bendZip copies an export, with one word of one event changed.
func bendZip(t *testing.T, from, to string) {
	t.Helper()
	in, err := zip.OpenReader(from)
	require.NoError(t, err)
	defer in.Close()
	f, err := os.Create(to)
	require.NoError(t, err)
	defer f.Close()
	z := zip.NewWriter(f)
	for _, part := range in.File {
		r, err := part.Open()
		require.NoError(t, err)
		data, err := io.ReadAll(r)
		require.NoError(t, err)
		if part.Name == exportedEvents {
			require.Contains(t, string(data), "£20,000 an item")
			data = bytes.ReplaceAll(data, []byte("£20,000 an item"), []byte("£90,000 an item"))
		}
		require.NoError(t, writePart(z, part.Name, bytes.NewReader(data)))
	}
	require.NoError(t, z.Close())
}

// TestVerifyEvidence: a file of evidence is checked as it came and unpacked, and one that
// was changed does not hold.
func TestVerifyEvidence(t *testing.T) {
	p := start(t, filepath.Join(t.TempDir(), "data"), "--example", "trafford")
	file := filepath.Join(t.TempDir(), "p1.zip")
	_, errs, code := p.Run("lmc-chair", "proof", "P1", "--out", file)
	require.Zero(t, code, errs)
	p.Stop()
	z, err := zip.OpenReader(file)
	require.NoError(t, err)
	defer z.Close()
	folder := filepath.Join(t.TempDir(), "unpacked")
	require.NoError(t, os.CopyFS(folder, z))
	for _, what := range []string{file, folder} {
		out, errs, code := p.Run("", "verify", what)
		require.Zero(t, code, out+errs)
		require.Contains(t, out, "word for word")
		require.Contains(t, out, "NOT PROVED: the words of page.html")
	}
	require.NoFileExists(t, filepath.Join(folder, "verify.py"))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "more.txt"), nil, 0o600))
	out, _, code := p.Run("", "verify", folder)
	require.Equal(t, int(exitDamaged), code)
	require.Contains(t, out, `DOES NOT HOLD: "more.txt" does not belong to a bundle`)
}
