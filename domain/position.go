package domain

import "slices"

// Positions (rules C2, C4, C5, C10, F5): what a seat says to exact words.

// Stand is what a seat says to a version.
type Stand string

const (
	Consent    Stand = "consent"
	StandAside Stand = "stand-aside"
	Objects    Stand = "objection" // only where the manager reports it: a seat's own objection is raised (rules C3, C10)
)

// GiveConsent is a seat's consent to a version (rule C5).
type GiveConsent struct {
	Proposal    string `json:"proposal" rule:"C1" of:"proposal" ask:"Which proposal?"`
	Version     int    `json:"version"`
	Seat        string `json:"seat,omitempty" doc:"organisation's code; needed only by who holds several" maxLength:"60" of:"seat" ask:"Which seat?"`
	NeedNotWait bool   `json:"needNotWait,omitempty" doc:"the window falls away if every seat says so" ask:"This need not wait for the window to end"`

	Rests *RestsOn `json:"rests,omitempty" doc:"of another group's seat: what its consent rests on in its own ledger"`
	Signed
}

func (c *GiveConsent) may(w *who) (Permission, *Refusal) {
	return w.mustSitOn(c.Proposal, "C5", c.Seat)
}

func (c *GiveConsent) decide(t *turn) *Refusal {
	p, seat, r := t.positionOn(c.Proposal, c.Version)
	if r != nil {
		return r
	}
	if p.conflicted(t.actor.ID) || t.s.hasInterest(t.actor.ID, p.Matter, t.day) {
		return notNow("C4", "You declared an interest in this, so you stand aside. A deputy without it may act for %s.", t.s.name(seat.ID))
	}
	for _, o := range t.s.openObjections(p) {
		if o.Grade == Block && slices.Contains(t.s.LetGoBy(o.Seat, t.day), seat.ID) {
			return notNow("C3", "%s still blocks %s. Accept a resolution or withdraw objection %s first.", t.s.name(seat.ID), p.Number, o.Number)
		}
	}
	if r := t.checkRests(seat.ID, c.Rests, p.Matter); r != nil {
		return r
	}
	taken, r := t.takePosition(p, seat, PositionTaken{Stand: Consent, NeedNotWait: c.NeedNotWait, Signed: c.Signed}, c.Rests)
	if r != nil || t.before != nil {
		return r
	}
	t.proveConsent(taken, seat.ID, p.Number, p.Version().Number, c.Rests)
	return nil
}

// StandAsideFrom is "not for us, but we will not stop it, and will stand by
// it". With an interest it is that person who stands aside (rule C4).
type StandAsideFrom struct {
	Proposal string `json:"proposal" rule:"C4" of:"proposal" ask:"Which proposal?"`
	Version  int    `json:"version"`
	Seat     string `json:"seat,omitempty" doc:"organisation's code; needed only by who holds several" maxLength:"60" of:"seat" ask:"Which seat?"`
	Reason   string `json:"reason,omitempty" maxLength:"2000" call:"the reason" ask:"Why, if you want to say?"`
	Interest string `json:"interest,omitempty" doc:"a conflict of interest, in words" maxLength:"2000" call:"the interest" ask:"Do you have an interest in it?" hint:"In words; leave it empty if you have none. You then stand aside yourself; a deputy without it may act."`
	Signed
}

func (c *StandAsideFrom) may(w *who) (Permission, *Refusal) {
	return w.mustSitOn(c.Proposal, "C5", c.Seat)
}

func (c *StandAsideFrom) decide(t *turn) *Refusal {
	p, seat, r := t.positionOn(c.Proposal, c.Version)
	if r != nil {
		return r
	}
	_, r = t.takePosition(p, seat, PositionTaken{Stand: StandAside, Reason: c.Reason, Interest: c.Interest, Signed: c.Signed}, nil)
	return r
}

// positionOn finds the open proposal, and the seat for which the actor speaks on
// that version.
func (t *asking) positionOn(number string, version int) (*Proposal, *Seat, *Refusal) {
	p, r := t.s.proposal("C5", number)
	if r != nil {
		return nil, nil, r
	}
	if r := p.checkStage(Open); r != nil {
		return nil, nil, r
	}
	if r := p.checkVersion(version); r != nil {
		return nil, nil, r
	}
	seat := t.permission.seat
	if t.s.RoleOn(seat, t.actor.ID, t.day) == Deputy {
		if r := t.mustNotReplaceHolder(p, seat); r != nil {
			return nil, nil, r
		}
	}
	return p, seat, nil
}

