package ledgers

import (
	"context"
	"errors"
	"sync/atomic"

	"goldenthread/domain"
)

// Earlier states of ledgers are folded from their events, and those asked for lately
// are remembered. On its way a fold leaves marks, from which later ones go on: they
// are remembered likewise.
const (
	earlierFolds = 2    // folded at once
	markEvery    = 2000 // events from one mark to the next
	copyShare    = 32   // the maps of a copied state take about this part of what its events do
)

// An earlier is a state as it was known earlier, which is folded or being folded.
type earlier struct {
	group  string
	next   uint64
	used   atomic.Uint64 // when it was used last, counted in the cache's uses
	weight int64         // in events
	state  *domain.State
	err    error
	folded chan struct{} // closed when state or err is there
}

func (e *earlier) isFolded() bool {
	select {
	case <-e.folded:
		return true
	default:
		return false
	}
}

// AsKnown is the group's state as its events before the index next made it (rule L4).
// It never changes, and nobody may change it. Errors: the context's, or what reading
// the events met.
func (c *Cache) AsKnown(ctx context.Context, group string, next uint64) (*domain.State, error) {
	for {
		if next == c.source.Next(group) {
			if state, err := c.State(ctx, group); err != nil || state.Next == next {
				return state, err
			}
		}
		e, isNew := c.rememberedAt(group, next)
		if isNew {
			state, weight, err := c.foldEarlier(ctx, group, next)
			c.finish(e, state, weight, err)
		}
		select {
		case <-e.folded:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if e.err == nil || ctx.Err() != nil || !errors.Is(e.err, context.Canceled) && !errors.Is(e.err, context.DeadlineExceeded) {
			return e.state, e.err
		} // else somebody else asked first, and gave up
	}
}

// rememberedAt is the state at that index, and whether the caller is to fold it.
func (c *Cache) rememberedAt(group string, next uint64) (e *earlier, isNew bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e = c.earlier[group][next]
	if e == nil {
		e, isNew = c.remember(group, next), true
	}
	e.used.Store(c.uses.Add(1))
	return e, isNew
}

// remember makes room for an earlier state. The mutex is held.
func (c *Cache) remember(group string, next uint64) *earlier {
	if c.earlier[group] == nil {
		c.earlier[group] = map[uint64]*earlier{}
	}
	e := &earlier{group: group, next: next, folded: make(chan struct{})}
	c.earlier[group][next] = e
	return e
}

// finish gives the state to all who wait for it. What can't be folded is forgotten.
func (c *Cache) finish(e *earlier, state *domain.State, weight int64, err error) {
	e.state, e.weight, e.err = state, weight, err
	c.hold(weight)
	close(e.folded)
	if err != nil {
		c.forget(e)
	}
}

func (c *Cache) forget(e *earlier) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.earlier[e.group][e.next] != e {
		return
	}
	delete(c.earlier[e.group], e.next)
	if len(c.earlier[e.group]) == 0 {
		delete(c.earlier, e.group)
	}
	c.hold(-e.weight)
}

// foldEarlier folds the group's events before the index next, from the latest state
// before it that is remembered, and leaves marks. It returns what the state weighs, in
// events, beside those marks.
func (c *Cache) foldEarlier(ctx context.Context, group string, next uint64) (state *domain.State, weight int64, err error) {
	select {
	case c.folding <- struct{}{}:
		defer func() { <-c.folding }()
	case <-ctx.Done():
		return nil, 0, ctx.Err()
	}
	state = c.latestBefore(group, next)
	from := state.Next
	for e, err := range c.source.Entries(ctx, group, state.Next, next) {
		if err != nil {
			return nil, 0, err
		}
		if state.Apply(&e.Event); state.Next%c.markEach == 0 && state.Next < next {
			c.mark(state.Copy(), weightOf(state, from))
			from = state.Next
		}
	}
	return state, weightOf(state, from), nil
}

// weightOf is what a state weighs that was folded from the one at that index: its new
// events, and its copies of the maps.
func weightOf(state *domain.State, from uint64) int64 {
	return int64(state.Next - from + state.Next/copyShare)
}

// mark remembers the state, unless it is already.
func (c *Cache) mark(state *domain.State, weight int64) {
	c.mu.Lock()
	e := c.earlier[state.Group][state.Next]
	isNew := e == nil
	if isNew {
		e = c.remember(state.Group, state.Next)
	}
	e.used.Store(c.uses.Add(1))
	c.mu.Unlock()
	if isNew {
		c.finish(e, state, weight, nil)
	}
}

// latestBefore is a copy of the latest state of the group that is remembered and not
// after the index; the empty state if there is none.
func (c *Cache) latestBefore(group string, next uint64) *domain.State {
	c.mu.RLock()
	defer c.mu.RUnlock()
	var best *earlier
	for n, e := range c.earlier[group] {
		if n <= next && (best == nil || n > best.next) && e.isFolded() && e.err == nil {
			best = e
		}
	}
	if best == nil {
		return domain.NewState(group)
	}
	best.used.Store(c.uses.Add(1))
	return best.state.Copy()
}
