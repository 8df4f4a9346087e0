package main

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"goldenthread/api"
	"goldenthread/cmd/internal/folder"
	"goldenthread/domain"
	"goldenthread/domain/model"
	"goldenthread/eventstore"
)

// What pages say of how things stand, and of what each person is asked to do, is what the
// independent model makes of the same events: every page, as every role, in every month of
// the example's year. The text itself is read. A sentence with one of the words of state
// that nothing here understands fails the test too.
func TestSentencesOfTheYear(t *testing.T) {
	if testing.Short() {
		t.Skip("it is long")
	}
	y := newYear(t)
	for month := time.January; month <= time.October; month++ {
		day := domain.NewDay(2026, month, 15)
		if month == time.October {
			day = domain.NewDay(2026, month, 5)
		}
		for _, who := range y.roles {
			if slices.Contains(alike, who) {
				continue
			}
			for _, path := range y.paths {
				y.readPage(who, path, day)
			}
		}
	}
	// What is asked of people changes from week to week.
	for day := domain.NewDay(2026, time.January, 5); day <= domain.NewDay(2026, time.October, 5); day += 7 {
		for _, who := range y.roles {
			y.readPage(who, "", day)
			y.readPage(who, "/todo", day)
		}
	}
	for i := range sentences {
		require.NotZero(t, y.seen[i], "no page says %s", sentences[i].says)
	}
	t.Logf("%d pages, %d sentences held against the model, %d things asked of people, %d times nothing", y.pages, y.held, y.asked, y.nothing)
}

// someDays asks for the decisions of some days.
const someDays = "/powers?from=2026-03-02&to=2026-05-31"

// alike are those who see every page but their own first one as another director does.
var alike = []string{"cd-sale", "cd-west", "cd-south"}

// A year is the example place, served in this process.
type year struct {
	t      *testing.T
	server *api.Server
	events []*domain.Event
	tokens map[string]string // by handle
	roles  []string
	paths  []string
	models map[domain.Day]model.Model
	late   map[domain.Day][]model.Task
	all    map[string][]string    // that is asked of somebody on a day, by handle and day
	sums   map[domain.Day][]int64 // that were used of D1 on each day up to that one
	seen   map[int]int            // how often each of the sentences was read

	faults map[string]bool

	pages, held, asked, nothing int
}

func newYear(t *testing.T) *year {
	dir, log := t.TempDir(), slog.New(slog.DiscardHandler)
	until := domain.NewDay(2026, time.October, 6).Start().Add(12 * time.Hour)
	require.NoError(t, loadExample(t.Context(), dir, examplePlace, until, log))
	clock := func() time.Time { return until }
	store, groups, err := folder.Open(context.Background(), eventstore.Options{Dir: dir, Clock: clock, Log: log})
	require.NoError(t, err)
	t.Cleanup(func() { folder.Close(store) })
	options := api.Options{Store: store, Groups: groups, Clock: clock, OnRecord: true, Log: log}
	shown, err := (&exampleServer{dir: dir}).open(t.Context(), &options, groups)
	require.NoError(t, err)
	y := &year{t: t, server: api.New(options), tokens: map[string]string{}, models: map[domain.Day]model.Model{}, sums: map[domain.Day][]int64{}, late: map[domain.Day][]model.Task{}, all: map[string][]string{}, seen: map[int]int{}, faults: map[string]bool{}}
	for entry, err := range store.Entries(t.Context(), examplePlace, 0, store.Next(examplePlace)) {
		require.NoError(t, err)
		y.events = append(y.events, &entry.Event)
	}
	g, err := groups.Now(t.Context(), examplePlace, nil)
	require.NoError(t, err)
	for _, p := range g.People(domain.DayOf(until)).People {
		for _, one := range shown.People {
			if one.Office == p.Office && one.Group == g.State().Name {
				y.tokens[p.Handle] = one.Token
			}
		}
	}
	y.roles = slices.Sorted(maps.Keys(y.tokens))
	y.paths = []string{
		"/powers", someDays, "/scheme", "/mandate", "/mandate?matter=workforce", "/mandates", "/representation", "/card", "/todo", "/worklist", "/waiting", "/agenda", "/approaches", "/priorities",
		"/actions", "/commitments", "/notices", "/questions", "/departures", "/practices/P91623", "/work", "/register", "/people", "/charter", "/proposals", "/proposals/P1", "/registers", "/registers/representatives",
	}
	return y
}

