package access

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"goldenthread/api/problem"
	"goldenthread/domain"
	"goldenthread/projections"
)

const (
	documentsBucket = "DOCUMENTS"
	broughtBucket   = "DOCUMENTS_BROUGHT"

	broughtFor  = 24 * time.Hour
	mostBrought = 256 << 20 // bytes, of everybody

	// bucketPatience is long enough for a bucket just made in a cluster to get a leader.
	bucketPatience = 5 * time.Second
)

// Documents are the bytes of documents, by group and SHA-256, in an object bucket. A
// document is brought first: its bytes are checked and lie in a bucket of their own, out
// of which they fall after a day. Only when the ledger is to name it (rule T3) do they go
// to the documents, and are synced there before the event is recorded.
type Documents struct {
	connect  func() (jetstream.JetStream, error)
	copies   int
	patience time.Duration // with a bucket that does not answer
	mu       sync.Mutex
	made     map[string]jetstream.ObjectStore // those that were written to
}

// NewDocuments are the documents of that NATS, in so many copies.
func NewDocuments(connect func() (jetstream.JetStream, error), copies int) *Documents {
	return &Documents{connect: connect, copies: copies, patience: bucketPatience, made: map[string]jetstream.ObjectStore{}}
}

// open opens the bucket to read from it. There may be none.
func (d *Documents) open(ctx context.Context, name string) (jetstream.ObjectStore, error) {
	d.mu.Lock()
	bucket := d.made[name]
	d.mu.Unlock()
	if bucket != nil {
		return bucket, nil
	}
	js, err := d.connect()
	if err != nil {
		return nil, err
	}
	return js.ObjectStore(ctx, name)
}

// make opens the bucket to write to it: it is made where there is none.
func (d *Documents) make(ctx context.Context, name string) (jetstream.ObjectStore, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if bucket := d.made[name]; bucket != nil {
		return bucket, nil
	}
	js, err := d.connect()
	if err != nil {
		return nil, err
	}
	c := jetstream.ObjectStoreConfig{Bucket: name, Description: "Golden Thread: documents that were attached, by SHA-256", Storage: jetstream.FileStorage, Replicas: max(d.copies, 1)}
	if name == broughtBucket {
		c.Description, c.TTL, c.MaxBytes = "Golden Thread: documents that were brought and not attached yet, by SHA-256", broughtFor, mostBrought
	}
	bucket, err := js.CreateOrUpdateObjectStore(ctx, c)
	if err == nil {
		d.made[name] = bucket
	}
	return bucket, err
}

// An opening is open or make.
type opening func(ctx context.Context, bucket string) (jetstream.ObjectStore, error)

