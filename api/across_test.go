package api

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"filippo.io/torchwood"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/tlog"
)

// in sends a command to another group of the installation.
func (w *world) in(group, person, name, body string) reply {
	return w.send(w.request(person, "POST", "/v1/groups/"+group+"/commands/"+name, body))
}

// asks founds the wider group of that name, in which the group "trafford" is asked to sit.
func (w *world) asks(group, lead string) {
	w.must(201, w.in(group, "operator", "found", fmt.Sprintf(`{
		"name":"Greater Manchester GP Group","shortName":"the group","place":"GM","placeName":"Greater Manchester","founder":%q,
		"charter":{"text":"Places together.","quorum":1,"defaultStance":"discretion","matters":["access"]},
		"organisations":[{"code":"GM","kind":"place","name":"Greater Manchester"},{"code":"trafford","kind":"group","name":"Trafford GP Board"},{"code":"GMLMC","kind":"lmc","name":"Greater Manchester LMCs"}],
		"people":[{"handle":%[1]q,"office":"Lead, Greater Manchester","organisation":"GMLMC"},{"handle":"for-trafford","office":"Chair, Trafford GP Board","organisation":"trafford"}],
		"seats":[{"organisation":"trafford","holder":"for-trafford"},{"organisation":"GMLMC","holder":%[1]q}],
		"duties":[{"duty":"chair","person":%[1]q}]}`, lead)))
	for _, person := range []string{lead, "for-trafford"} {
		key, err := w.tokens.Issue(group, person)
		require.NoError(w.t, err)
		w.keys[person] = key
	}
	w.must(201, w.in(group, lead, "consent-to-charter", `{}`))
}

// agrees has the group "trafford" agree to the proposal, and the wider group hear of it.
func (w *world) agrees(number, body string) {
	w.must(201, w.command("cd-south", "raise-proposal", body))
	for _, person := range []string{"cd-north", "cd-south", "lmc-chair"} {
		w.must(201, w.command(person, "consent", fmt.Sprintf(`{"proposal":%q,"version":1,"needNotWait":true}`, number)))
	}
	for _, group := range w.store.Groups() {
		require.NoError(w.t, w.store.Settle(w.t.Context(), group))
	}
}

const joins = `{"title":"Join Greater Manchester","text":"We join.","matter":"membership","instruments":[{"joinGroup":{"ledger":"greater-manchester","holder":"lmc-chair","holderThere":"for-trafford"}}]}`

// widerWorld has the wider group "greater-manchester", which is forming, and the group
// "trafford", which has agreed to join it (P2). It gives the index of P2.
func widerWorld(t *testing.T) (*world, uint64) {
	w := newWorld(t).established()
	w.asks("greater-manchester", "gm-lead")
	w.agrees("P2", joins)
	return w, w.agreementIndex("P2")
}

func (w *world) agreementIndex(number string) uint64 {
	var p struct {
		AgreementIndex uint64 `json:"agreementIndex"`
	}
	require.NoError(w.t, json.Unmarshal(w.must(200, w.ask("cd-north", "/proposals/"+number)).body, &p))
	return p.AgreementIndex
}