// A claim is a sentence on a page.
type claim struct {
	y    *year
	m    model.Model
	day  domain.Day
	who  string // handle of whoever looks
	path string
	at   []string // what the sentence's groups matched
}

// A sentence is one that pages say: holds says what it ought to say in place of the
// groups; no answer is that it is right.
type sentence struct {
	says  *regexp.Regexp
	holds func(*claim) (ought string)
}

// aboutState are the words of sentences of state. What has one is read.
var aboutState = regexp.MustCompile(`\b(?i:nothing to do|in force|speaks? (?:on \S+ )?for|used|paused|overdue)\b`)

// sayNothing are texts that have such a word and say nothing of a day: headings, and what
// a page or a rule is about.
var sayNothing = regexp.MustCompile(`^(?:Practices that the board (?:speaks|does not speak) for|Used|Used in the year(?: of D\d+, from each date)?:?(?: sort)?|Who you speak for|` +
	`What is due, overdue or paused\.|What the executive and named people may decide, with what is used and left\.|Who speaks for the board, where, and what they may sign up to\.|` +
	`\d+ days\. A missed review is overdue for a month before the power is paused\.)$`)

const sum = `£([\d,]+)`

// sentences are all that pages say of how things stand.
var sentences = []sentence{
	{regexp.MustCompile(`^You have nothing to do\.$`), func(c *claim) string { return "" }}, // held against all that is asked, in readTasks
	{regexp.MustCompile(`[Tt]he board speaks(?: on ([\w/-]+))? for ([\d,]+) of ([\d,]+) practices, ([\d,]+) of ([\d,]+) patients`), (*claim).coverage},
	{regexp.MustCompile(`would speak for .+ Now it speaks for()? ([\d,]+) of ([\d,]+) practices, ([\d,]+) of ([\d,]+) registered patients`), (*claim).coverage},
	{regexp.MustCompile(`we speak for`), func(c *claim) string { return "" }}, // with the sentence before it
	{regexp.MustCompile(`the (\d+) of Trafford's (\d+) practices we speak for`), (*claim).practices},
	{regexp.MustCompile(`^(D\d+): delegated to .+ (in force|not yet in force|expired|ended|suspended|paused)( overdue)?$`), (*claim).power},
	{regexp.MustCompile(`^(R\d+): .+, at .+ (in force|not yet in force|expired|ended|suspended|paused)( overdue)?$`), (*claim).power},
	{regexp.MustCompile(`^(in force|paused|suspended) (R\d+), by `), func(c *claim) string { c.at[1], c.at[2] = c.at[2], c.at[1]; return c.power() }},
	{regexp.MustCompile(`(R\d+) is paused: its review was due on (\d+ \w+ \d{4})`), (*claim).paused},
	{regexp.MustCompile(`^You speak for the board in no meeting\.`), (*claim).speaksNowhere},
	{regexp.MustCompile(`^What it may agree for you\. .+ (\d+) representatives? can speak for you in system meetings\.$`), (*claim).representatives},
	{regexp.MustCompile(`^(T\d+): .+ overdue(?: .+)?$`), (*claim).actionOverdue},
	{regexp.MustCompile(`^We joined .+ Who speaks for us there: `), func(c *claim) string { return "" }},  // what an agreement says
	{regexp.MustCompile(`^Speaks for the board, by `), func(c *claim) string { return "" }},               // said of the line above
	{regexp.MustCompile(`[A-Z].+ speaks for the board at .+ from `), func(c *claim) string { return "" }}, // what an agreement says
	{regexp.MustCompile(sum + ` used of ` + sum), (*claim).used},
	{regexp.MustCompile(sum + ` of ` + sum + ` used on `), (*claim).used},
	{regexp.MustCompile(`^Used(?: in the year)?: ` + sum), (*claim).usedThen},
	{regexp.MustCompile(`^(No|\d+) decisions? (?:since|from) [^:.]+(?:: ([^.]+))?\. £`), (*claim).decisions},
	{regexp.MustCompile(`^Version (\d+), in force from `), (*claim).charter},
	{regexp.MustCompile(`^Overdue$`), func(c *claim) string { return "" }}, // each below it says by how long
	{regexp.MustCompile(`^When: Overdue by (\d+) days?( paused)?$`), (*claim).overdueBy},
	{regexp.MustCompile(`^What is due, overdue or paused\. (\d+) (?:is|are) overdue\.$`), (*claim).overdue},
	{regexp.MustCompile(`^State: (in force|paused|suspended|expired|ended)$`), func(c *claim) string { c.at = []string{"", "R1", c.at[1]}; return c.power() }},
}

