package api

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/projections"
)

func (w *world) finds(person, words string) projections.Found {
	w.t.Helper()
	var f projections.Found
	require.NoError(w.t, json.Unmarshal(w.must(200, w.ask(person, "/search?words="+words)).body, &f))
	return f
}

// A search finds what the caller may read, and nothing else.
func TestSearch(t *testing.T) {
	w := withExecutive(t)
	w.must(201, w.command("cd-south", "record-exercise", scheme))
	require.NotEmpty(t, w.finds("manager", "scheme").Hits)
	sums := map[string]bool{}
	for _, h := range w.finds("manager", "15k").Hits {
		sums[h.Ref] = true
	}
	require.True(t, sums["E1"] && sums["D1"] && sums["P2"], sums)
	require.Equal(t, "P2", w.finds("manager", "p2").Hits[0].Ref)
	page := string(w.must(200, w.page("manager", "/search?words=15,000")).body)
	require.Contains(t, page, "/g/trafford/powers#E1")
	w.must(404, w.ask("stranger", "/search?words=scheme"))
	w.must(404, w.page("stranger", "/search?words=scheme"))
	w.must(401, w.ask("", "/search?words=scheme"))
	require.Empty(t, w.finds("manager", "%3Cscript%3E").Hits)
	w.refused(422, "L4", w.ask("manager", "/search?words="+strings.Repeat("a", 201)))
}

// What the charter keeps to members an invited system body does not find; what the group
// has not released neither (F3, F6).
func TestSearchKeeps(t *testing.T) {
	kept, released := foundKeeping(t, "proposals", "approaches"), foundMatrix(t)
	for _, w := range []*world{kept, released} {
		establishMatrix(w)
		w.must(201, w.command("cd-north", "raise-proposal", `{"title":"Saturdays","text":"We open on Saturdays.","matter":"access"}`))
		require.NotEmpty(t, w.finds("cd-north", "saturdays").Hits)
		require.Empty(t, w.finds("icb-director", "saturdays").Hits)
	}
	for _, h := range released.finds("icb-director", "director").Hits {
		require.Contains(t, []projections.SearchKind{projections.FindOrganisations, projections.FindPeople, projections.FindMandates}, h.Kind, "what was not released")
	}
}

// Members find people by name; when somebody is erased their name is gone at once.
func TestSearchForgetsTheErased(t *testing.T) {
	w := newWorld(t).established()
	w.must(201, w.command("manager", "register-person", `{"handle":"gp-kite","office":"GP partner","organisation":"P91018","personal":{"name":"Ada Kestrelbird"}}`))
	found := w.finds("cd-north", "kestrelbird")
	require.Len(t, found.Hits, 1)
	require.Equal(t, "gp-kite", found.Hits[0].Ref)
	require.Equal(t, "Ada Kestrelbird", found.Hits[0].Text)
	w.must(201, w.command("manager", "erase-person", `{"person":"`+w.personID("gp-kite")+`"}`))
	w.giveTokens("gp-kite")
	w.must(201, w.command("gp-kite", "confirm-record", `{"records":["N1"]}`))
	require.Empty(t, w.finds("cd-north", "kestrelbird").Hits)
	require.NotContains(t, string(w.must(200, w.page("cd-north", "/search?words=kite")).body), "Kestrelbird")
}
