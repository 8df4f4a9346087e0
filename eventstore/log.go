package eventstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/mod/sumdb/tlog"

	"goldenthread/domain"
	"goldenthread/eventstore/tilelog"
)

// Rule kept here: L9. Beside the stream each group has a tile log, under
// DATA/log/<group>: anybody can check with other people's tools what it says.
//
// The writer hands over the lines of each commit that it applied, hence only
// what the stream has acknowledged, and goes on. One goroutine brings the logs
// up to date in rounds: it appends to the logs of all groups that grew, syncs
// once, signs, and puts each checkpoint first into a bucket, by revision, and
// then into the log. What the bucket holds is what anybody may have seen: no
// node signs for less, nor for a history that does not continue it.
//
// A crash loses the lines that were handed over and not signed for. They are
// read from the stream again, as they are when more wait than may be held.

const (
	logFolder = "log"

	logPause   = 150 * time.Millisecond // between rounds, at least
	logLongest = time.Second            // at most, by which a log is behind if rounds are quick
	logShare   = 20                     // a round's length this many times: the pause after it
	logHeld    = 32 << 20               // bytes of lines that wait
	logBacklog = 64 << 20               // bytes of lines that a round reads from the stream for all logs together
	logChunk   = 4096                   // lines read for one log, where its messages have to be asked for one by one
	logDrain   = 5 * time.Second        // for the last round
)

type logs struct {
	store  *Store
	folder *tilelog.Folder
	keys   []tilelog.Key
	bucket jetstream.KeyValue
	log    *slog.Logger

	mu     sync.Mutex
	groups map[string]*groupLog
	grown  map[string]*groupLog // those with lines not signed for
	held   int                  // bytes of lines

	sequence uint64    // last of the stream that was handed over
	newest   time.Time // recorded time of the newest event that was
	marked   time.Time // when the mark was made last

	backlog int // logBacklog

	wake   chan struct{} // takes one
	asked  chan func()   // what else is to be done between rounds
	signed chan struct{} // closed when something was signed for
}

// A groupLog is one group's log. Its lines wait under the mutex of logs; all
// else belongs to the goroutine of the rounds.
type groupLog struct {
	name     string
	log      *tilelog.Log
	revision uint64 // of the group's key in the bucket
	from     uint64 // index of the first line that waits; what is missing before it is in the stream
	lines    [][]byte
	handed   uint64    // events handed over, or signed for before
	since    time.Time // when something to sign was first seen and another node left to sign it
	stuck    error     // why this log does not grow any more
}

