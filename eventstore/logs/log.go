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

// Rule kept here: L9. Each group has a tile log, under DATA/log/<group>, which anybody
// can verify with software that is not ours.
//
// The writer adds the lines of each commit that it applied: only what the stream has
// acknowledged. One goroutine brings the logs up to date in rounds. It appends to the
// logs of all groups that grew, syncs once, signs, and puts each checkpoint into a bucket,
// by revision, and then into the log. Anybody may have seen what is in the bucket, so no
// node signs for fewer events, nor for a history that does not continue it.
//
// Lines that were added and not signed for are lost in a crash, and dropped if they take
// too much memory. They are then read from the stream again.

// Folder is where the logs are in the data folder.
const Folder = "log"

const (
	logPause   = 150 * time.Millisecond // the shortest pause between rounds
	logLongest = time.Second            // the longest time from the end of a round to the end of a quick next one
	logShare   = 20                     // the pause after a round is its duration times this
	logRest    = 2                      // the pause after a log, within a round, is the time that it took times this
	logRests   = logLongest / 4         // the longest sum of those pauses in one step of a round
	logHeld    = 32 << 20               // bytes; see Limits.Held
	logBacklog = 64 << 20               // bytes; see Limits.Backlog
	logChunk   = 4096                   // lines read at a time for one log whose messages are requested one by one
	logDrain   = 5 * time.Second        // the longest time for the last round
	logMend    = 10 * time.Second       // until a log is mended again that could not be mended just now

	logMendLost = 10 * time.Minute // the same, of a log of which the stream has no copy to mend it from
)

// Logs are the logs of all groups. A node without a signing key has none. They are safe
// for concurrent use.
type Logs struct {
	stream    *stream.Stream
	keyring   *keys.Keyring
	witnesses *witnesses
	folder    *tilelog.Folder
	signers   signers // none: this node keeps no logs
	bucket    *bucket
	log       *slog.Logger
	known     map[string]uint64 // events that logs had, by origin, as is known outside of the data folder
	signing   bool              // false: the logs are only read
	Limits    Limits            // to be changed before Start only
	Checked   chan struct{}     // closed when the copies have been checked at start
	rounds    *rounds

	mu     sync.Mutex
	groups map[string]*groupLog
	grown  map[string]*groupLog // the logs with lines that are not signed for
	held   int                  // bytes of all lines that wait

	damaged map[string]time.Time // logs to be mended, by group: not before that time

	sequence uint64    // of the last message whose lines were added
	newest   time.Time // recorded time of the newest event that was added

	wake   chan struct{} // takes one
	signed chan struct{} // closed, and replaced, after each round
}

// A groupLog is one group's log. The mutex of Logs guards its lines; all else is used by
// the goroutine that makes the rounds.
type groupLog struct {
	name     string
	log      *tilelog.Log
	revision uint64 // of the group's key in the bucket
	from     uint64 // index of the first of lines; the log may still lack events before it
	lines    [][]byte
	handed   uint64    // events added, or signed for at start
	since    time.Time // since when the log waits for another node to sign; zero: it doesn't
	stuck    error     // why this log can't grow any more; nil: it can
}

// Limits are of the memory that lines take, in bytes.
type Limits struct {
	Held    int // of lines that wait to be appended; beyond that they are dropped, and read from the stream again
	Backlog int // of lines that a round reads from the stream for all logs together
}

// A Config says how the logs are kept.
type Config struct {
	Installation string            // the name that their origins bear; "" keeps the one there is, or a random one
	Replicas     int               // of the bucket of the checkpoints
	Witnesses    []witness.Witness // are sent every signed checkpoint
	Quorum       int               // how many of them must cosign a checkpoint before proofs use it
	Known        map[string]uint64 // events that logs had, by origin, as is known outside of the data folder
	Idle         bool              // the logs are read only
	Disk         tilelog.Disk      // where the logs are written; nil is this machine's
	Log          *slog.Logger
}

