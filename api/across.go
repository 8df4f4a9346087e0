package api

import (
	"context"
	"time"

	"goldenthread/domain"
	"goldenthread/projections"
)

// Rule G1: what is asked of a wider group follows the thread into the ledgers
// of the groups that hold its seats, as they were known at the same moment.

// placesBeside are those ledgers, folded up to the moment of the question: next
// and moment as readKnown gives them; nil for a group that has no places.
func (s *Server) placesBeside(ctx context.Context, group string, next *uint64, moment time.Time) (map[string]*domain.State, error) {
	var names []string
	err := s.groups.Read(ctx, group, nil, func(g *projections.Group) error {
		names = g.State().Places()
		return nil
	})
	if err != nil || len(names) == 0 {
		return nil, nil // whoever reads the group next is told what is wrong with it
	}
	if next != nil && moment.IsZero() {
		state, err := s.store.AsKnown(ctx, group, *next)
		if err != nil {
			return nil, err
		}
		moment = state.Last
	}
	places := map[string]*domain.State{}
	for _, name := range names {
		upTo := s.store.Next(name)
		if next != nil {
			var err error
			if upTo, err = s.store.IndexAt(name, moment); err != nil {
				return nil, err
			}
		}
		if upTo == 0 || s.store.Stopped(name) != nil {
			continue
		}
		state, err := s.store.AsKnown(ctx, name, upTo)
		if err != nil {
			return nil, err
		}
		places[name] = state
	}
	return places, nil
}

func beside(g *projections.Group, places map[string]*domain.State) *projections.Group {
	if len(places) == 0 {
		return g
	}
	return g.Across(places)
}
