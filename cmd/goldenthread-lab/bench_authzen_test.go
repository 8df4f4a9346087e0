package main

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"

	"goldenthread/api"
	"goldenthread/api/access"
	"goldenthread/api/identity"
	"goldenthread/api/rest"
	"goldenthread/cmd/internal/folder"
	"goldenthread/domain"
)

// The bench's rows about decisions for other systems (AuthZEN Authorization API 1.0).

const (
	inBatch = 1_000   // decisions asked for in one request
	decided = 400_000 // in all, of each kind
)

// lastOfYear is the last day of the generated year, at noon.
var lastOfYear = time.UnixMilli(1_471_000_000_000) // 12 August 2016

// authZEN asks for decisions by the thousand and one by one, in process and over HTTP. An
// evaluation is about today: the server is in this process, under the generated year's clock,
// and shares the cores with its client.
func (b *bench) authZEN() {
	r := b.open(b.generated)
	defer folder.Close(r.Store)
	asks := b.asks(r.groups)
	group, _ := b.longest(r)
	g, err := r.groups.Now(b.Context(), group, nil)
	require.NoError(b, err)
	q := &access.Question{Group: g, At: domain.DayOf(lastOfYear), Live: true}
	batch := &rest.Evaluations{}
	for i := 0; len(batch.Evaluations) < inBatch; i = (i + 1) % len(asks) {
		if asks[i].group == group {
			batch.Evaluations = append(batch.Evaluations, evaluationOf(&asks[i].question))
		}
	}
	decide := func(int, int) error { _, err := rest.Evaluate(q, batch); return err }
	one, _ := b.together(1, decided/inBatch, decide)
	two, _ := b.together(2, decided/inBatch/2, decide)
	all, err := rest.Evaluate(q, batch)
	require.NoError(b, err)
	yes := 0
	for i := range all.Evaluations {
		if all.Evaluations[i].Decision {
			yes++
		}
	}
	b.row(fmt.Sprintf("AuthZEN, %d decisions in a batch, in process", inBatch), fmt.Sprintf("%s with one caller, %s with two; %d%% yes", perSecond(decided, one), perSecond(decided, two), yes*100/inBatch),
		"aim: 200,000/s", rate(decided, two)/200_000)
	b.authZENOverHTTP(r, group, batch, all)
}

// evaluationOf is the question as AuthZEN asks it.
func evaluationOf(q *domain.Question) rest.Evaluation {
	of := map[string]jsontext.Value{}
	if q.Forum != "" {
		of["forum"] = jsontext.Value(strconv.Quote(q.Forum))
	}
	if q.Amount != nil {
		of["amountPence"] = jsontext.Value(strconv.FormatInt(int64(*q.Amount), 10))
	}
	if q.Months != nil {
		of["months"] = jsontext.Value(strconv.Itoa(*q.Months))
	}
	return rest.Evaluation{
		Subject: &rest.Entity{Type: "person", ID: q.Person}, Action: &rest.Entity{Name: "commit"},
		On: &rest.Entity{Type: "matter", ID: q.Matter, Properties: of},
	}
}

// authZENOverHTTP asks the same over HTTP. A batch is held against reading the same request
// and writing the same answer, and nothing else.
func (b *bench) authZENOverHTTP(r *running, group string, batch *rest.Evaluations, all *rest.EvaluationDecisions) {
	address, token := b.serveInProcess(r, group)
	request, err := json.Marshal(batch)
	require.NoError(b, err)
	several := []benchAsk{{request: post("/access/v1/evaluations", token, request), verdict: []byte(`"evaluations"`)}}
	singles := make([]benchAsk, inBatch)
	for i := range singles {
		one, err := json.Marshal(&batch.Evaluations[i])
		require.NoError(b, err)
		singles[i] = benchAsk{request: post("/access/v1/evaluation", token, one), verdict: []byte(`"decision"`)}
	}
	ask := func(callers, times int, asks []benchAsk) time.Duration {
		clients := make([]*benchClient, callers)
		for i := range clients {
			clients[i] = b.dial(address)
			defer clients[i].conn.Close()
		}
		spent, _ := b.together(callers, times/callers, func(caller, i int) error { return clients[caller].ask(&asks[(caller*7+i)%len(asks)]) })
		return spent
	}
	coded := func(int, int) error {
		var read rest.Evaluations
		if err := json.Unmarshal(request, &read); err != nil {
			return err
		}
		_, err := json.Marshal(all, json.Deterministic(true))
		return err
	}
	bare, _ := b.together(2, decided/inBatch/2, coded)
	one, two := ask(1, decided/inBatch, several), ask(2, decided/inBatch, several)
	b.row(fmt.Sprintf("AuthZEN, %d decisions in a batch, over HTTP", inBatch), fmt.Sprintf("%s with one caller, %s with two", perSecond(decided, one), perSecond(decided, two)),
		"reading and writing the same JSON alone, two at a time: "+perSecond(decided, bare), rate(decided, two)/rate(decided, bare))
	alone := ask(1, decided/16, singles)
	many := ask(callers, decided/8, singles)
	b.row("AuthZEN, one decision in a request, over HTTP", fmt.Sprintf("%s with one caller, %s with %d", perSecond(decided/16, alone), perSecond(decided/8, many), callers), "", 0)
}

// serveInProcess serves the store over HTTP from this process, under the clock of the
// generated year, until the test ends; the token is of somebody who may ask about the group.
func (b *bench) serveInProcess(r *running, group string) (address, token string) {
	tokens := b.openTokens(r)
	feeds, err := identity.OpenFeedKeys(b.Context(), r.Store)
	require.NoError(b, err)
	g, err := r.groups.Now(b.Context(), group, nil)
	require.NoError(b, err)
	token = b.token(tokens, group, representativeOf(g))
	server := api.New(api.Options{Store: r.Store, Groups: r.groups, Tokens: tokens, Feeds: feeds, Clock: func() time.Time { return lastOfYear }, Reads: -1, Log: b.log()})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	ctx, stop := context.WithCancel(context.Background())
	var served sync.WaitGroup
	served.Go(func() { server.Serve(ctx, l) })
	b.Cleanup(func() { stop(); served.Wait() })
	return l.Addr().String(), token
}

// post is a request with a body in JSON.
func post(path, token string, body []byte) []byte {
	return fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", path, token, len(body), body)
}
