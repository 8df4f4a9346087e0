package model

import (
	"slices"

	"goldenthread/domain"
)

// Coverage (M1 to M4, O1, O2), from the register and the mandates.

// codes are all organisations of that kind, in the order of their codes.
func (m model) codes(kind domain.OrganisationKind) []string {
	var codes []string
	for _, e := range m.events {
		if x, ok := e.Data.(*domain.OrganisationRegistered); ok && x.Kind == kind {
			codes = append(codes, x.Code)
		}
	}
	slices.Sort(codes)
	return codes
}

// spells are the stretches of days during which the organisation works (O1).
func (m model) spells(code string) []domain.Span {
	var spells []domain.Span
	for _, e := range m.events {
		switch x := e.Data.(type) {
		case *domain.OrganisationRegistered:
			if x.Code == code {
				spells = append(spells, domain.Span{From: x.Opened})
			}
		case *domain.OrganisationChanged:
			if x.Code == code && x.Opened != 0 && len(spells) == 1 {
				spells[0].From = x.Opened
			}
		case *domain.OrganisationClosed:
			if x.Code == code {
				spells[len(spells)-1].Until = x.Last
			}
		case *domain.OrganisationReopened:
			if x.Code == code {
				if last := &spells[len(spells)-1]; e.Effective <= last.Until {
					last.Until = 0
				} else {
					spells = append(spells, domain.Span{From: e.Effective})
				}
			}
		}
	}
	return spells
}

func (m model) open(code string, d day) bool {
	for _, s := range m.spells(code) {
		if m.wrong == openOnLastDayOnly && s.Until == d {
			continue
		}
		if covers(s, d) {
			return true
		}
	}
	return false
}

type stay struct {
	in string
	domain.Span
}

func (m model) stays(member string) []stay {
	var stays []stay
	for _, e := range m.events {
		switch x := e.Data.(type) {
		case *domain.MembershipStarted:
			if x.Member == member {
				stays = append(stays, stay{x.In, domain.Span{From: x.From}})
			}
		case *domain.MembershipEnded:
			if x.Member == member {
				for i := range stays {
					if stays[i].in == x.In && stays[i].From == x.From {
						stays[i].Until = x.Until
					}
				}
			}
		}
	}
	return stays
}

func (m model) belongs(member, in string, d day) bool {
	for _, s := range m.stays(member) {
		if s.in == in && covers(s.Span, d) {
			return true
		}
	}
	return false
}

// pcnsOf are the open PCNs of the place to which the practice belongs.
func (m model) pcnsOf(practice string, d day) []string {
	var in []string
	for _, pcn := range m.codes(domain.PCN) {
		if m.belongs(practice, pcn, d) && m.open(pcn, d) && m.belongs(pcn, m.place(), d) {
			in = append(in, pcn)
		}
	}
	return in
}

// practicesOn are the open practices of the place.
func (m model) practicesOn(d day) []string {
	var here []string
	for _, p := range m.codes(domain.Practice) {
		if m.open(p, d) && (m.belongs(p, m.place(), d) || len(m.pcnsOf(p, d)) > 0) {
			here = append(here, p)
		}
	}
	return here
}

// merged are the organisations that went on as this one, and on which day each
// was last open.
func (m model) merged(into string) map[string]day {
	from := map[string]day{}
	for _, e := range m.events {
		switch x := e.Data.(type) {
		case *domain.OrganisationClosed:
			delete(from, x.Code)
			if x.Into == into {
				from[x.Code] = x.Last
			}
		case *domain.OrganisationReopened:
			delete(from, x.Code)
		}
	}
	return from
}

// patients is the number in force (O2), with those of practices that merged
// into this one since its last figure (O1). It is negative if not known.
func (m model) patients(practice string, d day) int {
	var on day
	n := -1
	for _, e := range m.events {
		if x, ok := e.Data.(*domain.ListSizeRecorded); ok && x.Practice == practice && x.On <= d && x.On >= on {
			on, n = x.On, x.Patients
		}
	}
	if m.wrong == mergedPatientsLost {
		return n
	}
	for other, last := range m.merged(practice) {
		if last >= d || last < on || other == practice {
			continue
		}
		if more := m.patients(other, last); more >= 0 {
			n = max(n, 0) + more
		}
	}
	return n
}

func named(matters []string, matter string) bool {
	if len(matters) == 0 {
		return true
	}
	for _, one := range matters {
		if below(matter, one) {
			return true
		}
	}
	return false
}

// grant finds a mandate of the organisation for the matter that stands on the
// day: it is in its time, its giver has not closed since, and nothing that was
// said after it takes it back. To and the withdrawals' from name the group ("")
// or PCNs.
func (m model) grant(giver string, to, from []string, matter string, d day) int {
	for i, e := range m.events {
		x, ok := e.Data.(*domain.MandateGranted)
		if !ok || x.Organisation != giver || !has(to, x.To) || !named(x.Matters, matter) || !covers(x.Span, d) {
			continue
		}
		if m.wrong != closingEndsNoMandate && m.closedSince(giver, x.From, d) {
			continue
		}
		if m.withdrawn(giver, from, matter, d, i, x) {
			continue
		}
		return i
	}
	return -1
}

