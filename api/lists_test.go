package api

import (
	"bytes"
	"fmt"
	"html"
	"mime/multipart"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/api/lists"
)

// bring sends files and fields of a form to the page of lists.
func (w *world) bring(person string, fields url.Values, files ...lists.File) reply {
	w.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, values := range fields {
		for _, value := range values {
			require.NoError(w.t, form.WriteField(name, value))
		}
	}
	for _, f := range files {
		part, err := form.CreateFormFile("files", f.Name)
		require.NoError(w.t, err)
		_, err = part.Write(f.Body)
		require.NoError(w.t, err)
	}
	require.NoError(w.t, form.Close())
	return w.send(w.request(person, "POST", "/g/trafford/lists", body.String(), "Content-Type", form.FormDataContentType()))
}

// preview is what the page says of what was brought, and what it would send to take it over.
func (w *world) preview(person, what string, fields url.Values, files ...lists.File) (string, url.Values) {
	w.t.Helper()
	next := w.store.Next("trafford")
	if fields == nil {
		fields = url.Values{}
	}
	fields.Set("what", what)
	r := w.must(200, w.bring(person, fields, files...))
	require.Equal(w.t, next, w.store.Next("trafford"), "a preview records nothing")
	require.Equal(w.t, "no-store", r.Header.Get("Cache-Control"))
	_, page, _ := strings.Cut(string(r.body), `<main`)
	carried := url.Values{}
	for _, field := range carriedField.FindAllStringSubmatch(page, -1) {
		carried.Set(html.UnescapeString(field[1]), html.UnescapeString(field[2]))
	}
	return strings.Join(strings.Fields(html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(page, " "))), " "), carried
}

// takes takes over what was shown.
func (w *world) takes(person string, carried url.Values) string {
	w.t.Helper()
	next := w.store.Next("trafford")
	r := w.must(200, w.bring(person, carried))
	require.Greater(w.t, w.store.Next("trafford"), next)
	return string(r.body)
}

// registered are the two files of registered patients, with these rows of practices:
// code, name, PCN and patients.
func registered(on, compact string, rows ...[4]string) []lists.File {
	mapped := "PUBLICATION,EXTRACT_DATE,PRACTICE_CODE,PRACTICE_NAME,PCN_CODE,PCN_NAME,SUB_ICB_LOCATION_CODE,SUB_ICB_LOCATION_NAME\n"
	sizes := "PUBLICATION,EXTRACT_DATE,TYPE,CODE,SEX,AGE,NUMBER_OF_PATIENTS\n"
	names := map[string]string{"U66368": "NORTH TRAFFORD", "U42898": "SOUTH TRAFFORD", "U": "UNALLOCATED"}
	for _, r := range rows {
		mapped += fmt.Sprintf("GP_PRAC_PAT_LIST,%s,%s,%s,%s,%s,02A,NHS Greater Manchester ICB - 02A\n", on, r[0], r[1], r[2], names[r[2]])
		sizes += fmt.Sprintf("GP_PRAC_PAT_LIST,%s,GP,%s,ALL,ALL,%s\n", compact, r[0], r[3])
	}
	return []lists.File{{Name: "gp-reg-pat-prac-map.csv", Body: []byte(mapped)}, {Name: "gp-reg-pat-prac-all.csv", Body: []byte(sizes)}}
}

// TestBringingAList: next month's files of registered patients are shown before they are
// taken over, wait for whom rules O1 and O3 say, and brought again change nothing.
func TestBringingAList(t *testing.T) {
	w := newWorld(t).established()
	w.on("2026-02-02")
	files := registered("01-Feb-26", "01FEB2026", [4]string{"P91018", "A SURGERY", "U42898", "5000"}, [4]string{"P91999", "ST MARY'S SURGERY", "U66368", "3000"})
	says, carried := w.preview("manager", "official", nil, files...)
	for _, words := range []string{
		"What the list of 1 February 2026 would change", "New here (1)", "St Mary's Surgery (P91999) is new here, from 1 February 2026, in North Trafford (U66368).",
		"No longer here", "Moving between PCNs (1)", "A Surgery (P91018) moves from North Trafford (U66368) to South Trafford (U42898) on 1 February 2026.",
		"List sizes", "2 list sizes on 1 February 2026: 8,000 patients registered", "What it touches", "Somebody else has to confirm it before it counts:",
	} {
		require.Contains(t, says, words)
	}
	page := w.takes("manager", carried)
	require.Contains(t, page, "The list is taken over")
	require.Contains(t, page, "Is this right?")
	says, carried = w.preview("manager", "official", nil, files...)
	require.Contains(t, says, "The same waits already to be confirmed.")
	require.Empty(t, carried.Get("command"))

	// What was shown is recorded on just that state.
	files = registered("02-Feb-26", "02FEB2026", [4]string{"P91018", "A SURGERY", "U66368", "5100"}, [4]string{"P91020", "B SURGERY", "U66368", "2000"}, [4]string{"P91021", "C SURGERY", "U42898", "1000"})
	_, carried = w.preview("manager", "official", nil, files...)
	require.NotEmpty(t, carried.Get("command"))
	w.must(201, w.command("manager", "register-person", `{"handle":"meanwhile","office":"Somebody else"}`))
	r := w.must(200, w.bring("manager", carried))
	require.Contains(t, string(r.body), "There is a problem")

	// What is no such list, and who brings none.
	says, _ = w.preview("manager", "official", nil, lists.File{Name: "minutes.pdf", Body: []byte("%PDF-1.7")})
	require.Contains(t, says, "minutes.pdf: This is a PDF.")
	says, _ = w.preview("manager", "official", nil)
	require.Contains(t, says, "Choose a file, or paste a table.")
	says, _ = w.preview("manager", "official", url.Values{"places": {"99X"}}, files...)
	require.Contains(t, says, `"99X" is no sub-ICB and no PCN in these lists.`)
	w.must(403, w.bring("cd-north", url.Values{"what": {"official"}}, files...))
	w.must(422, w.bring("manager", url.Values{"command": {"erase-person"}, "body": {"{}"}, "next": {"1"}, "day": {"2026-02-02"}}))
	require.NotContains(t, string(w.must(200, w.page("cd-north", "/lists")).body), "multipart")
	require.Contains(t, string(w.must(200, w.page("manager", "/register")).body), `href="/g/trafford/lists"`)
}

