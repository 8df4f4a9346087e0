package domain

import (
	"cmp"
	"slices"
)

// Appointments (rules R1, R2): who speaks for the group in which forum, and
// what they may sign up to.

// A Line of a remit: a matter, and all below it, with a stance (rule R2).
type Line struct {
	Matter  string `json:"matter" maxLength:"120" rule:"F6" of:"matter" ask:"For which subject?" hint:"And all below it."`
	Stance  Stance `json:"stance" enum:"discretion,within-limits,bring-back,not" rule:"R2" else:"A line says discretion, within limits, bring back or not." ask:"What may they do there?"`
	Limit   Pence  `json:"limitPence,omitempty" doc:"within limits: most for each commitment" rule:"R2" ask:"Within a limit: most for each commitment"`
	Yearly  bool   `json:"yearly,omitempty" doc:"the limit is for a year, not for each commitment" ask:"That sum is for a year in all, not for each commitment"`
	Months  int    `json:"months,omitempty" doc:"within limits: longest term" unit:"months" ask:"Within a limit: longest term"`
	Outcome string `json:"outcome,omitempty" doc:"the outcome wanted" maxLength:"2000" rule:"R2" call:"the outcome" ask:"The outcome that we want"`
	Words   string `json:"words,omitempty" doc:"the position in words" maxLength:"2000" call:"the position" ask:"Our position, in words" hint:"What they say there. Leave it empty if there is none."`
}

// Summary says the line in a sentence.
func (l *Line) Summary() string {
	switch l.Stance {
	case Discretion:
		return MatterWords(l.Matter) + ": discretion"
	case BringBack:
		return MatterWords(l.Matter) + ": bring back"
	case Not:
		return MatterWords(l.Matter) + ": red line"
	case WithinLimits:
	}
	var limits []string
	if l.Limit != 0 {
		each := " for each commitment"
		if l.Yearly {
			each = " a year"
		}
		limits = append(limits, l.Limit.String()+each)
	}
	if l.Months != 0 {
		limits = append(limits, Count(l.Months, "month"))
	}
	return MatterWords(l.Matter) + ": within " + List(limits)
}

func checkLines(ch *Charter, lines []Line) *Refusal {
	if len(lines) > 100 {
		return invalid("R2", "A remit has at most 100 lines.")
	}
	for i := range lines {
		l := &lines[i]
		if r := ch.checkKnown(l.Matter).at("matter"); r != nil {
			return r.at(nth("lines", i))
		}
		at := func(part string, r *Refusal) *Refusal { return r.at(part).at(nth("lines", i)) }
		loosens := l.Stance == Discretion || l.Stance == WithinLimits
		switch {
		case loosens && ch.Reserves(l.Matter):
			return at("stance", notNow("D2", "%s is reserved: a representative can only bring it back.", FirstUpper(MatterWords(l.Matter))))
		case l.Stance == WithinLimits && l.Limit == 0 && l.Months == 0:
			return at("limitPence", invalid("R2", "Within limits needs a limit: a sum, a number of months or both."))
		case l.Stance != WithinLimits && (l.Limit != 0 || l.Months != 0 || l.Yearly):
			return at("stance", invalid("R2", "A sum or a term needs the stance within limits; discretion carries no money."))
		case slices.ContainsFunc(lines[:i], func(o Line) bool { return o.Matter == l.Matter }):
			return at("matter", invalid("R2", "There are two lines for %s.", l.Matter))
		}
	}
	return nil
}

// CapacityGroup is speaking for the group; other capacities are recorded, not checked.
const CapacityGroup = "group"

// Appoint sends a person to a forum with a remit (rule R1).
type Appoint struct {
	Person      string   `json:"person" doc:"handle or id" rule:"R1" of:"person" ask:"Whom?"`
	ByOffice    bool     `json:"byOffice,omitempty" doc:"by office, not by name; either way it ends when the person leaves the office" ask:"They are appointed by office, not by name"`
	Substitutes []string `json:"substitutes,omitempty" doc:"handles or ids" maxItems:"20" of:"person" ask:"Who may stand in for them?" hint:"With the same remit."`
	Forum       string   `json:"forum" of:"forum" ask:"To which meeting?"`
	Capacity    string   `json:"capacity,omitempty" doc:"on whose behalf; none: group" maxLength:"60" call:"the capacity" ask:"On whose behalf, if not the group's?" hint:"Leave it empty for the group. Anything else is recorded, and gives no authority here."`
	Lines       []Line   `json:"lines" maxItems:"100" one:"line" ask:"What they may sign up to" hint:"The line that says most exactly what is asked is the one that holds."`
	Payer       string   `json:"payer,omitempty" doc:"organisation that pays what is committed, by code" of:"payer" ask:"Who pays what they commit?" none:"Nobody is named"`
	Review      Day      `json:"review,omitzero" doc:"none: as late as the charter allows" of:"review" ask:"Review date" hint:"Leave it empty for the latest day."`
	Span
}

