package access

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"goldenthread/api/problem"
)

// leaderless is a bucket that does not answer the first so many times.
type leaderless struct {
	jetstream.ObjectStore
	silent int
}

func (l *leaderless) Put(context.Context, jetstream.ObjectMeta, io.Reader) (*jetstream.ObjectInfo, error) {
	if l.silent--; l.silent >= 0 {
		return nil, nats.ErrNoResponders
	}
	return &jetstream.ObjectInfo{}, nil
}

// TestABucketWithoutALeaderIsWaitedFor: in a cluster a bucket just made does not
// answer at once.
func TestABucketWithoutALeaderIsWaitedFor(t *testing.T) {
	put := func(silent int) error {
		d := Documents{patience: 50 * time.Millisecond, made: map[string]jetstream.ObjectStore{documentsBucket: &leaderless{silent: silent}}}
		return d.use(t.Context(), documentsBucket, d.make, func(bucket jetstream.ObjectStore) error {
			_, err := bucket.Put(t.Context(), jetstream.ObjectMeta{Name: "a"}, nil)
			return err
		})
	}
	require.NoError(t, put(2))
	var p *problem.Problem
	require.True(t, errors.As(put(1_000_000), &p))
	require.Equal(t, http.StatusServiceUnavailable, p.Status)
}
