package domain

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// What a power allows (rules D4–D6, F7). A use is held against one power at a
// time: limits and conditions of several are never mixed.

// A Power is a matter, and all below it, with what may be done about it.
type Power struct {
	Matter     string      `json:"matter" maxLength:"120" rule:"F6" of:"matter" ask:"For which subject?" hint:"And all below it. One of the charter's subjects, or a path below one."`
	May        []string    `json:"may" doc:"decide, commit" maxItems:"2" rule:"D1" any:"decide,commit" else:"Say whether the power is to decide, to commit or both." ask:"What may they do?"`
	ItemLimit  Pence       `json:"itemLimitPence,omitempty" doc:"most for one item, whole cost over the whole term; none: carries no money unless a year's limit is given" rule:"D4" ask:"Most for one item" hint:"The whole cost over the whole term, with VAT that can't be recovered. Leave it empty if the power carries no money."`
	YearLimit  Pence       `json:"yearLimitPence,omitempty" doc:"most in a year of the delegation" ask:"Most in a year, in all" hint:"Years run from the first day of the power."`
	Months     int         `json:"months,omitempty" doc:"longest term" unit:"months" ask:"Longest term" hint:"How long what they commit to may run."`
	Acting     int         `json:"acting,omitempty" doc:"how many must act together; none: two, or one for a named person" rule:"D1" unit:"people" ask:"How many must act together?" hint:"Two if you leave it empty; a named person acts alone."`
	Conditions []Condition `json:"conditions,omitempty" maxItems:"10" one:"condition" least:"0" ask:"Conditions"`
}

// Words say the power in a sentence.
func (p *Power) Words(s *State) string {
	w := strings.Join(p.May, " and ") + " on " + MatterWords(p.Matter)
	var limits []string
	if p.ItemLimit != 0 {
		limits = append(limits, p.ItemLimit.String()+" an item")
	}
	if p.YearLimit != 0 {
		limits = append(limits, p.YearLimit.String()+" a year")
	}
	if p.Months != 0 {
		limits = append(limits, Count(p.Months, "month"))
	}
	if len(limits) > 0 {
		w += " up to " + List(limits)
	}
	if p.Acting > 1 {
		w += ", " + strconv.Itoa(p.Acting) + " acting together"
	}
	for _, c := range p.Conditions {
		w += ", " + c.Words(s)
	}
	return w
}

func (p *Power) money() bool { return p.ItemLimit != 0 || p.YearLimit != 0 }

func (p *Power) check(s *State, ch *Charter) *Refusal {
	if r := ch.checkKnown(p.Matter).at("matter"); r != nil {
		return r
	}
	if ch.Reserves(p.Matter) {
		return notNow("D2", "%s is reserved: the group decides it itself and can't delegate it.", FirstUpper(MatterWords(p.Matter))).at("matter")
	}
	if p.Acting < 1 || p.Acting > 20 {
		return invalid("D1", "Say how many must act together, at least one.").at("acting")
	}
	for i := range p.Conditions {
		c := &p.Conditions[i]
		if (c.When != Before && c.When != After) || c.Days < 0 || c.Days > 365 || (c.When == After && c.Days == 0) {
			return invalid("D6", "A condition is to consult before, or to tell within a number of days after.").at("days").at(nth("conditions", i))
		}
		if c.Body == ToGroup && c.When == After {
			continue
		}
		if _, r := s.organisation("D6", c.Body); r != nil {
			return r.at("body").at(nth("conditions", i))
		}
	}
	return nil
}

// A Condition is something to do before or after (rule D6).
type Condition struct {
	When string `json:"when" enum:"before,after" rule:"D6" ask:"What must they do?"`
	Body string `json:"body" doc:"code of the organisation to consult or tell; the group's own code name is group" maxLength:"60" of:"body,group" ask:"Whom?"`
	Days int    `json:"days,omitempty" doc:"after: within so many days" unit:"days" ask:"Afterwards: within how long?"`
}

// Words say the condition: "after consulting Trafford LMC".
func (c *Condition) Words(s *State) string {
	body := s.ShortName
	if c.Body != ToGroup {
		body = s.name(c.Body)
	}
	if c.When == Before {
		return "after consulting " + body
	}
	return "telling " + body + " within " + Count(c.Days, "day")
}

// When a condition is to be met.
const (
	Before = "before"
	After  = "after"
)

// ToGroup is the body of a condition that is the group itself.
const ToGroup = "group"

