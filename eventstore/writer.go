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
	"goldenthread/eventstore/stream"
)

// Rules kept here: L1, L2, L3, L4. The writer is the one goroutine that owns
// the ledgers of all groups. It decides on acknowledged state, appends, and
// applies what was acknowledged; nothing is speculative, so nothing is undone.

const (
	ClockBehind = time.Minute
	clockOff    = 2 * time.Second
	dueEvery    = time.Second

	deliveredWithin = time.Second // or what another wrote is fetched
)

type writer struct {
	stream   *stream.Stream
	keys     *keys.Keyring
	logs     *logs.Logs
	ledgers  *ledgers.Cache
	health   *health
	queue    *queue
	past     past
	incoming <-chan *stream.Message
	clock    func() time.Time
	log      *slog.Logger

	storyClock bool                  // the clock isn't compared with the stream's
	importing  bool                  // a ledger is being brought in
	acceptLoss bool                  // the operator's word
	follow     []func(commit.Commit) // are told of every commit
	whole      bool                  // of those that are replayed, too

	groups  map[string]*group
	applied uint64    // last sequence of the stream that is applied
	newest  time.Time // recorded time of the newest event of all
	target  uint64    // caught up once this is applied
	caught  chan struct{}
	sent    map[uint64]moment // own commits that have not come by yet
}

// A group is one group's ledger as the writer holds it.
type group struct {
	name    string
	next    uint64          // index of the next event
	cached  *ledgers.Ledger // as far, while it is in memory
	stopped *commit.Stopped
	due     time.Time        // when something may become due by itself; zero: never
	against *logs.Comparison // while the stream is replayed, if it was signed for
}

// ledger is the group's ledger; nil while it is not in memory.
func (g *group) ledger() *domain.Ledger { return g.cached.Get() }

// A moment is the stretch of time in which something happened.
type moment struct{ from, until time.Time }

// run is the writer's life. It ends when the queue is closed and empty, or,
// leaving what it is at unsettled, with ctx.
func (w *writer) run(ctx context.Context) {
	defer w.leave()
	tick := time.NewTicker(dueEvery)
	defer tick.Stop()
	w.reached()
	for ctx.Err() == nil && !w.queue.drained() {
		select {
		case m := <-w.incoming:
			w.receive(m)
		case f := <-w.ledgers.Folded():
			w.takeFold(f)
		case <-w.ledgers.Full():
			w.ledgers.Evict()
		case <-w.queue.wake:
			w.round(ctx)
		case <-tick.C:
			w.nudge()
		case <-ctx.Done():
		}
	}
}

// followFrom has the stream delivered to the writer from the message on.
func (w *writer) followFrom(next uint64) *stream.Follower {
	f := w.stream.Follow(next, w.target)
	w.incoming = f.Out
	return f
}

// leave tells those who still wait that nothing of theirs was written.
func (w *writer) leave() {
	w.queue.close()
	for calls := w.queue.take(); len(calls) > 0; calls = w.queue.take() {
		for _, c := range calls {
			c.answer <- answer{err: w.health.closedBecause()}
		}
	}
}

// nudge queues the settling of groups in which something may have become due
// (rule C5). It only nudges: any later command would settle the same.
func (w *writer) nudge() {
	if w.applied < w.target || w.importing || w.health.broken() != nil {
		return
	}
	now := w.clock()
	for _, g := range w.groups {
		w.nudgeOne(g, now)
	}
}

func (w *writer) nudgeOne(g *group, now time.Time) {
	if g.stopped != nil || g.due.IsZero() || now.Before(g.due) {
		return
	}
	g.due = time.Time{}
	if g.ledger() == nil {
		w.ledgers.ReadUpSoon(g.name)
	} else {
		w.queue.put(newCall(domain.Request{Group: g.name}))
	}
}

// A verdict is what was decided on one call: what is to be appended and what
// the caller is told then.
type verdict struct {
	call    *call
	entries []commit.Entry
	answer  answer
}

// round decides what is waiting, appends it as one commit and answers. If
// another commit came first, everything is decided again on what that left.
func (w *writer) round(ctx context.Context) {
	var calls []*call
	for _, c := range w.queue.take() {
		if c.state.CompareAndSwap(waiting, taken) {
			calls = append(calls, c)
		}
	}
	for len(calls) > 0 {
		verdicts, left := w.decide(ctx, calls)
		for _, c := range left {
			c.state.Store(waiting)
		}
		w.queue.putBack(left)
		calls = calls[:len(verdicts)]
		err := w.record(ctx, verdicts)
		if errors.Is(err, stream.ErrOvertaken) {
			continue
		}
		for _, v := range verdicts {
			w.tell(v, err)
		}
		return
	}
}

