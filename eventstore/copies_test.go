package eventstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"goldenthread/domain"
	"goldenthread/eventstore/logs"
	"goldenthread/eventstore/storetest"
	"goldenthread/eventstore/stream"
	"goldenthread/eventstore/tilelog"
)

// smallStore makes a data folder with two groups, closed, all signed for.
func smallStore(t testing.TB) (dir string, lines map[string][][]byte) {
	dir = t.TempDir()
	s := openTest(t, Options{Dir: dir})
	for _, group := range []string{"one", "two"} {
		mustExecute(t, s, storetest.Found(group))
	}
	for i := range 12 {
		mustExecute(t, s, storetest.Register([]string{"one", "two"}[i%2], fmt.Sprintf("p%d", i)))
		if i == 6 {
			requireLogged(t, s, "one")
		}
	}
	lines = map[string][][]byte{}
	for _, group := range s.Groups() {
		requireLogged(t, s, group)
		all, err := s.stream.ReadLines(testContext(t), group, 0, s.Next(group))
		require.NoError(t, err)
		for _, line := range all {
			lines[group] = append(lines[group], bytes.Clone(line))
		}
	}
	require.NoError(t, s.Close(testContext(t)))
	return dir, lines
}

func copyFolder(t testing.TB, from string) string {
	t.Helper()
	to := t.TempDir()
	require.NoError(t, os.CopyFS(to, os.DirFS(from)))
	for _, key := range []string{"wrapping.key", logs.SigningFile} {
		require.NoError(t, os.Chmod(filepath.Join(to, key), 0o600))
	}
	return to
}

func reports(t testing.TB, s *Store) map[string]logs.CopyReport {
	t.Helper()
	<-s.logs.Checked
	all := map[string]logs.CopyReport{}
	require.NoError(t, s.CheckCopies(testContext(t), func(r logs.CopyReport) error {
		all[r.Group] = r
		return nil
	}))
	return all
}

func TestCopiesAreCheckedAndMended(t *testing.T) {
	dir, _ := smallStore(t)
	s := openTest(t, Options{Dir: dir})
	for name, r := range reports(t, s) {
		require.NoError(t, r.Err)
		require.Contains(t, r.String(), "all as signed, in stream and log")
		require.EqualValues(t, s.Next(name), r.Tiles.Entries)
	}
	log, err := s.Log("one")
	require.NoError(t, err)
	names, err := fs.Glob(os.DirFS(filepath.Join(dir, logs.Folder, "one")), "tile/*/*/*")
	require.NoError(t, err)
	require.NotEmpty(t, names)
	for _, name := range append(names, tilelog.CheckpointFile) {
		path := filepath.Join(dir, logs.Folder, "one", name)
		was, err := os.ReadFile(path)
		require.NoError(t, err)
		spoilt := bytes.Clone(was)
		spoilt[len(spoilt)/2] ^= 1
		require.NoError(t, os.WriteFile(path, spoilt, 0o600))
		r := reports(t, s)["one"]
		require.NoError(t, r.Err, name)
		require.Equal(t, []string{name}, r.Mended)
		require.EqualValues(t, log.Tree(), r.Checkpoint)
		if is, err := os.ReadFile(path); err == nil { // a partial of an earlier checkpoint is cut from the present one instead
			require.Equal(t, string(was), string(is), name)
		}
		require.Empty(t, reports(t, s)["one"].Mended)
	}
	mustExecute(t, s, storetest.Register("one", "another"))
	requireLogged(t, s, "one")
}

// A folder of logs that is gone is made again, to the same bytes.
func TestLogsThatAreGoneAreMadeAgain(t *testing.T) {
	dir, lines := smallStore(t)
	was, err := os.ReadFile(filepath.Join(dir, logs.Folder, "one", tilelog.CheckpointFile))
	require.NoError(t, err)
	require.NoError(t, os.RemoveAll(filepath.Join(dir, logs.Folder)))
	s := openTest(t, Options{Dir: dir})
	require.Equal(t, lines["one"], linesOf(t, s, "one"))
	mustExecute(t, s, storetest.Register("one", "another"))
	requireLogged(t, s, "one")
	log, err := s.Log("one")
	require.NoError(t, err)
	c, err := tilelog.OpenCheckpoint(was, log.Origin(), log.VKeys())
	require.NoError(t, err)
	require.NoError(t, log.Extends(c))
	requireLogged(t, s, "two")
}

