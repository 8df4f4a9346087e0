package simulation

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const (
	seedsEnv   = "GOLDENTHREAD_SIMULATE_SEEDS" // how many
	firstEnv   = "GOLDENTHREAD_SIMULATE_FIRST" // the first of them
	timeEnv    = "GOLDENTHREAD_SIMULATE_TIME"  // for how long at most
	triesEnv   = "GOLDENTHREAD_SIMULATE_TRIES" // how many scripts are tried to shorten one that fails; 60
	verboseEnv = "GOLDENTHREAD_SIMULATE_LOG"   // if it is set, what the nodes log
)

// A mistake is planted to see that it is found.
type mistake struct {
	name     string
	server   lies
	deafDisk bool
}

func number(env string, otherwise uint64) uint64 {
	if n, err := strconv.ParseUint(os.Getenv(env), 10, 64); err == nil {
		return n
	}
	return otherwise
}

// TestSeeds plays a script for each seed: random commands and faults, one node or two, the
// server in memory.
func TestSeeds(t *testing.T) {
	if testing.Short() {
		t.Skip("it plays many scripts")
	}
	first, n := number(firstEnv, 1), number(seedsEnv, 1000)
	limit, err := time.ParseDuration(os.Getenv(timeEnv))
	if err != nil {
		limit = time.Hour
	}
	began := time.Now()
	steps, days, long := 0, 0.0, time.Duration(0) // more days than a Duration holds
	seed := first
	for ; seed < first+n && time.Since(began) < limit; seed++ {
		s := newScript(seed)
		steps += len(s.Steps)
		wrong, lasted := simulate(t, s, mistake{})
		if len(wrong) > 0 {
			report(t, s, wrong, mistake{})
		}
		days, long = days+lasted.Hours()/24, max(long, lasted)
	}
	took := time.Since(began)
	t.Logf("%d seeds, %d steps, %.0f seeds a minute; %.0f simulated days, %.0f of them in the longest seed", seed-first, steps, float64(seed-first)/took.Minutes(), days, long.Hours()/24)
}

// longest is the simulated time after which a simulation hangs: a few minutes are usual.
const longest = time.Hour

// simulate plays the script and returns what did not hold, and how long it was on the clocks.
func simulate(t *testing.T, s script, m mistake) (wrong []string, lasted time.Duration) {
	root := scratchNow(t)
	defer os.RemoveAll(root)
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(s, root, m)
		defer w.watcher.use()()
		endless := time.AfterFunc(longest, func() { panic(fmt.Sprintf("seed %d does not end: %v", s.Seed, w.verdict())) })
		defer endless.Stop()
		began := time.Now()
		w.begin()
		w.truth.check()
		for i := range s.Steps {
			w.play(&s.Steps[i])
			time.Sleep(s.Steps[i].Wait)
			synctest.Wait()
			w.truth.check()
			if len(w.verdict()) > 0 {
				break
			}
		}
		w.settle()
		w.end()
		wrong, lasted = w.verdict(), time.Since(began)+w.days
	})
	runtime.GC() // twice: nats.go keeps timers in a pool, and the next simulation must not meet them
	runtime.GC()
	return wrong, lasted
}

// report prints the shortest script that fails.
func report(t *testing.T, s script, wrong []string, m mistake) {
	t.Helper()
	short := s.shrink(int(number(triesEnv, 60)), func(s script) bool {
		for range 2 { // goroutines do not always take the same turns
			if got, _ := simulate(t, s, m); len(got) > 0 {
				wrong = got
				return true
			}
		}
		return false
	})
	t.Fatalf("%s\n\nplay it again with %s=%d %s=1; shortened to %d of %d steps:\n%s", strings.Join(wrong, "\n"), firstEnv, s.Seed, seedsEnv, len(short.Steps), len(s.Steps), short)
}
