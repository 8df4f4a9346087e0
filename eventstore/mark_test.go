package eventstore

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"goldenthread/domain"
	"goldenthread/eventstore/commit"
	"goldenthread/eventstore/logs"
	"goldenthread/eventstore/storetest"
	"goldenthread/eventstore/stream"
)

// marked makes a folder of three groups, closed, with a mark at its end.
func marked(t *testing.T) (dir string, lines map[string][][]byte) {
	dir, lines = smallStore(t)
	require.FileExists(t, filepath.Join(dir, logs.Folder, logs.MarkFile))
	return dir, lines
}

// requireAll holds the store's ledgers against lines, read in each way there is.
func requireAll(t *testing.T, s *Store, lines map[string][][]byte) {
	t.Helper()
	for group, want := range lines {
		require.EqualValues(t, len(want), s.Next(group))
		require.Equal(t, want, linesOf(t, s, group))
		stored, err := s.stream.ReadLines(testContext(t), group, 0, s.Next(group))
		require.NoError(t, err)
		require.Equal(t, want, stored)
		folded := domain.NewState(group)
		for i, line := range want {
			e, err := commit.Decode(line)
			require.NoError(t, err)
			one, err := s.Line(testContext(t), group, uint64(i))
			require.NoError(t, err)
			require.Equal(t, line, one)
			n, err := s.IndexAt(group, e.Time)
			require.NoError(t, err)
			require.Greater(t, n, uint64(i))
			folded.Apply(&e)
		}
		state, err := s.State(testContext(t), group)
		require.NoError(t, err)
		require.Equal(t, folded, state)
	}
}

// A start of a large stream goes on from the mark, and knows and does the same.
func TestAStartGoesOnFromTheMark(t *testing.T) {
	dir, lines := marked(t)
	whole := openTest(t, Options{Dir: dir})
	require.Zero(t, whole.started, "a small one is read from the beginning")
	require.NoError(t, whole.Close(testContext(t)))

	s := openWith(t, Options{Dir: dir}, fromItsMark)
	require.NotZero(t, s.started)
	requireAll(t, s, lines)
	for _, r := range reports(t, s) {
		require.NoError(t, r.Err)
		require.Empty(t, r.Mended)
	}
	for group := range lines {
		mustExecute(t, s, storetest.Register(group, "after"))
		requireLogged(t, s, group)
		lines[group] = linesOf(t, s, group)
	}
	requireAll(t, s, lines)
	require.NoError(t, s.Close(testContext(t)))
	requireAll(t, openWith(t, Options{Dir: dir}, fromItsMark), lines)
}

// What came after the mark is read from the stream, whether or not it is signed for.
func TestAStartReadsWhatCameAfterTheMark(t *testing.T) {
	dir, _ := marked(t)
	path := filepath.Join(dir, logs.Folder, logs.MarkFile)
	early, err := os.ReadFile(path)
	require.NoError(t, err)
	s := openTest(t, Options{Dir: dir})
	for i := range 5 {
		mustExecute(t, s, storetest.Register("one", fmt.Sprintf("later-%d", i)))
	}
	mustExecute(t, s, storetest.Found("new"))
	requireLogged(t, s, "one")
	requireLogged(t, s, "new")
	lines := map[string][][]byte{}
	for _, group := range s.Groups() {
		lines[group] = linesOf(t, s, group)
	}
	require.NoError(t, s.Close(testContext(t)))

	require.NoError(t, os.WriteFile(path, early, 0o600))
	s = openWith(t, Options{Dir: dir}, fromItsMark)
	require.Zero(t, s.started, "a log that the mark does not know of: everything is read")
	requireAll(t, s, lines)
	require.NoError(t, s.Close(testContext(t)))

	var m logs.Mark
	require.NoError(t, json.Unmarshal(early, &m))
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	var now logs.Mark
	require.NoError(t, json.Unmarshal(b, &now))
	s = openTest(t, Options{Dir: dir})
	mustExecute(t, s, storetest.Register("two", "last"))
	mustExecute(t, s, storetest.Register("one", "last"))
	requireLogged(t, s, "one")
	requireLogged(t, s, "two")
	for _, group := range s.Groups() {
		lines[group] = linesOf(t, s, group)
	}
	require.NoError(t, s.Close(testContext(t)))
	require.NoError(t, os.WriteFile(path, b, 0o600))
	s = openWith(t, Options{Dir: dir}, fromItsMark)
	require.Equal(t, now.Sequence, s.started)
	requireAll(t, s, lines)
}

