package simulation

import (
	"context"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats-server/v2/server/ats"
	"github.com/stretchr/testify/require"

	"goldenthread/eventstore"
	"goldenthread/eventstore/commit"
	"goldenthread/eventstore/stream"
)

const hoursEnv = "GOLDENTHREAD_SIMULATE_HOURS" // of simulated time on the real server; 2

// TestHoursOnTheRealServer has people send commands for hours to a store with the real
// server in it, under a simulated clock. It is stopped and started again every hour or so. All
// answers are held against the events, as in TestSeeds.
func TestHoursOnTheRealServer(t *testing.T) {
	hours := time.Duration(number(hoursEnv, 2))
	root := scratchNow(t)
	defer os.RemoveAll(root)
	ats.Register() // its ticker would keep the bubble's clock from running
	began := time.Now()
	var wrong []string
	commands, starts := 0, 0
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(script{Seed: 1, Nodes: 1}, root, mistake{})
		r := rand.New(rand.NewPCG(1, 2))
		n := w.nodes[0]
		s := openReal(t, w)
		starts++
		w.found(func(x *sending) { w.sendReal(n, x) })
		for end := time.Now().Add(hours * time.Hour); time.Now().Before(end) && len(w.verdict()) == 0; commands++ {
			w.sendReal(n, w.compose(r.IntN(groups), r.IntN(1000)))
			time.Sleep(time.Duration(r.IntN(int(10 * time.Minute))))
			if r.IntN(12) == 0 {
				require.NoError(t, s.Close(t.Context()))
				s = openReal(t, w)
				starts++
			}
			w.truth.check()
		}
		time.Sleep(time.Minute)
		w.truth.settledOn(n)
		require.NoError(t, s.Close(context.Background()))
		close(w.server.over)
		wrong = w.verdict()
	})
	require.Empty(t, wrong)
	t.Logf("%d hours, %d commands and %d starts in %v", hours, commands, starts, time.Since(began).Round(time.Millisecond))
}

// openReal opens a store with a server of its own. What it applies is the truth.
func openReal(t *testing.T, w *world) *eventstore.Store {
	n := w.nodes[0]
	s, err := eventstore.Open(context.Background(), eventstore.Options{Dir: n.dir, Node: n.name, Log: w.log, Follow: []func(commit.Commit){func(c commit.Commit) {
		header := commit.Message(&c, n.name, strconv.FormatUint(c.Sequence, 10), nil).Header
		var fields []string
		for name := range header {
			fields = append(fields, name, header.Get(name))
		}
		w.truth.stored(stream.Name, &record{sequence: c.Sequence, header: status("", fields...), body: commit.Body(c.Entries)})
	}}})
	require.NoError(t, err)
	n.store = s
	return s
}

// sendReal sends the command once: nothing gets lost.
func (w *world) sendReal(n *node, x *sending) {
	a := attempt{sending: x, node: n, floor: w.truth.toldOf(x.group), from: n.time()}
	a.result, a.err = n.live().Execute(context.Background(), x.request())
	a.until = n.time()
	if !w.truth.answered(&a) {
		w.fail("%s: %v", x.what, a.err)
	}
}
