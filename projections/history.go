package projections

import (
	"maps"
	"slices"

	"goldenthread/domain"
)

// MandateHistory is how what stands behind the group for a matter changed, and
// will change by what is known.
type MandateHistory struct {
	Stamp
	Matter string         `json:"matter" doc:"none: standing behind the group at all"`
	Days   []CoverageLine `json:"days" doc:"the first day, and each on which it changed"`
}

// A CoverageLine is what stood behind the group from a day on.
type CoverageLine struct {
	On          domain.Day `json:"on"`
	Practices   int        `json:"practices"`
	OfPractices int        `json:"ofPractices"`
	Patients    int        `json:"patients"`
	OfPatients  int        `json:"ofPatients"`
	Ahead       bool       `json:"ahead,omitempty" doc:"after the day that is asked about: so far as is known"`
	Came        []Body     `json:"came" doc:"practices that came in"`
	Went        []Body     `json:"went" doc:"practices that went out"`
}

// MandateHistory answers from the first day of the ledger to the last day known
// of on which anything changes, or a year after that day if it is sooner.
func (g *backing) MandateHistory(matter string, at domain.Day) (MandateHistory, *domain.Refusal) {
	if _, r := g.Mandate(matter, at); r != nil {
		return MandateHistory{}, r
	}
	h := MandateHistory{g.stamp(at), matter, []CoverageLine{}}
	var before map[string]bool
	for _, day := range g.changingDays(at) {
		c := g.state.CoverageOn(matter, day)
		inside := map[string]bool{}
		for _, st := range c.Inside() {
			inside[st.Practice.Code] = true
		}
		l := CoverageLine{
			On: day, Practices: c.Practices, OfPractices: c.OfPractices, Patients: c.Patients, OfPatients: c.OfPatients, Ahead: day > at,
			Came: g.bodies(without(inside, before)), Went: g.bodies(without(before, inside)),
		}
		before = inside
		if n := len(h.Days); n > 0 && same(&h.Days[n-1], &l) {
			continue
		}
		h.Days = append(h.Days, l)
	}
	return h, nil
}

func same(a, b *CoverageLine) bool {
	return a.Practices == b.Practices && a.OfPractices == b.OfPractices && a.Patients == b.Patients && a.OfPatients == b.OfPatients && len(b.Came)+len(b.Went) == 0
}

// without are the codes of the one that the other has not, in order.
func without(one, other map[string]bool) []string {
	var codes []string
	for code := range one {
		if !other[code] {
			codes = append(codes, code)
		}
	}
	slices.Sort(codes)
	return codes
}

// changingDays are the days on which coverage can change: mandates begin and
// end, practices open, close and move, and lists are counted anew.
func (g *backing) changingDays(at domain.Day) []domain.Day {
	s := g.state
	days := map[domain.Day]bool{}
	span := func(sp domain.Span) {
		days[sp.From] = true
		if sp.Until != 0 {
			days[sp.Until.Add(1)] = true
		}
	}
	for i := range s.Charters {
		days[s.Charters[i].From] = true
	}
	for _, m := range s.Mandates {
		span(m.Span)
	}
	for _, o := range s.Organisations {
		for _, p := range o.Periods {
			span(p.Span)
		}
		for _, from := range o.Contracts {
			days[from] = true
		}
		for _, m := range o.Memberships {
			span(m.Span)
		}
		for _, l := range o.Lists {
			days[l.On] = true
		}
	}
	first := g.firstDay()
	days[first], days[at] = true, true
	maps.DeleteFunc(days, func(d domain.Day, _ bool) bool { return d < first || d > at.AddYears(1) })
	return slices.Sorted(maps.Keys(days))
}

// firstDay is the day of the ledger's first event.
func (g *backing) firstDay() domain.Day { return g.state.Charters[0].From }
