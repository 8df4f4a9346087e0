package witness

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"filippo.io/torchwood"
	"github.com/gofrs/flock"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// A Log is one whose checkpoints a witness cosigns.
type Log struct {
	Origin string   // first line of its checkpoints
	VKeys  []string // keys of which one must have signed (c2sp.org/signed-note)
}

// A Server is a witness. It is safe for concurrent use.
type Server struct {
	lock   *flock.Flock
	signer *torchwood.CosignatureSigner
	logs   map[string]*watched
	mux    *http.ServeMux
	log    *slog.Logger
	save   func(path string, data []byte) error
}

// watched is a log and what the witness cosigned of it last. Whoever holds the
// mutex checks, saves and signs: two requests never both extend the same tree.
type watched struct {
	mu       sync.Mutex
	origin   string
	keys     note.Verifiers
	path     string
	cosigned tlog.Tree
}

// Open starts a witness that keeps in the folder, one file a log, what it has
// cosigned. The folder is locked: a second witness on it could be shown another
// history. Losing the folder means losing the witness: start no other with its key.
func Open(dir string, signer *torchwood.CosignatureSigner, logs []Log, log *slog.Logger) (*Server, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the witness's folder: %w", err)
	}
	s := &Server{lock: flock.New(filepath.Join(dir, "lock"), flock.SetPermissions(0o600)), signer: signer, logs: map[string]*watched{}, mux: http.NewServeMux(), log: log, save: writeSynced}
	switch ok, err := s.lock.TryLock(); {
	case err != nil:
		return nil, fmt.Errorf("lock the witness's folder: %w", err)
	case !ok:
		return nil, fmt.Errorf("the folder %s is in use by another witness", dir)
	}
	for _, l := range logs {
		if err := s.watch(dir, l); err != nil {
			return nil, errors.Join(fmt.Errorf("log %q: %w", l.Origin, err), s.Close())
		}
	}
	s.mux.HandleFunc("POST /add-checkpoint", s.addCheckpoint)
	return s, nil
}

// Close lets another witness have the folder. Requests must have ended.
func (s *Server) Close() error { return s.lock.Unlock() }

// ServeHTTP answers POST /add-checkpoint.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// VKey is the key under which the witness's cosignatures are verified.
func (s *Server) VKey() string { return s.signer.Verifier().String() }

// Cosigned is the tree that was cosigned last, of size 0 if none was; false for
// a log that this witness does not know.
func (s *Server) Cosigned(origin string) (tlog.Tree, bool) {
	l := s.logs[origin]
	if l == nil {
		return tlog.Tree{}, false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cosigned, true
}

// watch takes up a log where the witness left it.
func (s *Server) watch(dir string, l Log) error {
	if l.Origin == "" || strings.ContainsAny(l.Origin, "\n") || s.logs[l.Origin] != nil {
		return errors.New("a log has an origin of its own, in one line")
	}
	verifiers := make([]note.Verifier, 0, len(l.VKeys))
	for _, vkey := range l.VKeys {
		v, err := note.NewVerifier(vkey)
		if err != nil {
			return err
		}
		verifiers = append(verifiers, v)
	}
	if len(verifiers) == 0 {
		return errors.New("it has no key")
	}
	w := &watched{origin: l.Origin, keys: note.VerifierList(verifiers...), path: filepath.Join(dir, fileOf(l.Origin))}
	saved, err := os.ReadFile(w.path)
	if err == nil {
		err = w.take(saved, s.signer.Verifier())
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("what was cosigned: %w", err)
	}
	s.logs[l.Origin] = w
	return nil
}

// fileOf is the name of the file for that origin.
func fileOf(origin string) string {
	if name := url.PathEscape(origin); len(name) < 200 {
		return name + ".checkpoint"
	}
	return fmt.Sprintf("%x.checkpoint", sha256.Sum256([]byte(origin)))
}

// take reads a file of the witness's own: the checkpoint with its cosignature.
func (l *watched) take(saved []byte, own note.Verifier) error {
	n, err := note.Open(saved, note.VerifierList(own))
	if err != nil {
		return err
	}
	c, err := torchwood.ParseCheckpoint(n.Text)
	if err == nil && c.Origin != l.origin {
		err = fmt.Errorf("it is of %q", c.Origin)
	}
	l.cosigned = c.Tree
	return err
}

// A rejection is an answer other than 200.
type rejection struct {
	status int
	say    string
	size   int64 // with StatusConflict: what was cosigned last
}

func (r *rejection) Error() string { return r.say }

func (s *Server) addCheckpoint(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostRequest))
	var cosignature []byte
	if err == nil {
		cosignature, err = s.cosign(body)
	}
	var no *rejection
	var large *http.MaxBytesError
	switch {
	case err == nil:
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Write(cosignature)
	case errors.As(err, &no) && no.status == http.StatusConflict:
		s.log.Warn("checkpoint not cosigned", "why", no.say, "cosigned", no.size)
		w.Header().Set("Content-Type", "text/x.tlog.size")
		w.WriteHeader(http.StatusConflict)
		fmt.Fprintf(w, "%d\n", no.size)
	case errors.As(err, &no):
		s.log.Warn("checkpoint not cosigned", "why", no.say)
		http.Error(w, no.say, no.status)
	case errors.As(err, &large):
		http.Error(w, "request too large", http.StatusRequestEntityTooLarge)
	default:
		s.log.Error("checkpoint not cosigned", "error", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
	}
}

