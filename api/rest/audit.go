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

// offerAudit registers the audit trail.
func (s *Rest) offerAudit(path string) {
	operation.Register(s.api, huma.Operation{
		OperationID: "audit", Method: http.MethodGet, Path: path, Tags: []string{"questions"},
		Summary:     "The audit trail: each event in a sentence, and where it came from.",
		Description: "It is about what was recorded, whatever day that was about: at has no bearing on it.",
		Responses:   operation.JSONResponse(s.api.Schemas(), reflect.TypeFor[projections.AuditPage]()),
	}, s.audit)
}

func (s *Rest) audit(ctx context.Context, in *access.AuditInput) (*operation.Answer, error) {
	page, err := s.ledgers.AuditOf(ctx, in)
	if err != nil {
		return nil, err
	}
	return operation.JSON(&page, in.IfNoneMatch)
}
