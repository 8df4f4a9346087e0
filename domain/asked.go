package domain

import (
	"bytes"
	"slices"
)

// Who has to answer a version (rules C5, C6, F10, F11): the register settles no
// dispute, so a seat that ended or fell vacant after a version was put is asked for a
// full window more. What counts is when the ledger came to know of it, which no date
// in the register can put back.

// A SeatMark is the day on which a seat ended, or fell vacant, as the ledger knew it on
// that day, and where in the ledger that was.
type SeatMark struct {
	On    Day
	Index uint64 // of the next event then
}

// seatSeen is what the ledger saw of a seat from day to day.
type seatSeen struct {
	noted   Day  // up to which it was looked at; 0: not yet
	there   bool // its organisation is
	held    bool
	ended   []SeatMark
	emptied []SeatMark
}

// changesSeats says whether the event may end a seat or make it vacant, or needs to
// know which did before it.
func changesSeats(p Payload) bool {
	switch p := p.(type) {
	case *GroupEstablished:
		return p.Again
	case *OrganisationRegistered, *OrganisationChanged, *OrganisationClosed, *OrganisationReopened, *OrganisationSplit,
		*MembershipStarted, *MembershipEnded, *MembershipCorrected, *AgreementSetAside,
		*SeatOpened, *SeatHeld, *SeatLeft, *OfficeLeft, *ProposalPut, *GroupFormingAgain:
		return true
	default:
		return false
	}
}

// noteSeats notes which seats ended or fell vacant, day by day up to d, as the ledger
// knows it now.
func (s *roster) noteSeats(d Day) {
	for id, seat := range s.Seats {
		seen := seat.seen
		if seen.noted == 0 {
			first := min(seat.From, d)
			seen.noted, seen.there, seen.held = first, s.isThere(seat, first), !s.VacantOn(seat, first)
		}
		for x := seen.noted; x <= d; x++ {
			there, held := s.isThere(seat, x), !s.VacantOn(seat, x)
			if seen.there && !there {
				seen.ended = with(seen.ended, SeatMark{x, s.Next})
			}
			if seen.held && !held {
				seen.emptied = with(seen.emptied, SeatMark{x, s.Next})
			}
			seen.noted, seen.there, seen.held = x, there, held
		}
		edit(s.Seats, id).seen = seen
	}
}

// A SeatAsked is a seat that has to answer a version.
type SeatAsked struct {
	Seat  string
	Ended Day // on which it had ended before the version was put, less than a full window before; 0: it was in force
}

// askedAt are the seats that have to answer a version which is put on that day, and how
// many of them are held.
func (s *consensus) askedAt(d Day, window int) (asked []SeatAsked, held int) {
	for id, seat := range s.Seats {
		ended := seat.seen.ended
		switch {
		case s.entitled(seat, d):
			asked = append(asked, SeatAsked{Seat: id})
			if !s.VacantOn(seat, d) {
				held++
			}
		case s.opened(seat, d) && len(ended) > 0 && d < ended[len(ended)-1].On.Add(max(window, 1)):
			asked = append(asked, SeatAsked{id, ended[len(ended)-1].On})
		}
	}
	slices.SortFunc(asked, func(a, b SeatAsked) int { return bytes.Compare([]byte(a.Seat), []byte(b.Seat)) })
	return asked, held
}

