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
)

// A past folds groups as they were known earlier (rule L4), and remembers the
// folds that were asked for last. What is remembered never changes.
type past struct {
	store   *eventstore.Store
	folding chan struct{}
	mu      sync.Mutex
	folds   []pastFold // newest use first
}

type pastFold struct {
	name  string
	next  uint64
	group *projections.Group
}

func newPast(store *eventstore.Store) *past {
	return &past{store: store, folding: make(chan struct{}, pastFolds)}
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
	g := projections.New(name)
	for entry, err := range p.store.Entries(ctx, name, 0, next) {
		if err != nil {
			return nil, fmt.Errorf("fold %s up to %d: %w", name, next, err)
		}
		g.Apply(&entry.Event)
	}
	p.keep(pastFold{name, next, g})
	return g, nil
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
