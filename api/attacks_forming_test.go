package api

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What one person can't make of a group that is forming, or is forming again (rule F1),
// each with the sentence that whoever tries it reads, and the ways out.

// lacks is what the group's page says that it lacks; nothing once it is established.
func (w *world) lacks(person string) []any {
	group := w.must(200, w.ask(person, "")).json(w.t)
	missing := group["missing"].([]any)
	require.Equal(w.t, len(missing) > 0, group["forming"])
	return missing
}

func TestOnePersonEstablishesNoGroup(t *testing.T) {
	w := openWorld(t, t.TempDir(), "2026-01-05")
	alone := strings.ReplaceAll(strings.ReplaceAll(foundBody, `"holder":"cd-south"`, `"holder":"lmc-chair"`), `"holder":"cd-north"`, `"holder":"lmc-chair"`)
	w.must(201, w.command("operator", "found", alone))
	w.giveTokens("lmc-chair", "manager", "cd-north")
	require.Contains(t, w.lacks("manager"), "a second person to hold a seat: Chair, Trafford LMC would hold all of them alone")
	w.must(201, w.command("lmc-chair", "consent-to-charter", `{"seat":"U66368"}`))
	w.must(201, w.command("lmc-chair", "consent-to-charter", `{"seat":"U42898"}`))
	w.isTold(409, "lmc-chair", "consent-to-charter", `{"seat":"LMC"}`, "At least two different people hold the seats of Trafford GP Board, or it can't be established.")
	w.isTold(403, "operator", "consent-to-charter", `{"seat":"LMC"}`, "The operator is nobody of this group and can't act in it.")
	w.isTold(409, "lmc-chair", "raise-proposal", `{"seat":"LMC","title":"Mine","text":"Mine.","matter":"access"}`, "is still forming: it lacks")

	// The way out: somebody else is named to one of the seats, and consents themself.
	w.must(201, w.command("manager", "name-holder", `{"seat":"U66368","person":"cd-north","role":"holder","from":"2026-01-06","evidence":"Their letter."}`))
	w.on("2026-01-06")
	w.must(201, w.command("lmc-chair", "consent-to-charter", `{"seat":"LMC"}`))
	require.Equal(t, []any{"the consent of North Trafford to the charter"}, w.lacks("manager")) // what the chair said for that seat counts no longer
	w.isTold(403, "manager", "consent-to-charter", `{"seat":"U66368"}`, "they neither hold that seat nor deputise for it")
	w.must(201, w.command("cd-north", "consent-to-charter", `{}`))
	require.Empty(t, w.lacks("manager"))
}

// abandoned is the world on the day after everybody who held a seat has left it.
func abandoned(t *testing.T) *world {
	w := newWorld(t).established()
	w.raise("cd-north", "Saturdays")
	for person, seat := range map[string]string{"cd-north": "U66368", "cd-south": "U42898", "lmc-chair": "LMC"} {
		w.must(201, w.command(person, "leave-seat", `{"seat":"`+seat+`","person":"`+person+`","role":"holder","until":"2026-01-09"}`))
	}
	w.on("2026-01-10")
	for _, handle := range []string{"gp-north", "gp-south", "puppet"} {
		w.must(201, w.command("manager", "register-person", `{"handle":"`+handle+`","office":"`+handle+`","organisation":"U66368"}`))
	}
	w.giveTokens("gp-north", "gp-south", "puppet")
	return w
}

func TestManagerAloneBringsNoGroupToFormAgain(t *testing.T) {
	w := newWorld(t).established()
	for person, seat := range map[string]string{"cd-north": "U66368", "cd-south": "U42898", "lmc-chair": "LMC"} {
		w.must(201, w.command("manager", "leave-seat", `{"seat":"`+seat+`","person":"`+person+`","role":"holder","until":"2026-01-05","evidence":"A call."}`))
		w.must(201, w.command("manager", "leave-office", `{"person":"`+person+`","until":"2026-01-05"}`))
		w.must(201, w.command("manager", "name-holder", `{"seat":"`+seat+`","person":"manager","role":"holder","from":"2026-01-06","evidence":"A call."}`))
	}
	w.on("2026-02-20") // long after every window
	require.Empty(t, w.lacks("cd-north"))
	w.isTold(403, "manager", "consent-to-charter", `{"seat":"LMC"}`, "they neither hold that seat nor deputise for it")
	w.raise("cd-north", "Saturdays")
}

