package api

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"goldenthread/api/caller"
	"goldenthread/api/identity"

	"github.com/stretchr/testify/require"
)

// invited has the manager invite somebody, and gives the code.
func (w *world) invited(person string) string {
	return w.must(201, w.send(w.request("manager", "POST", "/v1/groups/trafford/invitations", `{"person":"`+person+`"}`))).json(w.t)["code"].(string)
}

// The whole way of a person: invited, registered, acting, signing out, signing
// in again, with a second device; every file is there after a restart.
func TestSigningIn(t *testing.T) {
	w := newWorld(t)
	d := newDevice(w)
	invitation := w.must(201, w.send(w.request("manager", "POST", "/v1/groups/trafford/invitations", `{"person":"cd-north"}`))).json(t)
	code := invitation["code"].(string)
	require.Regexp(t, `^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$`, code)
	require.Equal(t, w.origin()+"/invitation/"+code, invitation["link"])
	require.Equal(t, "Clinical Director, North Trafford", invitation["office"])

	typed := w.must(303, d.send("POST", "/invitation", "code="+strings.ToLower(strings.ReplaceAll(code, "-", "+")), "Content-Type", "application/x-www-form-urlencoded"))
	page := w.must(200, d.send("GET", typed.Header.Get("Location"), ""))
	require.Contains(t, string(page.body), "Clinical Director, North Trafford")
	require.NotContains(t, string(page.body), "Nora North")

	w.must(200, d.accept(code, "work laptop"))
	w.must(201, d.send("POST", "/v1/groups/trafford/commands/consent-to-charter", `{}`)) // as whom the ledger knows
	event := w.ask("manager", "/audit?type=charter.consented")
	require.Contains(t, string(event.body), "cd-north")

	account := string(w.must(200, d.send("GET", "/account", "")).body)
	require.Contains(t, account, "work laptop")
	require.Contains(t, account, "This browser")
	require.Contains(t, account, "invited to sign in, by Manager")

	w.must(303, d.send("POST", "/sign-out", ""))
	w.refused(401, "", d.send("GET", "/v1/groups", ""))
	away := w.must(303, d.send("GET", "/account", ""))
	require.Equal(t, "/sign-in?next=%2Faccount", away.Header.Get("Location"))
	w.must(200, d.signIn())
	w.must(200, d.send("GET", "/v1/groups/trafford", ""))

	second := newDevice(w)
	second.web = d.web
	w.must(200, second.finish("/account/passkeys/finish", second.registered(d.options("/account/passkeys/begin"), "telephone")))
	alone := newDevice(w)
	second.web = alone.web
	w.must(200, second.signIn())

	in, err := identity.OpenSignIn(t.Context(), w.store) // as a restart does
	require.NoError(t, err)
	w.options.SignIn.Sessions, w.options.SignIn.Passkeys, w.options.SignIn.Invitations = in.Sessions, in.Passkeys, in.Invitations
	w.must(200, second.send("GET", "/v1/groups/trafford", ""))
	w.must(200, second.signIn())
	require.Len(t, in.Sessions.List("trafford", in.Passkeys.Accounts.All[0].Person), 2) // one in each browser, however often it signed in
	for _, name := range []string{"passkeys.json", "invitations.json", "sessions.json", "sign-in.log"} {
		require.Contains(t, w.credentials(), name)
		require.NoFileExists(t, filepath.Join(w.tokens.Dir, name))
	}
}

func TestCookies(t *testing.T) {
	w := newWorld(t)
	d := newDevice(w)
	r := w.must(200, d.accept(w.invited("cd-north"), ""))
	cookie := r.session(t)
	require.Equal(t, caller.SessionCookie, cookie.Name)
	require.True(t, cookie.HttpOnly)
	require.Equal(t, http.SameSiteLaxMode, cookie.SameSite)
	require.False(t, cookie.Secure) // plain HTTP on localhost
	require.WithinDuration(t, time.Now().Add((12 * time.Hour)), cookie.Expires, time.Minute)

	w.server.guard.Reach.BehindProxy = true
	req := w.request("", "POST", "/sign-in/begin", "{}", "X-Forwarded-Proto", "https")
	require.True(t, w.send(req).Cookies()[0].Secure)

	forged := w.request("", "GET", "/v1/groups", "", "Cookie", caller.SessionCookie+"="+strings.Repeat("x", 43))
	w.refused(401, "", w.send(forged))
	b := w.credentials()["sessions.json"]
	require.NotContains(t, string(b), cookie.Value) // who reads the file can't sign in with it
	hash := regexp.MustCompile(`"hash": "([^"]+)"`).FindSubmatch(b)[1]
	w.refused(401, "", w.send(w.request("", "GET", "/v1/groups", "", "Cookie", caller.SessionCookie+"="+string(hash))))
}

