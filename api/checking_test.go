package api

import (
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"net/url"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"goldenthread/domain"
)

// What a form would do is shown before it is recorded: what was entered, what would be
// recorded, what would end, coverage before and after, and that it can't be undone.
func TestCheckSaysWhatWillChange(t *testing.T) {
	w := newWorld(t).established()
	w.on("2026-03-02")
	next := w.store.Next("trafford")
	page := string(w.must(200, w.fillForm("manager", "/practices/P91018", "withdraw-mandate", "form", "withdrawing", "matters", "workforce", "evidence", "Letter of 1 March", "reason", "We are too few.", "given", "1/3/2026")).body)
	require.Equal(t, next, w.store.Next("trafford"))
	for _, words := range []string{
		"Nothing is recorded yet.", "Letter of 1 March", "1 March 2026",
		"It waits to be confirmed, as N1.", "Once it is confirmed:", "could no longer commit on workforce at Trafford Locality Board", "This can’t be undone.", ">Withdraw mandate</button>", ">Go back and change</button>",
	} {
		require.Contains(t, mainOf(page), words)
	}
	page = string(w.must(200, w.fillForm("cd-north", "/proposals/new", "raise-proposal", "form", "raise", "title", "Saturdays", "text", "Every\r\nSaturday.", "matter", "access", "instruments",
		`[{"grantDelegation":{"to":"cd-south","payer":"LMC","until":"2026-12-31","review":"2026-06-30","powers":[{"matter":"workforce","may":["commit"],"itemLimitPence":1200000}]}}]`)).body)
	for _, words := range []string{"If it is agreed", "up to £12,000 an item", "It can be withdrawn until it is agreed.", "You act for the seat of North Trafford.", ">Raise it</button>"} {
		require.Contains(t, page, words)
	}
}

// Coverage before and after stands beside the withdrawal by which it changes.
func TestCheckShowsCoverage(t *testing.T) {
	w := newGatekept(t)
	page := mainOf(string(w.must(200, w.fillForm("pm-a", "/practices/P91018", "withdraw-mandate", "form", "withdrawing", "everything", "true")).body))
	for _, words := range []string{
		"You act for A Surgery.", "withdrew its mandate for everything from 30 March 2026", "A Surgery has given a mandate.", "For whom the board speaks on ",
		"Overall, access, workforce and representation", "2 of 2 practices, 3,000 of 3,000 registered patients", "1 of 2 practices, 2,000 of 3,000 registered patients", "could no longer commit on access",
	} {
		require.Contains(t, page, words)
	}
	require.Contains(t, w.formRecords("pm-a", "/practices/P91018", "withdraw-mandate", "everything", "true"), "The withdrawal is recorded")
}

// mainOf is the main part of the page.
func mainOf(page string) string {
	_, main, _ := strings.Cut(page, "<main")
	main, _, _ = strings.Cut(main, "</main>")
	return main
}

// If what would follow is different when it is sent from the check page, that is shown
// first, and nothing is recorded.
func TestChangedMeanwhileIsShownAgain(t *testing.T) {
	w := newWorld(t).established()
	w.on("2026-03-02")
	w.must(201, w.command("cd-south", "raise-proposal", `{"title":"T","text":"x","matter":"access"}`))
	w.must(201, w.command("cd-south", "consent", `{"proposal":"P2","version":1,"needNotWait":true}`))
	r := w.must(200, w.fillForm("cd-north", "/proposals/P2", "consent", "version", "1", "needNotWait", "true", "key", "018f0000-0000-7000-8000-000000000001"))
	require.Contains(t, string(r.body), "the seat can say something else: what it says last counts.")
	w.must(201, w.command("lmc-chair", "consent", `{"proposal":"P2","version":1,"needNotWait":true}`))

	next := w.store.Next("trafford")
	r = w.must(409, w.postForm("cd-north", "/proposals/P2", carriedBy(r)))
	for _, words := range []string{"Something has changed", "Nothing of yours was recorded.", "This then follows from it:", "This can’t be undone."} {
		require.Contains(t, string(r.body), words)
	}
	require.Equal(t, next, w.store.Next("trafford"))
	carried := carriedBy(r)
	require.Contains(t, string(w.must(200, w.postForm("cd-north", "/proposals/P2", carried)).body), "Your consent is recorded")
	next = w.store.Next("trafford")
	require.Contains(t, string(w.must(200, w.postForm("cd-north", "/proposals/P2", carried)).body), "Your consent is recorded", "sent twice")
	require.Equal(t, next, w.store.Next("trafford"))

	// A form that is no longer allowed is refused, and never recorded unseen.
	w.must(201, w.command("cd-south", "raise-proposal", `{"title":"Other","text":"x","matter":"access"}`))
	carried = carriedBy(w.must(200, w.fillForm("cd-south", "/proposals/P3", "withdraw-proposal", "reason", "No.")))
	w.must(201, w.command("cd-south", "withdraw-proposal", `{"proposal":"P3","reason":"Other."}`))
	require.Contains(t, string(w.must(409, w.postForm("cd-south", "/proposals/P3", carried)).body), "There is a problem")
	carried.Set("reason", "Not what was shown.")
	next = w.store.Next("trafford")
	w.must(409, w.postForm("cd-south", "/proposals/P3", carried))
	require.Equal(t, next, w.store.Next("trafford"))
}

