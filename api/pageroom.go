package api

import (
	"log/slog"

	"goldenthread/eventstore"
	"goldenthread/projections"
)

// Pages are the pages of this server.
type Pages struct {
	api     *API
	ledgers *Ledgers
	store   *eventstore.Store
	groups  *projections.Groups
	log     *slog.Logger
}

// NewPages offers the pages.
func NewPages(api *API, l *Ledgers) *Pages {
	s := &Pages{api: api, ledgers: l, store: l.store, groups: l.groups, log: l.log}
	s.offerPages()
	return s
}
