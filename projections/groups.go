package projections

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"goldenthread/domain"
)

// Groups keeps the read models of all groups, live beside the ledgers. It is
// safe for concurrent use: one goroutine applies, many read.
type Groups struct {
	mu       sync.RWMutex
	groups   map[string]*liveGroup
	watchers map[string]map[chan struct{}]bool
}

// A liveGroup is one group with the lock of its readers.
type liveGroup struct {
	mu      sync.RWMutex
	group   *Group
	stopped *Stopped
}

// NotFound says that there is no such group, or none yet.
type NotFound struct{ Group string }

func (e *NotFound) Error() string { return fmt.Sprintf("there is no group called %q here", e.Group) }

// Behind says that the event asked for was not yet applied when the wait ended.
type Behind struct {
	Group string
	Have  uint64 // newest event applied
}

func (e *Behind) Error() string { return fmt.Sprintf("%s has reached event %d here", e.Group, e.Have) }

// Stopped says that the group's ledger is damaged from event At on.
type Stopped struct {
	Group string
	At    uint64 // first event that could not be applied
	Why   error
}

func (e *Stopped) Error() string { return fmt.Sprintf("%s stopped at %d: %v", e.Group, e.At, e.Why) }
func (e *Stopped) Unwrap() error { return e.Why }

// NewGroups are no groups yet.
func NewGroups() *Groups {
	return &Groups{groups: map[string]*liveGroup{}, watchers: map[string]map[chan struct{}]bool{}}
}

// Apply folds the events of a commit in, in stream order; one goroutine calls
// it. Events of one group become visible together. A gap, or an event that
// can't be folded, stops that group alone.
func (s *Groups) Apply(events []domain.Event) {
	var order []string
	of := map[string][]*domain.Event{}
	for i := range events {
		e := &events[i]
		if of[e.Group] == nil {
			order = append(order, e.Group)
		}
		of[e.Group] = append(of[e.Group], e)
	}
	for _, name := range order {
		s.liveOrNew(name).apply(of[name])
		s.wake(name)
	}
}

func (l *liveGroup) apply(events []*domain.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range events {
		if l.stopped != nil {
			return
		}
		l.applyOne(e)
	}
}

func (l *liveGroup) applyOne(e *domain.Event) {
	defer func() {
		if p := recover(); p != nil {
			l.stop(e.Index, fmt.Errorf("%s could not be folded: %v", e.Kind(), p))
		}
	}()
	if next := l.group.state.Next; e.Index != next {
		l.stop(next, fmt.Errorf("%w: event %d where %d was expected", domain.ErrGap, e.Index, next))
		return
	}
	l.group.Apply(e)
}

func (l *liveGroup) stop(at uint64, why error) {
	if l.stopped == nil {
		l.stopped = &Stopped{l.group.state.Group, at, why}
	}
}

// Stop says that the group's ledger is damaged at that event: from then on
// reads of it answer with Stopped.
func (s *Groups) Stop(group string, at uint64, why error) {
	l := s.liveOrNew(group)
	l.mu.Lock()
	l.stop(at, why)
	l.mu.Unlock()
	s.wake(group)
}

// Names are the names of all groups, in order.
func (s *Groups) Names() []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Sorted(maps.Keys(s.groups))
}

// Read runs f on the group, which does not change meanwhile. With atLeast it
// waits, until ctx ends, for that event to have been applied. The error is a
// *NotFound, *Behind or *Stopped, or that of f.
func (s *Groups) Read(ctx context.Context, group string, atLeast *uint64, f func(*Group) error) error {
	if done, err := s.tryRead(group, atLeast, f); done {
		return err
	}
	changed, cancel := s.Watch(group)
	defer cancel()
	for {
		done, err := s.tryRead(group, atLeast, f)
		if done {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return err
		}
	}
}

// tryRead is one attempt of Read; what it lacks is the error if it is not done.
func (s *Groups) tryRead(group string, atLeast *uint64, f func(*Group) error) (done bool, err error) {
	l := s.live(group)
	if l == nil {
		return atLeast == nil, &NotFound{group}
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	newest, any := l.group.Index()
	switch {
	case l.stopped != nil:
		return true, l.stopped
	case !any:
		return atLeast == nil, &NotFound{group}
	case atLeast != nil && newest < *atLeast:
		return false, &Behind{group, newest}
	}
	return true, f(l.group)
}

// Watch wakes the channel after every commit of the group, and when it stops;
// several that come before the channel is read are one. Call cancel at the end.
func (s *Groups) Watch(group string) (ch <-chan struct{}, cancel func()) {
	c := make(chan struct{}, 1)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.watchers[group] == nil {
		s.watchers[group] = map[chan struct{}]bool{}
	}
	s.watchers[group][c] = true
	return c, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.watchers[group], c)
		if len(s.watchers[group]) == 0 {
			delete(s.watchers, group)
		}
	}
}

func (s *Groups) wake(group string) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for c := range s.watchers[group] {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

func (s *Groups) live(group string) *liveGroup {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.groups[group]
}

func (s *Groups) liveOrNew(group string) *liveGroup {
	if l := s.live(group); l != nil {
		return l
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.groups[group] == nil {
		s.groups[group] = &liveGroup{group: New(group)}
	}
	return s.groups[group]
}
