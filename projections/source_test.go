package projections

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/domain"
)

// Ledgers are a source of what is applied to them.
type ledgers struct {
	mu       sync.Mutex
	states   map[string]*domain.State // each replaced when an event is applied
	watchers map[string][]chan struct{}
}

func newLedgers() *ledgers {
	return &ledgers{states: map[string]*domain.State{}, watchers: map[string][]chan struct{}{}}
}

func (l *ledgers) apply(events ...domain.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range events {
		group := events[i].Group
		state := domain.NewState(group)
		if have := l.states[group]; have != nil {
			state = have.Copy()
		}
		state.Apply(&events[i])
		l.states[group] = state
		for _, w := range l.watchers[group] {
			select {
			case w <- struct{}{}:
			default:
			}
		}
	}
}

func (l *ledgers) Groups() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Sorted(maps.Keys(l.states))
}

func (l *ledgers) State(_ context.Context, group string) (*domain.State, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if state := l.states[group]; state != nil {
		return state, nil
	}
	return domain.NewState(group), nil
}

var errBehind = errors.New("the event is not applied")

func (l *ledgers) Await(ctx context.Context, group string, index uint64) (*domain.State, error) {
	changed, cancel := l.Watch(group)
	defer cancel()
	for {
		state, err := l.State(ctx, group)
		if err != nil || state.Next > index {
			return state, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return state, errBehind
		}
	}
}

func (l *ledgers) Watch(group string) (changed <-chan struct{}, cancel func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := make(chan struct{}, 1)
	l.watchers[group] = append(l.watchers[group], w)
	return w, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.watchers[group] = slices.DeleteFunc(l.watchers[group], func(other chan struct{}) bool { return other == w })
	}
}

// What is asked of a snapshot is remembered until the source evicts it, or has another.
func TestGroupsRememberTheNewestSnapshot(t *testing.T) {
	b := sit(t).found()
	l := newLedgers()
	s := NewGroups(l)
	l.apply(b.events[:5]...)
	now := func() *Group {
		g, err := s.Now(t.Context(), "trafford", nil)
		require.NoError(t, err)
		return g
	}
	first := now()
	require.Same(t, first, now())
	l.apply(b.events[5:]...)
	second := now()
	require.NotSame(t, first, second)
	require.Same(t, first.trail, second.trail)
	require.Equal(t, uint64(5), first.State().Next, "a snapshot never changes")
	s.Forget("trafford")
	require.NotSame(t, second, now())
	require.Equal(t, second.State(), now().State())
}
