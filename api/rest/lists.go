package rest

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"goldenthread/api/access"
	"goldenthread/api/operation"
	"goldenthread/domain"
	"goldenthread/projections"
)

type listPreviewOutput struct{ Body projections.ListPreview }

// offerListPreview registers the question what an official list would change (rule O1).
func (s *Rest) offerListPreview(at string) {
	kind, _ := domain.CommandNamed(domain.CommandName(&domain.ImportOrganisations{}))
	op := operation.Register(s.api, huma.Operation{
		OperationID: "preview-list", Method: http.MethodPost, Path: at + "/lists/preview", Summary: "What an official list would change, and what that touches; nothing is recorded.",
		Tags: []string{"questions"}, Errors: []int{http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType},
	}, func(ctx context.Context, in *access.CommandInput) (*listPreviewOutput, error) {
		trial, err := s.ledgers.Try(ctx, kind, in)
		if err != nil {
			return nil, err
		}
		c := &domain.ImportOrganisations{}
		if err := in.LoadInto(c); err != nil {
			return nil, err
		}
		return &listPreviewOutput{projections.ListPreviewOf(c, &trial)}, nil
	})
	op.RequestBody = operation.JSONRequest(s.api.Schemas(), operation.TypeOf(kind.New()))
}
