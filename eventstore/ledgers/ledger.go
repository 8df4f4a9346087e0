package ledgers

import (
	"sync"
	"sync/atomic"

	"goldenthread/domain"
)

// renewEvery is after how many events a snapshot is copied from the ledger again.
// Until then it is made of the one before, which shares less and less with the ledger.
const renewEvery = 1024

// A Ledger is one group's place in the cache. One goroutine, the writer, puts the
// ledger in, applies events to it, decides on it and evicts it.
type Ledger struct {
	cache *Cache
	group string
	used  atomic.Uint64                // when it was used last, counted in uses
	next  atomic.Uint64                // index of the next event
	state atomic.Pointer[domain.State] // the newest snapshot; nil: the next one is copied from the ledger

	making sync.Mutex // held while a snapshot is made; the writer never waits for it

	mu      sync.RWMutex    // the writer holds it to change what follows, and readers to copy the ledger's state
	ledger  *domain.Ledger  // nil: not in memory
	pending []*domain.Event // applied since the snapshot
	renew   int             // events until the snapshot is copied from the ledger again
	pinned  bool            // it is not evicted; only the writer looks
}

// snapshot is the group's state after every event that was applied before the call.
// It never changes. It is nil if the ledger is not in memory.
func (l *Ledger) snapshot() *domain.State {
	if s := l.state.Load(); s != nil && s.Next == l.next.Load() {
		return s
	}
	l.making.Lock()
	defer l.making.Unlock()
	before, events := l.takePending()
	if before == nil {
		return l.copied()
	}
	if len(events) == 0 {
		return before
	}
	s := before.Copy()
	for _, e := range events {
		s.Apply(e)
	}
	l.keep(before, s)
	return s
}

// keep keeps the snapshot in place of the one that it was made of, unless that was
// forgotten meanwhile, and with it the events that came since.
func (l *Ledger) keep(before, s *domain.State) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state.CompareAndSwap(before, s)
}

// takePending is the newest snapshot and the events that were applied since, which
// are taken from the ledger; no snapshot if it is to be copied from the ledger.
func (l *Ledger) takePending() (*domain.State, []*domain.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s, events := l.state.Load(), l.pending
	l.pending = nil
	return s, events
}

// copied is a snapshot copied from the ledger. The writer waits if it has an event
// for this ledger: half a millisecond where the group has 60,000 events.
func (l *Ledger) copied() *domain.State {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.ledger == nil {
		return nil
	}
	s := l.ledger.State().Copy()
	l.state.Store(s)
	return s
}

// Use notes that the ledger was needed just now.
func (l *Ledger) Use() { l.used.Store(l.cache.uses.Add(1)) }

// Get is the ledger, for the writer; nil if it is not in memory.
func (l *Ledger) Get() *domain.Ledger { return l.ledger }

// Put puts the ledger into memory.
func (l *Ledger) Put(ledger *domain.Ledger) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ledger = ledger
	l.next.Store(ledger.State().Next)
	l.forget()
	l.Use()
	l.cache.hold(int64(ledger.State().Next))
}

// Pin keeps the ledger in memory from now on: it can't be read up again.
func (l *Ledger) Pin() { l.pinned = true }

// evict lets go of the ledger, unless a reader has a snapshot made of it just now.
func (l *Ledger) evict() {
	if !l.making.TryLock() {
		return
	}
	defer l.making.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cache.hold(-int64(l.ledger.State().Next))
	l.ledger = nil
	l.forget()
	if f := l.cache.evicted.Load(); f != nil {
		(*f)(l.group)
	}
}

// forget lets go of the snapshot: the next one is copied from the ledger. The mutex
// is held.
func (l *Ledger) forget() {
	l.state.Store(nil)
	l.pending, l.renew = nil, renewEvery
}

// Apply applies an event to the ledger. Snapshots have it once Apply returns. The
// error says why it can't follow from those before it.
func (l *Ledger) Apply(e *domain.Event) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := Apply(l.ledger, e); err != nil {
		return err
	}
	if l.state.Load() != nil {
		l.pending = append(l.pending, e)
		if l.renew--; l.renew <= 0 {
			l.forget()
		}
	}
	l.next.Store(e.Index + 1)
	l.cache.hold(1)
	return nil
}