func checkPowers(s *State, d Day, powers []Power) *Refusal {
	if len(powers) == 0 || len(powers) > 50 {
		return invalid("D1", "A delegation has between one and 50 powers.")
	}
	for i := range powers {
		if r := powers[i].check(s, &s.CharterOn(d).Charter); r != nil {
			return r.at(nth("powers", i))
		}
	}
	return nil
}

// SettledPowers are the powers as they hold for whom they are given to, with
// what was not said: two act together, a named person alone (rule D1).
func SettledPowers(powers []Power, to string) []Power {
	powers = slices.Clone(powers)
	for i := range powers {
		if to == ToExecutive {
			powers[i].Acting = cmp.Or(powers[i].Acting, 2)
		} else {
			powers[i].Acting = 1
		}
	}
	return powers
}

// What a power lets somebody do.
const (
	MayDecide = "decide"
	MayCommit = "commit"
)

// A use is what somebody wants to do under a power, or has done.
type use struct {
	matter    string
	amount    Pence // whole cost over the whole term
	months    int
	openEnded bool
}

// mostSpecific is the longest path among the version's powers that takes in the
// matter; "" if none does. Several powers may share that path: they are tiers,
// such as £5,000 by one and £20,000 by two (rule D5).
func (v *DelegationVersion) mostSpecific(matter string) string {
	path := ""
	for i := range v.Powers {
		if p := v.Powers[i].Matter; len(p) > len(path) && Within(matter, p) {
			path = p
		}
	}
	return path
}

// tiers are the positions of the version's powers that answer for the matter,
// in the order of the delegation.
func (v *DelegationVersion) tiers(matter string) []int {
	path := v.mostSpecific(matter)
	if path == "" {
		return nil
	}
	var tiers []int
	for i := range v.Powers {
		if v.Powers[i].Matter == path {
			tiers = append(tiers, i)
		}
	}
	return tiers
}

// powerFor is the first power of the version that answers for the matter; nil
// if none does, or if the matter is reserved on that day: the power is then
// paused for it (rule F7).
func (s *ground) powerFor(v *DelegationVersion, matter string, day Day) *Power {
	tiers := v.tiers(matter)
	if len(tiers) == 0 || s.CharterOn(day).Charter.Reserves(matter) {
		return nil
	}
	return &v.Powers[tiers[0]]
}

// PausedParts are the reserved matters on that day that lie within the path, or
// the path itself where all of it is reserved: a power or a line over the path
// is paused for them (rules D4, F7).
func (s *ground) PausedParts(path string, d Day) []string {
	ch := &s.CharterOn(d).Charter
	if ch.Reserves(path) {
		return []string{path}
	}
	var parts []string
	for _, reserved := range ch.Reserved {
		if Within(reserved, path) {
			parts = append(parts, reserved)
		}
	}
	return parts
}

// exceeds says which of the power's limits the use would exceed, where so much
// of its year's total has been used.
func (p *Power) exceeds(delegation string, u use, used Pence) []Reason {
	var over []Reason
	if (u.amount > 0 || u.openEnded) && !p.carriesMoney() {
		over = append(over, Reason{"D4", delegation + " allows no money to be committed on " + MatterWords(p.Matter)})
	}
	if u.openEnded && p.money() {
		over = append(over, Reason{"D4", "an open-ended recurring cost exceeds every limit"})
	}
	if p.ItemLimit != 0 && u.amount > p.ItemLimit {
		over = append(over, Reason{"D4", "over the item limit of " + p.ItemLimit.String() + " by " + (u.amount - p.ItemLimit).String()})
	}
	if total := used + u.amount; p.YearLimit != 0 && total > p.YearLimit && u.amount > 0 {
		over = append(over, Reason{"D4", "over the year's total of " + p.YearLimit.String() + " by " + (total - p.YearLimit).String()})
	}
	return append(over, p.tooLong(u.months)...)
}

// tooLong says by how much the term is longer than the power allows.
func (p *Power) tooLong(months int) []Reason {
	if p.Months == 0 || months <= p.Months {
		return nil
	}
	return []Reason{{"D4", "longer than " + Count(p.Months, "month") + " by " + Count(months-p.Months, "month")}}
}

func (p *Power) carriesMoney() bool { return p.money() && slices.Contains(p.May, MayCommit) }

// most is the largest sum that the power allows, where so much of its year's
// total has been used.
func (p *Power) most(used Pence) Pence {
	switch left := max(p.YearLimit-used, 0); {
	case !p.carriesMoney():
		return 0
	case p.YearLimit == 0:
		return p.ItemLimit
	case p.ItemLimit == 0:
		return left
	default:
		return min(p.ItemLimit, left)
	}
}

