package api

import (
	"testing"

	ics "github.com/arran4/golang-ical"
	"github.com/stretchr/testify/require"
)

func (w *world) page(person, path string) reply {
	return w.send(w.request(person, "GET", "/g/trafford"+path, ""))
}

// A meeting that is moved or cancelled is so everywhere: in calendars, on the work
// list, for whoever has to report, on its page (R5).
func TestMeetingsMovedAndCancelled(t *testing.T) {
	w := newWorld(t).established()
	w.must(201, w.command("manager", "schedule-meeting", `{"forum":"locality-board","on":"2026-01-12","at":"14:00"}`))
	w.must(201, w.command("manager", "brief-meeting", `{"forum":"locality-board","on":"2026-01-12","words":"Ask for two."}`))
	entry := func() *ics.VEvent {
		t.Helper()
		var found *ics.VEvent
		for _, e := range w.readCalendar(w.must(200, w.ask("cd-south", "/calendar.ics")).body).Events() {
			if e.GetProperty(ics.ComponentPropertyCategories).Value == "meeting" {
				require.Nil(t, found, "the meeting is there once")
				found = e
			}
		}
		require.NotNil(t, found)
		return found
	}
	value := func(e *ics.VEvent, p ics.ComponentProperty) string {
		if had := e.GetProperty(p); had != nil {
			return had.Value
		}
		return ""
	}
	due := func() (n int) {
		for _, d := range w.must(200, w.ask("cd-north", "/worklist")).json(t)["due"].([]any) {
			if d.(map[string]any)["kind"] == "report" {
				n++
			}
		}
		return n
	}
	const before, after = "/meetings/locality-board/2026-01-12", "/meetings/locality-board/2026-02-16"

	w.on("2026-01-20")
	first := entry()
	require.Equal(t, 1, due())
	require.Contains(t, string(w.must(200, w.page("cd-north", before)).body), "The report is overdue")
	require.Contains(t, unfolded(w.must(200, w.ask("cd-north", "/calendar.ics?person=cd-north")).body), "is to be reported")

	page := w.formRecords("cd-north", before, "move-meeting", "to", "16 February 2026", "at", "15:30", "reason", "Snow.")
	require.Contains(t, page, "The meeting is moved")
	require.Contains(t, page, "16 February 2026")
	require.Contains(t, page, "Ask for two.")
	moved := entry()
	require.Equal(t, first.Id(), moved.Id(), "calendars know it as the same")
	require.Equal(t, []string{"0", "1"}, []string{value(first, ics.ComponentPropertySequence), value(moved, ics.ComponentPropertySequence)})
	start, err := moved.GetStartAt()
	require.NoError(t, err)
	require.Equal(t, "2026-02-16 15:30", start.UTC().Format("2006-01-02 15:04"))
	require.Zero(t, due())
	require.NotContains(t, unfolded(w.must(200, w.ask("cd-north", "/calendar.ics?person=cd-north")).body), "is to be reported")
	still := w.sendStill(w.request("cd-north", "GET", "/g/trafford"+before+"?at=2026-01-20", ""))
	require.Equal(t, []any{302, "/g/trafford" + after + "?at=2026-01-20"}, []any{still.StatusCode, still.Header.Get("Location")})
	w.refused(409, "R4", w.command("cd-north", "record-commitment", `{"forum":"locality-board","meeting":"2026-01-12","matter":"access","words":"x","given":"view"}`))
	w.refused(409, "R5", w.command("cd-north", "report-meeting", `{"forum":"locality-board","on":"2026-01-12","happened":"x","present":[]}`))
	line := w.must(200, w.ask("cd-north", "/representation")).json(t)["meetings"].([]any)[0].(map[string]any)
	require.Equal(t, []any{"2026-02-16", []any{"2026-01-12"}, "Snow."}, []any{line["on"], line["was"], line["reason"]})

	w.formRefused(403, "This is for the manager, chair or lead", "cd-south", after, "cancel-meeting")
	require.NotContains(t, string(w.must(200, w.page("cd-south", after)).body), "cancel-meeting")
	page = w.formRecords("manager", after, "cancel-meeting", "reason", "Nothing to discuss.")
	require.Contains(t, page, "This meeting is cancelled")
	require.NotContains(t, page, "report-meeting")
	require.NotContains(t, page, "record-commitment")
	cancelled := entry()
	require.Equal(t, []string{first.Id(), "2", "CANCELLED"}, []string{cancelled.Id(), value(cancelled, ics.ComponentPropertySequence), value(cancelled, ics.ComponentPropertyStatus)})
	w.on("2026-03-20")
	require.Zero(t, due())
	w.refused(409, "R4", w.command("cd-north", "record-commitment", `{"forum":"locality-board","meeting":"2026-02-16","matter":"access","words":"x","given":"view"}`))

	w.must(201, w.command("manager", "schedule-meeting", `{"forum":"locality-board","on":"2026-02-16"}`))
	again := entry()
	require.Equal(t, []string{first.Id(), "3", "CONFIRMED"}, []string{again.Id(), value(again, ics.ComponentPropertySequence), value(again, ics.ComponentPropertyStatus)})
	require.Equal(t, 1, due())
}

// Whoever represented on the meeting's day reports it, also when the appointment
// has ended since, and whoever represents now does not: the page asks the same (R5).
func TestWhoReportsAMeeting(t *testing.T) {
	w := newWorld(t).established()
	w.must(201, w.command("manager", "schedule-meeting", `{"forum":"locality-board","on":"2026-01-12"}`))
	w.on("2026-01-20")
	w.must(201, w.command("cd-south", "raise-proposal", `{"title":"South goes","text":"South goes.","matter":"representation","instruments":[
		{"endAppointment":{"appointment":"R1","version":1}},
		{"appoint":{"person":"cd-south","forum":"locality-board","until":"2026-12-31","review":"2026-07-31","lines":[{"matter":"access","stance":"bring-back"}]}}]}`))
	for _, person := range []string{"cd-north", "cd-south", "lmc-chair"} {
		w.must(201, w.command(person, "consent", `{"proposal":"P2","version":1,"needNotWait":true}`))
	}
	const meeting = "/meetings/locality-board/2026-01-12"
	require.NotContains(t, string(w.must(200, w.page("cd-south", meeting)).body), "Report back")
	w.formRefused(403, "This is for the manager, chair or lead", "cd-south", meeting, "report-meeting", "happened", "We met.")
	require.Contains(t, string(w.must(200, w.page("cd-north", meeting)).body), "Report back")
	require.Contains(t, unfolded(w.must(200, w.ask("cd-north", "/calendar.ics?person=cd-north")).body), "is to be reported")
	require.NotContains(t, unfolded(w.must(200, w.ask("cd-south", "/calendar.ics?person=cd-south")).body), "is to be reported")
	w.formRecords("cd-north", meeting, "report-meeting", "happened", "We met.", "present", "cd-north")
}
