package logs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"

	"goldenthread/domain"
	"goldenthread/eventstore/commit"
	"goldenthread/eventstore/tilelog"
)

// Rules kept here: L1, L9. While the stream is replayed at start, every line for which a
// checkpoint was signed is compared with the group's log before it is applied: a server
// that recovers from damage may skip a message, or cut the stream short, without an error.
// Lines that the stream lacks, or has changed, are taken from the log, proved. The group
// can then be read, but not written to until the stream is repaired. At an event that
// neither has, the group stops.

// A Comparison compares one group's lines with its log.
type Comparison struct {
	log        *tilelog.Log
	tree       tlog.Tree
	seen       tilelog.Compact // the tree of what was applied
	leaves     []tlog.Hash     // leaf hashes of the bundle that is compared
	first      int64           // index of its first entry
	unreadable error           // why the log's tiles can't be used
	indexes    []uint64        // indexes of the lines that were taken from the log
}

// Compare is a comparison with the group's log; nil if nothing was signed.
func (l *Logs) Compare(name string) *Comparison {
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.groups[name]
	if g == nil || g.log == nil || g.log.Tree().N == 0 {
		return nil
	}
	return &Comparison{log: g.log, tree: g.log.Tree()}
}

// Signed is how many events were signed for.
func (c *Comparison) Signed() uint64 { return uint64(c.tree.N) }

// StartAt begins the comparison at the index. The events before it count as equal.
func (c *Comparison) StartAt(index int64) (err error) {
	c.seen, err = c.log.CompactAt(index)
	return err
}

// leaf is the signed hash of the entry at the index; false if the log can't be read there.
func (c *Comparison) leaf(index int64) (tlog.Hash, bool) {
	if c.unreadable != nil {
		return tlog.Hash{}, false
	}
	if c.leaves == nil || index < c.first || index >= c.first+int64(len(c.leaves)) {
		c.first = index - index%torchwood.TileWidth
		if c.leaves, c.unreadable = c.log.Leaves(c.first); c.unreadable != nil {
			return tlog.Hash{}, false
		}
	}
	return c.leaves[index-c.first], true
}

// Resolve returns the lines to apply when the stream delivers p and the ledger's next
// index is next: lines that the stream lacks before p, then p, or the log's line instead
// of p if that was signed.
func (c *Comparison) Resolve(next uint64, p commit.Piece) []commit.Piece {
	if next >= uint64(c.tree.N) {
		return []commit.Piece{p}
	}
	pieces := c.FromLog(next, min(p.Index, uint64(c.tree.N)))
	if p.Index < next || p.Index >= uint64(c.tree.N) {
		return append(pieces, p)
	}
	hash := tlog.RecordHash(p.Entry.Line)
	if leaf, ok := c.leaf(int64(p.Index)); ok && leaf != hash {
		if instead := c.FromLog(p.Index, p.Index+1); len(instead) > 0 {
			return append(pieces, instead...)
		}
		p.Err = errors.New("the line is not the one that was signed, and its log has it no more")
	}
	c.seen.Add(hash)
	return append(pieces, p)
}

// FromLog reads lines from the log, as far as it has them.
func (c *Comparison) FromLog(from, to uint64) []commit.Piece {
	var pieces []commit.Piece
	if from >= to {
		return nil
	}
	for line, err := range c.log.Entries(int64(from), int64(to)) {
		if err != nil {
			c.unreadable = err
			break
		}
		index := from + uint64(len(pieces))
		p := commit.Piece{Index: index, FromLog: true, Entry: commit.Entry{Line: line}}
		if p.Entry.Event, p.Err = commit.Decode(line); p.Err == nil {
			p.Group = p.Entry.Event.Group
		}
		c.seen.Add(tlog.RecordHash(line))
		c.indexes = append(c.indexes, index)
		pieces = append(pieces, p)
	}
	return pieces
}

