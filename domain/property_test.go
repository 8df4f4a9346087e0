package domain

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// Random histories: whatever people try, in whatever order, these hold after
// every commit. GOLDENTHREAD_RAPID_CHECKS says how many histories are tried.
const rapidChecks = "60"

func setRapidChecks(t *testing.T) {
	n := os.Getenv("GOLDENTHREAD_RAPID_CHECKS")
	if n == "" {
		n = rapidChecks
	}
	if err := flag.Set("rapid.checks", n); err != nil {
		t.Fatal(err)
	}
}

// theGiven are the events of a given- script, run once.
var theGiven = sync.OnceValue(func() map[string][]Event {
	given := map[string][]Event{}
	for _, name := range []string{"given-a-life", "given-the-works", "given-the-executive", "given-the-board"} {
		text, err := os.ReadFile(filepath.Join("minutes", name+".txt"))
		if err != nil {
			panic(err)
		}
		m := newMinutes(panicTB{})
		m.run(name, string(text))
		given[name] = m.events
	}
	return given
})

// panicTB stands in for a test where there is none.
type panicTB struct{ testing.TB }

func (panicTB) Helper()                        {}
func (panicTB) Fatalf(format string, a ...any) { panic(fmt.Sprintf(format, a...)) }

// rapidTB lets the harness of the scripts fail a random history.
type rapidTB struct {
	testing.TB
	t *rapid.T
}

func (r rapidTB) Helper()                        {}
func (r rapidTB) Fatalf(format string, a ...any) { r.t.Fatalf(format, a...) }

func TestRandomHistories(t *testing.T) {
	setRapidChecks(t)
	rapid.Check(t, func(rt *rapid.T) {
		names := []string{"given-the-works", "given-the-executive", "given-the-board"}
		events := theGiven()[rapid.SampledFrom(names).Draw(rt, "given")]
		m := newMinutes(rapidTB{t: rt})
		m.name = "random"
		for i := range events {
			if err := m.ledger.Apply(&events[i]); err != nil {
				rt.Fatal(err)
			}
		}
		m.events = slices.Clone(events)
		m.now = events[len(events)-1].Time
		g := newGenerator(rt, m, false)
		for range 40 {
			before := len(m.events)
			g.step()
			if len(m.events) > before {
				checkHistory(rt, m, before)
			}
		}
		checkWithin(rt, m)
		g.checkRemedies()
		m.checkStored()
	})
}

// A card says on every line, and below it, what the check says (R3).
func TestRandomCards(t *testing.T) {
	setRapidChecks(t)
	rapid.Check(t, func(rt *rapid.T) {
		events := theGiven()[rapid.SampledFrom([]string{"given-the-works", "given-a-life"}).Draw(rt, "given")]
		m := newMinutes(rapidTB{t: rt})
		m.name = "random"
		for i := range events {
			if err := m.ledger.Apply(&events[i]); err != nil {
				rt.Fatal(err)
			}
		}
		m.events = slices.Clone(events)
		m.now = events[len(events)-1].Time
		g := newGenerator(rt, m, false)
		for range 6 {
			for range 10 {
				g.step()
			}
			g.checkCards()
			g.checkOffline()
		}
	})
}

// checkOffline holds the cases of answers taken along against the check: of every
// question just one case says what the check says, and none says yes where it does not (R3).
func (g *generator) checkOffline() {
	s := g.m.ledger.State().View().Remembering()
	forums := append([]string{""}, slices.Sorted(maps.Keys(s.Forums))...)
	matters := g.cardMatters()
	for range 4 {
		person, forum, matter, d := pick(g, g.handles()), pick(g, forums), pick(g, matters), DayOf(g.m.now)+Day(g.between(-20, 300))
		cases, r := s.OfflineCases(person, forum, matter, d)
		if r != nil {
			g.m.failf("no answers for %s at %q: %v", person, forum, r)
		}
		for range 8 {
			g.checkOfflineCase(s, cases, Question{Person: person, Forum: forum, Matter: matter, At: d, OpenEnded: g.between(0, 4) == 0})
		}
	}
}

func (g *generator) checkOfflineCase(s *View, cases []OfflineCase, q Question) {
	c := pick(g, cases)
	if c.Amount != nil {
		q.Amount = new(max(*c.Amount+Pence(g.between(-1, 1)), 0))
	}
	if c.Months != nil {
		q.Months = new(max(*c.Months+g.between(-1, 1), 0))
	}
	switch c.Consulted {
	case "all":
		q.Consulted = []string{"all"}
	case "none":
		q.Consulted = []string{}
	}
	a, r := s.Check(q)
	if r != nil { // more than anybody could mean
		return
	}
	found := slices.IndexFunc(cases, func(o OfflineCase) bool {
		return o.OpenEnded == q.OpenEnded && o.Consulted == c.Consulted && upTo(q.Amount, o.Amount) && upTo(q.Months, o.Months)
	})
	if found < 0 {
		g.m.failf("no case for %+v", q)
	}
	o := cases[found].Answer
	other := func(r Reason) bool { return !slices.Contains(a.Reasons, r) }
	otherRemedy := func(r Remedy) bool {
		return !slices.ContainsFunc(a.Remedies, func(m Remedy) bool { return m.Text == r.Text })
	}
	if o.Verdict != a.Verdict || o.Say != a.Say || !slices.Equal(o.Conditions, a.Conditions) || slices.ContainsFunc(o.Reasons, other) || slices.ContainsFunc(o.Remedies, otherRemedy) {
		g.m.failf("%s at %q on %s, on %s, %v for %v, open-ended %v, consulted %v:\n check: %s %q %v %v\noffline: %s %q %v %v", q.Person, q.Forum, q.Matter, q.At, q.Amount, q.Months, q.OpenEnded, q.Consulted,
			a.Verdict, a.Say, a.Reasons, a.Conditions, o.Verdict, o.Say, o.Reasons, o.Conditions)
	}
}

