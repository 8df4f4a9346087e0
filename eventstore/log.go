package eventstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"filippo.io/torchwood"
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
	logFolder   = "log"
	checkpoints = "CHECKPOINTS" // the bucket

	logPause   = 150 * time.Millisecond // between rounds, at least
	logLongest = time.Second            // at most, by which a log is behind if rounds are quick
	logShare   = 6                      // a round's length this many times: the pause after it
	logHeld    = 32 << 20               // bytes of lines that wait
	logChunk   = 4096                   // lines read from the stream at once
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
	wake   chan struct{}        // takes one
	signed chan struct{}        // closed when something was signed for
}

// A groupLog is one group's log. Its lines wait under the mutex of logs; all
// else belongs to the goroutine of the rounds.
type groupLog struct {
	name     string
	log      *tilelog.Log
	revision uint64 // of the group's key in the bucket
	from     uint64 // index of the first line that waits; what is missing before it is in the stream
	lines    [][]byte
	since    time.Time // when something to sign was first seen and another node left to sign it
	stuck    error     // why this log does not grow any more
}

// openLogs opens the logs that the folder or the bucket knows of.
func openLogs(ctx context.Context, s *Store, js jetstream.JetStream, o *Options) (*logs, error) {
	l := &logs{
		store: s, log: s.log, groups: map[string]*groupLog{}, grown: map[string]*groupLog{},
		wake: make(chan struct{}, 1), signed: make(chan struct{}),
	}
	var err error
	if l.folder, err = tilelog.NewFolder(filepath.Join(o.Dir, logFolder)); err != nil {
		return nil, fmt.Errorf("make the folder of the logs: %w", err)
	}
	l.bucket, err = js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{
		Bucket: checkpoints, Description: "Golden Thread: the checkpoints signed last", History: 1, Storage: jetstream.FileStorage, Replicas: o.Replicas,
	})
	if err != nil {
		return nil, fmt.Errorf("open the bucket of the checkpoints: %w", err)
	}
	names, err := l.names(ctx)
	if err != nil {
		return nil, err
	}
	if l.keys, err = openSigning(o.Dir, o.Installation, len(names) > 0); err != nil {
		return nil, err
	}
	for _, name := range names {
		if err := l.reopen(ctx, name); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// names are the groups that have a log here or a checkpoint in the bucket.
func (l *logs) names(ctx context.Context) ([]string, error) {
	here, err := l.folder.Names()
	if err != nil {
		return nil, fmt.Errorf("read the folder of the logs: %w", err)
	}
	listed, err := l.bucket.ListKeys(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the bucket of the checkpoints: %w", err)
	}
	seen := map[string]bool{}
	var names []string
	add := func(name string) {
		if validGroup(name) && !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	for _, name := range here {
		add(name)
	}
	for name := range listed.Keys() {
		add(name)
	}
	return names, ctx.Err()
}

// base is the origin of the group's first log.
func (l *logs) base(group string) string { return tilelog.Origin(l.keys, group) }

// reopen opens a log at the later of the two checkpoints that the folder and
// the bucket have, if they are signed as they must be. If neither is, what
// there may be can't be relied on: the log is stuck, and with it the group.
func (l *logs) reopen(ctx context.Context, name string) error {
	g := &groupLog{name: name}
	l.groups[name] = g
	here, err := l.folder.Checkpoint(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read the checkpoint of %s: %w", name, err)
	}
	var there []byte
	entry, err := l.bucket.Get(ctx, name)
	switch {
	case err == nil:
		there, g.revision = entry.Value(), entry.Revision()
	case !errors.Is(err, jetstream.ErrKeyNotFound):
		return fmt.Errorf("read the bucket of the checkpoints: %w", err)
	}
	signed, err := l.later(name, here, there)
	if err != nil {
		g.stuck = err
		signed = nil
	}
	if g.log, err = tilelog.Open(l.folder, name, l.originOf(name, signed), l.keys, signed); err != nil {
		return err
	}
	g.from = uint64(g.log.Tree().N)
	return g.continues(there, g.log.VKeys())
}

// continues sees to it that of two checkpoints the later continues the earlier.
func (g *groupLog) continues(signed []byte, vkeys []string) error {
	c, err := tilelog.OpenCheckpoint(signed, g.log.Origin(), vkeys)
	if err != nil || c.N == 0 {
		return nil // none, or not to be relied on
	}
	if err := g.log.Extends(c); errors.Is(err, tilelog.ErrForked) {
		g.stuck = err
	}
	return nil
}

// originOf is the origin that the checkpoint bears, if a log of the group can
// have it; that of the first log otherwise.
func (l *logs) originOf(name string, signed []byte) string {
	base, origin := l.base(name), tilelog.OriginOf(signed)
	if origin == base || strings.HasPrefix(origin, base+"/") {
		return origin
	}
	return base
}

// later is the checkpoint of the two that was signed last; nil if both are nil.
func (l *logs) later(name string, a, b []byte) ([]byte, error) {
	var best []byte
	var of torchwood.Checkpoint
	var bad error
	for _, signed := range [][]byte{a, b} {
		if signed == nil {
			continue
		}
		origin := l.originOf(name, signed)
		c, err := tilelog.OpenCheckpoint(signed, origin, tilelog.VKeys(l.keys, origin))
		if err != nil {
			l.log.Error("a checkpoint is not signed as it must be", "group", name, "error", err)
			bad = fmt.Errorf("neither of its checkpoints is signed as it must be: %w", err)
			continue
		}
		if best == nil || len(c.Origin) > len(of.Origin) || c.Origin > of.Origin || c.Origin == of.Origin && c.N > of.N {
			best, of = signed, c
		}
	}
	if best == nil {
		return nil, bad
	}
	return best, nil
}

// add hands over what the writer applied. It never waits.
func (l *logs) add(entries []Entry) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
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
	case <-ctx.Done():
		return
	}
	for ctx.Err() == nil {
		select {
		case <-l.wake:
			start := time.Now()
			l.round(ctx)
			pause(ctx, min(max(logPause, logShare*time.Since(start)), logLongest))
		case <-ctx.Done():
		}
	}
	last, cancel := context.WithTimeout(context.Background(), logDrain)
	defer cancel()
	l.round(last)
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
		l.store.queue.put(c)
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
	from  uint64
	lines [][]byte
	by    []byte // the checkpoint of another node to grow up to; nil to sign here
	left  bool   // to another node to sign
}

