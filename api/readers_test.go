package api

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"goldenthread/api/access"
	"goldenthread/api/caller"
	"goldenthread/api/operation"
	"goldenthread/domain"
)

// largeEnv is how many proposals the large group of these tests has; none: 60.
// 900 make some 40,000 events, and 5400 some 75,000.
const largeEnv = "GOLDENTHREAD_LARGE_GROUP"

const (
	manyPractices = 40
	mostTold      = 900 // proposals that the practices are told of
	heldFor       = 2 * time.Second
)

// A busyWorld has the group "trafford" with many proposals, notices, departures
// and actions, and the small group "salford".
type busyWorld struct {
	*world
	asked int
}

func newBusyWorld(t *testing.T) *busyWorld {
	proposals := 60
	if n, err := strconv.Atoi(os.Getenv(largeEnv)); err == nil {
		proposals = n
	}
	w := &busyWorld{world: openWorld(t, t.TempDir(), "2026-01-05")}
	for _, group := range []string{"trafford", "salford"} {
		w.found(group)
	}
	for i := range proposals {
		w.decided(i)
	}
	w.giveTokens("cd-north", "manager")
	token, err := w.tokens.Issue("salford", "manager")
	require.NoError(t, err)
	w.keys["salford"] = token
	return w
}

// say has the command recorded in the store, past the front door and its pace.
func (w *busyWorld) say(group, person string, c domain.Command) []string {
	id := uuid.New()
	r, err := w.store.Execute(w.t.Context(), domain.Request{Group: group, ID: id, Hash: sha256.Sum256(id[:]), Actor: person, Command: c})
	require.NoError(w.t, err)
	return r.Refs
}

func practiceCode(i int) string { return fmt.Sprintf("P9%04d", i) }

func (w *busyWorld) found(group string) {
	var c domain.Found
	require.NoError(w.t, operation.Decode([]byte(foundBody), &c))
	for i := range manyPractices {
		c.Organisations = append(c.Organisations, domain.OrganisationRow{
			Code: practiceCode(i), Kind: domain.Practice, Name: fmt.Sprintf("Surgery %d", i), Parents: []domain.MembershipRow{{In: "TRAFFORD", Span: domain.Span{From: 730_000}}},
		})
	}
	w.say(group, "lmc-chair", &c)
	for _, person := range []string{"cd-north", "cd-south", "lmc-chair"} {
		w.say(group, person, &domain.ConsentToCharter{})
	}
}

// decided has one more proposal agreed, told to the practices and departed from.
func (w *busyWorld) decided(i int) {
	made := w.say("trafford", "cd-south", &domain.RaiseProposal{
		Title: fmt.Sprintf("Saturdays %d", i), Text: "We open on Saturdays where there are people to do it.", Matter: "access",
		Instruments: []domain.Instrument{{CreateActions: &domain.CreateActions{Actions: []domain.ActionEntry{{What: "Tell the practices", Owner: "manager", Supporter: "cd-south", Due: 739_700}}}}},
	})
	for _, person := range []string{"cd-north", "cd-south", "lmc-chair"} {
		w.say("trafford", person, &domain.GiveConsent{Proposal: made[0], Version: 1, NeedNotWait: true})
	}
	if i >= mostTold {
		return
	}
	w.say("trafford", "manager", &domain.Communicate{About: made[:1], How: "by newsletter"})
	var codes []string
	for i := range manyPractices {
		codes = append(codes, practiceCode(i))
	}
	w.say("trafford", "manager", &domain.Acknowledge{About: made[0], Practices: codes, Evidence: "read receipts"})
	if i%10 == 0 {
		w.say("trafford", "manager", &domain.Depart{Organisation: practiceCode(i % manyPractices), Agreement: made[0], Reason: "There are no people.", Evidence: "a letter"})
	}
}

// command takes a small command through the front door, and says for how long.
func (w *busyWorld) command(group string) time.Duration {
	w.asked++
	key := map[string]string{"trafford": "manager", "salford": "salford"}[group]
	req := w.request(key, "POST", "/v1/groups/"+group+"/commands/ask-group", fmt.Sprintf(`{"practice":"P90001","words":"Why, for the %dth time?","evidence":"letter"}`, w.asked))
	began := time.Now()
	w.must(201, w.sendBy(http.DefaultClient, req))
	return time.Since(began)
}

