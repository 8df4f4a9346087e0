package projections

import (
	"cmp"
	"slices"
	"strings"

	"goldenthread/domain"
)

// Representation is who speaks for the group where, on a day (rules R1–R7).
type Representation struct {
	Stamp
	Forums       []ForumLine       `json:"forums"`
	Appointments []AppointmentLine `json:"appointments"`
	Meetings     []MeetingLine     `json:"meetings" doc:"by day"`
	Positions    []PositionLine    `json:"positions" doc:"what the group adopted, red lines among them"`
	Clashes      []ClashLine       `json:"clashes" doc:"different answers on one matter"`
	Interests    []InterestLine    `json:"interests" doc:"all that were declared, those that ended among them"`
}

// A ForumLine is a system meeting body.
type ForumLine struct {
	Forum string `json:"forum" doc:"handle"`
	Name  string `json:"name"`
	Body  *Body  `json:"body,omitempty" doc:"organisation that runs it"`
	Index uint64 `json:"index"`
}

// An AppointmentLine is somebody speaking in a forum, as it stands on a day.
type AppointmentLine struct {
	Ref         string               `json:"ref"`
	Person      Who                  `json:"person"`
	ByOffice    bool                 `json:"byOffice" doc:"by office, not by name; either way it ends when the person leaves the office"`
	Substitutes []Who                `json:"substitutes"`
	Forum       string               `json:"forum"`
	ForumName   string               `json:"forumName"`
	Capacity    string               `json:"capacity" doc:"on whose behalf; group: the group"`
	State       domain.PowerState    `json:"state" enum:"in force,not yet in force,expired,ended,suspended,paused"`
	Why         string               `json:"why,omitempty" doc:"where it is not in force"`
	Lines       []RemitLine          `json:"lines"`
	Payer       *Body                `json:"payer,omitempty"`
	From        domain.Day           `json:"from"`
	Until       domain.Day           `json:"until,omitzero"`
	Review      domain.Day           `json:"review"`
	Overdue     bool                 `json:"overdue" doc:"review missed"`
	Version     int                  `json:"version"`
	Source      string               `json:"source" doc:"the proposal, or the exercise that named the person"`
	Parent      string               `json:"parent,omitempty" doc:"delegation under which it was made"`
	History     []AppointmentHistory `json:"history"`
	EndedOn     domain.Day           `json:"endedOn,omitzero" doc:"first day on which it no longer holds"`
	EndedBy     string               `json:"endedBy,omitempty"`
	EndFeedback string               `json:"endFeedback,omitempty"`
	Suspensions []SuspensionLine     `json:"suspensions"`
	Feedback    []FeedbackLine       `json:"feedback"`
	Index       uint64               `json:"index"`
}

// A RemitLine is a matter with a stance.
type RemitLine struct {
	Matter  string        `json:"matter"`
	Stance  domain.Stance `json:"stance" enum:"discretion,within-limits,bring-back,not"`
	Limit   domain.Pence  `json:"limitPence,omitempty"`
	Yearly  bool          `json:"yearly,omitempty" doc:"the limit is for a year, not for each commitment"`
	Months  int           `json:"months,omitempty"`
	Outcome string        `json:"outcome,omitempty" doc:"the outcome wanted"`
	Words   string        `json:"words,omitempty" doc:"the position in words"`
	Summary string        `json:"summary"`
	Paused  []string      `json:"pausedFor,omitempty" doc:"reserved matters on that day for which the line is paused: the matter itself, or parts of it"`
}

// An AppointmentHistory is one version of a remit.
type AppointmentHistory struct {
	Version  int        `json:"version"`
	Lines    []string   `json:"lines" doc:"in sentences"`
	Review   domain.Day `json:"review"`
	Source   string     `json:"source"`
	Feedback string     `json:"feedback,omitempty"`
	Back     int        `json:"back,omitempty" doc:"version to which it went back, the agreement that changed it having been set aside"`
	Index    uint64     `json:"index"`
	domain.Span
}

