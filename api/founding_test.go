package api

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"maps"
	"mime/multipart"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"goldenthread/api/mail"
	"goldenthread/domain"
)

// traffordLines are Trafford's open practices as somebody copies them from a spreadsheet.
func traffordLines(t testing.TB) string {
	read := func(name string) [][]string {
		f, err := os.Open("../cmd/goldenthread/example/trafford/" + name)
		require.NoError(t, err)
		defer f.Close()
		rows, err := csv.NewReader(f).ReadAll()
		require.NoError(t, err)
		return rows[1:]
	}
	pcn, names, lines := map[string]string{}, map[string]string{}, []string{}
	for _, m := range read("memberships.csv") { // practice, pcn, start, end
		if m[3] == "" {
			pcn[m[0]] = m[1]
		}
	}
	organisations := read("organisations.csv") // ods, kind, name, parent, status, open, close, postcode, list size
	for _, o := range organisations {
		names[o[0]] = o[2]
	}
	for _, o := range organisations {
		if o[1] == "practice" && o[6] == "" {
			lines = append(lines, strings.Join([]string{o[0], o[2], o[8], pcn[o[0]], names[pcn[o[0]]]}, "\t"))
		}
	}
	return strings.Join(lines, "\n")
}

// setUp begins a draft and gives its address.
func (b *tab) setUp() string {
	b.post("/operator/setup", nil).says(200, "The group and its place", "Step 1 of 5")
	return strings.TrimSuffix(b.last.Request.URL.Path, "/group")
}

// page saves what is there on the page of the draft, changed by what is typed.
func (b *tab) page(at, name string, typed url.Values) *tab {
	b.get(at + "/" + name).says(200)
	form := sentBy(b.w.t, string(b.last.body))
	for field, values := range typed {
		form[field] = values
	}
	return b.post(at+"/"+name, form)
}

// A manager who is the operator founds a group with nothing but pages: what is suggested is
// kept, what is wrong is said at its field, and nothing that was typed is lost.
func TestAGroupIsSetUp(t *testing.T) {
	w := openWorld(t, t.TempDir(), "2026-10-05")
	b := newTab(w).asOperator()
	at := b.setUp()
	b.get(at+"/check").says(200, "There is something to correct first", "Fill in the page: The group and its place.")

	b.page(at, "group", url.Values{"short": {"the board"}}).says(422, "There is a problem")
	b.page(at, "group", url.Values{"name": {"Trafford GP Board"}, "placeName": {"Trafford"}, "place": {"02A"}}).says(200, "Who takes part", "Trafford Local Medical Committee")
	b.page(at, "practices", url.Values{"practices": {"P91018"}, "source": {"A list"}}).says(422, "Line 1: write a code")
	b.get(at+"/practices").says(200, "A list", "P91018")
	b.page(at, "practices", url.Values{"practices": {traffordLines(t)}, "on": {"1 October 2026"}}).says(200, "Seats and people", "Clinical Director, South Trafford", "Chair, Trafford Local Medical Committee")
	b.page(at, "people", url.Values{"then": {"row people"}}).says(200, "Person 9", "Clinical Director, South Trafford") // one more row, and what is there is kept
	b.page(at, "people", url.Values{"people-0-name": {"Dr A"}, "people-0-organisation": {""}}).says(422, "Person 1, organisation: Choose the organisation whose seat it is.")
	b.page(at, "people", url.Values{"people-0-organisation": {"U95344"}, "people-0-email": {"a@example.org"}}).says(200, "How we decide", "There are no votes here", "Step 4 of 5")
	b.get(at).says(200, "Set up: Trafford GP Board", ">suggested</strong>") // who does what, and the charter's words
	b.page(at, "decide", url.Values{"quorum": {"99"}}).says(200, "Check your answers", "The quorum is a number of seats between 1 and 7.", "#draft-quorum",
		"We are the general practices of Trafford", "Chair: Chair, Trafford Local Medical Committee.", "Registrar: Manager, Trafford GP Board.", "Suggested from your other answers.")
	b.page(at, "duties", url.Values{"second": {"chair-trafford-local-medical-committee"}}).says(200, "Check your answers", "Gatekeeper: Chair, Trafford Local Medical Committee.")
	b.page(at, "words", nil).says(200, "Check your answers")
	b.post(at+"/check", nil).says(422, "The quorum is a number of seats between 1 and 7.")
	require.Empty(t, w.store.Groups())
	b.page(at, "decide", url.Values{"quorum": {"5"}}).says(200)
	b.get(at).says(200, "Set up: Trafford GP Board")
	b.get(at+"/check").says(200, "26 practices in 5 networks, with 248,911 registered patients.", "The seat of Trafford Local Medical Committee is held by", "Found the group")

	b.post(at+"/check", nil).says(200, "How far Trafford GP Board is", "0 of 7 seats have consented", "0 of 26 practices stand behind it", "The consent of South Trafford PCN to the charter", "Make sheets to print")
	state, err := w.store.State(t.Context(), "trafford")
	require.NoError(t, err)
	require.Len(t, state.Seats, 7)
	require.Len(t, state.People, 8)
	require.Len(t, state.PCNsOn(domain.DayOf(w.clock())), 5)
	require.Equal(t, 5, state.Charter().Quorum)
	require.Contains(t, state.Charter().Text, "at least 5 seats of our 7 seats consent, among them Trafford Local Medical Committee,", "words that nobody changed follow the answers")
	b.get(at).says(404)
	b.post(at+"/check", nil).says(404)
}

