package api

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// A hand is somebody at a browser, whose presses are counted: of links, buttons and what
// folds out. Typing and choosing in a form are none.
type hand struct {
	*browser
	presses int
}

// begins is somebody who has just signed in, on a phone or at a desk: they are led to
// their own page.
func (b *browser) begins(token string, pixels int64) *hand {
	b.t.Helper()
	b.width(pixels)
	b.as(token).open("/")
	return &hand{browser: b}
}

// press presses what the selector finds, and waits for the page that comes.
func (h *hand) press(selector string) *hand {
	h.t.Helper()
	h.presses++
	h.submit(selector)
	return h
}

// link presses the link with those words in the page, and waits for the page that comes.
func (h *hand) link(words string) *hand {
	h.t.Helper()
	found := evaluate[bool](h.browser, `(() => {
		document.querySelectorAll("[data-pressed]").forEach(a => a.removeAttribute("data-pressed"));
		const a = [...document.querySelectorAll("main a")].find(a => a.checkVisibility() && a.textContent.trim().replace(/\s+/g, " ").includes(`+quote(words)+`));
		if (a) a.setAttribute("data-pressed", "");
		return !!a;
	})()`)
	require.True(h.t, found, "%s has no link that says %q", h.where(), words)
	return h.press("[data-pressed]")
}

// fold opens what folds out.
func (h *hand) fold(id string) *hand {
	h.t.Helper()
	h.presses++
	h.do(chromedp.Click(chromedp.CSS("#" + id + " > summary")))
	return h
}

// confirm sends the form that the check page shows.
func (h *hand) confirm() *hand {
	h.t.Helper()
	require.True(h.t, evaluate[bool](h.browser, `document.getElementById("check") !== null`), "what would follow is shown first: %s", h.where())
	return h.press("#check button[type=submit]")
}

// took checks how many presses it was, and prints the page where pictures are wanted.
func (h *hand) took(task string, most int) {
	h.t.Helper()
	h.t.Logf("%d presses: %s", h.presses, task)
	require.LessOrEqual(h.t, h.presses, most, task)
	dir := os.Getenv("GOLDENTHREAD_SCREENSHOTS")
	if dir == "" {
		return
	}
	for _, look := range [][3]string{{"light", "", "screen"}, {"dark", "", "dark"}, {"light", "print", "paper"}} {
		h.look(look[0], look[1])
		picture, err := chromedp.Run(h.ctx, chromedp.FullScreenshot(100))
		require.NoError(h.t, err)
		name := strings.ReplaceAll(strings.ReplaceAll(task, " ", "-"), ",", "") + "-" + look[2] + ".png"
		require.NoError(h.t, os.WriteFile(filepath.Join(dir, name), picture, 0o644))
	}
	h.look("light", "")
}

const (
	phone = 390
	desk  = 1280
)

// Five people do what they came for, by pages alone, in few presses. With
// GOLDENTHREAD_SCREENSHOTS a folder, where each ends is written there as pictures.
func TestFivePeoplesTasks(t *testing.T) {
	if testing.Short() {
		t.Skip("it walks in a browser for long")
	}
	w := newWorld(t).established()
	w.must(201, w.command("manager", "register-person", `{"handle":"pm-a","office":"Practice Manager, A Surgery","organisation":"P91018"}`))
	w.must(201, w.command("manager", "record-spokesperson", `{"organisation":"P91018","person":"pm-a","evidence":"a letter"}`))
	w.must(201, w.confirms("cd-north", "N1"))
	w.giveTokens("pm-a")
	w.on("2026-03-02")
	w.must(201, w.command("cd-south", "raise-proposal", `{"title":"An executive","text":"Two of us act between meetings.","matter":"workforce","instruments":[
		{"formExecutive":{"members":["lmc-chair","cd-south"],"until":"2026-12-31"}},
		{"grantDelegation":{"to":"executive","until":"2026-12-31","review":"2026-06-30","payer":"LMC","powers":[{"matter":"workforce","may":["commit"],"itemLimitPence":2000000,"yearLimitPence":10000000,"months":12,"acting":2}]}}]}`))
	b := newBrowser(t, w.origin())

	t.Run("a representative in a meeting", func(t *testing.T) { aRepresentative(b.of(t), w) })
	t.Run("a seat holder's objection", func(t *testing.T) { anObjection(b.of(t), w) })
	t.Run("an auditor", func(t *testing.T) { anAuditor(b.of(t), w) })
	t.Run("a practice", func(t *testing.T) { aPractice(b.of(t), w) })
	t.Run("a manager's Tuesday", func(t *testing.T) { aTuesday(b.of(t), w) })
	t.Run("a representative without signal", func(t *testing.T) { withoutSignal(newBrowser(t, w.origin()), w) })
	require.Empty(t, b.others())
}

