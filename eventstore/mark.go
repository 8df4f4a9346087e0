package eventstore

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"time"

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
func (l *Logs) keyNames() []string { return tilelog.VKeys(l.signers, "") }

// mark makes a mark, if all that was handed over by the time it was noted is
// signed for.
func (l *Logs) mark(ctx context.Context, m *mark) {
	if l.idle || l.stream.positions.anyStopped() || len(l.keyring.left()) > 0 {
		return
	}
	for group, events := range m.Groups {
		if g := l.group(group); g == nil || g.log == nil || uint64(g.log.Tree().N) < events {
			return
		}
	}
	ledger := l.stream.ledger
	at, err := ledger.GetMsg(ctx, m.Sequence)
	if err != nil {
		return // another time
	}
	m.Created, m.Commit = ledger.CachedInfo().Created, at.Header.Get(headerCommit)
	m.Keys, m.Erased = l.keyNames(), l.keyring.gone()
	b, err := json.Marshal(m)
	if err == nil {
		err = os.WriteFile(filepath.Join(l.stream.dir, logFolder, markFile+".new"), b, 0o600)
	}
	if err == nil {
		err = os.Rename(filepath.Join(l.stream.dir, logFolder, markFile+".new"), filepath.Join(l.stream.dir, logFolder, markFile))
	}
	if err != nil {
		l.log.Warn("a mark could not be made; the next start takes longer", "error", err)
		return
	}
	for group, events := range m.Groups {
		l.stream.positions.trim(group, events)
	}
}

// noteMark is what was handed over so far; nil if it is too early for a mark. The
// mutex is held.
func (l *Logs) noteMark(last bool) *mark {
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

// readMark is the mark from which a start can go on, if there are as many events
// before it at least; nil if the whole stream must be read, whose last message that is.
func (l *Logs) readMark(ctx context.Context, last, least uint64) *mark {
	if !l.kept() {
		return nil
	}
	ledger := l.stream.ledger
	b, err := os.ReadFile(filepath.Join(l.stream.dir, logFolder, markFile))
	m := new(mark)
	if err != nil || json.Unmarshal(b, m) != nil || m.Sequence == 0 || m.Sequence > last || m.events() < least {
		return nil
	}
	at, err := ledger.GetMsg(ctx, m.Sequence)
	if err != nil || at.Header.Get(headerCommit) != m.Commit || !ledger.CachedInfo().Created.Equal(m.Created) || !slices.Equal(m.Keys, l.keyNames()) {
		return nil
	}
	for _, name := range l.names() {
		g := l.group(name)
		if g.stuck != nil || g.log == nil || uint64(g.log.Tree().N) < m.Groups[name] || m.Groups[name] == 0 && g.log.Tree().N > 0 || g.log.Intact() != nil {
			return nil
		}
	}
	for name := range m.Groups {
		if l.group(name) == nil {
			return nil
		}
	}
	return m
}

// goOn has the writer go on from the mark: every ledger is still to be read up.
func (w *writer) goOn(m *mark) error {
	for name, events := range m.Groups {
		g := &group{name: name, next: events, cached: w.folds.ledgers.Of(name)}
		if c := w.logs.compare(name); c != nil && uint64(c.tree.N) > events {
			if err := c.from(int64(events)); err != nil {
				return err
			}
			g.against = c
		}
		w.groups[name] = g
		w.stream.positions.begin(name, events)
		w.folds.unreadNow(name)
	}
	for _, person := range m.Erased {
		w.keys.noteGone(person)
	}
	w.applied, w.newest = m.Sequence, m.Newest
	w.stream.applied.Store(m.Sequence)
	w.logs.begin(m)
	return nil
}

// begin says that the logs have everything up to the mark.
func (l *Logs) begin(m *mark) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sequence, l.newest = m.Sequence, m.Newest
}