// A mark that is not of this stream, or says what isn't so, is not gone on from.
func TestAMarkThatDoesNotVerifyIsNotUsed(t *testing.T) {
	dir, lines := marked(t)
	path := filepath.Join(dir, logs.Folder, logs.MarkFile)
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	for what, change := range map[string]func(*logs.Mark){
		"of another stream":    func(m *logs.Mark) { m.Created = m.Created.Add(1) },
		"another message":      func(m *logs.Mark) { m.Sequence-- },
		"none that there is":   func(m *logs.Mark) { m.Sequence += 100 },
		"signed by others":     func(m *logs.Mark) { m.Keys = []string{"x"} },
		"more than is signed":  func(m *logs.Mark) { m.Groups["one"] += 10 },
		"a group without log":  func(m *logs.Mark) { m.Groups["three"] = 4 },
		"a group is forgotten": func(m *logs.Mark) { delete(m.Groups, "two") },
	} {
		var m logs.Mark
		require.NoError(t, json.Unmarshal(b, &m))
		change(&m)
		changed, err := json.Marshal(m)
		require.NoError(t, err)
		copied := copyFolder(t, dir)
		require.NoError(t, os.WriteFile(filepath.Join(copied, logs.Folder, logs.MarkFile), changed, 0o600))
		s := openWith(t, Options{Dir: copied}, fromItsMark)
		require.Zero(t, s.started, what)
		requireAll(t, s, lines)
		require.NoError(t, s.Close(testContext(t)))
	}
}

// What is damaged before the mark is found beside the work, and mended as ever.
func TestDamageBeforeTheMarkIsFound(t *testing.T) {
	dir, lines := marked(t)
	blocks, err := filepath.Glob(filepath.Join(dir, stream.Folder, "jetstream", "$G", "streams", stream.Name, "msgs", "*.blk"))
	require.NoError(t, err)
	require.Len(t, blocks, 1)
	b, err := os.ReadFile(blocks[0])
	require.NoError(t, err)
	b[len(b)/3] ^= 1
	require.NoError(t, os.WriteFile(blocks[0], b, 0o600))
	s := openWith(t, Options{Dir: dir}, fromItsMark)
	<-s.logs.Checked
	for group, want := range lines {
		require.Equal(t, want, linesOf(t, s, group), "the logs have it")
	}
	damaged := 0
	for _, r := range reports(t, s) {
		if len(r.Stream) > 0 {
			damaged++
		}
	}
	require.NotZero(t, damaged+len(lines)-len(s.Groups()))
}

// Ledgers that don't fit are let go of and read up again; commands, looks into
// other ledgers and what falls due go on as if they were always there.
func TestEvictedLedgersAreReadUpAgain(t *testing.T) {
	var log commitLog
	s := openTest(t, Options{Dir: t.TempDir(), Folded: 1, Follow: []func(commit.Commit){log.add}})
	groups := []string{"a", "b", "c", "d"}
	for _, group := range groups {
		mustExecute(t, s, storetest.Found(group))
	}
	done := make(chan error)
	for worker := range 4 {
		go func() {
			for i := range 25 {
				_, err := s.Execute(testContext(t), storetest.Register(groups[rand.IntN(len(groups))], fmt.Sprintf("p-%d-%d", worker, i)))
				if err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range 4 {
		require.NoError(t, <-done)
	}
	lines := map[string][][]byte{}
	for _, c := range log.all() {
		for _, e := range c.Entries {
			lines[e.Event.Group] = append(lines[e.Event.Group], e.Line)
		}
	}
	requireAll(t, s, lines)
}

// What falls due in a ledger that is not folded is settled all the same, also
// where no two of them fit.
func TestWhatIsDueIsSettledInLedgersThatAreNotFolded(t *testing.T) {
	clock := &atomic.Int64{}
	clock.Store(time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC).UnixMilli())
	now := func() time.Time { return time.UnixMilli(clock.Load()) }
	dir := t.TempDir()
	s := openTest(t, Options{Dir: dir, Clock: now, Folded: 1})
	next := map[string]uint64{}
	for _, group := range []string{"a", "b", "c"} {
		ripe(t, s, group)
		requireLogged(t, s, group)
		next[group] = s.Next(group)
	}
	require.NoError(t, s.Close(testContext(t)))

	clock.Add((8 * 24 * time.Hour).Milliseconds())
	s = openWith(t, Options{Dir: dir, Clock: now, Folded: 1}, fromItsMark)
	require.NotZero(t, s.started)
	for group, before := range next {
		require.Eventually(t, func() bool { return s.Next(group) > before }, testTimeout, 10*time.Millisecond, group)
		require.IsType(t, &domain.AgreementReached{}, lastEvent(t, s, group).Data)
	}
}
