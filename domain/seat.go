package domain

import (
	"cmp"
	"maps"
	"slices"
)

// Seats (rules F3, F5): an organisation's place at the table. A seat is named
// by its organisation's code. People hold it or deputise, with dates.

// A SeatEntry asks for a seat.
type SeatEntry struct {
	Organisation string `json:"organisation" maxLength:"60" rule:"F3" of:"unseated" ask:"Which organisation?"`
	Holder       string `json:"holder" doc:"handle or id" maxLength:"60" of:"person" ask:"Who holds it?"`
	Deputy       string `json:"deputy,omitempty" doc:"handle or id" maxLength:"60" of:"person" ask:"Who deputises?" none:"Nobody for now"`
}

// openSeat records a seat and who holds it.
func (t *turn) openSeat(c *SeatEntry, e enacting) *Refusal {
	o, holder, deputy, r := t.s.checkSeat(c, e.day)
	if r != nil {
		return r
	}
	t.recordBecause(e.cause, e.day, &SeatOpened{Seat: o.Code, Source: e.source, Asked: o.Kind == OtherGroup})
	t.recordBecause(e.cause, e.day, &SeatHeld{Seat: o.Code, Person: holder.ID, Role: Holder, Span: Span{From: e.day}})
	if deputy != nil {
		t.recordBecause(e.cause, e.day, &SeatHeld{Seat: o.Code, Person: deputy.ID, Role: Deputy, Span: Span{From: e.day}})
	}
	return nil
}

func (s *circle) checkSeat(c *SeatEntry, d Day) (o *Organisation, holder, deputy *Person, r *Refusal) {
	if o, r = s.openOrganisation("F3", c.Organisation, d); r != nil {
		return
	}
	otherCare := len(s.Charters) > 0 && s.Charter().OtherCareSeated && (o.Kind == PrimaryCare || o.Kind == Provider)
	if !o.Kind.generalPractice() && !otherCare {
		return nil, nil, nil, notNow("F3", "%s can't hold a seat: only general-practice organisations do. It can be invited.", o.Name).at("organisation")
	}
	if seat := s.Seats[o.Code]; seat != nil && s.AgreementHolds(seat.Source, d) && !seat.leftBy(d) {
		return nil, nil, nil, notNow("F5", "%s already has a seat.", o.Name).at("organisation")
	}
	if holder, r = s.personInOffice("F5", c.Holder, d); r != nil {
		return nil, nil, nil, r.at("holder")
	}
	if c.Deputy != "" {
		deputy, r = s.personInOffice("F5", c.Deputy, d)
		r = r.at("deputy")
	}
	return
}

// NameHolder says who holds a seat, or deputises, from when to when (rule F5).
type NameHolder struct {
	Seat     string   `json:"seat" doc:"organisation's code" rule:"F5" of:"anyseat" ask:"Which seat?"`
	Person   string   `json:"person" doc:"handle or id" of:"person" ask:"Who?"`
	Role     SeatRole `json:"role" enum:"holder,deputy" else:"Say whether the person is the seat's holder or a deputy." ask:"As what?"`
	Evidence string   `json:"evidence,omitempty" doc:"needed from a registrar" maxLength:"2000" call:"the evidence" kind:"text" ask:"How do you know, if you record it for them?" hint:"Such as: their letter of 5 May."`
	Span
}

func (c *NameHolder) may(w *who) (Permission, *Refusal) { return w.mustNameFor(c.Seat, c.Role) }

func (c *NameHolder) concerns(*State, []Event) []string { return []string{c.Seat} }
func (c *NameHolder) names() []string                   { return []string{c.Person} }