func (c *Appoint) check(t *turn, e enacting) *Refusal {
	if _, r := t.s.forum("R1", c.Forum); r != nil {
		return r.at("forum")
	}
	from := max(c.From, e.day)
	if _, r := t.s.personInOffice("R1", c.Person, from); r != nil {
		return r.at("person")
	}
	subs, r := t.s.people("R1", c.Substitutes)
	if r == nil {
		r = t.s.allInOffice("R1", subs, from)
	}
	if r != nil {
		return r.at("substitutes")
	}
	if c.Payer != "" {
		if _, r := t.s.openOrganisation("C1", t.s.successorOrganisation(c.Payer, e.day), e.day); r != nil {
			return r.at("payer")
		}
	}
	if c.Until != 0 && c.Until < from {
		return invalid("R1", "The appointment would end before it begins.").at("until")
	}
	return firstRefusal(
		t.s.checkAlone(&Appointment{Person: t.s.Person(c.Person).ID, Forum: c.Forum, Capacity: cmp.Or(c.Capacity, CapacityGroup)}, Span{from, c.Until}).at("person"),
		checkLines(&t.s.CharterOn(e.day).Charter, c.Lines),
		checkReview(t.s.State, c.review(t.s.State, e.day), e.day),
	)
}

// checkAlone refuses days for an appointment on which the same person has another
// to the same forum in their own right (rule R1). Paused and suspended ones are
// among them: a second appointment is no way round.
func (s *State) checkAlone(a *Appointment, days Span) *Refusal {
	for _, number := range SortedNumbers(s.Appointments) {
		o := s.Appointments[number]
		if number == a.Number || o.Person != a.Person || o.Forum != a.Forum || o.Capacity != a.Capacity {
			continue
		}
		// An appointment that has ended does not begin again: if it names somebody on
		// the first day that both would hold, they overlap.
		if d := max(days.From, o.From()); days.Covers(d) && s.namesOn(o, d) {
			return notNow("R1", "%s is already appointed to %s: vary %s, or end it first.", s.office(a.Person), s.forumName(a.Forum), number)
		}
	}
	return nil
}

func (c *Appoint) review(s *State, d Day) Day {
	return cmp.Or(c.Review, earlier(d.Add(s.CharterOn(d).Charter.ReviewWithin), c.Until))
}

// byID is the same with people by their ids, to be kept.
func (c *Appoint) byID(s *State) *Appoint {
	kept := *c
	kept.Person = s.Person(c.Person).ID
	kept.Substitutes, _ = s.people("R1", c.Substitutes)
	return &kept
}

func (c *Appoint) enact(t *turn, e enacting) { c.enactUnder(t, e, "") }

func (c *Appoint) enactUnder(t *turn, e enacting, parent string) {
	subs, _ := t.s.people("R1", c.Substitutes)
	from := max(c.From, e.day)
	t.recordBecause(e.cause, from, &RepresentativeAppointed{
		Appointment: t.number('R'), Person: t.s.Person(c.Person).ID, ByOffice: c.ByOffice, Substitutes: subs, Forum: c.Forum,
		Capacity: cmp.Or(c.Capacity, CapacityGroup), Lines: c.Lines, Payer: c.Payer, Review: c.review(t.s.State, e.day),
		Source: e.source, Parent: parent, Span: Span{from, c.Until},
	})
}

