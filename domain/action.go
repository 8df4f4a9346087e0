package domain

import (
	"cmp"
	"maps"
	"slices"
)

// Actions (rule X1): something to be done has an owner, somebody who supports,
// a day on which it is due, a source (an agreement, a meeting or a priority),
// its progress and an end.

// An ActionEntry asks for something to be done.
type ActionEntry struct {
	What      string `json:"what" maxLength:"2000" rule:"X1" call:"what is to be done" ask:"What is to be done?"`
	Owner     string `json:"owner" doc:"handle or id" maxLength:"60" of:"person" ask:"By whom?"`
	Supporter string `json:"supporter" doc:"handle or id: somebody else" maxLength:"60" of:"person" ask:"Supported by whom?" hint:"Somebody else."`
	Due       Day    `json:"due" else:"Say by when it is to be done." ask:"By when?" hint:"Such as 9 March 2026."`
	Priority  string `json:"priority,omitempty" doc:"the priority that it serves, such as Y1" maxLength:"60"`
}

func (c *ActionEntry) check(s *State) *Refusal {
	ids, r := s.people("X1", []string{c.Owner, c.Supporter})
	switch {
	case r != nil:
		return r.at("owner")
	case len(ids) < 2:
		return invalid("X1", "An action has an owner, and somebody else who supports it.").at("supporter")
	}
	if c.Priority != "" && s.Priorities[c.Priority] == nil {
		return notFound("X1", "There is no priority %q here.", Clip(c.Priority)).at("priority")
	}
	return nil
}

// createAction records an action that was checked, under the item of the meeting's
// agenda, or under none (0). The turn has its own state.
func (t *turn) createAction(c ActionEntry, item int, e enacting) {
	t.recordBecause(e.cause, e.day, &ActionCreated{
		Action: t.number('T'), What: c.What, Owner: t.s.Person(c.Owner).ID, Supporter: t.s.Person(c.Supporter).ID, Due: c.Due, Priority: c.Priority,
		Source: e.source, Item: item,
	})
}

// CreateActions has things done under an agreement.
type CreateActions struct {
	Actions []ActionEntry `json:"actions" maxItems:"50" rule:"X1" one:"action" ask:"What is to be done"`
}

func (c *CreateActions) check(t *turn, e enacting) *Refusal {
	if len(c.Actions) == 0 {
		return invalid("X1", "Name at least 1 action.").at("what").at("actions/0")
	}
	for i := range c.Actions {
		if r := c.Actions[i].check(t.s.State); r != nil {
			return r.at(nth("actions", i))
		}
	}
	return nil
}

func (c *CreateActions) enact(t *turn, e enacting) {
	for _, a := range c.Actions {
		t.createAction(a, 0, e)
	}
}

// ProgressAction says how far an action has come.
type ProgressAction struct {
	Action string `json:"action" rule:"X1" of:"action" ask:"Which action?"`
	Words  string `json:"words" maxLength:"2000" call:"how far it has come" ask:"How far has it come?"`
}

func (c *ProgressAction) may(w *who) (Permission, *Refusal) { return w.mustSeeTo(c.Action) }

func (c *ProgressAction) decide(t *turn) *Refusal {
	a, r := t.runningAction(c.Action)
	if r != nil {
		return r
	}
	t.recordBecause(a.Index, t.day, &ActionProgressed{Action: a.Number, Words: c.Words})
	return nil
}

// ActionEnd is how an action came to its end.
type ActionEnd string

const (
	ActionDone    ActionEnd = "done"
	ActionDropped ActionEnd = "dropped"
)

// EndAction says that an action is done, or dropped and why.
type EndAction struct {
	Action string    `json:"action" rule:"X1" of:"action" ask:"Which action?"`
	How    ActionEnd `json:"how" enum:"done,dropped" else:"An action is done or dropped." ask:"How does it end?"`
	Words  string    `json:"words,omitempty" doc:"needed for what is dropped" maxLength:"2000" call:"the reason" ask:"In words" hint:"Needed where it is dropped."`
}

func (c *EndAction) may(w *who) (Permission, *Refusal) { return w.mustSeeTo(c.Action) }

func (c *EndAction) decide(t *turn) *Refusal {
	a, r := t.runningAction(c.Action)
	if r != nil {
		return r
	}
	if c.How == ActionDropped {
		if r := checkWords("X1", "the reason", c.Words, someWords).at("words"); r != nil {
			return r
		}
	}
	t.recordBecause(a.Index, t.day, &ActionEnded{Action: a.Number, How: c.How, Words: c.Words})
	return nil
}

// mustSeeTo is the permission of whoever may speak of an action: its owner, who
// supports it, the chair and the manager (rule X1).
func (w *who) mustSeeTo(number string) (Permission, *Refusal) {
	a := w.s.Actions[number]
	if a == nil {
		return Permission{}, notFound("X1", "There is no action %q here.", Clip(number))
	}
	return anyOf(
		notYours("X1", "This is for %s, %s, the chair or the manager.", w.s.office(a.Owner), w.s.office(a.Supporter)),
		w.is(a.Owner, a.Supporter), w.has(Chair, Manager),
	)
}

// runningAction finds an action that has not ended.
func (t *asking) runningAction(number string) (*Action, *Refusal) {
	a := t.s.Actions[number]
	switch t.s.ActionOn(a, t.day) {
	case ActionIsDone, ActionIsDropped:
		return nil, notNow("X1", "%s ended on %s.", a.Number, a.Ended.Words())
	case ActionFell:
		return nil, notNow("X1", "%s ended with %s, which was set aside.", a.Number, a.Source)
	case ActionOpen, ActionOverdue:
	}
	return a, nil
}

