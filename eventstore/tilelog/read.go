package tilelog

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"syscall"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"
)

// Files are a log's files, read as torchwood.TileReader. A partial tile or
// bundle that is no longer there is cut from the full one.
type Files struct {
	*torchwood.TileFS
	fs fs.FS
}

// OpenFiles reads the files below the folder.
func OpenFiles(dir string) *Files { return FilesOf(os.DirFS(dir)) }

// FilesOf reads the files of a file system.
func FilesOf(f fs.FS) *Files {
	t, err := torchwood.NewTileFS(f)
	if err != nil {
		panic("tilelog: no option can fail: " + err.Error())
	}
	return &Files{t, f}
}

// ReadTiles implements torchwood.TileReader.
func (f *Files) ReadTiles(_ context.Context, tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, t := range tiles {
		var err error
		if data[i], err = f.read(t); err != nil {
			return nil, err
		}
	}
	return data, nil
}

// OutOfFiles says whether the error is that this process, or this machine, can open no more
// files. That says nothing about the file, which is there as it was.
func OutOfFiles(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

// read is a tile or bundle; *Damage if it can't be read, unless no file can be opened now.
func (f *Files) read(t tlog.Tile) ([]byte, error) {
	data, err := fs.ReadFile(f.fs, torchwood.TilePath(t))
	if errors.Is(err, fs.ErrNotExist) && t.W < width {
		whole := t
		whole.W = width
		if data, err = fs.ReadFile(f.fs, torchwood.TilePath(whole)); err == nil {
			data, err = cutTile(t, data)
		}
	}
	if OutOfFiles(err) {
		return nil, err
	}
	if err != nil {
		return nil, &Damage{torchwood.TilePath(t), firstOf(t), err}
	}
	return data, nil
}

// firstOf is the first entry that a tile or bundle concerns.
func firstOf(t tlog.Tile) int64 { return t.N * width << (torchwood.TileHeight * max(t.L, 0)) }

// cutTile is the beginning of a tile or bundle that is as long or longer.
func cutTile(t tlog.Tile, data []byte) ([]byte, error) {
	if t.L >= 0 {
		if len(data) < t.W*tlog.HashSize {
			return nil, errors.New("it is too short")
		}
		return data[:t.W*tlog.HashSize], nil
	}
	rest := data
	for range t.W {
		var err error
		if _, rest, err = torchwood.ReadTileEntry(rest); err != nil {
			return nil, err
		}
	}
	return data[:len(data)-len(rest)], nil
}

func (l *Log) hashes(tree tlog.Tree) tlog.HashReader {
	return torchwood.TileHashReaderWithContext(context.Background(), tree, l.files)
}

// File is the bytes of a tile or bundle that the checkpoint covers, proved, and whether they
// will never change; ErrNotInLog if it does not cover it.
func (l *Log) File(t tlog.Tile) (data []byte, full bool, err error) {
	tree := l.Tree()
	size := tree.N >> (torchwood.TileHeight * max(t.L, 0))
	if t.H != torchwood.TileHeight || t.L > 6 || t.N < 0 || t.W < 1 || t.W > width || t.N > size/width || t.N*width+int64(t.W) > size {
		return nil, false, ErrNotInLog
	}
	if t.L < 0 {
		data, err = l.bundle(tree, t)
	} else {
		data, err = l.tile(tree, t)
	}
	return data, t.W == width, l.asDamage(firstOf(t), err)
}

func (l *Log) bundle(tree tlog.Tree, t tlog.Tile) (data []byte, err error) {
	entries, err := l.proved(tree, t.N*width)
	if err != nil {
		return nil, err
	}
	for _, e := range entries[:t.W] {
		if data, err = torchwood.AppendTileEntry(data, e); err != nil {
			return nil, err
		}
	}
	return data, nil
}

func (l *Log) tile(tree tlog.Tree, t tlog.Tile) (data []byte, err error) {
	indexes := make([]int64, t.W)
	for i := range indexes {
		indexes[i] = tlog.StoredHashIndex(torchwood.TileHeight*t.L, t.N*width+int64(i))
	}
	hashes, err := l.hashes(tree).ReadHashes(indexes)
	for _, h := range hashes {
		data = append(data, h[:]...)
	}
	return data, err
}

// ProveInclusion proves the entry at the index in the tree of that size.
func (l *Log) ProveInclusion(index, size int64) (tlog.RecordProof, error) {
	tree := l.Tree()
	if size > tree.N || index < 0 || index >= size {
		return nil, ErrNotInLog
	}
	p, err := tlog.ProveRecord(size, index, l.hashes(tree))
	return p, l.asDamage(index, err)
}

// ProveConsistency proves that the tree of the new size continues the one of
// the old.
func (l *Log) ProveConsistency(old, size int64) (tlog.TreeProof, error) {
	tree := l.Tree()
	if size > tree.N || old < 1 || old > size {
		return nil, ErrNotInLog
	}
	p, err := tlog.ProveTree(size, old, l.hashes(tree))
	return p, l.asDamage(old, err)
}

// RootAt is the root of the first entries, as many as size says.
func (l *Log) RootAt(size int64) (tlog.Hash, error) {
	tree := l.Tree()
	if size < 0 || size > tree.N {
		return tlog.Hash{}, ErrNotInLog
	}
	h, err := tlog.TreeHash(size, l.hashes(tree))
	return h, l.asDamage(0, err)
}

// Proof is the entry at the index, and its proof against the last checkpoint as
// c2sp.org/tlog-proof@v1 writes it.
func (l *Log) Proof(index int64) (entry, proof []byte, err error) {
	l.mu.Lock()
	tree, signed := l.signed.Tree, l.note
	l.mu.Unlock()
	if index < 0 || index >= tree.N {
		return nil, nil, ErrNotInLog
	}
	for entry, err = range l.Entries(index, index+1) {
		if err != nil {
			return nil, nil, err
		}
	}
	p, err := tlog.ProveRecord(tree.N, index, l.hashes(tree))
	if err != nil {
		return nil, nil, l.asDamage(index, err)
	}
	return entry, torchwood.FormatProof(index, p, signed), nil
}

// asDamage says of hashes that are not under the root what they are: damage of a tile. Whoever
// mends the log hears of it.
func (l *Log) asDamage(index int64, err error) error {
	if err == nil || OutOfFiles(err) {
		return err
	}
	if !errors.As(err, new(*Damage)) {
		err = &Damage{"a tile of hashes", index, err}
	}
	if l.OnDamage != nil {
		l.OnDamage()
	}
	return err
}

// Leaves are the hashes of the entries of the bundle that begins at the index,
// proved against the root of the last checkpoint. Whoever compares them with others mends the
// log themselves: OnDamage is not called.
func (l *Log) Leaves(first int64) ([]tlog.Hash, error) {
	tree := l.Tree()
	if first%width != 0 || first < 0 || first >= tree.N {
		return nil, ErrNotInLog
	}
	var indexes []int64
	for i := first; i < min(first+width, tree.N); i++ {
		indexes = append(indexes, tlog.StoredHashIndex(0, i))
	}
	return l.hashes(tree).ReadHashes(indexes)
}

// Bundles reads entries from the index from up to, not including, to, those of
// one bundle at a time. Each is proved against the root of the last checkpoint
// before it is handed out. It ends at the first error.
func (l *Log) Bundles(from, to int64) iter.Seq2[[][]byte, error] {
	return func(yield func([][]byte, error) bool) {
		tree := l.Tree()
		for at := from; at < to; {
			if at < 0 || at >= tree.N {
				yield(nil, ErrNotInLog)
				return
			}
			first := at / width * width
			entries, err := l.proved(tree, first)
			if err != nil {
				yield(nil, l.asDamage(at, err))
				return
			}
			end := min(to, first+int64(len(entries)))
			if !yield(entries[at-first:end-first], nil) {
				return
			}
			at = end
		}
	}
}

// Entries reads like Bundles, one entry at a time.
func (l *Log) Entries(from, to int64) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for entries, err := range l.Bundles(from, to) {
			if err != nil {
				yield(nil, err)
				return
			}
			for _, e := range entries {
				if !yield(e, nil) {
					return
				}
			}
		}
	}
}

