package domain

import "slices"

// What a practice is to know of its own mandate (rules T0, M2, M3, C14): for which
// matters it stands behind the group, by every route, with what is about to end,
// and which agreements bind it in honour.

// A MatterStanding is whether a practice stands behind the group for one matter on a
// day, and what is known of the days after.
type MatterStanding struct {
	Matter string
	Routes []Route // none: it stands outside
	Until  Day     // inside: the last day on which it does so by any route; 0: no end is known
	Since  Day     // outside: the first day on which it is so, where that is known
	Why    string  // outside: why, in words
	Again  Day     // outside: the next day on which it stands inside; 0: none is known
}

// Stands says whether the practice stands behind the group for the matter.
func (m *MatterStanding) Stands() bool { return len(m.Routes) > 0 }

// StandingsOn are the practice's standings on that day (rule T0): for every matter
// that the charter lists, and below each for those that a mandate names and that
// fare otherwise than what is above them.
func (s *State) StandingsOn(p *Organisation, d Day) []MatterStanding {
	if len(s.Charters) == 0 {
		return nil
	}
	var all []MatterStanding
	days := after(s.changingDaysOf(p), d)
	below := slices.Sorted(slices.Values(s.mattersOf(p, d)))
	for _, listed := range s.CharterOn(d).Charter.Matters {
		above := s.standingOn(p, listed, d, days)
		all = append(all, above)
		for _, one := range below {
			if one == listed || !Within(one, listed) || slices.Contains(s.CharterOn(d).Charter.Matters, one) {
				continue
			}
			if m := s.standingOn(p, one, d, days); m.Stands() != above.Stands() || m.Until != above.Until || m.Again != above.Again {
				all = append(all, m)
			}
		}
	}
	return all
}

func (s *backing) standingOn(p *Organisation, matter string, d Day, days []Day) MatterStanding {
	m := MatterStanding{Matter: matter, Routes: s.RoutesOn(p, matter, d)}
	if !m.Stands() {
		st := s.StandsOn(p, matter, d)
		m.Since, m.Why = st.Since, st.Why
	}
	m.lookAhead(days, func(day Day) bool { return s.standsAt(p, matter, day) })
	return m
}

// lookAhead notes until when the practice stands, or from when again, on the first of the
// days on which that is otherwise.
func (m *MatterStanding) lookAhead(days []Day, stands func(Day) bool) {
	m.Until, m.Again = 0, 0
	for _, day := range days {
		if stands(day) == m.Stands() {
			continue
		}
		if m.Stands() {
			m.Until = day - 1
		} else {
			m.Again = day
		}
		return
	}
}

// standsAt says whether the practice is one of the place's on that day and stands
// behind the group for the matter.
func (s *backing) standsAt(p *Organisation, matter string, d Day) bool {
	return s.isPracticeOn(p, d) && len(s.RoutesOn(p, matter, d)) > 0
}

// after are those of the days that come after that one.
func after(days []Day, d Day) []Day {
	i, _ := slices.BinarySearch(days, d+1)
	return days[i:]
}

// A Binding is whether an agreement binds a practice in honour on a day, and since
// when (rules C14, M2).
type Binding struct {
	Bound   bool
	Since   Day        // first day on which it bound the practice
	Joined  bool       // it was agreed before the practice stood behind the group on its matter
	Stands  bool       // the practice stands behind the group on its matter on the day that is asked about
	Changed Day        // day on which this came to be so
	Away    *Departure // by which the practice goes its own way; then it is not bound
}

// BindingOn says whether the agreement binds the practice on that day. It binds
// those whose mandate for its matter stood when it was agreed, also after the
// mandate ended; and those who joined later, from the day on which they did. Neither
// binds whoever departed from it (rules C14, M2, X2). An agreement that no longer
// holds binds nobody.
func (s *State) BindingOn(p *Proposal, o *Organisation, d Day) Binding {
	var b Binding
	if p == nil || p.AgreedOn == 0 || p.AgreedOn > d || !s.AgreementHolds(p.Number, d) {
		return b
	}
	b = s.honourOn(p, o, d)
	for _, n := range SortedNumbers(s.Departures) {
		x := s.Departures[n]
		if x.Agreement != p.Number || x.Organisation != o.Code || x.From > d {
			continue
		}
		b.Changed = max(b.Changed, x.From)
		if end := x.Resolved(d); end != nil {
			b.Changed = max(b.Changed, end.On)
		}
		if x.AwayOn(d) {
			b.Away, b.Bound = x, false
		}
	}
	return b
}

// honourOn is BindingOn without a look at departures.
func (s *State) honourOn(p *Proposal, o *Organisation, d Day) Binding {
	b := Binding{Changed: p.AgreedOn}
	for _, day := range slices.Concat([]Day{p.AgreedOn}, after(s.changingDaysOf(o), p.AgreedOn)) {
		if day > d {
			break
		}
		stands := s.standsAt(o, p.Matter, day)
		if stands && !b.Bound {
			b.Bound, b.Since, b.Joined = true, day, day > p.AgreedOn
		}
		if stands != b.Stands && day > p.AgreedOn {
			b.Changed = day
		}
		b.Stands = stands
	}
	return b
}
