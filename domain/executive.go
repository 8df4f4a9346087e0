package domain

import (
	"slices"
)

// The executive (rule D1): two or more named people, with dates, to whom the group can
// delegate as a body.

// ToExecutive is the delegate that is the executive as a body.
const ToExecutive = "executive"

// FormExecutive names the executive: two or more people, with dates (rule D1).
type FormExecutive struct {
	Members []string `json:"members" doc:"handles or ids" maxItems:"20" rule:"D1" of:"person" ask:"Who is in it?" hint:"Two or more people."`
	Span
}

func (c *FormExecutive) check(t *turn, e enacting) *Refusal {
	ids, r := t.s.people("D1", c.Members)
	if r != nil {
		return r.at("members")
	}
	if len(ids) < 2 {
		return invalid("D1", "The executive is two or more named people.").at("members")
	}
	if r := t.s.allInOffice("D1", ids, max(c.From, e.day)); r != nil {
		return r.at("members")
	}
	if c.Until != 0 && c.Until < max(c.From, e.day) {
		return invalid("D1", "The executive would end before it begins.").at("until")
	}
	return nil
}

func (c *FormExecutive) enact(t *turn, e enacting) {
	ids, _ := t.s.people("D1", c.Members)
	from := max(c.From, e.day)
	t.recordBecause(e.cause, from, &ExecutiveFormed{Members: ids, Source: e.source, Span: Span{from, c.Until}})
}

// ExecutiveFormed: the executive has these members.
type ExecutiveFormed struct {
	Members []string `json:"members"`
	Source  string   `json:"source"`
	Span
}

func (e *ExecutiveFormed) Subject() string { return "executive" }

func (e *ExecutiveFormed) apply(s *State, ev *Event) {
	s.Executive = append(s.Executive, ExecutiveTerm{e.Members, e.Source, e.Span, ev.Index})
}

// An ExecutiveTerm is the executive for a time.
type ExecutiveTerm struct {
	Members []string
	Source  string
	Span
	Index uint64
}

// ExecutiveOn are the ids of the executive's members on that day.
func (s *authority) ExecutiveOn(d Day) []string {
	for i := len(s.Executive) - 1; i >= 0; i-- {
		if e := &s.Executive[i]; e.From <= d && !s.undoneBefore(e.Source, e.From) {
			if e.Covers(d) && s.AgreementHolds(e.Source, d) {
				return s.inOffice(e.Members, d)
			}
			return nil
		}
	}
	return nil
}

// delegates are the ids of those who may act under the delegation on that day.
func (s *authority) delegates(d *Delegation, day Day) []string {
	if d.To == ToExecutive {
		return s.ExecutiveOn(day)
	}
	return s.inOffice([]string{d.To}, day)
}

// HeldUntil is the last day, up to the given one, on which the person could act under
// the delegation; 0 if they never could, or there is no such delegation. Until that
// day they record what was decided, also when they hold it no longer (rule D5).
func (s *authority) HeldUntil(delegation, person string, d Day) Day {
	dl := s.Delegations[delegation]
	if dl == nil {
		return 0
	}
	days := []Day{d}
	for i := range s.Executive {
		e := &s.Executive[i]
		days = append(days, e.Until, e.From-1)
		if p := s.Proposals[e.Source]; p != nil {
			days = append(days, p.SetAside-1)
		}
	}
	var last Day
	for _, day := range days {
		if day > last && day <= d && slices.Contains(s.delegates(dl, day), person) {
			last = day
		}
	}
	return last
}

