package model

import (
	"cmp"
	"slices"

	"goldenthread/domain"
)

// What each person is asked to do (T4), from the same list of events.

// A Task is something that a person is asked to do.
type Task struct {
	What  string // a word of the table of T4
	About string // such as P1, E3, locality-board/2026-03-09 or practice/P91623
	By    domain.Day
	Count int // of notices, how many there are
}

// remindedDays is how long before its day something is on people's lists (D3, M5, F5).
const remindedDays = 90

// tasks are all that the person, by id, is asked to do on the day, in no order.
func (m model) tasks(person string, d day) []Task {
	t := &tasks{m: m, person: person, d: d}
	t.charter()
	t.proposals()
	t.decisions()
	t.words()
	t.meetings()
	t.reviews()
	t.mandates()
	t.seatTimes()
	t.requests()
	t.rounds()
	t.quorum()
	t.actions()
	t.interests()
	t.agreements()
	t.notices()
	t.records()
	return t.all
}

// A tasks is the list of one person on one day, as it is made.
type tasks struct {
	m      model
	person string
	d      day
	all    []Task
}

func (t *tasks) add(what, about string, by day) {
	t.all = append(t.all, Task{What: what, About: about, By: by})
}

// acts says whether the person may act for the seat: its holder, or its deputy.
func (t *tasks) acts(seat string) bool {
	return slices.ContainsFunc(t.m.terms(seat), func(x term) bool { return x.Person == t.person && t.m.sits(x, t.d) })
}

// actsForSome says whether they may act for any seat that is in force.
func (t *tasks) actsForSome() bool {
	for seat := range t.m.seatsOn(t.d) {
		if t.acts(seat) {
			return true
		}
	}
	return false
}

// atTheTable says whether they hold a seat, or deputise where nobody holds it.
func (t *tasks) atTheTable() bool {
	for seat := range t.m.seatsOn(t.d) {
		holder, deputy, held := false, false, false
		for _, x := range t.m.terms(seat) {
			if !t.m.sits(x, t.d) {
				continue
			}
			held = held || x.Role == domain.Holder
			holder = holder || x.Role == domain.Holder && x.Person == t.person
			deputy = deputy || x.Role == domain.Deputy && x.Person == t.person
		}
		if holder || deputy && !held {
			return true
		}
	}
	return false
}

// speaksFor says whether the person speaks for the organisation (O3).
func (m model) speaksFor(person, code string, d day) bool {
	until := day(0)
	speaks := false
	for _, e := range m.events {
		switch x := e.Data.(type) {
		case *domain.SpokespersonRecorded:
			if x.Organisation == code && x.Person == person && x.From <= d {
				speaks, until = true, x.Until
			}
		case *domain.SpokespersonEnded:
			if x.Organisation == code && x.Person == person {
				until = x.Until
			}
		default:
		}
	}
	return speaks && (until == 0 || d <= until) && !m.gone(person, d)
}

func (m model) anySpeaker(code string, d day) bool {
	for _, e := range m.events {
		if x, ok := e.Data.(*domain.SpokespersonRecorded); ok && x.Organisation == code && m.speaksFor(x.Person, code, d) {
			return true
		}
	}
	return false
}

// onDuty says whether the person has that duty on the day (F9).
func (m model) onDuty(person string, duty domain.DutyName, d day) bool {
	has := false
	for _, e := range m.events {
		switch x := e.Data.(type) {
		case *domain.DutyAssigned:
			if x.Duty == duty && x.Person == person && covers(x.Span, d) && m.agreedHolds(x.Source, d) {
				has = true
			}
		case *domain.DutyEnded:
			if x.Duty == duty && x.Person == person && d > x.Until {
				has = false
			}
		default:
		}
	}
	return has && !m.gone(person, d)
}

// manages says whether what is left to the manager is theirs: the manager's, or where
// there is none the chair's.
func (t *tasks) manages() bool {
	for _, e := range t.m.events {
		if x, ok := e.Data.(*domain.DutyAssigned); ok && x.Duty == domain.Manager && t.m.onDuty(x.Person, domain.Manager, t.d) {
			return t.m.onDuty(t.person, domain.Manager, t.d)
		}
	}
	return t.m.onDuty(t.person, domain.Chair, t.d)
}

