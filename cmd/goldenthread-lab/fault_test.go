package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"goldenthread/cmd/internal/folder"
	"goldenthread/eventstore"
)

// What the real program does when it is broken from outside, while people use
// it over HTTP.

const (
	roundsEnv = "GOLDENTHREAD_KILL_ROUNDS" // how often it is killed; 3
	feedsEnv  = "GOLDENTHREAD_FEEDS"       // how many listen; 300
	soakEnv   = "GOLDENTHREAD_SOAK"        // how long; 5s
)

// TestServerKilledUnderLoad kills the program while people ask, starts it again
// on the same folder, and has those who got no answer ask again.
func TestServerKilledUnderLoad(t *testing.T) {
	s, rounds, unanswered := newSiege(t, t.TempDir()), fromEnv(roundsEnv, 3), 0
	for range rounds {
		p := start(t, s.dir)
		s.again(p.URL)
		timer := time.AfterFunc(time.Duration(100+rand.IntN(400))*time.Millisecond, func() { p.Cmd.Process.Kill() })
		s.storm(t.Context(), p.URL)
		timer.Stop()
		p.Cmd.Wait()
		unanswered += len(s.open)
	}
	p := start(t, s.dir)
	s.again(p.URL)
	p.Stop()
	lost, doubled := s.count()
	t.Logf("%d rounds, %d acknowledged, %d asked again, %d lost, %d doubled", rounds, len(s.acknowledged), unanswered, lost, doubled)
	require.Zero(t, lost)
	require.Zero(t, doubled)
	require.Greater(t, len(s.acknowledged), rounds)
}

// TestStoppedUnderLoad stops the program as an operator would, while people ask:
// whoever was let in is answered.
func TestStoppedUnderLoad(t *testing.T) {
	s := newSiege(t, t.TempDir())
	p := start(t, s.dir)
	var stopping sync.WaitGroup
	stopping.Go(func() {
		defer p.Cmd.Process.Signal(syscall.SIGTERM)
		s.answers(t, 50)
	})
	s.storm(t.Context(), p.URL)
	stopping.Wait()
	require.NoError(t, p.Cmd.Wait(), "%s", p.Log)
	store, err := eventstore.Open(t.Context(), eventstore.Options{Dir: s.dir, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	for id, by := range s.open { // they found the door closed
		for e, err := range store.Entries(t.Context(), by.group, 0, store.Next(by.group)) {
			require.NoError(t, err)
			require.NotEqual(t, id, e.Event.Command.String(), "recorded, and its caller not told")
		}
	}
	require.NoError(t, folder.Close(store))
	lost, doubled := s.count()
	t.Logf("%d acknowledged, %d turned away, %d lost, %d doubled", len(s.acknowledged), len(s.open), lost, doubled)
	require.Zero(t, lost)
	require.Zero(t, doubled)
}

// TestDiskFull fills the disk under the program: it stops with a sentence. With
// more room it goes on, and everything that was acknowledged is there.
func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("no file system can be mounted here: %s", out)
	}
	t.Cleanup(func() { exec.Command("umount", dir).Run() })
	s := newSiege(t, filepath.Join(dir, "data"))
	p := start(t, s.dir)
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	s.storm(ctx, p.URL)
	require.NoError(t, ctx.Err(), "the disk was never full")
	ended := time.AfterFunc(patience, func() { p.Cmd.Process.Kill() })
	err := p.Cmd.Wait()
	require.True(t, ended.Stop(), "it goes on with a full disk:\n%s", p.Log)
	require.Error(t, err)
	require.Contains(t, p.Log.String(), "disk is full")
	before := len(s.acknowledged)
	refuses := func(words string) {
		said, err := exec.CommandContext(ctx, programFile(t), "serve", "--data", s.dir, "--listen", "127.0.0.1:0").CombinedOutput()
		require.Error(t, err)
		require.Contains(t, string(said), words)
	}
	rest, err := os.Create(filepath.Join(dir, "rest"))
	require.NoError(t, err)
	_, err = io.Copy(rest, zeros{})
	require.ErrorContains(t, err, "no space")
	require.NoError(t, rest.Close())
	refuses("the disk is full")
	require.NoError(t, os.Remove(rest.Name()))
	require.NoError(t, exec.Command("mount", "-o", "remount,size=64m,ro", dir).Run())
	refuses("the disk is read-only")
	require.NoError(t, exec.Command("mount", "-o", "remount,size=64m,rw", dir).Run())
	p = start(t, s.dir)
	s.again(p.URL)
	p.Stop()
	lost, doubled := s.count()
	t.Logf("%d acknowledged until the disk was full, %d lost, %d doubled", before, lost, doubled)
	require.Zero(t, lost)
	require.Zero(t, doubled)
}

