package domain

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
)

// Forums and meetings (rule R5): system meeting bodies, and the course of each
// meeting: scheduled with its agenda, briefed, reported.

// RegisterForum names a system meeting body. Founding can name some too, so
// that the schedule can bring appointments in (rule F8).
type RegisterForum struct {
	Forum string `json:"forum" doc:"handle, such as locality-board" maxLength:"60" rule:"R1" kind:"code" call:"a forum's handle" ask:"Short name in addresses" hint:"Such as locality-board. It stays."`
	Name  string `json:"name" maxLength:"200" call:"the forum's name" ask:"Its name" hint:"Such as: Trafford Locality Board."`
	Body  string `json:"body,omitempty" doc:"organisation that runs it, by code" maxLength:"60" of:"system" ask:"Who runs it?" none:"Not said"`
}

func (c *RegisterForum) may(w *who) (Permission, *Refusal) {
	return w.mustHave("R1", Chair, Manager, Lead)
}

func (c *RegisterForum) decide(t *turn) *Refusal {
	return t.registerForum(c)
}

// registerForum records a forum whose handle is free and whose body, if named, is known (rule R1).
func (t *turn) registerForum(c *RegisterForum) *Refusal {
	if had := like(t.s.Forums, c.Forum); had != "" {
		return notNow("R1", "There is already a forum called %s%s.", had, onlyByCase(had, c.Forum)).at("forum")
	}
	if c.Body != "" {
		if _, r := t.s.organisation("R1", c.Body); r != nil {
			return r.at("body")
		}
	}
	t.record(&ForumRegistered{Forum: c.Forum, Name: c.Name, Body: c.Body})
	return nil
}

// An AgendaItem is something to be talked about in a meeting.
type AgendaItem struct {
	Matter string `json:"matter,omitempty" maxLength:"120" rule:"R5" of:"matter" ask:"For which subject, if one?"`
	Title  string `json:"title" maxLength:"200" rule:"R5" call:"the agenda item's title" ask:"What is it?"`
}

// ScheduleMeeting puts a meeting of a forum on a day, or changes its time and
// agenda. One that was cancelled takes place after all.
type ScheduleMeeting struct {
	Forum  string       `json:"forum" rule:"R5" of:"forum" ask:"Which meeting?"`
	On     Day          `json:"on" else:"Say on which day the meeting is." ask:"On which day?"`
	At     string       `json:"at,omitempty" doc:"time of day, such as 14:00" maxLength:"5" pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$" of:"time" ask:"At what time?" hint:"Such as 7pm or 14:00."`
	Agenda []AgendaItem `json:"agenda,omitempty" maxItems:"100" kind:"lines" ask:"Agenda" hint:"One item on a line; with a subject in front if you like, such as: workforce: Care coordinators"`
}

func (c *ScheduleMeeting) may(w *who) (Permission, *Refusal) {
	return w.represents(c.Forum, cmp.Or(c.On, w.day), w.day).or(w.mustHave("R5", attending...))
}

func (c *ScheduleMeeting) decide(t *turn) *Refusal {
	if _, r := t.s.forum("R5", c.Forum); r != nil {
		return r
	}
	if m := t.s.Meeting(c.Forum, c.On); m != nil && m.Reported != 0 {
		return notNow("R5", "The meeting of %s has been reported.", c.On.Words())
	}
	t.recordOn(c.On, &MeetingScheduled{Forum: c.Forum, On: c.On, At: c.At, Agenda: c.Agenda})
	return nil
}

// BriefMeeting tells the representative what is due, our position and what was
// said elsewhere (rule R5).
type BriefMeeting struct {
	Forum string `json:"forum" rule:"R5" of:"forum" ask:"Which meeting?"`
	On    Day    `json:"on" ask:"On which day?"`
	Words string `json:"words" maxLength:"20000" call:"the brief" ask:"The brief" hint:"What is due, our position, what was said elsewhere."`
}

func (c *BriefMeeting) may(w *who) (Permission, *Refusal) { return w.mustAttendTo(c.Forum, c.On) }

func (c *BriefMeeting) decide(t *turn) *Refusal {
	if _, r := t.s.meeting("R5", c.Forum, c.On); r != nil {
		return r
	}
	t.record(&MeetingBriefed{Forum: c.Forum, On: c.On, Words: c.Words})
	return nil
}

// An ActionRaised is something to be done, with somebody who supports it.
type ActionRaised struct {
	What      string `json:"what" maxLength:"2000" rule:"R5" call:"the action" kind:"text" ask:"What is to be done?"`
	Owner     string `json:"owner" doc:"handle or id" of:"person" ask:"Who does it?"`
	Supporter string `json:"supporter" doc:"handle or id" of:"person" ask:"Who supports them?"`
	Due       Day    `json:"due,omitzero" doc:"none: the charter's days for settling, from the meeting" ask:"By when?"`
}

