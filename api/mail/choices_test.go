package mail

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/domain"
	"goldenthread/projections"
)

// chosenBy is the person's id and the key of their letters, as the newest letter to them
// says.
func (w *world) chosenBy(l received) (person, key string) {
	link := strings.Trim(l.header.Get("List-Unsubscribe"), "<>")
	require.Contains(w.t, l.text, link)
	parts := strings.Split(strings.TrimPrefix(link, "https://board.example.org/mail/trafford/"), "/")
	require.Len(w.t, parts, 2)
	return parts[0], parts[1]
}

// Each letter says how to stop it (RFC 2369, RFC 8058), and a mail program's one press
// does. What is about one's ways in still comes.
func TestStoppedMail(t *testing.T) {
	w := newWorld(t)
	got := w.round()
	require.Len(t, got, 1)
	require.Equal(t, "List-Unsubscribe=One-Click", got[0].header.Get("List-Unsubscribe-Post"))
	person, key := w.chosenBy(got[0])
	for _, wrong := range [][2]string{{person, "x"}, {person, ""}, {"nobody", key}, {"*", key}, {"", key}} {
		_, err := w.post.Chosen(t.Context(), "trafford", wrong[0], wrong[1])
		require.ErrorIs(t, err, ErrNoDrawer)
		require.ErrorIs(t, w.post.Choose(t.Context(), "trafford", wrong[0], wrong[1], Choices{}), ErrNoDrawer)
	}
	for _, wrong := range []Choices{{Stopped: []projections.ErrandKind{projections.ErrandWay}}, {Ahead: MostAhead + 1}} {
		require.Error(t, w.post.Choose(t.Context(), "trafford", person, key, wrong))
	}
	next := w.store.Next("trafford")
	require.NoError(t, w.post.Choose(t.Context(), "trafford", person, key, Choices{Stopped: []projections.ErrandKind{projections.ErrandAsked}}))
	w.do("cd-south", "raise-proposal", `{"title":"Sundays","text":"We open on Sundays.","matter":"access"}`)
	w.at("2026-01-06", "12:00")
	require.Empty(t, w.round(), "it is asked of them, and not mailed")
	require.Equal(t, next+2, w.store.Next("trafford"), "what is chosen is on no ledger: the proposal alone is")
	require.NoError(t, w.post.Choose(t.Context(), "trafford", person, key, Choices{}))
	got = w.round()
	require.Len(t, got, 1)
	require.Equal(t, "Trafford GP Board: Respond to P2, Sundays, by 6 March 2026", got[0].subject)
	again, same := w.chosenBy(got[0])
	require.Equal(t, []string{person, key}, []string{again, same})
}

// Reminders come so many days before the last one as the person chose, or never.
func TestChosenReminders(t *testing.T) {
	for ahead, want := range map[int][]string{3: {"2026-03-03", "2026-03-07"}, 45: {"2026-01-20", "2026-03-07"}, -1: nil} {
		w := newWorld(t)
		person, key := w.chosenBy(w.round()[0])
		require.NoError(t, w.post.Choose(t.Context(), "trafford", person, key, Choices{Ahead: ahead}))
		var days []string
		for d := domain.NewDay(2026, 1, 6); d <= domain.NewDay(2026, 3, 8); d++ { // it closes on 6 March
			w.at(d.String(), "12:00")
			if len(w.round()) > 0 {
				days = append(days, d.String())
			}
		}
		require.Equal(t, want, days, ahead)
	}
}
