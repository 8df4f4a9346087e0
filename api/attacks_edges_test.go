package api

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"goldenthread/api/guard"
)

// cookie is the value of the browser's cookie of that name.
func (d *device) cookie(name string) string {
	u, err := url.Parse(d.w.origin())
	require.NoError(d.t, err)
	for _, c := range d.web.Jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	d.t.Fatalf("the browser has no %s", name)
	return ""
}

// keep puts a cookie into the browser.
func (d *device) keep(name, value string) {
	u, err := url.Parse(d.w.origin())
	require.NoError(d.t, err)
	d.web.Jar.SetCookies(u, []*http.Cookie{{Name: name, Value: value, Path: "/"}})
}

// from has requests come from another address: a proxy named it.
func (w *world) from(address string) []string {
	w.server.guard.Reach.BehindProxy = true
	return []string{"X-Forwarded-For", address}
}

// Floods of sign-ins begun from 200 addresses, and from one /64, leave room for everybody else.
func TestFloodOfSignInsKeepsNobodyOut(t *testing.T) {
	w := newWorld(t)
	d := newDevice(w)
	w.must(200, d.accept(w.invited("cd-north"), ""))
	w.must(303, d.send("POST", "/sign-out", ""))
	begin := func(address string) int {
		return w.send(w.request("", "POST", "/sign-in/begin", "{}", w.from(address)...)).StatusCode
	}
	const burst = 60
	began := 0
	for i := range 200 {
		for range burst + 1 {
			if begin(fmt.Sprintf("203.0.113.%d", i+1)) == 200 {
				began++
			}
		}
	}
	require.Greater(t, began, 10_000, "more than were ever remembered at once")
	options := w.must(200, d.send("POST", "/sign-in/begin", "{}", w.from("198.51.100.7")...)).json(t)["publicKey"].(map[string]any)
	w.must(200, d.finish("/sign-in/finish", d.asserted(options)))

	slow := 0
	for i := range 2 * burst { // each with an address of its own, all of one /64
		if begin(fmt.Sprintf("[2001:db8:0:1::%x]:4711", i+1)) == 429 {
			slow++
		}
	}
	require.GreaterOrEqual(t, slow, burst/2)
	r := w.send(w.request("", "POST", "/sign-in/begin", "{}", w.from("2001:db8:0:1:ffff::1")...))
	w.refused(429, "", r)
	require.Contains(t, string(r.body), "That was a lot at once. Please wait a moment and try again.")
	require.Equal(t, 200, begin("2001:db8:0:2::1"), "the neighbour's /64")
}

// A listener whose connections say that they come from elsewhere.
type strangersListener struct {
	net.Listener
	addresses chan string
}

type strangersConn struct {
	net.Conn
	address string
}

func (c strangersConn) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(c.address))
}

func (l strangersListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return strangersConn{c, <-l.addresses}, nil
}

// Connections held open from 200 addresses and from one /64 keep nobody out: whoever has
// none gets one, in place of the oldest of those who have the most.
func TestFloodOfConnectionsKeepsNobodyOut(t *testing.T) {
	w := newWorld(t)
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	strangers := strangersListener{inner, make(chan string, 1)}
	bounded := guard.ConnectionsOf(strangers, 300, 100)
	srv := &http.Server{Handler: w.server}
	go srv.Serve(bounded)
	t.Cleanup(func() { srv.Close() })
	dial := func(address string) net.Conn {
		strangers.addresses <- address
		c, err := net.Dial("tcp", inner.Addr().String())
		require.NoError(t, err)
		t.Cleanup(func() { c.Close() })
		return c
	}
	answers := func(c net.Conn) bool {
		c.SetDeadline(time.Now().Add(5 * time.Second))
		if _, err := io.WriteString(c, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
			return false
		}
		b := make([]byte, 12)
		_, err := io.ReadFull(c, b)
		return err == nil && strings.HasPrefix(string(b), "HTTP/1.1")
	}
	var first net.Conn
	for i := range 100 {
		c := dial(fmt.Sprintf("[2001:db8:0:1::%x]:1", i+1))
		if i == 0 {
			first = c
		}
		require.True(t, answers(c), i)
	}
	require.False(t, answers(dial("[2001:db8:0:1::ffff]:1")), "a /64 has as many as one address")
	for i := range 200 {
		require.True(t, answers(dial(fmt.Sprintf("203.0.113.%d:1", i+1))), i)
	}
	require.True(t, answers(dial("198.51.100.7:1")), "all are taken, and somebody comes who has none")
	require.False(t, answers(first), "the oldest of those who had the most made room")
	require.True(t, answers(dial("203.0.113.1:1")), "and so does whoever has one")
}

