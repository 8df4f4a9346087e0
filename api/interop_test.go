package api

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// interopEnv is the folder with tools that others wrote; else they are looked
// for in the path, and without them these tests are skipped. They are installed
// by: GOBIN=folder go install github.com/transparency-dev/tessera/cmd/fsck@v1.0.4
const interopEnv = "GOLDENTHREAD_INTEROP"

func tool(t *testing.T, name string) string {
	if dir := os.Getenv(interopEnv); dir != "" {
		path := filepath.Join(dir, name)
		require.FileExists(t, path)
		return path
	}
	path, err := exec.LookPath(name)
	if err != nil || name == "fsck" && strings.Contains(path, "sbin") { // that one is for file systems
		t.Skip(name + " is not installed; say where it is in " + interopEnv)
	}
	return path
}

// fsck says whether the tool found the log at the address whole. It ends with 0
// either way; and with few workers it may hang on what does not match.
func fsck(t *testing.T, address, token, vkey string) (bool, string) {
	key := filepath.Join(t.TempDir(), "vkey")
	require.NoError(t, os.WriteFile(key, []byte(vkey), 0o600))
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, tool(t, "fsck"), "-N", "64", "-ui=false", "-storage_url", address+"/v1/groups/trafford/log/", "-public_key", key, "-bearer_token", token)
	said, _ := cmd.CombinedOutput()
	return bytes.Contains(said, []byte("Successfully fsck'd log")), string(said)
}

// Tessera's fsck finds the served log whole, and finds one flipped bit.
func TestFsckFindsTheLogWhole(t *testing.T) {
	tool(t, "fsck")
	w := newWorld(t).established()
	w.many()
	vkey, token := w.vkeys("cd-north")[0], w.keys["cd-north"]
	whole, said := fsck(t, w.web.URL, token, vkey)
	require.True(t, whole, said)

	to, err := url.Parse(w.web.URL)
	require.NoError(t, err)
	for _, name := range []string{"/tile/entries/000", "/tile/0/000"} {
		proxy := httputil.NewSingleHostReverseProxy(to)
		proxy.ModifyResponse = func(r *http.Response) error {
			if !strings.HasSuffix(r.Request.URL.Path, name) {
				return nil
			}
			var body bytes.Buffer
			if _, err := body.ReadFrom(r.Body); err != nil {
				return err
			}
			body.Bytes()[100] ^= 1
			r.Body = readCloser(body.Bytes())
			return nil
		}
		liar := httptest.NewServer(proxy)
		whole, said = fsck(t, liar.URL, token, vkey)
		liar.Close()
		require.False(t, whole, said)
	}
}
