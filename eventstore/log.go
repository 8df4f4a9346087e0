package eventstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
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
	logRest    = 2                      // what one log took this many times: the rest before the next one in a round
	logRests   = logLongest / 4         // all rests of a step of a round together, at most
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

	backlog int // bytes that a round reads from the stream

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
				took := time.Since(start)
				pause(ctx, max(logPause, min(logShare*took, logLongest-took)))
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