// readPage holds all sentences of state of the page against the model.
func (y *year) readPage(who, path string, day domain.Day) {
	y.t.Helper()
	texts := y.texts(who, path, day)
	if texts == nil {
		return
	}
	c := &claim{y: y, m: y.model(day), day: day, who: who, path: path}
	if path == "" { // which shows the first few of them
		require.Equal(y.t, len(c.asked()) == 0, slices.Contains(texts, "You have nothing to do."), "%s on %s", who, day)
	} else if slices.Contains(texts, "For you to do") {
		y.readTasks(c, texts)
	}
	for _, text := range texts {
		if !aboutState.MatchString(text) || sayNothing.MatchString(text) {
			continue
		}
		known := false
		for i := range sentences {
			for _, at := range sentences[i].says.FindAllStringSubmatch(text, -1) {
				known, c.at = true, at
				y.seen[i]++
				y.held++
				if ought := sentences[i].holds(c); ought != "" {
					y.wrong(text+ought, "%s for %s on %s says: %s; by the model it is %s", path, who, day, text, ought)
				}
			}
		}
		if !known && !byDay.MatchString(text) {
			y.wrong(text, "nothing here understands what %s for %s on %s says: %s", path, who, day, text)
		}
	}
}

// wrong fails the test, once for each different fault.
func (y *year) wrong(what, format string, about ...any) {
	y.t.Helper()
	if !y.faults[what] {
		y.faults[what] = true
		y.t.Errorf(format, about...)
	}
}

// overdue is all that anybody is asked to do whose day is over.
func (y *year) overdue(day domain.Day) []model.Task {
	all, known := y.late[day]
	if !known {
		all = y.model(day).Overdue(day)
		y.late[day] = all
	}
	return all
}

// model is that of the day, as known at its end.
func (y *year) model(day domain.Day) model.Model {
	m, made := y.models[day]
	if !made {
		m = model.Of(y.events, day)
		y.models[day] = m
	}
	return m
}

// texts are the page's, as that person sees it on the day, as known then: block by block,
// without forms and menus. There are none where they may not see it, or it is about
// nothing that was there.
func (y *year) texts(who, path string, day domain.Day) []string {
	y.t.Helper()
	join := "?"
	if strings.Contains(path, "?") {
		join = "&"
	}
	r := httptest.NewRequest("GET", "/g/"+examplePlace+path+join+"at="+day.String()+"&known="+day.String(), nil)
	r.Header.Set("Authorization", "Bearer "+y.tokens[who])
	w := httptest.NewRecorder()
	y.server.ServeHTTP(w, r)
	if w.Code == 403 || w.Code == 404 {
		return nil
	}
	require.Equal(y.t, 200, w.Code, "%s for %s on %s", path, who, day)
	y.pages++
	return textsOf(y.t, w.Body.String())
}

// textsOf are the texts within main, one for each block of text.
func textsOf(t *testing.T, page string) []string {
	root, err := html.Parse(strings.NewReader(page))
	require.NoError(t, err)
	var texts []string
	var text strings.Builder
	flush := func() {
		if s := strings.Join(strings.Fields(text.String()), " "); s != "" {
			texts = append(texts, s)
		}
		text.Reset()
	}
	var read func(n *html.Node, in bool)
	read = func(n *html.Node, in bool) {
		if n.Type == html.TextNode && in {
			text.WriteString(n.Data)
		}
		if n.Type == html.ElementNode && slices.Contains([]string{"form", "nav", "script", "style"}, n.Data) {
			return
		}
		block := n.Type == html.ElementNode && !slices.Contains([]string{"a", "abbr", "bdi", "em", "span", "strong", "tspan"}, n.Data)
		if block && in {
			flush()
		}
		in = in || n.Type == html.ElementNode && n.Data == "main"
		for below := n.FirstChild; below != nil; below = below.NextSibling {
			read(below, in)
		}
		if block && in {
			flush()
		}
	}
	read(root, false)
	return texts
}