// AskedOn are the seats that have to answer the newest version on that day, by code:
// those in force, and those that were when it was put, or joined later, and ended less
// than a full window before, once for each version (rules C6, F11).
func (s *consensus) AskedOn(p *Proposal, d Day) []string {
	ids := s.EntitledOn(d)
	for id, seat := range s.Seats {
		if slices.Contains(ids, id) || !s.opened(seat, d) {
			continue
		}
		if ended := s.endedSince(seat, p, d); ended != 0 && d < ended.Add(p.fullWindow()) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// endedSince is the day on which a seat that is not in force on the day d first ended,
// for the newest version; 0 if it was never asked.
func (s *roster) endedSince(seat *Seat, p *Proposal, d Day) Day {
	v := p.Version()
	asked := slices.IndexFunc(v.Asked, func(a SeatAsked) bool { return a.Seat == seat.ID })
	switch {
	case asked >= 0 && v.Asked[asked].Ended != 0:
		return v.Asked[asked].Ended
	case asked < 0 && seat.Index < v.PutIndex:
		return 0
	}
	for _, m := range seat.seen.ended {
		if m.Index > v.PutIndex && m.Index >= seat.Index {
			return m.On
		}
	}
	if !seat.seen.there {
		return 0
	}
	return firstDay(seat.seen.noted, d, func(x Day) bool { return !s.isThere(seat, x) })
}

// isVacant says whether the seat is asked for no longer, since nobody can act for it: it
// was vacant when the newest version was put, or a full window has run since it fell
// vacant (rule C5).
func (s *register) isVacant(p *Proposal, seat *Seat, d Day) bool {
	if !s.VacantOn(seat, d) {
		return false
	}
	emptied := seat.seen.emptied
	since := Day(0)
	switch {
	case seat.seen.held && seat.seen.noted != 0 && d > seat.seen.noted:
		since = firstDay(seat.seen.noted, d, func(x Day) bool { return s.VacantOn(seat, x) })
	case len(emptied) > 0 && emptied[len(emptied)-1].Index > p.Version().PutIndex:
		since = emptied[len(emptied)-1].On
	}
	return d >= since.Add(p.fullWindow())
}

// firstDay is the first day after the one and up to the other on which something is so; the last if on none.
func firstDay(after, last Day, so func(Day) bool) Day {
	for x := after + 1; x < last; x++ {
		if so(x) {
			return x
		}
	}
	return last
}

// LetGoBy are the seats whose people can let an objection of that seat go: its own, and
// the one that it went on as, where the seat's own people recorded or confirmed that
// (rule F11).
func (s *circle) LetGoBy(code string, d Day) []string {
	seats := []string{code}
	for {
		period := s.endedBefore(code, d)
		if period == nil || !period.confirmed {
			return seats
		}
		code = period.Into[0].Organisation
		for i := len(period.Into) - 1; i >= 0; i-- { // of those that a split left, the first with a seat
			if seat := s.Seats[period.Into[i].Organisation]; seat != nil && s.entitled(seat, d) {
				code = seat.ID
			}
		}
		if slices.Contains(seats, code) {
			return seats
		}
		seats = append(seats, code)
	}
}

// answersStill says whether the person acts for a seat that ended and still has a say on
// an open proposal: it is asked, or its objection is open (rule F11).
func (s *consensus) answersStill(person string, d Day) bool {
	for _, number := range s.open {
		p := s.Proposals[number]
		seats := s.AskedOn(p, d)
		for _, o := range s.openObjections(p) {
			seats = append(seats, o.Seat)
		}
		if slices.ContainsFunc(seats, func(id string) bool { return s.RoleOn(s.Seats[id], person, d) != "" }) {
			return true
		}
	}
	return false
}

// mustSitOn is mustSit for a seat that has a say on the proposal, which may have ended
// (rule F11).
func (w *who) mustSitOn(proposal, rule, code string) (Permission, *Refusal) {
	p := w.s.Proposals[proposal]
	if p == nil || p.Stage != Open {
		return w.mustSit(rule, code)
	}
	ended := slices.DeleteFunc(w.s.AskedOn(p, w.day), func(id string) bool {
		return w.s.entitled(w.s.Seats[id], w.day) || w.s.RoleOn(w.s.Seats[id], w.person.ID, w.day) == ""
	})
	if code == "" && len(ended) == 1 && len(w.s.SeatsOf(w.person.ID, w.day)) == 0 {
		code = ended[0]
	}
	if slices.Contains(ended, code) {
		return *w.sits(code), nil
	}
	return w.mustSit(rule, code)
}

// quorumOn is how many explicit consents the newest version needs on that day: what the
// charter says, and never more than there are seats (rule C5).
func (s *consensus) quorumOn(p *Proposal, d Day) int {
	return max(1, min(s.CharterOn(d).Charter.Quorum, len(s.AskedOn(p, d))))
}

// PeopleOn is from how many different people the explicit consents to the newest version
// have to come: what the charter says, and never more than seats were held when it was
// put (rule F10).
func (s *ground) PeopleOn(p *Proposal, d Day) int {
	return max(1, min(s.CharterOn(d).Charter.people(), p.Version().Held))
}

// differentPeople counts the people, by id, as different people: those who ever had one
// passkey in common count as one (rule F10).
func (s *register) differentPeople(ids []string) int {
	groups := [][]string{}
	for _, id := range ids {
		one := []string{id}
		groups = slices.DeleteFunc(groups, func(group []string) bool {
			same := slices.ContainsFunc(group, func(other string) bool { return s.samePerson(id, other) })
			if same {
				one = append(one, group...)
			}
			return same
		})
		groups = append(groups, one)
	}
	return len(groups)
}

func (s *register) samePerson(a, b string) bool {
	return a == b || slices.ContainsFunc(s.People[a].keys, func(k []byte) bool {
		return slices.ContainsFunc(s.People[b].keys, func(other []byte) bool { return bytes.Equal(k, other) })
	})
}

// consenting is who gave what counts as the seat's word: who confirmed it, where it was heard.
func (p *Position) consenting() string {
	if p.ConfirmedBy != "" {
		return p.ConfirmedBy
	}
	return p.Person
}

// named says whether the person counts among the quorum's people for the seat: not if
// they hold it only by a record that others than its organisation had take effect (rules
// O3, F10).
func (s *waiting) named(seat *Seat, person string) bool {
	return slices.ContainsFunc(seat.Holders, func(h SeatTenure) bool { return h.Person == person && !s.namedByOthers(h.Tenure) })
}