// What a device says is believed once, here, about what was asked, and signed.
func TestAssertionsRefused(t *testing.T) {
	w := newWorld(t)
	d := newDevice(w)
	d.still = true
	w.must(200, d.accept(w.invited("cd-north"), ""))
	w.must(303, d.send("POST", "/sign-out", ""))

	answer := d.asserted(d.options("/sign-in/begin"))
	w.must(200, d.finish("/sign-in/finish", answer))
	w.refused(403, "", d.finish("/sign-in/finish", answer)) // again: its ceremony is over
	d.options("/sign-in/begin")
	w.refused(403, "", d.finish("/sign-in/finish", answer)) // again, in another ceremony

	const finish = "/sign-in/finish"
	refused := func(lie func() map[string]any) {
		t.Helper()
		w.refused(403, "", d.finish(finish, lie()))
	}
	begun := func() map[string]any { return d.options("/sign-in/begin") }
	for _, elsewhere := range []string{"https://goldenthread.example.com", "http://localhost:1", "http://127.0.0.1"} {
		d.origin = elsewhere
		refused(func() map[string]any { return d.asserted(begun()) })
	}
	d.origin = w.origin()
	refused(func() map[string]any { return but(d.asserted(begun()), "signature", encoded(make([]byte, 70))) })
	refused(func() map[string]any { return but(d.asserted(begun()), "userHandle", encoded(make([]byte, 32))) })
	refused(func() map[string]any {
		options := begun()
		return but(d.asserted(options), "clientDataJSON", encoded(d.clientData("webauthn.create", options)))
	})
	refused(func() map[string]any { begun(); return map[string]any{"credential": "x"} })
	d.still, d.count = false, 10
	w.must(200, d.signIn())
	refused(func() map[string]any { d.count = 5; return d.asserted(begun()) }) // a copy of the device
	d.count = 100
	other := newDevice(w)
	other.owner = d.owner
	w.refused(403, "", other.signIn())                                   // another key
	w.refused(403, "", newDevice(w).finish(finish, d.asserted(begun()))) // another browser's ceremony

	options := begun()
	w.on("2026-01-06")
	w.refused(403, "", d.finish(finish, d.asserted(options))) // too late
	w.must(200, d.signIn())
}

func TestInvitations(t *testing.T) {
	w := newWorld(t)
	invite := func(by, body string) reply {
		return w.send(w.request(by, "POST", "/v1/groups/trafford/invitations", body))
	}
	w.refused(403, "F9", invite("cd-north", `{"person":"cd-south"}`))
	w.refused(403, "F9", w.ask("cd-north", "/invitations"))
	w.refused(404, "L1", invite("stranger", `{"person":"cd-south"}`))
	w.refused(404, "L5", invite("manager", `{"person":"nobody"}`))
	w.must(201, invite("operator", `{"person":"cd-south"}`))

	gone := func(code string) {
		t.Helper()
		page := w.must(404, newDevice(w).send("GET", "/invitation/"+code, ""))
		require.Contains(t, string(page.body), "can’t be used")
		w.refused(403, "", newDevice(w).send("POST", "/invitation/"+code+"/begin", "{}"))
	}
	gone("0000-0000-0000-0000")

	used := w.invited("cd-north")
	late := newDevice(w)
	options := late.options("/invitation/" + used + "/begin") // begun before, finished after
	w.must(200, newDevice(w).accept(used, ""))
	gone(used)
	w.refused(403, "", late.finish("/invitation/"+used+"/finish", late.registered(options, "")))

	taken := w.must(201, invite("manager", `{"person":"cd-north"}`)).json(t)
	w.must(204, w.send(w.request("manager", "POST", "/v1/groups/trafford/invitations/"+taken["id"].(string)+"/withdraw", "")))
	gone(taken["code"].(string))

	other, mine := w.invited("cd-south"), w.invited("cd-north")
	d := newDevice(w)
	w.refused(403, "", d.finish("/invitation/"+mine+"/finish", d.registered(d.options("/invitation/"+other+"/begin"), ""))) // swapped

	ended := w.invited("cd-north")
	w.on("2026-01-12")
	gone(ended)

	listed := string(w.must(200, w.send(w.request("manager", "GET", "/v1/groups/trafford/invitations", ""))).body)
	require.Contains(t, listed, `"by":"operator"`)
	for _, secret := range []string{used, mine, strings.ReplaceAll(used, "-", "")} {
		require.NotContains(t, listed, secret)
		for _, file := range []string{"invitations.json", "sign-in.log", "passkeys.json"} {
			require.NotEmpty(t, w.credentials()[file])
			require.NotContains(t, string(w.credentials()[file]), secret)
		}
	}
}

