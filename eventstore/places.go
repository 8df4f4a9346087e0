package eventstore

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Places says where in the stream each event of each group lies: 24 bytes an
// event, kept in memory. The writer adds to it, everybody reads.
type places struct {
	mu     sync.RWMutex
	groups map[string]*groupPlaces
}

type groupPlaces struct {
	events  []place // by index
	stopped *Stopped
}

type place struct {
	sequence uint64 // of the message; 0: only the group's log has it
	recorded int64  // milliseconds since 1970
	offset   uint32 // of the line in the message, bytes
	length   uint32
}

func (p *places) group(name string) *groupPlaces {
	g := p.groups[name]
	if g == nil {
		g = &groupPlaces{}
		p.groups[name] = g
	}
	return g
}

func (p *places) add(group string, at place) {
	p.mu.Lock()
	defer p.mu.Unlock()
	g := p.group(group)
	g.events = append(g.events, at)
}

func (p *places) stop(s *Stopped) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.group(s.Group).stopped = s
}

// forget has nothing of the group read any more.
func (p *places) forget(group string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.group(group).events = nil
}

// find is the place of an event; why there is none otherwise.
func (p *places) find(group string, index uint64) (place, error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	g := p.groups[group]
	switch {
	case g != nil && index < uint64(len(g.events)):
		return g.events[index], nil
	case g != nil && g.stopped != nil:
		return place{}, g.stopped
	}
	return place{}, fmt.Errorf("%w: %s %d", ErrNoEvent, group, index)
}

// Groups names the groups that have a ledger, sorted.
func (s *Store) Groups() []string {
	s.places.mu.RLock()
	defer s.places.mu.RUnlock()
	names := make([]string, 0, len(s.places.groups))
	for name := range s.places.groups {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Next is the index that the group's next event will have; 0 for a group that
// has not been founded.
func (s *Store) Next(group string) uint64 {
	s.places.mu.RLock()
	defer s.places.mu.RUnlock()
	if g := s.places.groups[group]; g != nil {
		return uint64(len(g.events))
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

// IndexAt is the number of the group's events that were recorded at or before
// t: the ledger as known at t holds the events before that index.
func (s *Store) IndexAt(group string, t time.Time) uint64 {
	s.places.mu.RLock()
	defer s.places.mu.RUnlock()
	g := s.places.groups[group]
	if g == nil {
		return 0
	}
	n, _ := slices.BinarySearchFunc(g.events, t.UnixMilli(), func(p place, ms int64) int {
		if p.recorded <= ms {
			return -1
		}
		return cmp.Compare(p.recorded, ms)
	})
	return uint64(n)
}
