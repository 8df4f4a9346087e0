package web

import (
	"strconv"

	"goldenthread/domain"
	"goldenthread/projections"
)

// Agenda is the group's own meetings, and what could be on the next agenda.
type Agenda struct {
	projections.Agenda
}

func (*Agenda) Title() string { return "Our own meetings" }
func (*Agenda) file() string  { return "agenda" }

// An OwnMeeting is one of the group's own, from its agenda to its minutes.
type OwnMeeting struct {
	projections.OwnMeeting
	Begun bool       // it is today or was
	Next  domain.Day // of the meeting after it, today or before; 0: none
}

func (m *OwnMeeting) Title() string { return "Our meeting of " + m.On.Words() }
func (*OwnMeeting) file() string    { return "ownmeeting" }

// ItemForm is the id of the form that records that item.
func (m *OwnMeeting) ItemForm(item int) string { return "item-" + strconv.Itoa(item) }

// Minutes are those of one of the group's meetings, as a document.
type Minutes struct {
	*projections.Minutes
	On string // day, as in addresses
}

func (m *Minutes) Title() string { return m.Minutes.Title }
func (*Minutes) file() string    { return "minutes" }

// Papers are what a meeting of the group reads before it: its agenda with the full words of
// what each item is about.
type Papers struct {
	projections.OwnMeeting
	Documents []projections.DocumentLine // that are attached to the meeting
	Papers    []Paper
}

// A Paper is an item of the agenda with what it is about. Of the last three at most one
// is there.
type Paper struct {
	projections.OwnItem
	Documents []projections.DocumentLine
	Proposal  *Proposal
	Approach  *projections.ApproachLine
	Minutes   *projections.Minutes
}

func (p *Papers) Title() string { return "Papers for our meeting of " + p.On.Words() }
func (*Papers) file() string    { return "papers" }
