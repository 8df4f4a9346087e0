package api

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Rule G1, attacked over HTTP: a group on the same installation acts as if others were
// with it, and asks its way through their ledgers.

// shadowWorld has the group "trafford", with an agreement on access (P2) and one to join
// another group (P3), and the group "shadow", which gave it a seat, and another to a group
// that is not there, but which nobody joined.
func shadowWorld(t testing.TB) *world {
	w := newWorld(t).established()
	w.agrees("P2", `{"title":"Saturdays","text":"We offer Saturdays.","matter":"access"}`)
	w.agrees("P3", joins)
	w.must(201, w.in("shadow", "operator", "found", `{
		"name":"Shadow Group","shortName":"the group","place":"SH","placeName":"Trafford","founder":"shadow-lead",
		"charter":{"text":"Ours.","quorum":1,"defaultStance":"discretion","matters":["access","workforce"]},
		"organisations":[{"code":"SH","kind":"place","name":"Shadow"},{"code":"SHLMC","kind":"lmc","name":"Shadow LMC"},{"code":"QOP","kind":"system-body","name":"ICB"},
			{"code":"U99001","kind":"pcn","name":"Shadow PCN","memberships":[{"in":"SH","from":"2020-01-01"}]},
			{"code":"trafford","kind":"group","name":"Trafford GP Board"},{"code":"nowhere","kind":"group","name":"Nowhere GP Board"}],
		"people":[{"handle":"shadow-lead","office":"Lead, Shadow","organisation":"SHLMC"},{"handle":"shadow-cd","office":"Director, Shadow","organisation":"U99001"},{"handle":"as-trafford","office":"Chair, Trafford GP Board","organisation":"trafford"},
			{"handle":"as-nowhere","office":"Chair, Nowhere GP Board","organisation":"nowhere"}],
		"seats":[{"organisation":"SHLMC","holder":"shadow-lead"},{"organisation":"U99001","holder":"shadow-cd"}],
		"duties":[{"duty":"chair","person":"shadow-lead"},{"duty":"manager","person":"shadow-lead"},{"duty":"registrar","person":"shadow-lead"}]}`))
	for _, person := range []string{"shadow-lead", "shadow-cd", "as-trafford", "as-nowhere"} {
		key, err := w.tokens.Issue("shadow", person)
		require.NoError(t, err)
		w.keys[person] = key
	}
	in := func(name, body string) { t.Helper(); w.must(201, w.in("shadow", "shadow-lead", name, body)) }
	in("consent-to-charter", `{"seat":"SHLMC"}`)
	w.must(201, w.in("shadow", "shadow-cd", "consent-to-charter", `{}`))
	in("register-forum", `{"forum":"system-board","name":"System Board","body":"QOP"}`)
	in("raise-proposal", `{"seat":"SHLMC","title":"They are with us","text":"They are.","matter":"membership","instruments":[{"openSeat":{"organisation":"trafford","holder":"as-trafford"}},{"openSeat":{"organisation":"nowhere","holder":"as-nowhere"}}]}`)
	in("consent", `{"proposal":"P1","version":1,"seat":"SHLMC","needNotWait":true}`)
	w.must(201, w.in("shadow", "shadow-cd", "consent", `{"proposal":"P1","version":1,"needNotWait":true}`))
	in("raise-proposal", `{"seat":"SHLMC","title":"One speaks","text":"For all.","matter":"access","instruments":[{"appoint":{
		"person":"shadow-lead","forum":"system-board","from":"2026-01-05","until":"2026-12-31","review":"2026-07-31","lines":[{"matter":"access","stance":"discretion"}]}}]}`)
	for _, group := range w.store.Groups() {
		require.NoError(t, w.store.Settle(t.Context(), group))
	}
	return w
}

const notJoined = "%s GP Board can't act on the strength of that here. It joins by an agreement of its own that names %s and who speaks for it; then name an agreement or delegation of its own that is in force and about this, by its number and event."

