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
	Title  string `json:"title" maxLength:"200" rule:"T3" call:"the agenda item's title" ask:"What is it?"`
	About  string `json:"about,omitempty" doc:"what it is about, such as P4, A2 or D1" maxLength:"60"`
	Matter string `json:"matter,omitempty" maxLength:"120" of:"matter" ask:"For which subject, if one?"`
}

// SetAgenda sets the agenda of the group's meeting on a day; a later one takes
// the place of an earlier one.
type SetAgenda struct {
	On    Day               `json:"on" doc:"day of the meeting" rule:"T3" else:"Say on which day the meeting is." ask:"For the meeting of which day?"`
	At    string            `json:"at,omitempty" doc:"time of day, such as 14:00" maxLength:"5" pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$" of:"time" ask:"At what time?" hint:"Such as 7pm or 14:00."`
	Items []GroupAgendaItem `json:"items" maxItems:"100" kind:"lines" else:"An agenda has at least 1 item." ask:"What is on it?" hint:"One item on a line; with what it is about, a subject, or both in front if you like, such as: P4: workforce: Care coordinators"`
}

func (c *SetAgenda) may(w *who) (Permission, *Refusal) { return w.mustSetAgenda() }

func (c *SetAgenda) decide(t *turn) *Refusal {
	if b := t.s.GroupMeetings[c.On]; b != nil {
		if b.Held != 0 {
			return notNow("T3", "The meeting of %s has been held.", c.On.Words())
		}
		if r := b.checkNoted(c.Items); r != nil {
			return r
		}
	}
	for i := range c.Items {
		if r := c.Items[i].check(t.s.State); r != nil {
			return r
		}
	}
	t.recordOn(c.On, &AgendaSet{On: c.On, At: c.At, Items: c.Items})
	return nil
}

func (c *GroupAgendaItem) check(s *State) *Refusal {
	if c.About != "" && !s.knows(c.About) {
		return notFound("T3", "There is no %q here that an agenda item could be about.", Clip(c.About))
	}
	return nil
}

// knows says whether something here has that short number.
func (s *business) knows(ref string) bool {
	if isGroupMeeting(ref) {
		d, ok := GroupMeetingDay(ref)
		return ok && s.GroupMeetings[d] != nil
	}
	if len(ref) < 2 || s.NoticeOf(ref) != nil {
		return len(ref) >= 2
	}
	return s.Proposals[ref] != nil || s.Approaches[ref] != nil || s.Exercises[ref] != nil || s.Questions[ref] != nil ||
		s.Actions[ref] != nil || s.Priorities[ref] != nil || s.Objections[ref] != nil || s.Rounds[ref] != nil
}

// mustSetAgenda is the permission of whoever may set the agenda: the executive may,
// and its manager and the chair for it (rule T3).
func (w *who) mustSetAgenda() (Permission, *Refusal) {
	return anyOf(notYours("T3", "The agenda is set by the executive, with its manager and the chair."), w.executive(), w.has(Manager, Chair))
}

// RecordGroupMeeting records who attended the group's meeting, what was said
// and decided on each item of its agenda, and what is to be done after it.
type RecordGroupMeeting struct {
	On           Day             `json:"on" doc:"day of the meeting" rule:"T3" ask:"On which day?"`
	Chaired      string          `json:"chaired,omitempty" doc:"who chaired it: handle or id; none: the chair" of:"person" ask:"Who chaired it?" none:"The chair"`
	Present      []string        `json:"present" doc:"handles or ids" maxItems:"50" of:"person" else:"Say who was there." ask:"Who was present?"`
	Apologies    []string        `json:"apologies,omitempty" doc:"who said that they could not come: handles or ids" maxItems:"50" of:"person" ask:"Who sent apologies?"`
	InAttendance []Attendance    `json:"inAttendance,omitempty" doc:"who was there and is not of the meeting, and for whom" maxItems:"50" of:"person" ask:"Who else was in attendance?" hint:"Somebody who was there and is not of the meeting. They are shown with their organisation."`
	Notes        string          `json:"notes,omitempty" doc:"on the meeting as a whole" maxLength:"20000" call:"the notes" ask:"Notes on the meeting as a whole"`
	Items        []ItemMinute    `json:"items,omitempty" doc:"what was said and decided, by item of the agenda" maxItems:"100" one:"item" ask:"Items"`
	Actions      []MeetingAction `json:"actions,omitempty" maxItems:"50" one:"action" least:"1" ask:"Is anything to be done?"`
}

