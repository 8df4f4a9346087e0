package eventstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"goldenthread/domain"
	"goldenthread/eventstore/commit"
	"goldenthread/eventstore/ledgers"
	"goldenthread/eventstore/logs"
	"goldenthread/eventstore/stream"
)

// How the writer takes what was appended into the ledgers that it keeps folded: what it
// appended itself, and what others did (rules L2, L3).

// proveCurrent asks the stream's leader for its last message. If that is not applied
// here, it is waited for, and the error is stream.ErrOvertaken: decide again.
func (w *writer) proveCurrent(ctx context.Context) error {
	if w.stream.Alone {
		return nil
	}
	last, err := w.stream.Last(ctx)
	if err != nil || last <= w.applied {
		return err
	}
	return w.applyUpTo(ctx, last)
}

// applyUpTo applies the messages that the stream delivers up to the sequence, and
// returns stream.ErrOvertaken: decide again. A message that is not delivered in time is
// fetched, since the consumer may be on a server that is cut off.
func (w *writer) applyUpTo(ctx context.Context, sequence uint64) error {
	silent := time.NewTicker(deliveredWithin)
	defer silent.Stop()
	for w.applied < sequence {
		select {
		case m := <-w.incoming:
			w.applyDelivered(m)
			silent.Reset(deliveredWithin)
		case <-silent.C:
			if m, err := w.stream.At(ctx, w.applied+1); err == nil {
				w.applyDelivered(m)
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return stream.ErrOvertaken
}

// applyDelivered applies a commit that the stream delivered, unless this writer appended
// and applied it.
func (w *writer) applyDelivered(m *stream.Message) {
	if m.Sequence <= w.applied {
		w.compareClocks(m)
		return
	}
	if m.Sequence > w.applied+1 {
		w.health.refuseWrites(stream.Missing(m.Sequence-w.applied-1, m.Sequence))
	}
	pieces, err := m.Read()
	if err != nil {
		w.health.refuseWrites(fmt.Errorf("message %d of the stream can't be read: %w", m.Sequence, err))
	}
	writer := m.Header.Get(commit.HeaderWriter)
	w.stream.NoteWriter(writer)
	w.applyCommit(m.Sequence, pieces)
}

// compareClocks compares this computer's clock with the stream's timestamp of a commit
// that was appended here (rule L4). If they differ by too much the store fails.
func (w *writer) compareClocks(m *stream.Message) {
	at, ok := w.ownCommits[m.Sequence]
	delete(w.ownCommits, m.Sequence)
	if !ok || w.storyClock {
		return
	}
	if m.Stored.Before(at.from.Add(-clockOff)) || m.Stored.After(at.until.Add(clockOff)) {
		w.health.failStore(fmt.Errorf("this computer's clock says %s, and the stream's %s; set the clock right and start again",
			at.until.UTC().Format(commit.TimeLayout), m.Stored.UTC().Format(commit.TimeLayout)))
	}
}

// applyCommit applies an acknowledged commit, whether it is replayed, another node's or
// this writer's own. A line that can't be applied stops its group.
func (w *writer) applyCommit(sequence uint64, pieces []commit.Piece) {
	applied := make([]commit.Entry, 0, len(pieces))
	for i := range pieces {
		g := w.group(pieces[i].Group)
		if g.comparison == nil {
			applied = w.applyLines(g, sequence, pieces[i:i+1], applied)
		} else {
			applied = w.applyLines(g, sequence, g.comparison.Resolve(g.next, pieces[i]), applied)
		}
	}
	w.applied = sequence
	w.ledgers.Evict()
	w.notifyFollowers(sequence, applied)
	w.stream.Applied.Store(sequence) // last: a reader that waits for it relies on all of the above
	w.noteCaughtUp()
}

// group is the group of that name, which is made where there is none. While the stream
// is replayed, a new one is compared with its log.
func (w *writer) group(name string) *group {
	g := w.groups[name]
	if g == nil {
		g = newGroup(w.ledgers, name)
		if w.caughtUp != nil {
			g.comparison = w.logs.Compare(name)
		}
		w.groups[name] = g
	}
	return g
}

// newGroup is a group without events, with its ledger in that cache.
func newGroup(c *ledgers.Cache, name string) *group {
	g := &group{name: name, cacheEntry: c.Of(name)}
	g.cacheEntry.Put(domain.NewLedger(name))
	return g
}

// applyLines applies lines of one group, and appends those that it applied to applied.
func (w *writer) applyLines(g *group, sequence uint64, pieces []commit.Piece, applied []commit.Entry) []commit.Entry {
	for i := range pieces {
		p := &pieces[i]
		if g.stopped != nil {
			return applied
		}
		if err := w.applyLine(g, p); err != nil {
			w.stopGroup(g.name, fmt.Errorf("message %d of the stream: %w", sequence, err))
			return applied
		}
		w.stream.Positions.Add(sequence, p)
		w.times.note(p.Entry.Event.Time)
		applied = append(applied, p.Entry)
	}
	return applied
}

// notifyFollowers passes what was applied on to the keys, the logs, those who watch the
// groups, and Options.Follow.
func (w *writer) notifyFollowers(sequence uint64, applied []commit.Entry) {
	w.keys.NoteCommit(applied)
	w.logs.Add(sequence, applied)
	w.wakeWatchers(applied)
	if w.caughtUp != nil && !w.whole {
		return
	}
	for _, f := range w.follow {
		f(commit.Commit{Sequence: sequence, Entries: applied})
	}
}

// wakeWatchers wakes those who watch the groups of these events.
func (w *writer) wakeWatchers(applied []commit.Entry) {
	for i := range applied {
		if group := applied[i].Event.Group; i == 0 || group != applied[i-1].Event.Group {
			w.ledgers.Wake(group)
		}
	}
}

// applyLine counts one line as its group's next event, and applies it to the ledger if
// that is in memory.
func (w *writer) applyLine(g *group, p *commit.Piece) error {
	switch e := &p.Entry.Event; {
	case p.Err != nil:
		return p.Err
	case e.Index != g.next:
		return fmt.Errorf("%w of %s: event %d where %d was expected", domain.ErrGap, g.name, e.Index, g.next)
	case g.ledger() == nil:
		g.due = e.Time // something may be due: known once the ledger is read up
	default:
		if err := g.cacheEntry.Apply(e); err != nil {
			return err
		}
		g.due = g.ledger().State().NextDue(e.Time)
		if domain.TellsOthers(e.Data) {
			w.handOn(g)
		}
	}
	g.next++
	return nil
}

// stopGroup stops one group: its ledger is read up to here, and no longer written to.
func (w *writer) stopGroup(name string, why error) error {
	return w.stopGroupAt(w.group(name), w.stream.Next(name), why)
}

func (w *writer) stopGroupAt(g *group, at uint64, why error) error {
	g.stopped = &commit.Stopped{Group: g.name, At: at, Why: why, Unreliable: errors.As(why, new(*logs.Altered))}
	w.stream.Positions.Stop(g.stopped)
	g.cacheEntry.Pin()
	w.ledgers.Wake(g.name)
	said := []any{"group", g.name, "at", at, "why", why}
	if p := new(ledgers.Panicked); errors.As(why, &p) {
		said = append(said, "stack", p.Stack)
	}
	w.log.Error("group stopped", said...)
	return g.stopped
}

// noteCaughtUp closes caughtUp when the target is applied.
func (w *writer) noteCaughtUp() {
	if w.caughtUp != nil && w.applied >= w.target {
		w.compareRest()
		close(w.caughtUp)
		w.caughtUp = nil
		w.hearAll()
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

// An unfolded error says that the group's ledger must be read up first.
type unfolded struct{ group string }

func (u *unfolded) Error() string { return u.group + " is not folded" }

// takeFold puts a ledger that was read up into memory, unless events were recorded
// meanwhile. A ledger that couldn't be read up to its end stops its group.
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
	g.cacheEntry.Put(f.Ledger)
	state := f.Ledger.State()
	w.keys.NoteState(f.Group, state)
	if f.Err != nil {
		w.stopGroupAt(g, state.Next, f.Err)
	}
	g.due = state.NextDue(state.Last)
	w.handOn(g)
	if len(w.heard[g.name]) > 0 {
		g.due = state.Last // something may have been heard while it was not in memory
	}
	if w.caughtUp == nil && !w.importing && w.health.writeError() == nil {
		w.queueIfDue(g, w.clock())
	}
	w.ledgers.Evict()
	f.Answer(true)
}
