package domain

import (
	"fmt"
	"slices"
)

// Erasure (rule L7): whoever a name, email and telephone number belong to can
// have them erased. The ledger records that, and the store then destroys the
// key under which they were sealed. The person stays known by id, handle and
// office, so that every decision still says who took part in it.

// ErasePerson erases somebody's name, email and phone for good. The person may,
// and whoever keeps the register. It gives no reason: that would be one more
// thing said about them for ever.
type ErasePerson struct {
	Person string `json:"person" doc:"the person's id" maxLength:"60" rule:"L7" of:"person" ask:"Who?"`
}

func (c *ErasePerson) may(w *who) (Permission, *Refusal) { return w.mustLookAfter("L7", c.Person) }

func (c *ErasePerson) concerns(*State, []Event) []string { return []string{"person/" + c.Person} }
func (c *ErasePerson) names() []string                   { return []string{c.Person} }

func (c *ErasePerson) decide(t *turn) *Refusal {
	p := t.s.Person(c.Person)
	if p.ID != c.Person {
		return invalid("L7", "Name the person by id here: what is erased can't be brought back.")
	}
	if r := p.mustNotBeErased(); r != nil {
		return r
	}
	if held := t.s.heldFrom(p.ID, t.day); len(held) > 0 {
		return notNow("L7", "Whoever holds anything in force leaves first, and %s still has %s. Record that they leave the office, which ends all of it; from the day after, they can be erased.", p.Office, List(held))
	}
	t.record(&PersonErased{Person: p.ID})
	return nil
}

// heldFrom is what the person holds on the day, or is to hold from a later one, in words: seats,
// deputyships, duties, places on the executive, powers, appointments, organisations for which they speak.
func (s *State) heldFrom(person string, d Day) []string {
	var held []string
	add := func(holds bool, format string, parts ...any) {
		if holds {
			held = append(held, fmt.Sprintf(format, parts...))
		}
	}
	for _, id := range SortedNumbers(s.Seats) {
		for _, h := range s.Seats[id].Holders {
			day := max(d, h.From)
			mine := h.Person == person && s.holds(h.Tenure, day) && slices.Contains(s.EntitledOn(day), id)
			add(mine && h.Role == Holder, "the seat of %s", s.name(id))
			add(mine && h.Role != Holder, "a deputyship for %s", s.name(id))
		}
	}
	for i := range s.Duties {
		o := &s.Duties[i]
		add(o.Person == person && s.onDuty(o, max(d, o.From)), "the duty of %s", o.Duty.Words())
	}
	for i := range s.Executive {
		day := max(d, s.Executive[i].From)
		add(slices.Contains(s.ExecutiveOn(day), person) && s.Executive[i].Covers(day), "a place on the executive")
	}
	for _, n := range SortedNumbers(s.Delegations) {
		dl := s.Delegations[n]
		day := max(d, dl.Versions[0].From)
		state, _ := s.DelegationOn(dl, day)
		add(dl.To == person && s.People[person].inOffice(day) && state != Ended && state != Expired, "the power %s", n)
	}
	for _, n := range SortedNumbers(s.Appointments) {
		a := s.Appointments[n]
		day := max(d, a.Versions[0].From)
		state, _ := s.AppointmentOn(a, day)
		add(s.appoints(a, person, day) && state != Ended && state != Expired, "the appointment %s to %s", n, s.forumName(a.Forum))
	}
	for _, code := range SortedNumbers(s.Organisations) {
		for _, sp := range s.Organisations[code].Spokespeople {
			day := max(d, sp.From)
			add(sp.Person == person && s.holds(sp, day) && s.Organisations[code].OpenOn(day), "the say of %s", s.name(code))
		}
	}
	return slices.Compact(held)
}

// mustNotBeErased refuses whatever would need personal data of somebody whose
// data were erased.
func (p *Person) mustNotBeErased() *Refusal {
	if p.Erased == 0 {
		return nil
	}
	return notNow("L7", "The name, email and phone of %s were erased on %s, and none can be recorded any more. If the office has somebody new, introduce them.", p.Office, p.Erased.Words())
}

// PersonErased: somebody's name, email and phone are to be readable no more. It
// is written before the key is destroyed, so that whoever starts on a ledger
// that holds it destroys the key that a crash, or an older copy, has left.
type PersonErased struct {
	Person string `json:"person"`
}

func (e *PersonErased) Subject() string { return "person/" + e.Person }
func (e *PersonErased) apply(s *State, ev *Event) {
	p := edit(s.People, e.Person)
	p.Sealed, p.Earlier, p.Erased = nil, nil, ev.Effective
}
