package domain

import "slices"

// What would make it a yes (rule R3): the smallest changes to a question, each
// of which, asked, is answered with a yes. A sum is only ever lowered as a whole.

// A Remedy is something that would make the answer a yes.
type Remedy struct {
	Text    string      `json:"text"`
	Ask     CheckInputs `json:"ask" doc:"the question that is then answered with a yes"`
	Reviews []string    `json:"reviews,omitempty" doc:"appointments and delegations whose missed review must be held first"`
}

// terms are the terms on which a line or power would say yes.
type terms struct {
	capped  bool // there is a largest sum
	amount  Pence
	months  int      // longest term; 0: any
	noEnd   bool     // a cost that recurs without an end is never allowed
	consult []string // bodies that must be consulted first, and were said not to have been
}

func (t *terms) atMost(p Pence) {
	if !t.capped || p < t.amount {
		t.capped, t.amount = true, p
	}
}

func (t *terms) noMoney() {
	t.atMost(0)
	t.noEnd = true
}

func (t *terms) noLonger(months int) {
	if t.months == 0 || months < t.months {
		t.months = months
	}
}

// and are the terms that meet both.
func (t terms) and(o terms) terms {
	if o.capped {
		t.atMost(o.amount)
	}
	if o.months != 0 {
		t.noLonger(o.months)
	}
	t.noEnd, t.consult = t.noEnd || o.noEnd, union(t.consult, o.consult)
	return t
}

// remedies are what would make the answer a yes: other terms for the same person,
// then somebody else to ask. None for a yes.
func (s *View) remedies(q Question, j *judgement, a *CheckAnswer) []Remedy {
	rs := []Remedy{}
	if a.Verdict.yes() {
		return rs
	}
	if a.Verdict == AdReferendum {
		for _, t := range s.waysTo(q, j) {
			r, ok := s.otherTerms(q, t, a.On)
			if ok && !slices.ContainsFunc(rs, func(o Remedy) bool { return o.Text == r.Text }) {
				rs = append(rs, r)
			}
		}
	}
	for _, w := range a.WhoCould {
		if w.Person == "" {
			continue
		}
		ask := a.On
		if ask.Person = w.Person; w.Kind == "executive" {
			ask.Forum = ""
		}
		text := "Ask " + w.Name + "."
		if w.Kind == "executive" && q.Forum != "" {
			text = "Ask " + w.Name + ", who can agree it outside of the meeting."
		}
		rs = append(rs, Remedy{Text: text, Ask: ask})
	}
	return rs
}

// waysTo are the terms of each line or power that could say yes.
func (s *View) waysTo(q Question, j *judgement) []terms {
	if q.Forum != "" {
		return []terms{j.terms}
	}
	var ways []terms
	for _, d := range s.delegationsOf(q.Person, q.At) {
		v := d.VersionOn(q.At)
		for _, tier := range v.tiers(q.Matter) {
			t, _ := s.tryPower(d, v, tier, q, judgement{})
			ways = append(ways, t.terms)
		}
	}
	return ways
}

// otherTerms are the terms, consultations and reviews that would make it a yes;
// false if no such change would.
func (s *View) otherTerms(q Question, t terms, on CheckInputs) (Remedy, bool) {
	var changes []string
	if t.capped && q.sum() > t.amount {
		q.Amount, on.Amount = &t.amount, &t.amount
		if t.amount == 0 {
			changes = append(changes, "it costs nothing")
		} else {
			changes = append(changes, "the whole cost is at most "+t.amount.String())
		}
	}
	if q.OpenEnded && t.noEnd {
		q.OpenEnded, on.OpenEnded = false, false
		changes = append(changes, "the cost does not recur without an end")
	}
	if m := t.months; m != 0 && q.Months != nil && *q.Months > m {
		q.Months, on.Months = &m, &m
		changes = append(changes, "it is for at most "+Count(m, "month"))
	}
	if len(t.consult) > 0 {
		q.Consulted = union(q.Consulted, t.consult)
		on.Consulted = q.Consulted
		changes = append(changes, s.haveBeenConsulted(t.consult)+" first")
	}
	then := s.judge(q)
	if then.Verdict.yes() && len(changes) > 0 {
		return Remedy{Text: "Yes, if " + List(changes) + ".", Ask: on}, true
	}
	reviews := s.missedReviews(&then, q.At)
	if then.Verdict != AdReferendum || len(reviews) != len(then.Reasons) {
		return Remedy{}, false // something else stands against it
	}
	changes = append(changes, s.ShortName+" first reviews and confirms "+List(reviews))
	return Remedy{Text: "Yes, if " + List(changes) + ".", Ask: on, Reviews: reviews}, true
}

