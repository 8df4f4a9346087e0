package projections

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/domain"
)

// told are the keys and texts of what the person is to be told on that day.
func (b *table) told(person, on string) map[string]string {
	g := b.fold()
	texts := map[string]string{}
	for _, e := range g.Errands(day(on))[g.State().ByHandle(person).ID] {
		texts[e.Key(day(on), 0)] = e.Text
	}
	return texts
}

func about(texts map[string]string, kind string) (keys []string) {
	for key := range texts {
		if strings.HasPrefix(key, kind+"/") {
			keys = append(keys, key)
		}
	}
	return keys
}

func TestErrandsOfSeats(t *testing.T) {
	b := sit(t).found().mandates().on("2026-01-13")
	b.do("chair-lmc", &domain.RaiseProposal{Title: "Saturdays", Text: "We open.", Matter: "access"})
	require.Equal(t, []string{"position/P1/2026-03-14/v1/first"}, about(b.told("cd-north", "2026-01-13"), "position"))
	require.Equal(t, []string{"position/P1/2026-03-14/v1/30"}, about(b.told("cd-north", "2026-02-12"), "position"))
	require.Equal(t, []string{"position/P1/2026-03-14/v1/7"}, about(b.told("cd-north", "2026-03-07"), "position"))
	b.do("chair-lmc", &domain.AmendProposal{Proposal: "P1", Version: 1, Text: "We open at nine."})
	require.Equal(t, []string{"position/P1/2026-03-14/v2/first"}, about(b.told("cd-north", "2026-01-13"), "position"), "other words (C2)")
	b.do("cd-north", &domain.GiveConsent{Proposal: "P1", Version: 2})
	require.Empty(t, about(b.told("cd-north", "2026-01-13"), "position"))

	b.do("manager", &domain.ReportPosition{Proposal: "P1", Version: 2, Seat: "U00001", Stand: domain.Consent, From: "cd-south", How: "by telephone"})
	require.Equal(t, []string{"confirm/P1/2026-03-14/v2/first"}, about(b.told("cd-south", "2026-01-13"), "confirm"), "a system body employs the manager (C10)")
	b.do("cd-south", &domain.ConfirmPosition{Proposal: "P1", Version: 2})
	require.Empty(t, about(b.told("cd-south", "2026-01-13"), "confirm"))
}

func TestErrandsOfTheConsulted(t *testing.T) {
	b := sit(t).found().mandates().delegate().represent().on("2026-03-02")
	b.exercise(5_000_00)
	lmc := b.told("chair-lmc", "2026-03-02")
	require.Contains(t, lmc["consulted/E1/LMC"], "E1 says that Trafford LMC was consulted on 2 March 2026 (by email): a scheme. If that is not so, it can be denied until 9 March 2026.", "D6")
	require.NotContains(t, b.told("chair-lmc", "2026-03-10"), "consulted/E1/LMC")
	require.NotContains(t, b.told("cd-north", "2026-03-02"), "consulted/E1/LMC")

	b.do("manager", &domain.ScheduleMeeting{Forum: "locality-board", On: day("2026-03-09")})
	require.Equal(t, []string{"report/locality-board/2026-03-09/2026-03-14/7"}, about(b.told("cd-south", "2026-03-09"), "report"))
	require.Equal(t, []string{"report/locality-board/2026-03-09/2026-03-14/overdue"}, about(b.told("cd-south", "2026-03-15"), "report"))
	require.Empty(t, about(b.told("cd-north", "2026-03-15"), "report"), "it is for who was there")
}
