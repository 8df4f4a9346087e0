package api

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What people and the register can't do to a decision (rules C5, C10, F10, F11), each
// with the sentence that whoever tries it reads.

// waits are what keeps the proposal from being agreed, as everybody reads it.
func (w *world) waits(proposal string) string {
	p := w.must(200, w.ask("cd-north", "/proposals/"+proposal)).json(w.t)
	require.Equal(w.t, "open", p["stage"])
	var words []string
	for _, wait := range p["waitingFor"].([]any) {
		words = append(words, wait.(string))
	}
	return strings.Join(words, "; ")
}

func (w *world) raise(person, title string) {
	w.must(201, w.command(person, "raise-proposal", `{"title":"`+title+`","text":"We open.","matter":"access"}`))
}

func TestOnePersonWithSeveralSeatsIsOnePerson(t *testing.T) {
	w := openWorld(t, t.TempDir(), "2026-01-05")
	w.must(201, w.command("operator", "found", strings.ReplaceAll(foundBody, `"holder":"cd-south"`, `"holder":"cd-north"`)))
	w.giveTokens("cd-north", "lmc-chair")
	w.must(201, w.command("cd-north", "consent-to-charter", `{"seat":"U66368"}`))
	w.must(201, w.command("cd-north", "consent-to-charter", `{"seat":"U42898"}`))
	w.must(201, w.command("lmc-chair", "consent-to-charter", `{}`))
	w.must(201, w.command("cd-north", "raise-proposal", `{"seat":"U66368","title":"Saturdays","text":"We open.","matter":"access"}`))
	w.must(201, w.command("cd-north", "consent", `{"proposal":"P1","version":1,"seat":"U66368"}`))
	w.must(201, w.command("cd-north", "consent", `{"proposal":"P1","version":1,"seat":"U42898"}`))
	w.must(201, w.command("lmc-chair", "stand-aside", `{"proposal":"P1","version":1}`))
	w.on("2026-01-13")
	require.Equal(t, "the consents to come from 2 different people, and not from 1", w.waits("P1"))

	w.must(201, w.command("lmc-chair", "consent", `{"proposal":"P1","version":1}`)) // the way out
	require.Equal(t, "agreed", w.must(200, w.ask("cd-north", "/proposals/P1")).json(t)["stage"])
}

func TestManagerPhonesInPositionsForEverybody(t *testing.T) {
	w := newWorld(t).established()
	w.raise("cd-north", "Saturdays")
	for seat, from := range map[string]string{"U66368": "cd-north", "U42898": "cd-south", "LMC": "lmc-chair"} {
		w.must(201, w.command("manager", "report-position", `{"proposal":"P2","version":1,"seat":"`+seat+`","stand":"consent","from":"`+from+`","how":"by telephone"}`))
	}
	w.isTold(403, "manager", "confirm-position", `{"proposal":"P2","version":1,"seat":"U42898"}`, "can't act for South Trafford today")
	w.on("2026-01-20")
	require.Contains(t, w.waits("P2"), "North Trafford to respond")
	require.Contains(t, w.waits("P2"), "South Trafford to respond")
	require.Contains(t, w.waits("P2"), "2 more consents for the quorum of 2")
	for _, person := range []string{"cd-north", "cd-south", "lmc-chair"} {
		w.must(201, w.command(person, "confirm-position", `{"proposal":"P2","version":1}`)) // one press each
	}
	require.Equal(t, "agreed", w.must(200, w.ask("cd-north", "/proposals/P2")).json(t)["stage"])
}

// isTold checks that the command is refused, with these words.
func (w *world) isTold(status int, person, name, body, words string) {
	w.t.Helper()
	require.Contains(w.t, string(w.must(status, w.command(person, name, body)).body), words)
}

