package eventstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// A message is a commit as the stream delivers it.
type message struct {
	sequence uint64
	stored   time.Time // the stream's own timestamp
	header   nats.Header
	body     []byte
	ahead    chan struct{} // closed when read; nil if it is not being read ahead
	pieces   []piece
	err      error
}

// readAhead begins to read the message beside the writer, and beside the
// messages before it.
func (m *message) readAhead() {
	m.ahead = make(chan struct{})
	go func() {
		m.pieces, m.err = readCommit(m.header, m.body)
		close(m.ahead)
	}()
}

func (m *message) read() ([]piece, error) {
	if m.ahead == nil {
		return readCommit(m.header, m.body)
	}
	<-m.ahead
	return m.pieces, m.err
}

// A follower delivers the stream in order, from a message on, for ever.
type follower struct {
	js   jetstream.JetStream
	next uint64 // sequence of the next message to deliver
	node string // whose commits it leaves unread: the writer has them
	last uint64 // of the stream at start; up to there it reads everything
	out  chan *message
	log  *slog.Logger
	// patience is how long it waits for a message before it ends; 0: for ever.
	patience time.Duration
}

const (
	followAhead = 64  // messages being read, or read and not yet applied
	followBatch = 128 // messages asked for at once

	followExpiry = 10 * time.Second // then they are asked for again
	followPulse  = 2 * time.Second  // a sign of life from the consumer; without two it is made anew
)

func (f *follower) run(ctx context.Context) {
	for ctx.Err() == nil {
		err := f.deliver(ctx)
		if ctx.Err() == nil {
			f.log.Warn("following the stream was interrupted", "next", f.next, "error", err)
			pause(ctx, time.Second)
		}
	}
}

// deliver sends on what the stream holds, until it breaks off.
func (f *follower) deliver(ctx context.Context) error {
	for m, err := range f.messages(ctx) {
		if err != nil {
			return err
		}
		if m.sequence <= f.last || m.header.Get(headerWriter) != f.node {
			m.readAhead()
		}
		select {
		case f.out <- m:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// messages are those of the stream, in order, from the next on. It ends at the
// first error, or with ctx; another call goes on where it ended.
func (f *follower) messages(ctx context.Context) iter.Seq2[*message, error] {
	return func(yield func(*message, error) bool) {
		messages, err := f.subscribe(ctx)
		if err != nil {
			yield(nil, err)
			return
		}
		defer messages.Stop()
		defer context.AfterFunc(ctx, messages.Stop)()
		for {
			m, err := f.receive(messages)
			switch {
			case err != nil:
				yield(nil, cmp.Or(ctx.Err(), err))
				return
			case m == nil:
				continue
			case !yield(m, nil):
				return
			}
		}
	}
}

// subscribe makes a consumer. It may start itself again once; after that another
// is made: the name it asks for again may belong to a server that is cut off.
func (f *follower) subscribe(ctx context.Context) (jetstream.MessagesContext, error) {
	consumer, err := f.js.OrderedConsumer(ctx, StreamName, jetstream.OrderedConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: f.next, MaxResetAttempts: 1,
	})
	if err != nil {
		return nil, err
	}
	return consumer.Messages(jetstream.PullMaxMessages(followBatch), jetstream.PullExpiry(followExpiry), jetstream.PullHeartbeat(followPulse))
}

// receive is the next message; nil if the consumer had to start itself again.
func (f *follower) receive(messages jetstream.MessagesContext) (*message, error) {
	var wait []jetstream.NextOpt
	if f.patience > 0 {
		wait = append(wait, jetstream.NextMaxWait(f.patience))
	}
	msg, err := messages.Next(wait...)
	if errors.Is(err, jetstream.ErrNoHeartbeat) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	meta, err := msg.Metadata()
	if err != nil || meta.Sequence.Stream < f.next {
		return nil, err
	}
	f.next = meta.Sequence.Stream + 1
	return &message{sequence: meta.Sequence.Stream, stored: meta.Timestamp, header: msg.Headers(), body: msg.Data()}, nil
}

// extent is the stream's last readable message and, if any message before or
// after it is gone, what to say about that.
func extent(ctx context.Context, st jetstream.Stream) (last uint64, hole error, err error) {
	info, err := st.Info(ctx, jetstream.WithDeletedDetails(true))
	if err != nil {
		return 0, nil, fmt.Errorf("read the state of the stream: %w", err)
	}
	state := info.State
	if state.Msgs == 0 && state.LastSeq == 0 {
		return 0, nil, nil
	}
	gone := map[uint64]bool{}
	for _, sequence := range state.Deleted {
		gone[sequence] = true
	}
	last = state.LastSeq
	for last >= state.FirstSeq && last > 0 && (gone[last] || !canRead(ctx, st, last)) {
		gone[last] = true
		last--
	}
	if state.Msgs == 0 {
		last = 0
	}
	if state.FirstSeq > 1 || len(gone) > 0 || state.Msgs != state.LastSeq {
		hole = missing(max(state.LastSeq-state.Msgs, uint64(len(gone))), state.LastSeq)
	}
	return last, hole, ctx.Err()
}

// canRead says whether the message can be read. Of a damaged one at the end of
// the stream the server knows, and doesn't deliver it: it would be awaited for ever.
func canRead(ctx context.Context, st jetstream.Stream, sequence uint64) bool {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	_, err := st.GetMsg(ctx, sequence)
	return err == nil
}

func missing(n, of uint64) error {
	return fmt.Errorf("%d of the %d messages of the stream are missing; it must be repaired first", n, of)
}