// proved are the entries of the bundle that begins at the index, proved. Of a
// full bundle the one hash over it is enough.
func (l *Log) proved(tree tlog.Tree, first int64) ([][]byte, error) {
	t := tlog.Tile{H: torchwood.TileHeight, L: -1, N: first / width, W: int(min(width, tree.N-first))}
	data, err := l.files.read(t)
	if err != nil {
		return nil, err
	}
	entries, err := cutBundle(data, t.W)
	if err != nil {
		return nil, &Damage{torchwood.TilePath(t), first, err}
	}
	row := rowOf(entries)
	if t.W == width {
		top, err := l.hashes(tree).ReadHashes([]int64{tlog.StoredHashIndex(torchwood.TileHeight, t.N)})
		if err != nil {
			return nil, fmt.Errorf("tiles above entry %d: %w", first, err)
		}
		if top[0] != rowHash(row) {
			return nil, &Damage{torchwood.TilePath(t), first, errEntry}
		}
		return entries, nil
	}
	leaf, err := l.files.read(tlog.Tile{H: torchwood.TileHeight, L: 0, N: t.N, W: t.W})
	if err != nil {
		return nil, err
	}
	if _, err := l.hashes(tree).ReadHashes([]int64{tlog.StoredHashIndex(0, first)}); err != nil {
		return nil, fmt.Errorf("tiles above entry %d: %w", first, err)
	}
	if i := differ(row, leaf); i >= 0 {
		return nil, &Damage{torchwood.TilePath(t), first + int64(i/tlog.HashSize), errEntry}
	}
	return entries, nil
}

func rowOf(entries [][]byte) []byte {
	row := make([]byte, 0, len(entries)*tlog.HashSize)
	for _, e := range entries {
		h := tlog.RecordHash(e)
		row = append(row, h[:]...)
	}
	return row
}

// differ is the first place at which the two differ; -1 if they are the same.
func differ(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	if len(a) == len(b) {
		return -1
	}
	return n
}
