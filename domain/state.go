package domain

import (
	"slices"
	"time"
)

// State is what one group's ledger says, folded, and nothing else: what whoever
// asks brings along is in a View. It is made of parts, each beside the rules that it
// is about; each says in its copy what a change could show through. A question that
// one part answers is that part's method; one that takes several is the State's.
//
// What hangs under its maps is never changed in place: apply puts a changed copy
// there, so that a copy of the maps is a state of its own. Readers must not change
// anything.
//
// A State answers questions about any effective day, as known after its last
// event; "as known" at an earlier moment is the State folded up to that moment.
type State struct {
	head
	founding
	register
	table
	mandates
	decisions
	powers
	representation
	gate
	work
	thread
	waiting
	neighbours
	access
}

// head is how far the ledger has come.
type head struct {
	Group  string             // name in addresses, such as "trafford"
	Next   uint64             // index of the next event
	Last   time.Time          // recorded time of the last event
	counts ['Z' - 'A' + 1]int // numbers given out, by letter: P, O, D, E, R, K, M, A, S, T, Y, W, X, Q, I, N
}

// NewState is the state of a group of which nothing has been recorded.
func NewState(group string) *State {
	return &State{
		head: head{Group: group}, register: newRegister(), table: newTable(), mandates: newMandates(), decisions: newDecisions(), powers: newPowers(),
		representation: newRepresentation(), gate: newGate(), work: newWork(), thread: newThread(), waiting: newWaiting(), neighbours: newNeighbours(), access: newAccess(),
	}
}

// Apply folds the next event in. Events must be applied in index order.
func (s *State) Apply(e *Event) {
	seats := changesSeats(e.Data)
	if seats {
		s.noteSeats(DayOf(e.Time))
	}
	e.Data.apply(s, e)
	if seats {
		s.noteSeats(DayOf(e.Time))
	}
	s.Next, s.Last = e.Index+1, e.Time
}

// Copy is a state of its own, into which further events can be folded. It shares
// what hangs under the maps.
func (s *State) Copy() *State {
	return &State{
		head: s.head, founding: s.founding.copy(), register: s.register.copy(), table: s.table.copy(), mandates: s.mandates.copy(), decisions: s.decisions.copy(),
		powers: s.powers.copy(), representation: s.representation.copy(), gate: s.gate.copy(), work: s.work.copy(), thread: s.thread.copy(), waiting: s.waiting.copy(), neighbours: s.neighbours.copy(),
		access: s.access.copy(),
	}
}

// edit puts a copy of the entry in the map and gives it out to be changed.
func edit[K ~string, V any](m map[K]*V, key K) *V {
	c := *m[key]
	m[key] = &c
	return &c
}

// with is the slice and one more, in memory of its own and with no room to spare:
// what grows by ones, here and there, is most of what a state takes.
func with[V any](s []V, v V) []V {
	c := make([]V, len(s)+1)
	copy(c, s)
	c[len(s)] = v
	return c
}

func appendNew(s []string, v string) []string {
	if slices.Contains(s, v) {
		return s
	}
	return append(slices.Clip(s), v)
}
