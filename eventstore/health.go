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
	log            *slog.Logger
	trouble        atomic.Pointer[error]   // why nothing can be written any more; nil: it can
	failed         chan error              // delivers one error, after which the process should stop
	appendingSince atomic.Int64            // since when an append is under way, ms since 1970; 0: none
	writerEnded    chan struct{}           // closed when the writer has ended
	life           context.Context         // of all goroutines; its cause says why it ended
	cancel         context.CancelCauseFunc // ends them, the writer without draining
}

func newHealth(log *slog.Logger) *health {
	life, cancel := context.WithCancelCause(context.Background())
	return &health{log: log, failed: make(chan error, 1), writerEnded: make(chan struct{}), life: life, cancel: cancel}
}

// Failed delivers, once, the reason why the process should stop.
func (s *Store) Failed() <-chan error { return s.health.failed }

// Ready says why nothing can be written at the moment (ErrNotReady, ErrClosed);
// nil if it can.
func (s *Store) Ready() error {
	if err := s.Writable(); err != nil {
		return err
	}
	return s.times.check(s.clock())
}

// Writable is Ready, whatever the clock says.
func (s *Store) Writable() error {
	select {
	case <-s.health.writerEnded:
		return s.health.closeReason()
	default:
	}
	if err := s.health.writeError(); err != nil {
		return err
	}
	if !s.stream.Conn.IsConnected() {
		return commit.NotReady("the connection to NATS is lost")
	}
	if s.health.isStalled() {
		return commit.NotReady("a write has not been acknowledged since %s", time.UnixMilli(s.health.appendingSince.Load()).UTC().Format(commit.TimeLayout))
	}
	return nil
}

// watchServer checks every second that the embedded server can still write. On a full
// disk it stops JetStream by itself, or goes on without acknowledging anything.
func (h *health) watchServer(ctx context.Context, s *stream.Stream) {
	for s.Alone && stream.Pause(ctx, time.Second) == nil {
		switch {
		case s.ServerStopped():
			h.failStore(errors.New("the stream's server stopped itself, most likely because the disk is full; make room and start again"))
			return
		case h.isStalled() && s.DiskFull():
			h.failStore(errors.New("the disk is full; make room and start again"))
			return
		}
	}
}

// isStalled says whether a write has waited too long for its acknowledgement.
func (h *health) isStalled() bool {
	since := h.appendingSince.Load()
	return since != 0 && time.Since(time.UnixMilli(since)) > stream.PublishTimeout
}

// failStore ends writing, answers those who wait, and delivers the error on Failed.
func (h *health) failStore(err error) {
	h.refuseWrites(err)
	select {
	case h.failed <- err:
		h.log.Error("the store failed", "error", err)
	default:
	}
	h.cancel(h.writeError())
}

// refuseWrites refuses all commands from now on; reading goes on.
func (h *health) refuseWrites(err error) {
	wrapped := fmt.Errorf("%w: %w", commit.ErrNotReady, err)
	if h.trouble.CompareAndSwap(nil, &wrapped) {
		h.log.Error("nothing can be written", "error", err)
	}
}

// writeError is why nothing can be written any more (ErrNotReady); nil while it can.
func (h *health) writeError() error {
	if err := h.trouble.Load(); err != nil {
		return *err
	}
	return nil
}

func (h *health) closeReason() error {
	if err := h.writeError(); err != nil {
		return err
	}
	return commit.ErrClosed
}
