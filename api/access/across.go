package access

import (
	"context"
	"time"

	"goldenthread/domain"
	"goldenthread/projections"
)

// Rule G1: what is asked of a wider group follows the thread into the ledgers
// of the groups that hold its seats, as they were known at the same moment.

// placesBeside are those ledgers of the group, folded up to the moment of the
// question: next and moment as readKnown gives them; nil for a group that has no places.
func (s *Ledgers) placesBeside(ctx context.Context, g *projections.Group, next *uint64, moment time.Time) (map[string]*domain.State, error) {
	names := g.State().Places()
	if len(names) == 0 {
		return nil, nil
	}
	if next != nil && moment.IsZero() {
		state, err := s.Store.AsKnown(ctx, g.State().Group, *next)
		if err != nil {
			return nil, err
		}
		moment = state.Last
	}
	places := map[string]*domain.State{}
	for _, name := range names {
		state, err := s.placeAsKnown(ctx, name, next != nil, moment)
		if err != nil {
			return nil, err
		}
		if state != nil {
			places[name] = state
		}
	}
	return places, nil
}

// WithPlaces is the group as it is now, with those ledgers beside it.
func (s *Ledgers) WithPlaces(ctx context.Context, g *projections.Group) (*projections.Group, error) {
	places, err := s.placesBeside(ctx, g, nil, time.Time{})
	return beside(g, places), err
}

// placeAsKnown is the ledger of that name as it is now or, earlier, as it was known
// at the moment; nil where nothing of it was recorded by then, or it has stopped.
func (s *Ledgers) placeAsKnown(ctx context.Context, name string, earlier bool, moment time.Time) (*domain.State, error) {
	if s.Store.Next(name) == 0 || s.Store.Stopped(name) != nil {
		return nil, nil
	}
	place, err := s.Groups.Now(ctx, name, nil)
	if err != nil {
		return nil, err
	}
	if !earlier {
		return place.State().State, nil
	}
	next, err := s.Store.IndexAt(name, moment)
	switch {
	case err != nil || next == 0:
		return nil, err
	case next >= place.State().Next:
		return place.State().State, nil
	}
	return s.Store.AsKnown(ctx, name, next)
}

func beside(g *projections.Group, places map[string]*domain.State) *projections.Group {
	if len(places) == 0 {
		return g
	}
	return g.Across(places)
}