// upTo says whether what was named, or was not, falls in the case up to the most.
func upTo[N Pence | int](named, most *N) bool {
	return named == nil && most == nil || named != nil && most != nil && *named <= *most
}

// checkCards takes cards of whoever represents, or may substitute, on days at
// random, and holds each line against the check, at its own matter and below it: it
// says the same there (R3).
func (g *generator) checkCards() {
	s := g.m.ledger.State().View()
	forums := slices.Sorted(maps.Keys(s.Forums))
	matters := g.cardMatters()
	for range 4 {
		if len(forums) == 0 {
			return
		}
		person, forum, d := pick(g, g.handles()), pick(g, forums), DayOf(g.m.now)+Day(g.between(-20, 300))
		lines, r := s.Card(person, forum, d)
		if r != nil {
			g.m.failf("no card of %s at %s: %v", person, forum, r)
		}
		for range 12 {
			matter := pick(g, matters)
			a, r := s.Check(Question{Person: person, Forum: forum, Matter: matter, At: d})
			if r != nil {
				g.m.failf("%s on %s: %v", person, matter, r)
			}
			l := LineFor(lines, matter)
			if l == nil {
				if a.Verdict.yes() {
					g.m.failf("%s at %s on %s: %s, and the card has no line for it", person, forum, matter, a.Verdict)
				}
				continue
			}
			if !a.saysAs(l.Answer) {
				g.m.failf("%s at %s on %s, on %s:\ncheck: %s %q %v %v %v\n card: %s %q %v %v %v, by its line on %s", person, forum, d, matter,
					a.Verdict, a.Say, a.Reasons, a.Limits, a.Conditions, l.Answer.Verdict, l.Answer.Say, l.Answer.Reasons, l.Answer.Limits, l.Answer.Conditions, l.Matter)
			}
		}
	}
}

// cardMatters are the matters that anything recorded names, and some below each.
func (g *generator) cardMatters() []string {
	s := g.m.ledger.State().View()
	matters := append([]string{"dentistry", "charter", "charter/text"}, s.Charter().Matters...)
	matters = append(matters, s.Charter().Reserved...)
	for _, a := range s.Appointments {
		for _, v := range a.Versions {
			for _, l := range v.Lines {
				matters = append(matters, l.Matter)
			}
		}
	}
	for _, p := range s.Positions {
		matters = append(matters, p.Matter)
	}
	for _, i := range s.Interests {
		matters = append(matters, i.Matters...)
	}
	for _, m := range s.Mandates {
		matters = append(matters, m.Matters...)
	}
	for _, m := range slices.Clone(matters) {
		matters = append(matters, m+"/pay", m+"/x/y")
	}
	slices.Sort(matters)
	return slices.Compact(matters)
}

// checkRemedies asks at random and holds every remedy: asked as it says, it is a
// yes, for no larger sum and no longer term (R3).
func (g *generator) checkRemedies() {
	s := g.m.ledger.State().View()
	forums := []string{""}
	for handle := range s.Forums {
		forums = append(forums, handle)
	}
	slices.Sort(forums)
	for range 20 {
		amount, months := Pence(pick(g, []int{0, 1, 100_000, 400_000, 900_000, 2_500_000, 9_000_000})), pick(g, []int{1, 6, 13, 40})
		q := Question{
			Person: pick(g, g.handles()), Forum: pick(g, forums), Matter: pick(g, []string{"access", "workforce", "workforce/pay", "contracts/local-schemes", "digital", "dentistry"}),
			At: DayOf(g.m.now) + Day(g.between(-20, 300)), OpenEnded: g.between(0, 9) == 0,
		}
		if g.between(0, 3) > 0 {
			q.Amount = &amount
		}
		if g.between(0, 2) > 0 {
			q.Months = &months
		}
		if g.between(0, 1) == 0 {
			q.Consulted = pick(g, [][]string{{}, {"LMC01"}})
		}
		a, r := s.Check(q)
		if r != nil {
			continue
		}
		short := q
		short.Person, short.verdictOnly = s.Person(q.Person).ID, true
		if v := s.judge(short).Verdict; v != a.Verdict {
			g.m.t.Fatalf("the verdict alone is %s, with its words %s: %+v", v, a.Verdict, q)
		}
		for i := range a.Remedies {
			g.m.checkRemedy(s, a, &a.Remedies[i])
		}
	}
}

