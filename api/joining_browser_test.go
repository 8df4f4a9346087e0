package api

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
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

	"goldenthread/api/identity"
)

// startProgram builds the real program, starts it with those arguments and gives the first
// thing that it says on standard error that fits.
func startProgram(t *testing.T, says *regexp.Regexp, arguments ...string) string {
	program := filepath.Join(t.TempDir(), "goldenthread")
	out, err := exec.Command("go", "build", "-o", program, "goldenthread/cmd/goldenthread").CombinedOutput()
	require.NoError(t, err, "%s", out)
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, append([]string{"serve", "--listen", "127.0.0.1:0"}, arguments...)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	said, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { stop(); cmd.Wait() })
	found := ""
	for lines := bufio.NewScanner(said); found == "" && lines.Scan(); {
		found = says.FindString(lines.Text())
	}
	require.NotEmpty(t, found, "the program did not start")
	go io.Copy(io.Discard, said) // what it says later is read away
	return found
}

// A journey is somebody who goes from page to page, and counts them and what they fill in.
type journey struct {
	*browser
	pages, fields int
}

func (j *journey) to(title string) {
	j.t.Helper()
	j.do(heading(title))
	j.pages++
}

func (j *journey) write(id, words string) {
	j.t.Helper()
	j.fill(id, words)
	j.fields++
}

func (j *journey) press(selector string) {
	j.t.Helper()
	j.do(chromedp.Click(chromedp.CSS(selector)))
}

const saves = "#draft > button[type=submit]"

// recordMandates has the manager record that all practices but Riddings gave their mandate on
// paper, at once.
func (j *journey) recordMandates() {
	j.t.Helper()
	j.press(`a[href$="/mandates"]`)
	j.to("Mandates of all practices")
	ticked := evaluate[int](j.browser, `[...document.querySelectorAll('input[name="practice"]')].filter(i => i.value !== "P91631").map(i => i.click()).length`)
	require.Equal(j.t, 25, ticked)
	j.choose("do", "paper")
	j.write("mandates-evidence", "Partners’ minutes, on file with the federation")
	j.write("mandates-until", time.Now().AddDate(1, 0, 0).Format("2 January 2006"))
	j.fields++ // what is recorded for them
	j.submit("#mandates button[type=submit]")
	j.says("Check before it is recorded", "25 of 26 practices")
	j.pages++
	j.submit("#check button[type=submit]")
	j.says("The board speaks for 25 of 26 practices")
}

// putAndCheck has somebody put the group's first proposal, and ask what they may agree to.
func (j *journey) putAndCheck() {
	j.t.Helper()
	j.open("/g/trafford/proposals/new?kind=words")
	j.pages++
	j.write("raise-title", "Shared records")
	j.write("raise-matter", "digital")
	j.write("raise-text", "We ask for one shared record across the place.")
	j.submit("#raise button[type=submit]:not([hidden]):not([name])")
	j.says("Check before it is recorded", "P1")
	j.pages++
	j.submit("#check button[type=submit]")
	j.says("Shared records", "Not agreed yet")
	j.open("/g/trafford/check")
	j.pages++
	j.write("ask-matter", "digital")
	j.submit("main form button[type=submit]")
	j.says("view", "25 of 26 practices")
}

