package eventstore

import (
	"context"
	"errors"
	"slices"
	"sync"

	"goldenthread/domain"
)

// knownKept is how many earlier states are remembered.
const knownKept = 32

// Known remembers the states that were asked for last, newest first.
type known struct {
	mu     sync.Mutex
	states []*knownState
}

type knownState struct {
	group string
	next  uint64
	once  sync.Once
	state *domain.State
	err   error
}

// AsKnown is the group's state as its events before the index next made it
// (rule L4). It is shared: nobody may change it.
func (s *Store) AsKnown(ctx context.Context, group string, next uint64) (*domain.State, error) {
	for {
		k := s.known.find(group, next)
		k.once.Do(func() { k.state, k.err = s.fold(ctx, group, next) })
		if k.err == nil {
			return k.state, nil
		}
		s.known.forget(k)
		if ctx.Err() != nil || !errors.Is(k.err, context.Canceled) && !errors.Is(k.err, context.DeadlineExceeded) {
			return nil, k.err
		} // else somebody else asked first, and gave up
	}
}

func (s *Store) fold(ctx context.Context, group string, next uint64) (*domain.State, error) {
	state := domain.NewState(group)
	for e, err := range s.Entries(ctx, group, 0, next) {
		if err != nil {
			return nil, err
		}
		state.Apply(&e.Event)
	}
	return state, nil
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
