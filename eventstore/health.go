package eventstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"goldenthread/eventstore/commit"
	"goldenthread/eventstore/stream"
)

// A health says whether anything can be written, and why not.
type health struct {
	log     *slog.Logger
	trouble atomic.Pointer[error]   // nothing can be written any more
	failed  chan error              // takes one
	writing atomic.Int64            // since when an append is under way, ms since 1970; 0: none
	written chan struct{}           // closed when the writer has ended
	life    context.Context         // of all goroutines; its cause says why it ended
	cancel  context.CancelCauseFunc // ends them, the writer without draining
}

func newHealth(log *slog.Logger) *health {
	life, cancel := context.WithCancelCause(context.Background())
	return &health{log: log, failed: make(chan error, 1), written: make(chan struct{}), life: life, cancel: cancel}
}

// Failed delivers, once, the reason why the process should stop.
func (s *Store) Failed() <-chan error { return s.health.failed }

// Ready says why nothing can be written at the moment (ErrNotReady, ErrClosed);
// nil if it can.
func (s *Store) Ready() error {
	select {
	case <-s.health.written:
		return s.health.closedBecause()
	default:
	}
	if err := s.health.broken(); err != nil {
		return err
	}
	if !s.stream.Conn.IsConnected() {
		return commit.NotReady("the connection to NATS is lost")
	}
	if s.health.stalled() {
		return commit.NotReady("a write has not been acknowledged since %s", time.UnixMilli(s.health.writing.Load()).UTC().Format(commit.TimeLayout))
	}
	return nil
}

// watch looks whether the embedded server can still write. On a full disk it
// stops JetStream by itself, or goes on and acknowledges nothing.
func (h *health) watch(ctx context.Context, s *stream.Stream) {
	for s.Alone && stream.Pause(ctx, time.Second) == nil {
		switch {
		case s.ServerStopped():
			h.fail(errors.New("the stream's server stopped itself, most likely because the disk is full; make room and start again"))
			return
		case h.stalled() && s.DiskFull():
			h.fail(errors.New("the disk is full; make room and start again"))
			return
		}
	}
}

// stalled says whether a write has waited too long for its acknowledgement.
func (h *health) stalled() bool {
	since := h.writing.Load()
	return since != 0 && time.Since(time.UnixMilli(since)) > stream.PublishTimeout
}

// fail makes the store useless for writing, frees those who wait, and asks for
// the process to stop.
func (h *health) fail(err error) {
	h.refuse(err)
	select {
	case h.failed <- err:
		h.log.Error("the store failed", "error", err)
	default:
	}
	h.cancel(h.broken())
}

// refuse lets nothing be written from now on; reading goes on.
func (h *health) refuse(err error) {
	wrapped := fmt.Errorf("%w: %w", commit.ErrNotReady, err)
	if h.trouble.CompareAndSwap(nil, &wrapped) {
		h.log.Error("nothing can be written", "error", err)
	}
}

// broken says why nothing can be written any more; nil while it can.
func (h *health) broken() error {
	if err := h.trouble.Load(); err != nil {
		return *err
	}
	return nil
}

func (h *health) closedBecause() error {
	if err := h.broken(); err != nil {
		return err
	}
	return commit.ErrClosed
}
