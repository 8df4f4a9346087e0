package projections

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"goldenthread/domain"
)

// Groups keeps the read models of all groups, live beside the ledgers. It is
// safe for concurrent use: one goroutine applies, many read.
//
// A group that is seen from its first event on is folded as it goes. Any other is
// taken from the source when it is first asked about, and kept up from there.
// Those asked about longest ago make room again.
type Groups struct {
	mu       sync.RWMutex
	groups   map[string]*liveGroup
	watchers map[string]map[chan struct{}]bool
	source   Source        // nil: there is nothing but what is applied
	uses     atomic.Uint64 // counted, to know what was used last
	most     uint64        // events of the groups kept together
	grown    atomic.Uint64 // events applied since room was made
}

// A Source has the ledgers' states. It is what the events that are applied come
// from.
type Source interface {
	// Groups are the names of all that have a ledger.
	Groups() []string
	// State is the group's state after every event that was applied before the
	// call, or a later one; the empty state if there is no such group. It is
	// shared, and never changes.
	State(ctx context.Context, group string) (*domain.State, error)
}

// mostKept is how many events the groups kept may have together if nothing else
// is said; states share with those of the ledgers what has not changed.
const mostKept = 1_500_000

// roomEvery is into how many parts of that the groups may grow by what is applied
// before it is looked whether they still fit.
const roomEvery = 20

// A liveGroup is one group with the lock of its readers.
type liveGroup struct {
	mu      sync.RWMutex
	group   *Group // nil: not kept
	trail   *trail // of the group, kept or not; what is known earlier shares it
	stopped *Stopped
	used    atomic.Uint64

	taking  sync.Mutex      // held while it is taken from the source
	meets   bool            // being taken: what is applied waits in pending
	pending []*domain.Event // in order
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
	return &Groups{groups: map[string]*liveGroup{}, watchers: map[string]map[chan struct{}]bool{}, most: mostKept}
}

// From says where states come from, and how many events the groups kept may have
// together; 0 is 1,500,000. It is called before anything is read.
func (s *Groups) From(source Source, most uint64) {
	s.source, s.most = source, cmp.Or(most, mostKept)
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
	s.grown.Add(uint64(len(events)))
	for _, name := range order {
		s.liveOrNew(name).apply(of[name])
		s.wake(name)
	}
}

func (l *liveGroup) apply(events []*domain.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.group == nil && events[0].Index == 0 {
		l.group = of(domain.NewState(events[0].Group), l.trail)
	}
	switch {
	case l.group != nil:
		l.fold(events)
	case l.meets:
		l.pending = append(l.pending, events...)
	}
}

func (l *liveGroup) fold(events []*domain.Event) {
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
		l.stopped = &Stopped{l.trail.group, at, why}
	}
}

// kept says whether the group can be read as it is.
func (l *liveGroup) kept() bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.group != nil || l.stopped != nil
}

// take takes the group from the source. What is applied meanwhile waits, and
// what the state has of it already is left out.
func (l *liveGroup) take(ctx context.Context, source Source) error {
	l.taking.Lock()
	defer l.taking.Unlock()
	if l.kept() {
		return nil
	}
	l.meet(true)
	defer l.meet(false)
	state, err := source.State(ctx, l.trail.group)
	if err != nil || state.Next == 0 {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.group = of(state, l.trail)
	l.fold(slices.DeleteFunc(l.pending, func(e *domain.Event) bool { return e.Index < state.Next }))
	return nil
}

func (l *liveGroup) meet(on bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.meets, l.pending = on, nil
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
	if s.source != nil {
		return s.source.Groups()
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Sorted(maps.Keys(s.groups))
}

// Known is a group as it was known earlier: the state that its ledger's first
// events made.
func (s *Groups) Known(state *domain.State) *Group {
	return of(state, s.liveOrNew(state.Group).trail)
}

// Read runs f on the group, which does not change meanwhile. With atLeast it
// waits, until ctx ends, for that event to have been applied. The error is a
// *NotFound, *Behind or *Stopped, or that of f.
func (s *Groups) Read(ctx context.Context, group string, atLeast *uint64, f func(*Group) error) error {
	if done, err := s.tryRead(ctx, group, atLeast, f); done {
		return err
	}
	changed, cancel := s.Watch(group)
	defer cancel()
	for {
		done, err := s.tryRead(ctx, group, atLeast, f)
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
func (s *Groups) tryRead(ctx context.Context, group string, atLeast *uint64, f func(*Group) error) (done bool, err error) {
	l, err := s.taken(ctx, group)
	if err != nil {
		return true, err
	}
	if l == nil {
		return atLeast == nil, &NotFound{group}
	}
	l.used.Store(s.uses.Add(1))
	if s.grown.Load() > s.most/roomEvery {
		s.makeRoom(l)
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	switch {
	case l.stopped != nil:
		return true, l.stopped
	case l.group == nil:
		return atLeast == nil, &NotFound{group}
	}
	if newest, _ := l.group.Index(); atLeast != nil && newest < *atLeast {
		return false, &Behind{group, newest}
	}
	return true, f(l.group)
}

// taken is the group, taken from the source if it is not kept; nil if there is none.
func (s *Groups) taken(ctx context.Context, group string) (*liveGroup, error) {
	l := s.live(group)
	switch {
	case s.source == nil, l != nil && l.kept():
		return l, nil
	case l == nil && !slices.Contains(s.source.Groups(), group):
		return nil, nil
	}
	l = s.liveOrNew(group)
	if err := l.take(ctx, s.source); err != nil {
		return nil, err
	}
	s.makeRoom(l)
	return l, nil
}

// makeRoom lets go of groups, those asked about longest ago first, but for one.
// Without a source there is nowhere to take them from again.
func (s *Groups) makeRoom(but *liveGroup) {
	if s.source == nil {
		return
	}
	s.grown.Store(0)
	s.mu.RLock()
	all := slices.Collect(maps.Values(s.groups))
	s.mu.RUnlock()
	total := uint64(0)
	for _, l := range all {
		total += l.size()
	}
	slices.SortFunc(all, func(a, b *liveGroup) int { return cmp.Compare(a.used.Load(), b.used.Load()) })
	for _, l := range all {
		if total <= s.most {
			return
		}
		if l != but {
			total -= l.drop()
		}
	}
}

func (l *liveGroup) size() uint64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.group == nil || l.stopped != nil {
		return 0
	}
	return l.group.state.Next
}

// drop lets go of the group, and says how many events that are.
func (l *liveGroup) drop() uint64 {
	n := l.size()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopped != nil {
		return 0
	}
	l.group = nil
	l.trail.forget()
	return n
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
		s.groups[group] = &liveGroup{trail: &trail{group: group}}
	}
	return s.groups[group]
}
