package api

import (
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"goldenthread/api/pages"
	"goldenthread/api/web"

	"github.com/stretchr/testify/require"
)

// sendForm sends a form of the page as a browser does, and again from its check page,
// and comes back with the page that is shown then.
func (w *world) sendForm(person, path, command string, fields ...string) reply {
	r := w.fillForm(person, path, command, fields...)
	if carried := carriedBy(r); carried != nil {
		return w.postForm(person, path, carried)
	}
	return r
}

// fillForm sends a form of the page as a browser does, and comes back with its check page
// or whatever is shown instead.
func (w *world) fillForm(person, path, command string, fields ...string) reply {
	form := url.Values{"command": {command}, "form": {command}}
	for i := 0; i < len(fields); i += 2 {
		if fields[i] == "form" {
			form.Del("form")
		}
		form.Add(fields[i], fields[i+1])
	}
	return w.postForm(person, path, form)
}

func (w *world) postForm(person, path string, form url.Values) reply {
	return w.send(w.request(person, "POST", "/g/trafford"+path, form.Encode(), "Content-Type", "application/x-www-form-urlencoded"))
}

var carriedField = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)

// carriedBy is what a check page sends; nil if the page is none.
func carriedBy(r reply) url.Values {
	_, part, found := strings.Cut(string(r.body), `id="check">`)
	if !found {
		return nil
	}
	carried := url.Values{}
	for _, field := range carriedField.FindAllStringSubmatch(part, -1) {
		carried.Add(html.UnescapeString(field[1]), html.UnescapeString(field[2]))
	}
	return carried
}

// formRecords sends a form that is recorded, and answers with the page after it.
func (w *world) formRecords(person, path, command string, fields ...string) string {
	w.t.Helper()
	next := w.store.Next("trafford")
	r := w.must(200, w.sendForm(person, path, command, fields...))
	require.Greater(w.t, w.store.Next("trafford"), next, "nothing was recorded")
	require.Contains(w.t, string(r.body), "nhsuk-notification-banner--success")
	return string(r.body)
}

// formRefused sends a form that is refused in words on its page.
func (w *world) formRefused(status int, say, person, path, command string, fields ...string) {
	w.t.Helper()
	next := w.store.Next("trafford")
	r := w.must(status, w.sendForm(person, path, command, fields...))
	require.Equal(w.t, next, w.store.Next("trafford"))
	require.Contains(w.t, string(r.body), "There is a problem")
	require.Contains(w.t, string(r.body), say)
}