// missedReviews are the numbers of the appointment and the delegations under the
// judgement whose missed review is among its reasons.
func (s *ground) missedReviews(j *judgement, d Day) []string {
	var missed []string
	look := func(number string, review Day) {
		for _, r := range s.missedReview(number, review, d) {
			if slices.Contains(j.Reasons, r) {
				missed = appendNew(missed, number)
			}
		}
	}
	if a := j.appointment; a != nil {
		look(a.Number, a.VersionOn(d).Review)
	}
	if dl := j.delegation; dl != nil && dl.VersionOn(d) != nil {
		look(dl.Number, dl.VersionOn(d).Review)
	}
	return missed
}

// CouldKind is by what somebody could say yes.
type CouldKind string

const (
	CouldRepresent CouldKind = "representative" // by an appointment to the forum
	CouldByPower   CouldKind = "executive"      // by a delegated power
	CouldGroup     CouldKind = "group"          // the group itself
)

// SomeoneWhoCould is somebody for whom the same check says yes, or the group.
type SomeoneWhoCould struct {
	Kind   CouldKind `json:"kind" doc:"representative, executive or group"`
	Person string    `json:"person,omitempty" doc:"handle"`
	Name   string    `json:"name" doc:"office, or the group's name"`
}

// whoCould names who could say yes: those for whom the same check says yes,
// then the executive if its power fits, then the group (rule R3). Nobody is told
// to ask themselves.
func (s *View) whoCould(q Question, j *judgement) []SomeoneWhoCould {
	var who []SomeoneWhoCould
	if !s.EstablishedOn(q.At) {
		return []SomeoneWhoCould{{CouldGroup, "", s.Name}}
	}
	asked := func(id string) bool { return id == q.Person && !j.Verdict.yes() }
	q.verdictOnly = true
	seen := map[string]bool{}
	if q.Forum != "" {
		for _, a := range s.appointmentsTo(q.Forum) {
			v := a.VersionOn(q.At)
			if v == nil {
				continue
			}
			for i := -1; i < len(v.Substitutes); i++ {
				ask := q
				if ask.Person = a.Person; i >= 0 {
					ask.Person = v.Substitutes[i]
				}
				if id := ask.Person; !seen[id] && !asked(id) {
					seen[id] = true
					if j := s.judge(ask); j.Verdict.yes() {
						who = append(who, SomeoneWhoCould{CouldRepresent, s.People[id].Handle, s.office(id)})
					}
				}
			}
		}
	}
	for _, id := range s.holders(q.At) {
		ask := q
		ask.Person, ask.Forum = id, ""
		if asked(id) {
			continue
		}
		if j := s.judge(ask); j.Verdict.yes() {
			who = append(who, SomeoneWhoCould{CouldByPower, s.People[id].Handle, s.office(id)})
		}
	}
	return append(who, SomeoneWhoCould{CouldGroup, "", s.Name})
}

// holders are the executive's members and those to whom a delegation was given by
// name, on that day.
func (s *remembering) holders(d Day) []string {
	ids := s.ExecutiveOn(d)
	for _, dl := range s.delegationsInOrder() {
		if dl.To != ToExecutive {
			ids = appendNew(ids, dl.To)
		}
	}
	return ids
}
