package main

import (
	"fmt"
	"net"
	"path/filepath"
	"regexp"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/require"

	"goldenthread/eventstore"
)

// stampedAt finds when the stream took a message, in nanoseconds, in what
// delivers it: the last token but one of the subject of its acknowledgement.
var stampedAt = regexp.MustCompile(`(\$JS\.ACK\.LEDGER\.[^. ]+\.\d+\.\d+\.\d+\.)(\d{19})(\.)`)

// anotherClock is a stream server as seen from a computer whose clock differs
// from its own by what off says: every timestamp that it delivers is moved.
func anotherClock(t *testing.T, address string, off *atomic.Int64) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			to, err := net.Dial("tcp", address)
			if err != nil {
				from.Close()
				return
			}
			go pipe(from, to, func(b []byte) []byte { return b })
			go pipe(to, from, func(b []byte) []byte {
				return stampedAt.ReplaceAllFunc(b, func(m []byte) []byte {
					parts := stampedAt.FindSubmatch(m)
					ns, _ := strconv.ParseInt(string(parts[2]), 10, 64)
					return fmt.Appendf(nil, "%s%019d%s", parts[1], ns+off.Load(), parts[3])
				})
			})
		}
	}()
	return "nats://" + l.Addr().String()
}

func pipe(from, to net.Conn, change func([]byte) []byte) {
	defer from.Close()
	defer to.Close()
	buffer := make([]byte, 1<<20)
	for {
		n, err := from.Read(buffer)
		if _, err2 := to.Write(change(buffer[:n])); err != nil || err2 != nil {
			return
		}
	}
}

// TestClockOffTheStreams runs the program beside a stream server whose clock
// begins to differ from its own (rule L4): up to two seconds it goes on; beyond,
// it stops with a sentence. Nothing is lost, and with the clock set right it goes on.
func TestClockOffTheStreams(t *testing.T) {
	srv, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(), SyncAlways: true, NoSigs: true, NoLog: true})
	require.NoError(t, err)
	srv.Start()
	t.Cleanup(func() { srv.Shutdown(); srv.WaitForShutdown() })
	require.True(t, srv.ReadyForConnections(patience))
	s := newSiegeOn(t, eventstore.Options{Dir: filepath.Join(t.TempDir(), "data"), NATS: srv.ClientURL()})
	for name, by := range map[string]time.Duration{"ahead": 5 * time.Second, "behind": -5 * time.Second} {
		var off atomic.Int64
		p := start(t, s.dir, "--nats", anotherClock(t, srv.Addr().String(), &off))
		s.again(p.URL)
		off.Store(int64(by / 5)) // a second is let pass
		for range 10 {
			s.insist(p.URL, s.askers[0], uuid.NewString())
		}
		off.Store(int64(by))
		s.storm(t.Context(), p.URL)
		ended := time.AfterFunc(patience, func() { p.Cmd.Process.Kill() })
		require.Error(t, p.Cmd.Wait())
		require.True(t, ended.Stop(), "%s: it goes on:\n%s", name, p.Log)
		require.Contains(t, p.Log.String(), "set the clock right and start again", name)
	}
	p := start(t, s.dir, "--nats", srv.ClientURL())
	s.again(p.URL)
	p.Stop()
	lost, doubled := s.count()
	t.Logf("stopped twice over the clock, %d acknowledged, %d lost, %d doubled", len(s.acknowledged), lost, doubled)
	require.Zero(t, lost)
	require.Zero(t, doubled)
}
