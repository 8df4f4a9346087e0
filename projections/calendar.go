package projections

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"goldenthread/domain"
)

// A Calendar is the days that matter, as it stands on a day: meetings, reviews,
// ends and what is due, of the whole group, of a person or of a practice. It is
// never empty, since a calendar must not be: the founding is in it.
type Calendar struct {
	Stamp
	Title   string
	Entries []CalendarEntry
}

// A CalendarEntry is a day that matters. Its ID stays, whatever becomes of it.
type CalendarEntry struct {
	ID    uuid.UUID
	Kind  string // meeting, or the kind of what is due
	About string // reference, such as D1 or locality-board/2026-03-09
	On    domain.Day
	At    string // time of day in London; "": the whole day
	Text  string // the same on every day, as long as nothing is recorded that changes it

	Agenda []string // of a meeting

	made []madeBy // what made it and changed it; nil: it is looked up

	Changes   int       // how often something was recorded that moves or cancels it, or changes its text, since it was made
	Changed   time.Time // when the last of these was recorded, or that it is made of
	Cancelled bool      // it does not take place
}

// calendarPast is for how many days a calendar shows meetings that are over.
const calendarPast = 365

// Calendar answers for that day: for the whole group, or for a person, by
// handle or id, or for a practice, by ODS code. It reads lines to know when each entry
// changed.
func (g *Group) Calendar(ctx context.Context, person, practice string, at domain.Day, lines Lines) (Calendar, error) {
	c := Calendar{Stamp: g.stamp(at), Title: g.state.Name}
	whole := func(*domain.Due) bool { return true }
	var entries []CalendarEntry
	switch p, o := g.state.Person(person), g.practiceOn(practice, at); {
	case person != "" && practice != "":
		return c, &domain.Refusal{Rule: "T1", Say: "A calendar is of the group, of a person or of a practice: name one.", Class: domain.Invalid}
	case person != "" && p == nil:
		return c, &domain.Refusal{Rule: "L5", Say: "Nobody called " + strconv.Quote(clip(person)) + " is known to this group.", Class: domain.NotFound}
	case practice != "" && o == nil:
		return c, g.noPractice(practice, at)
	case p != nil:
		c.Title += ": " + p.Office
		entries = append(g.meetingsOf(p.ID, at), g.waitingEntries(p.ID, at)...)
		whole = func(due *domain.Due) bool { return slices.Contains(g.state.DueFor(due, at), p.ID) }
	case o != nil:
		c.Title += ": " + o.Name
		entries = g.forumMeetings(at, func(*domain.Meeting) bool { return true })
		whole = func(due *domain.Due) bool { return g.concernsPractice(due, o, at) }
	default:
		entries = append(g.ownMeetings(at), g.forumMeetings(at, func(*domain.Meeting) bool { return true })...)
	}
	founded := g.state.Charters[0].From
	entries = append(entries, g.calendarEntry("founded", g.state.Group, founded, "", g.state.Name+" was founded."))
	for _, due := range g.state.DueOn(at) {
		if due.Kind != domain.DueCharter && due.Kind != domain.DueLeft && due.Kind != domain.DueVacant && whole(&due) { // which are how things are, and have no day ahead
			entries = append(entries, g.calendarEntry(string(due.Kind), due.What, due.On, "", due.Text))
		}
	}
	seen := map[uuid.UUID]bool{} // somebody can be asked the same for two seats
	for _, e := range entries {
		if !seen[e.ID] {
			seen[e.ID], c.Entries = true, append(c.Entries, e)
		}
	}
	slices.SortStableFunc(c.Entries, func(a, b CalendarEntry) int {
		return cmp.Or(cmp.Compare(a.On, b.On), strings.Compare(a.About, b.About), strings.Compare(a.Kind, b.Kind))
	})
	return c, g.noteChanges(ctx, c.Entries, at, lines)
}

