package simulation

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"golang.org/x/mod/sumdb/tlog"

	"goldenthread/domain"
	"goldenthread/eventstore"
	"goldenthread/eventstore/commit"
	"goldenthread/eventstore/logs"
	"goldenthread/eventstore/stream"
	"goldenthread/eventstore/tilelog"
)

// A truth is what was acknowledged, as the stream's server saw it, folded anew: what all
// nodes and all answers are held against.
type truth struct {
	world *world

	mu      sync.Mutex
	records []*record          // acknowledged messages of the ledgers' stream, in order
	early   map[uint64]*record // acknowledged before one that comes before them
	groups  map[string]*ledger
	places  map[uuid.UUID]place // where each command's own events are
	sent    map[uuid.UUID]*sending
	last    time.Time // recorded time of the newest event
	checks  int       // how often all nodes were checked
}

// A place is where a command's events lie.
type place struct {
	group       string
	first, last uint64
}

// A ledger is one group's events, and what follows from them.
type ledger struct {
	name   string
	events []domain.Event
	lines  [][]byte
	fold   *domain.Ledger
	hashes []tlog.Hash      // of the Merkle tree (tlog.StoredHashes)
	told   uint64           // index up to which somebody has been told of
	signed map[string]int64 // events that the newest checkpoint is for, by origin
	sealed []*sealing       // whose data it holds
}

func newTruth(w *world) *truth {
	return &truth{world: w, early: map[uint64]*record{}, groups: map[string]*ledger{}, places: map[uuid.UUID]place{}, sent: map[uuid.UUID]*sending{}}
}

func (t *truth) expect(x *sending) { t.mu.Lock(); t.sent[x.id] = x; t.mu.Unlock() }

// sends counts the requests with one command that are under way.
func (t *truth) sends(x *sending, n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	x.flying += n
	x.maybe = x.maybe || x.flying > 1
}

func (t *truth) newest() time.Time { t.mu.Lock(); defer t.mu.Unlock(); return t.last }

func (t *truth) toldOf(group string) uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.of(group).told
}

func (t *truth) of(group string) *ledger {
	l := t.groups[group]
	if l == nil {
		l = &ledger{name: group, fold: domain.NewLedger(group), signed: map[string]int64{}}
		t.groups[group] = l
	}
	return l
}

// stored takes a message that the server acknowledges.
func (t *truth) stored(name string, r *record) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch name {
	case stream.Name:
		t.early[r.sequence] = r
		for next := t.early[uint64(len(t.records))+1]; next != nil; next = t.early[uint64(len(t.records))+1] {
			delete(t.early, next.sequence)
			t.records = append(t.records, next)
			t.take(next)
		}
		if len(t.early) > 0 && r.sequence <= uint64(len(t.records)) {
			t.world.fail("message %d of the stream was acknowledged twice", r.sequence)
		}
	case logs.BucketStream:
		t.checkpoint(r)
	}
}

// headerOf is the header of a record as nats.go reads it.
func headerOf(r *record) nats.Header {
	h := nats.Header{}
	for name, value := range fieldsOf(r.header) {
		h.Set(name, value)
	}
	return h
}

// take folds a commit, and decides its commands again.
func (t *truth) take(r *record) {
	pieces, err := commit.Read(headerOf(r), r.body)
	if err != nil {
		t.world.fail("message %d can't be read: %v", r.sequence, err)
		return
	}
	for len(pieces) > 0 {
		n := 1
		for n < len(pieces) && pieces[n].Group == pieces[0].Group {
			n++
		}
		if !t.takeGroup(r, pieces[:n]) {
			return
		}
		pieces = pieces[n:]
	}
}

// takeGroup takes one group's events of a commit: those of one command, and what was due
// before and after it.
func (t *truth) takeGroup(r *record, pieces []commit.Piece) bool {
	l := t.of(pieces[0].Group)
	for i := range pieces {
		if p := &pieces[i]; p.Err != nil {
			t.world.fail("message %d, %s %d: %v", r.sequence, p.Group, p.Index, p.Err)
			return false
		}
	}
	if err := t.decideAgain(l, pieces); err != nil {
		t.world.fail("message %d, %s from %d: %v", r.sequence, l.name, pieces[0].Index, err)
	}
	for i := range pieces {
		e := pieces[i].Entry.Event
		if err := l.fold.Apply(&e); err != nil {
			t.world.fail("message %d: one history: %v", r.sequence, err)
			return false
		}
		if e.Time.Before(t.last) && e.Index > 0 && e.Time.Before(l.events[e.Index-1].Time) {
			t.world.fail("%s %d: the ledger's time goes back", l.name, e.Index)
		}
		if e.Time.After(t.last) {
			t.last = e.Time
		}
		hashes, err := tlog.StoredHashes(int64(e.Index), pieces[i].Entry.Line, l)
		if err != nil {
			panic(err)
		}
		l.hashes = append(l.hashes, hashes...)
		if bytes.Contains(pieces[i].Entry.Line, []byte("Dr Number")) || bytes.Contains(pieces[i].Entry.Line, []byte("RHIgTnVtYmVy")) { // as base64
			t.world.fail("%s %d names a person in the clear", l.name, e.Index)
		}
		l.events, l.lines = append(l.events, e), append(l.lines, pieces[i].Entry.Line)
		l.noteSealed(&e)
		t.note(l, &e)
	}
	return true
}

