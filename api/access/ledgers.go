package access

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
	Store    *eventstore.Store
	Groups   *projections.Groups
	Clock    func() time.Time
	Log      *slog.Logger
	Patience time.Duration // with which a question waits for what is not known yet
	turns    *turns        // of those whose answers take long
	Counts   *Counts
	Signed   func(context.Context, *domain.Request) error // refuses a signature on a command that does not hold
	Founded  func(context.Context, string) error          // told of a group that was founded; may be nil

	Documents *Documents // where their bytes are
}

// New are the ledgers of the store. Signed refuses a signature on a command that does not hold.
func New(store *eventstore.Store, groups *projections.Groups, clock func() time.Time, log *slog.Logger) *Ledgers {
	return &Ledgers{Store: store, Groups: groups, Clock: clock, Log: log, Patience: patience, turns: newTurns(), Counts: newCounts()}
}

// Today is the London day that it is now.
func (s *Ledgers) Today() domain.Day { return domain.DayOf(s.Clock()) }
