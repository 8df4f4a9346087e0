package domain

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// What lies within another version never allows what the other does not (rule C9).

var comparedMatters = []string{"access", "access/hours", "access/hours/sunday", "workforce"}

func someSum(t *rapid.T, name string) Pence {
	return Pence(rapid.SampledFrom([]int64{0, 0, 100, 200, 300}).Draw(t, name))
}

func somePower(t *rapid.T) Power {
	p := Power{
		Matter: rapid.SampledFrom(comparedMatters).Draw(t, "matter"), May: rapid.SampledFrom([][]string{{MayDecide}, {MayCommit}, {MayDecide, MayCommit}}).Draw(t, "may"),
		ItemLimit: someSum(t, "item"), YearLimit: someSum(t, "year"), Months: rapid.SampledFrom([]int{0, 3, 6}).Draw(t, "months"), Acting: rapid.IntRange(1, 2).Draw(t, "acting"),
	}
	if rapid.Bool().Draw(t, "condition") {
		p.Conditions = []Condition{{When: Before, Body: "LMC01"}}
	}
	return p
}

func TestVersionsWithinAllowNoMore(t *testing.T) {
	compared := 0
	rapid.Check(t, func(t *rapid.T) {
		one := &DelegationVersion{Powers: rapid.SliceOfN(rapid.Custom(somePower), 1, 3).Draw(t, "one")}
		other := &DelegationVersion{Powers: slices.Clone(one.Powers)}
		for i := range other.Powers { // mostly alike, so that many are within
			if rapid.Bool().Draw(t, "differs") {
				other.Powers[i] = somePower(t)
			}
		}
		if !one.within(one) {
			t.Fatal("a version is not within itself")
		}
		if !one.within(other) {
			return
		}
		compared++
		for _, matter := range append(comparedMatters, "access/phones", "workforce/pay") {
			u := use{matter: matter, amount: someSum(t, "sum"), months: rapid.IntRange(0, 7).Draw(t, "asked months"), openEnded: rapid.Bool().Draw(t, "open-ended")}
			acting, consulted := rapid.IntRange(1, 2).Draw(t, "who act"), rapid.Bool().Draw(t, "consulted")
			used := someSum(t, "used")
			allows := func(v *DelegationVersion) bool {
				return slices.ContainsFunc(v.tiers(matter), func(i int) bool {
					p := &v.Powers[i]
					return len(p.exceeds("D1", u, used)) == 0 && acting >= p.Acting && (consulted || len(p.Conditions) == 0)
				})
			}
			if allows(one) && !allows(other) {
				t.Fatalf("%+v is within %+v and allows %+v by %d, consulted %t, with %s used", one.Powers, other.Powers, u, acting, consulted, used)
			}
		}
	})
	if compared == 0 {
		t.Fatal("no version lay within another")
	}
}

func someLine(t *rapid.T) Line {
	l := Line{Matter: rapid.SampledFrom(comparedMatters).Draw(t, "matter"), Stance: rapid.SampledFrom([]Stance{Discretion, WithinLimits, BringBack, Not}).Draw(t, "stance")}
	if l.Stance == WithinLimits {
		l.Limit, l.Months = someSum(t, "limit"), rapid.SampledFrom([]int{0, 3, 6}).Draw(t, "months")
		l.Yearly = l.Limit != 0 && rapid.Bool().Draw(t, "yearly")
	}
	return l
}

func TestRemitsWithinAllowNoMore(t *testing.T) {
	s := NewState("trafford")
	s.Charters = []CharterVersion{{Version: 1}}
	compared := 0
	rapid.Check(t, func(t *rapid.T) {
		s.Charters[0].Charter.DefaultStance = rapid.SampledFrom([]Stance{Discretion, BringBack}).Draw(t, "default")
		one := &AppointmentVersion{Lines: rapid.SliceOfNDistinct(rapid.Custom(someLine), 0, 3, func(l Line) string { return l.Matter }).Draw(t, "one")}
		other := &AppointmentVersion{Lines: slices.Clone(one.Lines)}
		for i := range other.Lines {
			if rapid.Bool().Draw(t, "differs") {
				l := someLine(t)
				l.Matter = other.Lines[i].Matter
				other.Lines[i] = l
			}
		}
		if rapid.Bool().Draw(t, "one fewer") && len(other.Lines) > 0 {
			other.Lines = other.Lines[1:]
		}
		a := &Appointment{Person: "p"}
		if !s.remitWithin(a, one, other, 1) {
			return
		}
		compared++
		for _, matter := range append(comparedMatters, "access/phones", "workforce/pay", "estates") {
			sum, months, used := someSum(t, "sum"), rapid.IntRange(0, 7).Draw(t, "asked months"), someSum(t, "used")
			allows := func(v *AppointmentVersion) bool {
				l := v.line(matter)
				if l == nil {
					l = &Line{Stance: s.Charters[0].Charter.DefaultStance}
				}
				switch l.Stance {
				case Discretion:
					return sum == 0
				case WithinLimits:
					spent := sum
					if l.Yearly {
						spent += used
					}
					return (l.Months == 0 || months <= l.Months) && (sum == 0 || l.Limit != 0 && spent <= l.Limit)
				case BringBack, Not:
				}
				return false
			}
			if allows(one) && !allows(other) {
				t.Fatalf("%+v is within %+v and allows %s for %d months on %s", one.Lines, other.Lines, sum, months, matter)
			}
			if never := other.line(matter); never != nil && never.Stance == Not && (one.line(matter) == nil || one.line(matter).Stance != Not) {
				t.Fatalf("%+v is within %+v and loosens the red line on %s", one.Lines, other.Lines, matter)
			}
		}
	})
	if compared == 0 {
		t.Fatal("no remit lay within another")
	}
}

