package api

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"goldenthread/api/version"
)

// What the service says about itself is for everybody; the contact is the operator's own, or none.
func TestAboutPages(t *testing.T) {
	w := newWorld(t)
	w.refused(404, "", w.send(w.request("", "GET", "/.well-known/security.txt", "")))
	w.serve(func(o *Options) { o.Contact = "mailto:security@example.org" })
	for _, path := range []string{"/help", "/accessibility", "/privacy"} {
		page := string(w.must(200, w.send(w.request("", "GET", path, ""))).body)
		require.Contains(t, page, "mailto:security@example.org", path)
		require.Contains(t, page, `href="/privacy"`, "each page leads there")
	}
	r := w.must(200, w.send(w.request("", "GET", "/.well-known/security.txt", "")))
	require.Equal(t, "text/plain; charset=utf-8", r.Header.Get("Content-Type"))
	require.Equal(t, "Contact: mailto:security@example.org\nExpires: "+w.clock().Add(90*24*time.Hour).UTC().Format(time.RFC3339)+"\nPreferred-Languages: en\n", string(r.body))
}

// Which version answers is for whoever signed in: a stranger is not told what to look up weaknesses of.
func TestVersionIsNotForStrangers(t *testing.T) {
	w := newWorld(t)
	w.giveTokens("manager")
	require.Equal(t, map[string]any{"status": "alive"}, w.must(200, w.send(w.request("", "GET", "/healthz", ""))).json(t))
	told := w.must(200, w.send(w.request("manager", "GET", "/healthz", ""))).json(t)["version"].(map[string]any)
	require.Equal(t, version.Number, told["version"])
	foot := "Version " + version.Number
	require.NotContains(t, string(w.must(200, w.send(w.request("", "GET", "/help", ""))).body), foot)
	require.Contains(t, string(w.must(200, w.send(w.request("manager", "GET", "/g/trafford", "", "Accept", "text/html"))).body), foot)
}