// From an empty folder to an established group, in Chromium: the link that the program
// prints, the operator's passkey, Trafford's practices, seven people invited, each of whom
// consents by one press, signed in as themself; 25 mandates, the first proposal put, and the
// first check answered. Nobody writes JSON or types in a shell.
func TestFromNothingToAGroup(t *testing.T) {
	if testing.Short() {
		t.Skip("it walks in a browser for long")
	}
	ctx := browseFor(t, 2*time.Minute)
	link := startProgram(t, regexp.MustCompile(`http://localhost:\d+/first-run/\S+`), "--data", filepath.Join(t.TempDir(), "data"))
	at := regexp.MustCompile(`http://localhost:\d+`).FindString(link)
	j := &journey{browser: &browser{t: t, ctx: ctx, at: at}}

	j.do(chromedp.Navigate(link))
	j.to("Set up this server")
	j.press("form[action^='/first-run/'] button")
	j.to("This server")
	j.write("name", "the manager’s laptop")
	j.press(`[data-passkey="register"]`)
	j.waits(`document.body?.textContent.includes("You have 1 passkey") === true`)
	j.press(`form[action="/operator/example"] button`) // the example first: it is kept apart, and says what it is
	j.do(heading("The example"))
	example := evaluate[[]string](j.browser, `[document.querySelector("main a").href, [...document.querySelectorAll("tr")].find(r => r.textContent.includes("Clinical Director, Altrincham")).querySelector("code").textContent]`)
	j.do(chromedp.Navigate(example[0]), heading("Sign in"), chromedp.Click(chromedp.CSS("summary")))
	j.fill("token", example[1])
	j.do(chromedp.Submit(chromedp.CSS("#token")), heading("Trafford GP Board"))
	j.says("The board speaks for")
	require.Equal(t, "Example. Real organisations, invented events. Nothing here was decided by anybody.", evaluate[string](j.browser, `document.querySelector(".thread-example").textContent.trim()`))
	j.do(chromedp.Navigate(at+"/operator/example"), heading("The example"))
	j.press(`form[action="/operator/example/take-away"] button`)
	j.do(heading("This server"))
	j.press(`form[action="/operator/setup"] button`)
	j.to("The group and its place")
	j.write("draft-name", "Trafford GP Board")
	j.write("draft-placeName", "Trafford")
	j.write("draft-place", "02A")
	j.press(saves)
	j.to("Who takes part")
	j.write("draft-practices", traffordLines(t))
	j.press(saves)
	j.to("Seats and people")
	j.press(saves)
	j.to("How we decide")
	j.press(saves)
	j.to("Check your answers")
	j.says("26 practices in 5 networks, with 248,911 registered patients.", "The seat of Trafford GP Federation is held by")
	j.press("#found button")
	j.to("How far Trafford GP Board is")
	j.says("0 of 7 seats have consented to its charter.")
	j.press(`#invite button[value="sheet"]`)
	j.to("Invitations")
	invited := evaluate[[][]string](j.browser, `[...document.querySelectorAll(".thread-sheet")].map(s => [s.querySelector("h2").textContent, s.querySelector("strong").textContent, s.querySelector("img").alt])`)
	require.Len(t, invited, 8, "seven who hold a seat, and the manager")
	t.Logf("from nothing to invitations: %d pages, %d fields", j.pages, j.fields)
	require.LessOrEqual(t, j.pages, 9)
	require.LessOrEqual(t, j.fields, 10)
	j.do(chromedp.Submit(chromedp.CSS(`form[action="/sign-out"]`)), heading("Sign in"))

	slices.SortStableFunc(invited, func(a, b []string) int { // the manager comes first, and records the mandates while nothing waits
		return cmp.Compare(strings.Count(b[0], "Manager"), strings.Count(a[0], "Manager"))
	})
	consented := 0
	for _, one := range invited {
		newAuthenticator(t, ctx) // each on their own device
		j.do(chromedp.Navigate(at+"/invitation/"+one[1]), heading("You are invited to Trafford GP Board"), chromedp.Click(chromedp.CSS(`[data-passkey="register"]`)))
		if one[0] == "Manager, Trafford GP Board" {
			j.do(heading("My account"))
			j.open("/g/trafford/joining")
			j.recordMandates()
		} else {
			j.waits(`location.pathname === "/g/trafford/charter" && document.querySelector("main form button") !== null`) // the charter, and below it what will be recorded
			_, err := chromedp.RunResponse(ctx, chromedp.Click(chromedp.CSS("main form button[type=submit]")))
			require.NoError(t, err)
			j.says("Your consent to the charter is recorded")
			consented++
			j.open("/g/trafford/joining")
			if consented < 7 {
				j.says(fmt.Sprintf("%d of 7 seats have consented to its charter.", consented))
			} else {
				j.says("Trafford GP Board was established on", "25 of 26 practices stand behind it")
				j.putAndCheck()
			}
		}
		j.do(chromedp.Submit(chromedp.CSS(`form[action="/sign-out"]`)), heading("Sign in"))
	}
	require.Equal(t, 7, consented)
	t.Logf("from nothing to the first check: %d pages, %d fields beside seven consents", j.pages, j.fields)
	require.LessOrEqual(t, j.pages, 14)
	require.LessOrEqual(t, j.fields, 20)
}