func TestRegisterLiftsNoBlock(t *testing.T) {
	const only = "Only South Trafford, which raised this objection, can let it go. Nobody can overrule it."
	for name, attack := range map[string]func(*world){
		"close": func(w *world) {
			w.command("manager", "import-organisations", `{"rows":[{"code":"U42898","kind":"pcn","name":"South Trafford","closed":"2026-01-04"}]}`)
		},
		"merge into a friendly PCN": func(w *world) {
			w.command("manager", "merge-organisation", `{"organisation":"U42898","into":"U66368","last":"2026-01-05"}`)
		},
		"move its practices": func(w *world) {
			w.command("manager", "import-organisations", `{"rows":[{"code":"P91020","kind":"practice","name":"B Surgery","memberships":[{"in":"U42898","from":"2020-01-01","until":"2026-01-04"},{"in":"U66368","from":"2026-01-05"}]}]}`)
		},
		"close and open again": func(w *world) {
			w.command("manager", "import-organisations", `{"rows":[{"code":"U42898","kind":"pcn","name":"South Trafford","closed":"2026-01-04"}]}`)
			w.command("manager", "import-organisations", `{"rows":[{"code":"U42898","kind":"pcn","name":"South Trafford","opened":"2026-01-05"}]}`)
		},
		"its holder leaves": func(w *world) {
			w.command("manager", "leave-office", `{"person":"cd-south","until":"2026-01-04"}`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t).established()
			w.raise("cd-north", "Saturdays")
			w.must(201, w.command("cd-south", "object", `{"proposal":"P2","version":1,"grade":"block","why":"No staff.","wouldResolve":"Staff."}`))
			attack(w)
			w.must(201, w.command("cd-north", "consent", `{"proposal":"P2","version":1}`))
			w.must(201, w.command("lmc-chair", "consent", `{"proposal":"P2","version":1}`))
			w.on("2026-02-20")
			require.Contains(t, w.waits("P2"), "South Trafford to remove its block")
			w.isTold(403, "cd-north", "resolve-objection", `{"objection":"O1","how":"withdrawn"}`, only)
			w.isTold(403, "manager", "resolve-objection", `{"objection":"O1","how":"withdrawn"}`, only)
			w.on("2026-03-06") // it closes: what nobody lets go lapses
			w.raise("cd-north", "Sundays")
			require.Equal(t, "lapsed", w.must(200, w.ask("cd-north", "/proposals/P2")).json(t)["stage"])
		})
	}
}

func TestRegisterTakesNobodysSay(t *testing.T) {
	closed := `{"rows":[{"code":"U42898","kind":"pcn","name":"South Trafford","closed":"2026-01-04"}]}`
	consents := func(w *world) {
		w.must(201, w.command("cd-north", "consent", `{"proposal":"P2","version":1,"needNotWait":true}`))
		w.must(201, w.command("lmc-chair", "consent", `{"proposal":"P2","version":1,"needNotWait":true}`))
		require.Contains(w.t, w.waits("P2"), "South Trafford to respond")
	}
	t.Run("closed before", func(t *testing.T) {
		w := newWorld(t).established()
		w.must(201, w.command("manager", "import-organisations", closed))
		w.raise("cd-north", "Saturdays")
		consents(w)
	})
	t.Run("closed after, and its own people answer", func(t *testing.T) {
		w := newWorld(t).established()
		w.raise("cd-north", "Saturdays")
		w.must(201, w.command("manager", "import-organisations", closed))
		consents(w)
		w.must(201, w.command("cd-south", "object", `{"proposal":"P2","version":1,"grade":"block","why":"No staff.","wouldResolve":"Staff."}`))
		require.Contains(t, w.waits("P2"), "South Trafford to remove its block")
	})
	t.Run("its holder ended", func(t *testing.T) {
		w := newWorld(t).established()
		w.raise("cd-north", "Saturdays")
		w.must(201, w.command("manager", "leave-seat", `{"seat":"U42898","person":"cd-south","role":"holder","until":"2026-01-05","evidence":"A letter."}`))
		w.on("2026-01-06")
		consents(w)
	})
}