// What is sent from the check page is what was shown, or it is shown again.
func TestOnlyWhatWasCheckedIsRecorded(t *testing.T) {
	w := newWorld(t).established()
	w.on("2026-03-02")
	carried := carriedBy(w.must(200, w.fillForm("cd-south", "/representation", "declare-interest", "form", "interest", "kind", "money", "matters", "access", "words", strings.Repeat("word ", 60)+"one")))
	next := w.store.Next("trafford")
	carried.Set("words", strings.Repeat("word ", 60)+"two")
	r := w.must(409, w.postForm("cd-south", "/representation", carried))
	require.Contains(t, string(r.body), "Something has changed")
	carried.Set("checked", "none")
	w.must(409, w.postForm("cd-south", "/representation", carried))
	require.Equal(t, next, w.store.Next("trafford"))
	back := carriedBy(r)
	back.Set("then", "back")
	require.Contains(t, string(w.must(200, w.postForm("cd-south", "/representation", back)).body), "word two</textarea>", "nothing that was typed is lost")
	require.Contains(t, string(w.must(200, w.postForm("cd-south", "/representation", carriedBy(r))).body), "Your interest is recorded")
}

// A formCase is a form of the matrix's group, as somebody who may would fill it in.
type formCase struct {
	name, who, page string
	fields          []string
}

// formCases are the forms of all pages but those that the other state of the group has,
// each offered to somebody, with what its act says.
func formCases(w *world) []formCase {
	l, ids := newLook(w), idsOf(w)
	handles := []string{"lmc-chair"}
	for _, who := range whoActs {
		if who.handle != "" && who.handle != "operator" && who.handle != "stranger" {
			handles = append(handles, who.handle)
		}
	}
	var all []formCase
	for _, name := range slices.Sorted(maps.Keys(forms)) {
		page := forms[name].page
		i := slices.IndexFunc(acts, func(a act) bool { return a.name == name })
		command, ok := domain.NewCommand(name)
		require.True(w.t, ok && i >= 0, name)
		require.NoError(w.t, json.Unmarshal([]byte(ids.Replace(acts[i].body)), command))
		if name == "record-together" {
			continue // of the rows that are ticked: TestMandatesOfManyPractices
		}
		if founding := name == "consent-to-charter"; founding != (w.view().Established == 0) {
			continue
		}
		found := false
		fields := fieldsOf(command)
		for _, who := range handles {
			if !found && !l.state.Allows(who, command, domain.DayOf(w.clock())) {
				continue
			}
			if form := l.offered(who, page, name, command); form != "" && !found {
				found = true
				for _, in := range hiddenIn.FindAllStringSubmatch(form, -1) {
					if in[1] != "command" && in[1] != "checked" && !slices.Contains(fields, in[1]) { // what was shown beside it is not what is asked
						fields = append(fields, in[1], html.UnescapeString(in[2]))
					}
				}
				all = append(all, formCase{name, who, page, fields})
			}
		}
		for _, who := range handles { // what is offered to fewer is sent by whoever may give it
			if forms[name].fewer != "" && !found && l.state.Allows(who, command, domain.DayOf(w.clock())) {
				found = true
				all = append(all, formCase{name, who, page, fields})
			}
		}
		require.True(w.t, found, "%s is offered to nobody on %s", name, page)
	}
	return all
}

// fieldsOf are the command's values under their names in a form.
func fieldsOf(c domain.Command) []string {
	var fields []string
	var write func(form *domain.Form, v reflect.Value, under string)
	write = func(form *domain.Form, v reflect.Value, under string) {
		for i := range form.Fields {
			f := &form.Fields[i]
			from, name := v.FieldByIndex(f.Index), under+f.Name
			if from.Kind() == reflect.Pointer && f.Each != nil {
				if from.IsNil() {
					continue
				}
				from = from.Elem()
			}
			switch {
			case f.Kind == domain.GroupField:
				write(f.Each, from, name+"-")
			case f.Kind == domain.RowsField && f.Of == nil:
				for n := range from.Len() {
					write(f.Each, from.Index(n), fmt.Sprintf("%s-%d-", name, n))
				}
			case f.Kind == domain.MatterField && !from.IsZero(): // as it is chosen; Written names it
				fields = append(fields, name, from.String())
			case f.Kind == domain.LinesField:
				fields = append(fields, name, strings.Join(f.Written(from), "\r\n"))
			default:
				for _, value := range f.Written(from) {
					fields = append(fields, name, value)
				}
			}
		}
	}
	write(domain.Describe(c), reflect.ValueOf(c).Elem(), "")
	return fields
}

