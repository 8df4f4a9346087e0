package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// The server starts while the issuer is away, and says what is wrong with what
// it was told before it does anything else.
func TestServeWithSingleSignOn(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string, mode os.FileMode) string {
		name = filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(name, []byte(text), mode))
		return name
	}
	people := file("people.json", `[{"subject":"1","group":"trafford","person":"manager"}]`, 0o600)
	secret := file("secret", "s\n", 0o600)
	flags := []string{"--oidc-issuer", "http://127.0.0.1:1", "--oidc-client", "goldenthread", "--oidc-people", people}
	p := start(t, filepath.Join(dir, "data"), append(flags, "--oidc-secret-file", secret)...)
	status, page := p.Send("", "GET", "/sign-in", "")
	require.Equal(t, 200, status)
	require.Contains(t, string(page), "Sign in with your organisation’s account")
	status, said := p.Send("", "GET", "/sign-in/oidc", "")
	require.Equal(t, 503, status)
	require.Contains(t, string(said), "can’t be reached")

	serve := append([]string{"serve", "--data", filepath.Join(dir, "other"), "--listen", "127.0.0.1:0"}, flags...)
	_, why, code := p.Run("manager", serve...)
	require.Equal(t, 1, code)
	require.Contains(t, why, "secret")
	_, why, code = p.Run("manager", append(serve, "--oidc-secret-file", file("open", "s", 0o644))...)
	require.Equal(t, 1, code)
	require.Contains(t, why, "can be read by everybody")
	_, why, code = p.Run("manager", "serve", "--data", filepath.Join(dir, "other"), "--oidc-issuer", "https://accounts.example.org")
	require.NotZero(t, code)
	require.Contains(t, why, "oidc-client")
	require.NoDirExists(t, filepath.Join(dir, "other"))
}
