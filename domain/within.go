package domain

import (
	"cmp"
	"slices"
	"strings"
)

// Not wider (rule C9): what one version says is within the other if nobody could do by
// the one what they could not do by the other. A review date is no width.

// within says whether the version allows nothing that the other does not: it lasts
// no longer, and in every matter each power that answers for it by the one lies
// within one that answers for it by the other. What answers in any matter at all is
// what answers where a power begins.
func (v *DelegationVersion) within(o *DelegationVersion) bool {
	if lastsLonger(v.Until, o.Until) {
		return false
	}
	for _, at := range slices.Concat(v.Powers, o.Powers) {
		for _, i := range v.tiers(at.Matter) {
			if !slices.ContainsFunc(o.tiers(at.Matter), func(k int) bool { return v.Powers[i].within(&o.Powers[k]) }) {
				return false
			}
		}
	}
	return true
}

// within says whether the power, in a matter for which both answer, allows nothing
// that the other does not: not more to be done, no higher or longer, by no fewer, on
// no fewer conditions.
func (p *Power) within(q *Power) bool {
	return !slices.ContainsFunc(p.May, func(m string) bool { return !slices.Contains(q.May, m) }) &&
		p.moneyWithin(q) && !above(p.Months, q.Months) && p.Acting >= q.Acting &&
		!slices.ContainsFunc(q.Conditions, func(c Condition) bool {
			return !slices.ContainsFunc(p.Conditions, func(o Condition) bool { return o.When == c.When && o.Body == c.Body && o.Days <= c.Days })
		})
}

// moneyWithin compares what the powers let somebody spend.
func (p *Power) moneyWithin(q *Power) bool {
	return !p.carriesMoney() || q.carriesMoney() && !above(p.most(0), q.ItemLimit) && !above(p.YearLimit, q.YearLimit)
}

// above compares two limits of which 0 is none at all.
func above[N ~int | ~int64](limit, o N) bool { return o != 0 && (limit == 0 || limit > o) }

// remitWithin says whether the version of the appointment's remit allows nothing
// that the other does not, in any matter, by any person, or for longer.
func (s *ground) remitWithin(a *Appointment, v, o *AppointmentVersion, d Day) bool {
	if lastsLonger(v.Until, o.Until) || slices.ContainsFunc(v.Substitutes, func(id string) bool { return id != a.Person && !slices.Contains(o.Substitutes, id) }) {
		return false
	}
	otherwise := Line{Stance: s.CharterOn(d).Charter.DefaultStance}
	if a.Parent != "" {
		otherwise.Stance = BringBack
	}
	// What holds in any matter at all is what holds where a line begins.
	for _, l := range slices.Concat(v.Lines, o.Lines) {
		mine, others := cmp.Or(v.line(l.Matter), &otherwise), cmp.Or(o.line(l.Matter), &otherwise)
		if !mine.within(others) {
			return false
		}
	}
	return true
}

// within says whether the line, in its matter, allows nothing that the other does not.
func (l *Line) within(o *Line) bool {
	switch l.Stance {
	case Not:
		return true
	case BringBack:
		return o.Stance != Not
	case Discretion: // carries no money, and no term
		return o.Stance == Discretion || (o.Stance == WithinLimits && o.Months == 0)
	case WithinLimits:
	}
	switch o.Stance {
	case Discretion:
		return l.Limit == 0
	case WithinLimits:
		return (l.Limit == 0 || (o.Limit != 0 && l.Limit <= o.Limit && (l.Yearly || !o.Yearly))) && !above(l.Months, o.Months)
	case BringBack, Not:
	}
	return false
}

// widerThan says in words what the charter allows that the other does not; ""
// where there is nothing.
func (c *Charter) widerThan(o *Charter) string {
	var wider []string
	add := func(is bool, say string) {
		if is {
			wider = append(wider, say)
		}
	}
	add(slices.ContainsFunc(c.Matters, func(m string) bool { return !o.Knows(m) }), "more matters")
	add(slices.ContainsFunc(o.Reserved, func(m string) bool { return !c.Reserves(m) }), "fewer reserved matters")
	add(c.DefaultStance == Discretion && o.DefaultStance != Discretion, "discretion where a remit says nothing")
	add(c.Quorum < o.Quorum || slices.ContainsFunc(o.QuorumOf, func(code string) bool { return !slices.Contains(c.QuorumOf, code) }), "a smaller quorum")
	add(c.people() < o.people(), "consents of fewer people")
	add(c.LeastCoverage < o.LeastCoverage, "less coverage")
	add(c.Window < o.Window, "less time for objections")
	add(c.ReviewWithin > o.ReviewWithin || c.Grace > o.Grace, "longer without a review")
	add(c.CallInWithin < o.CallInWithin, "less time to call in")
	add(c.confirmWithin() > o.confirmWithin(), "more time to confirm what was decided together")
	add(c.RatifyWithin > o.RatifyWithin, "more time to ratify")
	add(c.ConsultWithin > o.ConsultWithin, "older consultations")
	add(c.Gatekeepers > o.Gatekeepers, "more gatekeepers")
	add(c.Sight() == SeesWork && o.Sight() != SeesWork, "our work shown to system bodies")
	for _, y := range YesOrNos {
		add(y.Holds(c) == y.wider && y.Holds(o) != y.wider, y.lets)
	}
	return strings.Join(wider, ", ")
}
