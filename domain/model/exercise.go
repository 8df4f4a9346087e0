package model

import "goldenthread/domain"

// Delegated powers and their exercise (D1 to D8, F7).

type mandateOfPowers struct {
	from, until, review day
	powers              []domain.Power
	source              string
	index               int
}

type delegation struct {
	*domain.DelegationGranted
	index    int
	versions []mandateOfPowers
	ended    day
}

func (m model) delegations() []delegation {
	var ds []delegation
	find := func(number string) *delegation {
		for i := range ds {
			if ds[i].Delegation == number {
				return &ds[i]
			}
		}
		return nil
	}
	for i, e := range m.events {
		switch x := e.Data.(type) {
		case *domain.DelegationGranted:
			ds = append(ds, delegation{DelegationGranted: x, index: i, versions: []mandateOfPowers{{x.From, x.Until, x.Review, x.Powers, x.Source, i}}})
		case *domain.DelegationVaried:
			d := find(x.Delegation)
			until := x.Until
			if until == 0 && x.Back == 0 {
				until = d.versions[len(d.versions)-1].until
			}
			d.versions = append(d.versions, mandateOfPowers{e.Effective, until, x.Review, x.Powers, x.Source, i})
		case *domain.DelegationEnded:
			if d := find(x.Delegation); d.ended == 0 || e.Effective < d.ended {
				d.ended = e.Effective
			}
		case *domain.AgreementSetAside:
			for j := range ds {
				if d := &ds[j]; d.Source == x.Proposal && (d.ended == 0 || e.Effective < d.ended) {
					d.ended = e.Effective
				}
			}
		default:
		}
	}
	return ds
}

func (m model) delegation(number string) *delegation {
	for _, d := range m.delegations() {
		if d.Delegation == number {
			return &d
		}
	}
	return nil
}

// on is the version of the day: the newest that has begun; nil before the first.
func (d delegation) on(at day) *mandateOfPowers {
	var v *mandateOfPowers
	for i := range d.versions {
		if d.versions[i].from <= at {
			v = &d.versions[i]
		}
	}
	return v
}

func (m model) inForce(d delegation, at day) bool {
	v := d.on(at)
	if v == nil || d.ended != 0 && at >= d.ended {
		return false
	}
	if m.wrong == dayAfterStillInForce {
		return v.until == 0 || at <= v.until+1
	}
	return v.until == 0 || at <= v.until
}

// executive are the members of the newest executive that has begun, if it is
// in its time and its agreement stands.
func (m model) executive(d day) []string {
	var members []string
	for _, e := range m.events {
		x, ok := e.Data.(*domain.ExecutiveFormed)
		if ok && x.From <= d && m.began(x.Source, x.From) {
			members = nil
			if covers(x.Span, d) && m.agreedHolds(x.Source, d) {
				members = x.Members
			}
		}
	}
	var there []string
	for _, who := range members {
		if !m.gone(who, d) {
			there = append(there, who)
		}
	}
	return there
}

// gone says whether the person has left their office by that day: what they held ended
// with it (F5).
func (m model) gone(person string, d day) bool {
	left := m.leftOffice(person)
	return left != 0 && d > left && m.wrong != officeLeftStays
}

// An exercise is one that was recorded, with what became of it.
type exercise struct {
	*domain.ExerciseRecorded
	index    int
	on       day
	recorded day // or confirmed
	calledIn day
	outcome  day
	ratified bool
	waits    int // people who are still to confirm it
}

func (m model) exercises() []*exercise {
	var xs []*exercise
	find := func(number string) *exercise {
		for _, x := range xs {
			if x.Exercise == number {
				return x
			}
		}
		return nil
	}
	for i, e := range m.events {
		switch x := e.Data.(type) {
		case *domain.ExerciseRecorded:
			xs = append(xs, &exercise{ExerciseRecorded: x, index: i, on: e.Effective, recorded: londonDay(e.Time), waits: len(x.Confirm)})
		case *domain.ExerciseConfirmed:
			one := find(x.Exercise)
			one.waits, one.recorded = one.waits-1, londonDay(e.Time)
			confirmed := *one.ExerciseRecorded
			confirmed.Beyond, confirmed.Power = x.Beyond, x.Power
			one.ExerciseRecorded = &confirmed
		case *domain.ExerciseRefused:
			for i, one := range xs {
				if one.Exercise == x.Exercise {
					xs = append(xs[:i:i], xs[i+1:]...)
					break
				}
			}
		case *domain.ExerciseCalledIn:
			if one := find(x.Exercise); one.calledIn == 0 {
				one.calledIn = londonDay(e.Time)
			}
		case *domain.Ratified:
			if one := find(x.What); one != nil {
				one.outcome, one.ratified = e.Effective, true
			}
		case *domain.Disavowed:
			if one := find(x.What); one != nil {
				one.outcome = e.Effective
			}
		default:
		}
	}
	return xs
}

