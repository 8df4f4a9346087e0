package stream

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

	"goldenthread/eventstore/commit"
)

// A Message is a commit as the stream delivers it.
type Message struct {
	Sequence uint64    // its place in the stream, from 1
	Stored   time.Time // the stream's own timestamp
	Header   nats.Header
	Body     []byte        // lines, each ended by a line break
	readDone chan struct{} // closed when it is decoded; nil if it is not decoded ahead
	pieces   []commit.Piece
	err      error
}

// readAhead begins to decode the message in the background.
func (m *Message) readAhead() {
	m.readDone = make(chan struct{})
	go func() {
		m.pieces, m.err = commit.Read(m.Header, m.Body)
		close(m.readDone)
	}()
}

func (m *Message) Read() ([]commit.Piece, error) {
	if m.readDone == nil {
		return commit.Read(m.Header, m.Body)
	}
	<-m.readDone
	return m.pieces, m.err
}

// A Follower delivers the stream in order, from a message on, for ever.
type Follower struct {
	js   jetstream.JetStream
	next uint64        // sequence of the next message to deliver
	node string        // whose new commits it does not decode: the writer has them
	last uint64        // sequence up to which it decodes all commits
	Out  chan *Message // what it delivers
	log  *slog.Logger
	// patience is how long it waits for a message before it ends; 0: for ever. With newest
	// it looks then whether one was lost on the way.
	patience time.Duration
	newest   func(context.Context) (uint64, error) // the stream's last sequence
	had      uint64                                // that, when it was asked last
}

const (
	followAhead = 64  // messages delivered and not yet applied
	followBatch = 128 // messages requested at once

	followExpiry = 10 * time.Second // then they are requested again
	followPulse  = 2 * time.Second  // heartbeat of the consumer; if two are missed it is made anew
	followQuiet  = 2 * time.Second  // without a message it is looked whether one was lost
)

// Run delivers until ctx ends. After an error it goes on within a second.
func (f *Follower) Run(ctx context.Context) {
	for ctx.Err() == nil {
		err := f.deliverAll(ctx)
		if ctx.Err() == nil {
			f.log.Warn("following the stream was interrupted", "next", f.next, "error", err)
			Pause(ctx, time.Second)
		}
	}
}

// deliverAll delivers messages until the first error.
func (f *Follower) deliverAll(ctx context.Context) error {
	for m, err := range f.messages(ctx) {
		if err != nil {
			return err
		}
		if m.Sequence <= f.last || m.Header.Get(commit.HeaderWriter) != f.node {
			m.readAhead()
		}
		select {
		case f.Out <- m:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// messages are those of the stream, in order, from the next on. It ends at the
// first error, or with ctx; another call goes on where it ended.
func (f *Follower) messages(ctx context.Context) iter.Seq2[*Message, error] {
	return func(yield func(*Message, error) bool) {
		messages, err := f.subscribe(ctx)
		if err != nil {
			yield(nil, err)
			return
		}
		defer messages.Stop()
		for {
			m, err := f.receiveNext(ctx, messages)
			if f.newest != nil && errors.Is(err, nats.ErrTimeout) {
				err = f.checkMissed(ctx)
			}
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

// subscribe makes a consumer. It may restart itself once; after that a new one is made,
// since a consumer of that name may be on a server that is cut off.
func (f *Follower) subscribe(ctx context.Context) (jetstream.MessagesContext, error) {
	consumer, err := f.js.OrderedConsumer(ctx, Name, jetstream.OrderedConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: f.next, MaxResetAttempts: 1,
	})
	if err != nil {
		return nil, err
	}
	return consumer.Messages(jetstream.PullMaxMessages(followBatch), jetstream.PullExpiry(followExpiry), jetstream.PullHeartbeat(followPulse))
}

var errMissed = errors.New("a message was lost on its way from the stream")

// checkMissed returns errMissed if the stream had a message already when it was asked the
// time before, and that was not delivered since. A connection between two servers can
// lose it; the consumer counts it as delivered, and would not send it before there is another.
func (f *Follower) checkMissed(ctx context.Context) error {
	if f.had >= f.next {
		f.had = 0
		return errMissed
	}
	if last, err := f.newest(ctx); err == nil { // no answer says nothing
		f.had = last
	}
	return ctx.Err()
}

// receiveNext is the next message; nil if the consumer had to start itself again.
func (f *Follower) receiveNext(ctx context.Context, messages jetstream.MessagesContext) (*Message, error) {
	if f.patience > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, f.patience, nats.ErrTimeout)
		defer cancel()
	}
	msg, err := messages.Next(jetstream.NextContext(ctx))
	if err != nil && errors.Is(context.Cause(ctx), nats.ErrTimeout) {
		return nil, nats.ErrTimeout
	}
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
	return &Message{Sequence: meta.Sequence.Stream, Stored: meta.Timestamp, Header: msg.Headers(), Body: msg.Data()}, nil
}

// Extent is the sequence of the stream's last readable message, and, if any message
// before or after it is gone, an error about that hole.
func (s *Stream) Extent(ctx context.Context) (last uint64, hole error, err error) {
	info, err := s.ledger.Info(ctx, jetstream.WithDeletedDetails(true))
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
	for last = state.LastSeq; last >= state.FirstSeq && last > 0; last-- {
		if !gone[last] {
			if gone[last], err = s.isGone(ctx, last); err != nil {
				return 0, nil, fmt.Errorf("read the end of the stream: %w", err)
			}
		}
		if !gone[last] {
			delete(gone, last)
			break
		}
	}
	if state.Msgs == 0 {
		last = 0
	}
	if last < state.LastSeq {
		s.end.Store(&brokenEnd{last, state.LastSeq})
	}
	if state.FirstSeq > 1 || len(gone) > 0 || state.Msgs != state.LastSeq {
		if err := CheckFiles(s.Dir); err != nil {
			return 0, nil, err
		}
		hole = Missing(max(state.LastSeq-state.Msgs, uint64(len(gone))), state.LastSeq)
	}
	return last, hole, ctx.Err()
}

// isGone says whether a message can't be read. The server doesn't deliver a damaged last
// message, so waiting for it would never end. Elsewhere than in this process, no answer
// says nothing about the message: it is the error.
func (s *Stream) isGone(ctx context.Context, sequence uint64) (bool, error) {
	_, err := s.At(ctx, sequence)
	if !s.Alone && IsSilent(err) {
		return false, err
	}
	return err != nil, nil
}

// Missing says that messages of the stream are missing.
func Missing(n, of uint64) error {
	return fmt.Errorf("%d of the %d messages of the stream are missing; it must be repaired first", n, of)
}
