package ledgers

import (
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"goldenthread/domain"
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

// Whenever it is asked for, a snapshot is the state after every event that was
// applied, and stays so; also past the number after which it is copied anew.
func TestSnapshotsAreTheLedgersState(t *testing.T) {
	events := history(t, 2*renewEvery+10)
	c := New()
	require.Nil(t, c.Snapshot("one"), "not in memory")
	l := c.Of("one")
	l.Put(domain.NewLedger("one"))
	var kept []*domain.State
	for i := range events {
		require.NoError(t, l.Apply(&events[i]))
		if i%97 == 0 || i > 2*renewEvery {
			kept = append(kept, c.Snapshot("one"))
			require.Same(t, kept[len(kept)-1], c.Snapshot("one"), "nothing was applied since")
		}
	}
	for _, s := range kept {
		require.True(t, reflect.DeepEqual(fold(events[:s.Next]), s), "after %d events", s.Next)
	}
	require.ErrorIs(t, l.Apply(&events[0]), domain.ErrGap)
	require.Same(t, kept[len(kept)-1], c.Snapshot("one"))
}

// Readers beside the writer, who evicts and puts back the ledger, never see less
// than was applied before they asked. Run with -race.
func TestReadersBesideTheWriter(t *testing.T) {
	events := history(t, 3*renewEvery)
	c := New()
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
				s := c.Snapshot("one")
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
		if i%500 == 0 && l.Evict() {
			require.Nil(t, l.Get())
			l.Put(ledger)
		}
	}
	mu.Lock()
	done = true
	mu.Unlock()
	readers.Wait()
	require.True(t, reflect.DeepEqual(fold(events), c.Snapshot("one")))
	require.Greater(t, l.Used(), uint64(0))
}

// While somebody copies the ledger's state, it is not evicted; nobody else's is kept.
func TestALedgerThatIsBeingReadIsNotEvicted(t *testing.T) {
	c := New()
	l := c.Of("one")
	l.Put(domain.NewLedger("one"))
	l.making.Lock()
	require.False(t, l.Evict())
	l.making.Unlock()
	require.True(t, l.Evict())
	require.Nil(t, c.Snapshot("one"))
}

func TestWatchersAreWoken(t *testing.T) {
	c := New()
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
