package domain

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// After random histories, what a practice is told of its standing is what coverage
// says of it: for every practice, for every matter that is listed or named, on days
// before and after every change, as known now and earlier (rules T0, M2, M3).
func TestStandingsAreCoverage(t *testing.T) {
	setRapidChecks(t)
	rapid.Check(t, func(rt *rapid.T) {
		m := historyOf(rt, rapid.SampledFrom([]string{"given-the-works", "given-the-board", "given-a-life"}).Draw(rt, "given"))
		g := newGenerator(rt, m, false)
		for range 4 {
			for range 10 {
				g.mandates()
			}
			now := m.ledger.State().View()
			for range 6 {
				checkStandings(rt, now, DayOf(m.now)+Day(g.between(-120, 400)))
			}
			past := fold(m.events[:g.between(1, len(m.events))])
			checkStandings(rt, past, DayOf(m.now)+Day(g.between(-60, 60)))
		}
	})
}

// mandates sends a command of those that change what stands behind the group, or has
// time pass.
func (g *generator) mandates() {
	switch n := g.between(0, 9); {
	case n < 2:
		g.m.now = g.m.now.AddDate(0, 0, g.between(1, 40))
	case n < 6:
		g.send("grant-mandate")
	case n < 9:
		g.send("withdraw-mandate")
	default:
		g.send("import-organisations")
	}
}

func checkStandings(t *rapid.T, s *View, d Day) {
	if len(s.Charters) == 0 {
		return
	}
	checkStricter(t, s, d)
	asItStands := *s // without what only waits, by which coverage is lower and a mandate has not ended
	asItStands.supposed = true
	s = &asItStands
	inside := map[string]map[string]bool{}
	in := func(matter string) map[string]bool {
		if inside[matter] == nil {
			inside[matter] = map[string]bool{}
			c := s.CoverageOn(matter, d)
			for _, st := range c.Inside() {
				inside[matter][st.Practice.Code] = true
			}
		}
		return inside[matter]
	}
	for _, p := range s.PracticesOn(d) {
		anywhere, told := false, map[string]bool{}
		for _, m := range s.StandingsOn(p, d) {
			told[m.Matter] = m.Stands()
			anywhere = anywhere || m.Stands()
			if m.Stands() != in(m.Matter)[p.Code] {
				t.Fatalf("%s on %s for %s: told %t, and coverage says %t", p.Code, d, m.Matter, m.Stands(), in(m.Matter)[p.Code])
			}
			checkEnd(t, s, p, &m, d)
		}
		for _, listed := range s.CharterOn(d).Charter.Matters {
			if _, said := told[listed]; !said {
				t.Fatalf("%s on %s is told nothing of %s", p.Code, d, listed)
			}
		}
		for _, matter := range []string{"access", "access/extended-hours", "access/extended-hours/saturdays", "workforce", "workforce/pay", "workforce/pay/overtime", "contracts/core", "estates/leases"} {
			if want, said := nearest(told, matter); said && in(matter)[p.Code] != want {
				t.Fatalf("%s on %s for %s: from what it is told, %t; coverage says %t", p.Code, d, matter, want, in(matter)[p.Code])
			}
		}
		if anywhere != in("")[p.Code] {
			t.Fatalf("%s on %s at all: told %t, and coverage says %t", p.Code, d, anywhere, in("")[p.Code])
		}
	}
}

// checkStricter holds what a practice is told while something waits against coverage: it
// stands only where coverage has it inside, and until the day that is said.
func checkStricter(t *rapid.T, s *View, d Day) {
	if len(s.ifTaken()) == 0 {
		return
	}
	for _, p := range s.PracticesOn(d) {
		for _, m := range s.StandingsOn(p, d) {
			c := s.CoverageOn(m.Matter, d)
			inside := slices.ContainsFunc(c.Inside(), func(st Standing) bool { return st.Practice.Code == p.Code })
			if m.Stands() && !inside {
				t.Fatalf("%s on %s for %s: told that it stands, and coverage says it does not", p.Code, d, m.Matter)
			}
			checkEnd(t, s, p, &m, d)
		}
	}
}

// nearest is what a practice is told of the matter, or of the nearest one above it.
func nearest(told map[string]bool, matter string) (stands, said bool) {
	above := ""
	for one := range told {
		if Within(matter, one) && len(one) > len(above) {
			above = one
		}
	}
	return told[above], above != ""
}

// checkEnd holds the day on which a standing is said to change against coverage on
// each day up to it.
func checkEnd(t *rapid.T, s *View, p *Organisation, m *MatterStanding, d Day) {
	change := m.Again
	if m.Until != 0 {
		change = m.Until + 1
	}
	stands := func(day Day) bool {
		return slices.ContainsFunc(s.PracticesOn(day), func(o *Organisation) bool { return o.Code == p.Code }) && len(s.StandsOn(s.Organisations[p.Code], m.Matter, day).Grants) > 0
	}
	last := d + 40
	if change != 0 {
		last = min(last, change-1)
		if stands(change) == m.Stands() {
			t.Fatalf("%s for %s: said to change on %s, and does not", p.Code, m.Matter, change)
		}
	}
	for day := d; day <= last; day++ {
		if stands(day) != m.Stands() {
			t.Fatalf("%s for %s, asked on %s: changes on %s, said to on %s", p.Code, m.Matter, d, day, change)
		}
	}
}

// TestBindingIsStandingSinceAgreed: an agreement binds who stood behind the group on
// its matter on any day since it was agreed, day by day, and whoever departed not (C14).
func TestBindingIsStandingSinceAgreed(t *testing.T) {
	setRapidChecks(t)
	rapid.Check(t, func(rt *rapid.T) {
		m := historyOf(rt, "given-a-life")
		g := newGenerator(rt, m, false)
		for range 30 {
			switch g.between(0, 6) {
			case 0:
				g.send(pick(g, []string{"depart", "resolve-departure"}))
			case 1:
				g.send("raise-proposal")
				for _, p := range g.open() {
					m.everybody(p, true)
				}
			default:
				g.mandates()
			}
		}
		s := m.ledger.State().View()
		for _, n := range SortedNumbers(s.Proposals) {
			p, d := s.Proposals[n], DayOf(m.now)+Day(g.between(-20, 60))
			bound := map[string]bool{}
			if s.AgreementHolds(n, d) {
				bound = boundInEvents(m.events, p, d)
			}
			for _, o := range s.PracticesOn(d) {
				b := s.BindingOn(p, o, d)
				if want := bound[o.Code] && b.Away == nil; b.Bound != want {
					t.Fatalf("%s binds %s on %s: %t, worked out day by day %t", n, o.Code, d, b.Bound, want)
				}
			}
		}
	})
}
