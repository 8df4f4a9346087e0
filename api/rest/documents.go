package rest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"goldenthread/api/access"
	"goldenthread/api/operation"
	"goldenthread/api/paper"
	"goldenthread/api/problem"
	"goldenthread/domain"
	"goldenthread/projections"
)

const markdownType = "text/markdown; charset=utf-8"

type minutesInput struct {
	access.Terms
	Date string `path:"date" doc:"day of the group's meeting" example:"2026-02-03"`
}

func (in *minutesInput) minutes(q *access.Question) (*projections.Minutes, error) {
	on, err := domain.ParseDay(in.Date)
	if err != nil {
		return nil, access.NotDay(in.Date, err, "2026-03-09")
	}
	return access.OrRefused(q.Minutes(on, q.At))
}

// mostPacked is how much of attached files goes into one PDF, in bytes.
const mostPacked = 100 << 20

// papers are what a meeting reads, with the attached files whose bytes are here.
func (s *Rest) papers(ctx context.Context, q *access.Question, in *minutesInput) ([]byte, error) {
	on, err := domain.ParseDay(in.Date)
	if err != nil {
		return nil, access.NotDay(in.Date, err, "2026-03-09")
	}
	papers, err := access.OrRefused(q.Papers(on, q.At))
	if err != nil {
		return nil, err
	}
	documents := slices.Clone(papers.Documents)
	for _, item := range papers.Items {
		documents = append(documents, item.Documents...)
	}
	var files []paper.File
	size := int64(0)
	for i, d := range documents {
		if slices.ContainsFunc(documents[:i], func(o projections.DocumentLine) bool { return o.SHA256 == d.SHA256 }) {
			continue
		}
		if size += d.Bytes; size > mostPacked {
			return nil, problem.NotNow("T3", "The attached files are more than %d MB together. Read them one by one.", mostPacked>>20)
		}
		b, held, err := s.ledgers.Documents.Bytes(ctx, in.Group, &domain.Document{About: d.About, SHA256: d.SHA256, Elsewhere: d.Elsewhere})
		if err != nil {
			return nil, err
		}
		f := paper.File{Name: d.Name, Bytes: b}
		if held != access.HeldHere {
			f.Lacks = string(held)
		}
		files = append(files, f)
	}
	return paper.Pack(papers, files)
}

type documentInput struct {
	Group       string `path:"group" example:"trafford"`
	SHA256      string `path:"sha256" doc:"of the document: 64 hexadecimal digits"`
	IfNoneMatch string `header:"If-None-Match"`
}

type putDocumentInput struct {
	Group  string `path:"group" example:"trafford"`
	SHA256 string `path:"sha256" doc:"of the document: 64 hexadecimal digits"`
	anyBody
}

type attachInput struct {
	Group string `path:"group" example:"trafford"`
	About string `query:"about" required:"true" doc:"what it belongs to: P4, A2 or D1, agenda/2026-02-03 for a meeting of the group, or locality-board/2026-03-09 for one of a forum" example:"P1"`
	Name  string `query:"name" required:"true" doc:"of the file" example:"minutes.pdf"`
	Type  string `header:"Content-Type" doc:"what kind of file it is" example:"application/pdf"`
	Key   string `header:"Idempotency-Key" doc:"up to 200 printable characters, best a UUID: sent again, the same request gets the same answer"`
	anyBody
}

type lettersInput struct {
	access.Terms
	Practice string `query:"practice" doc:"code of the practice whose letter alone is wanted; none: all" example:"P91631"`
}

// A heldDocument is a document that was attached, and where its bytes are.
type heldDocument struct {
	projections.DocumentLine
	Held access.Held `json:"held" enum:"here,elsewhere,missing,damaged" doc:"where its bytes are: on this server, with whoever attached it as they said, or missing; damaged: what is kept here is not what the ledger names"`
}

type heldDocuments struct {
	projections.Stamp
	Documents []heldDocument `json:"documents" doc:"the newest first"`
}

// An anyBody is a request's body, of whatever sort, which is not read before it is
// known who sends it.
type anyBody struct{ body io.Reader }

// Resolve bounds the body; it reads nothing.
func (b *anyBody) Resolve(ctx huma.Context) []error {
	r, w := humago.Unwrap(ctx)
	b.body = http.MaxBytesReader(w, r.Body, domain.MostDocument+1)
	return nil
}

// An attachment is a document to be kept, not to be shown by a browser.
type attachment struct {
	Status             int
	ContentType        string `header:"Content-Type"`
	ContentDisposition string `header:"Content-Disposition"`
	ETag               string `header:"ETag"`
	CacheControl       string `header:"Cache-Control"`
	Body               []byte
}