// ReportMeeting reports back: what happened, what was agreed, who was there (rule R5).
type ReportMeeting struct {
	Forum    string         `json:"forum" rule:"R5" of:"forum" ask:"Which meeting?"`
	On       Day            `json:"on" ask:"On which day?"`
	Happened string         `json:"happened" maxLength:"20000" call:"what happened" ask:"What happened?"`
	Agreed   string         `json:"agreed,omitempty" maxLength:"20000" call:"what was agreed" ask:"What was agreed?"`
	Present  []string       `json:"present" doc:"handles or ids, of ours" maxItems:"50" optional:"true" of:"person" ask:"Who of ours was there?"`
	Actions  []ActionRaised `json:"actions,omitempty" maxItems:"50" one:"action" least:"1" ask:"Is anything to be done?"`
}

func (c *ReportMeeting) may(w *who) (Permission, *Refusal) { return w.mustAttendTo(c.Forum, c.On) }

func (c *ReportMeeting) decide(t *turn) *Refusal {
	m, r := t.s.meeting("R5", c.Forum, c.On)
	if r != nil {
		return r
	}
	present, r := t.s.people("R5", c.Present)
	if r != nil {
		return r
	}
	if r := t.notInFuture("R5", c.On); r != nil {
		return r
	}
	if m.Reported != 0 {
		return notNow("R5", "The meeting of %s was reported on %s. A correction names the report.", c.On.Words(), m.Reported.Words())
	}
	actions := slices.Clone(c.Actions)
	for i := range actions {
		ids, r := t.s.people("R5", []string{actions[i].Owner, actions[i].Supporter})
		if r != nil {
			return r
		}
		if len(ids) < 2 {
			return invalid("R5", "An action has an owner, and somebody else who supports it.")
		}
		actions[i].Owner, actions[i].Supporter = ids[0], ids[1]
	}
	t.ownState()
	at := t.record(&MeetingReported{Forum: c.Forum, On: c.On, Happened: c.Happened, Agreed: c.Agreed, Present: present, Actions: actions})
	for _, a := range actions {
		t.meetingAction(a, 0, enacting{meetingKey(c.Forum, c.On), at, t.day}, c.On)
	}
	return nil
}

// attending are the duties with which one sees to every forum's meetings.
var attending = []DutyName{Manager, Chair, Lead}

// mustAttendTo is the permission of whoever sees to a forum's meeting of that day: the
// manager, the chair and the leads do, and whoever spoke for the group there on that
// day, also when they are of the group no longer (rule R5).
func (w *who) mustAttendTo(forum string, on Day) (Permission, *Refusal) {
	return w.spokeAt(forum, on).or(w.mustHave("R5", attending...))
}

// spokeAt is the permission of whoever spoke for the group at the forum on that day.
func (w *who) spokeAt(forum string, on Day) *Permission {
	return w.aboutThemself(w.s.SpeaksAt(w.person.ID, forum, on))
}

// ForumRegistered: a system meeting body has a name here.
type ForumRegistered struct {
	Forum string `json:"forum"`
	Name  string `json:"name"`
	Body  string `json:"body,omitempty"`
}

func (e *ForumRegistered) Subject() string { return "forum/" + e.Forum }
func (e *ForumRegistered) apply(s *State, ev *Event) {
	s.Forums[e.Forum] = &Forum{e.Forum, e.Name, e.Body, ev.Index}
}

// MeetingScheduled: a meeting is on a day, with its agenda.
type MeetingScheduled struct {
	Forum  string       `json:"forum"`
	On     Day          `json:"on"`
	At     string       `json:"at,omitempty"`
	Agenda []AgendaItem `json:"agenda,omitempty"`
}

func (e *MeetingScheduled) Subject() string { return "meeting/" + meetingKey(e.Forum, e.On) }
func (e *MeetingScheduled) apply(s *State, ev *Event) {
	key := meetingKey(e.Forum, e.On)
	if s.Meetings[key] == nil {
		id := key
		if _, moved := s.MovedMeetings[key]; moved {
			id += "/" + strconv.FormatUint(ev.Index, 10) // the one that was moved keeps its own
		}
		s.Meetings[key] = &Meeting{ID: id, Forum: e.Forum, On: e.On, Changes: -1, Index: ev.Index}
	}
	m := edit(s.Meetings, key)
	m.At, m.Agenda, m.Cancelled = e.At, e.Agenda, 0
	m.Changes, m.Changed = m.Changes+1, ev.Index
}

// MeetingBriefed: the representative was briefed.
type MeetingBriefed struct {
	Forum string `json:"forum"`
	On    Day    `json:"on"`
	Words string `json:"words"`
}

func (e *MeetingBriefed) Subject() string { return "meeting/" + meetingKey(e.Forum, e.On) }
func (e *MeetingBriefed) apply(s *State, ev *Event) {
	m := edit(s.Meetings, meetingKey(e.Forum, e.On))
	m.Brief, m.Briefed = e.Words, ev.Effective
}

