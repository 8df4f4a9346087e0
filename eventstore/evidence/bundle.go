package evidence

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

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
	verifierFile   = "verify.py" // in bundles that were made once
)

// ErrTooMuch says that an answer rests on more than a bundle may hold (FORMAT.md).
var ErrTooMuch = errors.New("this is more than a bundle may hold")

func eventFile(index uint64) string { return fmt.Sprintf("events/%08d.json", index) }
func proofFile(index uint64) string { return fmt.Sprintf("proofs/%08d.tlog-proof", index) }

// Verifier is verify.py. It is handed out apart from any bundle, with its SHA-256:
// whoever does not trust a bundle can't trust a program that came in it.
//
//go:embed verify.py
var Verifier []byte

// VerifierSHA256 is the SHA-256 of Verifier, hexadecimal.
func VerifierSHA256() string { return fmt.Sprintf("%x", sha256.Sum256(Verifier)) }

//go:embed README.txt
var readme []byte

// Write writes the bundle as a zip: the same bytes for the same bundle. What
// would not verify is not written; the error says why. ErrTooMuch.
func Write(w io.Writer, b *Bundle) error {
	f, err := b.files()
	if err != nil {
		return err
	}
	zipped := writeZip(f)
	if _, err := VerifyZip(zipped, nil); err != nil {
		return fmt.Errorf("the bundle would not verify: %w", err)
	}
	_, err = w.Write(zipped)
	return err
}

func (b *Bundle) files() (files, error) {
	if len(b.Events) == 0 {
		return nil, errors.New("a bundle proves at least one event")
	}
	if len(b.Events) > mostEvents {
		return nil, ErrTooMuch
	}
	files := files{checkpointFile: b.Checkpoint, policyFile: b.Policy, readmeFile: readme}
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
	files[sumsFile] = files.sums()
	if !files.fit() {
		return nil, ErrTooMuch
	}
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
func (f files) sums() []byte {
	var b []byte
	for _, name := range slices.Sorted(maps.Keys(f)) {
		if name != sumsFile {
			b = fmt.Appendf(b, "%x  %s\n", sha256.Sum256(f[name]), name)
		}
	}
	return b
}
