package model

import (
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
