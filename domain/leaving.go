package domain

import (
	"cmp"
	"slices"
)

// What somebody leaves open who leaves their office (rule F5): it ends for them, and goes
// on for somebody else, whose work it then is.

// A LeftOpen is one thing that somebody leaves open.
type LeftOpen struct {
	Ref  string   // T3, E1, K2, P4, locality-board/2026-03-09, seat/U10001, organisation/A10001 or duty/chair
	Text string   // what is open, and how it goes on, in sentences
	To   []string // ids of those who can see to it on the day that was asked about
	Hand Command  // hands it over once it names the person; nil: it can't be handed over by a record
}

// LeftOpenBy is what the person leaves open, as it stands on that day, which is after
// their last one: nothing for somebody who does not leave before it.
func (s *State) LeftOpenBy(person string, d Day) []LeftOpen {
	p := s.Person(person)
	if p == nil || p.inOffice(d) {
		return nil
	}
	l := leaving{s: s, who: p, last: p.Left, day: d}
	l.seats()
	l.speaking()
	l.duties()
	l.actions()
	l.meetings()
	l.disputes()
	l.confirmations()
	slices.SortStableFunc(l.all, func(a, b LeftOpen) int { return cmp.Compare(a.Ref, b.Ref) })
	return l.all
}

// leftBy is what somebody leaves open by what was just recorded, on the day after their last.
func (s *State) leftBy(p Payload) []LeftOpen {
	if left, is := p.(*OfficeLeft); is {
		return s.LeftOpenBy(left.Person, left.Until+1)
	}
	return nil
}

// leaving collects what somebody leaves open.
type leaving struct {
	s    *State
	who  *Person
	last Day // in the office
	day  Day // that is asked about
	all  []LeftOpen
}

// add adds what is open. It is for those who are in the first of these lists of people, then
// the manager, the registrar and the chair, and may hand it over where that can be done.
func (l *leaving) add(ref, text string, hand Command, to ...[]string) {
	for _, ids := range append(to, l.s.withDuty(Manager, l.day), l.s.withDuty(Registrar, l.day), l.s.ChairsOn(l.day)) {
		ids = slices.DeleteFunc(l.s.inOffice(ids, l.day), func(id string) bool { return id == l.who.ID || id == "" })
		ids = l.s.whoMay(ids, hand, l.day)
		if len(ids) > 0 {
			l.all = append(l.all, LeftOpen{ref, text, ids, hand})
			return
		}
	}
	l.all = append(l.all, LeftOpen{Ref: ref, Text: text, Hand: hand})
}

// seats adds the seats that they held, or at which they alone deputised, until their last day.
func (l *leaving) seats() {
	for _, code := range l.s.EntitledOn(l.day) {
		seat := l.s.Seats[code]
		var deputies []string
		for _, h := range l.s.TenuresOn(seat, l.day) {
			if h.Role == Deputy {
				deputies = appendNew(deputies, h.Person)
			}
		}
		holder, speakers := l.s.holderOn(seat, l.day), l.s.SpokespeopleOn(code, l.day)
		for _, h := range seat.Holders {
			if h.Person != l.who.ID || !h.Covers(l.last) {
				continue
			}
			switch {
			case h.Role == Holder && holder == "":
				l.add("seat/"+code, "Nobody holds the seat of "+l.s.name(code)+". Its organisation names a holder.", &NameHolder{Seat: code, Role: Holder}, slices.Concat(deputies, speakers))
			case h.Role == Deputy && deputies == nil:
				l.add("seat/"+code, "Nobody deputises for "+l.s.name(code)+".", &NameHolder{Seat: code, Role: Deputy}, []string{holder}, speakers)
			}
		}
	}
}

// speaking adds the organisations for which nobody speaks any more.
func (l *leaving) speaking() {
	for _, code := range SortedNumbers(l.s.Organisations) {
		o := l.s.Organisations[code]
		if !o.OpenOn(l.day) || len(l.s.SpokespeopleOn(code, l.day)) > 0 || !slices.ContainsFunc(o.Spokespeople, func(t Tenure) bool {
			return t.Person == l.who.ID && t.Covers(l.last) && o.speaks(t, l.last)
		}) {
			continue
		}
		var sits []string
		if seat := l.s.Seats[code]; seat != nil {
			for _, h := range l.s.TenuresOn(seat, l.day) {
				sits = appendNew(sits, h.Person)
			}
		}
		l.add("organisation/"+code, "Nobody speaks for "+o.Name+": nobody can give or take back its mandate.", &RecordSpokesperson{Organisation: code}, sits)
	}
}

// duties adds what an agreement gave them and only another agreement gives to somebody else.
func (l *leaving) duties() {
	for _, o := range l.s.Duties {
		if o.Person == l.who.ID && o.Covers(l.last) && l.s.AgreementHolds(o.Source, l.day) && len(l.s.withDuty(o.Duty, l.day)) == 0 {
			l.add("duty/"+string(o.Duty), "Nobody is "+o.Duty.Words()+" any more. The group agrees on somebody else by a proposal.", nil)
		}
	}
	if left := l.s.ExecutiveOn(l.day); slices.Contains(l.s.ExecutiveOn(l.last), l.who.ID) && len(left) < 2 {
		l.add("executive", "The executive has "+Count(len(left), "member")+" left, and needs two or more. The group names others by a proposal.", nil, left)
	}
	for _, n := range SortedNumbers(l.s.Delegations) {
		dl := l.s.Delegations[n]
		if state, _ := l.s.DelegationOn(dl, l.last); dl.To == l.who.ID && state != Ended && state != Expired && state != NotYet {
			l.add(n, n+" was given to "+l.who.Office+", and ended with their last day. If the power is to go on, the group gives it to somebody else by a proposal.", nil, l.s.ExecutiveOn(l.day))
		}
	}
	for _, n := range SortedNumbers(l.s.Appointments) {
		a := l.s.Appointments[n]
		state, _ := l.s.AppointmentOn(a, l.last)
		if a.Person != l.who.ID || state == Ended || state == Expired || state == NotYet || l.represented(a.Forum) {
			continue
		}
		l.add(n, "Nobody speaks for "+l.s.ShortName+" at "+l.s.forumName(a.Forum)+": "+n+" ended with the last day of "+l.who.Office+". The group appoints somebody else by a proposal.", nil, l.s.withDuty(Lead, l.day))
	}
}

