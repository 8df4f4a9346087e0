package eventstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gofrs/flock"
	"github.com/google/uuid"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"goldenthread/domain"
	"goldenthread/eventstore/ledgers"
	"goldenthread/eventstore/trace"
	"goldenthread/eventstore/witness"
)

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
	Follow []func(Commit)
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
	lock      *flock.Flock
	server    *server.Server // nil when an existing NATS is used
	conn      *nats.Conn
	js        jetstream.JetStream
	keys      *keyring
	appender  *appender
	logs      *logs // nil on a node that has no signing key
	witnesses *witnesses
	places    places
	known     *known
	ledgers   *ledgers.Cache
	evicted   atomic.Pointer[func(group string)]
	folds     *folds
	queue     *queue
	erasing   chan chan struct{} // asks the eraser for a try
	erased    chan struct{}      // tells it that somebody was erased; takes one
	clock     func() time.Time
	follow    []func(Commit)
	log       *slog.Logger

	dir        string                 // the data folder
	node       string                 // this process's name
	acceptLoss bool                   // the operator's word
	idle       bool                   // nothing is signed
	alone      bool                   // nobody else can write to this stream
	importing  bool                   // a ledger is being brought in
	whole      bool                   // Follow is told of what is replayed, too
	readWhole  uint64                 // so many events a start reads from the beginning
	started    uint64                 // sequence of the mark from which this start went on; 0: read from the beginning
	mostFolded uint64                 // events of the ledgers that are folded
	applied    atomic.Uint64          // last sequence of the stream that is applied
	wrote      atomic.Pointer[string] // the node that wrote to the stream last
	storyClock bool
	writing    atomic.Int64          // since when an append is under way, ms since 1970; 0: none
	trouble    atomic.Pointer[error] // nothing can be written any more
	failed     chan error

	life    context.Context    // until the store ends
	cancel  context.CancelFunc // ends the writer without draining
	written chan struct{}      // closed when the writer has ended
	checked chan struct{}      // closed when the copies have been checked at start
	helpers sync.WaitGroup     // follower, watch, eraser and the logs
	closing sync.Once
	backing sync.Mutex // a backup is being made
}

// Open starts the store and returns when it has read all that the stream holds.
func Open(ctx context.Context, o Options) (*Store, error) {
	s, err := newStore(&o)
	if err != nil {
		return nil, err
	}
	last, err := s.connect(ctx, &o)
	if err != nil {
		s.shut()
		return nil, err
	}
	return s.begin(ctx, &o, last)
}