// charter: whoever is named to hold a seat of a group that forms consents to the charter (F1).
func (t *tasks) charter() {
	if t.m.established(t.d) {
		return
	}
	for seat := range t.m.seatsOn(t.d) {
		named := slices.ContainsFunc(t.m.terms(seat), func(x term) bool {
			return x.Person == t.person && x.Role == domain.Holder && covers(x.Span, t.d)
		})
		consented := slices.ContainsFunc(t.m.events, func(e *domain.Event) bool {
			x, ok := e.Data.(*domain.CharterConsented)
			return ok && x.Seat == seat && x.Person == t.person
		})
		if named && !consented {
			t.add("consent to the charter", "charter", 0)
		}
	}
}

// proposals: each seat that has to answer an open version says what it says, or confirms
// what was heard of it; a seat that blocks may let its block go; what C15 asks.
func (t *tasks) proposals() {
	for _, e := range t.m.events {
		x, ok := e.Data.(*domain.ProposalRaised)
		if !ok {
			continue
		}
		v, open := t.m.openVersion(x.Proposal)
		if !open {
			continue
		}
		v.closes = t.m.closes(x.Proposal, v)
		for seat := range t.m.asked(v, t.d) {
			if t.acts(seat) {
				t.position(x.Proposal, v, seat)
			}
		}
		t.dispute(x.Proposal, v)
		t.pay(x.Proposal, v)
	}
}

// position is what is asked of those who act for the seat.
func (t *tasks) position(proposal string, v put, seat string) {
	if t.m.blocks(proposal, seat) {
		t.add("let the block go", proposal, v.closes)
		return
	}
	said, heard, objects := t.m.position(proposal, v.version, seat), -1, -1
	for i, e := range t.m.events {
		switch x := e.Data.(type) {
		case *domain.PositionTaken:
			if x.Proposal == proposal && x.Version == v.version && x.Seat == seat && x.Unconfirmed && !t.m.confirmed(i, x) {
				heard = i
			}
		case *domain.ObjectionHeard:
			if x.Proposal == proposal && x.Version == v.version && x.Seat == seat {
				objects = i
			}
		default:
		}
	}
	switch {
	case said != nil:
	case heard >= 0:
		t.add("confirm", proposal, v.closes)
	case objects >= 0:
		t.add("say if you object", proposal, v.closes)
	default:
		t.add("say what your seat says", proposal, v.closes)
	}
}

// blocks says whether the seat has a block that it has not let go.
func (m model) blocks(proposal, seat string) bool {
	for i, e := range m.events {
		x, ok := e.Data.(*domain.ObjectionRaised)
		if ok && x.Proposal == proposal && x.Seat == seat && x.Grade == domain.Block && !m.letGo(i, x.Objection) {
			return true
		}
	}
	return false
}

// closes is the closing day, put off or not (C15).
func (m model) closes(proposal string, v put) day {
	closes := v.closes
	for _, e := range m.events {
		if x, ok := e.Data.(*domain.ClosingPutOff); ok && x.Proposal == proposal {
			closes = x.Closes
		}
	}
	return closes
}

// dispute is what is asked while a block stands (C15).
func (t *tasks) dispute(proposal string, v put) {
	if !t.m.blocked(proposal) {
		return
	}
	facilitator := ""
	var wanted *domain.ClosingPutOffAsked
	agreed := map[string]bool{}
	raised, done := "", false
	for _, e := range t.m.events {
		switch x := e.Data.(type) {
		case *domain.ProposalRaised:
			if x.Proposal == proposal {
				raised = x.Seat
			}
		case *domain.FacilitatorNamed:
			if x.Proposal == proposal {
				facilitator = x.Person
			}
		case *domain.ClosingPutOffAsked:
			if x.Proposal == proposal {
				wanted, agreed = x, map[string]bool{x.Seat: true}
			}
		case *domain.ClosingPutOffAgreed:
			if x.Proposal == proposal {
				agreed[x.Seat] = true
			}
		case *domain.ClosingPutOff:
			done = done || x.Proposal == proposal
		default:
		}
	}
	if facilitator == t.person {
		t.add("bring them together", proposal, v.closes)
	}
	if wanted == nil || done {
		return
	}
	for seat := range t.m.seatsOn(t.d) {
		if (seat == raised || t.m.blocks(proposal, seat)) && !agreed[seat] && t.acts(seat) {
			t.add("agree to put off", proposal, v.closes)
		}
	}
}

