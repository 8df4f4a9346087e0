package logs

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"time"

	"goldenthread/eventstore/commit"
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
	MarkFile  = "mark.json" // in the folder of the logs
	markPause = 2 * time.Second
)

// A Mark is where a start can go on.
type Mark struct {
	Created  time.Time         `json:"created"`  // of the stream
	Sequence uint64            `json:"sequence"` // of the message
	Commit   string            `json:"commit"`   // its id
	Newest   time.Time         `json:"newest"`   // recorded time of the newest event up to there
	Keys     []string          `json:"keys"`     // that signed: another has to be said in the ledgers
	Groups   map[string]uint64 `json:"groups"`   // their events up to there
	Erased   []string          `json:"erased"`   // persons whose keys were destroyed
}

// events is how many there are up to the mark.
func (m *Mark) events() (n uint64) {
	for _, events := range m.Groups {
		n += events
	}
	return n
}

// names tell the keys that sign.
func (k signers) names() []string { return tilelog.VKeys(k, "") }

// mark makes a mark, if all that was handed over by the time it was noted is
// signed for.
func (r *rounds) mark(ctx context.Context, m *Mark) {
	if r.stream.Positions.AnyStopped() || len(r.keyring.ErasuresLeft()) > 0 {
		return
	}
	for group, events := range m.Groups {
		if g := r.group(group); g == nil || g.log == nil || uint64(g.log.Tree().N) < events {
			return
		}
	}
	at, err := r.stream.At(ctx, m.Sequence)
	if err != nil {
		return // another time
	}
	m.Created, m.Commit = r.stream.Created(), at.Header.Get(commit.HeaderCommit)
	m.Keys, m.Erased = r.signers.names(), r.keyring.Destroyed()
	b, err := json.Marshal(m)
	if err == nil {
		err = os.WriteFile(filepath.Join(r.stream.Dir, Folder, MarkFile+".new"), b, 0o600)
	}
	if err == nil {
		err = os.Rename(filepath.Join(r.stream.Dir, Folder, MarkFile+".new"), filepath.Join(r.stream.Dir, Folder, MarkFile))
	}
	if err != nil {
		r.log.Warn("a mark could not be made; the next start takes longer", "error", err)
		return
	}
	for group, events := range m.Groups {
		r.stream.Positions.Trim(group, events)
	}
}

// noteMark is what was handed over so far; nil if it is too early for a mark. The
// mutex is held.
func (r *rounds) noteMark(last bool) *Mark {
	if r.sequence == 0 || !last && time.Since(r.marked) < markPause {
		return nil
	}
	r.marked = time.Now()
	m := &Mark{Sequence: r.sequence, Newest: r.newest, Groups: map[string]uint64{}}
	for name, g := range r.groups {
		if g.handed > 0 {
			m.Groups[name] = g.handed
		}
	}
	return m
}

// ReadMark is the mark from which a start can go on, if there are as many events
// before it at least; nil if the whole stream must be read, whose last message that is.
func (l *Logs) ReadMark(ctx context.Context, last, least uint64) *Mark {
	if !l.Signs() {
		return nil
	}
	b, err := os.ReadFile(filepath.Join(l.stream.Dir, Folder, MarkFile))
	m := new(Mark)
	if err != nil || json.Unmarshal(b, m) != nil || m.Sequence == 0 || m.Sequence > last || m.events() < least {
		return nil
	}
	at, err := l.stream.At(ctx, m.Sequence)
	if err != nil || at.Header.Get(commit.HeaderCommit) != m.Commit || !l.stream.Created().Equal(m.Created) || !slices.Equal(m.Keys, l.signers.names()) {
		return nil
	}
	for _, name := range l.Names() {
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

// StartAt says that the logs have everything up to the mark.
func (l *Logs) StartAt(m *Mark) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sequence, l.newest = m.Sequence, m.Newest
}
