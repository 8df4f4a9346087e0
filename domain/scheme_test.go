package domain

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// The scheme never says more than the check would, and no less: after random histories,
// each line is asked of the check for its sum and term, which is a yes, and for a penny
// and a month more than any line of the person there allows, which is none; and whom no
// line names, the check answers no yes (rules R3, D5).
func TestSchemeIsWhatTheCheckSays(t *testing.T) {
	setRapidChecks(t)
	seen := schemeSeen{}
	rapid.Check(t, func(rt *rapid.T) {
		m := historyOf(rt, rapid.SampledFrom([]string{"given-the-works", "given-the-executive", "given-a-life"}).Draw(rt, "given"))
		g := newGenerator(rt, m, false)
		for range 4 {
			for range g.between(0, 8) {
				g.step()
			}
			g.checkScheme(&seen)
		}
	})
	if seen.yes == 0 || seen.money == 0 || seen.below == 0 || seen.not == 0 {
		t.Errorf("the histories show too little: %+v", seen)
	}
}

type schemeSeen struct{ yes, money, below, not int }

func (g *generator) checkScheme(seen *schemeSeen) {
	s, d := g.m.ledger.State().View(), DayOf(g.m.now)+Day(g.between(-20, 300))
	print := fingerprint(s.State)
	scheme := s.SchemeOn(d)
	if fingerprint(s.State) != print {
		g.m.failf("asking for the scheme changed the state")
	}
	for i := range scheme {
		for j := range scheme[i].Lines {
			seen.not += len(scheme[i].Lines[j].Not)
			g.checkSchemeLine(s, scheme[i].Matter, &scheme[i].Lines[j], d, seen)
		}
	}
	forums := append(slices.Sorted(maps.Keys(s.Forums)), "")
	matters := g.cardMatters()
	for range 25 {
		person, forum, matter := s.Person(pick(g, g.handles())).ID, pick(g, forums), pick(g, matters)
		subject := SubjectFor(scheme, matter)
		if subject != nil && subject.Matter != matter {
			seen.below++
		}
		g.checkSchemeAt(s, subject, person, forum, matter, d)
	}
}

// checkSchemeLine asks the check for what the line says, of everybody in it.
func (g *generator) checkSchemeLine(s *View, matter string, l *SchemeLine, d Day, seen *schemeSeen) {
	for _, id := range l.People {
		a := g.schemeCheck(s, id, l.forum(), matter, l.Most, l.Months, d)
		if !a.Verdict.yes() {
			g.m.failf("%s says that %s may agree %s for %d months on %s on %s, and the check says %s: %v", l.Ref(), id, l.Most, l.Months, matter, d, a.Verdict, a.Reasons)
		}
		if l.Report && a.Verdict != MayCommitReport {
			g.m.failf("%s is to report on %s, and the check says %s", id, matter, a.Verdict)
		}
		seen.yes++
		if l.Most > 0 {
			seen.money++
		}
	}
}

func (l *SchemeLine) forum() string {
	if l.Appointment == nil {
		return ""
	}
	return l.Appointment.Forum
}

func (g *generator) schemeCheck(s *View, person, forum, matter string, amount Pence, months int, d Day) *CheckAnswer {
	q := Question{Person: person, Forum: forum, Matter: matter, Amount: &amount, Consulted: []string{everybody}, At: d}
	if months != 0 {
		q.Months = &months
	}
	a, r := s.Check(q)
	if r != nil {
		g.m.failf("%+v: %v", q, r)
	}
	return a
}

// checkSchemeAt asks the check just beyond what the subject's lines let the person agree
// in that place, on the subject's matter or one below it.
func (g *generator) checkSchemeAt(s *View, subject *SchemeSubject, person, forum, matter string, d Day) {
	most, months, named := Pence(0), 0, false
	if subject != nil {
		for i := range subject.Lines {
			l := &subject.Lines[i]
			if l.forum() != forum || !slices.Contains(l.People, person) {
				continue
			}
			if a := g.schemeCheck(s, person, forum, matter, l.Most, l.Months, d); !a.Verdict.yes() {
				g.m.failf("%s lets %s agree %s on %s, and on %s below it the check says %s: %v", l.Ref(), person, l.Most, subject.Matter, matter, a.Verdict, a.Reasons)
			}
			most, named = max(most, l.Most), true
			if l.Months == 0 || months == mostMonths {
				months = mostMonths
			} else {
				months = max(months, l.Months)
			}
		}
	}
	if !named {
		if a := g.schemeCheck(s, person, forum, matter, 0, 0, d); a.Verdict.yes() {
			g.m.failf("no line of the scheme lets %s agree anything on %s at %q on %s, and the check says %s", person, matter, forum, d, a.Verdict)
		}
		return
	}
	if a := g.schemeCheck(s, person, forum, matter, most+1, 0, d); a.Verdict.yes() {
		g.m.failf("the scheme lets %s agree at most %s on %s at %q on %s, and the check says %s to a penny more", person, most, matter, forum, d, a.Verdict)
	}
	if months < mostMonths {
		if a := g.schemeCheck(s, person, forum, matter, 0, months+1, d); a.Verdict.yes() {
			g.m.failf("the scheme lets %s agree for at most %d months on %s at %q, and the check says %s to a month more", person, months, matter, forum, a.Verdict)
		}
	}
}
