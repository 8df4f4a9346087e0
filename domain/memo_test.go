package domain

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// A memo changes no answer: after random histories, what a state with a memo
// says is what a state without one says, asked whatever in whatever order, about
// any day, as known now and earlier.
func TestMemoChangesNoAnswer(t *testing.T) {
	setRapidChecks(t)
	rapid.Check(t, func(rt *rapid.T) {
		m := historyOf(rt, rapid.SampledFrom([]string{"given-the-works", "given-the-executive", "given-the-board", "given-a-life"}).Draw(rt, "given"))
		g := newGenerator(rt, m, false)
		for range 4 {
			for range 8 {
				g.step()
			}
			now := m.ledger.State().Copy().View()
			g.openAndClose(now)
			askWithMemo(rt, g, now, now.Remembering(), 40)
			past := fold(m.events[:g.between(1, len(m.events))])
			askWithMemo(rt, g, past, past.Remembering(), 10)
		}
	})
}

// openAndClose has some organisations open, close, merge, split, move, change
// hands or names, or be counted anew on a day near.
func (g *generator) openAndClose(s *View) {
	for range g.between(0, 5) {
		o := s.Organisations[pick(g, keysOf(s.Organisations))]
		near := DayOf(s.Last) + Day(g.between(-30, 30))
		other := pick(g, keysOf(s.Organisations))
		data := []Payload{
			&OrganisationClosed{Code: o.Code, Last: near},
			&OrganisationClosed{Code: o.Code, Last: near, Into: other},
			&OrganisationSplit{Code: o.Code, Last: near, Among: []Part{{other, 100}, {pick(g, keysOf(s.Organisations)), 200}}},
			&OrganisationReopened{Code: o.Code},
			&OrganisationChanged{Code: o.Code, Name: o.Name + "!", Opened: o.Opened},
			&OrganisationChanged{Code: o.Code, Name: o.Name, Opened: near},
			&ContractHolderChanged{Practice: o.Code, From: near},
			&ListSizeRecorded{Practice: o.Code, On: near, Patients: g.between(0, 20_000)},
			&MembershipStarted{Member: o.Code, In: pick(g, []string{"U10001", "U10002", s.Place}), From: near},
		}
		if in := o.Memberships; len(in) > 0 {
			m := pick(g, in)
			data = append(data, &MembershipEnded{Member: o.Code, In: m.In, From: m.From, Until: near},
				&MembershipCorrected{Member: o.Code, In: m.In, Corrects: m.Index, Was: m.Span, Span: Span{near - 5, 0}})
		}
		s.Apply(&Event{Group: s.Group, Index: s.Next, Time: s.Last, Effective: near, Cause: s.Next, Data: pick(g, data)})
	}
}

// Beside a wider group's state the ledgers of its places go on while its memo
// stays (rule G1).
func TestMemoKnowsNothingOfPlaces(t *testing.T) {
	setRapidChecks(t)
	rapid.Check(t, func(rt *rapid.T) {
		m := historyOf(rt, "given-the-works")
		g := newGenerator(rt, m, false)
		wider := widerThan(rt, m)
		memo := wider.Remembering()
		for range 4 {
			for range 8 {
				g.step()
			}
			places := map[string]*State{"random": m.ledger.State()}
			if g.between(0, 4) == 0 {
				places = nil
			}
			askWithMemo(rt, g, wider.Across(places), memo.Across(places), 20)
		}
	})
}

// historyOf is a script's given, to go on from.
func historyOf(t *rapid.T, given string) *minutes {
	events := theGiven()[given]
	m := newMinutes(rapidTB{t: t})
	m.name = "random"
	for i := range events {
		if err := m.ledger.Apply(&events[i]); err != nil {
			t.Fatal(err)
		}
	}
	m.events = slices.Clone(events)
	m.now = events[len(events)-1].Time
	return m
}

