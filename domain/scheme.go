package domain

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
)

// The scheme of delegation (rules D1–D6, R2, R3): who may agree what without asking the
// group, by subject. No limit is worked out here. The check is asked for more than anybody
// may agree to, says what would make that a yes, and is asked again on just those terms:
// what the scheme says is what the check answers, and never more.

// A SchemeSubject is a matter with those who may agree something on it. It holds for all
// below the matter that is no subject of its own.
type SchemeSubject struct {
	Matter   string
	Coverage Coverage
	Reserved bool             // the group decides it itself (rule D2)
	RedLine  *AdoptedPosition // nil: none is in force (rule R2)
	Lines    []SchemeLine     // by delegations, then by appointments; none: only the group
}

// A SchemeLine is a power of a delegation, or what a remit says, with those whom the check
// answers yes under it for Most and Months, or the reasons why it answers nobody so.
type SchemeLine struct {
	Delegation  *Delegation  // nil: it is an appointment's alone
	Power       *Power       // of the delegation, where it is no appointment's
	Appointment *Appointment // nil: it is outside of meetings
	Review      Day          // of the delegation or appointment
	Until       Day          // last day of it; 0: no end is known
	By          string       // agreement or decision that made it as it is
	People      []string     // ids
	Not         []MayNot     // who has it, and may not use it
	Most        Pence        // largest sum for one decision, as things stand; 0: nothing that costs money
	Months      int          // longest term; 0: any
	Report      bool         // agree, and then report it
	Acting      int          // how many must act together; 0 or 1: one alone
	Consult     []string     // codes of those to be consulted before
	Conditions  []string     // further ones, in words
	Limits      []Limit      // that it rests on, with what is used and left
}

// A MayNot is somebody who has a power and may not use it, and why.
type MayNot struct {
	Person  string // id
	Reasons []Reason
}

// SchemeOn is who may agree what on that day, by matter; none before the group is
// established.
func (s *View) SchemeOn(d Day) []SchemeSubject {
	if s.Next == 0 || !s.EstablishedOn(d) {
		return nil
	}
	if !s.remembers() {
		s = s.Remembering()
	}
	first, below := s.schemeMatters(d)
	var subjects []SchemeSubject
	for i, matter := range slices.Concat(first, below) {
		one := s.schemeSubject(matter, d)
		if above := SubjectFor(subjects, matter); i >= len(first) && above != nil && one.saysAs(above) {
			continue
		}
		subjects = append(subjects, one)
	}
	slices.SortStableFunc(subjects, func(a, b SchemeSubject) int { return strings.Compare(a.Matter, b.Matter) })
	return subjects
}

// SubjectFor is the subject that holds for the matter: its own, or the nearest above it;
// nil if there is none.
func SubjectFor(subjects []SchemeSubject, matter string) *SchemeSubject {
	var found *SchemeSubject
	for i := range subjects {
		if one := &subjects[i]; Within(matter, one.Matter) && (found == nil || len(one.Matter) > len(found.Matter)) {
			found = one
		}
	}
	return found
}

// saysAs says whether both say the same of whatever lies below them.
func (s *SchemeSubject) saysAs(o *SchemeSubject) bool {
	return s.Reserved == o.Reserved && s.RedLine == o.RedLine && s.Coverage.Words() == o.Coverage.Words() && reflect.DeepEqual(s.Lines, o.Lines)
}

// schemeMatters are the matters of the charter, reserved ones among them; and those below
// them that a power, a remit, a position, an interest or a mandate names, at which the
// check may answer otherwise, the upper ones first.
func (s *authority) schemeMatters(d Day) (first, below []string) {
	ch := &s.CharterOn(d).Charter
	for _, m := range slices.Concat(ch.Matters, ch.Reserved, alwaysReserved) {
		first = appendNew(first, m)
	}
	for _, a := range s.Appointments {
		if v := a.VersionOn(d); v != nil {
			for i := range v.Lines {
				below = append(below, v.Lines[i].Matter)
			}
		}
	}
	for _, dl := range s.Delegations {
		if v := dl.VersionOn(d); v != nil {
			for i := range v.Powers {
				below = append(below, v.Powers[i].Matter)
			}
		}
	}
	return first, s.mattersBelow(first, below, d)
}

func (s *View) schemeSubject(matter string, d Day) SchemeSubject {
	one := SchemeSubject{Matter: matter, Coverage: s.CoverageOn(matter, d), Reserved: s.CharterOn(d).Charter.Reserves(matter), RedLine: s.redLineOn(matter, d)}
	if one.Reserved || one.RedLine != nil {
		return one
	}
	for _, dl := range s.delegationsInOrder() {
		if state, _ := s.DelegationOn(dl, d); state.current() {
			for _, tier := range dl.VersionOn(d).tiers(matter) {
				one.Lines = append(one.Lines, s.schemePower(dl, tier, matter, d))
			}
		}
	}
	for _, n := range SortedNumbers(s.Appointments) {
		a := s.Appointments[n]
		if state, _ := s.AppointmentOn(a, d); state.current() && a.Capacity == CapacityGroup {
			one.Lines = append(one.Lines, s.schemeRemit(a, matter, d)...)
		}
	}
	return one
}

