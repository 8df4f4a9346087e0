package domain

import (
	"slices"
	"strconv"
	"strings"
)

// Forming (rule F1): first holders take their seats by consenting to the charter, each
// under a sign-in of their own, and at least two different people hold seats. A group
// none of whose seats has a holder in date is forming again, until whoever is newly
// named has consented to the charter as it stands. Meanwhile it can agree nothing.

// A FormingAgain is a time in which the group formed again.
type FormingAgain struct {
	Since    Day
	Until    Day // on which it was established again; 0: not yet
	Index    uint64
	Consents []CharterConsent // of those who were newly named
}

// formsAgain says whether the group is forming again, as the ledger has recorded it.
func (s *founding) formsAgain() bool {
	return len(s.Again) > 0 && s.Again[len(s.Again)-1].Until == 0
}

// FormsAgainOn says whether the group was forming again on that day. A day that the
// ledger has not reached yet is judged by who is to hold seats until then.
func (s *consensus) FormsAgainOn(d Day) bool {
	if s.Established == 0 || d < s.Established {
		return false
	}
	for _, a := range s.Again {
		if a.Since <= d && (a.Until == 0 || d < a.Until) {
			return true
		}
	}
	from := s.unlooked(DayOf(s.Last))
	return d >= from && s.unheldFrom(from, d) != 0
}

// FormsAgainSince is the day since which the group has been forming again on that day;
// 0 if it isn't.
func (s *consensus) FormsAgainSince(d Day) Day {
	if !s.FormsAgainOn(d) {
		return 0
	}
	for _, a := range s.Again {
		if a.Since <= d && (a.Until == 0 || d < a.Until) {
			return a.Since
		}
	}
	return s.unheldFrom(s.unlooked(DayOf(s.Last)), d)
}

// unlooked is the first day, from the given one, of which the ledger has not recorded
// whether the group formed again.
func (s *ground) unlooked(since Day) Day {
	from := max(since, s.Established)
	for _, a := range s.Again {
		from = max(from, a.Until)
	}
	return from
}

// heldOn says whether a seat that is in force has a holder in date on that day.
func (s *circle) heldOn(d Day) bool {
	for _, seat := range s.Seats {
		if s.holderOn(seat, d) != "" && s.entitled(seat, d) {
			return true
		}
	}
	return false
}

// heldForGood says whether a seat is held on that day and nothing that is recorded ends it
// after that: it need not be looked at day by day.
func (s *consensus) heldForGood(d Day) bool {
	for id, seat := range s.Seats {
		o, by := s.Organisations[id], s.Proposals[seat.Source]
		now := o.PeriodOn(d)
		if o.Kind == PCN || now == nil || now.Until != 0 || !seat.byItself(d) || len(seat.Joinings) > 0 || by != nil && by.SetAside != 0 || !s.entitled(seat, d) {
			continue
		}
		if slices.ContainsFunc(seat.Holders, func(h SeatTenure) bool {
			return h.Role == Holder && h.Until == 0 && s.People[h.Person].Left == 0 && s.sits(seat, &h, d)
		}) {
			return true
		}
	}
	return false
}

// unheldFrom is the first of the days on which no seat that is in force has a holder in
// date; 0 if there is none.
func (s *consensus) unheldFrom(from, to Day) Day {
	if to >= from && !s.heldOn(from) {
		return from
	}
	if to <= from || s.heldForGood(from) {
		return 0
	}
	var ends changes
	for _, seat := range s.Seats {
		s.tenures(&ends, seat)
		s.openings(&ends, seat)
	}
	for _, o := range s.Organisations {
		ends.organisation(o)
	}
	for _, d := range ends.inOrder() {
		if d > from && d <= to && !s.heldOn(d) {
			return d
		}
	}
	return 0
}

// tenures adds the days on which a holder's time begins, or is over.
func (s *register) tenures(c *changes, seat *Seat) {
	for _, h := range seat.Holders {
		if h.Role == Holder {
			c.span(h.Span)
			if left := s.People[h.Person].Left; left != 0 {
				c.days = append(c.days, left+1)
			}
		}
	}
}

// namedAnew is who was newly named to hold the seat while the group forms again, and is
// in date; "" for nobody.
func (s *consensus) namedAnew(seat *Seat, d Day) string {
	for _, h := range seat.Holders {
		if h.Waits && s.entitled(seat, d) && s.holds(h.Tenure, d) && seat.names(s.People[h.Person].Handle, Holder, d) {
			return h.Person
		}
	}
	return ""
}

// toConsent are the people who have to consent to the charter, each for a seat: the
// holders while the group forms, and whoever was newly named while it forms again. Of a
// seat that nobody holds the person is "".
func (s *consensus) toConsent(d Day) []CharterConsent {
	var due []CharterConsent
	for _, id := range s.EntitledOn(d) {
		if !s.formsAgain() {
			due = append(due, CharterConsent{Seat: id, Person: s.holderOn(s.Seats[id], d)})
		} else if person := s.namedAnew(s.Seats[id], d); person != "" {
			due = append(due, CharterConsent{Seat: id, Person: person})
		}
	}
	return due
}