// checkHistory holds the newest commit, and the state after it, against the
// rules, worked out again from the events alone.
func checkHistory(t *rapid.T, m *minutes, from int) {
	for i := from; i < len(m.events); i++ {
		checkSource(t, m.events, i)
		checkYearTotal(t, m, i)
	}
	s, today := m.ledger.State().View(), DayOf(m.now)
	for _, matter := range []string{"", "access", "workforce/pay", "contracts/core"} {
		c := s.CoverageOn(matter, today)
		if c.Practices > c.OfPractices || c.Patients > c.OfPatients || c.Practices+len(c.Outside) != c.OfPractices {
			t.Fatalf("coverage for %q on %s: %s", matter, today, c.Words())
		}
	}
	for _, d := range s.Delegations {
		if state, _ := s.DelegationOn(d, today); state == InForce && !agreedInEvents(m.events, d.Source, today) {
			t.Fatalf("%s is in force on %s without its agreement %s", d.Number, today, d.Source)
		}
	}
	for _, a := range s.Appointments {
		if state, _ := s.AppointmentOn(a, today); state == InForce && a.Parent == "" && !agreedInEvents(m.events, a.Source, today) {
			t.Fatalf("%s is in force on %s without its agreement %s", a.Number, today, a.Source)
		}
	}
	for id, seat := range s.Seats {
		for d := today; d < today+3; d++ {
			held := 0
			for _, h := range seat.Holders {
				if h.Role == Holder && h.Covers(d) {
					held++
				}
			}
			if held > 1 {
				t.Fatalf("%d hold the seat of %s on %s (F5)", held, id, d)
			}
		}
	}
	for duty, most := range mostOf {
		if n := len(slices.DeleteFunc(s.DutiesOn(today), func(d Duty) bool { return d.Duty != duty })); n > most {
			t.Fatalf("%d have the duty of %s on %s (F9)", n, duty, today)
		}
	}
	if n := s.mostGatekeepers(today); n > s.Charter().Gatekeepers {
		t.Fatalf("%d gatekeepers where the charter says %d (A4)", n, s.Charter().Gatekeepers)
	}
	checkAnswers(t, m.events, from)
	checkGrants(t, m, from)
	checkAlignment(t, m, from)
	if len(s.DueOn(today)) < len(s.WorkListOn(today)) {
		t.Fatalf("less is due at all than is on the work list")
	}
	for _, due := range s.DueOn(today) {
		for _, id := range s.DueFor(&due, today) {
			if s.People[id] == nil {
				t.Fatalf("%+v is for %q", due, id)
			}
		}
	}
}

// checkAlignment: departures change alignment by those that are away, and no
// coverage (X2).
func checkAlignment(t *rapid.T, m *minutes, from int) {
	s, today := m.ledger.State().View(), DayOf(m.now)
	for _, x := range s.Departures {
		p := s.Proposals[x.Agreement]
		if !s.AgreementHolds(p.Number, today) {
			continue
		}
		a := s.AlignmentOn(p, today)
		bound := boundInEvents(m.events, p, today)
		seats, practices := 0, 0
		for _, x := range a.Away { // a practice that holds a seat is away as both
			if slices.Contains(s.EntitledOn(today), x.Organisation) {
				seats++
			}
			if bound[x.Organisation] {
				practices++
			}
		}
		if a.OfSeats != len(s.EntitledOn(today)) || a.OfPractices != len(bound) || a.OfSeats-a.Seats != seats || a.OfPractices-a.Practices != practices {
			t.Fatalf("alignment with %s: %+v", p.Number, a)
		}
	}
	for i := from; i < len(m.events); i++ {
		switch m.events[i].Data.(type) {
		case *Departed, *DepartureAnswered, *DepartureResolved:
			before, after := fold(m.events[:i]).CoverageOn("", today), fold(m.events[:i+1]).CoverageOn("", today)
			if !reflect.DeepEqual(before, after) {
				t.Fatalf("%s changed coverage", m.events[i].Kind())
			}
		}
	}
}

// boundInEvents are the practices of that day that stood behind the group on the
// agreement's matter on any day since it was agreed (C14, M2), day by day.
func boundInEvents(events []Event, p *Proposal, d Day) map[string]bool {
	s, bound := fold(events), map[string]bool{}
	for _, o := range s.PracticesOn(d) {
		for day := p.AgreedOn; day <= d && !bound[o.Code]; day++ {
			c := s.CoverageOn(p.Matter, day)
			if slices.ContainsFunc(c.Inside(), func(st Standing) bool { return st.Practice.Code == o.Code }) {
				bound[o.Code] = true
			}
		}
	}
	return bound
}

// checkAnswers: an approach has at most one answer of record (A3).
func checkAnswers(t *rapid.T, events []Event, from int) {
	for i := from; i < len(events); i++ {
		e, ok := events[i].Data.(*ApproachAnswered)
		for j := 0; ok && j < i; j++ {
			if o, again := events[j].Data.(*ApproachAnswered); again && o.Approach == e.Approach {
				t.Fatalf("%s was answered at %d and again at %d (A3)", e.Approach, j, i)
			}
		}
	}
}

// agreedInEvents says, from the events alone, whether the agreement was reached
// by that day and not set aside.
func agreedInEvents(events []Event, proposal string, d Day) bool {
	holds := false
	for i := range events {
		switch e := events[i].Data.(type) {
		case *AgreementReached:
			holds = holds || (e.Proposal == proposal && events[i].Effective <= d)
		case *AgreementBroughtIn:
			holds = holds || (e.Proposal == proposal && events[i].Effective <= d)
		case *AgreementSetAside:
			if e.Proposal == proposal && events[i].Effective <= d {
				return false
			}
		}
	}
	return holds
}

// checkSource: nothing that gives authority was recorded but in the append of
// the agreement that it names, or by an exercise within (C8).
func checkSource(t *rapid.T, events []Event, i int) {
	source := ""
	switch e := events[i].Data.(type) {
	case *DelegationGranted:
		source = e.Source
	case *DelegationVaried:
		source = e.Source
	case *DelegationEnded:
		source = e.Source
	case *ExecutiveFormed:
		source = e.Source
	case *RepresentativeAppointed:
		source = e.Source
	case *AppointmentVaried:
		source = e.Source
	case *AppointmentEnded:
		source = e.Source
	case *PositionAdopted:
		source = e.Source
	case *DutyAssigned:
		source = e.Source
	case *SeatOpened:
		source = e.Source
	case *CharterAdopted:
		source = e.Source
	case *Ratified:
		source = e.Source
	case *Disavowed:
		source = e.Source
	case *AgreementSetAside:
		source = e.By
	case *SuspensionEnded:
		source = e.Source
	case *PrioritiesAdopted:
		source = e.Source
	case *ActionCreated:
		source = e.Source
	default:
		return
	}
	cause := &events[events[i].Cause]
	switch e := cause.Data.(type) {
	case *AgreementReached:
		if e.Proposal == source && cause.Time.Equal(events[i].Time) && cause.Command == events[i].Command && events[i].Effective >= cause.Effective-1 {
			return
		}
	case *MeetingReported:
		if _, action := events[i].Data.(*ActionCreated); action && source == meetingKey(e.Forum, e.On) {
			return
		}
	case *Ratified:
		if e.What == source && cause.Time.Equal(events[i].Time) && cause.Command == events[i].Command {
			return
		}
	case *ExerciseConfirmed:
		if e.Exercise == source && e.Standing == XWithin && cause.Command == events[i].Command {
			return
		}
	case *ExerciseRecorded:
		if e.Exercise == source && len(e.Beyond)+len(e.Confirm) == 0 && Within(e.Matter, "representation") && cause.Command == events[i].Command {
			return
		}
	}
	t.Fatalf("event %d, %s, names %q and follows from event %d, %s", i, events[i].Kind(), source, cause.Index, cause.Kind())
}

