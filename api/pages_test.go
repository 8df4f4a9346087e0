package api

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// The board of seven that decides through the pages.
const boardBody = `{
"name":"Sale GP Board","shortName":"the board","place":"SALE","placeName":"Sale","founder":"lmc-chair",
"charter":{"text":"We decide by consensus.","quorum":5,"quorumOf":["LMC"],"defaultStance":"bring-back","matters":["access","workforce","representation"]},
"organisations":[{"code":"SALE","kind":"place","name":"Sale"},{"code":"LMC","kind":"lmc","name":"Sale LMC"},{"code":"FED","kind":"federation","name":"Sale Federation"},%s],
"people":[{"handle":"lmc-chair","office":"Chair, Sale LMC","organisation":"LMC"},{"handle":"fed-lead","office":"Lead, Sale Federation","organisation":"FED"},%s],
"seats":[{"organisation":"LMC","holder":"lmc-chair"},{"organisation":"FED","holder":"fed-lead"},%s],
"duties":[{"duty":"chair","person":"lmc-chair","from":"2026-01-05"}]}`

// board founds the board of seven and gives its people tokens, in order.
func (w *world) board() []string {
	var orgs, people, seats []string
	handles := []string{"lmc-chair", "fed-lead"}
	for i := 1; i <= 5; i++ {
		code := fmt.Sprintf("U0000%d", i)
		orgs = append(orgs, fmt.Sprintf(`{"code":%q,"kind":"pcn","name":"PCN %d","memberships":[{"in":"SALE","from":"2020-01-01"}]},`+
			`{"code":"P0000%d","kind":"practice","name":"Surgery %d","memberships":[{"in":"SALE","from":"2020-01-01"},{"in":%q,"from":"2020-01-01"}],"lists":[{"on":"2025-01-01","patients":1000}]}`, code, i, i, i, code))
		people = append(people, fmt.Sprintf(`{"handle":"cd-%d","office":"Clinical Director, PCN %d","organisation":%q}`, i, i, code))
		seats = append(seats, fmt.Sprintf(`{"organisation":%q,"holder":"cd-%d"}`, code, i))
		handles = append(handles, fmt.Sprint("cd-", i))
	}
	body := fmt.Sprintf(boardBody, strings.Join(orgs, ","), strings.Join(people, ","), strings.Join(seats, ","))
	w.must(201, w.send(w.request("operator", "POST", "/v1/groups/sale/commands/found", body)))
	var tokens []string
	for _, h := range handles {
		token, err := w.tokens.Issue("sale", h)
		require.NoError(w.t, err)
		tokens = append(tokens, token)
	}
	return tokens
}

