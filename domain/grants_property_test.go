package domain

import (
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// checkGrants holds what instruments do over time against the rules: one appointment
// of a person at a forum (R1), one position on a matter (C9), and setting aside and
// suspending that never loosen (C9, D8).
func checkGrants(t *rapid.T, m *minutes, from int) {
	s, today := m.ledger.State().View(), DayOf(m.now)
	for _, d := range []Day{today, today + 1, today + 40, today + 250} {
		checkOneEach(t, s, d)
	}
	for _, d := range []Day{today - 200, today - 30, today - 1, today} {
		checkHeld(t, s, d, today)
	}
	for i := from; i < len(m.events); i++ {
		switch e := m.events[i].Data.(type) {
		case *AgreementSetAside:
			checkSetAside(t, m, i)
		case *PowerSuspended:
			if reasons := pausesOf(s, e.What, today); len(reasons) == 0 && e.Until >= today && namesOrHolds(s, e.What, today) {
				t.Fatalf("%s was suspended and is not", e.What)
			}
		}
	}
}

func checkOneEach(t *rapid.T, s *View, d Day) {
	sent := map[[3]string]string{}
	for _, n := range SortedNumbers(s.Appointments) {
		a := s.Appointments[n]
		key := [3]string{a.Person, a.Forum, a.Capacity}
		if !s.namesOn(a, d) {
			continue
		}
		if other := sent[key]; other != "" {
			t.Fatalf("%s and %s are one person's at one forum on %s (R1)", other, n, d)
		}
		sent[key] = n
	}
	held := map[string]string{}
	for _, p := range s.Positions {
		if !s.PositionHolds(p, d) {
			continue
		}
		if other := held[p.Matter]; other != "" {
			t.Fatalf("the positions of %s and %s are both on %s on %s (C9)", other, p.Source, p.Matter, d)
		}
		held[p.Matter] = p.Source
	}
}

// checkHeld holds the stretches on which each grant is held against the day: one covers it,
// and says under which version, where the grant holds and somebody has it, else none does.
func checkHeld(t *rapid.T, s *View, d, today Day) {
	for _, g := range s.grantsInOrder() {
		number, version := g.granted().Number, 0
		for _, h := range s.HeldSpans(number, today) {
			if h.Covers(d) && version != 0 {
				t.Fatalf("%s is held under versions %d and %d on %s", number, version, h.Version, d)
			}
			if h.Covers(d) {
				version = h.Version
			}
		}
		want := 0
		if state, _ := g.stateOn(s.State, d); state == InForce && s.isHeld(number, d) {
			want = g.termOn(d).Number
		}
		if version != want {
			t.Fatalf("%s is held under version %d on %s, want %d", number, version, d, want)
		}
	}
}

func pausesOf(s *View, what string, d Day) []Reason {
	if dl := s.Delegations[what]; dl != nil {
		return dl.pausedBy(s.State, d)
	}
	return s.Appointments[what].pausedBy(s.State, d)
}

func namesOrHolds(s *View, what string, d Day) bool {
	state := PowerState("")
	if dl := s.Delegations[what]; dl != nil {
		state, _ = s.DelegationOn(dl, d)
	} else {
		state, _ = s.AppointmentOn(s.Appointments[what], d)
	}
	return state != NotYet && state != Ended && state != Expired
}

// checkSetAside: after the append in which an agreement was set aside, no power and
// no remit that was there before allows what it did not allow then. What the same
// append granted anew is another matter.
func checkSetAside(t *rapid.T, m *minutes, i int) {
	first, last := i, i
	for first > 0 && m.events[first-1].Command == m.events[i].Command {
		first--
	}
	for last+1 < len(m.events) && m.events[last+1].Command == m.events[i].Command {
		last++
	}
	for _, e := range m.events[first : last+1] {
		switch x := e.Data.(type) {
		case *DelegationVaried:
			if x.Back == 0 {
				return // varied in so many words
			}
		case *AppointmentVaried:
			if x.Back == 0 {
				return
			}
		case *SuspensionEnded, *CharterAdopted, *DelegationGranted, *RepresentativeAppointed:
			return
		}
	}
	before, after := folded(m, first), folded(m, last+1)
	day := m.events[i].Effective
	checkForm(t, m, i, first, last)
	for _, d := range []Day{day, day + 1, day + 100} {
		for _, n := range SortedNumbers(before.Delegations) {
			if allowed, says := loosened(before.Delegations[n], after.Delegations[n], before, after, d); allowed {
				t.Fatalf("setting aside %s made %s looser on %s: %s", m.events[i].Data.(*AgreementSetAside).Proposal, n, d, says)
			}
		}
		for _, n := range SortedNumbers(before.Appointments) {
			was, is := before.Appointments[n], after.Appointments[n]
			if state, _ := after.AppointmentOn(is, d); state != InForce {
				continue
			}
			if state, why := before.AppointmentOn(was, d); state != InForce && !onlyUndone(before, after, n, d) {
				t.Fatalf("setting aside %s brought %s into force on %s, which was %s: %s", m.events[i].Data.(*AgreementSetAside).Proposal, n, d, state, why)
			} else if state == InForce && !after.remitWithin(was, is.VersionOn(d), was.VersionOn(d), d) {
				t.Fatalf("setting aside made %s looser on %s", n, d)
			}
		}
	}
}

// onlyUndone says whether the review date alone made the difference: going back to
// a version with a later review is no width.
func onlyUndone(before, after *View, what string, d Day) bool {
	if dl := before.Delegations[what]; dl != nil {
		return pausedByReviewOnly(pausesOf(before, what, d))
	}
	return before.Appointments[what] != nil && after.Appointments[what] != nil && pausedByReviewOnly(pausesOf(before, what, d))
}

func pausedByReviewOnly(reasons []Reason) bool {
	return len(reasons) > 0 && !slices.ContainsFunc(reasons, func(r Reason) bool { return r.Rule != "D3" })
}

func loosened(was, is *Delegation, before, after *View, d Day) (bool, string) {
	if state, _ := after.DelegationOn(is, d); state != InForce {
		return false, ""
	}
	if state, why := before.DelegationOn(was, d); state != InForce {
		return !onlyUndone(before, after, was.Number, d), "it was " + string(state) + ", " + why
	}
	return !is.VersionOn(d).within(was.VersionOn(d)), "its powers"
}

// folded is the state after so many events.
func folded(m *minutes, events int) *View {
	s := NewState(m.group)
	for i := range m.events[:events] {
		s.Apply(&m.events[i])
	}
	return s.View()
}

// checkForm: what the form says of setting an agreement aside is what happens, and
// all of it that concerns powers and appointments (C9).
func checkForm(t *rapid.T, m *minutes, i, first, last int) {
	aside := m.events[i].Data.(*AgreementSetAside)
	for k := first; k <= last; k++ {
		switch m.events[k].Data.(type) {
		case *AgreementSetAside, *DelegationVaried, *DelegationEnded, *AppointmentVaried, *AppointmentEnded, *AgreementReached:
			if other, ok := m.events[k].Data.(*AgreementSetAside); ok && other != aside {
				return // several at once are said one by one
			}
		default:
			return // it did something else too
		}
	}
	before, after, day := folded(m, first), folded(m, last+1), m.events[i].Effective
	if len(before.Proposals[aside.By].Version().Instruments) != 1 {
		return // the agreement did something else too
	}
	said := map[string]Undone{}
	for _, u := range before.Undoing(aside.Proposal, day) {
		if u.Text == "" {
			t.Fatalf("setting aside %s does something to %s without a word", aside.Proposal, u.Ref)
		}
		if u.Ends || u.Back != 0 {
			said[u.Ref] = u
		}
	}
	for _, n := range slices.Concat(SortedNumbers(before.Delegations), SortedNumbers(before.Appointments)) {
		on := day
		if dl := before.Delegations[n]; dl != nil {
			on = max(on, dl.newest().From)
		} else {
			on = max(on, before.Appointments[n].newest().From)
		}
		ended := namesOrHolds(before, n, on) && !namesOrHolds(after, n, on)
		u, spoken := said[n]
		if a := before.Appointments[n]; a != nil && a.Parent != "" && ended && !spoken {
			continue // with its delegation
		}
		if ended != u.Ends {
			t.Fatalf("setting aside %s: the form says %+v of %s, and it ended: %t\n%s", aside.Proposal, u, n, ended, strings.Join(m.describe(m.events[first:last+1]), "\n"))
		}
		if u.Back != 0 {
			back := 0
			if dl := after.Delegations[n]; dl != nil {
				back = dl.newest().Back
			} else {
				back = after.Appointments[n].newest().Back
			}
			if back != u.Back {
				t.Fatalf("setting aside %s: the form says that %s goes back to version %d, and it went to %d", aside.Proposal, n, u.Back, back)
			}
		}
	}
}
