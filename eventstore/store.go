package eventstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"

	"goldenthread/eventstore/commit"
	"goldenthread/eventstore/keys"
	"goldenthread/eventstore/ledgers"
	"goldenthread/eventstore/logs"
	"goldenthread/eventstore/stream"
	"goldenthread/eventstore/trace"
	"goldenthread/eventstore/witness"
)

// mostFolded is how many events the ledgers in memory may have together, unless said.
const mostFolded = 1_500_000

// readWhole is how many events a start reads from the beginning.
const readWhole = 500_000

// Options say where the ledgers are and how the store behaves.
type Options struct {
	Dir      string // data folder: the embedded server's files, the lock, the wrapping key; made with mode 0700
	NATS     string // URL of an existing NATS; "" embeds a server, reached from this process only
	Replicas int    // of the streams that the store makes; 0 is 1
	Node     string // name of this process among those that write to the stream; "" is a random one
	// Access is how an existing NATS is reached, and who this is there.
	Access []nats.Option
	// Installation is the operator's own name for all that is kept here, which
	// the origins of the logs bear; "" keeps the one there is, or a random one.
	Installation string
	// Witnesses are shown whatever is signed; Quorum is how many of them must
	// have cosigned a checkpoint for others to rely on it.
	Witnesses []witness.Witness
	Quorum    int
	// AcceptLoss lets groups go on whose history is shorter than was signed,
	// where the rest is nowhere. Their ledgers say so, and new logs begin.
	AcceptLoss bool

	// Clock tells the time; nil is time.Now. With a clock of one's own (a
	// story's) the stream's timestamps are not compared with it.
	Clock func() time.Time
	// Follow is called for every commit after Open in stream order, from one
	// goroutine; Whole begins with the first there is. It holds the writer up, so
	// it must be quick, and it must not change what it is given.
	Follow []func(commit.Commit)
	Whole  bool
	// Folded is how many events the ledgers that are kept in memory, for commands
	// and for readers, may have together; 0 is 1,500,000, some 300 MB. Others are read
	// up when they are needed.
	Folded uint64
	Log    *slog.Logger // nil is slog.Default

	importing bool // a ledger is being brought in, and nothing else is done
	idle      bool // for repair: lets the logs be
}

// A Store keeps the ledgers of all groups. It is safe for concurrent use.
type Store struct {
	stream  *stream.Stream
	keys    *keys.Keyring
	logs    *logs.Logs
	ledgers *ledgers.Cache
	health  *health
	queue   *queue
	clock   func() time.Time
	log     *slog.Logger

	importing bool   // a ledger is being brought in
	readWhole uint64 // so many events a start reads from the beginning
	started   uint64 // sequence of the mark from which this start went on; 0: read from the beginning

	helpers sync.WaitGroup // all goroutines but the writer
	closing sync.Once
}

// Open starts the store and returns when it has read all that the stream holds.
func Open(ctx context.Context, o Options) (*Store, error) {
	s, err := newStore(&o)
	if err != nil {
		return nil, err
	}
	last, err := s.connect(ctx, &o)
	if err != nil {
		s.stream.Close()
		return nil, err
	}
	return s.begin(ctx, &o, last)
}

// newStore is a store that has touched neither its folder nor the stream. What was
// left out of the options is filled in.
func newStore(o *Options) (*Store, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	o.Log = trace.Logger(o.Log)
	if o.Node == "" {
		o.Node = "node-" + uuid.NewString()[:8]
	}
	if !nodeName.MatchString(o.Node) {
		return nil, fmt.Errorf("%q can't be a node's name: use letters, digits and hyphens", o.Node)
	}
	if o.Quorum < 0 || o.Quorum > len(o.Witnesses) {
		return nil, fmt.Errorf("a quorum of %d is asked for, and there are %d witnesses", o.Quorum, len(o.Witnesses))
	}
	o.Replicas = max(o.Replicas, 1)
	o.Folded = cmp.Or(o.Folded, mostFolded)
	if o.AcceptLoss { // what a new log begins with is said before anything else
		o.Folded = math.MaxUint64
	}
	s := &Store{queue: newQueue(), health: newHealth(o.Log), clock: o.Clock, log: o.Log, importing: o.importing, readWhole: readWhole}
	if s.clock == nil {
		s.clock = time.Now
	}
	return s, nil
}

