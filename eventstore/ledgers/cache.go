package ledgers

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"

	"goldenthread/domain"
	"goldenthread/eventstore/commit"
)

// A Source has the events of all groups.
type Source interface {
	// Entries reads a group's events from the index from up to, not including, to. It
	// ends at the first error.
	Entries(ctx context.Context, group string, from, to uint64) iter.Seq2[commit.Entry, error]
	// Next is the index that the group's next event will have.
	Next(group string) uint64
	// Stopped says why the group's ledger can't be used any more (*commit.Stopped).
	Stopped(group string) error
}

// A Cache has the ledgers of all groups. It is safe for concurrent use.
type Cache struct {
	source  Source
	log     *slog.Logger
	life    context.Context // nothing is read after it; its cause says why
	budget  uint64          // events that may be held
	held    atomic.Int64    // events held: those of the ledgers, and what earlier states weigh
	full    chan struct{}   // takes one: more may be held than the budget
	uses    atomic.Uint64   // counted, to know what was used last
	evicted atomic.Pointer[func(group string)]

	mu       sync.RWMutex
	ledgers  map[string]*Ledger
	earlier  map[string]map[uint64]*earlier    // by group and the index of the next event
	watchers map[string]map[chan struct{}]bool // by group

	reading  reading
	folding  chan struct{} // earlierFolds at once
	markEach uint64        // events from one mark to the next
}

// New is a cache without ledgers, for so many events.
func New(life context.Context, source Source, budget uint64, log *slog.Logger) *Cache {
	return &Cache{
		source: source, log: log, life: life, budget: budget, full: make(chan struct{}, 1),
		ledgers: map[string]*Ledger{}, earlier: map[string]map[uint64]*earlier{}, watchers: map[string]map[chan struct{}]bool{},
		reading: newReading(), folding: make(chan struct{}, earlierFolds), markEach: markEvery,
	}
}

// Of is the group's place in the cache, which is made where there is none.
func (c *Cache) Of(group string) *Ledger {
	if l := c.find(group); l != nil {
		return l
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.ledgers[group]
	if l == nil {
		l = &Ledger{cache: c, group: group}
		c.ledgers[group] = l
	}
	return l
}

func (c *Cache) find(group string) *Ledger {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.ledgers[group]
}

// Behind says that the event asked for was not yet applied when the wait ended.
type Behind struct {
	Group string
	Have  uint64 // newest event applied
}

func (e *Behind) Error() string { return fmt.Sprintf("%s has reached event %d here", e.Group, e.Have) }

// State is the group's state after every event that was applied before the call; with
// no events it is the empty state. It never changes, and nobody may change it.
// Errors: *commit.Stopped for a ledger of which nothing can be relied on, the cause of
// the end of the cache's life, the context's, or what reading the ledger met.
func (c *Cache) State(ctx context.Context, group string) (*domain.State, error) {
	if stopped, is := c.source.Stopped(group).(*commit.Stopped); is && stopped.Unreliable {
		return nil, stopped
	}
	for {
		if state := c.snapshot(group); state != nil {
			return state, nil
		}
		if c.source.Next(group) == 0 {
			return domain.NewState(group), nil
		}
		if err := c.ReadUp(ctx, group); err != nil {
			return nil, err
		}
	}
}

// Await is the group's state once the event with that index is applied; when ctx ends
// first, the state so far, with *Behind (if there are no events, with ctx's error).
func (c *Cache) Await(ctx context.Context, group string, index uint64) (*domain.State, error) {
	changed, cancel := c.Watch(group)
	defer cancel()
	for {
		state, err := c.State(ctx, group)
		if err != nil || state.Next > index {
			return state, err
		}
		select {
		case <-changed:
			continue
		case <-ctx.Done():
		}
		if state.Next == 0 {
			return state, ctx.Err()
		}
		return state, &Behind{group, state.Next - 1}
	}
}

// snapshot is the group's state; nil if its ledger is not in memory.
func (c *Cache) snapshot(group string) *domain.State {
	l := c.find(group)
	if l == nil {
		return nil
	}
	l.Use()
	return l.snapshot()
}

// hold counts what is held from now on.
func (c *Cache) hold(events int64) {
	if uint64(c.held.Add(events)) > c.budget && events > 0 {
		select {
		case c.full <- struct{}{}:
		default:
		}
	}
}

// Full wakes the writer when more may be held than the budget: it calls Evict.
func (c *Cache) Full() <-chan struct{} { return c.full }

// OnEvict has f called with the name of each group whose ledger is evicted. It holds
// the writer up, so it must be quick.
func (c *Cache) OnEvict(f func(group string)) { c.evicted.Store(&f) }

// An evictable is a ledger or an earlier state.
type evictable struct {
	used  uint64
	evict func()
}

// Evict lets go of what was used longest ago until the rest is within the budget. What
// was used last stays in any case. The writer calls it.
func (c *Cache) Evict() {
	if uint64(c.held.Load()) <= c.budget {
		return
	}
	all := c.evictables()
	slices.SortFunc(all, func(a, b evictable) int { return cmp.Compare(a.used, b.used) })
	for i := 0; i < len(all)-1 && uint64(c.held.Load()) > c.budget; i++ {
		all[i].evict()
	}
}

func (c *Cache) evictables() (all []evictable) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	for _, l := range c.ledgers {
		if l.ledger != nil && !l.pinned {
			all = append(all, evictable{l.used.Load(), func() { l.evict() }})
		}
	}
	for _, states := range c.earlier {
		for _, e := range states {
			if e.isFolded() {
				all = append(all, evictable{e.used.Load(), func() { c.forget(e) }})
			}
		}
	}
	return all
}

// Watch wakes the channel after every commit of the group, and when it stops;
// several that come before the channel is read are one. Call cancel at the end.
func (c *Cache) Watch(group string) (changed <-chan struct{}, cancel func()) {
	ch := make(chan struct{}, 1)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.watchers[group] == nil {
		c.watchers[group] = map[chan struct{}]bool{}
	}
	c.watchers[group][ch] = true
	return ch, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.watchers[group], ch)
		if len(c.watchers[group]) == 0 {
			delete(c.watchers, group)
		}
	}
}

// Wake wakes those who watch the group.
func (c *Cache) Wake(group string) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	for ch := range c.watchers[group] {
		select {
		case ch <- struct{}{}:
		default:
		}
	}
}
