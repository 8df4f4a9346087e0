package tilelog

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"filippo.io/torchwood"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/tlog"
)

// entry is the entry at the index in every test's log.
func entry(i int64) []byte {
	return []byte(fmt.Sprintf(`{"index":%d,"words":"%s"}`, i, strings.Repeat("x", int(i%97))))
}

func entries(from, to int64) [][]byte {
	var all [][]byte
	for i := from; i < to; i++ {
		all = append(all, entry(i))
	}
	return all
}

func testKey(t testing.TB) Key {
	k, err := NewKey("goldenthread.local/test")
	require.NoError(t, err)
	return k
}

func testFolder(t testing.TB) *Folder {
	f, err := NewFolder(t.TempDir())
	require.NoError(t, err)
	return f
}

func openLog(t testing.TB, f *Folder, keys ...Key) *Log {
	t.Helper()
	signed, err := f.Checkpoint("trafford")
	if !errors.Is(err, fs.ErrNotExist) {
		require.NoError(t, err)
	}
	l, err := Open(f, "trafford", Origin(keys, "trafford"), keys, signed)
	require.NoError(t, err)
	if l.Tree().N > 0 {
		require.NoError(t, l.Intact())
	}
	return l
}

// grow brings the log to the size in one round.
func grow(l *Log, size int64) error {
	if err := l.Append(entries(l.Written(), size)); err != nil {
		return err
	}
	if err := l.folder.Sync(); err != nil {
		return err
	}
	signed, err := l.Sign()
	if err != nil {
		return err
	}
	return l.Publish(signed)
}

// TestPublishedTileStands grows a log within a bundle: the tile above it, which
// was signed for and may be read just now, is not written again.
func TestPublishedTileStands(t *testing.T) {
	f := testFolder(t)
	l := openLog(t, f, testKey(t))
	require.NoError(t, grow(l, 3*width+10))
	tile := filepath.Join(f.dir, "trafford", torchwood.TilePath(tlog.Tile{H: torchwood.TileHeight, L: 1, W: 3}))
	past := time.UnixMilli(1_000_000_000_000)
	require.NoError(t, os.Chtimes(tile, past, past))
	require.NoError(t, grow(l, 3*width+20))
	info, err := os.Stat(tile)
	require.NoError(t, err)
	require.True(t, info.ModTime().Equal(past))
}

// rootOf is the root of the first n entries, by another way than the builder's.
func rootOf(t testing.TB, n int64) tlog.Hash {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var hashes []tlog.Hash
		for _, i := range indexes {
			hashes = append(hashes, stored[i])
		}
		return hashes, nil
	})
	for i := range n {
		hashes, err := tlog.StoredHashes(i, entry(i), reader)
		require.NoError(t, err)
		stored = append(stored, hashes...)
	}
	root, err := tlog.TreeHash(n, reader)
	require.NoError(t, err)
	return root
}

// requireWhole checks the whole log again, as somebody would who has it from
// elsewhere.
func requireWhole(t testing.TB, l *Log) *Report {
	t.Helper()
	r, err := Verify(context.Background(), l.files, l.origin, l.vkeys, func(i int64, e []byte) error {
		if string(e) != string(entry(i)) {
			return fmt.Errorf("it is %q", e)
		}
		return nil
	})
	require.NoError(t, err)
	require.NoError(t, r.Err())
	require.Equal(t, l.Tree(), r.Checkpoint.Tree)
	require.Equal(t, l.Tree().N, r.Entries)
	return r
}

var sizes = []int64{1, 2, 3, 255, 256, 257, 300, 511, 512, 513, 1000, 65_535, 65_536, 65_537, 66_000}