// mustNotReplaceHolder refuses a deputy's position where the seat's holder has said
// something on the same version, an objection that is open included (rule F5).
func (t *asking) mustNotReplaceHolder(p *Proposal, seat *Seat) *Refusal {
	last := p.lastOf(seat.ID)
	objects := func(o *Objection) bool {
		return o.Seat == seat.ID && o.Role == Holder && o.Version == p.Version().Number
	}
	if last != nil && last.Role == Holder && last.Interest == "" && last.counts() || slices.ContainsFunc(t.s.openObjections(p), objects) {
		return t.holderHasSpoken(seat)
	}
	return nil
}

// mustNotOverrideHolder refuses a deputy's objection to what the holder has agreed to on
// the same version (rule F5). It is agreed to by the holder's own word only, not by what
// the manager reported of them, and while they hold the seat.
func (t *asking) mustNotOverrideHolder(p *Proposal, seat *Seat) *Refusal {
	last := p.lastOf(seat.ID)
	if t.s.RoleOn(seat, t.actor.ID, t.day) != Deputy || last == nil || last.Role != Holder || last.Interest != "" ||
		last.Heard != "" && last.ConfirmedBy == "" || t.s.RoleOn(seat, last.Person, t.day) != Holder {
		return nil
	}
	return t.holderHasSpoken(seat)
}

func (t *asking) holderHasSpoken(seat *Seat) *Refusal {
	return notNow("F5", "The holder of the seat of %s has spoken on this version; a deputy can't replace that.", t.s.name(seat.ID))
}

// takePosition records what the seat says. Said again by the same person, with
// nothing changed, it is answered with what was recorded first (rule C7).
func (t *turn) takePosition(p *Proposal, seat *Seat, e PositionTaken, rests *RestsOn) (uint64, *Refusal) {
	e.Proposal, e.Version, e.Seat = p.Number, p.Version().Number, seat.ID
	e.Person, e.Role = t.actor.ID, t.s.RoleOn(seat, t.actor.ID, t.day)
	if r := t.mustBeSigned(p, t.nextIndex(), &e); r != nil {
		return 0, r
	}
	if last := p.lastOf(seat.ID); last.says(&e) && !t.stating && (rests == nil || t.s.proved(seat.ID, p, rests)) {
		t.saidBefore(last.Index)
		return last.Index, nil
	}
	return t.record(&e), nil
}

// says tells whether the position is what the event would record once more. What
// was not signed and now is, and what was only heard, is not the same.
func (p *Position) says(e *PositionTaken) bool {
	return p != nil && p.Version == e.Version && p.Person == e.Person && p.Role == e.Role && p.Stand == e.Stand && p.NeedNotWait == e.NeedNotWait &&
		p.Reason == e.Reason && p.Interest == e.Interest && p.Heard == e.Heard && (p.Signed || e.Signature == nil)
}

// ReportPosition records what the manager heard a seat say, in a meeting or by
// telephone. A consent or standing aside counts once the seat has confirmed it, and
// never lifts a block. An objection stops settlement until the seat answers, for a
// full window at most (rule C10).
type ReportPosition struct {
	Proposal string `json:"proposal" rule:"C10" of:"proposal" ask:"Which proposal?"`
	Version  int    `json:"version"`
	Seat     string `json:"seat" doc:"organisation's code" of:"anyseat" ask:"Which seat?"`
	Stand    Stand  `json:"stand" enum:"consent,stand-aside,objection" else:"Say whether you heard a consent, a standing aside or an objection." ask:"What did they say?"`
	From     string `json:"from" doc:"who said it: handle or id" of:"person" ask:"Who said it?"`
	How      string `json:"how" doc:"such as: by telephone" maxLength:"2000" call:"how it was said" kind:"text" ask:"How did you hear it?" hint:"Such as: by telephone, in the meeting of 5 May."`
	Why      string `json:"why,omitempty" doc:"of an objection" maxLength:"2000" call:"why they object" ask:"Why do they object, if they said?"`
}

func (c *ReportPosition) may(w *who) (Permission, *Refusal) { return w.mustHave("C10", Manager) }