// note notes where a command's events are: together, and once.
func (t *truth) note(l *ledger, e *domain.Event) {
	if e.Actor == domain.System {
		return
	}
	at, there := t.places[e.Command]
	switch {
	case !there, at.group == l.name && e.Time.Sub(l.events[at.last].Time) > domain.AnswersKept: // a clock ran ahead, and it is a new one
		at = place{l.name, e.Index, e.Index}
	case at.group != l.name || l.events[e.Index-1].Command != e.Command && l.events[e.Index-1].Actor != domain.System:
		t.world.fail("command %s is recorded twice: %s %d to %d, and %s %d", e.Command, at.group, at.first, at.last, l.name, e.Index)
	default:
		at.last = e.Index
	}
	t.places[e.Command] = at
}

// ReadHashes reads the tree's hashes, for tlog.
func (l *ledger) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	all := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		all[i] = l.hashes[index]
	}
	return all, nil
}

// decideAgain decides the command on all that was recorded before it: the same must come
// of it.
func (t *truth) decideAgain(l *ledger, pieces []commit.Piece) error {
	var x *sending
	for i := range pieces {
		e := &pieces[i].Entry.Event
		if _, isLog := e.Data.(domain.LogEvent); isLog {
			return nil
		}
		if e.Actor != domain.System {
			if x = t.sent[e.Command]; x == nil {
				return fmt.Errorf("nobody sent command %s", e.Command)
			}
		}
	}
	if x != nil && x.personal || x != nil && x.what == "found" {
		return nil // it was sealed under a random key
	}
	now := pieces[0].Entry.Event.Time
	var events []domain.Event
	if x == nil {
		events = l.fold.Settle(now, nil)
	} else {
		req := x.request()
		l.addPast(&req, now)
		d := l.fold.Decide(&req, now)
		if d.Refusal != nil {
			return fmt.Errorf("%s was recorded, and is refused on what was recorded before it: %s", x.what, d.Refusal.Say)
		}
		if events = d.Events; d.Answer.Repeat {
			return fmt.Errorf("%s was recorded again", x.what)
		}
	}
	if len(events) != len(pieces) {
		return fmt.Errorf("it has %d events, and %d follow from what was recorded before it", len(pieces), len(events))
	}
	for i := range events {
		events[i].ID = pieces[i].Entry.Event.ID
		line, err := commit.Encode(&events[i])
		if err != nil || !bytes.Equal(line, pieces[i].Entry.Line) {
			return fmt.Errorf("event %d is %s, and from what was recorded before it follows %s (%v)", pieces[i].Index, pieces[i].Entry.Line, line, err)
		}
	}
	return nil
}

// addPast gives the request the state of the day on which it is judged, where it needs it.
func (l *ledger) addPast(req *domain.Request, now time.Time) {
	day, needs := req.NeedsPast(domain.DayOf(now))
	if !needs {
		return
	}
	s := domain.NewState(l.name)
	for i := range l.events {
		if l.events[i].Time.After(day.End()) {
			break
		}
		s.Apply(&l.events[i])
	}
	req.Past = s.View()
}

// checkpoint holds a checkpoint that was put into the bucket against what was
// acknowledged by then: it is signed, for more than the one before, and for that.
func (t *truth) checkpoint(r *record) {
	group := r.subject[strings.LastIndexByte(r.subject, '.')+1:]
	if strings.HasPrefix(group, "_") || len(r.body) == 0 {
		return
	}
	if err := t.proves(group, r.body, true); err != nil {
		t.world.fail("a checkpoint of %s in the bucket: %v", group, err)
	}
}

func (t *truth) proves(group string, signed []byte, newest bool) error {
	l, origin := t.of(group), tilelog.OriginOf(signed)
	keys, err := logs.ReadSigning(t.world.nodes[0].dirNow())
	if err != nil {
		return err
	}
	c, err := tilelog.OpenCheckpoint(signed, origin, tilelog.VKeys(keys, origin))
	switch {
	case err != nil:
		return err
	case c.N > int64(len(l.lines)):
		return fmt.Errorf("it is signed for %d events, and %d are acknowledged", c.N, len(l.lines))
	case newest && c.N <= l.signed[origin]:
		return fmt.Errorf("it is signed for %d events, and the one before for %d", c.N, l.signed[origin])
	}
	if err := l.has(c.Tree); err != nil {
		return err
	}
	if newest {
		l.signed[origin] = c.N
	}
	return nil
}