// What the pages say that the example place chose is what its story says, and words of the
// charter that were changed stay, beside what the answers would have them say.
func TestHowWeDecide(t *testing.T) {
	w := openWorld(t, t.TempDir(), "2026-10-05")
	b := newTab(w).asOperator()
	at := b.setUp()
	b.fillIn(at)
	story, err := os.ReadFile("../cmd/goldenthread/example/trafford/story.txt")
	require.NoError(t, err)
	b.get(at+"/decide").says(200, "The example place chose 5 of 7.", "There are no votes here", "If a body must vote by law")
	for _, chosen := range []string{`"quorum":5,"quorumOf":["TRAFFORD-LMC"]`, `"reserved":["contracts/core"]`, `"defaultStance":"bring-back"`} {
		require.Contains(t, string(story), chosen)
	}
	require.NotContains(t, string(story), "systemSees", "the default: what is released to them")
	for _, setting := range []string{"windowDays", "reviewDays", "noticeDays", "leastCoverage"} {
		n := regexp.MustCompile(`"` + setting + `":(\d+)`).FindStringSubmatch(string(story))[1]
		hint := regexp.MustCompile(`id="draft-` + setting + `-hint">([^<]*)`).FindStringSubmatch(string(b.last.body))[1]
		require.Contains(t, hint, "The example place, Trafford, chose "+n+".")
	}
	own := "We are friends.\n\nWe decide by consensus."
	b.page(at, "words", url.Values{"text": {own}}).says(200)
	b.page(at, "decide", url.Values{"windowDays": {"14"}}).says(200, "The charter’s words", "We are friends.", "You changed the words", "A proposal stays open for 14 days.")
	b.page(at, "words", url.Values{"text": {""}}).says(200, "A proposal stays open for 14 days.")
	b.get(at + "/words")
	require.NotContains(t, string(b.last.body), "You changed the words")
}

// fillIn fills every page of the draft in for Trafford, with what is suggested.
func (b *tab) fillIn(at string) {
	b.page(at, "group", url.Values{"name": {"Trafford GP Board"}, "placeName": {"Trafford"}, "place": {"02A"}}).says(200)
	b.page(at, "practices", url.Values{"practices": {traffordLines(b.w.t)}}).says(200)
	for _, page := range []string{"people", "duties", "decide", "words"} {
		b.page(at, page, nil).says(200)
	}
}

// sentBy is what a browser would send of the page's form draft as it stands.
func sentBy(t testing.TB, page string) url.Values {
	doc, err := html.Parse(strings.NewReader(page))
	require.NoError(t, err)
	form := pageForm{Node: doc}.values()
	form.Del("kept-form") // of the page's other form, which brings back what was typed
	return form
}

