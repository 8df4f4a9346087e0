package api

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What a keeper can't make by recording it (rules O1, O3, M1), each with the sentence
// that whoever tries it reads, and the ways out.

// covered is what stands behind the group for access.
func (w *world) covered() string {
	a := w.must(200, w.ask("cd-north", "/mandate?matter=access")).json(w.t)
	return fmt.Sprintf("%v of %v practices, %v of %v patients", a["practices"], a["ofPractices"], a["patients"], a["ofPatients"])
}

func TestKeeperSpeaksForNobody(t *testing.T) {
	w := newWorld(t).established()
	w.raise("cd-north", "Saturdays")
	for i, code := range []string{"U66368", "U42898", "LMC", "P91018", "P91020"} {
		w.must(201, w.command("manager", "record-spokesperson", `{"organisation":"`+code+`","person":"manager","evidence":"They told me."}`))
		record := fmt.Sprintf(`{"records":["N%d"]}`, i+1)
		w.isTold(403, "manager", "confirm-record", record, "You recorded N"+fmt.Sprint(i+1)+" yourself: it takes a second person.")
	}
	for _, code := range []string{"U66368", "U42898"} {
		w.must(201, w.command("manager", "name-holder", `{"seat":"`+code+`","person":"manager","role":"deputy","evidence":"They told me."}`))
		w.isTold(403, "manager", "consent", `{"proposal":"P2","version":1,"seat":"`+code+`"}`, "they neither hold that seat nor deputise for it")
	}
	w.isTold(422, "manager", "ask-group", `{"practice":"P91018","words":"Why?"}`, "Please give the evidence, such as a letter.")
	w.isTold(403, "icb-director", "confirm-record", `{"records":["N4"]}`, "Director, ICB")

	w.must(201, w.command("cd-north", "refuse-record", `{"records":["N1","N6"],"reason":"Nobody was asked."}`))
	w.isTold(403, "lmc-chair", "confirm-record", `{"records":["N6"]}`, "N6 was refused for North Trafford: Nobody was asked.")
	w.must(201, w.command("cd-north", "confirm-record", `{"records":["N4"]}`)) // nobody speaks for the practice: a seat holder can
	said := string(w.must(200, w.ask("lmc-chair", "/records")).body)
	require.Contains(t, said, "Manager speaks for A Surgery")
	require.Contains(t, said, "Confirmed for A Surgery by Clinical Director, North Trafford")
}

func TestKeeperOustsNobody(t *testing.T) {
	w := newWorld(t).established()
	w.raise("cd-north", "Saturdays")
	w.must(201, w.command("manager", "leave-office", `{"person":"cd-south","until":"2026-01-04"}`))
	w.must(201, w.command("manager", "leave-seat", `{"seat":"U42898","person":"cd-south","role":"holder","until":"2026-01-05","evidence":"A letter."}`))
	w.must(201, w.command("manager", "name-holder", `{"seat":"U42898","person":"cd-north","role":"holder","from":"2026-01-06","evidence":"A letter."}`))
	w.on("2026-01-07")
	w.isTold(403, "cd-north", "consent", `{"proposal":"P2","version":1,"seat":"U42898"}`, "they neither hold that seat nor deputise for it")
	w.isTold(403, "lmc-chair", "confirm-record", `{"records":["N1"]}`, "N1 waits for somebody who speaks or sits for South Trafford.")
	w.must(201, w.command("cd-south", "object", `{"proposal":"P2","version":1,"grade":"block","why":"No staff.","wouldResolve":"Staff."}`))
	w.must(201, w.command("cd-south", "refuse-record", `{"records":["N1","N2","N3"],"reason":"I am still here."}`))
	w.on("2026-01-20")
	w.isTold(403, "lmc-chair", "confirm-record", `{"records":["N2"]}`, "N2 was refused for South Trafford: I am still here.")
	require.Contains(t, w.waits("P2"), "South Trafford to remove its block")
}

func TestRegisterMovesNoCoverage(t *testing.T) {
	w := newWorld(t).established()
	const before = "2 of 2 practices, 3000 of 3000 patients"
	require.Equal(t, before, w.covered())
	for i := range 25 {
		w.must(201, w.command("manager", "grant-mandate", fmt.Sprintf(`{"organisation":"P91018","matters":["access"],"until":"2027-%02d-%02d","evidence":"minute %d"}`, 1+i%12, 1+i, i)))
	}
	mandates := string(w.must(200, w.ask("cd-north", "/mandate")).body)
	require.NotContains(t, mandates, "minute 7", "none of the papers counts")
	w.must(201, w.command("manager", "import-organisations", `{"rows":[{"code":"P91099","kind":"practice","name":"C Surgery","memberships":[{"in":"TRAFFORD","from":"2020-01-01"},{"in":"U66368","from":"2020-01-01"}],"lists":[{"on":"2025-01-01","patients":90000}]}]}`))
	require.Equal(t, "2 of 3 practices, 3000 of 93000 patients", w.covered(), "the lower of the two")
	check := "/check?person=cd-north&forum=locality-board&matter=access&at=2026-01-06"
	require.Equal(t, "ad-referendum", w.must(200, w.ask("cd-north", check)).json(t)["verdict"])
	w.must(201, w.command("cd-south", "refuse-record", `{"records":["N26"],"reason":"There is no such practice."}`))
	require.Equal(t, "2 of 3 practices, 3000 of 93000 patients", w.covered(), "an objection takes nothing up, and nothing back")
	w.must(201, w.command("manager", "refuse-record", `{"records":["N26"],"reason":"Entered by mistake."}`)) // the mistake is put right
	require.Equal(t, before, w.covered())
	require.Equal(t, "may-commit-then-report", w.must(200, w.ask("cd-north", check)).json(t)["verdict"])
}

func TestNobodyStopsTheGroupByRecords(t *testing.T) {
	w := newWorld(t).established()
	w.must(201, w.command("manager", "import-organisations", `{"rows":[{"code":"P91018","kind":"practice","name":"A Surgery","closed":"2026-01-04","memberships":[{"in":"TRAFFORD","from":"2020-01-01"},{"in":"U66368","from":"2020-01-01"}]}]}`))
	require.Equal(t, "1 of 1 practices, 2000 of 2000 patients", w.covered())
	w.must(201, w.command("cd-north", "refuse-record", `{"records":["N1"],"reason":"It is open."}`))
	require.Equal(t, "2 of 2 practices, 3000 of 3000 patients", w.covered())
}

// The ways out: the only one who could confirm is away, and somebody who is named twice.
func TestOnlyConfirmerAway(t *testing.T) {
	w := newWorld(t).established()
	w.must(201, w.command("manager", "name-holder", `{"seat":"U42898","person":"icb-director","role":"deputy","evidence":"A letter."}`))
	w.isTold(403, "lmc-chair", "confirm-record", `{"records":["N1"]}`, "From 12 January 2026, if none of them has answered, a seat holder can confirm it.")
	w.on("2026-01-12")
	w.must(201, w.command("lmc-chair", "confirm-record", `{"records":["N1"]}`))
	said := string(w.must(200, w.ask("cd-north", "/records")).body)
	require.Contains(t, said, "A seat holder did so, since nobody of the organisation had")
	w.must(201, w.command("cd-south", "confirm-record", `{"records":["N1"]}`)) // and the organisation still can
	require.NotContains(t, strings.Join(strings.Fields(string(w.must(200, w.ask("cd-north", "/records")).body)), " "), "A seat holder did so")
}