// What else makes a version wider: lasting longer, and somebody more to stand in.
func TestWiderByTimeAndPeople(t *testing.T) {
	s := NewState("trafford")
	s.Charters = []CharterVersion{{Version: 1}}
	a := &Appointment{Person: "p"}
	until := func(d Day) Span { return Span{Until: d} }
	for _, c := range []struct {
		one, other AppointmentVersion
		within     bool
	}{
		{AppointmentVersion{Term: Term{Span: until(5)}}, AppointmentVersion{Term: Term{Span: until(5)}}, true},
		{AppointmentVersion{Term: Term{Span: until(5)}}, AppointmentVersion{}, true},
		{AppointmentVersion{}, AppointmentVersion{Term: Term{Span: until(5)}}, false},
		{AppointmentVersion{Term: Term{Span: until(6)}}, AppointmentVersion{Term: Term{Span: until(5)}}, false},
		{AppointmentVersion{Substitutes: []string{"q"}}, AppointmentVersion{}, false},
		{AppointmentVersion{}, AppointmentVersion{Substitutes: []string{"q"}}, true},
		{AppointmentVersion{Term: Term{Review: 9}}, AppointmentVersion{Term: Term{Review: 3}}, true},
	} {
		if s.remitWithin(a, &c.one, &c.other, 1) != c.within {
			t.Errorf("%+v within %+v: not %t", c.one, c.other, c.within)
		}
	}
}

// An old ledger may hold what is refused today; it gets the stricter answer (rules R1, R2, D8).
func TestOldLedgersGetTheStricterAnswer(t *testing.T) {
	m := newMinutes(t)
	m.run("old", "given the representative\non 2026-02-02 10:00\n")
	s := m.ledger.State().Copy().View()
	day := NewDay(2026, 2, 2)
	record := func(effective Day, p Payload) uint64 {
		e := Event{Group: s.Group, Index: s.Next, Time: m.now.Add(time.Duration(s.Next) * time.Millisecond), Effective: effective, Actor: System, OnBehalfOf: System, Cause: s.Next, Data: p}
		s.Apply(&e)
		return e.Index
	}
	north := s.Person("cd-north").ID
	ask := func(matter string) Verdict {
		t.Helper()
		a, r := s.Check(Question{Person: north, Forum: "locality-board", Matter: matter, At: day})
		if r != nil {
			t.Fatal(r)
		}
		return a.Verdict
	}
	record(day, &PositionAdopted{Matter: "access", Words: "No.", RedLine: true, Source: "P1", Span: Span{From: day}})
	record(day, &PositionAdopted{Matter: "access", Words: "Yes.", Source: "P1", Span: Span{From: day}})
	if v := ask("access/extended-hours"); v != MustNot {
		t.Error("plain words that name nothing loosened a red line:", v)
	}
	if p := s.PositionOn("access/extended-hours", day); p == nil || !p.RedLine {
		t.Error("the position is not the red line")
	}
	if v := ask("workforce"); v != MayCommitNow {
		t.Fatal("the remit is not what this test rests on:", v)
	}
	record(day, &RepresentativeAppointed{
		Appointment: "R2", Person: north, Forum: "locality-board", Capacity: CapacityGroup, Lines: []Line{{Matter: "workforce", Stance: BringBack}}, Review: day.Add(100), Source: "P1", Span: Span{From: day},
	})
	if v := ask("workforce"); v != AdReferendum {
		t.Error("of two appointments the wider one answered:", v)
	}
	record(day, &PowerSuspended{What: "R2", Seat: "FED01", Reason: "We look again.", Until: day.Add(28)})
	if v := ask("workforce"); v != AdReferendum {
		t.Error("suspending the stricter of two appointments loosened the answer:", v)
	}
}