func (g *Group) calendarEntry(kind, about string, on domain.Day, at, text string) CalendarEntry {
	return CalendarEntry{ID: g.ID("calendar", kind, about), Kind: kind, About: about, On: on, At: at, Text: g.calendarText(kind, about, text)}
}

// meetingsOf are the group's meetings, if the person has to do with them, and
// those in which the person speaks.
func (g *Group) meetingsOf(person string, at domain.Day) []CalendarEntry {
	s := g.state
	entries := g.forumMeetings(at, func(m *domain.Meeting) bool { return s.SpeaksAt(person, m.Forum, m.On) })
	duties := slices.ContainsFunc(s.DutiesOn(at), func(d domain.Duty) bool { return d.Person == person })
	if duties || len(s.SeatsOf(person, at)) > 0 || slices.Contains(s.ExecutiveOn(at), person) {
		entries = append(entries, g.ownMeetings(at)...)
	}
	return entries
}

// waitingEntries are what only the person can do, by its last day.
func (g *Group) waitingEntries(person string, at domain.Day) []CalendarEntry {
	var entries []CalendarEntry
	for _, w := range g.Waiting(person, at).Items {
		if w.By != 0 {
			entries = append(entries, g.calendarEntry(string(w.Kind), w.Ref, w.By, "", w.Text))
		}
	}
	return entries
}

func (g *Group) ownMeetings(at domain.Day) []CalendarEntry {
	var entries []CalendarEntry
	for _, m := range g.state.GroupMeetings {
		if m.On >= at.Add(-calendarPast) {
			e := g.calendarEntry("meeting", domain.GroupMeetingRef(m.On), m.On, m.At, domain.FirstUpper(g.state.ShortName)+" meets.")
			for _, item := range m.Items {
				e.Agenda = append(e.Agenda, item.Title)
			}
			entries = append(entries, e)
		}
	}
	return entries
}

func (g *Group) forumMeetings(at domain.Day, wanted func(*domain.Meeting) bool) []CalendarEntry {
	var entries []CalendarEntry
	for _, m := range g.state.Meetings {
		if m.On < at.Add(-calendarPast) || !wanted(m) {
			continue
		}
		e := g.calendarEntry("meeting", m.Forum+"/"+m.On.String(), m.On, m.At, g.forum(m.Forum)+" meets.")
		e.ID, e.Cancelled = g.ID("calendar", "meeting", m.ID), m.Cancelled != 0
		e.made = append(make([]madeBy, m.Changes), madeBy{index: m.Changed})
		for _, item := range m.Agenda {
			e.Agenda = append(e.Agenda, item.Title)
		}
		if e.Cancelled {
			e.Text = "Cancelled: " + g.forum(m.Forum) + " does not meet."
		}
		entries = append(entries, e)
	}
	return entries
}

// concernsPractice says whether what is due is the practice's own, or the
// review or end of a power that is used in its name.
func (g *Group) concernsPractice(due *domain.Due, o *domain.Organisation, at domain.Day) bool {
	switch due.Kind {
	case domain.DueReview, domain.DueEnd:
		return true
	case domain.DueMandate:
		return slices.ContainsFunc(grantsOf(g.state.StandingsOn(o, at)), func(m *domain.MandateEntry) bool { return m.Number == due.What })
	case domain.DuePriorities:
		took := g.state.TookPart(g.state.Rounds[due.What], at)
		return !slices.ContainsFunc(took, func(a domain.PriorityAnswer) bool { return a.Practice == o.Code })
	default: // for the group to see to
		return false
	}
}

// ID is an id that nothing else has anywhere, and that is the same whenever it
// is worked out: the founder's id, which is random, is in it.
func (g *Group) ID(parts ...string) uuid.UUID { return g.IDs()(parts...) }

// IDs is ID, to be used when the group is no longer being read.
func (g *Group) IDs() func(parts ...string) uuid.UUID {
	founder, _ := uuid.Parse(g.state.Founder)
	return func(parts ...string) uuid.UUID { return uuid.NewSHA1(founder, []byte(strings.Join(parts, "/"))) }
}