// Every page of the operator, and of setting a group up, keeps what every page keeps.
func TestSetUpPagesAreSound(t *testing.T) {
	script := axe(t)
	w := openWorld(t, t.TempDir(), "2026-10-05")
	tab := newTab(w).asOperator()
	at := tab.setUp()
	other := tab.setUp()
	tab.fillIn(at)
	tab.upload(at+"/evidence", map[string]string{"minute.pdf": "%PDF-1.7 of June"}).says(200)
	tab.upload(at+"/before/table", map[string]string{"before.csv": beforeTable}).says(200)
	b := newBrowser(t, w.origin())
	look := func(who string, paths ...string) {
		b.as(w.keys[who])
		for _, path := range paths {
			t.Run(path, func(t *testing.T) {
				b := &browser{t: t, ctx: b.ctx, at: b.at}
				b.look("light", "")
				b.width(1280)
				b.open(path).sound(script)
				require.Empty(t, b.unreached(), "Tab does not come to these")
			})
		}
	}
	look("operator", "/operator", "/operator/server", at, at+"/group", at+"/practices", at+"/people", at+"/duties", at+"/decide", at+"/words", at+"/check", other+"/check")
	look("operator", at+"/before")
	tab.post(at+"/check", nil).says(200, "How far Trafford GP Board is")
	w.giveTokens("manager-trafford-gp-board")
	look("operator", "/operator/groups/trafford")
	look("manager-trafford-gp-board", "/g/trafford/joining", "/g/trafford/mandates", "/g/trafford/mandates/letters", "/g/trafford/charter", "/g/trafford")
	require.Empty(t, b.others())
}

// unreached are the controls of the page that Tab does not come to. Of radio buttons of one
// name it comes to one.
func (b *browser) unreached() []string {
	b.t.Helper()
	controls := evaluate[int](b, `document.activeElement.blur(), document.addEventListener("focusin", e => { e.target.dataset.reached = "yes" }), document.querySelectorAll("a, button, input, select, textarea, summary").length`)
	b.do(chromedp.KeyEvent(strings.Repeat("\t", controls+5)))
	return evaluate[[]string](b, `[...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")]
		.filter(e => e.getClientRects().length && !e.disabled && !e.dataset.reached && !(e.type === "radio" && [...document.getElementsByName(e.name)].some(o => o.dataset.reached)))
		.map(e => e.outerHTML.slice(0, 120))`)
}

// A group is set up with the keyboard alone, without script, on a narrow screen. Going back,
// loading a page again and a session that ended lose nothing that was typed.
func TestSetUpByKeyboard(t *testing.T) {
	if testing.Short() {
		t.Skip("it walks in a browser for long")
	}
	w := openWorld(t, t.TempDir(), "2026-10-05")
	b := newBrowser(t, w.origin())
	b.width(320)
	b.script(false)
	signIn := func(next string) {
		b.open("/sign-in?next=" + next)
		b.tabTo("summary")
		b.press("\r")
		b.tabTo("#token")
		b.press(w.tokens.Operator())
		b.pressToSend()
	}
	signIn("/operator")
	b.tabTo(`form[action="/operator/setup"] button`)
	b.pressToSend()
	b.says("The group and its place")
	b.tabTo("#draft-name")
	b.press("Trafford GP Board")
	b.tabTo("#draft-placeName")
	b.press("Trafford")
	b.tabTo(saves)
	b.pressToSend()
	b.says("Who takes part")
	page := b.where()
	const line = "P91003,Park,5000,U12345,One PCN"

	evaluate[bool](b, `history.back(), true`)
	b.waits(`document.querySelector("#draft-name")?.value === "Trafford GP Board"`)
	b.do(chromedp.Reload())
	require.Equal(t, "Trafford", evaluate[string](b, `document.querySelector("#draft-placeName").value`), "loaded again")

	b.open(strings.TrimPrefix(page, b.at))
	b.tabTo("#draft-practices")
	b.press(line)
	require.NoError(t, w.server.identity.SignIn.Sessions.End(func(*identity.Session) bool { return true }))
	b.tabTo(saves)
	b.pressToSend()
	b.says("You have been signed out", "What you typed is still here")
	require.Equal(t, line, evaluate[string](b, `document.querySelector("input[name=practices]").value`))

	signIn(strings.TrimPrefix(page, b.at))
	b.says("Who takes part")
	b.tabTo("#draft-practices")
	b.press(line)
	for _, next := range []string{"Seats and people", "How we decide", "Check your answers"} {
		b.tabTo(saves)
		b.pressToSend()
		b.says(next)
	}
	b.says("1 practice in 1 network", "The seat of One PCN is held by Clinical Director, One.")
	b.tabTo("#found button")
	b.pressToSend()
	b.says("How far Trafford GP Board is", "0 of 3 seats have consented to its charter.")
}
