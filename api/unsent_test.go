package api

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
)

// A pageForm is a form of a page, as a browser has it.
type pageForm struct {
	*html.Node
	page *html.Node // all of it
}

// formsOn are the forms of the page that send the command.
func formsOn(t testing.TB, page string, command string) []pageForm {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	require.NoError(t, err)
	var found []pageForm
	for _, n := range nodes(root, "form") {
		if f := (pageForm{n, root}); f.values().Get("command") == command && attr(n, "id") != "check" {
			found = append(found, f)
		}
	}
	return found
}

// nodes are the elements of those names below the node, in order.
func nodes(n *html.Node, names ...string) []*html.Node {
	var all []*html.Node
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && slices.Contains(names, d.Data) {
			all = append(all, d)
		}
	}
	return all
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

// values are what a browser would send of the form.
func (f pageForm) values() url.Values {
	sent := url.Values{}
	for _, n := range nodes(f.Node, "input", "textarea", "select") {
		name := attr(n, "name")
		switch kind := attr(n, "type"); {
		case name == "" || kind == "submit":
		case n.Data == "textarea":
			sent.Add(name, strings.TrimPrefix(textOf(n), "\n"))
		case n.Data == "select":
			options := nodes(n, "option")
			i := max(0, slices.IndexFunc(options, func(o *html.Node) bool { return has(o, "selected") }))
			if len(options) > 0 {
				sent.Add(name, attr(options[i], "value"))
			}
		case kind != "checkbox" && kind != "radio" || has(n, "checked"):
			sent.Add(name, attr(n, "value"))
		}
	}
	return sent
}

// filled are the values of the form with everything in it that can be typed, ticked and
// chosen: words that are no date, no sum and no subject, the last of each choice, and each tick.
func (f pageForm) filled(words string) (sent url.Values, typed []string) {
	sent = f.values()
	touched := map[string]bool{}
	for _, n := range nodes(f.Node, "input", "textarea", "select") {
		name, kind := attr(n, "name"), attr(n, "type")
		if name == "" || kind == "hidden" || kind == "submit" {
			continue
		}
		if !touched[name] {
			touched[name] = true
			typed = append(typed, name)
			sent.Del(name)
		}
		switch {
		case n.Data == "select":
			options := nodes(n, "option")
			sent.Add(name, attr(options[len(options)-1], "value"))
		case kind == "checkbox":
			sent.Add(name, attr(n, "value"))
		case kind == "radio":
			sent.Set(name, attr(n, "value"))
		default:
			sent.Add(name, words)
		}
	}
	return sent, typed
}

// lost says which of what was typed is not in the form any more.
func (f pageForm) lost(sent url.Values, typed []string) []string {
	var lost []string
	now := f.values()
	for _, name := range typed {
		before, after := slices.Sorted(slices.Values(sent[name])), slices.Sorted(slices.Values(now[name]))
		for _, list := range [][]string{before, after} {
			for i := range list {
				list[i] = strings.ReplaceAll(list[i], "\r\n", "\n")
			}
		}
		if !slices.Equal(before, after) {
			lost = append(lost, name+": "+strings.Join(before, ", ")+" became "+strings.Join(after, ", "))
		}
	}
	return lost
}

// sayFaults holds that the page says what is wrong above the form, each with a link to its
// place, and again at that place, where somebody who listens hears it too.
func sayFaults(t testing.TB, page, what string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	require.NoError(t, err)
	ids, summaries := map[string]*html.Node{}, 0
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && attr(n, "id") != "" {
			ids[attr(n, "id")] = n
		}
	}
	for _, list := range nodes(root, "ul") {
		if !strings.Contains(attr(list, "class"), "nhsuk-error-summary__list") {
			continue
		}
		summaries++
		for _, item := range nodes(list, "li") {
			link := nodes(item, "a")[0]
			at := ids[strings.TrimPrefix(attr(link, "href"), "#")]
			if !assert.NotNil(t, at, "%s: nothing is where “%s” leads, %s", what, textOf(link), attr(link, "href")) {
				continue
			}
			said := attr(at, "aria-describedby")
			for p := at.Parent; p != nil && said == ""; p = p.Parent { // of the group of which it is one
				said = attr(p, "aria-describedby")
			}
			heard := slices.ContainsFunc(strings.Fields(said), func(id string) bool { return ids[id] != nil && strings.Contains(textOf(ids[id]), textOf(link)) })
			assert.True(t, heard, "%s: “%s” is not said at its field, %s (%s)", what, textOf(link), attr(at, "id"), said)
		}
	}
	assert.Equal(t, 1, summaries, what)
}

// onTheForm finds the form among the page's again, by its id.
func onTheForm(t testing.TB, r reply, command, id string) (pageForm, bool) {
	t.Helper()
	for _, f := range formsOn(t, string(r.body), command) {
		if attr(f.Node, "id") == id {
			return f, true
		}
	}
	return pageForm{}, false
}

