package rest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"goldenthread/api/access"
	"goldenthread/api/operation"
	"goldenthread/api/paper"
	"goldenthread/api/problem"
	"goldenthread/domain"
	"goldenthread/projections"
)

const (
	documentsBucket = "DOCUMENTS"
	markdownType    = "text/markdown; charset=utf-8"
)

// The documents lie in an object bucket, by group and SHA-256. Only those are
// taken that the ledger names: which bytes are meant is settled before they
// come, and whoever brings them can change nothing.
type documents struct {
	connect  func() (jetstream.JetStream, error)
	copies   int
	patience time.Duration // with a bucket that does not answer
	mu       sync.Mutex
	bucket   jetstream.ObjectStore // nil until it is first needed
}

func (d *documents) open(ctx context.Context) (jetstream.ObjectStore, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.bucket != nil {
		return d.bucket, nil
	}
	js, err := d.connect()
	if err != nil {
		return nil, err
	}
	d.bucket, err = js.CreateOrUpdateObjectStore(ctx, jetstream.ObjectStoreConfig{
		Bucket: documentsBucket, Description: "Golden Thread: documents that were attached, by SHA-256", Storage: jetstream.FileStorage, Replicas: max(d.copies, 1),
	})
	return d.bucket, err
}

// bucketPatience is long enough for a bucket just made in a cluster to get a leader.
const bucketPatience = 5 * time.Second

// use does something with the bucket, again while it does not answer.
func (d *documents) use(ctx context.Context, f func(jetstream.ObjectStore) error) error {
	for until := time.Now().Add(d.patience); ; {
		bucket, err := d.open(ctx)
		if err == nil {
			err = f(bucket)
		}
		switch silent := errors.Is(err, nats.ErrNoResponders) || errors.Is(err, jetstream.ErrNoStreamResponse) || errors.Is(err, nats.ErrTimeout); {
		case !silent:
			return err
		case time.Now().After(until):
			return problem.Unavailable("Where the documents are kept does not answer just now. Please try again in a moment.")
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(d.patience / 50):
		}
	}
}

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

// An anyBody is a request's body, of whatever sort, which is not read before it is
// known who sends it.
type anyBody struct{ body io.Reader }

// Resolve bounds the body; it reads nothing.
func (b *anyBody) Resolve(ctx huma.Context) []error {
	r, w := humago.Unwrap(ctx)
	b.body = http.MaxBytesReader(w, r.Body, domain.MostDocument)
	return nil
}

