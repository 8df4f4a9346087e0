package api

import (
	"bytes"
	"fmt"
	"net"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"goldenthread/api/operation"
	"goldenthread/domain"
)

func TestRecorded(t *testing.T) {
	w := newWorld(t)
	before := w.store.Next("trafford")
	r := w.must(201, w.command("cd-north", "consent-to-charter", `{}`)).json(t)
	require.Equal(t, true, r["recorded"])
	require.EqualValues(t, before, r["first"])
	require.EqualValues(t, w.store.Next("trafford")-1, r["index"])
	require.NoError(t, uuid.Validate(r["command"].(string)))

	again := w.must(200, w.command("cd-north", "consent-to-charter", `{}`)).json(t) // said again, it is answered with the first (C7)
	require.Equal(t, []any{true, true, r["first"], r["index"]}, []any{again["recorded"], again["repeat"], again["first"], again["index"]})
	w.refused(403, "O1", w.command("cd-north", "import-organisations", `{"rows":[]}`))
	w.refused(404, "C5", w.command("cd-north", "consent", `{"proposal":"P9","version":1}`))
	w.refused(422, "L6", w.command("cd-north", "correct", `{"index":1,"words":""}`))

	nothing := w.must(200, w.command("manager", "import-organisations", `{"rows":[{"code":"TRAFFORD","kind":"place","name":"Trafford"}]}`)).json(t)
	require.Equal(t, false, nothing["recorded"])
	require.NotContains(t, nothing, "first")
}

// The same key and request get the same answer; another request is refused.
func TestIdempotency(t *testing.T) {
	w := newWorld(t)
	const body = `{"handle":"cd-west","office":"Clinical Director, West"}`
	for _, key := range []string{uuid.NewString(), "my key 1", strings.Repeat("k", 200)} {
		body := strings.Replace(body, "west", fmt.Sprintf("west-%d", len(key)), 1)
		first := w.must(201, w.command("manager", "register-person", body, "Idempotency-Key", key))
		next := w.store.Next("trafford")
		again := w.must(200, w.command("manager", "register-person", body, "Idempotency-Key", key))
		require.Equal(t, "true", again.Header.Get("Idempotency-Replayed"))
		require.Empty(t, first.Header.Get("Idempotency-Replayed"))
		a, b := first.json(t), again.json(t)
		require.Equal(t, true, b["repeat"])
		for _, field := range []string{"first", "last", "command", "refs"} {
			require.Equal(t, a[field], b[field])
		}
		if uuid.Validate(key) == nil {
			require.Equal(t, key, a["command"])
		}
		// however it is written: another order, spaces, escapes, what says nothing
		for _, same := range []string{
			body + " ", strings.Replace(body, ",", " ,\n\t", 1), strings.Replace(body, "cd-", "\\u0063d-", 1), strings.Replace(body, "}", `,"organisation":"","personal":null}`, 1),
			`{"office":"Clinical Director, West",` + strings.Replace(strings.TrimPrefix(body, "{"), `,"office":"Clinical Director, West"`, "", 1),
		} {
			r := w.must(200, w.command("manager", "register-person", same, "Idempotency-Key", key)).json(t)
			require.Equal(t, a["first"], r["first"], same)
		}
		w.refused(409, "L5", w.command("manager", "register-person", strings.Replace(body, "West", "Wests", 1), "Idempotency-Key", key))
		w.refused(409, "L5", w.command("manager", "correct", `{"index":1,"words":"No."}`, "Idempotency-Key", key))
		require.Equal(t, next, w.store.Next("trafford"))
	}
	// somebody else's key is their own
	w.must(201, w.command("cd-north", "consent-to-charter", `{}`, "Idempotency-Key", "my key 1"))
	for _, key := range []string{strings.Repeat("k", 201), "zwölf", "a\tb"} {
		w.refused(422, "L5", w.command("cd-south", "consent-to-charter", `{}`, "Idempotency-Key", key))
	}
}

