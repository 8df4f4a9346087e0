package domain

import (
	"maps"
	"slices"
)

// Ways in, as the ledger has them (rules L10, L11): which there are, which let their
// owner in on a day, and which act.

// access is what the ledger says of the ways in.
type access struct {
	OnRecord   bool // every way in is on the record, and no other gives entry
	Ways       map[Way]*WayIn
	waysOf     map[string][]Way // by person, in the order in which they were made
	wayNumbers map[string]Way
}

func newAccess() access {
	return access{Ways: map[Way]*WayIn{}, waysOf: map[string][]Way{}, wayNumbers: map[string]Way{}}
}

func (s access) copy() access {
	s.Ways, s.waysOf, s.wayNumbers = maps.Clone(s.Ways), maps.Clone(s.waysOf), maps.Clone(s.wayNumbers)
	return s
}

// A WayIn is how somebody gets in, or got in once.
type WayIn struct {
	Way     Way
	Person  string // id of whose it is
	By      string // who made it: person/<id> or operator
	Inviter string // who let its owner make it, or made it for them
	With    Way    // by which whoever made it was known
	At      int64  // when it was made, in ms since 1970
	On      Day
	Index   uint64 // of the event that made it known
	Before  bool   // from before the ledger knew of ways in
	Scope   WayScope
	Until   Day // last day; none: no end
	NewWay
	Confirmed   uint64 // event by which a seat holder confirmed it; 0: none
	ConfirmedBy string
	Ended       uint64 // event that ended it, or used it up; 0: none
	EndedOn     Day
	EndedBy     string
}

func (s *business) addWay(w *WayIn, ev *Event) {
	w.By, w.With, w.At, w.On, w.Index = ev.Actor, ev.Way, ev.Time.UnixMilli(), DayOf(ev.Time), ev.Index
	w.Before = w.Before || !s.OnRecord
	w.Inviter = w.By
	if by := s.Ways[ev.Way]; by != nil && ev.Way.Kind() == InvitationWay {
		w.Inviter = by.By
		s.endWay(ev.Way, ev)
	}
	if s.Ways[w.Way] == nil { // an old ledger may have a passkey that was removed and registered again
		s.waysOf[w.Person] = with(s.waysOf[w.Person], w.Way)
	}
	s.Ways[w.Way] = w
	if w.Number != "" {
		s.wayNumbers[w.Number] = w.Way
		s.took(w.Number)
	}
}

func (s *access) endWay(way Way, ev *Event) {
	if s.Ways[way] == nil {
		return
	}
	w := edit(s.Ways, way)
	w.Ended, w.EndedOn, w.EndedBy = ev.Index, ev.Effective, ev.Actor
}

// acts says whether the way in has come to act by the end of that day, in force or not.
func (w *WayIn) acts(d Day) bool {
	switch {
	case w.ActsFrom == 0 || w.Confirmed != 0:
		return true
	case w.Ended != 0 && w.EndedOn < w.ActsFrom:
		return false
	}
	return d >= w.ActsFrom
}

// WaitsOn says whether the way in reads and does not act on that day (rule L11).
func (s *access) WaitsOn(w *WayIn, d Day) bool { return s.over(w, d) == nil && !w.acts(d) }

// over says why the way in gives no entry on that day; nil if it does.
func (s *access) over(w *WayIn, d Day) *Refusal {
	it := "This " + string(w.Way.Kind())
	switch {
	case w.Ended != 0 && w.Way.Kind() == InvitationWay:
		return notYours("L10", "%s was used or taken back on %s.", it, w.EndedOn.Words())
	case w.Ended != 0:
		return notYours("L10", "%s was ended on %s, so it lets nobody in any more.", it, w.EndedOn.Words())
	case w.Until != 0 && d > w.Until:
		return notYours("L10", "%s ended on %s.", it, w.Until.Words())
	}
	for _, later := range s.waysOf[w.Person] {
		if n := s.Ways[later]; n.Replaces && n.Way.Kind() != InvitationWay && n.Index > w.Index && n.acts(d) {
			return notYours("L10", "%s was replaced by a passkey of %s, so it lets nobody in any more.", it, n.On.Words())
		}
	}
	return nil
}

// WaysOf are the ways in that the person has or had, in the order in which they were made.
func (s *access) WaysOf(person string) []*WayIn {
	var all []*WayIn
	for _, w := range s.waysOf[person] {
		all = append(all, s.Ways[w])
	}
	return all
}

// WaysOn are those of the person's ways in that are in force on that day.
func (s *access) WaysOn(person string, d Day) []*WayIn {
	return slices.DeleteFunc(s.WaysOf(person), func(w *WayIn) bool { return s.over(w, d) != nil })
}

// WaysWaiting are all new ways in that only read on that day, in the order of their numbers.
func (s *access) WaysWaiting(d Day) []*WayIn {
	var all []*WayIn
	for _, number := range SortedNumbers(s.wayNumbers) {
		if w := s.Ways[s.wayNumbers[number]]; s.WaitsOn(w, d) {
			all = append(all, w)
		}
	}
	return all
}

// MayReadWith refuses whoever can't read by that way in on that day: it is not theirs on
// the record, or is over (rule L10). In a ledger in which the ways in are not on the
// record yet it refuses nobody.
func (s *business) MayReadWith(way Way, person string, d Day) *Refusal {
	if !s.OnRecord {
		return nil
	}
	w, p := s.Ways[way], s.Person(person)
	if w == nil || p == nil || w.Person != p.ID || way.Kind() == InvitationWay {
		return notYours("L10", "This way in is not on the group’s record, so it lets nobody in. Please ask for an invitation.")
	}
	return s.over(w, d)
}

// MayActWith refuses whoever can't act or sign by that way in on that day: they can't
// read by it, or it still waits (rule L11).
func (s *business) MayActWith(way Way, person string, d Day) *Refusal {
	if r := s.MayReadWith(way, person, d); r != nil {
		return r
	}
	if w := s.Ways[way]; w != nil && s.OnRecord && !w.acts(d) {
		return notYours("L11", "This %s is new, and was not made with a way in that you already had. Until the end of %s it can read and nothing else, unless somebody who holds a seat confirms it (%s).",
			w.Way.Kind(), w.ActsFrom.Add(-1).Words(), w.Number)
	}
	return nil
}