// A task is a sentence that asks somebody to do something: what is asked as the table of
// rule T4 calls it, and about what.
type task struct {
	says *regexp.Regexp
	what string
	refs string // what it is about, where the sentence does not say it by its number
}

// Each says by which day it is in a text of its own.
var byDay = regexp.MustCompile(`^by (\d+ \w+ \d{4})( overdue)?$`)

var tasks = []task{
	{regexp.MustCompile(`^.+ has not yet consented to the charter\.$`), "consent to the charter", "charter"},
	{regexp.MustCompile(`^.+ has not been heard on (P\d+), `), "say what your seat says", ""},
	{regexp.MustCompile(`^.+ blocks (P\d+), .+: only you can accept what would resolve it\.$`), "let the block go", ""},
	{regexp.MustCompile(`^The executive decided (E\d+): .+\. It can be called in until `), "call in if you want to", ""},
	{regexp.MustCompile(`^(E\d+) says that .+ was consulted on .+ If that is not so, it can be denied until `), "deny if that is not so", ""},
	{regexp.MustCompile(`^.+ is to be told of (E\d+): `), "tell", ""},
	{regexp.MustCompile(`^(\w+) is (?:beyond|subject to the group) and lapses after .+ unless ratified\.$`), "ratify or disavow", ""},
	{regexp.MustCompile(`^(E\d+) is called in and falls after .+ unless settled\.$`), "settle", ""},
	{regexp.MustCompile(`^The meeting of Trafford Locality Board on (.+) is to be reported\.$`), "report", "locality-board/"},
	{regexp.MustCompile(`^(\w+) is due for review on .+\.$`), "review", ""},
	{regexp.MustCompile(`^(\w+) ends on .+\.$`), "see to its end", ""},
	{regexp.MustCompile(`^The mandate of (.+) ends or is reviewed on .+\.$`), "renew the mandate", "mandate of "},
	{regexp.MustCompile(`^(A\d+), from .+, waits for (?:a gatekeeper|its answer)`), "approach", ""},
	{regexp.MustCompile(`^.+ has waited (?:\d+ days?|since today) for an answer to (Q\d+)\.$`), "answer a practice", ""},
	{regexp.MustCompile(`^(W\d+): \d+ of \d+ practices have said what matters to them`), "answers to the round", ""},
	{regexp.MustCompile(`^(T\d+) is for .+ to do by `), "do the action", ""},
	{regexp.MustCompile(`^(X\d+): .+ goes its own way on P\d+; it is to be talked through by `), "talk it through", ""},
	{regexp.MustCompile(`^(P\d+), .+, has gone to the practices \d of \d times\.$`), "communicate", ""},
	{regexp.MustCompile(`^.+ \((.+)\) asks the board to join\.`), "join or decline", ""},
	{regexp.MustCompile(`^Village Surgery has not marked (\d+) notices? as seen\.$`), "mark as seen", "practice/P91623 "},
	{regexp.MustCompile(`^.+ recorded that .+ \((N\d+)\)\. Is that right\?$`), "is this right?", ""},
	{regexp.MustCompile(`^(\d+) mandates end or are to be reviewed by .+: renew them together$`), "renew the mandate", "of "},
	{regexp.MustCompile(`^(\d+) records wait to be confirmed or refused$`), "is this right?", "records "},
	{regexp.MustCompile(`^.+ is named as paying in (P\d+), .+, and has not agreed to it\.$`), "agree to pay", ""},
}

// byWhen are the headings between tasks.
var byWhen = []string{"Overdue", "Within 7 days", "Within 30 days", "Later than in 30 days", "On no particular day"}

