package api

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"goldenthread/api/caller"
	"goldenthread/api/identity"
	"goldenthread/api/problem"

	"github.com/chromedp/chromedp"
	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// An organisation is a real OpenID provider (zitadel/oidc) on loopback, with
// accounts. A test has it lie where a real one would not.
type organisation struct {
	t       testing.TB
	web     *httptest.Server
	store   *storage.Storage
	asked   url.Values           // what the browser last brought
	sent    url.Values           // what was last sent for a code
	lie     func(map[string]any) // about the claims of a token, signed all the same
	gossip  func(map[string]any) // about what is asked for besides
	forge   any                  // key to sign with in place of its own
	changed func(url.Values)     // what is sent for a code, on its way
	poses   func(map[string]any) // in what it says of itself
}

// orgUsers are accounts by subject; each signs in with its subject's name.
type orgUsers map[string]*storage.User

func (u orgUsers) GetUserByID(id string) *storage.User         { return u[id] }
func (u orgUsers) GetUserByUsername(name string) *storage.User { return u[name] }
func (u orgUsers) ExampleClientID() string                     { return storage.ServiceUserID }

const (
	orgPassword = "verysecure"
	orgSecret   = "the-client-secret"
)

func (o *organisation) open(back string) {
	users := orgUsers{}
	for _, u := range []storage.User{
		{ID: "sub-north"}, {ID: "sub-south", Email: "South@Park.Example", EmailVerified: true}, {ID: "sub-liar", Email: "south@park.example"},
		{ID: "sub-stranger", Email: "stranger@park.example", EmailVerified: true}, {ID: "sub-gone"}, {ID: "sub-nowhere"}, {ID: "sub-manager"},
	} {
		u.Username, u.Password = u.ID, orgPassword
		users[u.ID] = &u
	}
	o.store = storage.NewStorageWithClients(users, map[string]*storage.Client{
		"goldenthread": storage.WebClient("goldenthread", orgSecret, back),
	})
	provider, err := op.NewProvider(&op.Config{CryptoKey: [32]byte{1}, CryptoKeyId: "1", CodeMethodS256: true}, o.store, op.StaticIssuer(o.issuer()),
		op.WithAllowInsecure(), op.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(o.t, err)
	mux := http.NewServeMux()
	mux.Handle("/", provider)
	mux.HandleFunc("GET /authorize", func(w http.ResponseWriter, r *http.Request) {
		o.asked = r.URL.Query()
		provider.ServeHTTP(w, r)
	})
	mux.HandleFunc("GET /login/username", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `<h1>The organisation</h1><form method="post"><input name="id" type="hidden" value="`+r.FormValue("authRequestID")+`"><input id="username" name="username"></form>`)
	})
	mux.HandleFunc("POST /login/username", op.NewIssuerInterceptor(provider.IssuerFromRequest).HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		require.NoError(o.t, o.store.CheckUsernamePassword(r.FormValue("username"), orgPassword, r.FormValue("id")))
		http.Redirect(w, r, op.AuthCallbackURL(provider)(r.Context(), r.FormValue("id")), http.StatusFound)
	}))
	mux.HandleFunc("POST /oauth/token", func(w http.ResponseWriter, r *http.Request) {
		require.NoError(o.t, r.ParseForm())
		if o.changed != nil {
			o.changed(r.PostForm)
			r.Form = r.PostForm
		}
		o.sent = r.PostForm
		o.amend(w, r, provider, func(says map[string]any) {
			if raw, ok := says["id_token"].(string); ok && o.lie != nil {
				says["id_token"] = o.resigned(raw)
			}
		})
	})
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, r *http.Request) {
		o.amend(w, r, provider, func(says map[string]any) {
			if o.poses != nil {
				o.poses(says)
			}
		})
	})
	mux.HandleFunc("/userinfo", func(w http.ResponseWriter, r *http.Request) {
		o.amend(w, r, provider, func(says map[string]any) {
			if o.gossip != nil {
				o.gossip(says)
			}
		})
	})
	o.web.Config.Handler = mux
	o.web.Start()
	o.t.Cleanup(o.web.Close)
}

func (o *organisation) issuer() string { return "http://" + o.web.Listener.Addr().String() }