// of is the same browser, for a part of the test.
func (b *browser) of(t *testing.T) *browser {
	return &browser{t: t, ctx: b.ctx, at: b.at, seen: b.seen}
}

// A representative, phone in hand, asks whether she may agree.
func aRepresentative(b *browser, w *world) {
	h := b.begins(w.keys["cd-north"], phone)
	h.says("May I sign up to this?")
	h.link("May I sign up to this?")
	h.fill("ask-matter", "workforce")
	h.fill("ask-amount", "12,000")
	h.fill("ask-months", "6")
	h.press("#ask form button[type=submit]")
	h.says("Only subject to the board", "I can take that back; any agreement is subject to the board.")
	h.took("a representative's verdict", 4)
}

// The same, when the server can't be reached: the answer is that of what the phone took along.
func withoutSignal(b *browser, w *world) {
	b.setClock(w.clock().Format(time.RFC3339))
	h := b.begins(w.keys["cd-north"], phone)
	h.waits(`document.documentElement.dataset.kept === "yes"`)
	h.open("/g/trafford") // the service worker is in charge from the second page on
	h.waits(`caches.open("kept").then(c => c.keys()).then(keys => keys.some(k => new URL(k.url).pathname === "/g/trafford"))`)
	w.web.CloseClientConnections()
	w.web.Close()
	h.open("/g/trafford")
	h.link("May I sign up to this?")
	h.waits(`document.documentElement.dataset.shown === "yes"`)
	h.fill("ask-matter", "workforce")
	h.fill("ask-amount", "12,000")
	h.fill("ask-months", "6")
	h.press("#ask button[type=submit]")
	h.waits(`document.documentElement.dataset.shown === "yes"`)
	h.says("Only subject to the board", "I can take that back; any agreement is subject to the board.")
	h.took("a representative's verdict with the server stopped", 4)
}

// The manager hears on the telephone that a seat objects; the seat says so itself; the
// words are amended; the seat accepts them from the link in its mail.
func anObjection(b *browser, w *world) {
	const proposal = "/g/trafford/proposals/P2"
	h := b.begins(w.keys["manager"], desk)
	h.open(proposal).says("P2: An executive")
	h.fold("hearing")
	h.fill("heard-seat", "U66368")
	h.choose("stand", "objection")
	h.fill("heard-from", "cd-north")
	h.fill("heard-how", "By telephone")
	h.fill("heard-why", "Too much at once.")
	h.press("#heard button[type=submit]").confirm()
	h.says("The manager heard that North Trafford objects. The seat has still to say so itself.")
	require.NotContains(h.t, h.main(), "Nobody has objected")
	h.took("an objection heard by telephone, recorded", 3)

	h = b.begins(w.keys["cd-north"], phone)
	h.says("The manager heard that North Trafford objects to P2, An executive")
	h.link("The manager heard that North Trafford objects")
	h.fold("do-object")
	h.choose("grade", "block")
	h.fill("object-why", "Too much at once.")
	h.fill("object-wouldResolve", "£15,000 an item.")
	h.press("#object button[type=submit]").confirm()
	h.says("Your objection is recorded", "Too much at once.")
	h.took("the objection, raised by its seat", 4)

	h = b.begins(w.keys["cd-south"], desk)
	h.open(proposal + "/amend")
	h.unfold()
	h.fill("amend-text", "Two of us act between meetings, up to £15,000 an item.")
	h.raises("amend")
	h.says("From version 1 to version 2")

	// From the mail: the link leads to the proposal, through sign-in where one is not.
	h = b.begins(w.keys["cd-north"], phone)
	h.open(proposal).unfold()
	h.fill("let-O1-words", "That will do.")
	h.press("#let-O1 button[type=submit]").confirm()
	h.says("The objection is let go")
	h.took("the amended words accepted, from the link in a mail", 3)

	for _, person := range []string{"cd-north", "cd-south", "lmc-chair"} {
		h = b.begins(w.keys[person], phone)
		h.link("has not been heard on P2")
		h.fold("do-consent")
		h.press("#consent button[type=submit]")
		h.says("Check before it is recorded")
		h.confirm()
		h.says("Your consent is recorded")
		h.presses-- // to come there from home
		h.took("a consent, with its check", 3)
	}
	w.on("2026-03-12")
	require.NoError(h.t, w.store.Settle(context.Background(), "trafford"))
}

