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

// A Screen is a meeting as everybody in the room sees it: the item that it is at, in large
// type, which follows as items are recorded.
type Screen struct{ projections.OwnMeeting }

func (m *Screen) Title() string { return "On screen: our meeting of " + m.On.Words() }
func (*Screen) file() string    { return "screen" }

// Now is the first item of which nothing is recorded; nil once all are, or the meeting is.
func (m *Screen) Now() *projections.OwnItem {
	for i := range m.Items {
		if !m.Held && m.Items[i].Noted == 0 {
			return &m.Items[i]
		}
	}
	return nil
}

// After is the item after that; nil if there is none.
func (m *Screen) After() *projections.OwnItem {
	if now := m.Now(); now != nil && now.Number < len(m.Items) {
		return &m.Items[now.Number]
	}
	return nil
}

// Just is the item that was recorded last while the meeting goes on; nil if none was.
func (m *Screen) Just() *projections.OwnItem {
	var just *projections.OwnItem
	for i := range m.Items {
		if item := &m.Items[i]; item.Noted > 0 && (just == nil || item.Noted > just.Noted) {
			just = item
		}
	}
	return just
}

// Minutes are those of one of the group's meetings, as a document.
type Minutes struct {
	*projections.Minutes
	On    domain.Day
	Words *projections.Worded // around what is recorded; nil: none
}

func (m *Minutes) Title() string { return m.Minutes.Title }
func (*Minutes) file() string    { return "minutes" }

// Papers are what a meeting of the group reads before it.
type Papers struct {
	*projections.Papers
	On domain.Day
}

func (p *Papers) Title() string { return "Papers for our meeting of " + p.On.Words() }
func (*Papers) file() string    { return "papers" }