// Rule G1: across two ledgers of one installation, down to practices.
func TestWiderGroup(t *testing.T) {
	w, agreed := widerWorld(t)
	consent := func(index uint64, proof []byte) reply {
		return w.in("greater-manchester", "for-trafford", "consent-to-charter",
			fmt.Sprintf(`{"rests":{"ledger":"trafford","ref":"P2","index":%d,"proof":%q}}`, index, base64.StdEncoding.EncodeToString(proof)))
	}
	proof := func(index uint64) []byte {
		return w.must(200, w.ask("cd-north", fmt.Sprintf("/events/%d/proof", index))).body
	}
	w.refused(409, "G1", w.in("greater-manchester", "for-trafford", "consent-to-charter", `{}`))
	w.refused(409, "G1", consent(agreed-1, nil))
	w.refused(409, "G1", consent(99999, nil))
	w.refused(422, "G1", consent(agreed, []byte("proof")))
	w.refused(422, "G1", consent(agreed, proof(agreed-1)))
	w.refused(409, "G1", w.in("greater-manchester", "for-trafford", "consent-to-charter", `{"rests":{"ledger":"salford","ref":"P2","index":1}}`))
	w.must(201, consent(agreed, proof(agreed)))

	type place struct {
		Group     string `json:"group"`
		Agreed    bool   `json:"agreed"`
		Ref       string `json:"ref"`
		Index     uint64 `json:"index"`
		Why       string `json:"why"`
		Practices int    `json:"practices"`
	}
	mandate := func(query string) (practices int, places []place) {
		var m struct {
			Practices   int     `json:"practices"`
			OfPractices int     `json:"ofPractices"`
			Places      []place `json:"places"`
		}
		r := w.must(200, w.send(w.request("gm-lead", "GET", "/v1/groups/greater-manchester/mandate"+query, "")))
		require.NoError(t, json.Unmarshal(r.body, &m))
		require.Equal(t, 2*len(m.Places), m.OfPractices)
		return m.Practices, m.Places
	}
	practices, places := mandate("?at=2026-01-06")
	require.Equal(t, 2, practices)
	require.Equal(t, []place{{"trafford", true, "P2", agreed, "", 2}}, places)

	w.must(201, w.in("greater-manchester", "for-trafford", "raise-proposal", `{"title":"T","text":"x","matter":"membership"}`))
	w.must(201, w.in("greater-manchester", "gm-lead", "consent", `{"proposal":"P1","version":1,"needNotWait":true}`))
	w.refused(409, "G1", w.in("greater-manchester", "for-trafford", "consent", `{"proposal":"P1","version":1}`))
	w.must(201, w.in("greater-manchester", "for-trafford", "consent", fmt.Sprintf(`{"proposal":"P1","version":1,"needNotWait":true,"rests":{"ledger":"trafford","ref":"P2","index":%d}}`, agreed)))
	proposal := w.must(200, w.send(w.request("gm-lead", "GET", "/v1/groups/greater-manchester/proposals/P1", ""))).json(t)
	require.Equal(t, "agreed", proposal["stage"])
	rests := proposal["rests"].([]any)[0].(map[string]any)
	require.EqualValues(t, agreed, rests["index"])
	require.Equal(t, "trafford", rests["ledger"])
	added, err := base64.StdEncoding.DecodeString(rests["proof"].(string))
	require.NoError(t, err)
	policy, err := torchwood.ParsePolicy([]byte("log " + w.vkeys("cd-north")[0] + "\nquorum none\n"))
	require.NoError(t, err)
	line := w.must(200, w.ask("cd-north", fmt.Sprint("/events/", agreed))).body
	require.NoError(t, torchwood.VerifyProof(policy, tlog.RecordHash(line), added), "with software that is not ours, from the wider ledger alone")
	before := w.store.Next("greater-manchester") - 1

	w.on("2026-01-07")
	w.agrees("P3", `{"title":"Leave","text":"We leave.","matter":"membership","new":"It is too wide.","instruments":[{"setAside":{"agreement":"P2"}}]}`)
	practices, places = mandate("")
	require.Equal(t, 0, practices)
	require.Empty(t, places)
	for _, query := range []string{"?at=2026-01-06", "?known=2026-01-06", fmt.Sprint("?known=", before)} {
		practices, places = mandate(query)
		require.Equal(t, 2, practices, query)
		require.True(t, places[0].Agreed, query)
	}
	w.refused(409, "G1", w.in("greater-manchester", "for-trafford", "raise-proposal", `{"title":"T","text":"x","matter":"membership"}`))
}

