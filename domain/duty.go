package domain

import (
	"cmp"
	"slices"
)

// Duties (rules F4, F9, A4): chair, manager, registrar, gatekeepers and leads,
// named by the charter or an agreement, with dates. None of them decides.

// DutyName is what somebody does for the group.
type DutyName string

const (
	Chair      DutyName = "chair"
	Manager    DutyName = "manager"
	Registrar  DutyName = "registrar"
	Gatekeeper DutyName = "gatekeeper"
	Lead       DutyName = "lead" // for representation

	CoChair     DutyName = "co-chair"     // does what the chair does, with another
	DeputyChair DutyName = "deputy-chair" // does what the chair does, for the chair
)

// laterDuties are those of a later format than the first.
var laterDuties = map[string]int{string(CoChair): 2, string(DeputyChair): 2}

func (DutyName) laterWords() map[string]int { return laterDuties }

// Words are the duty in a sentence: "deputy chair".
func (d DutyName) Words() string {
	if d == DeputyChair {
		return "deputy chair"
	}
	return string(d)
}

// chairing are the duties with which somebody may do what the chair may (rule F9).
var chairing = []DutyName{Chair, CoChair, DeputyChair}

// chairs says whether the duty is one of those.
func (d DutyName) chairs() bool { return slices.Contains(chairing, d) }

// mostChairs is how many chair at a time: two co-chairs, or a chair and a deputy chair.
const mostChairs = 2

// mostOf is how many may have the duty at a time, where the charter does not say.
var mostOf = map[DutyName]int{Chair: 1, CoChair: 2, DeputyChair: 1, Manager: 1, Registrar: 2, Gatekeeper: 2, Lead: 2}

// A DutyEntry asks for somebody to have a duty.
type DutyEntry struct {
	Duty     DutyName `json:"duty" enum:"chair,co-chair,deputy-chair,manager,registrar,gatekeeper,lead" rule:"F9" else:"%q is not a duty known here." ask:"Which duty?"`
	Person   string   `json:"person" doc:"handle or id" maxLength:"60" of:"person" ask:"Whose?"`
	Employer string   `json:"employer,omitempty" doc:"code of the organisation that employs them" maxLength:"60" of:"organisation" ask:"Who employs them?" hint:"If a system body does, that is shown wherever the group speaks." none:"Not said"`
	Replaces string   `json:"replaces,omitempty" doc:"handle or id of whoever had the duty" maxLength:"60" of:"person" ask:"In whose place?" none:"Nobody's"`
	Span
}

// check refuses a duty that can't be assigned from that day.
func (c *DutyEntry) check(s *State, d Day) (*Person, Span, *Refusal) {
	p, r := s.person("F9", c.Person)
	if r != nil {
		return nil, c.Span, r.at("person")
	}
	span := c.Span
	span.From = max(cmp.Or(span.From, d), d)
	if span.Until != 0 && span.Until < span.From {
		return nil, span, invalid("F9", "The duty would end before it begins.").at("until")
	}
	if c.Employer != "" {
		if _, r := s.organisation("F9", c.Employer); r != nil {
			return nil, span, r.at("employer")
		}
	}
	if c.Replaces != "" {
		if _, r := s.person("F9", c.Replaces); r != nil {
			return nil, span, r.at("replaces")
		}
	}
	most := mostOf[c.Duty]
	if c.Duty == Gatekeeper {
		most = s.Charter().Gatekeepers
	}
	have, chairs := 0, 0
	for _, o := range s.Duties {
		if (o.Duty == c.Duty || o.Duty.chairs() && c.Duty.chairs()) && o.overlaps(span) && s.onDuty(&o, max(o.From, span.From)) && (c.Replaces == "" || o.Duty != c.Duty || o.Person != s.Person(c.Replaces).ID || o.From >= span.From) {
			if o.Person == p.ID {
				return nil, span, notNow("F9", "%s is already %s then.", p.Office, o.Duty.Words()).at("person")
			}
			if chairs++; o.Duty == c.Duty {
				have++
			}
		}
	}
	if c.Duty.chairs() && chairs >= mostChairs {
		return nil, span, notNow("F9", "There can be two co-chairs, or a chair and a deputy chair; say whom this replaces.").at("replaces")
	}
	if have >= most {
		return nil, span, notNow("F9", "There can be at most %d at a time with the duty of %s; say whom this replaces.", most, c.Duty.Words()).at("replaces")
	}
	return p, span, nil
}

