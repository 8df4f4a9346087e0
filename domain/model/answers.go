package model

import (
	"cmp"
	"slices"

	"goldenthread/domain"
)

// A Model answers questions about one group's events, for the tests of what pages say.
type Model struct {
	m       model
	Partial bool // several things wait that are not all mandates: what coverage would be then is not worked out
	handles map[string]string
}

// Of is the model of all of those events, as known at the end of the day.
func Of(events []*domain.Event, known domain.Day) Model {
	n := 0
	for n < len(events) && londonDay(events[n].Time) <= known {
		n++
	}
	all := Model{m: model{events: events[:n]}, handles: map[string]string{}}
	after, ok := ifTaken(events, n)
	if all.m.after = after; !ok {
		if all.m.after, ok = ifAllTaken(events, n); !ok {
			all.Partial = true
		}
	}
	for _, e := range events[:n] {
		if x, ok := e.Data.(*domain.PersonRegistered); ok {
			all.handles[x.Handle] = x.Person
		}
	}
	return all
}

// ifAllTaken is what is recorded if all that waits after those events takes effect, where
// all of it are mandates, which can only raise coverage, or all are withdrawals, which can
// only lower it; false where it is otherwise.
func ifAllTaken(all []*domain.Event, known int) (after []*domain.Event, ok bool) {
	waits := map[string]domain.KeptCommand{}
	for _, e := range all[:known] {
		switch x := e.Data.(type) {
		case *domain.RecordKept:
			waits[x.Record] = x.Command
		case *domain.RecordConfirmed:
			delete(waits, x.Record)
		case *domain.RecordRefused:
			delete(waits, x.Record)
		default:
		}
	}
	grants, withdrawals := 0, 0
	for _, c := range waits {
		if c.GrantMandate != nil {
			grants++
		}
		if c.WithdrawMandate != nil {
			withdrawals++
		}
	}
	after = slices.Clone(all[:known])
	for i := known; i < len(all) && withdrawals > 0; i++ {
		x, confirmed := all[i].Data.(*domain.RecordConfirmed)
		if confirmed && waits[x.Record].WithdrawMandate != nil {
			for _, e := range all[i+1:] {
				if e.Command == all[i].Command {
					after = append(after, e)
				}
			}
		}
	}
	return after, grants == len(waits) || withdrawals == len(waits)
}

// Asked is all that the person, by handle, is asked to do on the day, soonest first (T4).
func (m Model) Asked(handle string, d domain.Day) []Task {
	all := m.m.tasks(m.handles[handle], d)
	slices.SortFunc(all, func(a, b Task) int {
		return cmp.Or(cmp.Compare(uint32(a.By-1), uint32(b.By-1)), cmp.Compare(a.About, b.About), cmp.Compare(a.What, b.What))
	})
	return all
}

// A Coverage is who stands behind the group, for a matter or at all (M3).
type Coverage struct {
	Practices, OfPractices, Patients, OfPatients int
	Outside                                      []string
}

// Coverage is that of the day; no matter asks who stands behind the group at all.
func (m Model) Coverage(matter string, d domain.Day) Coverage {
	c := m.m.coverage(matter, d)
	return Coverage{c.practices, c.ofPractices, c.patients, c.ofPatients, c.outside}
}

// A Power is a delegation or an appointment on a day.
type Power struct {
	State   domain.PowerState
	Overdue bool
	Review  domain.Day
	Person  string // handle of who is appointed; "": a delegation
	Forum   string
	Used    []Use // in the delegation's year, of each power that has a limit for it
}

// A Use is how much of a limit for a year is used.
type Use struct{ Used, Limit int64 }

// Power is the delegation or appointment of that number on the day; false where it was not
// made by then.
func (m Model) Power(ref string, d domain.Day) (Power, bool) {
	if g := m.m.delegation(ref); g != nil {
		v := g.on(d)
		if v == nil {
			return Power{State: domain.NotYet}, true
		}
		p := Power{State: m.m.state(ref, m.m.inForce(*g, d), g.ended != 0 && d >= g.ended, v.review, d), Overdue: d > v.review, Review: v.review}
		for i, power := range v.powers {
			if power.YearLimit > 0 {
				p.Used = append(p.Used, Use{m.m.used(*g, v, i, d, d, false), int64(power.YearLimit)})
			}
		}
		return p, true
	}
	for _, a := range m.m.appointments() {
		if a.Appointment != ref {
			continue
		}
		r := a.on(d)
		if r == nil {
			return Power{State: domain.NotYet}, true
		}
		p := Power{State: m.m.state(ref, m.m.holds(a, d), a.ended != 0 && d >= a.ended, r.review, d), Overdue: d > r.review, Review: r.review, Forum: a.Forum}
		for handle, id := range m.handles {
			if id == a.Person {
				p.Person = handle
			}
		}
		return p, true
	}
	return Power{}, false
}

// state is how a power stands (D3, D8).
func (m model) state(ref string, holds, ended bool, review, d day) domain.PowerState {
	switch {
	case ended:
		return domain.Ended
	case !holds:
		return domain.Expired
	case m.suspended(ref, d):
		return domain.Suspended
	case m.asleep(review, d):
		return domain.Paused
	}
	return domain.InForce
}

// Represents says whether the person speaks for the group somewhere on the day, whether
// their appointment is paused or not (R1).
func (m Model) Represents(handle string, d domain.Day) bool {
	return slices.ContainsFunc(m.m.appointments(), func(a appointment) bool {
		return m.m.holds(a, d) && (a.Person == m.handles[handle] || has(a.on(d).substitutes, m.handles[handle]))
	})
}

// Decisions are how many of the executive's decisions of the days from the one to the other
// stand each way on the day.
func (m Model) Decisions(delegation string, from, to, d domain.Day) map[domain.ExerciseStatus]int {
	n := map[domain.ExerciseStatus]int{}
	for _, x := range m.m.exercises() {
		if x.Delegation == delegation && from <= x.on && x.on <= min(to, d) {
			n[m.m.standing(x, d)]++
		}
	}
	return n
}

// Office is the person's, by handle.
func (m Model) Office(handle string) string {
	for _, e := range m.m.events {
		if x, ok := e.Data.(*domain.PersonRegistered); ok && x.Handle == handle {
			return x.Office
		}
	}
	return ""
}

// Charter is the version in force on the day.
func (m Model) Charter(d domain.Day) int {
	_, version := m.m.charterOn(d)
	return version
}

// Days are those up to that one on which anything was recorded or took effect.
func (m Model) Days(last domain.Day) []domain.Day {
	var days []domain.Day
	for _, e := range m.m.events {
		for _, d := range []domain.Day{e.Effective, londonDay(e.Time)} {
			if d <= last && !slices.Contains(days, d) {
				days = append(days, d)
			}
		}
	}
	return days
}

// Overdue is what anybody is asked to do, each once, whose day is over.
func (m Model) Overdue(d domain.Day) []Task {
	var all []Task
	for _, id := range m.m.everybody() {
		for _, one := range m.m.tasks(id, d) {
			if one.By != 0 && one.By < d && !slices.Contains(all, one) {
				all = append(all, one)
			}
		}
	}
	return all
}