// A wider group is set up by pages, with a place's group among those asked; it is established
// once that has agreed to join and its consent is given.
func TestAWiderGroupIsSetUp(t *testing.T) {
	w := newWorld(t).established()
	b := newTab(w).asOperator()
	at := b.setUp()
	b.page(at, "group", url.Values{"name": {"Greater Manchester GP Group"}, "short": {"the group"}, "placeName": {"Greater Manchester"}}).says(200)
	bodies := url.Values{"bodies-1-kind": {"group"}, "bodies-1-name": {"Trafford GP Board"}, "bodies-1-code": {""}}
	b.page(at, "practices", bodies).says(422, "Enter the group’s short name in addresses")
	bodies.Set("bodies-1-code", "trafford")
	b.page(at, "practices", bodies).says(200, "Chair, Trafford GP Board")
	b.page(at, "people", nil).says(200)
	b.page(at, "duties", url.Values{"manager": {""}, "registrar": {""}, "gatekeeper": {""}}).says(200)
	b.page(at, "decide", url.Values{"quorum": {"2"}}).says(200)
	b.page(at, "words", nil).says(200)
	b.get(at+"/check").says(200, "Found the group")
	b.post(at+"/check", nil).says(200, "How far Greater Manchester GP Group is")
	w.agrees("P2", strings.Replace(joins, "for-trafford", "chair-trafford-gp-board", 1))
	for _, person := range []string{"chair-trafford-gp-board", "chair-greater-manchester-local-medical-committee"} {
		key, err := w.tokens.Issue("greater-manchester", person)
		require.NoError(t, err)
		tab := newTab(w).post("/sign-in/token", url.Values{"token": {key}})
		tab.get("/g/greater-manchester/charter").says(200, "Your consent, for")
		tab.post("/g/greater-manchester/charter", sentBy(t, string(tab.last.body))).says(200, "Your consent to the charter is recorded")
	}
	state, err := w.store.State(t.Context(), "greater-manchester")
	require.NoError(t, err)
	require.NotZero(t, state.Established)
}

// salford is a second place, which agrees to join the wider group for the person there.
func (w *world) salford(there string) {
	w.must(201, w.in("salford", "operator", "found", `{"name":"Salford GP Board","shortName":"the board","place":"SALFORD","placeName":"Salford","founder":"salford-lmc",
		"charter":{"text":"We decide together.","quorum":2,"defaultStance":"discretion","matters":["access"]},
		"organisations":[{"code":"SALFORD","kind":"place","name":"Salford"},{"code":"SLMC","kind":"lmc","name":"Salford LMC"},{"code":"U10001","kind":"pcn","name":"Salford PCN","memberships":[{"in":"SALFORD","from":"2020-01-01"}]},
			{"code":"P87001","kind":"practice","name":"Quay Surgery","memberships":[{"in":"U10001","from":"2020-01-01"}],"lists":[{"on":"2025-01-01","patients":3000}]}],
		"people":[{"handle":"salford-lmc","office":"Chair, Salford LMC","organisation":"SLMC"},{"handle":"salford-cd","office":"Clinical Director, Salford","organisation":"U10001"}],
		"seats":[{"organisation":"SLMC","holder":"salford-lmc"},{"organisation":"U10001","holder":"salford-cd"}],"duties":[{"duty":"chair","person":"salford-lmc"}]}`))
	people := []string{"salford-lmc", "salford-cd"}
	for _, person := range people {
		key, err := w.tokens.Issue("salford", person)
		require.NoError(w.t, err)
		w.keys[person] = key
		w.must(201, w.in("salford", person, "consent-to-charter", `{}`))
	}
	w.must(201, w.in("salford", "salford-cd", "raise-proposal", strings.NewReplacer("lmc-chair", "salford-lmc", "for-trafford", there).Replace(joins)))
	for _, person := range people {
		w.must(201, w.in("salford", person, "consent", `{"proposal":"P1","version":1,"needNotWait":true}`))
	}
	for _, group := range w.store.Groups() {
		require.NoError(w.t, w.store.Settle(w.t.Context(), group))
	}
}