// Every form of every page has a check page: what it sends first records nothing, and what
// its check page sends is recorded; but for what the rules call slight.
func TestEveryFormIsChecked(t *testing.T) {
	if testing.Short() {
		t.Skip("it does one thing after the other, for long")
	}
	for _, state := range []string{"forming", "established"} {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			w := foundMatrix(t)
			if state == "established" {
				establishMatrix(w)
			}
			w.on(matrixDay)
			next, carried := w.store.Next("trafford"), map[string]url.Values{}
			cases := formCases(w)
			for _, c := range cases {
				kind := kindOf(c.name)
				if kind.Slight != "" {
					continue
				}
				r := w.must(200, w.fillForm(c.who, c.page, c.name, c.fields...))
				require.Equal(t, next, w.store.Next("trafford"), "%s was recorded unseen", c.name)
				carried[c.name] = carriedBy(r)
				require.NotNil(t, carried[c.name], "%s has no check page: %s", c.name, r.body)
				require.Regexp(t, `(?s)What will be recorded</h2>\s*<ul[^>]*><li>[^<]+`, string(r.body), c.name)
				require.Equal(t, kind.Back == "", strings.Contains(string(r.body), "This can’t be undone."), c.name)
			}
			w.close()
			for _, c := range cases {
				dir := filepath.Join(t.TempDir(), "copy")
				require.NoError(t, exec.Command("cp", "-r", w.tokens.Dir, dir).Run())
				again := openWorld(t, dir, matrixDay)
				again.keys = w.keys
				if form := carried[c.name]; form == nil {
					again.must(200, again.fillForm(c.who, c.page, c.name, c.fields...)) // it is slight
				} else {
					again.must(200, again.postForm(c.who, c.page, form))
				}
				require.Greater(t, again.store.Next("trafford"), next, "%s was not recorded", c.name)
				again.close()
			}
		})
	}
}

// The check page of every form, in a browser without script, on a small phone and by
// keyboard: nothing to find for axe-core, nothing to scroll sideways for, and it goes back
// to the form with all that was typed.
func TestCheckPagesInABrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("it walks in a browser for long")
	}
	script := axe(t)
	w := foundMatrix(t)
	establishMatrix(w)
	w.on(matrixDay)
	b := newBrowser(t, w.web.URL)
	b.width(320)
	next := w.store.Next("trafford")
	for _, c := range formCases(w) {
		b.as(w.keys[c.who]).open("/g/trafford" + c.page)
		if kindOf(c.name).Slight != "" {
			continue
		}
		b.script(false)
		b.submitFilled(c)
		b.says("Check before it is recorded", "What will be recorded", "Go back and change")
		require.LessOrEqual(t, evaluate[int](b, `document.documentElement.scrollWidth`), 320, c.name)
		b.tabTo("#check button[type=submit]:not([name])")
		b.tabTo("#check button[name=then]")
		b.script(true)
		b.look("light", "")
		require.Empty(t, b.faults(script), c.name)
		b.look("dark", "")
		require.Empty(t, b.faults(script, ofColour...), c.name)
		b.script(false)
		b.pressToSend()
		require.False(t, evaluate[bool](b, `document.getElementById("check") !== null`), c.name)
		for _, lost := range evaluate[[]string](b, typedAndLost(c)) {
			t.Errorf("%s: %s was typed, and is not in the form any more", c.name, lost)
		}
		b.script(true)
	}
	require.Equal(t, next, w.store.Next("trafford"))
	require.Empty(t, b.others())
}

func kindOf(name string) domain.CommandKind {
	return domain.Commands[slices.IndexFunc(domain.Commands, func(k domain.CommandKind) bool { return k.Name == name })]
}

// submitFilled sends the case's form from the page that is shown, with its fields filled in.
func (b *browser) submitFilled(c formCase) {
	b.t.Helper()
	fields, err := json.Marshal(c.fields)
	require.NoError(b.t, err)
	evaluate[bool](b, `(() => {
		const form = document.createElement("form"), fields = `+string(fields)+`;
		form.method = "post";
		form.id = "filled";
		const add = (name, value) => { const i = document.createElement("textarea"); i.name = name; i.value = value; form.append(i); };
		add("command", "`+c.name+`");
		for (let i = 0; i < fields.length; i += 2) add(fields[i], fields[i + 1]);
		const send = document.createElement("button");
		form.append(send);
		document.querySelector("main").append(form);
		send.focus();
		return true;
	})()`)
	b.pressToSend()
}