// An Attendance is somebody who was there and is not of the meeting.
type Attendance struct {
	Person string `json:"person" doc:"handle or id" maxLength:"60" of:"person" ask:"Who?"`
	For    string `json:"for,omitempty" doc:"organisation for which they came, by code; none: their own" maxLength:"60"`
}

// An ItemMinute is what was said and decided on one item of the agenda.
type ItemMinute struct {
	Item      int            `json:"item" doc:"its number on the agenda, from 1"`
	Note      string         `json:"note,omitempty" maxLength:"20000" rule:"T3" call:"the note" ask:"What was said?" hint:"Leave it empty if there is nothing to note."`
	Decisions []ItemDecision `json:"decisions,omitempty" maxItems:"20" kind:"lines" ask:"What was decided?" hint:"One decision on a line, with the number of what it became in front if you like, such as: P4: To put it to the seats. This is for the minutes: powers, appointments and positions come from proposals."`
}

// An ItemDecision is what a meeting decided, for its minutes. It makes nothing:
// powers, appointments, positions and the charter come from agreements, and an
// executive decision from its exercise (rules C8, D5); it can name the one that it became.
type ItemDecision struct {
	Words string `json:"words,omitempty" maxLength:"2000" rule:"T3" call:"what was decided" ask:"What was decided?"`
	Ref   string `json:"ref,omitempty" doc:"what it is recorded as, such as P4 or E2" maxLength:"60"`
}

// A MeetingAction is something to be done that an item of the agenda raised.
type MeetingAction struct {
	ActionRaised
	Item int `json:"item,omitzero" doc:"the item's number on the agenda, from 1; none: of no item" of:"item" ask:"Under which item?" none:"None of them"`
}

func (c *RecordGroupMeeting) may(w *who) (Permission, *Refusal) { return w.mustSetAgenda() }

func (c *RecordGroupMeeting) decide(t *turn) *Refusal {
	b, r := t.meetingOfOurs(c.On)
	if r != nil {
		return r
	}
	if b.Held != 0 {
		return notNow("T3", "The meeting of %s was recorded on %s. A correction names that record.", c.On.Words(), b.Held.Words())
	}
	met := &GroupMet{On: c.On, Notes: c.Notes}
	if r := c.attendance(t.s.State, met); r != nil {
		return r
	}
	if r := t.notInFuture("T3", c.On); r != nil {
		return r
	}
	if r := firstRefusal(c.minute(t.s.State, b, met), c.checkActions(t.s.State, b)); r != nil {
		return r
	}
	t.ownState()
	at := t.record(met)
	for _, a := range c.Actions {
		t.meetingAction(a.ActionRaised, a.Item, enacting{GroupMeetingRef(c.On), at, t.day}, c.On)
	}
	return nil
}