// connect locks, starts, connects and opens, in this order; nothing is read or
// written by itself before begin. Last is the last message of the stream.
func (s *Store) connect(ctx context.Context, o *Options) (last uint64, err error) {
	lock, err := stream.LockFolder(o.Dir)
	if err != nil {
		return 0, err
	}
	s.stream = stream.New(lock, o.Dir, o.Node, o.Log)
	if err := checkImported(o); err != nil {
		return 0, err
	}
	if o.NATS == "" && !o.idle {
		if err := stream.FinishRepair(o.Dir); err != nil {
			return 0, fmt.Errorf("finish a repair: %w", err)
		}
	}
	if err := s.stream.Open(ctx, o.NATS, o.Replicas, o.Access); err != nil {
		return 0, err
	}
	if s.keys, err = keys.Open(ctx, s.stream, o.Replicas, o.Log); err != nil {
		return 0, err
	}
	last, hole, err := s.stream.Extent(ctx)
	if err != nil {
		return 0, err
	}
	if hole != nil {
		s.health.refuse(hole)
	}
	s.logs, err = logs.Open(ctx, s.stream, s.keys, &logs.Config{Installation: o.Installation, Replicas: o.Replicas, Witnesses: o.Witnesses, Quorum: o.Quorum, Idle: o.idle, Log: o.Log})
	if err != nil {
		return 0, err
	}
	return last, nil
}

// begin goes on from what was signed, and returns when all up to the last message
// of the stream has been read.
func (s *Store) begin(ctx context.Context, o *Options, last uint64) (*Store, error) {
	w, f, err := s.prepare(ctx, o, last)
	if err != nil {
		s.stream.Close()
		return nil, err
	}
	caught := w.caught
	s.start(w, f)
	select {
	case <-caught:
		if !s.stream.Alone {
			err = errors.Join(s.serveForwarded(), s.keys.ServeWrapping())
		}
		if err != nil {
			return nil, errors.Join(err, s.abort())
		}
		s.keys.AwaitErased(ctx)
		return s, nil
	case err := <-s.health.failed:
		return nil, errors.Join(err, s.abort())
	case <-ctx.Done():
		return nil, errors.Join(ctx.Err(), s.abort())
	}
}

// prepare makes the writer and its follower, which go on from the mark if it holds.
func (s *Store) prepare(ctx context.Context, o *Options, last uint64) (*writer, *stream.Follower, error) {
	s.ledgers = ledgers.New(s.health.life, source{s.logs, s.stream}, o.Folded, s.log)
	w := &writer{
		stream: s.stream, keys: s.keys, logs: s.logs, ledgers: s.ledgers, health: s.health, queue: s.queue, past: past{s.stream, s.logs, s.ledgers},
		clock: s.clock, storyClock: o.Clock != nil, log: s.log,
		importing: s.importing, acceptLoss: o.AcceptLoss, follow: o.Follow, whole: o.Whole,
		groups: map[string]*group{}, target: last, caught: make(chan struct{}), sent: map[uint64]moment{},
	}
	if o.Whole || o.AcceptLoss || s.importing || s.health.broken() != nil {
		return w, w.followFrom(1), nil
	}
	if m := s.logs.ReadMark(ctx, last, s.readWhole); m != nil {
		s.started = m.Sequence
		if err := w.goOn(m); err != nil {
			return nil, nil, err
		}
	}
	return w, w.followFrom(w.applied + 1), nil
}

func (s *Store) start(w *writer, f *stream.Follower) {
	ctx := s.health.life
	s.helpers.Go(func() { f.Run(ctx) })
	s.helpers.Go(s.ledgers.Run)
	s.helpers.Go(func() { s.health.watch(ctx, s.stream) })
	s.helpers.Go(func() { s.keys.Run(ctx) })
	caught := w.caught
	s.logs.Start(ctx, &s.helpers, caught)
	if s.logs.Signs() {
		s.helpers.Go(func() { s.rekey(ctx, caught) })
	}
	go func() {
		defer close(s.health.written)
		w.run(ctx)
	}()
}

// Close lets nothing more in, writes what is queued, and ends. What is not
// written when ctx ends is left unsettled.
func (s *Store) Close(ctx context.Context) error {
	s.queue.close()
	select {
	case <-s.health.written:
	case <-ctx.Done():
	}
	return errors.Join(ctx.Err(), s.abort())
}

// abort ends everything at once, in the reverse order of its start.
func (s *Store) abort() (err error) {
	s.closing.Do(func() {
		s.health.cancel(s.health.closedBecause())
		<-s.health.written
		s.helpers.Wait()
		err = s.stream.Close()
	})
	return err
}

// A source is where the ledgers in memory are read from.
type source struct {
	*logs.Logs
	stream *stream.Stream
}

// Next is the stream's.
func (s source) Next(group string) uint64 { return s.stream.Next(group) }

// Stopped is the stream's.
func (s source) Stopped(group string) error { return s.stream.Stopped(group) }