// amend lets f change what the provider answers.
func (o *organisation) amend(w http.ResponseWriter, r *http.Request, provider http.Handler, f func(map[string]any)) {
	said := httptest.NewRecorder()
	provider.ServeHTTP(said, r)
	var says map[string]any
	require.NoError(o.t, json.Unmarshal(said.Body.Bytes(), &says), "%s", said.Body)
	f(says)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(said.Code)
	require.NoError(o.t, json.NewEncoder(w).Encode(says))
}

// resigned is the token with the lie in it, under the provider's own key.
func (o *organisation) resigned(raw string) string {
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(raw, ".")[1])
	require.NoError(o.t, err)
	var claims map[string]any
	require.NoError(o.t, json.Unmarshal(payload, &claims))
	o.lie(claims)
	payload, err = json.Marshal(claims)
	require.NoError(o.t, err)
	own, err := o.store.SigningKey(context.Background())
	require.NoError(o.t, err)
	key := own.Key()
	if o.forge != nil {
		key = o.forge
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: own.ID()}}, nil)
	require.NoError(o.t, err)
	signed, err := signer.Sign(payload)
	require.NoError(o.t, err)
	token, err := signed.CompactSerialize()
	require.NoError(o.t, err)
	return token
}

const orgPeople = `[
{"subject":"sub-north","group":"trafford","person":"cd-north"},
{"email":"south@park.example","group":"trafford","person":"cd-south"},
{"subject":"sub-gone","group":"trafford","person":"lmc-chair"},
{"subject":"sub-nowhere","group":"elsewhere","person":"cd-north"},
{"subject":"sub-manager","group":"trafford","person":"nobody-now"}]`

// withOrganisation is a world whose people can sign in with their
// organisation's account.
func withOrganisation(t testing.TB) (*world, *organisation) {
	w := newWorld(t)
	o := &organisation{t: t, web: httptest.NewUnstartedServer(nil)}
	w.serveWith(o.issuer())
	o.open(w.origin() + "/sign-in/oidc/callback")
	return w, o
}

// peopleFile is where the world's accounts are.
func (w *world) peopleFile() string { return filepath.Join(w.tokens.Dir, "accounts.json") }

// serveWith serves the world anew, with single sign-on from there.
func (w *world) serveWith(issuer string) {
	require.NoError(w.t, os.WriteFile(w.peopleFile(), []byte(orgPeople), 0o600))
	in, err := identity.OpenSingleSignOn(identity.OIDC{Issuer: issuer, Client: "goldenthread", Secret: orgSecret, People: w.peopleFile()})
	require.NoError(w.t, err)
	w.serve(func(o *Options) { o.SingleSignOn = in })
}

// A visitor is a browser that keeps cookies and goes where it is sent.
type visitor struct {
	w   *world
	o   *organisation
	web *http.Client
}