// upload sends files as a browser does.
func (b *tab) upload(path string, files map[string]string, typed ...url.Values) *tab {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, text := range files {
		part, err := form.CreateFormFile("file", name)
		require.NoError(b.w.t, err)
		part.Write([]byte(text))
	}
	for _, fields := range typed {
		for name, values := range fields {
			for _, value := range values {
				require.NoError(b.w.t, form.WriteField(name, value))
			}
		}
	}
	require.NoError(b.w.t, form.Close())
	req, err := http.NewRequest("POST", b.w.origin()+path, &body)
	require.NoError(b.w.t, err)
	req.Header.Set("Content-Type", form.FormDataContentType())
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	b.last = b.w.sendBy(b.web, req)
	return b
}

// bring sends the draft's page of practices with the files chosen on it, and a committee typed.
func (b *tab) bring(at string, files map[string]string) *tab {
	b.get(at+"/practices").says(200, `enctype="multipart/form-data"`)
	form := sentBy(b.w.t, string(b.last.body))
	form.Del("file")
	form.Set("bodies-0-name", "Salford Local Medical Committee")
	return b.upload(at+"/practices", files, form)
}

// registeredFiles are the two files of "Patients registered at a GP practice", for one place, made
// of the example's practices.
func registeredFiles(t testing.TB, place string) map[string]string {
	all := "PUBLICATION,EXTRACT_DATE,TYPE,SUB_ICB_LOCATION_CODE,ONS_SUB_ICB_LOCATION_CODE,CODE,POSTCODE,SEX,AGE,NUMBER_OF_PATIENTS\n"
	mapped := "PUBLICATION,EXTRACT_DATE,PRACTICE_CODE,PRACTICE_NAME,PRACTICE_POSTCODE,PCN_CODE,PCN_NAME,ONS_SUB_ICB_LOCATION_CODE,SUB_ICB_LOCATION_CODE,SUB_ICB_LOCATION_NAME,ONS_ICB_CODE,ICB_CODE,ICB_NAME,ONS_COMM_REGION_CODE,COMM_REGION_CODE,COMM_REGION_NAME\n"
	for line := range strings.SplitSeq(traffordLines(t), "\n") {
		c := strings.Split(line, "\t")
		all += fmt.Sprintf("GP_PRAC_PAT_LIST,01OCT2026,GP,%s,,%s,M1 1AA,ALL,ALL,%s\n", place, c[0], c[2])
		mapped += fmt.Sprintf("GP_PRAC_PAT_LIST,01-Oct-26,%s,%s,M1 1AA,%s,%s,,%s,NHS Greater Manchester ICB - %s,,QOP,NHS Greater Manchester Integrated Care Board,,Y62,North West\n", c[0], strings.ToUpper(c[1]), c[3], strings.ToUpper(c[4]), place, place)
	}
	return map[string]string{"gp-reg-pat-prac-all.csv": all, "gp-reg-pat-prac-map.csv": mapped}
}