// Every form of every page records what it says; what is wrong is refused in
// words on the page itself.
func TestFormsRecord(t *testing.T) {
	w := newWorld(t).established()
	w.on("2026-03-02")
	sent, refused := w.formRecords, w.formRefused
	sent("manager", "/representation", "schedule-meeting", "forum", "locality-board", "on", "2026-03-02", "at", "14:00", "agenda", "workforce: Care coordinators\r\nAny other business: news")
	refused(422, "is not a date", "manager", "/representation", "schedule-meeting", "forum", "locality-board", "on", "soon")
	m := w.must(200, w.ask("cd-north", "/representation")).json(t)["meetings"].([]any)[0].(map[string]any)
	require.Equal(t, "workforce", m["agenda"].([]any)[0].(map[string]any)["matter"])
	require.Equal(t, "Any other business: news", m["agenda"].([]any)[1].(map[string]any)["title"])
	const meeting = "/meetings/locality-board/2026-03-02"
	sent("manager", meeting, "brief-meeting", "words", "We like\r\ncoordinators.")
	require.Contains(t, sent("cd-north", meeting, "record-commitment", "matter", "workforce", "words", "Two of them.", "given", "subject", "amountPence", "£12,000", "months", "6"), "subject to the group")
	refused(422, "Write the amount in pounds", "cd-north", meeting, "record-commitment", "matter", "workforce", "words", "x", "given", "outright", "amountPence", "lots")
	refused(422, "whole number of months", "cd-north", meeting, "record-commitment", "matter", "workforce", "words", "x", "given", "outright", "months", "1.5")
	sent("cd-north", meeting, "report-meeting", "happened", "Much.", "agreed", "Little.", "present", "cd-north", "present", "cd-south", "actions-0-what", "Tell practices", "actions-0-owner", "manager", "actions-0-supporter", "cd-north", "actions-0-due", "2026-03-20")
	sent("cd-south", "/commitments", "give-feedback", "on", "K1", "worked", "Clear words.")
	sent("cd-south", "/representation", "declare-interest", "kind", "money", "matters", "access", "words", "We provide it.")
	require.NotContains(t, string(w.must(200, w.send(w.request("cd-north", "GET", "/g/trafford/representation", ""))).body), "End I1", "it is for whoever declared it")
	require.Contains(t, sent("cd-south", "/representation", "renew-interest", "interest", "I1", "words", "We provide all of it."), "We provide all of it.")
	refused(422, "ends today or later", "cd-south", "/representation", "end-interest", "interest", "I1", "until", "2026-03-01")
	refused(403, "only they can say", "cd-north", "/representation", "end-interest", "interest", "I1")
	require.Contains(t, sent("cd-south", "/representation", "end-interest", "interest", "I1", "until", "2026-03-31", "words", "We sold it."), "until 31 March 2026. Why it ends: We sold it.")

	sent("manager", "/agenda", "set-agenda", "on", "2026-03-02", "items", "access: Extended hours\r\nAny other business")
	sent("lmc-chair", "/agenda/2026-03-02", "minute-item", "item", "2", "note", "A date for May.", "decisions", "")
	sent("manager", "/agenda/2026-03-02", "record-group-meeting", "present", "cd-north", "present", "lmc-chair", "apologies", "cd-south", "inAttendance", "icb-director",
		"items-0-item", "1", "items-0-note", "Many spoke.", "items-0-decisions", "To ask the practices.\r\nTo come back in May.", "items-1-item", "2", "items-1-note", "", "items-1-decisions", "", "actions-0-what", "Ask them", "actions-0-item", "1", "actions-0-owner", "manager", "actions-0-supporter", "cd-north")
	page := string(w.must(200, w.send(w.request("cd-north", "GET", "/g/trafford/agenda/2026-03-02", ""))).body)
	for _, words := range []string{"A date for May.", "Many spoke.", "To come back in May.", "Apologies: Clinical Director, South Trafford", "In attendance: ", "Interests declared:", "We provide all of it.", "T2: Ask them"} {
		require.Contains(t, page, words)
	}
	sent("lmc-chair", "/representation", "suspend", "what", "R1", "reason", "It went too far.")
	refused(409, "already suspended for this reason", "lmc-chair", "/representation", "suspend", "what", "R1", "reason", "It went too far.")

	page = sent("cd-south", "/proposals/new", "raise-proposal", "title", "Word on K1", "matter", "workforce", "text", "We ratify it.", "draft", "true", "instruments",
		`[{"ratify":{"what":"K1"}},{"adoptPosition":{"matter":"workforce","words":"Two are enough.","redLine":true}},{"endAppointment":{"appointment":"R1","version":1}}]`)
	for _, words := range []string{"Ratify K1", "Red line on workforce: Two are enough.", "End R1", "draft"} {
		require.Contains(t, page, words)
	}
	refused(403, "Only South Trafford", "cd-north", "/proposals/P2", "put-proposal")
	sent("cd-south", "/proposals/P2", "put-proposal")
	sent("lmc-chair", "/proposals/P2", "offer-words", "words", "We ratify K1.")
	sent("cd-south", "/proposals/P2/amend", "amend-proposal", "version", "1", "text", "We ratify K1.", "instruments", `[{"ratify":{"what":"K1"}}]`)
	refused(422, "Please open the page again", "cd-south", "/proposals/P2/amend", "amend-proposal", "version", "2", "text", "x", "instruments", "[")
	refused(409, "has been replaced", "lmc-chair", "/proposals/P2", "consent", "version", "1")
	sent("manager", "/proposals/P2", "report-position", "version", "2", "seat", "LMC", "from", "lmc-chair", "stand", "consent", "how", "By telephone.")
	sent("lmc-chair", "/proposals/P2", "stand-aside", "version", "2", "reason", "Not ours.")
	sent("cd-south", "/proposals/P2", "withdraw-proposal", "reason", "Better words will come.")

	w.must(201, w.command("lmc-chair", "raise-proposal", `{"title":"An executive","text":"x","matter":"workforce","instruments":[
		{"formExecutive":{"members":["lmc-chair","cd-south"]}},
		{"grantDelegation":{"to":"executive","payer":"LMC","review":"2026-06-30","until":"2026-12-31","powers":[{"matter":"workforce","may":["commit"],"itemLimitPence":2000000,"yearLimitPence":10000000,"months":12,"conditions":[{"when":"after","body":"group","days":5}]}]}}]}`))
	for _, person := range []string{"cd-north", "cd-south", "lmc-chair"} {
		sent(person, "/proposals/P3", "consent", "version", "1", "needNotWait", "true")
	}
	page = sent("cd-south", "/powers", "record-exercise", "delegation", "D1", "matter", "workforce", "what", "A scheme", "amountPence", "18,000", "months", "12", "acting", "lmc-chair", "acting", "cd-south", "consulted-0-body", "LMC", "consulted-0-on", "2026-03-02", "consulted-0-how", "By email")
	require.Contains(t, page, "£18,000 used of £100,000")
	require.Contains(t, page, "£82,000 left")
	sent("cd-south", "/powers", "tell-exercise", "exercise", "E1", "body", "group", "how", "By email")
	sent("cd-north", "/powers", "call-in", "exercise", "E1", "reason", "Too fast.")
	sent("cd-north", "/powers", "give-feedback", "on", "D1", "overstep", "Too fast.")
	sent("cd-north", "/powers", "suspend", "what", "D1", "reason", "Until we have talked.")

	sent("manager", "/practices/P91018", "withdraw-mandate", "matters", "workforce", "evidence", "Letter of 1 March")
	sent("manager", "/practices/P91018", "grant-mandate", "until", "2026-12-31", "conditions", "not on Sundays", "evidence", "Minute of 2 March")
	refused(422, "the evidence", "manager", "/practices/P91018", "grant-mandate", "until", "2026-12-31")
	refused(403, "Only somebody who speaks for", "cd-north", "/practices/P91018", "withdraw-mandate")
	refused(422, "Say what is withdrawn", "manager", "/practices/P91018", "withdraw-mandate", "evidence", "Letter of 1 March")
	refused(422, "Say what is withdrawn", "manager", "/practices/P91018", "withdraw-mandate", "everything", "false", "evidence", "Letter of 1 March")
	refused(422, "Say what is withdrawn", "manager", "/practices/P91018", "withdraw-mandate", "everything", "true", "matters", "access", "evidence", "Letter of 1 March")
}

