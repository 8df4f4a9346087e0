package rest

import (
	"context"
	"net/http"

	"goldenthread/api/operation"

	"github.com/danielgtaylor/huma/v2"
)

type statusOutput struct {
	Body struct {
		Status string `json:"status"`
	}
}

func (s *Rest) offerHealth() {
	operation.Register(s.api, huma.Operation{
		OperationID: "healthz", Method: http.MethodGet, Path: "/healthz", Summary: "Whether the process is alive.", Tags: []string{"server"},
	}, func(context.Context, *struct{}) (*statusOutput, error) { return status("alive"), nil })
	operation.Register(s.api, huma.Operation{
		OperationID: "readyz", Method: http.MethodGet, Path: "/readyz", Summary: "Whether something can be recorded now.", Tags: []string{"server"},
	}, func(context.Context, *struct{}) (*statusOutput, error) { return status("ready"), s.store.Ready() })
}

func status(word string) *statusOutput {
	out := &statusOutput{}
	out.Body.Status = word
	return out
}