// lacks says what a use would lack under one power: nothing means that the power
// covers it alone. Of two, the one that lacks less comes closer.
type lacks struct {
	tier    int // position of the power in its version
	reasons []Reason
	over    Pence // how far the sum is above what the power allows
}

// closer orders what powers lack: fewer reasons first, then the smaller sum over
// the limits, then the order of the delegation (rule D5).
func (l lacks) closer(o lacks) bool {
	return cmp.Or(cmp.Compare(len(l.reasons), len(o.reasons)), cmp.Compare(l.over, o.over)) < 0
}

// judgeExercise says why the exercise is beyond the delegation, on what is recorded
// by today; of what counts in totals, on what was reserved before that index. Nothing
// means that it is within (rules D4–D6). The second answer is the power under which it
// was made, counted from 1, where the delegation has several for the matter; else 0.
func (s *supposing) judgeExercise(d *Delegation, e *Exercise, before uint64, today Day) ([]Reason, int) {
	on := e.On
	if state, why := s.DelegationOn(d, on); state != InForce {
		return []Reason{{"D5", why}}, 0
	}
	v := d.VersionOn(on)
	ch := &s.CharterOn(on).Charter
	tiers := v.tiers(e.Matter)
	switch {
	case !ch.Knows(e.Matter):
		return []Reason{{"F6", MatterWords(e.Matter) + " is not a matter that the charter knows"}}, 0
	case ch.Reserves(e.Matter):
		return []Reason{{"D2", MatterWords(e.Matter) + " is reserved to the group" + pausedWords(d, tiers)}}, 0
	case len(tiers) == 0:
		return []Reason{{"D5", d.Number + " has no power over " + MatterWords(e.Matter)}}, 0
	}
	best := s.exerciseLacks(d, v, tiers[0], e, before, today)
	for _, tier := range tiers[1:] {
		if l := s.exerciseLacks(d, v, tier, e, before, today); l.closer(best) {
			best = l
		}
	}
	power := 0
	if len(tiers) > 1 {
		power = best.tier + 1
	}
	return append(best.reasons, s.exerciseForbidden(d, v, e, on)...), power
}

func pausedWords(d *Delegation, tiers []int) string {
	if len(tiers) == 0 {
		return ""
	}
	return ", and " + d.Number + " is paused for it"
}

// exerciseLacks holds the exercise against one power.
func (s *beside) exerciseLacks(d *Delegation, v *DelegationVersion, tier int, e *Exercise, before uint64, today Day) lacks {
	p, on := &v.Powers[tier], e.On
	u := use{matter: e.Matter, amount: e.Amount, months: e.Months, openEnded: e.OpenEnded}
	used := s.usedOf(d, v, tier, on, today, before)
	l := lacks{tier: tier, reasons: p.exceeds(d.Number, u, used), over: max(e.Amount-p.most(used), 0)}
	if able := s.whoCanAct(d, e.Acting, e.Matter, on); able < p.Acting {
		l.reasons = append(l.reasons, Reason{"D1", "too few acting: " + Count(able, "member") + " where " + Count(p.Acting, "member") + " must act together"})
	}
	for _, c := range p.Conditions {
		if c.When == Before {
			if r := s.unconsulted(&c, e.Consulted, on); r != nil {
				l.reasons = append(l.reasons, *r)
			}
		}
	}
	return l
}

// whoCanAct counts those of the people who hold the delegation on that day and have
// declared no interest in the matter (rules D5, R7).
func (s *authority) whoCanAct(d *Delegation, people []string, matter string, on Day) int {
	able := 0
	for _, id := range people {
		if slices.Contains(s.delegates(d, on), id) && !s.hasInterest(id, matter, on) {
			able++
		}
	}
	return able
}

// unconsulted says that a body was not consulted before the day, or too long
// before it to count (rule D6).
func (s *roster) unconsulted(c *Condition, consulted []Consultation, on Day) *Reason {
	for _, body := range s.successorsOn(c.Body, on) {
		if r := s.bodyUnconsulted(body, consulted, on); r != nil {
			return r
		}
	}
	return nil
}

