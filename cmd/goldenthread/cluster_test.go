package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"goldenthread/domain"
	"goldenthread/eventstore"
	"goldenthread/projections"
)

// Two nodes take commands for the same groups while the leader of the stream is
// killed again and again. What everybody was told must be what one ledger, in
// one order, would have told them (rule L2).

const (
	clusterGroups  = 3
	clusterCallers = 8   // at each node
	clusterHandles = 256 // that they contend for in a group
	clusterRounds  = "GOLDENTHREAD_CLUSTER_ROUNDS"
)

// A node is a store beside the trio, with its projections.
type node struct {
	*eventstore.Store
	groups *projections.Groups
}

func startNode(t *testing.T, dir, address string) *node {
	n := &node{}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var err error
	n.Store, n.groups, err = openLedgers(ctx, eventstore.Options{Dir: dir, NATS: address, Replicas: 3, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() { closeStore(n.Store) })
	return n
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
	if testing.Short() {
		t.Skip("it takes a while")
	}
	dir := t.TempDir()
	servers, err := startTrio(t.Context(), dir)
	require.NoError(t, err)
	t.Cleanup(servers.stop)
	nodes := []*node{startNode(t, filepath.Join(dir, "a"), servers.address())}
	require.NoError(t, copyKeys(filepath.Join(dir, "a"), filepath.Join(dir, "b")))
	nodes = append(nodes, startNode(t, filepath.Join(dir, "b"), servers.address()))
	founded := map[string]uint64{}
	for i := range clusterGroups {
		group := "group-" + strconv.Itoa(i)
		r, err := nodes[0].Execute(t.Context(), benchGroup(group))
		require.NoError(t, err)
		founded[group] = r.Next
	}
	history := contend(t, servers, nodes, fromEnv(clusterRounds, 2))
	require.Equal(t, porcupine.Ok, porcupine.CheckOperationsTimeout(oneLedger(founded), history, time.Minute))
	recorded, refused := requireOnce(t, nodes, history)
	t.Logf("%d leader kills, %d recorded, %d refused, at two nodes; one order explains all", fromEnv(clusterRounds, 2), recorded, refused)
}

// contend has callers at both nodes claim handles while leaders are killed.
func contend(t *testing.T, servers *trio, nodes []*node, rounds int) []porcupine.Operation {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	var mu sync.Mutex
	var history []porcupine.Operation
	began, done := time.Now(), make(chan struct{})
	var wg sync.WaitGroup
	for caller := range clusterCallers * len(nodes) {
		n, other := nodes[caller%len(nodes)], nodes[(caller+1)%len(nodes)]
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				c := contest{"group-" + strconv.Itoa(rand.IntN(clusterGroups)), rand.IntN(clusterHandles), uuid.New()}
				call := time.Since(began)
				out, err := n.claim(ctx, c)
				op := porcupine.Operation{ClientId: caller, Input: c, Call: int64(call), Output: out, Return: int64(time.Since(began))}
				if err == nil && out.recorded {
					err = other.sees(ctx, c, out.index)
				}
				mu.Lock()
				history = append(history, op)
				mu.Unlock()
				if err != nil {
					t.Errorf("%s at %d: %v", c.group, caller, err)
					return
				}
				time.Sleep(time.Duration(rand.IntN(40)) * time.Millisecond)
			}
		})
	}
	killLeaders(t, servers, rounds)
	close(done)
	wg.Wait()
	return history
}

// sees reads at this node what was recorded at the other one.
func (n *node) sees(ctx context.Context, c contest, index uint64) error {
	return n.groups.Read(ctx, c.group, &index, func(g *projections.Group) error {
		if g.State().ByHandle("p"+strconv.Itoa(c.handle)) == nil {
			return fmt.Errorf("event %d is there, and p%d is not", index, c.handle)
		}
		return nil
	})
}

func killLeaders(t *testing.T, servers *trio, rounds int) {
	for range rounds {
		time.Sleep(time.Second)
		var leader int
		require.Eventually(t, func() bool { leader = servers.leader(); return leader >= 0 }, trioReady, 10*time.Millisecond)
		servers.halt(leader)
		time.Sleep(time.Second)
		require.NoError(t, servers.start(leader))
		require.Eventually(t, func() bool { return servers.current() }, trioReady, 50*time.Millisecond)
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

// requireOnce holds what callers were told against both nodes' ledgers.
func requireOnce(t *testing.T, nodes []*node, history []porcupine.Operation) (recorded, refused int) {
	at := map[uuid.UUID]outcome{}
	for _, op := range history {
		at[op.Input.(contest).id] = op.Output.(outcome)
	}
	for _, n := range nodes {
		seen := map[uuid.UUID]int{}
		for i := range clusterGroups {
			group := "group-" + strconv.Itoa(i)
			require.Equal(t, nodes[0].Next(group), n.Next(group))
			for e, err := range n.Entries(t.Context(), group, 0, n.Next(group)) {
				require.NoError(t, err)
				out, told := at[e.Event.Command]
				if seen[e.Event.Command]++; told {
					require.Equal(t, outcome{true, e.Event.Index}, out)
					require.Equal(t, 1, seen[e.Event.Command])
				}
			}
		}
		recorded, refused = 0, 0
		for id, out := range at {
			require.Equal(t, out.recorded, seen[id] == 1, "%s", id)
			if out.recorded {
				recorded++
			} else {
				refused++
			}
		}
	}
	return recorded, refused
}
