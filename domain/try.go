package domain

import "time"

// Trying: what a command would record, before it is sent. A page that asks "is
// this right?" shows it.

// A Trial is what a request would do.
type Trial struct {
	Events []Event    // as they would be recorded, with what is due before and after
	Answer Answer     // as whoever sends it would be told
	Ends   []WouldEnd // what would hold no more
	Left   []LeftOpen // what somebody would leave open
	Basis  Basis      // on which it was decided
	Before *View      // as things stand
	After  *View      // as they would
	On     Day        // day from which all of it would hold; what would end holds no more on it
}

// WouldEnd is something that holds as things stand and would not hold any more.
type WouldEnd struct {
	Ref  string // such as D1, P4 or seat/U10001
	Text string
}

// A CoverageChange is what stands behind the group for a matter, and what would.
type CoverageChange struct {
	Matter        string // "": for at least one matter
	Before, After Coverage
}

// Try is what the request would do at the given moment, or why it is refused. It is
// decided as the ledger decides it; nothing is recorded and the state stays as it is.
func (s *View) Try(r *Request, now time.Time) (Trial, *Refusal) { return s.try(r, now, false) }

// TryUnsigned is Try for a request that is signed only afterwards: a signature that
// the charter demands is not asked for yet (rule F6).
func (s *View) TryUnsigned(r *Request, now time.Time) (Trial, *Refusal) { return s.try(r, now, true) }

func (s *View) try(r *Request, now time.Time, unsigned bool) (Trial, *Refusal) {
	if len(r.Places) > 0 {
		s = s.Across(r.Places)
	}
	turn := newTurn(s, r, now)
	turn.unsigned = unsigned
	d := turn.decide(r)
	if d.Refusal != nil {
		return Trial{}, d.Refusal
	}
	after, on, left := s.copied(), DayOf(now), []LeftOpen(nil)
	for i := range d.Events {
		after.Apply(&d.Events[i])
		on = max(on, d.Events[i].Effective)
	}
	for i := range d.Events {
		left = append(left, after.leftBy(d.Events[i].Data)...)
	}
	return Trial{
		Events: d.Events, Answer: d.Answer, Ends: s.ends(after.State.Copy(), on+1), Left: left, Basis: Basis{s.Next, turn.day}, Before: s, After: after, On: on + 1,
	}, nil
}

// Back says how what would be recorded could be taken back; "": it can't be undone, as
// when something is agreed by it.
func (t *Trial) Back(kind CommandKind) string {
	for i := range t.Events {
		if _, agreed := t.Events[i].Data.(*AgreementReached); agreed {
			return ""
		}
	}
	return kind.Back
}

// Coverage is what stands behind the group before and after, on the day On, where it is
// not the same: for at least one matter first, then by the charter's list of matters.
func (t *Trial) Coverage() []CoverageChange {
	var all []CoverageChange
	if t.Before.Next == 0 {
		return nil
	}
	before, after := t.Before.Remembering(), t.After.Remembering()
	for _, matter := range append([]string{""}, after.CharterOn(t.On).Charter.Matters...) {
		c := CoverageChange{matter, before.CoverageOn(matter, t.On), after.CoverageOn(matter, t.On)}
		if c.Before.counts() != c.After.counts() {
			all = append(all, c)
		}
	}
	return all
}

// counts are the coverage's figures.
func (c *Coverage) counts() [5]int {
	return [5]int{c.Practices, c.OfPractices, c.Patients, c.OfPatients, c.NotCounted}
}

// Lost are the powers under which somebody could commit before, and nobody could after,
// for want of coverage (rule M4).
func (t *Trial) Lost() []PowerLost { return t.Before.powersLost(t.After, "", t.On) }

// holding is what holds on that day and a command can end, in a fixed order.
func (s *State) holding(d Day) []WouldEnd {
	var all []WouldEnd
	add := func(ref, text string) { all = append(all, WouldEnd{ref, text}) }
	for _, n := range SortedNumbers(s.Delegations) {
		if state, _ := s.DelegationOn(s.Delegations[n], d); state != Ended && state != Expired {
			add(n, n+" holds.")
		}
	}
	for _, n := range SortedNumbers(s.Appointments) {
		if a := s.Appointments[n]; s.namesOn(a, d) {
			add(n, s.office(a.Person)+" speaks for "+s.ShortName+" at "+s.forumName(a.Forum)+".")
		}
	}
	for _, m := range s.Mandates {
		if s.holdsOn(m, d) {
			add(m.Number, s.name(m.Organisation)+" has given a mandate.")
		}
	}
	for _, n := range s.open {
		add(n, n+", "+s.Proposals[n].Title()+", is open.")
		for _, o := range s.openObjections(s.Proposals[n]) {
			add(o.Number, s.name(o.Seat)+" objects to "+n+".")
		}
		for _, pos := range s.Proposals[n].current() {
			if pos.Stand == Consent {
				add(n, s.name(pos.Seat)+" has consented to "+n+".")
			} else {
				add(n, s.name(pos.Seat)+" stands aside from "+n+".")
			}
		}
	}
	for _, id := range s.EntitledOn(d) {
		add("seat/"+id, s.name(id)+" has a seat.")
		for _, h := range s.TenuresOn(s.Seats[id], d) {
			add("seat/"+id, s.office(h.Person)+" is "+string(h.Role)+" for "+s.name(id)+".")
		}
	}
	for _, o := range s.DutiesOn(d) {
		add("duty/"+string(o.Duty), s.office(o.Person)+" is "+o.Duty.Words()+".")
	}
	for _, id := range s.ExecutiveOn(d) {
		add("executive", s.office(id)+" is of the executive.")
	}
	return append(all, s.speaking(d)...)
}

// speaking is who speaks for which organisation on that day.
func (s *register) speaking(d Day) []WouldEnd {
	var all []WouldEnd
	for _, code := range SortedNumbers(s.Organisations) {
		if o := s.Organisations[code]; len(o.Spokespeople) > 0 && o.OpenOn(d) {
			for _, id := range s.SpokespeopleOn(code, d) {
				all = append(all, WouldEnd{"organisation/" + code, s.office(id) + " speaks for " + o.Name + "."})
			}
		}
	}
	return all
}