// A MeetingLine is a forum's meeting.
type MeetingLine struct {
	Ref         string        `json:"ref" doc:"such as locality-board/2026-03-09"`
	Forum       string        `json:"forum"`
	ForumName   string        `json:"forumName"`
	On          domain.Day    `json:"on"`
	At          string        `json:"time,omitempty" doc:"time of day"`
	Was         []domain.Day  `json:"was,omitempty" doc:"days on which it was to be before it was moved, in order"`
	Cancelled   domain.Day    `json:"cancelled,omitzero" doc:"it does not take place; day on which that was recorded"`
	Reason      string        `json:"reason,omitempty" doc:"why it was moved or cancelled"`
	Agenda      []MeetingItem `json:"agenda"`
	Brief       string        `json:"brief,omitempty"`
	Briefed     domain.Day    `json:"briefed,omitzero"`
	ReportBy    domain.Day    `json:"reportBy"`
	Overdue     bool          `json:"overdue" doc:"the report is overdue"`
	Reported    domain.Day    `json:"reported,omitzero"`
	Happened    string        `json:"happened,omitempty"`
	Agreed      string        `json:"agreed,omitempty"`
	Present     []Who         `json:"present"`
	Actions     []ActionLine  `json:"actions"`
	Commitments []string      `json:"commitments" doc:"references"`
	ReportIndex uint64        `json:"reportIndex,omitzero"`
	Index       uint64        `json:"index"`
}

// A MeetingItem is something to be talked about, with what to know about it.
type MeetingItem struct {
	Matter   string `json:"matter,omitempty"`
	Title    string `json:"title"`
	Position string `json:"position,omitempty" doc:"ours, in words"`
	LastSaid string `json:"lastSaid,omitempty" doc:"on the matter, in any forum"`

	Interests []ItemInterest `json:"interests" doc:"declared, that count on the meeting's day and touch it"`
}

// A PositionLine is the group's position on a matter and all below it.
type PositionLine struct {
	Matter  string `json:"matter"`
	Words   string `json:"words"`
	RedLine bool   `json:"redLine"`
	Source  string `json:"source"`
	Holds   bool   `json:"holds" doc:"it is the group's position on that day"`
	Index   uint64 `json:"index"`
	domain.Span
}

// A ClashLine is two representatives giving different answers.
type ClashLine struct {
	Matter string         `json:"matter"`
	First  CommitmentLine `json:"first"`
	Second CommitmentLine `json:"second"`
	Text   string         `json:"text"`
}

// Representation answers for that day.
func (g *business) Representation(at domain.Day) Representation {
	s := g.state
	r := Representation{
		Stamp: g.stamp(at), Forums: []ForumLine{}, Appointments: []AppointmentLine{}, Meetings: g.meetingLines(at),
		Positions: []PositionLine{}, Clashes: []ClashLine{}, Interests: []InterestLine{},
	}
	for _, f := range byCode(s.Forums) {
		r.Forums = append(r.Forums, ForumLine{f.Handle, f.Name, g.anybody(f.Body), f.Index})
	}
	for _, a := range byNumber(s.Appointments) {
		r.Appointments = append(r.Appointments, g.appointmentLine(a, at))
	}
	for _, p := range s.Positions {
		r.Positions = append(r.Positions, PositionLine{p.Matter, p.Words, p.RedLine, p.Source, s.PositionHolds(p, at), p.Index, p.Span})
	}
	for _, c := range s.ClashesOn(at) {
		r.Clashes = append(r.Clashes, g.clashLine(&c, at))
	}
	for _, i := range s.Interests {
		r.Interests = append(r.Interests, g.interestLine(i, at))
	}
	return r
}

func (g *business) appointmentLine(a *domain.Appointment, at domain.Day) AppointmentLine {
	v := a.VersionOn(at)
	if v == nil {
		v = &a.Versions[0]
	}
	state, why := g.state.AppointmentOn(a, at)
	l := AppointmentLine{
		Ref: a.Number, Person: g.acting(a.Person, at), ByOffice: a.ByOffice, Substitutes: g.allActing(v.Substitutes, at), Forum: a.Forum, ForumName: g.forum(a.Forum),
		Capacity: a.Capacity, State: state, Why: why, Lines: []RemitLine{}, Payer: g.anybody(a.Payer), From: a.Versions[0].From, Until: v.Until,
		Review: v.Review, Overdue: overdue(state, v.Review, at), Version: v.Number, Source: a.Source, Parent: a.Parent, History: []AppointmentHistory{},
		EndedOn: a.Ended, EndedBy: a.EndedBy, EndFeedback: a.Feedback,
		Suspensions: g.suspensionLines(a.Number, a.Suspensions, at), Feedback: g.feedbackOn(a.Number, at), Index: a.Index,
	}
	for i := range v.Lines {
		o := &v.Lines[i]
		l.Lines = append(l.Lines, g.remitLine(o, at))
	}
	for i := range a.Versions {
		o := &a.Versions[i]
		l.History = append(l.History, AppointmentHistory{o.Number, linesWords(o.Lines), o.Review, o.By(), o.Feedback, o.Back, o.Index, o.Span})
	}
	return l
}

