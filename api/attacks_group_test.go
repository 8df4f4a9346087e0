package api

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What one seat, or a keeper, can't do to what the whole group agreed (rules D8, F7, F8,
// F6), each with the sentence that whoever tries it reads, and the ways out.

// verdict is the check's for the representative on access, today.
func (w *world) verdict() string {
	return w.must(200, w.ask("cd-north", "/check?person=cd-north&forum=locality-board&matter=access")).json(w.t)["verdict"].(string)
}

func TestNobodySuspendsForEver(t *testing.T) {
	w := newWorld(t).established()
	w.on("2026-01-06")
	require.Equal(t, "may-commit-then-report", w.verdict())
	w.must(201, w.command("cd-south", "suspend", `{"what":"R1","reason":"Too far."}`))
	require.Equal(t, "ad-referendum", w.verdict())
	w.isTold(409, "cd-south", "suspend", `{"what":"R1","reason":"Too far."}`, "suspended for this reason")
	w.isTold(409, "cd-south", "suspend", `{"what":"R1","reason":"Much too far."}`, "It can do so again before 6 January 2027 only if a second seat joins")
	w.isTold(403, "manager", "suspend", `{"what":"R1","reason":"I was told so."}`, "Manager")
	w.on("2026-03-02") // its days are over, and it is in force as before
	require.Equal(t, "may-commit-then-report", w.verdict())
	w.isTold(409, "cd-south", "suspend", `{"what":"R1","reason":"Again too far."}`, "ask another seat to suspend R1 first, then join it.")
}

// What stood before is in the schedule to the charter, to which every seat consents, or
// it is not in the ledger.
func TestNobodyBringsHistoryIn(t *testing.T) {
	history := strings.Replace(foundBody, `"seats":[`, `"schedule":[{"title":"A's mandate","evidence":"a letter","on":"2025-05-01","mandate":{"organisation":"P91018","from":"2025-05-01","until":"2026-12-31"}}],"seats":[`, 1)
	w := newWorld(t)
	require.Contains(t, string(w.must(409, w.send(w.request("operator", "POST", "/v1/groups/trafford/commands/found", history))).body), "has already been founded.")
	w.must(201, w.send(w.request("operator", "POST", "/v1/groups/stretford/commands/found", history)))
	state, err := w.store.State(t.Context(), "stretford")
	require.NoError(t, err)
	require.Empty(t, state.Mandates, "nothing of it is in the ledger before every seat has consented")
	said := string(w.must(200, w.send(w.request("operator", "GET", "/v1/groups/stretford", ""))).body)
	require.Contains(t, said, "the consent of Trafford LMC to the charter")

	w = newWorld(t).established()
	for _, body := range []string{
		`{"organisation":"P91018","evidence":"a letter","until":"2026-12-31","broughtIn":true}`,
		`{"organisation":"P91018","evidence":"a letter","until":"2026-12-31","source":"founding"}`,
	} {
		require.Equal(t, 422, w.command("manager", "grant-mandate", body).StatusCode)
	}
}

// The charter is changed by everybody at the table, by the rules of the charter as it is.
func TestNobodyChangesTheCharterAlone(t *testing.T) {
	w := newWorld(t).established()
	charter := func(more string) string {
		return `{"title":"The charter","text":"Simpler.","matter":"charter","instruments":[{"changeCharter":{"version":1,"charter":{"text":"Simpler.","defaultStance":"discretion","matters":["access","workforce","representation"],` + more + `}}}]}`
	}
	w.isTold(403, "manager", "raise-proposal", charter(`"quorum":1`), "Manager")
	w.isTold(422, "cd-north", "raise-proposal", charter(`"quorum":2,"quorumPeople":1`), "people")
	w.must(201, w.command("cd-north", "raise-proposal", charter(`"quorum":2,"windowDays":1`)))
	w.must(201, w.command("cd-north", "consent", `{"proposal":"P2","version":1,"needNotWait":true}`))
	w.must(201, w.command("manager", "report-position", `{"proposal":"P2","version":1,"seat":"U42898","stand":"consent","from":"cd-south","how":"by telephone"}`))
	w.on("2026-01-20") // the window that counts is that of the charter in force
	require.Contains(t, w.waits("P2"), "South Trafford to respond")
	require.Contains(t, w.waits("P2"), "Trafford LMC to respond")
	require.EqualValues(t, 1, w.must(200, w.ask("cd-north", "/charter")).json(t)["version"])
}

// A keeper for all seats, where the charter asks for signatures too.
func TestKeeperSignsForNobody(t *testing.T) {
	w, d := signer(t)
	w.requireSignatures("P3")
	his := newDevice(w)
	w.must(200, his.accept(w.invited("manager"), "laptop"))
	for _, code := range []string{"U66368", "U42898", "LMC"} {
		w.must(201, w.command("manager", "name-holder", `{"seat":"`+code+`","person":"manager","role":"deputy","evidence":"They told me."}`))
		r := his.send("POST", "/v1/groups/trafford/statements/consent", `{"proposal":"P2","version":1,"seat":"`+code+`"}`)
		require.Equal(t, 403, r.StatusCode)
		require.Contains(t, string(r.body), "Manager")
	}
	w.isTold(409, "cd-south", "consent", evening, "signed")
	w.must(201, d.sign("consent", evening, d.signature(d.statement("consent", evening)))) // who holds the seat signs
}

// Taking practices that stand outside off the register raises no coverage over a half
// before somebody else has confirmed it.
func TestRemovalsMoveNoCoverage(t *testing.T) {
	w := newWorld(t).established()
	w.on("2026-01-06")
	row := func(code, more string) string {
		return `{"code":"` + code + `","kind":"practice","name":"Practice ` + code + `","memberships":[{"in":"TRAFFORD","from":"2020-01-01"},{"in":"U66368","from":"2020-01-01"}]` + more + `}`
	}
	w.must(201, w.command("manager", "import-organisations", `{"rows":[`+row("P91098", "")+`,`+row("P91099", "")+`]}`))
	w.must(201, w.confirms("cd-south", "N1"))
	require.Equal(t, "ad-referendum", w.verdict())
	before := w.covered()
	require.Contains(t, before, "2 of 4 practices")
	w.must(201, w.command("manager", "import-organisations", `{"rows":[`+row("P91098", `,"closed":"2026-01-05"`)+`,`+row("P91099", `,"closed":"2026-01-05"`)+`]}`))
	require.Equal(t, before, w.covered())
	require.Equal(t, "ad-referendum", w.verdict())
	w.isTold(403, "manager", "confirm-record", `{"records":["N2"]}`, "You recorded N2 yourself: it takes a second person.")
	w.must(201, w.confirms("cd-south", "N2"))
	require.Contains(t, w.covered(), "2 of 2 practices")
	require.Equal(t, "may-commit-then-report", w.verdict())
}
