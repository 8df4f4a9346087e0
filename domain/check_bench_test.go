package domain

import (
	"reflect"
	"slices"
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

// Whoever asks briefly is told the same verdict, for the same reasons and on the same conditions.
func TestCheckBrieflyDecidesAsCheck(t *testing.T) {
	asked := 0
	for name, events := range theGiven() {
		s, last := fold(events), DayOf(events[len(events)-1].Time)
		for _, at := range []Day{last, last.Add(-60), last.Add(400)} {
			for _, q := range someQuestions(s, at) {
				full, r := s.Check(q)
				brief, refused := s.CheckBriefly(q)
				if r != nil || refused != nil {
					if !reflect.DeepEqual(r, refused) {
						t.Fatalf("%s: %+v: %v, and briefly %v", name, q, r, refused)
					}
					continue
				}
				full.Say, full.Remedies, full.WhoCould, full.LastSaid, full.Position, full.Notes, full.Chain = "", nil, nil, "", "", nil, nil
				if !reflect.DeepEqual(full, brief) {
					t.Fatalf("%s: %+v: %+v, and briefly %+v", name, q, full, brief)
				}
				asked++
			}
		}
	}
	if asked < 500 {
		t.Fatalf("only %d questions were answered", asked)
	}
}

// someQuestions are those of some people about every matter, in every forum and none, with sums and without.
func someQuestions(s *View, at Day) (all []Question) {
	people := keysOf(s.People)
	forums := append([]string{""}, keysOf(s.Forums)...)
	small, large, months := Pence(500_00), Pence(90_000_00), 6
	for _, person := range people[:min(len(people), 6)] {
		for _, forum := range forums {
			for _, matter := range append(slices.Clone(s.CharterOn(at).Charter.Matters), "unheard-of") {
				for _, q := range []Question{{}, {Amount: &small, Months: &months}, {Amount: &large, OpenEnded: true, Consulted: []string{everybody}}} {
					q.Person, q.Forum, q.Matter, q.At = person, forum, matter, at
					all = append(all, q)
				}
			}
		}
	}
	return all
}
