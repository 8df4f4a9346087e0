package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	"goldenthread/cmd/internal/folder"
	"goldenthread/domain"
	"goldenthread/eventstore"
	"goldenthread/projections"
)

// Two nodes take commands for the same groups while the leader of the stream is
// killed again and again. What everybody was told must be what one ledger, in
// one order, would have told them (rule L2).

const (
	clusterGroups  = 3
	clusterCallers = 8    // at each node
	clusterHandles = 2048 // that they contend for in a group
	clusterRounds  = "GOLDENTHREAD_CLUSTER_ROUNDS"
)

// A node is a store beside the trio, with its projections.
type node struct {
	*eventstore.Store
	groups *projections.Groups
}

func startNode(t *testing.T, dir, address string, access ...nats.Option) *node {
	n := &node{}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var err error
	n.Store, n.groups, err = folder.Open(ctx, eventstore.Options{Dir: dir, NATS: address, Access: access, Replicas: 3, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() { folder.Close(n.Store) })
	return n
}

// startTwoNodes starts two nodes with the same keys, each at its address of the stream.
func startTwoNodes(t *testing.T, addresses [2]string, access ...nats.Option) []*node {
	a, b := t.TempDir(), t.TempDir()
	nodes := []*node{startNode(t, a, addresses[0], access...)}
	require.NoError(t, copyKeys(a, b))
	return append(nodes, startNode(t, b, addresses[1], access...))
}

func startTrioAndNodes(t *testing.T) (*trio, []*node) {
	servers, err := startTrio(t.Context(), t.TempDir())
	require.NoError(t, err)
	t.Cleanup(servers.stop)
	return servers, startTwoNodes(t, [2]string{servers.address(), servers.address()})
}

// A contest is one command as its caller saw it: to register a handle that
// others may want too.
type contest struct {
	group  string
	handle int
	id     uuid.UUID
}

// An outcome is what the caller was told: recorded at an index, or refused on
// what came before one.
type outcome struct {
	recorded bool
	index    uint64
}

// claims is a ledger as the model has it: its next index, and the handles taken.
type claims struct {
	next  uint64
	taken [clusterHandles / 64]uint64
}

// oneLedger says what one ledger would do with the contests, one after the other.
func oneLedger(founded map[string]uint64) porcupine.Model {
	return porcupine.Model{
		Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
			by := map[string][]porcupine.Operation{}
			for _, op := range history {
				group := op.Input.(contest).group
				by[group] = append(by[group], op)
			}
			var parts [][]porcupine.Operation
			for _, part := range by {
				parts = append(parts, part)
			}
			return parts
		},
		Init: func() any { return claims{} },
		Step: func(state, input, output any) (bool, any) {
			s, in, out := state.(claims), input.(contest), output.(outcome)
			if s.next == 0 {
				s.next = founded[in.group]
			}
			word, bit := in.handle/64, uint64(1)<<(in.handle%64)
			taken := s.taken[word]&bit != 0
			if out.recorded == taken || out.index != s.next {
				return false, s
			}
			if !taken {
				s.taken[word] |= bit
				s.next++
			}
			return true, s
		},
	}
}

// claim has the command decided, again and again until it is known how.
func (n *node) claim(ctx context.Context, c contest) (outcome, error) {
	for ctx.Err() == nil {
		once, cancel := context.WithTimeout(ctx, 5*time.Second)
		r, err := n.Execute(once, domain.Request{
			Group: c.group, ID: c.id, Hash: sha256.Sum256(c.id[:]), Actor: "manager",
			Command: &domain.RegisterPerson{PersonEntry: domain.PersonEntry{Handle: "p" + strconv.Itoa(c.handle), Office: "Partner", Organisation: "LMC"}},
		})
		cancel()
		var refused *eventstore.Refused
		switch {
		case err == nil:
			return outcome{true, r.First}, nil
		case errors.As(err, &refused):
			return outcome{false, refused.Index}, nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return outcome{}, ctx.Err()
}

func TestClusterIsOneLedger(t *testing.T) {
	servers, nodes := startTrioAndNodes(t)
	rounds := fromEnv(clusterRounds, 2)
	c := newContention(t, nodes)
	c.run(t, func() { killLeaders(t, servers, rounds) })
	t.Logf("%d leader kills: %s", rounds, c.check(t))
}

// A contention is callers at two nodes who claim handles in the same groups,
// and what each was told.
type contention struct {
	nodes   []*node
	founded map[string]uint64
	began   time.Time

	mu      sync.Mutex
	history []porcupine.Operation
	taken   []contest // recorded, in the order in which that was heard
	refused [2]bool   // callers at that node claim only what is taken
	reading sync.WaitGroup
	reads   int   // at the other node than the one that wrote
	stale   int   // of these, without what they asked for
	behind  error // why
}

func newContention(t *testing.T, nodes []*node) *contention {
	c := &contention{nodes: nodes, founded: map[string]uint64{}, began: time.Now()}
	for i := range clusterGroups {
		group := "group-" + strconv.Itoa(i)
		r, err := nodes[0].Execute(t.Context(), benchGroup(group))
		require.NoError(t, err)
		c.founded[group] = r.Next
	}
	return c
}

// run has them call until disturb returns.
func (c *contention) run(t *testing.T, disturb func()) {
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	done := make(chan struct{})
	var wg sync.WaitGroup
	for caller := range clusterCallers * len(c.nodes) {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if err := c.call(ctx, caller); err != nil {
					t.Errorf("caller %d: %v", caller, err)
					return
				}
				time.Sleep(time.Duration(rand.IntN(40)) * time.Millisecond)
			}
		})
	}
	disturb()
	close(done)
	wg.Wait()
	c.reading.Wait()
}