// Whoever may read nothing can't have a byte of theirs read: 80 uploads of 16 MB,
// and of commands, statements, forms, invitations and tokens.
func TestNothingIsReadOfWhoeverMayNotSend(t *testing.T) {
	w := newWorld(t).established()
	w.must(201, w.command("manager", "attach-document", `{"about":"P1","name":"a.pdf","sha256":"ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb","mediaType":"application/pdf","bytes":1,"elsewhere":true}`))
	send := func(person, path string, size int64) (reply, int64) {
		var read atomic.Int64
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		req := w.request(person, "POST", path, "").WithContext(ctx)
		req.Body, req.ContentLength = io.NopCloser(&taken{size, &read}), size
		req.Header.Set("Expect", "100-continue") // a body is only sent if it will be read
		return w.sendBy(&http.Client{Transport: &http.Transport{ExpectContinueTimeout: time.Minute}}, req), read.Load()
	}
	for range 80 {
		r, read := send("icb-director", "/v1/groups/trafford/documents/ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb", 16<<20)
		w.refused(403, "F3", r)
		require.Contains(t, string(r.body), "The charter keeps audit to members.")
		require.Zero(t, read)
	}
	for _, path := range []string{
		"/commands/import-organisations", "/commands/consent", "/commands/found", "/statements/consent", "/tokens", "/invitations", "/feed-keys",
		"/documents/ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb", "/documents?about=P1&name=a.pdf",
	} {
		r, read := send("stranger", "/v1/groups/trafford"+path, 16<<20)
		require.Contains(t, []int{403, 404}, r.StatusCode, "%s %s", path, r.body)
		require.Zero(t, read, path)
		r, read = send("", "/v1/groups/trafford"+path, 16<<20)
		w.refused(401, "", r)
		require.Zero(t, read, path)
	}
	r, read := send("stranger", "/g/trafford/proposals/new", 16<<20)
	require.Equal(t, 404, r.StatusCode)
	require.Zero(t, read)
	r, read = send("operator", "/v1/groups/trafford/commands/consent", 16<<20)
	w.refused(403, "L5", r)
	require.Contains(t, string(r.body), "The operator is nobody of this group and can't act in it.")
	require.Zero(t, read)
}

// taken is a body of that size, and counts what is taken of it.
type taken struct {
	left int64
	read *atomic.Int64
}

func (c *taken) Read(b []byte) (int, error) {
	if c.left == 0 {
		return 0, io.EOF
	}
	n := min(int64(len(b)), c.left)
	c.left -= n
	c.read.Add(n)
	return int(n), nil
}

// A person who asks for statements again and again loses the first of their own, and
// keeps nobody else from signing.
func TestStatementsAreBoundedByPerson(t *testing.T) {
	w, d := signer(t)
	first := d.statement("consent", evening)
	for range 25 {
		d.statement("consent", evening)
	}
	r := d.sign("consent", evening, d.signature(first))
	w.refused(409, "L5", r)
	require.Contains(t, string(r.body), "This took too long, or was signed and sent before. Please begin again.")
	other := newDevice(w)
	w.must(200, other.accept(w.invited("cd-south"), ""))
	w.must(201, other.sign("consent", evening, other.signature(other.statement("consent", evening))))
	w.must(201, d.sign("consent", evening, d.signature(d.statement("consent", evening))))
}