// Verdict is why the group can't be written to, once everything is applied: *Loss,
// *Altered, *Mendable, or nil if everything is as it was signed. If the log's files could
// not be opened since too many are open, it is that, and says nothing about the log.
func (c *Comparison) Verdict() error {
	if tilelog.OutOfFiles(c.unreadable) {
		return c.unreadable
	}
	switch seen := c.seen.Tree(); {
	case seen.N < c.tree.N:
		return &Loss{Signed: uint64(c.tree.N), Left: uint64(seen.N), Why: c.damage()}
	case seen != c.tree:
		return &Altered{c.damage()}
	case len(c.indexes) > 0:
		return &Mendable{Indexes: c.indexes}
	}
	return nil
}

// damage is the exact place at which the log can't be used.
func (c *Comparison) damage() error {
	r, err := c.log.Verify(context.Background())
	if err == nil {
		err = r.Err()
	}
	return cmp.Or(err, c.unreadable)
}

// Mendable says that the stream lacks events of a group, or has other ones, and
// that the group's log has them: it can be read, and Repair mends it.
type Mendable struct {
	Indexes []uint64 // of the events
}

func (m *Mendable) Error() string {
	return fmt.Sprintf("the stream no longer has %d of its events as they were signed, the first is event %d; they are read from its log, and repair writes them back",
		len(m.Indexes), m.Indexes[0])
}

// Loss says that a group's history is shorter than was signed, and that the rest
// is not in its log either.
type Loss struct {
	Signed, Left uint64 // events that were signed for, and that are left
	Why          error  // why the log has it no more
	Elsewhere    bool   // that they were signed for is known from somewhere else than the newest checkpoint here
}

func (l *Loss) Error() string {
	if l.Elsewhere {
		return fmt.Sprintf("%v, and %d events are here: this folder, or a part of it, was set back to an earlier day. Nothing is recorded for this group. Restore a backup that has them, or accept the loss",
			l.Why, l.Left)
	}
	return fmt.Sprintf("%d events were signed for and %d are left; the log has no event %d either (%v); restore a backup that has them, or accept the loss",
		l.Signed, l.Left, l.Left, l.Why)
}

// Unwrap gives out what is wrong with the log.
func (l *Loss) Unwrap() error { return l.Why }

// Altered says that a group's events are not those that were signed, and that
// its log can't be used to tell which: nothing of it can be relied on.
type Altered struct {
	Why error // why the log can't be used
}

func (a *Altered) Error() string {
	return fmt.Sprintf("its events are not those that were signed, and its log is damaged too (%v): restore a backup", a.Why)
}

// Unwrap gives out what is wrong with the log.
func (a *Altered) Unwrap() error { return a.Why }

// LostSuffix is in the name of the folder of a log that was given up, between the group's name and
// how many events were signed for.
const LostSuffix = ".lost-"

// Restart sets a group's log aside and begins a new one under another origin. It returns
// the event that records this. If the process ends before that event is signed for, the
// bucket still has the old checkpoint: the loss is found again and must be accepted
// again.
func (l *Logs) Restart(name string, loss *Loss) (*domain.LogRestarted, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.groups[name]
	old := g.log.Tree()
	e := &domain.LogRestarted{
		Origin: nextOrigin(l.signers.base(name), g.log.Origin()), Was: g.log.Origin(),
		Signed: loss.Signed, Root: old.Hash.String(), Left: loss.Left,
	}
	if loss.Elsewhere {
		e.Root = "" // it is not known here
	}
	if err := g.log.SetAside(fmt.Sprintf("%s%s%d", name, LostSuffix, loss.Signed)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	log, err := tilelog.Open(l.folder, name, e.Origin, l.signers, nil)
	if err != nil {
		return nil, err
	}
	g.log, g.from, g.lines, g.handed = log, loss.Left, nil, loss.Left
	l.grown[name] = g
	l.witnesses.forget(name)
	l.wakeRounds()
	return e, nil
}
