package api

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
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
	cmd := exec.CommandContext(ctx, program, "serve", "--data", filepath.Join(dir, "data"), "--listen", "127.0.0.1:0", "--example", "trafford")
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
	return e
}

// A view is a page in one of its states.
type view struct {
	name, who, path string
	act             func(*browser) // brings it into that state
}

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
	{"proposal-raised", "cd-sale", "/g/trafford/proposals", raiseOne},
	{"proposal-refused", "cd-north", "/g/trafford/proposals", objectToIt},
	{"powers", "lmc-chair", "/g/trafford/powers", nil},
	{"powers-then", "lmc-chair", "/g/trafford/powers?at=2026-05-20", nil},
	{"powers-none", "lmc-chair", "/g/trafford/powers?at=2026-01-06", nil},
	{"mandate", "manager", "/g/trafford/mandate?matter=workforce", nil},
	{"mandate-unknown", "manager", "/g/trafford/mandate?matter=dentistry", nil},
	{"representation", "cd-altrincham", "/g/trafford/representation", nil},
	{"meeting", "cd-altrincham", "/g/trafford/meetings/locality-board/2026-03-09", nil},
	{"commitments", "cd-altrincham", "/g/trafford/commitments", nil},
	{"worklist", "manager", "/g/trafford/worklist", nil},
	{"worklist-then", "manager", "/g/trafford/worklist?at=2026-07-01", nil},
	{"practice", "manager", "/g/trafford/practices/P91631", nil},
	{"practice-inside", "cd-north", "/g/trafford/practices/P91018", nil},
	{"register", "manager", "/g/trafford/register", nil},
	{"people", "manager", "/g/trafford/people", nil},
	{"charter", "manager", "/g/trafford/charter", nil},
	{"audit", "lmc-chair", "/g/trafford/audit", nil},
	{"audit-filtered", "lmc-chair", "/g/trafford/audit?type=objection&order=oldest", nil},
	{"event", "lmc-chair", "/g/trafford/events/40", nil},
	{"card", "cd-altrincham", "/g/trafford/card", nil},
	{"card-none", "cd-north", "/g/trafford/card", nil},
	{"sign-in", "", "/g/trafford", nil},
	{"not-found", "cd-sale", "/g/trafford/proposals/P99", nil},
}

// raiseOne raises a proposal with a long name and many words.
func raiseOne(b *browser) {
	b.fill("raise-title", "Neighbourhood multidisciplinary teams, including incorporateddementiaandfrailtycoordination, from April")
	b.fill("raise-matter", "workforce/neighbourhood-teams")
	b.fill("raise-text", strings.Repeat("Each neighbourhood has a team that practices can call on. ", 12)+"\n\nWe look at it again after half a year.")
	b.send("raise")
}

// objectToIt objects to the newest proposal without saying enough.
func objectToIt(b *browser) {
	b.do(chromedp.Navigate(b.at + evaluate[string](b, `document.querySelector("main h2 a").getAttribute("href")`)))
	b.unfold()
	b.fill("object-why", "It takes staff from practices.")
	b.send("object")
}

func (e *example) show(b *browser, v *view) {
	b.t.Helper()
	b.as(e.tokens[v.who]).open(v.path)
	if v.act != nil {
		v.act(b)
	}
}

// Every page, in each of its states: axe-core finds nothing, light or dark,
// folded or not; nothing is wider than a screen of 320 pixels; what is pressed is
// not too small; nothing is asked of any other host; and the card prints on one
// sheet.
func TestEveryPage(t *testing.T) {
	script := axe(t)
	e := newExample(t)
	b := newBrowser(t, e.at)
	for _, v := range views {
		t.Run(v.name, func(t *testing.T) {
			b := &browser{t: t, ctx: b.ctx, at: b.at}
			b.look("light", "")
			b.width(1280)
			e.show(b, &v)
			require.Empty(t, b.faults(script), "folded")
			b.unfold()
			require.Empty(t, b.faults(script), "light")
			b.look("dark", "")
			require.Empty(t, b.faults(script), "dark")
			b.look("light", "")
			b.width(320)
			wide := `[...document.querySelectorAll("body *")].filter(e => { const r = e.getBoundingClientRect(); return r.right > 320.5 && r.width > 1 && !e.closest(".nhsuk-u-visually-hidden, thead, .nhsuk-skip-link") }).map(e => e.outerHTML.slice(0, 120)).slice(0, 5)`
			require.Empty(t, evaluate[[]string](b, wide))
			require.LessOrEqual(t, evaluate[int](b, `document.documentElement.scrollWidth`), 320)
			small := `[...document.querySelectorAll("button, input:not([type=hidden], [type=radio], [type=checkbox]), select, summary, nav a, .nhsuk-button")].filter(e => e.getBoundingClientRect().height < 43.9 && e.getClientRects().length).map(e => e.outerHTML.slice(0, 120)).slice(0, 5)`
			require.Empty(t, evaluate[[]string](b, small))
			require.Equal(t, 1, evaluate[int](b, `document.querySelectorAll("h1").length`))
			require.Empty(t, evaluate[[]string](b, `[...document.querySelectorAll("[id]")].map(e => e.id).filter((id, i, all) => all.indexOf(id) !== i)`), "ids are taken twice")
			require.NotRegexp(t, `\d ?%|(?i)ad referendum|per cent`, b.main())
		})
	}
	require.Empty(t, b.others())
	b.width(1280)
	b.as(e.tokens["cd-altrincham"]).open("/g/trafford/card")
	require.Equal(t, 1, b.printedPages())
}

// With GOLDENTHREAD_SCREENSHOTS a folder, each page is written there as a
// picture, as a phone and as a desk shows it, and some dark, and on paper.
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
	for _, v := range views {
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
