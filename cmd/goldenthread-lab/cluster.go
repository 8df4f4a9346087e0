package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/spf13/cobra"

	"goldenthread/eventstore/stream"
)

// A trio is three stream servers on this machine which keep every stream in
// three copies: a cluster to try things on. One may be down at a time.
type trio struct {
	dir     string
	clients [3]int // ports
	routes  [3]int
	reach   [3][3]int // the port at which one reaches another: its own, or that of whoever stands between them
	mu      sync.Mutex
	servers [3]*server.Server // nil: down
}

const (
	trioReady = 30 * time.Second
	nowhere   = "127.0.0.1:1" // what servers tell each other of themselves, so that they know no way but those that they are given
)

func startTrio(ctx context.Context, dir string) (*trio, error) {
	t, err := newTrio(dir)
	if err != nil {
		return nil, err
	}
	return t, t.startAll(ctx)
}

// newTrio are three servers that are not started yet.
func newTrio(dir string) (*trio, error) {
	t := &trio{dir: dir}
	for i := range t.servers {
		var err, err2 error
		t.clients[i], err = freePort()
		t.routes[i], err2 = freePort()
		if err := errors.Join(err, err2); err != nil {
			return nil, err
		}
	}
	for from := range t.reach {
		t.reach[from] = t.routes
	}
	return t, nil
}

func (t *trio) startAll(ctx context.Context) error {
	for i := range t.servers {
		if err := t.start(i); err != nil {
			t.stop()
			return err
		}
	}
	return t.await(ctx)
}

// freePort is a port at which nobody listens. It is below those that systems give
// to whoever asks for any or connects (from 32768 on), so that hardly anybody takes
// it meanwhile.
func freePort() (port int, err error) {
	for range 100 {
		port = 10_000 + rand.IntN(22_000)
		var l net.Listener
		if l, err = net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			return port, l.Close()
		}
	}
	return 0, err
}

// start starts one of the three on what its folder holds.
func (t *trio) start(i int) error {
	var routes []*url.URL
	for _, port := range t.reach[i] {
		routes = append(routes, &url.URL{Scheme: "nats", Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(port))})
	}
	name := "stream-" + strconv.Itoa(i+1)
	s, err := server.NewServer(&server.Options{
		ServerName: name, Host: "127.0.0.1", Port: t.clients[i], NoSigs: true, NoLog: true,
		JetStream: true, StoreDir: filepath.Join(t.dir, name), SyncAlways: true, MaxPayload: 1 << 20,
		Cluster: server.ClusterOpts{Name: "goldenthread", Host: "127.0.0.1", Port: t.routes[i], Advertise: nowhere}, Routes: routes,
	})
	if err != nil {
		return fmt.Errorf("prepare a stream server: %w", err)
	}
	s.Start()
	if !s.ReadyForConnections(trioReady) {
		return fmt.Errorf("%s did not start", name)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.servers[i] = s
	return nil
}

// await waits until the three have found each other.
func (t *trio) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, trioReady)
	defer cancel()
	for {
		for _, s := range t.servers {
			if s.JetStreamIsLeader() && len(s.JetStreamClusterPeers()) == len(t.servers) {
				return nil
			}
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			t.stop()
			return errors.New("the stream servers did not find each other")
		}
	}
}

// halt stops one of the three.
func (t *trio) halt(i int) {
	t.mu.Lock()
	s := t.servers[i]
	t.servers[i] = nil
	t.mu.Unlock()
	if s != nil {
		s.Shutdown()
		s.WaitForShutdown()
	}
}

func (t *trio) stop() {
	for i := range t.servers {
		t.halt(i)
	}
}

// leader is the one that leads the ledgers' stream; -1 while none does.
func (t *trio) leader() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, s := range t.servers {
		if s != nil && s.JetStreamIsStreamLeader("$G", stream.Name) {
			return i
		}
	}
	return -1
}

// address is where the three are reached, whichever of them are up.
func (t *trio) address() string {
	var urls []string
	for _, port := range t.clients {
		urls = append(urls, "nats://"+net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	}
	return strings.Join(urls, ",")
}

func clusterCommand() *cobra.Command {
	dir, program := "", ""
	cmd := &cobra.Command{
		Use: "cluster", Short: "Bring up three stream servers and two nodes on this machine, to try a cluster",
		Long: "Cluster starts three NATS servers that keep every stream three times, and two goldenthread servers beside them, all on this\n" +
			"machine. It is for trying: a real cluster has its servers on different machines, with TLS and accounts.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runCluster(cmd, program, dir) },
	}
	cmd.Flags().StringVar(&dir, "data", "cluster", "folder of all five")
	cmd.Flags().StringVar(&program, "program", "", "the goldenthread to run; the one beside this program, or else of the system's path, if not said")
	return cmd
}

func runCluster(cmd *cobra.Command, program, dir string) error {
	program, err := findProgram(program)
	if err != nil {
		return err
	}
	servers, err := startTrio(cmd.Context(), dir)
	if err != nil {
		return err
	}
	defer servers.stop()
	cmd.PrintErrf("The stream is at %s.\n", servers.address())
	first, second := filepath.Join(dir, "node-1"), filepath.Join(dir, "node-2")
	stop, err := serveBeside(cmd, program, first, "127.0.0.1:8081", servers.address())
	if err != nil {
		return err
	}
	defer stop()
	if err := copyKeys(first, second); err != nil {
		return err
	}
	stop, err = serveBeside(cmd, program, second, "127.0.0.1:8082", servers.address())
	if err != nil {
		return err
	}
	defer stop()
	<-cmd.Context().Done()
	return nil
}

// findProgram is the file of the program: the one that was named, the one beside
// this program, or the one of the system's path.
func findProgram(named string) (string, error) {
	if named != "" {
		return named, nil
	}
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	beside := filepath.Join(filepath.Dir(self), "goldenthread")
	if _, err := os.Stat(beside); err == nil {
		return beside, nil
	}
	return exec.LookPath("goldenthread")
}

// serveBeside starts the program's server as a process of its own, and returns
// once it answers.
func serveBeside(cmd *cobra.Command, program, dir, listen, nats string) (stop func(), err error) {
	node := exec.Command(program, "serve", "--data", dir, "--listen", listen, "--nats", nats, "--replicas", "3")
	node.Stdout, node.Stderr = cmd.OutOrStdout(), cmd.ErrOrStderr()
	if err := node.Start(); err != nil {
		return nil, err
	}
	stop = func() { node.Process.Signal(syscall.SIGTERM); node.Wait() }
	for range int(trioReady / (50 * time.Millisecond)) {
		if c, err := net.Dial("tcp", listen); err == nil {
			c.Close()
			if _, err := os.Stat(filepath.Join(dir, "operator-token")); err == nil {
				return stop, nil
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	stop()
	return nil, fmt.Errorf("the node at %s did not start", listen)
}

// copyKeys gives the second node the keys and the operator's token that the first
// one made: all nodes have the same.
func copyKeys(from, to string) error {
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	for _, name := range []string{"wrapping.key", "signing.key", "operator-token", "backup.key"} {
		b, err := os.ReadFile(filepath.Join(from, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(to, name), b, 0o600)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
