package domain

import (
	"cmp"
	"slices"
)

// While a record waits, authority is the stricter of before and after (rules O3, O1):
// coverage is the lower of the two, and the check answers with the stricter.

// ifTaken are the views of the state as it would be if what waits had taken effect
// today: each record alone and, of several, all of them. Records that can't lower what
// anybody may do are left out, and so is what can't take effect as things stand.
func (s *supposing) ifTaken() []*View {
	if s.supposed || len(s.pending) == 0 {
		return nil
	}
	return remember(s.memo.taken, 1, "", func() []*View {
		var views []*View
		all := s.suppose()
		together := 0
		for _, k := range s.Pending() {
			if k.Command.onlyAdds() {
				continue
			}
			if one := s.suppose(); one.take(k) {
				views = append(views, one.s)
				all.take(k)
				together++
			}
		}
		if together > 1 {
			views = append(views, all.s)
		}
		if s.remembers() {
			for i := range views {
				views[i] = views[i].Remembering()
			}
		}
		return views
	})
}

// suppose is a turn on a copy of the state, for what is only supposed.
func (s *supposing) suppose() *turn {
	c := s.copied()
	c.supposed = true
	return &turn{asking: asking{s: c, req: &Request{Group: s.Group}, now: s.Last, day: DayOf(s.Last)}, own: true, as: System}
}

// take has the turn's state take up what waits of the record; false if it can't.
func (t *turn) take(k *Kept) bool {
	var parts []string
	for _, p := range k.Parts {
		if p.Stage == KeptWaits {
			parts = append(parts, p.Of)
		}
	}
	return t.takeEffect(k, parts, t.nextIndex()) == nil
}

// lowest is the coverage, or that which it would be if what waits had taken effect,
// where that is lower (rule O1).
func (s *supposing) lowest(c Coverage, of func(*View) Coverage) Coverage {
	for _, after := range s.ifTaken() {
		if one := of(after); one.below(&c) {
			c = one
		}
	}
	return c
}

// below says whether less is covered than in the other: a smaller share of the
// practices, or of the patients; of the same share, fewer practices.
func (c *Coverage) below(other *Coverage) bool {
	return cmp.Or(compareShares(c.least(), other.least()), cmp.Compare(c.Practices, other.Practices)) < 0
}

// A share is part of a whole.
type share struct{ part, of int }

// least is the smaller of the shares of practices and of patients that are covered.
func (c *Coverage) least() share {
	least := share{c.Practices, c.OfPractices}
	if patients := (share{c.Patients, c.OfPatients}); c.PatientsKnown() && compareShares(patients, least) < 0 {
		least = patients
	}
	return least
}

func compareShares(a, b share) int {
	return cmp.Compare(int64(a.part)*int64(max(b.of, 1)), int64(b.part)*int64(max(a.of, 1)))
}

// judge is the table of rule R3: the answer as things stand or, while something waits,
// the strictest of that and of those that would be given if it had taken effect (rule O3).
func (s *View) judge(q Question) judgement {
	answer := s.judgeAsItStands(q)
	for _, after := range s.ifTaken() {
		if j := after.judgeAsItStands(q); slices.Index(strictness, j.Verdict) < slices.Index(strictness, answer.Verdict) {
			answer = j
			answer.Reasons = append(slices.Clip(j.Reasons), Reason{"O3", s.waitingWords()})
		}
	}
	return answer
}

// StandsOn is State.StandsOn or, while something waits by which the practice would no
// longer stand, that it stands outside.
func (s *supposing) StandsOn(p *Organisation, matter string, d Day) Standing {
	st := s.State.StandsOn(p, matter, d)
	for _, then := range s.ifTaken() {
		if len(st.Grants) == 0 {
			break
		}
		is := then.State.StandsOn(then.Organisations[p.Code], matter, d)
		if !then.isPracticeOn(then.Organisations[p.Code], d) {
			is = Standing{Why: s.leaves()}
		}
		if len(is.Grants) == 0 {
			st = Standing{Practice: p, Patients: st.Patients, counted: st.counted, Since: is.Since, Why: is.Why + s.ifConfirmed()}
		}
	}
	return st
}

// StandingsOn is State.StandingsOn or, while something waits by which the practice would
// no longer stand for a matter, that it stands outside.
func (s *supposing) StandingsOn(p *Organisation, d Day) []MatterStanding {
	all := s.State.StandingsOn(p, d)
	if len(s.ifTaken()) == 0 {
		return all
	}
	days := slices.Clone(s.changingDaysOf(p))
	for _, then := range s.ifTaken() {
		o := then.Organisations[p.Code]
		days = append(days, then.changingDaysOf(o)...)
		all = s.stricterStandings(all, then, o, d)
	}
	slices.Sort(days)
	for i := range all {
		all[i].lookAhead(after(days, d), func(day Day) bool { return s.standsStill(p, all[i].Matter, day) })
	}
	return all
}

// stricterStandings are the practice's standings, with those outside by which it would
// be outside then.
func (s *beside) stricterStandings(all []MatterStanding, then *View, o *Organisation, d Day) []MatterStanding {
	for i := range all {
		switch m := &all[i]; {
		case !m.Stands():
		case !then.isPracticeOn(o, d):
			*m = MatterStanding{Matter: m.Matter, Why: s.leaves() + s.ifConfirmed()}
		case !then.standsAt(o, m.Matter, d):
			*m = then.standingOn(o, m.Matter, d, nil)
			m.Why += s.ifConfirmed()
		}
	}
	for _, m := range then.State.StandingsOn(o, d) {
		above := slices.IndexFunc(all, func(one MatterStanding) bool { return Within(m.Matter, one.Matter) })
		if !m.Stands() && above >= 0 && !slices.ContainsFunc(all, func(one MatterStanding) bool { return one.Matter == m.Matter }) {
			m.Why += s.ifConfirmed()
			all = slices.Insert(all, above+1, m)
		}
	}
	return all
}

// standsStill says whether the practice stands behind the group for the matter on that
// day, whether or not what waits is confirmed.
func (s *supposing) standsStill(p *Organisation, matter string, d Day) bool {
	return s.standsAt(p, matter, d) && !slices.ContainsFunc(s.ifTaken(), func(then *View) bool { return !then.standsAt(then.Organisations[p.Code], matter, d) })
}

func (s *beside) leaves() string { return "is no practice of " + s.PlaceName + " any more" }

// ifConfirmed says that something would be so by what waits.
func (s *waiting) ifConfirmed() string { return ", if " + List(s.lowering()) + " is confirmed" }

// waitingWords say what waits, where an answer is stricter for that.
func (s *waiting) waitingWords() string {
	refs := s.lowering()
	verb := "waits"
	if len(refs) > 1 {
		verb = "wait"
	}
	return List(refs) + " " + verb + " to be confirmed. Until then the stricter answer holds."
}

// lowering are the numbers of what waits and may lower what anybody may do.
func (s *waiting) lowering() []string {
	var refs []string
	for _, k := range s.Pending() {
		if !k.Command.onlyAdds() {
			refs = append(refs, k.Number)
		}
	}
	return refs
}