// attendance puts on the record who chaired, who was present, who sent
// apologies, and who was in attendance for whom; nobody is two of them.
func (c *RecordGroupMeeting) attendance(s *State, met *GroupMet) *Refusal {
	chaired, r := s.person("T3", cmp.Or(c.Chaired, s.ChairOn(c.On)))
	if r != nil {
		return r.at("chaired")
	}
	met.Chaired = chaired.ID
	if met.Present, r = s.people("T3", c.Present); r != nil {
		return r.at("present")
	}
	if met.Apologies, r = s.people("T3", c.Apologies); r != nil {
		return r.at("apologies")
	}
	for _, id := range met.Apologies {
		if id == met.Chaired || slices.Contains(met.Present, id) {
			return invalid("T3", "%s was there, or chaired: take them out of the apologies, or say who chaired.", s.office(id)).at("apologies")
		}
	}
	for i, a := range c.InAttendance {
		at := nth("inAttendance", i)
		p, r := s.person("T3", a.Person)
		if r != nil {
			return r.at("person").at(at)
		}
		if slices.Contains(met.Present, p.ID) || slices.Contains(met.Apologies, p.ID) ||
			slices.ContainsFunc(met.InAttendance, func(o Attendance) bool { return o.Person == p.ID }) {
			return invalid("T3", "%s is named twice: somebody is present, sent apologies or was in attendance.", p.Office).at("person").at(at)
		}
		of := cmp.Or(a.For, p.Organisation)
		if of != "" {
			if _, r := s.organisation("T3", of); r != nil {
				return r.at("for").at(at)
			}
		}
		met.InAttendance = append(met.InAttendance, Attendance{p.ID, of})
	}
	return nil
}

// minute puts on the record what was said and decided on each item.
func (c *RecordGroupMeeting) minute(s *State, b *GroupMeeting, met *GroupMet) *Refusal {
	for i := range c.Items {
		item := &c.Items[i]
		if r := item.check(s, b); r != nil {
			return r.at(nth("items", i))
		}
		if slices.ContainsFunc(c.Items[:i], func(o ItemMinute) bool { return o.Item == item.Item }) {
			return invalid("T3", "Item %d is minuted twice: put both into one.", item.Item).at("item").at(nth("items", i))
		}
	}
	met.Items = b.withNoted(c.Items)
	return nil
}

func (c *ItemMinute) check(s *State, b *GroupMeeting) *Refusal {
	if r := b.checkItem(c.Item); r != nil {
		return r
	}
	if strings.TrimSpace(c.Note) == "" && len(c.Decisions) == 0 {
		return invalid("T3", "Say what was said or decided on item %d, or leave it out.", c.Item).at("note")
	}
	for i, d := range c.Decisions {
		at := nth("decisions", i)
		if d.Ref != "" && !s.knows(d.Ref) {
			return notFound("T3", "There is no %q here that a decision could be recorded as.", Clip(d.Ref)).at("ref").at(at)
		}
		if d.Ref == "" {
			if r := checkWords("T3", "what was decided", d.Words, someWords).at("words").at(at); r != nil {
				return r
			}
		}
	}
	return nil
}

// checkItem refuses the number of an item that the agenda does not have.
func (b *GroupMeeting) checkItem(item int) *Refusal {
	if item < 1 || item > len(b.Items) {
		return invalid("T3", "The agenda of %s has %s; there is no item %d.", b.On.Words(), Count(len(b.Items), "item"), item).at("item")
	}
	return nil
}

func (c *RecordGroupMeeting) checkActions(s *State, b *GroupMeeting) *Refusal {
	for i, a := range c.Actions {
		if r := (&ActionEntry{What: a.What, Owner: a.Owner, Supporter: a.Supporter, Due: cmp.Or(a.Due, c.On)}).check(s); r != nil {
			return r.at(nth("actions", i))
		}
		if a.Item != 0 {
			if r := b.checkItem(a.Item); r != nil {
				return r.at(nth("actions", i))
			}
		}
	}
	return nil
}

// groupMeetings is what the names of the group's own meetings begin with.
const groupMeetings = "agenda/"

// GroupMeetingRef names the group's own meeting of that day, as the source of an action or
// what an agenda item is about.
func GroupMeetingRef(on Day) string { return groupMeetings + on.String() }

// GroupMeetingDay is the day of the group's own meeting of that name; false for what is none.
func GroupMeetingDay(ref string) (Day, bool) {
	day, is := strings.CutPrefix(ref, groupMeetings)
	d, err := ParseDay(day)
	return d, is && err == nil
}

// isGroupMeeting says whether it is written like such a name.
func isGroupMeeting(ref string) bool { return strings.HasPrefix(ref, groupMeetings) }

