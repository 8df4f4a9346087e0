package api

import (
	"encoding/json"
	"fmt"
	"html"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// withWaiting is the group of withExecutive in which a kept record about each of two
// practices, one about a PCN, a decision and a commitment wait.
func withWaiting(t *testing.T) *world {
	w := withExecutive(t)
	w.on("2026-02-09")
	return w.records(`
		manager: register-person {"handle":"gp-a","office":"Partner, A Surgery","organisation":"P91018"}
		manager: record-spokesperson {"organisation":"P91018","person":"gp-a","evidence":"The partners' letter."}
		manager: withdraw-mandate {"organisation":"P91018","everything":true,"evidence":"The partners' letter."}
		manager: record-spokesperson {"organisation":"U42898","person":"manager","evidence":"By telephone."}
		manager: schedule-meeting {"forum":"locality-board","on":"2026-02-09"}
		manager: record-commitment {"person":"cd-north","forum":"locality-board","meeting":"2026-02-09","matter":"workforce","words":"Two coordinators.","amountPence":800000,"months":6,"given":"outright"}
		lmc-chair: record-exercise {"delegation":"D1","matter":"workforce","what":"A scheme","amountPence":1500000,"months":12,"acting":["lmc-chair","cd-north"]}
		lmc-chair: raise-proposal {"title":"Rooms","text":"We ask for rooms.","matter":"access"}
		manager: report-position {"proposal":"P3","version":1,"seat":"U66368","stand":"consent","from":"cd-north","how":"By telephone"}`)
}

// waitingFor is the part of the page of what waits that is about the person.
func (w *world) waitingFor(person string) string {
	page := string(w.must(200, w.page(person, "/waiting")).body)
	yours, _, _ := strings.Cut(page, `id="others"`)
	return strings.Join(strings.Fields(html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(yours, " "))), " ")
}

func TestOnePageShowsWhatWaits(t *testing.T) {
	w := withWaiting(t)
	said := w.waitingFor("cd-north")
	at := 0
	for _, words := range []string{ // what ends soonest first, then by organisation
		"What you decided with others", "A scheme, £15,000, 12 months (E1)", "by Chair, Trafford LMC and Clinical Director, North Trafford",
		"It counts once it is confirmed by Clinical Director, North Trafford, and lapses after 16 February 2026.", "Say that you did not decide E1", "Yes, we decided this",
		"What you said in a meeting", "Two coordinators, £8,000, 6 months (K1)", "on 9 February 2026, outright.", "is beyond after 14 February 2026", "Say that you did not say K1", "Yes, I said this",
		"A Surgery", "Partner, A Surgery speaks for A Surgery (N2)", "Recorded by Manager on 9 February 2026, on this evidence: The partners' letter.", "This is wrong: N2", "This is correct for A Surgery",
		"What was recorded as said by your seat", "The manager heard that North Trafford consents to P3",
	} {
		i := strings.Index(said[at:], words)
		require.GreaterOrEqual(t, i, 0, "%s, after: %s\n%s", words, said[:at], said)
		at += i
	}
	require.NotContains(t, said, "(N4)", "that is for South Trafford")
	require.Contains(t, w.waitingFor("cd-south"), "Manager speaks for South Trafford (N4)")

	home := string(w.must(200, w.page("cd-north", "")).body)
	for _, place := range []string{"waiting#E1", "waiting#K1", "waiting#N2", "proposals/P3"} {
		require.Contains(t, home, place)
	}
	past := string(w.must(200, w.page("cd-north", "/waiting?at=2026-02-08")).body)
	require.Contains(t, past, "You can confirm or refuse these on")
	require.NotContains(t, past, "<button class=\"nhsuk-button\" type=\"submit\">This is")
}

func TestOnePressConfirmsAllForAnOrganisation(t *testing.T) {
	w := withWaiting(t)
	w.records(`
		manager: record-spokesperson {"organisation":"U66368","person":"manager","evidence":"By telephone."}
		cd-south: record-exercise {"delegation":"D1","matter":"workforce","what":"Another scheme","amountPence":600000,"months":12,"acting":["cd-south","cd-north"]}`)
	said := w.waitingFor("cd-north")
	require.Contains(t, said, "Yes, we decided all 2")
	require.Contains(t, said, "All 2 are correct for North Trafford")
	for _, ref := range []string{"N2", "N5", "E1", "E2"} {
		require.Contains(t, said, "Confirm only "+ref)
	}
	require.NotContains(t, said, "Confirm only K1", "it is the only one")
	page := w.formRecords("cd-north", "/waiting", "confirm-record", "records", "N2", "records", "N5")
	require.Contains(t, page, "What you confirmed is recorded")
	require.Contains(t, page, "Is this right?", "there is more to answer on the same page")
	w.formRecords("cd-north", "/waiting", "confirm-record", "records", "E1", "records", "E2")
	w.formRecords("cd-north", "/waiting", "confirm-record", "records", "K1")
	w.formRecords("cd-north", "/proposals/P3", "confirm-position", "version", "1", "seat", "U66368")
	require.Contains(t, w.waitingFor("cd-north"), "There is nothing for you to confirm.")
	require.Equal(t, "within", w.exerciseLine(1)["standing"])
	require.Equal(t, "beyond", w.exerciseLine(2)["standing"], "they are confirmed together, and judged each")
}

