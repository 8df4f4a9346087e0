package domain

import (
	"slices"
	"strings"
)

// Suspensions (rule D8): any seat stops a delegation or an appointment at once, with a
// reason, for the charter's settlement days; an agreement can end that sooner.

// Suspend stops a delegation or an appointment at once, with a reason, for the
// charter's settlement days; not again for the same reason (rule D8).
type Suspend struct {
	What   string `json:"what" doc:"a delegation or an appointment, such as D1 or R1" rule:"D8" of:"inforce" ask:"Which power or appointment?"`
	Seat   string `json:"seat,omitempty" doc:"organisation's code; needed only by who holds several" of:"seat" ask:"Which seat?"`
	Reason string `json:"reason" maxLength:"2000" call:"the reason" ask:"Why?"`
}

func (c *Suspend) may(w *who) (Permission, *Refusal) { return w.mustSit("D8", c.Seat) }

func (c *Suspend) decide(t *turn) *Refusal {
	seat := t.permission.seat
	what := t.s.grant(c.What)
	if what == nil {
		return notFound("D8", "There is no delegation or appointment %q here.", Clip(c.What)).at("what")
	}
	for _, sus := range what.granted().Suspensions {
		if strings.EqualFold(strings.Join(strings.Fields(sus.Reason), " "), strings.Join(strings.Fields(c.Reason), " ")) {
			return notNow("D8", "%s was already suspended for this reason on %s.", c.What, sus.From.Words()).at("reason")
		}
	}
	if r := t.s.checkAgain(what, seat.ID, t.day); r != nil {
		return r
	}
	until := t.day.Add(t.s.CharterOn(t.day).Charter.SettleWithin)
	t.record(&PowerSuspended{What: c.What, Seat: seat.ID, Reason: c.Reason, Until: until})
	return nil
}

// checkAgain refuses a seat that suspended the same thing less than a year ago,
// unless a second seat joins: one that suspended it since, and whose suspension
// still runs (rule D8). A successor's seat is the seat that it follows.
func (s *consensus) checkAgain(what grant, seat string, d Day) *Refusal {
	number, had := what.granted().Number, what.granted().Suspensions
	var last *Suspension
	for i := range had {
		if s.successor(had[i].Seat, d) == seat {
			last = &had[i]
		}
	}
	if last == nil || d >= last.From.AddYears(1) {
		return nil
	}
	for i := range had {
		if had[i].Index > last.Index && s.suspends(what, &had[i], d) {
			return nil // of another seat, since last is this one's newest
		}
	}
	return notNow("D8", "%s suspended %s on %s. It can do so again before %s only if a second seat joins: ask another seat to suspend %s first, then join it.",
		s.name(seat), number, last.From.Words(), last.From.AddYears(1).Words(), number)
}

// EndSuspension ends a suspension before its days have run out, and changes
// nothing else about what was suspended (rule D8).
type EndSuspension struct {
	What  string `json:"what" doc:"the delegation or appointment that is suspended, such as D1 or R1" maxLength:"20" of:"suspended" ask:"What is suspended?"`
	Event uint64 `json:"event" doc:"index of the event that suspended it"`
}

func (c *EndSuspension) check(t *turn, e enacting) *Refusal {
	sus := t.s.SuspensionAt(c.What, c.Event)
	switch {
	case sus == nil:
		return notFound("D8", "Event %d does not suspend %q.", c.Event, Clip(c.What)).at("event")
	case !t.s.Suspends(c.What, sus, e.day):
		return notNow("D8", "That suspension of %s has ended.", c.What).at("event")
	}
	return nil
}

func (c *EndSuspension) enact(t *turn, e enacting) {
	t.recordBecause(e.cause, e.day, &SuspensionEnded{What: c.What, Suspended: c.Event, Source: e.source})
}

// PowerSuspended: a seat stopped a delegation or an appointment at once.
type PowerSuspended struct {
	What   string `json:"what"`
	Seat   string `json:"seat"`
	Reason string `json:"reason"`
	Until  Day    `json:"until"`
}

func (e *PowerSuspended) Subject() string { return suspendedSubject(e.What) }

func (e *PowerSuspended) apply(s *State, ev *Event) {
	sus := s.editSuspensions(e.What)
	*sus = append(*sus, Suspension{Seat: e.Seat, Reason: e.Reason, Span: Span{ev.Effective, e.Until}, Index: ev.Index})
}

// SuspensionEnded: an agreement ended a suspension before its days had run out.
type SuspensionEnded struct {
	What      string `json:"what"`
	Suspended uint64 `json:"suspended" doc:"index of the event that suspended it"`
	Source    string `json:"source"`
}

func (e *SuspensionEnded) Subject() string { return suspendedSubject(e.What) }

func (e *SuspensionEnded) apply(s *State, ev *Event) {
	ss := *s.editSuspensions(e.What)
	for i := range ss {
		if ss[i].Index == e.Suspended {
			ss[i].Ended, ss[i].EndedBy = ev.Effective, e.Source
		}
	}
}

func suspendedSubject(what string) string {
	if what[0] == 'D' {
		return "delegation/" + what
	}
	return "appointment/" + what
}

// editSuspensions gives out a copy of the suspensions, to be changed.
func (s *authority) editSuspensions(what string) *[]Suspension {
	var g *Granted
	if s.Delegations[what] != nil {
		g = edit(s.Delegations, what).granted()
	} else {
		g = edit(s.Appointments, what).granted()
	}
	g.Suspensions = slices.Clone(g.Suspensions)
	return &g.Suspensions
}

// A Suspension stops a power for a time, or until an agreement ends it.
type Suspension struct {
	Seat   string
	Reason string
	Span
	Ended   Day    // first day on which an agreement that named it had ended it; 0: none did
	EndedBy string // that agreement
	Index   uint64
}

// reason says what the suspension pauses, until when and why.
func (sus *Suspension) reason(number string) Reason {
	return Reason{"D8", Sentence(number + " is suspended until " + sus.Until.Words() + ": " + sus.Reason)}
}

// SuspensionAt is the suspension of a delegation or an appointment that the
// event with that index recorded; nil if it recorded none.
func (s *authority) SuspensionAt(what string, event uint64) *Suspension {
	g := s.grant(what)
	if g == nil {
		return nil
	}
	had := g.granted().Suspensions
	i := slices.IndexFunc(had, func(sus Suspension) bool { return sus.Index == event })
	if i < 0 {
		return nil
	}
	return &had[i]
}

// Suspends says whether the suspension still stops the delegation or appointment
// on that day: its days have not run out, and no agreement ended it, whether one
// that names it, or one that confirms or varies the thing and whose words were
// put to the seats after it, so that whoever consented knew of it (rule D8). An
// agreement that was set aside lifts nothing any more.
func (s *authority) Suspends(what string, sus *Suspension, day Day) bool {
	return s.suspends(s.grant(what), sus, day)
}

func (s *decisions) suspends(g grant, sus *Suspension, day Day) bool {
	if !sus.Covers(day) || (sus.Ended != 0 && sus.Ended <= day && s.AgreementHolds(sus.EndedBy, day)) {
		return false
	}
	for i := range g.versions() {
		t := g.term(i)
		p := s.Proposals[t.Source]
		if t.Index > sus.Index && t.Back == 0 && t.From <= day && p != nil && p.putAfter(sus.Index) && s.AgreementHolds(t.Source, day) {
			return false
		}
	}
	return true
}
