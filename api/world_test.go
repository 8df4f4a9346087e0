package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"goldenthread/api/caller"
	"goldenthread/api/identity"
	"goldenthread/api/problem"
	"goldenthread/domain"
	"goldenthread/eventstore"
	"goldenthread/projections"
)

// A world is a real server on a real store in which the group "trafford" has
// been founded. Its people act through the front door.
type world struct {
	t       testing.TB
	store   *eventstore.Store
	tokens  *identity.Tokens
	options Options // that the server was made with
	server  *Server
	web     *httptest.Server
	log     *logBuffer
	mu      sync.Mutex
	now     time.Time
	keys    map[string]string // by person

	closing sync.Once
}

// A logBuffer is a log that tests read.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) on(date string) {
	d, err := domain.ParseDay(date)
	require.NoError(w.t, err)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = d.Start().Add(12 * time.Hour)
}

// newWorld founds the group on 5 January 2026.
func newWorld(t testing.TB) *world {
	w := openWorld(t, t.TempDir(), "2026-01-05")
	w.must(201, w.command("operator", "found", foundBody))
	w.giveTokens("cd-north", "cd-south", "lmc-chair", "manager", "icb-director")
	return w
}

// openWorld serves the folder; on is today.
func openWorld(t testing.TB, dir, on string) *world {
	w := &world{t: t, log: &logBuffer{}, keys: map[string]string{}}
	w.on(on)
	log := slog.New(slog.NewTextHandler(w.log, nil))
	var err error
	w.store, err = eventstore.Open(context.Background(), eventstore.Options{Dir: dir, Clock: w.clock, Log: log})
	require.NoError(t, err)
	groups := projections.NewGroups(w.store)
	w.store.OnEvict(groups.Forget)
	w.tokens, err = identity.OpenTokens(context.Background(), w.store)
	require.NoError(t, err)
	feeds, err := identity.OpenFeedKeys(context.Background(), w.store)
	require.NoError(t, err)
	signIn, err := identity.OpenSignIn(context.Background(), w.store)
	require.NoError(t, err)
	w.options = Options{Store: w.store, Groups: groups, Tokens: w.tokens, SignIn: signIn, Feeds: feeds, Clock: w.clock, Log: log}
	w.server = New(w.options)
	w.web = httptest.NewServer(w.server)
	t.Cleanup(w.close)
	w.keys["operator"] = w.tokens.Operator()
	return w
}

// firstLink is the link of the first run, as a start prints it.
func (w *world) firstLink() string {
	link, err := w.server.FirstLink()
	require.NoError(w.t, err)
	return link
}

// credentials are what says who gets in, as a backup has it.
func (w *world) credentials() map[string][]byte {
	files, err := w.server.identity.Credentials()
	require.NoError(w.t, err)
	return files
}

// serve puts a server with other options in place of the one that is there.
func (w *world) serve(change func(*Options)) {
	change(&w.options)
	w.server = New(w.options)
	w.web.Config.Handler = w.server
}

func (w *world) close() {
	w.closing.Do(func() {
		w.web.CloseClientConnections()
		w.web.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		w.store.Close(ctx)
	})
}

// giveTokens gives each a token, and one to a stranger of another group.
func (w *world) giveTokens(people ...string) {
	for _, person := range people {
		token, err := w.tokens.Issue("trafford", person)
		require.NoError(w.t, err)
		w.keys[person] = token
	}
	token, err := w.tokens.Issue("salford", "cd-north")
	require.NoError(w.t, err)
	w.keys["stranger"] = token
}

// established has the three seats consent, and R1 agreed: cd-north speaks for
// the group at the locality board.
func (w *world) established() *world {
	w.must(201, w.command("manager", "grant-mandate", `{"organisation":"P91018","evidence":"minute 1","from":"2026-01-05","until":"2026-12-31"}`))
	w.must(201, w.command("manager", "grant-mandate", `{"organisation":"P91020","evidence":"minute 2","from":"2026-01-05","until":"2026-12-31"}`))
	for _, person := range []string{"cd-north", "cd-south", "lmc-chair"} {
		w.must(201, w.command(person, "consent-to-charter", `{}`))
	}
	w.must(201, w.command("manager", "register-forum", `{"forum":"locality-board","name":"Trafford Locality Board","body":"QOP"}`))
	w.must(201, w.command("manager", "invite", `{"organisation":"QOP"}`))
	w.must(201, w.command("cd-south", "raise-proposal", `{"title":"Representation","text":"We send North.","matter":"representation","instruments":[{"appoint":{
		"person":"cd-north","forum":"locality-board","capacity":"group","from":"2026-01-06","until":"2026-12-31","review":"2026-07-31","lines":[
		{"matter":"workforce","stance":"within-limits","limitPence":1000000,"months":6},{"matter":"access","stance":"discretion"}]}}]}`))
	for _, person := range []string{"cd-north", "cd-south", "lmc-chair"} {
		w.must(201, w.command(person, "consent", `{"proposal":"P1","version":1,"needNotWait":true}`))
	}
	return w
}