// The two official files are read at once: the place is found by its code, practices are
// ticked, names come in ordinary case, and what is wrong is said with its row.
func TestPracticesAreTakenFromLists(t *testing.T) {
	w := openWorld(t, t.TempDir(), "2026-10-05")
	b := newTab(w).asOperator()
	at := b.setUp()
	files := registeredFiles(t, "02A")
	b.get(at+"/lists").says(200, "Who takes part") // nothing was uploaded
	b.bring(at, map[string]string{"holiday.txt": "a photograph"}).says(422, "These files can’t be used", "holiday.txt")
	b.bring(at, map[string]string{"all.csv": files["gp-reg-pat-prac-all.csv"]}).says(422, "gp-reg-pat-prac-map.csv of the same month")
	b.get(at+"/lists").says(200, "Who takes part") // a wrong file is not kept
	b.page(at, "group", url.Values{"name": {"Trafford GP Board"}, "placeName": {"Trafford"}, "place": {"02A"}}).says(200)
	b.bring(at, files).says(200, "Which practices belong to it?", "Park Medical Practice (P91003), Altrincham Healthcare Alliance PCN")
	form := sentBy(t, string(b.last.body))
	require.Len(t, form["practice"], 26)
	form["practice"] = slices.DeleteFunc(form["practice"], func(code string) bool { return code == "P91631" })
	b.post(at+"/lists", form).says(200, "Seats and people", "Clinical Director, South Trafford", "Chair, Salford Local Medical Committee") // what was typed beside the files is kept
	b.page(at, "practices", nil).says(200)
	b.get(at+"/practices").says(200, "25 practices in 5 networks were taken from the lists.")
	for _, page := range []string{"people", "duties", "decide", "words"} {
		b.page(at, page, nil).says(200)
	}
	b.get(at+"/check").says(200, "25 practices in 5 networks", "Found the group")
	b.post(at+"/check", nil).says(200, "0 of 25 practices stand behind it")

	other := b.setUp() // of which no place is known yet: it is asked for
	two := registeredFiles(t, "02A")
	more := registeredFiles(t, "00V")
	for name := range two {
		_, rows, _ := strings.Cut(more[name], "\n")
		two[name] += strings.ReplaceAll(rows, "P91", "P82")
	}
	b.bring(other, two).says(200, "Which place is it?", "26 practices")
}

// People are taken from a table: all that is wrong with it is said at once, with its row; what
// is right is put beside what is there, and the same table again changes nothing.
func TestPeopleAreTakenFromATable(t *testing.T) {
	w := openWorld(t, t.TempDir(), "2026-10-05")
	b := newTab(w).asOperator()
	at := b.setUp()
	b.page(at, "group", url.Values{"name": {"Trafford GP Board"}, "placeName": {"Trafford"}, "place": {"02A"}}).says(200)
	b.page(at, "practices", url.Values{"practices": {traffordLines(t)}}).says(200)
	b.upload(at+"/table", nil).says(422, "Choose one file, or paste a table.")
	b.upload(at+"/table", map[string]string{"people.csv": "Office,Name,Email,Organisation,Role\n,Dr A,a@example.org,U95344,holder\nDirector,Dr B,b@example.org,U00000,holder\n"}).
		says(422, "people.csv, row 2", "people.csv, row 3", "Nothing of them was kept.")
	table := map[string]string{"people.csv": "Office,Name,Email,Organisation,Role\nClinical Director,Dr A,a@example.org,U95344,holder\nSecretary,Dr B,b@example.org,TRAFFORD-LMC,deputy\n"}
	b.upload(at+"/table", table).says(200, "From the table: 2 new, 0 changed, 0 the same.", "New: Clinical Director, Altrincham Healthcare Alliance PCN; Secretary, Trafford Local Medical Committee.", "Dr A", "b@example.org")
	b.upload(at+"/table", table).says(200, "From the table: 0 new, 0 changed, 2 the same.")

	// Who speaks for a practice is taken too; what the grid has no room for is named.
	b.upload(at+"/table", map[string]string{"people.csv": "Office,Name,Email,Organisation,Role,Until,Evidence\nPractice Manager,Siân O’Brien-Müller,pm@example.org,P91003,spokesperson,,their letter\nPractice Manager,,,U95344,deputy,1 March 2027,\n"}).
		says(200, "New: Practice Manager, Park Medical Practice;", "Left out, to be recorded once the group is founded: Practice Manager, Altrincham Healthcare Alliance PCN as deputy of U95344.", "Siân O’Brien-Müller")
	require.NotContains(t, string(b.last.body), `value="Clinical Director, Altrincham Healthcare Alliance"`, "whom the table names takes the place of whom was suggested")
	b.page(at, "people", url.Values{"evidence": {""}}).says(200)
	b.get(at+"/check").says(200, "Practice Manager, Park Medical Practice speaks for Park Medical Practice. Known by: their letter")
	b.get("/operator/setup/people.csv").says(200, "Office,Name,Email")
}

