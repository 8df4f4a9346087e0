package evidence

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"

	"goldenthread/eventstore/signature"
	"goldenthread/eventstore/witness"
)

// mostParts is how many witnesses, and groups, a policy may name.
const mostParts = 64

// lastTime is the last second at which a witness may say that it signed: the end
// of the year 9999.
const lastTime = 253_402_300_799

const nameForm = `[!-*,-~]{1,200}` // of a log or a witness: ASCII, no blank, no plus

var (
	vkeyForm       = regexp.MustCompile(`^` + nameForm + `\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}$`)
	partForm       = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)
	leastForm      = regexp.MustCompile(`^(any|all|[1-9][0-9]{0,2})$`)
	policyLine     = regexp.MustCompile(`^[\t -~]*$`)
	checkpointForm = regexp.MustCompile(`^` + nameForm + `\n[1-9][0-9]{0,11}\n[A-Za-z0-9+/]{43}=\n\n(— ` + nameForm + ` [A-Za-z0-9+/]+={0,2}\n)+$`)
)

// A policy says whose signatures a checkpoint needs. Every key is named once, and
// counts once: nobody's signature makes up for another's.
type policy struct {
	torchwood.Policy
	verifiers []note.Verifier // the log's, and those of all witnesses
	log       string          // name of the log
	parts     map[string]bool // witnesses and groups, by name; true once it is counted in a group
	keys      map[string]bool
	groups    int
}

// parsePolicy reads a policy as FORMAT.md allows it.
func parsePolicy(b []byte) (*policy, error) {
	if len(b) > mostOf[policyFile] || !utf8.Valid(b) {
		return nil, errors.New("it is too long, or not text")
	}
	p := &policy{parts: map[string]bool{}, keys: map[string]bool{}}
	for line := range strings.SplitSeq(string(b), "\n") {
		words, _, _ := strings.Cut(line, "#")
		if !policyLine.MatchString(words) {
			return nil, fmt.Errorf("%.200q can't be read", line)
		}
		if err := p.line(strings.Fields(words)); err != nil {
			return nil, fmt.Errorf("%.200q: %w", line, err)
		}
	}
	if p.log == "" {
		return nil, errors.New("it names no log")
	}
	var err error
	p.Policy, err = witness.ParsePolicy(b)
	return p, err
}

// line checks a line's form; that its names are known, and that there is a quorum, is
// the parser's to check.
func (p *policy) line(words []string) error {
	if len(words) == 0 {
		return nil
	}
	kind, n := words[0], len(words)
	switch {
	case kind == "log" && (n == 2 || n == 3) && p.log == "":
		p.log, _, _ = strings.Cut(words[1], "+")
		return p.key(words[1], func(vkey string) (note.Verifier, error) { return note.NewVerifier(vkey) })
	case kind == "witness" && (n == 3 || n == 4) && p.isNew(words[1]) && len(p.parts)-p.groups < mostParts:
		p.parts[words[1]] = false
		return p.key(words[2], func(vkey string) (note.Verifier, error) { return torchwood.NewCosignatureVerifier(vkey) })
	case kind == "group" && n >= 4 && p.isNew(words[1]) && leastForm.MatchString(words[2]) && p.groups < mostParts:
		for _, name := range words[3:] {
			if p.parts[name] {
				return fmt.Errorf("it counts %q twice", name)
			}
			p.parts[name] = true
		}
		p.groups++
		p.parts[words[1]] = false
		return nil
	case kind == "quorum" && n == 2:
		return nil
	}
	return errors.New("it can't be read")
}

func (p *policy) isNew(name string) bool {
	_, taken := p.parts[name]
	return partForm.MatchString(name) && name != "none" && !taken
}

// key takes the key of a log or a witness, which is an Ed25519 key.
func (p *policy) key(vkey string, verifier func(string) (note.Verifier, error)) error {
	if !vkeyForm.MatchString(vkey) {
		return errors.New("it has no key")
	}
	v, err := verifier(vkey)
	if err != nil {
		return err
	}
	data, err := base64.StdEncoding.DecodeString(vkey[len(vkey)-44:])
	if err != nil {
		return err
	}
	id := fmt.Sprintf("%s %08x", v.Name(), v.KeyHash())
	if !signature.SoundEd25519(data[1:]) || p.keys[string(data[1:])] || p.keys[id] {
		return errors.New("its key is none, or named twice")
	}
	p.keys[string(data[1:])], p.keys[id] = true, true
	p.verifiers = append(p.verifiers, v)
	return nil
}

// checkpoint is the one that was signed, if those have signed that the policy asks for,
// and their names.
func (p *policy) checkpoint(signed []byte) (c torchwood.Checkpoint, signers []string, err error) {
	if !checkpointForm.Match(signed) {
		return c, nil, errors.New("it is not one")
	}
	text, lines, _ := bytes.Cut(signed, []byte("\n\n"))
	if err := checkSignatures(string(lines)); err != nil {
		return c, nil, err
	}
	if c, err = torchwood.ParseCheckpoint(string(text) + "\n"); err != nil {
		return c, nil, err
	}
	if string(text)+"\n" != c.String() {
		return c, nil, errors.New("its root is not written as base64 is")
	}
	n, err := note.Open(signed, note.VerifierList(p.verifiers...))
	if err != nil {
		return c, nil, err
	}
	for _, s := range n.Sigs {
		signers = append(signers, s.Name)
		if sig, _ := base64.StdEncoding.DecodeString(s.Base64); len(sig) == 4+8+64 {
			if when := binary.BigEndian.Uint64(sig[4:]); when == 0 || when > lastTime {
				return c, nil, fmt.Errorf("%s signed at no time", s.Name)
			}
		}
	}
	return c, signers, p.Check(c.Origin, n.Sigs)
}

// mostSignatures is how many a checkpoint may bear.
const mostSignatures = 100

// checkSignatures checks that there are not too many, that each line is in the one spelling that base64 has, and that
// none comes twice.
func checkSignatures(lines string) error {
	seen := map[string]bool{}
	for line := range strings.Lines(lines) {
		words := strings.Fields(line)
		data, err := base64.StdEncoding.Strict().DecodeString(words[2])
		if err != nil || len(data) < 5 || len(seen) == mostSignatures || seen[words[1]+" "+string(data[:4])] {
			return errors.New("it has a signature that is none, or twice, or too many")
		}
		seen[words[1]+" "+string(data[:4])] = true
	}
	return nil
}

// unixText is the text with the line endings that files have here, whatever editor
// they were written with.
func unixText(b []byte) []byte {
	return bytes.ReplaceAll(slices.Clone(b), []byte("\r\n"), []byte("\n"))
}
