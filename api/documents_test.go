package api

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"goldenthread/api/identity"
	"goldenthread/api/paper"
	"goldenthread/domain"
)

// meets has the group meet on 3 February: a proposal is put, another objected to,
// a third agreed, and an action raised.
func (w *world) meets() *world {
	w.on("2026-02-01")
	w.must(201, w.command("manager", "set-agenda", `{"on":"2026-02-03","at":"14:00","items":[{"title":"Saturdays","about":"P1"},{"title":"Any *other* business"}]}`))
	w.must(201, w.command("cd-north", "raise-proposal", `{"title":"Phones","text":"One number.","matter":"access"}`))
	w.on("2026-02-03")
	w.must(201, w.command("cd-south", "raise-proposal", `{"title":"Saturdays","text":"We open on Saturdays.\n# Not a heading","matter":"access"}`))
	w.must(201, w.command("lmc-chair", "object", `{"proposal":"P2","version":1,"grade":"block","why":"Too costly.","wouldResolve":"A price."}`))
	for _, person := range []string{"cd-north", "cd-south", "lmc-chair"} {
		w.must(201, w.command(person, "consent", `{"proposal":"P3","version":1,"needNotWait":true}`))
	}
	w.must(201, w.command("manager", "depart", `{"organisation":"P91018","agreement":"P3","reason":"No staff.","evidence":"A letter."}`))
	w.must(201, w.command("manager", "record-group-meeting", `{"on":"2026-02-03","present":["cd-north","lmc-chair"],"notes":"A good meeting.","actions":[{"what":"Draw a rota.","owner":"cd-north","supporter":"manager"}]}`))
	return w
}

func TestMinutes(t *testing.T) {
	w := newWorld(t).established().meets()
	r := w.must(200, w.ask("cd-south", "/agenda/2026-02-03/minutes.md"))
	require.Equal(t, "text/markdown; charset=utf-8", r.Header.Get("Content-Type"))
	section := func(title string) string {
		_, after, found := strings.Cut(string(r.body), "## "+title+"\n\n")
		require.True(t, found, "%s", r.body)
		text, _, _ := strings.Cut(after, "\n## ")
		return strings.TrimSpace(text)
	}
	require.True(t, strings.HasPrefix(string(r.body), "# Trafford GP Board: minutes of 3 February 2026\n\nDraft, made from the ledger"))
	require.Equal(t, "- Clinical Director, North Trafford.\n\n- Chair, Trafford LMC.\n\nChaired by Chair, Trafford LMC.\n\nNo one was present for South Trafford.", section("Present"))
	require.Equal(t, "1. Saturdays (P1).\n\n2. Any \\*other\\* business.", section("Agenda"))
	require.Equal(t, "A good meeting.", section("Notes"))
	require.Equal(t, "- Saturdays: P3, version 1, put by South Trafford on access.\n\n  > We open on Saturdays.\n  > \\# Not a heading", section("Proposed"), "P2 was put before")
	require.Equal(t, "- Trafford LMC, block on P2 (O1): Too costly. It would resolve it: A price.", section("Objections"))
	require.Contains(t, section("Agreed"), "Consented: Trafford LMC, South Trafford and North Trafford.")
	require.Equal(t, 3, strings.Count(section("Positions taken"), "consented, P3 version 1"))
	require.Contains(t, section("Departures"), "A Surgery goes its own way on P3")
	require.Contains(t, section("Actions"), "Draw a rota, Clinical Director, North Trafford, supported by Manager")
	require.Equal(t, "Nothing.", section("Documents"))

	word := w.must(200, w.ask("cd-south", "/agenda/2026-02-03/minutes.docx"))
	require.Equal(t, paper.WordType, word.Header.Get("Content-Type"))
	require.True(t, bytes.HasPrefix(word.body, []byte("PK")), "a document for Word is a zip file")
	page := string(w.must(200, w.send(w.request("cd-south", "GET", "/g/trafford/agenda/2026-02-03/minutes", ""))).body)
	require.Contains(t, page, "Draw a rota, Clinical Director, North Trafford, supported by Manager")
	w.refused(403, "F3", w.ask("icb-director", "/agenda/2026-02-03/minutes.docx"))
	w.must(304, w.ask("cd-south", "/agenda/2026-02-03/minutes.md", "If-None-Match", r.Header.Get("ETag")))
	w.refused(404, "T3", w.ask("cd-south", "/agenda/2026-02-04/minutes.md"))
	w.refused(422, "L8", w.ask("cd-south", "/agenda/soon/minutes.md"))
	w.refused(403, "F3", w.ask("icb-director", "/agenda/2026-02-03/minutes.md"))
	before := string(w.must(200, w.ask("cd-south", "/agenda/2026-02-03/minutes.md?known=2026-02-02")).body)
	require.Contains(t, before, "The meeting has not been recorded yet.")
	require.NotContains(t, before, "P3")
}