func (c *ReportPosition) decide(t *turn) *Refusal {
	p, r := t.s.proposal("C10", c.Proposal)
	if r != nil {
		return r
	}
	if r := firstRefusal(p.checkStage(Open), p.checkVersion(c.Version)); r != nil {
		return r
	}
	seat, r := t.s.seat("C10", c.Seat)
	if r != nil {
		return r
	}
	from, r := t.s.person("C10", c.From)
	if r != nil {
		return r
	}
	role := t.s.RoleOn(seat, from.ID, t.day)
	if role == Deputy {
		r = t.mustNotReplaceHolder(p, seat)
	}
	switch {
	case role == "" || !slices.Contains(t.s.AskedOn(p, t.day), seat.ID):
		return notNow("F5", "%s can't act for %s today.", from.Office, t.s.name(seat.ID))
	case c.Stand != Objects && p.lastOf(seat.ID) != nil && p.lastOf(seat.ID).Heard == "":
		return notNow("C10", "%s has spoken for itself on this version.", t.s.name(seat.ID))
	case r != nil:
		return r
	case role == Deputy && p.ToConfirm(seat.ID) != nil && p.ToConfirm(seat.ID).Role == Holder:
		return notNow("F5", "The holder of the seat of %s was heard on this version; a deputy can't replace that through the manager.", t.s.name(seat.ID))
	case c.Stand != StandAside && (p.conflicted(from.ID) || t.s.hasInterest(from.ID, p.Matter, t.day)):
		return notNow("C4", "%s declared an interest in this and stands aside.", from.Office)
	case c.Stand == Consent && t.s.Organisations[seat.ID].Kind == OtherGroup:
		return notNow("G1", "%s consents itself, and names what that rests on in its own ledger.", t.s.name(seat.ID))
	case c.Stand == Objects:
		return c.hearObjection(t, p, &ObjectionHeard{Proposal: p.Number, Version: c.Version, Seat: seat.ID, Person: from.ID, Role: role, Heard: c.How, Why: c.Why})
	}
	e := &PositionTaken{Proposal: p.Number, Version: c.Version, Seat: seat.ID, Person: from.ID, Role: role, Stand: c.Stand, Heard: c.How, Unconfirmed: true}
	if last := p.lastOf(seat.ID); last.says(e) {
		return t.saidBefore(last.Index)
	}
	t.record(e)
	return nil
}

// ConfirmPosition confirms what the manager recorded for the seat (rule C10).
type ConfirmPosition struct {
	Proposal string `json:"proposal" rule:"C10" of:"proposal" ask:"Which proposal?"`
	Version  int    `json:"version"`
	Seat     string `json:"seat,omitempty" doc:"organisation's code; needed only by who holds several" maxLength:"60" of:"seat" ask:"Which seat?"`
	Index    uint64 `json:"index,omitempty" doc:"of the event that is confirmed: refused if something else was recorded since"`
	Signed
}

func (c *ConfirmPosition) may(w *who) (Permission, *Refusal) {
	return w.mustSitOn(c.Proposal, "C5", c.Seat)
}

func (c *ConfirmPosition) decide(t *turn) *Refusal {
	p, seat, r := t.positionOn(c.Proposal, c.Version)
	if r != nil {
		return r
	}
	last := p.lastOf(seat.ID)
	if last != nil && last.ConfirmedBy == t.actor.ID && !t.stating {
		return t.saidBefore(last.ConfirmedIndex)
	}
	if last == nil || last.Heard == "" || last.Confirmed {
		return notNow("C10", "Nothing recorded for %s waits to be confirmed.", t.s.name(seat.ID))
	}
	if c.Index != 0 && c.Index != last.Index {
		return notNow("C10", "The manager has recorded something else for %s since. Please read it, and confirm that.", t.s.name(seat.ID))
	}
	if last.Role == Holder && t.s.RoleOn(seat, t.actor.ID, t.day) == Deputy {
		return notNow("F5", "The manager heard the holder of the seat of %s, so a deputy can't confirm it. You can say for yourself what the seat says.", t.s.name(seat.ID))
	}
	e := &PositionConfirmed{Proposal: p.Number, Version: c.Version, Seat: seat.ID, Person: t.actor.ID, Signed: c.Signed}
	if r := t.mustBeSigned(p, last.Index, e); r != nil {
		return r
	}
	t.recordBecause(last.Index, t.day, e)
	return nil
}

