package signature

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math/big"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/stretchr/testify/require"

	"goldenthread/domain"
)

const party = "thread.example.org"

// A device holds one private key, of one of the kinds that devices have.
type device struct {
	signer crypto.Signer
	public map[int]any // COSE_Key (RFC 9052)
	hash   crypto.Hash // before signing; 0: the key does it
}

func newDevice(t *testing.T, kind string) *device {
	switch kind {
	case "ES256":
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		require.NoError(t, err)
		point, err := key.PublicKey.Bytes()
		require.NoError(t, err)
		return &device{key, map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]}, crypto.SHA256}
	case "EdDSA":
		public, key, err := ed25519.GenerateKey(rand.Reader)
		require.NoError(t, err)
		return &device{key, map[int]any{1: 1, 3: -8, -1: 6, -2: []byte(public)}, 0}
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	return &device{key, map[int]any{1: 3, 3: -257, -1: key.N.Bytes(), -2: big.NewInt(int64(key.E)).Bytes()}, crypto.SHA256}
}

func (d *device) passkey(t *testing.T) *domain.Passkey {
	canonical, err := cbor.CTAP2EncOptions().EncMode()
	require.NoError(t, err)
	public, err := canonical.Marshal(d.public)
	require.NoError(t, err)
	return &domain.Passkey{Credential: []byte{1, 2, 3}, PublicKey: public, RelyingParty: party}
}

// An assertion is what a browser and a device say, before it is signed.
type assertion struct {
	client map[string]any
	party  string
	flags  byte
}

func honest(statement string) *assertion {
	return &assertion{map[string]any{
		"type": "webauthn.get", "challenge": base64.RawURLEncoding.EncodeToString(Challenge(statement)), "origin": "https://" + party, "other": "members",
	}, party, 0x05}
}

// sign signs the statement as the assertion says.
func (d *device) sign(t *testing.T, statement string, a *assertion) *domain.Signature {
	client, err := json.Marshal(a.client)
	require.NoError(t, err)
	hash := sha256.Sum256([]byte(a.party))
	data := binary.BigEndian.AppendUint32(append(hash[:], a.flags), 7)
	sum := sha256.Sum256(client)
	message := append(append([]byte{}, data...), sum[:]...)
	if d.hash != 0 {
		digest := sha256.Sum256(message)
		message = digest[:]
	}
	signed, err := d.signer.Sign(rand.Reader, message, d.hash)
	require.NoError(t, err)
	return &domain.Signature{Credential: []byte{1, 2, 3}, Statement: statement, AuthenticatorData: data, ClientDataJSON: client, Signature: signed}
}

// Each kind of key that devices have, and each lie about it.
func TestVerify(t *testing.T) {
	for _, kind := range []string{"ES256", "EdDSA", "RS256"} {
		t.Run(kind, func(t *testing.T) {
			d := newDevice(t, kind)
			require.NoError(t, Verify(d.sign(t, "this", honest("this")), d.passkey(t)))
			for why, lie := range map[string]func(*assertion){
				"not an assertion":     func(a *assertion) { a.client["type"] = "webauthn.create" },
				"of another statement": func(a *assertion) { a.client["challenge"] = base64.RawURLEncoding.EncodeToString(Challenge("that")) },
				"made on a page of":    func(a *assertion) { a.client["origin"] = "https://example.org" },
				"and the passkey is":   func(a *assertion) { a.client["origin"] = "http://" + party },
				"is for " + party:      func(a *assertion) { a.client["crossOrigin"] = true },
				"the device was not":   func(a *assertion) { a.party = "example.org" },
				"its owner was not":    func(a *assertion) { a.flags = 0x04 },
				"not there":            func(a *assertion) { a.flags = 0x01 },
				"what the device said": func(a *assertion) { a.flags = 0x45 },
			} {
				a := honest("this")
				lie(a)
				require.ErrorContains(t, Verify(d.sign(t, "this", a), d.passkey(t)), why)
			}
			g := d.sign(t, "this", honest("this"))
			g.Signature[len(g.Signature)-1] ^= 1
			require.ErrorContains(t, Verify(g, d.passkey(t)), "the key did not make this signature")
			require.ErrorContains(t, Verify(d.sign(t, "this", honest("this")), newDevice(t, kind).passkey(t)), "the key did not make this signature")
			g.ClientDataJSON = []byte("{")
			require.ErrorContains(t, Verify(g, d.passkey(t)), "not JSON")
			require.ErrorIs(t, Verify(g, d.passkey(t)), ErrForm)
			broken := d.passkey(t)
			broken.PublicKey = broken.PublicKey[:9]
			require.ErrorContains(t, Verify(d.sign(t, "this", honest("this")), broken), "a public key")
		})
	}
}

func TestOrigins(t *testing.T) {
	for origin, belonging := range map[string]bool{
		"https://" + party: true, "https://" + party + ":8443": true, "https://north." + party: true, "https://x" + party: false,
		"https://" + party + ".example.com": false, "ftp://" + party: false, "": false, "https://%": false,
	} {
		require.Equal(t, belonging, belongs(origin, party), origin)
	}
	require.True(t, belongs("http://localhost:8080", "localhost"))
	require.False(t, belongs("http://127.0.0.1", "localhost"))
}

// FuzzVerify: whatever stands in a ledger, checking it doesn't panic, and does
// not hold by chance.
func FuzzVerify(f *testing.F) {
	f.Add("this", []byte(`{"type":"webauthn.get"}`), []byte(strings.Repeat("x", 37)), []byte{0x30}, []byte{0xa5})
	f.Fuzz(func(t *testing.T, statement string, client, data, signed, public []byte) {
		g := &domain.Signature{Statement: statement, ClientDataJSON: client, AuthenticatorData: data, Signature: signed}
		if Verify(g, &domain.Passkey{PublicKey: public, RelyingParty: party}) == nil {
			t.Fatal("it holds")
		}
	})
}