// charterConsents are the consents that were given to the charter since the group began
// forming, the last time.
func (s *founding) charterConsents() []CharterConsent {
	if n := len(s.Again); n > 0 {
		return s.Again[n-1].Consents
	}
	return s.Consents
}

// consentOf is the consent that the person gave for the seat; nil if they gave none.
func (s *founding) consentOf(seat, person string) *CharterConsent {
	all := s.charterConsents()
	i := slices.IndexFunc(all, func(c CharterConsent) bool { return c.Seat == seat && c.Person == person })
	if i < 0 {
		return nil
	}
	return &all[i]
}

// MissingToEstablish says in words what a group lacks that is forming, or is forming again
// (rules F1, F2); nothing if it is established.
func (s *beside) MissingToEstablish(d Day) []string {
	var missing []string
	if s.Established != 0 && !s.formsAgain() {
		return nil
	}
	for _, due := range s.toConsent(d) {
		if due.Person == "" {
			missing = append(missing, "a holder for the seat of "+s.name(due.Seat)+", and their consent to the charter")
		} else if s.consentOf(due.Seat, due.Person) == nil {
			missing = append(missing, "the consent of "+s.name(due.Seat)+" to the charter")
		}
	}
	if lacks := s.lacksPeople(d); lacks != "" {
		missing = append(missing, lacks)
	}
	if s.formsAgain() {
		return missing // who else has no seat or no holder stops an established group in nothing (F2, F5)
	}
	for _, seat := range s.UnansweredOn(d) {
		missing = append(missing, "the agreement of "+s.name(seat)+" to join")
	}
	return append(missing, s.missingMembers(d)...)
}

// leastHolders is how many different people hold seats, at least (rule F1).
const leastHolders = 2

// AwaitsConsent says whether the person can take that seat by consenting to the charter,
// and has not yet (rule F1).
func (s *consensus) AwaitsConsent(seat, person string, d Day) bool {
	if s.Established != 0 && !s.formsAgain() {
		return false
	}
	id := ""
	if p := s.Person(person); p != nil {
		id = p.ID
	}
	return slices.ContainsFunc(s.toConsent(d), func(due CharterConsent) bool {
		return due.Seat == seat && id != "" && due.Person == id && s.consentOf(seat, id) == nil
	})
}

// lacksPeople says in words that too few different people are to hold seats; "" if they
// are enough.
func (s *consensus) lacksPeople(d Day) string {
	var people []string
	for _, due := range s.toConsent(d) {
		if due.Person != "" {
			people = appendNew(people, due.Person)
		}
	}
	for _, id := range s.UnansweredOn(d) {
		for _, h := range s.Seats[id].Holders {
			if h.Role == Holder && s.holds(h.Tenure, d) {
				people = appendNew(people, h.Person)
			}
		}
	}
	switch are := s.differentPeople(people); {
	case are >= leastHolders:
		return ""
	case are == 0:
		return "people to hold its seats, at least " + strconv.Itoa(leastHolders) + " different ones"
	case len(people) > 1:
		return "a second person to hold a seat: those who hold them have used one passkey, and count as one"
	}
	return "a second person to hold a seat: " + s.office(people[0]) + " would hold all of them alone"
}

// mustTakeSeat is the permission of whoever was newly named to hold the seat or, where
// none is named, the only one to which they were.
func (w *who) mustTakeSeat(code string) (Permission, *Refusal) {
	var mine []string
	for id, seat := range w.s.Seats {
		if w.s.namedAnew(seat, w.day) == w.person.ID {
			mine = append(mine, id)
		}
	}
	slices.Sort(mine)
	switch {
	case code == "" && len(mine) == 1:
		code = mine[0]
	case code == "" && len(mine) > 1:
		return Permission{}, invalid("F5", "Say for which seat you act: %s.", strings.Join(mine, ", ")).at("seat")
	}
	if slices.Contains(mine, code) {
		return Permission{OnBehalfOf: "seat/" + code, seat: w.s.Seats[code], own: true}, nil
	}
	if seat := w.s.Seats[code]; seat != nil {
		return Permission{}, notYours("F1", "%s can't take the seat of %s: %s.", w.person.Office, w.s.name(code), w.s.whyNotSeated(seat, w.person.ID, w.day))
	}
	return Permission{}, notYours("F1", "%s is forming again: whoever is newly named to hold a seat consents to its charter, and %s was not, or by nobody else (F10).", w.s.Name, w.person.Office)
}

// checkOwnSignIn refuses a consent to the charter under a sign-in with which somebody else
// has consented.
func (t *asking) checkOwnSignIn() *Refusal {
	for _, c := range t.s.charterConsents() {
		if t.req.Way != "" && c.way == t.req.Way && c.Person != t.actor.ID {
			return notYours("F1", "%s has consented with this sign-in. Each first holder consents under a sign-in of their own.", t.s.office(c.Person))
		}
	}
	return nil
}

