package logs

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

	"golang.org/x/mod/sumdb/tlog"

	"goldenthread/eventstore/commit"
	"goldenthread/eventstore/keys"
	"goldenthread/eventstore/stream"
	"goldenthread/eventstore/tilelog"
	"goldenthread/eventstore/witness"
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
	Folder = "log"

	LogPause   = 150 * time.Millisecond // between rounds, at least
	logLongest = time.Second            // at most, by which a log is behind if rounds are quick
	logShare   = 20                     // a round's length this many times: the pause after it
	logRest    = 2                      // what one log took this many times: the rest before the next one in a round
	logRests   = logLongest / 4         // all rests of a step of a round together, at most
	logHeld    = 32 << 20               // bytes of lines that wait
	logBacklog = 64 << 20               // bytes of lines that a round reads from the stream for all logs together
	logChunk   = 4096                   // lines read for one log, where its messages have to be asked for one by one
	logDrain   = 5 * time.Second        // for the last round
)

// Logs are the logs of all groups; without a signing key it keeps none. It is safe
// for concurrent use.
type Logs struct {
	stream    *stream.Stream
	keyring   *keys.Keyring
	witnesses *witnesses
	folder    *tilelog.Folder
	signers   signers // none: this node keeps no logs
	bucket    *bucket
	log       *slog.Logger
	signing   bool // false: the logs are only read
	Limits    Limits
	Checked   chan struct{} // closed when the copies have been checked at start
	rounds    *rounds

	mu     sync.Mutex
	groups map[string]*groupLog
	grown  map[string]*groupLog // those with lines not signed for
	held   int                  // bytes of lines

	sequence uint64    // last of the stream that was handed over
	newest   time.Time // recorded time of the newest event that was

	wake   chan struct{} // takes one
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

// Limits are of the memory that lines take, in bytes.
type Limits struct {
	Held    int // of lines that wait to be appended; more are read from the stream again
	Backlog int // of lines that a round reads from the stream for all logs together
}

// A Config says how the logs are kept.
type Config struct {
	Installation string            // the name that their origins bear; "" keeps the one there is, or a random one
	Replicas     int               // of the bucket of the checkpoints
	Witnesses    []witness.Witness // are shown whatever is signed
	Quorum       int               // how many of them must have cosigned a checkpoint for others to rely on it
	Idle         bool              // nothing is signed
	Log          *slog.Logger
}

// None keeps no logs, as on a node that has no signing key.
func None(s *stream.Stream, k *keys.Keyring, c *Config) *Logs {
	l := &Logs{
		stream: s, keyring: k, log: c.Log, signing: !c.Idle, Limits: Limits{logHeld, logBacklog}, groups: map[string]*groupLog{}, grown: map[string]*groupLog{},
		wake: make(chan struct{}, 1), signed: make(chan struct{}), Checked: make(chan struct{}),
	}
	l.rounds = &rounds{Logs: l, asked: make(chan func()), ended: make(chan struct{})}
	l.witnesses = &witnesses{logs: l, all: c.Witnesses, quorum: c.Quorum, pushers: map[string]*witness.Pusher{}}
	return l
}

// Open opens the logs that the folder or the bucket knows of. Beside others a
// node need not keep them: without a signing key it has none.
func Open(ctx context.Context, s *stream.Stream, k *keys.Keyring, c *Config) (*Logs, error) {
	l := None(s, k, c)
	err := l.open(ctx, c)
	if errors.Is(err, errNoSigningKey) && !s.Alone {
		l.log.Warn("this node keeps no logs", "why", err)
		return None(s, k, c), nil
	}
	return l, err
}

func (l *Logs) open(ctx context.Context, c *Config) (err error) {
	if l.folder, err = tilelog.NewFolder(filepath.Join(l.stream.Dir, Folder)); err != nil {
		return fmt.Errorf("make the folder of the logs: %w", err)
	}
	var there map[string]kept
	l.bucket, there, err = openBucket(ctx, l.stream, c.Replicas, l.log)
	if err != nil {
		return err
	}
	names, err := l.folder.Names()
	if err != nil {
		return fmt.Errorf("read the folder of the logs: %w", err)
	}
	names = slices.AppendSeq(names, maps.Keys(there))
	if err := l.openSigners(ctx, c.Installation, there, len(names) > 0); err != nil {
		return err
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if !commit.ValidGroup(name) {
			continue
		}
		if err := l.reopen(name, there[name]); err != nil {
			return err
		}
	}
	return nil
}

// Start lets the logs grow, holds the copies against each other and shows to the
// witnesses what is signed, from when the writer has caught up until ctx ends.
func (l *Logs) Start(ctx context.Context, helpers *sync.WaitGroup, caught <-chan struct{}) {
	if !l.Signs() {
		close(l.rounds.ended)
		close(l.Checked)
		return
	}
	helpers.Go(func() { l.rounds.run(ctx, caught) })
	helpers.Go(func() { l.checkAtStart(ctx, caught) })
	if len(l.witnesses.all) > 0 {
		helpers.Go(func() { l.witnesses.run(ctx, caught) })
	}
}

// Signs says whether this node signs logs.
func (l *Logs) Signs() bool { return l.signing && len(l.signers) > 0 }

// Names are the groups that have a log.
func (l *Logs) Names() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Sorted(maps.Keys(l.groups))
}