// A seat has at most 50 drafts and open proposals, and can go on once one is withdrawn (rule C1).
func TestASeatDoesNotFloodWithProposals(t *testing.T) {
	w := newWorld(t).established()
	raise := func(person string) reply {
		return w.command(person, "raise-proposal", `{"title":"More","text":"More.","matter":"access","draft":true}`)
	}
	var ref string
	for range 50 {
		ref = w.must(201, raise("cd-north")).json(t)["refs"].([]any)[0].(string)
	}
	r := raise("cd-north")
	w.refused(409, "C1", r)
	require.Contains(t, string(r.body), "North Trafford has 50 drafts and open proposals, and no more fit: withdraw one, or wait until one is settled.")
	w.must(201, raise("cd-south"))
	w.must(201, w.command("cd-north", "withdraw-proposal", `{"proposal":"`+ref+`"}`))
	w.must(201, raise("cd-north"))
}

// What a sealed challenge is for, whose it is and when it ends can't be changed, and it is
// answered once.
func TestSealedChallengesAreBound(t *testing.T) {
	w := newWorld(t)
	d := newDevice(w)
	d.still = true
	code := w.invited("cd-north")
	options := d.options("/invitation/" + code + "/begin")
	sealed := d.cookie("goldenthread-ceremony")
	answer := d.registered(options, "")
	tampered := []byte(sealed)
	tampered[len(tampered)/2] ^= 1
	d.keep("goldenthread-ceremony", string(tampered))
	r := d.finish("/invitation/"+code+"/finish", answer)
	w.refused(403, "", r)
	require.Contains(t, string(r.body), "This took too long, or was sent twice. Please begin again.")
	d.keep("goldenthread-ceremony", sealed)
	w.refused(403, "", d.finish("/sign-in/finish", answer)) // another purpose
	d.keep("goldenthread-ceremony", sealed)
	w.must(200, d.finish("/invitation/"+code+"/finish", answer))

	asked := d.options("/sign-in/begin")
	sealed = d.cookie("goldenthread-ceremony")
	require.Less(t, len(sealed), 2000, "browsers keep 4096 bytes")
	said := d.asserted(asked)
	w.must(200, d.finish("/sign-in/finish", said))
	d.keep("goldenthread-ceremony", sealed)
	r = d.finish("/sign-in/finish", said)
	w.refused(403, "", r)
	require.Contains(t, string(r.body), "This took too long, or was sent twice. Please begin again.")
}

func TestNetworksOfClients(t *testing.T) {
	for _, one := range [][]string{
		{"203.0.113.9", "203.0.113.9:80", "[::ffff:203.0.113.9]:80"},
		{"2001:db8:0:1::1", "[2001:db8:0:1:2:3:4:5]:443", "2001:db8:0:1::1%eth0"},
		{"unix"},
	} {
		for _, address := range one {
			require.Equal(t, guard.NetworkOf(one[0]), guard.NetworkOf(address), address)
		}
	}
	require.NotEqual(t, guard.NetworkOf("2001:db8:0:1::1"), guard.NetworkOf("2001:db8:0:2::1"))
	require.NotEqual(t, guard.NetworkOf("203.0.113.9"), guard.NetworkOf("203.0.113.10"))
}