// Seven people found a board and come to an agreement, by pages alone: it is
// proposed, blocked, amended, let go, consented to by all and agreed when the
// window has run.
func TestDecisionByPages(t *testing.T) {
	w := newWorld(t)
	seven := w.board()
	b := newBrowser(t, w.web.URL)
	for i, token := range seven {
		b.as(token).open("/g/sale")
		b.says("has not yet consented to the charter")
		b.open("/g/sale/charter").submit("main form button[type=submit]")
		b.says("Your consent to the charter is recorded")
		b.open("/g/sale")
		if i < 6 {
			b.says("is forming")
		}
	}
	require.NotContains(t, b.main(), "is forming")

	w.on("2026-01-13")
	b.as(seven[0]).open("/g/sale/proposals/new?kind=words")
	b.fill("raise-title", "Weekend access")
	b.fill("raise-matter", "access/weekends")
	b.fill("raise-text", "Practices open on Saturdays from April.")
	b.raises("raise")
	require.Contains(t, b.where(), "/g/sale/proposals/P1?", b.main())
	b.says("P1: Weekend access", "Your proposal is recorded", "Not heard yet", "PCN 5")
	for _, token := range seven[:6] {
		b.as(token).open("/g/sale/proposals/P1").unfold()
		b.send("consent")
		b.says("Your consent is recorded")
	}
	b.as(seven[6]).open("/g/sale").says("PCN 5 has not been heard on P1, Weekend access.")
	b.open("/g/sale/proposals/P1").unfold()
	b.tick("object-grade-2")
	b.fill("object-why", "We can't staff it.")
	b.send("object")
	b.says("There is a problem", "Please give what would resolve it.") // and nothing that was filled in is lost
	b.faultAt("object-wouldResolve", "Please give what would resolve it.")
	require.Equal(t, "We can't staff it.", evaluate[string](b, `document.getElementById("object-why").value`))
	require.True(t, evaluate[bool](b, `document.getElementById("object-grade-2").checked`))
	b.fill("object-wouldResolve", "Where practices can staff it.")
	b.send("object")
	b.says("Your objection is recorded", "We can't staff it.", "Only PCN 5 can remove it")

	w.on("2026-01-14")
	b.as(seven[0]).open("/g/sale/proposals/P1/amend")
	b.fill("amend-text", "Practices open on Saturdays from April where they can staff it.")
	b.raises("amend")
	b.says("From version 1 to version 2", "Responses to the earlier wording no longer count", "Not heard yet")
	require.Equal(t, "new: April where they can staff it.", strings.Join(strings.Fields(evaluate[string](b, `document.querySelector("ins").textContent`)), " "))
	b.as(seven[6]).open("/g/sale/proposals/P1").unfold()
	b.fill("let-O1-words", "Where practices can staff it: that will do.")
	b.send("let-O1")
	b.says("The objection is let go", "that will do.")
	for _, token := range seven {
		b.as(token).open("/g/sale/proposals/P1").unfold()
		b.send("consent")
	}
	b.says("Open for objections until the start of 21 January 2026.", "Nothing more is needed: it is agreed once the time for objections has ended.")
	w.on("2026-01-21")
	require.NoError(t, w.store.Settle(context.Background(), "sale"))
	b.open("/g/sale/proposals/P1")
	b.says("agreed on 21 January 2026", "Agreed wording, version 2", "where they can staff it", "binds in honour those whose mandate stands")
	require.Equal(t, 7, evaluate[int](b, `[...document.querySelectorAll(".thread-roll .nhsuk-tag")].filter(e => e.textContent === "Consents").length`))
	require.Zero(t, evaluate[int](b, `document.querySelectorAll("main form").length`), "what is settled has no forms")
	require.NotContains(t, b.main(), "%")

	b.open("/g/sale/proposals/P1?at=2026-01-13")
	b.says("Not agreed yet", "We can't staff it.")
	when, err := chromedp.Run(b.ctx, chromedp.TextContent(chromedp.CSS(".thread-when")))
	require.NoError(t, err)
	require.Contains(t, when, "This is not today.")
	require.Zero(t, evaluate[int](b, `document.querySelectorAll("main form").length`), "nothing can be done in the past")
	require.Empty(t, b.others())
}

// faultAt checks that what is wrong stands at the field, and that the summary
// at the top leads there.
func (b *browser) faultAt(field, say string) {
	b.t.Helper()
	b.says("There is a problem")
	require.Contains(b.t, evaluate[[]string](b, `[...document.querySelectorAll(".nhsuk-error-summary a")].map(a => a.getAttribute("href") + " " + a.textContent)`), "#"+field+" "+say)
	described := evaluate[string](b, `(document.getElementById("`+field+`").closest("fieldset[aria-describedby]") || document.getElementById("`+field+`")).getAttribute("aria-describedby") || ""`)
	require.Contains(b.t, strings.Fields(described), field+"-error")
	require.Equal(b.t, "Error: "+say, strings.TrimSpace(evaluate[string](b, `document.getElementById("`+field+`-error").textContent`)))
	evaluate[bool](b, `document.querySelector(".nhsuk-error-summary a[href='#`+field+`']").click(), true`)
	require.True(b.t, evaluate[bool](b, `document.getElementById("`+field+`").checkVisibility() && document.querySelectorAll("#`+field+`").length === 1`), "it is in sight")
}

