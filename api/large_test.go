package api

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/api/operation"
	"goldenthread/api/pages"
	"goldenthread/domain"
)

const (
	largePractices = 300
	mostRows       = 350 // of tables and lists on one page
	mostKB         = 250
)

// foundLarge founds a group of 300 practices, whose mandates end on one day, and in which much
// was agreed and done.
func foundLarge(t *testing.T) *world {
	w := &busyWorld{world: openWorld(t, t.TempDir(), "2026-01-05")}
	var c domain.Found
	require.NoError(t, operation.Decode([]byte(foundBody), &c))
	since := domain.Span{From: domain.NewDay(2020, 1, 1)}
	var rows []domain.OrganisationRow
	var people []domain.PersonEntry
	var mandates []domain.GrantMandate
	for i := range largePractices {
		code := practiceCode(i)
		rows = append(rows, domain.OrganisationRow{
			Code: code, Kind: domain.Practice, Name: fmt.Sprintf("Surgery %d", i), Parents: []domain.MembershipRow{{In: "TRAFFORD", Span: since}, {In: []string{"U66368", "U42898"}[i%2], Span: since}},
			Lists: []domain.ListRow{{On: domain.NewDay(2025, 12, 1), Patients: 7000}},
		})
		people = append(people, domain.PersonEntry{Handle: fmt.Sprintf("pm-%d", i), Office: fmt.Sprintf("Practice Manager, Surgery %d", i), Organisation: code})
		mandates = append(mandates, domain.GrantMandate{Organisation: code, Evidence: "A minute.", Span: domain.Span{From: domain.NewDay(2026, 1, 5), Until: domain.NewDay(2026, 12, 31)}})
	}
	w.say("trafford", "lmc-chair", &c)
	w.say("trafford", "manager", &domain.ImportOrganisations{Rows: rows})
	w.say("trafford", "manager", &domain.RecordTogether{People: people})
	for part := range slices.Chunk(mandates, 100) {
		w.say("trafford", "manager", &domain.RecordTogether{Mandates: part})
	}
	for _, person := range []string{"cd-north", "cd-south", "lmc-chair"} {
		w.say("trafford", person, &domain.ConsentToCharter{})
	}
	for i := range 60 {
		w.decided(i)
	}
	w.say("trafford", "cd-south", &domain.RaiseProposal{Title: "Sundays", Text: "We open on Sundays.", Matter: "access"})
	w.giveTokens("manager", "cd-north", "pm-7")
	return w.world
}

var rowsOf = regexp.MustCompile(`<(?:tr role="row" class="nhsuk-table__row"|tr>|li)`)

// No page of a group of 300 practices is longer than it helps, a year into its work.
func TestPagesOfALargePlace(t *testing.T) {
	if testing.Short() {
		t.Skip("it does one thing after the other, for long")
	}
	w := foundLarge(t)
	w.on("2026-10-15")
	var long []string
	for _, path := range append(slices.Sorted(func(yield func(string) bool) {
		for path := range pages.Forms() {
			if !strings.Contains(path, "{") && !yield(path) {
				return
			}
		}
	}), "/practices/"+practiceCode(7), "/proposals/P61", "/audit", "/registers/mandates", "/registers/actions") {
		page := w.page("manager", path)
		if page.StatusCode == 403 { // it is for a seat
			page = w.page("cd-north", path)
		}
		body := string(w.must(200, page).body)
		_, main, _ := strings.Cut(body, "<main")
		rows := len(rowsOf.FindAllString(main, -1))
		t.Logf("%-24s %4d KB, %4d rows", path, len(body)/1000, rows)
		if rows > mostRows || len(body) > mostKB*1000 {
			long = append(long, fmt.Sprintf("%s has %d KB, %d rows", path, len(body)/1000, rows))
		}
	}
	require.Empty(t, long)
}