func (m model) exerciseNamed(number string) *exercise {
	for _, x := range m.exercises() {
		if x.Exercise == number {
			return x
		}
	}
	return nil
}

// standing is how the exercise stands on the day (D7).
func (m model) standing(x *exercise, d day) domain.ExerciseStatus {
	if x.outcome != 0 && x.outcome <= d {
		if x.ratified {
			return domain.XRatified
		}
		return domain.XDisavowed
	}
	if len(x.Beyond) > 0 {
		charter, _ := m.charterOn(x.recorded)
		if d > x.recorded+day(charter.RatifyWithin) {
			return domain.XLapsed
		}
		return domain.XBeyond
	}
	if x.calledIn != 0 && x.calledIn <= d {
		charter, _ := m.charterOn(x.calledIn)
		if d > x.calledIn+day(charter.SettleWithin) {
			return domain.XFallen
		}
		return domain.XCalledIn
	}
	if charter, _ := m.charterOn(x.recorded); x.waits > 0 && d > x.recorded+day(charter.ConfirmWithin) {
		return domain.XLapsed
	}
	if x.waits > 0 {
		return domain.XUnconfirmed
	}
	return domain.XWithin
}

// powersFor are the powers that count for the matter: those on the most specific
// path that takes it in, by their places (D5).
func (v mandateOfPowers) powersFor(m model, matter string) []int {
	var path string
	for _, p := range v.powers {
		if below(matter, p.Matter) && len(p.Matter) > len(path) {
			path = p.Matter
		}
	}
	var places []int
	for i, p := range v.powers {
		if path != "" && p.Matter == path || m.wrong == broaderPowersToo && below(matter, p.Matter) {
			places = append(places, i)
			if m.wrong == firstPowerOnly {
				break
			}
		}
	}
	return places
}

// countsAgainst says whether what was done on the matter under one version, by
// the power in that place, counts against a power of another (D4).
func (m model) countsAgainst(matter string, then *mandateOfPowers, place int, now *mandateOfPowers, p int) bool {
	if then.index == now.index {
		return place == p
	}
	return hasPlace(now.powersFor(m, matter), p) || then.powers[place].Matter == now.powers[p].Matter
}

func hasPlace(places []int, p int) bool {
	for _, one := range places {
		if one == p {
			return true
		}
	}
	return false
}

// used is what counts against the power in that place in the delegation's year
// of the day: exercises that are within or called in, and what representatives
// under the delegation committed (D4, C8). Of what is asked about a day only
// what happened up to that day counts.
func (m model) used(d delegation, v *mandateOfPowers, p int, at, today day, all bool) int64 {
	var sum int64
	m = m.forTotals()
	first, next := yearOf(d.From, at)
	counts := func(on day) bool { return on >= first && on < next && (all || on <= at) }
	for _, x := range m.exercises() {
		if x.Delegation != d.Delegation || !counts(x.on) || len(x.Beyond) > 0 {
			continue
		}
		then := m.known(x.index).delegation(x.Delegation).on(x.on)
		places := []int{x.Power - 1}
		if x.waits > 0 && then == nil {
			continue
		}
		if x.waits > 0 {
			places = then.powersFor(m, x.Matter)
		} else if x.Power == 0 {
			places = then.powersFor(m, x.Matter)[:1]
		}
		counted := false
		for _, place := range places {
			counted = counted || m.countsAgainst(x.Matter, then, place, v, p)
		}
		if !counted {
			continue
		}
		if s := m.standing(x, today); s == domain.XWithin || s == domain.XUnconfirmed || s == domain.XCalledIn && m.wrong != calledInFrees {
			sum += int64(x.Amount)
		}
	}
	under := map[string]bool{}
	for _, a := range m.appointments() {
		under[a.Appointment] = a.Parent == d.Delegation
	}
	for _, e := range m.events {
		x, ok := e.Data.(*domain.CommitmentRecorded)
		if ok && x.Appointment != "" && under[x.Appointment] && x.Standing == domain.KWithin && x.Amount != nil && counts(e.Effective) && hasPlace(v.powersFor(m, x.Matter), p) {
			sum += int64(*x.Amount)
		}
	}
	return sum
}

// holdAgainstPower holds the terms against one power: its limits and its
// conditions.
func (m model) holdAgainstPower(d delegation, v *mandateOfPowers, place int, q terms) answer {
	return m.holdAgainst(d, v, place, q, q.at, m.totals != nil)
}

