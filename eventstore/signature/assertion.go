package signature

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"goldenthread/domain"
)

// Bounds of what a browser and a device say. verify.py has the same.
const (
	mostClientData = 2_048 // bytes of clientDataJSON
	clientDepth    = 4     // arrays and objects in each other
	mostExtensions = 512   // bytes of authenticatorData behind its first 37
	extensionDepth = 4     // arrays and maps in each other
	mostHost       = 253   // letters
	fixedData      = 37    // bytes of authenticatorData that there always are
)

// Flags of authenticatorData (Web Authentication, level 3, section 6.1).
const (
	userPresent    = 0x01
	userVerified   = 0x04
	backupEligible = 0x08
	backedUp       = 0x10
	hasExtensions  = 0x80
	otherFlags     = 0x02 | 0x20 | 0x40 // reserved, and that a key is attested, which no assertion does
)

// Challenge is what the passkey is asked to sign for that statement.
func Challenge(statement string) []byte {
	sum := sha256.Sum256([]byte(statement))
	return sum[:]
}

// clientData is what the browser says of the signing. Other members are signed
// too, and nothing rests on them.
type clientData struct {
	kind, challenge, origin string
	crossOrigin             bool
}

func readClientData(b []byte) (*clientData, error) {
	v, err := ReadJSON(b, mostClientData, clientDepth)
	if err != nil {
		return nil, fmt.Errorf("what the browser said: %w", err)
	}
	members, _ := v.(map[string]any)
	var c clientData
	var ok [4]bool
	c.kind, ok[0] = members["type"].(string)
	c.challenge, ok[1] = members["challenge"].(string)
	c.origin, ok[2] = members["origin"].(string)
	crossOrigin, there := members["crossOrigin"]
	c.crossOrigin, ok[3] = crossOrigin.(bool)
	ok[3] = ok[3] || !there
	if slices.Contains(ok[:], false) {
		return nil, fmt.Errorf("what the browser said: %w", malformed("type, challenge and origin are not texts, or crossOrigin is not true or false"))
	}
	return &c, nil
}

// Origin is the page on which it was signed, as the browser says.
func Origin(g *domain.Signature) (string, error) {
	c, err := readClientData(g.ClientDataJSON)
	if err != nil {
		return "", err
	}
	return c.origin, nil
}

// Verify says why the passkey did not sign the statement, if it did not. The error
// is an ErrForm where the key or the signature is not of the form that GRAMMAR.md
// allows: then nothing is proved, either way.
func Verify(g *domain.Signature, by *domain.Passkey) error {
	if err := checkParty(by.RelyingParty); err != nil {
		return err
	}
	key, err := readKey(by.PublicKey)
	if err != nil {
		return err
	}
	c, err := readClientData(g.ClientDataJSON)
	if err != nil {
		return err
	}
	if err := checkDevice(g.AuthenticatorData); err != nil {
		return fmt.Errorf("what the device said: %w", err)
	}
	if err := key.checkShape(g.Signature); err != nil {
		return err
	}
	party := sha256.Sum256([]byte(by.RelyingParty))
	flags := g.AuthenticatorData[sha256.Size]
	sum := sha256.Sum256(g.ClientDataJSON)
	switch {
	case c.kind != "webauthn.get":
		return fmt.Errorf("it is a %q, not an assertion", c.kind)
	case c.challenge != base64.RawURLEncoding.EncodeToString(Challenge(g.Statement)):
		return errors.New("it is of another statement")
	case c.crossOrigin || !belongs(c.origin, by.RelyingParty):
		return fmt.Errorf("it was made on a page of %s, and the passkey is for %s", c.origin, by.RelyingParty)
	case string(g.AuthenticatorData[:sha256.Size]) != string(party[:]) || flags&userPresent == 0 || flags&userVerified == 0:
		return fmt.Errorf("the device was not for %s, or its owner was not there", by.RelyingParty)
	case !key.made(slices.Concat(g.AuthenticatorData, sum[:]), g.Signature):
		return errors.New("the key did not make this signature")
	}
	return nil
}

// CheckPasskey says why a passkey can't sign what can be proved: its public key
// (COSE_Key, RFC 9052) or the name of its server is not of the form that GRAMMAR.md
// allows. The error is an ErrForm.
func CheckPasskey(publicKey []byte, party string) error {
	if _, err := readKey(publicKey); err != nil {
		return err
	}
	return checkParty(party)
}

