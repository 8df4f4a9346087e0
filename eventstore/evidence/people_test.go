package evidence

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/stretchr/testify/require"

	"goldenthread/domain"
	"goldenthread/eventstore/signature"
)

const party = "thread.example.org"

// canonical writes CBOR as devices do (CTAP2).
var canonical = func() cbor.EncMode {
	mode, err := cbor.CTAP2EncOptions().EncMode()
	if err != nil {
		panic(err)
	}
	return mode
}()

// A deed is a ledger of a key, words, and a consent that is signed with the one
// on the other; a test spoils what it likes before it is written down.
type deed struct {
	t      testing.TB
	events map[uint64][]byte
	key    *domain.PasskeyRegistered
	sign   func(message []byte) []byte

	keyIndex, wordsIndex, at uint64
	statement                func(*domain.Statement)
	client                   map[string]any
	party                    string
	device                   []byte // flags, and what stands behind the counter
	said                     *domain.PositionTaken
	signature                func(*domain.Signature)
	actor                    string
}

// newDeed is an honest one, by a key of that kind.
func newDeed(t *testing.T, kind string) *deed {
	public, sign := newKey(t, kind)
	return &deed{
		t: t, events: map[uint64][]byte{}, sign: sign, keyIndex: 3, wordsIndex: 5, at: 9, actor: "person/alice", party: party, device: []byte{5},
		key:    &domain.PasskeyRegistered{Person: "alice", Credential: []byte{1, 2, 3}, PublicKey: public, RelyingParty: party},
		client: map[string]any{"type": "webauthn.get", "origin": "https://" + party, "crossOrigin": false, "other": map[string]any{"members": 1}},
		said: &domain.PositionTaken{
			Proposal: "P1", Version: 1, Seat: "U1", Person: "alice", Role: "member", Stand: domain.StandAside,
			Reason: "Two lines:\n\"quoted\" <b>é \u2028 €\t😀\x7f", Interest: "None & more",
		},
	}
}

// newKey is a public key (COSE_Key, RFC 9052) and its signing.
func newKey(t testing.TB, kind string) ([]byte, func([]byte) []byte) {
	var key crypto.Signer
	var cose map[int]any
	var hash crypto.Hash
	var options crypto.SignerOpts
	ec := func(alg, crv int, curve elliptic.Curve, h crypto.Hash) {
		k, err := ecdsa.GenerateKey(curve, rand.Reader)
		require.NoError(t, err)
		point, err := k.PublicKey.Bytes()
		require.NoError(t, err)
		n := (len(point) - 1) / 2
		key, cose, hash, options = k, map[int]any{1: 2, 3: alg, -1: crv, -2: point[1 : 1+n], -3: point[1+n:]}, h, h
	}
	switch kind {
	case "ES256":
		ec(-7, 1, elliptic.P256(), crypto.SHA256)
	case "ES384":
		ec(-35, 2, elliptic.P384(), crypto.SHA384)
	case "ES512":
		ec(-36, 3, elliptic.P521(), crypto.SHA512)
	case "EdDSA":
		public, k, err := ed25519.GenerateKey(rand.Reader)
		require.NoError(t, err)
		key, cose, options = k, map[int]any{1: 1, 3: -8, -1: 6, -2: []byte(public)}, crypto.Hash(0)
	default: // RS and PS, with the hash in their names
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		require.NoError(t, err)
		i := slices.IndexFunc(signature.Algorithms, func(a signature.Algorithm) bool { return a.Name == kind })
		h := map[string]crypto.Hash{"256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512}[kind[2:]]
		key, cose, hash, options = k, map[int]any{1: 3, 3: signature.Algorithms[i].COSE, -1: k.N.Bytes(), -2: big.NewInt(int64(k.E)).Bytes()}, h, h
		if kind[0] == 'P' {
			options = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: h}
		}
	}
	public, err := canonical.Marshal(cose)
	require.NoError(t, err)
	return public, func(message []byte) []byte {
		switch hash {
		case crypto.SHA256:
			sum := sha256.Sum256(message)
			message = sum[:]
		case crypto.SHA384:
			sum := sha512.Sum384(message)
			message = sum[:]
		case crypto.SHA512:
			sum := sha512.Sum512(message)
			message = sum[:]
		}
		signed, err := key.Sign(rand.Reader, message, options)
		require.NoError(t, err)
		return signed
	}
}

// put writes the event at its index.
func (d *deed) put(index uint64, actor string, p domain.Payload) {
	var data bytes.Buffer
	to := json.NewEncoder(&data)
	to.SetEscapeHTML(false)
	require.NoError(d.t, to.Encode(p))
	d.events[index] = fmt.Appendf(nil, `{"specversion":"1.0","source":"/groups/trafford","type":%q,"subject":%q,"time":"2026-01-27T09:30:00.120Z","index":%d,"actor":%q,"onbehalfof":"seat/U1","effective":"2026-01-27","data":%s}`,
		domain.KindOf(p), p.Subject(), index, actor, bytes.TrimSpace(data.Bytes()))
}

