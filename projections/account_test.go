package projections

import (
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/domain"
)

// How many decisions there were, how they stand and how the year's total came to be (D4–D7).
func TestAccountOfPowers(t *testing.T) {
	b := sit(t).found().mandates().delegate()
	require.Equal(t, "No powers have been delegated, so nothing was decided under any.", New("nowhere").Powers(0).Say)
	b.on("2026-03-02").exercise(18_000_00)
	b.on("2026-03-16").exercise(22_000_00)
	b.on("2026-05-15").exercise(20_000_00)
	b.on("2026-05-18").do("cd-north", &domain.CallIn{Exercise: "E3", Reason: "not seen"})
	b.on("2026-06-01").agree("Undo", "contracts", domain.Instrument{Disavow: &domain.Disavow{What: "E3", Feedback: "Show us first."}})
	b.on("2026-06-02").exercise(7_000_00)
	g := b.fold()

	const used = " of £100,000 used on contracts, local schemes in the year from 27 January 2026."
	says := func(from, to, at string) string {
		var days [2]domain.Day
		for i, d := range []string{from, to} {
			if d != "" {
				days[i] = day(d)
			}
		}
		return g.PowersBetween(days[0], days[1], day(at)).Say
	}
	require.Equal(t, "4 decisions since 27 January 2026: 2 stood, 1 went beyond and lapsed and 1 was disavowed. £25,000"+used, says("", "", "2026-06-02"))
	require.Equal(t, "2 decisions since 27 January 2026: 1 stood and 1 goes beyond and is not ratified yet. £18,000"+used, says("", "", "2026-03-20"))
	require.Equal(t, "1 decision from 10 May 2026 to 20 May 2026: 1 is called in. £38,000"+used, says("2026-05-10", "2026-06-30", "2026-05-20"))
	require.Equal(t, "No decisions from 1 April 2026 to 1 May 2026. £25,000"+used, says("2026-04-01", "2026-05-01", "2026-06-02"))

	line := g.PowersBetween(0, 0, day("2026-06-02")).Delegations[0]
	require.Len(t, line.Running, 1)
	var sums []domain.Pence
	for _, l := range line.Running[0].Days {
		sums = append(sums, l.Used)
		then := g.Powers(l.On).Delegations[0].Powers[0] // as that very day says it
		require.Equal(t, then.Used, l.Used, l.On)
		require.Equal(t, then.YearLimit, l.Limit, l.On)
	}
	require.Equal(t, []domain.Pence{0, 18_000_00, 18_000_00, 38_000_00, 18_000_00, 25_000_00}, sums)
	require.Equal(t, []string{"E2"}, line.Running[0].Days[2].What, "which is beyond and counts for nothing")

	x := line.Exercises[2]
	require.Equal(t, []string{"charter", "agreement", "executive", "delegation", "agreement", "exercise"}, kinds(x.Chain))

	proved := map[uint64]bool{}
	for _, l := range g.State().AuditChain(0, day("2026-06-02"), day("2026-06-02")) {
		proved[l.Index] = true
	}
	for _, number := range []string{"P1", "P2"} {
		for _, e := range g.State().Proposals[number].Roll {
			require.True(t, proved[e.Index], "what %s said to %s", e.Name, number)
		}
	}
	for i := range b.events { // everything that was said of a decision
		if e := &b.events[i]; domain.Within(e.Data.Subject(), "exercise") {
			require.True(t, proved[e.Index], e.Kind())
		}
	}
}
