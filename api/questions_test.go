package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/stretchr/testify/require"

	"goldenthread/api/problem"
	"goldenthread/domain"
)

var questions = []string{
	"", "/people", "/charter", "/mandate", "/mandate?matter=workforce", "/what-if?organisation=P91018&matter=workforce", "/powers", "/scheme?since=2026-01-10", "/proposals", "/proposals?stage=agreed", "/proposals/P1",
	"/representation", "/commitments", "/worklist", "/audit", "/check?forum=locality-board&matter=workforce",
	"/approaches", "/priorities", "/actions", "/departures", "/notices", "/questions",
	"/practices/P91018", "/agenda", "/people/cd-north/remains", "/log/witnesses",
}

// Every question has its entity tag, and says nothing twice.
func TestEntityTags(t *testing.T) {
	w := newWorld(t).established()
	w.on("2026-03-09")
	for _, q := range append(questions, "/events/0", "/events") {
		r := w.must(200, w.ask("cd-north", q))
		tag := r.Header.Get("ETag")
		require.NotEmpty(t, tag, q)
		require.Contains(t, r.Header.Get("Cache-Control"), "private")
		for _, sent := range []string{tag, "W/" + strings.TrimPrefix(tag, "W/"), `"other", ` + tag, "*"} {
			same := w.must(304, w.ask("cd-north", q, "If-None-Match", sent))
			require.Empty(t, same.body)
			require.Equal(t, tag, same.Header.Get("ETag"))
		}
		w.must(200, w.ask("cd-north", q, "If-None-Match", `"other"`))
		head := w.send(w.request("cd-north", "HEAD", "/v1/groups/trafford"+q, ""))
		require.Equal(t, tag, head.Header.Get("ETag"))
	}
	tag := w.ask("cd-north", "").Header.Get("ETag")
	w.must(201, w.command("manager", "register-person", `{"handle":"x","office":"X"}`))
	w.must(200, w.ask("cd-north", "", "If-None-Match", tag))

	r := w.send(w.request("", "GET", "/openapi.json", ""))
	w.must(304, w.send(w.request("", "GET", "/openapi.json", "", "If-None-Match", r.Header.Get("ETag"))))
	r = w.send(w.request("cd-north", "GET", "/v1/charter-settings", ""))
	w.must(304, w.send(w.request("cd-north", "GET", "/v1/charter-settings", "", "If-None-Match", r.Header.Get("ETag"))))
}

// Rule L4: what did we believe then, about that day?
func TestAtAndKnown(t *testing.T) {
	w := newWorld(t)
	w.on("2026-01-07")
	w.established()
	newest := w.store.Next("trafford") - 1
	ask := func(query string) map[string]any {
		return w.must(200, w.ask("cd-north", "/check?forum=locality-board&matter=workforce&amountPence=100&months=1&"+query)).json(t)
	}
	w.on("2026-03-09")
	now := ask("")
	require.Equal(t, "2026-03-09", now["at"])
	require.EqualValues(t, newest, now["index"])
	require.Equal(t, "may-commit", now["verdict"])

	require.Equal(t, "view-only", ask("at=2027-01-01")["verdict"])                                           // after the appointment's end
	w.refused(404, "R3", w.ask("cd-north", "/check?forum=locality-board&matter=workforce&known=2026-01-06")) // not yet registered
	then := w.must(200, w.ask("cd-north", "/check?matter=workforce&known=2026-01-06")).json(t)
	require.Equal(t, "view-only", then["verdict"])
	require.Equal(t, "2026-01-06T23:59:59.999Z", then["known"])
	require.Equal(t, "may-commit", ask("known=2026-01-07")["verdict"])
	require.Equal(t, "may-commit", ask(fmt.Sprint("known=", newest))["verdict"])
	require.Equal(t, "view-only", ask(fmt.Sprint("known=", newest-1))["verdict"])
	require.EqualValues(t, newest-1, ask(fmt.Sprint("known=", newest-1))["index"])
	require.Equal(t, "2026-01-06", ask("at=2026-01-06T01:00:00%2B00:00")["at"])
	require.Equal(t, "2026-07-02", ask("at=2026-07-01T23:30:00Z")["at"]) // a London day
	require.Equal(t, "2026-07-01", ask("at=2026-07-01T23:30:00+01:00")["at"])
	require.Equal(t, "may-commit", ask("known=2026-01-08T09:00:00Z")["verdict"])

	early := w.must(200, w.ask("cd-north", "?known=0")).json(t)
	require.EqualValues(t, 0, early["index"])
	require.Equal(t, true, early["forming"])
	require.Empty(t, w.must(200, w.ask("cd-north", "/proposals?known=2026-01-05")).json(t)["proposals"])
	require.Len(t, w.must(200, w.ask("cd-north", "/audit?known=5&limit=500")).json(t)["entries"], 6)
}

