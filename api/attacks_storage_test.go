package api

import (
	"context"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"goldenthread/api/identity"
)

// TestAccessEndsWithAnErasure: whoever is erased is out at once, by passkey, session, token
// and feed, and on a page that is open. Nobody lets them in again, and no file of the server
// names their devices (rule L7).
func TestAccessEndsWithAnErasure(t *testing.T) {
	w := newWorld(t)
	w.must(201, w.command("manager", "register-person", `{"handle":"visitor","office":"Visitor","organisation":"P91018","personal":{"name":"Vera Visitor"}}`))
	phone := newDevice(w)
	w.must(200, phone.accept(w.invited("visitor"), "Vera's telephone"))
	feed := w.must(201, phone.send("POST", "/v1/groups/trafford/feed-keys", `{"feed":"calendar"}`)).json(t)["address"].(string)
	w.must(200, phone.send("GET", feed, ""))
	made := w.must(201, phone.send("POST", "/v1/groups/trafford/tokens", `{"name":"Vera's laptop"}`)).json(t)
	w.keys["visitor"] = made["token"].(string)
	w.must(200, w.ask("visitor", ""))
	again := w.invited("visitor")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	live, err := http.DefaultClient.Do(w.request("visitor", "GET", "/g/trafford/live", "").WithContext(ctx))
	require.NoError(t, err)
	defer live.Body.Close()
	_, err = live.Body.Read(make([]byte, len(": listening\n\n")))
	require.NoError(t, err)

	id := idsOf(w).Replace("{visitor}")
	w.must(201, w.command("visitor", "erase-person", `{"person":"`+id+`"}`))
	_, err = live.Body.Read(make([]byte, 1))
	require.EqualError(t, err, "EOF", "the page that is open hears nothing more")
	const unknown = "This token is not known here. Please ask whoever runs this server for a new one."
	refused := w.ask("visitor", "")
	w.refused(401, "", refused)
	require.Equal(t, unknown, refused.json(t)["detail"])
	w.refused(401, "", phone.send("GET", "/v1/groups", ""))
	w.refused(401, "", phone.send("GET", feed, ""))
	w.refused(403, "", phone.signIn())
	w.refused(403, "", newDevice(w).send("POST", "/invitation/"+again+"/begin", "{}"))

	const gone = "The name, email and phone of Visitor were erased on 5 January 2026, and nobody gets in by that name any more. If the office has somebody new, introduce them."
	for _, attempt := range []reply{
		w.send(w.request("manager", "POST", "/v1/groups/trafford/invitations", `{"person":"visitor"}`)),
		w.send(w.request("operator", "POST", "/v1/groups/trafford/tokens", `{"person":"visitor"}`)),
	} {
		w.refused(409, "L7", attempt)
		require.Equal(t, gone, attempt.json(t)["detail"])
	}
	for name, b := range w.credentials() {
		require.NotContains(t, string(b), "Vera", name)
		require.NotContains(t, string(b), id, name)
	}
	w.must(200, w.ask("manager", ""))
	there, err := os.ReadDir(w.tokens.Dir)
	require.NoError(t, err)
	for _, f := range there {
		known := f.IsDir() || strings.HasSuffix(f.Name(), ".key") || slices.Contains(identity.Files(), f.Name()) || f.Name() == "lock" || f.Name() == "LOCK"
		require.True(t, known, "%s is a file of which neither an erasure nor a backup knows", f.Name())
	}
}

// TestAWayInThatIsLeftLetsNobodyInWhoIsErased: also where a file could not be written, or an
// older one was put back, whoever was erased stays out.
func TestAWayInThatIsLeftLetsNobodyInWhoIsErased(t *testing.T) {
	w := newWorld(t)
	w.must(201, w.command("manager", "register-person", `{"handle":"visitor","office":"Visitor","organisation":"P91018"}`))
	id := idsOf(w).Replace("{visitor}")
	w.must(201, w.command("manager", "erase-person", `{"person":"`+id+`"}`))
	for _, person := range []string{"visitor", id} {
		token, err := w.tokens.Issue("trafford", person)
		require.NoError(t, err)
		w.keys["left"] = token
		refused := w.ask("left", "")
		w.refused(401, "", refused)
		require.Equal(t, "This way in ended when the name, email and phone that belong to it were erased.", refused.json(t)["detail"])
	}
	w.must(401, w.send(w.request("left", "GET", "/g/trafford/live", "")))
	w.serve(func(*Options) {}) // the next start
	b := w.credentials()["tokens.json"]
	require.False(t, strings.Contains(string(b), id) || strings.Contains(string(b), "visitor"), "%s", b)
}

// TestASeatedPersonIsNotErased: a manager who wants a director out of the way, by erasing
// her, reads what she holds; she keeps it all, and her name.
func TestASeatedPersonIsNotErased(t *testing.T) {
	w := newWorld(t).established()
	north := idsOf(w).Replace("{cd-north}")
	refused := w.command("manager", "erase-person", `{"person":"`+north+`"}`)
	w.refused(409, "L7", refused)
	require.Equal(t, "Whoever holds anything in force leaves first, and Clinical Director, North Trafford still has the seat of North Trafford and the appointment R1 to Trafford Locality Board. "+
		"Record that they leave the office, which ends all of it; from the day after, they can be erased.", refused.json(t)["detail"])
	require.Contains(t, string(w.must(200, w.ask("cd-south", "/people")).body), "Nora North")
	w.must(201, w.command("cd-north", "raise-proposal", `{"title":"Saturdays","text":"Every Saturday.","matter":"access"}`))
	own := w.command("cd-north", "erase-person", `{"person":"`+north+`"}`)
	w.refused(409, "L7", own)

	// The way out: she leaves, and asks for it on the day after, by a way in that she still has.
	w.must(201, w.command("cd-north", "leave-office", `{"person":"cd-north","until":"2026-01-05"}`))
	w.on("2026-01-06")
	w.must(201, w.command("cd-north", "erase-person", `{"person":"`+north+`"}`))
	w.refused(401, "", w.ask("cd-north", ""))
}
