package witness

import (
	"bytes"
	"fmt"
	"net/url"
	"strings"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
)

// A Witness is somebody else's witness, as a log knows it.
// ParseWitness makes one.
type Witness struct {
	url      string
	verifier *torchwood.CosignatureVerifier
}

// Name is the witness's name in its key.
func (w Witness) Name() string { return w.verifier.Name() }

// URL is the prefix of its add-checkpoint.
func (w Witness) URL() string { return w.url }

// VKey is the key of its cosignatures (c2sp.org/signed-note).
func (w Witness) VKey() string { return w.verifier.String() }

// ParseWitness reads "URL,vkey", as the command line takes it.
func ParseWitness(s string) (Witness, error) {
	address, vkey, ok := strings.Cut(s, ",")
	if !ok {
		return Witness{}, fmt.Errorf("%q is not an address and a key with a comma between them", s)
	}
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return Witness{}, fmt.Errorf("%q is not the address of a witness", address)
	}
	v, err := torchwood.NewCosignatureVerifier(vkey)
	if err != nil {
		return Witness{}, fmt.Errorf("%q is not the key of a witness: %w", vkey, err)
	}
	return Witness{strings.TrimSuffix(address, "/"), v}, nil
}

// Policy writes whose signatures a checkpoint needs: the log's, and those of at
// least quorum of the witnesses, none if it is 0. The text is in the format of
// torchwood.ParsePolicy, which Tessera and Sigsum read as well.
func Policy(logVKey string, witnesses []Witness, quorum int) ([]byte, error) {
	if _, err := note.NewVerifier(logVKey); err != nil {
		return nil, fmt.Errorf("the log's key: %w", err)
	}
	if quorum < 0 || quorum > len(witnesses) {
		return nil, fmt.Errorf("a quorum of %d is asked for, and there are %d witnesses", quorum, len(witnesses))
	}
	if err := CheckWitnesses(witnesses); err != nil {
		return nil, err
	}
	b := fmt.Appendf(nil, "log %s\n", logVKey)
	names := ""
	for i, w := range witnesses {
		b = fmt.Appendf(b, "witness w%d %s %s\n", i+1, w.VKey(), w.URL())
		names += fmt.Sprintf(" w%d", i+1)
	}
	if quorum == 0 {
		return append(b, "quorum none\n"...), nil
	}
	b = fmt.Appendf(b, "group witnesses %d%s\nquorum witnesses\n", quorum, names)
	_, err := ParsePolicy(b)
	return b, err
}

// mostWitnesses is how many a policy may name, so that every verifier takes it.
const mostWitnesses = 64

// CheckWitnesses says why these witnesses can't make up a quorum: a key that is named
// twice, under whatever names, would count twice.
func CheckWitnesses(witnesses []Witness) error {
	if len(witnesses) > mostWitnesses {
		return fmt.Errorf("there are %d witnesses, and at most %d can be named", len(witnesses), mostWitnesses)
	}
	named := map[string]string{}
	for _, w := range witnesses {
		key := w.VKey()[strings.LastIndexByte(w.VKey(), '+'):]
		if other, again := named[key]; again {
			return fmt.Errorf("the witnesses %s and %s have the same key, and would count twice", other, w.Name())
		}
		named[key] = w.Name()
	}
	return nil
}

// ParsePolicy is torchwood.ParsePolicy, which panics on a line of nothing but
// white space that is neither blanks nor tabs, such as an empty one that ends in CRLF.
func ParsePolicy(b []byte) (torchwood.Policy, error) {
	lines := bytes.Split(b, []byte("\n"))
	for i := range lines {
		line, _, _ := bytes.Cut(lines[i], []byte("#"))
		lines[i] = bytes.TrimSpace(line)
	}
	return torchwood.ParsePolicy(bytes.Join(lines, []byte("\n")))
}
