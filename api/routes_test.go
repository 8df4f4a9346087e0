package api

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"goldenthread/api/guard"
	"goldenthread/api/identity"
	"goldenthread/api/pages"
	"goldenthread/domain"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"
)

// Every route there is, asked by everybody who must not see what it holds.

// A sweeper holds two groups, with marks planted in what each keeps for its
// own, and asks as those who must not see them.
type sweeper struct {
	*world
	secrets map[string]string // what nobody is ever shown, by what it is
	cookie  *http.Cookie      // of the practice that is signed in
}

// Marks, by who must not see them. Names are sealed and for members; commitments
// the charter keeps to members.
var (
	oursMarks    = []string{"Trafford General Practice Board", "Clinical Director, North Trafford", "Who does what", "A poster", "A Surgery", "We decide by consensus", "Kestrel"}
	membersMarks = []string{"Nora North", "Kingfisher"}
	theirsMarks  = []string{"Salford General Practice Board", "Sal Ford", "Salt Surgery"}
)

// callers are who sweeps, with what is hidden from them.
var callers = []struct {
	who    string // "" is nobody; voice/ is the voice, signed in with a browser
	hidden []string
	barred string // the group of which nothing at all is for them
	acts   bool   // may have things recorded elsewhere
}{
	{"", slices.Concat(oursMarks, membersMarks, theirsMarks), "trafford", false},
	{"stranger", slices.Concat(oursMarks, membersMarks), "trafford", true},                     // of the other group
	{"trust-director", slices.Concat(oursMarks, membersMarks, theirsMarks), "trafford", false}, // known here, and not invited
	{"icb-director", slices.Concat(membersMarks, theirsMarks), "salford", false},               // invited
	{"voice", theirsMarks, "salford", true},                                                    // speaks for a practice, and is nothing else
	{"voice/", theirsMarks, "salford", true},
}

// newSweeper founds both groups. Nobody in them is held to a pace.
func newSweeper(t testing.TB) *sweeper {
	w := &sweeper{world: foundKeeping(t, "audit", "commitments"), secrets: map[string]string{}}
	establishMatrix(w.world)
	w.records(`
		registrar: register-person {"handle":"voice","office":"Spokesperson"}
		registrar: record-spokesperson {"organisation":"P91021","person":"voice","evidence":"A letter."}
		cd-north: confirm-record {"records":["N2"]}
		cd-north: raise-proposal {"title":"Kestrel","text":"Kestrel.","matter":"access","draft":true}`)
	w.on(matrixDay)
	w.records(`cd-west: record-commitment {"forum":"locality-board","meeting":"2026-01-10","matter":"access","words":"Kingfisher.","given":"view"}`)
	w.giveTokens("voice")
	salford := strings.NewReplacer("Trafford GP Board", "Salford General Practice Board", "Nora North", "Sal Ford", "A Surgery", "Salt Surgery",
		"Clinical Director, North Trafford", "Clinical Director, North Salford", "We decide by consensus", "We decide together").Replace(foundBody)
	w.must(201, w.send(w.request("operator", "POST", "/v1/groups/salford/commands/found", salford)))
	_, err := w.store.AwaitSigned(context.Background(), "trafford", w.store.Next("trafford"))
	require.NoError(t, err)
	w.server.guard.Writes, w.server.guard.SignIns = guard.NewLimits(rate.Inf, 1), guard.NewLimits(rate.Inf, 1)
	w.keepSecrets()
	return w
}

func (w *sweeper) keepSecrets() {
	for who, token := range w.keys {
		w.secrets["the token of "+who] = token
	}
	for _, file := range []string{"wrapping.key", "signing.key"} {
		b, err := os.ReadFile(filepath.Join(w.tokens.Dir, file))
		require.NoError(w.t, err)
		w.secrets[file] = strings.TrimSpace(string(b))
		w.secrets[file+", hexadecimal"] = hex.EncodeToString(b)
		w.secrets[file+", base64"] = base64.RawStdEncoding.EncodeToString(b[:len(b)/3*3])
	}
	code := w.must(201, w.send(w.request("operator", "POST", "/v1/groups/trafford/invitations", `{"person":"cd-north"}`))).json(w.t)["code"].(string)
	w.secrets["an invitation"] = code
	i, ok := w.options.SignIn.Invitations.Find(code, w.clock())
	require.True(w.t, ok)
	w.secrets["the hash of an invitation"], w.secrets["the salt of an invitation"] = i.Hash, i.Salt
	w.secrets["the hash of a token"] = identity.HashOf(w.keys["cd-north"])
	w.signedIn()
}

