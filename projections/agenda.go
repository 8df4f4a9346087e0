package projections

import (
	"cmp"
	"slices"

	"goldenthread/domain"
)

// Agenda is the group's own meetings, and what could be on the next agenda, as
// it stands on a day (rule T3).
type Agenda struct {
	Stamp
	Chair       *Who             `json:"chair,omitempty"`
	Setters     []Who            `json:"setters" doc:"who sets the agenda: the executive, its manager and the chair"`
	RunBySystem bool             `json:"runBySystem"`
	Flags       []string         `json:"flags" doc:"where the system runs the group, in sentences"`
	Suggestions []SuggestionLine `json:"suggestions" doc:"proposals, approaches, questions, what is overdue, reviews"`
	Meetings    []OwnMeeting     `json:"meetings" doc:"the newest first"`
}

// A SuggestionLine is something that could be on the agenda.
type SuggestionLine struct {
	Kind  domain.SuggestionKind `json:"kind" enum:"proposal,approach,question,overdue,review,minutes"`
	About string                `json:"about"`
	Text  string                `json:"text"`
}

// An OwnMeeting is one of the group's own.
type OwnMeeting struct {
	On           domain.Day    `json:"on"`
	At           string        `json:"time,omitempty" doc:"time of day"`
	Items        []OwnItem     `json:"items" doc:"in order: the first is item 1"`
	SetBy        Who           `json:"setBy"`
	Set          domain.Day    `json:"set" doc:"day on which the agenda was set"`
	Held         bool          `json:"held"`
	Chaired      *Who          `json:"chaired,omitempty"`
	Present      []Who         `json:"present"`
	Apologies    []Who         `json:"apologies" doc:"who said that they could not come"`
	InAttendance []Attending   `json:"inAttendance" doc:"who was there and is not of the meeting"`
	Seats        []Body        `json:"seats" doc:"for which somebody was present"`
	Absent       []Body        `json:"absent" doc:"seats for which nobody was"`
	Notes        string        `json:"notes,omitempty" doc:"on the meeting as a whole"`
	Actions      []ActionLine  `json:"actions" doc:"all that it raised, those of an item among them"`
	Approved     domain.Day    `json:"approved,omitzero" doc:"day of the meeting that approved the minutes"`
	Changes      string        `json:"changes,omitempty" doc:"what was put right before the minutes were approved"`
	Words        *Worded       `json:"words,omitempty" doc:"of the minutes, around what is recorded"`
	Between      []BetweenLine `json:"between" doc:"what was decided since the meeting before, and belongs to these minutes"`
	Index        uint64        `json:"index"`
}

// An OwnItem is an item of the agenda, with what was said and decided on it.
type OwnItem struct {
	Number    int                   `json:"number" doc:"from 1"`
	Title     string                `json:"title"`
	About     string                `json:"about,omitempty" doc:"what it is about, such as P4, A2 or D1"`
	Matter    string                `json:"matter,omitempty"`
	Note      string                `json:"note,omitempty"`
	Decisions []domain.ItemDecision `json:"decisions"`
	By        *Who                  `json:"by,omitempty" doc:"who recorded the item, while the meeting goes on"`
	Noted     uint64                `json:"noted,omitzero" doc:"index of the event that did"`
	Actions   []ActionLine          `json:"actions" doc:"that it raised"`
	Interests []ItemInterest        `json:"interests" doc:"declared, that count on the meeting's day and touch it"`
}

// Worded are the words of minutes around what is recorded, as they were given last.
type Worded struct {
	domain.MinutesWords
	By    Who    `json:"by"`
	Index uint64 `json:"index"`
}

// An Attending is somebody in attendance, and for whom.
type Attending struct {
	Person Who   `json:"person"`
	For    *Body `json:"for,omitempty"`
}

// Office is the person's, with the system body that employs them unless they attend for it.
func (a Attending) Office() string {
	if a.For != nil && a.For.Name == a.Person.EmployedBy {
		return a.Person.Office
	}
	return a.Person.Words()
}