// withinBy is the exercise that came to be within by the event; "" if none did.
func withinBy(p Payload) string {
	switch e := p.(type) {
	case *ExerciseRecorded:
		if len(e.Beyond)+len(e.Confirm) == 0 {
			return e.Exercise
		}
	case *ExerciseConfirmed:
		if e.Standing == XWithin {
			return e.Exercise
		}
	}
	return ""
}

// checkYearTotal: when an exercise came to be within, what was within in its
// delegation's year, or called in after it had been, did not exceed the power's limit
// (D4, D5).
func checkYearTotal(t *rapid.T, m *minutes, i int) {
	number := withinBy(m.events[i].Data)
	if number == "" {
		return
	}
	s := fold(m.events[:i+1])
	e := s.Exercises[number]
	if e.Amount == 0 {
		return
	}
	on, d := e.On, s.Delegations[e.Delegation]
	v := d.VersionOn(on)
	p := s.powerFor(v, e.Matter, on)
	if p == nil || !p.money() || (p.ItemLimit != 0 && e.Amount > p.ItemLimit) {
		t.Fatalf("%s is within without a power for it", number)
	}
	var total Pence
	first := d.Versions[0].From
	for _, x := range s.Exercises {
		sameYear := false
		for n := range 5 {
			year := Span{first.AddYears(n), first.AddYears(n+1) - 1}
			sameYear = sameYear || (year.Covers(on) && year.Covers(x.On))
		}
		now := DayOf(m.events[i].Time)
		st := s.ExerciseOn(x, now)
		if x.Delegation == d.Number && sameYear && (st == XWithin || st == XCalledIn && !x.unconfirmedOn(now)) && s.powerFor(v, x.Matter, on) == p {
			total += x.Amount
		}
	}
	if p.YearLimit != 0 && total > p.YearLimit {
		t.Fatalf("with %s, within, the year's total is %s of %s", number, total, p.YearLimit)
	}
}

// checkWithin: every commitment within had an appointment in force at its
// meeting, and a yes, as known then (R4).
func checkWithin(t *rapid.T, m *minutes) {
	for i := range m.events {
		k, ok := m.events[i].Data.(*CommitmentRecorded)
		if !ok || k.Standing != KWithin {
			continue
		}
		meeting := m.events[i].Effective
		past := fold(m.events[:k.JudgedAt])
		if recorded := DayOf(m.events[i].Time); recorded > meeting {
			if known := m.knownAt(meeting); known.Next != k.JudgedAt {
				t.Fatalf("%s was judged on %d events; %d were known at the end of its day", k.Commitment, k.JudgedAt, known.Next)
			}
		}
		a := past.Appointments[k.Appointment]
		if a == nil || a.Forum != k.Forum || !past.appoints(a, k.Person, meeting) {
			t.Fatalf("%s is within without an appointment", k.Commitment)
		}
		if state, why := past.AppointmentOn(a, meeting); state != InForce {
			t.Fatalf("%s is within and %s", k.Commitment, why)
		}
		answer, r := past.Check(Question{Person: k.Person, Forum: k.Forum, Matter: k.Matter, Amount: k.Amount, Months: k.Months, OpenEnded: k.OpenEnded, Consulted: k.Consulted, At: meeting})
		if r != nil || !answer.Verdict.yes() {
			t.Fatalf("%s is within and the check said %v %v", k.Commitment, answer, r)
		}
	}
}

// TestRandomLives goes on with a group's daily life: approaches, priorities,
// actions, departures, notices, questions and agendas, among proposals.
func TestRandomLives(t *testing.T) {
	setRapidChecks(t)
	events := theGiven()["given-a-life"]
	daily := []string{
		"record-approach", "redirect-approach", "dispose-of-approach", "answer-approach", "link-approaches", "report-side-conversation", "progress-action",
		"end-action", "list-priority", "ask-practices", "answer-priorities", "depart", "answer-departure", "resolve-departure", "communicate", "acknowledge",
		"ask-group", "answer-question", "set-agenda", "record-group-meeting", "attach-document", "grant-mandate", "withdraw-mandate", "raise-proposal",
	}
	rapid.Check(t, func(rt *rapid.T) {
		m := newMinutes(rapidTB{t: rt})
		m.name = "lives"
		for i := range events {
			if err := m.ledger.Apply(&events[i]); err != nil {
				rt.Fatal(err)
			}
		}
		m.events = slices.Clone(events)
		m.now = events[len(events)-1].Time
		g := newGenerator(rt, m, false)
		for range 40 {
			before := len(m.events)
			switch n := g.between(0, 9); {
			case n == 0:
				m.now = m.now.Add(time.Duration(pick(g, []int{24, 24 * 8, 24 * 40})) * time.Hour)
			case n == 1 && len(g.open()) > 0:
				m.everybody(pick(g, g.open()), true)
			default:
				g.send(pick(g, daily))
			}
			if len(m.events) > before {
				checkHistory(rt, m, before)
			}
		}
		m.checkStored()
	})
}