func (w *world) visitor(o *organisation) *visitor {
	jar, err := cookiejar.New(nil)
	require.NoError(w.t, err)
	return &visitor{w, o, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

func (v *visitor) get(address string) reply {
	req, err := http.NewRequest("GET", address, nil)
	require.NoError(v.w.t, err)
	req.Header.Set("Accept", "text/html")
	return v.w.sendBy(v.web, req)
}

// gone has the visitor sign in at the organisation, and gives the address at
// which they would come back.
func (v *visitor) gone(subject, next string) string {
	at := v.w.must(303, v.get(v.w.origin()+"/sign-in/oidc?next="+url.QueryEscape(next))).Header.Get("Location")
	require.True(v.w.t, strings.HasPrefix(at, v.o.issuer()+"/authorize?"), at)
	login, err := url.Parse(v.w.must(302, v.get(at)).Header.Get("Location"))
	require.NoError(v.w.t, err)
	form := url.Values{"id": {login.Query().Get("authRequestID")}, "username": {subject}}
	res, err := v.web.PostForm(v.o.issuer()+"/login/username", form)
	require.NoError(v.w.t, err)
	res.Body.Close()
	back := v.w.must(302, v.get(res.Header.Get("Location"))).Header.Get("Location")
	require.True(v.w.t, strings.HasPrefix(back, v.w.origin()+"/sign-in/oidc/callback"+"?"), back)
	return back
}

// signIn goes the whole way.
func (v *visitor) signIn(subject string) reply { return v.get(v.gone(subject, "/account")) }

// turnedAway asserts that they were told that, and are not signed in.
func (v *visitor) turnedAway(say *problem.Problem, r reply) {
	v.w.t.Helper()
	require.Equal(v.w.t, say.Status, r.StatusCode, "%s\n%s", r.body, v.w.log)
	require.Contains(v.w.t, string(r.body), say.Detail)
	v.w.refused(401, "", v.get(v.w.origin()+"/v1/groups"))
}

// The whole way with a real provider: by subject, by verified address, acting
// as the ledger allows, seen on one's own page, signed out.
func TestSingleSignOn(t *testing.T) {
	w, o := withOrganisation(t)
	north := w.visitor(o)
	require.Contains(t, string(w.must(200, north.get(w.origin()+"/sign-in?next=/g/trafford")).body), `href="/sign-in/oidc?next=%2fg%2ftrafford"`)
	back := north.gone("sub-north", "/g/trafford/mandate")
	require.Equal(t, "S256", o.asked.Get("code_challenge_method"))
	require.Equal(t, "code", o.asked.Get("response_type"))
	require.GreaterOrEqual(t, len(o.asked.Get("state")), 26)
	require.GreaterOrEqual(t, len(o.asked.Get("nonce")), 26)
	require.NotEqual(t, o.asked.Get("state"), o.asked.Get("nonce"))
	in := w.must(303, north.get(back))
	require.Equal(t, "/g/trafford/mandate", in.Header.Get("Location"))
	require.Equal(t, caller.SessionCookie, in.session(t).Name)
	require.GreaterOrEqual(t, len(o.sent.Get("code_verifier")), 43)

	w.must(200, north.get(w.origin()+"/g/trafford/mandate"))
	account := string(w.must(200, north.get(w.origin()+"/account")).body)
	require.Contains(t, account, "Clinical Director, North Trafford")
	require.Contains(t, account, "signed in with the organisation’s account, by you")
	require.Contains(t, account, "This browser")
	post := func(v *visitor, path, body string) reply {
		req, err := http.NewRequest("POST", w.origin()+path, strings.NewReader(body))
		require.NoError(t, err)
		req.Header.Set("Content-Type", "application/json")
		return w.sendBy(v.web, req)
	}
	w.must(201, post(north, "/v1/groups/trafford/commands/consent-to-charter", `{}`))
	w.refused(403, "F9", post(north, "/v1/groups/trafford/invitations", `{"person":"cd-south"}`)) // what they may do is in the ledger
	w.refused(401, "", post(north, "/account/passkeys/begin", `{}`))                              // a passkey would outlast the account

	south := w.visitor(o)
	require.Equal(t, "/account", w.must(303, south.signIn("sub-south")).Header.Get("Location"))
	require.Contains(t, string(w.must(200, south.get(w.origin()+"/account")).body), "Clinical Director, South Trafford")
	require.NotContains(t, string(south.get(w.origin()+"/account").body), "signed in with the organisation’s account, by Clinical")

	w.must(303, post(north, "/sign-out", ""))
	w.refused(401, "", north.get(w.origin()+"/v1/groups"))
	for _, secret := range []string{orgSecret, o.sent.Get("code"), o.sent.Get("code_verifier"), "park.example", "sub-south"} {
		require.NotContains(t, w.log.String(), secret)
		require.NotContains(t, string(w.credentials()["sessions.json"]), secret)
	}
}

// The cookie that comes back from another site is Lax; a passkey's stays Strict.
func TestSingleSignOnCookie(t *testing.T) {
	w, o := withOrganisation(t)
	v := w.visitor(o)
	cookie := w.must(303, v.get(w.origin()+"/sign-in/oidc")).Cookies()[0]
	require.Equal(t, "goldenthread-ceremony", cookie.Name)
	require.Equal(t, http.SameSiteLaxMode, cookie.SameSite)
	require.True(t, cookie.HttpOnly)
	require.False(t, cookie.Secure) // plain HTTP on localhost
	require.Equal(t, "/", w.must(303, v.get(v.gone("sub-north", "https://evil.example/"))).Header.Get("Location"))
	w.server.guard.Reach.BehindProxy = true
	require.True(t, w.must(303, newDevice(w).send("GET", "/sign-in/oidc", "", "X-Forwarded-Proto", "https")).Cookies()[0].Secure)
	byAddress := w.must(303, w.sendStill(w.request("", "GET", "/sign-in/oidc?next=/account", "")))
	require.Equal(t, w.origin()+"/sign-in/oidc?next=/account", byAddress.Header.Get("Location")) // where its cookie will be
}

// Whoever has no account here, or only says so, is told why.
func TestSingleSignOnOfNobody(t *testing.T) {
	w, o := withOrganisation(t)
	v := w.visitor(o)
	v.turnedAway(identity.ErrUnverified, v.signIn("sub-liar")) // the address of somebody here, unverified
	v.turnedAway(identity.ErrNobody, v.signIn("sub-stranger"))
	v.turnedAway(identity.ErrGone, v.signIn("sub-nowhere")) // a group that is not here
	v.turnedAway(identity.ErrGone, v.signIn("sub-manager")) // a person who never was

	for _, not := range []func(map[string]any){
		func(says map[string]any) { says["email_verified"] = "true" }, // a word
		func(says map[string]any) { says["email_verified"] = false },
		func(says map[string]any) { delete(says, "email_verified") },
	} {
		o.gossip = func(says map[string]any) { says["email"] = "south@park.example"; not(says) }
		v.turnedAway(identity.ErrUnverified, v.signIn("sub-stranger"))
	}
	o.gossip = func(says map[string]any) { says["email"], says["email_verified"] = "south@par\u212A.example", true }
	v.turnedAway(identity.ErrNobody, v.signIn("sub-stranger"))
	o.gossip = func(says map[string]any) {
		says["sub"], says["email"], says["email_verified"] = "sub-south", "south@park.example", true
	}
	v.turnedAway(identity.ErrAccount, v.signIn("sub-stranger")) // asked about one, answered about another
	o.gossip = nil
	o.lie = func(claims map[string]any) { claims["email"], claims["email_verified"] = "south@park.example", true }
	w.must(303, v.signIn("sub-stranger")) // an address in the token counts as well

	o.lie = nil
	chair := w.visitor(o)
	w.must(303, chair.signIn("sub-gone"))
	w.must(201, w.command("manager", "leave-office", `{"person":"lmc-chair","until":"2026-01-05"}`))
	w.must(303, w.visitor(o).signIn("sub-gone")) // their last day
	w.on("2026-01-06")
	v = w.visitor(o)
	v.turnedAway(identity.ErrGone, v.signIn("sub-gone"))
	north, err := w.server.identity.Registered(t.Context(), identity.Holder{Group: "trafford", Person: "cd-north"})
	require.NoError(t, err)
	w.must(201, w.command("cd-north", "leave-office", `{"person":"cd-north","until":"2026-01-06"}`))
	w.on("2026-01-07")
	w.must(201, w.command("cd-north", "erase-person", `{"person":"`+north.ID+`"}`))
	v.turnedAway(identity.ErrGone, v.signIn("sub-north"))
}

// Nothing is believed that was not asked for, here, by this browser, just now,
// and answered once by that issuer for this server.
func TestSingleSignOnRefused(t *testing.T) {
	w, o := withOrganisation(t)
	v := w.visitor(o)
	change := func(address, name, value string) string {
		u, err := url.Parse(address)
		require.NoError(t, err)
		q := u.Query()
		q.Set(name, value)
		u.RawQuery = q.Encode()
		return u.String()
	}
	back := v.gone("sub-north", "/")
	v.turnedAway(identity.ErrBeginAgain, v.get(change(back, "state", "")))
	v.turnedAway(identity.ErrBeginAgain, v.get(back)) // the state was wrong once: it is over
	v.turnedAway(identity.ErrBeginAgain, v.get(change(v.gone("sub-north", "/"), "state", strings.Repeat("A", 26))))
	v.turnedAway(identity.ErrBeginAgain, w.visitor(o).get(v.gone("sub-north", "/"))) // another browser
	late := v.gone("sub-north", "/")
	w.on("2026-01-06")
	v.turnedAway(identity.ErrBeginAgain, v.get(late))

	stolen, other := w.visitor(o).gone("sub-north", "/"), v.gone("sub-south", "/") // somebody else's code, with our own state
	u, err := url.Parse(stolen)
	require.NoError(t, err)
	v.turnedAway(identity.ErrAccount, v.get(change(other, "code", u.Query().Get("code"))))
	v.turnedAway(identity.ErrAccount, v.get(change(v.gone("sub-north", "/"), "iss", "https://evil.example")))
	v.turnedAway(identity.ErrAccount, v.get(change(v.gone("sub-north", "/"), "code", "")))
	v.turnedAway(identity.ErrCancelled, v.get(change(v.gone("sub-north", "/"), "error", "access_denied")))
	o.changed = func(sent url.Values) { sent.Del("code_verifier") }
	v.turnedAway(identity.ErrAccount, v.signIn("sub-north")) // the provider holds us to PKCE
	o.changed = nil

	for name, lie := range map[string]func(map[string]any){
		"another nonce":         func(c map[string]any) { c["nonce"] = "x" },
		"no nonce":              func(c map[string]any) { delete(c, "nonce") },
		"foreign issuer":        func(c map[string]any) { c["iss"] = "https://evil.example" },
		"another audience":      func(c map[string]any) { c["aud"] = []string{"other"} },
		"for another, and us":   func(c map[string]any) { c["aud"], c["azp"] = []string{"goldenthread", "other"}, "other" },
		"for several, unsaid":   func(c map[string]any) { c["aud"] = []string{"goldenthread", "other"}; delete(c, "azp") },
		"expired":               func(c map[string]any) { c["exp"] = time.Now().Add(-time.Minute).Unix() },
		"about nobody":          func(c map[string]any) { c["sub"] = "" },
		"of which nobody hears": func(c map[string]any) { clear(c) },
	} {
		o.lie = lie
		r := v.signIn("sub-north")
		require.Equal(t, 403, r.StatusCode, "%s: %s", name, r.body)
		v.turnedAway(identity.ErrAccount, r)
	}
	o.lie = func(map[string]any) {}
	o.forge, err = rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	v.turnedAway(identity.ErrAccount, v.signIn("sub-north")) // another key
	o.forge = nil

	back = v.gone("sub-north", "/")
	w.must(303, v.get(back)) // without a lie it works
	r := v.get(back)         // and once
	require.Equal(t, 403, r.StatusCode)
	require.Contains(t, string(r.body), identity.ErrBeginAgain.Detail)
	require.NotContains(t, w.log.String(), u.Query().Get("code"))
}

// TestIssuerDescribesItself: what would go unencrypted or without PKCE is not
// begun, and an issuer that says that it names itself is held to it (RFC 9207).
func TestIssuerDescribesItself(t *testing.T) {
	w, o := withOrganisation(t)
	v := w.visitor(o)
	forget := func(poses func(map[string]any)) {
		o.poses = poses
		w.options.SingleSignOn.Found.Store(nil)
	}
	for _, endpoint := range []string{"authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"} {
		for _, open := range []string{"http://accounts.example.org/x", "ftp://localhost/x", "://"} {
			forget(func(says map[string]any) { says[endpoint] = open })
			v.turnedAway(identity.ErrIssuerAway, v.get(w.origin()+"/sign-in/oidc"))
		}
	}
	require.Contains(t, w.log.String(), "is not encrypted")
	forget(func(says map[string]any) { says["code_challenge_methods_supported"] = []string{"plain"} })
	v.turnedAway(identity.ErrIssuerAway, v.get(w.origin()+"/sign-in/oidc"))
	forget(func(says map[string]any) { says["code_challenge_methods_supported"] = []string{"plain", "S256"} })
	w.must(303, v.signIn("sub-north"))

	forget(func(says map[string]any) { says["authorization_response_iss_parameter_supported"] = true })
	v = w.visitor(o)
	v.turnedAway(identity.ErrAccount, v.signIn("sub-north"))
	v.turnedAway(identity.ErrAccount, v.get(v.gone("sub-north", "/")+"&iss="))
	v.turnedAway(identity.ErrAccount, v.get(v.gone("sub-north", "/")+"&iss="+url.QueryEscape(o.issuer()+"/")))
	w.must(303, v.get(v.gone("sub-north", "/")+"&iss="+url.QueryEscape(o.issuer())))
}

// TestSingleSignOnIsRecent: where an age is asked for, the issuer is asked for
// it, and a token that is older, or does not say, signs nobody in.
func TestSingleSignOnIsRecent(t *testing.T) {
	w, o := withOrganisation(t)
	v := w.visitor(o)
	w.must(303, v.signIn("sub-north"))
	require.False(t, o.asked.Has("max_age"))
	w.options.SingleSignOn.As.MaxAge = 12 * time.Hour
	v = w.visitor(o)
	at := func(signedIn any) {
		o.lie = func(claims map[string]any) {
			claims["auth_time"] = signedIn
			if signedIn == nil {
				delete(claims, "auth_time")
			}
		}
	}
	for _, wrong := range []any{nil, time.Now().Add(-12*time.Hour - 2*time.Minute).Unix(), time.Now().Add(2 * time.Minute).Unix(), "yesterday", 0} {
		at(wrong)
		v.turnedAway(identity.ErrAccount, v.signIn("sub-north"))
	}
	require.Equal(t, "43200", o.asked.Get("max_age"))
	at(time.Now().Add(-11 * time.Hour).Unix())
	w.must(303, v.signIn("sub-north"))
}

// TestSecretsFollowNoRedirect: the client's secret and the code go to the
// issuer's own address alone.
func TestSecretsFollowNoRedirect(t *testing.T) {
	w, o := withOrganisation(t)
	carried := 0
	thief := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { carried++ }))
	t.Cleanup(thief.Close)
	moved := httptest.NewServer(http.RedirectHandler(thief.URL, http.StatusTemporaryRedirect))
	t.Cleanup(moved.Close)
	o.poses = func(says map[string]any) { says["token_endpoint"] = moved.URL }
	v := w.visitor(o)
	v.turnedAway(identity.ErrAccount, v.signIn("sub-north"))
	require.Zero(t, carried)
}

