package domain

import (
	"slices"
	"time"
)

// State is what one group's ledger says, folded, and nothing else: what whoever
// asks brings along is in a View. It is made of parts, each beside the rules that it
// is about; each says in its copy what a change could show through.
//
// The parts lie in layers, and each layer has what lies under it: ground, roster,
// backing, circle, consensus, authority, business, and the State at the top. A question
// that one part answers is that part's method; one that takes several is a method of
// the lowest layer that has them all. So who belongs to which practice can't come to
// depend on what somebody was given power to do: it would not compile.
//
// What hangs under its maps is never changed in place: apply puts a changed copy
// there, so that a copy of the maps is a state of its own. Readers must not change
// anything.
//
// A State answers questions about any effective day, as known after its last
// event; "as known" at an earlier moment is the State folded up to that moment.
type State struct{ business }

// ground is what everything else stands on: which group it is, how far its ledger has
// come, and by what it works.
type ground struct {
	head
	founding
}

// roster adds who there is, and who speaks for whom.
type roster struct {
	ground
	register
	table
}

// backing adds which practices stand behind what is said for them.
type backing struct {
	roster
	mandates
}

// circle adds what was agreed, and with it the seats and duties that agreements give.
type circle struct {
	backing
	decisions
}

// consensus adds what went out to the practices and came back. It answers who was
// asked, and whether they agreed.
type consensus struct {
	circle
	thread
}

// authority adds who may act and speak for the group, and what they did.
type authority struct {
	consensus
	powers
	representation
}

// business adds what is going on: what the system asked, what the group works at, what
// waits for somebody, the groups beside it, and who gets in.
type business struct {
	authority
	gate
	work
	waiting
	neighbours
	access
}

// head is how far the ledger has come.
type head struct {
	Group  string             // name in addresses, such as "trafford"
	Next   uint64             // index of the next event
	Last   time.Time          // recorded time of the last event
	counts ['Z' - 'A' + 1]int // numbers given out, by letter: P, O, D, E, R, K, M, A, S, T, Y, W, X, Q, I, N, V, L
}

// NewState is the state of a group of which nothing has been recorded.
func NewState(group string) *State {
	s := &State{}
	s.Group, s.register, s.table, s.mandates, s.decisions, s.thread = group, newRegister(), newTable(), newMandates(), newDecisions(), newThread()
	s.powers, s.representation, s.gate, s.work = newPowers(), newRepresentation(), newGate(), newWork()
	s.waiting, s.neighbours, s.access = newWaiting(), newNeighbours(), newAccess()
	return s
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
	c := &State{}
	c.head, c.founding, c.register, c.table, c.mandates = s.head, s.founding.copy(), s.register.copy(), s.table.copy(), s.mandates.copy()
	c.decisions, c.thread, c.powers, c.representation = s.decisions.copy(), s.thread.copy(), s.powers.copy(), s.representation.copy()
	c.gate, c.work, c.waiting, c.neighbours, c.access = s.gate.copy(), s.work.copy(), s.waiting.copy(), s.neighbours.copy(), s.access.copy()
	return c
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
