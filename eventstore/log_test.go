package eventstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"goldenthread/domain"
	"goldenthread/eventstore/tilelog"
)

// requireLogged waits until the group's log is signed for all its events, and
// checks the whole of it, offline, against the stream.
func requireLogged(t testing.TB, s *Store, group string) *tilelog.Report {
	t.Helper()
	tree, err := s.AwaitSigned(testContext(t), group, s.Next(group))
	require.NoError(t, err)
	l, err := s.Log(group)
	require.NoError(t, err)
	lines, err := s.stream.streamLines(testContext(t), group, 0, uint64(tree.N))
	require.NoError(t, err)
	r, err := tilelog.Verify(testContext(t), tilelog.OpenFiles(filepath.Join(s.stream.dir, logFolder, group)), l.Origin(), l.VKeys(), func(i int64, line []byte) error {
		if string(line) != string(lines[i]) {
			return errors.New("the stream holds another line")
		}
		return nil
	})
	require.NoError(t, err)
	require.NoError(t, r.Err())
	require.Equal(t, tree, r.Checkpoint.Tree)
	return r
}

func TestACheckpointFollowsTheWrite(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, Options{Dir: dir, Installation: "greater-manchester"})
	mustExecute(t, s, found("trafford"))
	requireLogged(t, s, "trafford")
	var slowest time.Duration
	for i := range 20 {
		r := mustExecute(t, s, register("trafford", fmt.Sprintf("p%d", i)))
		start := time.Now()
		_, err := s.AwaitSigned(testContext(t), "trafford", r.Next)
		require.NoError(t, err)
		slowest = max(slowest, time.Since(start))
	}
	require.Less(t, slowest, 2*time.Second)
	t.Logf("signed for at most %v after the acknowledgement", slowest)
	l, err := s.Log("trafford")
	require.NoError(t, err)
	require.Equal(t, "goldenthread.local/greater-manchester/trafford", l.Origin())
	entry, err := s.logs.bucket.Get(testContext(t), "trafford")
	require.NoError(t, err)
	require.Equal(t, string(l.Checkpoint()), string(entry.Value()))
	info, err := os.Stat(filepath.Join(dir, signingFile))
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())

	require.NoError(t, s.Close(testContext(t)))
	_, err = Open(testContext(t), Options{Dir: dir, Installation: "another", Log: quiet})
	require.ErrorContains(t, err, "can't be renamed")
	require.NoError(t, os.Remove(filepath.Join(dir, signingFile)))
	_, err = Open(testContext(t), Options{Dir: dir, Log: quiet})
	require.ErrorIs(t, err, errNoSigningKey)
}

// A log goes on after a restart; one that is gone is made again, to the same bytes.
func TestALogIsMadeAgainFromTheStream(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, Options{Dir: dir})
	mustExecute(t, s, found("one"))
	mustExecute(t, s, found("two"))
	var wg sync.WaitGroup
	for i := range 300 {
		wg.Go(func() { mustExecute(t, s, register("one", fmt.Sprintf("p%d", i))) })
	}
	wg.Wait()
	requireLogged(t, s, "one")
	was, err := s.Log("one")
	require.NoError(t, err)
	require.NoError(t, s.Close(testContext(t)))

	s = openTest(t, Options{Dir: dir})
	is, err := s.Log("one")
	require.NoError(t, err)
	require.Equal(t, string(was.Checkpoint()), string(is.Checkpoint()))
	mustExecute(t, s, register("one", "another"))
	requireLogged(t, s, "one")
	is, err = s.Log("one")
	require.NoError(t, err)
	newest := string(is.Checkpoint())
	require.NoError(t, s.Close(testContext(t)))
	require.NotEqual(t, string(was.Checkpoint()), newest)
}

// A crash between the bucket and the log leaves the bucket ahead: the log goes on
// from there.
func TestTheBucketMayBeAhead(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, Options{Dir: dir})
	mustExecute(t, s, found("one"))
	requireLogged(t, s, "one")
	path := filepath.Join(dir, logFolder, "one", tilelog.CheckpointFile)
	early := mustRead(t, path)
	mustExecute(t, s, register("one", "p"))
	requireLogged(t, s, "one")
	late := mustRead(t, path)
	require.NoError(t, s.Close(testContext(t)))
	require.NoError(t, os.WriteFile(path, early, 0o600))

	s = openTest(t, Options{Dir: dir})
	require.Equal(t, string(late), string(mustRead(t, path)))
	mustExecute(t, s, register("one", "q"))
	requireLogged(t, s, "one")
}

// More than may wait is read from the stream.
func TestLinesThatWereNotHeldAreReadBack(t *testing.T) {
	s := openTest(t, Options{Dir: t.TempDir()})
	mustExecute(t, s, found("one"))
	requireLogged(t, s, "one")
	s.logs.mu.Lock()
	s.logs.held = logHeld + 1
	s.logs.mu.Unlock()
	for i := range 20 {
		mustExecute(t, s, register("one", fmt.Sprintf("p%d", i)))
		s.logs.mu.Lock()
		s.logs.held = logHeld + 1
		s.logs.mu.Unlock()
	}
	s.logs.add(0, nil)
	requireLogged(t, s, "one")
}