// zeros are read without an end.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// TestStuckClients has many clients send half a request, or listen without ever
// reading: nobody else waits for them.
func TestStuckClients(t *testing.T) {
	s := newSiege(t, t.TempDir())
	p := start(t, s.dir)
	server, err := url.Parse(p.URL)
	require.NoError(t, err)
	for i := range 200 {
		c, err := net.Dial("tcp", server.Host)
		require.NoError(t, err)
		defer c.Close()
		if i%2 == 0 {
			fmt.Fprintf(c, "POST /v1/groups/%s/commands/ask-group HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\nAuthorization: Bearer %s\r\n\r\n{", s.askers[0].group, s.askers[0].token)
		} else {
			fmt.Fprintf(c, "GET /v1/groups/%s/feed?from=0 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", s.askers[0].group, s.askers[0].token)
		}
	}
	var took []time.Duration
	for range 50 {
		began := time.Now()
		s.insist(p.URL, s.askers[0], uuid.NewString())
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	t.Logf("200 stuck clients; of 50 commands the median took %s and the slowest %s", took[25].Round(time.Millisecond), took[49].Round(time.Millisecond))
	require.Less(t, took[25], 2*time.Second)  // whoever waits for one of them at each command
	require.Less(t, took[49], 15*time.Second) // and whoever waits for one until the server lets go of it
}

// TestManyFeeds has many listen to one group and says what that takes.
func TestManyFeeds(t *testing.T) {
	if testing.Short() {
		t.Skip("it measures")
	}
	s, n := newSiege(t, t.TempDir()), fromEnv(feedsEnv, 300)
	p := start(t, s.dir, "--reads", "-1")
	group := s.askers[0].group
	before := p.resident()
	heard := make(chan error, n)
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 0, DisableCompression: true}}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	for range n {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL+"/v1/groups/"+group+"/feed", nil)
		require.NoError(t, err)
		req.Header.Set("Authorization", "Bearer "+s.askers[0].token)
		res, err := client.Do(req)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, res.StatusCode)
		go func() {
			defer res.Body.Close()
			for lines := bufio.NewReader(res.Body); ; {
				line, err := lines.ReadString('\n')
				if err != nil || strings.HasPrefix(line, "data:") {
					heard <- err
					return
				}
			}
		}()
	}
	idle := p.resident()
	began := time.Now()
	s.insist(p.URL, s.askers[0], uuid.NewString())
	answered := time.Since(began)
	for range n {
		require.NoError(t, <-heard)
	}
	t.Logf("%d feeds, %d KB resident each; an event was answered in %s and heard by all in %s", n, (idle-before)/n, answered.Round(time.Millisecond), time.Since(began).Round(time.Millisecond))
	require.Less(t, (idle-before)/n, 120)
}

// resident is the program's resident memory in KB, after it has settled.
func (p *program) resident() int {
	time.Sleep(500 * time.Millisecond)
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Cmd.Process.Pid))
	require.NoError(p.T, err)
	for line := range strings.Lines(string(status)) {
		if kb, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			n, err := strconv.Atoi(strings.Fields(kb)[0])
			require.NoError(p.T, err)
			return n
		}
	}
	p.T.Skip("this system does not say how much memory a process has")
	return 0
}

// TestSoak asks for a while: what memory grows by is what the events take that
// were recorded.
func TestSoak(t *testing.T) {
	if testing.Short() {
		t.Skip("it measures")
	}
	long, err := time.ParseDuration(os.Getenv(soakEnv))
	if err != nil {
		long = 5 * time.Second
	}
	t.Setenv("GOGC", "50") // garbage is collected often: what is resident is what is kept
	s := newSiege(t, t.TempDir())
	p := start(t, s.dir, "--reads", "-1")
	var seen []int
	for fifth := range 5 {
		ctx, cancel := context.WithCancel(t.Context())
		var asking sync.WaitGroup
		asking.Go(func() { s.storm(ctx, p.URL) })
		time.Sleep(long / 5)
		s.answers(t, (fifth+1)*500) // or what is not of events would count
		cancel()
		asking.Wait()
		seen = append(seen, p.resident())
	}
	each := float64(seen[4]-seen[1]) * 1024 / (float64(len(s.acknowledged)) * 3 / 5)
	t.Logf("%d events, resident after each fifth %d KB: %.0f bytes an event", len(s.acknowledged), seen, each)
	require.Less(t, each, 8_000.0)
	require.Less(t, slices.Max(seen), 1<<20)
}
