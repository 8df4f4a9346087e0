package main

import (
	"fmt"
	"time"

	"github.com/stretchr/testify/require"

	"goldenthread/domain"
	"goldenthread/projections"
)

// search asks the search of the largest group: the first time on a snapshot, for which the
// texts are made, and then for each of several words.
func (b *bench) search() {
	r := b.open(b.generated)
	largest := ""
	for _, group := range r.Groups() {
		if largest == "" || r.Next(group) > r.Next(largest) {
			largest = group
		}
	}
	g, err := r.groups.Now(b.Context(), largest, nil)
	require.NoError(b, err)
	at := domain.DayOf(g.State().Last)
	all := func(projections.SearchKind) bool { return true }
	ask := func(words string) (projections.Found, time.Duration) {
		began := time.Now()
		found := g.Search(words, at, all)
		return found, time.Since(began)
	}
	_, first := ask("workforce")
	b.row(fmt.Sprintf("search, first on a snapshot of %d events", r.Next(largest)), fmt.Sprintf("%.0f ms", float64(first.Microseconds())/1000), "aim: 1 s, as a page", first.Seconds())
	for _, words := range []string{"workforce", "P7", "£12,000", "surgery access", "nothingofthesort"} {
		took := b.timed(20, func(int) error { ask(words); return nil })
		found, _ := ask(words)
		b.row(fmt.Sprintf("search for %q, p50, %d found", words, len(found.Hits)), us(percentile(took, 50)), "aim: 100 ms", percentile(took, 50).Seconds()*10)
	}
}
