package feeds

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/eventstore"
	"goldenthread/eventstore/storetest"
	"goldenthread/projections"
)

// All readers are written the same, whether they come early or late; one that was live and
// fell behind what is kept is turned away, and goes on where it was when it comes back.
func TestReadersShareOneRead(t *testing.T) {
	store, err := eventstore.Open(t.Context(), eventstore.Options{Dir: t.TempDir(), Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() { store.Close(t.Context()) })
	s := &Feeds{store: store, groups: projections.NewGroups(store), hubs: hubs{of: map[string]*hub{}}, reading: make(chan struct{}, readsOnce)}
	record := func(n int) {
		for i := range n {
			_, err := store.Execute(t.Context(), storetest.Register("g", fmt.Sprintf("p%d-%d", store.Next("g"), i)))
			require.NoError(t, err)
		}
	}
	_, err = store.Execute(t.Context(), storetest.Found("g"))
	require.NoError(t, err)
	h, _, leave := s.join("g")
	read := func(r *reader) (string, error) {
		var out bytes.Buffer
		for {
			more, err := r.write(t.Context(), s, &out)
			if err != nil || !more {
				return out.String(), err
			}
		}
	}
	record(300) // more than are read at once
	late, live := &reader{group: "g", hub: h}, &reader{group: "g", hub: h, next: store.Next("g")}
	require.Len(t, h.tail, 0)
	wrote, err := read(live)
	require.NoError(t, err)
	require.Empty(t, wrote)
	record(5)
	wrote, err = read(live)
	require.NoError(t, err)
	require.Equal(t, 5, strings.Count(wrote, "id: "))
	whole, err := read(late)
	require.NoError(t, err)
	require.Equal(t, int(store.Next("g")), strings.Count(whole, "id: "))
	require.True(t, strings.HasSuffix(whole, wrote))
	require.Len(t, h.tail, 5, "what is old was read by the one who asked for it alone")

	record(mostTail + 10)
	fast := &reader{group: "g", hub: h, next: store.Next("g"), live: true}
	_, err = read(fast)
	require.NoError(t, err)
	for _, slow := range []*reader{late, live} {
		_, err = read(slow)
		require.ErrorIs(t, err, errTooSlow)
	}
	again := &reader{group: "g", hub: h, next: live.next}
	wrote, err = read(again)
	require.NoError(t, err)
	require.Equal(t, int(store.Next("g")-live.next), strings.Count(wrote, "id: "))

	leave()
	require.Empty(t, s.hubs.of)
}