// VaryAppointment changes a remit from then on (rules C9, R2).
type VaryAppointment struct {
	Appointment string   `json:"appointment" rule:"R2" of:"appointment" ask:"Which appointment?"`
	Version     int      `json:"version" doc:"the version that it changes"`
	Substitutes []string `json:"substitutes,omitempty" doc:"handles or ids" maxItems:"20" of:"person" ask:"Who may stand in for them?" hint:"With the same remit."`
	Lines       []Line   `json:"lines" maxItems:"100" one:"line" ask:"What they may sign up to"`
	Until       Day      `json:"until,omitzero" doc:"none: as before" ask:"Until when?" hint:"The last day. Leave it empty for as before."`
	Review      Day      `json:"review" doc:"next review" of:"review" ask:"Review date"`
	Feedback    string   `json:"feedback,omitempty" maxLength:"2000" rule:"R6" call:"the feedback" ask:"What is said about how it went, if anything?" hint:"It stays in its history."`
}

func (c *VaryAppointment) check(t *turn, e enacting) *Refusal {
	a, r := t.s.changeableAppointment(c.Appointment, c.Version, e.day)
	if r != nil {
		return r
	}
	subs, r := t.s.people("R1", c.Substitutes)
	if r == nil {
		r = t.s.allInOffice("R1", subs, e.day)
	}
	if r != nil {
		return r.at("substitutes")
	}
	if c.Until != 0 && c.Until < e.day {
		return invalid("R1", "To end the appointment, say so.").at("until")
	}
	if r := t.s.checkAlone(a, Span{max(e.day, a.newest().From), cmp.Or(c.Until, a.newest().Until)}).at("until"); r != nil {
		return r
	}
	if a.Parent != "" {
		for i := range c.Lines {
			if r := t.s.widerThan(t.s.Delegations[a.Parent].newest(), &c.Lines[i], e.day); r != nil {
				return r.at("matter").at(nth("lines", i))
			}
		}
	}
	return firstRefusal(
		checkLines(&t.s.CharterOn(e.day).Charter, c.Lines), checkReview(t.s.State, c.Review, e.day),
	)
}

func (c *VaryAppointment) enact(t *turn, e enacting) {
	subs, _ := t.s.people("R1", c.Substitutes)
	now := t.s.Appointments[c.Appointment].newest()
	t.recordBecause(e.cause, max(e.day, now.From), &AppointmentVaried{
		Appointment: c.Appointment, Version: c.Version + 1, Substitutes: subs, Lines: c.Lines, Until: cmp.Or(c.Until, now.Until),
		Review: c.Review, Feedback: c.Feedback, Source: e.source,
	})
}

// ConfirmAppointment reviews an appointment and leaves its remit as it is.
type ConfirmAppointment struct {
	Appointment string `json:"appointment" rule:"R2" of:"appointment" ask:"Which appointment?"`
	Version     int    `json:"version" doc:"the version that is confirmed"`
	Review      Day    `json:"review" doc:"next review" of:"review" ask:"Review date"`
	Feedback    string `json:"feedback,omitempty" maxLength:"2000" rule:"R6" call:"the feedback" ask:"What is said about how it went, if anything?" hint:"It stays in its history."`
}

func (c *ConfirmAppointment) check(t *turn, e enacting) *Refusal {
	_, r := t.s.changeableAppointment(c.Appointment, c.Version, e.day)
	return firstRefusal(r, checkReview(t.s.State, c.Review, e.day))
}

func (c *ConfirmAppointment) enact(t *turn, e enacting) {
	now := t.s.Appointments[c.Appointment].newest()
	t.recordBecause(e.cause, max(e.day, now.From), &AppointmentVaried{
		Appointment: c.Appointment, Version: c.Version + 1, Substitutes: now.Substitutes, Lines: now.Lines, Until: now.Until,
		Review: c.Review, Feedback: c.Feedback, Source: e.source,
	})
}

// EndAppointment ends an appointment.
type EndAppointment struct {
	Appointment string `json:"appointment" rule:"R2" of:"appointment" ask:"Which appointment?"`
	Version     int    `json:"version" doc:"the version that ends"`
	Feedback    string `json:"feedback,omitempty" maxLength:"2000" rule:"R6" call:"the feedback" ask:"What is said about how it went, if anything?" hint:"It stays in its history."`
}

func (c *EndAppointment) check(t *turn, e enacting) *Refusal {
	_, r := t.s.changeableAppointment(c.Appointment, c.Version, e.day)
	return r
}

func (c *EndAppointment) enact(t *turn, e enacting) {
	t.recordBecause(e.cause, e.day, &AppointmentEnded{Appointment: c.Appointment, Feedback: c.Feedback, Source: e.source})
}