// judgeExecutive is the table where no forum is named: the executive's powers.
func (s *View) judgeExecutive(q Question) judgement {
	held := s.delegationsOf(q.Person, q.At)
	j := judgement{coverage: s.coverageBy(s.matterOfCoverage(q), s.basisOf(held, q.Matter, q.At), q.At)}
	if !slices.Contains(s.ExecutiveOn(q.At), q.Person) && len(held) == 0 {
		return j.is(ViewOnly, Reason{"D1", s.office(q.Person) + " is not on the executive."})
	}
	if red := s.redLineOn(q.Matter, q.At); red != nil {
		return j.is(MustNot, adoptedRedLine(red))
	}
	if j.coverage.Practices == 0 {
		return j.is(ViewOnly, Reason{"M4", "No practice stands behind the group on this."})
	}
	back := s.mattersBack(q, &j)
	if s.hasInterest(q.Person, q.Matter, q.At) {
		back = append(back, Reason{"R7", "You declared an interest in this."})
	}
	j, lacking := s.bestPower(q, held, j)
	if back = append(back, lacking...); len(back) > 0 {
		return j.is(AdReferendum, back...)
	}
	if q.verdictOnly {
		return j.is(MayCommitNow)
	}
	return j.is(MayCommitNow, Reason{"D5", j.delegation.Number + " allows it: " + j.power.Words(s.State) + "."})
}

// delegationsOf are the delegations that the person holds, alone or on the
// executive, that have begun and not ended by that day.
func (s *remembering) delegationsOf(person string, d Day) []*Delegation {
	var held []*Delegation
	for _, dl := range s.delegationsInOrder() {
		if state, _ := s.DelegationOn(dl, d); state.current() && slices.Contains(s.delegates(dl, d), person) {
			held = append(held, dl)
		}
	}
	return held
}

// bestPower holds the question against each power of each of the person's
// delegations by itself, and is the judgement with the one that comes closest; it
// never mixes the limits or conditions of several (rules R3, D5).
func (s *View) bestPower(q Question, held []*Delegation, j judgement) (judgement, []Reason) {
	best, found := j, false
	var l lacks
	for _, d := range held {
		v := d.VersionOn(q.At)
		paused := d.pausedBy(s.State, q.At)
		for _, tier := range v.tiers(q.Matter) {
			t, o := s.tryPower(d, v, tier, q, j)
			t.delegation, t.power = d, &v.Powers[tier]
			o.reasons = append(o.reasons, paused...)
			if !found || better(&t, o, &best, l) {
				best, l, found = t, o, true
			}
		}
	}
	if !found && !j.unknown && !s.CharterOn(q.At).Charter.Reserves(q.Matter) {
		l.reasons = []Reason{{"D5", "No power that the executive holds takes in " + MatterWords(q.Matter) + "."}}
	}
	return best, l.reasons
}

// better says whether the first of two attempts comes closer to a plain yes: it
// lacks less, leaves less open, or asks for less.
func better(a *judgement, l lacks, b *judgement, o lacks) bool {
	if l.closer(o) || o.closer(l) {
		return l.closer(o)
	}
	return len(a.unsaid) < len(b.unsaid) || len(a.unsaid) == len(b.unsaid) && len(a.conditions) < len(b.conditions)
}

// tryPower holds the question against one power, and notes its limits and
// conditions on a judgement of its own.
func (s *View) tryPower(d *Delegation, v *DelegationVersion, tier int, q Question, j judgement) (judgement, lacks) {
	p := &v.Powers[tier]
	j = j.ownLists()
	in, upTo := q.counted(s)
	used := in.UsedOf(d, v, p, q.At, upTo)
	l := lacks{tier: tier}
	noMoney := j.line != nil && j.line.Stance == Discretion && q.sum() == 0 && !q.OpenEnded
	if noMoney { // without money, discretion meets no limit for a sum of the power above (rule C8)
		l.reasons = p.tooLong(q.use().months)
	} else {
		l.reasons, l.over = p.exceeds(d.Number, q.use(), used), max(q.sum()-p.most(used), 0)
		l.reasons = append(l.reasons, powerTerms(d, p, used, q, &j)...)
	}
	if able := s.whoCanAct(d, s.delegates(d, q.At), q.Matter, q.At); p.Acting > 1 && able < p.Acting && j.appointment == nil {
		l.reasons = append(l.reasons, Reason{"D1", "too few can act under " + d.Number + " on this: " + Count(able, "member") + " where " + Count(p.Acting, "member") + " must act together"})
	}
	for i := range l.reasons {
		l.reasons[i].Text = FirstUpper(Sentence(l.reasons[i].Text))
	}
	if p.Acting > 1 && j.appointment == nil && !q.verdictOnly {
		j.conditions = append(j.conditions, Count(p.Acting, "member")+" acting together")
	}
	for _, c := range p.Conditions {
		switch {
		case q.verdictOnly && (c.When == After || q.Consulted == nil):
		case c.When == After:
			j.conditions = append(j.conditions, c.Words(s.State))
		default:
			s.consultationsOf(&c, q, &j, &l)
		}
	}
	if j.appointment == nil && !q.verdictOnly {
		j.conditions = append(j.conditions, s.exceptReserved(q)...)
	}
	return j, l
}