func (c *NameHolder) decide(t *turn) *Refusal {
	seat := t.s.Seats[c.Seat]
	if r := t.checkEvidence("F5", "the evidence", c.Evidence); r != nil {
		return r
	}
	span, r := t.span("F5", c.Span)
	if r != nil {
		return r
	}
	p, r := t.s.personInOffice("F5", c.Person, span.From)
	if r != nil {
		return r.at("person")
	}
	if !seat.names(p.Handle, c.Role, max(span.From, t.day)) {
		return notNow("G1", "Who speaks here for %s is said by an agreement of its own: it names who is %s.", t.s.name(seat.ID), c.Role).at("person")
	}
	if span.From < t.day {
		return invalid("F5", "A seat can't be held from a day that is past: acts at the table count when they are recorded.").at("from")
	}
	for _, h := range seat.Holders {
		if h.Alone || !t.s.People[h.Person].inOffice(span.From) {
			continue // it gives no say, or they left before it begins
		}
		if h.Waits && !t.s.formsAgain() {
			continue // they never took the seat
		}
		if c.Role == Holder && h.Role == Holder && h.From < span.From && h.overlaps(span) && h.Until == 0 && h.Person != p.ID {
			t.recordOn(span.From.Add(-1), &SeatLeft{Seat: seat.ID, Person: h.Person, Role: Holder, Until: span.From.Add(-1)})
		} else if h.Role == c.Role && h.overlaps(span) && (c.Role == Holder || h.Person == p.ID) {
			return notNow("F5", "The seat of %s is already taken then by %s.", t.s.name(seat.ID), t.s.office(h.Person)).at("from")
		}
	}
	t.recordOn(span.From, &SeatHeld{Seat: seat.ID, Person: p.ID, Role: c.Role, Span: span})
	return nil
}

// LeaveSeat ends somebody's time as holder or deputy (rule F5).
type LeaveSeat struct {
	Seat     string   `json:"seat" doc:"organisation's code" rule:"F5" of:"anyseat" ask:"Which seat?"`
	Person   string   `json:"person" doc:"handle or id" of:"person" ask:"Who?"`
	Role     SeatRole `json:"role" enum:"holder,deputy" ask:"As what?"`
	Until    Day      `json:"until" doc:"last day" ask:"The last day"`
	Evidence string   `json:"evidence,omitempty" doc:"needed from a registrar" maxLength:"2000" call:"the evidence" kind:"text" ask:"How do you know, if you record it for them?" hint:"Such as: their letter of 5 May."`
}

func (c *LeaveSeat) may(w *who) (Permission, *Refusal) {
	p, r := w.s.person("F5", c.Person)
	if r != nil {
		return Permission{}, r
	}
	if _, r := w.s.seat("F5", c.Seat); r != nil {
		return Permission{}, r
	}
	return w.is(p.ID).or(w.mustNameFor(c.Seat, c.Role))
}

func (c *LeaveSeat) concerns(*State, []Event) []string { return []string{c.Seat} }
func (c *LeaveSeat) names() []string                   { return []string{c.Person} }

func (c *LeaveSeat) decide(t *turn) *Refusal {
	seat, p := t.s.Seats[c.Seat], t.s.Person(c.Person)
	if r := t.checkEvidence("F5", "the evidence", c.Evidence); r != nil {
		return r
	}
	if c.Until < t.day.Add(-1) {
		return invalid("F5", "Give the last day; it can't be earlier than yesterday.").at("until")
	}
	if !slices.ContainsFunc(seat.Holders, func(h SeatTenure) bool { return h.Person == p.ID && h.Role == c.Role && h.Covers(c.Until) }) {
		return notNow("F5", "%s is not %s of that seat on %s.", p.Office, c.Role, c.Until.Words()).at("until")
	}
	t.recordOn(c.Until, &SeatLeft{Seat: seat.ID, Person: p.ID, Role: c.Role, Until: c.Until})
	return nil
}

// mustNameFor is the permission of whoever names people for the seat: its
// organisation's spokespeople do; its holder, a deputy; the registrar, on named
// evidence (rules F5, O3).
func (w *who) mustNameFor(code string, role SeatRole) (Permission, *Refusal) {
	seat, r := w.s.seat("F5", code)
	if r != nil {
		return Permission{}, r
	}
	itself := w.asThemself(role == Deputy && w.s.holderOn(seat, w.day) == w.person.ID).onBehalfOf("organisation/" + seat.ID)
	return anyOf(
		notYours("F5", "Who sits for %s is said by somebody who speaks for it, or recorded by the registrar on evidence.", w.s.name(seat.ID)),
		w.speaksFor(seat.ID), itself, w.has(Registrar).onEvidence(),
	)
}

// SeatRole is how a person acts for a seat.
type SeatRole string

const (
	Holder SeatRole = "holder"
	Deputy SeatRole = "deputy"
)

// SeatOpened: an organisation has a place at the table.
type SeatOpened struct {
	Seat   string `json:"seat"`
	Source string `json:"source"`
	Asked  bool   `json:"asked,omitzero" doc:"another group's: in force only once it has joined (rule G1)"`
}

