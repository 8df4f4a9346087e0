package main

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	"goldenthread/api"
	"goldenthread/api/identity"
)

// Two nodes let the same people in: whoever signs in at one acts at the other, and whoever
// is turned out at one is refused at the other within a second. A node that is cut off
// knows neither, and says so.

// A front is a node that answers over HTTP.
type front struct {
	*node
	tokens *identity.Tokens
	web    *httptest.Server
}

func newFront(t *testing.T, n *node) *front {
	f := &front{node: n}
	var err error
	f.tokens, err = identity.OpenTokens(t.Context(), n.Store)
	require.NoError(t, err)
	feeds, err := identity.OpenFeedKeys(t.Context(), n.Store)
	require.NoError(t, err)
	in, err := identity.OpenSignIn(t.Context(), n.Store)
	require.NoError(t, err)
	f.web = httptest.NewServer(api.New(api.Options{
		Store: n.Store, Groups: n.groups, Tokens: f.tokens, Feeds: feeds, SignIn: in, Reads: -1, Log: slog.New(slog.DiscardHandler),
	}))
	t.Cleanup(f.web.Close)
	return f
}

// send asks as whoever has the token, or the cookie.
func (f *front) send(t *testing.T, method, path, body, token string, cookies ...*http.Cookie) *http.Response {
	req, err := http.NewRequestWithContext(t.Context(), method, f.web.URL+path, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	if strings.HasPrefix(body, "token=") {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for _, c := range cookies {
		req.AddCookie(c)
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	require.NoError(t, err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	res.Body = io.NopCloser(bytes.NewReader(b))
	return res
}

// makeToken has the operator make a token for the manager.
func (f *front) makeToken(t *testing.T) string {
	var made identity.Token
	res := f.says(t, 201, "POST", sharedGroup+"/tokens", `{"person":"`+manager+`"}`, f.tokens.Operator())
	require.NoError(t, json.NewDecoder(res.Body).Decode(&made))
	return made.Token
}

// says sends it, again while the node can't know, and checks what it is answered.
func (f *front) says(t *testing.T, status int, method, path, body, token string, cookies ...*http.Cookie) *http.Response {
	res := f.send(t, method, path, body, token, cookies...)
	for until := time.Now().Add(settled); res.StatusCode == 503 && status != 503 && time.Now().Before(until); res = f.send(t, method, path, body, token, cookies...) {
		time.Sleep(20 * time.Millisecond)
	}
	require.Equal(t, status, res.StatusCode, "%s %s", method, path)
	return res
}

func startFronts(t *testing.T) (*trio, *network, [2]*front) {
	servers, err := newTrio(t.TempDir())
	require.NoError(t, err)
	network := newNetwork(t, servers)
	require.NoError(t, servers.startAll(t.Context()))
	t.Cleanup(servers.stop)
	t.Cleanup(network.healed)
	first, second := t.TempDir(), t.TempDir()
	a := newFront(t, startNode(t, first, network.address(0), nats.IgnoreDiscoveredServers()))
	require.NoError(t, copyKeys(first, second))
	return servers, network, [2]*front{a, newFront(t, startNode(t, second, network.address(1), nats.IgnoreDiscoveredServers()))}
}

const sharedGroup = "/v1/groups/group-0"

func TestNodesShareWhoGetsIn(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts a cluster")
	}
	servers, network, nodes := startFronts(t)
	_, err := nodes[0].Execute(t.Context(), benchGroup("group-0"))
	require.NoError(t, err)
	a, b := nodes[0], nodes[1]
	require.Equal(t, a.tokens.Operator(), b.tokens.Operator())

	// A token of one node is known at the other at once.
	for range 20 {
		token, err := a.tokens.Issue("group-0", manager)
		require.NoError(t, err)
		b.says(t, 200, "GET", sharedGroup, "", token)
	}
	b.says(t, 401, "GET", sharedGroup, "", "gt_unknown")

	// Signed in at one, they act at the other, and sign out there.
	token, err := a.tokens.Issue("group-0", manager)
	require.NoError(t, err)
	session := a.says(t, 303, "POST", "/sign-in/token", url.Values{"token": {token}}.Encode(), "").Cookies()[0]
	b.says(t, 200, "GET", sharedGroup, "", "", session)
	b.says(t, 201, "POST", sharedGroup+"/commands/register-person", `{"handle":"new","office":"Partner","organisation":"LMC"}`, "", session)
	a.says(t, 200, "GET", sharedGroup+"/people", "", "", session)
	b.says(t, 303, "POST", "/sign-out", "", "", session)
	a.refusesSoon(t, func() *http.Response { return a.send(t, "GET", sharedGroup, "", "", session) }, 401)

	// Revoked at one, it is refused at the other.
	var wrote atomic.Int64
	stop := a.underLoad(t, token, &wrote)
	for i := range 10 {
		revoked := a.makeToken(t)
		from, to := nodes[i%2], nodes[(i+1)%2]
		to.says(t, 200, "GET", sharedGroup, "", revoked)
		from.says(t, 204, "POST", sharedGroup+"/tokens/"+identity.HashOf(revoked)[:8]+"/revoke", "", from.tokens.Operator())
		to.refusesSoon(t, func() *http.Response { return to.send(t, "GET", sharedGroup, "", revoked) }, 401)
	}
	stop()
	require.NotZero(t, wrote.Load())

	// Cut off, a node answers nobody from what it has; healed, it goes on.
	b.says(t, 200, "GET", sharedGroup, "", token)
	network.split(true, 4)
	b.answers(t, func() int { return b.send(t, "GET", sharedGroup, "", token).StatusCode }, 503, 200, leaderSure)
	ended := a.says(t, 303, "POST", "/sign-in/token", url.Values{"token": {token}}.Encode(), "").Cookies()[0]
	a.says(t, 303, "POST", "/sign-out", "", "", ended)
	network.healed()
	require.Eventually(t, func() bool { return b.send(t, "GET", sharedGroup, "", token).StatusCode == 200 }, settled, 50*time.Millisecond)
	b.answers(t, func() int { return b.send(t, "GET", sharedGroup, "", "", ended).StatusCode }, 401, 503, settled)

	// Without a majority nobody is let in; and what was ended before stays ended.
	servers.halt(1)
	servers.halt(2)
	for _, n := range nodes {
		n.answers(t, func() int { return n.send(t, "GET", sharedGroup, "", token).StatusCode }, 503, 200, leaderSure)
		n.answers(t, func() int { return n.send(t, "GET", sharedGroup, "", "gt_unknown").StatusCode }, 503, 401, leaderSure)
		n.says(t, 503, "GET", "/account", "", "", session)
		n.says(t, 503, "GET", "/operator", "", "", session)
		n.says(t, 503, "GET", identity.LetterPages+"0000-0000-0000-0000", "", "")
		n.says(t, 503, "GET", "/v1/backup", "", n.tokens.Operator())
		metrics, err := io.ReadAll(n.says(t, 200, "GET", "/metrics", "", n.tokens.Operator()).Body)
		require.NoError(t, err)
		require.Contains(t, string(metrics), "\ngoldenthread_ready 0\n")
	}
	require.NoError(t, servers.start(1))
	require.NoError(t, servers.start(2))
	for _, n := range nodes {
		require.Eventually(t, func() bool { return n.send(t, "GET", sharedGroup, "", token).StatusCode == 200 }, settled, 50*time.Millisecond)
		n.answers(t, func() int { return n.send(t, "GET", sharedGroup, "", "", ended).StatusCode }, 401, 503, settled)
	}
}

// leaderSure is how long a node may answer after its servers lost the others: a leader
// that heard from them three seconds ago is still the only one, and what it said holds for
// a second.
const leaderSure = 4 * time.Second

// settled is when servers have surely elected leaders for all streams.
const settled = patience

// refusesSoon holds the node to it that it lets nobody in later than a second from now on.
func (f *front) refusesSoon(t *testing.T, ask func() *http.Response, status int) {
	t.Helper()
	f.answers(t, func() int { return ask().StatusCode }, status, 200, time.Second)
}

// answers waits until the node answers with the status. Until then it may answer as before,
// for that long and as much longer as this machine is late, or that it can't know.
func (f *front) answers(t *testing.T, ask func() int, status, before int, within time.Duration) {
	t.Helper()
	late, stop := lateness()
	defer stop()
	from := time.Now()
	for {
		asked := time.Since(from)
		got := ask()
		if got == status {
			return
		}
		require.Less(t, asked, settled, "it still answers %d", got)
		if got == before {
			require.Less(t, asked, within+100*time.Millisecond+time.Duration(late.Load()), "it still answers as before")
		} else {
			require.Equal(t, 503, got)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// lateness is by how much, at most, somebody in this process who is to be woken in five
// milliseconds is woken later, until stop is called: the servers and the nodes here are as late.
func lateness() (late *atomic.Int64, stop func()) {
	late = new(atomic.Int64)
	done := make(chan struct{})
	go func() {
		for {
			from := time.Now()
			select {
			case <-done:
				return
			case <-time.After(5 * time.Millisecond):
			}
			late.Store(max(late.Load(), int64(time.Since(from)-5*time.Millisecond)))
		}
	}()
	return late, func() { close(done) }
}

// underLoad has four callers write at the node, with the token, until stop is called.
func (f *front) underLoad(t *testing.T, token string, wrote *atomic.Int64) (stop func()) {
	done := make(chan struct{})
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				handle := "p" + strconv.FormatInt(wrote.Add(1), 10)
				status := f.send(t, "POST", sharedGroup+"/commands/register-person", `{"handle":"`+handle+`","office":"Partner","organisation":"LMC"}`, token).StatusCode
				if status != 201 && status != 503 { // a busy node may not know
					t.Errorf("a command was answered %d", status)
					return
				}
			}
		})
	}
	return func() { close(done); all.Wait() }
}
