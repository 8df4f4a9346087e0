package feeds

import (
	"context"
	"errors"
	"net/http"
	"time"

	"goldenthread/api/access"
	"goldenthread/api/operation"
	"goldenthread/api/problem"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

const feedBatch = 256 // events written between looks at who may still read

type feedInput struct {
	Group string `path:"group" example:"trafford"`
	Last  string `header:"Last-Event-ID" doc:"go on after this index; goes before from"`
	From  string `query:"from" doc:"first index; what comes from now on if not said"`
}

// offerFeed registers the live feed of a group's events (server-sent events).
func (s *Feeds) offerFeed() {
	op := operation.Register(s.api, huma.Operation{
		OperationID: "feed", Method: http.MethodGet, Path: "/v1/groups/{group}/feed", Tags: []string{"events"},
		Summary:     "Events as they are recorded (server-sent events).",
		Description: "The id is the index, the event its type, the data its line: the exact bytes that are stored. A client that comes back with Last-Event-ID misses nothing.",
	}, s.openFeed)
	op.Responses["200"].Content = map[string]*huma.MediaType{feedType: {Schema: &huma.Schema{Type: huma.TypeString}}}
}

func (s *Feeds) openFeed(ctx context.Context, in *feedInput) (*operation.Stream, error) {
	if err := s.ledgers.MayReadLedger(ctx, in.Group); err != nil {
		return nil, err
	}
	last, err := access.ReadIndex("Last-Event-ID", in.Last)
	if err != nil {
		return nil, err
	}
	from, err := access.ReadIndex("from", in.From)
	if err != nil {
		return nil, err
	}
	next := s.store.Next(in.Group)
	switch {
	case last != nil:
		from = new(*last + 1)
	case from == nil:
		from = &next
	}
	if *from > next {
		return nil, problem.NotFound("L1", "There is no event %d; the newest is %d.", *from-1, next-1)
	}
	leave, err := s.listen()
	if err != nil {
		return nil, err
	}
	return &operation.Stream{
		Status: http.StatusOK, ContentType: feedType, CacheControl: "no-store",
		Body: func(hc huma.Context) {
			defer leave()
			hc.SetHeader(unbuffered, "no")
			s.writeFeed(ctx, hc, in.Group, *from)
		},
	}, nil
}

// errTooSlow ends the feed of whoever reads more slowly than events are recorded. Coming
// back with Last-Event-ID, they miss nothing.
var errTooSlow = errors.New("the feed's reader is too slow")

// writeFeed writes events from next on.
func (s *Feeds) writeFeed(ctx context.Context, hc huma.Context, group string, next uint64) {
	r, w := humago.Unwrap(hc)
	hc.SetStatus(http.StatusOK)
	if r.Method == http.MethodHead {
		return
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	h, _, leave := s.join(group)
	defer leave()
	reading := &reader{group: group, next: next, hub: h}
	s.Follow(w, r.WithContext(ctx), &Stream{group, beat.C, s.ledgers.MayReadLedger, func() (more bool, err error) { return reading.write(ctx, s, w) }})
}