// Every form, whatever is typed into all of its fields, ticked and chosen, has it still
// after it was refused, after its check page, and after a session that had ended; and says
// all that is wrong above it and at its fields. What was typed into a form that is not there
// any more is shown, to be copied.
func TestEveryFormKeepsAllThatIsTyped(t *testing.T) {
	if testing.Short() {
		t.Skip("it does one thing after the other, for long")
	}
	w := foundMatrix(t)
	establishMatrix(w)
	w.on(matrixDay)
	next, refused, checked := w.store.Next("trafford"), 0, 0
	for _, c := range formCases(w) {
		switch c.name {
		case "raise-proposal":
			c.page += "?kind=words" // the last of its steps
		case "attach-document":
			continue // it is a file, which no page can give back
		}
		page := string(w.must(200, w.send(w.request(c.who, "GET", "/g/trafford"+c.page, ""))).body)
		found := formsOn(t, page, c.name)
		if len(found) == 0 {
			assert.NotEmpty(t, forms[c.name].fewer, "%s is not on %s", c.name, c.page)
			continue
		}
		if sent, typed := found[0].filled(""); kindOf(c.name).Slight != "" && !slices.ContainsFunc(typed, func(name string) bool { return sent.Get(name) == "" }) {
			continue // nothing is written in it, and it is recorded at once
		}
		if w.keepsTyped(c, found[0]) {
			refused++
		} else {
			checked++
		}
		if !assert.Equal(t, next, w.store.Next("trafford"), "%s was recorded", c.name) {
			return
		}
	}
	require.Greater(t, refused, checked)
}

// keepsTyped holds that of the form, and says whether it was refused as it was filled in.
func (w *world) keepsTyped(c formCase, f pageForm) (refused bool) {
	t, what, id := w.t, c.name+" on "+c.page, attr(f.Node, "id")
	const words = `Not <so> "much" & £ü`
	sent, typed := f.filled(words)
	if kindOf(c.name).Slight != "" { // and would be recorded at once
		for _, name := range typed {
			if sent.Get(name) == words {
				sent.Set(name, words+strings.Repeat("x", 20_000))
			}
		}
	}
	holds := func(r reply, when string) {
		after, there := onTheForm(t, r, c.name, id)
		if assert.True(t, there, "%s: the form is gone %s: %d", what, when, r.StatusCode) {
			assert.Empty(t, after.lost(sent, typed), "%s %s", what, when)
		}
	}
	r := w.postForm(c.who, c.page, sent)
	if carried := carriedBy(r); carried != nil { // nothing in it can be wrong
		carried.Set("then", "back")
		holds(w.postForm(c.who, c.page, carried), "after its check page")
	} else {
		refused = true
		assert.Contains(t, []int{409, 422}, r.StatusCode, what)
		holds(r, "after it was refused")
		sayFaults(t, string(r.body), what)
	}
	over := w.must(401, w.send(w.request("", "POST", "/g/trafford"+c.page, sent.Encode(), "Content-Type", ofForm, "Sec-Fetch-Site", "same-origin")))
	_, kept := keptBy(w.t, over, "kept")
	holds(w.postForm(c.who, c.page, url.Values{"kept-form": kept["kept-form"]}), "after the session had ended")

	wrote := slices.ContainsFunc(typed, func(name string) bool { return strings.HasPrefix(sent.Get(name), words) })
	if sent.Set("form", "gone"); kindOf(c.name).Slight != "" {
		return refused
	}
	if gone := w.postForm(c.who, c.page, sent); refused && wrote {
		main := html.UnescapeString(mainOf(string(gone.body)))
		assert.True(t, strings.Contains(main, "This form can’t be sent now.") && strings.Contains(main, words), "%s: what was typed is not shown where the form is gone: %.3000s", what, main)
	}
	return refused
}

// typedOn fills in the form of the page with the command and sends it, after somebody else
// did something.
func (w *world) typedOn(who, page, command string, typed url.Values, meanwhile func()) reply {
	w.t.Helper()
	found := formsOn(w.t, string(w.must(200, w.send(w.request(who, "GET", "/g/trafford"+page, ""))).body), command)
	require.Len(w.t, found, 1, command)
	sent := found[0].values()
	for name, values := range typed {
		require.Contains(w.t, sent, name)
		sent[name] = values
	}
	meanwhile()
	next := w.store.Next("trafford")
	r := w.postForm(who, page, sent)
	require.Equal(w.t, next, w.store.Next("trafford"), "it was recorded")
	return r
}

