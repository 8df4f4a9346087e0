package eventstore

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	"goldenthread/domain"
	"goldenthread/eventstore/shared"
	"goldenthread/eventstore/storetest"
)

var lastDay = domain.DayOf(time.Now())

// A later release knows format 2, of which the leaving of offices is there.
func laterRelease(e *domain.Event) int {
	if _, is := e.Data.(*domain.OfficeLeft); is {
		return 2
	}
	return 1
}

// release opens a node that knows that format, of the release of that number.
func release(t *testing.T, dir, url, number string, format int) *Store {
	return openWith(t, Options{Dir: dir, NATS: url, Release: number, format: format, formatOf: laterRelease}, patient)
}

func mustClose(t *testing.T, s *Store) { t.Helper(); require.NoError(t, s.Close(testContext(t))) }

// TestNodesOfTwoReleases: what a release added is recorded only once every node of the
// cluster knows it, whichever node is asked. Until then each node can go back to the release
// before; afterwards that release does not start.
func TestNodesOfTwoReleases(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts a cluster")
	}
	url, dir := loopbackServer(t), t.TempDir()
	a := release(t, dir, url, "1.0", 1)
	mustExecute(t, a, storetest.Found("one"))
	for _, who := range []string{"p", "q", "r"} {
		mustExecute(t, a, storetest.Register("one", who))
	}
	other := besides(t, a)
	b := release(t, other, url, "1.0", 1)
	leave := func(who string) domain.Request {
		return storetest.Request("one", "founder", &domain.LeaveOffice{Person: who, Until: lastDay})
	}
	refuses := func(s *Store, say string) {
		t.Helper()
		require.NoError(t, s.CatchUp(testContext(t)))
		before := s.Next("one")
		err := executeUntilKnown(t, s, leave("p")) // it may have been sent to a node as it closed
		var notYet *shared.NotYet
		require.ErrorAs(t, err, &notYet)
		require.ErrorContains(t, err, say)
		require.Equal(t, before, s.Next("one"))
	}

	mustClose(t, b)
	b = release(t, other, url, "2.0", 2)
	refuses(b, "once every node runs release 2.0 or newer; node "+a.stream.Node)
	mustExecute(t, b, storetest.Register("one", "s")) // what both know is recorded
	mustExecute(t, a, storetest.Register("one", "u"))
	refuses(b, "runs release 1.0")

	mustClose(t, b) // back, and forth again
	b = release(t, other, url, "1.0", 1)
	mustClose(t, b)
	b = release(t, other, url, "2.0", 2)

	name := a.stream.Node // a node that is down is not forgotten: it may come back as it was
	mustClose(t, a)
	refuses(b, "node "+name)
	a = release(t, dir, url, "2.0", 2)
	require.Equal(t, 1, b.nodes.InUse())
	mustExecute(t, b, leave("p"))
	mustExecute(t, a, leave("q"))
	require.Eventually(t, func() bool { return a.nodes.InUse() == 2 }, testTimeout, 10*time.Millisecond, "the other node says so, and executes what is handed on to it")
	require.Len(t, a.nodes.All(), 2)

	mustClose(t, b) // what is recorded can't be read by the release before
	_, err := Open(testContext(t), Options{Dir: other, NATS: url, Release: "1.0", format: 1, Log: quiet})
	var old *shared.TooOld
	require.ErrorAs(t, err, &old)
	require.Equal(t, shared.TooOld{Known: 1, InUse: 2}, *old)
	mustExecute(t, a, leave("r"))
}

// TestRetiredNodes: the operator says that a node will not come back; not while it answers.
func TestRetiredNodes(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts a cluster")
	}
	url := loopbackServer(t)
	a := release(t, t.TempDir(), url, "2.0", 2)
	mustExecute(t, a, storetest.Found("one"))
	mustExecute(t, a, storetest.Register("one", "p"))
	b := release(t, besides(t, a), url, "1.0", 1)
	id, err := nodeID(b.Dir())
	require.NoError(t, err)
	require.ErrorIs(t, a.Retire(testContext(t), id), ErrAtWork)
	require.ErrorIs(t, a.Retire(testContext(t), "nobody"), shared.ErrNoNode)
	mustClose(t, b)
	leave := storetest.Request("one", "founder", &domain.LeaveOffice{Person: "p", Until: lastDay})
	_, err = a.Execute(testContext(t), leave)
	require.ErrorAs(t, err, new(*shared.NotYet))
	require.NoError(t, a.Retire(testContext(t), b.stream.Node))
	mustExecute(t, a, leave)
	nodes, inUse, err := a.Nodes(testContext(t))
	require.NoError(t, err)
	require.Len(t, nodes, 1)
	require.True(t, nodes[0].AtWork)
	require.Equal(t, 2, inUse)
}

