package simulation

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"goldenthread/domain"
	"goldenthread/eventstore"
	"goldenthread/eventstore/keys"
)

// A sealing is what a ledger holds of somebody's personal data.
type sealing struct {
	person string // id
	handle string
	sealed []byte
	erased uint64 // index after the event that erased them; 0: they are not
}

// noteSealed notes whose data an event holds, or whom it erases. The mutex is held.
func (l *ledger) noteSealed(e *domain.Event) {
	switch data := e.Data.(type) {
	case *domain.PersonRegistered:
		if len(data.Sealed) > 0 {
			l.sealed = append(l.sealed, &sealing{person: data.Person, handle: data.Handle, sealed: data.Sealed})
		}
	case *domain.PersonErased:
		for _, one := range l.sealed {
			if one.person == data.Person {
				one.erased = e.Index + 1
			}
		}
	}
}

// erase makes up a command that erases somebody who gave their name, or that registers one.
func (w *world) erase(group, n int) *sending {
	w.truth.mu.Lock()
	var all []string
	for _, one := range w.truth.of(groupName(group)).sealed {
		if strings.HasPrefix(one.handle, "q") { // not those who send commands
			all = append(all, one.person)
		}
	}
	w.truth.mu.Unlock()
	if len(all) == 0 {
		return w.compose(group, n-n%12+2)
	}
	person := all[n%len(all)]
	return w.add(group, "founder", "erase", func() domain.Command { return &domain.ErasePerson{Person: person} })
}

// erasedAt checks that the node opens nothing any more of whom the first events erase: those
// that it has applied, or has told of.
func (t *truth) erasedAt(n *node, s *eventstore.Store, group string, next uint64) {
	t.mu.Lock()
	sealed := slices.Clone(t.of(group).sealed)
	t.mu.Unlock()
	for _, one := range sealed {
		t.mu.Lock()
		erased := one.erased != 0 && one.erased <= next
		t.mu.Unlock()
		if !erased {
			continue
		}
		if data, err := s.OpenPersonal(one.person, one.sealed); err == nil {
			t.world.fail("%s reads that somebody who is erased in %s is called %q", n.name, group, data.Name)
		}
	}
}

// keysSettled checks, after all faults have ended, that the keys of all who are erased are
// destroyed, and that no node keeps a wrapping key beside the one in force.
func (t *truth) keysSettled() {
	for _, n := range t.world.nodes {
		if s := n.live(); s != nil && len(s.ErasuresLeft()) > 0 {
			t.world.fail("%s: the keys of %v are not destroyed, though all faults have ended", n.name, s.ErasuresLeft())
		}
		if _, err := os.Stat(filepath.Join(n.dirNow(), keys.WrappingFile+".next")); err == nil {
			t.world.fail("%s has a second wrapping key, though all faults have ended", n.name)
		}
	}
	erased := map[string]bool{}
	t.mu.Lock()
	for _, l := range t.groups {
		for _, one := range l.sealed {
			if one.erased != 0 {
				erased[one.person] = true
			}
		}
	}
	t.mu.Unlock()
	for _, r := range t.world.keyEntries() {
		if person := strings.TrimPrefix(r.subject, "keys."); erased[person] {
			t.world.fail("the key of somebody who is erased is still in the stream of the keys, at %d", r.sequence)
		}
	}
}

// keyEntries are the messages of the stream of the keys, in order.
func (w *world) keyEntries() (all []record) {
	w.server.mu.Lock()
	defer w.server.mu.Unlock()
	st := w.server.streams[keys.StreamName]
	if st == nil {
		return nil
	}
	for _, at := range st.visible() {
		all = append(all, *st.records[at])
	}
	return all
}

// handOn copies the wrapping key in force to the nodes that lack it, as whoever runs the
// nodes is told to do after an erasure; it says whether all have it.
func (w *world) handOn() (all bool) {
	var proof []byte
	for _, r := range w.keyEntries() {
		if r.subject == "keys.wrapping" {
			proof = r.body
		}
	}
	var holder *node
	var without []*node
	for _, n := range w.nodes {
		file, err := os.ReadFile(filepath.Join(n.dirNow(), keys.WrappingFile))
		if err == nil {
			_, err = keys.Unseal(file, "wrapping", proof)
		}
		if err == nil {
			holder = n
		} else {
			without = append(without, n)
		}
	}
	if holder == nil {
		return false // it is not in its place yet
	}
	for _, n := range without {
		w.copyFile(holder, n, keys.WrappingFile)
	}
	return len(without) == 0
}

// settleKeys waits until all erasures are finished and all nodes have the wrapping key.
func (w *world) settleKeys() {
	for range 60 {
		left := !w.handOn()
		for _, n := range w.nodes {
			s := n.live()
			_, err := os.Stat(filepath.Join(n.dirNow(), keys.WrappingFile+".next"))
			left = left || s == nil || len(s.ErasuresLeft()) > 0 || err == nil
		}
		if !left {
			return
		}
		time.Sleep(5 * time.Second)
	}
}

// namesAt checks that the node can read the name of everybody who is not erased.
func (t *truth) namesAt(n *node, s *eventstore.Store, state *domain.State) {
	for number := range 40 {
		p := state.ByHandle(fmt.Sprint("q", number))
		if p == nil || p.Erased != 0 {
			continue
		}
		if data, err := s.OpenPersonal(p.ID, p.Sealed); err != nil || data.Name != nameOf(number) {
			t.world.fail("%s can't read the name of %s in %s: %q %v", n.name, p.Handle, state.Group, data.Name, err)
		}
	}
}
