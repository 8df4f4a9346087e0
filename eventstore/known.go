package eventstore

import (
	"context"
	"errors"
	"slices"
	"sync"

	"goldenthread/domain"
)

// Earlier states of ledgers are folded from their events, and the latest asked
// for are remembered. On its way a fold leaves marks, from which later ones go on.
const (
	knownKept  = 48   // earlier states remembered
	knownFolds = 2    // folded at once
	knownMarks = 128  // kept
	markEvery  = 2000 // events from one mark to the next
)

// Known remembers earlier states, those used last first.
type known struct {
	mu     sync.Mutex
	states []*knownState
	marks  []*domain.State
	every  uint64        // events from one mark to the next
	room   chan struct{} // knownFolds at once
}

func newKnown() *known { return &known{every: markEvery, room: make(chan struct{}, knownFolds)} }

type knownState struct {
	group string
	next  uint64
	once  sync.Once
	state *domain.State
	err   error
}

// AsKnown is the group's state as its events before the index next made it
// (rule L4). It is shared: nobody may change it.
func (f *folds) AsKnown(ctx context.Context, group string, next uint64) (*domain.State, error) {
	for {
		k := f.known.find(group, next)
		k.once.Do(func() { k.state, k.err = f.foldKnown(ctx, group, next) })
		if k.err == nil {
			return k.state, nil
		}
		f.known.forget(k)
		if ctx.Err() != nil || !errors.Is(k.err, context.Canceled) && !errors.Is(k.err, context.DeadlineExceeded) {
			return nil, k.err
		} // else somebody else asked first, and gave up
	}
}

func (f *folds) foldKnown(ctx context.Context, group string, next uint64) (*domain.State, error) {
	select {
	case f.known.room <- struct{}{}:
		defer func() { <-f.known.room }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if next == f.stream.Next(group) {
		if state, err := f.State(ctx, group); err != nil || state.Next == next {
			return state, err
		}
	}
	state := f.known.before(group, next)
	for e, err := range f.logs.Entries(ctx, group, state.Next, next) {
		if err != nil {
			return nil, err
		}
		if state.Apply(&e.Event); state.Next%f.known.every == 0 && state.Next < next {
			f.known.mark(state.Copy())
		}
	}
	return state, nil
}

// before is a copy of the latest state of the group that is remembered and not
// after the index.
func (k *known) before(group string, next uint64) *domain.State {
	k.mu.Lock()
	defer k.mu.Unlock()
	best := domain.NewState(group)
	for _, m := range k.marks {
		if m.Group == group && m.Next <= next && m.Next > best.Next {
			best = m
		}
	}
	return best.Copy()
}

func (k *known) mark(state *domain.State) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.marks = slices.DeleteFunc(k.marks, func(m *domain.State) bool { return m.Group == state.Group && m.Next == state.Next })
	k.marks = slices.Insert(k.marks, 0, state)
	if len(k.marks) > knownMarks {
		k.marks = slices.Delete(k.marks, knownMarks, len(k.marks))
	}
}

func (k *known) find(group string, next uint64) *knownState {
	k.mu.Lock()
	defer k.mu.Unlock()
	i := slices.IndexFunc(k.states, func(s *knownState) bool { return s.group == group && s.next == next })
	found := &knownState{group: group, next: next}
	if i >= 0 {
		found = k.states[i]
		k.states = slices.Delete(k.states, i, i+1)
	}
	k.states = slices.Insert(k.states, 0, found)
	if len(k.states) > knownKept {
		k.states = slices.Delete(k.states, knownKept, len(k.states))
	}
	return found
}

func (k *known) forget(gone *knownState) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.states = slices.DeleteFunc(k.states, func(s *knownState) bool { return s == gone })
}