// A backup that is older than what was signed is refused, for the groups that it
// concerns; only the operator's word lets them go on, in a new log.
func TestAShorterHistoryIsRefused(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, Options{Dir: dir})
	mustExecute(t, s, storetest.Found("one"))
	mustExecute(t, s, storetest.Found("two"))
	left := s.Next("one")
	requireLogged(t, s, "one")
	requireLogged(t, s, "two")
	require.NoError(t, s.Close(testContext(t)))
	backup := copyFolder(t, dir)

	s = openTest(t, Options{Dir: dir})
	r := mustExecute(t, s, storetest.Register("one", "p"))
	requireLogged(t, s, "one")
	log, err := s.Log("one")
	require.NoError(t, err)
	signed, was := log.Checkpoint(), log.Origin()
	require.NoError(t, s.Close(testContext(t)))

	// The backup, of which only the newest checkpoint is not as old.
	require.NoError(t, os.WriteFile(filepath.Join(backup, logs.Folder, "one", tilelog.CheckpointFile), signed, 0o600))
	s = openTest(t, Options{Dir: backup})
	var loss *logs.Loss
	require.ErrorAs(t, s.Stopped("one"), &loss)
	require.Equal(t, r.Next, loss.Signed)
	require.Equal(t, left, loss.Left)
	_, err = s.Execute(testContext(t), storetest.Register("one", "q"))
	require.ErrorAs(t, err, &loss)
	mustExecute(t, s, storetest.Register("two", "q"))
	require.NoError(t, s.Close(testContext(t)))

	s = openTest(t, Options{Dir: backup, AcceptLoss: true})
	require.NoError(t, s.Stopped("one"))
	mustExecute(t, s, storetest.Register("one", "q"))
	requireLogged(t, s, "one")
	var said *domain.LogRestarted
	for e, err := range s.Entries(testContext(t), "one", 0, s.Next("one")) {
		require.NoError(t, err)
		if d, ok := e.Event.Data.(*domain.LogRestarted); ok {
			said = d
		}
	}
	require.Equal(t, was, said.Was)
	require.Equal(t, was+"/2", said.Origin)
	require.EqualValues(t, 1, said.Lost())
	log, err = s.Log("one")
	require.NoError(t, err)
	require.Equal(t, said.Origin, log.Origin())
	require.NoError(t, s.Close(testContext(t)))

	s = openTest(t, Options{Dir: backup})
	require.NoError(t, s.Stopped("one"))
	mustExecute(t, s, storetest.Register("one", "r"))
	requireLogged(t, s, "one")
}

// An event of the stream that was replaced by another, well-formed one is found
// out, and read as it was signed. If the log is damaged there too, nothing of the
// group is read any more, and the others go on.
func TestAnAlteredEventIsFoundOut(t *testing.T) {
	url, dir := loopbackServer(t), t.TempDir()
	nc, err := nats.Connect(url)
	require.NoError(t, err)
	defer nc.Close()
	js, err := jetstream.New(nc)
	require.NoError(t, err)
	s := openTest(t, Options{Dir: dir, NATS: url})
	lines := map[string][][]byte{}
	for _, group := range []string{"one", "two", "three"} {
		mustExecute(t, s, storetest.Found(group))
		requireLogged(t, s, group)
		lines[group] = linesOf(t, s, group)
	}
	require.NoError(t, s.Close(testContext(t)))
	rewriteStream(t, js, func(sequence uint64, body []byte) {
		if sequence == 2 {
			require.Contains(t, string(body), "LMC chair")
			copy(body, bytes.ReplaceAll(body, []byte("LMC chair"), []byte("ICB chair")))
		}
	})
	_, err = js.UpdateStream(testContext(t), stream.Config(1))
	require.NoError(t, err)

	s = openTest(t, Options{Dir: dir, NATS: url})
	for group, want := range lines {
		require.Equal(t, want, proofOf(t, s, group))
	}
	var mendable *logs.Mendable
	require.ErrorAs(t, s.Stopped("two"), &mendable)
	require.Len(t, mendable.Indexes, 1)
	require.Equal(t, mendable.Indexes, reports(t, s)["two"].Stream)
	mustExecute(t, s, storetest.Register("one", "p"))
	require.NoError(t, s.Close(testContext(t)))

	bundles, err := filepath.Glob(filepath.Join(dir, logs.Folder, "two", "tile", "entries", "000.p", "*"))
	require.NoError(t, err)
	require.NotEmpty(t, bundles)
	for _, path := range append(bundles, strings.ReplaceAll(bundles[0], "entries", "0")) {
		spoilt := mustRead(t, path)
		spoilt[len(spoilt)/2] ^= 1
		require.NoError(t, os.WriteFile(path, spoilt, 0o600))
	}
	s = openTest(t, Options{Dir: dir, NATS: url})
	var altered *logs.Altered
	require.ErrorAs(t, s.Stopped("two"), &altered)
	require.ErrorContains(t, s.Stopped("two"), "000.p")
	require.Zero(t, s.Next("two"))
	_, err = s.Line(testContext(t), "two", 0)
	require.ErrorAs(t, err, &altered)
	mustExecute(t, s, storetest.Register("three", "p"))
}

