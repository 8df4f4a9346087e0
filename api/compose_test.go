package api

import (
	"fmt"
	"net/url"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// A form that no page made is answered in words too, and records nothing.
func TestComposeOfAnything(t *testing.T) {
	if testing.Short() {
		t.Skip("it does one thing after the other, for long")
	}
	w := newWorld(t).established()
	next := w.store.Next("trafford")
	for _, carried := range []string{
		``, `[`, `[{}]`, `[{"appoint":{"person":"nobody","forum":"nowhere"}}]`, `[{"grantDelegation":{"to":"nobody","payer":"NOBODY"}}]`, `[{"varyDelegation":{"delegation":"D9","version":9}}]`,
		`[{"endAppointment":{"appointment":"R9"}},{"endDuty":{"duty":"king","person":"nobody"}}]`, `[{"adoptPriorities":{"round":"W9","priorities":[{"priority":"Y9"}]}}]`,
		`[{"changeCharter":{"version":-1}}]`, `[{"openSeat":{"organisation":"X","holder":"X"}}]`, `[{"createActions":{"actions":[{"owner":"x"}]}}]`, `[{"formExecutive":{"members":["x"]}}]`,
	} {
		for _, then := range []string{"", "another", "parts", "words", "change 0", "change -1", "change x", "drop 0", "drop 9", "row ", "row powers-0-conditions", "leave", "nonsense"} {
			for _, kind := range []string{"", "words", "grantDelegation", "varyDelegation", "confirmAppointment", "changeCharter", "nonsense"} {
				form := url.Values{"form": {"raise"}, "command": {"raise-proposal"}, "instruments": {carried}, "kind": {kind}, "of": {"D9"}, "index": {"7"}, "powers-99999-matter": {"x"}, "powers--1-x": {""}}
				if then != "" {
					form.Set("then", then)
				}
				r := w.sendStill(w.request("cd-south", "POST", "/g/trafford/proposals/new", form.Encode(), "Content-Type", "application/x-www-form-urlencoded"))
				require.Less(t, r.StatusCode, 500, fmt.Sprint(carried, then, kind, string(r.body)))
				require.NotEqual(t, 303, r.StatusCode)
			}
		}
	}
	require.Equal(t, next, w.store.Next("trafford"))
	w.must(403, w.send(w.request("manager", "GET", "/g/trafford/proposals/new", "")))
	w.must(409, w.send(w.request("cd-south", "GET", "/g/trafford/proposals/P1/amend", "")))
}

// What setting aside would end or take back is said before it is raised, and on the
// proposal; a position names what it replaces; a suspension is chosen to be ended.
func TestComposeSettingAsideAndReplacing(t *testing.T) {
	w := newWorld(t).established()
	w.on("2026-03-02")
	agree := func(number, instruments string) {
		w.must(201, w.command("cd-south", "raise-proposal", `{"title":"`+number+`","text":"Words.","matter":"workforce","instruments":`+instruments+`}`))
		w.consents(number, "1")
	}
	agree("P2", `[{"adoptPosition":{"matter":"workforce","words":"No shared staff.","redLine":true}},{"varyAppointment":{"appointment":"R1","version":1,"review":"2026-12-01","lines":[{"matter":"workforce","stance":"not"}]}}]`)
	step := func(status int, fields ...string) string {
		t.Helper()
		form := url.Values{"form": {"raise"}, "command": {"raise-proposal"}}
		for i := 0; i < len(fields); i += 2 {
			form.Add(fields[i], fields[i+1])
		}
		return string(w.must(status, w.sendStill(w.request("cd-south", "POST", "/g/trafford/proposals/new", form.Encode(), "Content-Type", "application/x-www-form-urlencoded"))).body)
	}
	require.Contains(t, step(200, "kind", "setAside", "then", "parts"), `value="P2"`)
	page := step(200, "kind", "setAside", "of", "P2", "then", "parts")
	require.Contains(t, page, "The red line on workforce ends. What it replaced does not come back.")
	require.Contains(t, page, "R1 ends, since the version before it would allow more.")
	page = step(200, "kind", "setAside", "of", "P2", "agreement", "P2", "then", "words")
	require.Contains(t, page, "<p>Set P2 aside. The red line on workforce ends. What it replaced does not come back. R1 ends, since the version before it would allow more.</p>")
	require.Contains(t, page, "We agree to set P2 aside. What it created ends, and what it changed goes back to the version before or ends.</textarea>")
	require.Contains(t, page, `value="Set P2 aside"`)

	require.Contains(t, step(200, "kind", "adoptPosition", "then", "parts"), `value="P2 workforce"`)
	page = step(422, "kind", "adoptPosition", "matter", "workforce", "words", "Some shared staff.", "then", "words")
	require.Contains(t, page, "There is a problem")
	require.Contains(t, page, "has a red line on workforce, adopted by P2")
	page = step(200, "kind", "adoptPosition", "matter", "workforce", "words", "Some shared staff.", "replaces", "P2 workforce", "then", "words")
	require.Contains(t, page, "It replaces the one on workforce by P2.")
	instruments := `[{"adoptPosition":{"matter":"workforce","words":"Some shared staff.","replaces":[{"agreement":"P2"}]}}]`
	require.Regexp(t, `value="P2 workforce"[^>]* checked`, step(200, "instruments", instruments, "then", "change 0"))

	w.must(201, w.command("cd-south", "suspend", `{"what":"R1","reason":"Too far."}`))
	page = step(200, "kind", "endSuspension", "then", "parts")
	event := regexp.MustCompile(`value="R1 (\d+)"`).FindStringSubmatch(page)
	require.Len(t, event, 2, page)
	require.Contains(t, step(200, "kind", "endSuspension", "of", "R1 "+event[1], "then", "parts"), "This suspension would end")
	page = step(200, "kind", "endSuspension", "of", "R1 "+event[1], "what", "R1", "event", event[1], "then", "words")
	require.Contains(t, page, "End the suspension of R1 by South Trafford on 2 March 2026 (Too far.)")
	agree("P3", `[{"endSuspension":{"what":"R1","event":`+event[1]+`}}]`)
	require.Contains(t, string(w.must(200, w.ask("cd-south", "/proposals/P3")).body), "The suspension of R1 ended on 2 March 2026")
	require.Equal(t, "in force", w.must(200, w.ask("cd-south", "/representation")).json(t)["appointments"].([]any)[0].(map[string]any)["state"])
}