// A group of two places is set up in Chromium. The places are named among the bodies and agree
// to join. A speaker of each then consents on the charter's page, which fills in the agreement
// behind the consent.
func TestAGroupOfTwoPlacesInABrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("it walks in a browser for long")
	}
	w := newWorld(t).established()
	b := newBrowser(t, w.origin()).as(w.keys["operator"])
	b.open("/operator/server")
	b.submit(`form[action="/operator/setup"] button`)
	b.says("The group and its place")
	b.fill("draft-name", "Greater Manchester GP Group")
	b.fill("draft-short", "the group")
	b.fill("draft-placeName", "Greater Manchester")
	b.submit(saves)
	b.says("Who takes part")
	for i, name := range []string{"Trafford", "Salford"} {
		row := fmt.Sprintf("draft-bodies-%d-", i+1)
		b.fill(row+"kind", "group")
		b.fill(row+"name", name+" GP Board")
		b.fill(row+"code", strings.ToLower(name))
	}
	b.submit(saves)
	b.says("Seats and people")
	b.submit(saves)
	b.says("How we decide")
	b.fill("draft-quorum", "3")
	b.submit(saves)
	b.says("Check your answers", "Salford GP Board")
	b.submit("#found button")
	b.says("How far Greater Manchester GP Group is", "The agreement of Salford GP Board to join.", "The agreement of Trafford GP Board to join.")

	w.agrees("P2", strings.Replace(joins, "for-trafford", "chair-trafford-gp-board", 1))
	w.salford("chair-salford-gp-board")
	for _, person := range []string{"chair-trafford-gp-board", "chair-salford-gp-board", "chair-greater-manchester-local-medical-committee"} {
		key, err := w.tokens.Issue("greater-manchester", person)
		require.NoError(t, err)
		b.as(key).open("/g/greater-manchester/charter")
		b.says("Your consent, for")
		b.submit("main form button[type=submit]")
		b.record()
		b.says("Your consent to the charter is recorded")
	}
	b.open("/g/greater-manchester/joining")
	b.says("Greater Manchester GP Group was established on")
	b.open("/g/greater-manchester/mandate")
	b.says("The group speaks for 2 of 3 practices", "Quay Surgery (P87001)") // which gave its own board no mandate
}

// Whoever speaks for a place consents to the wider group's charter on its page: what the
// consent rests on, the agreement by which the place joined, is filled in.
func TestWiderConsentByPage(t *testing.T) {
	w, agreed := widerWorld(t)
	b := newTab(w).post("/sign-in/token", url.Values{"token": {w.keys["for-trafford"]}})
	const at = "/g/greater-manchester/charter"
	b.get(at).says(200, "Your consent, for Trafford GP Board")
	form := sentBy(t, string(b.last.body))
	require.Equal(t, fmt.Sprint(agreed), form.Get("rests-index"))
	before := w.store.Next("greater-manchester")
	b.post(at, form).says(200, "Your consent to the charter is recorded", "Who consented when we were founded")
	require.Greater(t, w.store.Next("greater-manchester"), before)
}

// Whoever speaks for a place consents in the wider group by its page: they choose on which
// agreement of their own group it rests, and are offered those about the same subject alone.
func TestWiderConsentRestsByPage(t *testing.T) {
	w, _ := widerWorld(t)
	b := newTab(w).post("/sign-in/token", url.Values{"token": {w.keys["for-trafford"]}})
	b.get("/g/greater-manchester/charter")
	b.post("/g/greater-manchester/charter", sentBy(t, string(b.last.body))).says(200, "Your consent to the charter is recorded")
	w.agrees("P3", `{"title":"Saturdays with the others","text":"We offer the same.","matter":"access"}`)
	w.agrees("P4", `{"title":"Care coordinators","text":"We share them.","matter":"workforce"}`)
	w.must(201, w.in("greater-manchester", "gm-lead", "raise-proposal", `{"title":"Saturdays","text":"Everywhere.","matter":"access"}`))

	const at = "/g/greater-manchester/proposals/P1"
	b.get(at).says(200, "Which agreement or power of your own does it rest on?", "Trafford GP Board, P3: Saturdays with the others")
	require.NotContains(t, string(b.last.body), "Care coordinators", "that is about something else")
	rests := regexp.MustCompile(`value="(trafford/P3/\d+)"`).FindStringSubmatch(string(b.last.body))
	require.NotNil(t, rests)
	form := url.Values{"command": {"consent"}, "form": {"consent"}, "key": {uuid.NewString()}, "version": {"1"}, "seat": {"trafford"}, "rests": {""}}
	b.post(at, form).says(409, "consents only on the strength of an agreement or delegation of its own")
	form.Set("rests", "salford/P1/3")
	b.post(at, form).says(409, "can&#39;t act on the strength of that here", "Saturdays with the others")
	form.Set("rests", rests[1])
	b.post(at, form).says(200, "Check before it is recorded")
	before := w.store.Next("greater-manchester")
	b.post(at, carriedBy(b.last)).says(200, "What other groups’ consents are based on", "Proved by the root hash")
	require.Greater(t, w.store.Next("greater-manchester"), before)
	newTab(w).post("/sign-in/token", url.Values{"token": {w.keys["gm-lead"]}}).get(at).says(200, "What other groups’ consents are based on")
	require.NotContains(t, string(w.must(200, w.send(w.request("gm-lead", "GET", at, ""))).body), "Which agreement or power of your own", "their own seat speaks for itself")
}