// usual is the median of so many.
func usual(n int, one func() time.Duration) time.Duration {
	var all []time.Duration
	for range n {
		all = append(all, one())
	}
	slices.Sort(all)
	return all[n/2]
}

// read has the manager read a page or an answer, past the guard's pace.
func (w *busyWorld) read(path string) int {
	c := &caller.Caller{Group: "trafford", Person: "manager", Scope: caller.ScopeAct}
	req := httptest.NewRequestWithContext((&caller.Asker{Caller: c, Origin: func() string { return "http://localhost" }}).In(w.t.Context()), "GET", path, nil)
	out := httptest.NewRecorder()
	w.server.api.Mux.ServeHTTP(out, req)
	return out.Code
}

// While one page of a large group is being drawn and does not come to an end,
// commands in that group and in another are answered, and so are other readers.
func TestAHeldReadHoldsNobodyUp(t *testing.T) {
	if testing.Short() {
		t.Skip("it measures")
	}
	w := newBusyWorld(t)
	other := func() time.Duration { return w.command("salford") }
	same := func() time.Duration { return w.command("trafford") }
	reads := func() time.Duration {
		began := time.Now()
		require.Equal(t, 200, w.read("/v1/groups/trafford"))
		return time.Since(began)
	}
	entered, release := make(chan bool), make(chan bool)
	w.server.api.Mux.HandleFunc("GET /g/{group}/held", func(out http.ResponseWriter, r *http.Request) {
		q, err := w.server.ledgers.See(r.Context(), &access.Terms{Group: r.PathValue("group")}, access.Worklist)
		if !assert.NoError(t, err) {
			return
		}
		done, err := w.server.ledgers.Turn(r.Context(), q, "held")
		if !assert.NoError(t, err) {
			return
		}
		defer done()
		close(entered)
		<-release
		assert.NoError(t, json.MarshalWrite(out, q.WorkList(q.At)))
	})
	timers := []func() time.Duration{other, same, reads}
	var before, during [3]time.Duration
	for i, one := range timers {
		before[i] = usual(21, one)
	}
	drawn := make(chan int, 1)
	go func() { drawn <- w.read("/g/trafford/held") }()
	<-entered
	timeout := time.AfterFunc(heldFor, func() { close(release) })
	for i, one := range timers {
		during[i] = usual(21, one)
	}
	held := timeout.Stop()
	t.Logf("a command elsewhere, a command here, a read here: %v, and while a page is held %v", before, during)
	require.True(t, held, "all were answered before the page was let go on")
	close(release)
	require.Equal(t, 200, <-drawn)
	for i := range before {
		require.Less(t, during[i], 2*before[i]+5*time.Millisecond)
	}
}

// Whatever is read of a large group again and again, by one or by many, commands
// are answered within twice the time that they take while nobody reads, and what
// this machine needs at times to turn to them.
func TestReadersOfALargeGroupDoNotDelayCommands(t *testing.T) {
	if testing.Short() {
		t.Skip("it measures")
	}
	w := newBusyWorld(t)
	one := func() time.Duration { return w.command("trafford") }
	alone := usual(41, one)
	for _, load := range []struct {
		path    string
		readers int
	}{
		{"/v1/groups/trafford/notices", 1},
		{"/v1/groups/trafford/departures", 1},
		{"/v1/groups/trafford/worklist", 1},
		{"/v1/groups/trafford/calendar.ics", 1},
		{"/g/trafford", 1},
		{"/g/trafford/proposals", 24},
		{"/v1/groups/trafford/proposals", 24},
	} {
		var readers, first sync.WaitGroup
		done := make(chan bool)
		first.Add(load.readers)
		for range load.readers {
			readers.Go(func() {
				once := sync.OnceFunc(first.Done)
				for {
					if code := w.read(load.path); code != 200 {
						t.Errorf("%s: %d", load.path, code)
					}
					once()
					select {
					case <-done:
						return
					default:
					}
				}
			})
		}
		first.Wait()
		beside := usual(41, one)
		close(done)
		readers.Wait()
		t.Logf("of %d events, %d readers of %s: a command takes %v beside them, and %v alone", w.store.Next("trafford"), load.readers, load.path, beside, alone)
		require.Less(t, beside, 2*alone+25*time.Millisecond, load.path)
	}
}