// bodyUnconsulted says it of one body: of several into which one was split, each is
// to be consulted (rule O1).
func (s *roster) bodyUnconsulted(body string, consulted []Consultation, on Day) *Reason {
	last := Day(0)
	for _, k := range consulted {
		if s.means(k.Body, body, on) {
			last = max(last, k.On)
		}
	}
	counts := s.CharterOn(on).Charter.consultationCounts()
	switch {
	case last == 0:
		return &Reason{"D6", s.name(body) + " was not consulted before"}
	case last.Add(counts) < on:
		return &Reason{"D6", s.name(body) + " was consulted on " + last.Words() + ", and a consultation counts for " + Count(counts, "day")}
	}
	return nil
}

// exerciseForbidden is what keeps the exercise from being within, whichever power
// it was made under: who pays, a red line, coverage.
func (s *supposing) exerciseForbidden(d *Delegation, v *DelegationVersion, e *Exercise, on Day) []Reason {
	var reasons []Reason
	if e.Payer != "" && s.successorOrganisation(e.Payer, on) != s.successorOrganisation(v.Payer, on) {
		reasons = append(reasons, Reason{"C1", s.name(e.Payer) + " has not agreed to pay under " + d.Number})
	}
	if red := s.redLineOn(e.Matter, on); red != nil {
		reasons = append(reasons, Reason{"R2", "the group adopted a red line on " + MatterWords(red.Matter) + ": " + red.Words})
	}
	cov := s.coverageBy(e.Matter, v.Source, on)
	if !cov.above(s.CharterOn(on).Charter.LeastCoverage) {
		reasons = append(reasons, Reason{"M4", "coverage is below the charter's least: " + cov.Words()})
	}
	return reasons
}

// UsedOf is what counts against the power, which is one of the version's, in the
// delegation's year of the day on: exercises within, called in, and reserved until all
// have confirmed them, that happened up to upTo, and what representatives under the
// delegation committed (rules D4, D5, C8).
func (s *remembering) UsedOf(d *Delegation, v *DelegationVersion, p *Power, on, upTo Day) Pence {
	tier := 0
	for i := range v.Powers {
		if &v.Powers[i] == p {
			tier = i
		}
	}
	key := spending{of: d.Number, version: v.Number, tier: tier, on: on, upTo: upTo}
	return remember(s.memo.spent, mostRemembered, key, func() Pence { return s.usedOf(d, v, tier, on, upTo, s.Next) })
}

// usedOf is the same for the power in that place, of what was reserved before that index.
func (s *authority) usedOf(d *Delegation, v *DelegationVersion, tier int, on, upTo Day, before uint64) Pence {
	year := d.yearOf(max(on, d.From()))
	var used Pence
	for _, x := range s.Exercises {
		if x.Delegation == d.Number && year.Covers(x.On) && x.On <= upTo && d.madeUnder(v, tier, x.Matter, d.versionAt(x.On, x.Index), x.Power) {
			if at := x.reservedAt(); at != 0 && at < before && s.reserves(x, upTo) {
				used += x.Amount
			}
		}
	}
	for _, k := range s.Commitments {
		a := s.Appointments[k.Appointment]
		if a != nil && a.Parent == d.Number && k.Index < before && s.countsInTotals(k, upTo) && year.Covers(k.Meeting) && k.Meeting <= upTo && d.madeUnder(v, tier, k.Matter, d.versionAt(k.Meeting, k.Index), 0) {
			used += k.sum()
		}
	}
	return used
}

// madeUnder says whether what was done about the matter counts against the
// version's power. Within one version it counts against the power under which it
// was made, named from 1, or against each for the matter where none is named.
// Varying a delegation restarts nothing: what was done under the other version,
// then, counts against each power that answers for the matter by now, or that has
// the path of the one that did then. What became reserved since counts on (rule D4).
func (d *Delegation) madeUnder(v *DelegationVersion, tier int, matter string, then *DelegationVersion, power int) bool {
	path := v.Powers[tier].Matter
	if then == nil || then.Number == v.Number {
		return v.mostSpecific(matter) == path && (power == 0 || power == tier+1)
	}
	return v.mostSpecific(matter) == path || then.mostSpecific(matter) == path
}

// versionAt is the version in force on that day for what was recorded at that
// index; nil before the first.
func (d *Delegation) versionAt(on Day, index uint64) *DelegationVersion {
	for i := len(d.Versions) - 1; i >= 0; i-- {
		if v := &d.Versions[i]; v.From <= on && v.Index < index {
			return v
		}
	}
	return nil
}

// consultationCounts is how many days a consultation counts (rule D6): charters
// from before the setting took its default.
func (c *Charter) consultationCounts() int { return cmp.Or(c.ConsultWithin, 90) }
