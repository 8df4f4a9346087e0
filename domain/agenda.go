package domain

import (
	"cmp"
	"slices"
	"strings"
)

// The group's own meetings (rule T3): the executive sets the agenda from
// proposals, approaches, what is overdue and reviews; attendance is recorded.
// Who sets the agenda and who chairs is shown: a group that the system runs is
// flagged.

// A GroupAgendaItem is something on the group's own agenda.
type GroupAgendaItem struct {
	Title  string `json:"title" maxLength:"200"`
	About  string `json:"about,omitempty" doc:"what it is about, such as P4, A2 or D1" maxLength:"60"`
	Matter string `json:"matter,omitempty" maxLength:"120"`
}

// SetAgenda sets the agenda of the group's meeting on a day; a later one takes
// the place of an earlier one.
type SetAgenda struct {
	On    Day               `json:"on" doc:"day of the meeting"`
	At    string            `json:"at,omitempty" doc:"time of day, such as 14:00" maxLength:"5" pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$"`
	Items []GroupAgendaItem `json:"items" maxItems:"100"`
}

func (c *SetAgenda) decide(t *turn) *Refusal {
	if r := t.mustSetAgenda(); r != nil {
		return r
	}
	if c.On == 0 {
		return invalid("T3", "Say on which day the meeting is.").at("on")
	}
	if b := t.s.GroupMeetings[c.On]; b != nil && b.Held != 0 {
		return notNow("T3", "The meeting of %s has been held.", c.On.Words())
	}
	if c.At != "" && (len(c.At) != 5 || c.At > "23:59" || c.At[2] != ':') {
		return invalid("T3", "Write the time of day like 14:00.").at("at")
	}
	if len(c.Items) == 0 {
		return invalid("T3", "An agenda has at least 1 item.").at("items")
	}
	for i := range c.Items {
		if r := c.Items[i].check(t.s); r != nil {
			return r
		}
	}
	t.recordOn(c.On, &AgendaSet{On: c.On, At: c.At, Items: c.Items})
	return nil
}

func (c *GroupAgendaItem) check(s *State) *Refusal {
	if r := checkWords("T3", "the agenda item's title", c.Title, shortWords).at("title"); r != nil {
		return r
	}
	if c.About != "" && !s.knows(c.About) {
		return notFound("T3", "There is no %q here that an agenda item could be about.", clip(c.About))
	}
	if c.Matter != "" {
		return checkMatter("T3", c.Matter).at("matter")
	}
	return nil
}

// knows says whether something here has that short number.
func (s *State) knows(ref string) bool {
	if len(ref) < 2 || s.NoticeOf(ref) != nil {
		return len(ref) >= 2
	}
	return s.Proposals[ref] != nil || s.Approaches[ref] != nil || s.Exercises[ref] != nil || s.Questions[ref] != nil ||
		s.Actions[ref] != nil || s.Priorities[ref] != nil || s.Objections[ref] != nil || s.Rounds[ref] != nil
}

// mustSetAgenda refuses whoever may not set the agenda: the executive may, and
// its manager and the chair for it.
func (t *turn) mustSetAgenda() *Refusal {
	if slices.Contains(t.s.ExecutiveOn(t.day), t.actor.ID) {
		return nil
	}
	if t.mustHaveDuty("T3", Manager, Chair) != nil {
		return notYours("T3", "The agenda is set by the executive, with its manager and the chair.")
	}
	return nil
}

// RecordGroupMeeting records who attended the group's meeting, and what is to
// be done after it.
type RecordGroupMeeting struct {
	On      Day            `json:"on" doc:"day of the meeting"`
	Chaired string         `json:"chaired,omitempty" doc:"who chaired it: handle or id; none: the chair"`
	Present []string       `json:"present" doc:"handles or ids" maxItems:"50"`
	Notes   string         `json:"notes,omitempty" maxLength:"20000"`
	Actions []ActionRaised `json:"actions,omitempty" maxItems:"50"`
}

func (c *RecordGroupMeeting) decide(t *turn) *Refusal {
	if r := t.mustSetAgenda(); r != nil {
		return r
	}
	b := t.s.GroupMeetings[c.On]
	if b == nil {
		return notFound("T3", "No agenda is set for a meeting of %s on %s: set it first.", t.s.ShortName, c.On.Words())
	}
	if b.Held != 0 {
		return notNow("T3", "The meeting of %s was recorded on %s. A correction names that record.", c.On.Words(), b.Held.Words())
	}
	chaired, r := t.s.person("T3", cmp.Or(c.Chaired, t.s.chair(c.On)))
	if r != nil {
		return r
	}
	present, r := t.s.people("T3", c.Present)
	if r != nil {
		return r
	}
	if r := firstRefusal(t.notInFuture("T3", c.On), checkOptional("T3", "the notes", c.Notes, longWords).at("notes")); r != nil {
		return r
	}
	if len(present) == 0 {
		return invalid("T3", "Say who was there.").at("present")
	}
	for _, a := range c.Actions {
		if r := (&ActionEntry{What: a.What, Owner: a.Owner, Supporter: a.Supporter, Due: cmp.Or(a.Due, c.On)}).check(t.s); r != nil {
			return r
		}
	}
	t.ownState()
	at := t.record(&GroupMet{On: c.On, Chaired: chaired.ID, Present: present, Notes: c.Notes})
	t.meetingActions(c.Actions, enacting{groupMeeting(c.On), at, t.day}, c.On)
	return nil
}

