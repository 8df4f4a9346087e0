package main

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"
)

// Three stream servers and two nodes, and a network between them that is cut
// into two sides and healed again, while callers at both nodes go on.

const partitionRounds = "GOLDENTHREAD_PARTITION_ROUNDS"

// A wire carries connections to one address. While it is cut, nothing passes:
// either connections break and no new one is made, or what was sent waits, and
// arrives late.
type wire struct {
	listener net.Listener
	to       string

	mu    sync.Mutex
	cut   bool
	waits bool          // what is sent meanwhile arrives when it is healed
	heal  chan struct{} // closed when it is
	conns map[net.Conn]bool
}

func newWire(t *testing.T, to int) *wire {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	w := &wire{listener: l, to: fmt.Sprintf("127.0.0.1:%d", to), heal: make(chan struct{}), conns: map[net.Conn]bool{}}
	close(w.heal)
	t.Cleanup(func() { l.Close(); w.set(true, false) })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go w.join(c)
		}
	}()
	return w
}

func (w *wire) port() int { return w.listener.Addr().(*net.TCPAddr).Port }

// join passes on what comes from either end.
func (w *wire) join(from net.Conn) {
	defer from.Close()
	w.pass()
	to, err := net.Dial("tcp", w.to)
	if err != nil || !w.keep(from, to) {
		return
	}
	defer to.Close()
	var both sync.WaitGroup
	for _, ends := range [][2]net.Conn{{from, to}, {to, from}} {
		both.Go(func() {
			defer to.Close()
			defer from.Close()
			buffer := make([]byte, 64<<10)
			for {
				n, err := ends[0].Read(buffer)
				w.pass()
				if _, err2 := ends[1].Write(buffer[:n]); err != nil || err2 != nil {
					return
				}
			}
		})
	}
	both.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.conns, from)
	delete(w.conns, to)
}

// pass waits while the wire is cut.
func (w *wire) pass() {
	w.mu.Lock()
	heal := w.heal
	w.mu.Unlock()
	<-heal
}

func (w *wire) keep(conns ...net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.cut && !w.waits {
		return false
	}
	for _, c := range conns {
		w.conns[c] = true
	}
	return true
}

func (w *wire) set(cut, waits bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if cut && !w.cut {
		w.heal = make(chan struct{})
	} else if !cut && w.cut {
		close(w.heal)
	}
	w.cut, w.waits = cut, waits
	if cut && !waits {
		for c := range w.conns {
			c.Close()
		}
	}
}

// A network joins the servers, 0 to 2, and the nodes, 3 and 4.
type network struct {
	wires [5][3]*wire // from, to
}

func newNetwork(t *testing.T, servers *trio) *network {
	n := &network{}
	for from := range n.wires {
		for to := range servers.servers {
			if from < 3 {
				n.wires[from][to] = newWire(t, servers.routes[to])
				servers.reach[from][to] = n.wires[from][to].port()
			} else {
				n.wires[from][to] = newWire(t, servers.clients[to])
			}
		}
	}
	return n
}

// address is where a node reaches the three.
func (n *network) address(node int) string {
	var urls []string
	for _, w := range n.wires[3+node] {
		urls = append(urls, fmt.Sprintf("nats://127.0.0.1:%d", w.port()))
	}
	return strings.Join(urls, ",")
}

// split cuts whatever joins these with the others.
func (n *network) split(waits bool, these ...int) {
	side := map[int]bool{}
	for _, i := range these {
		side[i] = true
	}
	for from := range n.wires {
		for to, w := range n.wires[from] {
			w.set(side[from] != side[to], waits)
		}
	}
}

func (n *network) healed() { n.split(false) }

func TestPartitions(t *testing.T) {
	servers, err := newTrio(t.TempDir())
	require.NoError(t, err)
	network := newNetwork(t, servers)
	require.NoError(t, servers.startAll(t.Context()))
	t.Cleanup(servers.stop)
	t.Cleanup(network.healed)
	nodes := startTwoNodes(t, [2]string{network.address(0), network.address(1)}, nats.IgnoreDiscoveredServers())
	rounds := fromEnv(partitionRounds, 4)
	c := newContention(t, nodes)
	c.run(t, func() {
		for round := range rounds {
			c.divide(t, servers, network, round)
		}
	})
	require.Eventually(t, func() bool { // the ledgers can be read again, all of them
		for group := range c.founded {
			for _, err := range nodes[0].Entries(t.Context(), group, 0, nodes[0].Next(group)) {
				if err != nil {
					return false
				}
			}
		}
		return servers.leader() >= 0 && servers.current()
	}, patience, 500*time.Millisecond)
	t.Logf("%d partitions: %s", rounds, c.check(t))
}

// divide makes one partition and ends it. What is cut off differs in each round,
// and every second time what was sent meanwhile arrives late.
func (c *contention) divide(t *testing.T, servers *trio, network *network, round int) {
	var leader int
	require.Eventually(t, func() bool { leader = servers.leader(); return leader >= 0 && servers.current() }, patience, 10*time.Millisecond)
	time.Sleep(500 * time.Millisecond)
	waits := round%8 >= 4
	switch round % 4 {
	case 0: // a node beside a leader that nobody follows any more: what it refuses must not rest on what that one has
		c.onlyTaken(0, true)
		time.Sleep(500 * time.Millisecond)
		network.split(waits, leader, 3)
		c.until(t, c.recorded()+20, "the other side goes on")
		time.Sleep(2 * time.Second)
	case 1: // a node alone
		network.split(waits, 3)
		time.Sleep(3 * time.Second)
	case 2: // the leader alone
		network.split(waits, leader)
		c.until(t, c.recorded()+20, "both nodes go on")
	case 3: // both nodes beside a single server: nobody can write
		network.split(waits, (leader+1)%3, 3, 4)
		time.Sleep(6 * time.Second)
	}
	network.healed()
	c.onlyTaken(0, false)
	c.until(t, c.recorded()+40, "after it is healed")
}

func (c *contention) onlyTaken(node int, on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refused[node] = on
}

func (c *contention) recorded() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.taken)
}

// until waits for so many to be recorded.
func (c *contention) until(t *testing.T, n int, what string) {
	require.Eventually(t, func() bool { return c.recorded() >= n }, 3*time.Minute, 20*time.Millisecond, what)
}
