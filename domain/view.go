package domain

// A View is a state for whoever asks: with the ledgers of other groups that they have
// beside it, and with what they asked already. It is to be read only. Whatever rests
// on who stands behind the group is asked of a view; what only the group's own events
// say, of its state.
//
// It lies in layers as the state does: beside, remembering, supposing, and the View.
type View struct{ supposing }

// beside is a state with the ledgers of other groups beside it.
type beside struct {
	*State
	across map[string]*State // by name, as they were known at the same moment (rule G1)
}

// remembering adds what was worked out before.
type remembering struct {
	beside
	memo memo // empty but for Remembering
}

// supposing adds what would be so if something that waits took effect.
type supposing struct {
	remembering
	supposed bool // it is what would be so
}

// newView is the state with the others' ledgers beside it.
func newView(s *State, across map[string]*State) *View {
	v := &View{}
	v.State, v.across = s, across
	return v
}

// View is the state for somebody who asks, with nothing beside it.
func (s *State) View() *View { return newView(s, nil) }

// Across is the view with the ledgers of other groups beside it, by name, as they
// were known at the same moment. They are to be read only.
func (s *View) Across(places map[string]*State) *View {
	c := *s
	c.across = places
	return &c
}

// Remembering is the same view with a memory of what it is asked, where it works out
// nothing twice. It is for one goroutine at a time, and only until something is
// applied to the state.
func (s *View) Remembering() *View {
	c := *s
	c.memo = memo{
		places: s.Places(), days: s.changingDays(), coverage: map[period]Coverage{}, incomplete: map[period]string{}, sizes: map[period][]SizeList{}, appointments: map[string][]*Appointment{},
		delegations: s.delegationsInOrder(), overdue: map[string][]overdueReport{}, said: map[string][]*Commitment{},
		positions: map[string][]*AdoptedPosition{}, spent: map[spending]Pence{}, agreements: map[string][]Link{}, texts: map[uint64]string{}, taken: map[string][]*View{},
	}
	return &c
}

func (s *remembering) remembers() bool { return s.memo.coverage != nil }

// copied is a view of a copy of the state, into which further events can be folded:
// it remembers nothing.
func (s *supposing) copied() *View {
	c := newView(s.State.Copy(), s.across)
	c.supposed = s.supposed
	return c
}