// read is the exact bytes of the body.
func (b *anyBody) read() ([]byte, error) {
	bytes, err := io.ReadAll(b.body)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, problem.New(http.StatusRequestEntityTooLarge, fmt.Sprintf("The document is too large: at most %d MB fit.", domain.MostDocument>>20))
	case err != nil:
		return nil, problem.New(http.StatusBadRequest, "The document broke off.")
	}
	return bytes, nil
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
		func(q *access.Question, in *minutesInput) ([]byte, error) {
			minutes, err := in.minutes(q)
			if err != nil {
				return nil, err
			}
			return []byte(minutes.Markdown()), nil
		})
	access.Feed(s.ledgers, s.api, "minutes-word", at+"/agenda/{date}/minutes.docx", paper.WordType, "The same minutes as a document for Word.", access.Everything,
		func(q *access.Question, in *minutesInput) ([]byte, error) {
			minutes, err := in.minutes(q)
			if err != nil {
				return nil, err
			}
			return paper.Word(minutes)
		})
	access.Ask(s.ledgers, s.api, "documents", at+"/documents", "Documents that were attached, and to what.", access.Everything,
		func(q *access.Question, _ *access.PlainInput) (projections.Documents, error) {
			return q.Documents(q.At), nil
		})
	op := operation.Register(s.api, huma.Operation{
		OperationID: "document", Method: http.MethodGet, Path: at + "/documents/{sha256}", Summary: "A document that was attached, for those who may read the whole ledger.",
		Tags: []string{"events"}, Responses: map[string]*huma.Response{"304": {Description: "Not changed"}},
	}, s.document)
	op.Responses["200"].Content = map[string]*huma.MediaType{"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}
	op = operation.Register(s.api, huma.Operation{
		OperationID: "put-document", Method: http.MethodPost, Path: at + "/documents/{sha256}", Summary: "Bring the bytes of a document that the ledger names: attach it first.",
		Tags: []string{"events"}, DefaultStatus: http.StatusNoContent, Errors: []int{http.StatusBadRequest, http.StatusRequestEntityTooLarge},
	}, s.putDocument)
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}}
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
	err = s.documents.use(ctx, func(bucket jetstream.ObjectStore) (err error) {
		a.Body, err = bucket.GetBytes(ctx, in.Group+"/"+d.SHA256)
		return err
	})
	if errors.Is(err, jetstream.ErrObjectNotFound) {
		return nil, problem.NotFound("T3", "The ledger names this document, %s, but nobody has brought it here.", d.Name)
	}
	if err == nil && hashOfBytes(a.Body) != d.SHA256 {
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

// A documentKind is a kind of file that browsers or office programs open by its name.
type documentKind struct{ mediaType, begins string }

var documentKinds = map[string]documentKind{
	".pdf": {"application/pdf", "%PDF-"}, ".png": {"image/png", "\x89PNG\r\n\x1a\n"}, ".jpg": {"image/jpeg", "\xff\xd8\xff"}, ".jpeg": {"image/jpeg", "\xff\xd8\xff"}, ".gif": {"image/gif", "GIF8"},
	".docx": {"application/vnd.openxmlformats-officedocument.wordprocessingml.document", "PK\x03\x04"},
	".xlsx": {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "PK\x03\x04"},
	".pptx": {"application/vnd.openxmlformats-officedocument.presentationml.presentation", "PK\x03\x04"},
	".odt":  {"application/vnd.oasis.opendocument.text", "PK\x03\x04"}, ".ods": {"application/vnd.oasis.opendocument.spreadsheet", "PK\x03\x04"}, ".odp": {"application/vnd.oasis.opendocument.presentation", "PK\x03\x04"},
}

// isAsNamed says whether the bytes begin as the file's name and media type say, where one
// of them names a known kind: then both do, and name the same. Text is without a zero byte.
func isAsNamed(name, mediaType string, sent []byte) bool {
	kind, known := documentKinds[strings.ToLower(path.Ext(name))]
	if !known {
		for _, k := range documentKinds {
			if k.mediaType == mediaType {
				return false
			}
		}
		return !strings.HasPrefix(mediaType, "text/") || !bytes.ContainsRune(sent, 0)
	}
	return kind.mediaType == mediaType && bytes.HasPrefix(sent, []byte(kind.begins))
}

func (s *Rest) putDocument(ctx context.Context, in *putDocumentInput) (*struct{}, error) {
	d, err := s.attached(ctx, in.Group, in.SHA256)
	if err != nil {
		return nil, err
	}
	sent, err := in.read()
	if err != nil {
		return nil, err
	}
	if hashOfBytes(sent) != d.SHA256 || int64(len(sent)) != d.Bytes {
		return nil, problem.Invalid("T3", "These are not the bytes of %s: their SHA-256 or their number is another.", d.Name)
	}
	if !isAsNamed(d.Name, d.MediaType, sent) {
		return nil, problem.Invalid("T3", "%s is not what its name and its media type, %s, say. Please attach it as what it is.", d.Name, d.MediaType)
	}
	return nil, s.documents.use(ctx, func(bucket jetstream.ObjectStore) error {
		_, err := bucket.Put(ctx, jetstream.ObjectMeta{Name: in.Group + "/" + d.SHA256}, bytes.NewReader(sent))
		return err
	})
}

func hashOfBytes(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
