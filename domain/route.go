package domain

import (
	"cmp"
	"slices"
)

// Routes (rules M1–M3): how a practice's authority comes to the group on a day, directly or
// through its PCN, and for how long.

// A Route is a way on which a practice stands behind the group for a matter:
// directly, or through its PCN (rule M3).
type Route struct {
	Via    string          // PCN's code; "": directly
	Grants []*MandateEntry // direct: one; through a PCN: the practice's, then the PCN's; of several, those that last longest
	Until  Day             // last day of the grants, by what is known; 0: no end is known
	also   []*MandateEntry // others in force on the same way, whose conditions are read out too
}

func (r *Route) endsBefore(until Day) bool {
	return r.Until != 0 && (until == 0 || r.Until < until)
}

// RoutesOn are the ways on which the practice stands behind the group for the
// matter on that day, the direct one first; none if it stands outside, or if the
// charter of that day does not know the matter (rules M2, M3, F6).
func (s *backing) RoutesOn(p *Organisation, matter string, d Day) []Route {
	if !s.knowsOn(matter, d) {
		return nil
	}
	var routes []Route
	if direct := s.grantsOn(p.Code, "", matter, d); len(direct) > 0 {
		routes = append(routes, s.route("", matter, direct))
	}
	for _, pcn := range s.pcnsOf(p, d) {
		if up, on := s.grantsThrough(p, pcn, matter, d); len(up) > 0 && len(on) > 0 {
			routes = append(routes, s.route(pcn.Code, matter, up, on))
		}
	}
	return routes
}

// route is the way by those grants: for each step all that are in force.
func (s *backing) route(via, matter string, steps ...[]*MandateEntry) Route {
	r := Route{Via: via}
	until := lastDay
	for _, grants := range steps {
		longest := slices.MaxFunc(grants, func(a, b *MandateEntry) int {
			return cmp.Or(cmp.Compare(s.grantEnd(a, matter), s.grantEnd(b, matter)), cmp.Compare(a.Index, b.Index))
		})
		until = min(until, s.grantEnd(longest, matter))
		r.Grants = append(r.Grants, longest)
		for _, g := range grants {
			if g != longest {
				r.also = append(r.also, g)
			}
		}
	}
	if until != lastDay {
		r.Until = until
	}
	return r
}

// knowsOn says whether the charter in force on that day knows the matter.
func (s *ground) knowsOn(matter string, d Day) bool {
	return len(s.Charters) > 0 && s.CharterOn(d).Charter.Knows(matter)
}

// mattersOf are the matters that tell for which ones the practice stands behind
// the group on that day: those that the charter lists, and those below them that
// a mandate of the practice or of its PCNs names. What stands for any matter at
// all stands for one of these.
func (s *backing) mattersOf(p *Organisation, d Day) []string {
	if len(s.Charters) == 0 {
		return nil
	}
	listed := s.CharterOn(d).Charter.Matters
	matters := slices.Clip(listed)
	add := func(org string) {
		for _, m := range s.mandatesOf[org] {
			for _, one := range m.Matters {
				if withinAny(one, listed) {
					matters = appendNew(matters, one)
				}
			}
		}
	}
	add(p.Code)
	for _, pcn := range s.pcnsOf(p, d) {
		add(pcn.Code)
		for _, former := range s.movedFrom(p, pcn.Code, d) {
			add(former.pcn)
		}
	}
	return matters
}

// Standing says whether, and on what, a practice stands behind the group.
type Standing struct {
	Practice *Organisation
	Patients int
	counted  bool            // the number of patients is known
	Grants   []*MandateEntry // direct: one; through a PCN: the practice's, then the PCN's
	Via      string          // PCN's code, if it is through the PCN
	Until    Day             // inside: the last day by what is known, of this way; 0: no end is known
	Since    Day             // outside: since when, where that is known
	Why      string          // outside: why, in words
	also     []*MandateEntry
}

// StandsOn says on what the practice stands behind the group for the matter on
// that day; no Grants means that it stands outside (rules M2, M3). No matter asks
// whether it stands behind the group at all: for at least one matter that the
// charter lists, or one below it.
func (s *backing) StandsOn(p *Organisation, matter string, d Day) Standing {
	st := Standing{Practice: p}
	st.Patients, st.counted = s.PatientsOn(p, d)
	matters := []string{matter}
	if matter == "" {
		matters = s.mattersOf(p, d)
	}
	if best := s.longestRoute(p, matters, d); best != nil {
		st.Grants, st.Via, st.Until, st.also = best.Grants, best.Via, best.Until, best.also
		return st
	}
	if matter != "" && !s.knowsOn(matter, d) {
		st.Why = "nobody has been asked about " + matter
		return st
	}
	st.Since, st.Why = s.whyOutside(p, matters, d)
	return st
}

// longestRoute is the way by which the practice stands for one of the matters: a
// direct one before one through a PCN, then the one that lasts longest; nil for none.
func (s *backing) longestRoute(p *Organisation, matters []string, d Day) *Route {
	var best *Route
	for _, one := range matters {
		for _, r := range s.RoutesOn(p, one, d) {
			if best == nil || (best.Via != "" && r.Via == "") || ((best.Via == "") == (r.Via == "") && best.endsBefore(r.Until)) {
				best = &r
			}
		}
	}
	return best
}

// lastDay is far beyond every day that can be recorded.
const lastDay = Day(1<<31 - 1)

// grantEnd is the last day on which the grant holds for the matter, by what is
// known; lastDay if it has no end.
func (s *backing) grantEnd(g *MandateEntry, matter string) Day {
	end, _ := s.periodEnd(g)
	if g.Until != 0 {
		end = min(end, g.Until)
	}
	if w := s.withdrawnBy(g, matter, lastDay); w != nil {
		end = min(end, w.From-1)
	}
	return end
}

// grantsOn are the grants of the organisation to that receiver that are in force
// for the matter on that day, in order of recording. Each holds by itself: a
// later one hides no earlier one.
func (s *backing) grantsOn(org, to, matter string, d Day) []*MandateEntry {
	var grants []*MandateEntry
	for _, g := range s.mandatesOf[org] {
		if !g.Withdrawal && g.Covers(d) && g.takesIn(matter) && s.isTo(g, to) && s.lasts(g, d) && s.withdrawnBy(g, matter, d) == nil {
			grants = append(grants, g)
		}
	}
	return grants
}

// holdsOn says whether the grant is in force on that day for any of its matters,
// and is needed: no other grant to the same receiver has all of them for as long.
func (s *backing) holdsOn(g *MandateEntry, d Day) bool {
	if g.Withdrawal || !g.Covers(d) || !s.lasts(g, d) {
		return false
	}
	matters := g.Matters
	if len(matters) == 0 {
		matters = s.CharterOn(d).Charter.Matters
	}
	return slices.ContainsFunc(matters, func(one string) bool {
		mine := s.grantDue(g, one)
		return s.withdrawnBy(g, one, d) == nil && !slices.ContainsFunc(s.grantsOn(g.Organisation, g.To, one, d), func(other *MandateEntry) bool {
			others := s.grantDue(other, one)
			return others > mine || (others == mine && other.Index > g.Index)
		})
	})
}

// grantDue is the day on which the grant ends for the matter or is reviewed,
// whichever comes first; lastDay for none.
func (s *backing) grantDue(g *MandateEntry, matter string) Day {
	due := s.grantEnd(g, matter)
	if g.Review != 0 {
		due = min(due, g.Review)
	}
	return due
}