// TestRandomYears spends hard under one power, over months, with call-ins,
// settlements and late recording: no year's total is exceeded (D4).
func TestRandomYears(t *testing.T) {
	setRapidChecks(t)
	events := theGiven()["given-the-works"]
	rapid.Check(t, func(rt *rapid.T) {
		m := newMinutes(rapidTB{t: rt})
		m.name = "years"
		for i := range events {
			if err := m.ledger.Apply(&events[i]); err != nil {
				rt.Fatal(err)
			}
		}
		m.events = slices.Clone(events)
		m.now = events[len(events)-1].Time
		g := newGenerator(rt, m, false)
		for range 25 {
			before := len(m.events)
			switch g.between(0, 8) {
			case 0:
				m.now = m.now.Add(time.Duration(g.between(1, 30)) * 24 * time.Hour)
			case 6, 7, 8:
				m.send(pick(g, []string{"lmc-chair", "fed-lead"}), &ConfirmRecord{Records: []string{pick(g, g.pool("exercise"))}}, "confirm")
			case 1:
				m.send("cd-north", &CallIn{Exercise: pick(g, g.pool("exercise")), Reason: "Why?"}, "call in")
			case 2:
				m.send("cd-north", &RaiseProposal{Title: fmt.Sprint("Title ", m.n), Text: "Words.", Matter: "workforce", Instruments: []Instrument{{Disavow: &Disavow{What: pick(g, g.pool("exercise"))}}}}, "disavow")
				for _, p := range g.open() {
					m.everybody(p, true)
				}
			default:
				today := DayOf(m.now)
				m.send(pick(g, []string{"lmc-chair", "lmc-chair", "manager"}), &RecordExercise{
					Delegation: "D2", Matter: "workforce", What: "Words.", Amount: Pence(g.between(1, 20)) * 100_000,
					Acting: []string{"lmc-chair", "fed-lead"}, On: max(today-Day(g.between(0, 40)), NewDay(2026, 1, 20)),
				}, "exercise")
			}
			for i := before; i < len(m.events); i++ {
				checkYearTotal(rt, m, i)
			}
		}
	})
}

// TestGarbage: whatever is sent is answered, never a panic, and leaves a state
// that can be replayed.
func TestGarbage(t *testing.T) {
	setRapidChecks(t)
	events := theGiven()["given-the-works"]
	rapid.Check(t, func(rt *rapid.T) {
		m := newMinutes(rapidTB{t: rt})
		m.name = "garbage"
		for i := range events {
			if err := m.ledger.Apply(&events[i]); err != nil {
				rt.Fatal(err)
			}
		}
		m.events = slices.Clone(events)
		m.now = events[len(events)-1].Time
		g := newGenerator(rt, m, true)
		for range 20 {
			g.command()
		}
	})
}

// generator makes commands that are plausible in the present state.
type generator struct {
	rng     *rand.Rand
	m       *minutes
	garbage bool
}

// newGenerator takes its luck from rapid, and is even-handed with it, which
// rapid's own choices are not: they prefer what comes first.
func newGenerator(t *rapid.T, m *minutes, garbage bool) *generator {
	seed := sha256.Sum256(fmt.Append(nil, rapid.SliceOfN(rapid.Uint64(), 4, 4).Draw(t, "seed")))
	return &generator{rng: rand.New(rand.NewChaCha8(seed)), m: m, garbage: garbage}
}

func (g *generator) between(a, b int) int { return a + g.rng.IntN(b-a+1) }

func pick[T any](g *generator, from []T) T { return from[g.rng.IntN(len(from))] }

func (g *generator) step() {
	switch n := g.between(0, 19); {
	case n < 3:
		g.m.now = g.m.now.Add(time.Duration(pick(g, []int{1, 24, 24 * 7, 24 * 8, 24 * 30, 24 * 120})) * time.Hour)
	case n < 4:
		g.m.settle()
	case n < 9:
		if ps := g.open(); len(ps) > 0 {
			g.m.everybody(pick(g, ps), g.between(0, 1) == 0)
		}
	default:
		g.command()
	}
}

func (g *generator) open() []string { return g.m.ledger.State().View().open }

// command sends a random command by somebody.
func (g *generator) command() {
	kinds := slices.DeleteFunc(slices.Clone(Commands), func(k CommandKind) bool { return k.Name == "found" && !g.garbage })
	likely := []string{"raise-proposal", "raise-proposal", "raise-proposal", "amend-proposal", "record-exercise", "record-commitment", "call-in", "object", "resolve-objection", "schedule-meeting"}
	name := pick(g, kinds).Name
	if g.between(0, 1) == 0 {
		name = pick(g, likely)
	}
	g.send(name)
}

// send sends a command of that name with random fields, by somebody.
func (g *generator) send(name string) {
	c, _ := NewCommand(name)
	g.fill(reflect.ValueOf(c).Elem(), name, 0)
	actor := pick(g, g.actors(name))
	if g.between(0, 9) == 0 {
		actor = pick(g, g.handles())
	}
	id := uuid.NewSHA1(uuid.NameSpaceOID, fmt.Appendf(nil, "random %d", g.m.n))
	g.m.n++
	g.m.commit(&Request{Group: "trafford", ID: id, Hash: sha256.Sum256([]byte(name)), Actor: actor, Command: c})
	if pending := g.m.ledger.State().Pending(); len(pending) > 0 && g.between(0, 3) > 0 {
		g.m.confirmed(pick(g, pending).Number)
	}
}

