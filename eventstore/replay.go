package eventstore

import (
	"errors"

	"goldenthread/domain"
	"goldenthread/eventstore/logs"
)

// What the writer does before it has caught up with the stream.

// continueFromMark starts the writer at the mark. No ledger is in memory then: all are
// read up beside its work.
func (w *writer) continueFromMark(m *logs.Mark) error {
	for name, events := range m.Groups {
		g := &group{name: name, next: events, cacheEntry: w.ledgers.Of(name)}
		if c := w.logs.Compare(name); c != nil && c.Signed() > events {
			if err := c.StartAt(int64(events)); err != nil {
				return err
			}
			g.comparison = c
		}
		w.groups[name] = g
		w.stream.Positions.Begin(name, events)
		w.ledgers.ReadUpSoon(name)
	}
	for _, person := range m.Erased {
		w.keys.NoteDestroyed(person)
	}
	w.applied = m.Sequence
	w.times.note(m.Newest)
	w.stream.Applied.Store(m.Sequence)
	w.logs.StartAt(m)
	return nil
}

// compareRest ends the replay. It applies events that only the log still has, and stops
// the groups whose events are not those that were signed, and those of which a witness, or
// what lies in the log's folder, shows more than there is. Nothing was recorded before.
func (w *writer) compareRest() {
	w.logs.AskWitnesses(w.health.life)
	for _, name := range w.logs.Names() {
		g, why := w.group(name), w.logs.Stuck(name)
		if g.comparison == nil && g.next == 0 {
			if why != nil {
				w.log.Error("a log of which the stream knows nothing", "group", name, "error", why)
			}
			continue
		}
		if g.comparison != nil && why == nil {
			if rest := g.comparison.FromLog(g.next, g.comparison.Signed()); g.stopped == nil && len(rest) > 0 {
				w.notifyFollowers(w.applied, w.applyLines(g, w.applied, rest, nil))
			}
			why = g.comparison.Verdict()
		}
		g.comparison = nil
		if why == nil && g.stopped == nil {
			why = w.logs.SetBack(name, g.next)
		}
		if why != nil && g.stopped == nil && !w.lossAccepted(name, why) {
			if errors.As(why, new(*logs.Altered)) {
				w.stream.Positions.Forget(name)
			}
			w.stopGroup(name, why)
		}
	}
}

// lossAccepted lets a group that lost signed events go on, if the operator accepts the
// loss: a new log begins, and the ledger records that. It says whether the group goes on.
func (w *writer) lossAccepted(name string, why error) bool {
	var loss *logs.Loss
	if !w.acceptLoss || !errors.As(why, &loss) || loss.Left == 0 {
		return false
	}
	e, err := w.logs.Restart(name, loss)
	if err != nil {
		w.log.Error("a new log can't begin", "group", name, "error", err)
		return false
	}
	c := newCall(domain.Request{Group: name})
	c.log = func(*domain.State) domain.LogEvent { return e }
	return w.queue.add(c)
}