// pay: whoever speaks or sits for an organisation that would pay is asked to agree (C1),
// unless its seat has yet to say what it says, which answers that too.
func (t *tasks) pay(proposal string, v put) {
	for _, payer := range t.m.payers(t.m.instruments(proposal)) {
		agreed := slices.ContainsFunc(t.m.events, func(e *domain.Event) bool {
			x, ok := e.Data.(*domain.PaymentAgreed)
			return ok && x.Proposal == proposal && x.Version == v.version && x.Organisation == payer
		})
		if p := t.m.position(proposal, v.version, payer); p != nil && p.Stand == domain.Consent {
			agreed = true
		}
		if !agreed && (t.m.speaksFor(t.person, payer, t.d) || t.acts(payer)) {
			t.add("agree to pay", proposal, v.closes)
		}
	}
}

// decisions: the executive's (D5 to D7).
func (t *tasks) decisions() {
	for _, x := range t.m.exercises() {
		recorded := londonDay(t.m.events[x.index].Time)
		standing := t.m.standing(x, t.d)
		charter, _ := t.m.charterOn(recorded)
		if x.waits > 0 && (standing == domain.XUnconfirmed || standing == domain.XCalledIn) && has(t.m.toConfirm(x), t.person) {
			t.add("confirm", x.Exercise, recorded+day(charter.ConfirmWithin))
		}
		charter, _ = t.m.charterOn(x.recorded)
		last := x.recorded + day(charter.CallInWithin)
		if callable := (standing == domain.XWithin || standing == domain.XUnconfirmed) && t.d <= last; callable {
			if t.actsForSome() {
				t.add("call in if you want to", x.Exercise, last)
			}
			for _, c := range x.Consulted {
				if body := t.m.wentOn(c.Body, t.d); t.m.speaksFor(t.person, body, t.d) || t.acts(body) {
					t.add("deny if that is not so", x.Exercise, last)
				}
			}
		}
		t.tell(x)
		if standing == domain.XBeyond && t.atTheTable() {
			t.add("ratify or disavow", x.Exercise, x.recorded+day(charter.RatifyWithin))
		}
		if standing == domain.XCalledIn && t.atTheTable() {
			charter, _ := t.m.charterOn(x.calledIn)
			t.add("settle", x.Exercise, x.calledIn+day(charter.SettleWithin))
		}
	}
}

// wentOn is what the organisation went on as.
func (m model) wentOn(code string, d day) string { return cmp.Or(m.wentOnAs(code, d), code) }

// toConfirm are those who acted and have not confirmed.
func (m model) toConfirm(x *exercise) []string {
	var left []string
	for _, e := range m.events[:x.index+1] {
		if r, ok := e.Data.(*domain.ExerciseRecorded); ok && r.Exercise == x.Exercise {
			left = slices.Clone(r.Confirm)
		}
	}
	for _, e := range m.events[x.index:] {
		if c, ok := e.Data.(*domain.ExerciseConfirmed); ok && c.Exercise == x.Exercise {
			left = without(left, []string{personOf(e)})
		}
	}
	return left
}

// personOf is who acted in the event, by id.
func personOf(e *domain.Event) string { return e.Actor[min(len("person/"), len(e.Actor)):] }

