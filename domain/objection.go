package domain

import "slices"

// Objections (rule C3): why, and what would resolve it. A concern is recorded;
// a block stops agreement. Only the seat that raised it lets it go.

// Grade is how far an objection goes.
type Grade string

const (
	Concern Grade = "concern"
	Block   Grade = "block"
)

// RaiseObjection says why a seat can't sign up to a version and what would
// resolve it (rule C3).
type RaiseObjection struct {
	Proposal     string `json:"proposal" rule:"C3" of:"proposal" ask:"Which proposal?"`
	Version      int    `json:"version"`
	Seat         string `json:"seat,omitempty" doc:"organisation's code; needed only by who holds several" maxLength:"60" of:"seat" ask:"Which seat?"`
	Grade        Grade  `json:"grade" enum:"concern,block" else:"Say whether this is a concern or a block." ask:"How far does it go?"`
	Why          string `json:"why" maxLength:"2000" call:"why" ask:"Why?"`
	WouldResolve string `json:"wouldResolve" maxLength:"2000" call:"what would resolve it" ask:"What would resolve it?"`
	Signed
}

func (c *RaiseObjection) may(w *who) (Permission, *Refusal) {
	return w.mustSitOn(c.Proposal, "C3", c.Seat)
}

func (c *RaiseObjection) decide(t *turn) *Refusal {
	p, r := t.s.proposal("C3", c.Proposal)
	if r != nil {
		return r
	}
	if r := firstRefusal(p.checkStage(Open), p.checkVersion(c.Version)); r != nil {
		return r
	}
	seat := t.permission.seat
	if r := t.mustNotOverrideHolder(p, seat); r != nil {
		return r
	}
	if c.Grade == Block && (p.conflicted(t.actor.ID) || t.s.hasInterest(t.actor.ID, p.Matter, t.day)) {
		return notNow("C4", "You declared an interest in this, so you stand aside. A deputy without it may act for %s.", t.s.name(seat.ID))
	}
	e := &ObjectionRaised{
		Objection: t.number('O'), Proposal: p.Number, Version: c.Version, Seat: seat.ID, Person: t.actor.ID,
		Role: t.s.RoleOn(seat, t.actor.ID, t.day), Grade: c.Grade, Why: c.Why, WouldResolve: c.WouldResolve, Signed: c.Signed,
	}
	if r := t.mustBeSigned(p, t.nextIndex(), e); r != nil {
		return r
	}
	if o := t.s.sameObjection(p, e); o != nil && !t.stating {
		return t.saidBefore(o.Index, o.Number)
	}
	t.record(e)
	return nil
}

// sameObjection is the objection that the same person raised for the seat to the
// same version in the same words, and that has not been let go; nil if none is.
func (s *decisions) sameObjection(p *Proposal, e *ObjectionRaised) *Objection {
	for _, o := range s.openObjections(p) {
		if o.Seat == e.Seat && o.Person == e.Person && o.Role == e.Role && o.Version == e.Version && o.Grade == e.Grade &&
			o.Why == e.Why && o.WouldResolve == e.WouldResolve && (o.Signed || e.Signature == nil) {
			return o
		}
	}
	return nil
}

// ResolveObjection is the seat that raised an objection letting it go: it
// accepts a resolution, or withdraws (rule C3).
type ResolveObjection struct {
	Objection string  `json:"objection" rule:"C3" of:"objection" ask:"Which objection?"`
	How       HowLost `json:"how" enum:"accepted,withdrawn" else:"Say whether a resolution is accepted or the objection withdrawn." ask:"How does it end?"`
	Words     string  `json:"words,omitempty" doc:"the resolution that is accepted" maxLength:"2000" call:"the words" ask:"What resolves it" hint:"In words that everybody will read."`
	Signed
}

// HowLost is how an objection was let go.
type HowLost string

const (
	ResolutionAccepted HowLost = "accepted"
	ObjectionWithdrawn HowLost = "withdrawn"
)

func (c *ResolveObjection) may(w *who) (Permission, *Refusal) {
	o := w.s.Objections[c.Objection]
	if o == nil {
		return Permission{}, notFound("C3", "There is no objection %q here.", Clip(c.Objection))
	}
	return anyOf(notYours("C3", "Only %s, which raised this objection, can let it go. Nobody can overrule it.", w.s.name(o.Seat)), w.sitsForAny(w.s.LetGoBy(o.Seat, w.day)))
}