// None is no logs, as on a node that has no signing key.
func None(s *stream.Stream, k *keys.Keyring, c *Config) *Logs {
	l := &Logs{
		stream: s, keyring: k, log: c.Log, signing: !c.Idle, known: c.Known, Limits: Limits{logHeld, logBacklog}, groups: map[string]*groupLog{}, grown: map[string]*groupLog{}, damaged: map[string]time.Time{},
		wake: make(chan struct{}, 1), signed: make(chan struct{}), Checked: make(chan struct{}),
	}
	l.rounds = &rounds{Logs: l, asked: make(chan func()), ended: make(chan struct{})}
	l.witnesses = &witnesses{logs: l, all: c.Witnesses, quorum: c.Quorum, pushers: map[string]*witness.Pusher{}, running: map[string]bool{}, ahead: map[string]*witness.Ahead{}}
	return l
}

// Open opens the logs that are in the data folder or in the bucket. A node that is not
// alone on the stream may be without a signing key: it then has no logs.
func Open(ctx context.Context, s *stream.Stream, k *keys.Keyring, c *Config) (*Logs, error) {
	l := None(s, k, c)
	err := l.openAll(ctx, c)
	if errors.Is(err, errNoSigningKey) && !s.Alone {
		l.log.Warn("this node keeps no logs", "why", err)
		return None(s, k, c), nil
	}
	return l, err
}

func (l *Logs) openAll(ctx context.Context, c *Config) (err error) {
	if l.folder, err = tilelog.NewFolder(filepath.Join(l.stream.Dir, Folder)); err != nil {
		return fmt.Errorf("make the folder of the logs: %w", err)
	}
	if c.Disk != nil {
		l.folder.Disk = c.Disk
	}
	var there map[string]bucketEntry
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
		if err := l.reopenLog(name, there[name]); err != nil {
			return err
		}
	}
	return nil
}

// Start makes rounds, checks the copies once, and sends checkpoints to the witnesses,
// from when the writer has caught up until ctx ends.
func (l *Logs) Start(ctx context.Context, helpers *sync.WaitGroup, caught <-chan struct{}) {
	if !l.Signs() {
		close(l.rounds.ended)
		close(l.Checked)
		return
	}
	helpers.Go(func() { l.rounds.runRounds(ctx, caught) })
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

func (l *Logs) groupLog(name string) *groupLog {
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

// Add has the logs grow by the events of an applied message, in the next round.
func (l *Logs) Add(sequence uint64, entries []commit.Entry) {
	if !l.Signs() {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sequence = sequence
	for i := range entries {
		l.addLine(&entries[i])
	}
	if len(l.grown) > 0 {
		l.wakeRounds()
	}
}

func (l *Logs) addLine(e *commit.Entry) {
	g := l.groups[e.Event.Group]
	if g == nil {
		g = &groupLog{name: e.Event.Group}
		g.stuck = l.openLog(g, l.signers.base(g.name), nil)
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

// openLog opens the group's log. When a reader finds damage in it, it is mended.
func (l *Logs) openLog(g *groupLog, origin string, signed []byte) (err error) {
	if g.log, err = tilelog.Open(l.folder, g.name, origin, l.signers, signed); err == nil {
		g.log.OnDamage = func() { l.mendSoon(g.name) }
	}
	return err
}

func (l *Logs) wakeRounds() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// runRounds makes rounds from when the writer has caught up until ctx ends, and then the
// last ones.
func (r *rounds) runRounds(ctx context.Context, caught <-chan struct{}) {
	defer close(r.ended)
	select {
	case <-caught:
		r.mendAll(ctx)
		r.wakeRounds() // for the first mark
	case <-ctx.Done():
		return
	}
	for ctx.Err() == nil {
		select {
		case <-r.wake:
			r.mendDamaged(ctx)
			start := time.Now()
			if !r.makeRound(ctx, false) {
				took := time.Since(start)
				stream.Pause(ctx, max(logPause, min(logShare*took, logLongest-took)))
			}
		case do := <-r.asked:
			do()
		case <-ctx.Done():
		}
	}
	last, cancel := context.WithTimeout(context.Background(), logDrain)
	defer cancel()
	for r.makeRound(last, true) && last.Err() == nil {
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