// signedIn gives the practice's browser a session, if it has none.
func (w *sweeper) signedIn() *http.Cookie {
	if w.cookie != nil {
		r := httptest.NewRequest("GET", "/", nil)
		r.AddCookie(w.cookie)
		if _, ok := w.options.SignIn.Sessions.Of(r, false); ok {
			return w.cookie
		}
	}
	r := httptest.NewRequest("POST", "/sign-in/token", strings.NewReader("token="+w.keys["voice"]))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	said := httptest.NewRecorder()
	w.server.ServeHTTP(said, r)
	if said.Code != http.StatusSeeOther {
		panic(said.Body.String()) // in the midst of fuzzing nobody else can be told
	}
	w.cookie = said.Result().Cookies()[0]
	return w.cookie
}

// A overheard is an answer as it is written; a feed ends with its first piece.
type overheard struct {
	*httptest.ResponseRecorder
	enough context.CancelFunc
}

func (h *overheard) Flush() { h.ResponseRecorder.Flush(); h.enough() }

// said is everything that a reader of the answer gets, unpacked.
func (h *overheard) said() string {
	body := h.Body.Bytes()
	if h.Header().Get("Content-Encoding") == "gzip" {
		if z, err := gzip.NewReader(bytes.NewReader(body)); err == nil {
			body, _ = io.ReadAll(z)
		}
	}
	said := fmt.Sprint(h.Header()) + "\n" + string(body)
	if z, err := zip.NewReader(bytes.NewReader(body), int64(len(body))); err == nil {
		for _, f := range z.File {
			if r, err := f.Open(); err == nil {
				b, _ := io.ReadAll(r)
				said += f.Name + string(b)
			}
		}
	}
	return said
}

// An asking is one request, of whoever it may be.
type asking struct{ method, path, body, headers string }

// sends asks as that person; nil where no client could send it.
func (w *sweeper) sends(who string, a asking) *overheard {
	if !strings.HasPrefix(a.path, "/") {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, a.method, "http://localhost"+a.path, strings.NewReader(a.body))
	if err != nil {
		return nil
	}
	r.RequestURI, r.RemoteAddr = a.path, "203.0.113.9:1"
	r.Header.Set("Content-Type", "application/json")
	for line := range strings.SplitSeq(a.headers, "\n") {
		if name, value, ok := strings.Cut(line, ":"); ok && name != "" {
			r.Header.Set(strings.TrimSpace(name), strings.TrimSpace(value))
		}
	}
	r.Header.Del("Authorization")
	if person, browser := strings.CutSuffix(who, "/"); browser {
		r.AddCookie(w.signedIn())
	} else if person != "" {
		r.Header.Set("Authorization", "Bearer "+w.keys[person])
	}
	h := &overheard{httptest.NewRecorder(), cancel}
	w.server.ServeHTTP(h, r)
	return h
}

// leak is the first of the marks or secrets that was said; "" is none.
func (w *sweeper) leak(said string, hidden []string) string {
	for _, mark := range hidden {
		if strings.Contains(said, mark) {
			return mark
		}
	}
	for what, secret := range w.secrets {
		if strings.Contains(said, secret) {
			return what
		}
	}
	return ""
}

// notYet is what is asked for being ahead of what is known or signed: no fault.
var notYet = regexp.MustCompile(`has reached event|is signed for the first`)