// TestANodeThatSaysNothing: a node of a release before there were records of nodes answers,
// and has none; so nothing that it could not read is written.
func TestANodeThatSaysNothing(t *testing.T) {
	url := loopbackServer(t)
	a := release(t, t.TempDir(), url, "2.0", 2)
	mustExecute(t, a, storetest.Found("one"))
	mustExecute(t, a, storetest.Register("one", "p"))
	b := openTest(t, Options{Dir: besides(t, a), NATS: url, Node: "older", format: 1})
	leave := storetest.Request("one", "founder", &domain.LeaveOffice{Person: "p", Until: lastDay})
	_, err := a.Execute(testContext(t), leave)
	require.ErrorContains(t, err, "node older does not say which release it runs")
	mustClose(t, b)
	mustExecute(t, a, leave)
}

// TestAnOlderWriterIsAsked: a command that the node that wrote last can't read, since it is
// older, is answered as not possible yet, and not as unknown.
func TestAnOlderWriterIsAsked(t *testing.T) {
	url := loopbackServer(t)
	a := release(t, t.TempDir(), url, "2.0", 2)
	mustExecute(t, a, storetest.Found("one"))
	mustExecute(t, a, storetest.Register("one", "p"))
	b := release(t, besides(t, a), url, "1.0", 1)
	_, err := a.Conn().Subscribe(forwardSubject+"unread", func(m *nats.Msg) { m.Respond([]byte(`{}`)) })
	require.NoError(t, err)
	for _, who := range []string{"unread", b.stream.Node} {
		a.stream.NoteWriter(who)
		_, err = a.Execute(testContext(t), storetest.Request("one", "founder", &domain.LeaveOffice{Person: "p", Until: lastDay}))
		require.ErrorAs(t, err, new(*shared.NotYet))
		require.ErrorContains(t, err, "node "+b.stream.Node)
	}
}

// TestWhatIsDueWaitsForTheOldest: what becomes due by itself is recorded once it can be,
// though nobody asks.
func TestWhatIsDueWaitsForTheOldest(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts a cluster")
	}
	url, dir := loopbackServer(t), t.TempDir()
	a := release(t, dir, url, "1.0", 1)
	mustExecute(t, a, storetest.Found("one"))
	mustClose(t, a)
	due := func(e *domain.Event) int {
		if _, is := e.Data.(*domain.LogRestarted); is {
			return 2
		}
		return 1
	}
	b := openTest(t, Options{Dir: besides(t, a), NATS: url, Release: "2.0", format: 2, formatOf: due})
	c := newCall(domain.Request{Group: "one"})
	c.log = func(*domain.State) domain.LogEvent { return &domain.LogRestarted{Origin: "another", Was: "one"} }
	_, err := b.decide(testContext(t), c)
	require.ErrorAs(t, err, new(*shared.NotYet))
	require.EqualValues(t, 2, b.nodes.Wanted())
	a = release(t, dir, url, "2.0", 2)
	require.Eventually(t, func() bool { return b.nodes.InUse() == 2 }, testTimeout, 10*time.Millisecond)
	require.Len(t, a.nodes.All(), 2)
}

// TestNodesHaveTheSameSecrets: a node whose files are not those of the others is told which,
// and who has the right one; once that one is down, its own may be the new ones.
func TestNodesHaveTheSameSecrets(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts a cluster")
	}
	url := loopbackServer(t)
	a := release(t, t.TempDir(), url, "1.0", 1)
	b := release(t, besides(t, a), url, "1.0", 1)
	ours := map[string][]byte{"operator-token": []byte("one"), "backup.key": []byte("two")}
	require.NoError(t, a.SameSecrets(testContext(t), ours))
	require.NoError(t, b.SameSecrets(testContext(t), ours))
	for _, file := range []string{"operator-token", "backup.key"} {
		other := maps.Clone(ours)
		other[file] = []byte("another")
		require.ErrorContains(t, b.SameSecrets(testContext(t), other), file+" is not the one that node "+a.stream.Node)
	}
	nodes, _, err := a.Nodes(testContext(t))
	require.NoError(t, err)
	require.Empty(t, nodes[0].Secrets)
	mustClose(t, a)
	require.NoError(t, b.SameSecrets(testContext(t), map[string][]byte{"operator-token": []byte("new")}))
}

// TestNodesKeepTheirID: a node is the same one after a restart, whatever it is called.
func TestNodesKeepTheirID(t *testing.T) {
	url, dir := loopbackServer(t), t.TempDir()
	for range 2 {
		a := release(t, dir, url, "1.0", 1)
		require.Len(t, a.nodes.All(), 1)
		mustClose(t, a)
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, nodeFile), []byte("torn"), 0o600))
	a := release(t, dir, url, "1.0", 1)
	require.Len(t, a.nodes.All(), 2) // which was which can't be told: the operator retires the other
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Error(t, a.Retire(ctx, a.nodes.All()[0].ID))
}
