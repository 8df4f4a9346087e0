package eventstore

import (
	"context"
	"time"

	"goldenthread/domain"
	"goldenthread/eventstore/ledgers"
	"goldenthread/eventstore/logs"
	"goldenthread/eventstore/stream"
)

// A pastStates finds the states that requests about past days are judged by.
type pastStates struct {
	stream  *stream.Stream
	logs    *logs.Logs
	ledgers *ledgers.Cache
}

// addTo adds the past state by which the request must be judged (rule R4), if it needs
// one. It is called before the request is queued, and again by the writer, since events
// of that day may have been recorded meanwhile.
func (p *pastStates) addTo(ctx context.Context, req *domain.Request, now time.Time) (err error) {
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
	req.Past, err = p.withOtherLedgers(ctx, state, day.End())
	return err
}

// now is a view of the group as it stands, with the ledgers of the groups that hold
// seats in it; nil if there is no such group.
func (p *pastStates) now(ctx context.Context, group string) (*domain.View, error) {
	next := p.stream.Next(group)
	if next == 0 {
		return nil, nil
	}
	state, err := p.ledgers.AsKnown(ctx, group, next)
	if err != nil {
		return nil, err
	}
	places := map[string]*domain.State{}
	for _, name := range state.Places() {
		if next := p.stream.Next(name); next > 0 && p.stream.Stopped(name) == nil {
			if places[name], err = p.ledgers.AsKnown(ctx, name, next); err != nil {
				return nil, err
			}
		}
	}
	return state.View().Across(places), nil
}

// withOtherLedgers is a view of the past state with the ledgers of the groups that hold
// seats in it, as they were known at the same moment.
func (p *pastStates) withOtherLedgers(ctx context.Context, state *domain.State, end time.Time) (*domain.View, error) {
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