// Whoever is signed out while they fill a page in keeps what they typed, signs in and sends
// it again.
func TestASignedOutOperatorLosesNothing(t *testing.T) {
	w := openWorld(t, t.TempDir(), "2026-10-05")
	b := newTab(w).asOperator()
	at := b.setUp()
	b.get(at + "/group")
	b.post("/sign-out", nil)
	b.post(at+"/group", url.Values{"name": {"The \"Board\""}, "placeName": {"Trafford"}}).says(401, "You have been signed out", "The &#34;Board&#34;")
	kept := sentBy(t, string(b.last.body))
	require.Equal(t, `The "Board"`, kept.Get("name"))
	b.asOperator()
	b.post(at+"/group", kept)
	b.get(at).says(200, "Set up: The &#34;Board&#34;")
	b.post(at+"/give-up", nil).says(200, "There is no group here yet")
	b.get(at).says(404)
}

// What is typed about people is on disk sealed only, and goes when the group is founded.
func TestDraftsAreSealed(t *testing.T) {
	w := openWorld(t, t.TempDir(), "2026-10-05")
	b := newTab(w).asOperator()
	at := b.setUp()
	b.fillIn(at)
	b.page(at, "people", url.Values{"people-0-name": {"Quillfeather"}, "people-0-email": {"quill@example.org"}}).says(200)
	folder := filepath.Join(w.tokens.Dir, "set-up")
	kept, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Len(t, kept, 1)
	sealed, err := os.ReadFile(filepath.Join(folder, kept[0].Name()))
	require.NoError(t, err)
	require.NotContains(t, string(sealed), "Quillfeather")
	info, err := kept[0].Info()
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	b.get(at+"/check").says(200, "Quillfeather")
	id := kept[0].Name()
	plain, err := w.store.OpenDraft(t.Context(), id, sealed)
	require.NoError(t, err)
	require.Contains(t, string(plain), "Quillfeather")
	b.post(at+"/check", nil).says(200, "How far Trafford GP Board is")
	_, err = w.store.OpenDraft(t.Context(), id, sealed)
	require.Error(t, err, "a copy of the file opens no more: its key is gone")
	require.NotContains(t, string(b.last.body), "Quillfeather", "the operator sees offices")
	kept, err = os.ReadDir(folder)
	require.NoError(t, err)
	require.Empty(t, kept)
}

// The manager invites, or the operator; nobody else, and nobody else sees who has come. What
// can't be mailed is on a sheet.
func TestWhoInvites(t *testing.T) {
	w := newWorld(t)
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	nobody.Close()
	js, err := jetstream.New(w.store.Conn())
	require.NoError(t, err)
	post, err := mail.Open(t.Context(), mail.Options{Server: mail.Server{Address: nobody.Addr().String(), From: "board@example.org", TLS: "none"}, Groups: w.options.Groups, Personal: w.store.OpenPersonal, Stream: js, Clock: w.clock})
	require.NoError(t, err)
	w.serve(func(o *Options) { o.Mail = post })
	state, err := w.store.State(t.Context(), "trafford")
	require.NoError(t, err)
	north := url.Values{"person": {state.Person("cd-north").ID}, "by": {"mail"}}

	for _, person := range []string{"cd-south", "icb-director"} {
		other := newTab(w).post("/sign-in/token", url.Values{"token": {w.keys[person]}})
		if other.get("/g/trafford/joining"); person == "cd-south" {
			other.says(200, "What it needs to be established")
		} else {
			other.says(403)
		}
		require.NotContains(t, string(other.last.body), "not invited")
		before := w.store.Next("trafford")
		other.post("/g/trafford/joining", north).says(403)
		require.Equal(t, before, w.store.Next("trafford"))
	}
	manager := newTab(w).post("/sign-in/token", url.Values{"token": {w.keys["manager"]}})
	manager.get("/g/trafford/joining").says(200, "not invited", "Mail the invitations")
	manager.post("/g/trafford/joining", url.Values{"by": {"mail"}}).says(422, "Tick whom to invite.")
	manager.post("/g/trafford/joining", north).says(200, "It was not mailed.", "Code to type instead")
	manager.get("/g/trafford/joining").says(200, "has come</strong>") // their token is a way in
	operator := newTab(w).asOperator()
	operator.post("/operator/groups/trafford", north).says(200, "It was not mailed.")
	operator.get("/operator/groups/trafford").says(200, "People, and their ways in", "An invitation, made on 5 January 2026 by the operator")
	require.NotContains(t, string(manager.get("/g/trafford/joining").last.body), "made on 5 January")
	operator.get("/operator").says(200, "This server makes none by itself", "Golden Thread 0.1.0")
	operator.post("/operator/backup", nil).says(422, "start it with --backup-to")
	operator.post("/operator/example", nil).says(404)
}

