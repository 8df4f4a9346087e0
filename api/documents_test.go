package api

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

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

	papers := string(w.must(200, w.send(w.request("cd-south", "GET", "/g/trafford/agenda/2026-02-03/papers", ""))).body)
	for _, words := range []string{"1. <bdi>Saturdays</bdi>", "P1: ", "2. <bdi>Any *other* business</bdi>", "There is no paper for this item."} {
		require.Contains(t, papers, words)
	}
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

	w.must(201, w.attach("manager", "P1", "figures.csv", "text/csv", "a,b"))
	w.must(201, w.command("manager", "attach-document", `{"about":"P1","name":"letter.pdf","sha256":"`+strings.Repeat("ab", 32)+`","mediaType":"application/pdf","bytes":7,"elsewhere":true}`))
	for _, file := range []string{"minutes.pdf", "papers.pdf"} {
		written := w.must(200, w.ask("cd-south", "/agenda/2026-02-03/"+file))
		require.Equal(t, paper.PDFType, written.Header.Get("Content-Type"))
		require.True(t, bytes.HasPrefix(written.body, []byte("%PDF-")), file)
		require.Equal(t, file == "papers.pdf", bytes.Count(written.body, []byte("/Type /EmbeddedFile")) == 1, "what is attached, and here, lies within the papers")
		w.refused(403, "F3", w.ask("icb-director", "/agenda/2026-02-03/"+file))
		w.refused(404, "T3", w.ask("cd-south", "/agenda/2026-02-04/"+file))
	}
}

// attach sends the document to be kept and recorded.
func (w *world) attach(person, about, name, mediaType, body string) reply {
	return w.send(w.request(person, "POST", "/v1/groups/trafford/documents?"+url.Values{"about": {about}, "name": {name}}.Encode(), body, "Content-Type", mediaType, "Idempotency-Key", identity.HashOf(person+about+name)))
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
	w.refused(403, "F3", w.attach("icb-director", "P1", "a.txt", "text/plain", body))
	w.refused(404, "L1", w.attach("stranger", "P1", "a.txt", "text/plain", body))
	w.must(201, w.attach("manager", "agenda/2026-02-03", "minutes é.txt", "text/plain", body))
	require.Equal(t, body, string(w.must(200, w.ask("cd-south", "/documents/"+hash)).body))
	w.must(200, w.attach("manager", "agenda/2026-02-03", "minutes é.txt", "text/plain", body)) // sent again: once
	w.must(201, w.attach("manager", "P1", "minutes.txt", "text/plain", body))

	w.refused(422, "T3", put("manager", at, "Other minutes, altered"))
	w.refused(422, "T3", put("manager", at, body+" "))
	w.refused(413, "", put("manager", at, strings.Repeat("a", domain.MostDocument+1)))
	w.refused(404, "T3", put("manager", at[:len(at)-2]+"00", body))
	w.refused(403, "F3", put("icb-director", at, body))
	w.refused(404, "L1", put("stranger", at, body))
	w.must(http.StatusNoContent, put("cd-south", at, body)) // what is here already changes nothing

	r := w.must(200, w.ask("cd-south", "/documents/"+hash))
	require.Equal(t, "text/plain", r.Header.Get("Content-Type"))
	require.Contains(t, r.Header.Get("Content-Disposition"), "attachment; filename")
	require.Equal(t, "nosniff", r.Header.Get("X-Content-Type-Options"))
	w.must(304, w.ask("cd-south", "/documents/"+hash, "If-None-Match", r.Header.Get("ETag")))
	w.refused(403, "F3", w.ask("icb-director", "/documents/"+hash))
	w.refused(403, "F3", w.ask("operator", "/documents/"+hash))

	list := w.must(200, w.ask("cd-south", "/documents")).json(t)["documents"].([]any)
	require.Len(t, list, 2)
	require.Equal(t, hash, list[0].(map[string]any)["sha256"])
	require.Equal(t, "here", list[0].(map[string]any)["held"])
	require.Contains(t, string(w.must(200, w.ask("cd-south", "/agenda/2026-02-03/minutes.md")).body), "minutes é.txt, SHA-256 "+hash)
}

