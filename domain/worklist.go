package domain

import (
	"cmp"
	"slices"
	"strings"
)

// The work list (rules D3, M5, D6, R1, R5, R7, A2, P1, T1, T2, X1, X2): what is due,
// overdue or paused on a day. Expiry and reminders are questions asked with a day, never events.

// A Due thing is on the work list.
type Due struct {
	What    string  `json:"what" doc:"reference, such as D1 or locality-board/2026-03-09"`
	Kind    DueKind `json:"kind" doc:"review, end, report, tell, ratify, call-in, confirm, position, mandate, approach, priorities, action, departure, communicate, question, interest, record, charter, joining, seat, vacant or left"`
	On      Day     `json:"on" doc:"day on which it is due"`
	Left    int     `json:"daysLeft" doc:"negative: overdue by so many days"`
	Overdue bool    `json:"overdue"`
	Paused  bool    `json:"paused,omitempty"`
	Text    string  `json:"text"`
}

// DueKind is what is to be done about a due thing.
type DueKind string

const (
	DueReview      DueKind = "review"      // of a power or an appointment
	DueEnd         DueKind = "end"         // of the same
	DueReport      DueKind = "report"      // of a meeting
	DueTell        DueKind = "tell"        // a body of a decision
	DueRatify      DueKind = "ratify"      // or disavow, before it lapses
	DueCallIn      DueKind = "call-in"     // to be settled
	DueConfirm     DueKind = "confirm"     // by those who acted, or by the representative
	DuePosition    DueKind = "position"    // of seats on a proposal
	DueMandate     DueKind = "mandate"     // its end or review
	DueApproach    DueKind = "approach"    // to be passed on, disposed of or answered
	DuePriorities  DueKind = "priorities"  // answers of practices
	DueAction      DueKind = "action"      // to be done
	DueDeparture   DueKind = "departure"   // to be talked through
	DueCommunicate DueKind = "communicate" // an agreement, to the practices
	DueQuestion    DueKind = "question"    // of a practice, to be answered
	DueInterest    DueKind = "interest"    // to be declared anew
	DueRecord      DueKind = "record"      // that waits, to be confirmed or refused
	DueCharter     DueKind = "charter"     // to be changed: its quorum can't be had
	DueJoining     DueKind = "joining"     // a wider group that asked to be answered
	DueLetter      DueKind = "letter"      // whose answer is to be recorded
	DueSeat        DueKind = "seat"        // to be held by somebody from then on
	DueVacant      DueKind = "vacant"      // a seat that nobody holds
	DueLeft        DueKind = "left"        // open by somebody who leaves their office
)

// reminders are how many days ahead reviews and ends are on the work list.
const reminders = 90

// WorkListOn is what is on the executive's work list on that day, soonest first.
func (s *beside) WorkListOn(d Day) []Due {
	return s.due(d, func(on Day, ahead int) bool { return d >= on.Add(-ahead) })
}

// DueOn is everything that has its day, as it stands on the given one, however
// far ahead: what a calendar shows.
func (s *beside) DueOn(d Day) []Due { return s.due(d, func(Day, int) bool { return true }) }

