package web

import (
	"goldenthread/projections"
)

// Agenda is the group's own meetings, and what could be on the next agenda.
type Agenda struct {
	projections.Agenda
}

func (*Agenda) Title() string { return "Our own meetings" }
func (*Agenda) file() string  { return "agenda" }

// ToRecord are the meetings that have an agenda and are not recorded yet.
func (a *Agenda) ToRecord() []projections.OwnMeeting {
	var ms []projections.OwnMeeting
	for _, m := range a.Meetings {
		if !m.Held && m.On <= a.At {
			ms = append(ms, m)
		}
	}
	return ms
}
