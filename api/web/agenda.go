package web

import "goldenthread/projections"

// Agenda is the group's own meetings, and what could be on the next agenda.
type Agenda struct {
	projections.Agenda
	Sets      bool // sets the agenda, and records the meeting
	Suggested []Option
	People    []Option
}

func (*Agenda) Title() string { return "Our own meetings" }
func (*Agenda) file() string  { return "agenda" }

// ToRecord are the meetings that have an agenda and are not recorded yet.
func (a *Agenda) ToRecord() []Option {
	var os []Option
	for _, m := range a.Meetings {
		if !m.Held && m.On <= a.At {
			os = append(os, Option{m.On.String(), m.On.Words()})
		}
	}
	return os
}
