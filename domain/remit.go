package domain

import "slices"

// What a remit allows (rules R1, R2, R4, C8): the check of somebody who speaks for the
// group in a forum, under one appointment or several.

// appointmentsFor are the appointments to the forum, for the group, that name the
// person a representative on that day: first their own, then those in which they
// substitute. None: why not (row 2).
func (s *remembering) appointmentsFor(person, forum string, d Day) ([]*Appointment, string) {
	why := ""
	var found []*Appointment
	own := 0
	for _, a := range s.appointmentsTo(forum) {
		if !s.appoints(a, person, d) {
			continue
		}
		if a.Capacity != CapacityGroup {
			why = a.Number + " is for speaking as " + a.Capacity + ", not for the group."
			continue
		}
		if state, say := s.AppointmentOn(a, d); !state.current() {
			why = Sentence(say)
			continue
		}
		if a.Person == person {
			found = slices.Insert(found, own, a)
			own++
		} else {
			found = append(found, a)
		}
	}
	if len(found) == 0 && why == "" {
		why = s.office(person) + " has not been appointed to " + s.forumName(forum) + "."
	}
	return found, why
}

// judgeUnder is the table under one of the appointments that the person has, or
// substitutes for, at the forum.
func (s *View) judgeUnder(q Question, a *Appointment, all []*Appointment, never []Reason) judgement {
	j := judgement{appointment: a, coverage: s.coverageBy(s.matterOfCoverage(q), s.basis(a, q.At), q.At), line: a.VersionOn(q.At).line(q.Matter)}
	switch {
	case len(never) > 0:
		return j.is(MustNot, never...)
	case j.coverage.Practices == 0:
		return j.is(ViewOnly, Reason{"M4", "No practice stands behind the group on this."})
	}
	if back := s.bringBack(q, &j, all); len(back) > 0 {
		return j.is(AdReferendum, back...)
	}
	discretion := s.stance(&j, q.At) == Discretion
	switch {
	case discretion && q.verdictOnly:
		return j.is(MayCommitReport)
	case q.verdictOnly:
		return j.is(MayCommitNow)
	}
	j.conditions = append(j.conditions, s.exceptReserved(q)...)
	if discretion {
		return j.is(MayCommitReport, Reason{"R2", discretionBy(&j)})
	}
	return j.is(MayCommitNow, Reason{"R2", "The remit allows it: " + j.line.Summary() + "."})
}

// redLines are the reasons of row 3: a red line that the group adopted, or one in
// any of the person's remits (rules R1, R2).
func (s *remembering) redLines(q Question, as []*Appointment) []Reason {
	var never []Reason
	if red := s.redLineOn(q.Matter, q.At); red != nil {
		never = append(never, adoptedRedLine(red))
	}
	for _, a := range as {
		if l := a.VersionOn(q.At).line(q.Matter); l != nil && l.Stance == Not {
			never = append(never, Reason{"R2", "The remit has a red line on " + MatterWords(l.Matter) + "."})
		}
	}
	return slices.Compact(never)
}

func adoptedRedLine(red *AdoptedPosition) Reason {
	return Reason{"R2", "The group adopted a red line on " + MatterWords(red.Matter) + ": " + red.Words}
}

func discretionBy(j *judgement) string {
	if j.line == nil {
		return "The remit says nothing on this, and the charter then gives discretion."
	}
	return "The remit gives discretion on " + MatterWords(j.line.Matter) + "."
}

// stance is the line's or, without one, the charter's. A remit made by an
// exercise never has more than its lines (rule C8).
func (s *ground) stance(j *judgement, d Day) Stance {
	if j.line != nil {
		return j.line.Stance
	}
	if j.appointment.Parent != "" {
		return BringBack
	}
	return s.CharterOn(d).Charter.DefaultStance
}

func (s *representation) forumName(handle string) string {
	if f := s.Forums[handle]; f != nil {
		return f.Name
	}
	return handle
}

