package domain

import (
	"cmp"
	"slices"
	"strings"
)

// What if (rules M2–M4): what coverage, and which powers, would change if a practice
// or a PCN withdrew. Nothing is recorded; the answer is what the withdrawal itself
// would make of the state.

// A WhatIf is what would change on a day if the organisation's withdrawal from the
// group took effect on it.
type WhatIf struct {
	Organisation  *Organisation
	Matter        string // that it withdraws; "": everything
	At            Day
	Earliest      Day // on which it could take effect, if notice were given on that day
	Before, After Coverage
	Leaving       []*Organisation // practices that would no longer stand behind the group, by code
	Powers        []PowerLost     // by number, then matter
}

// A PowerLost is a power of a delegation, or a line of an appointment, under which
// somebody could commit before and nobody could after, for want of coverage (rule M4).
type PowerLost struct {
	Ref           string // D1 or R1
	Delegation    bool   // else an appointment
	Matter        string // of the power or line; "": what an appointment's lines do not name
	On            string // matter for which coverage is lost: the narrower of that and what is withdrawn
	Before, After Coverage
}

// WhatIf answers for that organisation, a practice or a PCN, and that matter, or
// everything where none is named. It is refused for an organisation or a matter
// that could not withdraw or be withdrawn.
func (s *supposing) WhatIf(organisation, matter string, at Day) (*WhatIf, *Refusal) {
	if s.Next == 0 {
		return nil, notFound("L1", "There is no group called %q here.", Clip(s.Group))
	}
	o, r := s.openOrganisation("O1", strings.ToUpper(organisation), at)
	if r != nil {
		return nil, r.at("organisation")
	}
	if o.Kind != Practice && o.Kind != PCN {
		return nil, invalid("M1", "Mandates come from practices and PCNs: name one of them.").at("organisation")
	}
	charter := &s.CharterOn(at).Charter
	if matter != "" {
		if r := charter.checkKnown(matter).at("matter"); r != nil {
			return nil, r
		}
	}
	after := s.withWithdrawal(o.Code, matter, at)
	w := &WhatIf{
		Organisation: o, Matter: matter, At: at, Earliest: at.Add(charter.Notice), Before: s.CoverageOn(matter, at), After: after.CoverageOn(matter, at),
	}
	for _, st := range w.Before.inside {
		if !slices.ContainsFunc(w.After.inside, func(still Standing) bool { return still.Practice.Code == st.Practice.Code }) {
			w.Leaving = append(w.Leaving, st.Practice)
		}
	}
	w.Powers = s.powersLost(after, matter, at)
	return w, nil
}

// withWithdrawal is the state as it would be if the organisation's withdrawal from
// the group had been recorded last, to take effect on that day.
func (s *supposing) withWithdrawal(organisation, matter string, at Day) *View {
	e := &MandateWithdrawn{Mandate: s.nextNumber('M'), Organisation: organisation, Given: at}
	if matter != "" {
		e.Matters = []string{matter}
	}
	after := s.copied()
	after.Apply(&Event{Group: s.Group, Index: s.Next, Time: s.Last, Effective: at, Actor: System, Data: e})
	return after
}

// powersLost are the powers and lines in force on that day for which coverage is
// above the charter's least here and not in the other state.
func (s *supposing) powersLost(after *View, matter string, at Day) []PowerLost {
	if !s.EstablishedOn(at) {
		return nil
	}
	var lost []PowerLost
	least := s.CharterOn(at).Charter.LeastCoverage
	for _, part := range s.partsReached(matter, at) {
		for _, on := range s.namedWithin(part.On) {
			if s.CharterOn(at).Charter.Reserves(on) || s.redLineOn(on, at) != nil || !part.answers(on) {
				continue
			}
			p := part.PowerLost
			p.On, p.Before, p.After = on, s.coverageBy(on, part.basis, at), after.coverageBy(on, part.basis, at)
			if !p.Before.Above(least) || p.After.Above(least) || slices.ContainsFunc(lost, func(have PowerLost) bool {
				return have.Ref == p.Ref && have.Matter == p.Matter && Within(on, have.On)
			}) {
				continue
			}
			lost = append(lost, p)
		}
	}
	slices.SortStableFunc(lost, func(a, b PowerLost) int {
		return cmp.Or(compareNumbers(a.Ref, b.Ref), strings.Compare(a.Matter, b.Matter), strings.Compare(a.On, b.On))
	})
	return lost
}

// A part of a delegation or of an appointment that what is withdrawn reaches.
type part struct {
	PowerLost
	basis   string            // agreement on which it rests
	answers func(string) bool // says whether it is what answers for the matter
}

// partsReached are the powers in force on that day, and the parts of appointments in
// force that let somebody commit, that the withdrawal of the matter reaches.
func (s *remembering) partsReached(matter string, at Day) []part {
	var parts []part
	for _, d := range s.delegationsInOrder() {
		if state, _ := s.DelegationOn(d, at); state != InForce {
			continue
		}
		v := d.VersionOn(at)
		for i := range v.Powers {
			of := v.Powers[i].Matter
			if on, reached := narrower(of, matter); reached {
				parts = append(parts, part{PowerLost{Ref: d.Number, Delegation: true, Matter: of, On: on}, v.Source, func(on string) bool { return v.mostSpecific(on) == of }})
			}
		}
	}
	for _, n := range SortedNumbers(s.Appointments) {
		a := s.Appointments[n]
		if state, _ := s.AppointmentOn(a, at); state == InForce && a.Capacity == CapacityGroup {
			parts = append(parts, s.linesReached(a, matter, at)...)
		}
	}
	return parts
}

// linesReached are the parts of the appointment that let somebody commit and that
// what is withdrawn reaches: its lines, and what none of them names where the
// charter then gives discretion (rule R2).
func (s *authority) linesReached(a *Appointment, matter string, at Day) []part {
	var parts []part
	v, basis := a.VersionOn(at), s.basis(a, at)
	for i := range v.Lines {
		l := &v.Lines[i]
		if on, reached := narrower(l.Matter, matter); reached && (l.Stance == Discretion || l.Stance == WithinLimits) {
			parts = append(parts, part{PowerLost{Ref: a.Number, Matter: l.Matter, On: on}, basis, func(on string) bool { return v.line(on) == l }})
		}
	}
	charter := &s.CharterOn(at).Charter
	if a.Parent != "" || charter.DefaultStance != Discretion {
		return parts
	}
	for _, listed := range charter.Matters {
		if on, reached := narrower(listed, matter); reached {
			parts = append(parts, part{PowerLost{Ref: a.Number, On: on}, basis, func(on string) bool { return v.line(on) == nil }})
		}
	}
	return parts
}

// namedWithin are the matter and those below it that any mandate names: for each
// of them coverage can be another.
func (s *mandates) namedWithin(matter string) []string {
	named := []string{matter}
	for _, m := range s.Mandates {
		for _, one := range m.Matters {
			if one != matter && Within(one, matter) {
				named = appendNew(named, one)
			}
		}
	}
	slices.Sort(named)
	return named
}

// narrower is the narrower of the two matters, where one is the other or lies below
// it; no withdrawn matter is everything.
func narrower(of, withdrawn string) (string, bool) {
	switch {
	case withdrawn == "" || Within(of, withdrawn):
		return of, true
	case Within(withdrawn, of):
		return withdrawn, true
	}
	return "", false
}