// openLogs opens the logs that the folder or the bucket knows of.
func openLogs(ctx context.Context, s *Store, js jetstream.JetStream, o *Options) (*logs, error) {
	l := &logs{
		store: s, log: s.log, backlog: logBacklog, groups: map[string]*groupLog{}, grown: map[string]*groupLog{},
		wake: make(chan struct{}, 1), asked: make(chan func()), signed: make(chan struct{}),
	}
	var err error
	if l.folder, err = tilelog.NewFolder(filepath.Join(o.Dir, logFolder)); err != nil {
		return nil, fmt.Errorf("make the folder of the logs: %w", err)
	}
	there, err := l.openBucket(ctx, js, o.Replicas)
	if err != nil {
		return nil, err
	}
	names, err := l.folder.Names()
	if err != nil {
		return nil, fmt.Errorf("read the folder of the logs: %w", err)
	}
	names = slices.AppendSeq(names, maps.Keys(there))
	if err := l.openKeys(ctx, o, there, len(names) > 0); err != nil {
		return nil, err
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if !validGroup(name) {
			continue
		}
		if err := l.reopen(name, there[name]); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// names are the groups that have a log.
func (l *logs) names() []string {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Sorted(maps.Keys(l.groups))
}

func (l *logs) group(name string) *groupLog {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.groups[name]
}

// stuck is why the group's log can't be relied on; nil if it can.
func (l *logs) stuck(name string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.groups[name].stuck
}

// add hands over what the writer applied. It never waits.
func (l *logs) add(sequence uint64, entries []Entry) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sequence = sequence
	for i := range entries {
		l.take(&entries[i])
	}
	if len(l.grown) > 0 {
		l.nudge()
	}
}

func (l *logs) take(e *Entry) {
	g := l.groups[e.Event.Group]
	if g == nil {
		g = &groupLog{name: e.Event.Group}
		g.log, g.stuck = tilelog.Open(l.folder, g.name, l.base(g.name), l.keys, nil)
		l.groups[g.name] = g
	}
	g.handed = e.Event.Index + 1
	l.newest = later(l.newest, e.Event.Time)
	if e.Event.Index < g.from+uint64(len(g.lines)) {
		return // signed for
	}
	l.grown[g.name] = g
	if l.held > logHeld {
		for _, g := range l.grown {
			g.from, g.lines = g.from+uint64(len(g.lines)), nil
		}
		l.held = 0
	}
	if e.Event.Index > g.from+uint64(len(g.lines)) {
		g.from, g.lines = e.Event.Index, nil
	}
	g.lines = append(g.lines, e.Line)
	l.held += len(e.Line)
}

func (l *logs) nudge() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// run makes rounds from when the writer has caught up until ctx ends, and then
// the last one.
func (l *logs) run(ctx context.Context, caught <-chan struct{}) {
	select {
	case <-caught:
		l.rekey()
		l.mendAll(ctx)
		l.nudge() // for the first mark
	case <-ctx.Done():
		return
	}
	for ctx.Err() == nil {
		select {
		case <-l.wake:
			start := time.Now()
			if !l.round(ctx, false) {
				pause(ctx, min(max(logPause, logShare*time.Since(start)), logLongest))
			}
		case do := <-l.asked:
			do()
		case <-ctx.Done():
		}
	}
	last, cancel := context.WithTimeout(context.Background(), logDrain)
	defer cancel()
	for l.round(last, true) && last.Err() == nil {
	}
}

// rekey has every ledger say which keys sign its log, if they are not the first.
func (l *logs) rekey() {
	if l.store.broken() != nil || l.store.importing {
		return // nothing can be recorded
	}
	for _, name := range l.store.Groups() {
		log, err := l.store.Log(name)
		if err != nil {
			continue
		}
		c := newCall(domain.Request{Group: name})
		c.log = func(s *domain.State) domain.LogEvent { return rekeyed(s, log.Origin(), log.VKeys()) }
		go l.store.wait(l.store.life, c) // its ledger may have to be read up
	}
}

// rekeyed is what the ledger is to say about the keys; nil if that is nothing.
func rekeyed(s *domain.State, origin string, vkeys []string) domain.LogEvent {
	before := s.Log.Keys
	if before == nil {
		before = vkeys[:1]
	}
	if slices.Equal(before, vkeys) {
		return nil
	}
	return &domain.LogRekeyed{Origin: origin, Keys: vkeys, Before: before}
}

// A growth is what one log grows by in a round.
type growth struct {
	*groupLog
	backlog [][]byte // lines that the log goes on with, read from the stream
	from    uint64   // index of the first of lines
	lines   [][]byte
	to      uint64 // it may grow up to there
	by      []byte // the checkpoint of another node to grow up to; nil to sign here
	left    bool   // to another node to sign
}

// written is the index that the log goes on with, once the backlog is appended.
func (g *growth) written() uint64 { return uint64(g.log.Written()) + uint64(len(g.backlog)) }

// behind says whether the log lacks lines from before those that wait.
func (g *growth) behind() bool { return g.written() < min(g.from, g.to) }

// round brings the logs up to date with what was handed over, and makes a mark if
// it is time, or the last round. It says whether some are behind even so: what
// was not held is read from the stream a part at a time, and that part signed for.
func (l *logs) round(ctx context.Context, last bool) (behind bool) {
	l.mu.Lock()
	m := l.noteMark(last)
	var all []*growth
	for _, g := range l.grown {
		all = append(all, &growth{groupLog: g, from: g.from, lines: g.lines, to: g.from + uint64(len(g.lines))})
		g.from, g.lines = g.from+uint64(len(g.lines)), nil
	}
	clear(l.grown)
	l.held = 0
	l.mu.Unlock()
	var growing, ready []*growth
	for _, g := range all {
		if g.stuck != nil {
			continue
		}
		if err := l.limit(ctx, g); err != nil {
			l.failed(ctx, g, err)
		} else {
			growing = append(growing, g)
		}
	}
	l.readBacklog(ctx, growing)
	for _, g := range growing {
		if err := l.extend(ctx, g); err != nil {
			l.failed(ctx, g, err)
			continue
		}
		ready = append(ready, g)
		if g.behind() {
			behind = true
			l.again(g.groupLog)
		}
	}
	if err := l.folder.Sync(); err != nil {
		for _, g := range ready {
			l.failed(ctx, g, fmt.Errorf("sync the logs: %w", err))
		}
		return false
	}
	for _, g := range ready {
		if err := l.sign(ctx, g); err != nil {
			l.failed(ctx, g, err)
		}
	}
	l.mu.Lock()
	close(l.signed)
	l.signed = make(chan struct{})
	l.mu.Unlock()
	if m != nil && !behind {
		l.mark(ctx, m)
	}
	return behind
}

// failed leaves the log for a later round. What was handed over is in the
// stream. A group whose log was signed with another history stops: whoever
// writes on would only part further from what somebody has seen signed.
func (l *logs) failed(ctx context.Context, g *growth, err error) {
	l.log.Error("a log could not be brought up to date", "group", g.name, "error", err)
	if errors.Is(err, tilelog.ErrForked) {
		l.mu.Lock()
		g.stuck = err
		l.mu.Unlock()
		l.store.places.stop(&Stopped{g.name, l.store.Next(g.name), err})
		return
	}
	if g.log.Intact() != nil {
		l.mend(ctx, g.groupLog)
	}
	l.again(g.groupLog)
}

// mendAll mends the logs that can't go on from their checkpoints.
func (l *logs) mendAll(ctx context.Context) {
	for _, name := range l.names() {
		if g := l.group(name); g.stuck == nil && g.log.Tree().N > 0 && g.log.Intact() != nil {
			l.mend(ctx, g)
		}
	}
}

// mend rebuilds what is damaged of a log from the stream, once the root proves
// that right, and names the files.
func (l *logs) mend(ctx context.Context, g *groupLog) ([]string, error) {
	mended, err := g.log.Rebuild(l.store.linesFrom(ctx, g.name, 0, uint64(g.log.Tree().N)))
	if len(mended) > 0 || err != nil {
		l.log.Warn("a log was damaged and is rebuilt from the stream", "group", g.name, "files", mended, "error", err)
	}
	return mended, err
}

// again has the log looked at in the next round.
func (l *logs) again(g *groupLog) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.grown[g.name] = g
	l.nudge()
}