// represented says whether somebody is appointed to the forum on the day, for the group.
func (l *leaving) represented(forum string) bool {
	for _, a := range l.s.Appointments {
		if state, _ := l.s.AppointmentOn(a, l.day); a.Forum == forum && a.Capacity == CapacityGroup && state.current() {
			return true
		}
	}
	return false
}

// actions adds what they were to do or to support, and has not ended.
func (l *leaving) actions() {
	for _, n := range SortedNumbers(l.s.Actions) {
		a := l.s.Actions[n]
		if state := l.s.ActionOn(a, l.day); state != ActionOpen && state != ActionOverdue {
			continue
		}
		switch l.who.ID {
		case a.Owner:
			l.add(n, n+" was to be done by "+l.who.Office+" by "+a.Due.Words()+": "+Sentence(Clip(a.What))+" It can't be handed over: it is ended, and whoever does it now is agreed anew.", nil, []string{a.Supporter})
		case a.Supporter:
			l.add(n, n+" was supported by "+l.who.Office+": "+Sentence(Clip(a.What))+" "+l.s.office(a.Owner)+" does it without, or it is ended and agreed anew.", nil, []string{a.Owner})
		}
	}
}

// meetings adds those at which they spoke for the group, and which nobody reported.
func (l *leaving) meetings() {
	for _, m := range l.s.Meetings {
		if m.Cancelled != 0 || m.Reported != 0 || m.On > l.last || !l.s.SpeaksAt(l.who.ID, m.Forum, m.On) {
			continue
		}
		var others []string // who spoke there too
		for id := range l.s.People {
			if id != l.who.ID && l.s.SpeaksAt(id, m.Forum, m.On) {
				others = append(others, id)
			}
		}
		slices.Sort(others)
		l.add(meetingKey(m.Forum, m.On), "The meeting of "+l.s.forumName(m.Forum)+" on "+m.On.Words()+" was to be reported by "+l.who.Office+".", nil, others)
	}
}

// disputes adds open proposals in which they were the facilitator.
func (l *leaving) disputes() {
	for _, n := range l.s.open {
		p := l.s.Proposals[n]
		f := p.Facilitator()
		if parties := l.s.PartiesOn(p, l.day); f != nil && f.Person == l.who.ID && len(parties) > 0 {
			var sit []string
			for _, seat := range parties {
				sit = append(sit, l.s.holderOn(l.s.Seats[seat], l.day))
			}
			l.add(n, n+", "+p.Title()+", has no facilitator any more. The seats in the dispute name another.", &NameFacilitator{Proposal: n}, sit)
		}
	}
}

// confirmations adds what only they could confirm, and who can record it anew.
func (l *leaving) confirmations() {
	for _, n := range SortedNumbers(l.s.Exercises) {
		x := l.s.Exercises[n]
		if l.s.ExerciseOn(x, l.day) == XUnconfirmed && slices.Contains(x.StillToConfirm(l.day), l.who.ID) {
			l.add(n, n+" was still to be confirmed by "+l.who.Office+", and nobody can do it for them. If it was decided, others record it anew.", nil, l.s.delegates(l.s.Delegations[x.Delegation], l.day))
		}
	}
	for _, n := range SortedNumbers(l.s.Commitments) {
		k := l.s.Commitments[n]
		if k.Person == l.who.ID && l.s.CommitmentOn(k, l.day) == KReported {
			l.add(n, n+" was still to be confirmed by "+l.who.Office+", and nobody can do it for them. The group says by a proposal what becomes of it.", nil, l.s.withDuty(Lead, l.day))
		}
	}
}

// leftDue adds what was left open by those whose last day has come, or is near (rule F5).
func (s *State) leftDue(d Day, add addDue) {
	for _, id := range s.leavers() {
		last := s.People[id].Left
		for _, l := range s.LeftOpenBy(id, max(d, last+1)) {
			leaves := " leaves on "
			if last < d {
				leaves = " left on "
			}
			add(l.Ref, DueLeft, last, reminders, s.office(id)+leaves+last.Words()+". "+l.Text)
		}
	}
}

// leavers are the ids of those whose last day is known.
func (s *register) leavers() []string {
	var ids []string
	for id, p := range s.People {
		if p.Left != 0 {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// leftTo are the ids of those who see to what is due because somebody left it open.
func (s *State) leftTo(due *Due, d Day) []string {
	var ids []string
	for _, id := range s.leavers() {
		if s.People[id].Left != due.On {
			continue
		}
		for _, l := range s.LeftOpenBy(id, max(d, due.On+1)) {
			if l.Ref == due.What {
				for _, to := range l.To {
					ids = appendNew(ids, to)
				}
			}
		}
	}
	return ids
}
