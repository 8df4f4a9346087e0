package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	"goldenthread/api/problem"
	"goldenthread/cmd/internal/folder"
	"goldenthread/domain"
	"goldenthread/eventstore"
)

const slowRounds = "GOLDENTHREAD_SLOW_ROUNDS" // how often the stream's server hangs; 1

// startLone starts one stream server as a process, and gives its address.
func startLone(t *testing.T) (*exec.Cmd, string) {
	port, err := freePort()
	require.NoError(t, err)
	dir := t.TempDir()
	config := filepath.Join(dir, "nats.conf")
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, "listen: 127.0.0.1:%d\njetstream { store_dir: %q, sync_interval: always }\n", port, dir), 0o600))
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), natsEnv+"="+config)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	address := "nats://127.0.0.1:" + strconv.Itoa(port)
	require.Eventually(t, func() bool {
		nc, err := nats.Connect(address)
		if err == nil {
			nc.Close()
		}
		return err == nil
	}, patience, 20*time.Millisecond)
	return cmd, address
}

// TestSlowDisk has the stream's server crawl, and then hang, as on a disk that
// does not come back from a sync. While it crawls everybody is answered, at once or when
// they ask again as they are told. While it hangs, each is told in time that their command
// may be recorded or not, or that it is not; readiness says so. Then everything goes on:
// nothing is lost or doubled, and what was said not to be recorded is not.
func TestSlowDisk(t *testing.T) {
	if testing.Short() {
		t.Skip("it measures")
	}
	stream, address := startLone(t)
	s := newSiegeOn(t, eventstore.Options{Dir: filepath.Join(t.TempDir(), "data"), NATS: address})
	p := start(t, s.dir, "--nats", address)
	crawled := 0
	unsettled, refused := 0, map[string]bool{}
	status, said := 0, []byte(nil)
	ready := func() {
		require.Eventually(t, func() bool { status, said = p.Send("", "GET", "/readyz", ""); return status == 200 }, patience, 50*time.Millisecond, "%s", p.Log)
	}
	for range fromEnv(slowRounds, 1) {
		crawled += s.crawl(p, stream, address)
		ready() // it answers at once again, however busy this machine is

		var wg sync.WaitGroup
		client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: askers}, Timeout: patience}
		hang(t, stream.Process.Pid)
		for _, by := range s.askers {
			wg.Go(func() { require.False(t, s.ask(client, p.URL, by, uuid.NewString())) })
		}
		require.Eventually(t, func() bool { status, said = p.Send("", "GET", "/readyz", ""); return status == 503 }, patience, 50*time.Millisecond)
		require.Regexp(t, "has not been acknowledged since|connection to NATS is lost|keep the ledgers don.t answer", string(said))
		wg.Wait()
		require.NoError(t, stream.Process.Signal(syscall.SIGCONT))
		ready()
		unsettled += s.settled(refused)
		s.again(p.URL)
	}
	p.Stop()
	lost, doubled := s.count()
	require.Empty(t, s.recordedOf(refused), "said not to be recorded")
	t.Logf("%d answered while the stream's server crawled; while it hung %d were told that it is not known, %d that nothing was recorded; %d acknowledged, %d lost, %d doubled",
		crawled, unsettled, len(refused), len(s.acknowledged), lost, doubled)
	require.NotZero(t, unsettled)
	require.Zero(t, lost)
	require.Zero(t, doubled)
}

// hang stops a child, and returns once none of its threads goes on (waitpid(2)).
func hang(t *testing.T, pid int) {
	require.NoError(t, syscall.Kill(pid, syscall.SIGSTOP))
	var status syscall.WaitStatus
	_, err := syscall.Wait4(pid, &status, syscall.WUNTRACED, nil)
	require.NoError(t, err)
	require.True(t, status.Stopped())
}

// crawl has the server run for a twentieth of the time, for a while: each time until it has
// answered a ping, however busy this machine is, and a little longer.
func (s *siege) crawl(p *program, stream *exec.Cmd, address string) int {
	pings, err := nats.Connect(address, nats.PingInterval(time.Hour))
	require.NoError(s.t, err)
	defer pings.Close()
	before := len(s.acknowledged)
	done := make(chan struct{})
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			stream.Process.Signal(syscall.SIGSTOP)
			time.Sleep(95 * time.Millisecond)
			stream.Process.Signal(syscall.SIGCONT)
			if err := pings.FlushTimeout(patience); err != nil {
				s.t.Errorf("the stream's server does not answer a ping: %v", err)
			}
			select {
			case <-done:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	for range 3 {
		var wg sync.WaitGroup
		for _, by := range s.askers {
			wg.Go(func() {
				s.insist(p.URL, by, uuid.NewString())
			})
		}
		wg.Wait()
	}
	close(done)
	<-stopped
	return len(s.acknowledged) - before
}

// settled goes through what those were told who got no answer: that it is not
// known whether it was recorded, by its id, or that it was not. These are left.
func (s *siege) settled(refused map[string]bool) (unsettled int) {
	for id := range s.open {
		said, _ := s.told.Load(id)
		var p problem.Problem
		require.NoError(s.t, json.Unmarshal([]byte(said.(string)), &p), "%s", said)
		switch p.Code {
		case problem.CodeUnsettled:
			require.Contains(s.t, p.Detail, id, "without its command id")
			unsettled++
		case problem.CodeUnavailable, problem.CodeBusy: // whose meaning is that nothing was recorded
			refused[id] = true
			delete(s.open, id)
		default:
			require.Fail(s.t, "it says something else", "%s", said)
		}
	}
	return unsettled
}

// recordedOf are those of the commands that are in the ledgers.
func (s *siege) recordedOf(commands map[string]bool) (found []string) {
	store := s.openAgain()
	defer folder.Close(store)
	for _, group := range s.groups {
		for e, err := range store.Entries(s.t.Context(), group, 0, store.Next(group)) {
			require.NoError(s.t, err)
			if _, asked := e.Event.Data.(*domain.QuestionAsked); asked && commands[e.Event.Command.String()] {
				found = append(found, e.Event.Command.String())
			}
		}
	}
	return found
}
