package api

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"

	"goldenthread/api/web"
	"goldenthread/domain"
)

// setClock has the browser's pages think that it is that moment.
func (b *browser) setClock(at string) {
	b.t.Helper()
	moment, err := time.Parse(time.RFC3339, at)
	require.NoError(b.t, err)
	_, err = chromedp.Call(b.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: fmt.Sprintf("Date.now = () => %d", moment.UnixMilli())})
	require.NoError(b.t, err)
}

// newSpending is a group with a representative, an executive with limits and conditions,
// and a mandate that ends for workforce within the week.
func newSpending(t *testing.T) *world {
	w := newGatekept(t)
	w.records(`
		cd-south: raise-proposal {"title":"Who does what","text":"An executive.","matter":"access","instruments":[{"formExecutive":{"members":["lmc-chair","cd-south"],"from":"2026-03-02","until":"2026-12-31"}}, \
			{"grantDelegation":{"to":"executive","payer":"LMC","powers":[{"matter":"workforce","may":["commit"],"itemLimitPence":500000,"yearLimitPence":800000,"months":12,"acting":2}, \
				{"matter":"workforce","may":["commit"],"itemLimitPence":2000000,"yearLimitPence":3000000,"months":3,"acting":1,"conditions":[{"when":"before","body":"LMC"}]}, \
				{"matter":"access/extended-hours","may":["decide"]}],"until":"2026-12-31","review":"2026-06-30"}}]}
		cd-north: consent {"proposal":"P2","version":1,"needNotWait":true}
		cd-south: consent {"proposal":"P2","version":1,"needNotWait":true}
		lmc-chair: consent {"proposal":"P2","version":1,"needNotWait":true}
		cd-south: record-exercise {"delegation":"D1","matter":"workforce","what":"Rotas.","amountPence":400000,"months":6,"acting":["lmc-chair","cd-south"]}
		manager: grant-mandate {"organisation":"P91018","evidence":"A minute.","from":"2026-03-02","until":"2026-12-31"}`)
	return w
}

// What is said without signal is what the check says on that day, as known when it was
// taken along: about every subject, sum, term and consultation, in whatever words. Older
// than seven days, or before its day, it never says yes. One changed byte, and it says
// nothing (rule R3).
func TestOfflineSaysWhatTheCheckSays(t *testing.T) {
	if testing.Short() {
		t.Skip("it walks in a browser for long")
	}
	w := newSpending(t)
	b := newBrowser(t, w.web.URL)
	random := rand.New(rand.NewPCG(1, 16))
	yes := 0
	for _, day := range []string{"2026-03-02", "2026-04-20", "2026-06-28", "2026-07-30", "2026-12-27"} {
		w.on(day)
		for _, person := range []string{"cd-north", "cd-south", "lmc-chair"} {
			yes += w.compareOffline(b, random, person, 300)
		}
	}
	require.Greater(t, yes, 100)

	b.as(w.keys["cd-north"]).open("/g/trafford/offline")
	note := string(w.must(200, w.send(w.request("cd-north", "GET", "/g/trafford/offline/answers", ""))).body)
	broken := strings.Replace(note, "Only subject to", "Yes, subject to", 1)
	require.NotEqual(t, note, broken)
	require.Equal(t, "not signed", evaluate[string](b, `offline.verified(`+jsonOf(t, broken)+`, JSON.parse(document.getElementById("state").dataset.keys)).then(() => "signed", (e) => e.message)`))
	w.must(404, w.send(w.request("manager", "GET", "/g/trafford/offline/answers", "")))
}

func jsonOf(t testing.TB, v any) string {
	text, err := json.Marshal(v)
	require.NoError(t, err)
	return string(text)
}

// offlineAsked is a question in words, and on how many days after it was taken along.
type offlineAsked struct {
	Forum     string `json:"forum"`
	Matter    string `json:"matter"`
	Amount    string `json:"amount"`
	Months    string `json:"months"`
	OpenEnded string `json:"openEnded"`
	Consulted string `json:"consulted"`
	After     int    `json:"after"`
}

type offlineSaid struct {
	Answer *web.OfflineAnswer `json:"answer"`
	Age    int                `json:"age"`
	Faults map[string]string  `json:"faults"`
	Alike  []struct {
		Matter string `json:"matter"`
	} `json:"alike"`
}

