package model

import (
	"slices"

	"goldenthread/domain"
)

// Who has to answer a version, and for how long (C5, F10, F11).

// there says whether the seat's organisation is open on the day, and has a practice
// where it is a PCN (F5).
func (m model) there(seat string, d day) bool { return m.open(seat, d) && !m.withoutPractice(seat, d) }

// by is what was known at the end of the day.
func (m model) by(d day) model {
	n := slices.IndexFunc(m.events, func(e *domain.Event) bool { return londonDay(e.Time) > d })
	if n < 0 {
		n = len(m.events)
	}
	return m.known(n)
}

// asked are the seats that have to answer the version on the day, with the index at
// which each was opened: those in force, and for a full window those that ended since it
// was put or they joined, or had just ended then.
func (m model) asked(v put, d day) map[string]int {
	seats, window := m.seatsOn(d), day(max(v.window, 1))
	for i, e := range m.events {
		x, ok := e.Data.(*domain.SeatOpened)
		if !ok || e.Effective > d || !m.agreedHolds(x.Source, d) || m.there(x.Seat, d) {
			continue
		}
		there := func(m model, d day) bool { return m.there(x.Seat, d) }
		end, ended := m.first(max(v.on, e.Effective), d, there)
		if i < v.index && !there(m.known(v.index), v.on) {
			end, ended = m.last(v.on-window, v.on, there)
		}
		if ended && d < end+window {
			seats[x.Seat] = i
		}
	}
	return seats
}

// first is the first day from the one to the other on which something was no longer so, as
// it was known on the day itself.
func (m model) first(from, d day, so func(model, day) bool) (day, bool) {
	for x := from; x <= d; x++ {
		if !so(m.by(x), x) {
			return x, true
		}
	}
	return 0, false
}

// last is the last day after the one and up to the other on which something was no
// longer so and had been the day before, as it was known on the days themselves.
func (m model) last(after, d day, so func(model, day) bool) (day, bool) {
	for x := d; x > after; x-- {
		if !so(m.by(x), x) && so(m.by(x-1), x-1) {
			return x, true
		}
	}
	return 0, false
}

// vacant says whether the seat is asked for no longer, having nobody who can act for it (C5).
func (m model) vacant(v put, seat string, d day) bool {
	held := func(m model, d day) bool { return m.held(seat, d) }
	if held(m, d) {
		return false
	}
	since, fell := m.last(v.on, d, held)
	if !fell && held(m.known(v.index), v.on) {
		since, fell = v.on, true
	}
	return !fell || d >= since+day(max(v.window, 1))
}

// people is how many different people the consents of a version have to come from (F10).
func (m model) people(c domain.Charter, v put) int {
	then, held := m.known(v.index), 0
	for seat := range then.seatsOn(v.on) {
		if then.held(seat, v.on) {
			held++
		}
	}
	people := c.People
	if people == 0 {
		people = max(2, min(3, c.Quorum))
	}
	return min(people, held)
}

// consenter is who gave the seat's word, which stands: who confirmed it, where it was heard.
func (m model) consenter(p *domain.PositionTaken) string {
	who := p.Person
	for _, e := range m.events {
		if x, ok := e.Data.(*domain.PositionConfirmed); ok && p.Unconfirmed && x.Proposal == p.Proposal && x.Version == p.Version && x.Seat == p.Seat {
			who = x.Person
		}
	}
	return who
}
