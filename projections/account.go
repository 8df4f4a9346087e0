package projections

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"goldenthread/domain"
)

// The account of the delegated powers (rules D4–D7): what was decided, how it stands, and
// how each year's total came to be. What counts in a total the domain says.

// A RunningTotal is how much of a power's limit for a year was used, day by day.
type RunningTotal struct {
	Matter string        `json:"matter"`
	Power  int           `json:"power,omitempty" doc:"which of the delegation's powers on the subject, from 1, where there are several"`
	Days   []RunningLine `json:"days" doc:"the first day, and each on which it changed"`
}

// A RunningLine is what was used from a day on.
type RunningLine struct {
	On    domain.Day   `json:"on" doc:"first day of it"`
	Used  domain.Pence `json:"usedPence" doc:"in the delegation's year" example:"8200000"`
	Limit domain.Pence `json:"limitPence,omitempty" doc:"for the year; none: there was none" example:"15000000"`
	What  []string     `json:"what" doc:"decisions of that day"`
}

// runningTotals are those of each power that had a limit for a year, from the first day, or
// the delegation's, to the last, or the day that is asked about.
func (g *terms) runningTotals(d *domain.Delegation, from, to, at domain.Day) []RunningTotal {
	first, last := max(from, d.From()), at
	if to != 0 {
		last = min(to, at)
	}
	totals := []RunningTotal{}
	for _, p := range limitedPowers(d) {
		t := RunningTotal{Matter: p.matter, Days: []RunningLine{}}
		if p.nth > 0 || p.several {
			t.Power = p.nth + 1
		}
		for _, day := range g.countingDays(d, first, last) {
			l := g.runningLine(d, p, day)
			if n := len(t.Days); n > 0 && t.Days[n-1].Used == l.Used && t.Days[n-1].Limit == l.Limit && len(l.What) == 0 {
				continue
			}
			t.Days = append(t.Days, l)
		}
		if len(t.Days) > 0 {
			totals = append(totals, t)
		}
	}
	return totals
}

// A limitedPower is the nth power of a delegation on a matter, in whichever version.
type limitedPower struct {
	matter  string
	nth     int
	several bool
}

func (p limitedPower) in(v *domain.DelegationVersion) *domain.Power {
	nth := 0
	for i := range v.Powers {
		if v.Powers[i].Matter != p.matter {
			continue
		}
		if nth == p.nth {
			return &v.Powers[i]
		}
		nth++
	}
	return nil
}

func limitedPowers(d *domain.Delegation) []limitedPower {
	var powers []limitedPower
	for i := range d.Versions {
		nth := map[string]int{}
		for _, p := range d.Versions[i].Powers {
			one := limitedPower{matter: p.Matter, nth: nth[p.Matter]}
			nth[p.Matter]++
			if p.YearLimit != 0 && !slices.Contains(powers, one) {
				powers = append(powers, one)
			}
		}
		for j := range powers {
			powers[j].several = powers[j].several || nth[powers[j].matter] > 1
		}
	}
	return powers
}

// countingDays are the days, in order, on which what counts in the delegation's totals can
// change: decisions, what became of them, what representatives under it said, new years.
func (g *terms) countingDays(d *domain.Delegation, first, last domain.Day) []domain.Day {
	s, days := g.state, map[domain.Day]bool{first: true}
	for _, x := range s.Exercises {
		if x.Delegation != d.Number {
			continue
		}
		for _, day := range []domain.Day{x.On, x.Recorded, x.Settled, x.CalledIn, s.RatifyBy(x) + 1, s.ConfirmBy(x) + 1} {
			days[day] = true
		}
		if x.CalledIn != 0 {
			days[x.CalledIn.Add(s.CharterOn(x.CalledIn).Charter.SettleWithin)+1] = true
		}
		if x.Refused != nil {
			days[x.Refused.On] = true
		}
		if x.Outcome != nil {
			days[x.Outcome.On] = true
		}
	}
	for _, k := range s.Commitments {
		if a := s.Appointments[k.Appointment]; a != nil && a.Parent == d.Number {
			days[k.Meeting] = true
		}
	}
	for i := range d.Versions {
		days[d.Versions[i].From] = true
	}
	for year := yearOf(d, max(first, d.From())); year.From <= last; year = yearOf(d, year.Until+1) {
		days[year.From] = true
	}
	maps.DeleteFunc(days, func(day domain.Day, _ bool) bool { return day < first || day > last })
	return slices.Sorted(maps.Keys(days))
}