func (l *Logs) group(name string) *groupLog {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.groups[name]
}

// Stuck is why the group's log can't be relied on; nil if it can.
func (l *Logs) Stuck(name string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.groups[name].stuck
}

// Add hands over what the writer applied. It never waits.
func (l *Logs) Add(sequence uint64, entries []commit.Entry) {
	if !l.Signs() {
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

func (l *Logs) take(e *commit.Entry) {
	g := l.groups[e.Event.Group]
	if g == nil {
		g = &groupLog{name: e.Event.Group}
		g.log, g.stuck = tilelog.Open(l.folder, g.name, l.signers.base(g.name), l.signers, nil)
		l.groups[g.name] = g
	}
	g.handed = e.Event.Index + 1
	if e.Event.Time.After(l.newest) {
		l.newest = e.Event.Time
	}
	if e.Event.Index < g.from+uint64(len(g.lines)) {
		return // signed for
	}
	l.grown[g.name] = g
	if l.held > l.Limits.Held {
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

func (l *Logs) nudge() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// run makes rounds from when the writer has caught up until ctx ends, and then
// the last one.
func (r *rounds) run(ctx context.Context, caught <-chan struct{}) {
	defer close(r.ended)
	select {
	case <-caught:
		r.mendAll(ctx)
		r.nudge() // for the first mark
	case <-ctx.Done():
		return
	}
	for ctx.Err() == nil {
		select {
		case <-r.wake:
			start := time.Now()
			if !r.round(ctx, false) {
				took := time.Since(start)
				stream.Pause(ctx, max(LogPause, min(logShare*took, logLongest-took)))
			}
		case do := <-r.asked:
			do()
		case <-ctx.Done():
		}
	}
	last, cancel := context.WithTimeout(context.Background(), logDrain)
	defer cancel()
	for r.round(last, true) && last.Err() == nil {
	}
}

// ErrNoLog says that the group has no log here, or this node keeps none.
var ErrNoLog = errors.New("there is no log of this group here")

// Log is the group's tile log, to be read; ErrNoLog if there is none.
func (l *Logs) Log(group string) (*tilelog.Log, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if g := l.groups[group]; g != nil && g.log != nil {
		return g.log, nil
	}
	return nil, ErrNoLog
}

// AwaitSigned waits until the group's log is signed for that many events at
// least, which takes well under a second once they are recorded.
func (l *Logs) AwaitSigned(ctx context.Context, group string, events uint64) (tlog.Tree, error) {
	for {
		signed := l.nextSigned()
		log, err := l.Log(group)
		if err != nil {
			return tlog.Tree{}, err
		}
		if tree := log.Tree(); uint64(tree.N) >= events {
			return tree, nil
		}
		select {
		case <-signed:
		case <-ctx.Done():
			return log.Tree(), ctx.Err()
		}
	}
}
