package api

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"goldenthread/api/pages"
)

// An example is the real program, serving the example place.
type example struct {
	at     string
	tokens map[string]string // by handle
}

// newExample builds the program and starts it on the example place.
func newExample(t *testing.T) *example {
	dir := t.TempDir()
	program := filepath.Join(dir, "goldenthread")
	out, err := exec.Command("go", "build", "-o", program, "goldenthread/cmd/goldenthread").CombinedOutput()
	require.NoError(t, err, "%s", out)
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, "serve", "--data", filepath.Join(dir, "data"), "--listen", "127.0.0.1:0", "--example", "trafford", "--example-until", "2026-10-06")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	said, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { stop(); cmd.Wait() })
	e := &example{}
	address := regexp.MustCompile(`http://127\.0\.0\.1:\d+`)
	for lines := bufio.NewScanner(said); e.at == "" && lines.Scan(); {
		e.at = address.FindString(lines.Text())
	}
	require.NotEmpty(t, e.at, "the program did not start")
	go func() { // what it says later is read away
		for lines := bufio.NewScanner(said); lines.Scan(); {
		}
	}()
	b, err := os.ReadFile(filepath.Join(dir, "data", "example-tokens.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(b, &e.tokens))
	b, err = os.ReadFile(filepath.Join(dir, "data", "operator-token"))
	require.NoError(t, err)
	e.tokens["operator"] = strings.TrimSpace(string(b))
	return e
}

// A view is a page in one of its states.
type view struct {
	name, who, path string
	act             func(*browser) // brings it into that state
}

// Every page of a group has its picture.
func TestEveryPageIsInTheGallery(t *testing.T) {
	for path := range pages.Forms() {
		shown := regexp.MustCompile("^/g/trafford" + placeInPath.ReplaceAllString(path, "[^/?]+") + `($|\?)`)
		there := slices.ContainsFunc(views, func(v view) bool { return shown.MatchString(v.path) })
		require.True(t, there || strings.HasSuffix(path, "/amend"), "%s has no line in views, in gallery_test.go", path) // to amend one comes from the proposal
	}
}

var placeInPath = regexp.MustCompile(`\{[a-z]+\}`)

const meetingCheck = "/g/trafford/check?at=2026-03-09&forum=locality-board&matter="

// views are every page, in each state that looks different.
var views = []view{
	{"home", "cd-sale", "/g/trafford", nil},
	{"home-manager", "manager", "/g/trafford", nil},
	{"home-past", "cd-sale", "/g/trafford?at=2026-02-01&known=2026-03-31", nil},
	{"home-forming", "cd-sale", "/g/trafford?at=2026-01-06&known=2026-01-06", nil},
	{"check", "cd-altrincham", "/g/trafford/check", nil},
	{"check-may", "cd-altrincham", meetingCheck + "workforce/care-coordinators&amount=8000&months=6", nil},
	{"check-may-if", "cd-altrincham", meetingCheck + "workforce", nil},
	{"check-report", "cd-altrincham", meetingCheck + "access/extended-hours", nil},
	{"check-subject", "cd-altrincham", meetingCheck + "workforce&amount=12000&months=6", nil},
	{"check-not", "cd-altrincham", meetingCheck + "contracts/core/pms", nil},
	{"check-view", "cd-north", meetingCheck + "access/extended-hours", nil},
	{"check-executive", "lmc-chair", "/g/trafford/check?forum=&matter=contracts/local-schemes&amount=22000&months=12&consulted=all", nil},
	{"check-refused", "cd-altrincham", "/g/trafford/check?forum=locality-board&matter=Work force&amount=much", nil},
	{"proposals", "cd-sale", "/g/trafford/proposals", nil},
	{"proposals-none", "cd-sale", "/g/trafford/proposals?stage=lapsed", nil},
	{"proposal-agreed", "lmc-chair", "/g/trafford/proposals/P1", nil},
	{"proposal-open", "cd-sale", "/g/trafford/proposals/P1?at=2026-01-16&known=2026-01-16", nil},
	{"proposal-raised", "cd-sale", "/g/trafford/proposals/new?kind=words", raiseOne},
	{"proposal-refused", "cd-north", "/g/trafford/proposals", objectToIt},
	{"raise-choose", "cd-sale", "/g/trafford/proposals/new", nil},
	{"raise-which", "cd-sale", "/g/trafford/proposals/new?kind=varyDelegation", nil},
	{"raise-power", "cd-sale", "/g/trafford/proposals/new?kind=grantDelegation", nil},
	{"raise-power-refused", "cd-sale", "/g/trafford/proposals/new?kind=grantDelegation", refusePower},
	{"raise-power-read", "cd-sale", "/g/trafford/proposals/new?kind=grantDelegation", readPower},
	{"raise-vary", "cd-sale", "/g/trafford/proposals/new?kind=varyDelegation&of=D1", nil},
	{"raise-representative", "cd-sale", "/g/trafford/proposals/new?kind=appoint", nil},
	{"raise-charter", "cd-sale", "/g/trafford/proposals/new?kind=changeCharter", nil},
	{"raise-priorities", "cd-sale", "/g/trafford/proposals/new?kind=adoptPriorities", nil},
	{"raise-duty", "cd-sale", "/g/trafford/proposals/new?kind=assignDuty", nil},
	{"raise-not-mine", "manager", "/g/trafford/proposals/new", nil},
	{"amend", "cd-sale", "/g/trafford/proposals", amendIt},
	{"powers", "lmc-chair", "/g/trafford/powers", nil},
	{"powers-then", "lmc-chair", "/g/trafford/powers?at=2026-05-20", nil},
	{"powers-none", "lmc-chair", "/g/trafford/powers?at=2026-01-06", nil},
	{"scheme", "lmc-chair", "/g/trafford/scheme", nil},
	{"scheme-changes", "lmc-chair", "/g/trafford/scheme?at=2026-05-20&since=2026-02-01", nil},
	{"mandate", "manager", "/g/trafford/mandate?matter=workforce", nil},
	{"mandate-what-if", "manager", "/g/trafford/mandate?matter=workforce&if=U66368", nil},
	{"mandates-several", "manager", "/g/trafford/mandates", nil},
	{"letters", "manager", "/g/trafford/mandates/letters", nil},
	{"mandate-unknown", "manager", "/g/trafford/mandate?matter=dentistry", nil},
	{"representation", "cd-altrincham", "/g/trafford/representation", nil},
	{"meeting", "cd-altrincham", "/g/trafford/meetings/locality-board/2026-03-09", nil},
	{"commitments", "cd-altrincham", "/g/trafford/commitments", nil},
	{"work", "manager", "/g/trafford/work", nil},
	{"approaches", "manager", "/g/trafford/approaches", nil},
	{"approaches-then", "cd-sale", "/g/trafford/approaches?at=2026-04-20&known=2026-04-20", nil},
	{"approaches-none", "cd-sale", "/g/trafford/approaches?at=2026-01-20", nil},
	{"approach-recorded", "cd-north", "/g/trafford/approaches", recordApproach},
	{"priorities", "manager", "/g/trafford/priorities", nil},
	{"priorities-asked", "pm-village", "/g/trafford/priorities?at=2026-05-20&known=2026-05-20", nil},
	{"priorities-none", "manager", "/g/trafford/priorities?at=2026-01-20&known=2026-01-20", nil},
	{"actions", "manager", "/g/trafford/actions", nil},
	{"departures", "lmc-chair", "/g/trafford/departures", nil},
	{"departures-then", "lmc-chair", "/g/trafford/departures?at=2026-08-20", nil},
	{"notices", "manager", "/g/trafford/notices", nil},
	{"questions", "manager", "/g/trafford/questions", nil},
	{"questions-then", "manager", "/g/trafford/questions?at=2026-06-16&known=2026-06-16", nil},
	{"question-asked", "pm-village", "/g/trafford/practices/P91623", disagree},
	{"agenda", "manager", "/g/trafford/agenda", nil},
	{"changes", "manager", "/g/trafford/changes", nil},
	{"erasing", "manager", "/g/trafford/people/cd-west/erasure", nil},
	{"leaving", "manager", "/g/trafford/people/cd-west/leaving", nil},
	{"documents", "manager", "/g/trafford/documents?about=P1", nil},
	{"agenda-set", "manager", "/g/trafford/agenda", setAgenda},
	{"own-meeting", "manager", "/g/trafford/agenda/2026-06-23", recordItem},
	{"papers", "manager", "/g/trafford/agenda/2026-06-23/papers", readPapers},
	{"minutes", "manager", "/g/trafford/agenda/2026-06-23/minutes", draftMinutes},
	{"screen", "manager", "/g/trafford/agenda/2026-06-23/screen", func(b *browser) {
		recordItem(b)
		b.open("/g/trafford/agenda/2026-06-23/screen").says("2. Any other business", "Recorded just now: 1. Evenings")
	}},
	{"worklist", "manager", "/g/trafford/worklist", nil},
	{"worklist-then", "manager", "/g/trafford/worklist?at=2026-07-01", nil},
	{"practice", "manager", "/g/trafford/practices/P91631", nil},
	{"checking-withdrawal", "pm-village", "/g/trafford/practices/P91623", checkWithdrawal},
	{"practice-own", "pm-village", "/g/trafford/practices/P91623", nil},
	{"practice-inside", "cd-north", "/g/trafford/practices/P91018", nil},
	{"register", "manager", "/g/trafford/register", nil},
	{"search", "manager", "/g/trafford/search", nil},
	{"search-found", "manager", "/g/trafford/search?words=scheme", nil},
	{"search-none", "manager", "/g/trafford/search?words=zebra", nil},
	{"registers", "manager", "/g/trafford/registers", nil},
	{"register-decisions", "lmc-chair", "/g/trafford/registers/decisions?sort=-amount", nil},
	{"register-mandates", "manager", "/g/trafford/registers/mandates?words=workforce", nil},
	{"register-none", "manager", "/g/trafford/registers/departures?at=2026-01-20", nil},
	{"lists", "manager", "/g/trafford/lists", nil},
	{"lists-preview", "manager", "/g/trafford/lists", func(b *browser) {
		b.fill("people-pasted", "Office,Name,Organisation\nPractice Nurse,N,P91003\n")
		b.submit("#people ~ form button")
		b.says("1 new, 0 changed, 0 the same.")
	}},
	{"lists-wrong", "manager", "/g/trafford/lists", func(b *browser) {
		b.fill("mandates-pasted", "Practice,Mandate\nNobody,perhaps\nP91003,given\n")
		b.submit("#mandates ~ form button")
		b.says("Enter the evidence")
	}},
	{"waiting", "manager", "/g/trafford/waiting", nil},
	{"todo", "manager", "/g/trafford/todo", nil},
	{"people", "manager", "/g/trafford/people", nil},
	{"charter", "manager", "/g/trafford/charter", nil},
	{"audit", "lmc-chair", "/g/trafford/audit", nil},
	{"audit-filtered", "lmc-chair", "/g/trafford/audit?type=objection&order=oldest", nil},
	{"event", "lmc-chair", "/g/trafford/events/40", nil},
	{"proof", "lmc-chair", "/g/trafford/proof", nil},
	{"card", "cd-altrincham", "/g/trafford/card", nil},
	{"offline", "cd-altrincham", "/g/trafford/offline", nil},
	{"offline-none", "cd-north", "/g/trafford/offline", nil},
	{"card-none", "cd-north", "/g/trafford/card", nil},
	{"sign-in", "", "/g/trafford", nil},
	{"sign-in-first", "", "/sign-in", nil},
	{"letter-code", "", "/letter", nil},
	{"operator", "operator", "/operator", nil},
	{"operator-server", "operator", "/operator/server", nil},
	{"operator-group", "operator", "/operator/groups/trafford", nil},
	{"not-found", "cd-sale", "/g/trafford/proposals/P99", nil},
	{"rules", "", "/rules", nil},
	{"rules-in", "cd-sale", "/rules#C5", nil},
	{"help", "", "/help", nil},
	{"accessibility", "", "/accessibility", nil},
	{"privacy", "", "/privacy", nil},
	{"docs", "", "/docs", nil},
	{"docs-check", "", "/docs/check", nil},
}

// raiseOne raises a proposal with a long name and many words.
func raiseOne(b *browser) {
	b.fill("raise-title", "Neighbourhood multidisciplinary teams, including incorporateddementiaandfrailtycoordination, from April")
	b.fill("raise-matter", "workforce/neighbourhood-teams")
	b.fill("raise-text", strings.Repeat("Each neighbourhood has a team that practices can call on. ", 12)+"\n\nWe look at it again after half a year.")
	b.raises("raise")
}

// checkWithdrawal withdraws a practice's mandate, as far as its check page.
func checkWithdrawal(b *browser) {
	b.unfold()
	b.choose("everything", "true")
	b.submit("#withdrawing button[type=submit]")
}

// fillPower fills in a power with a sum and a condition.
func fillPower(b *browser) {
	b.fill("raise-powers-0-matter", "workforce/care-coordinators")
	b.choose("powers-0-may", "commit")
	b.fill("raise-powers-0-itemLimitPence", "20,000")
	b.fill("raise-powers-0-months", "12")
	b.then("row powers-0-conditions")
	b.fill("raise-powers-0-conditions-0-when", "before")
	b.fill("raise-powers-0-conditions-0-body", "TRAFFORD-LMC")
}

func refusePower(b *browser) {
	fillPower(b)
	b.fill("raise-powers-0-yearLimitPence", "a lot")
	b.fill("raise-until", "some day")
	b.then("words")
}

func readPower(b *browser) {
	fillPower(b)
	b.fill("raise-payer", "TRAFFORD-LMC")
	b.then("words")
}

// amendIt goes on to amend the newest proposal, which is one's own.
func amendIt(b *browser) {
	b.do(chromedp.Navigate(b.at + evaluate[string](b, `document.querySelector("main h2 a").getAttribute("href")`) + "/amend"))
}

// objectToIt objects to the newest proposal without saying enough.
func objectToIt(b *browser) {
	b.do(chromedp.Navigate(b.at + evaluate[string](b, `document.querySelector("main h2 a").getAttribute("href")`)))
	b.unfold()
	b.fill("object-why", "It takes staff from practices.")
	b.send("object")
}

// recordApproach records one that looks like an earlier one.
func recordApproach(b *browser) {
	b.unfold()
	b.fill("approach-what", "Will North Trafford give vaccinations at weekends after all?")
	b.fill("approach-matter", "vaccination/weekend")
	b.send("approach")
}

// disagree says so for a practice.
func disagree(b *browser) {
	b.fill("ask-words", "We do not want to open on Saturdays.")
	b.tick("ask-disagrees")
	b.send("ask")
}

func setAgenda(b *browser) {
	b.unfold()
	b.fill("set-on", "2026-12-08")
	b.fill("set-at", "13:00")
	b.fill("set-items", "workforce: Care coordinators\nAny other business")
	b.send("set")
}

// recordItem records the first item of a meeting, as it goes on.
func recordItem(b *browser) {
	meet(b)
	b.open("/g/trafford/agenda/2026-06-23").unfold()
	b.fill("item-1-note", "Everybody spoke about the evenings.")
	b.fill("item-1-decisions", "To ask the practices.")
	b.send("item-1")
	b.says("The item is recorded", "Decided: To ask the practices.")
}

func draftMinutes(b *browser) {
	meet(b)
	b.open("/g/trafford/agenda/2026-06-23/minutes")
	b.says("minutes of 23 June 2026")
}

func readPapers(b *browser) {
	meet(b)
	b.open("/g/trafford/agenda/2026-06-23/papers")
	b.says("Papers for our meeting of 23 June 2026", "There is no paper for this item.")
}

// meet sets the agenda of a meeting.
func meet(b *browser) {
	b.open("/g/trafford/agenda").unfold()
	b.fill("set-on", "2026-06-23")
	b.fill("set-items", "access/extended-hours: Evenings\nAny other business")
	b.send("set")
}

func (e *example) show(b *browser, v *view) {
	b.t.Helper()
	b.as(e.tokens[v.who]).open(v.path)
	if v.act != nil {
		v.act(b)
	}
}

// weight is how many bytes a first look at the view takes, with what it links.
func (e *example) weight(t *testing.T, v *view) int {
	get := func(path string) (body []byte, zipped bool) {
		req, err := http.NewRequest("GET", e.at+path, nil)
		require.NoError(t, err)
		req.Header.Set("Authorization", "Bearer "+e.tokens[v.who])
		req.Header.Set("Accept-Encoding", "gzip")
		res, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		defer res.Body.Close()
		body, err = io.ReadAll(res.Body)
		require.NoError(t, err)
		return body, res.Header.Get("Content-Encoding") == "gzip"
	}
	text, zipped := get(strings.ReplaceAll(v.path, " ", "+"))
	all := len(text)
	if zipped {
		page, err := gzip.NewReader(bytes.NewReader(text))
		require.NoError(t, err)
		text, err = io.ReadAll(page)
		require.NoError(t, err)
	}
	for _, part := range strings.Split(string(text), `"/assets/`)[1:] {
		name, _, _ := strings.Cut(part, `"`)
		asset, _ := get("/assets/" + name)
		all += len(asset)
	}
	return all
}

// Every page, in each of its states: axe-core finds nothing, light or dark,
// folded or not; nothing is wider than a screen of 320 pixels; what is pressed is
// not too small; nothing is asked of any other host; all that it takes is less
// than 100 KB over the wire; and the card prints on one sheet.
func TestEveryPage(t *testing.T) {
	if testing.Short() {
		t.Skip("it is long")
	}
	script := axe(t)
	e := newExample(t)
	b := newBrowser(t, e.at)
	b.as("").open("/g/trafford")
	evaluate[bool](b, `document.querySelector("main").append(document.createElement("img")), true`)
	require.NotEmpty(t, b.faults(script), "axe-core sees what is wrong")
	require.Empty(t, b.faults(script, ofColour...))
	evaluate[bool](b, `document.querySelector("main h1").style.color = "#ddd", true`)
	require.NotEmpty(t, b.faults(script, ofColour...), "and what can't be read")
	heaviest, most := "", 0
	for _, v := range views {
		t.Run(v.name, func(t *testing.T) {
			b := &browser{t: t, ctx: b.ctx, at: b.at}
			b.look("light", "")
			b.width(1280)
			e.show(b, &v)
			weight := e.weight(t, &v)
			require.Less(t, weight, 100<<10, "bytes over the wire")
			if weight > most {
				heaviest, most = v.name, weight
			}
			b.sound(script)
			if !strings.HasPrefix(v.path, "/rules") { // which explains the terms of art
				require.NotRegexp(t, `\d ?%|(?i)ad referendum|per cent`, b.main())
			}
		})
	}
	t.Logf("%d pages and states; the heaviest first look is %s: %d KB", len(views), heaviest, most>>10)
	require.Empty(t, b.others())
	b.width(1280)
	b.as(e.tokens["cd-altrincham"]).open("/g/trafford/card")
	require.Equal(t, 1, b.printedPages())
}

// sound checks what every page keeps: axe-core finds nothing, light or dark;
// nothing is wider than 320 pixels; what is pressed is not too small; one heading; no id
// twice; on paper there are no menus, forms or addresses of links, and tables run on.
func (b *browser) sound(script string) {
	b.t.Helper()
	if os.Getenv(measuredEnv) != "" {
		require.Empty(b.t, b.faults(script), "folded")
	}
	b.unfold() // then all that was shown still is, and more
	require.Empty(b.t, b.faults(script), "light")
	b.look("dark", "")
	require.Empty(b.t, b.faults(script, ofColour...), "dark")
	b.look("light", "print")
	require.Empty(b.t, evaluate[[]string](b, `[...document.querySelectorAll("nav, form, button, input, select, textarea, summary")].filter(e => e.getClientRects().length).map(e => e.outerHTML.slice(0, 120)).slice(0, 5)`), "what paper can't do is printed")
	require.Empty(b.t, evaluate[[]string](b, `[...document.querySelectorAll("a[href]")].filter(e => getComputedStyle(e, "::after").content !== "none").map(e => e.outerHTML.slice(0, 120)).slice(0, 5)`), "addresses are printed beside links")
	require.Empty(b.t, evaluate[[]string](b, `[...document.querySelectorAll("table")].filter(e => getComputedStyle(e).breakInside !== "auto").map(e => e.outerHTML.slice(0, 120)).slice(0, 5)`), "a table leaves a sheet empty to begin on the next")
	b.look("light", "")
	b.width(320)
	wide := `[...document.querySelectorAll("body *")].filter(e => { const r = e.getBoundingClientRect(); return r.right > 320.5 && r.width > 1 && !e.closest(".nhsuk-u-visually-hidden, thead, .nhsuk-skip-link") }).map(e => e.outerHTML.slice(0, 120)).slice(0, 5)`
	require.Empty(b.t, evaluate[[]string](b, wide))
	require.LessOrEqual(b.t, evaluate[int](b, `document.documentElement.scrollWidth`), 320)
	small := `[...document.querySelectorAll("button, input:not([type=hidden], [type=radio], [type=checkbox]), select, summary, nav a, .nhsuk-button")].filter(e => e.getBoundingClientRect().height < 43.9 && e.getClientRects().length).map(e => e.outerHTML.slice(0, 120)).slice(0, 5)`
	require.Empty(b.t, evaluate[[]string](b, small))
	if os.Getenv(measuredEnv) != "" {
		require.Empty(b.t, b.faults(script), "on a narrow screen")
		b.forcedColours()
		require.Empty(b.t, b.faults(script), "in forced colours, on a narrow screen")
		b.width(1280)
		require.Empty(b.t, b.faults(script), "in forced colours")
		b.look("light", "")
		b.width(320)
	}
	require.Equal(b.t, 1, evaluate[int](b, `document.querySelectorAll("h1").length`))
	require.Empty(b.t, evaluate[[]string](b, `[...document.querySelectorAll("[id]")].map(e => e.id).filter((id, i, all) => all.indexOf(id) !== i)`), "ids are taken twice")
}

// With GOLDENTHREAD_SCREENSHOTS a folder, each page is written there as a
// picture, as a phone and as a desk shows it, and dark; or those only whose name
// begins with GOLDENTHREAD_SCREENSHOTS_OF.
func TestScreenshots(t *testing.T) {
	dir := os.Getenv("GOLDENTHREAD_SCREENSHOTS")
	if dir == "" {
		t.Skip("GOLDENTHREAD_SCREENSHOTS names no folder")
	}
	require.NoError(t, os.MkdirAll(dir, 0o755))
	e := newExample(t)
	b := newBrowser(t, e.at)
	shoot := func(name string) {
		picture, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o644))
	}
	only := os.Getenv("GOLDENTHREAD_SCREENSHOTS_OF")
	for _, v := range views {
		if !strings.HasPrefix(v.name, only) {
			continue
		}
		b.look("light", "")
		b.width(1280)
		e.show(b, &v)
		shoot(v.name + "-desktop")
		b.width(390)
		shoot(v.name + "-phone")
		b.look("dark", "")
		shoot(v.name + "-phone-dark")
	}
}
