package api

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"goldenthread/api/identity"
)

// A tab is a browser without script: it keeps cookies, and follows where it is sent.
type tab struct {
	w    *world
	web  *http.Client
	last reply
}

func newTab(w *world) *tab {
	jar, err := cookiejar.New(nil)
	require.NoError(w.t, err)
	return &tab{w: w, web: &http.Client{Jar: jar}}
}

func (b *tab) get(path string) *tab {
	req, err := http.NewRequest("GET", b.w.origin()+path, nil)
	require.NoError(b.w.t, err)
	req.Header.Set("Accept", "text/html")
	b.last = b.w.sendBy(b.web, req)
	return b
}

func (b *tab) post(path string, form url.Values) *tab {
	req, err := http.NewRequest("POST", b.w.origin()+path, strings.NewReader(form.Encode()))
	require.NoError(b.w.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	req.Header.Set("Accept", "text/html")
	b.last = b.w.sendBy(b.web, req)
	return b
}

// says checks the status and what the page has.
func (b *tab) says(status int, words ...string) *tab {
	b.w.t.Helper()
	require.Equal(b.w.t, status, b.last.StatusCode, "%s\n%s", b.last.body, b.w.log)
	for _, w := range words {
		require.Contains(b.w.t, string(b.last.body), w)
	}
	return b
}

// asOperator signs in with the operator's token.
func (b *tab) asOperator() *tab {
	return b.post("/sign-in/token", url.Values{"token": {b.w.tokens.Operator()}}).says(200, "Operator of this server")
}

// The link of the first run lets one browser in, once, for half an hour, while nothing is here.
func TestFirstLink(t *testing.T) {
	w := openWorld(t, t.TempDir(), "2026-01-05")
	link := w.firstLink()
	require.Regexp(t, `^/first-run/[A-Z2-7]{26}$`, link)
	newTab(w).get("/operator").says(200, "<h1 class=\"nhsuk-heading-l\">Sign in</h1>")
	newTab(w).get("/first-run/AAAAAAAAAAAAAAAAAAAAAAAAAA").says(404, "This link can’t be used")
	newTab(w).get(link).says(200, "Set up this server") // a program that looks at links uses nothing up
	mine := newTab(w).get(link).post(link, nil).says(200, "This server", "only works on this machine", "There is no mail server", "Set up a group")
	newTab(w).get(link).says(404, "This link can’t be used")
	newTab(w).post(link, nil).says(404, "This link can’t be used")
	mine.get("/operator").says(200, "There is no group here yet")

	again := w.firstLink() // another start
	require.NotEqual(t, link, again)
	w.mu.Lock()
	w.now = w.now.Add(31 * time.Minute)
	w.mu.Unlock()
	newTab(w).post(again, nil).says(404, "This link can’t be used")

	again = w.firstLink()
	w.must(201, w.command("operator", "found", foundBody))
	newTab(w).post(again, nil).says(404, "This link can’t be used")
	require.Empty(t, w.firstLink())
	require.NotContains(t, w.log.String(), strings.TrimPrefix(link, "/first-run/"))
}

// Whoever is signed in as the operator has the operator's pages, and nothing of a group's:
// no page, no question, no command. Nobody else has the operator's pages.
func TestOperatorSignsIn(t *testing.T) {
	w := newWorld(t)
	b := newTab(w).asOperator().says(200, "Trafford GP Board", "Forming")
	before := w.store.Next("trafford")
	for _, path := range []string{"/g/trafford", "/g/trafford/people", "/v1/groups/trafford/people", "/v1/backup", "/account"} {
		b.get(path).says(403, "operator of this server")
	}
	for _, path := range []string{"/v1/groups/trafford/commands/consent-to-charter", "/v1/groups/trafford/tokens", "/v1/groups/trafford/invitations", "/g/trafford"} {
		b.post(path, url.Values{"command": {"consent-to-charter"}}).says(403)
	}
	require.Equal(t, before, w.store.Next("trafford"))
	b.get("/").says(200, "Operator of this server")
	b.get("/operator/server").says(200, "Second copy", "You have no passkey as the operator yet")
	b.get("/operator/backup").says(200)
	require.Contains(t, b.last.Header.Get("Content-Disposition"), "goldenthread-2026-01-05.backup")

	for _, person := range []string{"cd-north", "manager", "stranger"} {
		other := newTab(w).post("/sign-in/token", url.Values{"token": {w.keys[person]}})
		for _, path := range []string{"/operator", "/operator/server", "/operator/backup"} {
			other.get(path)
			if other.last.StatusCode != 403 {
				other.says(200, ">Sign in</h1>")
			}
		}
	}
	b.post("/sign-out", nil).get("/operator").says(200, ">Sign in</h1>")

	w.serve(func(o *Options) { o.NoTokens = true })
	newTab(w).post("/sign-in/token", url.Values{"token": {w.tokens.Operator()}}).says(404)
}

// A session of the operator's ends with the token by which it began.
func TestOperatorSessionEndsWithItsToken(t *testing.T) {
	w := newWorld(t)
	b := newTab(w).asOperator()
	require.NoError(t, os.WriteFile(w.tokens.OperatorFile(), []byte("gt_"+strings.Repeat("another", 6)), 0o600))
	other, err := identity.OpenTokens(t.Context(), w.store)
	require.NoError(t, err)
	w.serve(func(o *Options) { o.Tokens = other })
	b.get("/operator").says(200, ">Sign in</h1>")
}

// The operator makes a passkey and signs in with it. Its session founds nothing by itself and
// is nobody in a group.
func TestOperatorPasskey(t *testing.T) {
	w := newWorld(t)
	d := newDevice(w)
	d.web.Jar = newTab(w).asOperator().web.Jar
	w.must(200, d.finish("/operator/passkeys/finish", d.registered(d.options("/operator/passkeys/begin"), "desk")))
	w.must(303, d.send("POST", "/sign-out", ""))
	w.must(401, d.send("POST", "/operator/passkeys/begin", "{}"))

	w.must(200, d.signIn())
	require.Contains(t, string(w.must(200, d.send("GET", "/operator", "")).body), "desk")
	w.must(403, d.send("GET", "/g/trafford", ""))
	require.Empty(t, w.firstLink())

	w.must(303, d.send("POST", "/operator/passkeys/"+identity.PasskeyID(d.id)+"/remove", ""))
	w.must(303, d.send("GET", "/operator", "")) // it signed in with that passkey
}
