package stream

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"goldenthread/eventstore/commit"
)

// Positions have the number of events of each group, and the positions in the stream of
// those that its log is not signed for yet: 24 bytes an event, in memory. Only the writer
// adds to them. They are safe for concurrent use.
type Positions struct {
	mu     sync.RWMutex
	groups map[string]*positionsOf
}

type positionsOf struct {
	base    uint64     // index of the first of events; those before it are read from the log
	events  []position // by index
	stopped *commit.Stopped
}

type position struct {
	Sequence uint64 // of the message; 0: only the group's log has it
	recorded int64  // milliseconds since 1970
	offset   uint32 // of the line in the message, bytes
	length   uint32
}

func (g *positionsOf) next() uint64 { return g.base + uint64(len(g.events)) }

func (p *Positions) group(name string) *positionsOf {
	g := p.groups[name]
	if g == nil {
		g = &positionsOf{}
		p.groups[name] = g
	}
	return g
}

// Begin sets how many events the group has, all of them signed for.
func (p *Positions) Begin(group string, events uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.groups[group] = &positionsOf{base: events}
}

// Add adds the group's next event, which is in the message with that sequence.
func (p *Positions) Add(sequence uint64, at *commit.Piece) {
	e := &at.Entry.Event
	there := position{sequence, e.Time.UnixMilli(), uint32(at.Offset), uint32(len(at.Entry.Line))}
	if at.FromLog {
		there.Sequence = 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	g := p.group(at.Group)
	g.events = append(g.events, there)
}

// Trim forgets the positions of the group's events before the index.
func (p *Positions) Trim(group string, index uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if g := p.group(group); index > g.base && index <= g.next() {
		g.base, g.events = index, slices.Clone(g.events[index-g.base:])
	}
}

// Stop marks the group as stopped.
func (p *Positions) Stop(s *commit.Stopped) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.group(s.Group).stopped = s
}

// AnyStopped says whether some group is stopped.
func (p *Positions) AnyStopped() bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	for _, g := range p.groups {
		if g.stopped != nil {
			return true
		}
	}
	return false
}

// Forget removes all events of the group: none of them is read any more.
func (p *Positions) Forget(group string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	g := p.group(group)
	g.base, g.events = 0, nil
}

// Find is the position of an event; the zero position if it is read from the log. Errors:
// commit.ErrNoEvent, or *commit.Stopped if the ledger ends before it.
func (p *Positions) Find(group string, index uint64) (position, error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	g := p.groups[group]
	switch {
	case g != nil && index < g.base:
		return position{}, nil
	case g != nil && index < g.next():
		return g.events[index-g.base], nil
	case g != nil && g.stopped != nil:
		return position{}, g.stopped
	}
	return position{}, fmt.Errorf("%w: %s %d", commit.ErrNoEvent, group, index)
}

// base is the index before which the group's log is read.
func (p *Positions) base(group string) uint64 {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if g := p.groups[group]; g != nil {
		return g.base
	}
	return 0
}

// RecordedBy is the number of the group's events that were recorded at or before t. If t
// is older than all positions still held, it is false: the number is at most n.
func (p *Positions) RecordedBy(group string, t time.Time) (n uint64, ok bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	g := p.groups[group]
	if g == nil {
		return 0, true
	}
	i, _ := slices.BinarySearchFunc(g.events, t.UnixMilli(), func(p position, ms int64) int {
		if p.recorded <= ms {
			return -1
		}
		return 1
	})
	return g.base + uint64(i), i > 0 || g.base == 0
}

// Groups names the groups that have a ledger, sorted.
func (s *Stream) Groups() []string {
	s.Positions.mu.RLock()
	names := slices.Collect(maps.Keys(s.Positions.groups))
	s.Positions.mu.RUnlock()
	slices.Sort(names) // outside of the lock, so that the writer does not wait
	return names
}

// Next is the index that the group's next event will have; 0 for a group that
// has not been founded.
func (s *Stream) Next(group string) uint64 {
	s.Positions.mu.RLock()
	defer s.Positions.mu.RUnlock()
	if g := s.Positions.groups[group]; g != nil {
		return g.next()
	}
	return 0
}

// Stopped says why the group's ledger can't be used any more (*Stopped); nil
// for a group in order.
func (s *Stream) Stopped(group string) error {
	s.Positions.mu.RLock()
	defer s.Positions.mu.RUnlock()
	if g := s.Positions.groups[group]; g != nil && g.stopped != nil {
		return g.stopped
	}
	return nil
}