// TestNothingIsAttachedThatNobodyHolds: by no door does the ledger name a document whose
// bytes were not looked at and kept.
func TestNothingIsAttachedThatNobodyHolds(t *testing.T) {
	w := newWorld(t).established()
	next := w.store.Next("trafford")
	for _, refused := range []struct {
		status                int
		name, mediaType, body string
	}{
		{422, "minutes.pdf", "application/pdf", "no PDF"}, {422, "notes.txt", "text/plain", "a\x00b"}, {422, "../a.txt", "text/plain", "a"}, {422, "a.txt", "text/plain", ""},
		{413, "a.txt", "text/plain", strings.Repeat("a", domain.MostDocument+1)},
	} {
		w.refused(refused.status, map[bool]string{true: "", false: "T3"}[refused.status == 413], w.attach("manager", "P1", refused.name, refused.mediaType, refused.body))
	}
	w.refused(404, "T3", w.command("manager", "attach-document", `{"about":"P1","name":"a.txt","sha256":"`+identity.HashOf("never brought")+`","mediaType":"text/plain","bytes":13}`))
	require.Equal(t, next, w.store.Next("trafford"), "nothing was recorded")

	// What is here already can be attached to something else by its hash, as what it is.
	w.must(201, w.attach("manager", "P1", "a.txt", "text/plain", "a"))
	again := func(name, mediaType string, size int) reply {
		return w.command("manager", "attach-document", fmt.Sprintf(`{"about":"P2","name":%q,"sha256":%q,"mediaType":%q,"bytes":%d}`, name, identity.HashOf("a"), mediaType, size))
	}
	w.must(201, w.command("cd-north", "raise-proposal", `{"title":"Phones","text":"One number.","matter":"access"}`))
	w.refused(422, "T3", again("a.pdf", "application/pdf", 1))
	w.refused(422, "T3", again("a.txt", "text/plain", 2))
	w.must(201, again("a.txt", "text/plain", 1))

	// Whoever keeps a file themself says so, and the list does too.
	elsewhere := identity.HashOf("kept in a drawer")
	w.must(201, w.command("manager", "attach-document", `{"about":"P1","name":"b.txt","sha256":"`+elsewhere+`","mediaType":"text/plain","bytes":16,"elsewhere":true}`))
	require.Equal(t, "elsewhere", w.must(200, w.ask("cd-south", "/documents")).json(t)["documents"].([]any)[0].(map[string]any)["held"])
	w.refused(404, "T3", w.ask("cd-south", "/documents/"+elsewhere))
}

// TestADamagedDocumentIsNotGiven: what does not have its hash any more is not it. It is
// said, and can be mended.
func TestADamagedDocumentIsNotGiven(t *testing.T) {
	w := newWorld(t).established()
	hash := identity.HashOf("a")
	w.must(201, w.attach("manager", "P1", "a", "text/plain", "a"))
	js, err := jetstream.New(w.store.Conn())
	require.NoError(t, err)
	bucket, err := js.ObjectStore(t.Context(), "DOCUMENTS")
	require.NoError(t, err)
	held := func() any {
		return w.must(200, w.ask("cd-south", "/documents")).json(t)["documents"].([]any)[0].(map[string]any)["held"]
	}
	_, err = bucket.PutBytes(t.Context(), "trafford/"+hash, []byte("b"))
	require.NoError(t, err)
	w.refused(500, "", w.ask("cd-south", "/documents/"+hash))
	require.Equal(t, "damaged", held())
	w.must(http.StatusNoContent, w.send(w.request("cd-south", "POST", "/v1/groups/trafford/documents/"+hash, "a")))
	require.Equal(t, "here", held())

	require.NoError(t, bucket.Delete(t.Context(), "trafford/"+hash))
	w.refused(404, "T3", w.ask("cd-south", "/documents/"+hash))
	require.Equal(t, "missing", held())
	w.must(200, w.attach("manager", "P1", "a", "text/plain", "a")) // sent again it brings what is missing
	require.Equal(t, "here", held())

	parts, err := js.Stream(t.Context(), "OBJ_DOCUMENTS")
	require.NoError(t, err)
	require.NoError(t, parts.Purge(t.Context(), jetstream.WithPurgeSubject("$O.DOCUMENTS.C.>")))
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	w.refused(500, "", w.send(w.request("cd-south", "GET", "/v1/groups/trafford/documents/"+hash, "").WithContext(ctx)))
	w.must(http.StatusNoContent, w.send(w.request("cd-south", "POST", "/v1/groups/trafford/documents/"+hash, "a")))
	w.must(200, w.ask("cd-south", "/documents/"+hash))
}