func (s *beside) due(d Day, wanted func(on Day, ahead int) bool) []Due {
	due := []Due{}
	add := func(what string, kind DueKind, on Day, ahead int, text string) {
		if on != 0 && wanted(on, ahead) {
			due = append(due, Due{What: what, Kind: kind, On: on, Left: int(on - d), Overdue: d > on, Text: text})
		}
	}
	s.powersDue(d, add)
	for _, m := range s.Mandates {
		if s.holdsOn(m, d) {
			on, say := s.mandateDue(m)
			add(m.Number, DueMandate, on, reminders, say)
		}
	}
	for _, m := range s.Meetings {
		if m.Cancelled == 0 && (m.Reported == 0 || d < m.Reported) {
			if d >= m.On {
				add(meetingKey(m.Forum, m.On), DueReport, s.ReportBy(m), reminders, "The meeting of "+s.forumName(m.Forum)+" on "+m.On.Words()+" is to be reported by "+s.ReportBy(m).Words()+".")
			}
		}
	}
	s.waitingDue(d, add)
	s.approachesDue(d, add)
	s.prioritiesDue(d, add)
	s.actionsDue(d, add)
	s.departuresDue(d, add)
	s.threadDue(d, add)
	s.lettersDue(add)
	s.interestsDue(d, add)
	for _, k := range s.Pending() {
		add(k.Number, DueRecord, k.Window, reminders, k.Number+" waits for "+List(s.WaitsFor(k))+": "+s.RecordWords(k.Number)+".")
	}
	if say := s.quorumUnmet(d); say != "" {
		add("charter", DueCharter, s.quorumUnmetSince(d), 0, FirstUpper(s.ShortName)+" is incomplete. "+say)
	}
	s.joiningsDue(d, add)
	s.seatsDue(d, add)
	s.vacantDue(d, add)
	s.leftDue(d, add)
	for _, n := range s.open {
		p := s.Proposals[n]
		add(n, DuePosition, p.Closes, reminders, n+", "+p.Title()+", waits for "+List(s.WaitingFor(p, d))+".")
	}
	for i := range due {
		due[i].Paused = due[i].Kind == DueReview && len(s.missedReview(due[i].What, due[i].On, d)) > 0
	}
	slices.SortFunc(due, func(a, b Due) int {
		return cmp.Or(cmp.Compare(a.On, b.On), strings.Compare(a.What, b.What), cmp.Compare(a.Kind, b.Kind))
	})
	return due
}

// mandateDue is the day on which the grant ends or is reviewed, and what is said of
// it: where all of it is withdrawn before, the last day on which it holds.
func (s *backing) mandateDue(g *MandateEntry) (Day, string) {
	on := earlier(g.Review, g.Until)
	for _, w := range s.WithdrawnFrom(g) {
		if last := w.From - 1; w.TakesAll(g) && (on == 0 || last < on) {
			return last, "The mandate of " + s.name(g.Organisation) + " ends on " + last.Words() + ": it withdrew."
		}
	}
	return on, "The mandate of " + s.name(g.Organisation) + " ends or is reviewed on " + on.Words() + "."
}

type addDue func(what string, kind DueKind, on Day, ahead int, text string)

// powersDue adds reviews and ends of delegations and appointments.
func (s *State) powersDue(d Day, add addDue) {
	for n, dl := range s.Delegations {
		if state, _ := s.DelegationOn(dl, d); state == Ended || state == Expired || state == NotYet {
			continue
		}
		v := dl.VersionOn(d)
		add(n, DueReview, v.Review, reminders, n+" is due for review on "+v.Review.Words()+".")
		add(n, DueEnd, v.Until, reminders, n+" ends on "+v.Until.Words()+".")
	}
	for n, a := range s.Appointments {
		if state, _ := s.AppointmentOn(a, d); state == Ended || state == Expired || state == NotYet {
			continue
		}
		v := a.VersionOn(d)
		add(n, DueReview, v.Review, reminders, n+" is due for review on "+v.Review.Words()+".")
		add(n, DueEnd, v.Until, reminders, n+" ends on "+v.Until.Words()+".")
	}
}

