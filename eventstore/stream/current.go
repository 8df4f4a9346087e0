package stream

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	askedEvery = 200 * time.Millisecond // between two questions to a stream's leader
	// CurrentFor is how long what a node holds counts as current after the stream's leader
	// was last asked. What somebody ended at one node is refused at every other within it.
	CurrentFor = time.Second

	appliedPause = 2 * time.Millisecond // between looks whether a message is applied
)

// A Currency says at which moment what this node holds of a stream was the newest, as far
// as it knows. The zero Currency was never current.
type Currency struct{ asked atomic.Pointer[time.Time] }

// Note notes that everything is here that was there at that moment.
func (c *Currency) Note(asked time.Time) { c.asked.Store(&asked) }

// Since is how long ago that was; false if it never was.
func (c *Currency) Since() (time.Duration, bool) {
	asked := c.asked.Load()
	if asked == nil {
		return 0, false
	}
	return time.Since(*asked), true
}

// isCurrent says whether it was lately enough to answer by what is here.
func (c *Currency) isCurrent() bool {
	since, ever := c.Since()
	return ever && since <= CurrentFor
}

// Check returns *Silent unless what this node holds is current.
func (s *Stream) Check(c *Currency) error {
	if s.Alone || c.isCurrent() {
		return nil
	}
	return &Silent{s.Applied.Load(), errNotCurrent}
}

// CheckCurrent returns *Silent unless the ledgers are current here.
func (s *Stream) CheckCurrent() error { return s.Check(&s.currency) }

// KeepCurrent catches up every now and then until ctx ends, so that what this node holds
// stays current while the stream's leader answers. catchUp notes when it is.
func KeepCurrent(ctx context.Context, log *slog.Logger, what string, catchUp func(context.Context) error) {
	silent := false
	for Pause(ctx, askedEvery) == nil {
		once, cancel := context.WithTimeout(ctx, CurrentFor)
		err := catchUp(once)
		cancel()
		if err != nil && !silent && ctx.Err() == nil {
			log.Warn("this node can't tell whether it has the newest, and refuses to answer meanwhile", "of", what, "error", err)
		}
		silent = err != nil
	}
}

// WatchCurrent keeps the ledgers current until ctx ends.
func (s *Stream) WatchCurrent(ctx context.Context) {
	KeepCurrent(ctx, s.log, "the ledgers", s.CatchUp)
}

// CatchUp asks the leader for the last commit, and waits until it is applied here.
func (s *Stream) CatchUp(ctx context.Context) error {
	asked := time.Now()
	last, err := s.Last(ctx)
	if err != nil {
		return s.silent(err)
	}
	for s.Applied.Load() < last {
		if err := Pause(ctx, appliedPause); err != nil {
			return s.silent(err)
		}
	}
	s.currency.Note(asked)
	return nil
}

// LastOf is the last sequence of a stream, asked of its leader.
func LastOf(ctx context.Context, of jetstream.Stream) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, RequestTimeout)
	defer cancel()
	info, err := of.Info(ctx)
	if err == nil {
		err = checkLeads(info.Cluster)
	}
	if err != nil {
		return 0, err
	}
	return info.State.LastSeq, nil
}
