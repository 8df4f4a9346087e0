package eventstore

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"goldenthread/eventstore/commit"
	"goldenthread/eventstore/storetest"
)

const jumpsEnv = "GOLDENTHREAD_CLOCK_JUMPS" // how often the clock jumps; 30

// TestClockJumps has this computer's clock jump back and ahead while commands are
// recorded (rule L4). Less than a minute behind the ledger they are recorded, at
// the ledger's time; further behind they are turned away until the clock is right.
// Nothing is lost, and the ledger's time never goes back.
func TestClockJumps(t *testing.T) {
	jumps := 30
	if n, err := strconv.Atoi(os.Getenv(jumpsEnv)); err == nil {
		jumps = n
	}
	var off, turnedAway atomic.Int64 // ns; how often
	s := openTest(t, Options{Dir: t.TempDir(), Clock: func() time.Time { return time.Now().Add(time.Duration(off.Load())) }})
	groups := []string{"one", "two", "three"}
	for _, group := range groups {
		mustExecute(t, s, storetest.Found(group))
	}
	var mu sync.Mutex
	acknowledged := map[uuid.UUID]int{}
	done := make(chan struct{})
	var wg sync.WaitGroup
	for caller := range 6 {
		wg.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-done:
					return
				default:
				}
				req := storetest.Register(groups[caller%len(groups)], fmt.Sprintf("p%d-%d", caller, n))
				_, err := s.Execute(testContext(t), req)
				for ; errors.Is(err, commit.ErrNotReady); _, err = s.Execute(testContext(t), req) {
					turnedAway.Add(1)
					time.Sleep(time.Millisecond)
				}
				if err != nil {
					t.Errorf("%s: %v", req.ID, err)
					return
				}
				mu.Lock()
				acknowledged[req.ID]++
				mu.Unlock()
			}
		})
	}
	ahead := time.Duration(0) // the furthest that it was
	for range jumps {
		jump := time.Duration(rand.IntN(int(5*time.Minute))) - 4*time.Minute
		off.Store(int64(ahead + jump))
		ahead = max(ahead, ahead+jump)
		time.Sleep(10 * time.Millisecond)
	}
	off.Store(int64(ahead)) // the clock is right again
	close(done)
	wg.Wait()

	newest, lost, doubled := time.Time{}, 0, 0
	recorded := map[uuid.UUID]int{}
	for _, group := range groups {
		require.NoError(t, s.Stopped(group))
		last := time.Time{}
		for e, err := range s.Entries(testContext(t), group, 0, s.Next(group)) {
			require.NoError(t, err)
			require.False(t, e.Event.Time.Before(last), "event %d of %s goes back in time", e.Event.Index, group)
			last = e.Event.Time
			recorded[e.Event.Command]++
		}
		newest = later(newest, last)
	}
	for id := range acknowledged {
		switch recorded[id] {
		case 0:
			lost++
		case 1:
		default:
			doubled++
		}
	}
	t.Logf("%d jumps, %d acknowledged, %d turned away, %d lost, %d doubled; the ledger's time never went back", jumps, len(acknowledged), turnedAway.Load(), lost, doubled)
	require.Zero(t, lost+doubled)
	require.NotZero(t, turnedAway.Load())
	require.Greater(t, len(acknowledged), jumps)

	// What was turned away last was recorded once the clock was right.
	require.WithinDuration(t, time.Now().Add(ahead), newest, 30*time.Second)
}
