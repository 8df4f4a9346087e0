package logs

import (
	"context"
	"errors"
	"path/filepath"
	"sync"

	"golang.org/x/mod/sumdb/tlog"

	"goldenthread/eventstore/tilelog"
	"goldenthread/eventstore/witness"
)

// Rule kept here: L9. Every checkpoint is sent to witnesses, so that nobody can be shown a
// rewritten history, even one signed with the same keys. Their cosignatures are in
// DATA/witness/<group>. Recording does not wait for them.

const witnessFolder = "witness"

// errNoCheckpoint says that nothing is signed yet.
var errNoCheckpoint = errors.New("nothing is signed yet")

type witnesses struct {
	logs   *Logs
	all    []witness.Witness
	quorum int

	mu      sync.Mutex
	pushers map[string]*witness.Pusher
	running map[string]bool           // groups whose pusher runs
	ahead   map[string]*witness.Ahead // what the witness who is furthest ahead of a group's log said
}

// A logSource is a log as witness.Pusher reads it.
type logSource struct{ *tilelog.Log }

func (l logSource) Checkpoint(context.Context) ([]byte, error) {
	if c := l.Log.Checkpoint(); c != nil {
		return c, nil
	}
	return nil, errNoCheckpoint
}

func (l logSource) Consistency(_ context.Context, from, to int64) (tlog.TreeProof, error) {
	return l.ProveConsistency(from, to)
}

// run sends every checkpoint to the witnesses, from when the writer has caught up until
// ctx ends.
func (w *witnesses) run(ctx context.Context, caught <-chan struct{}) {
	select {
	case <-caught:
	case <-ctx.Done():
		return
	}
	var running sync.WaitGroup
	defer running.Wait()
	for {
		signed := w.logs.nextSigned()
		for _, group := range w.logs.stream.Groups() {
			p, err := w.pusher(group)
			switch {
			case errors.Is(err, ErrNoLog):
			case err != nil:
				w.logs.log.Error("a log can't be shown to its witnesses", "group", group, "error", err)
			case w.begin(group):
				running.Go(func() { p.Run(ctx) })
			default:
				p.Notify()
			}
		}
		select {
		case <-signed:
		case <-ctx.Done():
			return
		}
	}
}

// nextSigned is a channel that the next round closes.
func (l *Logs) nextSigned() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.signed
}

// pusher is the group's pusher, which is made where there is none.
func (w *witnesses) pusher(group string) (p *witness.Pusher, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if p := w.pushers[group]; p != nil {
		return p, nil
	}
	log, err := w.logs.Log(group)
	if err != nil {
		return nil, err
	}
	policy, err := w.policy(log)
	if err != nil {
		return nil, err
	}
	if p, err = witness.NewPusher(filepath.Join(w.logs.stream.Dir, witnessFolder, group), logSource{log}, w.all, policy, w.logs.log); err != nil {
		return nil, err
	}
	p.OnAhead = func(a *witness.Ahead) { w.noteAhead(group, a) }
	w.pushers[group] = p
	return p, nil
}

// begin notes that the group's pusher runs; false if it does already.
func (w *witnesses) begin(group string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	was := w.running[group]
	w.running[group] = true
	return !was
}

// forget forgets the group's pusher: its log is another by now.
func (w *witnesses) forget(group string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.pushers, group)
	delete(w.ahead, group)
}

func (w *witnesses) policy(l *tilelog.Log) ([]byte, error) {
	return witness.Policy(l.VKeys()[0], w.all, w.quorum)
}

// Checkpoint is the group's checkpoint that was signed last, with the
// cosignatures that witnesses have given for it so far; ErrNoLog if there is no
// log, nil if nothing is signed.
func (l *Logs) Checkpoint(group string) ([]byte, error) {
	log, err := l.Log(group)
	if err != nil {
		return nil, err
	}
	c := log.Checkpoint()
	if p := l.witnesses.pusherOf(group); p != nil && c != nil {
		return p.Cosigned(c), nil
	}
	return c, nil
}

// Witnessed is the newest checkpoint that the quorum of witnesses has cosigned;
// nil while there is none, or where no quorum is asked for.
func (l *Logs) Witnessed(group string) []byte {
	if p := l.witnesses.pusherOf(group); p != nil {
		return p.Quorum()
	}
	return nil
}

// Policy says whose signatures a checkpoint of the group needs, in the format of
// torchwood.ParsePolicy; ErrNoLog if there is no log.
func (l *Logs) Policy(group string) ([]byte, error) {
	log, err := l.Log(group)
	if err != nil {
		return nil, err
	}
	return l.witnesses.policy(log)
}

// Witnesses says how far each witness is with the group's log.
func (l *Logs) Witnesses(group string) []witness.Lag {
	if p := l.witnesses.pusherOf(group); p != nil {
		return p.Lags()
	}
	return []witness.Lag{}
}

func (w *witnesses) pusherOf(group string) *witness.Pusher {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.pushers[group]
}
