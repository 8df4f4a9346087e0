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

// Groups keeps the read models of all groups, up to date beside the ledgers. It is
// safe for concurrent use: one goroutine applies events, many read.
//
// What is read is a snapshot, which never changes: whoever applies waits for no
// reader, and readers wait for nobody but whoever makes the next snapshot.
//
// A group that is seen from its first event on is kept from there. Any other is
// taken from the source when it is first asked about. Those asked about longest
// ago are let go of to make room.
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

// foldAhead is how many applied events may wait for a reader before they are folded
// without one.
const foldAhead = 1024

// A liveGroup is one group: its newest snapshot and the events that came since.
type liveGroup struct {
	trail   *trail // of the group, kept or not; what is known earlier shares it
	used    atomic.Uint64
	newest  atomic.Pointer[Group]   // newest snapshot; nil: not kept
	stopped atomic.Pointer[Stopped] // nil: in order
	next    atomic.Uint64           // index of the next event, while the group is kept

	folding sync.Mutex // held while a snapshot is made or let go of; never by whoever applies

	mu      sync.Mutex      // guards what follows; held for moments only
	follows bool            // events that are applied are added to pending
	pending []*domain.Event // applied since the snapshot, in order
	ahead   bool            // a goroutine is about to fold them
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

// Apply takes in the events of a commit, in stream order; one goroutine calls it,
// and waits for no reader. Events of one group become visible together. A gap, or
// an event that can't be folded, stops that group alone.
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
	if !l.follows && events[0].Index == 0 {
		l.follows = true
		l.newest.Store(of(domain.NewState(events[0].Group), l.trail))
	}
	if !l.follows || l.stopped.Load() != nil {
		return
	}
	l.pending = append(l.pending, events...)
	l.next.Store(events[len(events)-1].Index + 1)
	if len(l.pending) >= foldAhead && !l.ahead {
		l.ahead = true
		go l.snapshot()
	}
}

// snapshot is the group after every event that was applied before the call; nil
// if it is not kept.
func (l *liveGroup) snapshot() *Group {
	if g := l.newest.Load(); g == nil || g.state.Next == l.next.Load() {
		return g
	}
	l.folding.Lock()
	defer l.folding.Unlock()
	g, events := l.newest.Load(), l.takePending()
	if g == nil || len(events) == 0 {
		return g
	}
	g = of(g.state.Copy(), l.trail)
	for _, e := range events {
		if err := fold(g.state, e); err != nil {
			l.stop(g.state.Next, err)
			break
		}
	}
	l.newest.Store(g)
	return g
}

func (l *liveGroup) takePending() []*domain.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	events := l.pending
	l.pending, l.ahead = nil, false
	return events
}

// fold applies the event. An error means that it can't follow from those before it.
func fold(state *domain.State, e *domain.Event) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s could not be folded: %v", e.Kind(), p)
		}
	}()
	if e.Index != state.Next {
		return fmt.Errorf("%w: event %d where %d was expected", domain.ErrGap, e.Index, state.Next)
	}
	state.Apply(e)
	return nil
}

func (l *liveGroup) stop(at uint64, why error) {
	l.stopped.CompareAndSwap(nil, &Stopped{l.trail.group, at, why})
}

// take takes the group from the source; nil if there is none. What is applied
// meanwhile waits, and what the state has of it already is left out.
func (l *liveGroup) take(ctx context.Context, source Source) (*Group, error) {
	l.folding.Lock()
	defer l.folding.Unlock()
	if g := l.newest.Load(); g != nil || l.stopped.Load() != nil {
		return g, nil
	}
	l.follow(true)
	state, err := source.State(ctx, l.trail.group)
	if err != nil || state.Next == 0 {
		l.follow(false)
		return nil, err
	}
	g := of(state, l.trail)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pending = slices.DeleteFunc(l.pending, func(e *domain.Event) bool { return e.Index < state.Next })
	if len(l.pending) == 0 {
		l.next.Store(state.Next)
	}
	l.newest.Store(g)
	return g, nil
}

func (l *liveGroup) follow(on bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.follows, l.pending = on, nil
}

// Stop says that the group's ledger is damaged at that event: from then on
// reads of it answer with Stopped.
func (s *Groups) Stop(group string, at uint64, why error) {
	s.liveOrNew(group).stop(at, why)
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

// Now is a snapshot of the group after every event that was applied before the
// call; it never changes. With atLeast it waits, until ctx ends, for that event to
// have been applied. The error is a *NotFound, *Behind or *Stopped, or the source's.
func (s *Groups) Now(ctx context.Context, group string, atLeast *uint64) (*Group, error) {
	g, final, err := s.tryNow(ctx, group, atLeast)
	if final {
		return g, err
	}
	changed, cancel := s.Watch(group)
	defer cancel()
	for {
		g, final, err := s.tryNow(ctx, group, atLeast)
		if final {
			return g, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, err
		}
	}
}

// tryNow is one attempt of Now; it is not final while the event asked for may
// still come.
func (s *Groups) tryNow(ctx context.Context, group string, atLeast *uint64) (g *Group, final bool, err error) {
	l := s.live(group)
	if l == nil && s.source != nil && slices.Contains(s.source.Groups(), group) {
		l = s.liveOrNew(group)
	}
	if l == nil {
		return nil, atLeast == nil, &NotFound{group}
	}
	l.used.Store(s.uses.Add(1))
	if s.grown.Load() > s.most/roomEvery {
		s.makeRoom(l)
	}
	g = l.snapshot()
	if g == nil && s.source != nil && l.stopped.Load() == nil {
		if g, err = l.take(ctx, s.source); err != nil {
			return nil, true, err
		}
		s.makeRoom(l)
		g = cmp.Or(l.snapshot(), g) // with what was applied meanwhile
	}
	if stopped := l.stopped.Load(); stopped != nil {
		return nil, true, stopped
	}
	if g == nil {
		return nil, atLeast == nil, &NotFound{group}
	}
	if newest, _ := g.Index(); atLeast != nil && newest < *atLeast {
		return nil, false, &Behind{group, newest}
	}
	return g, true, nil
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
	if l.newest.Load() == nil || l.stopped.Load() != nil {
		return 0
	}
	return l.next.Load()
}

// drop lets go of the group, and says how many events that are.
func (l *liveGroup) drop() uint64 {
	l.folding.Lock()
	defer l.folding.Unlock()
	n := l.size()
	if l.stopped.Load() != nil {
		return 0
	}
	l.newest.Store(nil)
	l.follow(false)
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
