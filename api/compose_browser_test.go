package api

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// then presses one of a form's buttons, and waits for the page that comes back.
func (b *browser) then(value string) {
	b.t.Helper()
	_, err := chromedp.RunResponse(b.ctx, chromedp.Click(chromedp.CSS(`main button[name=then][value="`+value+`"]:not([hidden])`)))
	require.NoError(b.t, err, b.where())
}

// raises sends the proposal that was put together.
func (b *browser) raises(form string) {
	b.t.Helper()
	b.submit("#" + form + " button[type=submit]:not([hidden]):not([name])")
	b.record()
}

// clear empties a field.
func (b *browser) clear(id string) {
	evaluate[string](b, `document.getElementById("`+id+`").value = ""`)
}

// choose ticks the option of that value.
func (b *browser) choose(name, value string) {
	b.t.Helper()
	b.do(chromedp.Click(chromedp.CSS(`main input[name="` + name + `"][value="` + value + `"]`)))
}

// consents has everybody consent to what was raised, so that it is agreed at once.
func (w *world) consents(proposal string, version string) {
	w.t.Helper()
	for _, person := range []string{"cd-north", "cd-south", "lmc-chair"} {
		w.formRecords(person, "/proposals/"+proposal, "consent", "version", version, "needNotWait", "true")
	}
}

// A power is put together, read in words, refused where it is wrong, mended,
// raised, amended with its limits, agreed, and stands on the powers page; then
// it is changed and ended: all by pages, without script.
func TestPowerByPages(t *testing.T) {
	w := newWorld(t).established()
	w.on("2026-03-02")
	b := newBrowser(t, w.web.URL).as(w.keys["cd-south"])
	b.script(false)
	b.open("/g/trafford/proposals")
	b.tabTo(`a[href="/g/trafford/proposals/new"]`)
	b.pressToSend()
	b.then("parts")
	b.says("There is a problem", "Choose what the proposal would do.")
	b.choose("kind", "formExecutive")
	b.then("parts")
	b.unfold()
	b.choose("members", "lmc-chair")
	b.then("words")
	b.faultAt("raise-members", "The executive is two or more named people.")
	b.unfold()
	b.choose("members", "cd-south")
	b.fill("raise-until", "31 December 2026")
	b.then("words")
	b.says("Read it, and raise it", "Form the executive of Clinical Director, South Trafford and Chair, Trafford LMC until 31 December 2026.")
	require.Equal(t, "The executive", evaluate[string](b, `document.getElementById("raise-title").value`))

	b.then("another")
	b.choose("kind", "grantDelegation")
	b.then("parts")
	b.fill("raise-powers-0-matter", "workforce")
	b.choose("powers-0-may", "commit")
	b.fill("raise-powers-0-itemLimitPence", "lots")
	b.fill("raise-review", "in summer")
	b.then("row powers")
	b.says("Power 2")
	b.fill("raise-powers-1-matter", "dentistry")
	b.choose("powers-1-may", "commit")
	b.then("words")
	b.faultAt("raise-powers-0-itemLimitPence", "Power 1, most for one item: Write the amount in pounds, such as 12,000 or 12,000.50.")
	b.faultAt("raise-review", "Review date: “in summer” is not a date; write it like 9 March 2026.")
	require.Equal(t, "lots", evaluate[string](b, `document.getElementById("raise-powers-0-itemLimitPence").value`))
	b.fill("raise-powers-0-itemLimitPence", "£20,000")
	b.fill("raise-powers-0-yearLimitPence", "100,000")
	b.fill("raise-powers-0-months", "12")
	b.fill("raise-review", "30/6/2026")
	b.then("words")
	b.faultAt("raise-powers-1-matter", `"dentistry" is not on the charter's list of matters. The list is: access, workforce, representation.`)
	b.clear("raise-powers-1-matter")
	b.choose("powers-1-may", "commit")
	b.then("row powers-0-conditions")
	b.says("Condition 1")
	b.fill("raise-powers-0-conditions-0-when", "before")
	b.fill("raise-powers-0-conditions-0-body", "LMC")
	b.then("words")
	b.faultAt("raise-payer", "Whatever costs money names the organisation that pays.")
	b.fill("raise-payer", "LMC")
	b.then("words")
	b.says("Delegate to the executive: commit on workforce up to £20,000 an item, £100,000 a year and 12 months, 2 acting together, after consulting Trafford LMC, paid by Trafford LMC.")
	require.Contains(t, evaluate[string](b, `document.getElementById("raise-text").value`), "The executive may commit on workforce up to £20,000 an item")
	b.clear("raise-title")
	b.raises("raise")
	b.faultAt("raise-title", "Please give a title.")
	b.fill("raise-title", "What the executive may do")
	b.raises("raise")
	b.says("P2: What the executive may do", "Your proposal is recorded", "Delegate to the executive")

	b.tabTo(`a[href="/g/trafford/proposals/P2/amend"]`)
	b.pressToSend()
	b.then("change 1")
	require.Equal(t, "20,000", evaluate[string](b, `document.getElementById("raise-powers-0-itemLimitPence") ? "" : document.getElementById("amend-powers-0-itemLimitPence").value`))
	require.Equal(t, "30 June 2026", evaluate[string](b, `document.getElementById("amend-review").value`))
	b.fill("amend-powers-0-itemLimitPence", "15,000")
	b.then("words")
	b.raises("amend")
	b.says("From version 1 to version 2", "£15,000 an item")
	w.consents("P2", "2")
	b.open("/g/trafford/powers").says("D1: delegated to the executive", "£15,000 an item", "next review by 30 June 2026")

	b.script(true) // links in a page are pressed the same way
	b.open("/g/trafford/proposals/new?kind=varyDelegation&of=D1")
	b.fill("raise-powers-0-itemLimitPence", "25,000")
	b.fill("raise-feedback", "It was careful.")
	b.then("words")
	b.says("Vary D1 to: commit on workforce up to £25,000 an item")
	b.raises("raise")
	w.consents("P3", "1")
	b.open("/g/trafford/powers").says("£25,000 an item", "It was careful.")
	b.open("/g/trafford/proposals/new")
	b.choose("kind", "endDelegation")
	b.then("parts")
	b.says("D1, delegated to the executive")
	b.then("parts")
	b.then("words")
	b.says("End D1")
	b.raises("raise")
	w.consents("P4", "1")
	b.open("/g/trafford/powers").says("Ended on 2 March 2026 by P4")
	require.Empty(t, b.others())
}

