package model

import (
	"cmp"
	"slices"

	"goldenthread/domain"
)

// What people are asked to say on what the group decides (T4).

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

// pay: whoever speaks for an organisation that would pay is asked to agree (C1), unless
// they act for its seat and have yet to say what it says, which answers that too.
func (t *tasks) pay(proposal string, v put) {
	for _, payer := range t.m.payers(t.m.instruments(proposal)) {
		agreed := slices.ContainsFunc(t.m.events, func(e *domain.Event) bool {
			x, ok := e.Data.(*domain.PaymentAgreed)
			return ok && x.Proposal == proposal && x.Version == v.version && x.Organisation == payer
		})
		said := t.m.position(proposal, v.version, payer)
		if agreed || said != nil && said.Stand == domain.Consent || !t.m.speaksFor(t.person, payer, t.d) {
			continue
		}
		_, asked := t.m.asked(v, t.d)[payer]
		if answers := asked && t.acts(payer) && said == nil && !t.m.blocks(proposal, payer); !answers {
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
