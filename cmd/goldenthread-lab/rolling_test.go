package main

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"goldenthread/cmd/internal/programtest"
	"goldenthread/eventstore"
	"goldenthread/eventstore/stream"
)

const rollingRounds = "GOLDENTHREAD_ROLLING_ROUNDS" // 1

// A pair is two nodes of the real program beside a guarded cluster.
type pair struct {
	*siege
	cluster *guarded
	dirs    [2]string
	listen  [2]string
	nodes   [2]*program
}

func startPair(t *testing.T) *pair { return startPairOf(t, programFile(t)) }

// startPairOf starts two nodes of that program.
func startPairOf(t *testing.T, file string) *pair {
	g := startGuarded(t)
	s := newSiegeOn(t, eventstore.Options{Dir: filepath.Join(t.TempDir(), "data"), NATS: g.address(), Replicas: 3, Access: g.options()})
	p := &pair{siege: s, cluster: g, dirs: [2]string{s.dir, secondNode(t, s.dir)}}
	for i := range p.nodes {
		port, err := freePort()
		require.NoError(t, err)
		p.listen[i] = "127.0.0.1:" + strconv.Itoa(port)
		p.startAs(i, file)
		require.NoError(t, copyKeys(p.dirs[0], p.dirs[1])) // the key of backups, which the program made
	}
	return p
}

func (p *pair) startNode(i int) { p.startAs(i, programFile(p.t)) }

func (p *pair) startAs(i int, file string) {
	p.nodes[i] = startAs(p.t, file, p.dirs[i], append([]string{"--listen", p.listen[i]}, p.cluster.flags()...)...)
}

func (p *pair) stop() {
	for _, n := range p.nodes {
		n.Stop()
	}
}

// A retrying client sends a command to one node, and if that one does not record
// it, to the other one, under the same id.
type retrying struct {
	sent, again, failed atomic.Int64
}

// load has everybody ask until the end of ctx.
func (p *pair) load(ctx context.Context, r *retrying) {
	var wg sync.WaitGroup
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: askers}, Timeout: 15 * time.Second}
	defer client.CloseIdleConnections()
	for i, by := range p.askers {
		wg.Go(func() {
			for ctx.Err() == nil {
				p.askEither(client, r, i, by)
				time.Sleep(10 * time.Millisecond)
			}
		})
	}
	wg.Wait()
}

func (p *pair) askEither(client *http.Client, r *retrying, first int, by asker) {
	id, until := uuid.NewString(), time.Now().Add(patience)
	r.sent.Add(1)
	for try := 0; !p.ask(client, "http://"+p.listen[(first+try)%2], by, id); try++ {
		r.again.Add(1)
		if time.Now().After(until) {
			r.failed.Add(1)
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// TestRollingRestart restarts both nodes and the three stream servers, one after
// the other, while people ask at both nodes. Whoever is turned away asks the
// other node under the same id: nobody fails, nothing is lost or doubled.
func TestRollingRestart(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts a cluster")
	}
	p, rounds, r := startPair(t), fromEnv(rollingRounds, 1), &retrying{}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	loaded := make(chan struct{})
	go func() { p.load(ctx, r); close(loaded) }()
	for range rounds {
		for i := range p.nodes {
			p.more(40)
			p.nodes[i].Stop()
			p.more(40)
			p.startNode(i)
		}
		for i := range p.cluster.servers {
			p.more(40)
			programtest.StopProcess(p.cluster.servers[i])
			p.more(40)
			p.cluster.start(i)
			p.cluster.awaitCurrent()
		}
	}
	p.more(40)
	cancel()
	<-loaded
	p.stop()
	lost, doubled := p.count()
	t.Logf("%d rolling restarts of two nodes and three servers: %d commands, %d attempts repeated, %d failed, %d lost, %d doubled", rounds, r.sent.Load(), r.again.Load(), r.failed.Load(), lost, doubled)
	require.Zero(t, r.failed.Load())
	require.Zero(t, lost)
	require.Zero(t, doubled)
	require.Len(t, p.acknowledged, int(r.sent.Load()))
}

// more waits for so many more commands to be acknowledged.
func (p *pair) more(n int) {
	count := func() int { p.mu.Lock(); defer p.mu.Unlock(); return len(p.acknowledged) }
	from := count()
	require.Eventually(p.t, func() bool { return count() >= from+n }, patience, 10*time.Millisecond, "nothing is acknowledged any more: %s", p.nodes[0].Log)
}

// awaitCurrent waits until all three have everything.
func (g *guarded) awaitCurrent() {
	js := g.stream(g.connect(g.options()...))
	current := func() error {
		ctx, cancel := context.WithTimeout(g.t.Context(), 2*time.Second)
		defer cancel()
		for _, name := range []string{stream.Name, "KEYS", "KV_CHECKPOINTS"} {
			st, err := js.Stream(ctx, name)
			if err != nil {
				return err
			}
			c := st.CachedInfo().Cluster
			if c == nil || c.Leader == "" || len(c.Replicas) != 2 {
				return fmt.Errorf("%s: %+v", name, c)
			}
			for _, r := range c.Replicas {
				if !r.Current || r.Offline || r.Lag > 0 {
					return fmt.Errorf("%s: %+v", name, *r)
				}
			}
		}
		return nil
	}
	var err error
	for until := time.Now().Add(patience); time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
		if err = current(); err == nil {
			return
		}
	}
	require.NoError(g.t, err)
}
