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

// A start reads a small stream whole, and compares it with the logs. Of a larger one it
// reads only the messages after a mark: a message up to which all events of all groups
// were signed for. Earlier events are read from the logs, proved. Whether the stream
// still has them is checked in the background (CheckCopies).
//
// A mark is not trusted: it is verified, and the whole stream is read if it doesn't
// verify.
const (
	MarkFile  = "mark.json" // in the folder of the logs
	markPause = 2 * time.Second
)

// A Mark is a message at which a start can begin.
type Mark struct {
	Created  time.Time         `json:"created"`  // of the stream
	Sequence uint64            `json:"sequence"` // of the message
	Commit   string            `json:"commit"`   // its id
	Newest   time.Time         `json:"newest"`   // recorded time of the newest event up to there
	Keys     []string          `json:"keys"`     // verifier keys that signed; a new one must be recorded in all ledgers
	Groups   map[string]uint64 `json:"groups"`   // their events up to there
	Erased   []string          `json:"erased"`   // persons whose keys were destroyed
}

// events is the number of events up to the mark.
func (m *Mark) events() (n uint64) {
	for _, events := range m.Groups {
		n += events
	}
	return n
}

// names are the verifier keys.
func (k signers) names() []string { return tilelog.VKeys(k, "") }

// writeMark writes the mark if all events up to it are signed for, and forgets where they
// are in the stream.
func (r *rounds) writeMark(ctx context.Context, m *Mark) {
	if r.stream.Positions.AnyStopped() || len(r.keyring.ErasuresLeft()) > 0 {
		return
	}
	for group, events := range m.Groups {
		if g := r.groupLog(group); g == nil || g.log == nil || uint64(g.log.Tree().N) < events {
			return
		}
	}
	at, err := r.stream.At(ctx, m.Sequence)
	if err != nil {
		return // the next mark will do
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

// noteMark is a mark for all that was added so far; nil if the last one is too recent. The
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

// ReadMark is the verified mark, if there are at least so many events before it; nil if
// the whole stream must be read. Last is the sequence of the stream's last message.
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
		g := l.groupLog(name)
		if g.stuck != nil || g.log == nil || uint64(g.log.Tree().N) < m.Groups[name] || m.Groups[name] == 0 && g.log.Tree().N > 0 || g.log.Intact() != nil {
			return nil
		}
	}
	for name := range m.Groups {
		if l.groupLog(name) == nil {
			return nil
		}
	}
	return m
}

// Marked is how many events each group's log in the data folder was signed for at least, by the last mark:
// a hint, since the mark is not verified. It is empty if there is no mark.
func Marked(dir string) map[string]uint64 {
	m := new(Mark)
	b, err := os.ReadFile(filepath.Join(dir, Folder, MarkFile))
	if err != nil || json.Unmarshal(b, m) != nil {
		return nil
	}
	return m.Groups
}

// StartAt notes that all events up to the mark were added.
func (l *Logs) StartAt(m *Mark) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sequence, l.newest = m.Sequence, m.Newest
}