// Rules R4, G1: what a wider group's representative said is judged by the
// ledgers of the places as they were known at the end of the meeting's day.
func TestWiderCommitment(t *testing.T) {
	w, agreed := widerWorld(t)
	gm := func(status int, person, name, body string) reply {
		return w.must(status, w.in("greater-manchester", person, name, body))
	}
	gm(201, "for-trafford", "consent-to-charter", fmt.Sprintf(`{"rests":{"ledger":"trafford","ref":"P2","index":%d}}`, agreed))
	w.must(201, w.command("cd-south", "raise-proposal", `{"title":"Saturdays with the others","text":"We offer the same.","matter":"access"}`))
	for _, person := range []string{"cd-north", "cd-south", "lmc-chair"} {
		w.must(201, w.command(person, "consent", `{"proposal":"P3","version":1,"needNotWait":true}`))
	}
	rests := w.store.Next("trafford") - 1
	gm(201, "gm-lead", "register-forum", `{"forum":"system-board","name":"System Board"}`)
	gm(201, "for-trafford", "raise-proposal", `{"title":"A representative","text":"One speaks.","matter":"access","instruments":[{"appoint":{
		"person":"gm-lead","forum":"system-board","from":"2026-01-05","until":"2026-12-31","review":"2026-07-31","lines":[{"matter":"access","stance":"discretion"}]}}]}`)
	gm(201, "gm-lead", "consent", `{"proposal":"P1","version":1,"needNotWait":true}`)
	gm(201, "for-trafford", "consent", fmt.Sprintf(`{"proposal":"P1","version":1,"needNotWait":true,"rests":{"ledger":"trafford","ref":"P3","index":%d}}`, rests))
	w.on("2026-01-06")
	gm(201, "gm-lead", "schedule-meeting", `{"forum":"system-board","on":"2026-01-06"}`)

	w.on("2026-01-07")
	w.must(201, w.command("cd-north", "raise-proposal", `{"title":"Alone","text":"Alone.","matter":"access","new":"It rains.","instruments":[{"setAside":{"agreement":"P3"}}]}`))
	for _, person := range []string{"cd-north", "cd-south", "lmc-chair"} {
		w.must(201, w.command(person, "consent", `{"proposal":"P4","version":1,"needNotWait":true}`))
	}
	gm(201, "gm-lead", "record-commitment", `{"forum":"system-board","meeting":"2026-01-06","matter":"access","words":"We can.","given":"outright"}`)
	gm(201, "gm-lead", "schedule-meeting", `{"forum":"system-board","on":"2026-01-07"}`)
	gm(201, "gm-lead", "record-commitment", `{"forum":"system-board","meeting":"2026-01-07","matter":"access","words":"We can.","given":"outright"}`)
	said := w.must(200, w.send(w.request("gm-lead", "GET", "/v1/groups/greater-manchester/commitments", ""))).json(t)["commitments"].([]any)
	require.Equal(t, "within", said[0].(map[string]any)["recordedStanding"], "as known on 6 January")
	require.Equal(t, "view", said[1].(map[string]any)["recordedStanding"], "no practice stands behind it any more")
	check := w.must(200, w.send(w.request("gm-lead", "GET", "/v1/groups/greater-manchester/check?forum=system-board&matter=access", ""))).json(t)
	require.Equal(t, "view-only", check["verdict"])
	require.Contains(t, check["notes"], "Trafford GP Board has not agreed: P3 of Trafford GP Board was set aside on 7 January 2026.")
}
