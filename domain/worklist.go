package domain

import (
	"cmp"
	"slices"
	"strings"
)

// The work list (rules D3, M5, D6, R1, R5, A2, P1, T1, T2, X1, X2): what is due,
// overdue or asleep on a day. Expiry and reminders are questions asked with a day, never events.

// A Due thing is on the work list.
type Due struct {
	What    string `json:"what" doc:"reference, such as D1 or locality-board/2026-03-09"`
	Kind    string `json:"kind" doc:"review, end, report, tell, ratify, call-in, position, mandate, approach, priorities, action, departure, communicate or question"`
	On      Day    `json:"on" doc:"day on which it is due"`
	Left    int    `json:"daysLeft" doc:"negative: overdue by so many days"`
	Overdue bool   `json:"overdue"`
	Asleep  bool   `json:"asleep,omitempty"`
	Text    string `json:"text"`
}

// reminders are how many days ahead reviews and ends are on the work list.
const reminders = 90

// WorkListOn is what is on the executive's work list on that day, soonest first.
func (s *State) WorkListOn(d Day) []Due {
	due := []Due{}
	add := func(what, kind string, on Day, ahead int, text string) {
		if on != 0 && d >= on.Add(-ahead) {
			due = append(due, Due{What: what, Kind: kind, On: on, Left: int(on - d), Overdue: d > on, Text: text})
		}
	}
	s.powersDue(d, add)
	for _, m := range s.Mandates {
		if s.holdsOn(m, d) {
			on := earlier(m.Review, m.Until)
			add(m.Number, "mandate", on, reminders, "The mandate of "+s.name(m.Organisation)+" ends or is reviewed on "+on.Words()+".")
		}
	}
	for _, m := range s.Meetings {
		if m.Reported == 0 || d < m.Reported {
			if d >= m.On {
				add(meetingKey(m.Forum, m.On), "report", s.ReportBy(m), reminders, "The meeting of "+s.forumName(m.Forum)+" on "+m.On.Words()+" is to be reported by "+s.ReportBy(m).Words()+".")
			}
		}
	}
	s.waitingDue(d, add)
	s.approachesDue(d, add)
	s.prioritiesDue(d, add)
	s.actionsDue(d, add)
	s.departuresDue(d, add)
	s.threadDue(d, add)
	for _, n := range s.open {
		p := s.Proposals[n]
		add(n, "position", p.Closes, reminders, n+", "+p.Title()+", waits for "+list(s.WaitingFor(p, d))+".")
	}
	for i := range due {
		asleep, _ := s.asleep(due[i].What, due[i].On, d)
		due[i].Asleep = due[i].Kind == "review" && asleep
	}
	slices.SortFunc(due, func(a, b Due) int {
		return cmp.Or(cmp.Compare(a.On, b.On), strings.Compare(a.What, b.What), strings.Compare(a.Kind, b.Kind))
	})
	return due
}

type addDue func(what, kind string, on Day, ahead int, text string)

// powersDue adds reviews and ends of delegations and appointments.
func (s *State) powersDue(d Day, add addDue) {
	for n, dl := range s.Delegations {
		if state, _ := s.DelegationOn(dl, d); state == Ended || state == Expired || state == NotYet {
			continue
		}
		v := dl.VersionOn(d)
		add(n, "review", v.Review, reminders, n+" is due for review on "+v.Review.Words()+".")
		add(n, "end", v.Until, reminders, n+" ends on "+v.Until.Words()+".")
	}
	for n, a := range s.Appointments {
		if state, _ := s.AppointmentOn(a, d); state == Ended || state == Expired || state == NotYet {
			continue
		}
		v := a.VersionOn(d)
		add(n, "review", v.Review, reminders, n+" is due for review on "+v.Review.Words()+".")
		add(n, "end", v.Until, reminders, n+" ends on "+v.Until.Words()+".")
	}
}

// waitingDue adds what waits for the group's word or for somebody to be told.
func (s *State) waitingDue(d Day, add addDue) {
	for n, x := range s.Exercises {
		switch s.ExerciseOn(x, d) {
		case XBeyond:
			on := x.Recorded.Add(s.CharterOn(x.Recorded).Charter.RatifyWithin)
			add(n, "ratify", on, reminders, n+" is beyond and lapses after "+on.Words()+" unless ratified.")
		case XCalledIn:
			on := x.CalledIn.Add(s.CharterOn(x.CalledIn).Charter.SettleWithin)
			add(n, "call-in", on, reminders, n+" is called in and falls after "+on.Words()+" unless settled.")
		}
		if by, body, told := s.TellBy(x, d); by != 0 && told == 0 && x.On <= d {
			if o := s.Organisations[body]; o != nil {
				body = o.Name
			} else if body == ToGroup {
				body = firstUpper(s.ShortName)
			}
			add(n, "tell", by, reminders, body+" is to be told of "+n+" by "+by.Words()+".")
		}
	}
	for n, k := range s.Commitments {
		if st := s.CommitmentOn(k, d); st == KAdReferendum || st == KBeyond {
			on := k.Recorded.Add(s.CharterOn(k.Recorded).Charter.RatifyWithin)
			add(n, "ratify", on, reminders, n+" is "+string(st)+" and lapses after "+on.Words()+" unless ratified.")
		}
	}
}