// sweep asks as everybody, and fails on a fault of ours, on whatever is shown
// to somebody from whom it is hidden, and on what is recorded by those who may not.
func (w *sweeper) sweep(t *testing.T, a asking) {
	for _, c := range callers {
		barred, all := w.store.Next(c.barred), w.store.Next("trafford")+w.store.Next("salford")
		h := w.sends(c.who, a)
		if h == nil {
			return
		}
		where := fmt.Sprintf("%s %q by %q", a.method, a.path, c.who)
		if mark := w.leak(h.said(), c.hidden); mark != "" {
			t.Fatalf("%s shows %q:\n%s", where, mark, domain.ClipTo(h.said(), 4000))
		}
		soon := h.Code == http.StatusServiceUnavailable && h.Header().Get("Retry-After") != "" && notYet.MatchString(h.said())
		if h.Code >= 500 && !soon {
			t.Fatalf("%s: %d %s\n%s\n%s", where, h.Code, h.Body, a.body, domain.ClipTo(w.log.String(), 4000))
		}
		if strings.Contains(a.path, "/"+c.barred+"/") && strings.Contains(h.said(), "the newest is") {
			t.Fatalf("%s is told how long the ledger is", where)
		}
		if w.store.Next(c.barred) != barred || !c.acts && w.store.Next("trafford")+w.store.Next("salford") != all {
			t.Fatalf("%s had something recorded", where)
		}
	}
}

// routes are all patterns there are.
func (s *Server) routes() []string {
	var all []string
	for path, item := range s.api.OpenAPI().Paths {
		if item.Get != nil {
			all = append(all, "GET "+path)
		}
		if item.Post != nil {
			all = append(all, "POST "+path)
		}
	}
	all = slices.AppendSeq(all, maps.Keys(s.identity.SignInPages()))
	all = slices.AppendSeq(all, maps.Keys(s.pages.Patterns()))
	all = slices.AppendSeq(all, maps.Keys(s.setup.Patterns()))
	all = append(all, "GET /openapi.json", "GET /openapi-3.0.json", "GET /.well-known/authzen-configuration", "GET /verify.py", "GET /g/{group}/live")
	slices.Sort(all)
	return all
}

var rightPlaces = []string{
	"{$}", "", "{number}", "P2", "{index}", "0", "{id}", "none", "{code}", "none", "{ref}", "P1", "{person}", "cd-west", "{ods}", "P91021",
	"{tile}", "0/000.p/1", "{forum}", "locality-board", "{day}", matrixDay, "{name}", "golden.css", "{register}", "decisions",
}

var hostile = []string{
	"..%2f..%2ftrafford%2fevents", "%00", "%22%3E%3Cscript%3E", "-1", "18446744073709551616", "%ff%fe", "%E2%80%AE", "P2%20", strings.Repeat("x", 5000), "%2e%2e", "P99999999999", "nan",
}

// filled are the pattern's addresses, with what is right in its places and with
// each hostile thing in all but the group's.
func filled(pattern, group string) []string {
	pattern = strings.NewReplacer("{group}", group, "{$}", "").Replace(pattern)
	all := []string{strings.NewReplacer(rightPlaces...).Replace(pattern)}
	if !strings.Contains(pattern, "{") || group != "trafford" {
		return all
	}
	for _, bad := range hostile {
		places := slices.Clone(rightPlaces)
		for i := 1; i < len(places); i += 2 {
			places[i] = bad
		}
		all = append(all, strings.NewReplacer(places...).Replace(pattern))
	}
	return all
}

var askedWith = []string{
	"", "?known=3", "?at=2026-01-06&matter=access&person=cd-west&forum=locality-board", "?from=0", "?known=99999&at=nonsense", "?words=Kestr&order=newest&limit=500",
	"?at=0000-01-01&known=1900-01-01&amountPence=-9223372036854775808&months=2147483647&matter=" + strings.Repeat("a/", 300),
}

