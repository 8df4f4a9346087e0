package rest

import (
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"goldenthread/api/access"
	"goldenthread/api/doctor"
	"goldenthread/api/identity"
	"goldenthread/api/operation"
	"goldenthread/eventstore"
	"goldenthread/eventstore/archive"
	"goldenthread/projections"
)

// A Rest answers commands and questions in JSON.
type Rest struct {
	api      *operation.API
	ledgers  *access.Ledgers
	identity *identity.Identity
	store    *eventstore.Store
	groups   *projections.Groups
	log      *slog.Logger
	metrics  *metrics

	BackupKey    archive.Key         // with which backups are made; nil: none
	MetricsToken string              // reads /metrics, and nothing else; "": there is none
	Installation doctor.Installation // what the doctor looks at, but for the store
}

// New offers the operations.
func New(api *operation.API, l *access.Ledgers, who *identity.Identity, listening func() int, traffic prometheus.Collector) *Rest {
	s := &Rest{api: api, ledgers: l, identity: who, store: l.Store, groups: l.Groups, log: l.Log}
	s.metrics = newMetrics(l.Counts, gauges{l.Store, s.ready, listening}, traffic)
	s.offerHealth()
	s.offerCommands()
	s.offerQuestions()
	s.offerAuthZEN()
	s.offerEvents()
	s.offerLog()
	s.offerMetrics()
	s.offerBackup()
	s.offerDoctor()
	s.offerNodes()
	return s
}
