package projections

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/domain"
)

// L7: after an erasure every page goes on as it was, but for the person's entry;
// what remains is listed.
func TestErasedAndWhatRemains(t *testing.T) {
	b := sit(t).found().mandates().delegate().represent().meet()
	pages := func() string {
		g := b.fold()
		on := day("2026-06-01")
		text, err := json.Marshal([]any{g.Register(on), g.Charter(on), g.Proposals(on, ""), g.Commitments(on), g.WorkList(on), g.Powers(on), g.Representation(on)})
		require.NoError(t, err)
		return string(text)
	}
	b.do("manager", &domain.LeaveOffice{Person: "cd-north", Until: day("2026-05-31")})
	b.on("2026-06-01")
	before, index := pages(), b.fold().state.Next-1
	b.do("manager", &domain.ErasePerson{Person: b.fold().state.Person("cd-north").ID})
	require.NotEqual(t, before, pages(), "the index is in them")
	require.Equal(t, atIndex(t, before), atIndex(t, pages()))

	g := b.fold()
	p := g.People(day("2026-06-01")).People[0]
	require.Equal(t, "cd-north", p.Handle)
	require.Empty(t, p.Sealed)
	require.NotZero(t, p.Erased)

	r, err := g.Remains(t.Context(), "cd-north", b.lines)
	require.NoError(t, err)
	require.Equal(t, p.ID, r.ID)
	require.Equal(t, p.Office, r.Office)
	require.Len(t, r.Sealed, 1)
	last := r.Events[len(r.Events)-1]
	require.Equal(t, index+3, last.Index, "it was recorded, confirmed, and then took effect")
	require.True(t, last.Acted, "they confirmed it themself")
	require.Contains(t, last.Text, "erased for good")
	require.NotEmpty(t, r.Notes)
	acted := 0
	for _, e := range r.Events {
		if e.Acted {
			acted++
		}
	}
	require.Len(t, b.audit(t, AuditFilter{Actor: "cd-north", Limit: 200}).Entries, acted)
	require.Greater(t, len(r.Events), acted)

	_, err = g.Remains(t.Context(), "nobody", b.lines)
	var refusal *domain.Refusal
	require.ErrorAs(t, err, &refusal)
}

// atIndex is the pages without the index that each was worked out on.
func atIndex(t *testing.T, pages string) []map[string]any {
	t.Helper()
	var all []map[string]any
	require.NoError(t, json.Unmarshal([]byte(pages), &all))
	for _, page := range all {
		delete(page, "index")
	}
	return all
}
