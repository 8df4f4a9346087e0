package eventstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"

	"goldenthread/domain"
	"goldenthread/eventstore/commit"
	"goldenthread/eventstore/keys"
	"goldenthread/eventstore/ledgers"
	"goldenthread/eventstore/logs"
	"goldenthread/eventstore/shared"
	"goldenthread/eventstore/stream"
	"goldenthread/eventstore/tilelog"
	"goldenthread/eventstore/trace"
	"goldenthread/eventstore/witness"
)

// mostFolded is the default of Options.Folded.
const mostFolded = 1_500_000

// readWhole is the number of events up to which a start reads the whole stream.
const readWhole = 500_000

// Options say where the ledgers are and how the store behaves.
type Options struct {
	Dir      string // data folder: the embedded server's files, the lock, the wrapping key; made with mode 0700
	NATS     string // URL of an existing NATS; "" embeds a server, reached from this process only
	Replicas int    // of the streams that the store makes; 0 is 1
	Node     string // name of this process among those that write to the stream; "" makes a random one
	// Release is the number of this program's release, which it tells the other nodes of its
	// cluster. A store without one joins none: it writes whatever it knows.
	Release string
	// Access are the options and credentials for an existing NATS.
	Access []nats.Option
	// Installation is the operator's name for this installation. It is a part of the
	// origins of all logs. "" keeps the present name, or makes a random one.
	Installation string
	// Witnesses are sent every signed checkpoint. Quorum is how many of them must
	// cosign a checkpoint before proofs use it.
	Witnesses []witness.Witness
	Quorum    int
	// AcceptLoss lets groups go on that have fewer events than were signed for, where
	// no copy has the rest. Their ledgers record that, and new logs begin.
	AcceptLoss bool
	// Known is how many events logs had, by their origin, as is known outside of the data
	// folder: a group that has fewer was set back, and stops.
	Known map[string]uint64
	// BeginAnew lets the store begin in a folder that has other files, or only the keys of
	// ledgers that are gone.
	BeginAnew bool

	// Clock tells the time; nil is time.Now. Only time.Now is compared with the
	// stream's timestamps.
	Clock func() time.Time
	// ClockConfirmed is the operator's word that the clock is right, though nothing was
	// recorded for longer than ClockAhead.
	ClockConfirmed bool
	// Follow is called for every commit after Open, in stream order, by the writer: it
	// must be quick, and must not change the commit. With Whole it is also called for
	// every earlier commit, while Open reads the stream.
	Follow []func(commit.Commit)
	Whole  bool
	// ReadWhole is the number of events up to which a start reads the whole stream; 0: 500,000.
	ReadWhole uint64
	// Folded is how many events the ledgers in memory may have together, states as known
	// earlier included; 0 is 1,500,000, about 300 MB. Other ledgers are read up when
	// they are needed.
	Folded uint64
	Log    *slog.Logger // nil is slog.Default
	Disk   tilelog.Disk // where the signed logs are written; nil is this machine's
	Wipe   func()       // overwrites the free memory of this process after an erasure; nil: as package keys does

	importing bool // a ledger is being imported, and nothing else is recorded
	idle      bool // for repair: the logs are read only
	// inspecting: nothing is recorded or erased
	inspecting bool
	format     int                     // newest that this node says it knows; 0: what it knows
	formatOf   func(*domain.Event) int // nil: domain.Event.Format
}

