package model

import (
	"slices"

	"goldenthread/domain"
)

// The check (R1 to R3, R7, C8, D8), by the table of R3.

// A terms is what the check is asked about: who, where, what and on which
// terms. What is nil was not said.
type terms struct {
	person    string
	forum     string
	matter    string
	amount    *domain.Pence
	months    *int
	openEnded bool
	consulted []string
	at        day
}

// A limit is one on which an answer rests.
type limit struct {
	kind        string // item, year or months
	limit, used int64
}

// An answer is what the check says: the verdict, the rules of its reasons, the
// limits, and whether a yes holds only once something is said that was not.
type answer struct {
	verdict     domain.Verdict
	rules       []string
	limits      []limit
	missing     int        // terms and conditions that were not said: the yes is conditional
	unconsulted int        // … of which are consultations
	or          [][]string // lists of reasons that would do as well
	orLimits    [][]limit  // and lists of limits, of powers that say yes too
}

func (a *answer) misses(is bool) {
	if is {
		a.missing++
	}
}

func rulesOf(rules []string) []string {
	rules = slices.Clone(rules)
	slices.Sort(rules)
	return slices.Compact(rules)
}

func (m model) checkNow(q terms) answer {
	if !m.established(q.at) {
		return answer{verdict: domain.ViewOnly, rules: []string{"F1"}}
	}
	if q.forum == "" {
		return m.checkExecutive(q)
	}
	var own, substitute []appointment
	for _, a := range m.appointments() {
		if a.Forum != q.forum || !m.holds(a, q.at) {
			continue
		}
		switch {
		case a.Person == q.person:
			own = append(own, a)
		case has(a.on(q.at).substitutes, q.person) && !m.gone(q.person, q.at) && m.wrong != substitutesIgnored:
			substitute = append(substitute, a)
		}
	}
	all := append(slices.Clone(own), substitute...)
	if len(all) == 0 {
		return answer{verdict: domain.ViewOnly, rules: []string{"R1"}}
	}
	for _, a := range all {
		if l := m.lineOf(a.on(q.at).lines, q.matter); l != nil && l.Stance == domain.Not {
			return answer{verdict: domain.MustNot, rules: []string{"R2"}}
		}
	}
	if m.redLine(q.matter, q.at) {
		return answer{verdict: domain.MustNot, rules: []string{"R2"}}
	}
	if m.coverageOf(q.matter, q.at).practices == 0 {
		return answer{verdict: domain.ViewOnly, rules: []string{"M4"}}
	}
	mine := own
	if len(own) == 0 {
		mine = substitute
	}
	var strictest answer
	for i, a := range mine {
		got := m.judge(a, q)
		if i == 0 {
			strictest = got
		} else {
			strictest = stricter(strictest, got)
		}
	}
	for _, a := range all {
		if rules := m.suspendedUse(a, q.at); len(rules) > 0 && m.wrong != suspensionLoosens {
			strictest = stricter(strictest, answer{verdict: domain.AdReferendum, rules: rules})
		}
	}
	strictest.rules = rulesOf(strictest.rules)
	return strictest
}

// stricter is the stricter of two answers that are yes or subject to the group,
// with the reasons of both if neither is a yes.
func stricter(a, b answer) answer {
	switch {
	case a.verdict == domain.AdReferendum && b.verdict == domain.AdReferendum:
		var or [][]string
		for _, one := range append(slices.Clone(a.or), a.rules) {
			for _, other := range append(slices.Clone(b.or), b.rules) {
				or = append(or, append(slices.Clone(one), other...))
			}
		}
		a.rules, a.or = append(slices.Clone(a.rules), b.rules...), or
	case a.verdict == domain.AdReferendum:
		return a
	case b.verdict == domain.AdReferendum:
		return b
	case b.verdict == domain.MayCommitReport:
		a.verdict = domain.MayCommitReport
	}
	a.limits = append(slices.Clone(a.limits), b.limits...)
	a.missing += b.missing
	return a
}

// coverageOf is the coverage on which an answer rests: for an unknown matter,
// about which nobody was asked, it is that of standing behind the group at all.
func (m model) coverageOf(matter string, d day) coverage {
	if !m.knows(matter, d) {
		return m.coverage("", d)
	}
	return m.coverage(matter, d)
}

// suspendedUse are the rules by which the appointment, the delegation above it
// or the exercise that made it is suspended.
func (m model) suspendedUse(a appointment, d day) []string {
	var rules []string
	if m.suspended(a.Appointment, d) || a.Parent != "" && m.suspended(a.Parent, d) {
		rules = append(rules, "D8")
	}
	if x := m.exerciseNamed(a.Source); x != nil && m.standing(x, d) == domain.XCalledIn {
		rules = append(rules, "D7")
	}
	return rules
}