// bodies are what is sent to the pattern: what is right, what is a form's, and what is neither.
func (w *sweeper) bodies(pattern string) []asking {
	const form = "Content-Type: application/x-www-form-urlencoded"
	all := []asking{
		{body: `{}`}, {body: `[`}, {body: `{"person":null,"proposal":"P2","version":-1,"index":18446744073709551615}`, headers: "Idempotency-Key: 7c8d6c1e-6f0e-4b7f-9d0b-6b1c5f0e9a53"},
		{body: "code=none&token=none&next=%2F%2Fevil.example", headers: form + "\nAccept: text/html"}, {body: "%zz", headers: form},
	}
	for _, a := range acts {
		if strings.HasSuffix(pattern, "/commands/"+a.name) || strings.HasPrefix(a.name, "/") && strings.HasSuffix(pattern, "{group}"+a.name) {
			all = append(all, asking{body: strings.NewReplacer("{pm-b}", "pm-b").Replace(a.body)})
		}
	}
	for path, forms := range pages.Forms() {
		if pattern == "/g/{group}"+path {
			for _, name := range forms {
				all = append(all, asking{body: "command=" + name + "&words=%ff&title=%ff&text=%ff&evidence=%ff&reason=%ff&seat=%00", headers: form}, asking{body: url.Values{
					"command": {name}, "version": {"1"}, "seat": {"U66368"}, "matter": {"access"}, "title": {"T"}, "text": {"T"}, "words": {"W"}, "instruments": {"[null,{}]"}, "end": {"D1 x"}, "amount": {"1e9"}, "until": {"9999-12-31"},
				}.Encode(), headers: form})
			}
		}
	}
	return all
}

// Every route, with right and with hostile things in its places, as everybody
// from whom something is hidden: no leak, no fault, nothing recorded. Nobody is
// answered about a group of which nothing is for them.
func TestSweep(t *testing.T) {
	if testing.Short() {
		t.Skip("it asks every route as everybody, one after the other")
	}
	w := newSweeper(t)
	routes := w.server.routes()
	require.Greater(t, len(routes), 120)
	for _, route := range routes {
		method, pattern, _ := strings.Cut(route, " ")
		for _, group := range []string{"trafford", "salford", "nowhere"} {
			for i, path := range filled(pattern, group) {
				if method == "POST" {
					bodies := w.bodies(pattern)
					if i > 0 {
						bodies = bodies[len(bodies)-1:]
					}
					for _, a := range bodies {
						w.sweep(t, asking{method, path, a.body, a.headers})
					}
					continue
				}
				for _, query := range askedWith {
					w.sweep(t, asking{method, path + query, "", "Accept: text/html\nAccept-Encoding: gzip"})
					if i > 0 {
						break
					}
				}
			}
			if group == "nowhere" || !strings.Contains(pattern, "{group}") || strings.HasSuffix(pattern, "/tokens") || strings.HasSuffix(pattern, "/feed-keys") {
				continue // one's own tokens and feeds are one's own
			}
			for _, c := range callers {
				if h := w.sends(c.who, asking{method, filled(pattern, group)[0], `{}`, "If-None-Match: *"}); c.barred == group && h.Code < 400 && h.Code != http.StatusSeeOther {
					t.Errorf("%s for %s is answered to %q with %d", route, group, c.who, h.Code)
				}
			}
		}
	}
	for what, secret := range w.secrets {
		require.NotContains(t, w.log.String(), secret, what)
	}
}

// What TestSweep looks for is found where somebody may see it, packed or not:
// it would be found where nobody may.
func TestSweepCanFail(t *testing.T) {
	w := newSweeper(t)
	found := func(who, group, headers string) string {
		var said strings.Builder
		for _, route := range w.server.routes() {
			if method, pattern, _ := strings.Cut(route, " "); method == "GET" {
				said.WriteString(w.sends(who, asking{method, filled(pattern, group)[0], "", headers}).said())
			}
		}
		return said.String()
	}
	mine, zipped, invited := found("cd-north", "trafford", ""), found("cd-north", "trafford", "Accept-Encoding: gzip"), found("icb-director", "trafford", "")
	for _, mark := range slices.Concat(oursMarks, membersMarks) {
		require.NotEmpty(t, w.leak(mine, []string{mark}), mark)
		require.NotEmpty(t, w.leak(zipped, []string{mark}), mark)
	}
	for _, mark := range oursMarks {
		require.NotEmpty(t, w.leak(invited, []string{mark}), mark)
	}
	theirs := found("stranger", "salford", "")
	for _, mark := range theirsMarks {
		require.NotEmpty(t, w.leak(theirs, []string{mark}), mark)
	}
	for what, secret := range w.secrets {
		require.Equal(t, what, w.leak("x"+secret+"x", nil))
	}
	require.Empty(t, w.leak(mine, nil))
}