// typedAndLost is script for the values of the case that no field of its form holds.
func typedAndLost(c formCase) string {
	fields, _ := json.Marshal(c.fields)
	offeredToFewer := strconv.FormatBool(forms[c.name].fewer != "")
	return `(() => {
		const fields = ` + string(fields) + `, forms = [...document.querySelectorAll("main form")].filter(f => f.elements.command && f.elements.command.value === "` + c.name + `");
		const lost = [];
		for (let i = 0; i < fields.length; i += 2) {
			const plain = (s) => s.replaceAll("\r\n", "\n").toLowerCase(), same = (v) => plain(v) === plain(fields[i + 1]);
			const asked = fields[i] !== "key" && forms.some(f => f.elements[fields[i]]);
			if (asked && !forms.some(f => new FormData(f).getAll(fields[i]).some(same))) lost.push(fields[i] + "=" + fields[i + 1]);
		}
		return forms.length || ` + offeredToFewer + ` ? lost : ["the form"];
	})()`
}

// What is wrong with a form is said all at once: above it with links that lead to their
// fields, and at each field; and what was typed is still there. So it is for every form.
func TestEveryFormSaysAllThatIsWrong(t *testing.T) {
	if testing.Short() {
		t.Skip("it does one thing after the other, for long")
	}
	w := foundMatrix(t)
	establishMatrix(w)
	w.on(matrixDay)
	next, several := w.store.Next("trafford"), 0
	for _, c := range formCases(w) {
		if forms[c.name].fewer != "" {
			continue
		}
		command, _ := domain.NewCommand(c.name)
		fields, typed, dates := slices.Clone(c.fields), []string{}, 0
		for _, f := range domain.Describe(command).Fields {
			junk := map[domain.FieldKind]string{domain.DateField: "some day", domain.MoneyField: "lots", domain.TimeField: "noonish"}[f.Kind]
			i := slices.Index(fields, f.Name)
			if junk == "" || i >= 0 && (strings.Contains(c.page, "meetings/") || strings.Contains(c.page, "agenda/") && f.Name == "on") { // the meeting's day is in the address
				continue
			}
			if i >= 0 && i%2 == 0 {
				fields = slices.Delete(fields, i, i+2)
			}
			fields = append(fields, f.Name, junk)
			typed, dates = append(typed, f.Name, junk), dates+1
		}
		if dates == 0 {
			continue
		}
		r := w.must(422, w.fillForm(c.who, c.page, c.name, fields...))
		main := mainOf(string(r.body))
		require.Equal(t, 1, strings.Count(main, "nhsuk-error-summary__heading"), c.name)
		links := summaryLink.FindAllStringSubmatch(main, -1)
		require.GreaterOrEqual(t, len(links), dates, "%s: %v", c.name, typed)
		if dates > 1 {
			several++
		}
		for _, link := range links {
			require.Contains(t, main, `id="`+link[1]+`"`, "%s: nothing is where the summary leads", c.name)
		}
		for i := 0; i < len(typed); i += 2 {
			if strings.Contains(main, `name="`+typed[i]+`"`) && !strings.Contains(main, `type="hidden" name="`+typed[i]+`"`) { // that nobody types
				require.Contains(t, main, `value="`+typed[i+1]+`"`, "%s: what was typed for %s is lost", c.name, typed[i])
			}
		}
	}
	require.Equal(t, next, w.store.Next("trafford"))
	require.Positive(t, several)
}

var summaryLink = regexp.MustCompile(`<li><a href="#([^"]+)">`)

// Whoever consents presses three times: to open the form, to send it, and to record it.
func TestConsentTakesThreePresses(t *testing.T) {
	w := newWorld(t).established()
	w.on("2026-03-02")
	w.must(201, w.command("cd-south", "raise-proposal", `{"title":"Saturdays","text":"We open.","matter":"access"}`))
	b := newBrowser(t, w.web.URL).as(w.keys["cd-north"])
	b.width(390)
	b.open("/g/trafford/proposals/P2")
	b.do(chromedp.Click(chromedp.CSS("#do-consent summary")))
	b.submit("#consent button")
	b.says("Check before it is recorded", "North Trafford consented to P2, version 1")
	require.True(t, evaluate[bool](b, `document.activeElement === document.body || document.getElementById("maincontent").contains(document.activeElement)`))
	b.submit("#check button[type=submit]")
	b.says("Your consent is recorded")
}