func TestALogGrowsAndIsProved(t *testing.T) {
	f, key := testFolder(t), testKey(t)
	l := openLog(t, f, key)
	require.Zero(t, l.Tree().N)
	require.Nil(t, l.Checkpoint())
	for _, size := range sizes {
		require.NoError(t, grow(l, size))
		require.Equal(t, rootOf(t, size), l.Tree().Hash, size)
		requireWhole(t, l)
		l = openLog(t, f, key)
		require.Equal(t, size, l.Tree().N)
	}
	tree := l.Tree()
	for _, i := range []int64{0, 1, 255, 256, 65_535, 65_536, tree.N - 1} {
		p, err := l.ProveInclusion(i, tree.N)
		require.NoError(t, err)
		require.NoError(t, tlog.CheckRecord(p, tree.N, tree.Hash, i, tlog.RecordHash(entry(i))))
	}
	for i, old := range sizes {
		for _, size := range sizes[i:] {
			p, err := l.ProveConsistency(old, size)
			require.NoError(t, err)
			was, err := l.RootAt(old)
			require.NoError(t, err)
			is, err := l.RootAt(size)
			require.NoError(t, err)
			require.NoError(t, tlog.CheckTree(p, size, is, old, was))
		}
	}
	_, err := l.ProveInclusion(tree.N, tree.N)
	require.ErrorIs(t, err, ErrNotInLog)
	_, err = l.ProveConsistency(1, tree.N+1)
	require.ErrorIs(t, err, ErrNotInLog)
}

func TestEntriesAreReadProved(t *testing.T) {
	l := openLog(t, testFolder(t), testKey(t))
	require.NoError(t, grow(l, 700))
	for _, span := range [][2]int64{{0, 700}, {0, 1}, {255, 257}, {699, 700}, {512, 700}, {5, 5}} {
		at := span[0]
		for e, err := range l.Entries(span[0], span[1]) {
			require.NoError(t, err)
			require.Equal(t, string(entry(at)), string(e))
			at++
		}
		require.Equal(t, span[1], at)
	}
	for _, err := range l.Entries(699, 701) {
		if err != nil {
			require.ErrorIs(t, err, ErrNotInLog)
			return
		}
	}
	t.Fatal("read beyond the end")
}

// What others wrote reads the log: torchwood's client, and its check of a proof.
func TestOthersReadIt(t *testing.T) {
	key := testKey(t)
	l := openLog(t, testFolder(t), key)
	require.NoError(t, grow(l, 300))
	require.NoError(t, grow(l, 777))
	c, err := torchwood.NewClient(l.files)
	require.NoError(t, err)
	n := int64(0)
	for i, e := range c.AllEntries(context.Background(), l.Tree(), 0) {
		require.Equal(t, string(entry(i)), string(e))
		n++
	}
	require.NoError(t, c.Err())
	require.EqualValues(t, 777, n)

	e, proof, err := l.Proof(400)
	require.NoError(t, err)
	require.Equal(t, string(entry(400)), string(e))
	policy, err := torchwood.ParsePolicy([]byte("log " + l.VKeys()[0] + "\nquorum none\n"))
	require.NoError(t, err)
	require.NoError(t, torchwood.VerifyProof(policy, tlog.RecordHash(e), proof))
	require.Error(t, torchwood.VerifyProof(policy, tlog.RecordHash(entry(401)), proof))
}

func TestAnEarlierCheckpointCanBeReadFrom(t *testing.T) {
	l := openLog(t, testFolder(t), testKey(t))
	var trees []tlog.Tree
	for _, size := range []int64{10, 200, 256, 400, 512, 600} {
		require.NoError(t, grow(l, size))
		trees = append(trees, l.Tree())
	}
	for _, tree := range trees {
		c, err := torchwood.NewClient(l.files)
		require.NoError(t, err)
		n := 0
		for range c.AllEntries(context.Background(), tree, 0) {
			n++
		}
		require.NoError(t, c.Err())
		require.EqualValues(t, tree.N, n)
	}
	_, err := os.Stat(l.folder.path("trafford/tile/0/000.p"))
	require.ErrorIs(t, err, fs.ErrNotExist, "partial tiles are gone once the full one is published")
	_, err = os.Stat(l.folder.path("trafford/tile/entries/000.p"))
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = os.Stat(l.folder.path("trafford/tile/1/000.p/1"))
	require.NoError(t, err)
}