// ChairsOn are those who chair on that day: the chair, two co-chairs, or the deputy where
// there is neither.
func (s *circle) ChairsOn(d Day) []string {
	ids := append(s.withDuty(Chair, d), s.withDuty(CoChair, d)...)
	if ids == nil {
		ids = s.withDuty(DeputyChair, d)
	}
	return ids
}

// ChairOn is the first of those who chair on that day; "" for nobody.
func (s *circle) ChairOn(d Day) string {
	for _, id := range s.ChairsOn(d) {
		return id
	}
	return ""
}

// AgendaSet: the group's meeting has an agenda.
type AgendaSet struct {
	On    Day               `json:"on"`
	At    string            `json:"at,omitempty"`
	Items []GroupAgendaItem `json:"items"`
}

func (e *AgendaSet) Subject() string { return GroupMeetingRef(e.On) }
func (e *AgendaSet) apply(s *State, ev *Event) {
	b := s.groupMeetingOn(e.On)
	b.At, b.Items, b.SetBy, b.Set, b.Index = e.At, e.Items, actorID(ev), DayOf(ev.Time), ev.Index
}

func (s *work) groupMeetingOn(on Day) *GroupMeeting {
	b := GroupMeeting{On: on}
	if was := s.GroupMeetings[on]; was != nil {
		b = *was
	}
	s.GroupMeetings[on] = &b
	return &b
}

// GroupMet: the group met.
type GroupMet struct {
	On           Day          `json:"on"`
	Chaired      string       `json:"chaired"`
	Present      []string     `json:"present"`
	Notes        string       `json:"notes,omitempty"`
	Apologies    []string     `json:"apologies,omitempty"`
	InAttendance []Attendance `json:"inAttendance,omitempty"`
	Items        []ItemMinute `json:"items,omitempty"`
}

func (e *GroupMet) Subject() string { return GroupMeetingRef(e.On) }
func (e *GroupMet) apply(s *State, ev *Event) {
	b := s.groupMeetingOn(e.On)
	b.Chaired, b.Present, b.Notes, b.Held, b.HeldIndex = e.Chaired, e.Present, e.Notes, ev.Effective, ev.Index
	b.Apologies, b.InAttendance, b.Minuted = e.Apologies, e.InAttendance, e.Items
}

// A GroupMeeting is one of the group's own.
type GroupMeeting struct {
	On            Day
	At            string
	Items         []GroupAgendaItem
	SetBy         string
	Set           Day
	Chaired       string
	Present       []string
	Apologies     []string
	InAttendance  []Attendance
	Notes         string
	Noted         []NotedItem  // during the meeting, in order of the items
	Minuted       []ItemMinute // in order of the items
	Held          Day          // on which it was recorded
	HeldIndex     uint64
	Approved      Day    // of the meeting that approved the minutes; 0: none did
	Changes       string // that were made to them first
	ApprovedIndex uint64
	Words         *WordedMinutes // around what is recorded; nil: none
	Index         uint64
}

// Minute is what was said and decided on the item of that number, from 1, so far while
// the meeting goes on; nil if nothing is recorded.
func (b *GroupMeeting) Minute(item int) *ItemMinute {
	if n := b.NotedItem(item); b.Held == 0 && n != nil {
		return &n.ItemMinute
	}
	for i := range b.Minuted {
		if b.Minuted[i].Item == item {
			return &b.Minuted[i]
		}
	}
	return nil
}

// MeetingBefore is the group's meeting before that day, among those recorded as
// held; nil if there is none. What was decided after it and before that day
// belongs to the minutes of that day (rule T3).
func (s *work) MeetingBefore(on Day) *GroupMeeting {
	var before *GroupMeeting
	for _, b := range s.GroupMeetings {
		if b.On < on && b.Held != 0 && (before == nil || b.On > before.On) {
			before = b
		}
	}
	return before
}

// MattersOfItem are the matters that an item of the group's own agenda touches:
// its own, and those of what it is about.
func (s *business) MattersOfItem(i *GroupAgendaItem) []string {
	if i.Matter == "" {
		return s.MattersOf(i.About)
	}
	return append([]string{i.Matter}, s.MattersOf(i.About)...)
}