// judge is rows 5 to 7 for one appointment that is in force.
func (m model) judge(a appointment, q terms) answer {
	r := a.on(q.at)
	charter, _ := m.charterOn(q.at)
	got := answer{rules: m.commonReasons(q)}
	stance := charter.DefaultStance
	if m.wrong == defaultIsDiscretion {
		stance = domain.Discretion
	}
	line := m.lineOf(r.lines, q.matter)
	if line != nil {
		stance = line.Stance
	} else if a.Parent != "" { // what the delegation doesn't say, its remits don't either
		stance = domain.BringBack
	}
	if stance == domain.BringBack {
		got.rules = append(got.rules, "R2")
	}
	if m.asleep(r.review, q.at) {
		got.rules = append(got.rules, "D3")
	}
	switch stance {
	case domain.Discretion:
		if (q.openEnded || q.amount != nil && *q.amount > 0) && m.wrong != discretionCarriesMoney {
			got.rules = append(got.rules, "R2")
		}
	case domain.WithinLimits:
		m.holdAgainstLine(a, line, q, &got)
	case domain.BringBack, domain.Not:
	}
	if a.Parent != "" {
		m.holdAgainstParent(a, stance, q, &got)
	}
	got.rules = rulesOf(got.rules)
	switch {
	case len(got.rules) > 0:
		got.verdict = domain.AdReferendum
	case stance == domain.Discretion:
		got.verdict, got.rules = domain.MayCommitReport, []string{"R2"}
	default:
		got.verdict, got.rules = domain.MayCommitNow, []string{"R2"}
	}
	return got
}

// commonReasons are those of row 5 that have nothing to do with limits.
func (m model) commonReasons(q terms) []string {
	var rules []string
	if !m.knows(q.matter, q.at) {
		rules = append(rules, "F6")
	}
	if m.reserved(q.matter, q.at) {
		rules = append(rules, "D2")
	}
	if !m.enough(m.coverageOf(q.matter, q.at), q.at) {
		rules = append(rules, "M4")
	}
	if m.interested(q.person, q.matter, q.at) {
		rules = append(rules, "R7")
	}
	return rules
}

func (m model) holdAgainstLine(a appointment, line *domain.Line, q terms, got *answer) {
	over := func(is bool) {
		if is {
			got.rules = append(got.rules, "R2")
		}
	}
	if q.openEnded {
		got.rules = append(got.rules, "D4")
	}
	switch {
	case line.Limit == 0: // it carries no money, unless the power above gives a limit (C8)
		over(a.Parent == "" && q.amount != nil && *q.amount > 0)
	case line.Yearly:
		used := m.committed(a, line, q.at)
		got.limits = append(got.limits, limit{"year", int64(line.Limit), used})
		over(q.amount != nil && *q.amount > 0 && used+int64(*q.amount) > int64(line.Limit) || q.amount == nil && used >= int64(line.Limit))
		got.misses(q.amount == nil)
	default:
		got.limits = append(got.limits, limit{"item", int64(line.Limit), 0})
		over(q.amount != nil && *q.amount > line.Limit)
		got.misses(q.amount == nil)
	}
	if line.Months > 0 {
		got.limits = append(got.limits, limit{"months", int64(line.Months), 0})
		over(q.months != nil && *q.months > line.Months && m.wrong != monthsIgnored)
		got.misses(q.months == nil)
	}
}

// committed is what was committed under the line in the year of the day: up to
// that day or, for what is recorded now, all that was recorded (R4, D4).
func (m model) committed(a appointment, line *domain.Line, d day) int64 {
	var sum int64
	first, next := yearOf(a.From, d)
	for _, e := range m.forTotals().events {
		x, ok := e.Data.(*domain.CommitmentRecorded)
		if !ok || x.Appointment != a.Appointment || x.Standing != domain.KWithin || x.Amount == nil || e.Effective < first || e.Effective >= next {
			continue
		}
		if e.Effective > d && (m.totals == nil || m.wrong == laterCommitmentsDontCount) {
			continue
		}
		if l := m.lineOf(a.on(d).lines, x.Matter); l != nil && l.Matter == line.Matter {
			sum += int64(*x.Amount)
		}
	}
	return sum
}

// yearOf is the year that began on the first day or an anniversary of it and
// takes in the day (D4): its first day, and the first day of the next.
func yearOf(from, d day) (first, next day) {
	for n := 0; ; n++ {
		if next = yearsLater(from, n+1); d < next {
			return yearsLater(from, n), next
		}
	}
}