// widerThan is a wider group in which the place of the minutes has a seat and, on
// the strength of its newest agreement, consented to the charter and to somebody
// speaking for the group.
func widerThan(t *rapid.T, m *minutes) *View {
	place := m.ledger.State().View()
	var rests *Proposal
	for _, p := range place.Proposals {
		if p.Stage == Agreed && (rests == nil || p.Agreement > rests.Agreement) {
			rests = p
		}
	}
	if rests == nil {
		t.Fatal("nothing was agreed")
	}
	from := rests.AgreedOn
	proved := func(to string) *ConsentProved {
		return &ConsentProved{Seat: "random", To: to, Version: 1, Ledger: "random", Ref: rests.Number, At: rests.Agreement, Title: rests.Title(), Matters: []string{rests.Matter}}
	}
	wider := NewState("wider")
	wider.Proposals["P1"] = &Proposal{
		Number: "P1", Stage: Agreed, AgreedOn: from, Agreement: 100, Matter: "workforce", Versions: []Version{{Number: 1}}, Roll: []RollEntry{{Seat: "random", Position: RollConsents}},
	}
	for i, data := range []Payload{
		&PersonRegistered{Person: "lead", Handle: "lead", Office: "Lead"},
		&GroupFounded{Name: "Wider Group", ShortName: "the group", Place: "W", PlaceName: "Wide", Founder: "lead", Charter: Charter{Quorum: 1, DefaultStance: Discretion, LeastCoverage: 50, ReportWithin: 5, Grace: 30, Matters: place.Charter().Matters}},
		&OrganisationRegistered{Code: "W", Kind: PlaceKind, Name: "Wide"},
		&OrganisationRegistered{Code: "random", Kind: OtherGroup, Name: place.Name},
		&SeatOpened{Seat: "random", Source: Founding},
		proved(ToCharter), proved("P1"),
		&GroupEstablished{Charter: 1},
		&ForumRegistered{Forum: "system-board", Name: "System Board"},
		&RepresentativeAppointed{Appointment: "R1", Person: "lead", Forum: "system-board", Capacity: CapacityGroup, Source: "P1", Review: from + 200, Lines: []Line{{Matter: "workforce", Stance: WithinLimits, Limit: 5_000_00}}, Span: Span{From: from}},
	} {
		wider.Apply(&Event{Group: "wider", Index: uint64(i), Effective: from, Time: m.now, Data: data})
	}
	return wider.View()
}

// askWithMemo asks both the same.
func askWithMemo(t *rapid.T, g *generator, fresh, memo *View, questions int) {
	for range questions {
		q := g.question(fresh)
		want, wantRefusal := fresh.Check(q)
		got, gotRefusal := memo.Check(q)
		if words(want) != words(got) || words(wantRefusal) != words(gotRefusal) {
			t.Fatalf("%+v\nwithout a memo: %s %v\nwith one: %s %v", q, words(want), wantRefusal, words(got), gotRefusal)
		}
		for _, pair := range [][2]any{
			{fresh.CoverageOn(q.Matter, q.At).forTest(), memo.CoverageOn(q.Matter, q.At).forTest()},
			{fresh.Incomplete(q.At), memo.Incomplete(q.At)},
			{fresh.PositionOn(q.Matter, q.At), memo.PositionOn(q.Matter, q.At)},
			{fresh.redLineOn(q.Matter, q.At), memo.redLineOn(q.Matter, q.At)},
			{fresh.LastSaid(q.Matter, q.At), memo.LastSaid(q.Matter, q.At)},
			{fresh.Places(), memo.Places()},
		} {
			if !reflect.DeepEqual(pair[0], pair[1]) {
				t.Fatalf("%+v\nwithout a memo: %+v\nwith one: %+v", q, pair[0], pair[1])
			}
		}
		late := []string{}
		for _, r := range memo.overdueReports(q.Forum) {
			if r.Covers(q.At) {
				late = append(late, r.note)
			}
		}
		n := 0
		for _, m := range fresh.Meetings {
			if m.Forum == q.Forum && fresh.ReportOverdue(m, q.At) {
				n++
			}
		}
		if n != len(late) {
			t.Fatalf("%d reports are overdue on %s, with a memo %v", n, q.At, late)
		}
	}
}

// words are the bytes that somebody sees.
func words(v any) string {
	b, err := json.Marshal(v)
	return fmt.Sprint(string(b), err)
}

// forTest leaves out what only a memo has.
func (c Coverage) forTest() string {
	c.mandates, c.on = nil, 0
	return fmt.Sprintf("%+v", c)
}

// question is one that somebody might ask of the check.
func (g *generator) question(s *View) Question {
	q := Question{Person: "nobody", Matter: pick(g, []string{"access", "access/extended-hours", "workforce", "workforce/pay", "contracts/core", "contracts/local-schemes", "charter", "estates", "unheard-of"})}
	if people := keysOf(s.People); len(people) > 0 {
		q.Person = pick(g, people)
	}
	if numbers := keysOf(s.Appointments); len(numbers) > 0 && g.between(0, 1) == 0 {
		q.Person = s.Appointments[pick(g, numbers)].Person
	}
	if forums := keysOf(s.Forums); len(forums) > 0 && g.between(0, 3) > 0 {
		q.Forum = pick(g, forums)
	}
	q.At = DayOf(s.Last) + Day(pick(g, []int{0, 0, g.between(-40, 40), g.between(-40, 40), g.between(-400, 400)}))
	if g.between(0, 2) > 0 {
		q.Amount = new(Pence)
		*q.Amount = Pence(g.between(0, 400)) * 100_00
	}
	if g.between(0, 2) > 0 {
		q.Months = new(int)
		*q.Months = g.between(0, 30)
	}
	q.OpenEnded = g.between(0, 9) == 0
	q.Consulted = pick(g, [][]string{nil, {}, {everybody}})
	return q
}

func keysOf[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
