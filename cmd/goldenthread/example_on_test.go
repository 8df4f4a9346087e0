package main

import (
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"goldenthread/cmd/internal/folder"
	"goldenthread/domain"
	"goldenthread/eventstore"
)

// TestTheExampleIsAliveWheneverItIsLoaded: its practices stand behind it, a representative
// and the executive may act, something is open, and somebody has something to do.
func TestTheExampleIsAliveWheneverItIsLoaded(t *testing.T) {
	for _, day := range []string{"2026-11-30", "2027-01-02", "2027-08-15", "2028-02-29", "2030-11-18"} {
		t.Run(day, func(t *testing.T) {
			on, err := domain.ParseDay(day)
			require.NoError(t, err)
			moment := on.Start().Add(11 * time.Hour)
			dir := t.TempDir()
			require.NoError(t, loadExample(t.Context(), dir, "trafford", moment, slog.New(slog.DiscardHandler)))
			store, groups, err := folder.Open(t.Context(), eventstore.Options{Dir: dir, Clock: func() time.Time { return moment }, Log: slog.New(slog.DiscardHandler), ClockConfirmed: true})
			require.NoError(t, err)
			defer folder.Close(store)
			g, err := groups.Now(t.Context(), "trafford", nil)
			require.NoError(t, err)

			mandate, refused := g.Mandate("access", on)
			require.Nil(t, refused)
			require.Equal(t, 25, mandate.Practices, "the practices' mandates go on")
			require.NotEmpty(t, g.Proposals(on, string(domain.Open)).Proposals, "something is open")
			require.NotEmpty(t, g.WorkList(on).Due, "something is to be done")
			require.NotEmpty(t, g.Questions(on).Questions)
			check, refused := g.Check(domain.Question{Person: g.State().Person("cd-altrincham").ID, Forum: "locality-board", Matter: "access/extended-hours", At: on})
			require.Nil(t, refused)
			require.Contains(t, []domain.Verdict{domain.MayCommitNow, domain.MayCommitReport}, check.Verdict)
		})
	}
}
