package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/api/identity"
	"goldenthread/api/problem"
	"goldenthread/domain"
	"goldenthread/eventstore/trace"
)

const (
	traceID    = "4bf92f3577b34da6a3ce929d0e0e4736"
	traceSent  = "00-" + traceID + "-00f067aa0ba902b7-01"
	traceOther = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
)

// TestTraceIsRecorded: a trace that the caller sent stands in the event, in the
// feed, in the audit trail and in the log; sent again with another, the command
// is the same (rule L5).
func TestTraceIsRecorded(t *testing.T) {
	w := newWorld(t)
	const action = `{"handle":"cd-west","office":"Clinical Director, West"}`
	first := w.must(201, w.command("manager", "register-person", action, "Idempotency-Key", "k1", "Traceparent", traceSent)).json(t)
	again := w.must(200, w.command("manager", "register-person", action, "Idempotency-Key", "k1", "Traceparent", traceOther)).json(t)
	require.Equal(t, first["first"], again["first"])
	require.Equal(t, true, again["repeat"])
	index := strconv.FormatFloat(first["first"].(float64), 'f', 0, 64)

	line := string(w.must(200, w.ask("manager", "/events/"+index)).body)
	require.Contains(t, line, `,"traceparent":"`+traceSent+`","data":`)
	audit := w.must(200, w.ask("manager", "/audit?type=person.registered&order=newest&limit=1")).json(t)
	require.Equal(t, traceSent, audit["entries"].([]any)[0].(map[string]any)["traceparent"])
	require.Contains(t, w.log.String(), "msg=command group=trafford name=register-person")
	require.Contains(t, w.log.String(), "trace="+traceID)

	feed := w.openFeed("manager", "/feed?from="+index)
	require.Contains(t, feed, `"traceparent":"`+traceSent+`"`)
}

// openFeed is the first of what the live feed says.
func (w *world) openFeed(person, path string) string {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	res, err := http.DefaultClient.Do(w.request(person, "GET", "/v1/groups/trafford"+path, "").WithContext(ctx))
	require.NoError(w.t, err)
	defer res.Body.Close()
	var said strings.Builder
	b := make([]byte, 4096)
	for !strings.Contains(said.String(), "\ndata: ") || !strings.HasSuffix(said.String(), "\n\n") {
		n, err := res.Body.Read(b)
		require.NoError(w.t, err)
		said.Write(b[:n])
	}
	return said.String()
}

// TestTraceOfNobody: without a valid trace, or with two, none is recorded; nor
// in what the ledger does by itself.
func TestTraceOfNobody(t *testing.T) {
	w := newWorld(t)
	w.must(201, w.command("manager", "register-person", `{"handle":"a","office":"A"}`))
	w.must(201, w.command("manager", "register-person", `{"handle":"b","office":"B"}`, "Traceparent", "00-"+strings.ToUpper(traceID)+"-00f067aa0ba902b7-01"))
	req := w.request("manager", "POST", "/v1/groups/trafford/commands/register-person", `{"handle":"c","office":"C"}`)
	req.Header["Traceparent"] = []string{traceSent, traceOther}
	w.must(201, w.send(req))
	for _, person := range []string{"cd-north", "cd-south", "lmc-chair"} {
		w.must(201, w.command(person, "consent-to-charter", `{}`))
	}
	require.NotContains(t, string(w.must(200, w.ask("manager", "/events")).body), "traceparent")

	w.must(201, w.command("cd-south", "raise-proposal", `{"title":"Access","text":"We open at eight.","matter":"access"}`))
	for _, person := range []string{"cd-north", "cd-south", "lmc-chair"} {
		w.must(201, w.command(person, "consent", `{"proposal":"P1","version":1,"needNotWait":true}`, "Traceparent", traceSent))
	}
	settled := 0
	for line := range strings.Lines(string(w.must(200, w.ask("manager", "/events")).body)) {
		if strings.Contains(line, `"actor":"system"`) {
			settled++
			require.NotContains(t, line, "traceparent")
		}
	}
	require.Positive(t, settled, "the agreement is the ledger's own")
}

// TestProblemsAreTraced: where this server is at fault people have an id to
// quote, and it stands in the log; where they are, there is none.
func TestProblemsAreTraced(t *testing.T) {
	w := newWorld(t)
	ctx := trace.From(context.Background(), []string{traceSent})
	p := problem.Of(ctx, w.server.log, errors.New("a wire came loose"))
	require.Equal(t, "internal error (id 0e0e4736)", p.Detail)
	require.Equal(t, traceID, p.Trace)
	require.Contains(t, w.log.String(), `msg="internal error" error="a wire came loose" trace=`+traceID)
	p = problem.Of(trace.From(context.Background(), nil), w.server.log, errors.New("another"))
	require.Len(t, p.Trace, 32)
	require.Contains(t, w.log.String(), "error=another trace="+p.Trace)
	require.Empty(t, problem.Of(ctx, w.server.log, problem.NoGroup("x")).Trace)
	require.Empty(t, identity.ErrNoHolders.Trace)
	require.Equal(t, traceID, problem.Of(ctx, w.server.log, identity.ErrNoHolders).Trace)
	require.Empty(t, identity.ErrNoHolders.Trace, "it is everybody's")
}

func TestTracesBegin(t *testing.T) {
	for _, sampled := range []bool{true, false} {
		a, b := trace.Begin(sampled), trace.Begin(sampled)
		require.NotEqual(t, a, b)
		require.True(t, a.Valid())
		require.Equal(t, sampled, a.Sampled())
	}
	ctx := trace.From(context.Background(), nil)
	require.True(t, trace.Of(ctx).Valid())
	require.Equal(t, domain.Trace(""), trace.Sent(ctx))
	require.Equal(t, domain.Trace(""), trace.Of(context.Background()))
}
