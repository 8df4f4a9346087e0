package projections

import (
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/domain"
)

// Who may agree what, by subject, in words and figures, and what changed (rules R3, D4).
func TestScheme(t *testing.T) {
	b := sit(t).found().mandates().delegate().represent()
	g := b.fold()
	a := g.Scheme(day("2026-03-01"), day("2026-01-08"))
	lines := map[string]*SchemeLine{}
	for i := range a.Subjects {
		for j := range a.Subjects[i].Lines {
			l := &a.Subjects[i].Lines[j]
			lines[a.Subjects[i].Matter+" "+l.Ref] = l
			require.NotEmpty(t, l.Say())
			for _, who := range l.People { // each is a yes of the check
				answer, r := g.Check(domain.Question{Person: who.Handle, Forum: l.Forum, Matter: a.Subjects[i].Matter, Amount: &l.Most, Consulted: []string{"all"}, At: a.At})
				require.Nil(t, r)
				require.Contains(t, []domain.Verdict{domain.MayCommitNow, domain.MayCommitReport}, answer.Verdict)
			}
		}
		if a.Subjects[i].Matter == "charter" {
			require.Equal(t, "It is reserved to the board.", a.Subjects[i].Why)
			require.True(t, a.Subjects[i].OnlyGroup)
		}
	}
	r1 := lines["workforce R1"]
	require.NotNil(t, r1)
	require.Equal(t, "Trafford Locality Board", r1.ForumName)
	require.NotEmpty(t, r1.Source)
	require.NotEmpty(t, a.Changes)
	for _, c := range a.Changes {
		require.NotEqual(t, c.Was, c.Is)
	}
	require.Empty(t, g.Scheme(day("2026-03-01"), day("2026-03-01")).Changes, "nothing changes on a day")
	require.Empty(t, New("nowhere").Scheme(day("2026-03-01"), 0).Subjects)
}