// tell answers a call, once its events are applied or nothing was to be
// appended. An err says that neither is known.
func (w *writer) tell(v verdict, err error) {
	a := v.answer
	if err != nil {
		a = answer{err: &Unsettled{v.call.req.ID}}
	} else if a.err == nil {
		a.err = w.stream.Stopped(v.call.req.Group)
		a.result.Next = w.stream.Next(v.call.req.Group)
	}
	v.call.answer <- a
}

// decide gives verdicts on calls from the first on, as many as fit into one
// commit; the others are left.
func (w *writer) decide(ctx context.Context, calls []*call) (verdicts []verdict, left []*call) {
	now := w.clock()
	events, size := 0, 0
	for i, c := range calls {
		v := w.judge(ctx, c, now)
		n := commit.Size(v.entries)
		if n > w.stream.LargestCommit() {
			v.entries, v.answer = nil, answer{err: w.refused(&c.req, tooLarge("its events don't fit into one message"), nil)}
			n = 0
		}
		if events > 0 && n > 0 && (events+len(v.entries) > commit.MostEvents || size+n > commit.MostBytes) {
			return verdicts, calls[i:]
		}
		verdicts = append(verdicts, v)
		events, size = events+len(v.entries), size+n
	}
	return verdicts, nil
}

// judge decides one call on acknowledged state. A panic stops the group.
func (w *writer) judge(ctx context.Context, c *call, now time.Time) (v verdict) {
	v.call = c
	g := w.groups[c.req.Group]
	switch {
	case w.health.broken() != nil:
		v.answer.err = w.health.broken()
		return v
	case now.Before(w.newest.Add(-ClockBehind)):
		v.answer.err = commit.NotReady("this computer's clock says %s, and the ledger was written to at %s", now.UTC().Format(commit.TimeLayout), w.newest.Format(commit.TimeLayout))
		return v
	case g == nil:
		g = newGroup(ledgers.New(ctx, nil, 0, w.log), c.req.Group)
	case g.stopped != nil:
		v.answer.err = g.stopped
		return v
	}
	if name := w.lacking(c, g); name != "" {
		if g.ledger() == nil {
			g.due = now // nobody may wait for this call
		}
		v.answer.err = &unfolded{name}
		return v
	}
	defer func() {
		if p := recover(); p != nil {
			w.log.Error("a decision panicked", "group", c.req.Group, "command", c.req.ID, "trace", c.trace.ID(), "panic", p, "stack", string(debug.Stack()))
			v = verdict{call: c, answer: answer{err: w.stop(c.req.Group, fmt.Errorf("deciding failed: %v", p))}}
		}
	}()
	w.ask(ctx, g, &v, now)
	return v
}

// lacking is a group whose ledger must be folded before the call can be decided:
// its own, or one that it looks into; "" if there is none.
func (w *writer) lacking(c *call, g *group) string {
	if c.ready != nil {
		return ""
	}
	if g.ledger() == nil {
		return g.name
	}
	g.cached.Use()
	if c.req.Command == nil {
		return ""
	}
	for _, name := range lookedInto(&c.req, g.ledger().State()) {
		if there := w.groups[name]; there != nil && there.stopped == nil {
			if there.ledger() == nil {
				return name
			}
			there.cached.Use()
		}
	}
	return ""
}

