package tilelog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"path"
	"sync"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// CheckpointFile is the name of the file that makes a log: its signed size and root.
const CheckpointFile = "checkpoint"

var (
	// ErrNothingNew says that a checkpoint of that size, or of more, is
	// published already: a log never signs for less, or twice.
	ErrNothingNew = errors.New("the log has signed for that many entries already")
	// ErrForked says that a log holds another history than the one that was signed.
	ErrForked = errors.New("the log does not continue the one that was signed")
	// ErrUnwritten says that a file of a log could not be written: the disk is full, or read-only.
	ErrUnwritten = errors.New("a file of the log can't be written")
	// ErrNotInLog says that an index or a size is not covered by the checkpoint.
	ErrNotInLog = errors.New("the log is not that long")

	errEntry = errors.New("the entry is not the one that was signed")
)

// Damage is the exact place where a log is not what was signed.
type Damage struct {
	Path  string // of the file in the log's folder
	Index int64  // of the first entry that it concerns
	Why   error
}

func (d *Damage) Error() string { return fmt.Sprintf("%s, entry %d: %v", d.Path, d.Index, d.Why) }
func (d *Damage) Unwrap() error { return d.Why }

// A Log is one log on disk. Reading is safe for concurrent use, and beside the
// one goroutine that lets it grow.
type Log struct {
	folder  *Folder
	name    string
	origin  string
	vkeys   []string
	signers []note.Signer
	files   *Files
	written tlog.Tree // whose files are written

	// OnDamage is called whenever a reader meets damage; to be set before anybody reads.
	OnDamage func()

	mu     sync.Mutex
	signed torchwood.Checkpoint // as published
	note   []byte
}

// Open opens the log of that name in the folder as it was when the checkpoint
// was signed, which comes from there (Folder.Checkpoint) or from elsewhere, and
// is put there then; with none the log begins anew. All keys sign; the
// checkpoint must be signed by one of them. Whether the files are what was
// signed is looked at when they are used: Intact, Verify.
func Open(f *Folder, name, origin string, keys []Key, signed []byte) (*Log, error) {
	l := &Log{folder: f, name: name, origin: origin, vkeys: VKeys(keys, origin), files: OpenFiles(f.path(name))}
	for _, k := range keys {
		s, err := k.signer(origin)
		if err != nil {
			return nil, err
		}
		l.signers = append(l.signers, s)
	}
	var err error
	if signed == nil {
		l.written, err = new(builder).tree()
		return l, err
	}
	if l.signed, err = OpenCheckpoint(signed, origin, l.vkeys); err != nil {
		return nil, &Damage{CheckpointFile, 0, err}
	}
	l.note, l.written = signed, l.signed.Tree
	if there, err := f.Checkpoint(name); err == nil && bytes.Equal(there, signed) {
		return l, nil
	}
	return l, l.folder.replace(path.Join(l.name, CheckpointFile), signed)
}

// Intact says whether the log can go on from its checkpoint: the right edge of
// the tree makes up the root.
func (l *Log) Intact() error {
	_, err := resume(l.written, l.files.read)
	return err
}

// Origin is the name that the checkpoints bear.
func (l *Log) Origin() string { return l.origin }

// VKeys are the verifier keys of those that sign.
func (l *Log) VKeys() []string { return l.vkeys }

// Tree is the size and root that were signed and published last.
func (l *Log) Tree() tlog.Tree {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.signed.Tree
}

// Checkpoint is what was published last, as signed; nil while there is none.
func (l *Log) Checkpoint() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.note
}

// Written is how many entries the log's files hold, signed for or not.
func (l *Log) Written() int64 { return l.written.N }

// Append writes the files of more entries. They count once they are signed
// for. What can't be read back as it was signed is *Damage, or an error that
// says only that something is: Verify finds the place.
func (l *Log) Append(entries [][]byte) error {
	b, err := resume(l.written, l.files.read)
	if err != nil {
		return err
	}
	b.put = l.put
	for _, e := range entries {
		if err := b.add(e); err != nil {
			return err
		}
	}
	if err := b.finish(); err != nil {
		return err
	}
	tree, err := b.tree()
	if err == nil {
		l.written = tree
	}
	return err
}

