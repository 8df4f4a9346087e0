package domain

import (
	"slices"
	"strings"
)

// Who may give which command, and on whose behalf (rules F3, F5, O3, M1, C2, X1 …).
// This is the one place that is asked: a decision asks before it looks at what a
// command says, and pages ask before they offer a form. Each command answers beside
// its decide, by the functions below, from what it names: a seat, a delegation, an
// organisation, an action. Its words, sums and days may still be refused.

// A Permission is how somebody gives a command.
type Permission struct {
	OnBehalfOf string // person/…, seat/…, organisation/… or duty/…: for whom its events are recorded
	Evidence   bool   // the command has to name the evidence: it records what others said

	seat *Seat // for which they act, if for one
	own  bool  // it is about themself: they need not be involved in the group (rules L7, R5)
}

// May says whether the person, by id or handle, may give the command on that day,
// and how. The command needs to have set only what it refers to. A refusal of class
// Invalid says that the person may, once they say for which of their seats.
func (s *State) May(person string, c Command, d Day) (Permission, *Refusal) {
	if _, founding := c.(*Found); founding {
		return c.may(&who{s: s, day: d})
	}
	if s.Next == 0 {
		return Permission{}, notFound("L1", "There is no group called %q here.", Clip(s.Group))
	}
	p := s.Person(person)
	if p == nil {
		return Permission{}, notYours("L5", "%q is not a person of this group.", Clip(person))
	}
	w := &who{s, p, d}
	yes, r := c.may(w)
	if outside := w.mustBeInvolved(); outside != nil && !yes.own {
		return Permission{}, outside // an outsider learns nothing else from a refusal
	}
	return yes, r
}

// Allows says whether the person may give the command on that day, where it remains at
// most to say for which of their seats.
func (s *State) Allows(person string, c Command, d Day) bool {
	_, r := s.May(person, c, d)
	return r == nil || r.Class == Invalid
}

// MayLetIn refuses whoever may not invite people to sign in: the manager may, unless
// a system body employs them, since whoever lets people in could take their place
// (rules C10, F9).
func (s *circle) MayLetIn(person string, d Day) *Refusal {
	if p := s.Person(person); p != nil && s.HasDuty(p.ID, Manager, d) && !s.employedBySystem(p.ID, Manager, d) {
		return nil
	}
	return notYours("F9", "People are let in by the manager, unless a system body employs them, and by the operator of this server.")
}

// MaySeeToMail refuses whoever may not see what became of everybody's letters, and
// have one sent again: the manager, the chair and the registrar may (rule T1).
func (s *State) MaySeeToMail(person string, d Day) *Refusal {
	p := s.Person(person)
	if p == nil {
		p = &Person{} // with no duty
	}
	_, r := (&who{s, p, d}).mustHave("T1", Manager, Chair, Registrar)
	return r
}

// who is somebody on a day, of whom is asked what they may do.
type who struct {
	s      *State
	person *Person // nil while founding
	day    Day
}

// mustBeInvolved refuses whoever is no member: who is invited only follows the
// work. Whoever speaks for an organisation may act for it (rules F3, O3).
func (w *who) mustBeInvolved() *Refusal {
	switch {
	case w.s.Member(w.person.ID, w.day), w.s.speaksFor(w.person.ID, w.day, func(*Organisation) bool { return true }):
		return nil
	case w.s.Follows(w.person.ID, w.day):
		return notYours("F3", "%s is invited: they follow the work and take no part in it.", w.person.Office)
	}
	return notYours("F3", "%s is from no organisation that is a member of the group or invited by it.", w.person.Office)
}

// anyOf is the first of the permissions that there is; without one, the refusal.
func anyOf(refusal *Refusal, permissions ...*Permission) (Permission, *Refusal) {
	for _, yes := range permissions {
		if yes != nil {
			return *yes, nil
		}
	}
	return Permission{}, refusal
}

// or is the permission or, where there is none, the other answer.
func (yes *Permission) or(other Permission, refusal *Refusal) (Permission, *Refusal) {
	if yes != nil {
		return *yes, nil
	}
	return other, refusal
}

// onEvidence is the permission where evidence is demanded.
func (yes *Permission) onEvidence() *Permission {
	if yes != nil {
		yes.Evidence = true
	}
	return yes
}

// onBehalfOf is the permission on behalf of somebody else.
func (yes *Permission) onBehalfOf(whom string) *Permission {
	if yes != nil {
		yes.OnBehalfOf = whom
	}
	return yes
}

// asThemself is the permission of the person on their own behalf, where that holds; else nil.
func (w *who) asThemself(holds bool) *Permission {
	if !holds {
		return nil
	}
	return &Permission{OnBehalfOf: "person/" + w.person.ID}
}

// is the permission of one of these people, by id.
func (w *who) is(ids ...string) *Permission { return w.asThemself(slices.Contains(ids, w.person.ID)) }

// aboutThemself is the permission of whoever acts about themself, involved or not.
func (w *who) aboutThemself(holds bool) *Permission {
	yes := w.asThemself(holds)
	if yes != nil {
		yes.own = true
	}
	return yes
}