// readBacklog reads what logs lack from the stream, for all of them in one go: a
// message has lines of many groups.
func (l *logs) readBacklog(ctx context.Context, growing []*growth) {
	lacking, first := map[string]*growth{}, uint64(math.MaxUint64)
	for _, g := range growing {
		if !g.behind() {
			continue
		}
		if at, err := l.store.places.find(g.name, g.written()); err == nil && at.sequence > 0 {
			lacking[g.name], first = g, min(first, at.sequence)
		}
	}
	if len(lacking) == 0 {
		return
	}
	size := 0
	for m, err := range l.store.streamed(ctx, first, l.store.applied.Load()) {
		if err != nil {
			return // whose log lacks lines even so is told why as it is extended
		}
		pieces, err := cutCommit(m.header, m.body)
		if err != nil {
			return
		}
		for i := range pieces {
			p := &pieces[i]
			g := lacking[p.group]
			if g == nil || p.index != g.written() {
				continue
			}
			g.backlog = append(g.backlog, p.entry.Line)
			size += len(p.entry.Line)
			if !g.behind() {
				delete(lacking, p.group)
			}
		}
		if len(lacking) == 0 || size > l.backlog {
			return
		}
	}
}

// extend appends to one log: what it lacked, or a part of that, and then the
// lines that were handed over.
func (l *logs) extend(ctx context.Context, g *growth) (err error) {
	if g.behind() && len(g.backlog) == 0 {
		from := g.written()
		if g.backlog, err = l.store.streamLines(ctx, g.name, from, min(g.from, g.to, from+logChunk)); err != nil {
			return err
		}
	}
	if g.behind() && g.by != nil {
		g.by, g.left = nil, true // it is not as far yet
	}
	lines := g.backlog
	if !g.behind() && g.written() < g.to {
		lines = append(lines, g.lines[g.written()-g.from:g.to-g.from]...)
	}
	if g.backlog = nil; len(lines) == 0 {
		return nil
	}
	return g.log.Append(lines)
}