func (e *SeatOpened) Subject() string { return "seat/" + e.Seat }
func (e *SeatOpened) apply(s *State, ev *Event) {
	seat := &Seat{ID: e.Seat, From: ev.Effective, Source: e.Source, Asked: e.Asked, Index: ev.Index}
	if was := s.Seats[e.Seat]; was != nil { // it ended when the agreement that opened it was set aside, or the group whose seat it is left
		seat.Joinings, seat.Asked = was.Joinings, e.Asked
		seat.seen = was.seen
		seat.Earlier, seat.Holders = with(was.Earlier, SeatOpening{was.From, was.Source}), was.endedBefore(ev.Effective)
	}
	s.Seats[e.Seat] = seat
}

// SeatHeld: a person holds a seat or deputises.
type SeatHeld struct {
	Seat   string   `json:"seat"`
	Person string   `json:"person"`
	Role   SeatRole `json:"role"`
	Span
}

func (e *SeatHeld) Subject() string { return "seat/" + e.Seat }
func (e *SeatHeld) apply(s *State, ev *Event) {
	seat := edit(s.Seats, e.Seat)
	seat.Holders = append(slices.Clip(seat.Holders), SeatTenure{Tenure{
		Person: e.Person, Span: e.Span, Index: ev.Index, Record: s.taken[ev.Cause], Alone: s.alone(e.Person, ev), Waits: e.Role == Holder && s.formsAgain(),
	}, e.Role})
}

// SeatLeft: a person's time as holder or deputy has a last day.
type SeatLeft struct {
	Seat   string   `json:"seat"`
	Person string   `json:"person"`
	Role   SeatRole `json:"role"`
	Until  Day      `json:"until"`
}

func (e *SeatLeft) Subject() string { return "seat/" + e.Seat }
func (e *SeatLeft) apply(s *State, _ *Event) {
	seat := edit(s.Seats, e.Seat)
	seat.Holders = slices.Clone(seat.Holders)
	for i := range seat.Holders {
		if h := &seat.Holders[i]; h.Person == e.Person && h.Role == e.Role && h.Covers(e.Until) {
			h.Until = e.Until
		}
	}
}

// table is who sits at it, and who has a duty there.
type table struct {
	Seats  map[string]*Seat
	Duties []Duty
}

func newTable() table { return table{Seats: map[string]*Seat{}} }

func (s table) copy() table {
	s.Seats, s.Duties = maps.Clone(s.Seats), slices.Clip(s.Duties)
	return s
}

// A Seat is an organisation's place at the table.
type Seat struct {
	ID       string // the organisation's code
	From     Day
	Source   string // Founding, or the proposal that opened it
	Holders  []SeatTenure
	Earlier  []SeatOpening // that were set aside since
	Asked    bool          // another group's, in force only while it has joined (rule G1)
	Joinings []SeatJoining // of that group, oldest first
	Index    uint64

	seen seatSeen
}

// A SeatOpening is an agreement having opened a seat from a day on.
type SeatOpening struct {
	From   Day
	Source string
}

// endedBefore are the seat's holders, of whom none holds it on that day any more.
func (s *Seat) endedBefore(d Day) []SeatTenure {
	holders := slices.Clone(s.Holders)
	for i := range holders {
		if h := &holders[i]; h.Until == 0 || h.Until >= d {
			h.Until = d.Add(-1)
		}
	}
	return holders
}

// A SeatTenure is a person holding a seat, or deputising, for a time.
type SeatTenure struct {
	Tenure
	Role SeatRole
}

// TenuresOn are who holds the seat on that day, or deputises: those whose time it is and
// who haven't left their office (rule F5).
func (s *register) TenuresOn(seat *Seat, d Day) []SeatTenure {
	var on []SeatTenure
	for _, h := range seat.Holders {
		if s.sits(seat, &h, d) {
			on = append(on, h)
		}
	}
	return on
}

func (s *register) holderOn(seat *Seat, d Day) string {
	for _, h := range seat.Holders {
		if h.Role == Holder && s.sits(seat, &h, d) {
			return h.Person
		}
	}
	return ""
}

// RoleOn is how the person may act for the seat on that day; "" for not at all.
func (s *register) RoleOn(seat *Seat, person string, d Day) SeatRole {
	role := SeatRole("")
	for _, h := range seat.Holders {
		if h.Person == person && s.sits(seat, &h, d) && role != Holder {
			role = h.Role
		}
	}
	return role
}

// VacantOn says whether neither a holder nor a deputy is in date (rule F5).
func (s *register) VacantOn(seat *Seat, d Day) bool {
	return !slices.ContainsFunc(seat.Holders, func(h SeatTenure) bool { return s.sits(seat, &h, d) })
}