// tell: those who acted tell whoever a condition names (D6).
func (t *tasks) tell(x *exercise) {
	d := t.m.known(x.index).delegation(x.Delegation)
	if d == nil || d.on(x.on) == nil || !has(x.Acting, t.person) {
		return
	}
	v := d.on(x.on)
	places := []int{x.Power - 1}
	if x.Power == 0 {
		places = v.powersFor(t.m, x.Matter)
	}
	for _, place := range places[:min(1, len(places))] {
		for _, c := range v.powers[place].Conditions {
			told := slices.ContainsFunc(t.m.events, func(e *domain.Event) bool {
				y, ok := e.Data.(*domain.ExerciseTold)
				return ok && y.Exercise == x.Exercise && y.Body == c.Body
			})
			if c.When == "after" && !told {
				t.add("tell", x.Exercise, x.on+day(c.Days))
				return
			}
		}
	}
}

// words: what was said in system meetings (R4).
func (t *tasks) words() {
	for _, k := range t.m.commitments() {
		confirmed, disputed := k.recorded, false
		waits := k.Reported
		for _, e := range t.m.events {
			switch x := e.Data.(type) {
			case *domain.CommitmentConfirmed:
				if x.Commitment == k.Commitment {
					waits, confirmed = false, londonDay(e.Time)
				}
			case *domain.CommitmentDisputed:
				disputed = disputed || x.Commitment == k.Commitment
			default:
			}
		}
		charter, _ := t.m.charterOn(k.recorded)
		last := k.recorded + day(charter.ReportWithin)
		standing := t.m.commitmentOn(k, t.d)
		if waits && !disputed && t.d <= last && k.Person == t.person {
			t.add("confirm", k.Commitment, last)
		}
		open := standing == domain.KAdReferendum || standing == domain.KBeyond
		if open && !waits && !disputed && t.atTheTable() {
			charter, _ := t.m.charterOn(confirmed)
			t.add("ratify or disavow", k.Commitment, confirmed+day(charter.RatifyWithin))
		}
	}
}

// meetings: whoever represented on the day reports it (R5).
func (t *tasks) meetings() {
	type meeting struct {
		forum string
		on    day
	}
	var met []meeting
	gone := map[meeting]bool{}
	for _, e := range t.m.events {
		switch x := e.Data.(type) {
		case *domain.MeetingScheduled:
			one := meeting{x.Forum, x.On}
			if gone[one] = false; !slices.Contains(met, one) {
				met = append(met, one)
			}
		case *domain.MeetingMoved:
			gone[meeting{x.Forum, x.On}] = true
			met = append(met, meeting{x.Forum, x.To})
		case *domain.MeetingCancelled:
			gone[meeting{x.Forum, x.On}] = true
		case *domain.MeetingReported:
			gone[meeting{x.Forum, x.On}] = true
		default:
		}
	}
	for _, one := range met {
		if gone[one] || one.on > t.d {
			continue
		}
		represents := slices.ContainsFunc(t.m.appointments(), func(a appointment) bool {
			return a.Forum == one.forum && t.m.holds(a, one.on) && (a.Person == t.person || has(a.on(one.on).substitutes, t.person))
		})
		charter, _ := t.m.charterOn(one.on)
		if represents {
			t.add("report", one.forum+"/"+one.on.String(), one.on+day(charter.ReportWithin))
		}
	}
}

// reviews: those who have a power or an appointment, or where there is nobody the manager,
// see to its review and its end (D3).
func (t *tasks) reviews() {
	for _, d := range t.m.delegations() {
		v := d.on(t.d)
		if v == nil || !t.m.inForce(d, t.d) {
			continue
		}
		with := []string{d.To}
		if d.To == domain.ToExecutive {
			with = t.m.executive(t.d)
		}
		t.review(d.Delegation, with, v.review, v.until)
	}
	for _, a := range t.m.appointments() {
		if r := a.on(t.d); r != nil && t.m.holds(a, t.d) {
			t.review(a.Appointment, []string{a.Person}, r.review, r.until)
		}
	}
}

func (t *tasks) review(ref string, with []string, review, until day) {
	mine := has(with, t.person)
	if len(with) == 0 {
		mine = t.manages()
	}
	if !mine {
		return
	}
	if review != 0 && t.d >= review-remindedDays {
		t.add("review", ref, review)
	}
	if until != 0 && t.d >= until-remindedDays {
		t.add("see to its end", ref, until)
	}
}

