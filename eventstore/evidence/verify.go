package evidence

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strconv"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"

	"goldenthread/domain"
	"goldenthread/eventstore/signature"
)

// A Report is what a bundle was found to prove.
type Report struct {
	Checkpoint torchwood.Checkpoint // what was signed
	Signers    []string             // names of those whose signatures verify, the log's among them
	Events     []Proved             // in order
	Persons    []uint64             // indexes of events whose author's own signature holds
	Unchecked  []uint64             // and of those whose passkey, or exact words, are not in the bundle
	NotProved  []NotProved          // and of those whose signature can't be judged
	OwnPolicy  bool                 // verified under the keys that came with it, which prove nothing about whose they are
	Verifier   bool                 // a verifier came with it, as they did once; it is not to be run
}

// Proved is an event that stands in the log at its index.
type Proved struct {
	Index uint64
	Type  string
	Line  []byte
}

// NotProved is an event whose signature, or the passkey for it, is not of the form
// that can be proved (GRAMMAR.md).
type NotProved struct {
	Index uint64
	Why   error
}

// VerifyZip checks a bundle as its file, as verify.py does. The policy is the one of
// whoever checks; nil takes the bundle's own. The error says what does not hold.
func VerifyZip(zipped, policy []byte) (Report, error) {
	f, err := readZip(zipped)
	if err != nil {
		return Report{}, err
	}
	return verify(f, policy)
}

// VerifyFolder checks an unpacked bundle, likewise.
func VerifyFolder(folder fs.FS, policy []byte) (Report, error) {
	f, err := readFolder(folder)
	if err != nil {
		return Report{}, err
	}
	return verify(f, policy)
}

func verify(f files, own []byte) (r Report, err error) {
	indexes, err := f.check()
	if err != nil {
		return r, err
	}
	r.OwnPolicy, r.Verifier = own == nil, f[verifierFile] != nil
	if own = unixText(own); r.OwnPolicy {
		own = f[policyFile]
	}
	p, err := parsePolicy(own)
	if err != nil {
		return r, fmt.Errorf("the policy: %w", err)
	}
	if r.Checkpoint, r.Signers, err = p.checkpoint(f[checkpointFile]); err != nil {
		return r, fmt.Errorf("the checkpoint: %w", err)
	}
	var events []*event
	for _, index := range indexes {
		e, err := f.event(index, r.Checkpoint)
		if err != nil {
			return r, fmt.Errorf("event %d: %w", index, err)
		}
		if len(events) > 0 && events[0].group != e.group {
			return r, errors.New("the events are of several ledgers")
		}
		events = append(events, e)
		r.Events = append(r.Events, Proved{index, e.kind, e.line})
	}
	return r, r.checkPeople(events)
}

// check gives the indexes of the events, in order, if the files are those of a bundle,
// undamaged.
func (f files) check() ([]uint64, error) {
	for _, name := range needed {
		if f[name] == nil {
			return nil, fmt.Errorf("%s is missing", name)
		}
	}
	if !bytes.Equal(f[sumsFile], f.sums()) {
		return nil, fmt.Errorf("%s does not fit the files: some were changed, damaged, added or taken away", sumsFile)
	}
	found := map[uint64]bool{}
	for name := range f {
		if index, ok := numberIn(name); ok {
			found[index] = true
			if f[eventFile(index)] == nil || f[proofFile(index)] == nil {
				return nil, fmt.Errorf("event %d has no proof, or the proof no event", index)
			}
		}
	}
	if len(found) == 0 || len(found) > mostEvents {
		return nil, fmt.Errorf("there is no event in the bundle, or more than %d", mostEvents)
	}
	return slices.Sorted(maps.Keys(found)), nil
}

var proofForm = regexp.MustCompile(`^c2sp\.org/tlog-proof@v1\nindex (0|[1-9][0-9]{0,11})\n((?:[A-Za-z0-9+/]{43}=\n)*)\n`)

// readProof gives the index, the hashes, and the checkpoint in which the proof ends.
func readProof(b []byte) (index uint64, p tlog.RecordProof, checkpoint []byte, err error) {
	m := proofForm.FindSubmatch(b)
	if m == nil {
		return 0, nil, nil, errors.New("its proof is not one")
	}
	for line := range bytes.Lines(m[2]) {
		h, err := base64.StdEncoding.Strict().DecodeString(string(line[:len(line)-1]))
		if err != nil {
			return 0, nil, nil, fmt.Errorf("its proof has a hash that is not written as base64 is: %w", err)
		}
		p = append(p, tlog.Hash(h))
	}
	index, err = strconv.ParseUint(string(m[1]), 10, 64)
	return index, p, b[len(m[0]):], err
}

// event is the event with that index, if it is proved to stand there in the log, and says
// of itself what the bundle says of it.
func (f files) event(index uint64, c torchwood.Checkpoint) (*event, error) {
	line := f[eventFile(index)]
	proved, hashes, checkpoint, err := readProof(f[proofFile(index)])
	switch {
	case err != nil:
		return nil, err
	case !bytes.Equal(checkpoint, f[checkpointFile]):
		return nil, errors.New("its proof ends in another checkpoint than the bundle's")
	case proved != index:
		return nil, errors.New("its proof is of another event")
	}
	if err := tlog.CheckRecord(hashes, c.N, c.Hash, int64(index), tlog.RecordHash(line)); err != nil {
		return nil, fmt.Errorf("it is not in the log as it stands here: %w", err)
	}
	e, err := readEvent(line)
	if err == nil && e.index != index {
		err = fmt.Errorf("it says that it is event %d", e.index)
	}
	return e, err
}

// checkPeople checks what people signed among the events, in order. One that does not
// hold is the error.
func (r *Report) checkPeople(events []*event) error {
	p := people{map[string]*domain.PasskeyRegistered{}, map[uint64]wordsEvent{}, map[string]uint64{}}
	for _, e := range events {
		switch whole, err := p.take(e); {
		case errors.Is(err, errUnsigned):
		case errors.Is(err, signature.ErrForm):
			r.NotProved = append(r.NotProved, NotProved{e.index, err})
		case err != nil:
			return fmt.Errorf("event %d: %w", e.index, err)
		case whole:
			r.Persons = append(r.Persons, e.index)
		default:
			r.Unchecked = append(r.Unchecked, e.index)
		}
	}
	return nil
}
