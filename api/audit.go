package api

import (
	"context"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"goldenthread/projections"
)

// offerAudit registers the audit trail.
func (s *Rest) offerAudit(path string) {
	register(s.api, huma.Operation{
		OperationID: "audit", Method: http.MethodGet, Path: path, Tags: []string{"questions"},
		Summary:     "The audit trail: each event in a sentence, and where it came from.",
		Description: "It is about what was recorded, whatever day that was about: at has no bearing on it.",
		Responses:   jsonResponse(s.api.schemas(), reflect.TypeFor[projections.AuditPage]()),
	}, s.audit)
}

func (s *Rest) audit(ctx context.Context, in *auditInput) (*answer, error) {
	page, err := s.ledgers.auditOf(ctx, in)
	if err != nil {
		return nil, err
	}
	return answerWith(&page, in.IfNoneMatch)
}
