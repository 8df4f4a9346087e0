package access

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"goldenthread/api/caller"
	"goldenthread/api/problem"
	"goldenthread/domain"
	"goldenthread/eventstore/logs"
	"goldenthread/projections"
)

// Rules kept here: L4 (every question has its at and its known), L8 (days are
// London days), F3 and F6 (what the charter keeps to members).

// Terms are what every question about a group takes.
type Terms struct {
	Group       string `path:"group" doc:"name in addresses, such as trafford" example:"trafford"`
	At          string `query:"at" doc:"day that is asked about: 2026-03-09, or a moment with its time zone; today if not said" example:"2026-03-09"`
	Known       string `query:"known" doc:"as known at the end of this day, at this moment, or after this index; as known now if not said" example:"2026-03-09"`
	AtLeast     string `query:"atLeast" doc:"wait, for five seconds at most, until this index is known"`
	IfNoneMatch string `header:"If-None-Match" doc:"entity tag of the answer one has"`
}

// Asked are the terms themselves, of whatever input has them.
func (t *Terms) Asked() *Terms { return t }

// See is the question that the terms ask about the group. The caller must be of the
// group and may see the things, today and as known now, whatever the question
// is about.
func (s *Ledgers) See(ctx context.Context, t *Terms, things []string) (*Question, error) {
	c, err := s.CallerIn(ctx, t.Group)
	if err != nil {
		return nil, err
	}
	q := &Question{Caller: c, Origin: caller.AskerOf(ctx).Origin}
	if q.At, err = readAt(t.At, s.Today()); err != nil {
		return nil, err
	}
	g, err := s.Seen(ctx, c, t.Group, nil, things) // before anything is said about what there is
	if err != nil {
		return nil, err
	}
	next, moment, err := s.readKnown(t.Group, t.Known)
	if err != nil {
		return nil, err
	}
	var mendable *logs.Mendable // its log has what the stream lacks
	if stopped := s.Store.Stopped(t.Group); stopped != nil && next == nil && !errors.As(stopped, &mendable) {
		return nil, stopped // now is not known
	}
	atLeast, err := ReadIndex("atLeast", t.AtLeast)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.Patience)
	defer cancel()
	if atLeast != nil {
		if g, err = s.Seen(ctx, c, t.Group, atLeast, things); err != nil {
			return nil, err
		}
	}
	places, err := s.placesBeside(ctx, g, next, moment)
	if err != nil {
		return nil, err
	}
	if q.Live = next == nil || *next >= g.State().Next; !q.Live {
		state, err := s.Store.AsKnown(ctx, t.Group, *next)
		if err != nil {
			return nil, err
		}
		g = s.Groups.Known(state)
	}
	q.Group = beside(g, places)
	if q.Known = g.State().Last; moment.After(q.Known) {
		q.Known = moment
	}
	return q, nil
}

// Seen is the group as it is now, for a caller who may see the things.
func (s *Ledgers) Seen(ctx context.Context, c caller.Caller, group string, atLeast *uint64, things []string) (*projections.Group, error) {
	g, err := s.Groups.Now(ctx, group, atLeast)
	if err != nil {
		return nil, err
	}
	return g, s.MaySee(g, c, things)
}

// CallerIn is the caller, if they belong to the group; to others it does not exist.
func (s *Ledgers) CallerIn(ctx context.Context, group string) (caller.Caller, error) {
	c, err := caller.Of(ctx)
	if err != nil {
		return c, err
	}
	if !s.Belongs(c, group) || s.Store.Next(group) == 0 {
		return c, problem.NoGroup(group)
	}
	return c, nil
}

