package api

import (
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/domain"
)

// beforeTable is a table of what stood before in Trafford.
const beforeTable = "What,Practice,People,Meeting,Subjects,May,Most for one item,Acting together,Words,Since,Until,Evidence,Title\n" +
	"mandate,Park Medical Practice,,,,,,,,1 April 2025,31 March 2027,their letter,\n" +
	"executive,,\"Chair, Trafford Local Medical Committee; Clinical Director, South Trafford\",,,,,,,3 June 2025,,minute of 3 June 2025,Our executive\n" +
	"power,,executive,,workforce,decide,,2,,3 June 2025,31 March 2027,minute of 3 June 2025,Our executive\n" +
	"power,,executive,,digital,decide,,2,,3 June 2025,31 March 2027,minute of 3 June 2025,Our executive\n" +
	"position,,,,digital,,,,We ask for one shared record.,3 June 2025,,minute of 3 June 2025,\n" +
	"appointment,,\"Clinical Director, South Trafford\",Trafford Locality Board,access,bring back,,,,3 June 2025,31 March 2027,minute of 3 June 2025,\n"

// What stood before is a step of the set-up: typed, or taken from a table, with the files that
// show it. It stands beside the charter while the group forms, and is brought in once everybody
// has consented.
func TestWhatStoodBefore(t *testing.T) {
	w := openWorld(t, t.TempDir(), "2026-10-05")
	b := newTab(w).asOperator()
	at := b.setUp()
	b.fillIn(at)
	b.get(at).says(200, "What stood before</a>", "if there is any")
	b.get(at+"/check").says(200, "What stood before", "Nothing yet.", "Found the group")

	// The files, each as what its name says, and no other.
	b.get(at+"/before").says(200, "Add an executive", "Add a power", "Bring the files")
	b.upload(at+"/evidence", nil).says(422, "Choose the files.")
	b.upload(at+"/evidence", map[string]string{"minute.pdf": "no PDF at all"}).says(422, "minute.pdf is not what its name and its media type")
	b.upload(at+"/evidence", map[string]string{"minute.pdf": "%PDF-1.7 of June"}).says(200, "minute.pdf", "Remove")
	b.upload(at+"/evidence", map[string]string{"letter.txt": "We stand behind you."}).says(200, "letter.txt")
	folder := filepath.Join(w.tokens.Dir, "set-up")
	kept, err := filepath.Glob(filepath.Join(folder, "*.evidence-*"))
	require.NoError(t, err)
	require.Len(t, kept, 2)
	sealed, err := os.ReadFile(kept[0])
	require.NoError(t, err)
	require.NotContains(t, string(sealed), "PDF-1.7")
	require.NotContains(t, string(sealed), "We stand behind you")

	// Twenty faults of a table are said at once, with their rows; nothing of it is kept.
	wrong := "What,Practice,People,Meeting,Subjects,May,Most for one item,Since,Until,Evidence\n" +
		"mandate,P99999,,,,,,1 April 2025,31 March 2027,a letter\n" +
		"mandate,P91003,,,,,,,,a letter\n" +
		"power,,executive,,gardening,decide,ten pounds,3 June 2025,1 June 2025,\n" +
		"appointment,,Nobody at all,Locality Board,access,perhaps,,3 June 2025,,a minute\n" +
		"promise,,,,,,,3 June 2025,,a minute\n"
	b.upload(at+"/before/table", map[string]string{"before.csv": wrong}).says(422,
		"row 2, Practice: No organisation here has the name or code", "row 3, Since: Enter since when", "row 3, Until: A mandate has an end or a review",
		"row 4, Subjects: &#34;gardening&#34; is not a subject", "row 4, Most for one item: Write the amount in pounds", "row 4, Until: The last day is before the first.", "row 4, Evidence: Enter how it is known",
		"row 5, People: Nobody on the page of people has the office", "row 5, May: Write discretion", "row 6, What: Write mandate")
	b.get(at + "/before")
	require.NotContains(t, string(b.last.body), "Mandate 1")

	b.upload(at+"/before/table", map[string]string{"before.csv": beforeTable}).says(200, "From the table: 5 new, 0 changed, 0 the same.", "Mandate of Park Medical Practice", "Add another power")
	b.upload(at+"/before/table", map[string]string{"before.csv": beforeTable}).says(200, "From the table: 0 new, 0 changed, 5 the same.")
	b.upload(at+"/before/table", map[string]string{"before.csv": strings.Replace(beforeTable, "one shared record", "one record", 1)}).says(200, "From the table: 0 new, 1 changed, 4 the same.", "Changed: Position on digital.")

	// The rows can be typed on, each at its field; a file is ticked where it shows something.
	b.page(at, "before", url.Values{"then": {"row assignDuty"}}).says(200, "Duty 1")
	b.page(at, "before", url.Values{"assignDuty-0-duty": {"lead"}, "assignDuty-0-on": {"tomorrow"}}).says(422, "Write a date, such as 3 June 2025.", "Enter how it is known")
	b.get(at+"/before").says(200, "Write a date, such as 3 June 2025.")
	letter := regexp.MustCompile(`name="mandate-0-documents" type="checkbox" value="([0-9a-f]+)"[^>]*><label[^>]*>letter.txt`).FindStringSubmatch(string(b.last.body))[1]
	b.page(at, "before", url.Values{"assignDuty-0-person": {"chair-trafford-local-medical-committee"}, "assignDuty-0-on": {"3 June 2025"}, "assignDuty-0-evidence": {"minute of 3 June 2025"}, "mandate-0-documents": {letter}}).
		says(200, "Check your answers", "Our executive, since 3 June 2025. Form the executive of", "Mandate of Park Medical Practice, since 1 April 2025.", "Evidence: their letter; letter.txt", "Found the group")
	b.page(at, "before", url.Values{"grantDelegation-0-powers-0-matter": {"contracts/core"}}).says(200, "Contracts, core is reserved", "#draft-grantDelegation-0-powers-0-matter")
	b.page(at, "before", url.Values{"grantDelegation-0-powers-0-matter": {"workforce"}}).says(200, "Found the group")

	b.post(at+"/check", nil).says(200, "How far Trafford GP Board is")
	kept, err = filepath.Glob(filepath.Join(folder, "*"))
	require.NoError(t, err)
	require.Empty(t, kept)
	w.consentedAfterSchedule(t)
}