// newGatekept is a world in which the manager is the gatekeeper too, and
// somebody speaks for a practice.
func newGatekept(t *testing.T) *world {
	w := openWorld(t, t.TempDir(), "2026-01-05")
	gate := `{"duty":"gatekeeper","person":"manager","from":"2026-01-05"},{"duty":"chair"`
	speaker := `{"handle":"pm-a","office":"Practice Manager, A Surgery","organisation":"P91018"},{"handle":"icb-director"`
	w.must(201, w.command("operator", "found", strings.NewReplacer(`{"duty":"chair"`, gate, `{"handle":"icb-director"`, speaker).Replace(foundBody)))
	w.giveTokens("cd-north", "cd-south", "lmc-chair", "manager", "icb-director", "pm-a")
	w.must(201, w.command("manager", "record-spokesperson", `{"organisation":"P91018","person":"pm-a","evidence":"Partners' letter"}`))
	w.established()
	w.on("2026-03-02")
	return w
}

// What the system asks comes in, is passed to the gate, disposed of and answered
// once; another answer to the same question is shown (rules A1–A4).
func TestApproachesByForms(t *testing.T) {
	w := newGatekept(t)
	sent, refused := w.formRecords, w.formRefused
	page := sent("cd-north", "/approaches", "record-approach", "from", "QOP", "what", "Will you open at weekends?", "matter", "access/weekends", "how", "By telephone", "told-reply", "yes", "told-words", "We will.")
	require.Contains(t, page, "to be passed on")
	require.Contains(t, page, "Pass A1 to a gatekeeper")
	refused(409, "Record first that it was passed to", "manager", "/approaches", "dispose-of-approach", "approach", "A1", "disposition", "message")
	sent("cd-north", "/approaches", "redirect-approach", "approach", "A1", "to", "manager")
	refused(409, "no disposition yet", "manager", "/approaches", "answer-approach", "approach", "A1", "reply", "no", "words", "No.")
	require.Contains(t, sent("manager", "/approaches", "dispose-of-approach", "approach", "A1", "disposition", "message"), "being dealt with")
	page = sent("manager", "/approaches", "answer-approach", "approach", "A1", "reply", "no", "words", "We will not.")
	require.Contains(t, page, "The system has different answers")
	require.Contains(t, page, "North Trafford said yes (A1) and the answer of record to A1 is no")
	sent("cd-south", "/approaches", "report-side-conversation", "who", "U42898", "with", "QOP", "what", "Open at weekends?", "told-reply", "no", "told-words", "No.")
	page = sent("manager", "/approaches", "link-approaches", "approach", "S1", "with", "A1", "apart", "false")
	require.Contains(t, page, "The same question as A1")
	require.NotContains(t, sent("manager", "/approaches", "link-approaches", "approach", "S1", "with", "A1", "apart", "true"), "The same question as A1")
	refused(422, "words", "cd-north", "/approaches", "record-approach", "from", "QOP", "what", "And now?", "told-reply", "yes")
}