// The LMC asks whether the executive stayed inside its power, and who agreed that power,
// in which words, and who objected.
func anAuditor(b *browser, w *world) {
	w.must(201, w.command("lmc-chair", "record-exercise", `{"delegation":"D1","matter":"workforce","what":"Two care coordinators.","amountPence":1500000,"months":12,"acting":["lmc-chair","cd-south"]}`))
	w.must(201, w.confirms("cd-south", "E1"))
	h := b.begins(w.keys["lmc-chair"], desk)
	h.press(`.thread-menu-wide a[href="/g/trafford/powers"]`)
	h.says("1 decision since 9 March 2026: 1 stood. £15,000 of £100,000 used on workforce")
	h.took("an auditor's answer", 2)
	h.link("P2")
	h.says("Agreed wording, version 2", "up to £15,000 an item", "Too much at once.", "North Trafford")
	h.took("who agreed the power, in which words, who objected", 2)
}

// A practice manager who has never heard of the group begins on the practice's own page.
func aPractice(b *browser, w *world) {
	h := b.begins(w.keys["pm-a"], phone)
	require.Contains(h.t, h.where(), "/practices/P91018", "they begin on their own page")
	h.says("A Surgery", "For you to do", "What it may agree for you.", "To say no:")
	h.took("a practice's own page", 0)
	h.link("Ask, or say that you disagree")
	h.fill("ask-words", "What was the £15,000 for?")
	h.press("#ask button[type=submit]")
	h.record()
	h.says("What was the £15,000 for?")
	h.took("a practice's question", 3)
}

// A manager's Tuesday: the agenda, the meeting item by item with a screen for the room, the
// minutes with words of their own and for Word, the actions, and chasing what is owed.
func aTuesday(b *browser, w *world) {
	const day = "/g/trafford/agenda/2026-03-12"
	h := b.begins(w.keys["manager"], desk)
	h.link("Work").link("Our own meetings")
	h.fold("setting")
	h.fill("set-on", "2026-03-12")
	h.fill("set-items", "workforce: Care coordinators\nAny other business")
	h.press("#set button[type=submit]")
	h.record()
	h.took("an agenda", 5)

	h.open(day)
	h.presses = 0
	h.fold("recording-1")
	h.fill("item-1-note", "Everybody spoke.")
	h.fill("item-1-decisions", "To ask the practices.")
	h.press("#item-1 button[type=submit]")
	h.says("The item is recorded", "Decided: To ask the practices.")
	h.took("an item recorded", 2)

	room := &hand{browser: b}
	room.open(day+"/screen").says("2. Any other business", "Recorded just now: 1. Care coordinators", "To ask the practices.")
	room.took("the screen in the room", 0)

	h.open(day)
	h.presses = 0
	h.fold("recording")
	evaluate[bool](h.browser, `document.querySelector('#met input[name="present"]').checked = true`)
	h.press("#met button[type=submit]:not([name])").confirm()
	h.took("the meeting recorded", 3)

	h.link("Read the minutes")
	h.fold("wording")
	h.fill("words-opening", "We met in Sale.")
	h.fill("words-items-0-words", "We thanked the library.")
	h.press("#words button[type=submit]")
	h.says("We met in Sale.", "We thanked the library.", "To ask the practices.", "Edited by Manager")
	word := w.must(200, w.ask("manager", "/agenda/2026-03-12/minutes.docx"))
	require.Equal(h.t, "PK", string(word.body[:2]), "the minutes are a document for Word")
	h.says("Download for Word")
	h.took("the minutes, edited, for Word", 6)
}
