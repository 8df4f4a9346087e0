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
	"goldenthread/eventstore/logs"
	"goldenthread/eventstore/storetest"
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
	lines, err := s.stream.ReadLines(testContext(t), group, 0, uint64(tree.N))
	require.NoError(t, err)
	r, err := tilelog.Verify(testContext(t), tilelog.OpenFiles(filepath.Join(s.stream.Dir, logs.Folder, group)), l.Origin(), l.VKeys(), func(i int64, line []byte) error {
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
	mustExecute(t, s, storetest.Found("trafford"))
	requireLogged(t, s, "trafford")
	for i := range 20 { // how soon is held under a simulated clock (TestACheckpointFollowsSoon in simulation)
		r := mustExecute(t, s, storetest.Register("trafford", fmt.Sprintf("p%d", i)))
		_, err := s.AwaitSigned(testContext(t), "trafford", r.Next)
		require.NoError(t, err)
	}
	l, err := s.Log("trafford")
	require.NoError(t, err)
	require.Equal(t, "goldenthread.local/greater-manchester/trafford", l.Origin())
	entry, err := bucketOf(t, s).Get(testContext(t), "trafford")
	require.NoError(t, err)
	require.Equal(t, string(l.Checkpoint()), string(entry.Value()))
	info, err := os.Stat(filepath.Join(dir, logs.SigningFile))
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())

	require.NoError(t, s.Close(testContext(t)))
	_, err = Open(testContext(t), Options{Dir: dir, Installation: "another", Log: quiet})
	require.ErrorContains(t, err, "can't be renamed")
	require.NoError(t, os.Remove(filepath.Join(dir, logs.SigningFile)))
	_, err = Open(testContext(t), Options{Dir: dir, Log: quiet})
	require.ErrorContains(t, err, "signing.key is missing")
}

// A log goes on after a restart; one that is gone is made again, to the same bytes.
func TestALogIsMadeAgainFromTheStream(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, Options{Dir: dir})
	mustExecute(t, s, storetest.Found("one"))
	mustExecute(t, s, storetest.Found("two"))
	var wg sync.WaitGroup
	for i := range 300 {
		wg.Go(func() { mustExecute(t, s, storetest.Register("one", fmt.Sprintf("p%d", i))) })
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
	mustExecute(t, s, storetest.Register("one", "another"))
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
	mustExecute(t, s, storetest.Found("one"))
	requireLogged(t, s, "one")
	path := filepath.Join(dir, logs.Folder, "one", tilelog.CheckpointFile)
	early := mustRead(t, path)
	mustExecute(t, s, storetest.Register("one", "p"))
	requireLogged(t, s, "one")
	late := mustRead(t, path)
	require.NoError(t, s.Close(testContext(t)))
	require.NoError(t, os.WriteFile(path, early, 0o600))

	s = openTest(t, Options{Dir: dir})
	require.Equal(t, string(late), string(mustRead(t, path)))
	mustExecute(t, s, storetest.Register("one", "q"))
	requireLogged(t, s, "one")
}

// More than may wait is read from the stream.
func TestLinesThatWereNotHeldAreReadBack(t *testing.T) {
	s := openWith(t, Options{Dir: t.TempDir()}, holdingNothing(64<<20))
	mustExecute(t, s, storetest.Found("one"))
	requireLogged(t, s, "one")
	for i := range 20 {
		mustExecute(t, s, storetest.Register("one", fmt.Sprintf("p%d", i)))
	}
	requireLogged(t, s, "one")
}

// Logs that are far behind are read up together, a part at a time, and each part
// is signed for: whoever is killed meanwhile does not begin again.
func TestLogsCatchUpInParts(t *testing.T) {
	dir := t.TempDir()
	s := openWith(t, Options{Dir: dir}, holdingNothing(4<<10))
	groups := []string{"one", "two", "three"}
	for _, g := range groups {
		mustExecute(t, s, storetest.Found(g))
		requireLogged(t, s, g)
	}
	size := func() (n int64) {
		for _, g := range groups {
			log, err := s.Log(g)
			require.NoError(t, err)
			n += log.Tree().N
		}
		return n
	}
	rounds := 0
	more := make(chan bool)
	go s.logs.Between(func() { // meanwhile there are no other rounds
		more <- true
		<-more
		for behind := true; behind; rounds++ {
			before := size()
			behind = s.logs.MakeRound(context.Background())
			if size() <= before {
				t.Errorf("round %d signed for nothing", rounds)
			}
		}
		more <- true
	})
	<-more
	var wg sync.WaitGroup
	for _, g := range groups {
		wg.Go(func() {
			for i := range 50 {
				mustExecute(t, s, storetest.Register(g, fmt.Sprintf("p%d", i)))
			}
		})
	}
	wg.Wait()
	mustExecute(t, s, storetest.Register("one", "last"))
	more <- true
	<-more
	require.Greater(t, rounds, 5)
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
	mustExecute(t, a, storetest.Found("one"))
	b := openWith(t, Options{Dir: besides(t, a), NATS: url, Node: "b"}, holdingNothing(2<<10))
	requireLogged(t, b, "one")
	held, more := make(chan bool), make(chan bool)
	go b.logs.Between(func() {
		held <- true
		<-more
	})
	<-held
	for i := range 60 {
		mustExecute(t, a, storetest.Register("one", fmt.Sprintf("p%d", i)))
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
	hold, held := make(chan struct{}), make(chan struct{})
	var holding atomic.Bool
	s := openWith(t, Options{Dir: t.TempDir()}, losing(func(next publish) publish {
		return func(ctx context.Context, m *nats.Msg, after ...jetstream.PublishOpt) (*jetstream.PubAck, error) {
			ack, err := next(ctx, m, after...)
			if holding.Load() {
				held <- struct{}{} // the stream has it
				<-hold
			}
			return ack, err
		}
	}))
	founded := mustExecute(t, s, storetest.Found("one"))
	requireLogged(t, s, "one")
	holding.Store(true)
	var wg sync.WaitGroup
	wg.Go(func() { mustExecute(t, s, storetest.Register("one", "p")) })
	<-held
	l, err := s.Log("one")
	require.NoError(t, err)
	made := make(chan struct{})
	s.logs.Between(func() {
		defer close(made)
		s.logs.MakeRound(testContext(t))
	})
	<-made
	require.EqualValues(t, founded.Next, l.Tree().N)
	holding.Store(false)
	close(hold)
	wg.Wait()
	requireLogged(t, s, "one")
}

// besides is a folder for another node beside that one, with its keys.
func besides(t *testing.T, s *Store) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"wrapping.key", logs.SigningFile} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), mustRead(t, filepath.Join(s.stream.Dir, name)), 0o600))
	}
	return dir
}

