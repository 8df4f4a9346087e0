package eventstore

import (
	"context"
	"time"

	"goldenthread/domain"
)

// Rule G1: what a wider group decides rests on the ledgers of the groups that
// hold its seats. All groups of an installation have one writer, so those
// ledgers are read as they stand, acknowledged, in the same round.

// lookAcross gives the request what other groups' ledgers say: of what its
// consent rests on, and of the groups that hold seats in this one. A ledger that
// is not here, or stopped, says nothing.
func (w *writer) lookAcross(req *domain.Request, g *group, now time.Time) {
	req.Claim, req.Places = nil, nil
	state := g.ledger.State()
	if rests, ok := req.NeedsClaim(); ok {
		if there := w.readable(rests.Ledger); there != nil {
			req.Claim = there.ClaimOn(rests, domain.DayOf(later(now, state.Last)))
		}
	}
	for _, name := range state.Places() {
		if there := w.readable(name); there != nil {
			if req.Places == nil {
				req.Places = map[string]*domain.State{}
			}
			req.Places[name] = there
		}
	}
}

func (w *writer) readable(name string) *domain.State {
	if g := w.groups[name]; g != nil && g.stopped == nil {
		return g.ledger.State()
	}
	return nil
}

// pastAcross is the past state with the ledgers of the groups that hold seats
// in it beside it, as they were known at the same moment.
func (s *Store) pastAcross(ctx context.Context, past *domain.State, end time.Time) (*domain.State, error) {
	places := map[string]*domain.State{}
	for _, name := range past.Places() {
		next := s.IndexAt(name, end)
		if next == 0 || s.Stopped(name) != nil {
			continue
		}
		place, err := s.AsKnown(ctx, name, next)
		if err != nil {
			return nil, err
		}
		places[name] = place
	}
	if len(places) == 0 {
		return past, nil
	}
	return past.Across(places), nil
}
