package api

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Attacks on acting together, and the ways out (rules D1, D5, R4): what one person
// records for others binds nobody until those others say so.

// withExecutive is a group whose executive of three may commit up to £20,000 a year on
// workforce, two acting together.
func withExecutive(t *testing.T) *world {
	w := newWorld(t).established()
	w.records(`
		lmc-chair: raise-proposal {"title":"An executive","text":"Three act.","matter":"membership","instruments":[{"formExecutive":{"members":["lmc-chair","cd-south","cd-north"],"until":"2026-12-31"}}, \
			{"grantDelegation":{"to":"executive","powers":[{"matter":"workforce","may":["decide","commit"],"itemLimitPence":1500000,"yearLimitPence":2000000,"months":12}],"payer":"LMC","until":"2026-12-31","review":"2026-06-30"}}]}
		manager: record-spokesperson {"organisation":"LMC","person":"lmc-chair","evidence":"Minute."}
		cd-north: confirm-record {"records":["N1"]}
		lmc-chair: agree-to-pay {"proposal":"P2","version":1,"organisation":"LMC"}
		lmc-chair: consent {"proposal":"P2","version":1,"needNotWait":true}
		cd-north: consent {"proposal":"P2","version":1,"needNotWait":true}
		cd-south: consent {"proposal":"P2","version":1,"needNotWait":true}`)
	return w
}

const scheme = `{"delegation":"D1","matter":"workforce","what":"A scheme","amountPence":1500000,"months":12,"acting":["lmc-chair","cd-south"]}`

// exerciseLine is how E1, E2 … stands.
func (w *world) exerciseLine(number int) map[string]any {
	all := w.must(200, w.ask("lmc-chair", "/powers")).json(w.t)["delegations"].([]any)[0].(map[string]any)["exercises"].([]any)
	return all[number-1].(map[string]any)
}

// refusedIn words is what the attacker reads.
func (w *world) refusedIn(words string, status int, person, command, body string) {
	w.t.Helper()
	require.Equal(w.t, words, w.must(status, w.command(person, command, body)).json(w.t)["detail"])
}

func TestAttackOneRecordsForTwo(t *testing.T) {
	w := withExecutive(t)
	w.must(201, w.command("lmc-chair", "record-exercise", scheme))
	e := w.exerciseLine(1)
	require.Equal(t, "not confirmed", e["standing"])
	require.Contains(t, e["text"], "not confirmed by Clinical Director, South Trafford; binds nobody, and lapses after ")
	w.refusedIn("You have confirmed E1 already: it waits for Clinical Director, South Trafford.", 409, "lmc-chair", "confirm-record", `{"records":["E1"]}`)
	for _, other := range []string{"cd-north", "manager"} {
		w.refusedIn("E1 is confirmed by those who decided it, each for themselves: Chair, Trafford LMC and Clinical Director, South Trafford.", 403, other, "confirm-record", `{"records":["E1"]}`)
	}
	w.refusedIn("E1 does not wait for the group's word: it is not confirmed.", 409, "lmc-chair", "raise-proposal", `{"title":"Ratify it","text":"x","matter":"workforce","instruments":[{"ratify":{"what":"E1"}}]}`)

	// A keeper who sits on nothing records it for both: it is neither theirs to confirm nor reserved.
	w.must(201, w.command("manager", "record-exercise", scheme))
	w.refusedIn("E2 is confirmed by those who decided it, each for themselves: Chair, Trafford LMC and Clinical Director, South Trafford.", 403, "manager", "confirm-record", `{"records":["E2"]}`)
	require.Equal(t, "not confirmed", w.exerciseLine(2)["standing"])
	w.must(201, w.command("cd-south", "refuse-record", `{"records":["E2"],"reason":"I decided nothing."}`))
	require.Equal(t, "refused", w.exerciseLine(2)["standing"])
	w.refusedIn("E2 is refused: nobody has to confirm it any more.", 409, "lmc-chair", "confirm-record", `{"records":["E2"]}`)
}

func TestAttackConfirmedAfterSuspension(t *testing.T) {
	w := withExecutive(t)
	w.must(201, w.command("lmc-chair", "record-exercise", scheme))
	w.must(201, w.command("cd-north", "suspend", `{"what":"D1","reason":"Wait."}`))
	w.must(201, w.command("cd-south", "confirm-record", `{"records":["E1"]}`))
	require.Equal(t, "beyond", w.exerciseLine(1)["standing"])
	require.Contains(t, w.exerciseLine(1)["text"], "D1 is suspended until 2 February 2026: Wait")
}

