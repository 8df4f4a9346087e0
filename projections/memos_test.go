package projections

import (
	"encoding/json"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"goldenthread/domain"
)

// While a group is at work, what several ask at once of the live group is what a
// state folded anew says, on each event anew, and of earlier folds too.
func TestCheckIsNeverOutOfDate(t *testing.T) {
	base := sit(t).found().mandates().delegate().represent()
	rapid.Check(t, func(t *rapid.T) {
		b := base.again()
		l, past := newLedgers(), b.fold()
		live := NewGroups(l)
		l.apply(b.events...)
		var questions []domain.Question
		for range 12 {
			q := domain.Question{
				Person: rapid.SampledFrom(actors).Draw(t, "person"), Forum: rapid.SampledFrom([]string{"", "locality-board"}).Draw(t, "forum"),
				Matter: rapid.SampledFrom([]string{"access", "workforce", "estates", "contracts/local-schemes", "dentistry"}).Draw(t, "matter"),
				At:     domain.DayOf(b.now).Add(rapid.IntRange(-20, 120).Draw(t, "at")),
			}
			if sum := domain.Pence(rapid.IntRange(0, 30_000_00).Draw(t, "sum")); sum%3 > 0 {
				q.Amount = &sum
			}
			questions = append(questions, q)
		}
		same := func(g *Group, fresh *domain.View) {
			var askers sync.WaitGroup
			for i := range 3 {
				askers.Go(func() {
					for _, q := range questions[4*i:] {
						want, _ := fresh.Check(q)
						got, _ := g.Check(q)
						if written(t, want) != written(t, got) {
							t.Errorf("%+v\nfolded anew: %s\nlive: %s", q, written(t, want), written(t, got))
						}
					}
				})
			}
			askers.Wait()
		}
		before := past.State().Copy().View()
		for range rapid.IntRange(2, 10).Draw(t, "commands") {
			b.now = b.now.AddDate(0, 0, rapid.SampledFrom([]int{0, 0, 1, 8, 40}).Draw(t, "days"))
			from := len(b.events)
			b.try(rapid.SampledFrom(actors).Draw(t, "actor"), command(t, b.ledger.State()))
			l.apply(b.events[from:]...)
			g, err := live.Now(t.Context(), "trafford", nil)
			require.NoError(t, err)
			same(g, b.fold().State())
			same(past, before)
		}
	})
}

func written(t require.TestingT, a any) string {
	text, err := json.Marshal(a)
	require.NoError(t, err)
	return string(text)
}
