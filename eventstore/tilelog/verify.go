package tilelog

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"
)

// A Report says what Verify checked.
type Report struct {
	Checkpoint torchwood.Checkpoint
	Entries    int64 // read, hashed and found under the root
	Bundles    int
	Tiles      int
	Bytes      int64 // of the entries
	Took       time.Duration
	Damage     []*Damage // in order; empty if all is as it was signed
}

// Err is the first damage, if there is any.
func (r *Report) Err() error {
	if len(r.Damage) == 0 {
		return nil
	}
	return r.Damage[0]
}

// Verify checks a whole log, here or behind a torchwood.TileFetcher, with no
// knowledge but its origin and who may sign: that one of these keys signed the
// checkpoint, every byte of every bundle, every byte of every tile, and that
// the entries make up the root. each, unless nil, is given every entry once it
// is hashed, to say what is wrong with it besides.
//
// The error is of reading, or ctx's; what is not as it was signed is in the report. If the
// process could not open all files (OutOfFiles), that is the error and nothing is reported.
func Verify(ctx context.Context, r torchwood.TileReader, origin string, vkeys []string, each func(index int64, entry []byte) error) (*Report, error) {
	start, opened := time.Now(), &openedFiles{TileReader: r}
	v := &verification{ctx: ctx, reader: opened, each: each, report: &Report{}}
	defer func() { v.report.Took = time.Since(start) }()
	signed, err := r.ReadEndpoint(ctx, CheckpointFile)
	if err == nil {
		v.report.Checkpoint, err = OpenCheckpoint(signed, origin, vkeys)
	}
	if ctx.Err() != nil || OutOfFiles(err) {
		return v.report, cmp.Or(ctx.Err(), err)
	}
	if err != nil {
		v.damaged(CheckpointFile, 0, err)
		return v.report, nil
	}
	v.tree = v.report.Checkpoint.Tree
	if err = v.run(); opened.failed != nil {
		v.report.Damage, err = nil, opened.failed
	}
	return v.report, err
}

// openedFiles notes where a file could not be opened since too many are open.
type openedFiles struct {
	torchwood.TileReader
	failed error
}

// ReadTiles implements torchwood.TileReader.
func (o *openedFiles) ReadTiles(ctx context.Context, tiles []tlog.Tile) ([][]byte, error) {
	data, err := o.TileReader.ReadTiles(ctx, tiles)
	if OutOfFiles(err) {
		o.failed = err
	}
	return data, err
}

type verification struct {
	ctx    context.Context
	reader torchwood.TileReader
	each   func(int64, []byte) error
	tree   tlog.Tree
	report *Report
	built  builder
	unsure []tlog.Tile // bundles that were believed against their tiles
}

func (v *verification) damaged(path string, index int64, why error) {
	v.report.Damage = append(v.report.Damage, &Damage{path, index, why})
}

// run builds the tree from the bundles and holds every tile against it.
func (v *verification) run() error {
	v.built.put = v.compare
	for v.built.n < v.tree.N {
		t := tlog.Tile{H: torchwood.TileHeight, L: -1, N: v.built.n / width, W: int(min(width, v.tree.N-v.built.n))}
		row, err := v.bundle(t)
		if err != nil || row == nil {
			return err
		}
		for i := 0; i < len(row); i += tlog.HashSize {
			if err := v.built.addHash(tlog.Hash(row[i : i+tlog.HashSize])); err != nil {
				return err
			}
		}
	}
	if err := v.built.finish(); err != nil {
		return err
	}
	built, err := v.built.tree()
	if err != nil || built == v.tree {
		return err
	}
	for _, t := range v.unsure {
		v.damaged(torchwood.TilePath(t), firstOf(t), errRoot)
	}
	if len(v.report.Damage) == 0 {
		v.damaged(CheckpointFile, 0, errRoot)
	}
	return nil
}

// bundle checks a bundle and is the hashes of its entries as they were signed.
// Where bundle and tile disagree, the root says which of the two is right; if
// neither can be used nothing can be said about what follows: nil.
func (v *verification) bundle(t tlog.Tile) ([]byte, error) {
	first, name := firstOf(t), torchwood.TilePath(t)
	entries, bad := v.cut(t)
	leaf, unread := v.read(tlog.Tile{H: t.H, L: 0, N: t.N, W: t.W})
	if err := v.ctx.Err(); err != nil {
		return nil, err
	}
	row := rowOf(entries)
	if bad == nil && (unread != nil || differ(row, leaf) < 0 || !v.proved(first, t.W)) {
		if differ(row, leaf) >= 0 {
			v.unsure = append(v.unsure, t)
		}
		return row, v.passed(t, entries)
	}
	if unread != nil || !v.proved(first, t.W) {
		v.damaged(name, first, bad)
		v.damaged(torchwood.TilePath(tlog.Tile{H: t.H, L: 0, N: t.N, W: t.W}), first, errRoot)
		return nil, nil
	}
	if bad == nil {
		first, bad = first+int64(differ(row, leaf)/tlog.HashSize), errEntry
	}
	v.damaged(name, first, bad)
	return leaf, nil
}

func (v *verification) cut(t tlog.Tile) ([][]byte, error) {
	data, err := v.read(t)
	if err != nil {
		return nil, err
	}
	return cutBundle(data, t.W)
}

func (v *verification) read(t tlog.Tile) ([]byte, error) {
	data, err := v.reader.ReadTiles(v.ctx, []tlog.Tile{t})
	if err != nil {
		return nil, err
	}
	return data[0], nil
}

// proved says whether the tile of these entries' hashes is under the root.
func (v *verification) proved(first int64, w int) bool {
	_, err := torchwood.TileHashReaderWithContext(v.ctx, v.tree, v.reader).ReadHashes([]int64{
		tlog.StoredHashIndex(0, first), tlog.StoredHashIndex(0, first+int64(w)-1),
	})
	return err == nil
}

func (v *verification) passed(t tlog.Tile, entries [][]byte) error {
	v.report.Bundles++
	for i, e := range entries {
		index := firstOf(t) + int64(i)
		v.report.Entries++
		v.report.Bytes += int64(len(e))
		if v.each == nil {
			continue
		}
		if err := v.each(index, e); err != nil {
			v.damaged(torchwood.TilePath(t), index, fmt.Errorf("what was signed is wrong: %w", err))
		}
	}
	return v.ctx.Err()
}

// compare holds a tile against what the entries make it.
func (v *verification) compare(t tlog.Tile, want []byte) error {
	if t.L < 0 {
		return nil
	}
	got, err := v.read(t)
	if v.ctx.Err() != nil {
		return v.ctx.Err()
	}
	at := 0
	if err == nil {
		if at = differ(got, want); at < 0 {
			v.report.Tiles++
			return nil
		}
		err = fmt.Errorf("byte %d is not what the entries make it", at)
	}
	v.damaged(torchwood.TilePath(t), firstOf(t)+int64(at/tlog.HashSize)<<(torchwood.TileHeight*t.L), err)
	return nil
}

// VerifyProof checks, offline, a proof as Log.Proof gives it: that the entry is
// in the log of that origin, by a checkpoint that one of the keys signed.
func VerifyProof(entry, proof []byte, origin string, vkeys []string) error {
	policy, err := signedBy(origin, vkeys)
	if err != nil {
		return err
	}
	return torchwood.VerifyProof(policy, tlog.RecordHash(entry), proof)
}
