package api

import (
	"log/slog"

	"github.com/nats-io/nats.go/jetstream"

	"goldenthread/eventstore"
	"goldenthread/projections"
)

// A Rest answers commands and questions in JSON.
type Rest struct {
	api       *API
	ledgers   *Ledgers
	identity  *Identity
	store     *eventstore.Store
	groups    *projections.Groups
	log       *slog.Logger
	documents documents
	metrics   *metrics
}

// NewRest offers the operations.
func NewRest(api *API, l *Ledgers, who *Identity, copies int, listening func() int) *Rest {
	s := &Rest{api: api, ledgers: l, identity: who, store: l.store, groups: l.groups, log: l.log}
	s.documents = documents{copies: copies, patience: bucketPatience, connect: func() (jetstream.JetStream, error) { return jetstream.New(l.store.Conn()) }}
	s.metrics = newMetrics(l.counts, gauges{l.store, listening})
	s.offerHealth()
	s.offerCommands()
	s.offerQuestions()
	s.offerEvents()
	s.offerLog()
	s.offerMetrics()
	s.offerBackup()
	return s
}
