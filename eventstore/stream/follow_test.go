package stream

import (
	"context"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

// A mute stream says that it has a message, and does not answer when it is asked for it.
type mute struct{ jetstream.Stream }

func (mute) Info(context.Context, ...jetstream.StreamInfoOpt) (*jetstream.StreamInfo, error) {
	return &jetstream.StreamInfo{State: jetstream.StreamState{Msgs: 1, FirstSeq: 1, LastSeq: 1}}, nil
}

func (mute) GetMsg(context.Context, uint64, ...jetstream.GetMsgOpt) (*jetstream.RawStreamMsg, error) {
	return nil, nats.ErrTimeout
}

// A question or an answer that is lost on the network is no damage: nothing is stopped.
func TestNoAnswerIsNoDamage(t *testing.T) {
	s := &Stream{Dir: t.TempDir(), ledger: mute{}}
	_, hole, err := s.Extent(t.Context())
	require.NoError(t, hole)
	require.ErrorIs(t, err, nats.ErrTimeout)
	require.True(t, IsSilent(err), "a start waits")

	s.Alone = true
	_, hole, err = s.Extent(t.Context())
	require.NoError(t, err)
	require.ErrorContains(t, hole, "1 of the 1 messages")
}

// A message that was lost on its way is noticed, and not one that is only on its way.
func TestALostMessageIsNoticed(t *testing.T) {
	last := uint64(4)
	f := &Follower{next: 5, newest: func(context.Context) (uint64, error) { return last, nil }}
	require.NoError(t, f.checkMissed(t.Context()))
	last = 5
	require.NoError(t, f.checkMissed(t.Context()), "it may be on its way")
	f.next = 6
	require.NoError(t, f.checkMissed(t.Context()), "it has come")
	last = 6
	require.NoError(t, f.checkMissed(t.Context()))
	require.ErrorIs(t, f.checkMissed(t.Context()), errMissed)
	require.NoError(t, f.checkMissed(t.Context()), "it is followed anew")
}