// A practice asks and is answered, has seen a notice, goes its own way and
// returns; and its page says the most in under 200 words (rules T0–T2, X2).
func TestPracticeByForms(t *testing.T) {
	w := newGatekept(t)
	sent, refused := w.formRecords, w.formRefused
	const own = "/practices/P91018"
	page := string(w.must(200, w.send(w.request("pm-a", "GET", "/g/trafford"+own, ""))).body)
	_, top, _ := strings.Cut(page, `<section id="top"`)
	top, _, _ = strings.Cut(top, "</section>")
	require.Less(t, len(strings.Fields(top)), 200)
	for _, words := range []string{"What it may agree for you", "What it can&#39;t", "To say no", "We have seen P1"} {
		require.Contains(t, strings.ReplaceAll(page, "can't", "can&#39;t"), words)
	}
	require.Contains(t, sent("manager", "/notices", "communicate", "about", "P1", "about", "R1", "how", "By letter"), "It has gone to all practices 1 time.")
	sent("pm-a", own, "acknowledge", "about", "P1")
	next := w.store.Next("trafford")
	require.Contains(t, string(w.must(200, w.sendForm("pm-a", own, "acknowledge", "about", "P1")).body), "nhsuk-notification-banner--success", "said again, it is answered as the first time (C7)")
	require.Equal(t, next, w.store.Next("trafford"))
	refused(422, "the evidence", "manager", "/notices", "acknowledge", "about", "P1", "practices", "P91020")
	page = sent("manager", "/notices", "acknowledge", "about", "P1", "practices", "P91020", "evidence", "Their email")
	require.Contains(t, page, "2 of 2 practices have said that they have seen it")

	page = sent("pm-a", own, "ask-group", "words", "Why Saturdays?", "disagrees", "true", "about", "P1")
	require.Contains(t, page, "disagrees")
	w.on("2026-03-05")
	require.Contains(t, string(w.must(200, w.send(w.request("cd-north", "GET", "/g/trafford/questions", ""))).body), "Waiting for 3 days.")
	refused(403, "Practices are answered by", "cd-north", "/questions", "answer-question", "question", "Q1", "words", "Because.")
	require.Contains(t, sent("manager", "/questions", "answer-question", "question", "Q1", "words", "Because."), "Answered after 3 days")

	page = sent("pm-a", own, "depart", "agreement", "P1", "reason", "We speak for ourselves.")
	require.Contains(t, page, "1 of 2 practices stand by it")
	sent("lmc-chair", "/departures", "answer-departure", "departure", "X1", "words", "Please come back.")
	refused(403, "X", "cd-north", "/departures", "resolve-departure", "departure", "X1", "how", "stands")
	require.Contains(t, sent("pm-a", "/departures", "resolve-departure", "departure", "X1", "how", "returned"), "returned on 5 March 2026")
	sent("cd-north", "/departures", "depart", "organisation", "P91020", "agreement", "P1", "reason", "They told us.", "evidence", "Their letter")
}