// has returns an error unless that is the tree of the ledger's first events.
func (l *ledger) has(tree tlog.Tree) error {
	if tree.N > int64(len(l.lines)) {
		return fmt.Errorf("it is of %d events, and %d are acknowledged", tree.N, len(l.lines))
	}
	root, err := tlog.TreeHash(tree.N, l)
	if err == nil && root != tree.Hash {
		err = fmt.Errorf("it is of another history of %d events", tree.N)
	}
	return err
}

func (n *node) dirNow() string { n.mu.Lock(); defer n.mu.Unlock(); return n.dir }

// followed is how far a node told of commits.
type followed struct{ sequence uint64 }

// followed takes a commit that a node applied.
func (t *truth) followed(n *node, f *followed, c commit.Commit) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if f.sequence != 0 && c.Sequence != f.sequence+1 {
		t.world.fail("%s applied message %d after message %d", n.name, c.Sequence, f.sequence)
	}
	f.sequence = c.Sequence
	if c.Sequence > uint64(len(t.records)) {
		t.world.fail("%s applied message %d, and %d are acknowledged", n.name, c.Sequence, len(t.records))
		return
	}
	body := t.records[c.Sequence-1].body
	if got := commit.Body(c.Entries); !bytes.Equal(got, body) {
		t.world.fail("%s applied at %d\n%s\nand the stream has\n%s", n.name, c.Sequence, got, body)
	}
}

// answered takes an answer, and says whether it is an outcome.
func (t *truth) answered(a *attempt) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	open, maybe := isOpen(a.err)
	a.maybe = a.maybe || maybe
	at, recorded := t.places[a.id]
	var refused *eventstore.Refused
	switch {
	case open && recorded && !a.maybe && !a.done:
		t.world.fail("%s at %s: %v; that says that it is not recorded, and it is, at %s %d", a.what, a.node.name, a.err, at.group, at.first)
	case open:
	case errors.As(a.err, &refused):
		a.done, a.rule = true, refused.Rule
		t.refused(a, refused)
		return true
	case errors.As(a.err, new(*commit.Stopped)):
		t.world.fail("%s at %s: a group stopped that was not damaged: %v", a.what, a.node.name, a.err)
		return true
	case a.err != nil:
		a.maybe = true // an error of the server that is not an outcome
	default:
		a.done = true
		t.recorded(a, at, recorded)
		return true
	}
	return false
}

// recorded checks an answer that says that the command is recorded.
func (t *truth) recorded(a *attempt, at place, there bool) {
	l, r := t.of(a.group), a.result
	if r.Next > uint64(len(l.lines)) {
		t.world.fail("%s at %s: the answer says that there are %d events of %s, and %d are acknowledged", a.what, a.node.name, r.Next, a.group, len(l.lines))
	}
	if r.Next < a.floor {
		t.world.fail("%s at %s: the answer is of event %d, and somebody knew of event %d before", a.what, a.node.name, r.Next, a.floor)
	}
	switch {
	case there && a.until.Sub(t.of(at.group).events[at.first].Time) > domain.AnswersKept:
	case there && (at.group != a.group || at.first != r.First || at.last != r.Last):
		t.world.fail("%s at %s: the answer says that it is recorded at %d to %d, and it is at %s %d to %d", a.what, a.node.name, r.First, r.Last, at.group, at.first, at.last)
	case there && !r.Repeat && at.first < a.floor:
		t.world.fail("%s at %s: it is recorded at %d, and somebody knew of event %d before it was sent", a.what, a.node.name, at.first, a.floor)
	case !there && !r.Repeat:
		req := a.request()
		if d := t.foldTo(l, min(r.First, uint64(len(l.events)))).Decide(&req, a.until); len(d.Events) > 0 && d.Refusal == nil && !d.Answer.Repeat {
			t.world.fail("%s at %s: the answer says that it is recorded, and it is nowhere", a.what, a.node.name)
		}
	}
	l.told = max(l.told, min(r.Next, uint64(len(l.lines))))
}

// foldTo folds the events before the index.
func (t *truth) foldTo(l *ledger, index uint64) *domain.Ledger {
	fold := domain.NewLedger(l.name)
	for i := range l.events[:index] {
		if err := fold.Apply(&l.events[i]); err != nil {
			panic(err)
		}
	}
	return fold
}

