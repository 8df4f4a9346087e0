package projections

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAReadWaitsForTheEventThatItAsksFor(t *testing.T) {
	b := sit(t).found()
	l := newLedgers()
	s := NewGroups(l)
	over, end := context.WithCancel(t.Context())
	end()
	errorOf := func(_ *Group, err error) error { return err }

	var notFound *NotFound
	require.ErrorAs(t, errorOf(s.Now(t.Context(), "trafford", nil)), &notFound)
	require.ErrorAs(t, errorOf(s.Now(over, "trafford", ptr(uint64(3)))), &notFound)
	require.Empty(t, s.Names())

	first, rest := b.events[:5], b.events[5:]
	l.apply(first...)
	require.Equal(t, []string{"trafford"}, s.Names())
	require.ErrorIs(t, errorOf(s.Now(over, "trafford", ptr(uint64(5)))), errBehind)
	early, err := s.Now(t.Context(), "trafford", ptr(uint64(4)))
	require.NoError(t, err)
	before := early.State().Copy()

	last := uint64(len(b.events) - 1)
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			g, err := s.Now(t.Context(), "trafford", &last)
			if err != nil || g.State().Established == 0 {
				t.Error("read too early", err)
			}
		})
	}
	for i := range rest {
		l.apply(rest[i])
	}
	wait.Wait()
	require.Equal(t, before, early.State().State, "a snapshot never changes")
}

// Readers and the audit trail beside the one that applies; run with -race.
func TestGroupsUnderWay(t *testing.T) {
	b := sit(t).found().mandates().delegate().represent().meet()
	l := newLedgers()
	s := NewGroups(l)
	last := uint64(len(b.events) - 1)
	var wait sync.WaitGroup
	for n := range 4 {
		wait.Go(func() {
			for {
				g, err := s.Now(t.Context(), "trafford", ptr(uint64(n)))
				if err != nil {
					t.Error(err)
					return
				}
				g.Register(day("2026-03-09"))
				g.Proposals(day("2026-03-09"), "")
				page, err := g.Audit(t.Context(), AuditFilter{Newest: n%2 == 0, Words: "the"}, b.lines)
				if err != nil || len(page.Entries) == 0 {
					t.Error(err, page)
					return
				}
				if at, _ := g.Index(); at == last {
					return
				}
			}
		})
	}
	for i := range b.events {
		l.apply(b.events[i])
	}
	wait.Wait()
}
