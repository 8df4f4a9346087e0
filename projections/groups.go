package projections

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"goldenthread/domain"
)

// Groups are the read models of all groups, made of the states that a source gives
// out. It is safe for concurrent use.
//
// What is read is a snapshot, which never changes: nobody who reads it holds up
// whoever records.
type Groups struct {
	source Source
	mu     sync.RWMutex
	groups map[string]*liveGroup
	search searchIndexes
}

// A Source has the ledgers' states.
type Source interface {
	// Groups are the names of all that have a ledger, in order.
	Groups() []string
	// State is the group's state after every event that was applied before the
	// call, or a later one; the empty state if there is no such group. It is
	// shared, and never changes.
	State(ctx context.Context, group string) (*domain.State, error)
	// Await is the group's state once the event with that index is applied. When ctx
	// ends first, it is the state so far, with an error that says how far that is.
	Await(ctx context.Context, group string, index uint64) (*domain.State, error)
	// Watch wakes the channel after every commit of the group, and when it stops,
	// until cancel is called. Wakes that come before the channel is read are one.
	Watch(group string) (changed <-chan struct{}, cancel func())
}

// A liveGroup is what is remembered of one group.
type liveGroup struct {
	trail  *trail // shared with the group as it was known earlier
	index  *searchIndex
	newest atomic.Pointer[Group] // that was asked for; nil: none
}

// NotFound says that there is no such group, or none yet.
type NotFound struct{ Group string }

func (e *NotFound) Error() string { return fmt.Sprintf("there is no group called %q here", e.Group) }

// NewGroups are the groups of the source.
func NewGroups(source Source) *Groups {
	return &Groups{source: source, groups: map[string]*liveGroup{}}
}

// Names are the names of all groups, in order.
func (s *Groups) Names() []string { return s.source.Groups() }

// Watch is the source's.
func (s *Groups) Watch(group string) (changed <-chan struct{}, cancel func()) {
	return s.source.Watch(group)
}

// Known is a group as it was known earlier: the state that its ledger's first
// events made.
func (s *Groups) Known(state *domain.State) *Group {
	return of(state.View(), s.live(state.Group).trail)
}

// Now is a snapshot of the group after every event that was applied before the
// call; it never changes. With atLeast it waits, until ctx ends, for that event to
// have been applied. The error is a *NotFound or the source's.
func (s *Groups) Now(ctx context.Context, group string, atLeast *uint64) (*Group, error) {
	var state *domain.State
	var err error
	if atLeast == nil {
		state, err = s.source.State(ctx, group)
	} else {
		state, err = s.source.Await(ctx, group, *atLeast)
	}
	switch {
	case state != nil && state.Next == 0:
		return nil, &NotFound{group}
	case err != nil:
		return nil, err
	}
	l := s.live(group)
	g := l.newest.Load()
	if g == nil || g.state.State != state {
		g = of(state.View(), l.trail)
		g.index = l.index
		l.newest.Store(g)
	}
	return g, nil
}

func (s *Groups) live(group string) *liveGroup {
	s.mu.RLock()
	l := s.groups[group]
	s.mu.RUnlock()
	if l != nil {
		return l
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.groups[group] == nil {
		s.groups[group] = &liveGroup{trail: &trail{group: group}, index: &searchIndex{all: &s.search}}
	}
	return s.groups[group]
}

// Forget lets go of what is remembered of a group that the source has evicted.
func (s *Groups) Forget(group string) {
	s.mu.RLock()
	l := s.groups[group]
	s.mu.RUnlock()
	if l != nil {
		l.newest.Store(nil)
		l.trail.forget()
		l.index.forget()
	}
}
