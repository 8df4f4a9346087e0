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
		default:
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
		case *domain.MembershipCorrected:
			if x.Member == member {
				for i := range stays {
					if stays[i].in == x.In && stays[i].From == x.Was.From {
						stays[i].Span = x.Span
					}
				}
			}
		default:
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

// inPCN says whether the practice belongs to the PCN on the day: it is recorded
// as a member of it, or still of one that went on as it.
func (m model) inPCN(practice, pcn string, d day) bool {
	for _, s := range m.stays(practice) {
		if covers(s.Span, d) && m.wentOnAs(s.in, d) == pcn {
			return true
		}
	}
	return false
}

// inPlace says whether the practice is of the place, by itself or through a PCN
// of the place. A PCN that closes doesn't take its practices out of the place.
func (m model) inPlace(practice string, d day) bool {
	if m.belongs(practice, m.place(), d) {
		return true
	}
	for _, pcn := range m.codes(domain.PCN) {
		if m.inPCN(practice, pcn, d) && (m.belongs(pcn, m.place(), d) || m.endedInPlace(pcn, d)) {
			return true
		}
	}
	return false
}

// endedInPlace says whether the PCN is closed on the day, and was of the place on its
// last day and is not recorded to have left it on one between (M3).
func (m model) endedInPlace(pcn string, d day) bool {
	for _, e := range m.endings() {
		if e.code != pcn || e.last >= d || m.open(pcn, d) {
			continue
		}
		for _, s := range m.stays(pcn) {
			if s.in == m.place() && covers(s.Span, e.last) && (s.Until == e.last || covers(s.Span, d)) {
				return true
			}
		}
	}
	return false
}

// pcnsOf are the open PCNs of the place to which the practice belongs.
func (m model) pcnsOf(practice string, d day) []string {
	var in []string
	for _, pcn := range m.codes(domain.PCN) {
		if m.inPCN(practice, pcn, d) && m.open(pcn, d) && m.belongs(pcn, m.place(), d) {
			in = append(in, pcn)
		}
	}
	return in
}

// practicesOn are the open practices of the place.
func (m model) practicesOn(d day) []string {
	var here []string
	for _, p := range m.codes(domain.Practice) {
		if m.open(p, d) && m.inPlace(p, d) {
			here = append(here, p)
		}
	}
	return here
}

// An ending is a closing, what the organisation went on as, and when it opened
// again.
type ending struct {
	code, into  string
	last, again day
}

func (m model) endings() []ending {
	var all []ending
	for _, e := range m.events {
		switch x := e.Data.(type) {
		case *domain.OrganisationClosed:
			all = append(stillOpen(all, x.Code), ending{x.Code, x.Into, x.Last, 0})
		case *domain.OrganisationReopened:
			for i := range all {
				if all[i].code == x.Code && all[i].again == 0 {
					all[i].again = e.Effective
					if e.Effective <= all[i].last { // it never closed
						all = stillOpen(append(all[:i:i], all[i+1:]...), x.Code)
						break
					}
				}
			}
		default:
		}
	}
	return all
}

// stillOpen leaves out the ending of the organisation that the next one
// corrects: one after which it didn't open again.
func stillOpen(all []ending, code string) []ending {
	return slices.DeleteFunc(slices.Clone(all), func(e ending) bool { return e.code == code && e.again == 0 })
}

// merged are the organisations that had gone on as this one by the day and are
// not open again, and on which day each was last open.
func (m model) merged(into string, d day) map[string]day {
	from := map[string]day{}
	for _, e := range m.endings() {
		if e.into == into && e.last < d && (e.again == 0 || d < e.again) {
			from[e.code] = e.last
		}
	}
	return from
}

