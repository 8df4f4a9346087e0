package ledgers

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"math"
	"reflect"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"goldenthread/domain"
	"goldenthread/eventstore/commit"
)

// history is a group being founded, and so many people registered.
func history(t *testing.T, people int) []domain.Event {
	ledger, now := domain.NewLedger("one"), time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	var events []domain.Event
	do := func(c domain.Command) {
		d := ledger.Decide(&domain.Request{Group: "one", ID: uuid.New(), Actor: "manager", Command: c}, now)
		require.Nil(t, d.Refusal)
		for i := range d.Events {
			require.NoError(t, ledger.Apply(&d.Events[i]))
		}
		events = append(events, d.Events...)
	}
	do(&domain.Found{
		Name: "One", Place: "ONE", PlaceName: "One", Founder: "manager",
		Charter:       domain.Charter{Text: "We decide together.", Quorum: 1, DefaultStance: domain.BringBack, Matters: []string{"access"}},
		Organisations: []domain.OrganisationRow{{Code: "ONE", Kind: domain.PlaceKind, Name: "One"}, {Code: "LMC", Kind: domain.LMC, Name: "LMC"}},
		People:        []domain.PersonEntry{{Handle: "manager", Office: "Manager", Organisation: "LMC"}},
		Seats:         []domain.SeatEntry{{Organisation: "LMC", Holder: "manager"}},
		Duties:        []domain.DutyEntry{{Duty: domain.Registrar, Person: "manager"}},
	})
	for i := range people {
		do(&domain.RegisterPerson{PersonEntry: domain.PersonEntry{Handle: fmt.Sprint("p", i), Office: "Nurse", Organisation: "LMC"}})
	}
	return events
}

func fold(events []domain.Event) *domain.State {
	s := domain.NewState("one")
	for i := range events {
		s.Apply(&events[i])
	}
	return s
}

// A memory is a source of these events.
type memory struct {
	mu     sync.Mutex
	events map[string][]domain.Event
	read   int   // events that were read
	fails  error // what reading meets, once all events were read
}

func (m *memory) Entries(ctx context.Context, group string, from, to uint64) iter.Seq2[commit.Entry, error] {
	return func(yield func(commit.Entry, error) bool) {
		for ; from < to; from++ {
			if ctx.Err() != nil {
				yield(commit.Entry{}, ctx.Err())
				return
			}
			m.mu.Lock()
			e, fails := m.events[group][from], m.fails
			m.read++
			m.mu.Unlock()
			if fails != nil {
				yield(commit.Entry{}, fails)
				return
			}
			if !yield(commit.Entry{Event: e}, nil) {
				return
			}
		}
	}
}

func (m *memory) Next(group string) uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return uint64(len(m.events[group]))
}

func (m *memory) Stopped(string) error { return nil }

// newRead is how many events were read since the last time.
func (m *memory) newRead() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := m.read
	m.read = 0
	return n
}

func newCache(m *memory, budget uint64) *Cache {
	return New(context.Background(), m, budget, slog.New(slog.DiscardHandler))
}

// asWriter takes what is read up, as a writer to which nothing happens.
func asWriter(t *testing.T, c *Cache) {
	ended := make(chan struct{})
	t.Cleanup(func() { close(ended) })
	go func() {
		for {
			select {
			case f := <-c.Folded():
				c.Of(f.Group).Put(f.Ledger)
				f.Answer(true)
			case <-c.Full():
				c.Evict()
			case <-ended:
				return
			}
		}
	}()
}

// Whenever it is asked for, a snapshot is the state after every event that was
// applied, and stays so; also past the number after which it is copied anew.
func TestSnapshotsAreTheLedgersState(t *testing.T) {
	events := history(t, 2*renewEvery+10)
	c := newCache(nil, math.MaxUint64)
	require.Nil(t, c.snapshot("one"), "not in memory")
	l := c.Of("one")
	l.Put(domain.NewLedger("one"))
	var kept []*domain.State
	for i := range events {
		require.NoError(t, l.Apply(&events[i]))
		if i%97 == 0 || i > 2*renewEvery {
			kept = append(kept, c.snapshot("one"))
			require.Same(t, kept[len(kept)-1], c.snapshot("one"), "nothing was applied since")
		}
	}
	for _, s := range kept {
		require.True(t, reflect.DeepEqual(fold(events[:s.Next]), s), "after %d events", s.Next)
	}
	require.ErrorIs(t, l.Apply(&events[0]), domain.ErrGap)
	require.Same(t, kept[len(kept)-1], c.snapshot("one"))
}