// TestBringingPeople: 200 people with 20 faults are all named in their rows, and those
// that the rules refuse too; mended they are recorded as one command, and brought again
// there is nothing to record.
func TestBringingPeople(t *testing.T) {
	w := newWorld(t).established()
	w.on("2026-02-02")
	var table strings.Builder
	table.WriteString("Office\tName\tEmail\tOrganisation\tRole\tEvidence\n")
	for i := range 200 {
		role, evidence := "", ""
		if i%20 == 0 {
			role, evidence = "spokesperson", "a letter"
		}
		fmt.Fprintf(&table, "Partner %d\tPerson %d\tp%d@nhs.net\tP91018\t%s\t%s\n", i, i, i, role, evidence)
	}
	broken := table.String()
	for i := range 20 {
		broken = strings.Replace(broken, fmt.Sprintf("\tp%d@nhs.net", i*10), "\tnobody", 1)
	}
	says, _ := w.preview("manager", "people", url.Values{"pasted": {broken}})
	require.Equal(t, 20, strings.Count(says, "is no email address"))
	require.Contains(t, says, "what you pasted, row 192, Email:")
	says, _ = w.preview("manager", "people", url.Values{"pasted": {strings.ReplaceAll(table.String(), "a letter", "")}})
	require.Equal(t, 10, strings.Count(says, "Please give the evidence."), "all that the rules refuse, at once")
	require.Contains(t, says, "row 182:")

	says, carried := w.preview("manager", "people", url.Values{"pasted": {table.String()}})
	require.Contains(t, says, "200 new, 0 changed, 0 the same.")
	require.Contains(t, says, "Somebody else has to confirm it before it counts: A Surgery.")
	next := w.store.Next("trafford")
	w.takes("manager", carried)
	require.Equal(t, next+210, w.store.Next("trafford"))
	says, carried = w.preview("manager", "people", url.Values{"pasted": {table.String()}})
	require.Contains(t, says, "0 new, 0 changed, 200 the same. There is nothing to record.")
	require.Empty(t, carried.Get("command"))

	says, carried = w.preview("manager", "people", url.Values{"evidence": {"minute 4"}}, lists.File{Name: "p.csv", Body: []byte("Office,Email,Organisation,Role\nPartner 3,new@nhs.net,P91018,\nPartner 4,,P91018,speaks\n")})
	require.Contains(t, says, "Changed: has another email")
	w.takes("manager", carried)
	require.Contains(t, string(w.must(200, w.page("manager", "/people?page=2")).body)+string(w.must(200, w.page("manager", "/people")).body), "new@nhs.net")
}

// TestBringingMandates: a table of mandates is taken over on paper, and brought again
// there is nothing to record. Templates can be had, by those of the group.
func TestBringingMandates(t *testing.T) {
	w := newWorld(t).established()
	w.on("2026-02-02")
	table := url.Values{"pasted": {"Practice;Mandate;Subjects;Until;Evidence\nP91018;on paper;access;31 March 2027;minute 3\nP91020;asked;;;\n"}}
	says, carried := w.preview("manager", "mandates", table)
	require.Contains(t, says, "0 new, 2 changed, 0 the same.")
	require.Contains(t, says, "Changed: gives a mandate for access until 31 March 2027, on paper")
	w.takes("manager", carried)
	says, carried = w.preview("manager", "mandates", table)
	require.Contains(t, says, "There is nothing to record.")
	require.Empty(t, carried.Get("command"))

	for name, begins := range map[string]string{"people.csv": "\ufeffOffice,Name", "mandates.csv": "\ufeffPractice,Mandate"} {
		r := w.must(200, w.page("manager", "/lists/"+name))
		require.True(t, strings.HasPrefix(string(r.body), begins))
	}
	w.must(404, w.page("manager", "/lists/other.csv"))
	w.must(401, w.page("", "/lists/people.csv"))
}
