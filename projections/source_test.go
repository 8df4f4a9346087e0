package projections

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/domain"
)

// A ledgers is a source whose events are applied as a store does it: to its own
// states first, then to who follows. A question is answered between two events.
type ledgers struct {
	mu     sync.Mutex
	states map[string]*domain.State
	asked  int
	slow   func() // called before an answer is given out
}

func (l *ledgers) apply(s *Groups, events ...domain.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range events {
		group := events[i].Group
		if l.states[group] == nil {
			l.states[group] = domain.NewState(group)
		}
		l.states[group].Apply(&events[i])
		if s != nil {
			s.Apply(events[i : i+1])
		}
	}
}

func (l *ledgers) Groups() (names []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for name := range l.states {
		names = append(names, name)
	}
	return names
}

func (l *ledgers) State(_ context.Context, group string) (*domain.State, error) {
	l.mu.Lock()
	l.asked++
	state := domain.NewState(group)
	if have := l.states[group]; have != nil {
		state = have.Copy()
	}
	l.mu.Unlock()
	if l.slow != nil {
		l.slow()
	}
	return state, nil
}

// named are the events as those of another group.
func named(events []domain.Event, group string) []domain.Event {
	all := make([]domain.Event, len(events))
	for i, e := range events {
		e.Group = group
		all[i] = e
	}
	return all
}

func stateOf(t *testing.T, s *Groups, group string) *domain.State {
	t.Helper()
	g, err := s.Now(t.Context(), group, nil)
	require.NoError(t, err)
	return g.State()
}

// A group of which only later events are seen is taken from the source, with what
// is applied while it is being taken, each once.
func TestGroupsAreTakenFromTheSource(t *testing.T) {
	b := sit(t).found().mandates().delegate()
	l := &ledgers{states: map[string]*domain.State{}}
	s := NewGroups()
	s.From(l, 0)
	var notFound *NotFound
	_, err := s.Now(t.Context(), "trafford", nil)
	require.ErrorAs(t, err, &notFound)

	half := len(b.events) / 2
	l.apply(nil, b.events[:half]...)
	next := half
	l.slow = func() { // while the answer is on its way
		l.apply(s, b.events[next:next+2]...)
		next += 2
	}
	l.apply(s, b.events[next:next+1]...)
	next++
	require.Equal(t, l.states["trafford"].Next, stateOf(t, s, "trafford").Next)
	l.slow = nil
	l.apply(s, b.events[next:]...)
	require.Equal(t, l.states["trafford"], stateOf(t, s, "trafford"))
	require.Equal(t, 1, l.asked, "it is kept up from there")
	require.Equal(t, []string{"trafford"}, s.Names())
}

// Groups that don't fit are let go of, and are the same when they are taken again.
func TestGroupsThatDoNotFitAreLetGo(t *testing.T) {
	b := sit(t).found().mandates().delegate()
	l := &ledgers{states: map[string]*domain.State{}}
	s := NewGroups()
	s.From(l, uint64(len(b.events))*3/2)
	names := []string{"a", "b", "c"}
	at := map[string]int{}
	for range 300 {
		name := names[rand.IntN(len(names))]
		if n := at[name]; n < len(b.events) {
			l.apply(s, named(b.events[n:n+1], name)...)
			at[name]++
		}
		require.Equal(t, l.states[name], stateOf(t, s, name))
	}
	require.Greater(t, l.asked, len(names), "some were taken again")
	g, err := s.Now(t.Context(), "a", nil)
	require.NoError(t, err)
	page, err := g.Audit(t.Context(), AuditFilter{}, b.lines)
	require.NoError(t, err)
	require.NotEmpty(t, page.Entries)
}
