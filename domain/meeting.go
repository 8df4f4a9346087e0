package domain

import (
	"cmp"
	"slices"
	"strconv"
)

// A forum's meeting that is put off or does not take place (rule R5): it is moved
// to another day, with its agenda, its brief and its papers, or it is cancelled.
// Nobody owes a report of what did not take place.

// MoveMeeting puts a meeting of a forum on another day.
type MoveMeeting struct {
	Forum  string `json:"forum" maxLength:"60" rule:"R5" of:"forum" ask:"Which meeting?"`
	On     Day    `json:"on" doc:"day on which it was to be" ask:"On which day was it to be?"`
	To     Day    `json:"to" doc:"day on which it is now" else:"Say to which day the meeting is moved." ask:"To which day?"`
	At     string `json:"at,omitempty" doc:"time of day, such as 14:00; none: as before" maxLength:"5" pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$" of:"time" ask:"At what time?" hint:"Such as 7pm or 14:00. Leave it empty if the time stays."`
	Reason string `json:"reason,omitempty" maxLength:"2000" call:"the reason" ask:"Why?" hint:"You can leave this empty."`
}

func (c *MoveMeeting) may(w *who) (Permission, *Refusal) { return w.mustMove(c.Forum, c.On) }

func (c *MoveMeeting) decide(t *turn) *Refusal {
	m, r := t.meetingToCome(c.Forum, c.On)
	if r != nil {
		return r
	}
	there := t.s.Meeting(c.Forum, c.To)
	switch {
	case c.To == c.On:
		return invalid("R5", "The meeting is on %s already. To change its time or its agenda, put it in the diary once more.", c.To.Words()).at("to")
	case there != nil && there.Cancelled == 0:
		return notNow("R5", "There is already a meeting of %s on %s.", t.s.forumName(c.Forum), c.To.Words()).at("to")
	}
	t.recordBecause(m.Index, t.day, &MeetingMoved{Forum: c.Forum, On: c.On, To: c.To, At: cmp.Or(c.At, m.At), Reason: c.Reason})
	return nil
}

// CancelMeeting says that a meeting of a forum does not take place.
type CancelMeeting struct {
	Forum  string `json:"forum" maxLength:"60" rule:"R5" of:"forum" ask:"Which meeting?"`
	On     Day    `json:"on" doc:"day on which it was to be" ask:"On which day was it to be?"`
	Reason string `json:"reason,omitempty" maxLength:"2000" call:"the reason" ask:"Why?" hint:"You can leave this empty."`
}

func (c *CancelMeeting) may(w *who) (Permission, *Refusal) { return w.mustMove(c.Forum, c.On) }

func (c *CancelMeeting) decide(t *turn) *Refusal {
	if m := t.s.Meeting(c.Forum, c.On); m != nil && m.Cancelled != 0 && m.Reason == c.Reason {
		return t.saidBefore(m.Changed)
	}
	m, r := t.meetingToCome(c.Forum, c.On)
	if r != nil {
		return r
	}
	t.recordBecause(m.Index, t.day, &MeetingCancelled{Forum: c.Forum, On: c.On, Reason: c.Reason})
	return nil
}

// mustMove is the permission of whoever moves or cancels a forum's meeting: who sees to
// it, and who speaks there today.
func (w *who) mustMove(forum string, on Day) (Permission, *Refusal) {
	if today := w.represents(forum, w.day); today != nil && w.spokeAt(forum, on) == nil {
		return *today, nil
	}
	return w.mustAttendTo(forum, on)
}

// meetingToCome finds a meeting that can be moved or cancelled: it has not been
// reported, and nothing was said in it by what is recorded.
func (t *asking) meetingToCome(forum string, on Day) (*Meeting, *Refusal) {
	m, r := t.s.meeting("R5", forum, on)
	if r != nil {
		return nil, r
	}
	if m.Reported != 0 {
		return nil, notNow("R5", "The meeting of %s was reported on %s, so it took place. A correction names the report.", on.Words(), m.Reported.Words())
	}
	if said := t.s.saidAt(m); len(said) > 0 {
		return nil, notNow("R5", "By %s, something was said in the meeting of %s, so it took place. A correction names that record.", List(said), on.Words())
	}
	return m, nil
}