func (g *business) remitLine(l *domain.Line, at domain.Day) RemitLine {
	r := RemitLine{Matter: l.Matter, Stance: l.Stance, Limit: l.Limit, Yearly: l.Yearly, Months: l.Months, Outcome: l.Outcome, Words: l.Words, Summary: l.Summary()}
	if l.Stance == domain.Discretion || l.Stance == domain.WithinLimits {
		if r.Paused = g.state.PausedParts(l.Matter, at); len(r.Paused) > 0 {
			r.Summary += "; paused for " + domain.List(r.Paused) + ", which " + isOrAre(len(r.Paused)) + " reserved"
		}
	}
	return r
}

func linesWords(lines []domain.Line) []string {
	words := make([]string, 0, len(lines))
	for i := range lines {
		words = append(words, lines[i].Summary())
	}
	return words
}

// remitWords are a remit's lines in one sentence; a line's subject may have a comma in it.
func remitWords(lines []domain.Line) string { return strings.Join(linesWords(lines), "; ") }

func (g *business) meetingLines(at domain.Day) []MeetingLine {
	lines := []MeetingLine{}
	for _, m := range g.state.Meetings {
		lines = append(lines, g.meetingLine(m, at))
	}
	slices.SortFunc(lines, func(a, b MeetingLine) int { return cmp.Or(cmp.Compare(a.On, b.On), strings.Compare(a.Forum, b.Forum)) })
	return lines
}

func (g *business) meetingLine(m *domain.Meeting, at domain.Day) MeetingLine {
	l := MeetingLine{
		Ref: m.Forum + "/" + m.On.String(), Forum: m.Forum, ForumName: g.forum(m.Forum), On: m.On, At: m.At, Was: m.Was, Cancelled: m.Cancelled, Reason: m.Reason, Agenda: []MeetingItem{},
		ReportBy: g.state.ReportBy(m), Overdue: g.state.ReportOverdue(m, at), Present: []Who{}, Actions: []ActionLine{}, Commitments: []string{}, Index: m.Index,
	}
	for _, i := range m.Agenda {
		l.Agenda = append(l.Agenda, g.meetingItem(i, m.On, at))
	}
	if m.Briefed != 0 && m.Briefed <= at {
		l.Brief, l.Briefed = m.Brief, m.Briefed
	}
	for _, k := range byNumber(g.state.Commitments) {
		if k.Forum == m.Forum && k.Meeting == m.On && m.Cancelled == 0 {
			l.Commitments = append(l.Commitments, k.Number)
		}
	}
	if m.Reported == 0 || m.Reported > at {
		return l
	}
	l.Reported, l.Happened, l.Agreed, l.Present, l.ReportIndex = m.Reported, m.Happened, m.Agreed, g.allActing(m.Present, m.On), m.ReportIndex
	for _, a := range byNumber(g.state.Actions) {
		if a.Source == l.Ref {
			l.Actions = append(l.Actions, g.actionLine(a, at))
		}
	}
	return l
}

func (g *business) meetingItem(i domain.AgendaItem, on, at domain.Day) MeetingItem {
	item := MeetingItem{Matter: i.Matter, Title: i.Title, Interests: []ItemInterest{}}
	if i.Matter == "" {
		return item
	}
	item.Interests = g.itemInterests([]string{i.Matter}, "", on)
	if p := g.state.PositionOn(i.Matter, at); p != nil {
		item.Position = p.Words
	}
	if k := g.state.LastSaid(i.Matter, at); k != nil {
		item.LastSaid = g.office(k.Person) + ", " + g.forum(k.Forum) + ", " + k.Meeting.Words() + ": " + k.Words
	}
	return item
}

func (g *business) clashLine(c *domain.Clash, at domain.Day) ClashLine {
	l := ClashLine{Matter: c.Matter, First: g.commitmentLine(c.First, at), Second: g.commitmentLine(c.Second, at)}
	l.Text = "On " + domain.MatterWords(c.Matter) + ", " + l.First.Person.Office + " said in " + l.First.ForumName + ": " + clause(l.First.Words) + " (" + string(l.First.Given) + "); " +
		l.Second.Person.Office + " said in " + l.Second.ForumName + ": " + clause(l.Second.Words) + " (" + string(l.Second.Given) + ")"
	return l
}
