package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

type statusOutput struct {
	Body struct {
		Status string `json:"status"`
	}
}

func (s *Rest) offerHealth() {
	register(s.api, huma.Operation{
		OperationID: "healthz", Method: http.MethodGet, Path: "/healthz", Summary: "Whether the process is alive.", Tags: []string{"server"},
	}, func(context.Context, *struct{}) (*statusOutput, error) { return status("alive"), nil })
	register(s.api, huma.Operation{
		OperationID: "readyz", Method: http.MethodGet, Path: "/readyz", Summary: "Whether something can be recorded now.", Tags: []string{"server"},
	}, func(context.Context, *struct{}) (*statusOutput, error) { return status("ready"), s.store.Ready() })
}

func status(word string) *statusOutput {
	out := &statusOutput{}
	out.Body.Status = word
	return out
}