// member is the permission of a member of the group (rule F3).
func (w *who) member() *Permission { return w.asThemself(w.s.Member(w.person.ID, w.day)) }

// executive is the permission of a member of the executive (rule D1).
func (w *who) executive() *Permission {
	return w.asThemself(slices.Contains(w.s.ExecutiveOn(w.day), w.person.ID))
}

// delegate is the permission of whoever held the delegation on that day (rule D1).
func (w *who) delegate(d *Delegation, on Day) *Permission {
	return w.asThemself(slices.Contains(w.s.delegates(d, on), w.person.ID))
}

// represents is the permission of whoever speaks for the group at the forum on one of
// the days, whatever has become of the appointment since (rule R5).
func (w *who) represents(forum string, days ...Day) *Permission {
	return w.asThemself(slices.ContainsFunc(days, func(d Day) bool { return w.s.SpeaksAt(w.person.ID, forum, d) }))
}

// has is the permission of whoever has one of the duties; that of the first that they have.
// Co-chairs and a deputy chair do what the chair does (rule F9).
func (w *who) has(duties ...DutyName) *Permission {
	if slices.Contains(duties, Chair) {
		duties = append(slices.Clip(duties), chairing...)
	}
	for _, d := range duties {
		if w.s.HasDuty(w.person.ID, d, w.day) {
			return &Permission{OnBehalfOf: "duty/" + string(d)}
		}
	}
	return nil
}

// mustHave is the permission of whoever has one of the duties, and refuses anybody else.
func (w *who) mustHave(rule string, duties ...DutyName) (Permission, *Refusal) {
	var names []string
	for _, d := range duties {
		names = append(names, string(d))
	}
	return anyOf(notYours(rule, "This is for the %s.", join(names, "or")), w.has(duties...))
}

// mustKeepRegister is the permission of whoever keeps the register of people and
// organisations: registrar, manager and chair do, and the founder while forming.
func (w *who) mustKeepRegister(rule string) (Permission, *Refusal) {
	return w.asThemself(w.s.Established == 0 && w.person.ID == w.s.Founder).or(w.mustHave(rule, Registrar, Manager, Chair))
}

// mustBeMember is the permission of a member of the group, and refuses anybody else.
func (w *who) mustBeMember(rule string) (Permission, *Refusal) {
	return anyOf(notYours(rule, "This is for members of the group."), w.member())
}

// mustLookAfter is the permission for what is said about a person: they themself may
// say it, and whoever keeps the register.
func (w *who) mustLookAfter(rule, person string) (Permission, *Refusal) {
	p, r := w.s.person(rule, person)
	if r != nil {
		return Permission{}, r
	}
	return w.aboutThemself(p == w.person).or(w.mustKeepRegister(rule))
}

// speaksFor is the permission of whoever speaks for the organisation (rule O3).
func (w *who) speaksFor(code string) *Permission {
	if !w.s.SpeaksFor(w.person.ID, code, w.day) {
		return nil
	}
	return &Permission{OnBehalfOf: "organisation/" + code}
}

// sits is the permission of whoever holds the organisation's seat or deputises (rule F5).
func (w *who) sits(code string) *Permission {
	seat := w.s.Seats[code]
	if seat == nil || w.s.RoleOn(seat, w.person.ID, w.day) == "" {
		return nil
	}
	return &Permission{OnBehalfOf: "seat/" + code, seat: seat}
}

// sitsForAny is the permission of whoever holds one of the organisations' seats or
// deputises; that for the first.
func (w *who) sitsForAny(codes []string) *Permission {
	for _, code := range codes {
		if yes := w.sits(code); yes != nil {
			return yes
		}
	}
	return nil
}

// mustSit is the permission for the named seat or, where none is named, for the only
// one that the person may act for.
func (w *who) mustSit(rule, code string) (Permission, *Refusal) {
	if code == "" {
		switch seats := w.s.SeatsOf(w.person.ID, w.day); len(seats) {
		case 0:
			if seat := w.s.seatBefore(w.person.ID, w.day); seat != "" {
				return Permission{}, w.s.cantRest(seat)
			}
			return Permission{}, notYours("F5", "%s does not hold a seat today.", w.person.Office)
		case 1:
			code = seats[0]
		default:
			return Permission{}, invalid("F5", "Say for which seat you act: %s.", strings.Join(seats, ", ")).at("seat")
		}
	}
	seat, r := w.s.seat(rule, code)
	if r != nil {
		return Permission{}, r
	}
	if !seat.joinedOn(w.day) {
		return Permission{}, w.s.cantRest(seat.ID)
	}
	if !w.s.entitled(seat, w.day) {
		return Permission{}, notNow("F5", "The seat of %s is not in force today.", w.s.name(seat.ID))
	}
	return anyOf(notYours("F5", "%s can't act for %s today: %s.", w.person.Office, w.s.name(seat.ID), w.s.whyNotSeated(seat, w.person.ID, w.day)), w.sits(code))
}

// checkEvidence refuses a command without the evidence that is demanded of whoever
// gives it; the words say what it is.
func (t *asking) checkEvidence(rule, what, evidence string) *Refusal {
	if !t.permission.Evidence {
		return nil
	}
	return checkWords(rule, what, evidence, someWords).at("evidence")
}