// Readers beside the writer, who evicts and puts back the ledger, never see less
// than was applied before they asked. Run with -race.
func TestReadersBesideTheWriter(t *testing.T) {
	events := history(t, 3*renewEvery)
	c := newCache(nil, math.MaxUint64)
	l := c.Of("one")
	ledger := domain.NewLedger("one")
	l.Put(ledger)
	var mu sync.Mutex
	applied, done := uint64(0), false
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for {
				mu.Lock()
				least, last := applied, done
				mu.Unlock()
				s := c.snapshot("one")
				if s != nil && s.Next < least {
					t.Error("an event is missing", s.Next, least)
				}
				if last {
					return
				}
			}
		})
	}
	for i := range events {
		require.NoError(t, l.Apply(&events[i]))
		mu.Lock()
		applied = events[i].Index + 1
		mu.Unlock()
		if i%500 == 0 {
			if l.evict(); l.Get() == nil {
				l.Put(ledger)
			}
		}
	}
	mu.Lock()
	done = true
	mu.Unlock()
	readers.Wait()
	require.True(t, reflect.DeepEqual(fold(events), c.snapshot("one")))
}

// While somebody copies the ledger's state, it is not evicted.
func TestALedgerThatIsBeingCopiedIsNotEvicted(t *testing.T) {
	c := newCache(nil, math.MaxUint64)
	l := c.Of("one")
	l.Put(domain.NewLedger("one"))
	l.making.Lock()
	l.evict()
	require.NotNil(t, l.Get())
	l.making.Unlock()
	l.evict()
	require.Nil(t, l.Get())
	require.Nil(t, c.snapshot("one"))
}

// Ledgers and earlier states have one budget: what was used longest ago goes first,
// whichever it is, and what stopped stays.
func TestWhatWasUsedLongestAgoIsEvictedFirst(t *testing.T) {
	events := history(t, 100)
	n := uint64(len(events))
	m := &memory{events: map[string][]domain.Event{"one": events}}
	c := newCache(m, 3*n+n/16)
	var evicted []string
	c.OnEvict(func(group string) { evicted = append(evicted, group) })
	put := func(group string) *Ledger {
		ledger := domain.NewLedger(group)
		for i := range events {
			e := events[i]
			e.Group = group
			require.NoError(t, Apply(ledger, &e))
		}
		l := c.Of(group)
		l.Put(ledger)
		return l
	}
	stopped, second := put("stopped"), put("second")
	stopped.Pin()
	_, err := c.AsKnown(t.Context(), "one", n-1)
	require.NoError(t, err)
	require.Zero(t, len(c.Full()), "all fits")
	third := put("third")
	require.Equal(t, 1, len(c.Full()))
	second.Use()
	c.Evict()
	require.Empty(t, evicted)
	require.Empty(t, c.earlier, "the earlier state was used longest ago, but for what stopped")
	put("fourth")
	c.Evict()
	require.Equal(t, []string{"third"}, evicted)
	require.Nil(t, third.Get())
	require.NotNil(t, second.Get())
	require.NotNil(t, stopped.Get())
	require.EqualValues(t, 3*n, c.held.Load())
}

// What was used last stays, though it is more than the budget.
func TestTheLedgerUsedLastIsNotEvicted(t *testing.T) {
	m := &memory{events: map[string][]domain.Event{"one": history(t, 10)}}
	c := newCache(m, 1)
	asWriter(t, c)
	for range 3 {
		s, err := c.State(t.Context(), "one")
		require.NoError(t, err)
		require.Equal(t, m.Next("one"), s.Next)
	}
	require.EqualValues(t, m.Next("one"), m.newRead(), "it was read up once")
}