// However many records somebody makes wait, each can be confirmed.
func TestManyRecordsCanBeConfirmed(t *testing.T) {
	w := newWorld(t).established()
	for i := range 120 {
		w.must(201, w.command("manager", "import-organisations", fmt.Sprintf(`{"source":"A list","rows":[{"code":"P91018","kind":"practice","name":"A Surgery","lists":[{"on":"2025-12-01","patients":%d}]}]}`, 2000+i)))
	}
	form := regexp.MustCompile(`(?s)<form method="post" class="thread-form" id="confirm-.*?</form>`)
	for _, together := range []int{50, 50, 20} {
		one := form.FindString(string(w.must(200, w.page("cd-north", "/waiting")).body))
		var fields []string
		for _, in := range hiddenIn.FindAllStringSubmatch(one, -1) {
			if in[1] == "records" {
				fields = append(fields, "records", in[2])
			}
		}
		require.Len(t, fields, 2*together)
		w.formRecords("cd-north", "/waiting", "confirm-record", fields...)
	}
	require.Contains(t, w.waitingFor("cd-north"), "There is nothing for you to confirm.")
}

// Many records take one line of the home page.
func TestManyRecordsAreOneLine(t *testing.T) {
	w := withWaiting(t)
	for _, code := range []string{"P91020", "LMC"} {
		w.must(201, w.command("manager", "record-spokesperson", `{"organisation":"`+code+`","person":"manager","evidence":"By telephone."}`))
	}
	home := string(w.must(200, w.page("lmc-chair", "")).body)
	require.Contains(t, home, "Is that right?")
	w.must(201, w.command("manager", "record-spokesperson", `{"organisation":"P91020","person":"gp-a","evidence":"By telephone."}`))
	home = string(w.must(200, w.page("lmc-chair", "")).body)
	require.Contains(t, home, "<a href=\"/g/trafford/waiting\">4 records wait to be confirmed or refused</a>")
	require.NotContains(t, home, "Is that right?")
}

// What is confirmed by one press is recorded each in its own name.
func TestEachIsConfirmedInItsOwnName(t *testing.T) {
	w := withWaiting(t)
	first := w.store.Next("trafford")
	w.must(201, w.command("cd-north", "confirm-record", `{"records":["N2","E1","K1"]}`))
	names := map[string]string{}
	for line := range strings.Lines(string(w.must(200, w.ask("lmc-chair", fmt.Sprintf("/events?from=%d", first))).body)) {
		var e struct{ Type, OnBehalfOf string }
		require.NoError(t, json.Unmarshal([]byte(line), &e))
		names[e.Type] = e.OnBehalfOf
	}
	require.Equal(t, "seat/U66368", names["goldenthread.record.confirmed.v1"])
	require.Equal(t, "person/"+w.personID("cd-north"), names["goldenthread.exercise.confirmed.v1"])
	require.Equal(t, "person/"+w.personID("cd-north"), names["goldenthread.commitment.confirmed.v1"])
}

// refuses sends the form by which the page refuses one of those that wait.
func (w *world) refuses(person, ref, reason string) reply {
	return w.sendForm(person, "/waiting", "refuse-record", "form", "refuse-"+ref, "records", ref, "reason", reason)
}

func TestOneOfThemIsRefused(t *testing.T) {
	w := withWaiting(t)
	for _, ref := range []string{"N2", "E1", "K1"} {
		long := "We were not asked. " + strings.Repeat("x", 2000)
		r := w.must(422, w.refuses("cd-north", ref, long))
		require.Contains(t, string(r.body), "There is a problem")
		require.Contains(t, string(r.body), long, "what was written is still there")
		require.Contains(t, string(r.body), `id="refusing-`+ref+`" open`)
		w.formRefused(422, "There is a problem", "cd-north", "/waiting", "refuse-record", "records", ref, "reason", " ")
		w.formRecords("cd-north", "/waiting", "refuse-record", "records", ref, "reason", "We were not asked.")
	}
	said := string(w.must(200, w.page("lmc-chair", "/waiting")).body)
	_, ended, _ := strings.Cut(said, `id="ended"`)
	require.Contains(t, ended, "Refused for A Surgery by Clinical Director, North Trafford on 9 February 2026: We were not asked.")

	// It was answered meanwhile: the page says so.
	w.must(201, w.command("cd-south", "refuse-record", `{"records":["N4"],"reason":"No."}`))
	r := w.must(409, w.refuses("cd-south", "N4", "Nobody telephoned."))
	require.Contains(t, string(r.body), "N4 does not wait for anybody any more.")

	// Whoever recorded it takes it back.
	require.Contains(t, string(w.must(200, w.page("manager", "/waiting")).body), "Take this back: N3")
	w.formRecords("manager", "/waiting", "refuse-record", "records", "N3", "reason", "The wrong practice.")
	require.Contains(t, string(w.must(200, w.page("manager", "/waiting")).body), "Taken back by Manager on 9 February 2026: The wrong practice.")
}