// actors are who would be likely to send the command.
func (g *generator) actors(name string) []string {
	switch name {
	case "raise-proposal", "amend-proposal", "put-proposal", "withdraw-proposal", "object", "resolve-objection", "consent", "stand-aside", "suspend", "call-in", "confirm-position":
		return []string{"cd-north", "cd-south", "lmc-chair", "fed-lead", "deputy-north"}
	case "record-exercise", "tell-exercise":
		return []string{"lmc-chair", "fed-lead"}
	case "dispose-of-approach", "answer-approach", "progress-action", "end-action", "answer-question":
		return []string{"manager"}
	case "record-commitment":
		return []string{"cd-north", "cd-north", "deputy-north", "manager"}
	}
	return []string{"manager", "manager", "manager", "lmc-chair", "pm-ash", "icb-officer"}
}

func (g *generator) handles() []string {
	var hs []string
	for h := range g.m.ledger.State().View().handles {
		hs = append(hs, h)
	}
	slices.Sort(hs)
	return hs
}

func (g *generator) odd() bool {
	most := 200
	if g.garbage {
		most = 3
	}
	return g.between(0, most) == 0
}

func (g *generator) fill(v reflect.Value, name string, depth int) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.Type() == reflect.TypeFor[*Appoint]() && name == "names" && g.between(0, 3) > 0 {
			return
		}
		if g.between(0, 3) > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			g.fill(v.Elem(), name, depth+1)
		}
	case reflect.Struct:
		g.fillStruct(v, depth)
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 || depth > 8 {
			return
		}
		n := g.between(0, 2)
		if slices.Contains([]string{"acting", "members", "powers", "instruments"}, name) && n == 0 {
			n = g.between(0, 3)
		}
		for range n {
			one := reflect.New(v.Type().Elem()).Elem()
			g.fill(one, name, depth+1)
			v.Set(reflect.Append(v, one))
		}
	case reflect.String:
		v.SetString(g.text(name, v.Type()))
	case reflect.Bool:
		v.SetBool(g.between(0, 4) == 0)
	case reflect.Int32: // a Day
		v.SetInt(int64(g.day(name)))
	case reflect.Int, reflect.Int64:
		v.SetInt(g.number(name, v.Type()))
	case reflect.Uint64:
		v.SetUint(pick(g, []uint64{0, 3, 70, math.MaxUint64}))
	}
}

func (g *generator) fillStruct(v reflect.Value, depth int) {
	if v.Type() == reflect.TypeFor[Instrument]() {
		f := v.Field(g.between(0, v.NumField()-1))
		f.Set(reflect.New(f.Type().Elem()))
		g.fill(f.Elem(), "", depth+1)
		return
	}
	for i := range v.NumField() {
		tag, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if tag == "-" {
			continue
		}
		g.fill(v.Field(i), tag, depth+1)
	}
	if !g.odd() {
		g.mend(v.Addr().Interface())
	}
}