// unread gives the request a long body of which the server may not read much before it
// answers: the connection takes some of it by itself.
func unread(r *http.Request, t *testing.T) *http.Request {
	body := &zeros{}
	r.Body, r.ContentLength = io.NopCloser(body), domain.MostDocument
	t.Cleanup(func() {
		require.Less(t, body.sent.Load(), int64(domain.MostDocument)/2, "what may not be sent is not read")
	})
	return r
}

// zeros are a long body that counts how much of it was sent.
type zeros struct{ sent atomic.Int64 }

func (c *zeros) Read(b []byte) (int, error) {
	n := min(int64(len(b)), domain.MostDocument-c.sent.Load())
	if n == 0 {
		return 0, io.EOF
	}
	c.sent.Add(n)
	return int(n), nil
}

func TestDocuments(t *testing.T) {
	w := newWorld(t).established().meets()
	body := "The finished minutes.\n"
	hash := identity.HashOf(body)
	at := "/v1/groups/trafford/documents/" + hash
	put := func(person, at, body string) reply {
		return w.send(w.request(person, "POST", at, body, "Content-Type", "text/plain"))
	}
	w.refused(404, "T3", put("manager", at, body)) // the ledger names it first
	w.must(201, w.command("manager", "attach-document", `{"about":"agenda/2026-02-03","name":"minutes é.txt","sha256":"`+hash+`","mediaType":"text/plain","bytes":22}`))
	w.refused(404, "T3", w.ask("cd-south", "/documents/"+hash)) // named, and not here
	w.refused(422, "T3", put("manager", at, "Other minutes, altered"))
	w.refused(422, "T3", put("manager", at, body+" "))
	w.refused(413, "", put("manager", at, strings.Repeat("a", domain.MostDocument+1)))
	w.refused(404, "T3", put("manager", at[:len(at)-2]+"00", body))
	w.refused(403, "F3", put("icb-director", at, body))
	w.refused(404, "L1", put("stranger", at, body))
	w.refused(403, "F3", w.send(unread(w.request("icb-director", "POST", at, ""), t)))
	w.must(http.StatusNoContent, put("manager", at, body))
	w.must(http.StatusNoContent, put("cd-south", at, body)) // twice changes nothing

	r := w.must(200, w.ask("cd-south", "/documents/"+hash))
	require.Equal(t, body, string(r.body))
	require.Equal(t, "text/plain", r.Header.Get("Content-Type"))
	require.Contains(t, r.Header.Get("Content-Disposition"), "attachment; filename")
	require.Equal(t, "nosniff", r.Header.Get("X-Content-Type-Options"))
	w.must(304, w.ask("cd-south", "/documents/"+hash, "If-None-Match", r.Header.Get("ETag")))
	w.refused(403, "F3", w.ask("icb-director", "/documents/"+hash))
	w.refused(403, "F3", w.ask("operator", "/documents/"+hash))

	list := w.must(200, w.ask("cd-south", "/documents")).json(t)["documents"].([]any)
	require.Len(t, list, 1)
	require.Equal(t, hash, list[0].(map[string]any)["sha256"])
	require.Contains(t, string(w.must(200, w.ask("cd-south", "/agenda/2026-02-03/minutes.md")).body), "minutes é.txt, SHA-256 "+hash)
}

// TestADamagedDocumentIsNotGiven: what does not have its hash any more is not it.
func TestADamagedDocumentIsNotGiven(t *testing.T) {
	w := newWorld(t).established()
	hash := identity.HashOf("a")
	w.must(201, w.command("manager", "attach-document", `{"about":"P1","name":"a","sha256":"`+hash+`","mediaType":"text/plain","bytes":1}`))
	w.must(http.StatusNoContent, w.send(w.request("manager", "POST", "/v1/groups/trafford/documents/"+hash, "a")))
	js, err := jetstream.New(w.store.Conn())
	require.NoError(t, err)
	bucket, err := js.ObjectStore(t.Context(), "DOCUMENTS")
	require.NoError(t, err)
	_, err = bucket.PutBytes(t.Context(), "trafford/"+hash, []byte("b"))
	require.NoError(t, err)
	w.refused(500, "", w.ask("cd-south", "/documents/"+hash))
}