// The page of what waits on a phone, in the dark, by keyboard, without script and on paper.
func TestWaitingInABrowser(t *testing.T) {
	w := withWaiting(t)
	b := newBrowser(t, w.web.URL).as(w.keys["cd-north"])
	b.width(320)
	b.script(false)
	b.open("/g/trafford/waiting")
	require.LessOrEqual(t, evaluate[int](b, `document.documentElement.scrollWidth`), 320)
	b.unfold()
	small := `[...document.querySelectorAll("main button, main textarea, main summary")].filter(e => e.getClientRects().length && e.getBoundingClientRect().height < 43.9).map(e => e.outerHTML)`
	require.Empty(t, evaluate[[]string](b, small))
	require.LessOrEqual(t, b.printedPages(), 2)
	b.look("light", "print")
	require.Zero(t, evaluate[int](b, `[...document.querySelectorAll("main button")].filter(e => e.getClientRects().length).length`), "nothing is pressed on paper")
	b.look("light", "")

	b.open("/g/trafford/waiting")
	check := func() {
		b.t.Helper()
		b.says("Check before it is recorded", "This can’t be undone.")
		b.tabTo("#check button")
		b.pressToSend()
	}
	b.tabTo("#confirm-decided button")
	b.pressToSend()
	check()
	b.says("What you confirmed is recorded", "Is this right?", "What you said in a meeting")
	b.tabTo("#refusing-K1 summary")
	b.press("\r")
	b.tabTo("#refuse-K1-reason")
	b.press("N")
	b.press("o")
	b.tabTo("#refuse-K1 button")
	b.pressToSend()
	check()
	b.says("Your refusal is recorded")
	b.tabTo("#confirm-P91018 button, #confirm-U66368 button")
	b.pressToSend()
	check()
	b.says("What you confirmed is recorded")
	require.NotContains(t, b.main(), "This is correct for")
	require.Empty(t, b.others())
}

func TestWaitingIsAccessible(t *testing.T) {
	script := axe(t)
	w := withWaiting(t)
	for _, person := range []string{"cd-north", "manager"} {
		b := newBrowser(t, w.web.URL).as(w.keys[person]).open("/g/trafford/waiting")
		for _, scheme := range []string{"light", "dark"} {
			b.look(scheme, "")
			require.Empty(t, b.faults(script), "folded")
			b.unfold()
			require.Empty(t, b.faults(script))
		}
	}
}

// Somebody's new way in is confirmed on the same page, each by itself.
func TestNewWayInWaitsOnThePage(t *testing.T) {
	w, _ := onRecord(t)
	w.must(200, newDevice(w).acceptAlone(w.invited("cd-north"), "new laptop"))
	number := w.number("cd-north")
	said := w.waitingFor("cd-south")
	for _, words := range []string{"A new way in", "Clinical Director, North Trafford has", "Ask them whether it is theirs, and confirm it only if they say so. (" + number + ")", "They told me that it is theirs"} {
		require.Contains(t, said, words)
	}
	require.Contains(t, string(w.must(200, w.page("cd-south", "")).body), "waiting#"+number)
	require.NotContains(t, w.waitingFor("manager"), number, "who let them in confirms nothing")
	w.formRecords("cd-south", "/waiting", "confirm-record", "records", number)
	require.Contains(t, w.waitingFor("cd-south"), "There is nothing for you to confirm.")
}

// Before a list or a closing is confirmed, the page says what it would change, and what
// would end by it.
func TestWhatWouldFollowIsSaidBefore(t *testing.T) {
	w := withWaiting(t)
	w.records(`
		manager: import-organisations {"source":"The list of February","rows":[{"code":"P91018","kind":"practice","name":"The Avenue","lists":[{"on":"2026-02-01","patients":900}]},{"code":"P91020","kind":"practice","name":"B Surgery","closed":"2026-01-31"}]}
		manager: leave-office {"person":"cd-south","until":"2026-02-28"}`)
	said := w.waitingFor("cd-north")
	for _, words := range []string{
		"The register", "If it is confirmed:", "P91018 is now listed as The Avenue.", "A Surgery had 900 registered patients on 1 February 2026.", "B Surgery (P91020) closed; its last day was 31 January 2026.",
		"No longer so: B Surgery has given a mandate.", "No longer so: South Trafford has a seat.", "The board would speak for 1 of 1 practice, 900 of 900 registered patients.", "This is correct for the register",
	} {
		require.Contains(t, said, words)
	}
	require.NotContains(t, said, "No longer so: A Surgery has given a mandate.", "it has another name, and its mandate")
	said = w.waitingFor("cd-south")
	require.Contains(t, said, "No longer so: Clinical Director, South Trafford is holder for South Trafford.")
	require.Contains(t, said, "No longer so: Clinical Director, South Trafford is of the executive.")
}
