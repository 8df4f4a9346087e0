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
	Kind  string `json:"kind" enum:"proposal,approach,question,overdue,review"`
	About string `json:"about"`
	Text  string `json:"text"`
}

// An OwnMeeting is one of the group's own.
type OwnMeeting struct {
	On      domain.Day               `json:"on"`
	At      string                   `json:"time,omitempty" doc:"time of day"`
	Items   []domain.GroupAgendaItem `json:"items"`
	SetBy   Who                      `json:"setBy"`
	Set     domain.Day               `json:"set" doc:"day on which the agenda was set"`
	Held    bool                     `json:"held"`
	Chaired *Who                     `json:"chaired,omitempty"`
	Present []Who                    `json:"present"`
	Seats   []Body                   `json:"seats" doc:"for which somebody was there"`
	Absent  []Body                   `json:"absent" doc:"seats for which nobody was"`
	Notes   string                   `json:"notes,omitempty"`
	Actions []ActionLine             `json:"actions"`
	Index   uint64                   `json:"index"`
}

// Agenda answers for that day.
func (g *Group) Agenda(at domain.Day) Agenda {
	s := g.state
	a := Agenda{Stamp: g.stamp(at), Setters: []Who{}, Flags: []string{}, Suggestions: []SuggestionLine{}, Meetings: []OwnMeeting{}}
	if s.Next == 0 {
		return a
	}
	setters := slices.Clone(s.ExecutiveOn(at))
	for _, d := range s.DutiesOn(at) {
		if d.Duty == domain.Chair {
			a.Chair = g.anyone(d.Person)
		}
		if (d.Duty == domain.Chair || d.Duty == domain.Manager) && !slices.Contains(setters, d.Person) {
			setters = append(setters, d.Person)
		}
	}
	a.Setters, a.Flags = g.everyone(setters), orEmpty(s.RunBySystem(at))
	a.RunBySystem = len(a.Flags) > 0
	for _, i := range s.SuggestionsOn(at) {
		a.Suggestions = append(a.Suggestions, SuggestionLine(i))
	}
	for _, m := range s.GroupMeetings {
		if m.Set <= at {
			a.Meetings = append(a.Meetings, g.ownMeeting(m, at))
		}
	}
	slices.SortFunc(a.Meetings, func(x, y OwnMeeting) int { return cmp.Compare(y.On, x.On) })
	return a
}

func (g *Group) ownMeeting(m *domain.GroupMeeting, at domain.Day) OwnMeeting {
	l := OwnMeeting{
		On: m.On, At: m.At, Items: orEmpty(m.Items), SetBy: g.who(m.SetBy), Set: m.Set, Present: []Who{}, Seats: []Body{}, Absent: []Body{}, Actions: []ActionLine{}, Index: m.Index,
	}
	if m.Held == 0 || m.Held > at {
		return l
	}
	l.Held, l.Chaired, l.Present, l.Notes = true, g.anyone(m.Chaired), g.everyone(m.Present), m.Notes
	for _, code := range g.state.EntitledOn(m.On) {
		there := slices.ContainsFunc(m.Present, func(p string) bool { return g.state.Seats[code].RoleOn(p, m.On) != "" })
		if there {
			l.Seats = append(l.Seats, g.body(code))
		} else {
			l.Absent = append(l.Absent, g.body(code))
		}
	}
	for _, a := range byNumber(g.state.Actions) {
		if a.Source == "agenda/"+m.On.String() {
			l.Actions = append(l.Actions, g.actionLine(a, at))
		}
	}
	return l
}
