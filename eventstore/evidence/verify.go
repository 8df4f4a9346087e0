package evidence

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"

	"goldenthread/eventstore/witness"
)

// A Report is what a bundle was found to prove.
type Report struct {
	Checkpoint torchwood.Checkpoint // what was signed
	Signers    []string             // names of those whose signatures verify, the log's among them
	Events     []Proved             // in order
	Persons    []uint64             // indexes of events whose author's own signature holds
	Unchecked  []uint64             // and of those whose passkey, or exact words, are not in the bundle
	OwnPolicy  bool                 // verified under the keys that came with it, which prove nothing about whose they are
	Foreign    []string             // verifier or instructions that this release does not write: read them before you trust them
}

// Proved is an event that stands in the log at its index.
type Proved struct {
	Index uint64
	Type  string
	Line  []byte
}

const mostFile = 1 << 20 // bytes of one file in a bundle

var eventName = regexp.MustCompile(`^events/([0-9]{8,20})\.json$`)

// VerifyBundle checks a bundle, unpacked or as a zip.Reader, as its verify.py
// does. The policy is the one of whoever checks; nil takes the bundle's own. The
// error says what does not hold.
func VerifyBundle(bundle fs.FS, policy []byte) (Report, error) {
	files, err := readFiles(bundle)
	if err != nil {
		return Report{}, err
	}
	if err := checkFiles(files); err != nil {
		return Report{}, err
	}
	r := Report{OwnPolicy: policy == nil}
	for name, ours := range map[string][]byte{verifierFile: verifier, readmeFile: readme} {
		if !bytes.Equal(files[name], ours) {
			r.Foreign = append(r.Foreign, name)
		}
	}
	slices.Sort(r.Foreign)
	if policy == nil {
		policy = files[policyFile]
	}
	p, err := witness.ParsePolicy(policy)
	if err != nil {
		return r, fmt.Errorf("the policy: %w", err)
	}
	c, n, err := torchwood.VerifyCheckpoint(files[checkpointFile], p)
	if err != nil {
		return r, fmt.Errorf("the checkpoint: %w", err)
	}
	r.Checkpoint = c
	for _, s := range n.Sigs {
		r.Signers = append(r.Signers, s.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if m := eventName.FindStringSubmatch(name); m != nil {
			e, err := verifyEvent(files, p, m[1])
			if err != nil {
				return r, fmt.Errorf("%s: %w", name, err)
			}
			r.Events = append(r.Events, e)
		}
	}
	if len(r.Events) == 0 {
		return r, errors.New("there is no event in the bundle")
	}
	slices.SortFunc(r.Events, func(a, b Proved) int { return cmp.Compare(a.Index, b.Index) }) // by name they are not, beyond eight digits
	r.Persons, r.Unchecked, err = checkPeople(r.Events)
	return r, err
}

func readFiles(bundle fs.FS) (map[string][]byte, error) {
	files := map[string][]byte{}
	err := fs.WalkDir(bundle, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if info.Size() > mostFile {
			return fmt.Errorf("%s is too large to belong to a bundle", path)
		}
		files[path], err = fs.ReadFile(bundle, path)
		return err
	})
	return files, err
}

// checkFiles sees to it that the files are those of a bundle, undamaged.
func checkFiles(files map[string][]byte) error {
	for _, name := range []string{sumsFile, checkpointFile, policyFile, pageFile, readmeFile, verifierFile} {
		if files[name] == nil {
			return fmt.Errorf("%s is missing", name)
		}
	}
	if !bytes.Equal(files[sumsFile], sums(files)) {
		return fmt.Errorf("%s does not fit the files: some were changed, damaged, added or taken away", sumsFile)
	}
	for name := range files {
		top, _, below := strings.Cut(name, "/")
		m := eventName.FindStringSubmatch(name)
		switch {
		case !below && slices.Contains([]string{sumsFile, checkpointFile, policyFile, pageFile, readmeFile, verifierFile}, name):
		case m != nil && files["proofs/"+m[1]+".tlog-proof"] != nil:
		case top == "proofs" && files["events/"+strings.TrimSuffix(name[len("proofs/"):], ".tlog-proof")+".json"] != nil:
		default:
			return fmt.Errorf("%s does not belong to the bundle", name)
		}
	}
	return nil
}

// verifyEvent verifies one event's proof under the policy, and that it says of
// itself what the bundle says of it.
func verifyEvent(files map[string][]byte, p torchwood.Policy, number string) (Proved, error) {
	index, err := strconv.ParseUint(number, 10, 63)
	if err != nil {
		return Proved{}, err
	}
	line, proof := files["events/"+number+".json"], files["proofs/"+number+".tlog-proof"]
	head, checkpoint, _ := bytes.Cut(proof, []byte("\n\n"))
	if !bytes.Equal(checkpoint, files[checkpointFile]) {
		return Proved{}, errors.New("its proof ends in another checkpoint than the bundle's")
	}
	if !bytes.Contains(head, fmt.Appendf(nil, "\nindex %d\n", index)) && !bytes.HasSuffix(head, fmt.Appendf(nil, "\nindex %d", index)) {
		return Proved{}, errors.New("its proof is of another event")
	}
	if err := torchwood.VerifyProof(p, tlog.RecordHash(line), proof); err != nil {
		return Proved{}, err
	}
	e, err := readEnvelope(line)
	if err == nil && e.Index != index {
		err = fmt.Errorf("it says that it is event %d", e.Index)
	}
	return Proved{index, e.Type, line}, err
}

func readCheckpoint(signed []byte) (torchwood.Checkpoint, error) {
	text, _, ok := bytes.Cut(signed, []byte("\n\n"))
	if !ok {
		return torchwood.Checkpoint{}, errors.New("this is not a signed checkpoint")
	}
	return torchwood.ParseCheckpoint(string(text) + "\n")
}