func (t *turn) assignDuty(c *DutyEntry, e enacting) *Refusal {
	p, span, r := c.check(t.s.State, e.day)
	if r != nil {
		return r
	}
	if c.Replaces != "" {
		last := span.From.Add(-1)
		t.recordBecause(e.cause, last, &DutyEnded{Duty: c.Duty, Person: t.s.Person(c.Replaces).ID, Until: last, Source: e.source})
	}
	t.recordBecause(e.cause, span.From, &DutyAssigned{Duty: c.Duty, Person: p.ID, Employer: c.Employer, Source: e.source, Span: span})
	return nil
}

// Invite lets an organisation that holds no seat follow the group's work: it
// never consents, objects or delegates, nor sees what is for members only (rule F3).
type Invite struct {
	Organisation string `json:"organisation" rule:"F3" of:"unseated" ask:"Which organisation?"`
	Span
}

func (c *Invite) may(w *who) (Permission, *Refusal) { return w.mustHave("F3", Chair, Manager) }

func (c *Invite) decide(t *turn) *Refusal {
	o, r := t.s.openOrganisation("F3", c.Organisation, t.day)
	if r != nil {
		return r.at("organisation")
	}
	span, r := t.span("F3", c.Span)
	if r != nil {
		return r
	}
	t.recordOn(span.From, &OrganisationInvited{Organisation: o.Code, Span: span})
	return nil
}

// DutyAssigned: somebody has a duty.
type DutyAssigned struct {
	Duty     DutyName `json:"duty"`
	Person   string   `json:"person"`
	Employer string   `json:"employer,omitempty"`
	Source   string   `json:"source"`
	Span
}

func (e *DutyAssigned) Subject() string { return "duty/" + string(e.Duty) }
func (e *DutyAssigned) apply(s *State, ev *Event) {
	s.Duties = append(s.Duties, Duty{e.Duty, e.Employer, e.Source, Tenure{Person: e.Person, Span: e.Span, Index: ev.Index}})
}

// DutyEnded: somebody's duty has a last day.
type DutyEnded struct {
	Duty   DutyName `json:"duty"`
	Person string   `json:"person"`
	Until  Day      `json:"until"`
	Source string   `json:"source"`
}

func (e *DutyEnded) Subject() string { return "duty/" + string(e.Duty) }
func (e *DutyEnded) apply(s *State, _ *Event) {
	s.Duties = slices.Clone(s.Duties)
	for i := range s.Duties {
		if d := &s.Duties[i]; d.Duty == e.Duty && d.Person == e.Person && d.Covers(e.Until) {
			d.Until = e.Until
		}
	}
}

// OrganisationInvited: an organisation without a seat may follow the work.
type OrganisationInvited struct {
	Organisation string `json:"organisation"`
	Span
}

func (e *OrganisationInvited) Subject() string { return "organisation/" + e.Organisation }
func (e *OrganisationInvited) apply(s *State, ev *Event) {
	s.Invitations = append(s.Invitations, Invitation{e.Organisation, e.Span, ev.Index})
}

// A Duty is somebody doing something for the group for a time.
type Duty struct {
	Duty     DutyName
	Employer string
	Source   string
	Tenure
}

// An Invitation lets an organisation follow the group's work.
type Invitation struct {
	Organisation string
	Span
	Index uint64
}

// HasDuty says whether the person has the duty on that day.
func (s *circle) HasDuty(person string, duty DutyName, d Day) bool {
	return slices.ContainsFunc(s.Duties, func(o Duty) bool { return o.Duty == duty && o.Person == person && s.onDuty(&o, d) })
}

// onDuty says whether the duty is somebody's on that day: its days have come and
// not run out, they haven't left their office, and the agreement that assigned it was not set aside (rule C9).
func (s *circle) onDuty(o *Duty, d Day) bool {
	return s.holds(o.Tenure, d) && s.AgreementHolds(o.Source, d)
}