// offerDocuments registers drafted minutes and attached documents.
func (s *Rest) offerDocuments(at string) {
	access.Feed(s.ledgers, s.api, "minutes", at+"/agenda/{date}/minutes.md", markdownType, "Minutes of a meeting of the group, drafted from the ledger (Markdown), to be edited outside.", access.Everything,
		func(_ context.Context, q *access.Question, in *minutesInput) ([]byte, error) {
			minutes, err := in.minutes(q)
			if err != nil {
				return nil, err
			}
			return []byte(minutes.Markdown()), nil
		})
	access.Feed(s.ledgers, s.api, "minutes-word", at+"/agenda/{date}/minutes.docx", paper.WordType, "The same minutes as a document for Word.", access.Everything,
		func(_ context.Context, q *access.Question, in *minutesInput) ([]byte, error) {
			minutes, err := in.minutes(q)
			if err != nil {
				return nil, err
			}
			return paper.Word(minutes)
		})
	access.Feed(s.ledgers, s.api, "minutes-pdf", at+"/agenda/{date}/minutes.pdf", paper.PDFType, "The same minutes as a PDF.", access.Everything,
		func(_ context.Context, q *access.Question, in *minutesInput) ([]byte, error) {
			minutes, err := in.minutes(q)
			if err != nil {
				return nil, err
			}
			return paper.PDF(minutes)
		})
	access.Feed(s.ledgers, s.api, "papers-pdf", at+"/agenda/{date}/papers.pdf", paper.PDFType, "What a meeting of the group reads, in one PDF: its agenda, its papers, and within it the attached files.", access.Everything, s.papers)
	access.Feed(s.ledgers, s.api, "letters-pdf", at+"/mandates/letters.pdf", paper.PDFType, "Letters to the practices that are not behind the group, without codes, in one PDF; to one of them alone with practice.", access.Worklist,
		func(_ context.Context, q *access.Question, in *lettersInput) ([]byte, error) {
			all := q.MandateLetters(q.At).To
			if in.Practice != "" {
				all = slices.DeleteFunc(all, func(l projections.MandateLetter) bool { return l.Practice.Code != in.Practice })
			}
			if in.Practice != "" && len(all) == 0 {
				return nil, problem.NotFound("M1", "There is no letter to %s: it is no practice here, it is behind the group, or it has answered.", domain.Clip(in.Practice))
			}
			return paper.Letters(all)
		})
	operation.Register(s.api, huma.Operation{
		OperationID: "documents", Method: http.MethodGet, Path: at + "/documents", Summary: "Documents that were attached, to what, and where their bytes are.",
		Description: access.ForWhom(access.Everything), Tags: []string{"questions"}, Responses: operation.JSONResponse(s.api.Schemas(), reflect.TypeFor[heldDocuments]()),
	}, s.listed)
	op := operation.Register(s.api, huma.Operation{
		OperationID: "attach", Method: http.MethodPost, Path: at + "/documents", Summary: "Attach a document: its bytes are checked and kept, and the ledger then names it.",
		Tags: []string{"events"}, DefaultStatus: http.StatusCreated, Errors: []int{http.StatusBadRequest, http.StatusConflict, http.StatusRequestEntityTooLarge},
	}, s.attach)
	op.RequestBody = anyFile()
	again := *op.Responses["201"]
	again.Description = "The answer that was given before"
	op.Responses["200"] = &again
	op = operation.Register(s.api, huma.Operation{
		OperationID: "document", Method: http.MethodGet, Path: at + "/documents/{sha256}", Summary: "A document that was attached, for those who may read the whole ledger.",
		Tags: []string{"events"}, Responses: map[string]*huma.Response{"304": {Description: "Not changed"}},
	}, s.document)
	op.Responses["200"].Content = map[string]*huma.MediaType{"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}
	op = operation.Register(s.api, huma.Operation{
		OperationID: "put-document", Method: http.MethodPost, Path: at + "/documents/{sha256}", Summary: "Bring the bytes of a document that the ledger names, where they are missing or damaged.",
		Tags: []string{"events"}, DefaultStatus: http.StatusNoContent, Errors: []int{http.StatusBadRequest, http.StatusRequestEntityTooLarge},
	}, s.putDocument)
	op.RequestBody = anyFile()
}

// anyFile is a body of any sort, as OpenAPI says it.
func anyFile() *huma.RequestBody {
	return &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}}
}

