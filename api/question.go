package api

import (
	"context"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"goldenthread/domain"
	"goldenthread/projections"
)

// fed registers a feed: a question whose answer readers fetch again and again.
func fed[I any, P interface {
	*I
	terms() *Terms
}](s *Ledgers, api *API, id, path, contentType, say string, things []string, f func(*question, P) ([]byte, error)) {
	op := register(api, huma.Operation{
		OperationID: id, Method: http.MethodGet, Path: path, Summary: say, Tags: []string{"questions"},
		Responses: map[string]*huma.Response{"304": {Description: "Not changed since the entity tag in If-None-Match"}},
	}, func(ctx context.Context, in *I) (*answer, error) {
		t := P(in).terms()
		q, err := s.see(ctx, t, things)
		if err != nil {
			return nil, err
		}
		done, err := s.turns.take(ctx, q.named(id))
		if err != nil {
			return nil, err
		}
		defer done()
		b, err := f(q, in)
		if err != nil {
			return nil, err
		}
		return bytesAnswer(b, contentType, "private, no-cache", t.IfNoneMatch), nil
	})
	op.Responses["200"].Content = map[string]*huma.MediaType{contentType: {Schema: &huma.Schema{Type: huma.TypeString}}}
}

type plainInput struct{ Terms }

// ask registers a question about a group. Things are what its answer shows of
// what the charter can keep to members.
func ask[I any, P interface {
	*I
	terms() *Terms
}, T any](s *Ledgers, api *API, name, path, say string, things []string, f func(*question, P) (T, error)) {
	register(api, huma.Operation{
		OperationID: name, Method: http.MethodGet, Path: path, Summary: say, Tags: []string{"questions"},
		Responses: jsonResponse(api.schemas(), reflect.TypeFor[T]()),
	}, func(ctx context.Context, in *I) (*answer, error) {
		t := P(in).terms()
		q, err := s.see(ctx, t, things)
		if err != nil {
			return nil, err
		}
		done, err := s.turns.take(ctx, q.named(name))
		if err != nil {
			return nil, err
		}
		defer done()
		v, err := f(q, in)
		if err != nil {
			return nil, err
		}
		return answerWith(&v, t.IfNoneMatch)
	})
}

// orRefused makes an error of a refusal, if there is one.
func orRefused[T any](v T, r *domain.Refusal) (T, error) {
	if r != nil {
		return v, r
	}
	return v, nil
}

// A question is one being answered: the group as it was known, and the day.
type question struct {
	*projections.Group
	at     domain.Day
	known  time.Time // up to which the answer knows
	caller Caller
	origin func() string // of this server, as the caller knows it
	live   bool          // the group is as known now
}

// patience bounds atLeast.
const patience = 5 * time.Second

// named is what is asked, as turns tell it from other questions: of a group, and
// about now or as known earlier, which takes longer.
func (q *question) named(name string) string {
	if !q.live {
		name += " earlier"
	}
	return name + " " + q.State().Group
}
