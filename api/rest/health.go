package rest

import (
	"cmp"
	"context"
	"net/http"

	"goldenthread/api/caller"
	"goldenthread/api/operation"
	"goldenthread/api/version"

	"github.com/danielgtaylor/huma/v2"
)

type statusOutput struct {
	Body struct {
		Status  string           `json:"status"`
		Version *version.Version `json:"version,omitempty" doc:"which Golden Thread answers; only for whoever sends a token"`
	}
}

func (s *Rest) offerHealth() {
	operation.Register(s.api, huma.Operation{
		OperationID: "healthz", Method: http.MethodGet, Path: "/healthz", Summary: "Whether the process is alive.", Tags: []string{"server"},
	}, func(ctx context.Context, _ *struct{}) (*statusOutput, error) {
		out := status("alive")
		if caller.AskerOf(ctx).Caller != nil { // a stranger is not told what to look up weaknesses of
			this := version.This()
			out.Body.Version = &this
		}
		return out, nil
	})
	operation.Register(s.api, huma.Operation{
		OperationID: "readyz", Method: http.MethodGet, Path: "/readyz", Summary: "Whether something can be recorded now.", Tags: []string{"server"},
	}, func(context.Context, *struct{}) (*statusOutput, error) {
		return status("ready"), s.ready()
	})
}

// ready says why nothing can be recorded now; nil: it can.
func (s *Rest) ready() error { return cmp.Or(s.store.Ready(), s.identity.CheckCurrent()) }

func status(word string) *statusOutput {
	out := &statusOutput{}
	out.Body.Status = word
	return out
}