// bundle writes it all down.
func (d *deed) bundle() *Bundle {
	d.put(d.keyIndex, "person/alice", d.key)
	d.put(d.wordsIndex, "person/bob", &domain.ProposalRaised{Proposal: "P1", Title: "Evenings", Text: "Every evening."})
	sum := sha256.Sum256(d.events[d.wordsIndex])
	st := domain.Statement{
		Form: "goldenthread.statement.v1", Group: "trafford", Exact: domain.ExactWords{Event: d.wordsIndex, SHA256: hex.EncodeToString(sum[:])}, Known: 8, Nonce: "n",
		Said: domain.Said{Command: "stand-aside", Proposal: "P1", Version: 1, Seat: "U1", Person: "alice", Reason: d.said.Reason, Interest: d.said.Interest},
	}
	if d.statement != nil {
		d.statement(&st)
	}
	text := string(st.Bytes())
	d.client["challenge"] = base64.RawURLEncoding.EncodeToString(signature.Challenge(text))
	client, err := json.Marshal(d.client)
	require.NoError(d.t, err)
	hash := sha256.Sum256([]byte(d.party))
	data := append(binary.BigEndian.AppendUint32(append(hash[:], d.device[0]), 7), d.device[1:]...)
	clientHash := sha256.Sum256(client)
	g := &domain.Signature{Credential: d.key.Credential, Statement: text, AuthenticatorData: data, ClientDataJSON: client, Signature: d.sign(append(bytes.Clone(data), clientHash[:]...))}
	if d.signature != nil {
		d.signature(g)
	}
	said := *d.said
	said.Signature = g
	d.put(d.at, d.actor, &said)
	l := newLogOf(d.t, d.events)
	return l.bundle(d.t, 3, 5, 9)
}

// both verifies the bundle in Go and in Python, which must agree, and gives why it does
// not hold, or is not proved; "" if all of it holds. What does not hold is not given out.
func both(t *testing.T, b *Bundle) (r Report, why string) {
	t.Helper()
	f, err := b.files()
	require.NoError(t, err)
	r, err = agreeOnZip(t, writeZip(f), nil)
	var out bytes.Buffer
	if err != nil {
		require.Error(t, Write(&out, b))
		return r, err.Error()
	}
	require.NoError(t, Write(&out, b))
	for _, n := range r.NotProved {
		why += fmt.Sprintf("event %d: %v", n.Index, n.Why)
	}
	return r, why
}

func TestPeoplesSignaturesHold(t *testing.T) {
	for _, kind := range []string{"ES256", "ES384", "ES512", "EdDSA", "RS256", "PS256"} {
		d := newDeed(t, kind)
		r, why := both(t, d.bundle())
		require.Empty(t, why, kind)
		require.Equal(t, []uint64{9}, r.Persons)
		require.Empty(t, r.Unchecked)

		d = newDeed(t, kind)
		d.signature = func(g *domain.Signature) { g.Signature[len(g.Signature)-1] ^= 1 }
		_, why = both(t, d.bundle())
		require.Contains(t, why, "the key did not make this signature", kind)
	}
}

