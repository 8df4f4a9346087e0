package api

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

const ofForm = "application/x-www-form-urlencoded"

// byToken signs the device in with somebody's token.
func (d *device) byToken(person string) {
	d.t.Helper()
	d.w.must(303, d.send("POST", "/sign-in/token", "token="+d.w.keys[person], "Content-Type", ofForm))
}

// keptBy is what a page carries of a form that could not be taken: what to send, and where.
func keptBy(t testing.TB, r reply, form string) (at string, carried url.Values) {
	t.Helper()
	found := regexp.MustCompile(`(?s)<form method="post" action="([^"]*)" id="` + form + `".*?</form>`).FindStringSubmatch(string(r.body))
	require.NotNil(t, found, "%s", r.body)
	carried = url.Values{}
	for _, field := range carriedField.FindAllStringSubmatch(found[0], -1) {
		carried.Add(field[1], html.UnescapeString(field[2]))
	}
	return html.UnescapeString(found[1]), carried
}

// A form whose session has ended is kept through signing in, and is shown again with all
// that was typed: from its page, and from its check page.
func TestLostSessionLosesNothing(t *testing.T) {
	w := newWorld(t).established()
	d := newDevice(w)
	var by time.Duration
	w.later(&by)
	d.byToken("cd-south")
	typed := url.Values{"command": {"declare-interest"}, "form": {"interest"}, "me": {"cd-south"}, "kind": {"money"}, "matters": {"workforce"}, "words": {"We \"provide\" it.\r\n<b>£</b> " + strings.Repeat("ü", 400)}}
	const page = "/g/trafford/representation"
	checked := w.must(200, d.send("POST", page, typed.Encode(), "Content-Type", ofForm))
	for what, form := range map[string]url.Values{"form": typed, "check page": carriedBy(checked)} {
		by += 2 * time.Hour
		next := w.store.Next("trafford")
		r := w.must(401, d.send("POST", page, form.Encode(), "Content-Type", ofForm))
		require.Contains(t, string(r.body), "You are not signed in any more", what)
		at, carried := keptBy(t, r, "kept")
		require.Equal(t, "/sign-in", at)
		r = w.must(200, d.send("POST", at, carried.Encode(), "Content-Type", ofForm, "Accept", "text/html"))
		at, again := keptBy(t, r, "resume")
		require.Equal(t, page, at)
		r = w.must(401, d.send("POST", at, again.Encode(), "Content-Type", ofForm)) // too early
		_, carried = keptBy(t, r, "kept")

		carried.Set("token", "gt_wrong")
		r = w.must(401, d.send("POST", "/sign-in/token", carried.Encode(), "Content-Type", ofForm, "Accept", "text/html"))
		require.Contains(t, string(r.body), "There is a problem")
		_, still := keptBy(t, r, "resume")
		require.Equal(t, again, still)
		carried.Set("token", w.keys["cd-south"])
		r = w.must(200, d.send("POST", "/sign-in/token", carried.Encode(), "Content-Type", ofForm, "Accept", "text/html"))
		at, carried = keptBy(t, r, "resume")
		r = w.must(200, d.send("POST", at, carried.Encode(), "Content-Type", ofForm))
		require.Equal(t, next, w.store.Next("trafford"))
		main := html.UnescapeString(mainOf(string(r.body)))
		require.Contains(t, main, "What you typed is here as you left it. Nothing has been recorded yet.")
		require.Contains(t, strings.ReplaceAll(main, "\r\n", "\n"), strings.ReplaceAll(typed.Get("words"), "\r\n", "\n")+"</textarea>", what)
		_, main, _ = strings.Cut(main, `id="interest"`)
		require.Contains(t, main, `value="Workforce"`, what)
	}
}

// What somebody typed is recorded for nobody else who signs in at the same browser, and
// not shown to them.
func TestFormIsWhoseItWas(t *testing.T) {
	w := newWorld(t).established()
	d := newDevice(w)
	d.byToken("lmc-chair")
	next := w.store.Next("trafford")
	r := w.must(200, d.send("POST", "/g/trafford/representation", "command=declare-interest&form=interest&me=cd-south&kind=money&matters=access&words=Mine+alone.", "Content-Type", ofForm))
	require.Contains(t, string(r.body), "Somebody else filled in this form. You are signed in as Chair, Trafford LMC, so nothing of it was recorded or is shown.")
	require.NotContains(t, string(r.body), "Mine alone.")
	require.Equal(t, next, w.store.Next("trafford"))
}

// Of a stranger who is no browser on a page of ours nothing is read or given back, and
// what is given back is nobody's script.
func TestKeptFormsOfStrangers(t *testing.T) {
	w := newWorld(t)
	sent := "words=" + url.QueryEscape(`"><script>alert(1)</script>`)
	for _, site := range []string{"", "none", "cross-site"} {
		r := w.send(w.request("", "POST", "/g/trafford/people", sent, "Content-Type", ofForm, "Sec-Fetch-Site", site))
		require.Contains(t, []int{401, 403}, r.StatusCode)
		require.NotContains(t, string(r.body), "script>alert")
		require.NotContains(t, string(r.body), `name="kept-form"`, site)
	}
	r := w.must(401, w.send(w.request("", "POST", "/g/trafford/people", sent, "Content-Type", ofForm, "Sec-Fetch-Site", "same-origin")))
	require.Contains(t, string(r.body), `name="kept-form"`)
	require.NotContains(t, string(r.body), "<script>alert")
	w.must(401, w.send(w.request("", "POST", "/g/trafford/people", strings.Repeat("x", 2<<20), "Content-Type", ofForm, "Sec-Fetch-Site", "same-origin")))
	for _, next := range []string{"https://evil.example/g/x", "//evil.example", "/account", "/v1/groups"} {
		r := w.must(200, w.send(w.request("", "POST", "/sign-in", url.Values{"next": {next}, "kept-form": {`{"a":["b"]}`}}.Encode(), "Content-Type", ofForm)))
		require.NotContains(t, string(r.body), `name="kept-form"`, next)
		require.NotContains(t, string(r.body), "evil.example")
	}
	w.must(400, w.send(w.request("cd-north", "POST", "/g/trafford/people", "kept-form=%7B", "Content-Type", ofForm)))
}

// Each page says until when one is signed in, and with script it says so some minutes
// before; going on, one stays signed in.
func TestWarnedBeforeTheSessionEnds(t *testing.T) {
	w := newWorld(t).established()
	w.serve(func(o *Options) { o.Idle = 8 * time.Second })
	b := newBrowser(t, w.origin())
	b.open("/sign-in?next=/g/trafford/people").unfold()
	b.fill("token", w.keys["cd-north"])
	b.submit(`form[action="/sign-in/token"] button`)
	require.Contains(t, evaluate[string](b, `document.getElementById("until").textContent`), "Signed in until ")
	b.waits(`document.getElementById("session").checkVisibility()`)
	require.Contains(t, evaluate[string](b, `document.getElementById("session").textContent`), "You will be signed out at ")
	b.do(chromedp.Click(chromedp.CSS("#session button")))
	b.waits(`!document.getElementById("session").checkVisibility()`)
}
