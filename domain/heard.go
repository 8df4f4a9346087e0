package domain

import "slices"

// Objections heard (rule C10): what the manager heard a seat object is no objection of
// that seat. It stops settlement until the seat answers, for a full window at most.

// hearObjection records an objection that was heard: once for a seat and version, and
// not from somebody whom a system body employs.
func (c *ReportPosition) hearObjection(t *turn, p *Proposal, e *ObjectionHeard) *Refusal {
	if t.s.employedBySystem(t.actor.ID, Manager, t.day) {
		return notNow("C10", "A system body employs you, so you can't record an objection for %s. Ask %s to raise it.", t.s.name(e.Seat), t.s.office(e.Person)).at("stand")
	}
	if had := p.heardObjection(e.Seat); had != nil {
		if had.Person == e.Person && had.Heard == e.Heard && had.Why == e.Why {
			return t.saidBefore(had.Index)
		}
		return notNow("C10", "It was recorded on %s that %s objects to this version. That is recorded once; %s can raise an objection itself.", had.On.Words(), t.s.name(e.Seat), t.s.name(e.Seat)).at("stand")
	}
	t.record(e)
	return nil
}

// ObjectionHeard: the manager heard that a seat objects to a version.
type ObjectionHeard struct {
	Proposal string   `json:"proposal"`
	Version  int      `json:"version"`
	Seat     string   `json:"seat"`
	Person   string   `json:"person" doc:"who said it"`
	Role     SeatRole `json:"role"`
	Heard    string   `json:"heard" doc:"how it was said"`
	Why      string   `json:"why,omitempty"`
}

func (e *ObjectionHeard) Subject() string { return "proposal/" + e.Proposal }
func (e *ObjectionHeard) apply(s *State, ev *Event) {
	p := s.touch(e.Proposal, ev)
	p.Heard = with(p.Heard, HeardObjection{e.Version, e.Seat, e.Person, e.Role, e.Heard, e.Why, DayOf(ev.Time), ev.Index})
}

// A HeardObjection is an objection that the manager heard from a seat.
type HeardObjection struct {
	Version int
	Seat    string
	Person  string // who said it
	Role    SeatRole
	Heard   string // how
	Why     string
	On      Day // recorded
	Index   uint64
}

// heardObjection is what the manager heard the seat object to the newest version; nil if nothing.
func (p *Proposal) heardObjection(seat string) *HeardObjection {
	for i := range p.Heard {
		if h := &p.Heard[i]; h.Seat == seat && h.Version == p.Version().Number {
			return h
		}
	}
	return nil
}

// ObjectionToAnswer is the objection heard from the seat on the newest version that
// stops settlement on that day: the seat has not spoken since, and no full window has
// run. It is nil if none does (rule C10).
func (s *decisions) ObjectionToAnswer(p *Proposal, seat string, d Day) *HeardObjection {
	h := p.heardObjection(seat)
	if h == nil || d >= h.answerBy(p) || s.answeredAfter(p, seat, h.Index) {
		return nil
	}
	return h
}

// answeredAfter says whether the seat itself said something to the proposal after that
// event: took a position, confirmed one, objected, or let an objection go.
func (s *decisions) answeredAfter(p *Proposal, seat string, index uint64) bool {
	own := func(pos Position) bool {
		return pos.Seat == seat && (pos.Heard == "" && pos.Index > index || pos.ConfirmedIndex > index)
	}
	objected := func(number string) bool {
		o := s.Objections[number]
		return o.Seat == seat && max(o.Index, o.EndedIndex) > index
	}
	return slices.ContainsFunc(p.Positions, own) || slices.ContainsFunc(p.Objections, objected)
}

// answerBy is the first day on which the heard objection stops nothing any more.
func (h *HeardObjection) answerBy(p *Proposal) Day { return h.On.Add(p.fullWindow()) }

// fullWindow is the full window of the newest version: the charter's days for
// objections under which it was put, at least one.
func (p *Proposal) fullWindow() int { return max(p.Version().Window, 1) }

// ToConfirm is what the manager heard the seat say to the newest version and the seat
// has to confirm; nil if there is nothing such.
func (p *Proposal) ToConfirm(seat string) *Position {
	if pos := p.lastOf(seat); pos != nil && !pos.counts() {
		return pos
	}
	return nil
}