// closedSince says whether the organisation worked on the first day and was
// closed on some day after it and up to the second.
func (m model) closedSince(code string, since, d day) bool {
	for _, s := range m.spells(code) {
		if s.Until != 0 && s.Until < d && s.Until >= since {
			return true
		}
	}
	return false
}

// withdrawn says whether the organisation took the i-th event's mandate back.
func (m model) withdrawn(giver string, from []string, matter string, d day, i int, g *domain.MandateGranted) bool {
	for j, e := range m.events {
		w, ok := e.Data.(*domain.MandateWithdrawn)
		if !ok || w.Organisation != giver || !has(from, w.From) || e.Effective > d {
			continue
		}
		if m.wrong == wholeWithdrawalOnly && len(w.Matters) > 0 {
			continue
		}
		if !named(w.Matters, matter) {
			continue
		}
		// A grant that was recorded after it, and holds from the day of the
		// notice or later, is a new one (M2).
		if j > i || g.From < w.Given && m.wrong != laterPaperIsNew {
			return true
		}
	}
	return false
}

// stands says whether the practice stands behind the group for the matter (M3).
func (m model) stands(practice, matter string, d day) bool {
	if m.grant(practice, []string{""}, []string{""}, matter, d) >= 0 {
		return true
	}
	for _, pcn := range m.pcnsOf(practice, d) {
		names := m.namesOf(pcn, practice, d)
		from := append(slices.Clone(names), "")
		if m.wrong == ownWithdrawalLeavesRoute {
			from = names
		}
		if m.grant(practice, names, from, matter, d) < 0 {
			continue
		}
		for _, name := range names {
			if m.wrong == pcnMandateIgnored || m.grantThrough(name, pcn, matter, d) {
				return true
			}
		}
	}
	if m.wrong == routeOutlivesMembership {
		for _, pcn := range m.codes(domain.PCN) {
			if m.grant(practice, []string{pcn}, []string{pcn, ""}, matter, d) >= 0 && m.grant(pcn, []string{""}, []string{""}, matter, d) >= 0 {
				return true
			}
		}
	}
	return false
}

// namesOf are the PCN's code and those of PCNs that merged into it and in which
// the practice was on their last day: it moved with them.
func (m model) namesOf(pcn, practice string, d day) []string {
	names := []string{pcn}
	if m.wrong == mergedMandatesEnd {
		return names
	}
	for other, last := range m.merged(pcn) {
		if other != pcn && last < d && m.belongs(practice, other, last) {
			names = append(names, other)
		}
	}
	slices.Sort(names[1:])
	return names
}

// grantThrough says whether the PCN that stands for the practice, itself or one
// that it goes on for, has a mandate to the group.
func (m model) grantThrough(name, pcn, matter string, d day) bool {
	if name == pcn {
		return m.grant(name, []string{""}, []string{""}, matter, d) >= 0
	}
	last := m.merged(pcn)[name]
	i := m.grant(name, []string{""}, []string{""}, matter, last)
	if i < 0 {
		return false
	}
	g := m.events[i].Data.(*domain.MandateGranted)
	return covers(g.Span, d) && !m.withdrawn(name, []string{""}, matter, d, i, g) && !m.withdrawn(pcn, []string{""}, matter, d, i, g)
}

// A coverage is who stands behind the group.
type coverage struct {
	practices, ofPractices int
	patients, ofPatients   int
	outside                []string
	patientsKnown          bool
}

func (m model) coverage(matter string, d day) coverage {
	var c coverage
	for _, p := range m.practicesOn(d) {
		n := m.patients(p, d)
		if n >= 0 {
			c.patientsKnown = true
		}
		c.ofPractices++
		c.ofPatients += max(n, 0)
		if m.standsFor(p, matter, d) {
			c.practices++
			c.patients += max(n, 0)
		} else {
			c.outside = append(c.outside, p)
		}
	}
	return c
}

// standsFor is stands for a known matter; without a matter it is whether the
// practice stands for at least one.
func (m model) standsFor(p, matter string, d day) bool {
	if matter != "" {
		return (m.knows(matter, d) || m.wrong == unknownStands) && m.stands(p, matter, d)
	}
	c, _ := m.charterOn(d)
	could := slices.Clone(c.Matters)
	for _, e := range m.events {
		if x, ok := e.Data.(*domain.MandateGranted); ok {
			could = append(could, x.Matters...)
		}
	}
	slices.Sort(could)
	for _, one := range slices.Compact(could) {
		if m.listed(one, d) && m.stands(p, one, d) {
			return true
		}
	}
	return false
}

// enough says whether coverage is above the charter's least (M4, F6).
func (m model) enough(c coverage, d day) bool {
	charter, _ := m.charterOn(d)
	least := charter.LeastCoverage
	known := c.patientsKnown || m.wrong == listsNeeded
	if m.wrong == leastIsEnough {
		return c.practices*100 >= least*c.ofPractices && (!known || c.patients*100 >= least*c.ofPatients)
	}
	return c.practices*100 > least*c.ofPractices && (!known || m.wrong == patientsDontCount || c.patients*100 > least*c.ofPatients)
}
