package projections

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

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

// While a group is at work, what is found in the live group is what is found in one folded
// anew, after each event, on any day and by whoever may see only some of it.
func TestSearchIsNeverOutOfDate(t *testing.T) {
	base := sit(t).found().mandates().delegate().represent()
	rapid.Check(t, func(t *rapid.T) {
		b := base.again()
		l := newLedgers()
		live := NewGroups(l)
		l.apply(b.events...)
		same := func() {
			g, err := live.Now(t.Context(), "trafford", nil)
			require.NoError(t, err)
			anew := b.fold()
			at := domain.DayOf(b.now).Add(rapid.SampledFrom([]int{0, 0, 0, 0, -20, 100}).Draw(t, "at"))
			require.Equal(t, (&searchIndex{}).textsOn(anew, at), g.index.textsOn(g, at))
			words := rapid.SampledFrom([]string{"so", "let us", "so P1", "practice", "D1", "2026"}).Draw(t, "words")
			only := rapid.SampledFrom([]SearchKind{FindProposals, FindDecisions, FindOwnMeetings, FindApproaches, FindMandates}).Draw(t, "kind")
			for _, sees := range []func(SearchKind) bool{anything, func(k SearchKind) bool { return k == only }, func(k SearchKind) bool { return k != only }} {
				found := g.Search(words, at, sees)
				require.Equal(t, anew.Search(words, at, sees), found)
				require.False(t, slices.ContainsFunc(found.Hits, func(h Hit) bool { return !sees(h.Kind) }))
			}
		}
		same()
		for range rapid.IntRange(5, 25).Draw(t, "commands") {
			b.now = b.now.AddDate(0, 0, rapid.SampledFrom([]int{0, 0, 0, 1, 8, 40}).Draw(t, "days"))
			from := len(b.events)
			c := command(t, b.ledger.State())
			b.try(rapid.SampledFrom(actors).Draw(t, "actor"), c)
			if consent, ok := c.(*domain.GiveConsent); ok && consent.NeedNotWait {
				for _, s := range seats {
					b.try(s.holder, c)
				}
			}
			l.apply(b.events[from:]...)
			same()
		}
	})
}

// What the text of a settled proposal rests on changes it, although nothing is recorded of the
// proposal itself.
func TestKeptTextsFollowWhatTheyRestOn(t *testing.T) {
	b := sit(t).found().mandates().delegate().represent()
	b.on("2026-03-02")
	b.do("chair-lmc", &domain.RaiseProposal{Title: "Less of it", Text: "We set it aside.", Matter: "contracts", Instruments: []domain.Instrument{{SetAside: &domain.SetAside{Agreement: "P1"}}}})
	b.do("chair-lmc", &domain.WithdrawProposal{Proposal: "P3", Reason: "It goes well."})
	l, at, applied := newLedgers(), day("2026-03-20"), 0
	live := NewGroups(l)
	texts := func() map[string]string {
		l.apply(b.events[applied:]...)
		applied = len(b.events)
		g, err := live.Now(t.Context(), "trafford", nil)
		require.NoError(t, err)
		kept := g.index.textsOn(g, at)
		require.Equal(t, (&searchIndex{}).textsOn(b.fold(), at), kept)
		all := map[string]string{}
		for _, text := range kept {
			all[text.Ref] = text.lower
		}
		return all
	}
	before := texts()
	for _, change := range []struct {
		of string
		do func()
	}{
		{"P1", func() {
			b.do("manager", &domain.GrantMandate{Organisation: "P00004", Evidence: "minute of 12 January", Span: domain.Span{From: day("2026-01-12"), Until: day("2026-12-31")}})
		}},
		{"P2", func() {
			b.do("manager", &domain.ImportOrganisations{Rows: []domain.OrganisationRow{{Code: "U00001", Kind: domain.PCN, Name: "Southern PCN"}}})
		}},
		{"P2", func() {
			b.agree("Otherwise", "access", domain.Instrument{SetAside: &domain.SetAside{Agreement: "P2"}})
		}},
		{"P3", func() {
			b.agree("No executive", "contracts", domain.Instrument{EndDelegation: &domain.EndDelegation{Delegation: "D1", Version: 1, Feedback: "It was not needed."}})
		}},
	} {
		change.do()
		after := texts()
		require.NotEqual(t, before[change.of], after[change.of], change.of)
		before = after
	}
}

// The texts of a few groups are kept: those that were searched last.
func TestSearchKeepsTheTextsOfFewGroups(t *testing.T) {
	b := sit(t).found()
	live := NewGroups(newLedgers())
	var all []*searchIndex
	for i := range mostIndexes + 1 {
		index := live.live("group-" + strconv.Itoa(i)).index
		require.NotEmpty(t, index.textsOn(b.fold(), domain.DayOf(b.now)))
		all = append(all, index)
	}
	require.Empty(t, all[0].texts)
	require.Empty(t, all[0].settled)
	for _, index := range all[1:] {
		require.NotEmpty(t, index.texts)
	}
	live.Forget("group-3")
	require.Empty(t, all[3].texts)
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
			g.index = &searchIndex{}
			g.Search("practices zebra", at, anything)
		}
	})
	b.Run("next", func(b *testing.B) {
		for b.Loop() {
			g.Search("practices zebra", at, anything)
		}
	})
}
