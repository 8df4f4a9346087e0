package api

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"goldenthread/api/identity"
	"goldenthread/domain"
)

// TestKeysOnRecord: people see what the ledger itself has of their passkeys,
// beside what this server has, also of those that have ended and of one that
// somebody slipped in.
func TestKeysOnRecord(t *testing.T) {
	w := newWorld(t)
	d := newDevice(w)
	w.must(200, d.accept(w.invited("cd-north"), "laptop"))
	w.on("2026-03-03")
	phone := newDevice(w)
	w.must(200, phone.accept(w.invited("cd-north"), "telephone"))
	text := func(d *device) string {
		page := string(w.must(200, d.send("GET", "/account", "")).body)
		_, page, found := strings.Cut(page, "Ways to sign in as me")
		require.True(t, found)
		page, _, _ = strings.Cut(page, "Where I am signed in")
		return strings.Join(strings.Fields(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(page, " ")), " ")
	}
	require.Contains(t, text(phone), "passkey “laptop” , made on 5 January 2026, 12:00pm by you, invited by Manager ( event ")
	require.Contains(t, text(phone), "passkey “telephone” , made on 3 March 2026, 12:00pm by you, invited by Manager ( event ")

	account := w.options.SignIn.Passkeys.Accounts.All[0]
	w.must(303, d.send("POST", "/account/passkeys/"+account.Passkeys[1].ID+"/remove", ""))
	require.Regexp(t, `passkey [0-9a-f]{16} \(this server does not have it\) , made on 3 March 2026, 12:00pm by you, invited by Manager \( event \d+ \), ended on 3 March 2026 \( event \d+ \)`, text(d))

	req := domain.Request{
		Group: "trafford", ID: uuid.New(), Actor: account.Person,
		Command: &domain.RegisterPasskey{Credential: []byte("slipped-in"), PublicKey: []byte{1}, RelyingParty: "localhost"},
	}
	_, err := w.store.Execute(t.Context(), req)
	require.NoError(t, err)
	slipped := string(domain.WayOfPasskey([]byte("slipped-in")))[len("passkey/"):][:16]
	require.Contains(t, text(d), "passkey "+slipped+" (this server does not have it) , made on 3 March 2026")
	require.NotContains(t, string(w.signedIn("cd-south").send("GET", "/account", "").body), slipped)
}

// TestNewPasskeyIsTold: a passkey that was added is told at the next sign-in with
// another, on every page, until somebody who signed in so says that it was them:
// whoever added it can't say that for its owner.
func TestNewPasskeyIsTold(t *testing.T) {
	w := newWorld(t).established()
	owner := newDevice(w)
	w.must(200, owner.accept(w.invited("cd-north"), "laptop"))
	tells := func(d *device, path string) bool {
		return strings.Contains(string(w.must(200, d.send("GET", path, "", "Accept", "text/html")).body), "A way to sign in was added")
	}
	require.False(t, tells(owner, "/account"), "their first is no news")
	w.on("2026-03-03")
	thief := newDevice(w)
	w.must(200, thief.accept(w.invited("cd-north"), "thief’s telephone"))
	require.False(t, tells(thief, "/account"))
	w.must(303, thief.send("POST", "/account/passkeys/seen", ""))

	w.on("2026-03-05")
	w.must(200, owner.signIn())
	for _, path := range []string{"/account", "/g/trafford", "/g/trafford/proposals"} {
		require.True(t, tells(owner, path), path)
	}
	require.Regexp(t, `A way to sign in to your account was added: passkey “thief’s telephone”, by Manager, at midday on 3 March 2026`, string(owner.send("GET", "/g/trafford", "").body))
	require.False(t, tells(thief, "/account"))
	w.must(303, owner.send("POST", "/sign-out", ""))
	w.must(200, owner.signIn())
	require.True(t, tells(owner, "/g/trafford"), "until it is answered")
	w.must(303, owner.send("POST", "/account/passkeys/seen", ""))
	require.False(t, tells(owner, "/g/trafford"))
	w.on("2026-03-06")
	w.must(200, owner.signIn())
	require.False(t, tells(owner, "/account"))

	in, err := identity.OpenSignIn(t.Context(), w.store) // as a restart does
	require.NoError(t, err)
	require.Len(t, in.Passkeys.Accounts.All[0].Seen, 2)

	// of what the ledger alone has, whoever signs in otherwise is told as well
	_, err = w.store.Execute(t.Context(), domain.Request{
		Group: "trafford", ID: uuid.New(), Actor: in.Passkeys.Accounts.All[0].Person,
		Command: &domain.RegisterPasskey{Credential: []byte("slipped-in"), PublicKey: []byte{1}, RelyingParty: "localhost"},
	})
	require.NoError(t, err)
	browser := newDevice(w)
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	w.must(303, browser.send("POST", "/sign-in/token", "token="+w.keys["cd-north"], form...))
	require.Contains(t, string(browser.send("GET", "/account", "").body), string(domain.WayOfPasskey([]byte("slipped-in")))[len("passkey/"):][:16])
	w.must(303, browser.send("POST", "/account/passkeys/seen", ""))
	require.False(t, tells(browser, "/account"))
	w.must(303, browser.send("POST", "/sign-in/token", "token="+w.keys["cd-south"], form...))
	require.False(t, tells(browser, "/account"), "it is nobody else's news")
	w.refused(401, "", w.send(w.request("cd-north", "POST", "/account/passkeys/seen", "")))
}