// PositionTaken: a seat consented to a version or stood aside.
type PositionTaken struct {
	Proposal    string   `json:"proposal"`
	Version     int      `json:"version"`
	Seat        string   `json:"seat"`
	Person      string   `json:"person"`
	Role        SeatRole `json:"role"`
	Stand       Stand    `json:"stand"`
	NeedNotWait bool     `json:"needNotWait,omitempty"`
	Reason      string   `json:"reason,omitempty"`
	Interest    string   `json:"interest,omitempty"`
	Heard       string   `json:"heard,omitempty" doc:"recorded by the manager: how it was said"`
	Unconfirmed bool     `json:"unconfirmed,omitempty" doc:"counts only once confirmed"`
	Signed
}

func (e *PositionTaken) Subject() string { return "proposal/" + e.Proposal }
func (e *PositionTaken) apply(s *State, ev *Event) {
	p := s.touch(e.Proposal, ev)
	p.Positions = with(p.Positions, Position{
		Version: e.Version, Seat: s.code(e.Seat), Person: e.Person, Role: e.Role, Stand: e.Stand, NeedNotWait: e.NeedNotWait, Reason: e.Reason,
		Interest: e.Interest, Heard: e.Heard, Confirmed: e.Heard != "" && !e.Unconfirmed, Signed: e.Signature != nil, Time: ev.Time.UnixMilli(), Index: ev.Index,
	})
	if e.Interest != "" {
		p.Conflicts = append(slices.Clip(p.Conflicts), Conflict{e.Person, e.Interest, ev.Index})
	}
}

// PositionConfirmed: a seat confirmed what the manager had recorded for it.
type PositionConfirmed struct {
	Proposal string `json:"proposal"`
	Version  int    `json:"version"`
	Seat     string `json:"seat"`
	Person   string `json:"person"`
	Signed
}

func (e *PositionConfirmed) Subject() string { return "proposal/" + e.Proposal }
func (e *PositionConfirmed) apply(s *State, ev *Event) {
	p := s.touch(e.Proposal, ev)
	p.Positions = slices.Clone(p.Positions)
	for i := len(p.Positions) - 1; i >= 0; i-- {
		if pos := &p.Positions[i]; pos.Seat == e.Seat && pos.Version == e.Version {
			pos.Confirmed, pos.Signed = true, e.Signature != nil
			pos.ConfirmedBy, pos.ConfirmedIndex = e.Person, ev.Index
			return
		}
	}
}

// A Position is what a seat said to a version.
type Position struct {
	Version     int
	Seat        string
	Person      string
	Role        SeatRole
	Stand       Stand
	NeedNotWait bool
	Reason      string
	Interest    string
	Heard       string // how, where the manager recorded it
	Confirmed   bool   // of what was heard: it counts
	Signed      bool   // by the person, with a passkey
	Time        int64  // recorded, milliseconds since 1970
	Index       uint64

	ConfirmedBy    string // person, where the seat confirmed what was heard
	ConfirmedIndex uint64 // of that event
}

// counts says whether the position counts: what was only heard does not until the
// seat confirms it, but for what an old ledger recorded as counting (rule C10).
func (p *Position) counts() bool { return p.Heard == "" || p.Confirmed }

// A Conflict is a person's interest in a proposal (rule C4).
type Conflict struct {
	Person string
	Words  string
	Index  uint64
}

func (p *Proposal) conflicted(person string) bool {
	return slices.ContainsFunc(p.Conflicts, func(c Conflict) bool { return c.Person == person })
}

// lastOf is the seat's newest position on the newest version; nil if it has not spoken.
func (p *Proposal) lastOf(seat string) *Position {
	for i := len(p.Positions) - 1; i >= 0; i-- {
		if pos := &p.Positions[i]; pos.Seat == seat && pos.Version == p.Version().Number {
			return pos
		}
	}
	return nil
}

// PositionOf is what counts for the seat: its own newest position on the newest
// version; nil if none. What another seat said never passes to it (rule F11).
func PositionOf(p *Proposal, seat string) *Position {
	if pos := p.lastOf(seat); pos != nil && pos.counts() {
		return pos
	}
	return nil
}