// TestForeignGroup: a group uses another board's agreement as its own.
func TestForeignGroup(t *testing.T) {
	w := shadowWorld(t)
	says := func(status int, rule, say string, r reply) {
		t.Helper()
		w.refused(status, rule, r)
		require.Equal(t, say, r.json(t)["detail"])
	}
	not := fmt.Sprintf(notJoined, "Trafford", "shadow")
	agreed := w.agreementIndex("P2")
	rests := fmt.Sprintf(`"rests":{"ledger":"trafford","ref":"P2","index":%d}`, agreed)
	for name, body := range map[string]string{
		"consent":     `{"proposal":"P2","version":1,"seat":"trafford",` + rests + `}`,
		"stand-aside": `{"proposal":"P2","version":1,"seat":"trafford"}`,
		"object":      `{"proposal":"P2","version":1,"grade":"block","why":"Not us.","wouldResolve":"Leave us out."}`,
	} {
		says(409, "G1", not, w.in("shadow", "as-trafford", name, body))
	}
	says(409, "G1", not, w.in("shadow", "as-trafford", "raise-proposal", `{"title":"Ours","text":"Ours.","matter":"access"}`))
	says(409, "G1", "Who speaks here for Trafford GP Board is said by an agreement of its own: it names who is holder.",
		w.in("shadow", "shadow-lead", "name-holder", `{"seat":"trafford","person":"shadow-lead","role":"holder","evidence":"They told me."}`))
	says(409, "G1", "Who speaks here for Trafford GP Board is said by an agreement of its own.",
		w.in("shadow", "shadow-lead", "record-spokesperson", `{"organisation":"trafford","person":"shadow-lead","evidence":"They told me."}`))
	says(409, "F5", "Chair, Trafford GP Board can't act for Trafford GP Board today.",
		w.in("shadow", "shadow-lead", "report-position", `{"proposal":"P2","version":1,"seat":"trafford","stand":"stand-aside","from":"as-trafford","how":"by telephone"}`))

	w.must(201, w.in("shadow", "shadow-lead", "consent", `{"proposal":"P2","version":1,"seat":"SHLMC","needNotWait":true}`))
	w.must(201, w.in("shadow", "shadow-cd", "consent", `{"proposal":"P2","version":1,"needNotWait":true}`))
	get := func(path string) map[string]any {
		return w.must(200, w.send(w.request("shadow-lead", "GET", "/v1/groups/shadow"+path, ""))).json(t)
	}
	check := get("/check?forum=system-board&matter=access")
	require.Equal(t, "view-only", check["verdict"])
	require.NotContains(t, fmt.Sprint(check), "Surgery", "it counts none of Trafford's practices")
	for _, query := range []string{"", "?matter=access", "?at=2026-01-06", "?known=3"} {
		mandate := get("/mandate" + query)
		require.EqualValues(t, 0, mandate["ofPractices"], query)
		require.Empty(t, mandate["places"], query)
	}
	for _, path := range []string{"/v1/groups/trafford", "/v1/groups/nowhere", "/v1/groups/trafford/proposals/P2", "/v1/groups/nowhere/proposals/P2"} {
		require.Equal(t, 404, w.send(w.request("shadow-lead", "GET", path, "")).StatusCode, path)
	}
	seat := get("")["seats"].([]any)[3].(map[string]any)
	require.Equal(t, []any{true, false}, []any{seat["asked"], seat["entitled"]})

	// The place sees who asked, and can decline.
	due := w.must(200, w.ask("cd-north", "/worklist")).body
	require.Contains(t, string(due), "Shadow Group (shadow) asks the board to join.")
	w.agrees("P4", `{"title":"Not there","text":"We don't join.","matter":"membership","instruments":[{"leaveGroup":{"ledger":"shadow"}}]}`)
	due = w.must(200, w.ask("cd-north", "/worklist")).body
	require.NotContains(t, string(due), "Shadow Group")
}

// TestRollsAreNotCopied: what people of a wider group see of a place's agreement is by
// whom it was agreed, and the proof.
func TestRollsAreNotCopied(t *testing.T) {
	w, agreed := widerWorld(t)
	w.must(201, w.in("greater-manchester", "for-trafford", "consent-to-charter", fmt.Sprintf(`{"rests":{"ledger":"trafford","ref":"P2","index":%d}}`, agreed)))
	w.must(201, w.command("cd-south", "raise-proposal", `{"title":"A title within","text":"We offer Saturdays.","matter":"access"}`))
	w.must(201, w.command("cd-north", "object", `{"proposal":"P3","version":1,"grade":"concern","why":"A reason within","wouldResolve":"A wish within"}`))
	for _, person := range []string{"cd-north", "cd-south", "lmc-chair"} {
		w.must(201, w.command(person, "consent", `{"proposal":"P3","version":1,"needNotWait":true}`))
	}
	rests := w.agreementIndex("P3")
	w.must(201, w.in("greater-manchester", "for-trafford", "raise-proposal", `{"title":"Together","text":"All.","matter":"access"}`))
	w.must(201, w.in("greater-manchester", "gm-lead", "consent", `{"proposal":"P1","version":1,"needNotWait":true}`))
	w.must(201, w.in("greater-manchester", "for-trafford", "consent", fmt.Sprintf(`{"proposal":"P1","version":1,"needNotWait":true,"rests":{"ledger":"trafford","ref":"P3","index":%d}}`, rests)))
	var all strings.Builder
	for _, path := range []string{"/v1/groups/greater-manchester/proposals/P1", "/v1/groups/greater-manchester/mandate?matter=access", "/v1/groups/greater-manchester/events", "/groups/greater-manchester/proposals/P1", "/groups/greater-manchester/record"} {
		all.Write(w.send(w.request("gm-lead", "GET", path, "")).body)
	}
	require.Contains(t, all.String(), fmt.Sprintf("Agreed by the Trafford GP Board: P3, event %d of its own ledger.", rests))
	proof := w.must(200, w.send(w.request("gm-lead", "GET", "/v1/groups/greater-manchester/proposals/P1", ""))).json(t)["rests"].([]any)[0].(map[string]any)
	require.Len(t, proof["root"], 44, "the root hash, in base64")
	require.NotEmpty(t, proof["proof"])
	for _, within := range []string{"A title within", "A reason within", "A wish within", "North Trafford", "South Trafford", "Trafford LMC", "Clinical Director"} {
		require.NotContains(t, all.String(), within)
	}
}