// readTasks holds what the page asks of whoever looks against all that the model
// has for them: nothing is missing, and nothing is asked for nothing.
func (y *year) readTasks(c *claim, texts []string) {
	y.t.Helper()
	from := slices.Index(texts, "For you to do")
	require.GreaterOrEqual(y.t, from, 0, "%s on %s has a list", c.who, c.day)
	var said []string
	for _, text := range texts[from+1:] {
		if text == "May I sign up to this?" || text == "Read the charter, and consent" || strings.HasPrefix(text, "P91623, ") {
			break
		}
		if text == "You have nothing to do." {
			y.nothing++
			continue
		}
		if slices.Contains(byWhen, text) || text == "By kind and day" {
			continue
		}
		if by := byDay.FindStringSubmatch(text); by != nil {
			day, err := time.Parse("2 January 2006", by[1])
			require.NoError(y.t, err)
			on := domain.NewDay(day.Year(), day.Month(), day.Day())
			require.Equal(y.t, on < c.day, by[2] != "", "%s on %s: %s, %s", c.who, c.day, said[len(said)-1], text)
			said[len(said)-1] += " by " + on.String()
			continue
		}
		said = append(said, y.readTask(c, text))
	}
	asked := c.asked()
	for _, one := range asked {
		if !slices.Contains(said, one) {
			y.wrong(c.who+one, "%s is not asked on %s, and by the model is: %s", c.who, c.day, one)
		}
	}
	for _, one := range said {
		if !slices.Contains(asked, one) {
			y.wrong(c.who+one, "%s is asked on %s, and by the model is not: %s", c.who, c.day, one)
		}
	}
	y.asked += len(said)
}

// asked is what the model has for whoever looks, as readTask says it. More than three of
// a kind that are due on one day are said in one sentence.
func (c *claim) asked() []string {
	of := c.who + c.day.String()
	if asked, known := c.y.all[of]; known {
		return asked
	}
	all := c.m.Asked(c.who, c.day)
	together := map[string]string{"is this right?": "records ", "renew the mandate": "of "}
	many := map[string]int{}
	for _, one := range all {
		many[one.What+one.By.String()]++
	}
	var asked []string
	for _, one := range all {
		about, n := one.About, many[one.What+one.By.String()]
		if whole := together[one.What]; whole != "" && n > 3 {
			about = whole + strconv.Itoa(n)
		}
		words := one.What + ": " + about
		if one.Count > 0 {
			words += " " + strconv.Itoa(one.Count)
		}
		if one.By != 0 {
			words += " by " + one.By.String()
		}
		if !slices.Contains(asked, words) {
			asked = append(asked, words)
		}
	}
	c.y.all[of] = asked
	return asked
}

// readTask is what the sentence asks, in the words of the table.
func (y *year) readTask(c *claim, text string) string {
	y.t.Helper()
	for _, one := range tasks {
		at := one.says.FindStringSubmatch(text)
		if at == nil {
			continue
		}
		about := one.refs
		if len(at) > 1 {
			about += at[1]
		}
		if one.what == "report" {
			day, err := time.Parse("2 January 2006", at[1])
			require.NoError(y.t, err)
			about = one.refs + day.Format(time.DateOnly)
		}
		return one.what + ": " + about
	}
	y.wrong(text, "nothing here understands what %s is asked on %s: %s", c.who, c.day, text)
	return text
}

func (c *claim) number(group int) int {
	n, err := strconv.Atoi(strings.ReplaceAll(c.at[group], ",", ""))
	require.NoError(c.y.t, err)
	return n
}

func (c *claim) coverage() string {
	require.False(c.y.t, c.m.Partial, "the model can't tell")
	m := c.m.Coverage(c.at[1], c.day)
	said := [4]int{c.number(2), c.number(3), c.number(4), c.number(5)}
	if ought := [4]int{m.Practices, m.OfPractices, m.Patients, m.OfPatients}; said != ought {
		return fmt.Sprint(ought)
	}
	return ""
}

// practices are those for which a sentence of the card, on one line of the remit, says
// that the representative may agree.
func (c *claim) practices() string {
	said := [2]int{c.number(1), c.number(2)}
	for _, matter := range []string{"", "access/extended-hours", "workforce"} {
		if m := c.m.Coverage(matter, c.day); said == [2]int{m.Practices, m.OfPractices} {
			return ""
		}
	}
	return fmt.Sprint(c.m.Coverage("", c.day))
}

