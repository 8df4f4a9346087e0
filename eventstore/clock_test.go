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

	"goldenthread/domain"
	"goldenthread/eventstore/commit"
	"goldenthread/eventstore/storetest"
)

const jumpsEnv = "GOLDENTHREAD_CLOCK_JUMPS" // how often the clock jumps; 30

// TestClockJumpsLoseNothing has this computer's clock jump back and ahead while commands are
// recorded (rule L4). Less than a minute behind the ledger they are recorded, at
// the ledger's time; further behind they are turned away until the clock is right.
// Nothing is lost, and the ledger's time never goes back.
func TestClockJumpsLoseNothing(t *testing.T) {
	jumps := 30
	if n, err := strconv.Atoi(os.Getenv(jumpsEnv)); err == nil {
		jumps = n
	}
	var off, turnedAway atomic.Int64 // ns; how often
	start := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	clock := func() time.Time { return start.Add(time.Duration(off.Load())) }
	s := openTest(t, Options{Dir: t.TempDir(), Clock: clock})
	groups := []string{"one", "two", "three"}
	for _, group := range groups {
		mustExecute(t, s, storetest.Found(group))
	}
	var mu sync.Mutex
	acknowledged := map[uuid.UUID]int{}
	done, tried := make(chan struct{}), make(chan struct{})
	try := func(req domain.Request) error {
		_, err := s.Execute(testContext(t), req)
		select {
		case tried <- struct{}{}:
		case <-done:
		}
		return err
	}
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
				err := try(req)
				for ; errors.Is(err, commit.ErrNotReady); err = try(req) {
					turnedAway.Add(1)
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
	chance := rand.New(rand.NewPCG(1, 2))
	for range jumps {
		jump := time.Duration(chance.IntN(int(5*time.Minute))) - 4*time.Minute
		off.Store(int64(ahead + jump))
		ahead = max(ahead, ahead+jump)
		for range 20 {
			<-tried
		}
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

	require.False(t, newest.After(clock()), "the ledger is not ahead of the clock that is right again")
	mustExecute(t, s, storetest.Register("one", "afterwards"))
	require.True(t, lastEvent(t, s, "one").Time.Equal(clock().Truncate(time.Millisecond)))
}
