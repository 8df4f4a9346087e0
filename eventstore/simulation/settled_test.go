package simulation

import (
	"bytes"
	"context"
	"time"

	"goldenthread/domain"
	"goldenthread/eventstore"
	"goldenthread/eventstore/stream"
)

// settled checks, after all faults have ended, that everybody was answered and that all
// nodes have and sign the one history.
func (t *truth) settled() {
	t.mu.Lock()
	for _, x := range t.world.sent {
		if !x.done {
			t.world.fail("%s by %s in %s is not answered, though all faults have ended", x.what, x.actor, x.group)
		}
	}
	t.mu.Unlock()
	t.sameStream()
	t.keysSettled()
	for _, n := range t.world.nodes {
		t.settledOn(n)
	}
}

// settledOn is settled, for one node.
func (t *truth) settledOn(n *node) {
	s := n.live()
	if s == nil {
		t.world.fail("%s does not start, though all faults have ended", n.name)
		return
	}
	if err := s.Ready(); err != nil {
		t.world.fail("%s is not ready, though all faults have ended: %v", n.name, err)
	}
	for g := range groups {
		t.settledAt(n, s, groupName(g))
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	if missing, err := s.CheckKeys(ctx); err != nil || len(missing) > 0 {
		t.world.fail("%s: keys are missing: %v %v", n.name, missing, err)
	}
	cancel()
}

// sameStream checks that the server still has what it acknowledged.
func (t *truth) sameStream() {
	t.world.server.mu.Lock()
	defer t.world.server.mu.Unlock()
	t.mu.Lock()
	defer t.mu.Unlock()
	st := t.world.server.streams[stream.Name]
	if got := len(st.visible()); got != len(t.records) {
		t.world.fail("the stream has %d messages, and %d were acknowledged", got, len(t.records))
	}
}

func (t *truth) settledAt(n *node, s *eventstore.Store, group string) {
	t.mu.Lock()
	lines := t.of(group).lines
	t.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if len(lines) == 0 {
		return
	}
	state, err := s.Await(ctx, group, uint64(len(lines)-1))
	if err != nil || state.Next != uint64(len(lines)) {
		t.world.fail("%s has %d of %d events of %s, though all faults have ended (%v)", n.name, s.Next(group), len(lines), group, err)
		return
	}
	t.sameState(n, group, state)
	t.namesAt(n, s, state)
	t.nothingDue(n, state)
	t.world.watcher.settledOn(n, s, group, int64(len(lines)))
	i := 0
	for e, err := range s.Entries(ctx, group, 0, uint64(len(lines))) {
		if err != nil || !bytes.Equal(e.Line, lines[i]) {
			t.world.fail("%s reads event %d of %s as %s (%v), and it is %s", n.name, i, group, e.Line, err, lines[i])
			break
		}
		i++
	}
	if tree, err := s.AwaitSigned(ctx, group, uint64(len(lines))); err != nil {
		t.world.fail("%s has signed for %d of %d events of %s, though all faults have ended: %v", n.name, tree.N, len(lines), group, err)
		return
	}
	signed, err := s.Checkpoint(group)
	t.mu.Lock()
	defer t.mu.Unlock()
	if err == nil {
		err = t.proves(group, signed, false)
	}
	if err != nil {
		t.world.fail("the checkpoint of %s at %s: %v", group, n.name, err)
	}
}

// nothingDue checks that nothing is due any more that is not recorded.
func (t *truth) nothingDue(n *node, state *domain.State) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if due := t.of(state.Group).fold.Settle(n.time(), nil); len(due) > 0 {
		t.world.fail("%s: %d events of %s are due, and not recorded, the first %s", n.name, len(due), state.Group, due[0].Kind())
	}
}