func (c *claim) power() string {
	p, made := c.m.Power(c.at[1], c.day)
	if !made {
		return "not made"
	}
	ought := string(p.State)
	if p.Overdue && len(c.at) > 3 {
		ought += " overdue"
	}
	if said := strings.Join(c.at[2:], ""); said != ought {
		return ought
	}
	return ""
}

func (c *claim) paused() string {
	p, _ := c.m.Power(c.at[1], c.day)
	if p.State != domain.Paused || p.Review.Words() != c.at[2] {
		return fmt.Sprint(p.State, p.Review)
	}
	return ""
}

func (c *claim) speaksNowhere() string {
	if c.m.Represents(c.who, c.day) {
		return "a representative"
	}
	return ""
}

// representatives are how many can speak for a practice.
func (c *claim) representatives() string {
	speaking := 0
	for _, ref := range []string{"R1", "R2", "R3"} {
		if p, _ := c.m.Power(ref, c.day); p.State == domain.InForce {
			speaking++
		}
	}
	if speaking != c.number(1) {
		return strconv.Itoa(speaking)
	}
	return ""
}

// used is how much of the year's limit of D1, the one power with one, is used.
func (c *claim) used() string {
	p, made := c.m.Power("D1", c.day)
	if !made || len(p.Used) != 1 || p.Used[0] != (model.Use{Used: 100 * int64(c.number(1)), Limit: 100 * int64(c.number(2))}) {
		return fmt.Sprint(p.Used)
	}
	return ""
}

// usedThen is how much was used on one of the days on which that changed.
func (c *claim) usedThen() string {
	sums := c.y.sums[c.day]
	if sums == nil {
		for _, day := range c.m.Days(c.day) {
			p, _ := c.m.Power("D1", day)
			for _, u := range p.Used {
				sums = append(sums, u.Used)
			}
		}
		c.y.sums[c.day] = sums
	}
	if !slices.Contains(sums, int64(100*c.number(1))) {
		return fmt.Sprint(sums)
	}
	return ""
}

var eachStanding = regexp.MustCompile(`(\d+) ([a-z& ]+?)(?: and |, |$)`)

// decisions says how many there were, and how they stand.
func (c *claim) decisions() string {
	from, to := domain.Day(0), c.day
	if c.path == someDays {
		from, to = domain.NewDay(2026, time.March, 2), domain.NewDay(2026, time.May, 31)
	}
	ought := c.m.Decisions("D1", from, to, c.day)
	words := map[string]domain.ExerciseStatus{
		"stood": domain.XWithin, "went beyond and lapsed": domain.XLapsed, "was disavowed": domain.XDisavowed, "were disavowed": domain.XDisavowed,
	}
	said, sum, all := map[domain.ExerciseStatus]int{}, 0, 0
	for _, each := range eachStanding.FindAllStringSubmatch(strings.ReplaceAll(c.at[2], "beyond and lapsed", "beyond & lapsed"), -1) {
		n, err := strconv.Atoi(each[1])
		require.NoError(c.y.t, err)
		standing, known := words[strings.ReplaceAll(each[2], "&", "and")]
		require.True(c.y.t, known, each[2])
		said[standing] += n
		sum += n
	}
	if c.at[1] != "No" {
		all = c.number(1)
	}
	if !maps.Equal(said, ought) || sum != all {
		return fmt.Sprint(ought)
	}
	return ""
}

// overdue is how many things of the work list are.
func (c *claim) overdue() string {
	if all := c.y.overdue(c.day); len(all) != c.number(1) {
		return fmt.Sprint(all)
	}
	return ""
}

func (c *claim) actionOverdue() string {
	if !slices.ContainsFunc(c.y.overdue(c.day), func(t model.Task) bool { return t.About == c.at[1] }) {
		return "not overdue"
	}
	return ""
}

func (c *claim) overdueBy() string {
	all := c.y.overdue(c.day)
	if !slices.ContainsFunc(all, func(t model.Task) bool { return int(c.day-t.By) == c.number(1) }) {
		return fmt.Sprint(all)
	}
	return ""
}

func (c *claim) charter() string {
	if v := c.m.Charter(c.day); v != c.number(1) {
		return strconv.Itoa(v)
	}
	return ""
}
