package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"goldenthread/domain"
	"goldenthread/projections"
)

// Each practice's page of the example place is right in every month of its year, on
// the days around each change and after it: for every listed matter it says what the
// mandate says, as known today and as known then (rules T0, M2, M3).
func TestPracticePagesOfTheYear(t *testing.T) {
	if testing.Short() {
		t.Skip("it does one thing after the other, for long")
	}
	p := start(t, filepath.Join(t.TempDir(), "data"), "--example", "trafford")
	days := []string{"2026-04-01", "2026-04-28", "2026-04-29", "2026-12-31", "2027-01-01"}
	for month := 1; month <= 12; month++ {
		days = append(days, domain.NewDay(2026, time.Month(month), 25).String())
	}
	for _, day := range days {
		for _, as := range []string{"", day} {
			p.checkPracticePages(day, as)
		}
	}
}

// checkPracticePages holds all pages of a day against the mandate.
func (p *program) checkPracticePages(day, known string) {
	p.T.Helper()
	of := func(query string) string {
		if known == "" {
			return at(query, day)
		}
		return asKnown(at(query, day), known)
	}
	matters := ask[projections.CharterInForce](p, of("/charter")).Matters
	inside := map[string]map[string]bool{}
	for _, matter := range append([]string{""}, matters...) {
		inside[matter] = map[string]bool{}
		for _, s := range ask[projections.Mandate](p, of("/mandate?matter="+matter)).Inside {
			inside[matter][s.ODS] = true
		}
	}
	practices := 0
	for _, o := range ask[projections.Register](p, of("")).Organisations {
		if o.Kind != domain.Practice || !o.Open {
			continue
		}
		practices++
		page := ask[projections.PracticePage](p, of("/practices/"+o.Code))
		require.Less(p.T, page.Top.Words, 200)
		require.Equal(p.T, inside[""][o.Code], page.Inside, "%s on %s", o.Code, day)
		said := map[string]bool{}
		for _, m := range page.Matters {
			said[m.Matter] = m.MayAgree
		}
		for _, matter := range matters {
			may, told := said[matter]
			require.True(p.T, told, "%s on %s: %s", o.Code, day, matter)
			require.Equal(p.T, inside[matter][o.Code], may, "%s on %s: %s", o.Code, day, matter)
			require.Equal(p.T, may, topSays(page.Top.May, matter), "%s on %s: %s, in %q", o.Code, day, matter, page.Top.May)
		}
	}
	require.Equal(p.T, 26, practices)
}

// topSays says whether the top of a page, in words, lets the group agree on the
// matter: it stands before the first "Not on", and the page isn't one that says
// that nothing is agreed.
func topSays(may, matter string) bool {
	agrees, _, _ := strings.Cut(may, " Not on ")
	return strings.Contains(agrees, "So it may agree") && strings.Contains(agrees, matter)
}