// entitled says whether the seat is in force on that day: an agreement that holds
// opened it, and its organisation is there (rules F5, C9).
func (s *circle) entitled(seat *Seat, d Day) bool { return s.opened(seat, d) && s.isThere(seat, d) }

// opened says whether an agreement that opened the seat is in force on that day, and
// another group's has joined (rules C9, G1).
func (s *decisions) opened(seat *Seat, d Day) bool {
	opened := func(by SeatOpening) bool { return by.From <= d && s.AgreementHolds(by.Source, d) }
	return seat.joinedOn(d) && (opened(SeatOpening{seat.From, seat.Source}) || slices.ContainsFunc(seat.Earlier, opened))
}

// isThere says whether the seat's organisation is open on that day and, if it is a PCN,
// has a practice (rule F5).
func (s *roster) isThere(seat *Seat, d Day) bool {
	o := s.Organisations[seat.ID]
	if !o.OpenOn(d) {
		return false
	}
	if o.Kind != PCN || !slices.ContainsFunc(s.members[o.Code], func(m string) bool { return s.Organisations[m].Kind == Practice }) {
		return true
	}
	return s.hasPractice(o.Code, d)
}

// EntitledOn are the seats in force on that day, by code (rules C6, F5).
func (s *circle) EntitledOn(d Day) []string {
	var ids []string
	for id, seat := range s.Seats {
		if s.entitled(seat, d) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// successor is the seat that answers for the given one on that day: itself, or
// the seat of the organisation that its own merged into; "" if neither is in
// force (rule F5). Of one that was split, the first successor with a seat answers.
func (s *circle) successor(id string, d Day) string {
	if seats := s.successorSeats(id, d); len(seats) > 0 {
		return seats[0]
	}
	return ""
}

// successorSeats are the seats in force on that day of the organisation, or of
// those that it went on as: several, if it was split.
func (s *circle) successorSeats(id string, d Day) []string {
	if seat := s.Seats[id]; seat != nil && s.entitled(seat, d) {
		return []string{id}
	}
	var seats []string
	for _, code := range s.successorsOn(id, d) {
		if seat := s.Seats[code]; seat != nil && s.entitled(seat, d) {
			seats = append(seats, code)
		}
	}
	return seats
}

// SeatsOf are the seats that the person may act for on that day, by code.
func (s *circle) SeatsOf(person string, d Day) []string {
	var ids []string
	for id, seat := range s.Seats {
		if s.RoleOn(seat, person, d) != "" && s.entitled(seat, d) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

func (s *table) seat(rule, code string) (*Seat, *Refusal) {
	if seat := s.Seats[code]; seat != nil {
		return seat, nil
	}
	return nil, notFound(rule, "%q has no seat here.", Clip(code))
}

func (s *roster) whyNotSeated(seat *Seat, person string, d Day) string {
	for _, h := range seat.Holders {
		if h.Person == person && h.Covers(d) && h.Alone {
			return "that is their own record alone (F10); somebody else who speaks for the organisation, or keeps the register, has to record it"
		}
		if p := s.People[person]; h.Person == person && h.Covers(d) && !p.inOffice(d) {
			return "they left their office on " + p.Left.Words()
		}
		if h.Person == person && h.Covers(d) && !seat.names(s.People[person].Handle, h.Role, d) {
			return "the agreement by which it joined does not name them"
		}
		if h.Person == person && h.Covers(d) && h.Waits && s.formsAgain() {
			return s.Name + " is forming again: they take the seat once everybody who was newly named has consented to its charter (F1)"
		}
		if h.Person == person && h.Covers(d) && h.Waits {
			return "they were named to it while " + s.Name + " was forming again, and did not consent to its charter (F1)"
		}
		if h.Person == person && h.From > d {
			return "their time as " + string(h.Role) + " begins on " + h.From.Words()
		}
		if h.Person == person && h.Until != 0 && h.Until < d {
			return "their time as " + string(h.Role) + " ended on " + h.Until.Words()
		}
	}
	return "they neither hold that seat nor deputise for it"
}

// span checks a span that a command gives; no From means today.
func (t *asking) span(rule string, s Span) (Span, *Refusal) {
	s.From = cmp.Or(s.From, t.day)
	if s.Until != 0 && s.Until < s.From {
		return s, invalid(rule, "The last day, %s, is before the first, %s.", s.Until.Words(), s.From.Words()).at("until")
	}
	return s, nil
}