// MattersOf are the matters that something with a short number is about: of a
// proposal also those of what it would do; none if that is not known.
func (s *business) MattersOf(ref string) []string {
	var matters []string
	add := func(matter string) {
		if matter != "" {
			matters = appendNew(matters, matter)
		}
	}
	if p := s.Proposals[ref]; p != nil {
		add(p.Matter)
		for _, i := range p.Version().Instruments {
			matters = i.addMatters(matters)
		}
	}
	if d := s.Delegations[ref]; d != nil {
		for _, p := range d.newest().Powers {
			add(p.Matter)
		}
	}
	if a := s.Appointments[ref]; a != nil {
		for _, l := range a.newest().Lines {
			add(l.Matter)
		}
	}
	if x := s.Exercises[ref]; x != nil {
		add(x.Matter)
	}
	if k := s.Commitments[ref]; k != nil {
		add(k.Matter)
	}
	if a := s.Approaches[ref]; a != nil {
		add(a.Matter)
	}
	if y := s.Priorities[ref]; y != nil {
		add(y.Matter)
	}
	switch {
	case s.Objections[ref] != nil:
		return s.MattersOf(s.Objections[ref].Proposal)
	case s.Departures[ref] != nil:
		return s.MattersOf(s.Departures[ref].Agreement)
	case s.Actions[ref] != nil && s.Actions[ref].Source != ref:
		return s.MattersOf(s.Actions[ref].Source)
	case s.Questions[ref] != nil && s.Questions[ref].About != ref:
		return s.MattersOf(s.Questions[ref].About)
	}
	return matters
}

// addMatters adds the matters that the instrument is about.
func (i *Instrument) addMatters(matters []string) []string {
	var powers []Power
	var lines []Line
	switch {
	case i.GrantDelegation != nil:
		powers = i.GrantDelegation.Powers
	case i.VaryDelegation != nil:
		powers = i.VaryDelegation.Powers
	case i.Appoint != nil:
		lines = i.Appoint.Lines
	case i.VaryAppointment != nil:
		lines = i.VaryAppointment.Lines
	case i.AdoptPosition != nil:
		return appendNew(matters, i.AdoptPosition.Matter)
	}
	for _, p := range powers {
		matters = appendNew(matters, p.Matter)
	}
	for _, l := range lines {
		matters = appendNew(matters, l.Matter)
	}
	return matters
}

// RunBySystem says in words where the system runs the group on that day: it
// employs the chair or the manager, or one of its people chaired or set the
// agenda of a meeting in the 90 days before; nothing if it does not (rule T3).
func (s *business) RunBySystem(d Day) []string {
	var flags []string
	flag := func(text string) { flags = appendNew(flags, text) }
	for _, duty := range s.DutiesOn(d) {
		if body := s.systemOf(duty.Person, d); body != "" && (duty.Duty.chairs() || duty.Duty == Manager) {
			flag("The " + duty.Duty.Words() + ", " + s.office(duty.Person) + ", comes from " + s.name(body) + ".")
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

// SystemBodyOf is the system body, by code, that the person comes from, or that
// employs them in a duty, on that day; "" for none.
func (s *circle) SystemBodyOf(person string, d Day) string { return s.systemOf(person, d) }

// systemOf is the system body that the person comes from, or that employs them
// in a duty, on that day; "" for none.
func (s *circle) systemOf(person string, d Day) string {
	for _, duty := range s.DutiesOn(d) {
		if o := s.Organisations[duty.Employer]; duty.Person == person && o != nil && o.Kind == SystemBody {
			return duty.Employer
		}
	}
	if p := s.People[person]; p != nil {
		if s.employerIsSystem(person, d) {
			return p.EmployerOn(d)
		}
		if o := s.Organisations[p.Organisation]; o != nil && o.Kind == SystemBody {
			return o.Code
		}
	}
	return ""
}
