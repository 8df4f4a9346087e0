package eventstore

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/google/uuid"

	"goldenthread/domain"
	"goldenthread/eventstore/commit"
	"goldenthread/eventstore/keys"
	"goldenthread/eventstore/ledgers"
	"goldenthread/eventstore/logs"
	"goldenthread/eventstore/shared"
	"goldenthread/eventstore/stream"
)

// Rules kept here: L1, L2, L3, L4. One goroutine, the writer, owns the ledgers of all
// groups. It decides commands on acknowledged state, appends their events, and applies
// events once they are acknowledged. State is never changed before that, so nothing
// has to be undone.

const (
	clockOff = 2 * time.Second  // from the stream's clock, at most
	dueEvery = time.Second      // groups are looked at for what became due
	dueAgain = 10 * time.Second // what was due and is not recorded by then is looked at again

	deliveredWithin = time.Second // a message of another node is fetched if it is not delivered by then
)

type writer struct {
	stream   *stream.Stream
	keys     *keys.Keyring
	logs     *logs.Logs
	ledgers  *ledgers.Cache
	health   *health
	queue    *queue
	past     pastStates
	incoming <-chan *stream.Message
	nodes    *shared.Nodes
	formatOf func(*domain.Event) int // that a reader must know
	clock    func() time.Time
	log      *slog.Logger

	storyClock bool                  // the clock is not compared with the stream's
	importing  bool                  // a ledger is being imported
	acceptLoss bool                  // groups that lost signed events go on
	follow     []func(commit.Commit) // called for every commit
	whole      bool                  // follow is called for replayed commits too

	groups     map[string]*group
	heard      map[string]map[string]domain.Heard // what a group's ledger heard from others (rule G1), by its name and theirs
	applied    uint64                             // sequence of the last message applied
	times      *times                             // the clock, held against the newest event
	target     uint64                             // sequence from which on the writer has caught up
	caughtUp   chan struct{}
	ownCommits map[uint64]interval // when this writer's commits were appended, by sequence, until the stream delivers them
}

// A group is one group's ledger as the writer holds it.
type group struct {
	name       string
	next       uint64          // index of the next event
	cacheEntry *ledgers.Ledger // the ledger, while it is in memory
	stopped    *commit.Stopped
	due        time.Time        // when the next event may become due (rule C5); zero: never
	comparison *logs.Comparison // with the log, while the stream is replayed; nil if nothing was signed
}

// ledger is the group's ledger; nil while it is not in memory.
func (g *group) ledger() *domain.Ledger { return g.cacheEntry.Get() }

// An interval is the time between two moments.
type interval struct{ from, until time.Time }

// run writes until the queue is closed and empty, or until ctx ends; then the outcome of
// the current commit stays unknown.
func (w *writer) run(ctx context.Context) {
	defer w.answerRest()
	tick := time.NewTicker(dueEvery)
	defer tick.Stop()
	w.noteCaughtUp()
	for ctx.Err() == nil && !w.queue.isDrained() {
		select {
		case m := <-w.incoming:
			w.applyDelivered(m)
		case f := <-w.ledgers.Folded():
			w.takeFold(f)
		case <-w.ledgers.Full():
			w.ledgers.Evict()
		case <-w.queue.wake:
			w.decideAndAppend(ctx)
		case <-tick.C:
			w.queueDue()
		case <-ctx.Done():
		}
	}
}

// followFrom makes a follower that delivers to the writer, from that message on.
func (w *writer) followFrom(next uint64) *stream.Follower {
	f := w.stream.Follow(next, w.target)
	w.incoming = f.Out
	return f
}

// answerRest closes the queue and answers the calls in it: nothing of theirs was written.
func (w *writer) answerRest() {
	w.queue.close()
	for calls := w.queue.takeOldest(); len(calls) > 0; calls = w.queue.takeOldest() {
		for _, c := range calls {
			c.answer <- callAnswer{err: w.health.closeReason()}
		}
	}
}

// queueDue queues a call without a command for every group in which something may have
// become due (rule C5). The next command of the group would record the same.
func (w *writer) queueDue() {
	if w.applied < w.target || w.importing || w.health.writeError() != nil {
		return
	}
	now := w.clock()
	for _, g := range w.groups {
		w.queueIfDue(g, now)
	}
}

func (w *writer) queueIfDue(g *group, now time.Time) {
	if g.stopped != nil || g.due.IsZero() || now.Before(g.due) {
		return
	}
	g.due = now.Add(dueAgain) // the call may fail; what it decides says what is due next
	if g.ledger() == nil {
		w.ledgers.ReadUpSoon(g.name)
	} else {
		w.queue.add(newCall(domain.Request{Group: g.name}))
	}
}