// Many practices are asked for their mandate, or have it recorded from paper, at once: what
// will be recorded is shown first, and it is all recorded or nothing.
func TestMandatesOfManyPractices(t *testing.T) {
	w := newWorld(t)
	b := newTab(w).post("/sign-in/token", url.Values{"token": {w.keys["manager"]}})
	const at = "/g/trafford/mandates"
	send := func(typed url.Values) *tab {
		form := url.Values{"command": {"record-together"}, "form": {"mandates"}, "key": {uuid.NewString()}}
		maps.Copy(form, typed)
		return b.post(at, form)
	}
	fingerprint := regexp.MustCompile(`name="checked" value="([0-9a-f]+)"`)
	before := w.store.Next("trafford")
	records := func(typed url.Values, shown ...string) *tab {
		typed["key"] = []string{uuid.NewString()}
		send(typed).says(200, append(shown, "Check before it is recorded")...)
		require.Equal(t, before, w.store.Next("trafford"), "nothing is recorded yet")
		typed["checked"] = fingerprint.FindStringSubmatch(string(b.last.body))[1:]
		return send(typed)
	}
	b.get(at).says(200, "Mandates of all practices", "A Surgery (P91018)", "B Surgery (P91020)")
	send(url.Values{"do": {"ask"}}).says(422, "Tick the practices that you mean.")
	send(url.Values{"practice": {"P91018"}}).says(422, "Choose one of them.")
	records(url.Values{"do": {"ask"}, "words": {"Stand behind us for a year."}, "practice": {"P91018"}}, "A Surgery (P91018)").says(200, "All of it is recorded", "Asked on 5 January 2026 (M1): Stand behind us for a year.")
	before = w.store.Next("trafford")
	records(url.Values{"do": {"no"}, "practice": {"P91020"}, "reason": {"Not this year."}, "evidence": {"Their letter of 4 January"}}).says(200, "said that it gives no mandate", ">refused</strong>")
	before = w.store.Next("trafford")
	b.get(at+"/letters").says(200, "To the partners of A Surgery (P91018)", "<p>Stand behind us for a year.</p>", "with 28 days of notice", "Yes, for everything")
	both := url.Values{"do": {"paper"}, "practice": {"P91018", "P91020"}, "until": {"31 December 2026"}, "matters": {"access"}}
	send(both).says(422, "Please give the evidence", "31 December 2026")
	require.Equal(t, 2, strings.Count(string(b.last.body), "Please give the evidence"), "once above the form, once at its field")
	both["evidence"], both["until"] = []string{"Partners’ minutes of 3 January"}, []string{"the end of the year"}
	send(both).says(422, "is not a date; write it like 9 March 2026", "Partners’ minutes of 3 January")
	both["until"] = []string{"31 December 2026"}
	records(both, "A Surgery gave a mandate for access until 31 December 2026", "With this", "2 of").says(200, "All of it is recorded", "B Surgery gave a mandate for access until 31 December 2026")
	require.Equal(t, before+2, w.store.Next("trafford"))
	send(both).says(200) // sent twice, recorded once
	require.Equal(t, before+2, w.store.Next("trafford"))
	before += 2

	// One of them can't be: nothing is recorded.
	send(url.Values{"do": {"ask"}, "words": {"Please."}, "practice": {"P91018", "P99999"}}).says(404, "P99999")

	for _, other := range []string{"icb-director", "cd-north"} {
		newTab(w).post("/sign-in/token", url.Values{"token": {w.keys[other]}}).post(at, both)
	}
	require.Equal(t, before, w.store.Next("trafford"))
}
