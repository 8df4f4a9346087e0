package main

import (
	"bufio"
	"context"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

const feedsBeside = "GOLDENTHREAD_FEEDS_BESIDE" // how many listen while others write; 100

const besideFor = time.Second

// TestFeedsBesideWrites has many listen to a group in which ten events a second are
// recorded, and measures how long commands of other groups take beside them and without
// them. Each feed hears every event.
func TestFeedsBesideWrites(t *testing.T) {
	if testing.Short() {
		t.Skip("it measures")
	}
	s, n := newSiege(t, t.TempDir()), fromEnv(feedsBeside, 100)
	p := start(t, s.dir, "--reads", "-1")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var recorded atomic.Int64
	var ticking sync.WaitGroup
	ticking.Go(func() {
		for tick := time.NewTicker(100 * time.Millisecond); ctx.Err() == nil; <-tick.C {
			if s.ask(http.DefaultClient, p.URL, s.askers[0], uuid.NewString()) {
				recorded.Add(1)
			}
		}
	})
	s.beside(p) // until all is warm
	without := s.beside(p)
	heard := s.listen(t, ctx, p, n)
	s.beside(p)
	before, from := recorded.Load(), heard.Load()
	with := s.beside(p)
	last := recorded.Load()
	require.Eventually(t, func() bool { return heard.Load()-from >= int64(n)*(last-before) }, patience, 10*time.Millisecond, "%d feeds heard %d of %d events each", n, (heard.Load()-from)/int64(n), last-before)
	stop()
	ticking.Wait()
	t.Logf("%d feeds beside writes, ten events a second: p50 %s, p99 %s (%d commands); without feeds p50 %s, p99 %s (%d)", n, percentile(with, 50), percentile(with, 99), len(with),
		percentile(without, 50), percentile(without, 99), len(without))
	if os.Getenv(feedsBeside) != "" { // in CI other tests are on the same processors
		require.Less(t, percentile(with, 50), 2*percentile(without, 50)+time.Millisecond)
	}
}

// beside has eight people of other groups than that to which feeds listen write for a
// while, thirty commands a second each, and returns how long each took, sorted.
func (s *siege) beside(p *program) (took []time.Duration) {
	var mu sync.Mutex
	var all sync.WaitGroup
	until, by := time.Now().Add(besideFor), 0
	for _, who := range s.askers {
		if who.group == s.askers[0].group || by == 8 {
			continue
		}
		by++
		all.Go(func() {
			for tick := time.NewTicker(time.Second / 30); time.Now().Before(until); <-tick.C {
				began := time.Now()
				if s.ask(http.DefaultClient, p.URL, who, uuid.NewString()) {
					mu.Lock()
					took = append(took, time.Since(began))
					mu.Unlock()
				}
			}
		})
	}
	all.Wait()
	slices.Sort(took)
	return took
}

// listen has so many listen, and counts the events that all have heard together.
func (s *siege) listen(t *testing.T, ctx context.Context, p *program, n int) (heard *atomic.Int64) {
	heard = &atomic.Int64{}
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 0, DisableCompression: true}}
	t.Cleanup(client.CloseIdleConnections)
	for range n {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL+"/v1/groups/"+s.askers[0].group+"/feed", nil)
		require.NoError(t, err)
		req.Header.Set("Authorization", "Bearer "+s.askers[0].token)
		res, err := client.Do(req)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, res.StatusCode)
		go func() {
			defer res.Body.Close()
			for lines := bufio.NewReader(res.Body); ; {
				line, err := lines.ReadString('\n')
				if err != nil {
					return
				}
				if strings.HasPrefix(line, "id: ") {
					heard.Add(1)
				}
			}
		}()
	}
	return heard
}