// A log never signs for less than before, and publishes nothing else than what
// it holds.
func TestItNeverSignsForLess(t *testing.T) {
	f, key := testFolder(t), testKey(t)
	l := openLog(t, f, key)
	_, err := l.Sign()
	require.ErrorIs(t, err, ErrNothingNew)
	require.NoError(t, grow(l, 10))
	early := l.Checkpoint()
	_, err = l.Sign()
	require.ErrorIs(t, err, ErrNothingNew)
	require.NoError(t, grow(l, 20))
	require.ErrorIs(t, l.Publish(early), ErrNothingNew)

	other := openLog(t, testFolder(t), key)
	require.NoError(t, other.Append([][]byte{[]byte("another history")}))
	signed, err := other.Sign()
	require.NoError(t, err)
	require.NoError(t, other.Publish(signed))
	require.ErrorIs(t, other.Extends(l.signed), ErrNotInLog)
	require.NoError(t, other.Append(entries(0, 30)))
	require.ErrorIs(t, other.Extends(l.signed), ErrForked)
	signed, err = other.Sign()
	require.NoError(t, err)
	require.NoError(t, l.Append(entries(20, 31)))
	require.ErrorIs(t, l.Publish(signed), ErrForked)
	require.NoError(t, l.Extends(l.signed))

	stranger := openLog(t, testFolder(t), testKey(t))
	require.NoError(t, grow(stranger, 31))
	require.Error(t, l.Publish(stranger.Checkpoint()), "signed by another key")
}

// Two keys sign for a while; then the old one is taken away.
func TestKeysAreChanged(t *testing.T) {
	f, old, young := testFolder(t), testKey(t), testKey(t)
	first := openLog(t, f, old)
	require.NoError(t, grow(first, 10))
	_, err := Open(f, "trafford", Origin([]Key{young}, "trafford"), []Key{young}, first.Checkpoint())
	var damage *Damage
	require.ErrorAs(t, err, &damage, "the new key has signed nothing yet")

	both := openLog(t, f, old, young)
	require.NoError(t, grow(both, 20))
	for _, vkey := range both.VKeys() {
		c, err := OpenCheckpoint(both.Checkpoint(), both.Origin(), []string{vkey})
		require.NoError(t, err)
		require.EqualValues(t, 20, c.N)
	}
	l := openLog(t, f, young)
	require.NoError(t, grow(l, 30))
	requireWhole(t, l)

	read, err := ParseKeys(old.String() + "\n" + young.String() + "\n")
	require.NoError(t, err)
	require.Equal(t, []Key{old, young}, read)
	elsewhere, err := NewKey("elsewhere")
	require.NoError(t, err)
	for _, bad := range []string{"", "\n", old.String(), old.String() + "\n" + elsewhere.String() + "\n", old.String() + "x\n", young.vkey("x") + "\n"} {
		_, err := ParseKeys(bad)
		require.Error(t, err, bad)
	}
}

var errCrash = errors.New("crash")

// A crashing disk does so many steps; the next one fails, before or after it is
// done, and nothing happens after that.
type crashing struct {
	disk
	left      int
	persisted bool
	hit       bool
}

// crashAt has the nth step from now fail.
func crashAt(f *Folder, n int, persisted bool) *crashing {
	c := &crashing{left: n, persisted: persisted}
	f.Disk = c
	return c
}

func (c *crashing) step(do func() error) error {
	if c.hit {
		return errCrash
	}
	if c.left--; c.left >= 0 {
		return do()
	}
	c.hit = true
	if c.persisted {
		do()
	}
	return errCrash
}

func (c *crashing) Write(path string, data []byte) error {
	return c.step(func() error { return c.disk.Write(path, data) })
}

func (c *crashing) Rename(from, to string) error {
	return c.step(func() error { return c.disk.Rename(from, to) })
}

func (c *crashing) RemoveAll(path string) error {
	return c.step(func() error { return c.disk.RemoveAll(path) })
}

func (c *crashing) Sync(dir string, paths []string) error {
	return c.step(func() error { return c.disk.Sync(dir, paths) })
}