var hostForm = regexp.MustCompile(`^[a-z0-9_-]+(\.[a-z0-9_-]+)*$`)

// checkParty says why that is not the name of a server.
func checkParty(party string) error {
	if len(party) > mostHost || !hostForm.MatchString(party) {
		return malformed("%q, which is not the name of a server in small letters", party)
	}
	return nil
}

var originForm = regexp.MustCompile(`^(https?)://([a-z0-9._-]+)(:[1-9][0-9]{0,4})?$`)

// belongs says whether a passkey for the party may be used on pages of the
// origin: the party's own host or one below it, over TLS or on this machine.
func belongs(origin, party string) bool {
	m := originForm.FindStringSubmatch(origin)
	if m == nil {
		return false
	}
	scheme, host := m[1], m[2]
	within := host == party || strings.HasSuffix(host, "."+party)
	return within && (scheme == "https" || host == "localhost" || strings.HasSuffix(host, ".localhost"))
}

// checkDevice says why authenticatorData is not of the form that GRAMMAR.md allows.
func checkDevice(b []byte) error {
	if len(b) < fixedData || len(b) > fixedData+mostExtensions {
		return malformed("authenticatorData of %d bytes", len(b))
	}
	flags := b[sha256.Size]
	if flags&otherFlags != 0 || flags&backedUp != 0 && flags&backupEligible == 0 {
		return malformed("flags %02x, which no assertion has", flags)
	}
	if flags&hasExtensions == 0 {
		if len(b) != fixedData {
			return malformed("more behind it than it should have")
		}
		return nil
	}
	rest := b[fixedData:]
	if len(rest) == 0 || rest[0]>>5 != cborMap {
		return malformed("extensions that are no map")
	}
	rest, ok := skipItem(rest, 0)
	if !ok || len(rest) != 0 {
		return malformed("extensions that are not CBOR in its one spelling, with names that are text, and without what is not needed")
	}
	return nil
}

// Major types of CBOR (RFC 8949).
const (
	cborBytes = 2
	cborText  = 3
	cborArray = 4
	cborMap   = 5
	cborOther = 7
)

// skipItem gives what stands behind one item of CBOR: a whole number below 2³², bytes,
// text, an array or a map of these by text, true or false; each of definite length
// and as short as it can be written.
func skipItem(b []byte, depth int) (rest []byte, ok bool) {
	if len(b) == 0 {
		return nil, false
	}
	major, n, b, ok := head(b)
	switch {
	case !ok:
		return nil, false
	case major < cborBytes:
		return b, true
	case major == cborBytes || major == cborText:
		return b[min(n, len(b)):], n <= len(b) && (major == cborBytes || utf8.Valid(b[:n]))
	case major == cborOther:
		return b, n == 20 || n == 21
	case depth == extensionDepth || major > cborMap:
		return nil, false
	}
	names := map[string]bool{}
	for range n {
		if major == cborMap {
			rest, ok := skipItem(b, depth+1)
			if !ok || b[0]>>5 != cborText {
				return nil, false
			}
			name := string(b[:len(b)-len(rest)])
			if names[name] {
				return nil, false
			}
			names[name], b = true, rest
		}
		if b, ok = skipItem(b, depth+1); !ok {
			return nil, false
		}
	}
	return b, true
}

// head reads the first bytes of an item: its major type and its number.
func head(b []byte) (major byte, n int, rest []byte, ok bool) {
	major, n, b = b[0]>>5, int(b[0]&31), b[1:]
	if n < 24 {
		return major, n, b, true
	}
	size := 1 << (n - 24)
	if n > 26 || major == cborOther || len(b) < size {
		return 0, 0, nil, false
	}
	n = 0
	for _, c := range b[:size] {
		n = n<<8 | int(c)
	}
	least := 24
	if size > 1 {
		least = 1 << (4 * size) // 2⁸, 2¹⁶
	}
	return major, n, b[size:], n >= least
}

// mostStatement is how many bytes of a statement are read.
const mostStatement = 24_000

// ReadStatement reads a statement as GRAMMAR.md allows it: JSON as it is allowed, in
// the one spelling that domain.Statement has.
func ReadStatement(text string) (*domain.Statement, bool) {
	st, ok := domain.ReadStatement(text)
	if !ok || st.Version < 0 {
		return nil, false
	}
	_, err := ReadJSON([]byte(text), mostStatement, 2)
	return st, err == nil
}