func TestAttackTotalSplitByNotConfirming(t *testing.T) {
	w := withExecutive(t)
	w.must(201, w.command("lmc-chair", "record-exercise", scheme))
	w.must(201, w.command("cd-south", "record-exercise", scheme))
	w.must(201, w.command("manager", "record-exercise", scheme))
	w.must(201, w.command("lmc-chair", "confirm-record", `{"records":["E3","E2"]}`))
	w.must(201, w.command("cd-south", "confirm-record", `{"records":["E3","E1"]}`))
	require.Equal(t, "within", w.exerciseLine(1)["standing"])
	for _, late := range []int{2, 3} {
		require.Equal(t, "beyond", w.exerciseLine(late)["standing"])
		require.Contains(t, w.exerciseLine(late)["text"], "over the year's total of £20,000 by £")
	}
	check := w.must(200, w.ask("lmc-chair", "/check?person=lmc-chair&matter=workforce&amountPence=600000&months=12")).json(t)
	require.Equal(t, "ad-referendum", check["verdict"])
}

// The other is away: it lapses, says so, and is recorded anew. A Sunday's decision takes
// two sign-ins, and one press of the second.
func TestWayOutTheOtherIsAway(t *testing.T) {
	w := withExecutive(t)
	w.must(201, w.command("lmc-chair", "record-exercise", scheme))
	w.formRecords("cd-south", "/powers", "refuse-record", "records", "E1", "reason", "By mistake.")
	w.must(201, w.command("lmc-chair", "record-exercise", scheme))
	w.on("2026-02-20")
	require.Equal(t, "lapsed", w.exerciseLine(2)["standing"])
	lapsed := w.must(409, w.command("cd-south", "confirm-record", `{"records":["E2"]}`)).json(t)["detail"]
	require.Contains(t, lapsed, "so it has lapsed. If it was decided, record it anew.")
	w.must(201, w.command("lmc-chair", "record-exercise", scheme))
	require.Contains(t, string(w.must(200, w.page("cd-south", "")).body), "It was recorded that you decided E3 with others: A scheme, £15,000, 12 months.")
	w.formRecords("cd-south", "/powers", "confirm-record", "records", "E3")
	require.Equal(t, "within", w.exerciseLine(3)["standing"])
}

func TestAttackWordsPutInAMouth(t *testing.T) {
	w := newWorld(t).established()
	w.on("2026-02-09")
	w.must(201, w.command("manager", "schedule-meeting", `{"forum":"locality-board","on":"2026-02-09"}`))
	said := `{"person":"cd-north","forum":"locality-board","meeting":"2026-02-09","matter":"workforce","words":"Two coordinators.","amountPence":800000,"months":6,"given":"outright"}`
	w.must(201, w.command("manager", "record-commitment", said))
	line := func(number int) map[string]any {
		return w.must(200, w.ask("cd-south", "/commitments")).json(t)["commitments"].([]any)[number-1].(map[string]any)
	}
	require.Equal(t, "reported", line(1)["standing"])
	require.Equal(t, "reported: it binds nobody, and is beyond after 14 February 2026 unless Clinical Director, North Trafford confirms it", line(1)["text"])
	w.refusedIn("Only Clinical Director, North Trafford can say whether K1 is what they said.", 403, "manager", "confirm-record", `{"records":["K1"]}`)
	w.formRecords("cd-north", "/commitments", "refuse-record", "records", "K1", "reason", "I did not say that.")
	require.Equal(t, "disputed", line(1)["standing"])

	// Nobody answers: it is beyond. The way out is to record it oneself.
	w.must(201, w.command("manager", "record-commitment", said))
	w.on("2026-02-15")
	require.Equal(t, "beyond", line(2)["standing"])
	w.refusedIn("K2 could be confirmed until 14 February 2026. If you said it, record it anew.", 409, "cd-north", "confirm-record", `{"records":["K2"]}`)
	w.must(201, w.command("cd-north", "record-commitment", said))
	require.Equal(t, "within", line(3)["standing"])
	w.must(201, w.command("manager", "record-commitment", said))
	w.formRecords("cd-north", "/meetings/locality-board/2026-02-09", "confirm-record", "records", "K4")
	require.Equal(t, "within", line(4)["standing"])
}
