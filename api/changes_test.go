package api

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/domain"
)

// TestOrganisationsChangeByForms: what becomes of organisations is recorded on a page, and
// what would end by it is said before.
func TestOrganisationsChangeByForms(t *testing.T) {
	w := foundMatrix(t)
	establishMatrix(w)
	page := string(w.must(200, w.page("registrar", "/changes")).body)
	for _, form := range []string{"merge", "split", "contract", "close", "rename", "new"} {
		require.Contains(t, page, `name="form" value="`+form+`"`, form)
	}
	require.NotContains(t, page, `value="mistake"`, "nothing has closed")
	require.NotContains(t, string(w.must(200, w.page("cd-north", "/changes")).body), "<form method=\"post\" class=\"thread-form\"")

	check := w.must(200, w.fillForm("registrar", "/changes", "merge-organisation", "form", "", "form", "merge", "organisation", "P91021", "into", "P91020", "last", "28 February 2026"))
	require.Contains(t, string(check.body), "What will change")
	w.formRecords("registrar", "/changes", "merge-organisation", "form", "", "form", "merge", "organisation", "P91021", "into", "P91020", "last", "28 February 2026")
	w.formRecords("registrar", "/changes", "change-contract-holder", "form", "", "form", "contract", "practice", "P91018", "from", "1 March 2026", "evidence", "A letter.")
	w.formRecords("registrar", "/changes", "split-organisation", "form", "", "form", "split", "organisation", "P91020", "among-0-organisation", "P91018", "among-0-patients", "1500", "among-1-organisation", "P91021", "among-1-patients", "500", "last", "28 February 2026")
	w.formRefused(422, "Which organisation", "registrar", "/changes", "split-organisation", "form", "", "form", "split", "organisation", "P91020", "last", "28 February 2026")

	w.formRecords("registrar", "/changes", "import-organisations", "form", "", "form", "new", "rows-0-code", "RXX", "rows-0-kind", "system-body", "rows-0-name", "Another Trust")
	require.Equal(t, "Another Trust", w.view().Organisations["RXX"].Name)
	w.formRecords("registrar", "/changes", "import-organisations", "form", "", "form", "new", "rows-0-code", "P99999", "rows-0-kind", "practice", "rows-0-name", "New Surgery",
		"rows-0-memberships-0-in", "TRAFFORD", "rows-0-memberships-0-from", "1 January 2026", "rows-0-memberships-1-in", "U66368", "rows-0-memberships-1-from", "1 January 2026")
	w.formRecords("registrar", "/changes", "import-organisations", "form", "", "form", "rename", "rows-0-code+rows-0-kind", "RXX system-body", "rows-0-name", "One Trust")
	w.formRecords("registrar", "/changes", "import-organisations", "form", "", "form", "close", "rows-0-code", "RXX", "rows-0-closed", "9 January 2026", "rows-0-kind", "system-body")
}

// TestAPracticeMovesByForm: it leaves the PCN where it was, and is in one at a time.
func TestAPracticeMovesByForm(t *testing.T) {
	w := newWorld(t).established()
	was := w.view().Organisations["P91018"].Memberships
	var left domain.Membership
	for _, m := range was {
		if m.In == "U66368" {
			left = m
		}
	}
	page := "/changes?practice=P91018"
	require.Contains(t, string(w.must(200, w.page("manager", page)).body), "It leaves")
	w.formRecords("manager", page, "import-organisations", "form", "", "form", "move", "rows-0-code", "P91018", "rows-0-kind", "practice", "rows-0-name", w.view().Organisations["P91018"].Name,
		"rows-0-memberships-0-in", "U66368", "rows-0-memberships-0-from", left.From.String(), "rows-0-memberships-0-until", "7 January 2026", "rows-0-memberships-1-in", "U42898", "rows-0-memberships-1-from", "8 January 2026")
	kept := w.view().Pending()
	require.Len(t, kept, 1, "the practice is asked")
	require.Equal(t, "P91018", kept[0].Parts[0].Of)
	parents := kept[0].Command.ImportOrganisations.Rows[0].Parents
	require.Equal(t, []string{"U66368", "U42898"}, []string{parents[0].In, parents[1].In})
	require.Equal(t, parents[0].Until+1, parents[1].From)
}

// TestCorrectingByForm: what is right stands beside what was a mistake.
func TestCorrectingByForm(t *testing.T) {
	w := newWorld(t).established()
	page := w.formRecords("cd-north", "/events/3", "correct", "words", "The minute was of 7 January.")
	require.Contains(t, page, "The minute was of 7 January.")
	require.Contains(t, page, "Corrected")
	w.formRefused(422, "what is right", "cd-north", "/events/3", "correct", "words", "")
	require.Equal(t, 404, w.page("cd-north", "/events/9999").StatusCode)
}