// The representative, phone in hand.
func TestCheckByPage(t *testing.T) {
	w := newWorld(t).established()
	w.on("2026-03-09")
	b := newBrowser(t, w.web.URL).as(w.keys["cd-north"])
	b.width(390)
	b.open("/g/trafford/check")
	require.Equal(t, "locality-board", evaluate[string](b, `document.getElementById("ask-forum").value`), "one's own meeting is chosen already")
	b.fill("ask-matter", "workforce")
	b.fill("ask-amount", "12,000")
	b.fill("ask-months", "6")
	b.send("ask")
	b.says("Only subject to the board", "I can take that back; any agreement is subject to the board.", "Over the limit of £10,000", "2 of 2 practices", "Who could say yes", "the board")
	b.open("/g/trafford/check?forum=locality-board&matter=workforce&amount=8000&months=6")
	b.says("Yes, you may agree to this", "Yes. I can agree that for the 2 of Trafford's 2 practices we speak for.", "£10,000 for each commitment")
	require.NotContains(t, evaluate[string](b, `document.getElementById("say").textContent`), "£")
	require.Equal(t, true, evaluate[bool](b, `document.querySelector(".thread-verdict").getBoundingClientRect().bottom < 800`), "the answer is on the first screen")
	for _, step := range evaluate[[]string](b, `[...document.querySelectorAll(".thread-steps a")].map(a => a.getAttribute("href"))`) {
		at, _, _ := strings.Cut(step, "#")
		w.must(200, w.send(w.request("cd-north", "GET", at, "")))
	}
	b.open("/g/trafford/check?forum=locality-board&matter=workforce&amount=much")
	b.faultAt("ask-amount", "Write the amount in pounds, such as 12,000 or 12,000.50.")
	require.Equal(t, "much", evaluate[string](b, `document.getElementById("ask-amount").value`))
	require.Empty(t, b.others())
}

// The check's page is made with few allocations, and a first look at it, with all that
// it links, takes less than 100 KB over the wire.
func TestCheckIsFastAndSmall(t *testing.T) {
	if testing.Short() {
		t.Skip("it measures")
	}
	w := newWorld(t).established()
	w.on("2026-03-09")
	const path = "/g/trafford/check?forum=locality-board&matter=workforce&amount=8000&months=6"
	get := func(path string) int {
		res, err := (&http.Transport{DisableCompression: true}).RoundTrip(w.request("cd-north", "GET", path, "", "Accept-Encoding", "gzip"))
		require.NoError(t, err)
		defer res.Body.Close()
		require.Equal(t, 200, res.StatusCode, path)
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		return len(body)
	}
	size := get(path)
	page := string(w.send(w.request("cd-north", "GET", path, "")).body)
	for _, part := range strings.Split(page, `"/assets/`)[1:] {
		name, _, _ := strings.Cut(part, `"`)
		size += get("/assets/" + name)
	}
	require.Less(t, size, 100<<10)
	// Seconds depend on what else the machine does; what is allocated, by client and
	// server together, does not.
	allocated := testing.AllocsPerRun(20, func() { get(path) })
	t.Logf("%d bytes, %.0f allocations", size, allocated)
	require.Less(t, allocated, 4_000.0)
}

// Consent and objection by the keyboard alone, and without script.
func TestKeyboardAndNoScript(t *testing.T) {
	for _, how := range []string{"keyboard", "no script"} {
		t.Run(how, func(t *testing.T) {
			w := newWorld(t).established()
			w.on("2026-03-09")
			w.must(201, w.command("cd-south", "raise-proposal", `{"title":"Saturdays","text":"We open.","matter":"access"}`))
			b := newBrowser(t, w.web.URL).as(w.keys["cd-north"])
			b.script(how == "keyboard")
			b.open("/g/trafford")
			b.tabTo(`a[href="/g/trafford/proposals/P2"]`)
			b.pressToSend()
			b.tabTo("#do-object summary")
			b.press("\r")
			b.tabTo("#object-why")
			b.do(chromedp.KeyEvent("Too soon."))
			b.tabTo("#object-wouldResolve")
			b.do(chromedp.KeyEvent("Later."))
			b.tabTo("#object button")
			b.pressToSend()
			b.tabTo("#check button")
			b.pressToSend()
			b.says("Your objection is recorded", "Too soon.", "Later.")
			b.tabTo("#do-consent summary")
			b.press("\r")
			b.tabTo("#consent-needNotWait")
			b.press(" ")
			b.tabTo("#consent button")
			b.pressToSend()
			b.tabTo("#check button")
			b.pressToSend()
			b.says("Your consent is recorded")
			p := w.must(200, w.ask("cd-north", "/proposals/P2")).json(t)
			require.Len(t, p["objections"], 1)
			require.Equal(t, true, p["positions"].([]any)[0].(map[string]any)["needNotWait"])
		})
	}
}