func (s *State) changeableAppointment(number string, version int, day Day) (*Appointment, *Refusal) {
	a := s.Appointments[number]
	if a == nil {
		return nil, notFound("C9", "There is no appointment %q here.", Clip(number))
	}
	return a, s.checkChangeable("R1", a, version, day)
}

// RepresentativeAppointed: somebody speaks in a forum.
type RepresentativeAppointed struct {
	Appointment string   `json:"appointment"`
	Person      string   `json:"person"`
	ByOffice    bool     `json:"byOffice,omitempty"`
	Substitutes []string `json:"substitutes,omitempty"`
	Forum       string   `json:"forum"`
	Capacity    string   `json:"capacity"`
	Lines       []Line   `json:"lines"`
	Payer       string   `json:"payer,omitempty"`
	Review      Day      `json:"review"`
	Source      string   `json:"source" doc:"the proposal, or the exercise of rule C8"`
	Parent      string   `json:"parent,omitempty" doc:"the delegation under which it was made"`
	Span
}

func (e *RepresentativeAppointed) Subject() string { return "appointment/" + e.Appointment }
func (e *RepresentativeAppointed) made() string    { return e.Appointment }
func (e *RepresentativeAppointed) apply(s *State, ev *Event) {
	s.makeNotice(ev)
	s.took(e.Appointment)
	s.Appointments[e.Appointment] = &Appointment{
		Person: e.Person, ByOffice: e.ByOffice, Forum: e.Forum, Capacity: e.Capacity, Payer: e.Payer, Parent: e.Parent,
		Versioned: Versioned[AppointmentVersion, *AppointmentVersion]{
			Granted{Number: e.Appointment, Source: e.Source, Index: ev.Index},
			[]AppointmentVersion{{Term{Number: 1, Review: e.Review, Source: e.Source, Span: e.Span, Index: ev.Index}, e.Substitutes, e.Lines}},
		},
	}
}

// AppointmentVaried: a review varied or confirmed an appointment.
type AppointmentVaried struct {
	Appointment string   `json:"appointment"`
	Version     int      `json:"version"`
	Substitutes []string `json:"substitutes,omitempty"`
	Lines       []Line   `json:"lines"`
	Until       Day      `json:"until,omitzero"`
	Review      Day      `json:"review"`
	Feedback    string   `json:"feedback,omitempty"`
	Source      string   `json:"source"`
	Back        int      `json:"back,omitzero" doc:"version to which it goes back, the agreement that changed it having been set aside"`
}

func (e *AppointmentVaried) Subject() string { return "appointment/" + e.Appointment }
func (e *AppointmentVaried) apply(s *State, ev *Event) {
	t := Term{Number: e.Version, Review: e.Review, Source: e.Source, Feedback: e.Feedback, Span: Span{ev.Effective, e.Until}, Back: e.Back, Index: ev.Index}
	edit(s.Appointments, e.Appointment).vary(AppointmentVersion{t, e.Substitutes, e.Lines})
}

// AppointmentEnded: from that day the appointment holds no more.
type AppointmentEnded struct {
	Appointment string `json:"appointment"`
	Feedback    string `json:"feedback,omitempty"`
	Source      string `json:"source"`
}

func (e *AppointmentEnded) Subject() string { return "appointment/" + e.Appointment }
func (e *AppointmentEnded) apply(s *State, ev *Event) {
	edit(s.Appointments, e.Appointment).end(ev, e.Source, e.Feedback)
}

// An Appointment is somebody speaking for the group in a forum.
type Appointment struct {
	Versioned[AppointmentVersion, *AppointmentVersion]
	Person   string
	ByOffice bool
	Forum    string
	Capacity string
	Payer    string
	Parent   string // delegation, where an exercise made it
}

// An AppointmentVersion is a remit from a day on.
type AppointmentVersion struct {
	Term
	Substitutes []string
	Lines       []Line
}

func (v *AppointmentVersion) says() any { return []any{v.Lines, v.Substitutes, v.Until} }

// appoints says whether the appointment, on that day, is of the person or names
// them as a substitute, who hasn't left their office (rule F5).
func (s *register) appoints(a *Appointment, person string, d Day) bool {
	v := a.VersionOn(d)
	if v == nil {
		v = &a.Versions[0]
	}
	return a.Person == person || slices.Contains(v.Substitutes, person) && s.People[person].inOffice(d)
}