// TestErasingByForm: the page says what goes and what stays; a keeper's word waits, one's
// own takes effect at once, and the answer says what whoever runs the server has to do.
func TestErasingByForm(t *testing.T) {
	w := newWorld(t).established()
	w.must(201, w.command("manager", "register-person", `{"handle":"leaver","office":"Partner, A Surgery","organisation":"P91018","personal":{"name":"Dr Leaver"}}`))
	w.must(201, w.command("manager", "register-person", `{"handle":"other","office":"Nurse, A Surgery","organisation":"P91018","personal":{"name":"Nurse Other"}}`))
	w.giveTokens("leaver")
	require.NotContains(t, string(w.must(200, w.page("cd-south", "/people/leaver/erasure")).body), `name="form"`)
	require.Contains(t, string(w.must(200, w.page("lmc-chair", "/people/lmc-chair/erasure")).body), "Whoever holds anything in force leaves first")
	require.Equal(t, 404, w.page("cd-south", "/people/nobody/erasure").StatusCode)

	page := string(w.must(200, w.page("manager", "/people/other/erasure")).body)
	require.Contains(t, page, "they are told and can object")
	require.Contains(t, w.formRecords("manager", "/people/other/erasure", "erase-person", "form", "", "form", "erase", "person", w.personID("other")), "N1")
	require.Contains(t, string(w.must(200, w.page("manager", "/people/other/erasure")).body), "It is recorded, as N1, and waits")

	page = string(w.must(200, w.page("leaver", "/people/leaver/erasure")).body)
	require.Contains(t, page, "It takes effect at once")
	done := w.must(200, w.sendForm("leaver", "/people/leaver/erasure", "erase-person", "form", "", "form", "erase", "person", w.personID("leaver")))
	require.Contains(t, string(done.body), "Your name, email and phone are erased")
	require.Equal(t, 401, w.page("leaver", "/people/leaver/erasure").StatusCode)
	page = string(w.must(200, w.page("manager", "/people/leaver/erasure")).body)
	require.Contains(t, page, "Nobody can read them any more")
	require.Contains(t, page, "The erasure changed wrapping.key on this server")
	require.NotContains(t, string(w.must(200, w.page("cd-south", "/people/leaver/erasure")).body), "wrapping.key on this server")
}

// TestTheLastDaySaysWhatEnds: before somebody's last day is sent, its check page lists what
// they hold that ends with it, whoever records it (rule F5).
func TestTheLastDaySaysWhatEnds(t *testing.T) {
	w := newWorld(t).established()
	for _, person := range []string{"cd-north", "manager"} {
		next := w.store.Next("trafford")
		page := string(w.must(200, w.fillForm(person, "/people", "leave-office", "form", "", "form", "left", "person", "cd-north", "until", "31 January 2026")).body)
		require.Contains(t, page, "What will change", person)
		_, changes, _ := strings.Cut(page, `id="changes"`)
		require.Contains(t, changes, "North Trafford", person)
		require.Equal(t, next, w.store.Next("trafford"))
	}
}

// TestWhatIsLeftOpen: what somebody leaves open is said before their last day is recorded; it
// is then on the list of the person who sees to it, and handed over with one press where a record can
// do that (rule F5).
func TestWhatIsLeftOpen(t *testing.T) {
	w := newWorld(t).established()
	page := ""
	for person, begins := range map[string]string{"cd-north": "becomes somebody else’s work", "manager": "Once it is confirmed"} {
		page = string(w.must(200, w.fillForm(person, "/people/cd-north/leaving", "leave-office", "form", "", "form", "left", "person", "cd-north", "until", "31 January 2026")).body)
		_, changes, _ := strings.Cut(page, `id="changes"`)
		require.Contains(t, changes, begins)
		require.Contains(t, changes, "Nobody holds the seat of North Trafford.")
		require.Contains(t, changes, "Nobody speaks for the board at Trafford Locality Board: R1 ended with the last day")
	}

	w.formRecords("cd-north", "/people", "leave-office", "form", "", "form", "left", "person", "cd-north", "until", "31 January 2026")
	require.NotContains(t, string(w.page("cd-south", "").body), "Nobody holds the seat of North Trafford")
	require.Contains(t, string(w.page("manager", "").body), "Nobody holds the seat of North Trafford")
	page = string(w.page("manager", "/people/cd-north/leaving").body)
	for _, words := range []string{"Their last day is 31 January 2026.", "The seat of North Trafford", `value="1 February 2026"`, "What else is left open", "The group appoints somebody else by a proposal."} {
		require.Contains(t, page, words)
	}
	w.formRecords("manager", "/people", "register-person", "form", "", "form", "new", "handle", "cd-next", "office", "Clinical Director, from February", "organisation", "U66368")
	hand := []string{"form", "", "form", "hand", "hand", "holder/U66368", "from", "1 February 2026", "evidence", "The PCN's letter"}
	w.formRefused(422, "Choose one of them.", "manager", "/people/cd-north/leaving", "record-together", append(hand, "successor", "")...)
	w.formRefused(422, "Tick what they take over.", "manager", "/people/cd-north/leaving", "record-together", "form", "", "form", "hand", "successor", "cd-next", "evidence", "A letter", "from", "")
	require.Contains(t, w.formRecords("manager", "/people/cd-north/leaving", "record-together", append(hand, "successor", "cd-next")...), "All of it is recorded")
	require.Contains(t, string(w.page("cd-north", "/waiting").body), "Clinical Director, from February", "it waits for somebody else of the organisation")
}