// refused checks a refusal: on what was recorded before the index that it names, which
// is no less than anybody knew of before, the rules refuse it.
func (t *truth) refused(a *attempt, r *eventstore.Refused) {
	l := t.of(a.group)
	switch {
	case r.Index > uint64(len(l.events)):
		t.world.fail("%s at %s: it is refused on %d events, and %d are acknowledged", a.what, a.node.name, r.Index, len(l.events))
		return
	case r.Index < a.floor:
		t.world.fail("%s at %s: it is refused on %d events, and somebody knew of %d before it was sent", a.what, a.node.name, r.Index, a.floor)
	}
	if a.personal {
		return
	}
	fold := t.foldTo(l, r.Index)
	for _, now := range []time.Time{a.until, a.from} {
		req := a.request()
		l.addPast(&req, now)
		if d := fold.Decide(&req, now); d.Refusal != nil && d.Refusal.Rule == r.Rule {
			return
		}
	}
	t.world.fail("%s at %s: %s says %q, and on %d events it does not", a.what, a.node.name, r.Rule, r.Say, r.Index)
}

// check holds the nodes against what was acknowledged.
func (t *truth) check() {
	t.mu.Lock()
	t.checks++
	turn := t.checks % groups
	t.mu.Unlock()
	for _, n := range t.world.nodes {
		s := n.live()
		if s == nil {
			continue
		}
		for g := range groups {
			t.checkNode(n, s, groupName(g), g == turn)
		}
		t.noteWhole(n)
	}
}

func (t *truth) checkNode(n *node, s *eventstore.Store, group string, deep bool) {
	if err := s.Stopped(group); err != nil {
		t.world.fail("%s: a group stopped that was not damaged: %v", n.name, err)
	}
	next := s.Next(group)
	t.mu.Lock()
	most := uint64(len(t.of(group).lines))
	t.mu.Unlock()
	if next > most {
		t.world.fail("%s has %d events of %s, and %d are acknowledged", n.name, next, group, most)
	}
	t.erasedAt(n, s, group, next)
	if deep {
		t.readAt(n, group)
	}
}

// readAt asks the node for the group's state, which is that of its events so far.
func (t *truth) readAt(n *node, group string) {
	s := n.live()
	if s == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	got, err := s.State(ctx, group)
	if err != nil {
		return
	}
	t.sameState(n, group, got)
}

func (t *truth) readEarlier(n *node, group string, any int) {
	s := n.live()
	if s == nil || s.Next(group) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	next := 1 + uint64(any)%s.Next(group)
	if got, err := s.AsKnown(ctx, group, next); err == nil {
		if got.Next != next {
			t.world.fail("%s is asked for the state of %s after %d events, and answers with that after %d", n.name, group, next, got.Next)
		}
		t.sameState(n, group, got)
	}
}

func (t *truth) sameState(n *node, group string, got *domain.State) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.of(group)
	if got.Next > uint64(len(l.events)) {
		t.world.fail("%s answers of %d events of %s, and %d are acknowledged", n.name, got.Next, group, len(l.events))
		return
	}
	want := l.fold.State()
	if got.Next != want.Next {
		want = t.foldTo(l, got.Next).State()
	}
	if !reflect.DeepEqual(got, want) {
		t.world.fail("%s has another state of %s after %d events than its events make", n.name, group, got.Next)
	}
}

// leftBehind checks what a node that died left of its logs: what it has published is
// whole.
func (t *truth) leftBehind(n *node, dir string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for group := range t.groups {
		if err := t.logAt(dir, group); err != nil {
			t.world.fail("the log of %s that %s left: %v", group, n.name, err)
		}
	}
}

// noteWhole notes whether the node's logs are as they were signed: from then on they are,
// whenever it dies.
func (t *truth) noteWhole(n *node) {
	n.mu.Lock()
	dir, life, whole := n.dir, n.life, n.whole
	n.mu.Unlock()
	if whole {
		return
	}
	t.mu.Lock()
	for group := range t.groups {
		if t.logAt(dir, group) != nil {
			t.mu.Unlock()
			return
		}
	}
	t.mu.Unlock()
	n.mu.Lock()
	n.whole = n.life == life
	n.mu.Unlock()
}

// logAt returns an error if the group's log in that data folder is not as it was signed;
// nil if nothing is published yet. The mutex is held.
func (t *truth) logAt(dir, group string) error {
	files := tilelog.OpenFiles(filepath.Join(dir, logs.Folder, group))
	signed, err := files.ReadEndpoint(context.Background(), tilelog.CheckpointFile)
	if err != nil {
		return nil
	}
	if err := t.proves(group, signed, false); err != nil {
		return fmt.Errorf("its checkpoint: %w", err)
	}
	keys, err := logs.ReadSigning(dir)
	if err != nil {
		return fmt.Errorf("the signing key: %w", err)
	}
	origin := tilelog.OriginOf(signed)
	r, err := tilelog.Verify(context.Background(), files, origin, tilelog.VKeys(keys, origin), nil)
	if err = errors.Join(err, r.Err()); err != nil {
		return fmt.Errorf("it is not as it was signed: %w", err)
	}
	return nil
}