// checkLastConsent refuses the consent with which one person alone would hold the seats.
func (t *asking) checkLastConsent() *Refusal {
	if missing, lacks := t.s.MissingToEstablish(t.day), t.s.lacksPeople(t.day); len(missing) == 1 && missing[0] == lacks {
		return notNow("F1", "At least two different people hold the seats of %s, or it can't be established. It lacks %s. Have somebody else named first to hold one; they consent to the charter under a sign-in of their own.", t.s.Name, lacks)
	}
	return nil
}

// establish records that the group is established, or is again, once nothing is missing.
func (t *turn) establish() {
	t.ownState()
	if len(t.s.MissingToEstablish(t.day)) > 0 {
		return
	}
	e := &GroupEstablished{Charter: t.s.CharterOn(t.day).Version, Again: t.s.formsAgain()}
	for _, due := range t.s.toConsent(t.day) {
		e.Consents = append(e.Consents, *t.s.consentOf(due.Seat, due.Person))
	}
	slices.SortFunc(e.Consents, func(a, b CharterConsent) int { return int(a.Index) - int(b.Index) })
	cause := t.nextIndex() - 1
	t.bySystem("establish", uint64(len(t.s.Again)), func() {
		t.recordBecause(cause, t.day, e)
		if e.Again {
			return
		}
		for i := range t.s.Schedule {
			t.bringIn(i, cause+1)
		}
	})
}

// formAgain records that since that day no seat has a holder in date.
func (t *turn) formAgain(d Day) {
	t.bySystem("forming-again", uint64(len(t.s.Again)), func() {
		t.recordBecause(t.nextIndex(), d, &GroupFormingAgain{Charter: t.s.CharterOn(d).Version})
	})
}

// seatsAnew says whether the command names who is to hold a seat from today, or no longer
// is to, while the group forms again. That waits for nobody: they take the seat by
// consenting to the charter, and by nothing else.
func (s *consensus) seatsAnew(c keepable, d Day) bool {
	switch c := c.(type) {
	case *NameHolder:
		return s.formsAgain() && c.Role == Holder && c.From <= d
	case *LeaveSeat:
		p := s.Person(c.Person)
		return s.formsAgain() && c.Role == Holder && p != nil && s.Seats[c.Seat] != nil && s.namedAnew(s.Seats[c.Seat], d) == p.ID
	}
	return false
}

// silentSince is the first day from since on which silence can have the record take
// effect. While the group forms again nobody is there to object for its seats: they have
// a full window after it is established again.
func (s *founding) silentSince(k *Kept, since Day) Day {
	if k.part(AllSeats) == nil || len(s.Again) == 0 {
		return since
	}
	if s.formsAgain() {
		return NewDay(LastYear+1, 1, 1)
	}
	last := s.Again[len(s.Again)-1]
	return max(since, last.Until.Add(int(k.Window-k.On)))
}

// GroupFormingAgain: none of the group's seats has a holder in date any more.
type GroupFormingAgain struct {
	Charter int `json:"charter" doc:"version to which whoever is newly named consents"`
}

func (e *GroupFormingAgain) Subject() string { return "group" }
func (e *GroupFormingAgain) apply(s *State, ev *Event) {
	s.Again = with(s.Again, FormingAgain{Since: ev.Effective, Index: ev.Index})
	for id := range s.Seats {
		s.editHolders(id, func(h SeatTenure) []SeatTenure {
			switch {
			case h.Role != Holder || h.Until != 0 && h.Until < ev.Effective:
				return []SeatTenure{h}
			case h.From >= ev.Effective: // named before, to begin later
				h.Waits = true
				return []SeatTenure{h}
			}
			later := h // of a seat that is not in force now
			h.Until, later.From, later.Waits = ev.Effective.Add(-1), ev.Effective, true
			return []SeatTenure{h, later}
		})
	}
}

// takeSeats has those who consented take the seats to which they were newly named, from
// that day. Whoever is to begin later was confirmed by a second person, and does.
func (s *table) takeSeats(consents []CharterConsent, d Day) {
	for id := range s.Seats {
		s.editHolders(id, func(h SeatTenure) []SeatTenure {
			consented := slices.ContainsFunc(consents, func(c CharterConsent) bool { return c.Seat == id && c.Person == h.Person })
			if h.Waits && (h.From > d || consented && h.Covers(d)) {
				h.From, h.Waits = max(h.From, d), false
			}
			return []SeatTenure{h}
		})
	}
}

// editHolders puts in the place of each tenure of the seat what f makes of it.
func (s *table) editHolders(seat string, f func(SeatTenure) []SeatTenure) {
	changed := edit(s.Seats, seat)
	var holders []SeatTenure
	for _, h := range changed.Holders {
		holders = append(holders, f(h)...)
	}
	changed.Holders = holders
}
