package projections

import (
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/domain"
)

// gate has the system ask two members about weekend vaccination: A1 and A2.
func (b *table) gate() *table {
	b.on("2026-04-07")
	b.do("cd-north", &domain.RecordApproach{From: "ICB", What: "Will North vaccinate at weekends?", Matter: "access"})
	b.do("cd-north", &domain.RedirectApproach{Approach: "A1", To: "cd-south"})
	b.on("2026-04-08")
	b.do("cd-south", &domain.DisposeOfApproach{Approach: "A1", Disposition: domain.ForMessage})
	b.do("cd-south", &domain.AnswerApproach{Approach: "A1", Saying: domain.Saying{Reply: domain.ReplyThroughGroup, Words: "Through the board."}})
	b.on("2026-04-10")
	b.do("lead-fed", &domain.RecordApproach{From: "ICB", What: "Can you vaccinate at weekends?", Matter: "access", Told: &domain.Saying{Reply: domain.ReplyYes, Words: "Yes."}})
	b.do("manager", &domain.ReportSideConversation{With: "ICB", Who: "P00001", What: "Cars"})
	return b
}

func TestApproaches(t *testing.T) {
	b := sit(t).found().gate()
	a := b.fold().Approaches(day("2026-04-10"))
	require.Equal(t, []Who{{"cd-south", "Clinical Director, South PCN"}}, a.Gatekeepers)
	require.Equal(t, 2, a.Most)
	require.Len(t, a.Side, 1)
	require.Len(t, a.Approaches, 2)
	require.Equal(t, "answered", a.Approaches[0].State)
	require.Equal(t, "to be redirected", a.Approaches[1].State)
	require.Equal(t, []string{"A1"}, a.Approaches[1].MayBeSame)
	require.False(t, a.Approaches[1].Inconsistent)

	b.do("manager", &domain.LinkApproaches{Approach: "A2", With: "A1"})
	linked := b.fold().Approaches(day("2026-04-10")).Approaches
	require.True(t, linked[0].Inconsistent)
	require.Equal(t, []string{"A2"}, linked[0].SameQuestion)
	require.Equal(t, "Lead, Trafford Federation said yes (A2) and the answer of record to A1 is through the group.", linked[1].Differs)

	early := b.fold().Approaches(day("2026-04-07"))
	require.Len(t, early.Approaches, 1)
	require.Equal(t, "at the gate", early.Approaches[0].State)
	require.False(t, early.Approaches[0].Inconsistent)
	require.Empty(t, b.foldUntil(day("2026-04-06").End()).Approaches(day("2026-04-10")).Approaches)
}
