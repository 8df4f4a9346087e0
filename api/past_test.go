package api

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/projections"
)

// TestPastGoesOn asks for earlier states in any order: each is what a fold of
// its own makes, and stays so, though later folds go on from it or from a mark.
func TestPastGoesOn(t *testing.T) {
	w := newWorld(t).established()
	last := w.store.Next("trafford")
	alone := func(next uint64) *projections.Group {
		g := projections.New("trafford")
		for e, err := range w.store.Entries(t.Context(), "trafford", 0, next) {
			require.NoError(t, err)
			g.Apply(&e.Event)
		}
		return g
	}
	p := newPast(w.store)
	p.every = 3
	seen := map[uint64]*projections.Group{}
	for range 60 {
		next := rand.Uint64N(last + 1)
		g, err := p.group(t.Context(), "trafford", next)
		require.NoError(t, err)
		require.Equal(t, alone(next), g, "as known at %d", next)
		seen[next] = g
	}
	for next, g := range seen {
		require.Equal(t, alone(next), g, "as known at %d, later", next)
	}
	require.NotEmpty(t, p.marks)
	require.LessOrEqual(t, len(p.marks), pastMarks)
}
