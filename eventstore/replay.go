package eventstore

import (
	"errors"

	"goldenthread/domain"
	"goldenthread/eventstore/logs"
)

// What the writer does before it has caught up with the stream.

// goOn has the writer go on from the mark: every ledger is still to be read up.
func (w *writer) goOn(m *logs.Mark) error {
	for name, events := range m.Groups {
		g := &group{name: name, next: events, cached: w.ledgers.Of(name)}
		if c := w.logs.Compare(name); c != nil && c.Signed() > events {
			if err := c.StartAt(int64(events)); err != nil {
				return err
			}
			g.against = c
		}
		w.groups[name] = g
		w.stream.Positions.Begin(name, events)
		w.ledgers.ReadUpSoon(name)
	}
	for _, person := range m.Erased {
		w.keys.NoteDestroyed(person)
	}
	w.applied, w.newest = m.Sequence, m.Newest
	w.stream.Applied.Store(m.Sequence)
	w.logs.StartAt(m)
	return nil
}

// compareRest gives, at the end of the replay, each group what the stream lacks
// at its end, and stops those that are not as they were signed.
func (w *writer) compareRest() {
	for _, name := range w.logs.Names() {
		g, why := w.group(name), w.logs.Stuck(name)
		if g.against == nil && g.next == 0 {
			if why != nil {
				w.log.Error("a log of which the stream knows nothing", "group", name, "error", why)
			}
			continue
		}
		if g.against != nil && why == nil {
			if rest := g.against.FromLog(g.next, g.against.Signed()); g.stopped == nil && len(rest) > 0 {
				w.told(w.applied, w.applyAll(g, w.applied, rest, nil))
			}
			why = g.against.Verdict()
		}
		g.against = nil
		if why != nil && g.stopped == nil && !w.lossAccepted(name, why) {
			if errors.As(why, new(*logs.Altered)) {
				w.stream.Positions.Forget(name)
			}
			w.stop(name, why)
		}
	}
}

// lossAccepted lets a group go on that lost what was signed, if the operator
// said so: the ledger will say it, and a new log begins.
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
	return w.queue.put(c)
}