// MeetingReported: somebody reported back.
type MeetingReported struct {
	Forum    string         `json:"forum"`
	On       Day            `json:"on"`
	Happened string         `json:"happened"`
	Agreed   string         `json:"agreed,omitempty"`
	Present  []string       `json:"present,omitempty"`
	Actions  []ActionRaised `json:"actions,omitempty"`
}

func (e *MeetingReported) Subject() string { return "meeting/" + meetingKey(e.Forum, e.On) }
func (e *MeetingReported) apply(s *State, ev *Event) {
	m := edit(s.Meetings, meetingKey(e.Forum, e.On))
	m.Happened, m.Agreed, m.Present, m.Actions, m.Reported, m.ReportIndex = e.Happened, e.Agreed, e.Present, e.Actions, ev.Effective, ev.Index
}

// representation is where people speak for the group, who does, and what they said.
type representation struct {
	Forums        map[string]*Forum
	Meetings      map[string]*Meeting
	MovedMeetings map[string]string // which meeting was moved away, by id, from where it was
	Appointments  map[string]*Appointment
	Commitments   map[string]*Commitment
	Interests     []*Interest
}

func newRepresentation() representation {
	return representation{
		Forums: map[string]*Forum{}, Meetings: map[string]*Meeting{}, MovedMeetings: map[string]string{},
		Appointments: map[string]*Appointment{}, Commitments: map[string]*Commitment{},
	}
}

func (s representation) copy() representation {
	s.Forums, s.Meetings, s.MovedMeetings = maps.Clone(s.Forums), maps.Clone(s.Meetings), maps.Clone(s.MovedMeetings)
	s.Appointments, s.Commitments, s.Interests = maps.Clone(s.Appointments), maps.Clone(s.Commitments), slices.Clip(s.Interests)
	return s
}

// A Forum is a system meeting body.
type Forum struct {
	Handle string
	Name   string
	Body   string
	Index  uint64
}

// A Meeting is one of a forum's.
type Meeting struct {
	ID          string // the same wherever it is moved, such as locality-board/2026-03-09
	Forum       string
	On          Day
	Was         []Day  // on which it was to be before it was moved, in order
	Cancelled   Day    // on which that was recorded; none: it takes place
	Reason      string // of the last move or the cancelling
	Changes     int    // how often its day, time or agenda changed, or it was cancelled
	Changed     uint64 // index of the last of these
	At          string
	Agenda      []AgendaItem
	Brief       string
	Briefed     Day
	Happened    string
	Agreed      string
	Present     []string
	Actions     []ActionRaised
	Reported    Day
	ReportIndex uint64
	Index       uint64
}

func meetingKey(forum string, on Day) string { return forum + "/" + on.String() }

// Meeting is the forum's meeting on that day; nil if there is none.
func (s *representation) Meeting(forum string, on Day) *Meeting {
	return s.Meetings[meetingKey(forum, on)]
}

func (s *representation) meeting(rule, forum string, on Day) (*Meeting, *Refusal) {
	if _, r := s.forum(rule, forum); r != nil {
		return nil, r
	}
	if m := s.Meeting(forum, on); m != nil {
		if m.Cancelled != 0 {
			return nil, notNow(rule, "The meeting of %s was cancelled on %s. Put it in the diary again if it takes place after all.", on.Words(), m.Cancelled.Words())
		}
		return m, nil
	}
	if to := s.MovedTo(forum, on); to != 0 {
		return nil, notNow(rule, "The meeting of %s was moved to %s.", on.Words(), to.Words())
	}
	return nil, notFound(rule, "No meeting of %s is recorded for %s: schedule it first.", s.Forums[forum].Name, on.Words())
}

func (s *representation) forum(rule, handle string) (*Forum, *Refusal) {
	if f := s.Forums[handle]; f != nil {
		return f, nil
	}
	return nil, notFound(rule, "There is no forum called %q here.", Clip(handle))
}

// ReportBy is the last day for reporting the meeting back (rule R5).
func (s *ground) ReportBy(m *Meeting) Day {
	return m.On.Add(s.CharterOn(m.On).Charter.ReportWithin)
}

// ReportOverdue says whether, on that day, the report is overdue.
func (s *ground) ReportOverdue(m *Meeting, d Day) bool {
	late, ever := s.overdueFor(m)
	return ever && late.Covers(d)
}

// overdueFor are the days on which the report is overdue; false if there are none,
// as for a meeting that was cancelled.
func (s *ground) overdueFor(m *Meeting) (late Span, ever bool) {
	from := s.ReportBy(m) + 1
	if m.Cancelled != 0 {
		return Span{}, false
	}
	if m.Reported == 0 {
		return Span{From: from}, true
	}
	return Span{from, m.Reported - 1}, from < m.Reported
}
