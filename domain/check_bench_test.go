package domain

import (
	"testing"
	"time"
)

// BenchmarkCheck asks one question again and again: of a state that remembers what it
// was asked, and of one that does not.
func BenchmarkCheck(b *testing.B) {
	events := theGiven()["given-the-works"]
	s := fold(events)
	at := DayOf(events[len(events)-1].Time)
	amount, months := Pence(8_000_00), 6
	for _, ask := range []struct {
		name string
		of   *View
	}{{"memo", s.Remembering()}, {"none", s}} {
		b.Run(ask.name, func(b *testing.B) {
			q := Question{Person: "cd-north", Forum: "locality-board", Matter: "workforce", Amount: &amount, Months: &months, At: at}
			b.ReportAllocs()
			for b.Loop() {
				if _, r := ask.of.Check(q); r != nil {
					b.Fatal(r)
				}
			}
		})
	}
}

// BenchmarkCopy takes a copy and folds one event into it.
func BenchmarkCopy(b *testing.B) {
	s := fold(theGiven()["given-a-life"])
	e := &Event{Index: s.Next, Time: s.Last.Add(time.Second), Data: &OrganisationReopened{Code: keysOf(s.Organisations)[0]}}
	b.ReportAllocs()
	for b.Loop() {
		s.Copy().Apply(e)
	}
}

// A check that was asked before makes little more than its answer: a bound on what it
// allocates holds on any machine, however busy.
func TestACheckAskedBeforeAllocatesLittle(t *testing.T) {
	events := theGiven()["given-the-works"]
	s := fold(events)
	amount, months := Pence(8_000_00), 6
	q := Question{Person: "cd-north", Forum: "locality-board", Matter: "workforce", Amount: &amount, Months: &months, At: DayOf(events[len(events)-1].Time)}
	ask := func(of *View) float64 {
		return testing.AllocsPerRun(100, func() {
			if _, r := of.Check(q); r != nil {
				t.Fatal(r)
			}
		})
	}
	remembered, anew := ask(s.Remembering()), ask(s)
	if remembered > 110 || 3*remembered > anew {
		t.Errorf("a check that was asked before made %.0f allocations, and one anew %.0f", remembered, anew)
	}
}