// A state as known earlier is that of the events before the index. What was folded
// is not folded again: later states go on from the latest mark before them.
func TestEarlierStatesGoOnFromMarks(t *testing.T) {
	events := history(t, 300)
	m := &memory{events: map[string][]domain.Event{"one": events}}
	c := newCache(m, math.MaxUint64)
	c.markEach = 100
	known := func(next uint64) *domain.State {
		s, err := c.AsKnown(t.Context(), "one", next)
		require.NoError(t, err)
		require.True(t, reflect.DeepEqual(fold(events[:next]), s), "before %d", next)
		return s
	}
	first := known(250)
	require.Equal(t, 250, m.newRead())
	require.Same(t, first, known(250))
	require.Zero(t, m.newRead())
	known(260)
	require.Equal(t, 10, m.newRead(), "on from 250")
	known(199)
	require.Equal(t, 99, m.newRead(), "on from the mark at 100")
	known(200)
	require.Zero(t, m.newRead(), "which is a mark")
}

// Whoever waits for a state that another began to fold, and gave up, folds it.
func TestWhoWaitsForAnEarlierStateGetsIt(t *testing.T) {
	m := &memory{events: map[string][]domain.Event{"one": history(t, 50)}}
	c := newCache(m, math.MaxUint64)
	c.folding <- struct{}{} // both places are taken, so that the first asker waits
	c.folding <- struct{}{}
	ctx, giveUp := context.WithCancel(t.Context())
	gaveUp := make(chan error)
	go func() {
		_, err := c.AsKnown(ctx, "one", 20)
		gaveUp <- err
	}()
	for c.entry("one", 20) == nil {
		runtime.Gosched()
	}
	got := make(chan *domain.State)
	go func() {
		s, _ := c.AsKnown(t.Context(), "one", 20)
		got <- s
	}()
	giveUp()
	require.ErrorIs(t, <-gaveUp, context.Canceled)
	<-c.folding
	<-c.folding
	s := <-got
	require.NotNil(t, s)
	require.EqualValues(t, 20, s.Next)

	m.mu.Lock()
	m.fails = errors.New("damaged")
	m.mu.Unlock()
	_, err := c.AsKnown(t.Context(), "one", 40)
	require.ErrorContains(t, err, "damaged")
	require.Nil(t, c.entry("one", 40), "what failed is not remembered")
}

// entry is what the cache has of a state as known earlier; nil if nothing.
func (c *Cache) entry(group string, next uint64) *earlier {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.earlier[group][next]
}

// A wait for an event ends when it is applied, or says how far the ledger is.
func TestAwaitSaysHowFarTheLedgerIs(t *testing.T) {
	events := history(t, 3)
	m := &memory{events: map[string][]domain.Event{"one": events}}
	c := newCache(m, math.MaxUint64)
	asWriter(t, c)
	last := events[len(events)-1].Index
	s, err := c.Await(t.Context(), "one", last)
	require.NoError(t, err)
	require.Equal(t, last+1, s.Next)
	ended, end := context.WithCancel(t.Context())
	end()
	var behind *Behind
	s, err = c.Await(ended, "one", last+1)
	require.ErrorAs(t, err, &behind)
	require.Equal(t, Behind{"one", last}, *behind)
	require.Equal(t, last+1, s.Next)
	s, err = c.Await(ended, "two", 0)
	require.ErrorIs(t, err, context.Canceled)
	require.Zero(t, s.Next, "there is no such group")

	done := make(chan *domain.State)
	go func() {
		s, _ := c.Await(t.Context(), "one", last+1)
		done <- s
	}()
	next := events[len(events)-1]
	next.Index, next.Cause = last+1, last+1
	next.Data = &domain.OfficeLeft{Person: next.Data.(*domain.PersonRegistered).Person, Until: next.Effective}
	require.NoError(t, c.Of("one").Apply(&next))
	c.Wake("one")
	require.Equal(t, last+2, (<-done).Next)
}

func TestWatchersAreWoken(t *testing.T) {
	c := newCache(nil, math.MaxUint64)
	changed, cancel := c.Watch("one")
	c.Wake("one")
	c.Wake("one")
	c.Wake("two")
	<-changed
	require.Empty(t, changed, "two commits before the channel was read are one wake")
	cancel()
	c.Wake("one")
	require.Empty(t, changed)
	require.Empty(t, c.watchers)
}
