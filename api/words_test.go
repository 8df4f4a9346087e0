package api

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A date whose year can't be meant is a date: what is wrong with it is said, on
// every path, and so is what is wrong with no date at all (L8).
func TestYearsThatCannotBeMeant(t *testing.T) {
	w := newWorld(t).established()
	says := func(r reply, say string) {
		t.Helper()
		w.refused(422, "L8", r)
		require.Contains(t, r.json(t)["detail"], say)
	}
	for _, day := range []string{"9999-01-01", "2201-01-01", "1899-12-31", "0001-01-01"} {
		says(w.command("manager", "schedule-meeting", `{"forum":"locality-board","on":"`+day+`"}`), "the year must be between 1900 and 2200")
		says(w.ask("cd-north", "/check?matter=workforce&at="+day), "is not between 1900 and 2200")
		says(w.ask("cd-north", "?known="+day), "is not between 1900 and 2200")
		says(w.ask("cd-north", "?at="+day+"T10:00:00Z"), "is not between 1900 and 2200")
	}
	for _, day := range []string{"2026-02-30", "tomorrow", "31/03/2026"} {
		says(w.command("manager", "schedule-meeting", `{"forum":"locality-board","on":"`+day+`"}`), "is not a date")
		says(w.ask("cd-north", "?at="+day), "is not a date")
	}
	w.must(201, w.command("manager", "schedule-meeting", `{"forum":"locality-board","on":"2200-12-31"}`))
	w.formRefused(422, "the year must be between 1900 and 2200", "manager", "/representation", "schedule-meeting", "forum", "locality-board", "on", "1 May 9999")
	w.formRefused(422, "is not a date", "manager", "/representation", "schedule-meeting", "forum", "locality-board", "on", "soon")
}

// Words with nothing to read in them, or with characters that reorder what is
// read, are refused by JSON and on the page, with the place named (C1, C3, D8).
func TestWordsThatCannotBeRead(t *testing.T) {
	w := newWorld(t).established()
	w.refused(422, "D8", w.command("lmc-chair", "suspend", `{"what":"R1","reason":"\u200b"}`))
	r := w.command("cd-north", "raise-proposal", `{"title":"Agreed \u202eton","text":"x","matter":"access"}`)
	w.refused(422, "C1", r)
	require.Equal(t, "Please take character 8 (U+202E) out of the title: it changes the order in which text is shown.", r.json(t)["detail"])
	w.formRefused(422, "nothing in it that can be read", "lmc-chair", "/representation", "suspend", "what", "R1", "reason", "\u200b\u2060")
	w.formRefused(422, "take character 4 (U&#43;202E) out of the reason", "lmc-chair", "/representation", "suspend", "what", "R1", "reason", "It \u202ewent")
	// personal data are looked at before they are sealed
	w.refused(422, "L7", w.command("manager", "register-person", `{"handle":"new","office":"New","personal":{"name":"\u200b"}}`))
	w.refused(422, "L7", w.command("manager", "register-person", `{"handle":"new","office":"New","personal":{"email":"a\u202e@example.org"}}`))
	r = w.command("manager", "register-person", `{"handle":"new","office":"New","personal":{"phone":"0161\u0000"}}`)
	w.refused(422, "L7", r)
	require.Equal(t, "Please take character 5 (U+0000) out of the telephone number: it is a control character.", r.json(t)["detail"])
	w.refused(409, "L7", w.command("manager", "register-person", `{"handle":"CD-North","office":"Another"}`))
	r = w.command("manager", "register-person", `{"handle":"cd\u202e","office":"Another"}`)
	w.refused(422, "L7", r)
	require.NotContains(t, string(r.body), "\u202e")
}