// SpeaksAt says whether the person is appointed to the forum, or substitutes
// there, on that day.
func (s *State) SpeaksAt(person, forum string, d Day) bool {
	for _, a := range s.Appointments {
		if a.Forum == forum && s.appoints(a, person, d) && s.namesOn(a, d) {
			return true
		}
	}
	return false
}

// namesOn says whether the appointment still names a representative on that day.
func (s *State) namesOn(a *Appointment, d Day) bool {
	state, _ := s.AppointmentOn(a, d)
	return state != NotYet && state != Ended && state != Expired
}

// line is the most specific line for the matter; nil if none takes it in.
func (v *AppointmentVersion) line(matter string) *Line {
	var found *Line
	for i := range v.Lines {
		if l := &v.Lines[i]; Within(matter, l.Matter) && (found == nil || len(l.Matter) > len(found.Matter)) {
			found = l
		}
	}
	return found
}

// AppointmentOn says whether the appointment holds on that day, with a sentence
// where it does not (rule R1). Paused and suspended still name a representative;
// the other states do not.
func (s *State) AppointmentOn(a *Appointment, d Day) (PowerState, string) {
	if state, why := s.begunOn(a, d); state != InForce {
		return state, why
	}
	if p := s.People[a.Person]; !p.inOffice(d) {
		return Ended, a.Number + " ended when " + p.Office + " left the office on " + p.Left.Words()
	}
	if state, why := s.parentOver(a, d); state != InForce {
		return state, why
	}
	return pausing(a.pausedBy(s, d))
}

// pausedBy is everything for which the appointment does not hold on that day
// though it names a representative: what pauses the delegation under which it
// was made, that exercise called in, each suspension, and a review that was
// missed (rules C8, D3, D7, D8). Each is a sentence. There is nothing where it is
// in force, and nothing where it names nobody: ask AppointmentOn.
func (a *Appointment) pausedBy(s *State, d Day) []Reason {
	if a.termOn(d) == nil {
		return nil
	}
	var reasons []Reason
	if x := s.Exercises[a.Source]; x != nil && s.ExerciseOn(x, d) == XCalledIn {
		reasons = append(reasons, Reason{"D7", a.Number + " is suspended: " + x.Number + " was called in."})
	}
	if a.Parent != "" {
		reasons = append(reasons, s.Delegations[a.Parent].pausedBy(s, d)...)
	}
	return append(reasons, s.pausesOf(a, d)...)
}

func (a *Appointment) stateOn(s *State, d Day) (PowerState, string) { return s.AppointmentOn(a, d) }

func (a *Appointment) whyNotBack(s *State, i int, d Day) string {
	if !s.remitWithin(a, &a.Versions[i], a.newest(), d) {
		return versionWider
	}
	return ""
}

func (a *Appointment) back(i int, source string) (e Payload, payer string) {
	v := &a.Versions[i]
	return &AppointmentVaried{
		Appointment: a.Number, Version: a.newest().Number + 1, Substitutes: v.Substitutes, Lines: v.Lines, Until: v.Until, Review: v.Review, Source: source, Back: v.Number,
	}, ""
}

func (a *Appointment) over(source string) Payload {
	return &AppointmentEnded{Appointment: a.Number, Source: source}
}

// parentOver says whether the delegation under which the appointment was made
// has not begun, or is over, or the exercise is undone (rule C8): it ends with
// them. In force means none of that.
func (s *State) parentOver(a *Appointment, d Day) (PowerState, string) {
	if a.Parent == "" {
		return InForce, ""
	}
	if x := s.Exercises[a.Source]; x != nil {
		switch s.ExerciseOn(x, d) {
		case XDisavowed:
			return Ended, a.Number + " ended when " + x.Number + " was disavowed"
		case XFallen:
			return Ended, a.Number + " ended when " + x.Number + " fell, called in and not settled"
		case XWithin, XCalledIn, XBeyond, XRatified, XLapsed, XUnconfirmed, XRefused:
		}
		if o := x.Outcome; o != nil && o.Ratified && o.On <= d && !s.AgreementHolds(o.Source, d) {
			return Ended, a.Number + " ended when " + o.Source + ", which had ratified " + x.Number + ", was set aside"
		}
	}
	if state, why := s.DelegationOn(s.Delegations[a.Parent], d); state == NotYet || state == Ended || state == Expired {
		return state, why
	}
	return InForce, ""
}
