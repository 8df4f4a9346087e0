package api

import (
	"context"
	"log/slog"
	"time"

	"goldenthread/domain"
	"goldenthread/eventstore"
	"goldenthread/projections"
)

// Ledgers are this server's ledgers, as callers may read them and record in them.
type Ledgers struct {
	store    *eventstore.Store
	groups   *projections.Groups
	clock    func() time.Time
	log      *slog.Logger
	patience time.Duration // with which a question waits for what is not known yet
	turns    *turns        // of those whose answers take long
	counts   *Counts
	signed   func(context.Context, *domain.Request) error // refuses a signature on a command that does not hold
}

// NewLedgers are the ledgers of the store. Signed refuses a signature on a command that does not hold.
func NewLedgers(store *eventstore.Store, groups *projections.Groups, clock func() time.Time, log *slog.Logger) *Ledgers {
	return &Ledgers{store: store, groups: groups, clock: clock, log: log, patience: patience, turns: newTurns(), counts: newCounts()}
}

func (s *Ledgers) today() domain.Day { return domain.DayOf(s.clock()) }