// TestEveryWriteFails grows a log and has every write fail in turn, with and
// without having been persisted; then the log is opened again and goes on. What
// was published is whole after each step.
func TestEveryWriteFails(t *testing.T) {
	if testing.Short() {
		t.Skip("it does one thing after the other, for long")
	}
	key := testKey(t)
	for _, step := range [][2]int64{{0, 3}, {3, 200}, {200, 256}, {200, 300}, {256, 257}, {500, 513}, {300, 1100}, {65_530, 65_540}} {
		for _, persisted := range []bool{false, true} {
			for n := 0; ; n++ {
				f := testFolder(t)
				if step[0] > 0 {
					require.NoError(t, grow(openLog(t, f, key), step[0]))
				}
				l := openLog(t, f, key)
				crash := crashAt(f, n, persisted)
				err := grow(l, step[1])
				if !crash.hit {
					require.NoError(t, err)
					break
				}
				again, err := NewFolder(f.dir)
				require.NoError(t, err)
				l = openLog(t, again, key)
				require.Contains(t, step[:], l.Tree().N, "neither as before nor as after")
				if l.Tree().N > 0 {
					requireWhole(t, l)
				}
				require.NoError(t, grow(l, step[1]+5))
				require.Equal(t, rootOf(t, step[1]+5), l.Tree().Hash)
				requireWhole(t, openLog(t, again, key))
				if step[0] > 1000 && n > 4 {
					n += 3 // the tree is large; every fourth of its writes will do
				}
			}
		}
	}
}

// memory is a copy of a log's files that can be damaged.
func memory(t testing.TB, l *Log) fstest.MapFS {
	m := fstest.MapFS{}
	require.NoError(t, fs.WalkDir(l.files.fs, ".", func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			data, err := fs.ReadFile(l.files.fs, p)
			m[p] = &fstest.MapFile{Data: data}
			return err
		}
		return err
	}))
	return m
}

// TestEveryByteCounts flips the bytes of a log, takes away every file and makes
// it longer and shorter: Verify names the file.
func TestEveryByteCounts(t *testing.T) {
	l := openLog(t, testFolder(t), testKey(t))
	require.NoError(t, grow(l, 262))
	whole := memory(t, l)
	check := func(name string) {
		r, err := Verify(context.Background(), FilesOf(whole), l.origin, l.vkeys, nil)
		require.NoError(t, err)
		require.NotEmpty(t, r.Damage, name)
		named := slices.ContainsFunc(r.Damage, func(d *Damage) bool { return d.Path == name })
		require.True(t, named, "%s is damaged, and it is said of %v", name, r.Damage)
	}
	flips := 0
	for name, file := range whole {
		for i := range file.Data {
			if i > 400 && i%7 != 0 {
				continue // of the long files, every seventh byte
			}
			file.Data[i] ^= 1 << (i % 8)
			check(name)
			file.Data[i] ^= 1 << (i % 8)
			flips++
		}
		delete(whole, name)
		check(name)
		whole[name] = &fstest.MapFile{Data: append(slices.Clone(file.Data), 0)}
		check(name)
		whole[name] = &fstest.MapFile{Data: file.Data[:len(file.Data)-1]}
		check(name)
		whole[name] = file
	}
	t.Logf("%d bytes flipped in %d files", flips, len(whole))
}