// compareOffline asks the person's answers so many questions in the browser, and holds each
// against the check; it returns how many said yes.
func (w *world) compareOffline(b *browser, random *rand.Rand, person string, questions int) int {
	w.t.Helper()
	_, err := w.store.AwaitSigned(context.Background(), "trafford", w.store.Next("trafford"))
	require.NoError(w.t, err)
	note := string(w.must(200, w.send(w.request(person, "GET", "/g/trafford/offline/answers", ""))).body)
	var asked []offlineAsked
	for range questions {
		asked = append(asked, askAnything(random))
	}
	b.as(w.keys[person]).open("/g/trafford/offline")
	said := evaluate[[]offlineSaid](b, `(async () => {
		const answers = await offline.verified(`+jsonOf(w.t, note)+`, JSON.parse(document.getElementById("state").dataset.keys));
		const first = Date.parse(answers.days[0].day + "T00:00:00Z") / 86400000;
		return `+jsonOf(w.t, asked)+`.map(q => offline.answer(answers, q, first + q.after));
	})()`)
	require.Len(w.t, said, questions)
	yes := 0
	for i := range said {
		if w.holdOffline(person, &asked[i], &said[i]) {
			yes++
		}
	}
	return yes
}

// holdOffline holds what was said against the check, and returns whether it was a yes.
func (w *world) holdOffline(person string, asked *offlineAsked, said *offlineSaid) bool {
	w.t.Helper()
	at := domain.DayOf(w.clock()) + domain.Day(asked.After)
	q := domain.Question{Person: person, Forum: asked.Forum, At: at, OpenEnded: asked.OpenEnded == "true"}
	state := w.view()
	q.Matter, _ = state.MatterMeant(asked.Matter, at)
	unread := false
	if asked.Amount != "" {
		sum, err := domain.ReadPence(asked.Amount)
		q.Amount, unread = &sum, err != nil
	}
	if asked.Months != "" {
		months, err := domain.ReadMonths(asked.Months)
		q.Months, unread = &months, unread || err != nil
	}
	switch asked.Consulted {
	case "all":
		q.Consulted = []string{"all"}
	case "none":
		q.Consulted = []string{}
	}
	answer, refused := state.Check(q)
	if said.Answer == nil {
		if len(said.Faults) > 0 && said.Faults["forum"] == "" {
			require.True(w.t, unread || refused != nil, "%+v is read by the server: %v", asked, said.Faults)
		}
		return false
	}
	require.False(w.t, unread || refused != nil, "%+v is not read by the server", asked)
	check := web.Check{Answer: answer, Group: state.ShortName}
	if said.Age < 0 || said.Age > 7 {
		require.NotEqual(w.t, "yes", said.Answer.Kind, "%+v", asked)
		return false
	}
	require.Equal(w.t, check.Offline().Words, said.Answer.Words, "%s: %+v", person, asked)
	require.Equal(w.t, answer.Say, said.Answer.Say, "%s: %+v", person, asked)
	require.ElementsMatch(w.t, answer.Conditions, said.Answer.Conditions, "%s: %+v", person, asked)
	for _, r := range said.Answer.Remedies {
		require.True(w.t, slices.ContainsFunc(answer.Remedies, func(o domain.Remedy) bool { return o.Text == r.Text }), "%+v: %s", asked, r.Text)
	}
	return said.Answer.Kind == "yes"
}

// askAnything is a question as somebody in a hurry writes it.
func askAnything(random *rand.Rand) offlineAsked {
	of := func(all ...string) string { return all[random.IntN(len(all))] }
	return offlineAsked{
		Forum:  of("locality-board", "locality-board", ""),
		Matter: of("workforce", "Workforce", "workforce", "Workforce", "workforce", "workforce", "access", "access", "Access, extended hours", "access/extended-hours", "estates", "Digital", "representation", "charter", "nurses", "workforce plans", "work force", ""),
		Amount: of("", "", "", "0", "£1", "£1", "2k", "3,500", "4,000", "£4,000", "4000.01", "5k", "£5,000.01", "8,000", "£10k", "10,000.01", "10.5k", "£ 20,000", "20000.01", "26,000", "26,000.01", "40k", "1.200", "about 5", "12,00"),
		Months: of("", "", "", "1", "2", "two", "three", "3 months", "4", "six", "6", "7 months", "1 year", "13", "a while", "two years"),

		OpenEnded: of("", "", "", "", "", "", "true"), Consulted: of("", "", "all", "none"), After: random.IntN(12) - 1,
	}
}

