package domain

import "slices"

// The wider group's side of joining (rule G1): a seat that another group was asked to
// take is in force from the day on which its own agreement says so, to the day on which
// it leaves, and is held by whom that agreement names.

// SeatJoined: the group whose seat it is has agreed to join, and said who speaks for it.
type SeatJoined struct {
	Seat     string    `json:"seat"`
	Ref      string    `json:"ref" doc:"the agreement, in the ledger of the group whose seat it is"`
	At       uint64    `json:"at" doc:"index of that agreement there"`
	Speakers []Speaker `json:"speakers"`
}

func (e *SeatJoined) Subject() string { return "seat/" + e.Seat }
func (e *SeatJoined) apply(s *State, ev *Event) {
	seat := edit(s.Seats, e.Seat)
	seat.Joinings = slices.Clone(seat.Joinings)
	if last := seat.lastJoining(); last != nil && last.Until == 0 {
		last.Until = ev.Effective.Add(-1)
	}
	seat.Joinings = append(seat.Joinings, SeatJoining{Span: Span{From: ev.Effective}, Ref: e.Ref, At: e.At, Speakers: e.Speakers, Index: ev.Index})
}

// SeatJoiningEnded: the group whose seat it is has left.
type SeatJoiningEnded struct {
	Seat  string `json:"seat"`
	Until Day    `json:"until" doc:"last day"`
}

func (e *SeatJoiningEnded) Subject() string { return "seat/" + e.Seat }
func (e *SeatJoiningEnded) apply(s *State, ev *Event) {
	seat := edit(s.Seats, e.Seat)
	seat.Joinings = slices.Clone(seat.Joinings)
	if last := seat.lastJoining(); last != nil {
		last.Until, last.Ended = e.Until, ev.Index
	}
}

// A SeatJoining is the time for which the group whose seat it is has joined.
type SeatJoining struct {
	Span
	Ref      string // its agreement, in its own ledger
	At       uint64 // index of that agreement there
	Speakers []Speaker
	Index    uint64
	Ended    uint64 // index of the event that ended it; 0: none, or it was replaced
}

func (s *Seat) lastJoining() *SeatJoining {
	if len(s.Joinings) == 0 {
		return nil
	}
	return &s.Joinings[len(s.Joinings)-1]
}

// joiningOn is the joining in force on that day; nil if there is none.
func (s *Seat) joiningOn(d Day) *SeatJoining {
	for i := len(s.Joinings) - 1; i >= 0; i-- {
		if s.Joinings[i].Covers(d) {
			return &s.Joinings[i]
		}
	}
	return nil
}

// JoiningOn is the joining of another group's seat that is in force on that day (rule
// G1); nil if there is none.
func (s *Seat) JoiningOn(d Day) *SeatJoining { return s.joiningOn(d) }

// byItself says whether the seat is in force on that day without a joining: it is not
// another group's, or an old ledger gave it to one without asking.
func (s *Seat) byItself(d Day) bool {
	return !s.Asked && (len(s.Joinings) == 0 || d < s.Joinings[0].From)
}

// joinedOn says whether the seat is in force on that day as far as joining goes.
func (s *Seat) joinedOn(d Day) bool { return s.byItself(d) || s.joiningOn(d) != nil }

// leftBy says whether the group whose seat it is had left by that day: it has to be
// asked anew.
func (s *Seat) leftBy(d Day) bool {
	last := s.lastJoining()
	return last != nil && last.Ended > s.Index && last.Until < d
}

// since is the day since which the seat is in force: since it was opened or, of another
// group, since that joined.
func (s *Seat) since() Day {
	from := s.From
	for i := range s.Joinings {
		if i == 0 || s.Joinings[i-1].Until.Add(1) != s.Joinings[i].From {
			from = s.Joinings[i].From
		}
	}
	return max(from, s.From)
}

// names says whether the person with the handle may act for the seat in that role on
// that day: of another group, its own agreement names them.
func (s *Seat) names(handle string, role SeatRole, d Day) bool {
	if s.byItself(d) {
		return true
	}
	j := s.joiningOn(d)
	return j != nil && slices.ContainsFunc(j.Speakers, func(sp Speaker) bool { return sp.Handle == handle && sp.Role == role })
}

// sits says whether the tenure is somebody's on that day, and theirs to have.
func (s *register) sits(seat *Seat, h *SeatTenure, d Day) bool {
	return !h.Waits && s.holds(h.Tenure, d) && seat.names(s.People[h.Person].Handle, h.Role, d)
}

// UnansweredOn are the seats of groups that were asked to join and have not answered by that
// day, by code.
func (s *consensus) UnansweredOn(d Day) []string {
	var ids []string
	for id, seat := range s.Seats {
		if seat.Asked && seat.From <= d && !seat.joinedOn(d) && !seat.leftBy(d) && s.AgreementHolds(seat.Source, d) && s.Organisations[id].OpenOn(d) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// seatsGroups says whether other groups ever had a seat here, or were asked to take one.
func (s *roster) seatsGroups() bool {
	for id := range s.Seats {
		if s.Organisations[id].Kind == OtherGroup {
			return true
		}
	}
	return false
}

// seatBefore is the seat of another group that the person was named to and that has not
// joined on that day; "" for none.
func (s *roster) seatBefore(person string, d Day) string {
	var ids []string
	for id, seat := range s.Seats {
		if !seat.joinedOn(d) && slices.ContainsFunc(seat.Holders, func(h SeatTenure) bool { return h.Person == person && s.holds(h.Tenure, d) }) {
			ids = append(ids, id)
		}
	}
	if ids == nil {
		return ""
	}
	return slices.Min(ids)
}

// mayBeSpokenFor says whether the person can speak for the organisation on that day as
// far as joining goes: for another group whom its agreement names.
func (s *table) mayBeSpokenFor(o *Organisation, p *Person, d Day) bool {
	seat := s.Seats[o.Code]
	return o.Kind != OtherGroup || p != nil && seat != nil && (seat.names(p.Handle, Holder, d) || seat.names(p.Handle, Deputy, d))
}
