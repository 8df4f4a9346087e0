package projections

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"goldenthread/domain"
)

func TestGroupsRead(t *testing.T) {
	b := sit(t).found()
	s := NewGroups()
	soon := func() context.Context {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		t.Cleanup(cancel)
		return ctx
	}
	errorOf := func(_ *Group, err error) error { return err }

	var notFound *NotFound
	require.ErrorAs(t, errorOf(s.Now(t.Context(), "trafford", nil)), &notFound)
	require.ErrorAs(t, errorOf(s.Now(soon(), "trafford", ptr(uint64(3)))), &notFound)
	require.Empty(t, s.Names())

	first, rest := b.events[:5], b.events[5:]
	s.Apply(first)
	require.Equal(t, []string{"trafford"}, s.Names())
	var behind *Behind
	require.ErrorAs(t, errorOf(s.Now(soon(), "trafford", ptr(uint64(5)))), &behind)
	require.Equal(t, uint64(4), behind.Have)
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
		s.Apply(rest[i : i+1])
	}
	wait.Wait()
	require.Equal(t, before, early.State(), "a snapshot never changes")

	damage := errors.New("one bit")
	s.Stop("trafford", 77, damage)
	s.Stop("trafford", 99, damage)
	var stopped *Stopped
	_, err = s.Now(t.Context(), "trafford", nil)
	require.ErrorAs(t, err, &stopped)
	require.ErrorIs(t, err, damage)
	require.Equal(t, uint64(77), stopped.At)
	require.Contains(t, err.Error(), "stopped at 77")
}

func TestGroupsStopAtAGapAndAtWhatCannotBeFolded(t *testing.T) {
	b := sit(t).found()
	s := NewGroups()
	s.Apply(b.events[:3])
	s.Apply(b.events[4:6])
	var stopped *Stopped
	_, err := s.Now(t.Context(), "trafford", nil)
	require.ErrorAs(t, err, &stopped)
	require.ErrorIs(t, stopped, domain.ErrGap)
	require.Equal(t, uint64(3), stopped.At)

	s.Apply([]domain.Event{{Group: "other", Data: &domain.OfficeLeft{Person: "nobody"}}})
	_, err = s.Now(t.Context(), "other", nil)
	require.ErrorAs(t, err, &stopped)
	require.Equal(t, uint64(0), stopped.At)
}

func TestGroupsWatch(t *testing.T) {
	b := sit(t).found()
	s := NewGroups()
	changed, cancel := s.Watch("trafford")
	s.Apply(b.events[:3])
	s.Apply(b.events[3:5])
	<-changed
	select {
	case <-changed:
		t.Fatal("two commits before the channel was read are one wake")
	default:
	}
	cancel()
	s.Apply(b.events[5:6])
	require.Empty(t, changed)
	require.Empty(t, s.watchers)
}

// Readers and the audit trail beside the one that applies; run with -race.
func TestGroupsUnderWay(t *testing.T) {
	b := sit(t).found().mandates().delegate().represent().meet()
	s := NewGroups()
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
		s.Apply(b.events[i : i+1])
	}
	wait.Wait()
}
