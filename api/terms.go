package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

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

func (t *Terms) terms() *Terms { return t }

// see is the question that the terms ask about the group. The caller must be of the
// group and may see the things, today and as known now, whatever the question
// is about.
func (s *Ledgers) see(ctx context.Context, t *Terms, things []string) (*question, error) {
	c, err := s.callerIn(ctx, t.Group)
	if err != nil {
		return nil, err
	}
	q := &question{caller: c, origin: askerOf(ctx).origin}
	if q.at, err = readAt(t.At, s.today()); err != nil {
		return nil, err
	}
	g, err := s.seen(ctx, c, t.Group, nil, things) // before anything is said about what there is
	if err != nil {
		return nil, err
	}
	next, moment, err := s.readKnown(t.Group, t.Known)
	if err != nil {
		return nil, err
	}
	var mendable *logs.Mendable // its log has what the stream lacks
	if stopped := s.store.Stopped(t.Group); stopped != nil && next == nil && !errors.As(stopped, &mendable) {
		return nil, stopped // now is not known
	}
	atLeast, err := readIndex("atLeast", t.AtLeast)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	if atLeast != nil {
		if g, err = s.seen(ctx, c, t.Group, atLeast, things); err != nil {
			return nil, err
		}
	}
	places, err := s.placesBeside(ctx, g, next, moment)
	if err != nil {
		return nil, err
	}
	if q.live = next == nil || *next >= g.State().Next; !q.live {
		state, err := s.store.AsKnown(ctx, t.Group, *next)
		if err != nil {
			return nil, err
		}
		g = s.groups.Known(state)
	}
	q.Group = beside(g, places)
	if q.known = g.State().Last; moment.After(q.known) {
		q.known = moment
	}
	return q, nil
}

// seen is the group as it is now, for a caller who may see the things.
func (s *Ledgers) seen(ctx context.Context, c Caller, group string, atLeast *uint64, things []string) (*projections.Group, error) {
	g, err := s.groups.Now(ctx, group, atLeast)
	if err != nil {
		return nil, err
	}
	return g, s.maySee(g, c, things)
}

// callerIn is the caller, if they belong to the group; to others it does not exist.
func (s *Ledgers) callerIn(ctx context.Context, group string) (Caller, error) {
	c, err := callerOf(ctx)
	if err != nil {
		return c, err
	}
	if !s.belongs(c, group) || s.store.Next(group) == 0 {
		return c, noGroup(group)
	}
	return c, nil
}

// Things that the charter can keep to members (rule F6).
var (
	everything  = []string{"proposals", "objections", "powers", "commitments", "audit", "approaches", "priorities", "departures", "actions", "agenda"}
	proposals   = []string{"proposals", "objections"}
	powers      = []string{"powers", "proposals"}                // agreements are shown with their rolls
	meetings    = []string{"powers", "commitments"}              // what was said is shown with who may say it
	checks      = []string{"powers", "commitments", "proposals"} // the chain has rolls, and what was last said
	commitments = []string{"commitments"}
	worklist    = []string{"proposals", "objections", "powers", "commitments", "approaches", "priorities", "departures", "actions", "agenda"}
	approaches  = []string{"approaches"}
	priorities  = []string{"priorities"}
	actions     = []string{"actions"}
	departures  = []string{"departures", "proposals"} // the agreements that are departed from are named
	notices     = []string{"proposals", "powers", "commitments", "departures"}
	agenda      = []string{"proposals", "powers", "approaches", "agenda", "actions"}
	followers   []string // nothing that could be kept: who may follow the work sees it
)

// maySee refuses whoever may not see one of the things today. The operator is
// nobody's member, and sees what somebody who is invited does.
func (s *Ledgers) maySee(g *projections.Group, c Caller, things []string) error {
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
		return notYours("L5", "%q is not a person of this group.", clip(c.Person))
	case !state.Follows(p.ID, s.today()):
		return notYours("F3", "%s is from no organisation that is a member of the group or invited by it.", p.Office)
	}
	for _, thing := range things {
		if !state.MaySee(p.ID, thing, s.today()) {
			return keptToMembers(thing)
		}
	}
	return nil
}

func keptToMembers(thing string) error {
	return notYours("F3", "The charter keeps %s to members.", thing)
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
	return 0, notDay(at, err, "2026-03-09, or like 2026-03-09T17:30:00Z")
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
		if newest := s.store.Next(group) - 1; index > newest {
			return nil, moment, notFound("L4", "There is no event %d yet; the newest is %d.", index, newest)
		}
		return new(index + 1), moment, nil
	}
	d, err := domain.ParseDay(known)
	if errors.Is(err, domain.ErrYear) {
		return nil, moment, notDay(known, err, "2026-03-09")
	}
	if err == nil {
		moment = d.End()
	} else if t, ok := readMoment(known); ok {
		moment = t
	} else {
		return nil, moment, invalid("L4", "%q says no time and no index; write it like 2026-03-09, 2026-03-09T17:30:00Z or 412.", clip(known))
	}
	next, err = s.store.IndexAt(group, moment)
	if err == nil && next == 0 {
		err = notFound("L4", "Nothing had been recorded for this group by %s.", clip(known))
	}
	if err != nil {
		return nil, moment, err
	}
	return &next, moment, nil
}

// readIndex reads a place in the ledger; nil where none was given.
func readIndex(name, index string) (*uint64, error) {
	if index == "" {
		return nil, nil
	}
	n, err := strconv.ParseUint(index, 10, 63)
	if err != nil {
		return nil, invalid("L1", "%s is the index of an event: a whole number from 0.", name)
	}
	return &n, nil
}

// readNumber reads a whole number between the two; or what to take where none was given.
func readNumber(name, number string, least, most, otherwise int) (int, error) {
	if number == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < least || n > most {
		return 0, newProblem(http.StatusUnprocessableEntity, name+" is a whole number between "+strconv.Itoa(least)+" and "+strconv.Itoa(most)+".")
	}
	return n, nil
}

// mayReadLedger lets those in who may see everything: a line can hold anything.
func (s *Ledgers) mayReadLedger(ctx context.Context, group string) error {
	_, err := s.see(ctx, &Terms{Group: group}, everything)
	return err
}

// notDay refuses what was written for a day and is none: why is ParseDay's error.
func notDay(s string, why error, like string) *domain.Refusal {
	if errors.Is(why, domain.ErrYear) {
		return invalid("L8", "%s is not between %d and %d, and the year of a date must be.", clip(s), domain.FirstYear, domain.LastYear)
	}
	return invalid("L8", "%q is not a date; write it like %s.", clip(s), like)
}

// mayFollow lets those in who may follow the group's work.
func (s *Ledgers) mayFollow(ctx context.Context, group string) error {
	_, err := s.see(ctx, &Terms{Group: group}, followers)
	return err
}