func (l *Log) put(t tlog.Tile, data []byte) error {
	return l.folder.write(path.Join(l.name, torchwood.TilePath(t)), data)
}

// Sign is the checkpoint for all that was appended. Sync comes before, and
// Publish after; nobody else may see it before it is sure that nobody has
// signed another history.
func (l *Log) Sign() ([]byte, error) {
	if l.written.N <= l.Tree().N {
		return nil, ErrNothingNew
	}
	c := torchwood.Checkpoint{Origin: l.origin, Tree: l.written}
	return note.Sign(&note.Note{Text: c.String()}, l.signers...)
}

// SignText is the text, whose last line is ended, as a note signed with the log's keys
// (c2sp.org/signed-note). What begins as a checkpoint of the log does is refused.
func (l *Log) SignText(text string) ([]byte, error) {
	if OriginOf([]byte(text)) == l.origin {
		return nil, errors.New("a text that begins as a checkpoint does is not signed")
	}
	return note.Sign(&note.Note{Text: text}, l.signers...)
}

// Publish puts the checkpoint in its place, if it is for exactly what was
// appended: it may come from another holder of the keys.
func (l *Log) Publish(signed []byte) error {
	c, err := OpenCheckpoint(signed, l.origin, l.vkeys)
	switch {
	case err != nil:
		return err
	case c.N <= l.Tree().N:
		return ErrNothingNew
	case c.Tree != l.written:
		return ErrForked
	}
	before := l.Tree().N
	if err := l.folder.replace(path.Join(l.name, CheckpointFile), signed); err != nil {
		return err
	}
	l.mu.Lock()
	l.signed, l.note = c, signed
	l.mu.Unlock()
	return l.tidy(before)
}

// tidy removes the partial tiles and bundles of the tree of that size which are
// full by now. What a crash leaves of them does no harm.
func (l *Log) tidy(before int64) error {
	now := l.Tree().N
	for _, t := range edge(before) {
		if level := max(t.L, 0); (t.N+1)*width<<(torchwood.TileHeight*level) <= now {
			dir := path.Dir(torchwood.TilePath(t))
			if err := l.folder.remove(path.Join(l.name, dir)); err != nil {
				return err
			}
		}
	}
	return nil
}

// Extends proves that the log, as far as it is written, continues the one that
// the checkpoint was signed for; ErrNotInLog if it is shorter, ErrForked if it
// is another.
func (l *Log) Extends(c torchwood.Checkpoint) error {
	if c.N > l.written.N {
		return ErrNotInLog
	}
	root, err := tlog.TreeHash(c.N, l.hashes(l.written))
	if err == nil && root != c.Hash {
		err = ErrForked
	}
	return err
}

// Rebuild writes anew those files of the log, up to its checkpoint, which are
// not what they must be, and names them. The entries come from elsewhere, twice:
// they are proved against the root before anything is written (ErrForked). If that
// can't be done now, the error is ErrUnwritten. What was appended beyond the
// checkpoint is forgotten. It belongs to the goroutine that lets the log grow.
func (l *Log) Rebuild(entries iter.Seq2[[]byte, error]) (mended []string, err error) {
	tree, signed := l.Tree(), l.Checkpoint()
	if signed == nil {
		return nil, ErrNotInLog
	}
	if err := l.replay(tree, entries, func(tlog.Tile, []byte) error { return nil }); err != nil {
		return nil, err
	}
	err = l.replay(tree, entries, func(t tlog.Tile, data []byte) error {
		name := torchwood.TilePath(t)
		if got, err := l.files.ReadEndpoint(context.Background(), name); err == nil && bytes.Equal(got, data) {
			return nil
		}
		mended = append(mended, name)
		return unwritten(l.folder.replace(path.Join(l.name, name), data))
	})
	if err == nil {
		err = l.mendPartials(tree, &mended)
	}
	if there, unread := l.folder.Checkpoint(l.name); err == nil && (unread != nil || !bytes.Equal(there, signed)) {
		mended = append(mended, CheckpointFile)
		err = unwritten(l.folder.replace(path.Join(l.name, CheckpointFile), signed))
	}
	l.written = tree
	return mended, errors.Join(err, unwritten(l.folder.Sync()))
}

