package evidence

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"goldenthread/domain"
)

// A Bundle is what is to be proved.
type Bundle struct {
	Title      string        // a sentence: "The executive may commit up to £20,000 an item"
	Group      string        // name in addresses
	Steps      []domain.Link // from the answer down to the practices; each of one of the events
	Events     []Event
	Checkpoint []byte // signed and cosigned
	Policy     []byte // the log's key, the witnesses' and the quorum, as torchwood.ParsePolicy reads it
}

// An Event is one line of the ledger and its proof.
type Event struct {
	Index uint64
	Line  []byte // exact bytes
	Proof []byte // c2sp.org/tlog-proof@v1, ending in the bundle's checkpoint, with or without its cosignatures
}

// Names of the files in a bundle.
const (
	sumsFile       = "SHA256SUMS" // of all others, as sha256sum -c reads it
	checkpointFile = "checkpoint"
	policyFile     = "policy.txt"
	pageFile       = "page.html"
	readmeFile     = "README.txt"
	verifierFile   = "verify.py"
)

func eventFile(index uint64) string { return fmt.Sprintf("events/%08d.json", index) }
func proofFile(index uint64) string { return fmt.Sprintf("proofs/%08d.tlog-proof", index) }

//go:embed verify.py
var verifier []byte

//go:embed README.txt
var readme []byte

// Write writes the bundle as a zip: the same bytes for the same bundle. What
// would not verify is not written; the error says why.
func Write(w io.Writer, b *Bundle) error {
	files, err := b.files()
	if err != nil {
		return err
	}
	var zipped bytes.Buffer
	z := zip.NewWriter(&zipped)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		// Stored, and with one date for all: no byte depends on when, or with which
		// release of a compressor, the bundle was made.
		f, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)})
		if err != nil {
			return err
		}
		if _, err := f.Write(files[name]); err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return err
	}
	r, err := zip.NewReader(bytes.NewReader(zipped.Bytes()), int64(zipped.Len()))
	if err != nil {
		return err
	}
	if _, err := VerifyBundle(r, nil); err != nil {
		return fmt.Errorf("the bundle would not verify: %w", err)
	}
	_, err = w.Write(zipped.Bytes())
	return err
}

func (b *Bundle) files() (map[string][]byte, error) {
	if len(b.Events) == 0 {
		return nil, errors.New("a bundle proves at least one event")
	}
	files := map[string][]byte{checkpointFile: b.Checkpoint, policyFile: b.Policy, readmeFile: readme, verifierFile: verifier}
	for _, e := range b.Events {
		if files[eventFile(e.Index)] != nil {
			return nil, fmt.Errorf("event %d is in the bundle twice", e.Index)
		}
		proof, err := b.proof(&e)
		if err != nil {
			return nil, err
		}
		files[eventFile(e.Index)], files[proofFile(e.Index)] = e.Line, proof
	}
	for _, s := range b.Steps {
		if files[eventFile(s.Index)] == nil {
			return nil, fmt.Errorf("step %q rests on event %d, which is not in the bundle", s.Text, s.Index)
		}
	}
	page, err := b.page()
	if err != nil {
		return nil, err
	}
	files[pageFile] = page
	files[sumsFile] = sums(files)
	return files, nil
}

// proof is the event's proof, ending in the bundle's checkpoint with all its
// cosignatures.
func (b *Bundle) proof(e *Event) ([]byte, error) {
	head, checkpoint, ok := bytes.Cut(e.Proof, []byte("\n\n"))
	text, _, _ := bytes.Cut(checkpoint, []byte("\n\n"))
	if !ok || !bytes.HasPrefix(b.Checkpoint, append(text, "\n\n"...)) {
		return nil, fmt.Errorf("the proof of event %d does not end in the bundle's checkpoint", e.Index)
	}
	return slices.Concat(head, []byte("\n\n"), b.Checkpoint), nil
}

// sums are the SHA-256 of all files, to find damage. They prove nothing: whoever
// changes a file can change them too.
func sums(files map[string][]byte) []byte {
	var b []byte
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if name != sumsFile {
			b = fmt.Appendf(b, "%x  %s\n", sha256.Sum256(files[name]), name)
		}
	}
	return b
}

// An envelope is what is read of an event without knowing its kind (CloudEvents 1.0).
type envelope struct {
	Source    string `json:"source"`
	Type      string `json:"type"`
	Subject   string `json:"subject"`
	Time      string `json:"time"`
	Index     uint64 `json:"index"`
	Actor     string `json:"actor"`
	OnBehalf  string `json:"onbehalfof"`
	Effective string `json:"effective"`
}

func readEnvelope(line []byte) (e envelope, err error) {
	if err := json.Unmarshal(line, &e); err != nil {
		return e, fmt.Errorf("an event that is not JSON: %w", err)
	}
	return e, nil
}
