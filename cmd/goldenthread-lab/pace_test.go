package main

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	paceEnv     = "GOLDENTHREAD_PACE" // how long each turn is; 700ms
	paceCallers = 32                  // each in a group of its own
	paceTurns   = 3
)

// TestTwoNodesKeepHalfThePaceAndReadNothingStale has the same callers at one node, and half of them at
// another one, in turns. Then all of them read at the other node what they
// wrote, asking for at least its index.
func TestTwoNodesKeepHalfThePaceAndReadNothingStale(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a while")
	}
	long, err := time.ParseDuration(fromEnvText(paceEnv, "700ms"))
	require.NoError(t, err)
	_, nodes := startTrioAndNodes(t)
	for i := range paceCallers {
		_, err := nodes[0].Execute(t.Context(), benchGroup("group-"+strconv.Itoa(i)))
		require.NoError(t, err)
	}
	pace(t, long/2, nodes[:1], nil) // to warm up
	var one, two int
	best := 0.0
	turns := 0
	for ; turns < paceTurns || best <= 0.5 && turns < 4*paceTurns; turns++ {
		alone, both := pace(t, long, nodes[:1], nil), pace(t, long, nodes, nil)
		one, two, best = one+alone, two+both, max(best, float64(both)/float64(alone))
	}
	each := long.Seconds() * float64(turns)
	t.Logf("%d callers, three replicas: %.0f commands a second at one node, %.0f with half of them at another: %.2f times", paceCallers, float64(one)/each, float64(two)/each, float64(two)/float64(one))
	require.Greater(t, best, 0.5) // of the turns: the machine may be busy with something else

	var reads crossing
	pace(t, long, nodes, &reads)
	slices.Sort(reads.waits)
	require.NotEmpty(t, reads.waits)
	t.Logf("%d reads at the other node of what was just recorded, %d stale; they waited %s in the median, %s at the 99th percentile", len(reads.waits), reads.stale,
		reads.waits[len(reads.waits)/2].Round(time.Microsecond), reads.waits[len(reads.waits)*99/100].Round(time.Microsecond))
	require.Zero(t, reads.stale)
}

// A crossing is reads at the other node.
type crossing struct {
	mu    sync.Mutex
	waits []time.Duration
	stale int
}

// pace is how many commands callers, spread over the nodes, have recorded in the
// time. With reads, each reads what it wrote at the other node before it goes on.
func pace(t *testing.T, long time.Duration, nodes []*node, reads *crossing) int {
	var n atomic.Int64
	var wg sync.WaitGroup
	until := time.Now().Add(long)
	for i := range paceCallers {
		wg.Go(func() {
			group, at := "group-"+strconv.Itoa(i), nodes[i%len(nodes)]
			for time.Now().Before(until) {
				r, err := at.Execute(t.Context(), benchCommand(group))
				if err != nil {
					t.Errorf("%s: %v", group, err)
					return
				}
				n.Add(1)
				if reads != nil {
					reads.read(t, nodes[(i+1)%len(nodes)], group, r.First)
				}
			}
		})
	}
	wg.Wait()
	return int(n.Load())
}

func (c *crossing) read(t *testing.T, at *node, group string, index uint64) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	began, newest := time.Now(), uint64(0)
	g, err := at.groups.Now(ctx, group, &index)
	waited := time.Since(began)
	if err == nil {
		newest, _ = g.Index()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waits = append(c.waits, waited)
	if err != nil || newest < index {
		c.stale++
	}
}