func (g *terms) runningLine(d *domain.Delegation, p limitedPower, day domain.Day) RunningLine {
	l := RunningLine{On: day, What: []string{}}
	v := d.VersionOn(day)
	if v == nil {
		return l
	}
	if power := p.in(v); power != nil {
		l.Used, l.Limit = g.state.UsedOf(d, v, power, day, day), power.YearLimit
	}
	for _, x := range byNumber(g.state.Exercises) {
		if x.Delegation == d.Number && x.On == day && domain.Within(x.Matter, p.matter) {
			l.What = append(l.What, x.Number)
		}
	}
	return l
}

// account says in sentences what was decided and how it stands.
func (p *Powers) account() {
	var all []ExerciseLine
	first := p.At
	for i := range p.Delegations {
		d := &p.Delegations[i]
		first = min(first, d.From)
		all = append(all, d.Exercises...)
		d.Say = decisionsWords(d.Exercises, p.during(d.From)) + "."
	}
	if len(p.Delegations) == 0 {
		p.Say = "No powers have been delegated, so nothing was decided under any."
		return
	}
	p.Say = decisionsWords(all, p.during(first)) + "."
	for _, d := range p.Delegations {
		for _, power := range d.Powers {
			if power.YearLimit != 0 && power.Year.Covers(p.At) && d.State != domain.Ended && d.State != domain.Expired && d.State != domain.NotYet {
				p.Say += " " + power.Used.String() + " of " + power.YearLimit.String() + " used on " + domain.MatterWords(power.Matter) + " in the year from " + power.Year.From.Words() + "."
			}
		}
	}
}

// during says which days the decisions are of: from the day on where none is said.
func (p *Powers) during(first domain.Day) string {
	from := cmp.Or(p.From, first)
	if p.To != 0 {
		return " from " + from.Words() + " to " + max(min(p.To, p.At), from).Words()
	}
	return " since " + from.Words()
}

// endings are how decisions can stand, in the order in which they are said.
var endings = []struct {
	is        domain.ExerciseStatus
	beyond    bool // of what lapsed: being beyond, or not confirmed
	one, many string
}{
	{domain.XWithin, false, "stood", "stood"},
	{domain.XRatified, true, "went beyond and was ratified", "went beyond and were ratified"},
	{domain.XLapsed, true, "went beyond and lapsed", "went beyond and lapsed"},
	{domain.XDisavowed, true, "was disavowed", "were disavowed"},
	{domain.XFallen, false, "was called in and fell", "were called in and fell"},
	{domain.XLapsed, false, "was not confirmed and lapsed", "were not confirmed and lapsed"},
	{domain.XRefused, false, "was refused by somebody who was said to have decided it", "were refused by somebody who was said to have decided them"},
	{domain.XBeyond, true, "goes beyond and is not ratified yet", "go beyond and are not ratified yet"},
	{domain.XCalledIn, false, "is called in", "are called in"},
	{domain.XUnconfirmed, false, "is still to be confirmed", "are still to be confirmed"},
}

// decisionsWords are how many decisions there were and how they stand: "8 decisions since
// 2 March 2026: 5 stood, 2 went beyond and lapsed and 1 was disavowed".
func decisionsWords(lines []ExerciseLine, during string) string {
	if len(lines) == 0 {
		return "No decisions" + during
	}
	var says []string
	for _, e := range endings {
		n := 0
		for i := range lines {
			if x := &lines[i]; x.Standing == e.is && (e.is != domain.XLapsed || e.beyond == (len(x.Beyond) > 0)) {
				n++
			}
		}
		switch n {
		case 0:
		case 1:
			says = append(says, "1 "+e.one)
		default:
			says = append(says, strconv.Itoa(n)+" "+e.many)
		}
	}
	return domain.Count(len(lines), "decision") + during + ": " + domain.List(says)
}
