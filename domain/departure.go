package domain

import (
	"cmp"
	"slices"
)

// Departures (rule X2): a practice, or a PCN for itself, says or is reported to
// go its own way on an agreement. Members can answer. It is resolved by return,
// by a new agreement, or stands. It changes alignment, never coverage, and the
// ledger enforces nothing.

// Depart records a departure: declared by the organisation itself, or reported
// by another member on evidence.
type Depart struct {
	Organisation string `json:"organisation" doc:"a practice, or a PCN for itself" rule:"X2" of:"mandator" ask:"Which practice or PCN?"`
	Agreement    string `json:"agreement" doc:"the proposal's number, such as P4" of:"agreement" ask:"On which agreement?"`
	Reason       string `json:"reason" maxLength:"2000" call:"the reason" ask:"Why?"`
	From         Day    `json:"from,omitzero" doc:"first day on which it goes its own way; none: today" ask:"From when?" hint:"Leave it empty for today."`
	Evidence     string `json:"evidence,omitempty" doc:"needed from whoever reports it" maxLength:"2000" call:"the evidence" kind:"text" ask:"How do you know, if you report it for another?"`
}

func (c *Depart) may(w *who) (Permission, *Refusal) {
	o, r := w.s.openOrganisation("X2", c.Organisation, w.day)
	if r != nil {
		return Permission{}, r
	}
	return anyOf(
		notYours("X2", "Departures are declared by the organisation, or reported by members of the group."),
		w.speaksFor(o.Code), w.sits(o.Code), w.member().onEvidence(),
	)
}

func (c *Depart) decide(t *turn) *Refusal {
	o := t.s.Organisations[c.Organisation]
	if o.Kind != Practice && o.Kind != PCN {
		return invalid("X2", "A departure is a practice's, or a PCN's for itself.").at("organisation")
	}
	from := cmp.Or(c.From, t.day)
	if !t.s.AgreementHolds(c.Agreement, max(from, t.day)) || c.Agreement == Founding {
		return notFound("X2", "%q is not an agreement that holds on %s.", Clip(c.Agreement), max(from, t.day).Words())
	}
	if from < t.s.Proposals[c.Agreement].AgreedOn {
		return invalid("X2", "%s was agreed on %s; nobody could depart from it before.", c.Agreement, t.s.Proposals[c.Agreement].AgreedOn.Words()).at("agreement")
	}
	if away := t.s.awayFrom(c.Agreement, o.Code, from); away != nil {
		return notNow("X2", "%s has departed from %s already (%s).", o.Name, c.Agreement, away.Number)
	}
	if r := t.checkEvidence("X2", "the evidence, since you report it for another", c.Evidence); r != nil {
		return r
	}
	t.recordBecause(t.s.Proposals[c.Agreement].Agreement, from, &Departed{
		Departure: t.number('X'), Organisation: o.Code, Agreement: c.Agreement, Reason: c.Reason, Reported: t.permission.Evidence, Evidence: c.Evidence,
	})
	return nil
}

// AnswerDeparture is a member's answer to a departure.
type AnswerDeparture struct {
	Departure string `json:"departure" rule:"X2" of:"departure" ask:"Which departure?"`
	Words     string `json:"words" maxLength:"2000" call:"the answer" ask:"What do you answer?"`
}

func (c *AnswerDeparture) may(w *who) (Permission, *Refusal) {
	if _, r := w.s.departure(c.Departure); r != nil {
		return Permission{}, r
	}
	return anyOf(notYours("X2", "Departures are answered by members of the group."), w.member())
}

func (c *AnswerDeparture) decide(t *turn) *Refusal {
	d := t.s.Departures[c.Departure]
	t.recordBecause(d.Index, t.day, &DepartureAnswered{Departure: d.Number, Words: c.Words})
	return nil
}

// Resolution is how a departure came to rest.
type Resolution string

const (
	Returned     Resolution = "returned"
	NewAgreement Resolution = "new-agreement"
	Stands       Resolution = "stands"
)