// newStore is a store that has touched neither its folder nor the stream. What was
// left out of the options is filled in.
func newStore(o *Options) (*Store, error) {
	s := &Store{
		places: places{groups: map[string]*groupPlaces{}}, queue: newQueue(), ledgers: ledgers.New(), folds: newFolds(), known: newKnown(), clock: o.Clock, follow: o.Follow, log: o.Log,
		storyClock: o.Clock != nil, erasing: make(chan chan struct{}), erased: make(chan struct{}, 1), failed: make(chan error, 1), written: make(chan struct{}), checked: make(chan struct{}),
	}
	if s.clock == nil {
		s.clock = time.Now
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	s.log = trace.Logger(s.log)
	if o.Node == "" {
		o.Node = "node-" + uuid.NewString()[:8]
	}
	if !nodeName.MatchString(o.Node) {
		return nil, fmt.Errorf("%q can't be a node's name: use letters, digits and hyphens", o.Node)
	}
	s.node, s.dir, s.importing, s.acceptLoss, s.idle = o.Node, o.Dir, o.importing, o.AcceptLoss, o.idle
	s.whole, s.mostFolded, s.readWhole = o.Whole, cmp.Or(o.Folded, mostFolded), readWhole
	if o.AcceptLoss { // what a new log begins with is said before anything else
		s.mostFolded = math.MaxUint64
	}
	o.Replicas = max(o.Replicas, 1)
	var err error
	if s.witnesses, err = newWitnesses(s, o); err != nil {
		return nil, err
	}
	return s, nil
}

// begin goes on from what was signed, and returns when all up to the last message
// of the stream has been read.
func (s *Store) begin(ctx context.Context, o *Options, last uint64) (*Store, error) {
	w, f, err := s.prepare(ctx, o, last)
	if err != nil {
		s.shut()
		return nil, err
	}
	caught := w.caught
	s.start(w, f)
	select {
	case <-caught:
		if !s.alone {
			err = errors.Join(s.serveForwarded(), s.serveWrapping())
		}
		if err != nil {
			return nil, errors.Join(err, s.abort())
		}
		s.awaitErased(ctx)
		return s, nil
	case err := <-s.failed:
		return nil, errors.Join(err, s.abort())
	case <-ctx.Done():
		return nil, errors.Join(ctx.Err(), s.abort())
	}
}

// connect locks, starts, connects and opens, in this order; nothing is read or
// written by itself before begin. Last is the last message of the stream.
func (s *Store) connect(ctx context.Context, o *Options) (last uint64, err error) {
	if s.lock, err = lockFolder(o.Dir); err != nil {
		return 0, err
	}
	if err := checkImported(o); err != nil {
		return 0, err
	}
	if o.NATS == "" && !o.idle {
		if err := finishRepair(o.Dir); err != nil {
			return 0, fmt.Errorf("finish a repair: %w", err)
		}
	}
	if o.NATS == "" {
		if s.server, err = startServer(filepath.Join(o.Dir, streamsFolder), o.Node, s.log); err != nil {
			return 0, err
		}
	} else {
		s.log.Info("whether an acknowledged write survives a power cut is that NATS server's setting: sync_interval must be \"always\"", "nats", o.NATS)
	}
	if s.conn, err = connect(s.server, o.NATS, o.Node, s.log, o.Access...); err != nil {
		return 0, err
	}
	if s.js, err = jetstream.New(s.conn); err != nil {
		return 0, err
	}
	ledger, err := openStream(ctx, s.js, ledgerConfig(o.Replicas))
	if err != nil {
		return 0, err
	}
	if s.keys, err = openKeys(ctx, s.js, o.Dir, o.Replicas); err != nil {
		return 0, err
	}
	last, hole, err := extent(ctx, ledger)
	if err != nil {
		return 0, err
	}
	if hole != nil {
		s.refuse(hole)
	}
	s.appender = &appender{ledger: ledger, publish: publishTo(s.js), node: o.Node, log: s.log}
	s.alone = s.server != nil
	return last, s.prepareLogs(ctx, s.js, o)
}

// prepare makes the writer and its follower, which go on from the mark if it holds.
func (s *Store) prepare(ctx context.Context, o *Options, last uint64) (*writer, *follower, error) {
	incoming := make(chan *message, followAhead)
	w := &writer{
		store: s, queue: s.queue, appender: s.appender, incoming: incoming, clock: s.clock, log: s.log,
		alone: s.alone, most: int(s.conn.MaxPayload() / 4 * 3), groups: map[string]*group{},
		target: last, caught: make(chan struct{}), sent: map[uint64]moment{},
	}
	if m := s.readMark(ctx, s.appender.ledger, last, o); m != nil {
		if err := w.goOn(m); err != nil {
			return nil, nil, err
		}
	}
	return w, &follower{js: s.js, next: w.applied + 1, node: o.Node, last: last, out: incoming, log: s.log}, nil
}

// prepareLogs opens the logs. Beside others a node need not keep them.
func (s *Store) prepareLogs(ctx context.Context, js jetstream.JetStream, o *Options) (err error) {
	s.logs, err = openLogs(ctx, s, js, o)
	if errors.Is(err, errNoSigningKey) && !s.alone {
		s.log.Warn("this node keeps no logs", "why", err)
		return nil
	}
	return err
}

func (s *Store) start(w *writer, f *follower) {
	ctx, cancel := context.WithCancel(context.Background())
	s.life, s.cancel = ctx, cancel
	s.helpers.Go(func() { f.run(ctx) })
	s.helpers.Go(func() { s.reader(ctx) })
	s.helpers.Go(func() { s.watch(ctx) })
	s.helpers.Go(func() { s.eraser(ctx) })
	if s.logs != nil && !s.idle {
		caught := w.caught
		s.helpers.Go(func() { s.logs.run(ctx, caught) })
		s.helpers.Go(func() { s.checkAtStart(ctx, caught) })
		if len(s.witnesses.all) > 0 {
			s.helpers.Go(func() { s.witnesses.run(ctx, caught) })
		}
	}
	go func() {
		defer close(s.written)
		w.run(ctx)
	}()
}

// watch looks whether the embedded server can still write. On a full disk it
// stops JetStream by itself, or goes on and acknowledges nothing.
func (s *Store) watch(ctx context.Context) {
	for s.server != nil && pause(ctx, time.Second) == nil {
		switch {
		case !s.server.JetStreamEnabled():
			s.fail(errors.New("the stream's server stopped itself, most likely because the disk is full; make room and start again"))
			return
		case s.stalled() && errors.Is(tryRoom(s.dir), syscall.ENOSPC):
			s.fail(errors.New("the disk is full; make room and start again"))
			return
		}
	}
}

// stalled says whether a write has waited too long for its acknowledgement.
func (s *Store) stalled() bool {
	since := s.writing.Load()
	return since != 0 && time.Since(time.UnixMilli(since)) > publishTimeout
}

// tryRoom writes as much into the folder as a commit may take, and removes it.
func tryRoom(dir string) (err error) {
	f, err := os.CreateTemp(dir, "room-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	if _, err := f.Write(make([]byte, leastPayload)); err != nil {
		return err
	}
	return f.Sync()
}

// Conn is the store's connection to NATS, for other services on it. It is
// closed with the store.
func (s *Store) Conn() *nats.Conn { return s.conn }

// Failed delivers, once, the reason why the process should stop.
func (s *Store) Failed() <-chan error { return s.failed }

// fail makes the store useless for writing, frees those who wait, and asks for
// the process to stop.
func (s *Store) fail(err error) {
	s.refuse(err)
	select {
	case s.failed <- err:
		s.log.Error("the store failed", "error", err)
	default:
	}
	s.cancel()
}

// refuse lets nothing be written from now on; reading goes on.
func (s *Store) refuse(err error) {
	wrapped := fmt.Errorf("%w: %w", ErrNotReady, err)
	if s.trouble.CompareAndSwap(nil, &wrapped) {
		s.log.Error("nothing can be written", "error", err)
	}
}

// broken says why nothing can be written any more; nil while it can.
func (s *Store) broken() error {
	if err := s.trouble.Load(); err != nil {
		return *err
	}
	return nil
}

func (s *Store) closedBecause() error {
	if err := s.broken(); err != nil {
		return err
	}
	return ErrClosed
}

// Ready says why nothing can be written at the moment (ErrNotReady, ErrClosed);
// nil if it can.
func (s *Store) Ready() error {
	select {
	case <-s.written:
		return s.closedBecause()
	default:
	}
	if err := s.broken(); err != nil {
		return err
	}
	if !s.conn.IsConnected() {
		return notReady("the connection to NATS is lost")
	}
	if s.stalled() {
		return notReady("a write has not been acknowledged since %s", time.UnixMilli(s.writing.Load()).UTC().Format(timeLayout))
	}
	return nil
}

// Close lets nothing more in, writes what is queued, and ends. What is not
// written when ctx ends is left unsettled.
func (s *Store) Close(ctx context.Context) error {
	s.queue.close()
	select {
	case <-s.written:
	case <-ctx.Done():
	}
	return errors.Join(ctx.Err(), s.abort())
}

// abort ends everything at once, in the reverse order of its start.
func (s *Store) abort() (err error) {
	s.closing.Do(func() {
		s.cancel()
		<-s.written
		s.helpers.Wait()
		err = s.shut()
	})
	return err
}

func (s *Store) shut() error {
	if s.conn != nil {
		s.conn.Close()
	}
	if s.server != nil {
		s.server.Shutdown()
		s.server.WaitForShutdown()
	}
	if s.lock != nil {
		return s.lock.Unlock()
	}
	return nil
}

// Execute has a request decided and recorded, and returns when its events are
// safe. The request and what it points to belong to the store from then on:
// personal data in it is sealed and taken out.
//
// Errors: *Refused (a rule says no), *Stopped (the group's ledger is damaged),
// *Unsettled (it may or may not be recorded: send it again with the same id),
// ErrNotReady, ErrClosed, or the context's: then nothing was recorded.
func (s *Store) Execute(ctx context.Context, req domain.Request) (Result, error) {
	if req.Command == nil {
		return Result{}, errors.New("a request without a command")
	}
	if !validGroup(req.Group) {
		return Result{}, &Refused{&domain.Refusal{Rule: "L1", Say: "A group's name in addresses is made of up to 60 small letters, digits and hyphens.", Class: domain.Invalid}, 0}
	}
	if err := errors.Join(s.Ready(), s.Stopped(req.Group)); err != nil {
		return Result{}, err
	}
	if r := req.CheckPersonal(); r != nil {
		return Result{}, &Refused{r, s.Next(req.Group)}
	}
	if err := s.keys.sealPersonal(ctx, &req); err != nil {
		return Result{}, fmt.Errorf("seal personal data: %w", err)
	}
	if !s.alone && s.elsewhere() != "" {
		if r, err, answered := s.forward(ctx, &req); answered {
			return r, err
		}
	}
	return s.execute(ctx, req)
}

// execute has a sealed request decided and recorded by this node's writer.
func (s *Store) execute(ctx context.Context, req domain.Request) (Result, error) {
	if err := errors.Join(s.proveAcross(ctx, &req), s.fetchPast(ctx, &req, s.clock())); err != nil {
		return Result{}, err
	}
	c := newCall(req)
	c.trace = trace.Of(ctx)
	r, err := s.wait(ctx, c)
	if _, erases := req.Command.(*domain.ErasePerson); erases && err == nil {
		s.awaitErased(ctx)
	}
	return r, err
}

// Settle has what is due in the group recorded now (rule C5). Errors as Execute.
func (s *Store) Settle(ctx context.Context, group string) error {
	if err := errors.Join(s.Ready(), s.Stopped(group)); err != nil || s.Next(group) == 0 {
		return err
	}
	_, err := s.wait(ctx, newCall(domain.Request{Group: group}))
	return err
}

// wait queues the call and waits for its answer. A ledger that must be folded for
// it is read up first.
func (s *Store) wait(ctx context.Context, c *call) (Result, error) {
	for {
		r, err := s.ask(ctx, c)
		var u *unfolded
		if !errors.As(err, &u) {
			return r, err
		}
		if err := s.readUp(ctx, u.group); err != nil {
			return r, err
		}
		c = c.again()
	}
}

func (s *Store) ask(ctx context.Context, c *call) (Result, error) {
	if !s.queue.put(c) {
		return Result{}, s.closedBecause()
	}
	select {
	case a := <-c.answer:
		return a.result, a.err
	case <-ctx.Done():
	}
	if c.abandon() {
		return Result{}, ctx.Err()
	}
	select {
	case a := <-c.answer:
		return a.result, a.err
	default:
		return Result{}, &Unsettled{c.req.ID}
	}
}

// fetchPast gives the request the past that it must be judged by (rule R4).
// That day is over, so what was known at its end hardly ever changes any more:
// the writer looks again.
func (s *Store) fetchPast(ctx context.Context, req *domain.Request, now time.Time) (err error) {
	day, ok := req.NeedsPast(domain.DayOf(now))
	if !ok {
		return nil
	}
	next, err := s.IndexAt(req.Group, day.End())
	if err != nil {
		return err
	}
	if req.Past != nil && req.Past.Next == next {
		return nil
	}
	past, err := s.AsKnown(ctx, req.Group, next)
	if err != nil {
		return err
	}
	req.Past, err = s.pastAcross(ctx, past, day.End())
	return err
}
