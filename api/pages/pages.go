package pages

import (
	"log/slog"

	"goldenthread/api/access"
	"goldenthread/api/mail"
	"goldenthread/api/operation"
	"goldenthread/eventstore"
	"goldenthread/projections"
)

// Pages are the pages of this server.
type Pages struct {
	api     *operation.API
	ledgers *access.Ledgers
	store   *eventstore.Store
	groups  *projections.Groups
	log     *slog.Logger

	Mail    *mail.Post // sends reminders; nil: no mail server is configured
	Example bool       // all that is here is the example, and pages say so
	Contact string     // whom to tell of a weakness or when help is needed; "": nobody is named
}

// New offers the pages.
func New(api *operation.API, l *access.Ledgers) *Pages {
	s := &Pages{api: api, ledgers: l, store: l.Store, groups: l.Groups, log: l.Log}
	s.offerPages()
	return s
}
