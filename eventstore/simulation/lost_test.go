package simulation

import (
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"goldenthread/eventstore/keys"
	"goldenthread/eventstore/logs"
	"goldenthread/eventstore/stream"
)

// TestLostPulls loses every other request of the nodes for messages that they follow: five
// seconds after each they have what it was for. nats.go may leave one out as well (follow
// in compare_test.go).
func TestLostPulls(t *testing.T) {
	root := scratchNow(t)
	defer os.RemoveAll(root)
	var pulls, lost atomic.Int64
	took := time.Duration(0)
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(script{Seed: 1, Nodes: 2}, root, mistake{})
		meets := w.server.meets
		w.server.meets = func(l *link, m *message) fate {
			if strings.HasPrefix(m.subject, "$JS.API.CONSUMER.MSG.NEXT.") && pulls.Add(1)%2 == 0 {
				lost.Add(1)
				return fate{drop: true}
			}
			return meets(l, m)
		}
		w.begin()
		for i := range 400 {
			w.send(w.compose(i%groups, 3+12*i), 0, 10*time.Second)
		}
		began := time.Now()
		for g := range groups {
			for w.nodes[1].live().Next(groupName(g)) < w.truth.toldOf(groupName(g)) && time.Since(began) < time.Minute {
				time.Sleep(50 * time.Millisecond)
			}
		}
		took = time.Since(began)
		require.Less(t, took, time.Duration(lost.Load())*5*time.Second)
		w.settle()
		w.end()
		require.Empty(t, w.verdict())
	})
	require.NotZero(t, lost.Load())
	t.Logf("%d pulls were lost; the other node had everything %v later", lost.Load(), took)
}

// TestAnotherNodeRecordsDuringAStart has a node record and sign for an event while another,
// which starts, has read where the stream ends and not yet what is signed for.
func TestAnotherNodeRecordsDuringAStart(t *testing.T) {
	root := scratchNow(t)
	defer os.RemoveAll(root)
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(script{Seed: 1, Nodes: 2}, root, mistake{})
		starting, meets := make(chan struct{}), w.server.meets
		var mu sync.Mutex // the node has several connections
		looking, knowsEnd, held := false, false, false
		holds := func(l *link, m *message) bool {
			mu.Lock()
			defer mu.Unlock()
			switch {
			case !looking || l.plug.node != "node-2" || held:
			case strings.HasSuffix(m.subject, "STREAM.INFO."+stream.Name) && strings.Contains(string(m.body), "deleted_details"):
				knowsEnd = true
			case knowsEnd && strings.Contains(m.subject, logs.BucketStream):
				held = true
				close(starting)
				return true
			}
			return false
		}
		w.server.meets = func(l *link, m *message) fate {
			if holds(l, m) {
				return fate{late: 2 * time.Second}
			}
			return meets(l, m)
		}
		w.begin()
		mu.Lock()
		looking = true
		mu.Unlock()
		w.nodes[1].stop()
		<-starting
		w.send(w.compose(1, 0), 0, 10*time.Second)
		w.settle()
		w.end()
		require.Empty(t, w.verdict())
	})
}

// TestASilentStreamForgetsNoWrappingKey kills a node in the middle of an erasure, when all keys
// lie under the wrapping key to come, and loses one of its questions about the keys at its next
// start: everybody else's name can still be read.
func TestASilentStreamForgetsNoWrappingKey(t *testing.T) {
	const register, person = 2, 14 // of compose: a command with a name
	for lost := range 12 {
		root := scratchNow(t)
		defer os.RemoveAll(root)
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(script{Seed: 1, Nodes: 1}, root, mistake{})
			n, meets := w.nodes[0], w.server.meets
			var mu sync.Mutex
			stored, asked, killed := 0, 0, false
			w.server.meets = func(l *link, m *message) fate {
				mu.Lock()
				defer mu.Unlock()
				switch {
				case killed && strings.HasPrefix(m.subject, "$JS.API.STREAM.MSG.GET."+keys.StreamName):
					if asked++; asked == lost+1 {
						return fate{drop: true}
					}
				case stored > 0 && strings.HasPrefix(m.subject, "keys."): // the claim, and the keys of the others
					if stored++; stored == 4 {
						killed = true
						go n.die(false, time.Second)
						return fate{drop: true}
					}
				}
				return meets(l, m)
			}
			w.begin()
			w.send(w.compose(1, register), 0, 10*time.Second)
			w.send(w.compose(1, person), 0, 10*time.Second)
			mu.Lock()
			stored = 1
			mu.Unlock()
			w.send(w.erase(1, 0), 0, 10*time.Second)
			w.settle()
			w.end()
			require.Empty(t, w.verdict(), "question %d was lost", lost+1)
			require.True(t, killed)
		})
	}
}

// TestACheckpointFollowsSoon holds the node to it that what it acknowledges is signed for within
// two seconds.
func TestACheckpointFollowsSoon(t *testing.T) {
	root := scratchNow(t)
	defer os.RemoveAll(root)
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(script{Seed: 1, Nodes: 1}, root, mistake{})
		w.begin()
		for i := range 20 {
			w.send(w.compose(1, 3+12*i), 0, 10*time.Second)
			from := time.Now()
			_, err := w.nodes[0].live().AwaitSigned(t.Context(), groupName(1), w.truth.toldOf(groupName(1)))
			require.NoError(t, err)
			require.Less(t, time.Since(from), 2*time.Second)
		}
		w.settle()
		w.end()
		require.Empty(t, w.verdict())
	})
}
