package domain

import (
	"cmp"
	"slices"
)

// A memo is what one state was asked already and would be asked again: a check
// asks for each person who could say yes, and many checks are about one state.
// It holds only what follows from the state's own events, never what lies in the
// ledgers beside it (rule G1). A state without a memo works everything out anew,
// and says the same.
type memo struct {
	places       []string
	days         []Day // on which what is kept by period can change, in order
	coverage     map[period]Coverage
	incomplete   map[period]string
	sizes        map[period][]SizeList
	appointments map[string][]*Appointment // by forum, in order
	delegations  []*Delegation             // in order
	overdue      map[string][]overdueReport
	said         map[string][]*Commitment      // by matter, newest first
	positions    map[string][]*AdoptedPosition // by matter, in order
	spent        map[spending]Pence            // of a power or a line
	agreements   map[string][]Link             // by proposal
	texts        map[uint64]string             // of links, by the event that each is about
	taken        map[string][]*View            // what would be so if what waits had taken effect; one entry
}

// A period is a matter, where it makes a difference, on days of which none
// brings a change; they are named by how many changes were before.
type period struct {
	matter  string
	changes int
}

// A spending is what a power or a line was used for, up to a day.
type spending struct {
	of      string // the delegation or the appointment
	version int
	tier    int    // the power's position in its version
	matter  string // the line's
	on      Day
	upTo    Day
}

// Of each sort so much is remembered, and then forgotten all together: matters
// and days come from whoever asks.
const (
	mostCoverages  = 64 // each as long as the list of practices
	mostRemembered = 512
)

// remember is what f says of the key: worked out once where there is a memo.
func remember[K comparable, V any](m map[K]V, most int, key K, f func() V) V {
	if v, known := m[key]; known {
		return v
	}
	v := f()
	if m == nil {
		return v
	}
	if len(m) >= most {
		clear(m)
	}
	m[key] = v
	return v
}

// changingDays are the days on which charters, mandates, the register of organisations
// and seats make a difference to the day before, in order.
func (s *State) changingDays() []Day {
	c := changes{days: []Day{s.Established}}
	c.charters(s)
	for _, m := range s.Mandates {
		c.span(m.Span)
	}
	for _, o := range s.Organisations {
		c.organisation(o)
	}
	for _, seat := range s.Seats {
		s.openings(&c, seat)
		s.tenures(&c, seat)
	}
	for _, a := range s.Again {
		c.days = append(c.days, a.Since, a.Until)
	}
	return c.inOrder()
}

// openings adds the days on which the seat is opened, or is no longer in force by what was agreed.
func (s *decisions) openings(c *changes, seat *Seat) {
	c.days = append(c.days, seat.From)
	if by := s.Proposals[seat.Source]; by != nil && by.SetAside != 0 {
		c.days = append(c.days, by.SetAside)
	}
	for i := range seat.Joinings {
		c.span(seat.Joinings[i].Span)
	}
}

// changingDaysOf are those on which it can make a difference to what the practice
// stands for: its own, those of the PCNs to which it ever belonged and of those that
// they went on as, and charters.
func (s *State) changingDaysOf(p *Organisation) []Day {
	var c changes
	c.charters(s)
	var added []*Organisation
	var add func(o *Organisation)
	add = func(o *Organisation) {
		if o == nil || slices.Contains(added, o) {
			return
		}
		added = append(added, o)
		c.organisation(o)
		for _, m := range s.mandatesOf[o.Code] {
			c.span(m.Span)
		}
		for i := range o.Periods {
			for _, part := range o.Periods[i].Into {
				add(s.Organisations[part.Organisation])
			}
		}
	}
	add(p)
	for _, m := range p.Memberships {
		add(s.Organisations[m.In])
	}
	return c.inOrder()
}

// changes are days on which something begins, or is over.
type changes struct{ days []Day }

func (c *changes) span(sp Span) {
	c.days = append(c.days, sp.From)
	if sp.Until != 0 {
		c.days = append(c.days, sp.Until+1)
	}
}

// charters adds the days from which each charter holds: it says which matters are known.
func (c *changes) charters(s *State) {
	for i := range s.Charters {
		c.days = append(c.days, s.Charters[i].From)
	}
}

func (c *changes) organisation(o *Organisation) {
	for i := range o.Periods {
		c.span(o.Periods[i].Span)
	}
	for _, n := range o.Names {
		c.days = append(c.days, n.From)
	}
	c.days = append(c.days, o.Contracts...)
	for _, m := range o.Memberships {
		c.span(m.Span)
	}
	for _, l := range o.Lists {
		c.days = append(c.days, l.On)
	}
}

func (c *changes) inOrder() []Day {
	slices.Sort(c.days)
	return slices.Compact(c.days)
}

// periodOf is the period of the day.
func (s *remembering) periodOf(matter string, d Day) period {
	changes, _ := slices.BinarySearch(s.memo.days, d+1)
	return period{matter, changes}
}

// appointmentsTo are the appointments to the forum, in order.
func (s *remembering) appointmentsTo(forum string) []*Appointment {
	return remember(s.memo.appointments, mostRemembered, forum, func() []*Appointment {
		var as []*Appointment
		for _, a := range s.Appointments {
			if a.Forum == forum {
				as = append(as, a)
			}
		}
		slices.SortFunc(as, func(a, b *Appointment) int { return compareNumbers(a.Number, b.Number) })
		return as
	})
}

// delegationsInOrder are all delegations.
func (s *remembering) delegationsInOrder() []*Delegation {
	if s.memo.delegations != nil {
		return s.memo.delegations
	}
	ds := make([]*Delegation, 0, len(s.Delegations))
	for _, d := range s.Delegations {
		ds = append(ds, d)
	}
	slices.SortFunc(ds, func(a, b *Delegation) int { return compareNumbers(a.Number, b.Number) })
	return ds
}

// An overdueReport is a meeting's report, on the days on which it is overdue.
type overdueReport struct {
	Span
	note string
}

// overdueReports are those of the forum's meetings.
func (s *remembering) overdueReports(forum string) []overdueReport {
	return remember(s.memo.overdue, mostRemembered, forum, func() []overdueReport {
		var late []overdueReport
		for _, m := range s.Meetings {
			if days, ever := s.overdueFor(m); ever && m.Forum == forum {
				late = append(late, overdueReport{days, "The report of the meeting of " + m.On.Words() + " is overdue."})
			}
		}
		return late
	})
}

// saidOn are the commitments on the matter, or below or above it, newest first.
func (s *remembering) saidOn(matter string) []*Commitment {
	return remember(s.memo.said, mostCoverages, matter, func() []*Commitment {
		var ks []*Commitment
		for _, k := range s.Commitments {
			if Within(k.Matter, matter) || Within(matter, k.Matter) {
				ks = append(ks, k)
			}
		}
		slices.SortFunc(ks, func(a, b *Commitment) int { return cmp.Compare(b.Index, a.Index) })
		return ks
	})
}

// positionsOver are the adopted positions that take in the matter, in order.
func (s *remembering) positionsOver(matter string) []*AdoptedPosition {
	return remember(s.memo.positions, mostCoverages, matter, func() []*AdoptedPosition {
		var ps []*AdoptedPosition
		for _, p := range s.Positions {
			if Within(matter, p.Matter) {
				ps = append(ps, p)
			}
		}
		return ps
	})
}

// textOf is what the link of that event says.
func (s *remembering) textOf(event uint64, say func() string) string {
	return remember(s.memo.texts, mostRemembered, event, say)
}