// Represents says whether the person is appointed to the forum for the group, or
// substitutes there, on that day.
func (s *State) Represents(person, forum string, d Day) bool {
	for _, a := range s.Appointments {
		if a.Forum == forum && a.Capacity == CapacityGroup && s.appoints(a, person, d) && s.namesOn(a, d) {
			return true
		}
	}
	return false
}

// saidAt are the commitments that were made in the meeting, by number.
func (s *representation) saidAt(m *Meeting) []string {
	var said []string
	for n, k := range s.Commitments {
		if k.Forum == m.Forum && k.Meeting == m.On {
			said = append(said, n)
		}
	}
	slices.SortFunc(said, compareNumbers)
	return said
}

// checkClock refuses what is no time of day; none is none.
func checkClock(rule, at string) *Refusal {
	if at == "" {
		return nil
	}
	digits := func(s, least, most string) bool {
		return len(s) == 2 && s[0] >= '0' && s[0] <= '9' && s[1] >= '0' && s[1] <= '9' && least <= s && s <= most
	}
	if len(at) != 5 || at[2] != ':' || !digits(at[:2], "00", "23") || !digits(at[3:], "00", "59") {
		return invalid(rule, "Write the time of day like 14:00.")
	}
	return nil
}

// MeetingMoved: a meeting is on another day than it was to be.
type MeetingMoved struct {
	Forum  string `json:"forum"`
	On     Day    `json:"on"`
	To     Day    `json:"to"`
	At     string `json:"at,omitempty"`
	Reason string `json:"reason,omitempty"`
}

func (e *MeetingMoved) Subject() string { return "meeting/" + meetingKey(e.Forum, e.On) }
func (e *MeetingMoved) made() string    { return meetingKey(e.Forum, e.To) } // where it is from now on
func (e *MeetingMoved) apply(s *State, ev *Event) {
	from, to := meetingKey(e.Forum, e.On), meetingKey(e.Forum, e.To)
	if there := s.Meetings[to]; there != nil { // one that was cancelled
		s.Meetings[to+"/"+strconv.FormatUint(there.Index, 10)] = there
	}
	m := *s.Meetings[from]
	m.On, m.At, m.Reason, m.Was = e.To, e.At, e.Reason, with(m.Was, e.On)
	m.Changes, m.Changed = m.Changes+1, ev.Index
	delete(s.Meetings, from)
	delete(s.MovedMeetings, to)
	s.Meetings[to], s.MovedMeetings[from] = &m, m.ID
	for i := range s.Documents {
		if s.Documents[i].About == from {
			s.Documents = slices.Clone(s.Documents)
			break
		}
	}
	for i := range s.Documents {
		if s.Documents[i].About == from {
			s.Documents[i].About = to
		}
	}
}

// MeetingCancelled: a meeting does not take place.
type MeetingCancelled struct {
	Forum  string `json:"forum"`
	On     Day    `json:"on"`
	Reason string `json:"reason,omitempty"`
}

func (e *MeetingCancelled) Subject() string { return "meeting/" + meetingKey(e.Forum, e.On) }
func (e *MeetingCancelled) apply(s *State, ev *Event) {
	m := edit(s.Meetings, meetingKey(e.Forum, e.On))
	m.Cancelled, m.Reason = ev.Effective, e.Reason
	m.Changes, m.Changed = m.Changes+1, ev.Index
}

// MovedTo is the day to which the forum's meeting of that day was moved, at last;
// 0 if none was, or there is another one on that day.
func (s *representation) MovedTo(forum string, on Day) Day {
	key := meetingKey(forum, on)
	id, moved := s.MovedMeetings[key]
	if !moved || s.Meetings[key] != nil {
		return 0
	}
	for _, m := range s.Meetings {
		if m.ID == id {
			return m.On
		}
	}
	return 0
}
