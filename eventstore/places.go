package eventstore

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// Places says of each group how many events it has, and where in the stream
// those lie which its log is not signed for yet: 24 bytes an event, kept in
// memory. The writer adds to it, everybody reads.
type places struct {
	mu     sync.RWMutex
	groups map[string]*groupPlaces
}

type groupPlaces struct {
	base    uint64  // index of the first of events; those before it are read from the log
	events  []place // by index
	stopped *Stopped
}

type place struct {
	sequence uint64 // of the message; 0: only the group's log has it
	recorded int64  // milliseconds since 1970
	offset   uint32 // of the line in the message, bytes
	length   uint32
}

func (g *groupPlaces) next() uint64 { return g.base + uint64(len(g.events)) }

func (p *places) group(name string) *groupPlaces {
	g := p.groups[name]
	if g == nil {
		g = &groupPlaces{}
		p.groups[name] = g
	}
	return g
}

// begin says that the group has as many events, all signed for.
func (p *places) begin(group string, events uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.groups[group] = &groupPlaces{base: events}
}

func (p *places) add(group string, at place) {
	p.mu.Lock()
	defer p.mu.Unlock()
	g := p.group(group)
	g.events = append(g.events, at)
}

// trim forgets where the group's events before the index lie in the stream.
func (p *places) trim(group string, index uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if g := p.group(group); index > g.base && index <= g.next() {
		g.base, g.events = index, slices.Clone(g.events[index-g.base:])
	}
}

func (p *places) stop(s *Stopped) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.group(s.Group).stopped = s
}

// anyStopped says whether some group is stopped.
func (p *places) anyStopped() bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	for _, g := range p.groups {
		if g.stopped != nil {
			return true
		}
	}
	return false
}

// forget has nothing of the group read any more.
func (p *places) forget(group string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	g := p.group(group)
	g.base, g.events = 0, nil
}

// find is the place of an event, the zero place if its log has it; why there is
// none otherwise.
func (p *places) find(group string, index uint64) (place, error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	g := p.groups[group]
	switch {
	case g != nil && index < g.base:
		return place{}, nil
	case g != nil && index < g.next():
		return g.events[index-g.base], nil
	case g != nil && g.stopped != nil:
		return place{}, g.stopped
	}
	return place{}, fmt.Errorf("%w: %s %d", ErrNoEvent, group, index)
}

// base is the index before which the group's log is read.
func (p *places) base(group string) uint64 {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if g := p.groups[group]; g != nil {
		return g.base
	}
	return 0
}

// recordedBy is the number of the group's events recorded at or before the
// moment; false if that is a matter of events whose places are forgotten.
func (p *places) recordedBy(group string, t time.Time) (n uint64, ok bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	g := p.groups[group]
	if g == nil {
		return 0, true
	}
	i, _ := slices.BinarySearchFunc(g.events, t.UnixMilli(), func(p place, ms int64) int {
		if p.recorded <= ms {
			return -1
		}
		return 1
	})
	return g.base + uint64(i), i > 0 || g.base == 0
}

// Groups names the groups that have a ledger, sorted.
func (s *Store) Groups() []string {
	s.places.mu.RLock()
	names := slices.Collect(maps.Keys(s.places.groups))
	s.places.mu.RUnlock()
	slices.Sort(names) // without holding up the writer
	return names
}

// Next is the index that the group's next event will have; 0 for a group that
// has not been founded.
func (s *Store) Next(group string) uint64 {
	s.places.mu.RLock()
	defer s.places.mu.RUnlock()
	if g := s.places.groups[group]; g != nil {
		return g.next()
	}
	return 0
}

// Stopped says why the group's ledger can't be used any more (*Stopped); nil
// for a group in order.
func (s *Store) Stopped(group string) error {
	s.places.mu.RLock()
	defer s.places.mu.RUnlock()
	if g := s.places.groups[group]; g != nil && g.stopped != nil {
		return g.stopped
	}
	return nil
}
