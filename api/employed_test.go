package api

import (
	"net/url"
	"testing"
)

// A person who says that a system body employs them is shown as employed by it wherever they
// act: among the executive and its decisions, in the check and in the minutes, as JSON and as
// pages (F9).
func TestEmployedByASystemBodyIsShown(t *testing.T) {
	w := withAMeeting(t)
	w.refused(404, "F9", w.command("lmc-chair", "declare-employer", `{"employer":"NOBODY"}`))
	w.must(201, w.command("lmc-chair", "declare-employer", `{"employer":"QOP"}`))
	w.must(201, w.command("lmc-chair", "record-exercise", `{"delegation":"D1","matter":"workforce","what":"A poster.","acting":["lmc-chair","cd-south"]}`))
	newTab(w).post("/sign-in/token", url.Values{"token": {w.keys["cd-north"]}}).
		get("/g/trafford/powers").says(200, "(employed by Greater Manchester ICB)").
		get("/g/trafford/check?matter=workforce&person=lmc-chair").says(200, "Greater Manchester ICB employs ").
		get("/v1/groups/trafford/powers").says(200, `"employedBy":"Greater Manchester ICB"`).
		get("/v1/groups/trafford/check?matter=workforce&person=lmc-chair").says(200, "It is a system body.", `"sizes":[`)
}
