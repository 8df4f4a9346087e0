package domain

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// What if is what the withdrawal itself makes of it: after random histories, the
// answer is asked, then the withdrawal is recorded by a real command, and coverage,
// those who leave, and what the check says are what was foretold (rules M2–M4).
func TestWhatIfIsTheRealFold(t *testing.T) {
	setRapidChecks(t)
	foretold := 0
	rapid.Check(t, func(rt *rapid.T) {
		m := historyOf(rt, rapid.SampledFrom([]string{"given-the-works", "given-the-executive", "given-a-life"}).Draw(rt, "given"))
		g := newGenerator(rt, m, false)
		for range g.between(0, 25) {
			g.mandates()
		}
		for range 5 {
			foretold += checkWhatIf(rt, g)
		}
	})
	if foretold == 0 {
		t.Error("no withdrawal took a power below the least coverage: the test shows nothing of powers")
	}
}

// checkWhatIf asks, withdraws, and compares; it returns how many powers were lost.
func checkWhatIf(t *rapid.T, g *generator) int {
	m := g.m
	code := pick(g, []string{"A10001", "A10002", "A10003", "A10004", "A10005", "A10006", "U10001", "U10002", "U10002"})
	matter := pick(g, []string{"", "", "access", "workforce", "workforce/pay", "access/extended-hours", "communications", "contracts/local-schemes"})
	c := &WithdrawMandate{Organisation: code, Everything: matter == "", Evidence: fmt.Sprint("letter ", m.n), Given: DayOf(m.now) - Day(g.between(0, 40))}
	if matter != "" {
		c.Matters = []string{matter}
	}
	if g.between(0, 2) == 0 {
		c.Effective = DayOf(m.now) + Day(g.between(0, 60))
	}
	before := m.ledger.State().Copy().View()
	at := max(c.Given.Add(before.Charter().Notice), c.Effective)
	w, refused := before.WhatIf(code, matter, at)
	print := fingerprint(before.State)
	if again, _ := before.Remembering().WhatIf(code, matter, at); refused == nil && words(again.Powers) != words(w.Powers) {
		t.Fatalf("with a memo another answer: %s, %s", words(again.Powers), words(w.Powers))
	}
	if fingerprint(before.State) != print {
		t.Fatal("asking what if changed the state")
	}
	if m.ledger.State().Organisations[code] != nil {
		m.run("speaks", `once recorded spokesperson.recorded {"organisation":"`+code+`","person":"@pm-ash","evidence":"a letter"}`)
	}
	m.send("pm-ash", c, c.Evidence)
	after := m.ledger.State().View()
	if refused != nil || len(after.Mandates) != len(before.Mandates)+1 {
		return 0
	}
	if got := after.CoverageOn(matter, at); got.forTest() != w.After.forTest() || before.CoverageOn(matter, at).forTest() != w.Before.forTest() {
		t.Fatalf("%s from %s for %q: foretold %s, and is %s", code, at, matter, w.After.Words(), got.Words())
	}
	var left []*Organisation
	still := after.CoverageOn(matter, at)
	for _, st := range w.Before.Inside() {
		if !slices.ContainsFunc(still.Inside(), func(s Standing) bool { return s.Practice.Code == st.Practice.Code }) {
			left = append(left, st.Practice)
		}
	}
	if !reflect.DeepEqual(left, w.Leaving) {
		t.Fatalf("%s from %s for %q: foretold %v, left %v", code, at, matter, w.Leaving, left)
	}
	checkPowersLost(t, w, before, after)
	return len(w.Powers)
}

// checkPowersLost holds the powers that were said to be lost against the check, asked
// for everybody who could have committed before.
func checkPowersLost(t *rapid.T, w *WhatIf, before, after *View) {
	yes := func(s *View, person, forum, matter string) bool {
		a, r := s.Check(Question{Person: person, Forum: forum, Matter: matter, At: w.At, Consulted: []string{everybody}})
		return r == nil && a.Verdict.yes()
	}
	matters := []string{"access", "access/extended-hours", "access/extended-hours/saturdays", "workforce", "workforce/pay", "workforce/pay/overtime", "communications", "contracts/local-schemes", "representation", "estates", "digital"}
	for _, matter := range matters {
		for _, a := range before.Appointments {
			if yes(before, a.Person, a.Forum, matter) && !yes(after, a.Person, a.Forum, matter) && !w.loses(matter, false) {
				t.Fatalf("on %s %s at %s could commit on %s, no longer can, and that was not foretold: %s", w.At, a.Person, a.Forum, matter, words(w.Powers))
			}
		}
		for _, person := range before.ExecutiveOn(w.At) {
			if yes(before, person, "", matter) && !yes(after, person, "", matter) && !w.loses(matter, true) {
				t.Fatalf("on %s the executive could commit on %s, no longer can, and that was not foretold: %s", w.At, matter, words(w.Powers))
			}
		}
	}
	least := after.CharterOn(w.At).Charter.LeastCoverage
	for _, p := range w.Powers {
		was, is := before.CoverageOn(p.On, w.At), after.CoverageOn(p.On, w.At)
		if !was.Above(least) || is.Above(least) {
			t.Fatalf("%s on %s is said to be lost: %s before, %s after", p.Ref, p.On, was.Words(), is.Words())
		}
		if a := before.Appointments[p.Ref]; a != nil && yes(after, a.Person, a.Forum, p.On) {
			t.Fatalf("%s on %s is said to be lost, and the check says yes", p.Ref, p.On)
		}
	}
}

// loses says whether a power that takes in the matter is among those lost.
func (w *WhatIf) loses(matter string, delegation bool) bool {
	return slices.ContainsFunc(w.Powers, func(p PowerLost) bool { return Within(matter, p.On) && (p.Delegation == delegation || !delegation) })
}
