package eventstore

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"goldenthread/eventstore/tilelog"
)

// A start reads the whole stream and holds it against the logs, if that takes a
// few seconds. Of a larger one it reads what came after a mark: a message up to
// which the logs of all groups were signed for everything there is. What came
// before lies in the logs, proved; that the stream has the same is looked at
// beside the work (CheckCopies).
//
// The mark is made now and then, after the logs. It says nothing that isn't
// looked at: of which stream it is, which message, how much is signed. If any of
// it is not so, or there is no mark, the whole stream is read.
const (
	markFile  = "mark.json" // in the folder of the logs
	markPause = 2 * time.Second

	// readWhole is how many events a start reads from the beginning.
	readWhole = 500_000
)

// A mark is where a start can go on.
type mark struct {
	Created  time.Time         `json:"created"`  // of the stream
	Sequence uint64            `json:"sequence"` // of the message
	Commit   string            `json:"commit"`   // its id
	Newest   time.Time         `json:"newest"`   // recorded time of the newest event up to there
	Keys     []string          `json:"keys"`     // that signed: another has to be said in the ledgers
	Groups   map[string]uint64 `json:"groups"`   // their events up to there
	Erased   []string          `json:"erased"`   // persons whose keys were destroyed
}

// events is how many there are up to the mark.
func (m *mark) events() (n uint64) {
	for _, events := range m.Groups {
		n += events
	}
	return n
}

// keyNames tell the keys that sign.
func (l *logs) keyNames() []string { return tilelog.VKeys(l.keys, "") }

// mark makes a mark, if all that was handed over by the time it was noted is
// signed for.
func (l *logs) mark(ctx context.Context, m *mark) {
	if l.store.idle || l.store.places.anyStopped() || len(l.store.keys.left()) > 0 {
		return
	}
	for group, events := range m.Groups {
		if g := l.group(group); g == nil || g.log == nil || uint64(g.log.Tree().N) < events {
			return
		}
	}
	ledger := l.store.appender.ledger
	at, err := ledger.GetMsg(ctx, m.Sequence)
	if err != nil {
		return // another time
	}
	m.Created, m.Commit = ledger.CachedInfo().Created, at.Header.Get(headerCommit)
	m.Keys, m.Erased = l.keyNames(), l.store.keys.gone()
	b, err := json.Marshal(m)
	if err == nil {
		err = os.WriteFile(filepath.Join(l.store.dir, logFolder, markFile+".new"), b, 0o600)
	}
	if err == nil {
		err = os.Rename(filepath.Join(l.store.dir, logFolder, markFile+".new"), filepath.Join(l.store.dir, logFolder, markFile))
	}
	if err != nil {
		l.log.Warn("a mark could not be made; the next start takes longer", "error", err)
		return
	}
	for group, events := range m.Groups {
		l.store.places.trim(group, events)
	}
}

// noteMark is what was handed over so far; nil if it is too early for a mark. The
// mutex is held.
func (l *logs) noteMark(last bool) *mark {
	if l.sequence == 0 || !last && time.Since(l.marked) < markPause {
		return nil
	}
	l.marked = time.Now()
	m := &mark{Sequence: l.sequence, Newest: l.newest, Groups: map[string]uint64{}}
	for name, g := range l.groups {
		if g.handed > 0 {
			m.Groups[name] = g.handed
		}
	}
	return m
}

// readMark is the mark from which this start can go on; nil if it must read the
// whole stream.
func (s *Store) readMark(ctx context.Context, ledger jetstream.Stream, last uint64, o *Options) *mark {
	if s.logs == nil || o.Whole || o.AcceptLoss || o.importing || s.broken() != nil {
		return nil
	}
	b, err := os.ReadFile(filepath.Join(s.dir, logFolder, markFile))
	m := new(mark)
	if err != nil || json.Unmarshal(b, m) != nil || m.Sequence == 0 || m.Sequence > last || m.events() < s.readWhole {
		return nil
	}
	at, err := ledger.GetMsg(ctx, m.Sequence)
	if err != nil || at.Header.Get(headerCommit) != m.Commit || !ledger.CachedInfo().Created.Equal(m.Created) || !slices.Equal(m.Keys, s.logs.keyNames()) {
		return nil
	}
	for _, name := range s.logs.names() {
		g := s.logs.group(name)
		if g.stuck != nil || g.log == nil || uint64(g.log.Tree().N) < m.Groups[name] || m.Groups[name] == 0 && g.log.Tree().N > 0 || g.log.Intact() != nil {
			return nil
		}
	}
	for name := range m.Groups {
		if s.logs.group(name) == nil {
			return nil
		}
	}
	return m
}

// goOn has the writer go on from the mark: every ledger is still to be read up.
func (w *writer) goOn(m *mark) error {
	for name, events := range m.Groups {
		g := &group{name: name, next: events, cached: w.store.ledgers.Of(name)}
		if c := w.store.logs.compare(name); c != nil && uint64(c.tree.N) > events {
			if err := c.from(int64(events)); err != nil {
				return err
			}
			g.against = c
		}
		w.groups[name] = g
		w.store.places.begin(name, events)
		w.store.folds.unreadNow(name)
	}
	for _, person := range m.Erased {
		w.store.keys.noteGone(person)
	}
	w.applied, w.newest, w.store.started = m.Sequence, m.Newest, m.Sequence
	w.store.applied.Store(m.Sequence)
	w.store.logs.begin(m)
	return nil
}

// begin says that the logs have everything up to the mark.
func (l *logs) begin(m *mark) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sequence, l.newest = m.Sequence, m.Newest
}