// Somebody is appointed by pages, and from then on the check says yes.
func TestAppointmentByPages(t *testing.T) {
	w := newWorld(t).established()
	w.on("2026-03-02")
	b := newBrowser(t, w.web.URL).as(w.keys["cd-south"])
	b.width(320)
	b.open("/g/trafford/proposals/new?kind=appoint")
	b.fill("raise-person", "lmc-chair")
	b.fill("raise-forum", "locality-board")
	b.fill("raise-lines-0-matter", "workforce")
	b.fill("raise-lines-0-stance", "within-limits")
	b.then("words")
	b.faultAt("raise-lines-0-limitPence", "Within limits needs a limit: a sum, a number of months or both.")
	b.fill("raise-lines-0-limitPence", "5,000")
	b.fill("raise-lines-0-words", "Two coordinators are enough.")
	b.then("words")
	b.says("Appoint Chair, Trafford LMC to Trafford Locality Board: workforce: within £5,000 for each commitment.")
	require.LessOrEqual(t, evaluate[int](b, `document.documentElement.scrollWidth`), 320)
	b.raises("raise")
	b.says("P2: Who speaks for us at Trafford Locality Board")
	w.consents("P2", "1")
	b.as(w.keys["lmc-chair"]).open("/g/trafford/check?forum=locality-board&matter=workforce&amount=4000&months=6")
	b.says("Yes, you may agree to this", "£5,000 for each commitment")
	b.as(w.keys["cd-south"]).open("/g/trafford/proposals/new?kind=varyAppointment&of=R2")
	require.Equal(t, "5,000", evaluate[string](b, `document.getElementById("raise-lines-0-limitPence").value`))
	b.fill("raise-lines-0-limitPence", "3,000")
	b.then("words")
	b.raises("raise")
	w.consents("P3", "1")
	b.as(w.keys["lmc-chair"]).open("/g/trafford/check?forum=locality-board&matter=workforce&amount=4000&months=6")
	b.says("Only subject to the board", "Over the limit of £3,000")
}

// The charter is changed by pages: what differs is said in words.
func TestCharterByPages(t *testing.T) {
	w := newWorld(t).established()
	w.on("2026-03-02")
	b := newBrowser(t, w.web.URL).as(w.keys["cd-south"])
	b.open("/g/trafford/proposals/new?kind=changeCharter")
	require.Equal(t, "access\nworkforce\nrepresentation", evaluate[string](b, `document.getElementById("raise-charter-matters").value`))
	b.fill("raise-charter-windowDays", "400")
	b.then("words")
	b.faultAt("raise-charter-windowDays", "windowDays is a number between 1 and 90. A proposal stays open for objections for a week, so that everybody has had it in front of them.")
	b.fill("raise-charter-windowDays", "14")
	b.fill("raise-charter-matters", "access\nworkforce\nrepresentation\nestates")
	b.then("words")
	b.says("Replace version 1 of the charter", "open for objections: 14 days instead of 7 days", "estates")
	b.raises("raise")
	w.consents("P2", "1")
	b.open("/g/trafford/charter").says("Version 2", "14 days", "Estates", "For members only: audit")
}
