package api

import (
	"fmt"
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/domain"
)

// A taskCase is a kind of thing that somebody is asked to do: by when, how they are told, what
// the page to which the line leads has by which it is done, and what is recorded by it.
type taskCase struct {
	kind, person, ref, by string // by "": there is no last day
	says                  string // part of the line
	act                   string // command of a form, or part of a link, on the page that it leads to
	done                  string // recorded by it
}

// todo is the person's line of that kind about that; nil where there is none.
func (w *world) todo(person, kind, ref string) map[string]any {
	w.t.Helper()
	for _, item := range w.must(200, w.ask(person, "/todo?kind="+kind)).json(w.t)["items"].([]any) {
		if line := item.(map[string]any); line["ref"] == ref {
			return line
		}
	}
	return nil
}

var taskLine = regexp.MustCompile(`(?s)<li class="thread-entry"><p><a href="([^"]*)">(.*?)</a></p>(?:<p class="thread-muted">by ([^<]*?)\s*(?:<strong.*?)?</p>)?</li>`)

// lineOf is where the line on the person's page leads that says that, and by when it is due;
// "" where no line does.
func (w *world) lineOf(person, says string) (to, by string) {
	w.t.Helper()
	for _, m := range taskLine.FindAllStringSubmatch(string(w.must(200, w.page(person, "/todo")).body), -1) {
		if strings.Contains(html.UnescapeString(m[2]), says) {
			return html.UnescapeString(m[1]), strings.TrimSpace(m[3])
		}
	}
	return "", ""
}

// isAsked checks that the person is asked it, by when, and that the line leads to the act.
func (w *world) isAsked(c *taskCase) {
	w.t.Helper()
	about := fmt.Sprintf("%s of %s, %s", c.kind, c.person, c.ref)
	line := w.todo(c.person, c.kind, c.ref)
	require.NotNil(w.t, line, about)
	words := ""
	if c.by != "" {
		require.Equal(w.t, c.by, line["by"], about)
		day, err := domain.ParseDay(c.by)
		require.NoError(w.t, err)
		words = day.Words()
	}
	to, by := w.lineOf(c.person, c.says)
	require.NotEmpty(w.t, to, "%s: no line says %q", about, c.says)
	require.Equal(w.t, words, by, about)
	leads, err := url.Parse(to)
	require.NoError(w.t, err)
	page := string(w.must(200, w.send(w.request(c.person, "GET", to, ""))).body)
	if leads.Fragment != "" {
		require.Contains(w.t, page, `id="`+leads.Fragment+`"`, "%s leads to %s", about, to)
	}
	require.True(w.t, strings.Contains(page, `name="command" value="`+c.act+`"`) || strings.Contains(page, c.act), "%s leads to %s, where nothing is for %s", about, to, c.act)
}