// limit says how far the log may grow.
func (l *logs) limit(ctx context.Context, g *growth) (err error) {
	if !l.store.alone {
		g.to, err = l.agreed(ctx, g, g.to)
	}
	return err
}

// agreed is how far the log may grow where several nodes sign: up to the
// checkpoint in the bucket, which it must continue, if that is for more; else as
// far as there is, if this node wrote last, or the one that did has not signed
// for a while.
func (l *logs) agreed(ctx context.Context, g *growth, to uint64) (uint64, error) {
	c, signed, err := l.inBucket(ctx, g.groupLog)
	if err != nil {
		return 0, err
	}
	written, published := g.log.Written(), g.log.Tree().N
	if c.N > 0 && c.N <= written {
		if err := g.log.Extends(c); err != nil {
			return 0, err
		}
	}
	limit := uint64(written)
	switch {
	case c.N > published && c.N >= written && uint64(c.N) <= to:
		g.by, limit = signed, uint64(c.N)
	case c.N <= written && l.mine(g.groupLog):
		return to, nil
	default:
		g.left = true
	}
	if limit < to || g.left && written > published {
		l.again(g.groupLog)
	}
	return limit, nil
}

// mine says whether this node signs: it wrote last, or the one that did has left
// the group's log behind.
func (l *logs) mine(g *groupLog) bool {
	switch {
	case l.store.elsewhere() == "", !g.since.IsZero() && time.Since(g.since) > logLongest:
		g.since = time.Time{}
		return true
	case g.since.IsZero():
		g.since = time.Now()
	}
	return false
}

// sign signs for what was appended and synced, and publishes that.
func (l *logs) sign(ctx context.Context, g *growth) error {
	switch {
	case g.left, g.log.Written() == g.log.Tree().N:
		return nil
	case g.by != nil:
		g.since = time.Time{}
		return g.log.Publish(g.by)
	}
	signed, err := g.log.Sign()
	if err != nil {
		return err
	}
	put, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	revision, err := l.bucket.Update(put, g.name, signed, g.revision)
	if err != nil {
		return l.overtaken(ctx, g, err)
	}
	g.revision = revision
	return g.log.Publish(signed)
}

// overtaken looks at what stands in the bucket instead: this log must continue
// it. The next round then goes on from there.
func (l *logs) overtaken(ctx context.Context, g *growth, why error) error {
	c, signed, err := l.inBucket(ctx, g.groupLog)
	if err != nil {
		return errors.Join(why, err)
	}
	if c.N > g.log.Written() {
		return why
	}
	if c.N > 0 {
		if err := g.log.Extends(c); err != nil {
			return err
		}
	}
	if c.N == g.log.Written() {
		return g.log.Publish(signed)
	}
	return why
}

// ErrNoLog says that the group has no log here, or this node keeps none.
var ErrNoLog = errors.New("there is no log of this group here")

// Log is the group's tile log, to be read; ErrNoLog if there is none.
func (s *Store) Log(group string) (*tilelog.Log, error) {
	if s.logs == nil {
		return nil, ErrNoLog
	}
	s.logs.mu.Lock()
	defer s.logs.mu.Unlock()
	if g := s.logs.groups[group]; g != nil && g.log != nil {
		return g.log, nil
	}
	return nil, ErrNoLog
}

// AwaitSigned waits until the group's log is signed for that many events at
// least, which takes well under a second once they are recorded.
func (s *Store) AwaitSigned(ctx context.Context, group string, events uint64) (tlog.Tree, error) {
	for {
		if s.logs == nil {
			return tlog.Tree{}, ErrNoLog
		}
		s.logs.mu.Lock()
		signed := s.logs.signed
		s.logs.mu.Unlock()
		l, err := s.Log(group)
		if err != nil {
			return tlog.Tree{}, err
		}
		if tree := l.Tree(); uint64(tree.N) >= events {
			return tree, nil
		}
		select {
		case <-signed:
		case <-ctx.Done():
			return l.Tree(), ctx.Err()
		}
	}
}