// Every bad body is refused with a whole problem, and nothing is written.
func TestBadInput(t *testing.T) {
	w := newWorld(t).established()
	next := w.store.Next("trafford")
	long := strings.Repeat("x", 300)
	bad := []struct {
		status             int
		person, name, body string
	}{
		{400, "cd-north", "object", ``},
		{400, "cd-north", "object", `null`},
		{400, "cd-north", "object", `[]`},
		{400, "cd-north", "object", `"words"`},
		{400, "cd-north", "object", `{"proposal":"P1"`},
		{400, "cd-north", "object", `{"proposal":"P1"} {}`},
		{400, "cd-north", "object", `{"proposal":"P1","proposal":"P2"}`},
		{400, "cd-north", "object", "{\"proposal\":\"P\xff1\"}"},
		{400, "cd-north", "object", `{"proposal":"\ud800"}`},
		{400, "cd-north", "object", "{\"why\":\"a\x00b\"}"},
		{422, "cd-north", "object", strings.Repeat(`{"a":`, 20_000)},
		{422, "cd-north", "object", `{"propsal":"P1"}`},
		{422, "cd-north", "object", `{"Proposal":"P1"}`},
		{422, "cd-north", "object", `{"proposal":7}`},
		{422, "cd-north", "object", `{"` + long + `":7}`},
		{422, "cd-north", "consent", `{"proposal":"P1","version":1.5}`},
		{422, "cd-north", "consent", `{"proposal":"P1","version":99999999999999999999}`},
		{422, "cd-north", "consent", `{"proposal":"P1","version":"1"}`},
		{422, "manager", "schedule-meeting", `{"forum":"locality-board","on":"31 February"}`},
		{422, "manager", "schedule-meeting", `{"forum":"locality-board","on":"9999-01-01"}`},
		{404, "manager", "schedule-meeting", `{"forum":"` + long + `","on":"2026-02-01"}`},
		{404, "cd-north", "declare-interest", `{"person":"nobody","matters":["workforce"],"words":"x"}`},
		{422, "manager", "import-organisations", `{"rows":[{"code":"P9","kind":"practice","name":"Short"}]}`},
		{422, "manager", "import-organisations", `{"rows":[{"code":"P90000","kind":"practice","name":"A\u0007B"}]}`},
		{422, "cd-north", "correct", `{"index":1,"words":"a\u0000b"}`},
		{404, "cd-north", "correct", `{"index":18446744073709551615,"words":"x"}`},
		{422, "cd-north", "correct", `{"index":-1,"words":"x"}`},
		{409, "cd-north", "consent", `{"proposal":"P1","version":1}`},
	}
	for _, b := range bad {
		r := w.command(b.person, b.name, b.body)
		if r.StatusCode == 404 && b.status == 422 || r.StatusCode == 422 && b.status == 404 {
			b.status = r.StatusCode // which of its faults is named first is the rules' affair
		}
		w.refused(b.status, "", r)
		require.Less(t, len(r.body), 1000, "%s", r.body)
		require.NotContains(t, string(r.body), long)
	}
	w.refused(413, "", w.command("cd-north", "object", `{"why":"`+strings.Repeat("x", operation.MostBody)+`"}`))
	for _, kind := range []string{"", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1", "application/cbor"} {
		w.refused(415, "", w.command("cd-north", "object", `{}`, "Content-Type", kind))
	}
	w.refused(415, "", w.command("cd-north", "object", `{}`, "Content-Encoding", "gzip"))
	w.refused(422, "L1", w.send(w.request("operator", "POST", "/v1/groups/Not%20A%2FName/commands/found", foundBody)))
	require.Equal(t, next, w.store.Next("trafford"))
	require.Equal(t, []string{"trafford"}, w.store.Groups())
}

// A body that breaks off is the caller's fault, not ours.
func TestBrokenOff(t *testing.T) {
	w := newWorld(t)
	next := w.store.Next("trafford")
	c, err := net.Dial("tcp", strings.TrimPrefix(w.web.URL, "http://"))
	require.NoError(t, err)
	defer c.Close()
	fmt.Fprintf(c, "POST /v1/groups/trafford/commands/object HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", w.keys["cd-north"])
	b := make([]byte, 200)
	n, err := c.Read(b)
	require.NoError(t, err)
	require.Contains(t, string(b[:n]), "HTTP/1.1 400")
	require.Equal(t, next, w.store.Next("trafford"))
}

// Whatever is sent to whichever command: never a fault of ours, and nothing is
// written unless it was said to be.
func FuzzCommandBody(f *testing.F) {
	for i := range domain.Commands {
		f.Add(i, []byte(`{}`))
	}
	f.Add(0, []byte(foundBody))
	f.Add(1, []byte(`{"seat":"U66368"}`))
	f.Add(2, []byte(`{"index":1,"words":"Not so."}`))
	f.Add(20, []byte(`{"title":"T","text":"x","matter":"access","instruments":[{"grantDelegation":{"powers":[]}},{"ratify":null},{}]}`))
	f.Add(38, []byte(`{"forum":"locality-board","meeting":"2026-01-05","matter":"workforce","words":"x","given":"outright","amountPence":-1}`))
	w := newWorld(f).established()
	people := []string{"cd-north", "manager", "lmc-chair", "operator"}
	f.Fuzz(func(t *testing.T, which int, body []byte) {
		kind := domain.Commands[uint(which)%uint(len(domain.Commands))]
		for _, person := range people {
			before := w.store.Next("trafford")
			r := httptest.NewRecorder()
			req := httptest.NewRequest("POST", "/v1/groups/trafford/commands/"+kind.Name, bytes.NewReader(body))
			req.Header.Set("Authorization", "Bearer "+w.keys[person])
			req.Header.Set("Content-Type", "application/json")
			w.server.ServeHTTP(r, req)
			if r.Code >= 500 {
				t.Fatalf("%s by %s: %d %s\n%q\n%s", kind.Name, person, r.Code, r.Body, body, w.log)
			}
			if r.Code >= 400 && w.store.Next("trafford") != before {
				t.Fatalf("%s by %s: refused with %s, but something was written", kind.Name, person, r.Body)
			}
		}
	})
}