func TestWhoeverIsNamedWhileItFormsAgainHasNoSay(t *testing.T) {
	w := abandoned(t)
	w.must(201, w.command("manager", "grant-mandate", `{"organisation":"P91018","until":"2026-12-31","evidence":"A call."}`))
	require.Equal(t, []any{"people to hold its seats, at least 2 different ones"}, w.lacks("manager"))
	w.must(201, w.command("manager", "name-holder", `{"seat":"U66368","person":"puppet","role":"holder","evidence":"A call."}`))
	w.must(201, w.command("manager", "name-holder", `{"seat":"LMC","person":"puppet","role":"holder","evidence":"A call."}`))
	w.isTold(403, "puppet", "confirm-record", `{"records":["N1"]}`, "N1 is confirmed by somebody who holds a seat, did not record it and is not named in it.")
	w.isTold(403, "puppet", "consent", `{"proposal":"P2","version":1,"seat":"LMC"}`, "is forming again: they take the seat once everybody who was newly named has consented to its charter")
	w.isTold(403, "puppet", "raise-proposal", `{"seat":"LMC","title":"Mine","text":"Mine.","matter":"access"}`, "Trafford GP Board is forming again")
	w.must(201, w.command("puppet", "consent-to-charter", `{"seat":"LMC"}`))
	w.isTold(409, "puppet", "consent-to-charter", `{"seat":"U66368"}`, "At least two different people hold the seats of Trafford GP Board")
	w.must(201, w.command("manager", "name-holder", `{"seat":"U42898","person":"manager","role":"holder","evidence":"I do it."}`))
	w.isTold(403, "manager", "consent-to-charter", `{"seat":"U42898"}`, "that is their own record alone (F10)")
	answer := w.must(200, w.ask("cd-north", "/check?person=cd-north&matter=access")).json(t)
	require.Equal(t, "view-only", answer["verdict"])

	// The way out: of those who were named, each consents, and they are two people.
	w.must(201, w.command("manager", "leave-seat", `{"seat":"U66368","person":"puppet","role":"holder","until":"2026-01-10","evidence":"By mistake."}`))
	w.on("2026-01-11")
	w.must(201, w.command("manager", "name-holder", `{"seat":"U66368","person":"gp-north","role":"holder","evidence":"The PCN's minute."}`))
	require.Equal(t, []any{"the consent of North Trafford to the charter"}, w.lacks("manager"))
	page := string(w.page("gp-north", "").body)
	require.Contains(t, page, "The board has been forming again since 10 January 2026: none of its seats has a holder.")
	require.Contains(t, string(w.page("gp-north", "/charter").body), "Your consent, for North Trafford")
	require.NotContains(t, string(w.page("manager", "/charter").body), "Your consent, for")
	w.must(201, w.command("gp-north", "consent-to-charter", `{}`))
	require.NotContains(t, string(w.page("gp-north", "").body), "forming again since")
	require.Empty(t, w.lacks("manager"))
	w.must(201, w.command("gp-north", "consent", `{"proposal":"P2","version":1}`))
	w.must(201, w.command("manager", "name-holder", `{"seat":"U42898","person":"gp-south","role":"holder","evidence":"The PCN's minute."}`)) // and waits again
	w.isTold(403, "gp-south", "consent", `{"proposal":"P2","version":1,"seat":"U42898"}`, "they neither hold that seat nor deputise for it")
}

func TestOperatorIsSecondKeeperOnlyWhereNobodyElseIs(t *testing.T) {
	w := newWorld(t).established()
	const mandate = `{"organisation":"P91020","until":"2026-12-31","evidence":"A minute.","matters":["access"]}`
	w.must(201, w.command("manager", "grant-mandate", mandate))
	w.on("2026-02-20") // long after every window, somebody who holds a seat can still confirm it
	w.isTold(403, "operator", "confirm-record", `{"records":["N1"]}`, "N1 is confirmed by somebody who holds a seat, did not record it and is not named in it.")
	w.isTold(403, "operator", "name-holder", `{"seat":"LMC","person":"manager","role":"holder","evidence":"A call."}`, "The operator is nobody of this group and can't act in it.")
	w.must(201, w.command("cd-north", "refuse-record", `{"records":["N1"],"reason":"Nobody asked them."}`))
	w.isTold(403, "operator", "confirm-record", `{"records":["N1"]}`, "N1 was refused for B Surgery: Nobody asked them.")

	w = abandoned(t)
	w.must(201, w.command("manager", "grant-mandate", mandate))
	w.isTold(409, "operator", "confirm-record", `{"records":["N1"]}`, "Nobody who holds a seat can confirm N1. A second keeper can from 17 January 2026, or the operator of this server.")
	w.on("2026-01-17")
	w.isTold(403, "manager", "confirm-record", `{"records":["N1"]}`, "You recorded N1 yourself: it takes a second person.")
	w.must(201, w.command("operator", "confirm-record", `{"records":["N1"]}`)) // the way out
	said := string(w.must(200, w.ask("cd-north", "/records")).body)
	require.Contains(t, said, "Confirmed for B Surgery by the operator of this server")
	audit := string(w.must(200, w.ask("cd-north", "/audit")).body)
	require.Contains(t, audit, `"operator"`)
}

func TestKeeperAloneUndoesNoClosing(t *testing.T) {
	w := newWorld(t).established()
	w.must(201, w.command("manager", "grant-mandate", `{"organisation":"P91020","until":"2026-12-31","evidence":"A minute."}`))
	w.must(201, w.command("cd-south", "confirm-record", `{"records":["N1"]}`))
	row := func(more string) string {
		return `{"rows":[{"code":"P91020","kind":"practice","name":"B Surgery",` + more + `}]}`
	}
	w.must(201, w.command("manager", "import-organisations", row(`"closed":"2026-01-05"`)))
	w.must(201, w.command("cd-south", "confirm-record", `{"records":["N2"]}`))
	w.on("2026-01-06")
	closed := w.covered()
	w.must(201, w.command("manager", "import-organisations", row(`"mistake":true`)))
	require.Equal(t, closed, w.covered(), "nothing is given back by the manager's word")
	w.isTold(403, "manager", "confirm-record", `{"records":["N3"]}`, "You recorded N3 yourself: it takes a second person.")
	w.isTold(403, "operator", "confirm-record", `{"records":["N3"]}`, "N3 is confirmed by somebody who holds a seat, did not record it and is not named in it.")
	w.isTold(422, "manager", "import-organisations", row(`"mistake":true,"closed":"2026-01-05"`), "That P91020 closed by mistake is typed, on a day without a list, and gives no last day.")

	w.must(201, w.command("cd-north", "confirm-record", `{"records":["N3"]}`)) // the way out: the seat of its PCN, which has no practice, is back too
	require.NotEqual(t, closed, w.covered())
	w.isTold(409, "cd-north", "confirm-record", `{"records":["N3"]}`, "N3 does not wait for B Surgery any more.")
}