// ActionCreated: something is to be done.
type ActionCreated struct {
	Action    string `json:"action"`
	What      string `json:"what"`
	Owner     string `json:"owner"`
	Supporter string `json:"supporter"`
	Due       Day    `json:"due"`
	Priority  string `json:"priority,omitempty"`
	Source    string `json:"source"`
	Item      int    `json:"item,omitzero" doc:"number on the agenda of the group's own meeting that is the source, from 1"`
}

func (e *ActionCreated) Subject() string { return "action/" + e.Action }
func (e *ActionCreated) made() string    { return e.Action }
func (e *ActionCreated) apply(s *State, ev *Event) {
	s.took(e.Action)
	s.Actions[e.Action] = &Action{
		Number: e.Action, What: e.What, Owner: e.Owner, Supporter: e.Supporter, Due: e.Due, Priority: e.Priority, Source: e.Source, Item: e.Item,
		Created: ev.Effective, Index: ev.Index,
	}
}

// ActionProgressed: an action has come so far.
type ActionProgressed struct {
	Action string `json:"action"`
	Words  string `json:"words"`
}

func (e *ActionProgressed) Subject() string { return "action/" + e.Action }
func (e *ActionProgressed) apply(s *State, ev *Event) {
	a := edit(s.Actions, e.Action)
	a.Progress = append(slices.Clip(a.Progress), Remark{actorID(ev), e.Words, ev.Effective, ev.Index})
}

// ActionEnded: an action is done, or dropped.
type ActionEnded struct {
	Action string    `json:"action"`
	How    ActionEnd `json:"how"`
	Words  string    `json:"words,omitempty"`
}

func (e *ActionEnded) Subject() string { return "action/" + e.Action }
func (e *ActionEnded) apply(s *State, ev *Event) {
	a := edit(s.Actions, e.Action)
	a.How, a.EndWords, a.Ended = e.How, e.Words, ev.Effective
}

// work is what the group does: its priorities, meetings, actions and papers.
type work struct {
	Actions       map[string]*Action
	Priorities    map[string]*Priority      // the long list
	Rounds        map[string]*PriorityRound // in which the practices were asked
	PriorityLists []*PriorityList           // final ones, in order
	GroupMeetings map[Day]*GroupMeeting     // the group's own
	Documents     []Document                // attached, in order
}

func newWork() work {
	return work{
		Actions: map[string]*Action{}, Priorities: map[string]*Priority{}, Rounds: map[string]*PriorityRound{}, GroupMeetings: map[Day]*GroupMeeting{},
	}
}

func (s work) copy() work {
	s.Actions, s.Priorities, s.Rounds = maps.Clone(s.Actions), maps.Clone(s.Priorities), maps.Clone(s.Rounds)
	s.PriorityLists, s.GroupMeetings, s.Documents = slices.Clip(s.PriorityLists), maps.Clone(s.GroupMeetings), slices.Clip(s.Documents)
	return s
}

// An Action is something to be done.
type Action struct {
	Number    string
	What      string
	Owner     string
	Supporter string
	Due       Day
	Priority  string // that it serves
	Source    string // agreement, or meeting such as locality-board/2026-03-09
	Item      int    // of the agenda of the group's own meeting, from 1; 0: of none
	Created   Day
	Progress  []Remark
	How       ActionEnd
	EndWords  string
	Ended     Day
	Index     uint64
}

// A Remark is what somebody said about something, in order.
type Remark struct {
	By    string
	Words string
	On    Day
	Index uint64
}

// ActionState is how an action stands on a day.
type ActionState string

const (
	ActionOpen      ActionState = "open"
	ActionOverdue   ActionState = "overdue"
	ActionIsDone    ActionState = "done"
	ActionIsDropped ActionState = "dropped"
	ActionFell      ActionState = "fell with its agreement"
)

// ActionOn is how the action stands on that day. What an agreement had begun
// falls when it is set aside (rule C9).
func (s *decisions) ActionOn(a *Action, d Day) ActionState {
	p := s.Proposals[a.Source]
	switch {
	case a.Ended != 0 && a.Ended <= d && a.How == ActionDone:
		return ActionIsDone
	case a.Ended != 0 && a.Ended <= d:
		return ActionIsDropped
	case p != nil && p.SetAside != 0 && p.SetAside <= d:
		return ActionFell
	case d > a.Due:
		return ActionOverdue
	}
	return ActionOpen
}

// actionsDue adds the actions that run.
func (s *business) actionsDue(d Day, add addDue) {
	for n, a := range s.Actions {
		if st := s.ActionOn(a, d); a.Created <= d && (st == ActionOpen || st == ActionOverdue) {
			// Whoever owns it is asked from the day on which it was created (rule T4).
			add(n, DueAction, a.Due, int(a.Due-a.Created), n+" is for "+s.office(a.Owner)+" to do by "+a.Due.Words()+": "+Sentence(Clip(a.What)))
		}
	}
}

// meetingAction is what a meeting raised, under that item of its agenda if under
// one; without a day it is due when the charter's days for settling have run from
// the meeting.
func (t *turn) meetingAction(a ActionRaised, item int, e enacting, held Day) {
	due := cmp.Or(a.Due, held.Add(t.s.CharterOn(held).Charter.SettleWithin))
	t.createAction(ActionEntry{What: a.What, Owner: a.Owner, Supporter: a.Supporter, Due: due}, item, e)
}
