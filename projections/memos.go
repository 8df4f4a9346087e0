package projections

import (
	"runtime"
	"sync"

	"goldenthread/domain"
)

// Memos are one state with what it was asked already (domain.View.Remembering), for as
// many as ask at a time. They are safe for concurrent use.
type memos struct {
	mu   sync.Mutex
	free []*domain.View
}

// ask runs f on the state with a memo of its own meanwhile.
func (m *memos) ask(state *domain.View, f func(*domain.View)) {
	s := m.take(state)
	f(s)
	m.put(s) // not after a panic: half a memo is none
}

func (m *memos) take(state *domain.View) *domain.View {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n := len(m.free); n > 0 {
		s := m.free[n-1]
		m.free = m.free[:n-1]
		return s
	}
	return state.Remembering()
}

func (m *memos) put(s *domain.View) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.free) < runtime.GOMAXPROCS(0) {
		m.free = append(m.free, s)
	}
}
