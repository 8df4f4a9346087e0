package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Silent says that the stream does not answer, most often because most of its servers can't
// be reached. Nothing is lost by that.
type Silent struct {
	Read uint64 // sequence up to which this node has read it
	Why  error
}

func (s *Silent) Error() string {
	return fmt.Sprintf("the stream of the ledgers does not answer, most likely because most of its servers can't be reached; this server has read it up to message %d (%v)", s.Read, s.Why)
}

// Unwrap gives out what the library said.
func (s *Silent) Unwrap() error { return s.Why }

// errNotCurrent says that the leader was not heard for CurrentFor.
var errNotCurrent = errors.New("for more than a second nobody could say what is the newest")

// IsSilent says whether the error is that NATS, or a stream in it, does not answer.
func IsSilent(err error) bool {
	for _, silent := range []error{errNoLeader, nats.ErrNoResponders, nats.ErrTimeout, nats.ErrNoServers, nats.ErrConnectionReconnecting, jetstream.ErrNoStreamResponse, context.DeadlineExceeded} {
		if errors.Is(err, silent) {
			return true
		}
	}
	var api *jetstream.APIError
	return errors.As(err, &api) && api.Code == http.StatusServiceUnavailable
}

// silent is the error as *Silent, if it is that the stream does not answer.
func (s *Stream) silent(err error) error {
	if IsSilent(err) {
		return &Silent{s.Applied.Load(), err}
	}
	return err
}

const (
	silentPause = time.Second
	silentSay   = 10 // pauses between two lines in the log
)

// WhileSilent does something again until NATS answers, and says in the log what it waits
// for. The error is another one, or ctx's.
func WhileSilent(ctx context.Context, log *slog.Logger, do func() error) error {
	for try := 0; ; try++ {
		err := do()
		if !IsSilent(err) || ctx.Err() != nil {
			return err
		}
		if try%silentSay == 0 {
			log.Warn("waiting for NATS: it does not answer, most likely because most of its servers can't be reached", "error", err)
		}
		if err := Pause(ctx, silentPause); err != nil {
			return err
		}
	}
}
