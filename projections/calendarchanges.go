package projections

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"goldenthread/domain"
)

// When an entry of a calendar changed last, and how often (RFC 5545, 3.8.7.3 and 3.8.7.4):
// of powers, appointments, mandates, interests and system meetings the state says so; of
// the rest the events that can move it are counted.

// subjects are what events about something numbered are said to be about, by its letter.
var subjects = map[byte]string{
	'P': "proposal/", 'E': "exercise/", 'K': "commitment/", 'A': "approach/", 'W': "priorities/", 'T': "action/", 'X': "departure/", 'Q': "question/", 'N': "record/",
}

// moves are the events that can move an entry of a calendar, or change its text, with the
// kinds of entries that they move; none: all about that.
var moves = map[string][]string{
	"proposal.put.v1": nil, "proposal.amended.v1": nil, "closing.put-off.v1": nil, "seat.held.v1": nil, "seat.left.v1": nil, "agenda.set.v1": nil,
	"exercise.confirmed.v1": {string(domain.DueCallIn)}, "exercise.called-in.v1": {string(domain.DueCallIn)}, "joining.asked.v1": nil,
}

// subjectOf is the subject of the events that make and move an entry about that.
func subjectOf(about string) string {
	switch {
	case strings.HasPrefix(about, "seat/"), strings.HasPrefix(about, "joining/"), strings.HasPrefix(about, "agenda/"):
		return about
	case strings.Contains(about, "/"):
		return "meeting/" + about
	case len(about) > 1 && subjects[about[0]] != "":
		return subjects[about[0]] + about
	}
	return "group" // its founding
}

// noteChanges says of each entry how often it changed and when it did last.
func (g *Group) noteChanges(ctx context.Context, entries []CalendarEntry, at domain.Day, lines Lines) error {
	if err := g.trail.fill(ctx, g.state.Next, lines); err != nil {
		return err
	}
	g.trail.mu.Lock()
	defer g.trail.mu.Unlock()
	rows := g.trail.rows[:g.state.Next]
	of := map[uint32][]int{} // the events about each subject
	for i := range entries {
		if place, known := g.trail.subjects.places[subjectOf(entries[i].About)]; known {
			of[place] = []int{}
		}
	}
	for i := range rows {
		if events, wanted := of[rows[i].subject]; wanted {
			of[rows[i].subject] = append(events, i)
		}
	}
	recorded := func(index uint64) time.Time { return time.UnixMilli(rows[index].recorded).UTC() }
	for i := range entries {
		e := &entries[i]
		made, known := g.changesOf(e, at)
		if !known {
			place := g.trail.subjects.places[subjectOf(e.About)]
			made = movedBy(e.Kind, of[place], rows)
		}
		e.Changes = len(made) - 1
		for _, m := range made {
			e.Changed = later(e.Changed, later(recorded(m.index), m.from.Start())).UTC()
		}
	}
	return nil
}

// movedBy are, of those events about one subject, the first and those that move an entry
// of that kind; the ledger's first event where there are none.
func movedBy(kind string, events []int, rows []trailRow) []madeBy {
	if len(events) == 0 {
		return []madeBy{{}}
	}
	made := []madeBy{{index: uint64(events[0])}}
	for _, i := range events[1:] {
		kinds, moving := moves[strings.TrimPrefix(domain.Kinds[rows[i].kind].Name, "goldenthread.")]
		if moving && (kinds == nil || slices.Contains(kinds, kind)) {
			made = append(made, madeBy{index: uint64(i)})
		}
	}
	return made
}

// A madeBy is an event that made an entry or changed it, and from when: it may say so of
// a day to come.
type madeBy struct {
	index uint64
	from  domain.Day
}

// changesOf are what made the entry and what changed it since, as the state says; false
// where the state does not.
func (g *Group) changesOf(e *CalendarEntry, at domain.Day) ([]madeBy, bool) {
	s := g.state
	if d := s.Delegations[e.About]; d != nil {
		terms := make([]domain.Term, len(d.Versions))
		for i := range d.Versions {
			terms[i] = d.Versions[i].Term
		}
		return termChanges(e.Kind, terms, at), true
	}
	if a := s.Appointments[e.About]; a != nil {
		terms := make([]domain.Term, len(a.Versions))
		for i := range a.Versions {
			terms[i] = a.Versions[i].Term
		}
		return termChanges(e.Kind, terms, at), true
	}
	if i := slices.IndexFunc(s.Mandates, func(m *domain.MandateEntry) bool { return m.Number == e.About }); i >= 0 {
		made := []madeBy{{index: s.Mandates[i].Index}}
		for _, w := range s.WithdrawnFrom(s.Mandates[i]) {
			if w.TakesAll(s.Mandates[i]) && w.From-1 == e.On {
				return append(made, madeBy{index: w.Index}), true
			}
		}
		return made, true
	}
	if i := slices.IndexFunc(s.Interests, func(i *domain.Interest) bool { return i.Number == e.About }); i >= 0 {
		made := []madeBy{{index: s.Interests[i].Index}}
		for _, r := range s.Interests[i].Renewals {
			if r.On <= at {
				made = append(made, madeBy{r.Index, r.On})
			}
		}
		return made, true
	}
	return e.made, e.made != nil
}

// termChanges are the version that the terms began with and each that moved the review or
// the end, whichever the kind is, up to that day.
func termChanges(kind string, terms []domain.Term, at domain.Day) []madeBy {
	var made []madeBy
	var was domain.Day
	for i, t := range terms {
		on := t.Review
		if kind == string(domain.DueEnd) {
			on = t.Until
		}
		if i == 0 || t.From <= at && on != was {
			made, was = append(made, madeBy{t.Index, t.From}), on
		}
	}
	return made
}

// calendarText is what a calendar says of something due: the same on every day, where the
// work list counts what is still missing.
func (g *Group) calendarText(kind, about, text string) string {
	title := about
	if p := g.state.Proposals[about]; p != nil {
		title += ", " + p.Title() + ","
	}
	switch domain.DueKind(kind) {
	case domain.DuePosition, domain.DueKind(WaitsPutOff), domain.DueKind(WaitsBlock), domain.DueKind(WaitsFacilitate):
		return title + " closes. It is open in version " + strconv.Itoa(g.state.Proposals[about].Version().Number) + "."
	case domain.DueConfirm:
		return title + " is to be confirmed."
	case domain.DueCommunicate:
		return title + " is to have gone to the practices."
	case domain.DuePriorities:
		return about + ": the practices’ answers are wanted."
	case domain.DueQuestion, domain.DueApproach:
		return about + " is to be answered."
	case domain.DueRecord:
		return about + " is to be confirmed or refused."
	default:
		return text
	}
}