// What others record appears without a reload, and never under somebody's hands.
func TestLivePage(t *testing.T) {
	w := newWorld(t).established()
	w.on("2026-03-09")
	w.must(201, w.command("cd-south", "raise-proposal", `{"title":"Saturdays","text":"We open.","matter":"access"}`))
	b := newBrowser(t, w.web.URL).as(w.keys["cd-north"]).open("/g/trafford/proposals/P2")
	b.waits(`document.documentElement.dataset.listening === "yes"`)
	w.must(201, w.command("cd-south", "consent", `{"proposal":"P2","version":1}`))
	b.waits(`document.getElementById("live").textContent.includes("up to date")`)
	require.Equal(t, "polite", evaluate[string](b, `document.getElementById("live").getAttribute("aria-live")`))
	require.Equal(t, "Consents", evaluate[string](b, `[...document.querySelectorAll(".thread-roll li")].find(l => l.textContent.includes("South")).querySelector(".nhsuk-tag").textContent`))

	b.do(chromedp.Click(chromedp.CSS("#do-object summary")), chromedp.SendKeys(chromedp.CSS("#object-why"), "Not y"))
	w.must(201, w.command("lmc-chair", "consent", `{"proposal":"P2","version":1}`))
	b.waits(`document.getElementById("live").textContent.includes("Something new was recorded")`)
	require.Equal(t, "Not y", evaluate[string](b, `document.getElementById("object-why").value`))
}

// The card of a representative is one page on paper, and opens with the server stopped.
func TestCardWithoutSignal(t *testing.T) {
	w := newWorld(t).established()
	w.on("2026-03-09")
	b := newBrowser(t, w.web.URL).as(w.keys["cd-north"])
	b.setClock("2026-03-09T12:00:00Z")
	b.open("/g/trafford/card")
	b.waits(`document.documentElement.dataset.kept === "yes"`)
	online := b.main()
	require.Contains(t, online, "Correct at midday on 9 March 2026")
	require.Contains(t, online, "Trafford Locality Board")
	require.Equal(t, 1, b.printedPages())
	w.web.CloseClientConnections()
	w.web.Close()
	b.open("/g/trafford/card")
	require.Contains(t, b.main(), "Correct at midday on 9 March 2026")
	require.Contains(t, b.main(), "Yes. I can")
	require.NotEqual(t, "Times New Roman", evaluate[string](b, `getComputedStyle(document.body).fontFamily`), "its stylesheet is kept with it")
}

// Whoever is nobody is asked to sign in, and comes back to where they were.
func TestPageForNobody(t *testing.T) {
	w := newWorld(t)
	r := w.must(401, w.send(w.request("", "GET", "/g/trafford/proposals?stage=open", "")))
	require.Contains(t, string(r.body), `href="/sign-in?next=%2Fg%2Ftrafford%2Fproposals%3Fstage%3Dopen"`)
	require.Contains(t, r.Header.Get("Content-Security-Policy"), "default-src 'none'")
	require.NotContains(t, r.Header.Get("Content-Security-Policy"), "unsafe")
	w.must(404, w.send(w.request("stranger", "GET", "/g/trafford", "")))
	w.must(404, w.send(w.request("cd-north", "GET", "/g/trafford/nothing", "")))
	w.must(405, w.send(w.request("cd-north", "POST", "/g/trafford/work", "")))
}

// A form from another site is refused, and so is one that no page sends.
func TestFormsOfOthers(t *testing.T) {
	w := newWorld(t)
	form := func(body string, header ...string) reply {
		return w.send(w.request("cd-north", "POST", "/g/trafford/charter", body, append(header, "Content-Type", "application/x-www-form-urlencoded")...))
	}
	next := w.store.Next("trafford")
	w.must(403, form("command=consent-to-charter", "Sec-Fetch-Site", "cross-site"))
	w.must(422, form("command=found"))
	w.must(422, form("command=register-person&handle=x"))
	require.Equal(t, next, w.store.Next("trafford"))
	const key = "018f0000-0000-7000-8000-000000000001"
	checked := carriedBy(w.must(200, form("command=consent-to-charter&key="+key))).Encode()
	require.Equal(t, next, w.store.Next("trafford"), "it is only shown what would follow")
	for range 2 { // sent twice
		require.Contains(t, string(w.must(200, form(checked)).body), "Your consent to the charter is recorded") // after the redirect
	}
	require.Equal(t, next+1, w.store.Next("trafford"))
}