// wentOnAs is what the organisation is on the day: itself, or what it went on
// as, through as many mergers as there were.
func (m model) wentOnAs(code string, d day) string {
	for range 10 {
		next := code
		for _, e := range m.endings() {
			if e.code == code && e.into != "" && e.last < d && (e.again == 0 || d < e.again) {
				next = e.into
			}
		}
		if next == code {
			break
		}
		code = next
	}
	return code
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
	for other, last := range m.merged(practice, d) {
		if last < on || other == practice {
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
// said after it takes it back. It goes to the group ("") or to one of the PCNs,
// of which the first is what the others went on as.
func (m model) grant(giver string, to []string, matter string, d day) int {
	for i, e := range m.events {
		x, ok := e.Data.(*domain.MandateGranted)
		if !ok || x.Organisation != giver || !has(to, x.To) && m.wentOnAs(x.To, x.From) != to[0] || !named(x.Matters, matter) || !covers(x.Span, d) {
			continue
		}
		if m.wrong != closingEndsNoMandate && m.closedSince(giver, x.From, d) {
			continue
		}
		if x.To != "" && m.wentOnAs(x.To, d) == x.To && m.closedSince(x.To, x.From, d) {
			continue // its PCN closed since, and opened again (O1)
		}
		if m.withdrawn(giver, matter, d, i, x) {
			continue
		}
		return i
	}
	return -1
}

// closedSince says whether the organisation worked on the first day and was
// closed, or got a new contract holder, on some day after it and up to the
// second.
func (m model) closedSince(code string, since, d day) bool {
	for _, e := range m.events {
		x, ok := e.Data.(*domain.ContractHolderChanged)
		if ok && x.Practice == code && since < x.From && x.From <= d && m.wrong != newHolderInherits {
			return true
		}
	}
	for _, s := range m.spells(code) {
		if s.Until != 0 && s.Until < d && s.Until >= since {
			return true
		}
	}
	return false
}

// withdrawn says whether the organisation took the i-th event's mandate back by
// the day: from whom it was given to or, of what a practice gave its PCN, from
// the group. A name means whatever the organisation had gone on as by then.
func (m model) withdrawn(giver, matter string, d day, i int, g *domain.MandateGranted) bool {
	for j, e := range m.events {
		w, ok := e.Data.(*domain.MandateWithdrawn)
		if !ok || w.Organisation != giver || e.Effective > d || !named(w.Matters, matter) {
			continue
		}
		same := w.From == g.To || w.From != "" && g.To != "" && m.wentOnAs(w.From, e.Effective) == m.wentOnAs(g.To, e.Effective)
		if !same && (w.From != "" || m.wrong == ownWithdrawalLeavesRoute) {
			continue
		}
		if m.wrong == wholeWithdrawalOnly && len(w.Matters) > 0 {
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
	if m.grant(practice, []string{""}, matter, d) >= 0 {
		return true
	}
	for _, pcn := range m.pcnsOf(practice, d) {
		names := m.namesOf(pcn, practice, d)
		if m.grant(practice, names, matter, d) < 0 {
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
			if m.grant(practice, []string{pcn}, matter, d) >= 0 && m.grant(pcn, []string{""}, matter, d) >= 0 {
				return true
			}
		}
	}
	return false
}

// namesOf are the PCN's code and those of PCNs of the place that went on as it,
// and with which the practice moved: it was in each on its last day, and in its
// successor on the day after.
func (m model) namesOf(pcn, practice string, d day) []string {
	names := []string{pcn}
	for _, other := range m.codes(domain.PCN) {
		if other == pcn || m.wentOnAs(other, d) != pcn || m.wrong == mergedMandatesEnd {
			continue
		}
		moved := true
		for _, step := range m.wayTo(other, d) {
			moved = moved && m.inPCN(practice, step.code, step.last) && m.inPCN(practice, step.into, step.last+1) && m.belongs(step.code, m.place(), step.last)
		}
		if moved {
			names = append(names, other)
		}
	}
	return names
}

// wayTo are the mergers by which the organisation came to what it is on the day.
func (m model) wayTo(code string, d day) []ending {
	var way []ending
	for range 10 {
		var next *ending
		for _, e := range m.endings() {
			if e.code == code && e.into != "" && e.last < d && (e.again == 0 || d < e.again) {
				next = &e
			}
		}
		if next == nil {
			break
		}
		way = append(way, *next)
		code = next.into
	}
	return way
}

// grantThrough says whether the PCN that stands for the practice, itself or one
// that went on as it, has a mandate to the group. What passed on in a merger
// ends when the successor withdraws after it.
func (m model) grantThrough(name, pcn, matter string, d day) bool {
	if name == pcn {
		return m.grant(name, []string{""}, matter, d) >= 0
	}
	way := m.wayTo(name, d)
	given := false
	for i, e := range m.events {
		g, ok := e.Data.(*domain.MandateGranted)
		given = given || ok && g.Organisation == name && g.To == "" && named(g.Matters, matter) &&
			covers(g.Span, way[0].last) && covers(g.Span, d) && !m.closedSince(name, g.From, way[0].last) && !m.withdrawn(name, matter, d, i, g)
	}
	if !given {
		return false
	}
	for _, step := range way {
		for _, e := range m.events {
			w, ok := e.Data.(*domain.MandateWithdrawn)
			if ok && w.Organisation == step.into && w.From == "" && e.Effective > step.last && e.Effective <= d && named(w.Matters, matter) {
				return false
			}
		}
	}
	return true
}

// A coverage is who stands behind the group.
type coverage struct {
	practices, ofPractices int
	patients, ofPatients   int
	outside                []string
	patientsKnown          bool
}

func (m model) coverageNow(matter string, d day) coverage {
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