// tooMuch asks for more than any limit allows.
func tooMuch(person, forum, matter string, d Day) Question {
	amount, months := mostPence, mostMonths
	return Question{Person: person, Forum: forum, Matter: matter, Amount: &amount, Months: &months, At: d}
}

// schemePower is what the power in that place lets those who hold the delegation agree.
func (s *View) schemePower(dl *Delegation, tier int, matter string, d Day) SchemeLine {
	v := dl.VersionOn(d)
	l := SchemeLine{Delegation: dl, Power: &v.Powers[tier], Review: v.Review, Until: v.Until, By: v.By(), Acting: v.Powers[tier].Acting}
	for _, id := range s.delegates(dl, d) {
		q := tooMuch(id, "", matter, d)
		t, _ := s.tryPower(dl, v, tier, q, judgement{})
		on, lacks := s.tryPower(dl, v, tier, q.on(t.terms), judgement{}) // by itself: another power may allow it too
		if own := append(lacks.reasons, dl.pausedBy(s.State, d)...); len(own) > 0 {
			l.Not = append(l.Not, MayNot{id, own})
			continue
		}
		l.ask(s, q, t.terms, func(*judgement) { l.Limits, l.Consult, l.Conditions = on.limits, on.consult, on.further(l.Acting) })
	}
	return l
}

// schemeRemit is what the appointment lets its person, and each substitute, agree at its
// forum; nothing where it says to bring the matter back. Who has a remit of their own
// there as well may do what both allow, and stands with the first.
func (s *View) schemeRemit(a *Appointment, matter string, d Day) []SchemeLine {
	v := a.VersionOn(d)
	var lines []SchemeLine
	for _, id := range append([]string{a.Person}, v.Substitutes...) {
		q := tooMuch(id, a.Forum, matter, d)
		j := s.judge(q)
		if j.appointment != a || !slices.Contains([]Stance{Discretion, WithinLimits}, s.stance(&j, d)) || s.listed(lines, id) {
			continue
		}
		l := SchemeLine{Delegation: s.Delegations[a.Parent], Appointment: a, Review: v.Review, Until: v.Until, By: v.By()}
		l.ask(s, q, j.terms, func(j *judgement) {
			l.Limits, l.Consult, l.Conditions, l.Report = j.limits, j.consult, j.further(0), j.Verdict == MayCommitReport
		})
		if i := slices.IndexFunc(lines, l.sameTerms); i >= 0 {
			lines[i].People, lines[i].Not = append(lines[i].People, l.People...), append(lines[i].Not, l.Not...)
			continue
		}
		lines = append(lines, l)
	}
	return lines
}

// listed says whether the person stands in one of the lines.
func (s *ground) listed(lines []SchemeLine, id string) bool {
	return slices.ContainsFunc(lines, func(l SchemeLine) bool {
		return slices.Contains(l.People, id) || slices.ContainsFunc(l.Not, func(n MayNot) bool { return n.Person == id })
	})
}

// sameTerms says whether both lines say the same of different people.
func (l *SchemeLine) sameTerms(o SchemeLine) bool {
	mine := *l
	mine.People, mine.Not, o.People, o.Not = nil, nil, nil, nil
	return reflect.DeepEqual(mine, o)
}

// on is the question on those terms.
func (q Question) on(t terms) Question {
	q.Amount, q.Months = &t.amount, &t.months
	if t.months == 0 {
		months := mostMonths
		q.Months = &months
	}
	return q
}

// ask asks the check on those terms and puts the person among those who may, or with why
// not. The first who may has the terms written down.
func (l *SchemeLine) ask(s *View, q Question, t terms, write func(*judgement)) {
	j := s.judge(q.on(t))
	if !t.capped || !j.Verdict.yes() {
		l.Not = append(l.Not, MayNot{q.Person, j.Reasons})
		return
	}
	if l.People = append(l.People, q.Person); len(l.People) == 1 {
		l.Most, l.Months = t.amount, t.months
		write(&j)
	}
}

// further are the conditions but for those to consult and to act together.
func (j *judgement) further(acting int) []string {
	return slices.DeleteFunc(slices.Clone(j.conditions), func(c string) bool {
		return slices.Contains(j.unsaid, c) || acting > 1 && c == Count(acting, "member")+" acting together"
	})
}

// Ref is the delegation or appointment.
func (l *SchemeLine) Ref() string {
	if l.Appointment != nil {
		return l.Appointment.Number
	}
	return l.Delegation.Number
}

// mattersBelow are those of the matters, and of those that positions, interests and
// mandates name, that lie below the charter's matters and are not among the first, the
// upper ones first.
func (s *authority) mattersBelow(first, below []string, d Day) []string {
	ch := &s.CharterOn(d).Charter
	for _, p := range s.Positions {
		below = append(below, p.Matter)
	}
	for _, i := range s.Interests {
		below = append(below, i.Matters...)
	}
	for _, m := range s.Mandates {
		below = append(below, m.Matters...)
	}
	below = slices.DeleteFunc(below, func(m string) bool { return !withinAny(m, ch.Matters) || slices.Contains(first, m) })
	slices.SortFunc(below, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b)) })
	return slices.Compact(below)
}