// ask puts the call to the group's ledger and writes the events as lines.
func (w *writer) ask(ctx context.Context, g *group, v *verdict, now time.Time) {
	req := &v.call.req
	if v.call.ready != nil {
		v.entries = v.call.ready
		return
	}
	var d domain.Decision
	if req.Command == nil {
		d.Events, g.due = v.call.system(g.ledger(), now), g.ledger().State().NextDue(now)
	} else {
		// Midnight may have passed in the queue, or another's clock be behind.
		if v.answer.err = w.past.fetch(ctx, req, later(now, g.ledger().State().Last)); v.answer.err != nil {
			return
		}
		w.lookAcross(req, g, now)
		d = g.ledger().Decide(req, now)
	}
	entries, err := writeEntries(d.Events)
	switch {
	case errors.Is(err, commit.ErrTooLong):
		v.answer.err = w.refused(req, tooLarge("one of its events has more than 65,535 bytes"), nil)
	case err != nil:
		v.answer.err = fmt.Errorf("the decision can't be written down: %w", err)
	case d.Refusal != nil:
		v.entries, v.answer.err = entries, w.refused(req, d.Refusal, entries)
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

// refused is the refusal of a request, judged after the events due before it.
func (w *writer) refused(req *domain.Request, r *domain.Refusal, due []commit.Entry) error {
	index := uint64(len(due))
	if g := w.groups[req.Group]; g != nil {
		index += g.next
	}
	return &Refused{r, index}
}

// writeEntries writes the events as lines and reads them back: what is applied
// later is what the line says, and nothing is stored that couldn't be read.
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

// eventID is a UUIDv7 (RFC 9562) of the ledger's time. What else is in it comes
// from the event's place and command in place of chance: decided twice, an event
// is the same bytes.
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

// record appends what the verdicts hold as one commit and applies it. A round
// that appends nothing is proved current another way, unless nobody else writes.
func (w *writer) record(ctx context.Context, verdicts []verdict) error {
	var entries []commit.Entry
	for _, v := range verdicts {
		entries = append(entries, v.entries...)
	}
	if len(entries) == 0 {
		return w.proveCurrent(ctx)
	}
	c := commit.Commit{Sequence: w.applied + 1, Entries: entries}
	from := time.Now()
	w.health.writing.Store(from.UnixMilli())
	err := w.stream.Append(ctx, &c, uuid.NewString(), commit.Body(entries), w.applied)
	w.health.writing.Store(0)
	switch {
	case errors.Is(err, stream.ErrOvertaken):
		return w.giveWay(ctx, c.Sequence)
	case err != nil:
		return err
	}
	w.sent[c.Sequence] = moment{from, time.Now()}
	w.stream.NoteWriter(w.stream.Node)
	w.accept(c.Sequence, piecesOf(entries))
	return nil
}

// proveCurrent asks the leader whether anything was appended that is not
// applied here; if so it is awaited, and errOvertaken says to decide again.
func (w *writer) proveCurrent(ctx context.Context) error {
	if w.stream.Alone {
		return nil
	}
	last, err := w.stream.Last(ctx)
	if err != nil || last <= w.applied {
		return err
	}
	return w.giveWay(ctx, last)
}

// giveWay applies what the stream delivers, up to the sequence, and says with
// errOvertaken to decide again on that. What is not delivered is fetched: the
// consumer may be on a server that is cut off.
func (w *writer) giveWay(ctx context.Context, sequence uint64) error {
	silent := time.NewTicker(deliveredWithin)
	defer silent.Stop()
	for w.applied < sequence {
		select {
		case m := <-w.incoming:
			w.receive(m)
			silent.Reset(deliveredWithin)
		case <-silent.C:
			if m, err := w.stream.At(ctx, w.applied+1); err == nil {
				w.receive(m)
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return stream.ErrOvertaken
}

// receive applies a commit that the stream delivered, unless it is applied
// already because this writer appended it.
func (w *writer) receive(m *stream.Message) {
	if m.Sequence <= w.applied {
		w.compareClocks(m)
		return
	}
	if m.Sequence > w.applied+1 {
		w.health.refuse(stream.Missing(m.Sequence-w.applied-1, m.Sequence))
	}
	pieces, err := m.Read()
	if err != nil {
		w.health.refuse(fmt.Errorf("message %d of the stream can't be read: %w", m.Sequence, err))
	}
	writer := m.Header.Get(commit.HeaderWriter)
	w.stream.NoteWriter(writer)
	w.accept(m.Sequence, pieces)
}

// compareClocks holds this computer's clock against the stream's, by a commit
// that was appended here (rule L4).
func (w *writer) compareClocks(m *stream.Message) {
	at, ok := w.sent[m.Sequence]
	delete(w.sent, m.Sequence)
	if !ok || w.storyClock {
		return
	}
	if m.Stored.Before(at.from.Add(-clockOff)) || m.Stored.After(at.until.Add(clockOff)) {
		w.health.fail(fmt.Errorf("this computer's clock says %s, and the stream's %s; set the clock right and start again",
			at.until.UTC().Format(commit.TimeLayout), m.Stored.UTC().Format(commit.TimeLayout)))
	}
}

// accept applies an acknowledged commit: at start, from another process or
// this writer's own, all the same. What can't be applied stops its group.
func (w *writer) accept(sequence uint64, pieces []commit.Piece) {
	applied := make([]commit.Entry, 0, len(pieces))
	for i := range pieces {
		g := w.group(pieces[i].Group)
		if g.against == nil {
			applied = w.applyAll(g, sequence, pieces[i:i+1], applied)
		} else {
			applied = w.applyAll(g, sequence, g.against.Resolve(g.next, pieces[i]), applied)
		}
	}
	w.applied = sequence
	w.stream.Applied.Store(sequence)
	w.ledgers.Evict()
	w.told(sequence, applied)
	w.reached()
}

// group is the group as the writer holds it. While the stream is replayed, it is
// held against its log.
func (w *writer) group(name string) *group {
	g := w.groups[name]
	if g == nil {
		g = newGroup(w.ledgers, name)
		if w.caught != nil {
			g.against = w.logs.Compare(name)
		}
		w.groups[name] = g
	}
	return g
}

// newGroup is a group without events, its ledger in the cache.
func newGroup(c *ledgers.Cache, name string) *group {
	g := &group{name: name, cached: c.Of(name)}
	g.cached.Put(domain.NewLedger(name))
	return g
}

// applyAll applies pieces of one group and adds to applied what was.
func (w *writer) applyAll(g *group, sequence uint64, pieces []commit.Piece, applied []commit.Entry) []commit.Entry {
	for i := range pieces {
		p := &pieces[i]
		if g.stopped != nil {
			return applied
		}
		if err := w.apply(g, p); err != nil {
			w.stop(g.name, fmt.Errorf("message %d of the stream: %w", sequence, err))
			return applied
		}
		w.stream.Positions.Add(sequence, p)
		w.newest = later(w.newest, p.Entry.Event.Time)
		applied = append(applied, p.Entry)
	}
	return applied
}

// told hands on what was applied.
func (w *writer) told(sequence uint64, applied []commit.Entry) {
	w.keys.NoteErased(applied)
	w.logs.Add(sequence, applied)
	w.wake(applied)
	if w.caught != nil && !w.whole {
		return
	}
	for _, f := range w.follow {
		f(commit.Commit{Sequence: sequence, Entries: applied})
	}
}

// wake wakes those who watch the groups of these events.
func (w *writer) wake(applied []commit.Entry) {
	for i := range applied {
		if group := applied[i].Event.Group; i == 0 || group != applied[i-1].Event.Group {
			w.ledgers.Wake(group)
		}
	}
}

// apply takes one line in, and folds it if its group's ledger is folded.
func (w *writer) apply(g *group, p *commit.Piece) error {
	switch e := &p.Entry.Event; {
	case p.Err != nil:
		return p.Err
	case e.Index != g.next:
		return fmt.Errorf("%w of %s: event %d where %d was expected", domain.ErrGap, g.name, e.Index, g.next)
	case g.ledger() == nil:
		g.due = e.Time // it may be; who reads the ledger up sees
	default:
		if err := g.cached.Apply(e); err != nil {
			return err
		}
		g.due = g.ledger().State().NextDue(e.Time)
	}
	g.next++
	return nil
}

// stop ends the use of a group's ledger, and of no other.
func (w *writer) stop(name string, why error) error {
	return w.stopAt(w.group(name), w.stream.Next(name), why)
}

func (w *writer) stopAt(g *group, at uint64, why error) error {
	g.stopped = &commit.Stopped{Group: g.name, At: at, Why: why, Unreliable: errors.As(why, new(*logs.Altered))}
	w.stream.Positions.Stop(g.stopped)
	g.cached.Pin()
	w.ledgers.Wake(g.name)
	said := []any{"group", g.name, "at", at, "why", why}
	if p := new(ledgers.Panicked); errors.As(why, &p) {
		said = append(said, "stack", p.Stack)
	}
	w.log.Error("group stopped", said...)
	return g.stopped
}

// reached says, once, that the writer has caught up.
func (w *writer) reached() {
	if w.caught != nil && w.applied >= w.target {
		w.compareRest()
		close(w.caught)
		w.caught = nil
	}
}

func piecesOf(entries []commit.Entry) []commit.Piece {
	pieces := make([]commit.Piece, len(entries))
	offset := 0
	for i, e := range entries {
		pieces[i] = commit.Piece{Group: e.Event.Group, Index: e.Event.Index, Offset: offset, Entry: e}
		offset += len(e.Line) + 1
	}
	return pieces
}

// unfolded says that the ledger of the group must be read up first.
type unfolded struct{ group string }

func (u *unfolded) Error() string { return u.group + " is not folded" }

// takeFold puts a ledger that was read up in its place, unless there is more of it
// by now. One that can't be folded stops its group there.
func (w *writer) takeFold(f *ledgers.Fold) {
	g := w.group(f.Group)
	switch {
	case g.ledger() != nil:
		f.Answer(true)
		return
	case f.Err == nil && f.Ledger.State().Next < g.next:
		f.Answer(false)
		return
	}
	g.cached.Put(f.Ledger)
	state := f.Ledger.State()
	if f.Err != nil {
		w.stopAt(g, state.Next, f.Err)
	}
	g.due = state.NextDue(state.Last)
	if w.caught == nil && !w.importing && w.health.broken() == nil {
		w.nudgeOne(g, w.clock())
	}
	w.ledgers.Evict()
	f.Answer(true)
}
