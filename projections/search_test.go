package projections

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/domain"
)

func anything(SearchKind) bool { return true }

func TestSearch(t *testing.T) {
	b := sit(t).found().mandates().delegate().represent()
	b.on("2026-03-02").exercise(18_000_00)
	b.on("2026-03-16").exercise(22_000_00)
	g := b.fold()
	refs := func(words string, sees func(SearchKind) bool) string {
		var all []string
		for _, h := range g.Search(words, day("2026-03-20"), sees).Hits {
			all = append(all, h.Ref)
		}
		return strings.Join(all, " ")
	}
	require.Equal(t, "E1", firstOf(refs("£18,000", anything)))
	require.Equal(t, refs("£18,000", anything), refs("18k", anything), "a sum as people write it")
	require.NotContains(t, refs("18k", anything), "E2")
	require.Equal(t, "P1", firstOf(refs("p1", anything)), "a number before words")
	require.Contains(t, refs("canal practice", anything), "P00003")
	require.Contains(t, refs("LOCALITY", anything), "R1")
	require.Empty(t, refs("zebra", anything))
	require.Empty(t, refs("a", anything), "one letter is not enough")
	require.Empty(t, refs("...", anything))
	require.NotContains(t, refs("p1", anything), "P10")
	require.Empty(t, refs("£8,000", anything), "£18,000 is another sum")

	noPowers := func(k SearchKind) bool {
		return k != FindDecisions && k != FindPowers && k != FindProposals && k != FindAppointments
	}
	require.Empty(t, refs("18k", noPowers), "what may not be seen is not found")
	found := g.Search("consulting", day("2026-03-20"), anything)
	require.NotEmpty(t, found.Hits)
	for _, h := range found.Hits {
		require.Contains(t, strings.ToLower(h.Title+h.Text), "consulting")
	}
	before := g.Search("18k", day("2026-03-01"), anything)
	for _, h := range before.Hits {
		require.NotEqual(t, "E1", h.Ref, "it was not decided yet")
	}
	named := g.Search("kestrel", day("2026-03-20"), anything, Hit{Kind: FindPeople, Ref: "manager", Title: "Board Manager", Text: "Ada Kestrel"})
	require.Len(t, named.Hits, 1)
	require.Empty(t, refs("kestrel", anything), "a name is not kept")
}

func firstOf(words string) string {
	first, _, _ := strings.Cut(words, " ")
	return first
}

// BenchmarkSearch finds words among 1,000 proposals: the first search makes the texts, the
// others find in them.
func BenchmarkSearch(b *testing.B) {
	s := sit(b).found().mandates().delegate().represent()
	for range 1000 {
		s.now = s.now.AddDate(0, 0, 1)
		refs := s.do("cd-north", &domain.RaiseProposal{Title: "Scheme", Text: strings.Repeat("We ask the practices for a word on it. ", 40), Matter: "contracts"})
		s.do("cd-north", &domain.WithdrawProposal{Proposal: refs[0], Reason: "Better words will come."})
	}
	g := s.fold()
	at := domain.DayOf(s.now)
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			g.memos = &memos{}
			g.Search("practices zebra", at, anything)
		}
	})
	b.Run("next", func(b *testing.B) {
		for b.Loop() {
			g.Search("practices zebra", at, anything)
		}
	})
}