// In the meeting the server is gone: the check answers from what was taken along, each page
// that was looked at opens as a copy, the card is there, and what is sent is not lost
// silently. A week later nothing says yes any more.
func TestCheckWithoutSignal(t *testing.T) {
	if testing.Short() {
		t.Skip("it walks in a browser for long")
	}
	w := newSpending(t)
	w.on("2026-03-09")
	b := newBrowser(t, w.web.URL).as(w.keys["cd-north"])
	b.setClock("2026-03-09T12:00:00Z")
	b.width(390)
	b.open("/g/trafford/proposals").waits(`document.documentElement.dataset.kept === "yes"`)
	b.open("/g/trafford/powers") // the service worker is in charge from the second page on
	const question = "/g/trafford/check?forum=locality-board&matter=workforce&amount=%C2%A38k&months=six"
	b.open(question)
	verdict, say := `document.getElementById("verdict").textContent`, `document.getElementById("say").textContent`
	online, words := evaluate[string](b, verdict), evaluate[string](b, say)
	require.Contains(t, online, "Yes, you may agree to this")
	inFirstHalf := func() {
		for _, screen := range [][2]int64{{390, 844}, {320, 568}, {320, 256}} { // the last is a desk's at 400 %
			b.do(chromedp.EmulateViewport(screen[0], screen[1]))
			require.LessOrEqual(t, evaluate[float64](b, `document.getElementById("verdict").getBoundingClientRect().bottom`), float64(screen[1])/2, screen)
		}
		b.do(chromedp.EmulateViewport(390, 844))
	}
	inFirstHalf()

	w.web.CloseClientConnections()
	w.web.Close()
	ask := func(path string) *browser {
		b.open(path)
		b.waits(`document.documentElement.dataset.shown === "yes"`)
		return b
	}
	ask(question)
	require.Equal(t, online, evaluate[string](b, verdict))
	require.Equal(t, words, evaluate[string](b, say))
	inFirstHalf()
	require.Contains(t, evaluate[string](b, `document.body.textContent`), "The server can’t be reached")
	ask("/g/trafford/check?forum=locality-board&matter=workforce&amount=12000&months=6").says("Only subject to the board", "Yes, if the whole cost is at most £10,000")
	ask("/g/trafford/check?forum=locality-board&matter=work+force&amount=1").says("is not one of the subjects", "Workforce")
	ask("/g/trafford/check?forum=locality-board&matter=workforce&amount=1.200").says("Write the amount in pounds")
	ask("/g/trafford/offline").says("They hold for 7 days", "Powers, as it was on")
	b.fill("ask-matter", "Workforce")
	b.fill("ask-amount", "£8k")
	b.submit("#ask button[type=submit]")
	b.waits(`document.documentElement.dataset.shown === "yes"`)
	b.says("Yes, you may agree to this")
	require.Contains(t, evaluate[string](b, `(document.querySelector("main") || document.body).textContent`), "Workforce")
	b.open("/g/trafford/powers").says("D1")
	b.open("/g/trafford/card").says("Correct at midday on 9 March 2026", "Yes. I can")

	b.setClock("2026-03-16T12:00:00Z")
	ask(question)
	require.Contains(t, evaluate[string](b, verdict), "Yes, you may agree to this", "on the seventh day")
	b.setClock("2026-03-17T12:00:00Z")
	ask(question)
	require.Contains(t, evaluate[string](b, verdict), "Only subject to the board", "older than seven days")
	b.open("/g/trafford/card").waits(`document.getElementById("kept").textContent.includes("more than 7 days old")`)
	require.NotContains(t, b.main(), "Yes. I can")
	b.setClock("2026-03-08T12:00:00Z")
	ask(question)
	require.Contains(t, evaluate[string](b, verdict), "Only subject to the board", "with a clock that is wrong")
}

// What was kept of one person is forgotten as soon as another looks at a page.
func TestKeptOfAnother(t *testing.T) {
	if testing.Short() {
		t.Skip("it walks in a browser for long")
	}
	w := newSpending(t)
	b := newBrowser(t, w.web.URL)
	kept := `caches.open("kept").then(c => c.keys()).then(keys => keys.map(k => new URL(k.url).pathname).filter(p => p.startsWith("/g/")))`
	b.as(w.keys["cd-north"]).open("/g/trafford/powers").waits(`document.documentElement.dataset.kept === "yes"`)
	b.open("/g/trafford/powers").waits(`document.documentElement.dataset.kept === "yes"`)
	b.waits(kept + `.then(all => all.includes("/g/trafford/powers") && all.includes("/g/trafford/offline/taken"))`)
	b.as(w.keys["manager"]).open("/g/trafford/proposals").waits(`document.documentElement.dataset.kept === "yes"`)
	require.NotContains(t, evaluate[[]string](b, kept), "/g/trafford/powers")
	require.NotContains(t, evaluate[[]string](b, kept), "/g/trafford/offline/taken")
}
