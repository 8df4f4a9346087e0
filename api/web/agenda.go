package web

import (
	"strconv"

	"goldenthread/projections"
)

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
func (a *Agenda) ToRecord() []projections.OwnMeeting {
	var ms []projections.OwnMeeting
	for _, m := range a.Meetings {
		if !m.Held && m.On <= a.At {
			ms = append(ms, m)
		}
	}
	return ms
}

// ItemOptions are the items of a meeting's agenda, to choose from.
func ItemOptions(m projections.OwnMeeting) []Option {
	var os []Option
	for _, i := range m.Items {
		os = append(os, Option{strconv.Itoa(i.Number), strconv.Itoa(i.Number) + ". " + i.Title})
	}
	return os
}
