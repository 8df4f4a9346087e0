package rest

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"goldenthread/api/access"
	"goldenthread/api/operation"
	"goldenthread/domain"
)

// offerCommands registers one operation for each line of domain.Commands.
func (s *Rest) offerCommands() {
	schemas := s.api.Schemas()
	for _, kind := range domain.Commands {
		op := operation.Register(s.api, huma.Operation{
			OperationID: kind.Name, Method: http.MethodPost, Path: "/v1/groups/{group}/commands/" + kind.Name, Summary: kind.Say,
			Tags: []string{"commands"}, DefaultStatus: http.StatusCreated,
			Errors: []int{http.StatusBadRequest, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType},
		}, func(ctx context.Context, in *access.CommandInput) (*access.RecordedOutput, error) {
			return s.ledgers.Record(ctx, kind, in)
		})
		op.RequestBody = operation.JSONRequest(schemas, operation.TypeOf(kind.New()))
		again := *op.Responses["201"]
		again.Description = "The answer that was given before, or nothing to add"
		op.Responses["200"] = &again
	}
}