// A ceremony is for what it was begun for.
func TestCeremoniesApart(t *testing.T) {
	w, o := withOrganisation(t)
	d := newDevice(w)
	w.must(200, d.accept(w.invited("cd-north"), ""))
	w.must(303, d.send("POST", "/sign-out", ""))
	options := d.options("/sign-in/begin")
	w.must(303, d.send("GET", "/sign-in/oidc", "")) // another cookie in place of the first
	options["challenge"] = ""                       // it has none
	w.refused(403, "", d.finish("/sign-in/finish", d.asserted(options)))
	d.options("/sign-in/begin")
	w.refused(403, "", d.send("GET", "/sign-in/oidc/callback"+"?code=x&state=", ""))
	v := w.visitor(o)
	v.turnedAway(identity.ErrBeginAgain, v.get(w.origin()+"/sign-in/oidc/callback"+"?code=x&state="))
}

// The session ends when its line in the file does.
func TestSingleSignOnTakenAway(t *testing.T) {
	w, o := withOrganisation(t)
	v, south := w.visitor(o), w.visitor(o)
	w.must(303, v.signIn("sub-north"))
	w.must(303, south.signIn("sub-south"))
	write := func(text string) {
		file := w.peopleFile() + ".new"
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		require.NoError(t, os.Rename(file, w.peopleFile()))
	}
	write(strings.Replace(orgPeople, `"sub-north"`, `"sub-new"`, 1))
	w.refused(401, "", v.get(w.origin()+"/v1/groups"))
	w.must(200, south.get(w.origin()+"/v1/groups"))
	v.turnedAway(identity.ErrNobody, v.signIn("sub-north"))
	write("[")
	w.refused(401, "", south.get(w.origin()+"/v1/groups"))
	south.turnedAway(identity.ErrNoHolders, south.signIn("sub-south"))
	write(orgPeople)
	w.must(200, south.get(w.origin()+"/v1/groups"))
}