// cosign answers a request: the cosignature, in lines of c2sp.org/signed-note.
// It is given out only after the file that keeps the witness from going back is
// on disk; a crash in between leaves a size that nobody was given, and the log
// learns it from the conflict that it meets then.
func (s *Server) cosign(body []byte) ([]byte, error) {
	req, err := parseRequest(body)
	if err != nil {
		return nil, &rejection{status: http.StatusBadRequest, say: err.Error()}
	}
	origin, _, _ := bytes.Cut(req.checkpoint, []byte("\n"))
	l := s.logs[string(origin)]
	if l == nil {
		return nil, &rejection{status: http.StatusNotFound, say: "unknown log"}
	}
	n, c, err := l.open(req.checkpoint)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.extends(&req, c.Tree); err != nil {
		return nil, err
	}
	signed, err := note.Sign(&note.Note{Text: n.Text}, s.signer)
	if err != nil {
		return nil, err
	}
	if err := s.save(l.path, signed); err != nil {
		return nil, fmt.Errorf("keep what was cosigned: %w", err)
	}
	l.cosigned = c.Tree
	return signed[len(n.Text)+1:], nil
}

// open verifies the log's signature. Only a trusted key's counts.
func (l *watched) open(checkpoint []byte) (*note.Note, torchwood.Checkpoint, error) {
	n, err := note.Open(checkpoint, l.keys)
	var unverified *note.UnverifiedNoteError
	var invalid *note.InvalidSignatureError
	switch {
	case errors.As(err, &unverified), errors.As(err, &invalid):
		return nil, torchwood.Checkpoint{}, &rejection{status: http.StatusForbidden, say: "not signed by a key of this log"}
	case err != nil:
		return nil, torchwood.Checkpoint{}, &rejection{status: http.StatusBadRequest, say: "malformed checkpoint"}
	}
	c, err := torchwood.ParseCheckpoint(n.Text)
	if err != nil || c.String() != n.Text {
		return nil, c, &rejection{status: http.StatusBadRequest, say: "malformed checkpoint"}
	}
	return n, c, nil
}

// emptyRoot is the hash of the tree of nothing (RFC 6962, section 2.1).
var emptyRoot = tlog.Hash(sha256.Sum256(nil))

// extends rejects a tree that is not the one that was cosigned last, grown.
func (l *watched) extends(req *request, to tlog.Tree) error {
	from := l.cosigned
	proofless := len(req.proof) == 0
	switch {
	case req.old > to.N:
		return &rejection{status: http.StatusBadRequest, say: "the old size is above the checkpoint's"}
	case req.old != from.N:
		return &rejection{http.StatusConflict, "the old size is not the one cosigned last", from.N}
	case to.N == 0 && to.Hash != emptyRoot, (from.N == 0 || from.N == to.N) && !proofless:
		return &rejection{status: http.StatusUnprocessableEntity, say: "the consistency proof does not verify"}
	case from.N == 0:
		return nil
	case from.N == to.N && from.Hash != to.Hash:
		return &rejection{http.StatusConflict, "another tree of the same size was cosigned", from.N}
	case from.N == to.N:
		return nil
	case tlog.CheckTree(req.proof, to.N, to.Hash, from.N, from.Hash) != nil:
		return &rejection{status: http.StatusUnprocessableEntity, say: "the consistency proof does not verify"}
	}
	return nil
}