// keptMarks are words of each thing that a charter can keep to members.
var keptMarks = map[string][]string{
	"proposals": {"Who does what", "Kestrel"}, "objections": {"Too soon."}, "powers": {"A poster."}, "commitments": {"Kingfisher"}, "approaches": {"Weekends?", "Sundays?", "Nights?"},
	"priorities": {"Less waiting."}, "departures": {"Swift."}, "actions": {"A leaflet."}, "agenda": {"Curlew"},
}

// Whoever is invited is shown nothing of what the charter keeps to members, on
// whichever route, and members are (rules F3, F6).
func TestKeptToMembersEverywhere(t *testing.T) {
	for thing, marks := range keptMarks {
		t.Run(thing, func(t *testing.T) {
			t.Parallel()
			w := &sweeper{world: foundKeeping(t, thing)}
			establishMatrix(w.world)
			w.records(`
				cd-north: raise-proposal {"title":"Kestrel","text":"Kestrel.","matter":"access","draft":true}
				registrar: depart {"organisation":"P91020","agreement":"P1","reason":"Swift.","evidence":"A letter."}
				manager: set-agenda {"on":"2026-02-01","items":[{"title":"Curlew"}]}`)
			w.on(matrixDay)
			w.records(`cd-west: record-commitment {"forum":"locality-board","meeting":"2026-01-10","matter":"access","words":"Kingfisher.","given":"view"}`)
			_, err := w.store.AwaitSigned(context.Background(), "trafford", w.store.Next("trafford"))
			require.NoError(t, err)
			seen := map[string]bool{}
			for _, route := range w.server.routes() {
				method, pattern, _ := strings.Cut(route, " ")
				if method != "GET" {
					continue
				}
				for _, query := range []string{"", "?matter=access&person=cd-west&forum=locality-board"} {
					path := filled(pattern, "trafford")[0] + query
					for _, mark := range marks {
						if h := w.sends("icb-director", asking{"GET", path, "", ""}); strings.Contains(h.said(), mark) {
							t.Errorf("GET %s shows %q", path, mark)
						}
						seen[mark] = seen[mark] || strings.Contains(w.sends("cd-north", asking{"GET", path, "", ""}).said(), mark)
					}
				}
			}
			for _, mark := range marks {
				require.True(t, seen[mark], "%s is nowhere", mark)
			}
		})
	}
}

// Whatever is asked, however it is put: no leak, no fault, nothing recorded by
// those who may not.
func FuzzRoutes(f *testing.F) {
	w := newSweeper(f)
	w.server.ledgers.Patience = 50 * time.Millisecond
	for _, route := range w.server.routes() {
		method, pattern, _ := strings.Cut(route, " ")
		path := filled(pattern, "trafford")[0]
		if method == "GET" {
			f.Add(method, path, "matter=access&person=cd-west&forum=locality-board", "", "Accept: text/html")
			continue
		}
		bodies := w.bodies(pattern)
		f.Add(method, path, "", bodies[len(bodies)-1].body, bodies[len(bodies)-1].headers)
	}
	f.Add("GET", "/v1/groups/trafford/../trafford/events", "from=0", "", "If-None-Match: *")
	f.Add("HEAD", "/v1//groups/trafford", "atLeast=9", "", "Accept-Encoding: gzip")
	f.Add("OPTIONS", "/sign-in", "next=%2F%2Fevil", "", "Origin: https://evil.example\nSec-Fetch-Site: cross-site")
	f.Add("POST", "/invitation/%00/begin", "", `{"credential":null}`, "Cookie: goldenthread-ceremony=x")
	f.Add("GET", "/g/trafford/audit.csv", "words=x&known=3", "", "Last-Event-ID: 3\nIdempotency-Key: x\nX-Forwarded-For: 203.0.113.9")
	f.Fuzz(func(t *testing.T, method, path, query, body, headers string) {
		if query != "" {
			path += "?" + query
		}
		w.sweep(t, asking{method, path, body, headers})
	})
}