// The issuer may be away at the start, and come later; one that calls itself
// otherwise is not believed.
func TestIssuerAway(t *testing.T) {
	w := newWorld(t)
	o := &organisation{t: t, web: httptest.NewUnstartedServer(nil)}
	away := httptest.NewServer(http.NotFoundHandler())
	w.serveWith(away.URL)
	v := w.visitor(o)
	for range 2 {
		v.turnedAway(identity.ErrIssuerAway, v.get(w.origin()+"/sign-in/oidc"))
		away.Close()
	}
	w.serveWith(o.issuer())
	silent := w.options.SingleSignOn.Web.Timeout
	require.NotZero(t, silent)
	w.options.SingleSignOn.Web.Timeout = 50 * time.Millisecond // it listens, and says nothing
	v.turnedAway(identity.ErrIssuerAway, v.get(w.origin()+"/sign-in/oidc"))
	w.options.SingleSignOn.Web.Timeout = silent
	o.open(w.origin() + "/sign-in/oidc/callback")
	w.must(303, v.signIn("sub-north"))

	w.serveWith(strings.Replace(o.issuer(), "127.0.0.1", "localhost", 1))
	v = w.visitor(o)
	v.turnedAway(identity.ErrIssuerAway, v.get(w.origin()+"/sign-in/oidc"))
	require.Contains(t, w.log.String(), "did not match the issuer")
	w = newWorld(t)
	w.refused(404, "", w.send(w.request("", "GET", "/sign-in/oidc", ""))) // where there is none
	require.NotContains(t, string(w.send(w.request("", "GET", "/sign-in", "")).body), "/sign-in/oidc")
}