// A probe is a request of somebody who wants to learn something from how it is refused.
type probe struct{ kind, person, group, body string }

// probes are the kinds of failure to read across, in two groups: in one nobody has
// joined, in the other the place has; and there with a proof, which takes longer to read
// whatever it is of. P2 of trafford is about access, P3 to join.
func (w *world) probes() [][]probe {
	consent := func(seat, ledger, ref string, index uint64) string {
		return fmt.Sprintf(`{"proposal":"P2","version":1,"seat":%q,"rests":{"ledger":%q,"ref":%q,"index":%d}}`, seat, ledger, ref, index)
	}
	proved := func(ref string, index uint64) string {
		return strings.Replace(consent("trafford", "trafford", ref, index), `"index"`, `"proof":"cHJvb2Y=","index"`, 1)
	}
	access, join := w.agreementIndex("P2"), w.agreementIndex("P3")
	return [][]probe{{
		{"no joining", "as-trafford", "shadow", consent("trafford", "trafford", "P2", access)},
		{"no joining, again", "as-trafford", "shadow", consent("trafford", "trafford", "P2", access)},
		{"no such agreement", "as-trafford", "shadow", consent("trafford", "trafford", "P9", access)},
		{"another index", "as-trafford", "shadow", consent("trafford", "trafford", "P2", 1)},
		{"no such event", "as-trafford", "shadow", consent("trafford", "trafford", "P2", 99999)},
		{"another group", "as-trafford", "shadow", consent("trafford", "somebody", "P2", access)},
		{"its own ledger", "as-trafford", "shadow", consent("trafford", "shadow", "P1", 3)},
		{"no such group", "as-nowhere", "shadow", consent("nowhere", "nowhere", "P2", access)},
	}, {
		{"another matter", "for-trafford", "greater-manchester", consent("trafford", "trafford", "P3", join)},
		{"another matter, again", "for-trafford", "greater-manchester", consent("trafford", "trafford", "P3", join)},
		{"no such agreement", "for-trafford", "greater-manchester", consent("trafford", "trafford", "P9", access)},
		{"another index", "for-trafford", "greater-manchester", consent("trafford", "trafford", "P2", 1)},
		{"no such event", "for-trafford", "greater-manchester", consent("trafford", "trafford", "P2", 99999)},
		{"another group", "for-trafford", "greater-manchester", consent("trafford", "somebody", "P2", access)},
		{"not agreed", "for-trafford", "greater-manchester", consent("trafford", "trafford", "P4", access)},
	}, {
		{"a proof", "for-trafford", "greater-manchester", proved("P3", join)},
		{"a proof, again", "for-trafford", "greater-manchester", proved("P3", join)},
		{"a proof of no agreement", "for-trafford", "greater-manchester", proved("P9", access)},
		{"a proof of no event", "for-trafford", "greater-manchester", proved("P2", 99999)},
	}}
}

// probedWorld is shadowWorld with the group that trafford did join, in which a proposal
// about access (P2) is open.
func probedWorld(t testing.TB) *world {
	w := shadowWorld(t)
	w.asks("greater-manchester", "gm-lead")
	for _, group := range w.store.Groups() {
		require.NoError(t, w.store.Settle(t.Context(), group))
	}
	w.must(201, w.in("greater-manchester", "for-trafford", "consent-to-charter", fmt.Sprintf(`{"rests":{"ledger":"trafford","ref":"P3","index":%d}}`, w.agreementIndex("P3"))))
	for range 2 {
		w.must(201, w.in("greater-manchester", "for-trafford", "raise-proposal", `{"title":"Together","text":"All.","matter":"access"}`))
	}
	w.must(201, w.command("cd-south", "raise-proposal", `{"title":"Not agreed","text":"Not yet.","matter":"access"}`))
	return w
}

// TestProbingTellsNothing: whatever is wrong with what is named, the answer is the same
// but for the command's id and the name of the seat that asks.
func TestProbingTellsNothing(t *testing.T) {
	w := probedWorld(t)
	for _, kinds := range w.probes() {
		for _, p := range kinds {
			r := w.in(p.group, p.person, "consent", p.body)
			w.refused(409, "G1", r)
			said := r.json(t)
			name := "Trafford"
			if p.person == "as-nowhere" {
				name = "Nowhere"
			}
			require.Equal(t, fmt.Sprintf(notJoined, name, p.group), said["detail"], p.kind)
			delete(said, "detail")
			delete(said, "command")
			first := w.in(kinds[0].group, kinds[0].person, "consent", kinds[0].body).json(t)
			delete(first, "detail")
			delete(first, "command")
			require.Equal(t, first, said, p.kind)
		}
	}
	require.Zero(t, w.store.Next("nowhere"))
}