// A Store keeps the ledgers of all groups. It is safe for concurrent use.
type Store struct {
	parts
	health *health
	queue  *queue
	clock  func() time.Time
	times  *times
	log    *slog.Logger

	forwardWait time.Duration // for the answer to a forwarded command

	replicas int
	sharing  sync.Mutex
	shared   *shared.Records // nil until it is asked for
	nodes    *shared.Nodes

	keysMissing atomic.Pointer[[]MissingKey] // as they were compared last; nil: not yet

	importing  bool   // a ledger is being imported
	inspecting bool   // nothing is recorded or erased
	readWhole  uint64 // up to this many events a start reads the stream from its beginning
	started    uint64 // sequence of the mark at which this start began; 0: the beginning of the stream

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

// newStore is a store that has opened nothing yet. It fills in the defaults of the
// options.
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
	if err := witness.CheckWitnesses(o.Witnesses); err != nil {
		return nil, err
	}
	o.Replicas = max(o.Replicas, 1)
	o.Folded = cmp.Or(o.Folded, mostFolded)
	if o.AcceptLoss { // all ledgers stay in memory, so that the loss is recorded before anything else
		o.Folded = math.MaxUint64
	}
	s := &Store{queue: newQueue(), health: newHealth(o.Log), clock: o.Clock, log: o.Log, importing: o.importing || o.inspecting, inspecting: o.inspecting, readWhole: cmp.Or(o.ReadWhole, readWhole), replicas: o.Replicas, forwardWait: forwardTimeout}
	s.times = newTimes(ClockAhead)
	if s.clock != nil || o.ClockConfirmed || o.importing {
		s.times.ahead = 0
	}
	if s.clock == nil {
		s.clock = time.Now
	}
	return s, nil
}

// connect locks the folder, starts the server, connects to it, and opens the stream, the
// keys and the logs. It returns the sequence of the stream's last message. Until begin
// nothing happens in the background.
func (s *Store) connect(ctx context.Context, o *Options) (last uint64, err error) {
	if err := checkFolder(o); err != nil {
		return 0, err
	}
	lock, err := stream.LockFolder(o.Dir)
	if err != nil {
		return 0, err
	}
	s.stream = stream.New(lock, o.Dir, o.Node, o.Log)
	if !o.inspecting {
		if err := stream.CheckRoom(o.Dir); err != nil {
			return 0, err
		}
	}
	if err := checkImported(o); err != nil {
		return 0, err
	}
	if o.NATS == "" && !o.idle {
		if err := stream.FinishRepair(o.Dir); err != nil {
			return 0, fmt.Errorf("finish a repair: %w", err)
		}
	}
	if err := s.stream.Open(ctx, o.NATS, o.Access); err != nil {
		return 0, err
	}
	if s.stream.Alone { // a server in this process that does not answer is damaged
		last, err = s.openStreams(ctx, o)
		return last, stream.InWords(err)
	}
	err = stream.WhileSilent(ctx, s.log, func() (err error) {
		last, err = s.openStreams(ctx, o)
		return err
	})
	return last, err
}

// openStreams opens what is kept in the streams, and returns the sequence of the last
// message of the ledgers.
func (s *Store) openStreams(ctx context.Context, o *Options) (last uint64, err error) {
	if err := s.stream.OpenLedger(ctx, o.Replicas); err != nil {
		return 0, err
	}
	if s.keys, err = keys.Open(ctx, s.stream, o.Replicas, o.Log); err != nil {
		return 0, err
	}
	if o.Wipe != nil {
		s.keys.Wipe = o.Wipe
	}
	last, hole, err := s.stream.Extent(ctx)
	if err != nil {
		return 0, err
	}
	s.logs, err = logs.Open(ctx, s.stream, s.keys, &logs.Config{Installation: o.Installation, Replicas: o.Replicas, Witnesses: o.Witnesses, Quorum: o.Quorum, Known: o.Known, Idle: o.idle, Disk: o.Disk, Log: o.Log})
	if err == nil && !s.stream.Alone { // another node may have recorded meanwhile what the checkpoints are for
		last, hole, err = s.stream.Extent(ctx)
	}
	if err == nil && hole != nil {
		s.health.refuseWrites(hole)
	}
	return last, err
}