// The place of the damage is exact.
func TestDamageIsNamed(t *testing.T) {
	l := openLog(t, testFolder(t), testKey(t))
	require.NoError(t, grow(l, 1000))
	verify := func(m fstest.MapFS) *Report {
		r, err := Verify(context.Background(), FilesOf(m), l.origin, l.vkeys, nil)
		require.NoError(t, err)
		return r
	}
	m := memory(t, l)
	offset := 2
	for i := int64(256); i < 300; i++ {
		offset += 2 + len(entry(i))
	}
	m["tile/entries/001"].Data[offset] ^= 1
	m["tile/0/002"].Data[7*tlog.HashSize] ^= 1
	r := verify(m)
	require.Len(t, r.Damage, 2)
	require.Equal(t, "tile/entries/001", r.Damage[0].Path)
	require.EqualValues(t, 300, r.Damage[0].Index)
	require.Equal(t, "tile/0/002", r.Damage[1].Path)
	require.EqualValues(t, 519, r.Damage[1].Index)
	require.EqualValues(t, 1000-256, r.Entries)

	m = memory(t, l)
	m["tile/0/002"].Data[0] ^= 1
	m["tile/entries/002"].Data[5] ^= 1
	r = verify(m)
	require.Equal(t, []string{"tile/0/002", "tile/1/000.p/3", "tile/entries/002"}, pathsOf(r))

	_, err := Verify(cancelled(), l.files, l.origin, l.vkeys, nil)
	require.ErrorIs(t, err, context.Canceled)
	r, err = Verify(context.Background(), l.files, "somebody/else", l.vkeys, nil)
	require.NoError(t, err)
	require.Equal(t, []string{CheckpointFile}, pathsOf(r))
}

func cancelled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

func pathsOf(r *Report) []string {
	var paths []string
	for _, d := range r.Damage {
		paths = append(paths, d.Path)
	}
	return paths
}

// TestDamageIsMended rebuilds a damaged log from entries that are proved first.
func TestDamageIsMended(t *testing.T) {
	f, key := testFolder(t), testKey(t)
	l := openLog(t, f, key)
	require.NoError(t, grow(l, 600))
	require.NoError(t, grow(l, 700))
	source := func(spoil int64) iter.Seq2[[]byte, error] {
		return func(yield func([]byte, error) bool) {
			for i := range int64(800) {
				e := entry(i)
				if i == spoil {
					e = []byte("another")
				}
				if !yield(e, nil) {
					return
				}
			}
		}
	}
	damage := func() []string {
		for _, name := range []string{"tile/entries/001", "tile/0/000", "tile/0/002.p/88"} {
			path := filepath.Join(f.dir, "trafford", name)
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			data[len(data)/2] ^= 1
			require.NoError(t, os.WriteFile(path, data, 0o600))
		}
		require.NoError(t, os.Remove(filepath.Join(f.dir, "trafford/tile/1/000.p/2")))
		return []string{"tile/0/000", "tile/0/002.p/88", "tile/1/000.p/2", "tile/entries/001"}
	}
	named := damage()
	_, err := l.Rebuild(source(650))
	require.ErrorIs(t, err, ErrForked)
	mended, err := l.Rebuild(source(-1))
	require.NoError(t, err)
	require.Equal(t, named, slices.Sorted(slices.Values(mended)))
	requireWhole(t, openLog(t, f, key))
	mended, err = l.Rebuild(source(-1))
	require.NoError(t, err)
	require.Empty(t, mended)
	require.NoError(t, grow(l, 800))
}

// Appending to a log whose right edge is damaged fails, and signs nothing.
func TestADamagedEdgeStopsGrowing(t *testing.T) {
	l := openLog(t, testFolder(t), testKey(t))
	require.NoError(t, grow(l, 300))
	for _, name := range []string{"trafford/tile/entries/001.p/44", "trafford/tile/0/001.p/44", "trafford/tile/1/000.p/1"} {
		path := l.folder.path(name)
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		data[5] ^= 1
		require.NoError(t, os.WriteFile(path, data, 0o600))
		require.Error(t, grow(l, 301), name)
		data[5] ^= 1
		require.NoError(t, os.WriteFile(path, data, 0o600))
	}
	require.EqualValues(t, 300, l.Tree().N)
	require.NoError(t, grow(l, 301))
}

func TestEntriesHaveALongest(t *testing.T) {
	l := openLog(t, testFolder(t), testKey(t))
	require.NoError(t, l.Append([][]byte{make([]byte, MaxEntry), nil}))
	require.Error(t, l.Append([][]byte{make([]byte, MaxEntry+1)}))
}