// groupMeeting names the group's own meeting as the source of an action.
func groupMeeting(on Day) string { return "agenda/" + on.String() }

// chair is who chairs on that day; "" for nobody.
func (s *State) chair(d Day) string {
	for _, duty := range s.DutiesOn(d) {
		if duty.Duty == Chair {
			return duty.Person
		}
	}
	return ""
}

// AgendaSet: the group's meeting has an agenda.
type AgendaSet struct {
	On    Day               `json:"on"`
	At    string            `json:"at,omitempty"`
	Items []GroupAgendaItem `json:"items"`
}

func (e *AgendaSet) Subject() string { return groupMeeting(e.On) }
func (e *AgendaSet) apply(s *State, ev *Event) {
	b := s.groupMeetingOn(e.On)
	b.At, b.Items, b.SetBy, b.Set, b.Index = e.At, e.Items, actorID(ev), DayOf(ev.Time), ev.Index
}

func (s *State) groupMeetingOn(on Day) *GroupMeeting {
	b := GroupMeeting{On: on}
	if was := s.GroupMeetings[on]; was != nil {
		b = *was
	}
	s.GroupMeetings[on] = &b
	return &b
}

// GroupMet: the group met.
type GroupMet struct {
	On      Day      `json:"on"`
	Chaired string   `json:"chaired"`
	Present []string `json:"present"`
	Notes   string   `json:"notes,omitempty"`
}

func (e *GroupMet) Subject() string { return groupMeeting(e.On) }
func (e *GroupMet) apply(s *State, ev *Event) {
	b := s.groupMeetingOn(e.On)
	b.Chaired, b.Present, b.Notes, b.Held, b.HeldIndex = e.Chaired, e.Present, e.Notes, ev.Effective, ev.Index
}

// A GroupMeeting is one of the group's own.
type GroupMeeting struct {
	On        Day
	At        string
	Items     []GroupAgendaItem
	SetBy     string
	Set       Day
	Chaired   string
	Present   []string
	Notes     string
	Held      Day // on which it was recorded
	HeldIndex uint64
	Index     uint64
}

// A Suggestion is something that the executive may want on the agenda.
type Suggestion struct {
	Kind  string // proposal, approach, question, overdue or review
	About string
	Text  string
}

// SuggestionsOn are what the agenda could be made from on that day: open
// proposals, approaches for the meeting, practices that wait for an answer,
// what is overdue, and reviews.
func (s *State) SuggestionsOn(d Day) []Suggestion {
	var items []Suggestion
	for _, due := range s.WorkListOn(d) {
		kind := ""
		switch a := s.Approaches[due.What]; {
		case due.Kind == "position":
			kind = "proposal"
		case due.Kind == "approach" && a.Disposition() != nil && a.Disposition().Disposition != ForMeeting && !due.Overdue:
		case due.Kind == "approach", due.Kind == "review", due.Kind == "question":
			kind = due.Kind
		case due.Overdue:
			kind = "overdue"
		}
		if kind != "" {
			items = append(items, Suggestion{kind, due.What, due.Text})
		}
	}
	return items
}

// RunBySystem says in words where the system runs the group on that day: it
// employs the chair or the manager, or one of its people chaired or set the
// agenda of a meeting in the 90 days before; nothing if it does not (rule T3).
func (s *State) RunBySystem(d Day) []string {
	var flags []string
	flag := func(text string) { flags = appendNew(flags, text) }
	for _, duty := range s.DutiesOn(d) {
		if body := s.systemOf(duty.Person, d); body != "" && (duty.Duty == Chair || duty.Duty == Manager) {
			flag("The " + string(duty.Duty) + ", " + s.office(duty.Person) + ", comes from " + s.name(body) + ".")
		}
	}
	for _, b := range s.GroupMeetings {
		if b.Set > d || b.On < d.Add(-reminders) {
			continue
		}
		if body := s.systemOf(b.SetBy, b.Set); body != "" {
			flag("The agenda of " + b.On.Words() + " was set by " + s.office(b.SetBy) + ", from " + s.name(body) + ".")
		}
		if body := s.systemOf(b.Chaired, b.On); b.Held != 0 && b.Held <= d && body != "" {
			flag("The meeting of " + b.On.Words() + " was chaired by " + s.office(b.Chaired) + ", from " + s.name(body) + ".")
		}
	}
	slices.SortFunc(flags, strings.Compare)
	return flags
}

// systemOf is the system body that the person comes from, or that employs them
// in a duty, on that day; "" for none.
func (s *State) systemOf(person string, d Day) string {
	for _, duty := range s.DutiesOn(d) {
		if duty.Person == person && s.employedBySystem(person, duty.Duty, d) {
			return duty.Employer
		}
	}
	if p := s.People[person]; p != nil {
		if o := s.Organisations[p.Organisation]; o != nil && o.Kind == SystemBody {
			return o.Code
		}
	}
	return ""
}