// Beginning is held to a pace: each would take a place of everybody's.
func TestSingleSignOnPace(t *testing.T) {
	w, o := withOrganisation(t)
	v := w.visitor(o)
	for range 60 {
		w.must(303, v.get(w.origin()+"/sign-in/oidc"))
	}
	w.must(429, v.get(w.origin()+"/sign-in/oidc"))
}

func TestOpenSingleSignOn(t *testing.T) {
	file := filepath.Join(t.TempDir(), "accounts.json")
	open := func(issuer, secret, people string, mode os.FileMode) error {
		require.NoError(t, os.WriteFile(file, []byte(people), 0o600))
		require.NoError(t, os.Chmod(file, mode))
		_, err := identity.OpenSingleSignOn(identity.OIDC{Issuer: issuer, Client: "goldenthread", Secret: secret, People: file})
		return err
	}
	const issuer = "https://accounts.example.org/realm"
	require.NoError(t, open(issuer, "s", orgPeople, 0o600))
	require.NoError(t, open("http://127.0.0.1:9000", "s", `[]`, 0o640))
	for _, wrong := range []string{"", "accounts.example.org", "http://accounts.example.org", "http://10.0.0.1", "https://a:b@accounts.example.org", "https://x?y", "ftp://localhost"} {
		require.Error(t, open(wrong, "s", orgPeople, 0o600), wrong)
	}
	require.ErrorContains(t, open(issuer, "", orgPeople, 0o600), "secret")
	require.ErrorContains(t, open(issuer, "s", orgPeople, 0o604), "everybody")
	_, err := identity.OpenSingleSignOn(identity.OIDC{Issuer: issuer, Client: "goldenthread", Secret: "s", People: file, MaxAge: -time.Hour})
	require.ErrorContains(t, err, "age")
	for _, people := range []string{
		``, `{}`, `[{}]`, `[{"subject":"a","group":"g"}]`, `[{"subject":"a","email":"b","group":"g","person":"p"}]`, `[{"group":"g","person":"p"}]`,
		`[{"subject":"a","group":"g","person":"p","may":"all"}]`, `[{"subject":"a","group":"g","person":"p"},{"subject":"a","group":"g","person":"q"}]`,
		`[{"email":"A@x","group":"g","person":"p"},{"email":"a@X","group":"g","person":"q"}]`,
	} {
		require.Error(t, open(issuer, "s", people, 0o600), people)
	}
}

// In Chromium, which knows sites apart: from the button to the other site and back.
func TestBrowserSingleSignOn(t *testing.T) {
	ctx := browse(t)
	w, _ := withOrganisation(t)
	require.NoError(t, chromedp.Do(ctx,
		chromedp.Navigate(w.origin()+"/account"),
		heading("Sign in"),
		chromedp.Click(chromedp.CSS(`a[href^="/sign-in/oidc"]`)),
		heading("The organisation"),
		chromedp.SendKeys(chromedp.ID("username"), "sub-north"),
		chromedp.Submit(chromedp.ID("username")),
		heading("My account"),
	), "%s", w.log)
	text, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS("main")))
	require.NoError(t, err)
	require.Contains(t, text, "Clinical Director, North Trafford")
}
