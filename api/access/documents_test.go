package access

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"goldenthread/api/problem"
	"goldenthread/domain"
	"goldenthread/eventstore"
	"goldenthread/eventstore/stream"
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

// TestLostDocuments: where the bytes of a document never came, or a bit of them was turned on the
// disk, that is said and not waited for.
func TestLostDocuments(t *testing.T) {
	dir := t.TempDir()
	text := bytes.Repeat([]byte("minutes "), 1<<15) // two parts
	brought := domain.Document{Name: "minutes.txt", SHA256: HashOf(text), MediaType: "text/plain", Bytes: int64(len(text)), Index: 1}
	never := domain.Document{Name: "more.txt", SHA256: HashOf(nil), MediaType: "text/plain", Bytes: 1, Index: 2}
	elsewhere := domain.Document{Name: "other.txt", SHA256: HashOf(nil), MediaType: "text/plain", Bytes: 1, Index: 3, Elsewhere: true}
	with := func(do func(*Documents)) (lost []uint64) {
		s, err := eventstore.Open(t.Context(), eventstore.Options{Dir: dir, Log: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		defer func() { require.NoError(t, s.Close(t.Context())) }()
		d := NewDocuments(func() (jetstream.JetStream, error) { return jetstream.New(s.Conn()) }, 1)
		do(d)
		all, err := d.Lost(t.Context(), "trafford", []domain.Document{brought, never, elsewhere})
		require.NoError(t, err)
		for i := range all {
			lost = append(lost, all[i].Index)
		}
		return lost
	}
	look := func(*Documents) {}
	mend := func(d *Documents) {
		mended, err := d.Mend(t.Context(), "trafford", &brought, text)
		require.NoError(t, err)
		require.True(t, mended)
	}
	require.Equal(t, []uint64{1, 2}, with(look))
	require.Equal(t, []uint64{2}, with(mend))
	blocks, err := filepath.Glob(filepath.Join(dir, stream.Folder, "jetstream", "$G", "streams", "OBJ_"+documentsBucket, "msgs", "*.blk"))
	require.NoError(t, err)
	require.Len(t, blocks, 1)
	b, err := os.ReadFile(blocks[0])
	require.NoError(t, err)
	b[len(b)/2] ^= 1
	require.NoError(t, os.WriteFile(blocks[0], b, 0o600))
	began := time.Now()
	require.Equal(t, []uint64{1, 2}, with(look))
	require.Less(t, time.Since(began), bucketPatience)
	require.Equal(t, []uint64{2}, with(mend))
}
