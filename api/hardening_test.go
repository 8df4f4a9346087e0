package api

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"goldenthread/api/guard"
	"goldenthread/api/identity"
	"goldenthread/api/pages"

	"github.com/stretchr/testify/require"
)

// later moves the clock of sessions.
func (w *world) later(by *time.Duration) {
	w.options.SignIn.Sessions.Now = func() time.Time { return time.Now().Add(*by) }
}

// TestHostCookies: over TLS cookies are this very host's, and no other name
// will do; over plain HTTP browsers would refuse that name.
func TestHostCookies(t *testing.T) {
	w := newWorld(t)
	w.server.guard.Reach.BehindProxy = true
	in := w.must(303, w.sendStill(w.request("", "POST", "/sign-in/token", "token="+w.keys["cd-north"], "Content-Type", "application/x-www-form-urlencoded", "X-Forwarded-Proto", "https")))
	cookie := in.Cookies()[0]
	require.Equal(t, "__Host-goldenthread", cookie.Name)
	require.True(t, cookie.Secure)
	require.Equal(t, "/", cookie.Path)
	require.Empty(t, cookie.Domain)
	get := func(name, proto string) int {
		return w.send(w.request("", "GET", "/v1/groups", "", "Cookie", name+"="+cookie.Value, "X-Forwarded-Proto", proto)).StatusCode
	}
	require.Equal(t, 200, get("__Host-goldenthread", "https"))
	require.Equal(t, 401, get("goldenthread", "https"), "a neighbour may have planted it")
	require.Equal(t, 401, get("__Host-goldenthread", "http"))
	begun := w.send(w.request("", "POST", "/sign-in/begin", "{}", "X-Forwarded-Proto", "https")).Cookies()[0]
	require.Equal(t, "__Host-goldenthread-ceremony", begun.Name)
	out := w.must(303, w.sendStill(w.request("", "POST", "/sign-out", "", "Cookie", "__Host-goldenthread="+cookie.Value, "X-Forwarded-Proto", "https"))).Cookies()[0]
	require.Equal(t, "__Host-goldenthread", out.Name)
	require.Negative(t, out.MaxAge)
	require.True(t, out.Secure)
	require.Equal(t, 401, get("__Host-goldenthread", "https"))
}

// TestIdleSessionEnds: a session that nobody uses ends; using it keeps it, and
// what a page asks for by itself does not. Twelve hours are the end in any case.
func TestIdleSessionEnds(t *testing.T) {
	w := newWorld(t)
	d := newDevice(w)
	w.must(200, d.accept(w.invited("cd-north"), ""))
	var by time.Duration
	w.later(&by)
	asks := func(header ...string) int { return d.send("GET", "/v1/groups", "", header...).StatusCode }
	for range 5 { // of use, now and then
		by += 50 * time.Minute
		require.Equal(t, 200, asks())
	}
	by += 30 * time.Minute
	require.Equal(t, 200, asks("Goldenthread-By-Itself", "1"))
	by += 31 * time.Minute
	require.Equal(t, 401, asks("Goldenthread-By-Itself", "1"))
	require.Equal(t, 401, asks())
	account := w.options.SignIn.Passkeys.Accounts.All[0]
	require.Empty(t, w.options.SignIn.Sessions.List(account.Group, account.Person))

	by = 0
	w.must(200, d.signIn())
	for range 14 {
		require.Equal(t, 200, asks())
		by += 55 * time.Minute
	}
	require.Equal(t, 401, asks(), "a working day is over")

	w.serve(func(o *Options) { o.Idle = 30 * time.Minute })
	require.Equal(t, 30*time.Minute, w.options.SignIn.Sessions.Idle)
}

// TestSaltedCodes: two lines of the file never look alike, and a line from
// before there were salts still fits its code. A line alone lets nobody in.
func TestSaltedCodes(t *testing.T) {
	w := newWorld(t)
	made := w.options.SignIn.Invitations.Made
	codes := []string{w.invited("cd-north"), w.invited("cd-south")}
	require.Len(t, made.All[0].Salt, 2*16)
	require.NotEqual(t, made.All[0].Salt, made.All[1].Salt)
	for i, code := range codes {
		require.NotEqual(t, identity.HashOf(strings.ReplaceAll(code, "-", "")), made.All[i].Hash)
		require.True(t, made.All[i].Fits(strings.ToLower(code)))
		require.False(t, made.All[1-i].Fits(code))
	}
	old := made.All[0]
	old.ID, old.Salt, old.Hash = "old", "", identity.HashOf("0123456789ABCDEF")
	require.True(t, old.Fits("0123-4567-89ab-cdef"))
	require.NoError(t, made.Add(old))
	w.saysTo(newDevice(w).accept("0123-4567-89ab-cdef", "kept"), 403, "L10", "This invitation is not on the group’s record.")
}

// TestSignOutIsEverywhere: whoever is signed in in a browser can end it from
// every page, also from one that says no; whoever is not is offered nothing.
func TestSignOutIsEverywhere(t *testing.T) {
	w := newWorld(t).established()
	d := newDevice(w)
	w.must(200, d.accept(w.invited("cd-north"), ""))
	paths := []string{"/account", "/g/nowhere", "/g/trafford/nothing", "/g/trafford/audit", "/g/trafford/events/0"}
	for path := range pages.Forms() {
		at := strings.NewReplacer("{number}", "P1", "{ods}", "P91018", "{forum}", "locality-board", "{day}", "2026-01-20").Replace(path)
		paths = append(paths, "/g/trafford"+at)
	}
	for _, path := range paths {
		r := d.send("GET", path, "", "Accept", "text/html")
		require.Contains(t, string(r.body), `<form method="post" action="/sign-out">`, "%s: %d", path, r.StatusCode)
	}
	require.NotContains(t, string(w.send(w.request("cd-north", "GET", "/g/trafford", "")).body), "/sign-out", "a token is not signed in")
	w.must(303, d.send("POST", "/sign-out", ""))
	require.NotContains(t, string(d.send("GET", "/g/trafford", "").body), "/sign-out")
}