// DutiesOn are the duties on that day, in the order in which they were given.
func (s *circle) DutiesOn(d Day) []Duty {
	var ds []Duty
	for _, o := range s.Duties {
		if s.onDuty(&o, d) {
			ds = append(ds, o)
		}
	}
	return ds
}

// mostGatekeepers is the largest number of gatekeepers at a time from that day
// on (rule A4).
func (s *circle) mostGatekeepers(from Day) int {
	most := 0
	for _, start := range s.Duties {
		d, n := max(start.From, from), 0
		for _, o := range s.Duties {
			if o.Duty == Gatekeeper && s.onDuty(&o, d) {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}

// employedBySystem says whether a system body employs whoever has the duty, so
// that what they record in others' name needs confirming (rules C10, F9).
func (s *circle) employedBySystem(person string, duty DutyName, d Day) bool {
	return slices.ContainsFunc(s.Duties, func(o Duty) bool {
		return o.Duty == duty && o.Person == person && s.onDuty(&o, d) && (o.Employer != "" && s.Organisations[o.Employer].Kind == SystemBody || s.employerIsSystem(person, d))
	})
}

// Member says whether the person comes from an organisation of general
// practice, speaks for one, acts here (for a seat, in a duty, on the executive,
// as a representative) on that day, or founds the group; members see what the
// charter keeps to them (rule F3).
func (s *State) Member(person string, d Day) bool {
	p := s.People[person]
	if p == nil {
		return false
	}
	o := s.Organisations[p.Organisation]
	return comesFrom(p, o, d) && o.Kind.generalPractice() ||
		slices.ContainsFunc(s.Duties, func(o Duty) bool { return o.Person == person && s.onDuty(&o, d) }) ||
		s.Established == 0 && person == s.Founder ||
		len(s.SeatsOf(person, d)) > 0 || slices.Contains(s.ExecutiveOn(d), person) || s.represents(person, d) ||
		s.speaksFor(person, d, func(o *Organisation) bool { return o.Kind.generalPractice() }) || s.answersStill(person, d)
}

// comesFrom says whether the organisation to which the person's office belongs
// is open and the person still in that office.
func comesFrom(p *Person, o *Organisation, d Day) bool {
	return o != nil && o.OpenOn(d) && p.inOffice(d)
}

func (s *State) represents(person string, d Day) bool {
	for _, a := range s.Appointments {
		if state, _ := s.AppointmentOn(a, d); state == InForce && s.appoints(a, person, d) {
			return true
		}
	}
	return false
}

// speaksFor says whether the person speaks for an open organisation of that sort.
func (s *roster) speaksFor(person string, d Day, sort func(*Organisation) bool) bool {
	for _, o := range s.Organisations {
		if len(o.Spokespeople) > 0 && sort(o) && o.OpenOn(d) && s.SpeaksFor(person, o.Code, d) {
			return true
		}
	}
	return false
}

// Follows says whether the person may follow the group's work on that day:
// members do, and those who come from an organisation that is invited (rule F3).
func (s *State) Follows(person string, d Day) bool {
	p := s.People[person]
	if p == nil {
		return false
	}
	return s.Member(person, d) || comesFrom(p, s.Organisations[p.Organisation], d) &&
		slices.ContainsFunc(s.Invitations, func(i Invitation) bool { return i.Organisation == p.Organisation && i.Covers(d) })
}

// MaySee says whether the person may see such things on that day: members see
// everything; who is invited, what the charter does not keep to members, and from a
// system body only if the charter shows those the group's work; anybody else nothing
// (rules F3, F6). A thing that no charter can keep to members may be work all the same.
func (s *State) MaySee(person, thing string, d Day) bool {
	if s.Member(person, d) {
		return true
	}
	return s.Follows(person, d) && !slices.Contains(s.Charter().MembersOnly, thing) && !s.SeesReleasedOnly(person)
}

// SeesReleasedOnly says whether the person comes from a system body, which by the charter sees
// what was released to it and nothing else (rule F3).
func (s *roster) SeesReleasedOnly(person string) bool {
	p := s.People[person]
	if p == nil || s.Charter().Sight() != SeesReleased {
		return false
	}
	of := s.Organisations[p.Organisation]
	return of != nil && of.Kind == SystemBody
}