// mend makes plausible what chance alone seldom makes so.
func (g *generator) mend(of any) {
	s, today := g.m.ledger.State().View(), DayOf(g.m.now)
	switch c := of.(type) {
	case *Line:
		if c.Stance != WithinLimits {
			c.Limit, c.Months, c.Yearly = 0, 0, false
		} else {
			c.Months = max(c.Months, 1)
		}
	case *Power:
		if len(c.May) == 0 {
			c.May = []string{MayDecide, MayCommit}
		}
		c.Acting = min(c.Acting, 2)
		c.Months = 12
	case *Condition:
		c.Days = 5
		if c.When == Before {
			c.Body = "LMC01"
		}
	case *GrantDelegation:
		c.Payer = "FED01"
	case *Appoint:
		c.Payer, c.Capacity = "", ""
	case *VaryDelegation:
		if d := s.Delegations[c.Delegation]; d != nil {
			c.Version, c.Review, c.Payer = len(d.Versions), today+200, ""
		}
	case *ConfirmDelegation:
		if d := s.Delegations[c.Delegation]; d != nil {
			c.Version, c.Review = len(d.Versions), today+200
		}
	case *VaryAppointment:
		if a := s.Appointments[c.Appointment]; a != nil {
			c.Version, c.Review = len(a.Versions), today+200
		}
	case *ConfirmAppointment:
		if a := s.Appointments[c.Appointment]; a != nil {
			c.Version, c.Review = len(a.Versions), today+200
		}
	case *SetAside:
		if agreed := slices.DeleteFunc(SortedNumbers(s.Proposals), func(n string) bool { return !s.AgreementHolds(n, today) }); len(agreed) > 0 {
			c.Agreement = pick(g, agreed)
		}
	case *EndSuspension:
		if what := s.grant(c.What); what != nil && len(what.granted().Suspensions) > 0 {
			c.Event = pick(g, what.granted().Suspensions).Index
		}
	case *AdoptPosition:
		c.Replaces = nil
		for _, p := range s.Positions {
			if s.PositionHolds(p, today) && (p.Matter == c.Matter || g.between(0, 9) == 0) && g.between(0, 4) > 0 {
				c.Replaces = append(c.Replaces, PositionRef{p.Source, p.Matter})
			}
		}
	case *ChangeCharter:
		quorum := c.Charter.Quorum
		c.Version, c.Charter = len(s.Charters), *s.Charter()
		c.Charter.Quorum = min(max(quorum, 1), 4)
		c.Charter.Window = g.between(1, 20)
		c.Charter.Reserved = []string{pick(g, []string{"contracts/core", "workforce", "communications"})}
	case *WithdrawMandate:
		c.Everything = len(c.Matters) == 0
	case *Consultation:
		c.Body, c.On = "LMC01", today-5
	case *RecordCommitment:
		if meetings := SortedNumbers(s.Meetings); len(meetings) > 0 {
			mt := s.Meetings[pick(g, meetings)]
			c.Forum, c.Meeting, c.Consulted, c.Person = mt.Forum, mt.On, nil, ""
		}
	case *Depart:
		c.Organisation, c.From = pick(g, []string{"A10001", "U10001", "U10002"}), 0
		if agreed := slices.DeleteFunc(SortedNumbers(s.Proposals), func(n string) bool { return !s.AgreementHolds(n, today) }); len(agreed) > 0 {
			c.Agreement = pick(g, agreed)
		}
	case *ResolveDeparture:
		c.On = 0
		if c.How != NewAgreement {
			c.Agreement = ""
		}
	case *GiveConsent:
		c.Rests = nil
		if p := s.Proposals[c.Proposal]; p != nil {
			c.Version = p.Version().Number
		}
	case *Communicate:
		c.On, c.Practices = 0, nil
	case *AskGroup:
		c.On, c.About = 0, ""
	case *RecordGroupMeeting:
		if meetings := slices.Sorted(maps.Keys(s.GroupMeetings)); len(meetings) > 0 {
			c.On, c.Actions, c.Chaired = min(pick(g, meetings), today), nil, ""
		}
	case *MinuteItem:
		if meetings := slices.Sorted(maps.Keys(s.GroupMeetings)); len(meetings) > 0 {
			c.On, c.Item, c.Decisions = min(pick(g, meetings), today), 1, nil
			if m := s.GroupMeetings[c.On]; m != nil && m.NotedItem(1) != nil {
				c.After = m.NotedItem(1).Index
			}
		}
	case *ApproveMinutes:
		if meetings := slices.Sorted(maps.Keys(s.GroupMeetings)); len(meetings) > 0 {
			c.On, c.At = meetings[0], min(meetings[len(meetings)-1], today)
		}
	case *WordMinutes:
		if meetings := slices.Sorted(maps.Keys(s.GroupMeetings)); len(meetings) > 0 {
			c.On, c.Items, c.Opening = min(pick(g, meetings), today), nil, "We met."
			if m := s.GroupMeetings[c.On]; m != nil && m.Words != nil {
				c.After = m.Words.Index
			}
		}
	case *SetAgenda:
		c.On = today + Day(g.between(0, 2))
	case *GroupAgendaItem:
		c.About, c.Matter = "", ""
	case *ActionEntry:
		c.Priority, c.Due = "", today+30
	case *AskPractices:
		c.By = today + 14
	case *AttachDocument:
		c.About, c.SHA256, c.MediaType, c.Bytes = pick(g, []string{"P1", "D1", "locality-board/2026-01-20"}), strings.Repeat(pick(g, []string{"0a", "0b", "0c"}), 32), "text/plain", 1
	case *AdoptPriorities:
		for i := range c.Priorities {
			c.Priorities[i].Actions = []ActionEntry{{What: "Words.", Owner: "manager", Supporter: "cd-north", Due: today + 30}}
		}
	case *RecordApproach:
		c.From, c.Reached, c.On = "ICB01", pick(g, []string{"", "cd-north"}), 0
	case *ReportSideConversation:
		c.With, c.Who, c.On = "ICB01", "A10001", 0
	case *DisposeOfApproach:
		if c.Disposition != ForRepresentative {
			c.Appointment = ""
		}
	case *AnswerApproach:
		c.On = 0
	case *ScheduleMeeting:
		c.On, c.At = today-Day(g.between(-3, 3)), ""
	case *MoveMeeting:
		if meetings := SortedNumbers(s.Meetings); len(meetings) > 0 {
			mt := s.Meetings[pick(g, meetings)]
			c.Forum, c.On, c.To, c.At = mt.Forum, mt.On, today+Day(g.between(-5, 5)), ""
		}
	case *CancelMeeting:
		if meetings := SortedNumbers(s.Meetings); len(meetings) > 0 {
			mt := s.Meetings[pick(g, meetings)]
			c.Forum, c.On = mt.Forum, mt.On
		}
	case *RaiseObjection:
		if p := s.Proposals[c.Proposal]; p != nil {
			c.Version = p.Version().Number
		}
	case *RaiseProposal:
		c.Title, c.Reopens, c.Seat = fmt.Sprint("Title ", g.m.n), "", ""
	case *AmendProposal:
		if p := s.Proposals[c.Proposal]; p != nil {
			c.Version = p.Version().Number
		}
	case *RecordExercise:
		c.Payer, c.On, c.OpenEnded = "", min(c.On, today), c.OpenEnded && g.between(0, 5) == 0
		if d := s.Delegations[c.Delegation]; d != nil && g.between(0, 4) > 0 {
			c.Acting, c.Matter = s.delegates(d, today), pick(g, d.newest().Powers).Matter
			c.Amount, c.Consulted = min(c.Amount, 1_000_000), []Consultation{{"LMC01", today - 5, "by letter"}}
			if Within(c.Matter, "communications") || Within(c.Matter, "representation") {
				c.Amount = 0
			}
		}
	}
}

func (g *generator) day(name string) Day {
	today := DayOf(g.m.now)
	if g.odd() {
		return pick(g, []Day{0, NewDay(1900, 1, 1), NewDay(2200, 12, 31)})
	}
	switch name {
	case "from", "on", "given", "meeting":
		return pick(g, []Day{0, today, today, today - 3, today + 2})
	case "until", "review", "closed":
		return pick(g, []Day{0, today + 20, today + 100, today + 300})
	}
	return today + Day(g.between(-20, 60))
}