// Agenda answers for that day.
func (g *business) Agenda(at domain.Day) Agenda {
	s := g.state
	a := Agenda{Stamp: g.stamp(at), Setters: []Who{}, Flags: []string{}, Suggestions: []SuggestionLine{}, Meetings: g.meetingsWithAgenda(at)}
	if s.Next == 0 {
		return a
	}
	setters := slices.Clone(s.ExecutiveOn(at))
	for _, d := range s.DutiesOn(at) {
		if s.Allows(d.Person, &domain.SetAgenda{}, at) && !slices.Contains(setters, d.Person) {
			setters = append(setters, d.Person)
		}
	}
	a.Chair = g.anyone(s.ChairOn(at))
	a.Setters, a.Flags = g.everyone(setters), domain.OrEmpty(s.RunBySystem(at))
	a.RunBySystem = len(a.Flags) > 0
	for _, i := range s.SuggestionsOn(at) {
		a.Suggestions = append(a.Suggestions, SuggestionLine(i))
	}
	return a
}

// meetingsWithAgenda are those whose agenda was set by that day, the newest first.
func (g *business) meetingsWithAgenda(at domain.Day) []OwnMeeting {
	meetings, once := []OwnMeeting{}, *g
	if once.decisions == nil {
		once.decisions = g.decidedThings(at)
	}
	for _, m := range g.state.GroupMeetings {
		if m.Set <= at {
			meetings = append(meetings, once.ownMeeting(m, at))
		}
	}
	slices.SortFunc(meetings, func(x, y OwnMeeting) int { return cmp.Compare(y.On, x.On) })
	return meetings
}

func (g *business) ownMeeting(m *domain.GroupMeeting, at domain.Day) OwnMeeting {
	l := OwnMeeting{
		On: m.On, At: m.At, Items: []OwnItem{}, SetBy: g.who(m.SetBy), Set: m.Set, Present: []Who{}, Apologies: []Who{}, InAttendance: []Attending{}, Seats: []Body{},
		Absent: []Body{}, Actions: []ActionLine{}, Between: g.between(m.On, at), Index: m.Index,
	}
	for i := range m.Items {
		l.Items = append(l.Items, g.ownItem(m, i, at))
	}
	if m.Held == 0 || m.Held > at {
		return l
	}
	if m.Approved <= at {
		l.Approved, l.Changes = m.Approved, m.Changes
	}
	l.Held, l.Chaired, l.Present, l.Apologies, l.Notes = true, new(g.acting(m.Chaired, m.On)), g.allActing(m.Present, m.On), g.everyone(m.Apologies), m.Notes
	if w := m.Words; w != nil {
		l.Words = &Worded{w.MinutesWords, g.who(w.By), w.Index}
	}
	for _, a := range m.InAttendance {
		l.InAttendance = append(l.InAttendance, Attending{g.acting(a.Person, m.On), g.anybody(a.For)})
	}
	for _, code := range g.state.EntitledOn(m.On) {
		there := slices.ContainsFunc(m.Present, func(p string) bool { return g.state.RoleOn(g.state.Seats[code], p, m.On) != "" })
		if there {
			l.Seats = append(l.Seats, g.body(code))
		} else {
			l.Absent = append(l.Absent, g.body(code))
		}
	}
	for _, a := range byNumber(g.state.Actions) {
		if a.Source == domain.GroupMeetingRef(m.On) {
			l.Actions = append(l.Actions, g.actionLine(a, at))
			if a.Item > 0 && a.Item <= len(l.Items) {
				item := &l.Items[a.Item-1]
				item.Actions = append(item.Actions, g.actionLine(a, at))
			}
		}
	}
	return l
}

// ownItem is the item at that place of the agenda, with what is recorded of it on that
// day or before, so far while the meeting goes on.
func (g *business) ownItem(m *domain.GroupMeeting, i int, at domain.Day) OwnItem {
	of := &m.Items[i]
	item := OwnItem{Number: i + 1, Title: of.Title, About: of.About, Matter: of.Matter, Decisions: []domain.ItemDecision{}, Actions: []ActionLine{}}
	item.Interests = g.itemInterests(g.state.MattersOfItem(of), of.About, m.On)
	if m.On > at || m.Held > at {
		return item
	}
	if minute := m.Minute(i + 1); minute != nil {
		item.Note, item.Decisions = minute.Note, domain.OrEmpty(minute.Decisions)
	}
	if noted := m.NotedItem(i + 1); noted != nil && m.Held == 0 {
		item.By, item.Noted = g.anyone(noted.By), noted.Index
	}
	return item
}