// A decision is the result of one call: the events to append, and the caller's answer
// once they are appended.
type decision struct {
	call    *call
	entries []commit.Entry
	answer  callAnswer
}

// decideAndAppend decides the oldest call of each group, appends the events as one
// commit and answers the callers. If another node's commit came first, all calls are
// decided again on the new state.
func (w *writer) decideAndAppend(ctx context.Context) {
	var calls []*call
	for _, c := range w.queue.takeOldest() {
		if c.state.CompareAndSwap(waiting, taken) {
			calls = append(calls, c)
		}
	}
	if err := w.stream.CheckLock(); err != nil {
		w.health.failStore(err)
	}
	for len(calls) > 0 {
		decisions, left := w.decideBatch(ctx, calls)
		for _, c := range left {
			c.state.Store(waiting)
		}
		w.queue.putBack(left)
		calls = calls[:len(decisions)]
		err := w.appendBatch(ctx, decisions)
		if errors.Is(err, stream.ErrOvertaken) {
			continue
		}
		for _, v := range decisions {
			w.answerCall(v, err)
		}
		return
	}
}

// answerCall answers a call whose events are applied, or which has none. With an err the
// outcome is unknown.
func (w *writer) answerCall(v decision, err error) {
	a := v.answer
	if err != nil {
		a = callAnswer{err: &Unsettled{v.call.req.ID}}
	} else if a.err == nil {
		a.err = w.stream.Stopped(v.call.req.Group)
		a.result.Next = w.stream.Next(v.call.req.Group)
	}
	v.call.answer <- a
}

// decideBatch decides calls from the first on, as many as fit into one commit. It
// returns the others as left.
func (w *writer) decideBatch(ctx context.Context, calls []*call) (decisions []decision, left []*call) {
	now := w.clock()
	events, size := 0, 0
	for i, c := range calls {
		v := w.decideOne(ctx, c, now)
		n := commit.Size(v.entries)
		if n > w.stream.LargestCommit() {
			v.entries, v.answer = nil, callAnswer{err: w.refusalOf(&c.req, tooLarge("its events don't fit into one message"), nil)}
			n = 0
		}
		if events > 0 && n > 0 && (events+len(v.entries) > commit.MostEvents || size+n > commit.MostBytes) {
			return decisions, calls[i:]
		}
		decisions = append(decisions, v)
		events, size = events+len(v.entries), size+n
	}
	return decisions, nil
}

// decideOne decides one call on acknowledged state. A panic stops the group.
func (w *writer) decideOne(ctx context.Context, c *call, now time.Time) (v decision) {
	v.call = c
	g, wrongClock := w.groups[c.req.Group], w.times.check(now)
	switch {
	case w.health.writeError() != nil:
		v.answer.err = w.health.writeError()
		return v
	case wrongClock != nil:
		v.answer.err = wrongClock
		return v
	case g == nil:
		g = newGroup(ledgers.New(ctx, nil, 0, w.log), c.req.Group)
	case w.stream.Stopped(g.name) != nil: // by the writer, or by whoever found out that the log is another
		v.answer.err = w.stream.Stopped(g.name)
		return v
	}
	if name := w.missingLedger(c, g); name != "" {
		if g.ledger() == nil {
			g.due = now // decided again once the ledger is read up, also if no caller waits
		}
		v.answer.err = &unfolded{name}
		return v
	}
	defer func() {
		if p := recover(); p != nil {
			w.log.Error("a decision panicked", "group", c.req.Group, "command", c.req.ID, "trace", c.trace.ID(), "panic", p, "stack", string(debug.Stack()))
			v = decision{call: c, answer: callAnswer{err: w.stopGroup(c.req.Group, fmt.Errorf("deciding failed: %v", p))}}
		}
	}()
	w.decideCall(ctx, g, &v, now)
	return v
}

// missingLedger is a group whose ledger must be read up before the call can be decided:
// its own, or another that the decision depends on; "" if all are in memory.
func (w *writer) missingLedger(c *call, g *group) string {
	if c.ready != nil {
		return ""
	}
	if g.ledger() == nil {
		return g.name
	}
	g.cacheEntry.Use()
	if c.req.Command == nil {
		return ""
	}
	for _, name := range g.ledger().State().Places() {
		if there := w.groups[name]; there != nil && there.stopped == nil {
			if there.ledger() == nil {
				return name
			}
			there.cacheEntry.Use()
		}
	}
	return ""
}