func (m model) holdAgainst(d delegation, v *mandateOfPowers, place int, q terms, today day, all bool) answer {
	p := v.powers[place]
	var got answer
	over := func(is bool) {
		if is {
			got.rules = append(got.rules, "D4")
		}
	}
	over(q.openEnded && (p.ItemLimit > 0 || p.YearLimit > 0))
	if p.ItemLimit == 0 && p.YearLimit == 0 || !has(p.May, domain.MayCommit) && m.wrong != decidingCommits {
		over(q.openEnded || q.amount != nil && *q.amount > 0)
	} else {
		got.misses(q.amount == nil)
	}
	if p.ItemLimit > 0 {
		got.limits = append(got.limits, limit{"item", int64(p.ItemLimit), 0})
		over(q.amount != nil && *q.amount > p.ItemLimit && m.wrong != itemLimitIgnored)
	}
	if p.YearLimit > 0 {
		used := m.used(d, v, place, q.at, today, all)
		got.limits = append(got.limits, limit{"year", int64(p.YearLimit), used})
		over(q.amount != nil && *q.amount > 0 && used+int64(*q.amount) > int64(p.YearLimit) || q.amount == nil && used >= int64(p.YearLimit) && has(p.May, domain.MayCommit))
	}
	if p.Months > 0 {
		got.limits = append(got.limits, limit{"months", int64(p.Months), 0})
		over(q.months != nil && *q.months > p.Months && m.wrong != monthsIgnored)
		got.misses(q.months == nil)
	}
	for _, c := range p.Conditions {
		if c.When != domain.Before {
			continue
		}
		if q.consulted == nil {
			got.missing++
			got.unconsulted++
		} else if m.wrong != conditionsIgnored && !has(q.consulted, "all") && !has(q.consulted, c.Body) {
			got.rules = append(got.rules, "D6")
		}
	}
	return got
}

// why are the rules by which the exercise is beyond, as of when it was
// recorded: for each power that comes as close as any, a list; nil if it is
// within (D5).
func (m model) why(x *exercise) [][]string {
	m = m.known(x.index)
	d := m.delegation(x.Delegation)
	v := d.on(x.on)
	switch { // these are the whole reason: no power could be used
	case !m.inForce(*d, x.on), m.asleep(v.review, x.on), m.suspended(x.Delegation, x.on):
		return [][]string{{"D5"}}
	case m.reserved(x.Matter, x.on):
		return [][]string{{"D2"}}
	case !m.knows(x.Matter, x.on):
		return [][]string{{"F6"}}
	}
	var common []string
	if m.redLine(x.Matter, x.on) && m.wrong != redLineBindsNoExercise {
		common = append(common, "R2")
	}
	if !m.enough(m.coverageOf(x.Matter, x.on), x.on) {
		common = append(common, "M4")
	}
	var each [][]string
	for _, place := range v.powersFor(m, x.Matter) {
		each = append(each, append(m.againstPower(x, *d, v, place), common...))
	}
	if len(each) == 0 {
		return [][]string{{"D5"}}
	}
	return closest(each)
}

// closest are the lists of reasons of what comes closest: of the fewest
// reasons, or of the fewest rules. The rule book doesn't say which of those that
// come as close as each other answers. Nil if one has no reason at all.
func closest(each [][]string) [][]string {
	reasons, rules := len(each[0]), len(rulesOf(each[0]))
	for _, one := range each {
		reasons, rules = min(reasons, len(one)), min(rules, len(rulesOf(one)))
	}
	var best [][]string
	for _, one := range each {
		if len(one) == reasons || len(rulesOf(one)) == rules {
			best = append(best, rulesOf(one))
		}
	}
	if reasons == 0 {
		return nil
	}
	return best
}

// againstPower are the rules by which this power alone doesn't cover the
// exercise.
func (m model) againstPower(x *exercise, d delegation, v *mandateOfPowers, place int) []string {
	p := v.powers[place]
	charter, _ := m.charterOn(x.on)
	counts := day(charter.ConsultWithin)
	if counts == 0 {
		counts = 90
	}
	consulted := []string{}
	for _, c := range x.Consulted {
		if c.On <= x.on && (c.On+counts >= x.on || m.wrong == consultationsLast) {
			consulted = append(consulted, c.Body)
		}
	}
	q := terms{matter: x.Matter, amount: &x.Amount, months: &x.Months, openEnded: x.OpenEnded, consulted: consulted, at: x.on}
	today := londonDay(m.events[len(m.events)-1].Time)
	if x.recorded > today {
		today = x.recorded
	}
	rules := m.holdAgainst(d, v, place, q, today, true).rules
	acting := map[string]bool{}
	for _, who := range x.Acting {
		if m.interested(who, x.Matter, x.on) && m.wrong != interestedAct {
			continue
		}
		if d.To == domain.ToExecutive && has(m.executive(x.on), who) || d.To == who && !m.gone(who, x.on) {
			acting[who] = true
		}
	}
	need := p.Acting
	if need == 0 {
		need = 2
		if d.To != domain.ToExecutive {
			need = 1
		}
	}
	if len(acting) < need && m.wrong != oneActsAlone {
		rules = append(rules, "D1")
	}
	return rules
}
