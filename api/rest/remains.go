package rest

import (
	"context"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"goldenthread/api/access"
	"goldenthread/api/operation"
	"goldenthread/projections"
)

type remainsInput struct {
	access.Terms
	Person string `path:"person" doc:"handle or id" example:"cd-altrincham"`
}

// Remains is what is left of a person, and whether what erases them is done
// everywhere (rule L7).
type Remains struct {
	projections.Remains
	KeyLeft  bool     `json:"keyLeft" doc:"the ledger says that they are erased, and their key is not known to be destroyed yet; it is tried again every minute"`
	OldNodes []string `json:"oldNodes" doc:"nodes that still have an earlier wrapping key: copy the new one to them"`
}

// offerRemains registers the question what is left of a person.
func (s *Rest) offerRemains(path string) {
	operation.Register(s.api, huma.Operation{
		OperationID: "remains", Method: http.MethodGet, Path: path, Tags: []string{"questions"},
		Summary:   "What the ledger says about a person besides name, email and phone: all that is left after an erasure.",
		Responses: operation.JSONResponse(s.api.Schemas(), reflect.TypeFor[Remains]()),
	}, s.remains)
}

func (s *Rest) remains(ctx context.Context, in *remainsInput) (*operation.Answer, error) {
	q, err := s.ledgers.See(ctx, &in.Terms, access.Everything)
	if err != nil {
		return nil, err
	}
	var r Remains
	if r.Remains, err = q.Remains(ctx, in.Person, s.ledgers.EventsOf(in.Group)); err != nil {
		return nil, err
	}
	erasure, err := s.ledgers.ErasureOf(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	r.KeyLeft, r.OldNodes = erasure.KeyLeft, erasure.OldNodes
	return operation.JSON(&r, in.IfNoneMatch)
}