// TestSignInsAreLogged: who came in how, who did not, and nothing that would let
// somebody in or says more of them than their handle.
func TestSignInsAreLogged(t *testing.T) {
	w := newWorld(t)
	d := newDevice(w)
	code := w.invited("cd-north")
	w.must(200, d.accept(code, "Nora's telephone"))
	said := func(line string) {
		t.Helper()
		require.Contains(t, w.log.String(), line)
	}
	said(`msg="signed in" group=trafford person=cd-north way=passkey trace=`)
	w.must(303, d.send("POST", "/sign-out", ""))
	said(`msg="signed out" group=trafford person=cd-north way=passkey`)
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	w.must(303, d.send("POST", "/sign-in/token", "token="+w.keys["cd-south"], form...))
	said(`msg="signed in" group=trafford person=cd-south way=token`)
	w.must(401, d.send("POST", "/sign-in/token", "token=gt_wrong-and-secret", form...))
	said(`msg="a token was refused"`)
	said(`msg="a sign-in was refused" status=401`)
	w.must(303, d.send("POST", "/sign-in/token", "token="+w.keys["operator"], form...))
	said(`msg="signed in" group="" person=operator way=token`)
	reads := w.must(201, w.send(w.request("operator", "POST", "/v1/groups/trafford/tokens", `{"person":"cd-north","scope":"read"}`))).json(t)
	w.must(403, d.send("POST", "/sign-in/token", "token="+reads["token"].(string), form...))
	said(`msg="a sign-in was refused" status=403 say="This token is not for signing in.`)
	w.must(404, d.send("GET", "/invitation/0000-0000-0000-0001", ""))
	said(`msg="an invitation was refused"`)
	w.must(403, d.send("POST", "/invitation/"+code+"/begin", "{}"))
	said(`say="This invitation has been used`)
	w.must(403, d.finish("/sign-in/finish", but(d.asserted(d.options("/sign-in/begin")), "signature", "AAAA")))
	said(`msg="a passkey was refused"`)
	said(`msg="a sign-in was refused" status=403 say="This passkey`)
	for _, secret := range []string{code, w.keys["cd-south"], w.keys["operator"], "gt_wrong", "0000-0000", "Nora", "127.0.0.1"} {
		require.NotContains(t, w.log.String(), secret)
	}
}

// TestReadsArePaced: by session and by token, not by person; strangers, and
// whoever guesses tokens, by address.
func TestReadsArePaced(t *testing.T) {
	w := newWorld(t)
	w.server.guard.Reads = guard.NewLimits(0.5, 3)
	slow := func(r reply) {
		t.Helper()
		w.refused(429, "", r)
		require.Regexp(t, `^[12]$`, r.Header.Get("Retry-After"))
	}
	for range 3 {
		w.must(200, w.ask("cd-north", ""))
	}
	slow(w.ask("cd-north", ""))
	page := w.must(429, w.send(w.request("cd-north", "GET", "/g/trafford", "")))
	require.NotEmpty(t, page.Header.Get("Retry-After"))
	w.must(201, w.command("cd-north", "consent-to-charter", `{}`)) // what is recorded has its own
	w.must(200, w.ask("cd-south", ""))
	second, err := w.tokens.Issue("trafford", "cd-north")
	require.NoError(t, err)
	w.keys["second"] = second
	w.must(200, w.ask("second", ""))
	d := newDevice(w)
	w.options.SignIn.Sessions.Now = time.Now
	in := w.must(303, d.send("POST", "/sign-in/token", "token="+second, "Content-Type", "application/x-www-form-urlencoded"))
	require.NotEmpty(t, in.Cookies())
	for range 3 {
		w.must(200, d.send("GET", "/v1/groups/trafford", ""))
	}
	slow(d.send("GET", "/v1/groups/trafford", ""))

	w.keys["guess"] = "gt_guess"
	for range 3 {
		w.refused(401, "", w.ask("guess", ""))
	}
	slow(w.ask("guess", ""))
	slow(w.send(w.request("", "GET", "/openapi.json", "")))

	w.server.guard.Reads = guard.ReadLimits(-1)
	for range 20 {
		w.must(200, w.ask("cd-north", ""))
	}
}

// TestNoTokenSignIn: where tokens are for programs alone, nobody signs in to the
// pages with one, and sessions begun so have ended.
func TestNoTokenSignIn(t *testing.T) {
	w := newWorld(t)
	d := newDevice(w)
	form := func() reply {
		return d.send("POST", "/sign-in/token", url.Values{"token": {w.keys["cd-north"]}}.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	}
	require.Contains(t, string(d.send("GET", "/sign-in", "").body), "/sign-in/token")
	w.must(303, form())
	w.must(200, d.send("GET", "/v1/groups", ""))
	w.serve(func(o *Options) { o.NoTokens = true })
	w.refused(401, "", d.send("GET", "/v1/groups", ""))
	w.refused(404, "", form())
	require.NotContains(t, string(d.send("GET", "/sign-in", "").body), "token")
	w.must(200, w.ask("cd-north", ""))
}