func (c *ResolveObjection) decide(t *turn) *Refusal {
	o := t.s.Objections[c.Objection]
	p := t.s.Proposals[o.Proposal]
	if r := p.checkStage(Open); r != nil {
		return r
	}
	if o.How != "" && o.EndedBy == t.actor.ID && o.How == c.How && o.Words == c.Words && !t.stating {
		return t.saidBefore(o.EndedIndex)
	}
	if o.How != "" {
		return notNow("C3", "%s has already let this objection go.", t.s.name(o.Seat))
	}
	if o.Role == Holder && o.Version == p.Version().Number && t.s.RoleOn(t.permission.seat, t.actor.ID, t.day) == Deputy {
		return notNow("F5", "The holder of the seat of %s raised %s to this version; a holder can let it go, a deputy can't.", t.s.name(o.Seat), o.Number)
	}
	if c.How == ResolutionAccepted {
		if r := checkWords("C3", "the resolution that is accepted", c.Words, someWords).at("words"); r != nil {
			return r
		}
	}
	e := &ObjectionResolved{Objection: o.Number, Proposal: o.Proposal, Person: t.actor.ID, How: c.How, Words: c.Words, Signed: c.Signed}
	if r := t.mustBeSigned(p, o.Index, e); r != nil {
		return r
	}
	t.recordBecause(o.Index, t.day, e)
	return nil
}

// ObjectionRaised: a seat objected.
type ObjectionRaised struct {
	Objection    string   `json:"objection"`
	Proposal     string   `json:"proposal"`
	Version      int      `json:"version"`
	Seat         string   `json:"seat"`
	Person       string   `json:"person"`
	Role         SeatRole `json:"role"`
	Grade        Grade    `json:"grade"`
	Why          string   `json:"why"`
	WouldResolve string   `json:"wouldResolve"`
	Signed
}

func (e *ObjectionRaised) Subject() string { return "proposal/" + e.Proposal }
func (e *ObjectionRaised) made() string    { return e.Objection }
func (e *ObjectionRaised) apply(s *State, ev *Event) {
	s.took(e.Objection)
	s.Objections[e.Objection] = &Objection{
		Number: e.Objection, Proposal: e.Proposal, Version: e.Version, Seat: e.Seat, Person: e.Person, Role: e.Role,
		Grade: e.Grade, Why: e.Why, WouldResolve: e.WouldResolve, Signed: e.Signature != nil, On: ev.Effective, Index: ev.Index,
	}
	p := s.touch(e.Proposal, ev)
	p.Objections = append(slices.Clip(p.Objections), e.Objection)
}

// ObjectionResolved: the seat that objected let it go.
type ObjectionResolved struct {
	Objection string  `json:"objection"`
	Proposal  string  `json:"proposal"`
	Person    string  `json:"person"`
	How       HowLost `json:"how"`
	Words     string  `json:"words,omitempty"`
	Signed
}

func (e *ObjectionResolved) Subject() string { return "proposal/" + e.Proposal }
func (e *ObjectionResolved) apply(s *State, ev *Event) {
	o := edit(s.Objections, e.Objection)
	o.How, o.Words, o.Ended, o.EndedBy, o.EndedIndex = e.How, e.Words, ev.Effective, e.Person, ev.Index
	s.touch(e.Proposal, ev)
}

// An Objection is a seat's reason against a version.
type Objection struct {
	Number       string
	Proposal     string
	Version      int
	Seat         string
	Person       string
	Role         SeatRole
	Grade        Grade
	Why          string
	WouldResolve string
	Signed       bool // by the person, with a passkey
	On           Day
	Index        uint64
	How          HowLost // "" while it stands
	Words        string
	Ended        Day
	EndedBy      string
	EndedIndex   uint64
}

// openObjections are the proposal's objections that nobody has let go, in order.
func (s *decisions) openObjections(p *Proposal) []*Objection {
	var open []*Objection
	for _, n := range p.Objections {
		if o := s.Objections[n]; o.How == "" {
			open = append(open, o)
		}
	}
	return open
}

// BlocksOn are the blocks that stop the proposal: each stands until it is let go,
// whatever becomes of its seat (rule F11).
func (s *decisions) BlocksOn(p *Proposal) []*Objection {
	return slices.DeleteFunc(s.openObjections(p), func(o *Objection) bool { return o.Grade != Block })
}
