package api

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// sendForm sends a form of the page as a browser does, and comes back with the
// page that is shown then.
func (w *world) sendForm(person, path, command string, fields ...string) reply {
	form := url.Values{"command": {command}, "form": {command}}
	for i := 0; i < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	return w.send(w.request(person, "POST", "/g/trafford"+path, form.Encode(), "Content-Type", "application/x-www-form-urlencoded"))
}

// Every form of every page records what it says; what is wrong is refused in
// words on the page itself.
func TestFormsRecord(t *testing.T) {
	w := newWorld(t).established()
	w.on("2026-03-02")
	sent := func(person, path, command string, fields ...string) string {
		t.Helper()
		next := w.store.Next("trafford")
		r := w.must(200, w.sendForm(person, path, command, fields...))
		require.Greater(t, w.store.Next("trafford"), next, "nothing was recorded")
		require.Contains(t, string(r.body), "nhsuk-notification-banner--success")
		return string(r.body)
	}
	refused := func(status int, say, person, path, command string, fields ...string) {
		t.Helper()
		next := w.store.Next("trafford")
		r := w.must(status, w.sendForm(person, path, command, fields...))
		require.Equal(t, next, w.store.Next("trafford"))
		require.Contains(t, string(r.body), "There is a problem")
		require.Contains(t, string(r.body), say)
	}

	sent("manager", "/representation", "schedule-meeting", "forum", "locality-board", "on", "2026-03-02", "at", "14:00", "agenda", "workforce: Care coordinators\r\nAny other business: news")
	refused(422, "is not a date", "manager", "/representation", "schedule-meeting", "forum", "locality-board", "on", "soon")
	m := w.must(200, w.ask("cd-north", "/representation")).json(t)["meetings"].([]any)[0].(map[string]any)
	require.Equal(t, "workforce", m["agenda"].([]any)[0].(map[string]any)["matter"])
	require.Equal(t, "Any other business: news", m["agenda"].([]any)[1].(map[string]any)["title"])
	const meeting = "/meetings/locality-board/2026-03-02"
	sent("manager", meeting, "brief-meeting", "words", "We like\r\ncoordinators.")
	require.Contains(t, sent("cd-north", meeting, "record-commitment", "matter", "workforce", "words", "Two of them.", "given", "subject", "amount", "£12,000", "months", "6"), "subject to the group")
	refused(422, "Write the amount in pounds", "cd-north", meeting, "record-commitment", "matter", "workforce", "words", "x", "given", "outright", "amount", "lots")
	refused(422, "whole number of months", "cd-north", meeting, "record-commitment", "matter", "workforce", "words", "x", "given", "outright", "months", "1.5")
	sent("cd-north", meeting, "report-meeting", "happened", "Much.", "agreed", "Little.", "present", "cd-north", "present", "cd-south", "action", "Tell practices", "owner", "manager", "supporter", "cd-north", "due", "2026-03-20")
	sent("cd-south", "/commitments", "give-feedback", "on", "K1", "worked", "Clear words.")
	sent("cd-south", "/representation", "declare-interest", "matter", "access", "words", "We provide it.")
	sent("lmc-chair", "/representation", "suspend", "what", "R1", "reason", "It went too far.")
	refused(409, "already suspended for this reason", "lmc-chair", "/representation", "suspend", "what", "R1", "reason", "It went too far.")

	page := sent("cd-south", "/proposals", "raise-proposal", "title", "Word on K1", "matter", "workforce", "text", "We ratify it.", "ratify", "K1", "position", "Two are enough.", "redLine", "true", "end", "R1 1", "draft", "true")
	for _, words := range []string{"Ratify K1", "Red line on workforce: Two are enough.", "End R1", "draft"} {
		require.Contains(t, page, words)
	}
	refused(403, "Only South Trafford", "cd-north", "/proposals/P2", "put-proposal")
	sent("cd-south", "/proposals/P2", "put-proposal")
	sent("lmc-chair", "/proposals/P2", "offer-words", "words", "We ratify K1.")
	sent("cd-south", "/proposals/P2", "amend-proposal", "version", "1", "text", "We ratify K1.", "instruments", `[{"ratify":{"what":"K1"}}]`)
	refused(422, "Please open the page again", "cd-south", "/proposals/P2", "amend-proposal", "version", "2", "text", "x", "instruments", "[")
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
	page = sent("cd-south", "/powers", "record-exercise", "delegation", "D1", "matter", "workforce", "what", "A scheme", "amount", "18,000", "months", "12", "acting", "lmc-chair", "acting", "cd-south", "consulted", "LMC", "consultedOn", "2026-03-02", "consultedHow", "By email")
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
}

// Forms that pages show are forms that pages take: each names a command of its
// own page, and sends a key.
func TestFormsAreTaken(t *testing.T) {
	w := newWorld(t).established()
	w.on("2026-03-02")
	w.must(201, w.command("manager", "schedule-meeting", `{"forum":"locality-board","on":"2026-03-02"}`))
	w.must(201, w.command("cd-south", "raise-proposal", `{"title":"T","text":"x","matter":"access"}`))
	paths := map[string]*page{
		"": nil, "/proposals": nil, "/proposals/P2": nil, "/powers": nil, "/representation": nil, "/commitments": nil,
		"/meetings/locality-board/2026-03-02": nil, "/practices/P91018": nil,
	}
	for path := range paths {
		for _, p := range pages() {
			if len(strings.Split(p.path, "/")) == len(strings.Split(path, "/")) && strings.HasPrefix(path, strings.Split(p.path, "{")[0]) && (p.path != "" || path == "") {
				paths[path] = p
			}
		}
		require.NotNil(t, paths[path], path)
	}
	shown := 0
	for path, p := range paths {
		for _, person := range []string{"cd-north", "cd-south", "manager"} {
			shownPage := string(w.must(200, w.send(w.request(person, "GET", "/g/trafford"+path, ""))).body)
			for _, part := range strings.Split(shownPage, `name="command" value="`)[1:] {
				name, rest, _ := strings.Cut(part, `"`)
				require.Contains(t, p.forms, name, path)
				require.Contains(t, rest[:200], `name="key"`)
				shown++
			}
		}
	}
	require.Greater(t, shown, 20)
}