// Logs that are far behind are read up together, a part at a time, and each part
// is signed for: whoever is killed meanwhile does not begin again.
func TestLogsCatchUpInParts(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, Options{Dir: dir})
	groups := []string{"one", "two", "three"}
	for _, g := range groups {
		mustExecute(t, s, found(g))
		requireLogged(t, s, g)
	}
	before := s.logs.backlog
	rounds := 0
	more := make(chan bool)
	s.logs.asked <- func() { // meanwhile there are no other rounds
		s.logs.backlog = 4 << 10
		more <- true
		<-more
		for behind := true; behind; rounds++ {
			signed := 0
			for _, g := range groups {
				signed += int(s.logs.group(g).log.Tree().N)
			}
			behind = s.logs.round(context.Background(), false)
			for _, g := range groups {
				signed -= int(s.logs.group(g).log.Tree().N)
			}
			if signed >= 0 {
				t.Errorf("round %d signed for nothing", rounds)
			}
		}
		more <- true
	}
	<-more
	var wg sync.WaitGroup
	for _, g := range groups {
		wg.Go(func() {
			for i := range 50 {
				mustExecute(t, s, register(g, fmt.Sprintf("p%d", i)))
			}
		})
	}
	wg.Wait()
	s.logs.mu.Lock()
	s.logs.held = logHeld + 1
	s.logs.mu.Unlock()
	mustExecute(t, s, register("one", "last"))
	more <- true
	<-more
	require.Greater(t, rounds, 5)
	s.logs.asked <- func() { s.logs.backlog = before }
	for _, g := range groups {
		requireLogged(t, s, g)
	}
	require.NoError(t, s.Close(testContext(t)))
	s = openTest(t, Options{Dir: dir})
	for _, g := range groups {
		requireLogged(t, s, g)
	}
}

// A node that is far behind what another has signed grows up to that in parts,
// and signs for nothing of its own on the way.
func TestCatchingUpWithAnotherNodesCheckpoint(t *testing.T) {
	url := loopbackServer(t)
	a := openTest(t, Options{Dir: t.TempDir(), NATS: url, Node: "a"})
	mustExecute(t, a, found("one"))
	b := openTest(t, Options{Dir: besides(t, a), NATS: url, Node: "b"})
	requireLogged(t, b, "one")
	held, more := make(chan bool), make(chan bool)
	b.logs.asked <- func() {
		held <- true
		<-more
		b.logs.backlog = 2 << 10
	}
	<-held
	for i := range 60 {
		b.logs.mu.Lock()
		b.logs.held = logHeld + 1
		b.logs.mu.Unlock()
		mustExecute(t, a, register("one", fmt.Sprintf("p%d", i)))
	}
	requireLogged(t, a, "one")
	there, err := b.AsKnown(testContext(t), "one", a.Next("one"))
	require.NoError(t, err)
	require.Equal(t, a.Next("one"), there.Next)
	more <- true
	requireLogged(t, b, "one")
	of, err := a.Log("one")
	require.NoError(t, err)
	is, err := b.Log("one")
	require.NoError(t, err)
	require.Equal(t, string(of.Checkpoint()), string(is.Checkpoint()))
}

// Only what was acknowledged is signed: not what is on its way.
func TestNothingUnacknowledgedIsSigned(t *testing.T) {
	hold := make(chan struct{})
	var holding atomic.Bool
	s := openWith(t, Options{Dir: t.TempDir()}, losing(func(next publish) publish {
		return func(ctx context.Context, m *nats.Msg, after ...jetstream.PublishOpt) (*jetstream.PubAck, error) {
			ack, err := next(ctx, m, after...)
			if holding.Load() {
				<-hold
			}
			return ack, err
		}
	}))
	founded := mustExecute(t, s, found("one"))
	requireLogged(t, s, "one")
	holding.Store(true)
	var wg sync.WaitGroup
	wg.Go(func() { mustExecute(t, s, register("one", "p")) })
	time.Sleep(3 * logPause)
	l, err := s.Log("one")
	require.NoError(t, err)
	require.EqualValues(t, founded.Next, l.Tree().N)
	close(hold)
	wg.Wait()
	requireLogged(t, s, "one")
}

// besides is a folder for another node beside that one, with its keys.
func besides(t *testing.T, s *Store) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"wrapping.key", signingFile} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), mustRead(t, filepath.Join(s.stream.dir, name)), 0o600))
	}
	return dir
}