// What is downloaded is what the filter wants, on all its pages: as a table that
// no spreadsheet takes for formulas, and as the exact lines that are stored.
func TestAuditDownloads(t *testing.T) {
	w := newWorld(t).established()
	w.must(201, w.command("cd-south", "raise-proposal", `{"title":"=1+1","text":"x","matter":"access"}`))
	table := w.must(200, w.send(w.request("cd-north", "GET", "/g/trafford/audit.csv?type=proposal", "")))
	require.Contains(t, table.Header.Get("Content-Disposition"), "trafford-audit-")
	rows, err := csv.NewReader(bytes.NewReader(table.body)).ReadAll()
	require.NoError(t, err)
	require.Equal(t, "index", rows[0][0])
	require.Len(t, rows, 5) // P1 and P2, raised and put
	for _, row := range rows[1:] {
		require.NotContains(t, "=+-@", row[10][:1])
		line := w.must(200, w.ask("cd-north", "/events/"+row[0])).body
		require.Contains(t, string(line), row[3])
	}
	lines := w.must(200, w.send(w.request("cd-north", "GET", "/g/trafford/audit.jsonl", "")))
	all := w.must(200, w.ask("cd-north", "/events"))
	require.Equal(t, string(all.body), string(lines.body))
	w.must(403, w.send(w.request("icb-director", "GET", "/g/trafford/audit.csv", ""))) // the charter keeps it to members
	w.must(422, w.send(w.request("cd-north", "GET", "/g/trafford/audit.csv?type=vote", "")))
}

// Whoever the charter keeps the group's work from sees who the group is.
func TestPagesForOutsiders(t *testing.T) {
	w := newWorld(t).established()
	page := func(status int, path string) string {
		return string(w.must(status, w.send(w.request("icb-director", "GET", path, ""))).body)
	}
	require.Contains(t, page(200, "/g/trafford"), "Trafford GP Board")
	require.Contains(t, page(403, "/g/trafford/events/0"), "The charter keeps audit to members.")
}

// axe is axe-core, which npm brings: npm ci in this folder.
func axe(t *testing.T) string {
	b, err := os.ReadFile(filepath.Join("node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("axe-core is not there, and CI needs it: npm ci in api/")
		}
		t.Skip("axe-core is not there: npm ci in api/")
	}
	return string(b)
}

// ofColour are the rules of axe-core by which a page can be sound in the light and not in the dark.
var ofColour = []string{"color-contrast", "link-in-text-block"}

type axeFault struct {
	ID, Help string
	Nodes    []string
}

// faults is what axe-core finds on the page as it is now, by all rules or by those alone.
func (b *browser) faults(axe string, rules ...string) []axeFault {
	if !evaluate[bool](b, `"axe" in window`) {
		evaluate[bool](b, axe+"; true")
	}
	options := map[string]any{"resultTypes": []string{"violations"}}
	if len(rules) > 0 {
		options["runOnly"] = rules
	}
	said, err := json.Marshal(options)
	require.NoError(b.t, err)
	found := evaluate[string](b, `axe.run(document, `+string(said)+`).then(r => JSON.stringify(r.violations.map(v => ({ID: v.id, Help: v.help, Nodes: v.nodes.map(n => n.html + " " + n.failureSummary)}))))`)
	var fs []axeFault
	require.NoError(b.t, json.Unmarshal([]byte(found), &fs))
	return fs
}

// What a page offers as evidence is there, for the day and the knowledge of the page.
func TestEvidenceOfPages(t *testing.T) {
	w := newWorld(t).established()
	w.on("2026-03-09")
	for _, path := range []string{
		"/proposals/P1", "/representation?at=2026-03-01", "/check?forum=locality-board&matter=workforce&amount=8000&months=6&consulted=none", "/check?matter=workforce&known=2026-01-05",
	} {
		page := string(w.must(200, w.send(w.request("cd-north", "GET", "/g/trafford"+path, ""))).body)
		_, rest, found := strings.Cut(page, `<a href="/v1/`)
		require.True(t, found, path)
		link, _, _ := strings.Cut(rest, `"`)
		r := w.send(w.request("cd-north", "GET", "/v1/"+strings.ReplaceAll(link, "&amp;", "&"), ""))
		require.Contains(t, []int{200, 503}, r.StatusCode, "%s: %s", link, r.body) // 503 where the log is not signed that far yet
		if r.StatusCode == 200 {
			require.Equal(t, "application/zip", r.Header.Get("Content-Type"))
		}
	}
}
