package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/api/identity"
	"goldenthread/cmd/internal/programtest"
	"goldenthread/eventstore/archive"
)

// TestBackupThatIsNotWhole: an archive that is empty or cut off is refused, and leaves
// nothing behind.
func TestBackupThatIsNotWhole(t *testing.T) {
	dir := t.TempDir()
	p := &program{&programtest.Program{T: t, File: os.Args[0]}}
	for _, b := range []string{"", "nats/"} {
		file := filepath.Join(dir, "cut.tar")
		require.NoError(t, os.WriteFile(file, []byte(b), 0o600))
		_, errs, code := p.Run("", "restore", "--data", filepath.Join(dir, "data"), "--from", file, "--keys", dir)
		require.Equal(t, exitFailed, code)
		require.Contains(t, errs, "unpack")
		require.NoDirExists(t, filepath.Join(dir, "data"))
	}
}

// served serves the example place and makes a backup of it.
func served(t *testing.T) (p *program, backup string) {
	p = start(t, filepath.Join(t.TempDir(), "data"), "--example", "trafford")
	backup = filepath.Join(t.TempDir(), "backup.tar")
	out, errs, code := p.Run("operator", "backup", "--to", backup)
	require.Zero(t, code, "%s", errs)
	require.Contains(t, out, "backup.key")
	p.Stop()
	return p, backup
}

// restored restores the backup with those keys of the folder.
func (p *program) restored(t *testing.T, backup string, keys ...string) (dir, said string) {
	kept, dir := t.TempDir(), filepath.Join(t.TempDir(), "data")
	for _, name := range keys {
		b, err := os.ReadFile(filepath.Join(p.Dir, name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(kept, name), b, 0o600))
	}
	out, errs, code := p.Run("", "restore", "--data", dir, "--from", backup, "--keys", kept)
	require.Zero(t, code, "%s", errs)
	return dir, out
}

// TestCredentialsComeBackOnlyFromABackupOfOurs: under the key of backups everybody gets in
// as before; without it the ledgers alone come back, the restore and the log say so, and
// nobody's token opens anything (issue 13, 9).
func TestCredentialsComeBackOnlyFromABackupOfOurs(t *testing.T) {
	p, backup := served(t)
	dir, said := p.restored(t, backup, "wrapping.key", "signing.key", "backup.key")
	require.Contains(t, said, "people get in as they did then")
	out, errs, code := p.Run("", "verify", dir)
	require.Zero(t, code, "a folder that was just restored is as it was signed: %s%s", out, errs)
	again := start(t, dir)
	require.Equal(t, p.Tokens["operator"], again.Tokens["operator"])
	again.Tokens["manager"] = p.Tokens["manager"]
	status, body := again.Send("manager", "GET", "/v1/groups/trafford/powers", "")
	require.Equal(t, 200, status, "%s", body)
	require.NotContains(t, again.Log.String(), "only the ledgers came back")
	again.Stop()

	dir, said = p.restored(t, backup, "wrapping.key", "signing.key")
	const say = "only the ledgers came back. Nobody's token, passkey, session, invitation or feed is in it. The next start makes a new operator's token; invite everybody anew."
	require.Contains(t, said, say)
	require.Contains(t, said, "trafford: ")
	again = start(t, dir)
	require.Contains(t, again.Log.String(), "only the ledgers came back")
	require.NotEqual(t, p.Tokens["operator"], again.Tokens["operator"])
	for _, person := range []string{"operator", "manager"} {
		again.Tokens["old"] = p.Tokens[person]
		status, body = again.Send("old", "GET", "/v1/groups/trafford/powers", "")
		require.Equal(t, 401, status)
		require.Contains(t, string(body), "This token is not known here. Please ask whoever runs this server for a new one.")
	}
}

// TestPlantedCredentialsAreNotTaken: somebody who hands the operator an archive puts an
// operator's token, tokens, passkeys and sessions of their own into it. Beside the streams
// they are refused; under a key of their own, with a manifest that fits, they stay out.
func TestPlantedCredentialsAreNotTaken(t *testing.T) {
	p, backup := served(t)
	const planted = "gt_planted-by-somebody-who-is-not-the-operator"
	hash := sha256.Sum256([]byte(planted))
	token := `[{"id":"planted1","hash":"` + hex.EncodeToString(hash[:]) + `","group":"trafford","person":"manager","name":"","scope":"act","issued":"2026-01-01T00:00:00Z"}]`
	evil := map[string][]byte{"operator-token": []byte(planted + "\n"), "tokens.json": []byte(token), "passkeys.json": []byte("[]"), "sessions.json": []byte("[]")}

	for name, b := range evil {
		bent := filepath.Join(t.TempDir(), "planted.tar")
		require.NoError(t, os.WriteFile(bent, withPlanted(t, backup, name, b), 0o600))
		dir := filepath.Join(t.TempDir(), "data")
		_, errs, code := p.Run("", "restore", "--data", dir, "--from", bent, "--keys", p.Dir)
		require.Equal(t, exitFailed, code)
		require.Contains(t, errs, `this is not a whole backup: "`+name+`" is no name that a backup has`)
		require.NoDirExists(t, dir)
	}

	streams := t.TempDir()
	_, err := archive.Unpack(backup, streams, nil)
	require.NoError(t, err)
	bent := filepath.Join(t.TempDir(), "planted.tar")
	f, err := os.Create(bent)
	require.NoError(t, err)
	theirs, err := archive.OpenKey(filepath.Join(t.TempDir(), "their.key"))
	require.NoError(t, err)
	require.NoError(t, archive.Write(f, os.DirFS(streams), archive.Contents{Key: theirs, Credentials: evil}))
	require.NoError(t, f.Close())
	dir, said := p.restored(t, bent, "wrapping.key", "signing.key", "backup.key")
	require.Contains(t, said, "only the ledgers came back")
	for _, name := range identity.Files() {
		require.NoFileExists(t, filepath.Join(dir, name))
	}
	again := start(t, dir)
	again.Tokens["planted"] = planted
	status, body := again.Send("planted", "GET", "/v1/groups/trafford/powers", "")
	require.Equal(t, 401, status)
	require.Contains(t, string(body), "This token is not known here.")
}

// TestARestoreBrokenOffIsNotServed: what a crash in the middle left is named, and not taken
// for a folder.
func TestARestoreBrokenOffIsNotServed(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, restoringFile), nil, 0o600))
	p := &program{&programtest.Program{T: t, File: os.Args[0]}}
	_, errs, code := p.Run("", "serve", "--data", dir, "--listen", "127.0.0.1:0")
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "empty the folder and restore again")
}

// withPlanted is the archive with one more file, which its manifest lists.
func withPlanted(t *testing.T, backup, name string, planted []byte) []byte {
	from, err := os.ReadFile(backup)
	require.NoError(t, err)
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	put := func(name string, b []byte) {
		require.NoError(t, w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Size: int64(len(b)), Mode: 0o600}))
		_, err := w.Write(b)
		require.NoError(t, err)
	}
	for r := tar.NewReader(bytes.NewReader(from)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		b, err := io.ReadAll(r)
		require.NoError(t, err)
		if h.Name == "manifest.json" {
			put(name, planted)
			var said map[string]any
			require.NoError(t, json.Unmarshal(b, &said))
			hash := sha256.Sum256(planted)
			said["files"] = append(said["files"].([]any), map[string]any{"name": name, "size": len(planted), "sha256": hex.EncodeToString(hash[:])})
			b, err = json.Marshal(said)
			require.NoError(t, err)
		}
		put(h.Name, b)
	}
	require.NoError(t, w.Close())
	return out.Bytes()
}