// Asked for at least an event that is yet to come, the answer has it, whichever of
// question and command arrives first; where it doesn't come in time, it says so.
func TestAtLeast(t *testing.T) {
	w := newWorld(t)
	next := w.store.Next("trafford")
	answered := make(chan reply, 1)
	go func() { answered <- w.ask("cd-north", fmt.Sprint("?atLeast=", next)) }()
	w.must(201, w.command("cd-north", "consent-to-charter", `{}`))
	require.EqualValues(t, next, w.must(200, <-answered).json(t)["index"])

	w.server.ledgers.Patience = 200 * time.Millisecond
	r := w.ask("cd-north", fmt.Sprint("?atLeast=", next+1))
	w.refused(503, "", r)
	require.NotEmpty(t, r.Header.Get("Retry-After"))
	require.EqualValues(t, next, r.json(t)["index"])
}

func TestBadQuestions(t *testing.T) {
	w := newWorld(t).established()
	long := strings.Repeat("9", 300)
	for _, b := range []struct {
		status int
		rule   string
		path   string
	}{
		{422, "L8", "?at=tomorrow"}, {422, "L8", "?at=2026-02-30"}, {422, "L8", "?at=9999-01-01"}, {422, "L8", "?at=1066-10-14"}, {422, "L8", "?at=" + long},
		{422, "L4", "?known=then"}, {404, "L4", "?known=99999"}, {404, "L4", "?known=18446744073709551615"}, {422, "L4", "?known=" + long}, {404, "L4", "?known=2020-01-01"}, {422, "L4", "?known=-1"},
		{422, "L1", "?atLeast=x"}, {422, "L1", "?atLeast=-1"}, {422, "L1", "?atLeast=" + long},
		{422, "", "?know=2026-01-01"}, {422, "", "?at=2026-01-01&at=2026-01-02"}, {422, "", "?at=%zz"}, {422, "", "?known=2026-03-09;x"}, {422, "", "?at=%00"}, {422, "", "?at=%ff"},
		{422, "C1", "/proposals?stage=maybe"}, {404, "C1", "/proposals/P99"}, {404, "", "/proposals/" + long},
		{422, "F6", "/mandate?matter=Work%20force"}, {404, "T0", "/practices/P99999"}, {404, "T0", "/practices/" + long},
		{422, "R3", "/check?matter="}, {422, "R3", "/check?matter=" + long}, {404, "R3", "/check?matter=workforce&person=nobody"}, {404, "R3", "/check?matter=workforce&forum=nowhere"},
		{422, "D4", "/check?matter=workforce&amountPence=-1"}, {422, "D4", "/check?matter=workforce&amountPence=1.5"}, {422, "D4", "/check?matter=workforce&amountPence=" + long}, {422, "D4", "/check?matter=workforce&amountPence=9223372036854775807"},
		{422, "D4", "/check?matter=workforce&months=-1"}, {422, "D4", "/check?matter=workforce&months=" + long}, {422, "D4", "/check?matter=workforce&openEnded=perhaps"},
		{404, "D6", "/check?matter=workforce&consulted=LMC,nobody"},
		{422, "L4", "/audit?from=x"}, {422, "L4", "/audit?order=up"}, {422, "L5", "/audit?type=vote"}, {404, "L5", "/audit?actor=nobody"}, {422, "", "/audit?limit=0"}, {422, "", "/audit?limit=501"}, {422, "L1", "/audit?cursor=x"},
		{422, "L1", "/events/x"}, {404, "L1", "/events/99999"}, {422, "L1", "/events/-1"}, {422, "", "/events?limit=0"}, {404, "L1", "/events?from=99999"}, {404, "L1", "/feed?from=99999"}, {422, "L1", "/feed?from=x"},
	} {
		r := w.ask("cd-north", b.path)
		w.refused(b.status, b.rule, r)
		require.Less(t, len(r.body), 1000)
		require.NotContains(t, string(r.body), long)
	}
	w.refused(422, "R3", w.ask("operator", "/check?matter=workforce"))
	w.refused(404, "L1", w.send(w.request("cd-north", "GET", "/v1/groups/"+url.PathEscape("../trafford"), "")))
}

func TestAuditPages(t *testing.T) {
	w := newWorld(t).established()
	var seen []any
	cursor := ""
	for range 100 {
		page := w.must(200, w.ask("cd-north", "/audit?limit=7&cursor="+cursor)).json(t)
		for _, e := range page["entries"].([]any) {
			seen = append(seen, e.(map[string]any)["index"])
		}
		next, more := page["next"].(string)
		if cursor = next; !more {
			break
		}
	}
	require.Len(t, seen, int(w.store.Next("trafford")))
	found := func(query string) int {
		return len(w.must(200, w.ask("cd-north", "/audit?limit=500&"+query)).json(t)["entries"].([]any))
	}
	require.Equal(t, 3, found("type=position.taken"))
	require.Equal(t, 1, found("type=position.taken&actor=cd-north"))
	require.Positive(t, found("actor=system"))
	require.Positive(t, found("subject=proposal/P1&words=representation"))
	require.Zero(t, found("to=2026-01-04"))
	require.Zero(t, found("from=2026-01-06"))
}