// Lists are given out in pages, and an enormous or mistaken page number is answered in words.
func TestListsArePaged(t *testing.T) {
	w := newWorld(t).established()
	for i := range 12 {
		w.must(201, w.command("cd-south", "raise-proposal", fmt.Sprintf(`{"title":"More %d","text":"More.","matter":"access","draft":true}`, i)))
	}
	page := func(path string) map[string]any { return w.must(200, w.ask("cd-north", path)).json(t) }
	whole := page("/proposals")
	require.Len(t, whole["proposals"], 13)
	require.NotContains(t, whole, "next")
	first, last := page("/proposals?limit=5"), page("/proposals?limit=5&page=3")
	require.Len(t, first["proposals"], 5)
	require.EqualValues(t, 2, first["next"])
	require.EqualValues(t, 3, first["pages"])
	require.Len(t, last["proposals"], 3)
	require.NotContains(t, last, "next")
	require.Len(t, page("/people?limit=2")["people"], 2)
	require.Len(t, page("/notices?limit=1")["notices"], 1)
	for _, path := range []string{"/proposals", "/people", "/notices"} {
		for number, says := range map[string]string{
			"2147483647": "There is no page 2,147,483,647 of this; the last is 1.", "9223372036854775807": "page is a whole number between 1 and 2147483647.",
			"0": "page is a whole number between", "-1": "page is a whole number between", "1e9": "page is a whole number between",
		} {
			r := w.ask("cd-north", path+"?page="+number)
			require.Contains(t, []int{404, 422}, r.StatusCode, "%s", r.body)
			require.Contains(t, string(r.body), says)
			seen := w.send(w.request("cd-north", "GET", "/g/trafford"+path+"?page="+number, ""))
			require.Contains(t, []int{404, 422}, seen.StatusCode, "%s", seen.body)
		}
		r := w.ask("cd-north", path+"?limit=501")
		w.refused(422, "", r)
		require.Contains(t, string(r.body), "limit is a whole number between 1 and 500.")
	}
	for i := range 39 {
		w.must(201, w.command("cd-north", "raise-proposal", fmt.Sprintf(`{"title":"Yet more %d","text":"More.","matter":"access","draft":true}`, i)))
	}
	html := string(w.must(200, w.send(w.request("cd-north", "GET", "/g/trafford/proposals?at=2026-01-05", ""))).body)
	require.Contains(t, html, "Page 1 of 2")
	require.Contains(t, html, `href="/g/trafford/proposals?page=2"`)
	html = string(w.must(200, w.send(w.request("cd-north", "GET", "/g/trafford/proposals?page=2", ""))).body)
	require.Contains(t, html, "Page 2 of 2")
	require.NotContains(t, html, "Next page")
}

// What an invited officer of a system body is told: nothing of objections, positions, limits, briefs,
// questions or work, by whatever way they ask.
func TestSystemOfficersSeeWhatWasReleased(t *testing.T) {
	w := foundMatrix(t)
	establishMatrix(w)
	w.on(matrixDay)
	for _, path := range []string{"/proposals", "/proposals/P1", "/powers", "/representation", "/worklist", "/questions", "/agenda", "/notices", "/actions", "/check?matter=access", "/calendar.ics", "/events", "/feed"} {
		r := w.ask("icb-director", path)
		w.refused(403, "F3", r)
		require.Contains(t, string(r.body), "An invited system body sees what the group released to it, and nothing of its ", path)
	}
	for _, path := range []string{"", "/charter", "/mandate", "/people"} {
		w.must(200, w.ask("icb-director", path))
	}
	home := string(w.must(200, w.send(w.request("icb-director", "GET", "/g/trafford", ""))).body)
	for _, inside := range []string{"Who does what", ">P1<", "objected", "Locality Board", "Too soon"} {
		require.NotContains(t, home, inside)
	}
	require.Contains(t, w.log.String(), "a request was refused")
	require.Contains(t, w.log.String(), "person=icb-director")
}

// A program that calls itself a picture, or a page that calls itself a PDF, is not taken.
func TestDocumentsAreWhatTheySay(t *testing.T) {
	w := newWorld(t).established()
	bring := func(name, mediaType, content string) reply {
		return w.attach("manager", "P1", name, mediaType, content)
	}
	w.must(201, bring("minutes.pdf", "application/pdf", "%PDF-1.7 and so on"))
	w.must(201, bring("notes.txt", "text/plain", "As we said."))
	for _, lie := range [][3]string{
		{"minutes.pdf", "application/pdf", "<script>alert(1)</script>"}, {"photo.png", "image/png", "MZ a program"}, {"page.html", "application/pdf", "%PDF-1.4 or not"},
		{"minutes.docx", "application/pdf", "%PDF-1.5"}, {"notes.txt", "text/plain", "a\x00b"},
	} {
		r := bring(lie[0], lie[1], lie[2])
		w.refused(422, "T3", r)
		require.Contains(t, string(r.body), lie[0]+" is not what its name and its media type, "+lie[1]+", say. Please attach it as what it is.")
	}
}