// Two nodes on one stream sign one history: their logs end alike.
func TestTwoNodesSignAlike(t *testing.T) {
	url := loopbackServer(t)
	a := openTest(t, Options{Dir: t.TempDir(), NATS: url, Node: "a"})
	mustExecute(t, a, found("one"))
	dir := besides(t, a)
	b := openTest(t, Options{Dir: dir, NATS: url, Node: "b"})
	stranger := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(stranger, "wrapping.key"), mustRead(t, filepath.Join(dir, "wrapping.key")), 0o600))
	c := openTest(t, Options{Dir: stranger, NATS: url, Node: "c"})
	_, err := c.Log("one")
	require.ErrorIs(t, err, ErrNoLog, "without the key it signs nothing")
	require.NoFileExists(t, filepath.Join(stranger, signingFile))
	for i := range 30 {
		mustExecute(t, []*Store{a, b}[i%2], register("one", fmt.Sprintf("p%d", i)))
		if i%10 == 9 {
			_, err := b.execute(testContext(t), register("one", fmt.Sprintf("q%d", i)))
			require.NoError(t, err)
		}
	}
	last, err := a.stream.last(testContext(t))
	require.NoError(t, err)
	require.EqualValues(t, 34, last)
	for _, s := range []*Store{a, b} {
		require.Eventually(t, func() bool { return s.Next("one") == a.Next("one") && s.Next("one") == b.Next("one") }, testTimeout, time.Millisecond)
	}
	requireLogged(t, a, "one")
	requireLogged(t, b, "one")
	la, err := a.Log("one")
	require.NoError(t, err)
	lb, err := b.Log("one")
	require.NoError(t, err)
	require.Equal(t, string(la.Checkpoint()), string(lb.Checkpoint()))
}

func mustRead(t testing.TB, path string) []byte {
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return data
}

// A new key signs beside the old one, and the ledger says so; so it does when
// the old one is taken away.
func TestSigningKeysAreChanged(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, Options{Dir: dir})
	founded := mustExecute(t, s, found("one"))
	requireLogged(t, s, "one")
	require.ErrorContains(t, AddSigningKey(dir), "in use")
	l, err := s.Log("one")
	require.NoError(t, err)
	old := l.VKeys()
	require.NoError(t, s.Close(testContext(t)))
	require.Error(t, RetireSigningKey(dir), "it is the only one")
	require.NoError(t, AddSigningKey(dir))

	rekeyed := func(s *Store, index uint64) *domain.LogRekeyed {
		t.Helper()
		require.Eventually(t, func() bool { return s.Next("one") == index+1 }, testTimeout, time.Millisecond)
		requireLogged(t, s, "one")
		for e, err := range s.Entries(testContext(t), "one", index, index+1) {
			require.NoError(t, err)
			require.Equal(t, domain.System, e.Event.Actor)
			return e.Event.Data.(*domain.LogRekeyed)
		}
		return nil
	}
	s = openTest(t, Options{Dir: dir})
	l, err = s.Log("one")
	require.NoError(t, err)
	both := l.VKeys()
	e := rekeyed(s, founded.Next)
	require.Equal(t, &domain.LogRekeyed{Origin: l.Origin(), Keys: both, Before: old}, e)
	for _, vkey := range both {
		_, err := tilelog.OpenCheckpoint(l.Checkpoint(), l.Origin(), []string{vkey})
		require.NoError(t, err)
	}
	require.NoError(t, s.Close(testContext(t)))
	require.NoError(t, RetireSigningKey(dir))
	s = openTest(t, Options{Dir: dir})
	e = rekeyed(s, founded.Next+1)
	require.Equal(t, both[1:], e.Keys)
	require.Equal(t, both, e.Before)
	require.NoError(t, s.Close(testContext(t)))
	s = openTest(t, Options{Dir: dir})
	mustExecute(t, s, register("one", "p"))
	require.Equal(t, founded.Next+3, s.Next("one"), "said once")
}

// Whoever put another history into the bucket is found out: nothing is signed
// on top of it.
func TestAnotherHistoryIsNotSignedOver(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, Options{Dir: dir})
	mustExecute(t, s, found("one"))
	requireLogged(t, s, "one")
	l, err := s.Log("one")
	require.NoError(t, err)
	folder, err := tilelog.NewFolder(t.TempDir())
	require.NoError(t, err)
	other, err := tilelog.Open(folder, "one", l.Origin(), s.logs.signers, nil)
	require.NoError(t, err)
	require.NoError(t, other.Append([][]byte{[]byte("another history")}))
	signed, err := other.Sign()
	require.NoError(t, err)
	_, err = s.logs.bucket.Put(testContext(t), "one", signed)
	require.NoError(t, err)

	before := l.Tree()
	mustExecute(t, s, register("one", "p"))
	ctx, cancel := context.WithTimeout(context.Background(), 5*logPause)
	defer cancel()
	_, err = s.AwaitSigned(ctx, "one", s.Next("one"))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Eventually(t, func() bool { return s.Stopped("one") != nil }, time.Minute, logPause)
	require.Equal(t, before, l.Tree())
	entry, err := s.logs.bucket.Get(testContext(t), "one")
	require.NoError(t, err)
	require.Equal(t, string(signed), string(entry.Value()))
	_, err = s.Execute(testContext(t), register("one", "q"))
	require.ErrorIs(t, err, tilelog.ErrForked)
	require.NoError(t, s.Close(testContext(t)))

	s = openTest(t, Options{Dir: dir})
	require.ErrorIs(t, s.Stopped("one"), tilelog.ErrForked)
}