// bringBack collects the reasons of row 5 for a representative, and notes the
// limits and conditions of a yes. Whatever else they have at the forum, a
// suspension of it is among the reasons (rule D8).
func (s *View) bringBack(q Question, j *judgement, all []*Appointment) []Reason {
	back := s.mattersBack(q, j)
	for _, a := range all {
		for _, r := range a.pausedBy(s.State, q.At) {
			if a == j.appointment || r.Rule != Paused.rule() {
				back = append(back, r)
			}
		}
	}
	if s.hasInterest(q.Person, q.Matter, q.At) {
		back = append(back, Reason{"R7", "You declared an interest in this."})
	}
	switch s.stance(j, q.At) {
	case BringBack:
		if j.line != nil {
			back = append(back, Reason{"R2", "The remit says to bring " + MatterWords(j.line.Matter) + " back."})
		} else {
			back = append(back, Reason{"R2", "The remit says nothing on this, and it is then brought back."})
		}
	case Discretion:
		if q.OpenEnded || q.sum() > 0 {
			j.terms.noMoney()
			back = append(back, Reason{"R2", "Discretion carries no money: a sum needs a limit."})
		}
	case WithinLimits:
		back = append(back, s.lineExceeded(q, j)...)
	case Not: // a red line has answered before
	}
	if j.appointment.Parent != "" {
		back = append(back, s.parentExceeded(q, j)...)
	}
	return back
}

// mattersBack are the reasons of row 5 that lie in the matter and in coverage.
func (s *ground) mattersBack(q Question, j *judgement) []Reason {
	ch := &s.CharterOn(q.At).Charter
	var back []Reason
	if !ch.Knows(q.Matter) {
		j.unknown = true
		back = append(back, Reason{"F6", FirstUpper(MatterWords(q.Matter)) + " is not a matter that the charter knows."})
	}
	if ch.Reserves(q.Matter) {
		back = append(back, Reason{"D2", FirstUpper(MatterWords(q.Matter)) + " is reserved: the group decides it itself."})
	}
	if !j.coverage.above(ch.LeastCoverage) {
		back = append(back, Reason{"M4", "Coverage is below the charter's least: " + j.coverage.Words() + "."})
	}
	return back
}

// lineExceeded checks the line's own limits.
func (s *View) lineExceeded(q Question, j *judgement) []Reason {
	l := j.line
	of := j.limitsOf()
	var over []Reason
	if q.OpenEnded {
		j.terms.noEnd = true
		over = append(over, Reason{"D4", "An open-ended recurring cost exceeds every limit."})
	}
	if l.Limit == 0 && q.sum() > 0 && j.appointment.Parent == "" {
		j.terms.noMoney()
		over = append(over, Reason{"R2", "The remit gives no limit for a sum here."})
	}
	if l.Limit != 0 {
		over = append(over, s.lineLimit(q, l, of, j)...)
	}
	return append(over, monthsExceeded(q, l.Months, of, j)...)
}

// limitsOf is what the line's limits limit: "R1 workforce".
func (j *judgement) limitsOf() string { return j.appointment.Number + " " + MatterWords(j.line.Matter) }

// lineLimit checks the line's limit for a sum.
func (s *View) lineLimit(q Question, l *Line, of string, j *judgement) []Reason {
	used := Pence(0)
	if l.Yearly {
		in, upTo := q.counted(s)
		used = in.committed(j.appointment, l, q.At, upTo)
	}
	left := max(l.Limit-used, 0)
	over := q.sum() > 0 && used+q.sum() > l.Limit
	if q.verdictOnly && !over && (left > 0 || q.Amount != nil) {
		return nil
	}
	lim := l.limit(of, used, left)
	j.limits = append(j.limits, lim)
	j.terms.atMost(left)
	switch {
	case q.Amount == nil && left == 0:
		return []Reason{{"R2", "Nothing is left of the limit of " + l.Limit.String() + " a year."}}
	case q.Amount == nil:
		j.unless("up to " + left.String())
	case over:
		return []Reason{{"R2", "Over the limit of " + lim.Text + ": by " + (used + q.sum() - l.Limit).String() + "."}}
	}
	return nil
}

