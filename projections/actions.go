package projections

import "goldenthread/domain"

// Actions is what is to be done, as it stands on a day (rule X1).
type Actions struct {
	Stamp
	Actions []ActionLine `json:"actions"`
}

// An ActionLine is one action.
type ActionLine struct {
	Ref       string             `json:"ref"`
	What      string             `json:"what"`
	Owner     Who                `json:"owner"`
	Supporter Who                `json:"supporter"`
	Due       domain.Day         `json:"due"`
	State     domain.ActionState `json:"state" enum:"open,overdue,done,dropped,fell with its agreement" doc:"on that day"`
	Source    string             `json:"source" doc:"the agreement, or the meeting such as locality-board/2026-03-09"`
	Priority  string             `json:"priority,omitempty" doc:"that it serves"`
	Created   domain.Day         `json:"created"`
	Progress  []RemarkLine       `json:"progress"`
	Ended     domain.Day         `json:"ended,omitzero"`
	EndWords  string             `json:"endWords,omitempty"`
	Index     uint64             `json:"index"`
}

// A RemarkLine is what somebody said about something.
type RemarkLine struct {
	By    Who        `json:"by"`
	Words string     `json:"words"`
	On    domain.Day `json:"on"`
	Index uint64     `json:"index"`
}

// Actions answers for that day.
func (g *business) Actions(at domain.Day) Actions {
	a := Actions{g.stamp(at), []ActionLine{}}
	for _, one := range byNumber(g.state.Actions) {
		if one.Created <= at {
			a.Actions = append(a.Actions, g.actionLine(one, at))
		}
	}
	return a
}

func (g *naming) actionLine(a *domain.Action, at domain.Day) ActionLine {
	l := ActionLine{
		Ref: a.Number, What: a.What, Owner: g.who(a.Owner), Supporter: g.who(a.Supporter), Due: a.Due, State: g.state.ActionOn(a, at),
		Source: a.Source, Priority: a.Priority, Created: a.Created, Progress: g.remarks(a.Progress, at), Index: a.Index,
	}
	if a.Ended != 0 && a.Ended <= at {
		l.Ended, l.EndWords = a.Ended, a.EndWords
	}
	return l
}

func (g *naming) remarks(said []domain.Remark, at domain.Day) []RemarkLine {
	lines := []RemarkLine{}
	for _, r := range said {
		if r.On <= at {
			lines = append(lines, RemarkLine{g.who(r.By), r.Words, r.On, r.Index})
		}
	}
	return lines
}

// actionsWords says what an agreement would have done.
func (g *terms) actionsWords(entries []domain.ActionEntry) []string {
	var words []string
	for _, a := range entries {
		words = append(words, clause(a.What)+" ("+g.office(a.Owner)+", supported by "+g.office(a.Supporter)+", by "+a.Due.Words()+")")
	}
	return words
}