// begin starts the writer and all other goroutines, and returns when the stream has been
// read up to its last message.
func (s *Store) begin(ctx context.Context, o *Options, last uint64) (*Store, error) {
	w, f, err := s.prepare(ctx, o, last)
	if err != nil {
		s.health.cancel(err)
		s.helpers.Wait()
		s.stream.Close()
		return nil, err
	}
	caught := w.caughtUp
	s.start(w, f)
	select {
	case <-caught:
		if !s.stream.Alone {
			err = errors.Join(s.forwarding().serveForwarded(), s.keys.ServeWrapping(), stream.WhileSilent(ctx, s.log, func() error { return s.CatchUp(ctx) }))
			s.helpers.Go(func() { s.stream.WatchCurrent(s.health.life) })
		}
		if err != nil {
			return nil, errors.Join(err, s.closeNow())
		}
		if !s.inspecting {
			s.keys.AwaitErased(ctx)
		}
		return s, nil
	case err := <-s.health.failed:
		return nil, errors.Join(err, s.closeNow())
	case <-ctx.Done():
		return nil, errors.Join(ctx.Err(), s.closeNow())
	}
}

// prepare joins the cluster, and makes the writer and its follower. They begin at the mark, if there is one
// that can be used.
func (s *Store) prepare(ctx context.Context, o *Options, last uint64) (*writer, *stream.Follower, error) {
	if err := s.join(ctx, o); err != nil {
		return nil, nil, err
	}
	s.ledgers = ledgers.New(s.health.life, source{s.logs, s.stream}, o.Folded, s.log)
	w := &writer{
		stream: s.stream, keys: s.keys, logs: s.logs, ledgers: s.ledgers, health: s.health, queue: s.queue, past: pastStates{s.stream, s.logs, s.ledgers},
		nodes: s.nodes, formatOf: o.formatOf, clock: s.clock, times: s.times, storyClock: o.Clock != nil, log: s.log,
		importing: s.importing, acceptLoss: o.AcceptLoss, follow: o.Follow, whole: o.Whole,
		groups: map[string]*group{}, heard: map[string]map[string]domain.Heard{}, target: last, caughtUp: make(chan struct{}), ownCommits: map[uint64]interval{},
	}
	if w.formatOf == nil {
		w.formatOf = (*domain.Event).Format
	}
	if o.Whole || o.AcceptLoss || s.importing || s.health.writeError() != nil {
		return w, w.followFrom(1), nil
	}
	if m := s.logs.ReadMark(ctx, last, s.readWhole); m != nil {
		s.started = m.Sequence
		if err := w.continueFromMark(m); err != nil {
			return nil, nil, err
		}
	}
	return w, w.followFrom(w.applied + 1), nil
}

func (s *Store) start(w *writer, f *stream.Follower) {
	ctx := s.health.life
	s.helpers.Go(func() { f.Run(ctx) })
	s.helpers.Go(s.ledgers.Run)
	s.helpers.Go(func() { s.health.watchServer(ctx, s.stream) })
	if !s.inspecting {
		s.helpers.Go(func() { s.keys.Run(ctx) })
	}
	caught := w.caughtUp
	s.helpers.Go(func() { s.watchKeys(ctx, caught) })
	s.logs.Start(ctx, &s.helpers, caught)
	if s.logs.Signs() {
		s.helpers.Go(func() { s.rekey(ctx, caught) })
	}
	go func() {
		defer close(s.health.writerEnded)
		w.run(ctx)
	}()
}

// Close refuses further commands, records what is queued, and ends the store. If ctx
// ends first, the outcome of the remaining commands is unknown.
func (s *Store) Close(ctx context.Context) error {
	s.queue.close()
	select {
	case <-s.health.writerEnded:
	case <-ctx.Done():
	}
	return errors.Join(ctx.Err(), s.closeNow())
}

// closeNow ends everything at once, in the reverse order of its start.
func (s *Store) closeNow() (err error) {
	s.closing.Do(func() {
		s.health.cancel(s.health.closeReason())
		<-s.health.writerEnded
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
