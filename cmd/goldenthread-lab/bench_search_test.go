package main

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"goldenthread/domain"
	"goldenthread/projections"
)

// search asks the search of the largest group: the first time, for which all texts are made,
// then after one more event, and then for each of several words.
func (b *bench) search() {
	r := b.open(b.generated)
	largest := slices.MaxFunc(r.Groups(), func(one, other string) int { return cmp.Compare(r.Next(one), r.Next(other)) })
	all := func(projections.SearchKind) bool { return true }
	ask := func(words string) (projections.Found, time.Duration) {
		g, err := r.groups.Now(b.Context(), largest, nil)
		require.NoError(b, err)
		began := time.Now()
		found := g.Search(words, domain.DayOf(g.State().Last), all)
		return found, time.Since(began)
	}
	record := func(c domain.Command) {
		request := benchRequest(largest, c)
		if _, raises := c.(*domain.RaiseProposal); raises {
			request.Actor = lmcChair
		}
		_, err := r.Execute(b.Context(), request)
		require.NoError(b, err)
	}
	g, err := r.groups.Now(b.Context(), largest, nil)
	require.NoError(b, err)
	practice := g.State().PracticesOn(domain.DayOf(g.State().Last))[0].Code
	question := func(i int) domain.Command {
		return &domain.AskGroup{Practice: practice, Words: fmt.Sprintf("What was agreed about Saturdays, and from when? (%d)", i), Evidence: "Letter of 3 March"}
	}
	record(question(0)) // and what was due by today
	milliseconds := func(d time.Duration) string { return fmt.Sprintf("%.0f ms", float64(d.Microseconds())/1000) }
	_, first := ask("workforce")
	b.row(fmt.Sprintf("search, the first in a group of %d events", r.Next(largest)), milliseconds(first), "aim: 2 s", first.Seconds()/2)
	for _, more := range []struct {
		what    string
		command func(i int) domain.Command
	}{
		{"question", question},
		{"proposal", func(i int) domain.Command {
			return &domain.RaiseProposal{Title: fmt.Sprintf("A scheme for the spring (%d)", i), Text: "We ask the practices for a word on it.", Matter: "estates"}
		}},
		{"person, who may be named anywhere", func(i int) domain.Command {
			return &domain.RegisterPerson{PersonEntry: domain.PersonEntry{Handle: fmt.Sprintf("partner-%s-%d", uuid.NewString()[:8], i), Office: "GP partner", Organisation: practice}}
		}},
	} {
		var times []time.Duration
		for i := range 9 {
			record(more.command(i + 1))
			_, took := ask("workforce")
			times = append(times, took)
		}
		slices.Sort(times)
		b.row("search after one more "+more.what+", p50", milliseconds(percentile(times, 50)), "aim: 50 ms", percentile(times, 50).Seconds()*20)
	}
	for _, words := range []string{"workforce", "P7", "£12,000", "surgery access", "nothingofthesort"} {
		took := b.timed(20, func(int) error { ask(words); return nil })
		found, _ := ask(words)
		b.row(fmt.Sprintf("search for %q, p50, %d found", words, len(found.Hits)), us(percentile(took, 50)), "aim: 100 ms", percentile(took, 50).Seconds()*10)
	}
}