// round brings the logs up to date with what was handed over.
func (l *logs) round(ctx context.Context) {
	l.mu.Lock()
	var all []*growth
	for _, g := range l.grown {
		all = append(all, &growth{groupLog: g, from: g.from, lines: g.lines})
		g.from, g.lines = g.from+uint64(len(g.lines)), nil
	}
	clear(l.grown)
	l.held = 0
	l.mu.Unlock()
	var ready []*growth
	for _, g := range all {
		if err := l.extend(ctx, g); err != nil {
			l.failed(g, err)
		} else {
			ready = append(ready, g)
		}
	}
	if err := l.folder.Sync(); err != nil {
		for _, g := range ready {
			l.failed(g, fmt.Errorf("sync the logs: %w", err))
		}
		return
	}
	for _, g := range ready {
		if err := l.sign(ctx, g); err != nil {
			l.failed(g, err)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.signed)
	l.signed = make(chan struct{})
}

// failed leaves the log for a later round. What was handed over is in the
// stream. A log that was signed with another history is never signed again.
func (l *logs) failed(g *growth, err error) {
	l.log.Error("a log could not be brought up to date", "group", g.name, "error", err)
	if errors.Is(err, tilelog.ErrForked) {
		g.stuck = err
		return
	}
	l.again(g.groupLog)
}

// again has the log looked at in the next round.
func (l *logs) again(g *groupLog) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.grown[g.name] = g
	l.nudge()
}

// extend appends to one log: what the stream has up to the lines that were
// handed over, then these.
func (l *logs) extend(ctx context.Context, g *growth) error {
	if g.stuck != nil {
		return nil
	}
	to := g.from + uint64(len(g.lines))
	if !l.store.alone {
		limit, err := l.agreed(ctx, g, to)
		if err != nil {
			return err
		}
		to = limit
	}
	for written := uint64(g.log.Written()); written < min(g.from, to); written = uint64(g.log.Written()) {
		lines, err := l.store.streamLines(ctx, g.name, written, min(g.from, to, written+logChunk))
		if err != nil {
			return err
		}
		if err := g.log.Append(lines); err != nil {
			return err
		}
	}
	if written := uint64(g.log.Written()); written < to {
		return g.log.Append(g.lines[written-g.from : to-g.from])
	}
	return nil
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

// inBucket is the group's checkpoint in the bucket; the empty one if there is none.
func (l *logs) inBucket(ctx context.Context, g *groupLog) (torchwood.Checkpoint, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	entry, err := l.bucket.Get(ctx, g.name)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		g.revision = 0
		return torchwood.Checkpoint{}, nil, nil
	}
	if err != nil {
		return torchwood.Checkpoint{}, nil, fmt.Errorf("read the bucket of the checkpoints: %w", err)
	}
	c, err := tilelog.OpenCheckpoint(entry.Value(), g.log.Origin(), g.log.VKeys())
	if err != nil {
		return torchwood.Checkpoint{}, nil, fmt.Errorf("the checkpoint in the bucket: %w", err)
	}
	g.revision = entry.Revision()
	return c, entry.Value(), nil
}

// sign signs for what was appended and synced, and publishes that.
func (l *logs) sign(ctx context.Context, g *growth) error {
	switch {
	case g.stuck != nil, g.left, g.log.Written() == g.log.Tree().N:
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

// streamLines are lines as the stream holds them.
func (s *Store) streamLines(ctx context.Context, group string, from, to uint64) ([][]byte, error) {
	lines := make([][]byte, 0, to-from)
	var m *jetstream.RawStreamMsg
	for index := from; index < to; index++ {
		at, err := s.places.find(group, index)
		if err == nil && (m == nil || m.Sequence != at.sequence) {
			m, err = s.message(ctx, at.sequence)
		}
		var line []byte
		if err == nil {
			line, err = cut(m, at)
		}
		if err != nil {
			return nil, err
		}
		lines = append(lines, line)
	}
	return lines, nil
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