// consentedAfterSchedule has everybody read the schedule beside the charter, consent, and find
// what was brought in.
func (w *world) consentedAfterSchedule(t *testing.T) {
	state, err := w.store.State(t.Context(), "trafford")
	require.NoError(t, err)
	require.Len(t, state.Documents, 1)
	require.Equal(t, "schedule/1", state.Documents[0].About)
	holders := []string{}
	for _, seat := range state.Seats {
		holders = append(holders, state.People[seat.Holders[0].Person].Handle)
	}
	slices.Sort(holders)
	for _, handle := range holders {
		w.keys[handle], err = w.tokens.Issue("trafford", handle)
		require.NoError(t, err)
		person := newTab(w).post("/sign-in/token", url.Values{"token": {w.keys[handle]}})
		person.get("/g/trafford/charter").says(200, "What stood before", "Our executive", "since 3 June 2025", "letter.txt", "You also consent to")
		person.get("/v1/groups/trafford/documents/"+state.Documents[0].SHA256).says(200, "We stand behind you.")
		person.get("/v1/groups/trafford/schedule").says(200, `"ref":"schedule/1"`, `"title":"Mandate of Park Medical Practice"`, `"name":"letter.txt"`, `"title":"Our executive"`)
		w.must(201, w.command(handle, "consent-to-charter", `{}`))
	}
	state, err = w.store.State(t.Context(), "trafford")
	require.NoError(t, err)
	require.NotZero(t, state.Established)
	require.Equal(t, "M1", state.Documents[0].About)
	require.Len(t, state.Delegations["D1"].Versions[0].Powers, 2)
	require.Equal(t, domain.Day(0), state.Appointments["R1"].Ended)
	require.Contains(t, state.Forums, "trafford-locality-board")
	chair := newTab(w).post("/sign-in/token", url.Values{"token": {w.keys[holders[0]]}})
	chair.get("/g/trafford/documents?about=M1").says(200, "letter.txt")
	chair.get("/g/trafford/charter").says(200, "This came in with the charter.", "Our executive")
	before := w.must(200, w.ask(holders[0], "/schedule")).json(t)
	require.Equal(t, state.Established.String(), before["in"])
	for _, item := range before["items"].([]any) {
		item := item.(map[string]any)
		require.Regexp(t, "^[PM][0-9]+$", item["ref"])
		require.NotEmpty(t, item["says"])
		if title := item["title"].(string); item["ref"].(string)[0] == 'P' {
			require.Equal(t, state.Proposals[item["ref"].(string)].Title(), title)
		} else {
			require.Len(t, item["documents"], 1, title)
		}
	}
	require.Len(t, before["items"], len(state.Schedule))
}