// What somebody else did between looking at a page and sending its form is said, what was
// typed stays, and whoever sends it again has what holds by then before them.
func TestSomebodyElsesChangeIsSaid(t *testing.T) {
	w := newWorld(t).established()
	w.on("2026-03-02")
	w.must(201, w.command("cd-south", "raise-proposal", `{"title":"Saturdays","text":"Every Saturday.","matter":"access"}`))
	version := 1
	amended := func() {
		w.must(201, w.command("cd-south", "amend-proposal", fmt.Sprintf(`{"proposal":"P2","version":%d,"text":"Every Saturday, number %d."}`, version, version)))
		version++
	}
	for command, typed := range map[string]url.Values{
		"stand-aside": {"reason": {"Not for us."}}, "object": {"why": {"Too soon."}, "wouldResolve": {"Time."}}, "consent": {},
	} {
		r := w.typedOn("cd-north", "/proposals/P2", command, typed, amended)
		require.Equal(t, 409, r.StatusCode)
		main := html.UnescapeString(mainOf(string(r.body)))
		require.Contains(t, main, "Something has changed since you filled in this form.", command)
		require.Contains(t, main, "Every Saturday, number "+strconv.Itoa(version-1)+".", command)
		f, there := onTheForm(t, r, command, command)
		require.True(t, there)
		require.Equal(t, strconv.Itoa(version), f.values().Get("version"), "it speaks to what is shown")
		for name := range typed {
			require.Equal(t, typed[name], f.values()[name], command)
		}
		require.Contains(t, string(w.must(200, w.postForm("cd-north", "/proposals/P2", f.values())).body), "Check before it is recorded")
	}

	// Two who act for the seat amend it at once.
	r := w.typedOn("cd-south", "/proposals/P2/amend", "amend-proposal", url.Values{"text": {"Mine."}}, amended)
	main := html.UnescapeString(mainOf(string(r.body)))
	require.Contains(t, main, fmt.Sprintf("Version %d of P2 was made since you began", version))
	require.Contains(t, main, fmt.Sprintf("Every Saturday, number %d.", version-1))
	f, _ := onTheForm(t, r, "amend-proposal", "amend")
	require.Equal(t, "Mine.", f.values().Get("text"))
	require.Contains(t, string(w.must(200, w.postForm("cd-south", "/proposals/P2/amend", f.values())).body), "Check before it is recorded")

	// The proposal was withdrawn: nothing can be said to it any more, or amended in it.
	back := w.typedOn("cd-south", "/proposals/P2/amend", "amend-proposal", url.Values{"text": {"Mine alone."}}, func() {})
	require.Equal(t, 200, back.StatusCode)
	r = w.typedOn("cd-north", "/proposals/P2", "object", url.Values{"why": {"Too late."}, "wouldResolve": {"More time."}}, func() {
		w.must(201, w.command("cd-south", "withdraw-proposal", `{"proposal":"P2","reason":"No."}`))
	})
	for _, words := range []string{"There is a problem", "This form can’t be sent now.", "Too late.", "More time."} {
		require.Contains(t, html.UnescapeString(mainOf(string(r.body))), words)
	}
	for _, then := range []string{"", "back"} {
		carried := carriedBy(back)
		carried.Set("then", then)
		if then == "" {
			carried.Del("then")
		}
		r = w.postForm("cd-south", "/proposals/P2/amend", carried)
		require.Equal(t, 409, r.StatusCode)
		require.Contains(t, html.UnescapeString(mainOf(string(r.body))), "This form can’t be sent now.")
		require.Contains(t, html.UnescapeString(mainOf(string(r.body))), "Mine alone.")
	}
}

// A meeting that was moved meanwhile has another address: what was typed goes along.
func TestFormOfWhatMovedGoesAlong(t *testing.T) {
	w := foundMatrix(t)
	establishMatrix(w)
	w.on(matrixDay)
	const page = "/meetings/locality-board/2026-01-10"
	r := w.typedOn("manager", page, "brief-meeting", url.Values{"words": {"Listen well."}}, func() {
		w.must(201, w.command("manager", "move-meeting", `{"forum":"locality-board","on":"2026-01-10","to":"2026-03-01"}`))
	})
	at, kept := keptBy(t, r, "kept")
	require.Equal(t, "/g/trafford/meetings/locality-board/2026-03-01", at)
	r = w.must(200, w.postForm("manager", strings.TrimPrefix(at, "/g/trafford"), kept))
	found := formsOn(t, string(r.body), "brief-meeting")
	require.Len(t, found, 1)
	require.Equal(t, "Listen well.", found[0].values().Get("words"))
}

// A power that ended between looking and sending takes no decision, and what was typed of
// it is shown.
func TestDecisionUnderWhatEndedIsKept(t *testing.T) {
	w := foundMatrix(t)
	establishMatrix(w)
	w.on(matrixDay)
	typed := url.Values{"what": {"A leaflet on weekends."}}
	r := w.typedOn("chair", "/powers", "record-exercise", typed, func() {
		w.must(201, w.command("cd-north", "suspend", `{"what":"D1","reason":"Too much."}`))
	})
	require.Contains(t, []int{409, 422, 403}, r.StatusCode)
	require.Contains(t, string(r.body), "There is a problem")
	require.Contains(t, html.UnescapeString(mainOf(string(r.body))), "A leaflet on weekends.")
}