// ResolveDeparture says that the organisation returned, that a new agreement
// took the matter up, or that the departure stands. One that stands can still
// be resolved later.
type ResolveDeparture struct {
	Departure string     `json:"departure" rule:"X2" of:"departure" ask:"Which departure?"`
	How       Resolution `json:"how" enum:"returned,new-agreement,stands" else:"A departure is resolved by return, by a new agreement, or stands." ask:"How?"`
	Agreement string     `json:"agreement,omitempty" doc:"the new agreement" of:"agreement" ask:"Which new agreement, if one?" none:"None"`
	Words     string     `json:"words,omitempty" maxLength:"2000" call:"the words" ask:"In words"`
	On        Day        `json:"on,omitzero" doc:"none: today" ask:"When?" hint:"Leave it empty for today."`
	Evidence  string     `json:"evidence,omitempty" doc:"needed from the chair or manager, where the organisation returned" maxLength:"2000" call:"the evidence" kind:"text" ask:"How do you know, if you record it for them?"`
}

func (c *ResolveDeparture) may(w *who) (Permission, *Refusal) {
	d, r := w.s.departure(c.Departure)
	if r != nil {
		return Permission{}, r
	}
	if itself := cmp.Or(w.speaksFor(d.Organisation), w.sits(d.Organisation)); itself != nil {
		return *itself, nil
	}
	yes, r := w.mustHave("X2", Chair, Manager)
	yes.Evidence = c.How == Returned // whether others returned is not for them to say without it
	return yes, r
}

func (c *ResolveDeparture) decide(t *turn) *Refusal {
	d := t.s.Departures[c.Departure]
	on := cmp.Or(c.On, t.day)
	if end := d.Resolved(max(on, t.day)); end != nil && end.How != Stands {
		return notNow("X2", "%s was resolved on %s.", d.Number, end.On.Words())
	}
	if on < d.From {
		return invalid("X2", "%s began on %s; it can't be resolved before.", d.Number, d.From.Words()).at("on")
	}
	if r := firstRefusal(
		t.notInFuture("X2", on), c.checkHow(t, d),
		t.checkEvidence("X2", "the evidence that "+t.s.name(d.Organisation)+" returned", c.Evidence),
	); r != nil {
		return r
	}
	t.recordBecause(d.Index, on, &DepartureResolved{Departure: d.Number, How: c.How, Agreement: c.Agreement, Words: c.Words, Evidence: c.Evidence})
	return nil
}

// checkHow refuses what is no way to resolve a departure, and an agreement that
// was not reached since.
func (c *ResolveDeparture) checkHow(t *turn, d *Departure) *Refusal {
	if (c.How == NewAgreement) != (c.Agreement != "") {
		return invalid("X2", "Name the new agreement where one resolves it, and only there.").at("agreement")
	}
	switch c.How {
	case Returned, Stands:
	case NewAgreement:
		p := t.s.Proposals[c.Agreement]
		if p == nil || !t.s.AgreementHolds(c.Agreement, t.day) || p.Agreement < d.Index {
			return notFound("X2", "%q is not an agreement reached since %s departed.", Clip(c.Agreement), t.s.name(d.Organisation))
		}
	default:
		return invalid("X2", "A departure is resolved by return, by a new agreement, or stands.").at("how")
	}
	return nil
}

func (s *thread) departure(number string) (*Departure, *Refusal) {
	if d := s.Departures[number]; d != nil {
		return d, nil
	}
	return nil, notFound("X2", "There is no departure %q here.", Clip(number))
}

// Departed: an organisation goes its own way on an agreement.
type Departed struct {
	Departure    string `json:"departure"`
	Organisation string `json:"organisation"`
	Agreement    string `json:"agreement"`
	Reason       string `json:"reason"`
	Reported     bool   `json:"reported,omitempty" doc:"by another"`
	Evidence     string `json:"evidence,omitempty"`
}

func (e *Departed) Subject() string { return "departure/" + e.Departure }
func (e *Departed) made() string    { return e.Departure }
func (e *Departed) apply(s *State, ev *Event) {
	s.makeNotice(ev)
	s.took(e.Departure)
	s.Departures[e.Departure] = &Departure{
		Number: e.Departure, Organisation: e.Organisation, Agreement: e.Agreement, Reason: e.Reason, Reported: e.Reported, Evidence: e.Evidence,
		By: actorID(ev), From: ev.Effective, Recorded: DayOf(ev.Time), Index: ev.Index,
	}
}

// DepartureAnswered: a member answered a departure.
type DepartureAnswered struct {
	Departure string `json:"departure"`
	Words     string `json:"words"`
}

