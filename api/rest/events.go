package rest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"goldenthread/api/access"
	"goldenthread/api/operation"
	"goldenthread/api/problem"
	"goldenthread/eventstore/commit"
)

const (
	eventType = "application/cloudevents+json"
	mostLines = 10_000
)

type eventInput struct {
	Group       string `path:"group" example:"trafford"`
	Index       string `path:"index" doc:"place in the ledger, from 0" example:"0"`
	IfNoneMatch string `header:"If-None-Match"`
}

type linesInput struct {
	Group       string `path:"group" example:"trafford"`
	From        string `query:"from" doc:"first index; 0 if not said" example:"0"`
	Limit       string `query:"limit" doc:"most lines, up to 10000; 1000 if not said"`
	IfNoneMatch string `header:"If-None-Match"`
}

// offerEvents registers the ledger itself: exact stored bytes.
func (s *Rest) offerEvents() {
	op := operation.Register(s.api, huma.Operation{
		OperationID: "event", Method: http.MethodGet, Path: "/v1/groups/{group}/events/{index}", Summary: "One event: the exact bytes that are stored.",
		Tags: []string{"events"}, Responses: map[string]*huma.Response{"304": {Description: "Not changed, as events never do"}},
	}, s.event)
	op.Responses["200"].Content = map[string]*huma.MediaType{eventType: {Schema: &huma.Schema{Type: huma.TypeObject, Description: "a CloudEvents 1.0 event", AdditionalProperties: true}}}
	op = operation.Register(s.api, huma.Operation{
		OperationID: "events", Method: http.MethodGet, Path: "/v1/groups/{group}/events", Summary: "Events in order, one on a line: the exact bytes that are stored.",
		Tags: []string{"events"}, Responses: map[string]*huma.Response{"304": {Description: "Not changed, as events never do"}},
	}, s.lines)
	op.Responses["200"].Content = map[string]*huma.MediaType{access.LinesType: {Schema: &huma.Schema{Type: huma.TypeString}}}
}

func (s *Rest) event(ctx context.Context, in *eventInput) (*operation.Answer, error) {
	if err := s.ledgers.MayReadLedger(ctx, in.Group); err != nil {
		return nil, err
	}
	index, err := access.ReadIndex("The place of an event", in.Index)
	if err != nil {
		return nil, err
	}
	line, err := s.store.Line(ctx, in.Group, *index)
	if errors.Is(err, commit.ErrNoEvent) {
		return nil, problem.NotFound("L1", "There is no event %d; the newest is %d.", *index, s.store.Next(in.Group)-1)
	}
	if err != nil {
		return nil, err
	}
	return operation.Bytes(line, eventType, "private, max-age=31536000, immutable", in.IfNoneMatch), nil
}

func (s *Rest) lines(ctx context.Context, in *linesInput) (*operation.Stream, error) {
	if err := s.ledgers.MayReadLedger(ctx, in.Group); err != nil {
		return nil, err
	}
	from, err := access.ReadIndex("from", in.From)
	if err != nil {
		return nil, err
	}
	if from == nil {
		from = new(uint64(0))
	}
	limit, err := access.ReadNumber("limit", in.Limit, 1, mostLines, 1000)
	if err != nil {
		return nil, err
	}
	next := s.store.Next(in.Group)
	if *from > next {
		return nil, problem.NotFound("L1", "There is no event %d; the newest is %d.", *from, next-1)
	}
	to := min(next, *from+uint64(limit))
	out := &operation.Stream{
		Status: http.StatusOK, ContentType: access.LinesType, CacheControl: "private, no-cache",
		ETag: fmt.Sprintf(`W/"%s-%d-%d"`, in.Group, *from, to), // what lies between never changes
	}
	if to < next {
		out.Link = fmt.Sprintf(`</v1/groups/%s/events?from=%d&limit=%d>; rel="next"`, in.Group, to, limit)
	}
	if operation.Matches(in.IfNoneMatch, out.ETag) {
		out.Status, out.ContentType = http.StatusNotModified, ""
		out.Body = func(hc huma.Context) { hc.SetStatus(http.StatusNotModified) }
		return out, nil
	}
	out.Body = func(hc huma.Context) { s.writeLines(ctx, hc, in.Group, *from, to) }
	return out, nil
}

// writeLines writes the lines. If one can't be read the connection breaks off,
// so that nobody takes a part for the whole.
func (s *Rest) writeLines(ctx context.Context, hc huma.Context, group string, from, to uint64) {
	r, w := humago.Unwrap(hc)
	hc.SetStatus(http.StatusOK)
	if r.Method == http.MethodHead {
		return
	}
	deadline := http.NewResponseController(w)
	deadline.SetReadDeadline(time.Time{}) // which would end the request
	for entry, err := range s.store.Entries(ctx, group, from, to) {
		if err != nil {
			s.log.ErrorContext(ctx, "lines broke off", "group", group, "error", err)
			panic(http.ErrAbortHandler)
		}
		deadline.SetWriteDeadline(time.Now().Add(operation.WriteTimeout))
		if _, err := w.Write(append(entry.Line, '\n')); err != nil {
			return
		}
	}
}