// What is answered is what /openapi.json says, and that is a valid description.
func TestOpenAPI(t *testing.T) {
	if testing.Short() {
		t.Skip("it does one thing after the other, for long")
	}
	w := newWorld(t).established()
	doc, err := libopenapi.NewDocument(w.send(w.request("", "GET", "/openapi.json", "")).body)
	require.NoError(t, err)
	v, errs := validator.NewValidator(doc)
	require.Empty(t, errs)
	ok, faults := v.ValidateDocument()
	require.True(t, ok, "%v", faults)

	model, err := doc.BuildV3Model()
	require.NoError(t, err)
	for _, kind := range domain.Commands {
		item := model.Model.Paths.PathItems.GetOrZero("/v1/groups/{group}/commands/" + kind.Name)
		require.NotNil(t, item, kind.Name)
		schema := item.Post.RequestBody.Content.GetOrZero("application/json").Schema
		require.True(t, schema.IsReference(), kind.Name)
	}

	w.on("2026-03-09")
	w.must(201, w.command("manager", "schedule-meeting", `{"forum":"locality-board","on":"2026-03-09"}`))
	w.must(201, w.command("cd-north", "record-commitment", `{"forum":"locality-board","meeting":"2026-03-09","matter":"workforce","words":"Yes.","given":"outright","amountPence":100,"months":1}`))
	validates := func(r reply) {
		r.Body = http.NoBody
		res := *r.Response
		res.Body = readCloser(r.body)
		if ok, faults := v.ValidateHttpResponse(r.sent, &res); !ok {
			for _, f := range faults {
				for _, s := range f.SchemaValidationErrors {
					t.Errorf("%s: %s: %s", r.sent.URL, s.FieldPath, s.Reason)
				}
				t.Errorf("%s: %s", r.sent.URL, f.Message)
			}
		}
	}
	for _, q := range questions {
		validates(w.must(200, w.ask("cd-north", q)))
	}
	validates(w.must(200, w.send(w.request("cd-north", "GET", "/v1/groups", ""))))
	validates(w.must(200, w.send(w.request("cd-north", "GET", "/v1/charter-settings", ""))))
	for _, path := range []string{"/log/checkpoint", "/log/vkey", "/log/consistency?from=1", "/events/0/proof"} { // OpenAPI knows no address of several parts, such as a tile's
		validates(w.must(200, w.ask("cd-north", path)))
	}
	validates(w.must(201, w.command("cd-north", "raise-proposal", `{"title":"T","text":"x","matter":"access"}`)))
	validates(w.command("cd-north", "raise-proposal", `{}`))
	validates(w.ask("cd-north", "?at=x"))
	req := w.request("cd-north", "POST", "/v1/groups/trafford/commands/found", foundBody)
	ok, faults = v.ValidateHttpRequest(req)
	require.True(t, ok, "%v", faults)
}

func TestCheckOverNATS(t *testing.T) {
	w := newWorld(t).established()
	w.on("2026-03-09")
	nc := w.store.Conn()
	svc, err := w.server.rest.Offer(nc)
	require.NoError(t, err)
	defer svc.Stop()
	ask := func(body string) *nats.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		m, err := nc.RequestWithContext(ctx, "goldenthread.check", []byte(body))
		require.NoError(t, err)
		return m
	}
	question := fmt.Sprintf(`{"group":"trafford","token":%q,"forum":"locality-board","matter":"workforce","amountPence":800000,"months":6,"consulted":[]}`, w.keys["cd-north"])
	over := w.must(200, w.ask("cd-north", "/check?forum=locality-board&matter=workforce&amountPence=800000&months=6&consulted=none"))
	require.JSONEq(t, string(over.body), string(ask(question).Data))

	for body, rule := range map[string]string{
		`{`: "", `{"grup":"x"}`: "", `{"group":"trafford","token":"x","matter":"workforce"}`: "",
		strings.Replace(question, "trafford", "salford", 1):                 "L1",
		strings.Replace(question, `"workforce"`, `"workforce","at":"x"`, 1): "L8",
		strings.Replace(question, "800000", "-1", 1):                        "D4",
	} {
		m := ask(body)
		require.NotEmpty(t, m.Header.Get("Nats-Service-Error-Code"), body)
		var p problem.Problem
		require.NoError(t, json.Unmarshal(m.Data, &p))
		require.Equal(t, rule, p.Rule)
	}
}