func (g *generator) number(name string, t reflect.Type) int64 {
	if g.odd() {
		return pick(g, []int64{math.MinInt64, -1, 0, math.MaxInt32, math.MaxInt64})
	}
	if t == reflect.TypeFor[Pence]() {
		return pick(g, []int64{0, 100, 400_000, 1_000_000, 2_500_000})
	}
	if name == "version" {
		return int64(pick(g, []int{1, 1, 1, 2, 3}))
	}
	return int64(g.between(0, 12))
}

var enums = map[reflect.Type][]string{
	reflect.TypeFor[Stance]():           {"discretion", "within-limits", "bring-back", "not"},
	reflect.TypeFor[SeatRole]():         {"holder", "deputy"},
	reflect.TypeFor[Grade]():            {"block", "concern"},
	reflect.TypeFor[HowLost]():          {"accepted", "withdrawn"},
	reflect.TypeFor[Stand]():            {"consent", "stand-aside"},
	reflect.TypeFor[Given]():            {"outright", "outright", "subject", "view"},
	reflect.TypeFor[Reply]():            {"yes", "no", "through-group"},
	reflect.TypeFor[Disposition]():      {"meeting", "message", "more-work", "representative", "executive", "decline"},
	reflect.TypeFor[PriorityKind]():     {"joint-working", "influence"},
	reflect.TypeFor[ActionEnd]():        {"done", "dropped"},
	reflect.TypeFor[Resolution]():       {"returned", "new-agreement", "stands"},
	reflect.TypeFor[DutyName]():         {"chair", "co-chair", "deputy-chair", "manager", "registrar", "gatekeeper", "lead"},
	reflect.TypeFor[OrganisationKind](): {"practice", "pcn", "federation", "lmc", "system-body", "place"},
}

var garbageTexts = []string{"", " ", "\x00", "\xff\xfe", "P0", "P-1", "D99999999999999999999", "../../etc", "a/b//c", strings.Repeat("x", 3000), "£", "group", "system", "é\u202e", "%s%d%!"}

func (g *generator) text(name string, t reflect.Type) string {
	if g.odd() {
		return pick(g, garbageTexts)
	}
	if values := enums[t]; values != nil {
		return pick(g, values)
	}
	if pool := g.pool(name); len(pool) > 0 {
		return pick(g, pool)
	}
	return "Words."
}

// pool is what a field of that name can plausibly hold.
func (g *generator) pool(name string) []string {
	s := g.m.ledger.State().View()
	switch name {
	case "seat":
		return []string{"", "", "", "", "U10001", "U10002", "LMC01", "FED01"}
	case "person", "holder", "members", "acting", "substitutes", "present", "owner", "supporter", "replaces":
		return append(g.handles(), "lmc-chair", "fed-lead", "cd-south", "cd-north")
	case "deputy":
		return []string{"", "pm-ash"}
	case "proposal":
		return slices.Concat(SortedNumbers(s.Proposals), s.open, s.open, s.open)
	case "agreement":
		return SortedNumbers(s.Proposals)
	case "reopens":
		return []string{"", "", "", "P1"}
	case "new":
		return []string{"", "Something is new."}
	case "delegation":
		return append(SortedNumbers(s.Delegations), "D1")
	case "appointment":
		return append(SortedNumbers(s.Appointments), "R1")
	case "exercise":
		return append(SortedNumbers(s.Exercises), "E1")
	case "approach", "with":
		return append(SortedNumbers(s.Approaches), "A1")
	case "about":
		return slices.Concat(SortedNumbers(s.Proposals), SortedNumbers(s.Delegations), SortedNumbers(s.Commitments))
	case "question":
		return append(SortedNumbers(s.Questions), "Q1")
	case "departure":
		return append(SortedNumbers(s.Departures), "X1")
	case "action":
		return append(SortedNumbers(s.Actions), "T1")
	case "priority", "priorities", "choices":
		return append(SortedNumbers(s.Priorities), "Y1")
	case "round":
		return append(SortedNumbers(s.Rounds), "W1")
	case "practice", "practices":
		return []string{"A10001", "A10002", "A10003", "A10007"}
	case "objection":
		return append(SortedNumbers(s.Objections), "O1")
	case "what":
		return slices.Concat([]string{"D1", "R1"}, SortedNumbers(s.Exercises), SortedNumbers(s.Commitments), SortedNumbers(s.Delegations))
	case "to":
		return []string{"executive", "executive", "manager", "", "U10002"}
	case "forum":
		return append(SortedNumbers(s.Forums), "locality-board")
	case "matter", "matters", "reserved":
		return []string{"access", "access/extended-hours", "access", "workforce", "workforce/pay", "contracts/local-schemes", "communications", "representation", "estates", "contracts/local-schemes", "access", "workforce", "communications", "contracts/core", "dentistry"}
	case "may":
		return []string{"decide", "commit"}
	case "when":
		return []string{"before", "after"}
	case "body":
		return []string{"LMC01", "group", "FED01"}
	case "payer", "employer", "from":
		return []string{"", "FED01", "ICB01"}
	case "organisation", "in", "into", "code", "consulted", "quorumOf":
		return []string{"A10001", "A10002", "A10003", "A10004", "A10005", "A10006", "U10001", "U10002", "LMC01", "FED01", "ICB01", "A10007"}
	case "capacity":
		return []string{"", "", "group", "South PCN"}
	case "defaultStance":
		return []string{"discretion", "bring-back"}
	case "at":
		return []string{"", "14:00"}
	case "handle":
		return []string{"new-one", "new-two"}
	case "interest":
		return []string{"", "", "", "My own."}
	case "answers", "membersOnly":
		return []string{""}
	}
	return nil
}