func FuzzCutBundle(f *testing.F) {
	f.Add([]byte("\x00\x01a\x00\x00"), 2)
	f.Add([]byte("\xff\xff"), 1)
	f.Fuzz(func(t *testing.T, data []byte, w int) {
		if w < 1 || w > width {
			return
		}
		entries, err := cutBundle(data, w)
		if err != nil {
			return
		}
		var again []byte
		for _, e := range entries {
			again, err = torchwood.AppendTileEntry(again, e)
			require.NoError(t, err)
		}
		require.Equal(t, string(data), string(again))
	})
}

func FuzzOpenCheckpoint(f *testing.F) {
	l := openLog(f, testFolder(f), testKey(f))
	require.NoError(f, grow(l, 3))
	f.Add(l.Checkpoint())
	f.Add([]byte("a\n1\nAAAA\n\n— a AAAA\n"))
	f.Fuzz(func(t *testing.T, signed []byte) {
		c, err := OpenCheckpoint(signed, l.origin, l.vkeys)
		if err == nil && (c.Tree != l.Tree() || c.Origin != l.origin) {
			t.Fatalf("a checkpoint that was never signed: %q", signed)
		}
	})
}

func FuzzParseKeys(f *testing.F) {
	k := testKey(f)
	f.Add(k.String() + "\n")
	f.Add("PRIVATE+KEY+a+00000000+AAAA\n")
	f.Fuzz(func(t *testing.T, text string) {
		keys, err := ParseKeys(text)
		if err != nil {
			return
		}
		var again strings.Builder
		for _, k := range keys {
			again.WriteString(k.String() + "\n")
		}
		require.Equal(t, text, again.String())
	})
}

// FuzzVerify: whatever a file of the log holds, nothing panics and nothing
// passes that was not signed.
func FuzzVerify(f *testing.F) {
	l := openLog(f, testFolder(f), testKey(f))
	require.NoError(f, grow(l, 258))
	names := []string{CheckpointFile, "tile/entries/000", "tile/entries/001.p/2", "tile/0/000", "tile/0/001.p/2", "tile/1/000.p/1"}
	for i, name := range names {
		data, err := fs.ReadFile(l.files.fs, name)
		require.NoError(f, err)
		f.Add(uint8(i), data)
	}
	whole := memory(f, l)
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		name := names[int(which)%len(names)]
		was := whole[name]
		defer func() { whole[name] = was }()
		whole[name] = &fstest.MapFile{Data: data}
		r, err := Verify(context.Background(), FilesOf(whole), l.origin, l.vkeys, nil)
		require.NoError(t, err)
		if len(r.Damage) == 0 && string(data) != string(was.Data) && name != CheckpointFile {
			t.Fatalf("%s holds something else, and nobody noticed", name)
		}
	})
}

func TestCompactMakesTheSameRoots(t *testing.T) {
	var c Compact
	for _, size := range append([]int64{0}, sizes[:11]...) {
		for i := c.Tree().N; i < size; i++ {
			c.Add(tlog.RecordHash(entry(i)))
		}
		require.Equal(t, tlog.Tree{N: size, Hash: rootOf(t, size)}, c.Tree())
	}
}

// A log is read and verified while it grows, and outgrows what is being read.
func TestLogIsWholeWhileItGrows(t *testing.T) {
	l := openLog(t, testFolder(t), testKey(t))
	require.NoError(t, grow(l, 200))
	done := make(chan error)
	go func() {
		for size := int64(201); size <= 1200; size++ {
			if err := grow(l, size); err != nil {
				done <- err
				return
			}
		}
		close(done)
	}()
	for rounds := 0; ; rounds++ {
		select {
		case err := <-done:
			require.NoError(t, err)
			require.NotZero(t, rounds)
			return
		default:
		}
		r, err := l.Verify(t.Context())
		require.NoError(t, err)
		require.NoError(t, r.Err())
		size, n := l.Tree().N, int64(0)
		for e, err := range l.Entries(0, size) {
			require.NoError(t, err)
			require.Equal(t, string(entry(n)), string(e))
			n++
		}
		require.Equal(t, size, n)
	}
}
