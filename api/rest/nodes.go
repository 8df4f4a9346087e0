package rest

import (
	"errors"
	"net/http"

	"github.com/go-json-experiment/json"

	"goldenthread/api/problem"
	"goldenthread/eventstore"
	"goldenthread/eventstore/shared"
)

// Nodes are the nodes of a cluster.
type Nodes struct {
	InUse int                     `json:"inUse,omitzero" doc:"newest format of events that may be written; none for a server that is alone"`
	Nodes []eventstore.NodeAtWork `json:"nodes"`
}

// offerNodes tells the operator which nodes a cluster has, and lets them retire one. It is
// asked for by goldenthread nodes.
func (s *Rest) offerNodes() {
	s.api.Mux.HandleFunc("GET /v1/nodes", func(w http.ResponseWriter, r *http.Request) {
		if refused := s.mustBeOperator(r, "Only the operator of this server asks for its nodes."); refused != nil {
			refused.Write(w)
			return
		}
		nodes, inUse, err := s.store.Nodes(r.Context())
		if err != nil {
			problem.Of(r.Context(), s.log, err).Write(w)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		if err := json.MarshalWrite(w, Nodes{inUse, nodes}); err != nil {
			s.log.WarnContext(r.Context(), "the answer broke off", "error", err)
		}
	})
	s.api.Mux.HandleFunc("POST /v1/nodes/{node}/retire", func(w http.ResponseWriter, r *http.Request) {
		if refused := s.mustBeOperator(r, "Only the operator of this server retires a node."); refused != nil {
			refused.Write(w)
			return
		}
		switch err := s.store.Retire(r.Context(), r.PathValue("node")); {
		case errors.Is(err, eventstore.ErrAtWork):
			problem.New(http.StatusConflict, "This node is at work. Stop it first.").Write(w)
		case errors.Is(err, shared.ErrNoNode):
			problem.New(http.StatusNotFound, "There is no such node.").Write(w)
		case err != nil:
			problem.Of(r.Context(), s.log, err).Write(w)
		default:
			s.log.InfoContext(r.Context(), "the operator retired a node", "node", r.PathValue("node"))
			w.WriteHeader(http.StatusNoContent)
		}
	})
}
