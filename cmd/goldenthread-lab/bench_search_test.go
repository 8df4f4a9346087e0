package main

import (
	"fmt"
	"runtime"
	"time"

	"github.com/stretchr/testify/require"

	"goldenthread/domain"
	"goldenthread/projections"
)

// search asks the search of the largest group: the first time on a snapshot, for which the
// texts are made, and then for each of several words; and says what memory the texts take.
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
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	_, first := ask("workforce")
	after := heap()
	b.row(fmt.Sprintf("search, first on a snapshot of %d events", r.Next(largest)), fmt.Sprintf("%.0f ms; %.1f MB of texts", float64(first.Microseconds())/1000, (float64(after)-float64(before))/(1<<20)), "aim: 1 s, as a page", first.Seconds())
	for _, words := range []string{"workforce", "P7", "£12,000", "surgery access", "nothingofthesort"} {
		took := b.timed(20, func(int) error { ask(words); return nil })
		found, _ := ask(words)
		b.row(fmt.Sprintf("search for %q, p50, %d found", words, len(found.Hits)), us(percentile(took, 50)), "aim: 100 ms", percentile(took, 50).Seconds()*10)
	}
}