// TestPeoplesSignaturesSpoiled: whatever is wrong with what somebody signed is
// found by both verifiers, though the log was signed over it.
func TestPeoplesSignaturesSpoiled(t *testing.T) {
	for name, spoil := range map[string]func(*deed){
		"another statement": func(d *deed) {
			d.signature = func(g *domain.Signature) {
				g.Statement = string(bytes.Replace([]byte(g.Statement), []byte(`"nonce":"n"`), []byte(`"nonce":"m"`), 1))
			}
		},
		"a statement with a space": func(d *deed) { d.signature = func(g *domain.Signature) { g.Statement = " " + g.Statement } },
		"a statement that is none": func(d *deed) { d.signature = func(g *domain.Signature) { g.Statement = "{}" } },
		"of another form":          func(d *deed) { d.statement = func(st *domain.Statement) { st.Form = "goldenthread.statement.v2" } },
		"of another group":         func(d *deed) { d.statement = func(st *domain.Statement) { st.Group = "sale" } },
		"another stand":            func(d *deed) { d.said.Stand = domain.Consent },
		"another reason":           func(d *deed) { d.statement = func(st *domain.Statement) { st.Reason = "Because." } },
		"another seat":             func(d *deed) { d.said.Seat = "U2" },
		"heard, not said":          func(d *deed) { d.said.Heard = "by telephone" },
		"seen before it was":       func(d *deed) { d.statement = func(st *domain.Statement) { st.Known = 9 } },
		"recorded by another":      func(d *deed) { d.actor = "person/bob" },
		"other words":              func(d *deed) { d.statement = func(st *domain.Statement) { st.Exact.SHA256 = "00" } },
		"words of another":         func(d *deed) { d.statement = func(st *domain.Statement) { st.Version = 2 }; d.said.Version = 2 },
		"not an assertion":         func(d *deed) { d.client["type"] = "webauthn.create" },
		"on another page":          func(d *deed) { d.client["origin"] = "https://evil.example" },
		"on a page like it":        func(d *deed) { d.client["origin"] = "https://x" + party },
		"unencrypted":              func(d *deed) { d.client["origin"] = "http://" + party },
		"in a frame":               func(d *deed) { d.client["crossOrigin"] = true },
		"for another server":       func(d *deed) { d.party = "example.org" },
		"not present":              func(d *deed) { d.device[0] = 4 },
		"not verified":             func(d *deed) { d.device[0] = 1 },
		"more behind it":           func(d *deed) { d.device = []byte{5, 0} },
		"data that are missing":    func(d *deed) { d.device[0] = 0x45 },
		"extensions missing":       func(d *deed) { d.device[0] = 0x85 },
		"another key": func(d *deed) {
			d.key.PublicKey, _ = newKey(d.t, "ES256")
		},
		"no signature":   func(d *deed) { d.signature = func(g *domain.Signature) { g.Signature = nil } },
		"no client data": func(d *deed) { d.signature = func(g *domain.Signature) { g.ClientDataJSON = []byte("{") } },
		"a name twice": func(d *deed) {
			d.signature = func(g *domain.Signature) { g.ClientDataJSON = []byte(`{"type":"x",` + string(g.ClientDataJSON[1:])) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDeed(t, "ES256")
			spoil(d)
			_, why := both(t, d.bundle())
			require.Contains(t, why, "event 9: ")
		})
	}
}

// A key that its owner made known as theirs signs for nobody else.
func TestSomebodyElsesKey(t *testing.T) {
	d := newDeed(t, "ES256")
	d.key.Person = "bob"
	_, why := both(t, d.bundleKeyBy("person/bob"))
	require.Contains(t, why, "somebody else's passkey")
}

// bundleKeyBy is the bundle in which somebody else made the key known.
func (d *deed) bundleKeyBy(actor string) *Bundle {
	d.bundle()
	d.put(d.keyIndex, actor, d.key)
	return newLogOf(d.t, d.events).bundle(d.t, 3, 5, 9)
}

// TestWhatIsNotThereIsSaid: a signature whose key or words are elsewhere is not
// taken for one that holds.
func TestWhatIsNotThereIsSaid(t *testing.T) {
	for name, bundle := range map[string]func(d *deed) *Bundle{
		"no key":                            func(d *deed) *Bundle { d.bundle(); return newLogOf(d.t, d.events).bundle(d.t, 5, 9) },
		"no words":                          func(d *deed) *Bundle { d.bundle(); return newLogOf(d.t, d.events).bundle(d.t, 3, 9) },
		"a key that another claims for her": func(d *deed) *Bundle { return d.bundleKeyBy("person/bob") },
		"a key that was removed": func(d *deed) *Bundle {
			d.put(7, "person/alice", &domain.PasskeyRemoved{Person: "alice", Credential: d.key.Credential})
			d.bundle()
			return newLogOf(d.t, d.events).bundle(d.t, 3, 5, 7, 9)
		},
	} {
		r, why := both(t, bundle(newDeed(t, "EdDSA")))
		require.Empty(t, why, name)
		require.Empty(t, r.Persons, name)
		require.Equal(t, []uint64{9}, r.Unchecked, name)
	}
	d := newDeed(t, "EdDSA")
	d.bundle()
	d.events[11] = bytes.Replace(d.events[9], []byte(`"index":9`), []byte(`"index":11`), 1)
	_, why := both(t, newLogOf(t, d.events).bundle(t, 3, 5, 9, 11))
	require.Contains(t, why, "used before, by event 9")
}

// TestSignedWith: what a bundle must bring along is found in an event's line.
func TestSignedWith(t *testing.T) {
	d := newDeed(t, "EdDSA")
	d.bundle()
	require.Equal(t, []byte{1, 2, 3}, SignedWith(d.events[9]))
	require.Equal(t, []byte{1, 2, 3}, Registers(d.events[3]))
	require.Nil(t, SignedWith(d.events[3]))
	require.Nil(t, Registers(d.events[9]))
	d.put(3, "person/bob", d.key)
	require.Nil(t, Registers(d.events[3]))
	for _, line := range []string{"", "x", "{}", `{"type":"` + keyRegistered + `"}`} {
		require.Nil(t, SignedWith([]byte(line)))
		require.Nil(t, Registers([]byte(line)))
	}
}