// requests: gatekeepers see to approaches (A2), the manager to questions (T2) and to
// departures (X2), whoever holds a seat to a wider group that asks (G1).
func (t *tasks) requests() {
	open := map[string]Task{}
	for _, e := range t.m.events {
		charter, _ := t.m.charterOn(londonDay(e.Time))
		soon, later := londonDay(e.Time)+day(charter.ReportWithin), londonDay(e.Time)+day(charter.SettleWithin)
		switch x := e.Data.(type) {
		case *domain.ApproachRecorded:
			open[x.Approach] = Task{What: "approach", About: x.Approach, By: soon}
		case *domain.ApproachAnswered:
			delete(open, x.Approach)
		case *domain.QuestionAsked:
			open[x.Question] = Task{What: "answer a practice", About: x.Question, By: soon}
		case *domain.QuestionAnswered:
			delete(open, x.Question)
		case *domain.Departed:
			open[x.Departure] = Task{What: "talk it through", About: x.Departure, By: later}
		case *domain.DepartureResolved:
			delete(open, x.Departure)
		case *domain.JoiningAsked:
			if delete(open, x.Ledger); !x.Withdrawn {
				open[x.Ledger] = Task{What: "join or decline", About: x.Ledger, By: londonDay(e.Time) + day(charter.CloseWithin)}
			}
		case *domain.JoiningAgreed:
			delete(open, x.Ledger)
		case *domain.JoiningEnded:
			delete(open, x.Ledger)
		default:
		}
	}
	for _, one := range open {
		mine := t.manages()
		switch one.What {
		case "approach":
			mine = t.m.onDuty(t.person, domain.Gatekeeper, t.d)
		case "join or decline":
			mine = t.atTheTable()
		}
		if mine {
			t.all = append(t.all, one)
		}
	}
}

// rounds: who speaks for a practice that has not answered, and the manager, until a list is
// adopted from the round (P1).
func (t *tasks) rounds() {
	for _, e := range t.m.events {
		x, ok := e.Data.(*domain.PracticesAsked)
		if !ok {
			continue
		}
		left, speaks := false, false
		for _, practice := range t.m.practicesOn(t.d) {
			answered := slices.ContainsFunc(t.m.events, func(e *domain.Event) bool {
				y, ok := e.Data.(*domain.PrioritiesAnswered)
				return ok && y.Round == x.Round && y.Practice == practice
			})
			left = left || !answered
			speaks = speaks || !answered && t.m.speaksFor(t.person, practice, t.d)
		}
		adopted := slices.ContainsFunc(t.m.events, func(e *domain.Event) bool {
			y, ok := e.Data.(*domain.PrioritiesAdopted)
			return ok && y.Round == x.Round
		})
		if left && !adopted && (speaks || t.m.onDuty(t.person, domain.Manager, t.d)) {
			t.add("answers to the round", x.Round, x.By)
		}
	}
}

// quorum: whoever holds a seat changes a charter whose quorum can't be had (C5).
func (t *tasks) quorum() {
	charter, _ := t.m.charterOn(t.d)
	seats := t.m.seatsOn(t.d)
	gone := slices.ContainsFunc(charter.QuorumOf, func(code string) bool {
		for seat := range seats {
			if seat == code || t.m.goesOnFor(seat, code, t.d) {
				return false
			}
		}
		return true
	})
	if t.m.established(t.d) && (gone || charter.Quorum > len(seats)) && t.atTheTable() {
		t.add("change the charter", "charter", 0)
	}
}

// actions: whoever owns one does it (X1).
func (t *tasks) actions() {
	ended := map[string]bool{}
	for _, e := range t.m.events {
		if x, ok := e.Data.(*domain.ActionEnded); ok {
			ended[x.Action] = true
		}
	}
	for _, e := range t.m.events {
		if x, ok := e.Data.(*domain.ActionCreated); ok && !ended[x.Action] && x.Owner == t.person {
			t.add("do the action", x.Action, x.Due)
		}
	}
}
