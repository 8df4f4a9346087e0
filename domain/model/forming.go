package model

import (
	"slices"

	"goldenthread/domain"
)

// Forming, and forming again (F1): a group none of whose seats has a holder in date
// answers with a view only, until those who were newly named have taken their seats.

// A term is somebody's time on a seat.
type term struct {
	domain.SeatHeld
	waits bool // named while the group forms again, and has not taken the seat
}

// terms are the times of the seat's holders and deputies.
func (m model) terms(seat string) []term {
	var terms []term
	forming := false
	for _, e := range m.events {
		switch x := e.Data.(type) {
		case *domain.SeatHeld:
			if x.Seat == seat {
				terms = append(terms, term{*x, forming && x.Role == domain.Holder})
			}
		case *domain.SeatLeft:
			for i := range terms {
				if t := &terms[i]; x.Seat == seat && t.Person == x.Person && t.Role == x.Role && covers(t.Span, x.Until) {
					t.Until = x.Until
				}
			}
		case *domain.GroupFormingAgain:
			forming = true
			terms = allAnew(terms, e.Effective)
		case *domain.GroupEstablished:
			if forming {
				terms = taken(terms, x.Consents, e.Effective)
			}
			forming = false
		default:
		}
	}
	return terms
}

// allAnew has no holder hold on from that day: their time from then on waits.
func allAnew(terms []term, since day) []term {
	var all []term
	for _, t := range terms {
		switch {
		case t.Role != domain.Holder || t.Until != 0 && t.Until < since:
			all = append(all, t)
		case t.From >= since:
			t.waits = true
			all = append(all, t)
		default:
			later := t
			later.From, later.waits, t.Until = since, true, since-1
			all = append(all, t, later)
		}
	}
	return all
}

// taken has those who consented hold their seats from that day. Whoever is to begin
// later begins then.
func taken(terms []term, consents []domain.CharterConsent, on day) []term {
	for i := range terms {
		t := &terms[i]
		consented := slices.ContainsFunc(consents, func(c domain.CharterConsent) bool { return c.Seat == t.Seat && c.Person == t.Person })
		if t.waits && (t.From > on || consented && covers(t.Span, on)) {
			t.From, t.waits = max(t.From, on), false
		}
	}
	return terms
}

// sits says whether the person holds the seat by that on the day, or deputises (F5).
func (m model) sits(t term, d day) bool {
	return !t.waits && covers(t.Span, d) && (m.leftOffice(t.Person) == 0 || d <= m.leftOffice(t.Person))
}

// held says whether somebody holds the seat on the day or deputises (F5).
func (m model) held(seat string, d day) bool {
	return slices.ContainsFunc(m.terms(seat), func(t term) bool { return m.sits(t, d) })
}

// established says whether the group was, and is not forming again.
func (m model) established(d day) bool {
	was, since := false, day(0)
	for _, e := range m.events {
		switch e.Data.(type) {
		case *domain.GroupEstablished:
			if e.Effective <= d {
				was = true
			}
			since = e.Effective
		case *domain.GroupFormingAgain:
			if e.Effective <= d {
				was = false
			}
		default:
		}
	}
	if !was || m.wrong == nobodyNeedsToSit {
		return was
	}
	// A day that the ledger has not come to is judged by who is to sit until then.
	for _, x := range m.seatsEnd(max(since, m.settledUpTo()), d) {
		if !m.anyHolder(x) {
			return false
		}
	}
	return true
}

func (m model) anyHolder(d day) bool {
	for seat := range m.seatsOn(d) {
		if slices.ContainsFunc(m.terms(seat), func(t term) bool { return t.Role == domain.Holder && m.sits(t, d) }) {
			return true
		}
	}
	return false
}

// seatsEnd are the first of the days, and those up to the last on which a holder's time
// or a seat may be over.
func (m model) seatsEnd(from, last day) []day {
	var days []day
	add := func(d day) {
		if d >= from && d <= last && !slices.Contains(days, d) {
			days = append(days, d)
		}
	}
	add(from)
	for _, e := range m.events {
		switch x := e.Data.(type) {
		case *domain.SeatHeld:
			add(x.Until + 1)
		case *domain.SeatLeft:
			add(x.Until + 1)
		case *domain.OfficeLeft:
			add(x.Until + 1)
		case *domain.OrganisationClosed:
			add(x.Last + 1)
		case *domain.MembershipEnded:
			add(x.Until + 1)
		case *domain.MembershipCorrected:
			add(x.Until + 1)
		case *domain.AgreementSetAside:
			add(e.Effective)
		default:
		}
	}
	return days
}