// waitingDue adds what waits for the group's word or for somebody to be told.
func (s *authority) waitingDue(d Day, add addDue) {
	for n, x := range s.Exercises {
		switch s.ExerciseOn(x, d) {
		case XBeyond:
			on := s.RatifyBy(x)
			add(n, DueRatify, on, reminders, n+" is beyond and lapses after "+on.Words()+" unless ratified.")
		case XCalledIn:
			on := x.CalledIn.Add(s.CharterOn(x.CalledIn).Charter.SettleWithin)
			add(n, DueCallIn, on, reminders, n+" is called in and falls after "+on.Words()+" unless settled.")
		case XUnconfirmed:
			on := s.ConfirmBy(x)
			add(n, DueConfirm, on, reminders, n+" lapses after "+on.Words()+" unless it is confirmed by "+s.offices(x.StillToConfirm(d))+".")
		case XWithin, XRatified, XDisavowed, XLapsed, XFallen, XRefused:
		}
		if by, body, told := s.TellBy(x, d); by != 0 && told == 0 && x.On <= d {
			if o := s.Organisations[body]; o != nil {
				body = o.Name
			} else if body == ToGroup {
				body = FirstUpper(s.ShortName)
			}
			add(n, DueTell, by, reminders, body+" is to be told of "+n+" by "+by.Words()+".")
		}
	}
	for n, k := range s.Commitments {
		if st := s.CommitmentOn(k, d); st == KAdReferendum || st == KBeyond {
			on := s.RatifyCommitmentBy(k)
			add(n, DueRatify, on, reminders, n+" is "+string(st)+" and lapses after "+on.Words()+" unless ratified.")
		} else if st == KReported {
			on := s.ConfirmCommitmentBy(k)
			add(n, DueConfirm, on, reminders, n+" is beyond after "+on.Words()+" unless "+s.office(k.Person)+" confirms it.")
		}
	}
}

// seatsDue adds the ends of holders' times, where nobody is named from the day after (rule F5).
func (s *circle) seatsDue(d Day, add addDue) {
	for _, code := range s.EntitledOn(d) {
		seat := s.Seats[code]
		for _, h := range seat.Holders {
			next := func(other SeatTenure) bool { return other.Role == Holder && other.From == h.Until+1 }
			if h.Role == Holder && h.Until != 0 && s.sits(seat, &h, d) && !slices.ContainsFunc(seat.Holders, next) {
				add("seat/"+code, DueSeat, h.Until, reminders, s.office(h.Person)+" holds the seat of "+s.name(code)+" until "+h.Until.Words()+". Say who holds it from then on.")
			}
		}
	}
}

// vacantDue adds the seats that nobody holds, since the day after the last holder's or deputy's
// last (rule F5).
func (s *State) vacantDue(d Day, add addDue) {
	if !s.EstablishedOn(d) {
		return
	}
	for _, code := range s.EntitledOn(d) {
		seat := s.Seats[code]
		if !s.VacantOn(seat, d) {
			continue
		}
		since := max(seat.From, s.Established)
		for _, h := range seat.Holders {
			if last := earlier(h.Until, s.People[h.Person].Left); last != 0 && last < d {
				since = max(since, last+1)
			}
		}
		add("seat/"+code, DueVacant, since, 0, "Nobody holds the seat of "+s.name(code)+" since "+since.Words()+". "+s.name(code)+" names who does.")
	}
}

// concernedBySeat are the ids of those who should know that nobody holds the seat: who speak
// for its organisation or, of a PCN, for its practices, the manager and whoever chairs. Those
// to whom somebody who left it leaves it open are told by that.
func (s *State) concernedBySeat(code string, d Day) []string {
	ids := s.SpokespeopleOn(code, d)
	for _, p := range s.appendPracticesOf(nil, code, d) {
		ids = append(ids, s.SpokespeopleOn(p.Code, d)...)
	}
	ids = slices.Concat(ids, s.withDuty(Manager, d), s.ChairsOn(d))
	for _, left := range s.leavers() {
		for _, l := range s.LeftOpenBy(left, d) {
			if l.Ref == "seat/"+code {
				ids = slices.DeleteFunc(ids, func(id string) bool { return slices.Contains(l.To, id) })
			}
		}
	}
	var once []string
	for _, id := range ids {
		once = appendNew(once, id)
	}
	return once
}

