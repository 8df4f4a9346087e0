package eventstore

import (
	"context"
	"time"

	"goldenthread/domain"
	"goldenthread/eventstore/ledgers"
	"goldenthread/eventstore/logs"
	"goldenthread/eventstore/stream"
)

// A past finds out what was known earlier.
type past struct {
	stream  *stream.Stream
	logs    *logs.Logs
	ledgers *ledgers.Cache
}

// fetch gives the request the past that it must be judged by (rule R4).
// That day is over, so what was known at its end hardly ever changes any more:
// the writer looks again.
func (p *past) fetch(ctx context.Context, req *domain.Request, now time.Time) (err error) {
	day, ok := req.NeedsPast(domain.DayOf(now))
	if !ok {
		return nil
	}
	next, err := p.logs.IndexAt(req.Group, day.End())
	if err != nil {
		return err
	}
	if req.Past != nil && req.Past.Next == next {
		return nil
	}
	state, err := p.ledgers.AsKnown(ctx, req.Group, next)
	if err != nil {
		return err
	}
	req.Past, err = p.across(ctx, state, day.End())
	return err
}

// across is the past state with the ledgers of the groups that hold seats
// in it beside it, as they were known at the same moment.
func (p *past) across(ctx context.Context, state *domain.State, end time.Time) (*domain.View, error) {
	places := map[string]*domain.State{}
	for _, name := range state.Places() {
		next, err := p.logs.IndexAt(name, end)
		if err != nil {
			return nil, err
		}
		if next == 0 || p.stream.Stopped(name) != nil {
			continue
		}
		place, err := p.ledgers.AsKnown(ctx, name, next)
		if err != nil {
			return nil, err
		}
		places[name] = place
	}
	if len(places) == 0 {
		return state.View(), nil
	}
	return state.View().Across(places), nil
}