// proofOf are the group's lines, each proved by the log.
func proofOf(t *testing.T, s *Store, group string) [][]byte {
	var lines [][]byte
	for e, err := range s.Entries(testContext(t), group, 0, s.Next(group)) {
		require.NoError(t, err)
		lines = append(lines, e.Line)
	}
	return lines
}

// flipsEnv is how many bytes of each file TestDamageToEveryByteOfTheStoreIsFound flips; "all"
// flips every one, which takes hours.
const flipsEnv = "GOLDENTHREAD_FLIPS"

// An outcome is what became of damage to one file.
type outcome string

const (
	refusedOpen outcome = "refused at start, in a sentence"
	mended      outcome = "mended at start, and said"
	readable    outcome = "read from the log, not written to until repaired"
	stoppedSaid outcome = "group stopped, named"
	harmless    outcome = "of no effect: all is as signed"
)

// TestDamageToEveryByteOfTheStoreIsFound flips bytes of, and takes away, each file of a small
// store's ledger stream, checkpoints, logs and signing key: it is detected or
// mended, and no answer is ever wrong. Every file is taken away; of its bytes as
// many are flipped as GOLDENTHREAD_FLIPS says, spread evenly: 2 unless said.
func TestDamageToEveryByteOfTheStoreIsFound(t *testing.T) {
	flips := 2
	env := os.Getenv(flipsEnv)
	if n, err := strconv.Atoi(env); err == nil {
		flips = n
	}
	dir, lines := smallStore(t)
	table := map[string]map[outcome]int{}
	for _, name := range storeFiles(t, dir) {
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		n := flips
		if env == "all" {
			n = int(info.Size())
		}
		kind := kindOfFile(name)
		if table[kind] == nil {
			table[kind] = map[outcome]int{}
		}
		table[kind][damaged(t, dir, name, -1, lines)]++
		for i := range n {
			at := int64(i)*info.Size()/int64(n) + rand.Int64N(max(1, info.Size()/int64(n)))
			if at < info.Size() {
				table[kind][damaged(t, dir, name, at, lines)]++
			}
		}
	}
	var text strings.Builder
	for _, kind := range slices.Sorted(maps.Keys(table)) {
		for _, o := range []outcome{refusedOpen, mended, readable, stoppedSaid, harmless} {
			if n := table[kind][o]; n > 0 {
				fmt.Fprintf(&text, "\n%-28s %6d  %s", kind, n, o)
			}
		}
	}
	t.Logf("damage, and what came of it (%d bytes of each file flipped, and each taken away):%s", flips, &text)
}

// storeFiles are the files of the ledgers, their checkpoints and their logs.
func storeFiles(t *testing.T, dir string) []string {
	var names []string
	require.NoError(t, fs.WalkDir(os.DirFS(dir), ".", func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && (strings.Contains(p, "/"+stream.Name+"/") || strings.Contains(p, "KV_"+logs.Bucket+"/") || strings.HasPrefix(p, logs.Folder+"/") || p == logs.SigningFile) {
			names = append(names, p)
		}
		return err
	}))
	return names
}