// holdAgainstParent holds a remit that an exercise gave against the delegation
// above it: the power that comes closest (C8, D5).
func (m model) holdAgainstParent(a appointment, stance domain.Stance, q terms, got *answer) {
	p := m.delegation(a.Parent)
	v := p.on(q.at)
	if stance == domain.Discretion && q.amount == nil { // it carries no money: what is left of a total doesn't matter (C8)
		nothing := domain.Pence(0)
		q.amount = &nothing
	}
	if m.asleep(v.review, q.at) {
		got.rules = append(got.rules, "D3")
	}
	var each []answer
	for _, place := range v.powersFor(m, q.matter) {
		each = append(each, m.holdAgainstPower(*p, v, place, q))
	}
	if len(each) == 0 {
		if m.knows(q.matter, q.at) && !m.reserved(q.matter, q.at) {
			got.rules = append(got.rules, "D5")
		}
		return
	}
	best := closestOf(each)
	if stance == domain.Discretion { // it carries no money, so no term is missing
		best.missing = best.unconsulted
	}
	for _, other := range best.or {
		got.or = append(got.or, append(slices.Clone(got.rules), other...))
	}
	got.rules = append(got.rules, best.rules...)
	if stance != domain.Discretion {
		for _, other := range best.orLimits {
			got.orLimits = append(got.orLimits, append(slices.Clone(got.limits), other...))
		}
		got.limits = append(got.limits, best.limits...)
	}
	got.missing += best.missing
}

// closestOf is the answer that comes closest, with the reasons of others that
// come as close.
func closestOf(each []answer) answer {
	var lists [][]string
	for _, one := range each {
		lists = append(lists, one.rules)
	}
	fewest := slices.MinFunc(each, func(a, b answer) int {
		if len(a.rules) == 0 && len(b.rules) == 0 {
			return a.missing - b.missing
		}
		return len(a.rules) - len(b.rules)
	})
	for _, one := range each {
		if len(one.rules) == 0 {
			fewest.orLimits = append(fewest.orLimits, one.limits)
		}
	}
	if len(fewest.rules) > 0 {
		fewest.or = closest(lists)
	}
	return fewest
}

// checkExecutive is the check without a forum: each delegation and each power
// by itself, and the best of them (D5).
func (m model) checkExecutive(q terms) answer {
	var mine []delegation
	onIt := has(m.executive(q.at), q.person)
	for _, d := range m.delegations() {
		if m.inForce(d, q.at) && (d.To == q.person && !m.gone(q.person, q.at) || d.To == domain.ToExecutive && onIt) {
			mine = append(mine, d)
		}
	}
	if !onIt && !m.ownDelegation(q.person, q.at) {
		return answer{verdict: domain.ViewOnly, rules: []string{"D1"}}
	}
	if m.redLine(q.matter, q.at) {
		return answer{verdict: domain.MustNot, rules: []string{"R2"}}
	}
	if m.coverageOf(q.matter, q.at).practices == 0 {
		return answer{verdict: domain.ViewOnly, rules: []string{"M4"}}
	}
	common := m.commonReasons(q)
	var each []answer
	for _, d := range mine {
		v := d.on(q.at)
		for _, place := range v.powersFor(m, q.matter) {
			one := m.holdAgainstPower(d, v, place, q)
			if d.To == domain.ToExecutive && v.powers[place].Acting > 1 && m.couldAct(q) < v.powers[place].Acting && m.wrong != oneIsEnoughToAsk {
				one.rules = append(one.rules, "D1")
			}
			if m.asleep(v.review, q.at) {
				one.rules = append(one.rules, "D3")
			}
			if m.suspended(d.Delegation, q.at) {
				one.rules = append(one.rules, "D8")
			}
			one.rules = append(one.rules, common...)
			each = append(each, one)
		}
	}
	best := answer{rules: common}
	if len(each) > 0 {
		best = closestOf(each)
	} else if m.knows(q.matter, q.at) && !m.reserved(q.matter, q.at) {
		best.rules = append(best.rules, "D5")
	}
	best.rules = rulesOf(best.rules)
	best.verdict = domain.AdReferendum
	if len(best.rules) == 0 {
		best.verdict, best.rules = domain.MayCommitNow, []string{"D5"}
	}
	return best
}

// couldAct is how many of the executive have no interest in the matter (D5, R7).
func (m model) couldAct(q terms) int {
	n := 0
	for _, who := range m.executive(q.at) {
		if !m.interested(who, q.matter, q.at) {
			n++
		}
	}
	return n
}

// ownDelegation says whether the person has a delegation of their own in force.
func (m model) ownDelegation(person string, d day) bool {
	for _, one := range m.delegations() {
		if one.To == person && !m.gone(person, d) && m.inForce(one, d) {
			return true
		}
	}
	return false
}