const foundBody = `{
"name":"Trafford GP Board","shortName":"the board","place":"TRAFFORD","placeName":"Trafford","founder":"lmc-chair",
"charter":{"text":"We decide by consensus.","quorum":2,"defaultStance":"bring-back","membersOnly":["audit"],"systemSees":"work","matters":["access","workforce","representation"]},
"organisations":[
 {"code":"TRAFFORD","kind":"place","name":"Trafford"},
 {"code":"U66368","kind":"pcn","name":"North Trafford","memberships":[{"in":"TRAFFORD","from":"2020-01-01"}]},
 {"code":"U42898","kind":"pcn","name":"South Trafford","memberships":[{"in":"TRAFFORD","from":"2020-01-01"}]},
 {"code":"LMC","kind":"lmc","name":"Trafford LMC"},
 {"code":"QOP","kind":"system-body","name":"Greater Manchester ICB"},
 {"code":"P91018","kind":"practice","name":"A Surgery","memberships":[{"in":"TRAFFORD","from":"2020-01-01"},{"in":"U66368","from":"2020-01-01"}],"lists":[{"on":"2025-01-01","patients":1000}]},
 {"code":"P91020","kind":"practice","name":"B Surgery","memberships":[{"in":"TRAFFORD","from":"2020-01-01"},{"in":"U42898","from":"2020-01-01"}],"lists":[{"on":"2025-01-01","patients":2000}]}],
"people":[
 {"handle":"cd-north","office":"Clinical Director, North Trafford","organisation":"U66368","personal":{"name":"Nora North"}},
 {"handle":"cd-south","office":"Clinical Director, South Trafford","organisation":"U42898"},
 {"handle":"lmc-chair","office":"Chair, Trafford LMC","organisation":"LMC"},
 {"handle":"manager","office":"Manager","organisation":"LMC"},
 {"handle":"icb-director","office":"Director, ICB","organisation":"QOP"}],
"seats":[{"organisation":"U66368","holder":"cd-north"},{"organisation":"U42898","holder":"cd-south"},{"organisation":"LMC","holder":"lmc-chair"}],
"duties":[{"duty":"chair","person":"lmc-chair","from":"2026-01-05"},{"duty":"manager","person":"manager","from":"2026-01-05"},{"duty":"registrar","person":"manager","from":"2026-01-05"}]}`

// A reply is what came back.
type reply struct {
	*http.Response
	body []byte
	sent *http.Request
}

func (r reply) json(t testing.TB) map[string]any {
	var v map[string]any
	require.NoError(t, json.Unmarshal(r.body, &v), "%s", r.body)
	return v
}

// session is the cookie of the session that began.
func (r reply) session(t testing.TB) *http.Cookie {
	for _, c := range r.Cookies() {
		if strings.HasSuffix(c.Name, caller.SessionCookie) {
			return c
		}
	}
	t.Fatalf("no session began: %v", r.Cookies())
	return nil
}

func (w *world) send(req *http.Request) reply { return w.sendBy(http.DefaultClient, req) }

// sendStill follows no redirect.
func (w *world) sendStill(req *http.Request) reply {
	return w.sendBy(&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, req)
}

func (w *world) sendBy(client *http.Client, req *http.Request) reply {
	res, err := client.Do(req)
	require.NoError(w.t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(w.t, err)
	return reply{res, body, req}
}

func (w *world) request(person, method, path, body string, header ...string) *http.Request {
	req, err := http.NewRequest(method, w.web.URL+path, strings.NewReader(body))
	require.NoError(w.t, err)
	if person != "" {
		req.Header.Set("Authorization", "Bearer "+w.keys[person])
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return req
}

func (w *world) command(person, name, body string, header ...string) reply {
	return w.send(w.request(person, "POST", "/v1/groups/trafford/commands/"+name, body, header...))
}

func (w *world) ask(person, path string, header ...string) reply {
	return w.send(w.request(person, "GET", "/v1/groups/trafford"+path, "", header...))
}

func (w *world) must(status int, r reply) reply {
	w.t.Helper()
	require.Equal(w.t, status, r.StatusCode, "%s %s: %s\n%s", r.sent.Method, r.sent.URL, r.body, w.log)
	return r
}

// refused checks that this is a whole problem.
func (w *world) refused(status int, rule string, r reply) {
	w.t.Helper()
	w.must(status, r)
	require.Equal(w.t, problem.MediaType, r.Header.Get("Content-Type"), "%s", r.body)
	p := r.json(w.t)
	require.Equal(w.t, fmt.Sprint(status), fmt.Sprint(p["status"]))
	require.NotEmpty(w.t, p["title"])
	require.NotEmpty(w.t, p["detail"])
	require.True(w.t, slices.ContainsFunc(problem.Codes, func(c problem.Code) bool { return c.Code == p["code"] && c.Status == status }), "%s", r.body)
	if rule != "" {
		require.Equal(w.t, rule, p["rule"], "%s", r.body)
	}
}