// Things that the charter can keep to members (rule F6).
var (
	Everything  = []string{"proposals", "objections", "powers", "commitments", "audit", "approaches", "priorities", "departures", "actions", "agenda"}
	Proposals   = []string{"proposals", "objections"}
	Powers      = []string{"powers", "proposals"}                // agreements are shown with their rolls
	Meetings    = []string{"powers", "commitments"}              // what was said is shown with who may say it
	Checks      = []string{"powers", "commitments", "proposals"} // the chain has rolls, and what was last said
	Commitments = []string{"commitments"}
	Worklist    = []string{"proposals", "objections", "powers", "commitments", "approaches", "priorities", "departures", "actions", "agenda"}
	Approaches  = []string{"approaches"}
	Priorities  = []string{"priorities"}
	Actions     = []string{"actions"}
	Departures  = []string{"departures", "proposals"} // the agreements that are departed from are named
	Notices     = []string{"proposals", "powers", "commitments", "departures"}
	Questions   = []string{"questions"} // a charter keeps them from system bodies alone
	Agenda      = []string{"proposals", "powers", "approaches", "agenda", "actions"}
	Own         []string // what is the caller's own
	Followers   []string // nothing that could be kept: who belongs to the group, its charter, its coverage
)

// MaySee refuses whoever may not see one of the things today. The operator is
// nobody's member, and sees what somebody who is invited does.
func (s *Ledgers) MaySee(g *projections.Group, c caller.Caller, things []string) error {
	state := g.State()
	p := state.Person(c.Person)
	switch {
	case c.Operator:
		for _, thing := range things {
			if slices.Contains(state.Charter().MembersOnly, thing) {
				return keptToMembers(thing)
			}
		}
		return nil
	case p == nil:
		return problem.NotYours("L5", "%q is not a person of this group.", domain.Clip(c.Person))
	case !state.Follows(p.ID, s.Today()):
		return problem.NotYours("F3", "%s is from no organisation that is a member of the group or invited by it.", p.Office)
	}
	for _, thing := range things {
		if !state.MaySee(p.ID, thing, s.Today()) {
			if state.SeesReleasedOnly(p.ID) {
				return problem.NotYours("F3", "An invited system body sees what the group released to it, and nothing of its %s. Please ask the group.", thing)
			}
			return keptToMembers(thing)
		}
	}
	return nil
}

func keptToMembers(thing string) error {
	return problem.NotYours("F3", "The charter keeps %s to members.", thing)
}

// readAt reads the day that a question is about.
func readAt(at string, today domain.Day) (domain.Day, error) {
	if at == "" {
		return today, nil
	}
	d, err := domain.ParseDay(at)
	if err == nil {
		return d, nil
	}
	t, ok := readMoment(at)
	if ok && domain.FirstYear <= t.Year() && t.Year() <= domain.LastYear {
		return domain.DayOf(t), nil
	}
	if ok {
		err = domain.ErrYear
	}
	return 0, NotDay(at, err, "2026-03-09, or like 2026-03-09T17:30:00Z")
}

// ReadSince reads the earlier day with which an answer about that day is to be compared; 0
// if none is said.
func ReadSince(since string, at domain.Day) (domain.Day, error) {
	d, err := readDay(since)
	if err == nil && d > at {
		err = problem.Invalid("L4", "%s is after %s: what changed is asked since an earlier day.", d.Words(), at.Words())
	}
	return d, err
}

// Between are the days between which an answer is asked.
type Between struct {
	From string `query:"from" doc:"only what was decided on this day or later" example:"2026-03-01"`
	To   string `query:"to" doc:"only what was decided on this day or before" example:"2026-05-31"`
}

// Days are the first and the last of them; 0 where none is said.
func (b *Between) Days() (from, to domain.Day, err error) {
	if from, err = readDay(b.From); err == nil {
		to, err = readDay(b.To)
	}
	if err == nil && to != 0 && to < from {
		err = problem.Invalid("L4", "%s is before %s: the last day can't be before the first.", to.Words(), from.Words())
	}
	return from, to, err
}

// TasksAsked are the tasks that are asked for.
type TasksAsked struct {
	Kind    string `query:"kind" doc:"only things of this kind, such as mandate" example:"mandate"`
	Overdue string `query:"overdue" doc:"true: only what is overdue" enum:"true" example:"true"`
	On      string `query:"on" doc:"only what is due on this day" example:"2026-12-31"`
}