// consultationsOf holds the question against the bodies to consult that the
// condition means on its day (rules D6, O1).
func (s *bodies) consultationsOf(c *Condition, q Question, j *judgement, l *lacks) {
	for _, body := range s.successorsOn(c.Body, q.At) {
		switch {
		case q.Consulted == nil:
			j.unless("once " + s.haveBeenConsulted([]string{body}))
			j.consult = append(j.consult, body)
		case !slices.ContainsFunc(q.Consulted, func(said string) bool { return s.means(said, body, q.At) }):
			j.terms.consult = append(j.terms.consult, body)
			l.reasons = append(l.reasons, Reason{"D6", s.name(body) + " has not been consulted."})
		}
	}
}

// exceptReserved are the conditions that a yes does not reach what is reserved
// below the matter (rule F7).
func (s *ground) exceptReserved(q Question) []string {
	var except []string
	for _, part := range s.PausedParts(q.Matter, q.At) {
		except = append(except, "not for "+MatterWords(part)+", which is reserved")
	}
	return except
}

// ownLists gives the judgement lists of its own to append to.
func (j judgement) ownLists() judgement {
	j.conditions, j.unsaid, j.consult, j.limits = slices.Clip(j.conditions), slices.Clip(j.unsaid), slices.Clip(j.consult), slices.Clip(j.limits)
	j.terms.consult = slices.Clip(j.terms.consult)
	return j
}

// powerTerms notes the power's limits, and what a yes is conditional on.
func powerTerms(d *Delegation, p *Power, used Pence, q Question, j *judgement) []Reason {
	j.terms.atMost(p.most(used))
	j.terms.noEnd = true
	left := max(p.YearLimit-used, 0)
	var over []Reason
	if p.YearLimit != 0 && q.Amount == nil && left == 0 && p.carriesMoney() && !q.OpenEnded {
		over = []Reason{{"D4", "Nothing is left of the year's total of " + p.YearLimit.String() + "."}}
	}
	if q.verdictOnly {
		return over
	}
	of := d.Number + " " + MatterWords(p.Matter)
	if p.ItemLimit != 0 {
		j.limits = append(j.limits, Limit{Of: of, Kind: "item", Limit: int64(p.ItemLimit), Text: p.ItemLimit.String() + " an item"})
	}
	if p.YearLimit != 0 {
		j.limits = append(j.limits, Limit{
			Of: of, Kind: "year", Limit: int64(p.YearLimit), Used: int64(used), Left: int64(left),
			Text: p.YearLimit.String() + " a year, " + left.String() + " left before this",
		})
	}
	if q.Amount == nil && p.carriesMoney() && p.most(used) > 0 {
		j.unless("up to " + p.most(used).String())
	}
	if p.Months != 0 {
		j.terms.noLonger(p.Months)
		j.limits = append(j.limits, Limit{Of: of, Kind: "months", Limit: int64(p.Months), Text: Count(p.Months, "month")})
		if q.Months == nil {
			j.unless("for up to " + Count(p.Months, "month"))
		}
	}
	return over
}