// DueFor are the ids of those who are to see to what is due (rule T4): whoever the power,
// the mandate or the action is with, the practices that were asked, the gatekeepers, the
// seats' holders, as far as they may give the command that does it. What only one person
// can do (take a position, report, tell) waits for them and is not among it. What is left
// is for the manager, or the chair where there is none.
func (s *State) DueFor(due *Due, d Day) []string {
	var first []string
	var by Command // that sees to it; nil: a proposal, in which the people concerned are asked for their word
	switch due.Kind {
	case DuePosition, DueReport, DueTell, DueRecord, DueConfirm:
		return nil
	case DueReview, DueEnd:
		if dl := s.Delegations[due.What]; dl != nil {
			first = s.delegates(dl, d)
		} else {
			first = []string{s.Appointments[due.What].Person}
		}
	case DueRatify, DueCallIn, DueCharter, DueJoining: // only a seat can propose it
		return s.tableOn(d)
	case DueMandate:
		first = s.grantedBy(due.What, d)
	case DuePriorities:
		first = s.notAnswered(due.What, d)
		for _, id := range s.withDuty(Manager, d) {
			first = appendNew(first, id)
		}
	case DueAction:
		first, by = []string{s.Actions[due.What].Owner}, &EndAction{Action: due.What}
	case DueInterest:
		first, by = []string{s.interest(due.What).Person}, &RenewInterest{Interest: due.What}
	case DueSeat:
		code := strings.TrimPrefix(due.What, "seat/")
		first = append(s.SpokespeopleOn(code, d), s.holderOn(s.Seats[code], d))
	case DueVacant:
		return s.concernedBySeat(strings.TrimPrefix(due.What, "seat/"), d)
	case DueLetter:
		return s.withDuty(Registrar, d)
	case DueLeft:
		return s.leftTo(due, d)
	case DueApproach:
		return s.whoMay(s.onDuties(d), &DisposeOfApproach{Approach: due.What}, d)
	case DueDeparture, DueCommunicate, DueQuestion:
	}
	for _, ids := range [][]string{first, s.withDuty(Manager, d), s.ChairsOn(d)} {
		if may := s.whoMay(ids, by, d); len(may) > 0 {
			return may
		}
	}
	return nil
}

// whoMay are those of the people who may give the command on that day; all, if none is named.
func (s *State) whoMay(ids []string, c Command, d Day) []string {
	var may []string
	for _, id := range ids {
		if c == nil || s.Allows(id, c, d) {
			may = appendNew(may, id)
		}
	}
	return may
}

// onDuties are the ids of those who have a duty on that day.
func (s *circle) onDuties(d Day) []string {
	var ids []string
	for _, o := range s.DutiesOn(d) {
		ids = appendNew(ids, o.Person)
	}
	return ids
}

// notAnswered are the ids of those who speak for practices that have not answered the round.
func (s *State) notAnswered(round string, d Day) []string {
	var ids []string
	took := s.TookPart(s.Rounds[round], d)
	for _, o := range s.PracticesOn(d) {
		if !slices.ContainsFunc(took, func(a PriorityAnswer) bool { return a.Practice == o.Code }) {
			for _, id := range s.SpokespeopleOn(o.Code, d) {
				ids = appendNew(ids, id)
			}
		}
	}
	return ids
}

func (s *backing) grantedBy(number string, d Day) []string {
	for _, m := range s.Mandates {
		if m.Number == number {
			return s.SpokespeopleOn(m.Organisation, d)
		}
	}
	return nil
}

// SpokespeopleOn are the ids of those who may speak for the organisation on
// that day (rule O3).
func (s *register) SpokespeopleOn(code string, d Day) []string {
	var ids []string
	o := s.Organisations[code]
	for _, t := range o.Spokespeople {
		if o.speaks(t, d) && s.holds(t, d) {
			ids = appendNew(ids, t.Person)
		}
	}
	return ids
}

// tableOn are the holders of the seats or, where there is none, their deputies.
func (s *circle) tableOn(d Day) []string {
	var ids []string
	for _, code := range s.EntitledOn(d) {
		seat := s.Seats[code]
		if holder := s.holderOn(seat, d); holder != "" {
			ids = appendNew(ids, holder)
			continue
		}
		for _, h := range s.TenuresOn(seat, d) {
			ids = appendNew(ids, h.Person)
		}
	}
	return ids
}

func (s *circle) withDuty(duty DutyName, d Day) []string {
	var ids []string
	for _, o := range s.DutiesOn(d) {
		if o.Duty == duty {
			ids = appendNew(ids, o.Person)
		}
	}
	return ids
}