// A lost device: a fresh invitation replaces every passkey and signs out.
func TestRecovery(t *testing.T) {
	w := newWorld(t)
	lost := newDevice(w)
	w.must(200, lost.accept(w.invited("cd-north"), "lost telephone"))
	fresh := w.must(201, w.send(w.request("operator", "POST", "/v1/groups/trafford/invitations", `{"person":"cd-north","replace":true}`))).json(t)["code"].(string)
	w.must(200, lost.send("GET", "/account", "")) // until it is used
	d := newDevice(w)
	require.Contains(t, string(w.must(200, d.send("GET", "/invitation/"+fresh, "")).body), "replaces your old passkeys")
	w.must(200, d.accept(fresh, "new telephone"))
	w.refused(401, "", lost.send("GET", "/v1/groups", ""))
	w.refused(403, "", lost.signIn())
	account := string(w.must(200, d.send("GET", "/account", "")).body)
	require.NotContains(t, account, "<strong>lost telephone")
	require.Contains(t, account, "in place of every passkey, by the operator of this server")
}

// People see their own passkeys and sessions, end them, and nobody else's.
func TestAccount(t *testing.T) {
	w := newWorld(t)
	north, south := newDevice(w), newDevice(w)
	w.must(200, north.accept(w.invited("cd-north"), "laptop"))
	w.must(200, south.accept(w.invited("cd-south"), "desktop"))
	phone := newDevice(w)
	w.must(200, phone.accept(w.invited("cd-north"), "telephone"))

	ids := func(d *device, what string) []string {
		var found []string
		for _, m := range regexp.MustCompile(`/account/`+what+`/([0-9a-f]+)/`).FindAllStringSubmatch(string(w.must(200, d.send("GET", "/account", "")).body), -1) {
			found = append(found, m[1])
		}
		return found
	}
	require.Len(t, ids(north, "passkeys"), 2)
	require.Len(t, ids(north, "sessions"), 2)
	require.Len(t, ids(south, "sessions"), 1)
	require.NotContains(t, string(south.send("GET", "/account", "").body), "laptop")

	theirs := ids(south, "sessions")[0]
	w.must(303, north.send("POST", "/account/sessions/"+theirs+"/end", ""))
	w.must(200, south.send("GET", "/account", ""))
	w.refused(404, "L5", north.send("POST", "/account/passkeys/"+ids(south, "passkeys")[0]+"/remove", ""))

	own := ids(north, "passkeys")[1] // the telephone's
	w.must(303, north.send("POST", "/account/passkeys/"+own+"/remove", ""))
	w.refused(401, "", phone.send("GET", "/v1/groups", "")) // it is signed out with its passkey
	w.refused(403, "", phone.signIn())
	w.refused(409, "L5", north.send("POST", "/account/passkeys/"+ids(north, "passkeys")[0]+"/remove", ""))
	w.must(303, north.send("POST", "/account/sessions/"+ids(north, "sessions")[0]+"/end", ""))
	w.refused(401, "", north.send("GET", "/v1/groups", ""))

	// nobody does with a token what is about signing in
	w.refused(401, "", w.send(w.request("cd-south", "POST", "/account/passkeys/begin", "{}")))
	w.refused(401, "", w.send(w.request("operator", "GET", "/account", "")))
	// signed in, people make tokens of their own, and only their own
	w.must(200, north.signIn())
	made := w.must(201, north.send("POST", "/v1/groups/trafford/tokens", `{"name":"dashboard","scope":"read"}`)).json(t)
	w.keys["dashboard"] = made["token"].(string)
	w.must(200, w.ask("dashboard", ""))
	w.refused(403, "L5", north.send("POST", "/v1/groups/trafford/tokens", `{"person":"cd-south"}`))
}

// A session ends by itself.
func TestSessionEnds(t *testing.T) {
	w := newWorld(t)
	d := newDevice(w)
	var by time.Duration
	w.later(&by)
	cookie := w.must(200, d.accept(w.invited("cd-north"), "")).session(t)
	w.options.SignIn.Sessions.Idle = 2 * (12 * time.Hour)
	by = (12 * time.Hour) - time.Minute
	w.must(200, w.send(w.request("", "GET", "/v1/groups", "", "Cookie", cookie.Name+"="+cookie.Value)))
	by = (12 * time.Hour)
	w.refused(401, "", w.send(w.request("", "GET", "/v1/groups", "", "Cookie", cookie.Name+"="+cookie.Value)))
}

