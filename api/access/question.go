package access

import (
	"context"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"goldenthread/api/caller"
	"goldenthread/api/operation"
	"goldenthread/api/problem"
	"goldenthread/domain"
	"goldenthread/projections"
)

// Feed registers a feed: a question whose answer readers fetch again and again.
func Feed[I any, P interface {
	*I
	Asked() *Terms
}](s *Ledgers, api *operation.API, id, path, contentType, say string, things []string, f func(context.Context, *Question, P) ([]byte, error)) {
	op := operation.Register(api, huma.Operation{
		OperationID: id, Method: http.MethodGet, Path: path, Summary: say, Description: ForWhom(things), Tags: []string{"questions"},
		Responses: map[string]*huma.Response{"304": {Description: "Not changed since the entity tag in If-None-Match"}},
	}, func(ctx context.Context, in *I) (*operation.Answer, error) {
		t := P(in).Asked()
		q, err := s.See(ctx, t, things)
		if err != nil {
			return nil, err
		}
		done, err := s.Turn(ctx, q, id)
		if err != nil {
			return nil, err
		}
		defer done()
		b, err := f(ctx, q, in)
		if err != nil {
			return nil, err
		}
		return operation.Bytes(b, contentType, "private, no-cache", t.IfNoneMatch), nil
	})
	op.Responses["200"].Content = map[string]*huma.MediaType{contentType: {Schema: &huma.Schema{Type: huma.TypeString}}}
}

// ForWhom says who may ask a question that shows these things.
func ForWhom(things []string) string {
	if len(things) == 0 {
		return "For everybody who may follow the group's work."
	}
	return "For members, and for those invited who may see " + domain.List(things) + ": the charter can keep each to members."
}

// PlainInput is a question that takes nothing but its terms.
type PlainInput struct{ Terms }

// Ask registers a question about a group. Things are what its answer shows of
// what the charter can keep to members.
func Ask[I any, P interface {
	*I
	Asked() *Terms
}, T any](s *Ledgers, api *operation.API, name, path, say string, things []string, f func(*Question, P) (T, error)) {
	operation.Register(api, huma.Operation{
		OperationID: name, Method: http.MethodGet, Path: path, Summary: say, Description: ForWhom(things), Tags: []string{"questions"},
		Responses: operation.JSONResponse(api.Schemas(), reflect.TypeFor[T]()),
	}, func(ctx context.Context, in *I) (*operation.Answer, error) {
		t := P(in).Asked()
		q, err := s.See(ctx, t, things)
		if err != nil {
			return nil, err
		}
		done, err := s.Turn(ctx, q, name)
		if err != nil {
			return nil, err
		}
		defer done()
		v, err := f(q, in)
		if err != nil {
			return nil, err
		}
		return operation.JSON(&v, t.IfNoneMatch)
	})
}

// OrRefused makes an error of a refusal, if there is one.
func OrRefused[T any](v T, r *domain.Refusal) (T, error) {
	if r != nil {
		return v, r
	}
	return v, nil
}

// A Question is one being answered: the group as it was known, and the day.
type Question struct {
	*projections.Group
	At     domain.Day
	Known  time.Time // up to which the answer knows
	Caller caller.Caller
	Origin func() string // of this server, as the caller knows it
	Live   bool          // the group is as known now
}

// patience bounds atLeast.
const patience = 5 * time.Second

// An answerKind is what is asked, as turns tell it from other questions.
type answerKind struct {
	question, group string
	earlier         bool // as known earlier, which takes longer
}

func (q *Question) kind(name string) answerKind { return answerKind{name, q.State().Group, !q.Live} }

// CheckStage refuses what is no stage of a proposal; none is all of them.
func CheckStage(stage string) error {
	switch domain.Stage(stage) {
	case "", domain.Draft, domain.Open, domain.Agreed, domain.Withdrawn, domain.Lapsed:
		return nil
	}
	return problem.Invalid("C1", "A proposal is draft, open, agreed, withdrawn or lapsed, not %q.", domain.Clip(stage))
}