// limit is the line's limit for a sum, with what is left of it.
func (l *Line) limit(of string, used, left Pence) Limit {
	if !l.Yearly {
		return Limit{Of: of, Kind: "item", Limit: int64(l.Limit), Text: l.Limit.String() + " for each commitment"}
	}
	return Limit{
		Of: of, Kind: "year", Limit: int64(l.Limit), Used: int64(used), Left: int64(left),
		Text: l.Limit.String() + " a year, " + left.String() + " left before this",
	}
}

func monthsExceeded(q Question, months int, of string, j *judgement) []Reason {
	if months == 0 || q.verdictOnly && (q.Months == nil || *q.Months <= months) {
		return nil
	}
	j.limits = append(j.limits, Limit{Of: of, Kind: "months", Limit: int64(months), Text: Count(months, "month")})
	j.terms.noLonger(months)
	if q.Months == nil {
		j.unless("for up to " + Count(months, "month"))
	} else if *q.Months > months {
		return []Reason{{"R2", "Longer than " + Count(months, "month") + ", by " + Count(*q.Months-months, "month") + "."}}
	}
	return nil
}

// committed is what the appointment's line has been used for, within, in its year
// of the day, by meetings up to the other day.
func (s *remembering) committed(a *Appointment, l *Line, d, upTo Day) Pence {
	key := spending{of: a.Number, version: a.VersionOn(d).Number, matter: l.Matter, on: d, upTo: upTo}
	return remember(s.memo.spent, mostRemembered, key, func() Pence { return s.committedOf(a, l, d, upTo) })
}

func (s *authority) committedOf(a *Appointment, l *Line, d, upTo Day) Pence {
	year := a.yearOf(d)
	now := a.VersionOn(d)
	var sum Pence
	for _, k := range s.Commitments {
		if k.Appointment == a.Number && s.countsInTotals(k, upTo) && year.Covers(k.Meeting) && k.Meeting <= upTo &&
			(now.lineIs(k.Matter, l.Matter) || a.VersionOn(k.Meeting).lineIs(k.Matter, l.Matter)) {
			sum += k.sum()
		}
	}
	return sum
}

// lineIs says whether the most specific line for the matter is the one on that path.
func (v *AppointmentVersion) lineIs(matter, path string) bool {
	l := v.line(matter)
	return l != nil && l.Matter == path
}

// parentExceeded checks the delegation under which the appointment was made: the
// power of it that comes closest (rules C8, D5).
func (s *View) parentExceeded(q Question, j *judgement) []Reason {
	d := s.Delegations[j.appointment.Parent]
	j.delegation = d
	v := d.VersionOn(q.At)
	if v == nil {
		return []Reason{{"C8", d.Number + " begins on " + d.From().Words() + "."}}
	}
	t, best := s.closestPower(d, v, q, *j)
	*j = t
	return best
}

// closestPower holds the question against each power of the version that answers
// for the matter, by itself, and is the judgement with the one that lacks least.
func (s *View) closestPower(d *Delegation, v *DelegationVersion, q Question, j judgement) (judgement, []Reason) {
	tiers := v.tiers(q.Matter)
	if len(tiers) == 0 {
		if j.unknown || s.CharterOn(q.At).Charter.Reserves(q.Matter) {
			return j, nil
		}
		return j, []Reason{{"D5", d.Number + " has no power over " + MatterWords(q.Matter) + "."}}
	}
	best, l := s.tryPower(d, v, tiers[0], q, j)
	for _, tier := range tiers[1:] {
		if t, o := s.tryPower(d, v, tier, q, j); better(&t, o, &best, l) {
			best, l = t, o
		}
	}
	return best, l.reasons
}