// Filter says which tasks these are.
func (t *TasksAsked) Filter() (projections.TaskFilter, error) {
	on, err := readDay(t.On)
	return projections.TaskFilter{Kind: projections.WaitingKind(t.Kind), Overdue: t.Overdue == "true", On: on}, err
}

// readDay reads a day; 0 where none is said.
func readDay(s string) (domain.Day, error) {
	if s == "" {
		return 0, nil
	}
	d, err := domain.ParseDay(s)
	if err != nil {
		return 0, NotDay(s, err, "2026-03-09")
	}
	return d, nil
}

// readMoment reads a moment as RFC 3339 writes it, also where the + of its time
// zone was taken for a space.
func readMoment(s string) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339, strings.Replace(s, " ", "+", 1))
	return t, err == nil
}

// readKnown reads up to where a question may know: the number of events, nil
// for all there are, and the moment that was given, if one was.
func (s *Ledgers) readKnown(group, known string) (*uint64, time.Time, error) {
	if known == "" {
		return nil, time.Time{}, nil
	}
	next, moment := uint64(0), time.Time{}
	if index, err := strconv.ParseUint(known, 10, 64); err == nil {
		if newest := s.Store.Next(group) - 1; index > newest {
			return nil, moment, problem.NotFound("L4", "There is no event %d yet; the newest is %d.", index, newest)
		}
		return new(index + 1), moment, nil
	}
	d, err := domain.ParseDay(known)
	if errors.Is(err, domain.ErrYear) {
		return nil, moment, NotDay(known, err, "2026-03-09")
	}
	if err == nil {
		moment = d.End()
	} else if t, ok := readMoment(known); ok {
		moment = t
	} else {
		return nil, moment, problem.Invalid("L4", "%q says no time and no index; write it like 2026-03-09, 2026-03-09T17:30:00Z or 412.", domain.Clip(known))
	}
	next, err = s.Store.IndexAt(group, moment)
	if err == nil && next == 0 {
		err = problem.NotFound("L4", "Nothing had been recorded for this group by %s.", domain.Clip(known))
	}
	if err != nil {
		return nil, moment, err
	}
	return &next, moment, nil
}

// ReadIndex reads a place in the ledger; nil where none was given.
func ReadIndex(name, index string) (*uint64, error) {
	if index == "" {
		return nil, nil
	}
	n, err := strconv.ParseUint(index, 10, 63)
	if err != nil {
		return nil, problem.Invalid("L1", "%s is the index of an event: a whole number from 0.", name)
	}
	return &n, nil
}

// ReadNumber reads a whole number between the two; or what to take where none was given.
func ReadNumber(name, number string, least, most, otherwise int) (int, error) {
	if number == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < least || n > most {
		return 0, problem.New(http.StatusUnprocessableEntity, name+" is a whole number between "+strconv.Itoa(least)+" and "+strconv.Itoa(most)+".")
	}
	return n, nil
}

// MayReadLedger lets those in who may see everything: a line can hold anything.
func (s *Ledgers) MayReadLedger(ctx context.Context, group string) error {
	_, err := s.See(ctx, &Terms{Group: group}, Everything)
	return err
}

// NotDay refuses what was written for a day and is none: why is ParseDay's error.
func NotDay(s string, why error, like string) *domain.Refusal {
	if errors.Is(why, domain.ErrYear) {
		return problem.Invalid("L8", "%s is not between %d and %d, and the year of a date must be.", domain.Clip(s), domain.FirstYear, domain.LastYear)
	}
	return problem.Invalid("L8", "%q is not a date; write it like %s.", domain.Clip(s), like)
}

// MayFollow lets those in who may follow the group's work.
func (s *Ledgers) MayFollow(ctx context.Context, group string) error {
	_, err := s.See(ctx, &Terms{Group: group}, Followers)
	return err
}