// What was written before sessions had members of their own is read, and has ended.
func TestEarlierSessionsHaveEnded(t *testing.T) {
	w := newWorld(t)
	const line = `[{"token":"aGFzaA","id":"1f0c33aa","expires":"2200-01-01T00:00:00Z","seen":"2200-01-01T00:00:00Z","data":"{}"}]`
	require.NoError(t, os.WriteFile(filepath.Join(w.tokens.Dir, "sessions.json"), []byte(line), 0o600))
	in, err := identity.OpenSignIn(t.Context(), w.store)
	require.NoError(t, err)
	s := in.Sessions
	require.Empty(t, s.Kept.All)
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.AddCookie(&http.Cookie{Name: caller.SessionCookie, Value: "aGFzaA"})
	_, ok := s.Of(r, false)
	require.False(t, ok)
	require.NoError(t, s.Begin(httptest.NewRecorder(), r, false, identity.Session{Group: "trafford", Person: "p"}))
	require.Len(t, s.List("trafford", "p"), 1)
}

func TestLocalPath(t *testing.T) {
	for _, path := range []string{"/", "/groups/trafford?at=2026-01-05", "/a//b"} {
		require.Equal(t, path, identity.LocalPath(path))
	}
	for _, path := range []string{"", "x", "//evil.example", `/\evil.example`, "https://evil.example", "/\t/evil.example", "javascript:alert(1)", "///evil.example"} {
		require.Equal(t, "/", identity.LocalPath(path), path)
	}
	w := newWorld(t)
	page := newDevice(w).send("GET", "/sign-in?next=https://evil.example/", "")
	require.Contains(t, string(page.body), `data-next="/"`)
	require.Contains(t, string(page.body), "Never put anything about a patient here")
	away := w.must(303, w.sendStill(w.request("", "GET", "/sign-in?next=/account", "")))
	require.Equal(t, w.origin()+"/sign-in?next=/account", away.Header.Get("Location")) // an address has no passkeys
}

// TestSignInByToken: a token that may act begins a session, which can do what
// the token can, no more, and ends with it.
func TestSignInByToken(t *testing.T) {
	w := newWorld(t)
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	browser := &http.Client{Jar: jar}
	enter := func(token string) int {
		res, err := browser.PostForm(w.web.URL+"/sign-in/token", url.Values{"token": {token}, "next": {"/g/trafford/mandate"}})
		require.NoError(t, err)
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		if res.StatusCode == 200 {
			require.Equal(t, "/g/trafford/mandate", res.Request.URL.Path, "%s", body)
		}
		return res.StatusCode
	}
	get := func(path string) int {
		res, err := browser.Get(w.web.URL + path)
		require.NoError(t, err)
		defer res.Body.Close()
		return res.StatusCode
	}
	post := func(path, body string) int {
		res, err := browser.Post(w.web.URL+path, "application/json", strings.NewReader(body))
		require.NoError(t, err)
		defer res.Body.Close()
		return res.StatusCode
	}
	require.Equal(t, 401, enter("gt_nonsense"))
	require.Equal(t, 303, w.sendStill(w.request("", "POST", "/sign-in/token", url.Values{"token": {w.keys["operator"]}, "next": {"/g/trafford"}}.Encode(), "Content-Type", "application/x-www-form-urlencoded")).StatusCode,
		"the operator's session has nothing of the group's: TestOperatorSignsIn")
	reads := w.must(201, w.send(w.request("operator", "POST", "/v1/groups/trafford/tokens", `{"person":"cd-north","scope":"read"}`))).json(t)
	require.Equal(t, 403, enter(reads["token"].(string)), "it may only read")
	require.Equal(t, 401, get("/g/trafford"))

	made := w.must(201, w.send(w.request("operator", "POST", "/v1/groups/trafford/tokens", `{"person":"cd-north"}`))).json(t)
	require.Equal(t, 200, enter(made["token"].(string)))
	require.Equal(t, 200, get("/g/trafford"))
	require.Equal(t, 200, get("/v1/groups/trafford"))
	require.Equal(t, 200, get("/account"))
	require.Equal(t, 403, post("/v1/groups/trafford/tokens", `{}`), "a token makes no other")
	require.Equal(t, 401, post("/account/passkeys/begin", `{}`), "nor a passkey")
	w.must(204, w.send(w.request("operator", "POST", "/v1/groups/trafford/tokens/"+made["id"].(string)+"/revoke", "")))
	require.Equal(t, 401, get("/g/trafford"), "the session ended with the token")
}
