package tilelog

import (
	"errors"
	"fmt"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	width = torchwood.TileWidth
	// MaxEntry is the longest entry in bytes (c2sp.org/tlog-tiles).
	MaxEntry = 65_535
)

// A builder makes the files of a log from its entries, in order. It holds the
// right edge of the tree: at each level the hashes of the tile that is not full
// yet, and the bundle that is not.
type builder struct {
	n      int64
	bundle []byte
	rows   [][]byte
	put    func(tlog.Tile, []byte) error // takes what became full, and at the end the rest
}

func (b *builder) add(entry []byte) (err error) {
	if b.bundle, err = torchwood.AppendTileEntry(b.bundle, entry); err != nil {
		return err
	}
	if (b.n+1)%width == 0 {
		if err := b.put(tlog.Tile{H: torchwood.TileHeight, L: -1, N: b.n / width, W: width}, b.bundle); err != nil {
			return err
		}
		b.bundle = nil
	}
	return b.addHash(tlog.RecordHash(entry))
}

// addHash adds an entry of which only the hash is known.
func (b *builder) addHash(h tlog.Hash) error {
	b.n++
	for level := 0; ; level++ {
		if level == len(b.rows) {
			b.rows = append(b.rows, nil)
		}
		b.rows[level] = append(b.rows[level], h[:]...)
		if len(b.rows[level]) < width*tlog.HashSize {
			return nil
		}
		row := b.rows[level]
		b.rows[level] = nil
		if err := b.put(tlog.Tile{H: torchwood.TileHeight, L: level, N: b.n>>(torchwood.TileHeight*(level+1)) - 1, W: width}, row); err != nil {
			return err
		}
		h = rowHash(row)
	}
}

// finish puts what is not full.
func (b *builder) finish() error {
	for _, t := range edge(b.n) {
		data := b.bundle
		if t.L >= 0 {
			data = b.rows[t.L]
		}
		if err := b.put(t, data); err != nil {
			return err
		}
	}
	return nil
}

// tree is the size and root of what was added.
func (b *builder) tree() (tlog.Tree, error) {
	root, err := tlog.TreeHash(b.n, tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			t := tlog.TileForIndex(torchwood.TileHeight, index)
			row := b.rows[t.L]
			t.W = len(row) / tlog.HashSize
			var err error
			if hashes[i], err = tlog.HashFromTile(t, row, index); err != nil {
				return nil, err
			}
		}
		return hashes, nil
	}))
	return tlog.Tree{N: b.n, Hash: root}, err
}

// edge are the partial bundle and tiles of a tree of n entries: these and the
// root prove each other.
func edge(n int64) []tlog.Tile {
	var tiles []tlog.Tile
	if w := int(n % width); w > 0 {
		tiles = append(tiles, tlog.Tile{H: torchwood.TileHeight, L: -1, N: n / width, W: w})
	}
	for level := 0; n > 0; level++ {
		if w := int(n % width); w > 0 {
			tiles = append(tiles, tlog.Tile{H: torchwood.TileHeight, L: level, N: n / width, W: w})
		}
		n /= width
	}
	return tiles
}

// rowHash is the root over the hashes of a full tile.
func rowHash(row []byte) tlog.Hash {
	if len(row) == tlog.HashSize {
		return tlog.Hash(row)
	}
	half := len(row) / 2
	return tlog.NodeHash(rowHash(row[:half]), rowHash(row[half:]))
}

// cutBundle takes a bundle of w entries apart. Every byte belongs to one.
func cutBundle(data []byte, w int) ([][]byte, error) {
	entries := make([][]byte, 0, w)
	for len(data) > 0 {
		if len(entries) == w {
			return nil, fmt.Errorf("%d bytes follow the last entry", len(data))
		}
		entry, rest, err := torchwood.ReadTileEntry(data)
		if err != nil {
			return nil, err
		}
		entries, data = append(entries, entry[:len(entry):len(entry)]), rest
	}
	if len(entries) < w {
		return nil, fmt.Errorf("it holds %d entries instead of %d", len(entries), w)
	}
	return entries, nil
}

var errRoot = errors.New("its files do not make up the root that was signed")

// resume is a builder that goes on from the tree, whose right edge is read
// back and proved against the root.
func resume(tree tlog.Tree, read func(tlog.Tile) ([]byte, error)) (*builder, error) {
	b := &builder{n: tree.N}
	for _, t := range edge(tree.N) {
		data, err := read(t)
		if err != nil {
			return nil, err
		}
		if t.L < 0 {
			b.bundle = data
			continue
		}
		for len(b.rows) <= t.L {
			b.rows = append(b.rows, nil)
		}
		if b.rows[t.L] = data; len(data) != t.W*tlog.HashSize {
			return nil, &Damage{torchwood.TilePath(t), t.N * width << (torchwood.TileHeight * t.L), errRoot}
		}
	}
	if proved, err := b.tree(); err != nil || proved.Hash != tree.Hash {
		return nil, errors.Join(errRoot, err)
	}
	return b, b.proveBundle()
}

// proveBundle holds the entries that are not in a full bundle against their hashes.
func (b *builder) proveBundle() error {
	w := int(b.n % width)
	if w == 0 {
		return nil
	}
	entries, err := cutBundle(b.bundle, w)
	at := b.n - int64(w)
	for i := 0; err == nil && i < len(entries); i++ {
		if h := tlog.RecordHash(entries[i]); string(h[:]) != string(b.rows[0][i*tlog.HashSize:(i+1)*tlog.HashSize]) {
			at, err = at+int64(i), errEntry
		}
	}
	if err != nil {
		return &Damage{torchwood.TilePath(tlog.Tile{H: torchwood.TileHeight, L: -1, N: b.n / width, W: w}), at, err}
	}
	return nil
}