// decideCall has the group's ledger decide the call, and encodes its events, unless they
// can't be written yet.
func (w *writer) decideCall(ctx context.Context, g *group, v *decision, now time.Time) {
	w.decideOnLedger(ctx, g, v, now)
	if err := w.checkFormat(v.entries); err != nil {
		v.entries, v.answer = nil, callAnswer{err: err}
		if v.call.req.Command == nil { // nobody may be waiting
			g.due = now
			w.nodes.Want(err.format)
		}
	}
}

func (w *writer) decideOnLedger(ctx context.Context, g *group, v *decision, now time.Time) {
	req := &v.call.req
	if v.call.ready != nil {
		v.entries = v.call.ready
		return
	}
	var d domain.Decision
	if req.Command == nil {
		d.Events, g.due = v.call.decideSystem(g.ledger(), now, w.heard[g.name]), g.ledger().State().NextDue(now)
	} else {
		// Midnight may have passed in the queue, or another's clock be behind.
		if v.answer.err = w.past.addTo(ctx, req, later(now, g.ledger().State().Last)); v.answer.err != nil {
			return
		}
		w.addOtherLedgers(req, g)
		d = g.ledger().Decide(req, now)
	}
	entries, err := writeEntries(d.Events)
	switch {
	case errors.Is(err, commit.ErrTooLong):
		v.answer.err = w.refusalOf(req, tooLarge("one of its events has more than 65,535 bytes"), nil)
	case err != nil:
		v.answer.err = fmt.Errorf("the decision can't be written down: %w", err)
	case d.Refusal != nil:
		v.entries, v.answer.err = entries, w.refusalOf(req, d.Refusal, entries)
	default:
		v.entries, v.answer.result = entries, Result{Answer: d.Answer}
	}
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// refusalOf is the refusal of a request that was judged after the due events.
func (w *writer) refusalOf(req *domain.Request, r *domain.Refusal, due []commit.Entry) error {
	index := uint64(len(due))
	if g := w.groups[req.Group]; g != nil {
		index += g.next
	}
	return &Refused{r, index}
}

// writeEntries encodes the events and decodes the lines again. So what is applied is
// what is stored, and nothing is stored that can't be read.
func writeEntries(events []domain.Event) ([]commit.Entry, error) {
	entries := make([]commit.Entry, len(events))
	for i := range events {
		events[i].ID = eventID(&events[i])
		line, err := commit.Encode(&events[i])
		if err != nil {
			return nil, err
		}
		e, err := commit.Decode(line)
		if err != nil {
			return nil, err
		}
		entries[i] = commit.Entry{Event: e, Line: line}
	}
	return entries, nil
}

// eventID is a UUIDv7 (RFC 9562) of the event's time. Its other bits are a hash of the
// group, the index and the command, not random: an event that is decided twice has the
// same bytes.
func eventID(e *domain.Event) uuid.UUID {
	name := binary.BigEndian.AppendUint64([]byte(e.Group+"/"), e.Index)
	sum := sha256.Sum256(append(name, e.Command[:]...))
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(e.Time.UnixMilli()))
	id := uuid.UUID(sum[:16])
	copy(id[:6], ms[2:])
	id[6], id[8] = 0x70|id[6]&0x0f, 0x80|id[8]&0x3f
	return id
}

// appendBatch appends the events of the decisions as one commit and applies it. If there
// are none, it checks that the decisions were made on the newest state.
func (w *writer) appendBatch(ctx context.Context, decisions []decision) error {
	var entries []commit.Entry
	for _, v := range decisions {
		entries = append(entries, v.entries...)
	}
	if len(entries) == 0 {
		return w.proveCurrent(ctx)
	}
	c := commit.Commit{Sequence: w.applied + 1, Entries: entries}
	from := time.Now()
	w.health.appendingSince.Store(from.UnixMilli())
	err := w.stream.Append(ctx, &c, uuid.NewString(), commit.Body(entries), w.applied)
	w.health.appendingSince.Store(0)
	switch {
	case errors.Is(err, stream.ErrOvertaken):
		return w.applyUpTo(ctx, c.Sequence)
	case err != nil:
		return err
	}
	w.ownCommits[c.Sequence] = interval{from, time.Now()}
	w.stream.NoteWriter(w.stream.Node)
	w.applyCommit(c.Sequence, piecesOf(entries))
	return nil
}