// The group's own priorities, meetings and actions (rules P1, T3, X1).
func TestOwnWorkByForms(t *testing.T) {
	w := newGatekept(t)
	sent, refused := w.formRecords, w.formRefused
	for _, title := range []string{"Telephones", "Letters", "Rooms"} {
		sent("cd-north", "/priorities", "list-priority", "title", title, "kind", "joint-working", "meaning", "Fewer calls.")
	}
	refused(422, "support by joint working", "cd-north", "/priorities", "list-priority", "title", "Rooms", "meaning", "x")
	sent("manager", "/priorities", "ask-practices", "priorities", "Y1", "priorities", "Y2", "by", "2026-03-20", "words", "Which?")
	page := sent("pm-a", "/priorities", "answer-priorities", "round", "W1", "practice", "P91018", "choices", "Y2", "choices", "Y1")
	require.Contains(t, page, "1 of 2 practices took part.")
	require.Contains(t, page, "<bdi>Letters</bdi>; then <bdi>Telephones</bdi>.")
	refused(422, "named twice", "pm-a", "/priorities", "answer-priorities", "round", "W1", "practice", "P91018", "choices", "Y2", "choices", "Y2")

	w.must(201, w.command("cd-north", "record-approach", `{"from":"QOP","what":"Open?"}`))
	refused(422, "at least 1 item", "manager", "/agenda", "set-agenda", "on", "2026-03-02")
	page = sent("manager", "/agenda", "set-agenda", "on", "2026-03-02", "at", "13:00", "items-suggested", "A1: A1 waits.", "items", "workforce: Coordinators")
	require.Contains(t, page, "A1 waits.")
	require.Contains(t, page, "<bdi>Coordinators</bdi>, about workforce")
	page = sent("lmc-chair", "/agenda/2026-03-02", "record-group-meeting", "present", "lmc-chair", "present", "cd-north", "notes", "Short.", "actions-0-what", "Tell practices", "actions-0-owner", "cd-north", "actions-0-supporter", "manager", "actions-0-due", "2026-03-09")
	require.Contains(t, page, "Tell practices", "it leads to what is to be done")
	require.Contains(t, string(w.must(200, w.send(w.request("cd-north", "GET", "/g/trafford/agenda/2026-03-02", ""))).body), "No one was present for South Trafford.")
	sent("cd-north", "/actions", "progress-action", "action", "T1", "words", "Half of them.")
	refused(403, "This is for", "cd-south", "/actions", "end-action", "action", "T1", "how", "done")
	refused(422, "the reason", "cd-north", "/actions", "end-action", "action", "T1", "how", "dropped")
	require.Contains(t, sent("manager", "/actions", "end-action", "action", "T1", "how", "done"), "What has ended")

	work := string(w.must(200, w.send(w.request("cd-north", "GET", "/g/trafford/work", ""))).body)
	for _, words := range []string{"1 waits for its answer.", "1 of 2 practices have answered W1.", "1 was told too few times."} {
		require.Contains(t, work, words)
	}
}

