package model

import "goldenthread/domain"

// What the check rests on (R1, R3, D4, D5, P4, I1): appointments and whether they hold, red lines, interests.

// A remit is a version of an appointment.
type remit struct {
	from, until, review day
	substitutes         []string
	lines               []domain.Line
	source              string
	index               int
}

type appointment struct {
	*domain.RepresentativeAppointed
	index    int
	versions []remit
	ended    day // first day on which it no longer holds; 0: not ended
}

func (m model) appointments() []appointment {
	var as []appointment
	find := func(number string) *appointment {
		for i := range as {
			if as[i].Appointment == number {
				return &as[i]
			}
		}
		return nil
	}
	for i, e := range m.events {
		switch x := e.Data.(type) {
		case *domain.RepresentativeAppointed:
			as = append(as, appointment{RepresentativeAppointed: x, index: i, versions: []remit{{x.From, x.Until, x.Review, x.Substitutes, x.Lines, x.Source, i}}})
		case *domain.AppointmentVaried:
			a := find(x.Appointment)
			until := x.Until
			if until == 0 && x.Back == 0 {
				until = a.versions[len(a.versions)-1].until
			}
			a.versions = append(a.versions, remit{e.Effective, until, x.Review, x.Substitutes, x.Lines, x.Source, i})
		case *domain.AppointmentEnded:
			if a := find(x.Appointment); a.ended == 0 || e.Effective < a.ended {
				a.ended = e.Effective
			}
		case *domain.AgreementSetAside:
			for j := range as {
				a := &as[j]
				made := a.Source == x.Proposal || m.ratifiedNaming(a.Source, x.Proposal)
				if made && (a.ended == 0 || e.Effective < a.ended) {
					a.ended = e.Effective
				}
			}
		default:
		}
	}
	return as
}

// ratifiedNaming says whether the exercise, which named somebody, was ratified by that
// agreement: it was beyond, or had been called in (C8, C9).
func (m model) ratifiedNaming(exercise, agreement string) bool {
	if m.exerciseNamed(exercise) == nil {
		return false
	}
	for _, e := range m.events {
		if r, ok := e.Data.(*domain.Ratified); ok && r.What == exercise && r.Source == agreement {
			return true
		}
	}
	return false
}

// on is the version of the day: the newest that has begun; nil before the first.
func (a appointment) on(d day) *remit {
	var r *remit
	for i := range a.versions {
		if a.versions[i].from <= d {
			r = &a.versions[i]
		}
	}
	return r
}

// leftOffice is the last day that the person was in the office; 0 if they are
// still there.
func (m model) leftOffice(person string) day {
	var left day
	for _, e := range m.events {
		if x, ok := e.Data.(*domain.OfficeLeft); ok && x.Person == person {
			left = x.Until
		}
	}
	return left
}

// holds says whether the appointment is in force on the day; paused and
// suspended ones are (R1).
func (m model) holds(a appointment, d day) bool {
	r := a.on(d)
	if r == nil || a.Capacity != domain.CapacityGroup {
		return false
	}
	if r.until != 0 && d > r.until || a.ended != 0 && d >= a.ended {
		return false
	}
	if m.gone(a.Person, d) {
		return false
	}
	if x := m.exerciseNamed(a.Source); x != nil {
		switch m.standing(x, d) {
		case domain.XBeyond, domain.XDisavowed, domain.XLapsed, domain.XFallen, domain.XUnconfirmed, domain.XRefused:
			return false
		case domain.XWithin, domain.XCalledIn, domain.XRatified:
		}
	}
	if a.Parent != "" {
		if p := m.delegation(a.Parent); p == nil || !m.inForce(*p, d) {
			return false
		}
	}
	return true
}

// asleep says whether a review was missed and the grace is over too (D3).
func (m model) asleep(review, d day) bool {
	c, _ := m.charterOn(d)
	grace := day(c.Grace)
	if m.wrong == noGrace {
		grace = 0
	}
	if m.wrong == sleepsADayEarly {
		grace--
	}
	return review != 0 && d > review+grace && m.wrong != neverAsleep
}