func (e *DepartureAnswered) Subject() string { return "departure/" + e.Departure }
func (e *DepartureAnswered) apply(s *State, ev *Event) {
	d := edit(s.Departures, e.Departure)
	d.Answers = append(slices.Clip(d.Answers), Remark{actorID(ev), e.Words, ev.Effective, ev.Index})
}

// DepartureResolved: a departure came to rest.
type DepartureResolved struct {
	Departure string     `json:"departure"`
	How       Resolution `json:"how"`
	Agreement string     `json:"agreement,omitempty"`
	Words     string     `json:"words,omitempty"`
	Evidence  string     `json:"evidence,omitempty"`
}

func (e *DepartureResolved) Subject() string { return "departure/" + e.Departure }
func (e *DepartureResolved) apply(s *State, ev *Event) {
	d := edit(s.Departures, e.Departure)
	s.makeNotice(ev)
	d.Resolutions = append(slices.Clip(d.Resolutions), ResolvedHow{e.How, e.Agreement, e.Words, actorID(ev), ev.Effective, ev.Index})
}

// A Departure is an organisation going its own way on an agreement.
type Departure struct {
	Number       string
	Organisation string
	Agreement    string
	Reason       string
	Reported     bool // by another
	Evidence     string
	By           string
	From         Day
	Recorded     Day
	Answers      []Remark
	Resolutions  []ResolvedHow
	Index        uint64
}

// ResolvedHow is how a departure came to rest.
type ResolvedHow struct {
	How       Resolution
	Agreement string
	Words     string
	By        string
	On        Day
	Index     uint64
}

// Resolved is the newest resolution up to that day; nil if there is none.
func (d *Departure) Resolved(day Day) *ResolvedHow {
	var newest *ResolvedHow
	for i := range d.Resolutions {
		if d.Resolutions[i].On <= day {
			newest = &d.Resolutions[i]
		}
	}
	return newest
}

// AwayOn says whether the organisation is away from the agreement on that day:
// it departed and neither returned nor agreed anew.
func (d *Departure) AwayOn(day Day) bool {
	end := d.Resolved(day)
	return d.From <= day && (end == nil || end.How == Stands)
}

// awayFrom is the organisation's departure from the agreement that is under
// way on that day, or will be; nil if there is none.
func (s *thread) awayFrom(agreement, organisation string, day Day) *Departure {
	for _, n := range SortedNumbers(s.Departures) {
		if d := s.Departures[n]; d.Agreement == agreement && d.Organisation == organisation && d.AwayOn(max(day, d.From)) {
			return d
		}
	}
	return nil
}

// Alignment is who stands by an agreement on a day: of the organisations that hold
// seats, and of the practices that it binds in honour unless they depart (rule C14),
// those that have not departed. It is counted apart from coverage, which no
// departure changes.
type Alignment struct {
	Seats       int
	OfSeats     int
	Practices   int
	OfPractices int
	Away        []*Departure
}

// AlignmentOn is who stands by the agreement on that day.
func (s *State) AlignmentOn(p *Proposal, d Day) Alignment {
	var a Alignment
	for _, n := range SortedNumbers(s.Departures) {
		if x := s.Departures[n]; x.Agreement == p.Number && x.AwayOn(d) {
			a.Away = append(a.Away, x)
		}
	}
	away := func(code string) bool {
		return slices.ContainsFunc(a.Away, func(x *Departure) bool { return x.Organisation == code })
	}
	for _, seat := range s.EntitledOn(d) {
		a.OfSeats++
		if !away(seat) {
			a.Seats++
		}
	}
	for _, o := range s.PracticesOn(d) {
		if !s.honourOn(p, o, d).Bound {
			continue
		}
		a.OfPractices++
		if !away(o.Code) {
			a.Practices++
		}
	}
	return a
}

// departuresDue adds departures that are under way and not said to stand.
func (s *consensus) departuresDue(d Day, add addDue) {
	for n, x := range s.Departures {
		if x.AwayOn(d) && x.Resolved(d) == nil && s.AgreementHolds(x.Agreement, d) {
			on := x.Recorded.Add(s.CharterOn(x.Recorded).Charter.SettleWithin)
			add(n, DueDeparture, on, reminders, n+": "+s.name(x.Organisation)+" goes its own way on "+x.Agreement+"; it is to be talked through by "+on.Words()+".")
		}
	}
}