// What the charter keeps to members, the work does not lead others to.
func TestWorkKeptToMembers(t *testing.T) {
	w := openWorld(t, t.TempDir(), "2026-01-05")
	w.must(201, w.command("operator", "found", strings.Replace(foundBody, `"membersOnly":["audit"]`, `"membersOnly":["approaches"]`, 1)))
	w.giveTokens("cd-north", "lmc-chair", "cd-south", "manager", "icb-director")
	w.established()
	for person, sees := range map[string]bool{"cd-north": true, "icb-director": false} {
		page := string(w.must(200, w.send(w.request(person, "GET", "/g/trafford/work", ""))).body)
		require.Equal(t, sees, strings.Contains(page, "/g/trafford/approaches"), person)
		require.Contains(t, page, "/g/trafford/questions")
	}
	w.must(403, w.send(w.request("icb-director", "GET", "/g/trafford/approaches", "")))
}

// Every form of a page stands in the permission matrix, and whoever sends it is told
// that it was recorded.
func TestFormsAreKnown(t *testing.T) {
	for path, names := range pages.Forms() {
		for _, name := range names {
			require.Contains(t, forms, name, "%s sends it: give its page in forms, in api/permissions_test.go", path)
			require.NotEmpty(t, web.RecordedWords(name, ""), "%s sends %s: say in recordedWords, in api/web/home.go, what was done by it", path, name)
		}
	}
}

// Wherever the page of the work leads, the menu's entry for the work is marked.
func TestMenuKnowsThePagesOfTheWork(t *testing.T) {
	w := newWorld(t).established()
	_, page, _ := strings.Cut(string(w.must(200, w.send(w.request("manager", "GET", "/g/trafford/work", ""))).body), "<main")
	page, _, _ = strings.Cut(page, "</main>")
	leads := regexp.MustCompile(`href="/g/trafford/([a-z]+)"`).FindAllStringSubmatch(page, -1)
	require.Greater(t, len(leads), 5, page)
	for _, to := range leads {
		require.Contains(t, string(w.must(200, w.send(w.request("manager", "GET", "/g/trafford/"+to[1], ""))).body), `href="/g/trafford/work" aria-current="true"`, to[1])
	}
}

// Forms that pages show are forms that pages take: each names a command of its
// own page, and sends a key.
func TestFormsAreTaken(t *testing.T) {
	w := newWorld(t).established()
	w.on("2026-03-02")
	w.must(201, w.command("manager", "schedule-meeting", `{"forum":"locality-board","on":"2026-03-02"}`))
	w.must(201, w.command("manager", "set-agenda", `{"on":"2026-03-02","items":[{"title":"Evenings"}]}`))
	w.must(201, w.command("cd-south", "raise-proposal", `{"title":"T","text":"x","matter":"access"}`))
	shown := 0
	for below, names := range pages.Forms() {
		path := strings.NewReplacer("{number}", "P2", "{ods}", "P91018", "{forum}", "locality-board", "{day}", "2026-03-02", "{index}", "3", "{person}", "cd-north").Replace(below)
		for _, person := range []string{"cd-north", "cd-south", "manager"} {
			if strings.HasSuffix(path, "/amend") && person != "cd-south" || path == "/proposals/new" && person == "manager" {
				continue // who raised it alone amends it; who has no seat raises nothing
			}
			shownPage := string(w.must(200, w.send(w.request(person, "GET", "/g/trafford"+path, ""))).body)
			for _, part := range strings.Split(shownPage, `name="command" value="`)[1:] {
				name, rest, _ := strings.Cut(part, `"`)
				require.Contains(t, append(slices.Clone(names), ""), name, path)
				require.Contains(t, rest[:200], `name="key"`)
				shown++
			}
		}
	}
	require.Greater(t, shown, 20)
}

