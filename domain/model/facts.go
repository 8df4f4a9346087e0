package model

import (
	"strings"

	"goldenthread/domain"
)

// A model answers from a list of events alone. It keeps nothing: every answer
// goes through the whole list again.
type model struct {
	events []*domain.Event
	wrong  mistake // planted; none but in the test of the comparison
	// totals are the events from which totals are added up, where these are
	// not the same: what was recorded later counts in them (R4).
	totals []*domain.Event
	// after are the events as they would be if what waits had taken effect; nil if
	// nothing waits (O1, O3).
	after []*domain.Event
}

// known is the model of the first n events.
func (m model) known(n int) model { return model{events: m.events[:n], wrong: m.wrong} }

// forTotals is the model from which totals are added up.
func (m model) forTotals() model {
	if m.totals != nil {
		m.events = m.totals
	}
	return m
}

// below says whether the matter is the path or lies below it.
func below(matter, path string) bool {
	return matter == path || strings.HasPrefix(matter, path+"/")
}

func covers(s domain.Span, d day) bool { return s.From <= d && (s.Until == 0 || d <= s.Until) }

func has(list []string, s string) bool {
	for _, one := range list {
		if one == s {
			return true
		}
	}
	return false
}

// charterOn is the charter in force on the day: the newest of those that have
// begun, or the first.
func (m model) charterOn(d day) (domain.Charter, int) {
	var c domain.Charter
	version := 0
	for _, e := range m.events {
		switch x := e.Data.(type) {
		case *domain.GroupFounded:
			c, version = x.Charter, 1
		case *domain.CharterAdopted:
			if e.Effective <= d {
				c, version = x.Charter, x.Version
			}
		default:
		}
	}
	return c, version
}

// knows says whether the charter of the day lists the matter, or one above it,
// or reserves it (F6).
func (m model) knows(matter string, d day) bool {
	return m.listed(matter, d) || m.reserved(matter, d)
}

func (m model) listed(matter string, d day) bool {
	c, _ := m.charterOn(d)
	for _, listed := range c.Matters {
		if below(matter, listed) {
			return true
		}
	}
	return false
}

// reserved says whether the matter can't be delegated (D2).
func (m model) reserved(matter string, d day) bool {
	c, _ := m.charterOn(d)
	for _, r := range append([]string{"charter", "membership", "delegation"}, c.Reserved...) {
		if below(matter, r) {
			return m.wrong != reservedIgnored
		}
	}
	return false
}

func (m model) place() string {
	for _, e := range m.events {
		if x, ok := e.Data.(*domain.GroupFounded); ok {
			return x.Place
		}
	}
	return ""
}

// setAside is the day from which an agreement no longer holds; 0 while it does.
func (m model) setAside(proposal string) day {
	for _, e := range m.events {
		if x, ok := e.Data.(*domain.AgreementSetAside); ok && x.Proposal == proposal {
			return e.Effective
		}
	}
	return 0
}

// agreedHolds says whether what the source did still stands on the day.
func (m model) agreedHolds(source string, d day) bool {
	gone := m.setAside(source)
	return gone == 0 || d < gone
}

// began says whether the day on which what the source made was to begin had
// come before the source was set aside.
func (m model) began(source string, from day) bool {
	gone := m.setAside(source)
	return gone == 0 || from <= gone
}