// Each kind of thing that people are asked to do is asked of the right person, by its day, one
// press from where it is done; and once it is done, it is not asked any more.
func TestEachTaskIsAskedAndGoes(t *testing.T) {
	w := foundMatrix(t)
	charter := taskCase{"charter", "cd-north", "charter", "", "North Trafford has not yet consented to the charter.", "consent-to-charter", ""}
	w.isAsked(&charter)
	establishMatrix(w)
	require.Nil(t, w.todo("cd-north", "charter", "charter"))
	w.on(matrixDay)
	w.each([]taskCase{
		{"position", "cd-south", "P4", "2026-03-06", "South Trafford has not been heard on P4", "consent", `cd-south: consent {"proposal":"P4","version":1}`},
		{"confirm", "cd-north", "P2", "2026-03-06", "The manager heard that North Trafford consents to P2", "confirm-position", `cd-north: confirm-position {"proposal":"P2","version":1}`},
		{"pay", "gp-a", "P4", "2026-03-06", "A Surgery is named as paying in P4, Money", "agree-to-pay", `gp-a: agree-to-pay {"proposal":"P4","version":1,"organisation":"P91018"}`},
		{"facilitate", "gatekeeper", "P5", "2026-03-06", "You were named as facilitator for P5", "record-conversation", ""},
		{"put-off", "lmc-chair", "P5", "2026-03-06", "South Trafford asks Trafford LMC to agree that P5", "agree-put-off", `lmc-chair: agree-put-off {"proposal":"P5"}`},
		{"block", "lmc-chair", "P5", "2026-03-31", "Trafford LMC blocks P5", "resolve-objection", `lmc-chair: resolve-objection {"objection":"O2","how":"withdrawn"}`},
		{"confirm", "chair", "E2", "2026-01-12", "It was recorded that you decided E2 with others", "confirm-record", `chair: confirm-record {"records":["E2"]}`},
		{"confirm", "cd-west", "K1", "2026-01-10", "It was recorded that you said K1", "confirm-record", `cd-west: confirm-record {"records":["K1"]}`},
		{"deny", "cd-north", "E1", "2026-01-12", "E1 says that North Trafford was consulted", "deny-consultation", ""},
		{"call-in", "cd-north", "E1", "2026-01-12", "The executive decided E1", "call-in", ""},
	})
	w.records(`cd-north: call-in {"exercise":"E1","reason":"Too much."}`)
	require.Nil(t, w.todo("cd-north", "deny", "E1"))
	require.Equal(t, "E1 is called in and falls after 7 February 2026 unless settled.", w.todo("cd-north", "call-in", "E1")["text"], "and then it is to be settled")
	w.each([]taskCase{
		{"report", "cd-west", "locality-board/2026-01-05", "2026-01-10", "The meeting of Trafford Locality Board on 5 January 2026 is to be reported.", "report-meeting", `cd-west: report-meeting {"forum":"locality-board","on":"2026-01-05","happened":"We listened.","present":[]}`},
		{"action", "cd-north", "T1", "2026-02-02", "T1 is for Clinical Director, North Trafford to do", "end-action", `cd-north: end-action {"action":"T1","how":"done"}`},
		{"question", "manager", "Q1", "2026-01-10", "for an answer to Q1", "answer-question", `manager: answer-question {"question":"Q1","words":"Because."}`},
		{"approach", "gatekeeper", "A3", "2026-01-10", "A3, from Greater Manchester ICB", "dispose-of-approach", "gatekeeper: dispose-of-approach {\"approach\":\"A3\",\"disposition\":\"message\"}\ngatekeeper: answer-approach {\"approach\":\"A3\",\"reply\":\"no\",\"words\":\"No.\"}"},
		{"priorities", "gp-a", "W1", "2026-02-01", "W1: 0 of 3 practices", "answer-priorities", `gp-a: answer-priorities {"round":"W1","practice":"P91018","choices":["Y1"]}`},
		{"departure", "manager", "X1", "2026-02-02", "X1: A Surgery goes its own way on P1", "resolve-departure", `manager: resolve-departure {"departure":"X1","how":"returned","evidence":"A letter."}`},
		{"communicate", "manager", "P1", "2026-02-02", "P1, Who does what, has gone to the practices 0 of 2 times.", "communicate", "manager: communicate {\"about\":[\"P1\"],\"how\":\"By letter.\"}\nmanager: communicate {\"about\":[\"P1\"],\"how\":\"By visit.\"}"},
		{"letter", "registrar", "L1", "2026-01-10", "That is to be recorded.", "record-answers", `registrar: record-answers {"letters":["L1"]}`},
	})
	n := w.must(201, w.command("registrar", "record-spokesperson", `{"organisation":"U66368","person":"manager","evidence":"By telephone."}`)).json(t)["refs"].([]any)[0].(string)
	w.each([]taskCase{{"record", "cd-north", n, "2026-01-17", "(" + n + "). Is that right?", "confirm-record", `cd-north: confirm-record {"records":["` + n + `"]}`}})

	// A practice marks all its notices as seen by one press.
	seen := taskCase{"notices", "gp-a", "practice/P91018", "", "A Surgery has not marked", "acknowledge", ""}
	w.isAsked(&seen)
	form := regexp.MustCompile(`(?s)<form method="post" class="thread-form" id="seen-all".*?</form>`).FindString(string(w.must(200, w.page("gp-a", "/practices/P91018")).body))
	var fields []string
	for _, in := range hiddenIn.FindAllStringSubmatch(form, -1) {
		if in[1] == "about" || in[1] == "also" {
			fields = append(fields, in[1], in[2])
		}
	}
	require.Greater(t, len(fields), 4)
	w.formRecords("gp-a", "/practices/P91018", "acknowledge", fields...)
	require.Nil(t, w.todo("gp-a", "notices", "practice/P91018"))

	// What ends or is to be looked at again, up to 90 days before.
	w.on("2026-06-01")
	w.each([]taskCase{
		{"review", "cd-south", "D1", "2026-06-30", "D1 is due for review on 30 June 2026.", "proposals/new?kind=confirmDelegation", agreedBySeats("P6", `{"confirmDelegation":{"delegation":"D1","version":1,"review":"2026-10-31"}}`)},
		{"review", "cd-west", "R1", "2026-07-31", "R1 is due for review on 31 July 2026.", `id="R1"`, agreedBySeats("P7", `{"confirmAppointment":{"appointment":"R1","version":1,"review":"2026-12-31"}}`)},
	})
	w.on("2026-11-02")
	n = w.must(201, w.command("registrar", "record-spokesperson", `{"organisation":"P91020","person":"pm-b","evidence":"A letter."}`)).json(t)["refs"].([]any)[0].(string)
	w.records(`cd-south: confirm-record {"records":["` + n + `"]}`)
	w.each([]taskCase{
		{"mandate", "pm-b", "M1", "2026-12-31", "The mandate of B Surgery ends or is reviewed on 31 December 2026.", "grant-mandate", `pm-b: grant-mandate {"organisation":"P91020","evidence":"A minute.","from":"2026-11-02","until":"2027-12-31"}`},
		{"end", "cd-south", "D1", "2026-12-31", "D1 ends on 31 December 2026.", "proposals/new?kind=endDelegation", agreedBySeats("P8", `{"endDelegation":{"delegation":"D1","version":2}}`)},
	})
	w.on("2027-01-05")
	w.each([]taskCase{
		{"interest", "cd-west", "I1", "2027-01-05", "(I1), last declared on 5 January 2026", "renew-interest", `cd-west: renew-interest {"interest":"I1","words":"Still so."}`},
	})
}

// each asks for one after the other, and does it.
func (w *world) each(cases []taskCase) {
	w.t.Helper()
	for i := range cases {
		w.isAsked(&cases[i])
		if done := cases[i].done; done != "" {
			w.records(done)
			require.Nil(w.t, w.todo(cases[i].person, cases[i].kind, cases[i].ref), "%s is done: %s", cases[i].ref, done)
		}
	}
}

// agreedBySeats has the three seats agree to the instrument at once.
func agreedBySeats(proposal, instrument string) string {
	script := `cd-south: raise-proposal {"title":"Again","text":"Again.","matter":"access","new":"It is time.","instruments":[` + instrument + `]}`
	for _, person := range []string{"cd-north", "cd-south", "lmc-chair"} {
		script += "\n" + person + `: consent {"proposal":"` + proposal + `","version":1,"needNotWait":true}`
	}
	return script
}