// use does something with the bucket, again while it does not answer.
func (d *Documents) use(ctx context.Context, name string, open opening, f func(jetstream.ObjectStore) error) error {
	for until := time.Now().Add(d.patience); ; {
		bucket, err := open(ctx, name)
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

// A Held says where the bytes of a document are.
type Held string

// Where the bytes of a document are.
const (
	HeldHere      Held = "here"
	HeldElsewhere Held = "elsewhere" // with whoever attached it, as the ledger says
	Missing       Held = "missing"   // nobody has brought them
	Damaged       Held = "damaged"   // what is kept is not what the ledger names
)

// errTorn says that parts of an object are gone.
var errTorn = errors.New("parts of the document are gone")

// bytesOf reads the object part by part: the library waits for parts that are gone.
func (d *Documents) bytesOf(ctx context.Context, bucket jetstream.ObjectStore, name, object string) ([]byte, error) {
	info, err := bucket.GetInfo(ctx, object)
	if err != nil {
		return nil, err
	}
	js, err := d.connect()
	if err != nil {
		return nil, err
	}
	parts, err := js.Stream(ctx, "OBJ_"+name)
	if err != nil {
		return nil, err
	}
	parts.CachedInfo().Config.AllowDirect = false // the leader is asked: another server may not have them yet
	var b []byte
	next := uint64(1)
	for range info.Chunks {
		m, err := parts.GetMsg(ctx, next, jetstream.WithGetMsgSubject("$O."+name+".C."+info.NUID))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return nil, errTorn
		}
		if err != nil {
			return nil, err
		}
		b, next = append(b, m.Data...), m.Sequence+1
	}
	return b, nil
}

// read is the bytes from that bucket; nil and no error if it has none that are right.
func (d *Documents) read(ctx context.Context, name, group, hash string) (b []byte, held Held, err error) {
	err = d.use(ctx, name, d.open, func(bucket jetstream.ObjectStore) (err error) {
		b, err = d.bytesOf(ctx, bucket, name, group+"/"+hash)
		return err
	})
	switch {
	case isMissing(err):
		return nil, Missing, nil
	case errors.Is(err, errTorn), err == nil && HashOf(b) != hash:
		return nil, Damaged, nil
	}
	return b, HeldHere, err
}

func isMissing(err error) bool {
	return errors.Is(err, jetstream.ErrObjectNotFound) || errors.Is(err, jetstream.ErrBucketNotFound)
}

func (d *Documents) put(ctx context.Context, name, group, hash string, b []byte) error {
	return d.use(ctx, name, d.make, func(bucket jetstream.ObjectStore) error {
		_, err := bucket.Put(ctx, jetstream.ObjectMeta{Name: group + "/" + hash}, bytes.NewReader(b))
		var full *jetstream.APIError
		if errors.As(err, &full) && full.ErrorCode == maximumBytes {
			return problem.Unavailable("So much was brought today that nothing more fits. Please try again tomorrow.")
		}
		return err
	})
}

// maximumBytes is the error of a stream that is as large as it may be.
const maximumBytes jetstream.ErrorCode = 10077

// Bytes are the document's, and where they are.
func (d *Documents) Bytes(ctx context.Context, group string, of *domain.Document) ([]byte, Held, error) {
	b, held, err := d.read(ctx, documentsBucket, group, of.SHA256)
	if held == Missing && of.Elsewhere {
		held = HeldElsewhere
	}
	return b, held, err
}

// Held is where the bytes of the document are, without reading them.
func (d *Documents) Held(ctx context.Context, group string, l *projections.DocumentLine) (held Held, err error) {
	var info *jetstream.ObjectInfo
	err = d.use(ctx, documentsBucket, d.open, func(bucket jetstream.ObjectStore) (err error) {
		info, err = bucket.GetInfo(ctx, group+"/"+l.SHA256)
		return err
	})
	sum, _ := hex.DecodeString(l.SHA256)
	switch {
	case isMissing(err) && l.Elsewhere:
		return HeldElsewhere, nil
	case isMissing(err):
		return Missing, nil
	case err == nil && info.Digest != "SHA-256="+base64.URLEncoding.EncodeToString(sum):
		return Damaged, nil
	}
	return HeldHere, err
}

// Lost are the documents whose bytes are to be here and are missing or damaged. All are read.
func (d *Documents) Lost(ctx context.Context, group string, named []domain.Document) (lost []domain.Document, err error) {
	for i := range named {
		_, held, err := d.Bytes(ctx, group, &named[i])
		if err != nil {
			return nil, err
		}
		if held == Missing || held == Damaged {
			lost = append(lost, named[i])
		}
	}
	return lost, nil
}

// Bring keeps the bytes of a document that is to be attached, for a day. They are those
// that the command names.
func (d *Documents) Bring(ctx context.Context, group string, c *domain.AttachDocument, sent []byte) error {
	if err := checkBytes(c, sent); err != nil {
		return err
	}
	return d.put(ctx, broughtBucket, group, c.SHA256, sent)
}

// Mend keeps the bytes of a document that the ledger names already, if they are missing or
// damaged here: then it says true.
func (d *Documents) Mend(ctx context.Context, group string, of *domain.Document, sent []byte) (bool, error) {
	if err := checkBytes(&domain.AttachDocument{Name: of.Name, SHA256: of.SHA256, MediaType: of.MediaType, Bytes: of.Bytes}, sent); err != nil {
		return false, err
	}
	if _, held, err := d.Bytes(ctx, group, of); err != nil || held == HeldHere {
		return false, err
	}
	return true, d.put(ctx, documentsBucket, group, of.SHA256, sent)
}

// keepAll is keep for each of the documents, up to the first that is refused.
func (d *Documents) keepAll(ctx context.Context, group string, named []*domain.AttachDocument, try bool) error {
	for _, c := range named {
		if err := d.keep(ctx, group, c, try); err != nil {
			return err
		}
	}
	return nil
}

// keep has the bytes of the document among the documents, or refuses the command if
// nobody has brought them. If it is only tried, nothing is written.
func (d *Documents) keep(ctx context.Context, group string, c *domain.AttachDocument, try bool) error {
	if c.Elsewhere {
		return nil
	}
	b, held, err := d.read(ctx, documentsBucket, group, c.SHA256)
	if err != nil {
		return err
	}
	kept := held == HeldHere
	if !kept {
		if b, held, err = d.read(ctx, broughtBucket, group, c.SHA256); err != nil {
			return err
		}
	}
	if held != HeldHere {
		return problem.NotFound("T3", "The document is not here. Choose its file again; a program sends its bytes to /documents.")
	}
	if err := checkBytes(c, b); err != nil || kept || try {
		return err
	}
	return d.put(ctx, documentsBucket, group, c.SHA256, b)
}

// checkBytes refuses bytes that are not what the command says that they are.
func checkBytes(c *domain.AttachDocument, sent []byte) error {
	switch {
	case HashOf(sent) != c.SHA256 || int64(len(sent)) != c.Bytes:
		return problem.Invalid("T3", "These are not the bytes of %s: their SHA-256 or their number is another.", c.Name)
	case !isAsNamed(c.Name, c.MediaType, sent):
		return problem.Invalid("T3", "%s is not what its name and its media type, %s, say. Please attach it as what it is.", c.Name, c.MediaType)
	}
	return nil
}

// HashOf is the SHA-256 of the bytes, in hexadecimal digits.
func HashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// A documentKind is a kind of file that browsers or office programs open by its name.
type documentKind struct{ mediaType, begins, words string }

var documentKinds = map[string]documentKind{
	".pdf": {"application/pdf", "%PDF-", "PDF"}, ".png": {"image/png", "\x89PNG\r\n\x1a\n", "picture"}, ".jpg": {"image/jpeg", "\xff\xd8\xff", "picture"},
	".jpeg": {"image/jpeg", "\xff\xd8\xff", "picture"}, ".gif": {"image/gif", "GIF8", "picture"},
	".docx": {"application/vnd.openxmlformats-officedocument.wordprocessingml.document", "PK\x03\x04", "Word document"},
	".xlsx": {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "PK\x03\x04", "Excel workbook"},
	".pptx": {"application/vnd.openxmlformats-officedocument.presentationml.presentation", "PK\x03\x04", "PowerPoint presentation"},
	".odt":  {"application/vnd.oasis.opendocument.text", "PK\x03\x04", "text document"}, ".ods": {"application/vnd.oasis.opendocument.spreadsheet", "PK\x03\x04", "spreadsheet"},
	".odp": {"application/vnd.oasis.opendocument.presentation", "PK\x03\x04", "presentation"},
}

// textKinds are the kinds of text that a page takes.
var textKinds = map[string]documentKind{".txt": {"text/plain", "", "text"}, ".csv": {"text/csv", "", "table"}, ".md": {"text/markdown", "", "text"}}

// DocumentWords say what kind of file it is, by its media type: "PDF"; "file" where the type is not known.
func DocumentWords(mediaType string) string {
	for _, kinds := range []map[string]documentKind{documentKinds, textKinds} {
		for _, k := range kinds {
			if k.mediaType == mediaType {
				return k.words
			}
		}
	}
	return "file"
}

// DocumentType is the media type of a file of that name; a refusal if a page does not take
// such files.
func DocumentType(name string) (string, error) {
	end := strings.ToLower(path.Ext(name))
	if k := cmp.Or(documentKinds[end], textKinds[end]); k.mediaType != "" {
		return k.mediaType, nil
	}
	return "", problem.Invalid("T3", "%s is not a kind of file that can be attached. Choose a PDF, a Word, Excel or PowerPoint file (.docx, .xlsx, .pptx), an OpenDocument file, a picture (.png, .jpg, .gif) or text (.txt, .csv, .md). An older Word file can be saved as PDF first.", domain.Clip(name))
}

// ProofOf is the file as evidence of what stood before; a refusal where it is empty, or not
// what its name says.
func ProofOf(name string, b []byte) (*domain.ProofFile, error) {
	mediaType, err := DocumentType(name)
	switch {
	case err != nil:
		return nil, err
	case len(b) == 0:
		return nil, problem.Invalid("T3", "%s is empty. Choose another file.", domain.Clip(name))
	case len(b) > domain.MostDocument:
		return nil, TooLarge()
	}
	f := &domain.ProofFile{Name: name, SHA256: HashOf(b), MediaType: mediaType, Bytes: int64(len(b))}
	return f, checkBytes(f.Attaching(""), b)
}

// DocumentEndings are what the names of files end with that a page takes.
func DocumentEndings() []string {
	var all []string
	for _, kinds := range []map[string]documentKind{documentKinds, textKinds} {
		for end := range kinds {
			all = append(all, end)
		}
	}
	slices.Sort(all)
	return all
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

// MayAttach refuses whoever may not attach a document to that: before its bytes are read.
func (s *Ledgers) MayAttach(ctx context.Context, group, about string) error {
	q, err := s.See(ctx, &Terms{Group: group}, Everything)
	if err != nil {
		return err
	}
	actor, err := s.Actor(q.Caller, group, &domain.AttachDocument{})
	if err == nil {
		if _, refused := q.State().May(actor, &domain.AttachDocument{About: about}, q.At); refused != nil {
			return refused
		}
	}
	return err
}

// ReadDocument reads the bytes of a document, up to the most that one may have.
func ReadDocument(from io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(from, domain.MostDocument+1))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large), len(b) > domain.MostDocument:
		return nil, TooLarge()
	case err != nil:
		return nil, problem.New(http.StatusBadRequest, "The document broke off.")
	}
	return b, nil
}

// TooLarge refuses a document that is larger than one may be.
func TooLarge() error {
	return problem.New(http.StatusRequestEntityTooLarge, fmt.Sprintf("The document is too large: at most %d MB fit.", domain.MostDocument>>20))
}