// suspended says whether a suspension of the delegation or appointment holds
// on the day (D8).
func (m model) suspended(what string, d day) bool {
	for i, e := range m.events {
		x, ok := e.Data.(*domain.PowerSuspended)
		if !ok || x.What != what || d < e.Effective || d > x.Until {
			continue
		}
		if !m.lifted(what, i, d) {
			return true
		}
	}
	return false
}

// lifted says whether an agreement ended, by the day, what the i-th event
// suspends: one that names it, or one that confirms or varies what is suspended
// and whose version was put after it. While that agreement is set aside the
// suspension runs again.
func (m model) lifted(what string, i int, d day) bool {
	for j := i + 1; j < len(m.events); j++ {
		e := m.events[j]
		source, names := "", false
		switch x := e.Data.(type) {
		case *domain.DelegationVaried:
			if x.Delegation == what && x.Back == 0 {
				source = x.Source
			}
		case *domain.AppointmentVaried:
			if x.Appointment == what && x.Back == 0 {
				source = x.Source
			}
		case *domain.SuspensionEnded:
			if x.Suspended == m.events[i].Index {
				source, names = x.Source, true
			}
		default:
		}
		if source != "" && e.Effective <= d && (names || m.wrong == anythingLifts || m.putAt(source) > i) && m.agreedHolds(source, d) {
			return true
		}
	}
	return false
}

// putAt is the index at which the proposal's newest version was put.
func (m model) putAt(proposal string) int {
	at := -1
	for i, e := range m.events {
		if x, ok := e.Data.(*domain.ProposalPut); ok && x.Proposal == proposal {
			at = i
		}
	}
	return at
}

// redLine says whether the group adopted a red line that takes in the matter:
// one in its time, whose agreement was not set aside, and that no other position
// names as replaced (R2, C9).
func (m model) redLine(matter string, d day) bool {
	if m.wrong == redLinesIgnored {
		return false
	}
	for _, e := range m.events {
		x, ok := e.Data.(*domain.PositionAdopted)
		if ok && x.RedLine && below(matter, x.Matter) && covers(x.Span, d) && m.agreedHolds(x.Source, d) && !m.replaced(x, d) {
			return true
		}
	}
	return false
}

// replaced says whether a position that began by the day names this one. One
// that was set aside before the end of its first day replaced nothing.
func (m model) replaced(p *domain.PositionAdopted, d day) bool {
	for _, e := range m.events {
		x, ok := e.Data.(*domain.PositionAdopted)
		if !ok || x.From > d || !m.agreedHolds(x.Source, x.From) {
			continue
		}
		for _, ref := range x.Replaces {
			of := ref.Matter
			if of == "" {
				of = x.Matter
			}
			if ref.Agreement == p.Source && of == p.Matter && m.wrong != replacedBindsOn {
				return true
			}
		}
	}
	return false
}

// interested says whether the person declared an interest in the matter that
// has not ended (R7).
func (m model) interested(person, matter string, d day) bool {
	for i, e := range m.events {
		x, ok := e.Data.(*domain.InterestDeclared)
		if !ok || x.Person != person || !covers(x.Span, d) || m.interestOver(i, x.Interest, d) {
			continue
		}
		for _, one := range x.Matters {
			if below(matter, one) && m.wrong != interestsIgnored {
				return true
			}
		}
	}
	return false
}

// interestOver says whether the interest that the i-th event declared was ended
// since, with a last day before this one.
func (m model) interestOver(i int, number string, d day) bool {
	for _, e := range m.events[i:] {
		if x, ok := e.Data.(*domain.InterestEnded); ok && x.Interest == number && d > x.Until && m.wrong != interestsLast {
			return true
		}
	}
	return false
}

// lineOf is the most specific line on the matter; nil if there is none.
func (m model) lineOf(lines []domain.Line, matter string) *domain.Line {
	var best *domain.Line
	for i := range lines {
		l := &lines[i]
		if below(matter, l.Matter) && (best == nil || len(l.Matter) > len(best.Matter) || m.wrong == leastSpecificLine && len(l.Matter) < len(best.Matter)) {
			best = l
		}
	}
	return best
}