// Two nodes on one stream sign one history: their logs end alike.
func TestTwoNodesSignAlike(t *testing.T) {
	url := loopbackServer(t)
	a := openTest(t, Options{Dir: t.TempDir(), NATS: url, Node: "a"})
	mustExecute(t, a, storetest.Found("one"))
	dir := besides(t, a)
	b := openTest(t, Options{Dir: dir, NATS: url, Node: "b"})
	stranger := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(stranger, "wrapping.key"), mustRead(t, filepath.Join(dir, "wrapping.key")), 0o600))
	c := openTest(t, Options{Dir: stranger, NATS: url, Node: "c"})
	_, err := c.Log("one")
	require.ErrorIs(t, err, logs.ErrNoLog, "without the key it signs nothing")
	require.NoFileExists(t, filepath.Join(stranger, logs.SigningFile))
	for i := range 30 {
		mustExecute(t, []*Store{a, b}[i%2], storetest.Register("one", fmt.Sprintf("p%d", i)))
		if i%10 == 9 {
			_, err := b.execute(testContext(t), storetest.Register("one", fmt.Sprintf("q%d", i)))
			require.NoError(t, err)
		}
	}
	last, err := a.stream.Last(testContext(t))
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

// bucketOf is the bucket of the checkpoints.
func bucketOf(t testing.TB, s *Store) jetstream.KeyValue {
	t.Helper()
	bucket, err := s.stream.JS.KeyValue(testContext(t), logs.Bucket)
	require.NoError(t, err)
	return bucket
}

// holdingNothing has the logs read the lines of every commit from the stream again,
// that many bytes a round.
func holdingNothing(backlog int) func(*Store) {
	return func(s *Store) { s.logs.Limits = logs.Limits{Held: 0, Backlog: backlog} }
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
	founded := mustExecute(t, s, storetest.Found("one"))
	requireLogged(t, s, "one")
	require.ErrorContains(t, logs.AddSigningKey(dir), "in use")
	l, err := s.Log("one")
	require.NoError(t, err)
	old := l.VKeys()
	require.NoError(t, s.Close(testContext(t)))
	require.Error(t, logs.RetireSigningKey(dir), "it is the only one")
	require.NoError(t, logs.AddSigningKey(dir))

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
	require.NoError(t, logs.RetireSigningKey(dir))
	s = openTest(t, Options{Dir: dir})
	e = rekeyed(s, founded.Next+1)
	require.Equal(t, both[1:], e.Keys)
	require.Equal(t, both, e.Before)
	require.NoError(t, s.Close(testContext(t)))
	s = openTest(t, Options{Dir: dir})
	mustExecute(t, s, storetest.Register("one", "p"))
	require.Equal(t, founded.Next+3, s.Next("one"), "said once")
}

// Whoever put another history into the bucket is found out: nothing is signed
// on top of it.
func TestAnotherHistoryIsNotSignedOver(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, Options{Dir: dir})
	mustExecute(t, s, storetest.Found("one"))
	requireLogged(t, s, "one")
	l, err := s.Log("one")
	require.NoError(t, err)
	folder, err := tilelog.NewFolder(t.TempDir())
	require.NoError(t, err)
	signers, err := logs.ReadSigning(dir)
	require.NoError(t, err)
	other, err := tilelog.Open(folder, "one", l.Origin(), signers, nil)
	require.NoError(t, err)
	require.NoError(t, other.Append([][]byte{[]byte("another history")}))
	signed, err := other.Sign()
	require.NoError(t, err)
	_, err = bucketOf(t, s).Put(testContext(t), "one", signed)
	require.NoError(t, err)

	before := l.Tree()
	mustExecute(t, s, storetest.Register("one", "p"))
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_, err = s.AwaitSigned(ctx, "one", s.Next("one"))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Eventually(t, func() bool { return s.Stopped("one") != nil }, testTimeout, 10*time.Millisecond)
	require.Equal(t, before, l.Tree())
	entry, err := bucketOf(t, s).Get(testContext(t), "one")
	require.NoError(t, err)
	require.Equal(t, string(signed), string(entry.Value()))
	_, err = s.Execute(testContext(t), storetest.Register("one", "q"))
	require.ErrorIs(t, err, tilelog.ErrForked)
	require.NoError(t, s.Close(testContext(t)))

	s = openTest(t, Options{Dir: dir})
	require.ErrorIs(t, s.Stopped("one"), tilelog.ErrForked)
}