func kindOfFile(name string) string {
	base := filepath.Base(name)
	switch {
	case strings.HasPrefix(name, logs.Folder) && strings.Contains(name, "entries"):
		return "log: bundle"
	case strings.HasPrefix(name, logs.Folder) && base == tilelog.CheckpointFile:
		return "log: checkpoint"
	case base == logs.MarkFile:
		return "log: mark"
	case strings.HasPrefix(name, logs.Folder):
		return "log: tile"
	case name == logs.SigningFile:
		return "signing key"
	case strings.Contains(name, "KV_"):
		return "checkpoint bucket: " + base
	}
	return "stream: " + base
}

// damaged opens a copy of the folder in which one byte of the file is flipped,
// or the file is gone, and says what came of it. Any wrong answer fails.
func damaged(t *testing.T, dir, name string, at int64, lines map[string][][]byte) outcome {
	t.Helper()
	what := fmt.Sprintf("%s at %d", name, at)
	dir = copyFolder(t, dir)
	path := filepath.Join(dir, name)
	if at < 0 {
		require.NoError(t, os.Remove(path))
	} else {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		data[at] ^= 1 << (at % 8)
		require.NoError(t, os.WriteFile(path, data, 0o600))
	}
	defer os.RemoveAll(dir)
	ctx, cancel := context.WithTimeout(context.Background(), testTimeout)
	defer cancel()
	var said syncedBuffer
	s, err := Open(ctx, Options{Dir: dir, Log: slog.New(slog.NewTextHandler(&said, nil))})
	if err != nil {
		require.NotErrorIs(t, err, context.DeadlineExceeded, what)
		return refusedOpen
	}
	defer s.Close(ctx)
	<-s.logs.Checked
	result := harmless
	for group := range lines {
		result = worse(result, answered(t, s, group, lines[group], what))
	}
	if strings.Contains(said.String(), "sequences of messages were damaged") || strings.Contains(said.String(), "rebuilt from the stream") || strings.Contains(said.String(), "checkpoint") {
		result = worse(result, mended)
	}
	return result
}

// answered holds what the store says about the group against the truth.
func answered(t *testing.T, s *Store, group string, lines [][]byte, what string) outcome {
	t.Helper()
	var mendable *logs.Mendable
	stopped := s.Stopped(group)
	if stopped != nil && !errors.As(stopped, &mendable) {
		require.NotEmpty(t, stopped.Error(), what)
		return stoppedSaid
	}
	require.EqualValues(t, len(lines), s.Next(group), what)
	require.Equal(t, lines, linesOf(t, s, group), what)
	state, err := s.AsKnown(testContext(t), group, uint64(len(lines)))
	require.NoError(t, err, what)
	require.NotNil(t, state.ByHandle("founder"), what)
	if mendable != nil || s.Ready() != nil {
		return readable
	}
	r := reports(t, s)[group]
	require.NoError(t, r.Err, what)
	require.Empty(t, r.Mended, "at start everything was checked")
	first := mustExecute(t, s, storetest.Register(group, "after"))
	require.EqualValues(t, len(lines), first.First, what)
	requireLogged(t, s, group)
	return harmless
}

// A syncedBuffer is a log that is read while it is written to.
type syncedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *syncedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *syncedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.String()
}

func worse(a, b outcome) outcome {
	for _, o := range []outcome{stoppedSaid, readable, mended} {
		if a == o || b == o {
			return o
		}
	}
	return harmless
}

// TestATurnedSequenceKeepsNobodyFromStarting turns bits of sequences in the streams of the
// ledgers and of the checkpoints, with which the stream server by itself would set aside memory
// without end.
func TestATurnedSequenceKeepsNobodyFromStarting(t *testing.T) {
	dir, lines := smallStore(t)
	for _, name := range storeFiles(t, dir) {
		if !strings.HasSuffix(name, ".blk") {
			continue
		}
		for _, at := range []int64{7, 9, 11} { // in the sequence of the first message
			require.Contains(t, []outcome{mended, harmless}, damaged(t, dir, name, at, lines), "%s at %d", name, at)
		}
		other := copyFolder(t, dir)
		data, err := os.ReadFile(filepath.Join(other, name))
		require.NoError(t, err)
		data[60] ^= 1 // the checksum does not say any more what the sequence was
		require.NoError(t, os.WriteFile(filepath.Join(other, name), data, 0o600))
		damaged(t, other, name, 9, lines)
	}
}