// Who sits, who speaks and who people are is kept by forms too (rules O3, F3, F5, L7).
func TestRegisterByForms(t *testing.T) {
	w := newGatekept(t)
	sent, refused := w.formRecords, w.formRefused
	page := sent("manager", "/people", "register-person", "office", "GP, North Trafford", "handle", "gp-north", "organisation", "U66368", "personal-name", "Nell North")
	require.Contains(t, page, "GP, North Trafford")
	refused(409, "There is already somebody with the handle gp-north.", "manager", "/people", "register-person", "office", "GP", "handle", "gp-north")
	require.Contains(t, sent("cd-north", "/register", "name-holder", "seat", "U66368", "person", "gp-north", "role", "deputy"), "GP, North Trafford")
	refused(422, "is not a date", "cd-north", "/register", "leave-seat", "seat+person+role", "U66368 gp-north deputy", "until", "soon")
	refused(422, "Choose one of them.", "cd-north", "/register", "leave-seat", "seat+person+role", "", "until", "2026-03-31")
	refused(403, "Who sits for North Trafford is said by", "cd-south", "/register", "leave-seat", "seat+person+role", "U66368 gp-north deputy", "until", "2026-03-31")
	sent("manager", "/register", "leave-seat", "seat+person+role", "U66368 gp-north deputy", "until", "2026-03-31", "evidence", "Their letter")
	sent("cd-south", "/register", "leave-seat", "seat+person+role", "U42898 cd-south holder", "until", "2026-03-31")
	require.Contains(t, sent("manager", "/register", "record-spokesperson", "organisation", "U66368", "person", "gp-north", "evidence", "Their letter"), "GP, North Trafford speaks for North Trafford")
	sent("pm-a", "/register", "end-spokesperson", "organisation+person", "P91018 pm-a", "until", "2026-03-31")
	refused(409, "does not speak for A Surgery on that day", "manager", "/register", "end-spokesperson", "organisation+person", "P91018 pm-a", "until", "2027-03-31")
	sent("lmc-chair", "/register", "invite", "organisation", "QOP", "until", "2026-12-31")
	sent("pm-a", "/people", "update-person", "person", w.personID("pm-a"), "personal-name", "Pat", "personal-phone", "0161 496 0000")
	require.Contains(t, string(w.must(200, w.send(w.request("pm-a", "GET", "/g/trafford/people", ""))).body), "0161 496 0000")
	sent("pm-a", "/people", "leave-office", "person", "pm-a", "until", "2026-03-31")

	sent("manager", "/representation", "register-forum", "forum", "estates-board", "name", "Estates Board", "body", "QOP")
	require.Contains(t, sent("manager", "/mandate", "ask-mandate", "organisation", "U66368", "words", "Will you?"), "Will you?")
	sent("manager", "/mandate", "grant-mandate", "organisation", "U66368", "review", "2026-12-31", "answers", "M3", "evidence", "Minute of 2 March")
	sent("manager", "/mandate", "withdraw-mandate", "organisation", "U66368", "matters", "access", "given", "2026-03-01", "evidence", "Letter of 1 March")
	sent("pm-a", "/practices/P91018", "grant-mandate", "to", "U66368", "review", "2026-12-31")
	sent("pm-a", "/practices/P91018", "withdraw-mandate", "everything", "true", "to", "U66368", "effective", "2026-12-01")

	w.must(201, w.command("cd-south", "raise-proposal", `{"title":"An executive","text":"x","matter":"workforce","instruments":[
		{"formExecutive":{"members":["cd-north","cd-south"]}},
		{"grantDelegation":{"to":"executive","payer":"LMC","review":"2026-06-30","powers":[{"matter":"workforce","may":["commit"],"itemLimitPence":2000000}]}}]}`))
	w.consents("P2", "1")
	w.must(201, w.command("cd-south", "record-exercise", `{"delegation":"D1","matter":"workforce","what":"A scheme","amountPence":100,"acting":["cd-north","cd-south"],"consulted":[{"body":"LMC","on":"2026-03-02","how":"By email"}]}`))
	require.Contains(t, string(w.must(200, w.send(w.request("lmc-chair", "GET", "/g/trafford/powers", ""))).body), "Say that Trafford LMC was not consulted on E1")
	page = sent("lmc-chair", "/powers", "deny-consultation", "exercise", "E1", "body", "LMC", "words", "Nobody asked us.")
	require.Contains(t, page, "called in")
	require.Contains(t, page, "kind=ratify&amp;what=E1")
}