func (s *Rest) listed(ctx context.Context, in *access.PlainInput) (*operation.Answer, error) {
	q, err := s.ledgers.See(ctx, &in.Terms, access.Everything)
	if err != nil {
		return nil, err
	}
	all := q.Documents(q.At)
	out := heldDocuments{all.Stamp, make([]heldDocument, 0, len(all.Documents))}
	for i := range all.Documents {
		held, err := s.ledgers.Documents.Held(ctx, in.Group, &all.Documents[i])
		if err != nil {
			return nil, err
		}
		out.Documents = append(out.Documents, heldDocument{all.Documents[i], held})
	}
	return operation.JSON(&out, in.IfNoneMatch)
}

// attach keeps the bytes, if the caller may attach them, and has the ledger name them.
func (s *Rest) attach(ctx context.Context, in *attachInput) (*access.RecordedOutput, error) {
	if err := s.ledgers.MayAttach(ctx, in.Group, in.About); err != nil {
		return nil, err
	}
	sent, err := access.ReadDocument(in.body)
	if err != nil {
		return nil, err
	}
	mediaType, _, _ := strings.Cut(in.Type, ";")
	c := &domain.AttachDocument{About: in.About, Name: in.Name, SHA256: access.HashOf(sent), MediaType: mediaType, Bytes: int64(len(sent))}
	body, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	if err := s.ledgers.Documents.Bring(ctx, in.Group, c, sent); err != nil {
		return nil, err
	}
	kind, _ := domain.CommandNamed(domain.CommandName(c))
	out, err := s.ledgers.Record(ctx, kind, &access.CommandInput{Group: in.Group, Key: in.Key, JSONBody: operation.JSONBody{Bytes: body}})
	if err == nil && out.Body.Repeat {
		_, err = s.ledgers.Documents.Mend(ctx, in.Group, &domain.Document{Name: c.Name, SHA256: c.SHA256, MediaType: c.MediaType, Bytes: c.Bytes}, sent)
	}
	return out, err
}

// attached is the document of that hash, if the caller may read the whole ledger.
func (s *Rest) attached(ctx context.Context, group, hash string) (domain.Document, error) {
	q, err := s.ledgers.See(ctx, &access.Terms{Group: group}, access.Everything)
	if err != nil {
		return domain.Document{}, err
	}
	found := q.State().Document(hash)
	if found == nil {
		return domain.Document{}, problem.NotFound("T3", "No document of that SHA-256 is attached here.")
	}
	return *found, nil
}

func (s *Rest) document(ctx context.Context, in *documentInput) (*attachment, error) {
	d, err := s.attached(ctx, in.Group, in.SHA256)
	if err != nil {
		return nil, err
	}
	a := &attachment{Status: http.StatusOK, ETag: `"` + d.SHA256 + `"`, CacheControl: "private, no-cache"}
	if operation.Matches(in.IfNoneMatch, a.ETag) {
		a.Status = http.StatusNotModified
		return a, nil
	}
	var held access.Held
	a.Body, held, err = s.ledgers.Documents.Bytes(ctx, in.Group, &d)
	switch {
	case held == access.HeldElsewhere:
		return nil, problem.NotFound("T3", "%s was not brought here: whoever attached it kept it.", d.Name)
	case held == access.Missing:
		return nil, problem.NotFound("T3", "The ledger names this document, %s, but nobody has brought it here.", d.Name)
	case held == access.Damaged:
		err = fmt.Errorf("the document %s is damaged", d.SHA256)
	}
	a.ContentType = savedAs(d.MediaType)
	a.ContentDisposition = mime.FormatMediaType("attachment", map[string]string{"filename": d.Name})
	return a, err
}

// savedAs is the media type under which a browser is given a document to keep: what it
// could run as a page or a script of ours is bytes to it.
func savedAs(mediaType string) string {
	kind, of, _ := strings.Cut(mediaType, "/")
	switch {
	case kind == "image" && of != "svg+xml", mediaType == "application/pdf", mediaType == "text/plain", mediaType == "text/csv",
		strings.HasPrefix(of, "vnd.openxmlformats-officedocument."), strings.HasPrefix(of, "vnd.oasis.opendocument."):
		return mediaType
	}
	return "application/octet-stream"
}

func (s *Rest) putDocument(ctx context.Context, in *putDocumentInput) (*struct{}, error) {
	d, err := s.attached(ctx, in.Group, in.SHA256)
	if err != nil {
		return nil, err
	}
	sent, err := access.ReadDocument(in.body)
	if err != nil {
		return nil, err
	}
	_, err = s.ledgers.Documents.Mend(ctx, in.Group, &d, sent)
	return nil, err
}
