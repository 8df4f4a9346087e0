package api

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"goldenthread/eventstore"
	"goldenthread/projections"
)

const (
	pastKept  = 24 // earlier folds remembered
	pastFolds = 2  // folded at once

	pastEvery = 4000
	pastMarks = 96 // kept
)

// A past folds groups as they were known earlier (rule L4), and remembers the
// folds that were asked for last. On its way it leaves marks, from which later
// folds go on. What is remembered never changes.
type past struct {
	store   *eventstore.Store
	every   uint64 // events from one mark to the next
	folding chan struct{}
	mu      sync.Mutex
	folds   []pastFold // newest use first
	marks   []pastFold // newest first
}

type pastFold struct {
	name  string
	next  uint64
	group *projections.Group
}

func newPast(store *eventstore.Store) *past {
	return &past{store: store, every: pastEvery, folding: make(chan struct{}, pastFolds)}
}

// group is the group as its events before the index next made it. It is shared:
// nobody may change it.
func (p *past) group(ctx context.Context, name string, next uint64) (*projections.Group, error) {
	if g := p.find(name, next); g != nil {
		return g, nil
	}
	select {
	case p.folding <- struct{}{}:
		defer func() { <-p.folding }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if g := p.find(name, next); g != nil { // somebody else folded it meanwhile
		return g, nil
	}
	from, g := p.before(name, next)
	for entry, err := range p.store.Entries(ctx, name, from, next) {
		if err != nil {
			return nil, fmt.Errorf("fold %s up to %d: %w", name, next, err)
		}
		g.Apply(&entry.Event)
		if known := entry.Event.Index + 1; known%p.every == 0 {
			p.mark(pastFold{name, known, g.Copy()})
		}
	}
	p.keep(pastFold{name, next, g})
	return g, nil
}

// before is a copy of the latest fold or mark of the group that is not after the
// index, and the events in it.
func (p *past) before(name string, next uint64) (uint64, *projections.Group) {
	p.mu.Lock()
	defer p.mu.Unlock()
	best := pastFold{name: name}
	for _, f := range slices.Concat(p.folds, p.marks) {
		if f.name == name && f.next <= next && f.next > best.next {
			best = f
		}
	}
	if best.group == nil {
		return 0, projections.New(name)
	}
	return best.next, best.group.Copy()
}

func (p *past) mark(m pastFold) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if slices.ContainsFunc(p.marks, func(have pastFold) bool { return have.name == m.name && have.next == m.next }) {
		return
	}
	p.marks = slices.Insert(p.marks, 0, m)
	if len(p.marks) > pastMarks {
		p.marks = slices.Delete(p.marks, pastMarks, len(p.marks))
	}
}

func (p *past) find(name string, next uint64) *projections.Group {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.IndexFunc(p.folds, func(f pastFold) bool { return f.name == name && f.next == next })
	if i < 0 {
		return nil
	}
	found := p.folds[i]
	p.folds = slices.Insert(slices.Delete(p.folds, i, i+1), 0, found)
	return found.group
}

func (p *past) keep(f pastFold) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.folds = slices.Insert(p.folds, 0, f)
	if len(p.folds) > pastKept {
		p.folds = slices.Delete(p.folds, pastKept, len(p.folds))
	}
}