// personID is somebody's id.
func (w *world) personID(handle string) string {
	return idsOf(w).Replace("{" + handle + "}")
}

// A block is worked through: a facilitator, conversations, and the closing day
// put off, which the other seat is asked for (rule C15).
func TestWorkingThroughByForms(t *testing.T) {
	w := newWorld(t).established()
	w.on("2026-02-02")
	sent, refused := w.formRecords, w.formRefused
	w.must(201, w.command("cd-north", "raise-proposal", `{"title":"Saturdays","text":"Every Saturday.","matter":"access"}`))
	const own = "/proposals/P2"
	shown := func(person string) string {
		return string(w.must(200, w.send(w.request(person, "GET", "/g/trafford"+own, ""))).body)
	}
	require.NotContains(t, shown("cd-north"), "Working it through")
	refused(409, "No block stands", "cd-north", own, "ask-put-off", "closes", "2026-05-01")
	w.must(201, w.command("cd-south", "object", `{"proposal":"P2","version":1,"grade":"block","why":"Staff.","wouldResolve":"Staff."}`))
	require.Contains(t, shown("cd-north"), "Nobody has been named as facilitator.")
	refused(409, "acts for South Trafford", "lmc-chair", own, "name-facilitator", "person", "cd-south")
	sent("lmc-chair", own, "name-facilitator", "person", "manager", "words", "They know both.")
	require.Contains(t, string(w.must(200, w.send(w.request("manager", "GET", "/g/trafford", ""))).body), "You were named as facilitator for P2")
	refused(422, "what was learnt", "manager", own, "record-conversation", "with", "cd-south", "learnt", "")
	page := sent("manager", own, "record-conversation", "with", "cd-south", "with", "cd-north", "learnt", "A pilot would do.")
	require.Contains(t, page, "What was learnt: A pilot would do.")
	require.NotContains(t, page, "Ask to put the closing day off", "that is for the seats")
	refused(422, "at the latest", "cd-north", own, "ask-put-off", "closes", "2026-12-01")
	page = sent("cd-north", own, "ask-put-off", "closes", "1 May 2026", "words", "The pilot needs a month.")
	require.Contains(t, page, "Waiting for South Trafford to agree.")
	require.NotContains(t, page, "Agree that it closes on 1 May 2026")
	require.Contains(t, string(w.must(200, w.send(w.request("cd-south", "GET", "/g/trafford", ""))).body), "closes on 1 May 2026 and not on 3 April 2026.")
	require.Contains(t, shown("cd-south"), "Agree that it closes on 1 May 2026")
	refused(409, "Agree to that day", "cd-south", own, "agree-put-off", "closes", "2026-05-02")
	page = sent("cd-south", own, "agree-put-off", "closes", "2026-05-01")
	require.Contains(t, page, "The closing day was put off from 3 April 2026 to 1 May 2026")
	require.Contains(t, page, "the proposal lapses on 1 May 2026")
	require.NotContains(t, page, "Ask to put the closing day off")
}