// unwritten is the error of a write, which tells nothing of what the log holds.
func unwritten(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrUnwritten, err)
}

// replay builds the tree from the entries and holds it against the root.
func (l *Log) replay(tree tlog.Tree, entries iter.Seq2[[]byte, error], put func(tlog.Tile, []byte) error) error {
	b := &builder{put: put}
	for e, err := range entries {
		if err == nil {
			err = b.add(e)
		}
		if err != nil {
			return err
		}
		if b.n == tree.N {
			break
		}
	}
	built, err := b.tree()
	switch {
	case err != nil:
		return err
	case built.N < tree.N:
		return ErrNotInLog
	case built != tree:
		return ErrForked
	}
	return b.finish()
}

// mendPartials mends the partial tiles and bundles that earlier checkpoints
// point to: each is the beginning of the present one.
func (l *Log) mendPartials(tree tlog.Tree, mended *[]string) error {
	bad, err := l.badPartials(tree)
	for _, t := range bad {
		if err == nil {
			err = unwritten(l.folder.remove(path.Join(l.name, torchwood.TilePath(t))))
		}
		*mended = append(*mended, torchwood.TilePath(t))
	}
	return err
}

// Verify checks the whole log here, as the function does, and also the partial
// tiles and bundles to which earlier checkpoints point. While the log grows, what
// it outgrows is tidied away: what seems wrong then is looked at again.
func (l *Log) Verify(ctx context.Context) (*Report, error) {
	for try := 1; ; try++ {
		before := l.Tree()
		r, err := l.verify(ctx, before)
		if err == nil && r.Err() == nil || l.Tree() == before || try == verifyTries || ctx.Err() != nil {
			return r, err
		}
	}
}

// verifyTries is how often a log that grows meanwhile is looked at.
const verifyTries = 20

func (l *Log) verify(ctx context.Context, before tlog.Tree) (*Report, error) {
	r, err := Verify(ctx, l.files, l.origin, l.vkeys, nil)
	if err != nil || r.Err() != nil {
		return r, err
	}
	if r.Checkpoint.N < before.N {
		r.Damage = append(r.Damage, &Damage{CheckpointFile, 0, errors.New("it is not the one that was signed last")})
	}
	bad, err := l.badPartials(r.Checkpoint.Tree)
	for _, t := range bad {
		r.Damage = append(r.Damage, &Damage{torchwood.TilePath(t), firstOf(t), errors.New("it is not the beginning of the present one")})
	}
	return r, err
}

// badPartials are the partial tiles and bundles of earlier checkpoints which
// are not the beginning of the present ones. Without them, they are cut from
// those. What the log has outgrown meanwhile is tidied away, and not looked at.
func (l *Log) badPartials(tree tlog.Tree) ([]tlog.Tile, error) {
	var bad []tlog.Tile
	for _, t := range edge(tree.N) {
		now, err := l.files.read(t)
		if err != nil {
			return bad, err
		}
		dir := path.Dir(torchwood.TilePath(t))
		names, err := fs.ReadDir(l.files.fs, dir)
		if errors.Is(err, fs.ErrNotExist) && l.Tree() != tree {
			continue
		}
		if err != nil {
			return bad, err
		}
		for _, e := range names {
			earlier, err := torchwood.ParseTilePath(path.Join(dir, e.Name()))
			if err != nil || earlier.W >= t.W {
				continue // nothing points to it
			}
			want, err := cutTile(earlier, now)
			if err != nil {
				return bad, err
			}
			if got, err := l.files.ReadEndpoint(context.Background(), torchwood.TilePath(earlier)); err != nil || !bytes.Equal(got, want) {
				bad = append(bad, earlier)
			}
		}
	}
	return bad, nil
}

// SetAside renames the log, for whoever must begin a new one under another
// origin. This Log must not be used any more.
func (l *Log) SetAside(as string) error {
	return l.folder.Disk.Rename(l.folder.path(l.name), l.folder.path(as))
}