// call is one claim at one node; what was recorded is read at the other.
func (c *contention) call(ctx context.Context, caller int) error {
	n, other := c.nodes[caller%2], c.nodes[(caller+1)%2]
	in := contest{"group-" + strconv.Itoa(rand.IntN(clusterGroups)), rand.IntN(clusterHandles), uuid.New()}
	c.mu.Lock()
	if c.refused[caller%2] && len(c.taken) > 0 {
		was := c.taken[rand.IntN(len(c.taken))]
		in.group, in.handle = was.group, was.handle
	}
	c.mu.Unlock()
	call := time.Since(c.began)
	out, err := n.claim(ctx, in)
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.history = append(c.history, porcupine.Operation{ClientId: caller, Input: in, Call: int64(call), Output: out, Return: int64(time.Since(c.began))})
	if out.recorded {
		c.taken = append(c.taken, in)
	}
	c.mu.Unlock()
	if !out.recorded {
		return nil
	}
	c.reading.Go(func() { // the other node may be cut off
		seen, err := other.sees(ctx, in, out.index)
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.reads++; !seen {
			c.stale++
			c.behind = errors.Join(c.behind, err)
		}
	})
	return nil
}

// sees reads at this node, asking for at least the index, what was recorded at
// the other one.
func (n *node) sees(ctx context.Context, c contest, index uint64) (bool, error) {
	g, err := n.groups.Now(ctx, c.group, &index)
	if err != nil {
		return false, err
	}
	return g.State().ByHandle("p"+strconv.Itoa(c.handle)) != nil, nil
}

// check holds all that callers were told against one ledger in one order, and
// against both nodes, and says what it found.
func (c *contention) check(t *testing.T) string {
	recorded, refused, lost, doubled := c.count(t)
	said := fmt.Sprintf("%d recorded, %d refused, %d lost, %d doubled; %d reads at the other node, %d stale", recorded, refused, lost, doubled, c.reads, c.stale)
	require.Zero(t, lost+doubled+c.stale, "%s: %v", said, c.behind)
	require.Equal(t, porcupine.Ok, porcupine.CheckOperationsTimeout(oneLedger(c.founded), c.history, 2*time.Minute), said)
	return said + "; one order explains all"
}

func killLeaders(t *testing.T, servers *trio, rounds int) {
	for range rounds {
		time.Sleep(time.Second)
		var leader int
		require.Eventually(t, func() bool { leader = servers.leader(); return leader >= 0 }, patience, 10*time.Millisecond)
		servers.halt(leader)
		time.Sleep(time.Second)
		require.NoError(t, servers.start(leader))
		require.Eventually(t, func() bool { return servers.current() }, patience, 50*time.Millisecond)
	}
	time.Sleep(500 * time.Millisecond)
}

// current says whether all three are up and have what the others have.
func (t *trio) current() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range t.servers {
		if s == nil || !s.JetStreamIsCurrent() {
			return false
		}
	}
	return true
}

// count holds what callers were told against both nodes' ledgers.
func (c *contention) count(t *testing.T) (recorded, refused, lost, doubled int) {
	at := map[uuid.UUID]outcome{}
	for _, op := range c.history {
		at[op.Input.(contest).id] = op.Output.(outcome)
	}
	for _, out := range at {
		if out.recorded {
			recorded++
		} else {
			refused++
		}
	}
	for _, n := range c.nodes {
		seen := map[uuid.UUID]int{}
		for group := range c.founded {
			require.Eventually(t, func() bool { return c.nodes[0].Next(group) == c.nodes[1].Next(group) }, patience, 10*time.Millisecond)
			for e, err := range n.Entries(t.Context(), group, 0, n.Next(group)) {
				require.NoError(t, err)
				if out, told := at[e.Event.Command]; told {
					require.Equal(t, outcome{true, e.Event.Index}, out)
					seen[e.Event.Command]++
				}
			}
		}
		for id, out := range at {
			switch {
			case out.recorded && seen[id] == 0:
				lost++
			case seen[id] > 1:
				doubled++
			}
		}
	}
	return recorded, refused, lost, doubled
}