// TestAttachingByPage: a file is checked before anything is recorded, from the page of what
// it belongs to; what is wrong with it is said, and what is missing can be brought again.
func TestAttachingByPage(t *testing.T) {
	w := newWorld(t).established().meets()
	page := "/documents?about=agenda/2026-02-03"
	send := func(person, name, body string) reply {
		var form bytes.Buffer
		m := multipart.NewWriter(&form)
		part, err := m.CreateFormFile("file", name)
		require.NoError(t, err)
		part.Write([]byte(body))
		require.NoError(t, m.Close())
		return w.send(w.request(person, "POST", "/g/trafford"+page, form.String(), "Content-Type", m.FormDataContentType()))
	}
	require.Contains(t, string(w.must(200, w.page("manager", "/agenda/2026-02-03")).body), `documents?about=agenda%2F2026-02-03`)
	require.Contains(t, string(w.must(200, w.page("manager", page)).body), "Attach a document")
	require.NotContains(t, string(w.must(200, w.page("cd-south", page)).body), "Check the file", "a seat holder doesn't attach minutes")
	require.Equal(t, 403, send("cd-south", "minutes.pdf", "%PDF-1.7").StatusCode)

	require.Equal(t, 404, w.page("manager", "/documents?about=P99").StatusCode)

	next := w.store.Next("trafford")
	for name, wrong := range map[string][2]string{
		"minutes.exe": {"MZ", "is not a kind of file that can be attached"}, "minutes.pdf": {"no PDF", "is not what its name"}, "empty.txt": {"", "The file is empty"},
		"large.txt": {strings.Repeat("a", domain.MostDocument+1), "at most 16 MB fit"}, "huge.txt": {strings.Repeat("a", domain.MostDocument+1<<20), "at most 16 MB fit"},
	} {
		r := send("manager", name, wrong[0])
		require.Contains(t, []int{413, 422}, r.StatusCode, name)
		require.Contains(t, string(r.body), wrong[1], name)
		require.Contains(t, string(r.body), "Attach a document", name)
	}
	r := w.must(200, send("manager", "minutes.pdf", "%PDF-1.7 of the meeting"))
	require.Contains(t, string(r.body), "PDF, 23 bytes")
	require.Contains(t, string(r.body), "the meeting of 3 February 2026")
	require.Equal(t, next, w.store.Next("trafford"), "nothing is recorded before it was checked")

	after := string(w.must(200, w.postForm("manager", page, carriedBy(r))).body)
	require.Equal(t, next+1, w.store.Next("trafford"))
	require.Contains(t, after, "The document is attached")
	require.Contains(t, after, "minutes.pdf")

	js, err := jetstream.New(w.store.Conn())
	require.NoError(t, err)
	bucket, err := js.ObjectStore(t.Context(), "DOCUMENTS")
	require.NoError(t, err)
	require.NoError(t, bucket.Delete(t.Context(), "trafford/"+identity.HashOf("%PDF-1.7 of the meeting")))
	require.Contains(t, string(w.must(200, w.page("cd-south", page)).body), "file missing")
	require.Contains(t, string(w.must(200, send("manager", "again.pdf", "%PDF-1.7 of the meeting")).body), "The file is here again")
	require.NotContains(t, string(w.must(200, w.page("cd-south", page)).body), "file missing")
	require.Contains(t, string(w.must(200, send("manager", "other.pdf", "%PDF-1.7 another")).body), "other.pdf")
	require.Equal(t, next+1, w.store.Next("trafford"))
}

// TestAFormKeepsWhatItDoesNotAsk: an agenda that is set again from its page keeps what each
// item is about and its subject, what is noted of it keeps what a decision became, and the
// minutes that wait for approval can be ticked.
func TestAFormKeepsWhatItDoesNotAsk(t *testing.T) {
	w := newWorld(t).established().meets()
	w.on("2026-02-10")
	w.formRecords("manager", "/agenda", "set-agenda", "on", "2026-02-10", "items-suggested", "agenda/2026-02-03: The minutes of 3 February 2026 are to be approved.", "items", "P1: access: Saturdays\r\nAny other business")
	require.Contains(t, string(w.must(200, w.page("manager", "/agenda")).body), `value="agenda/2026-02-03: The minutes of 3 February 2026 are to be approved."`)
	w.must(201, w.command("lmc-chair", "minute-item", `{"on":"2026-02-10","item":2,"decisions":[{"words":"To put it to the seats.","ref":"P1"},{"ref":"P3"}]}`))
	own := string(w.must(200, w.page("manager", "/agenda/2026-02-10")).body)
	require.Contains(t, own, "P1: To put it to the seats.", "the form of item 2 has what was decided, with its number")
	items := func() []any {
		return w.must(200, w.ask("manager", "/agenda")).json(t)["meetings"].([]any)[0].(map[string]any)["items"].([]any)
	}
	was := items()
	lines := regexp.MustCompile(`(?s)<textarea[^>]*name="items"[^>]*>(.*?)</textarea>`).FindStringSubmatch(own)
	require.NotNil(t, lines)
	w.formRecords("manager", "/agenda/2026-02-10", "set-agenda", "items", html.UnescapeString(lines[1])+"\r\nDates")
	require.Equal(t, was, items()[:len(was)])
	require.Len(t, items(), len(was)+1)
	w.formRecords("manager", "/agenda/2026-02-10", "record-group-meeting", "present", "cd-north", "items-0-item", "2", "items-0-decisions", "P1: To put it to the seats.\r\nP3")
	require.Equal(t, was[1].(map[string]any)["decisions"], items()[1].(map[string]any)["decisions"])
}
