package tilelog

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
)

// A Key signs the logs under one name. Each log has an origin below that name,
// and since a signature bears the origin (c2sp.org/tlog-checkpoint), a verifier
// of its own; the Ed25519 key is the same.
type Key struct {
	name    string
	private ed25519.PrivateKey
}

const (
	keyHead          = "PRIVATE+KEY+"
	ed25519Algorithm = 1 // c2sp.org/signed-note
)

// NewKey makes a random key for the logs below the name.
func NewKey(name string) (Key, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return Key{}, err
	}
	k := Key{name, private}
	_, err = k.signer(name)
	return k, err
}

// ParseKeys reads keys in the encoding of golang.org/x/mod/sumdb/note, one on a
// line. They must be of one name.
func ParseKeys(text string) ([]Key, error) {
	var keys []Key
	for line := range strings.Lines(text) {
		skey, ended := strings.CutSuffix(line, "\n")
		s, err := note.NewSigner(skey)
		if err != nil || !ended {
			return nil, fmt.Errorf("line %d is not a signing key", len(keys)+1)
		}
		_, encoded, _ := strings.Cut(strings.TrimPrefix(skey, keyHead+s.Name()+"+"), "+")
		seed, err := base64.StdEncoding.Strict().DecodeString(encoded)
		if err != nil || len(seed) != 1+ed25519.SeedSize {
			return nil, fmt.Errorf("line %d is not a signing key", len(keys)+1)
		}
		k := Key{s.Name(), ed25519.NewKeyFromSeed(seed[1:])}
		if k.String() != skey || k.name != s.Name() || len(keys) > 0 && keys[0].name != k.name {
			return nil, fmt.Errorf("line %d is not a signing key of the same name", len(keys)+1)
		}
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		return nil, errors.New("there is no signing key in it")
	}
	return keys, nil
}

// Name is the name below which the key signs.
func (k Key) Name() string { return k.name }

// String is the key as ParseKeys reads it. It is a secret.
func (k Key) String() string { return k.encode(k.name) }

func (k Key) encode(name string) string {
	secret := append([]byte{ed25519Algorithm}, k.private.Seed()...)
	return keyHead + name + "+" + keyHash(k.vkey(name)) + "+" + base64.StdEncoding.EncodeToString(secret)
}

// vkey is the verifier key for what is signed under that name.
func (k Key) vkey(name string) string {
	v, err := note.NewEd25519VerifierKey(name, k.private.Public().(ed25519.PublicKey))
	if err != nil {
		panic("tilelog: an Ed25519 key without a public half: " + err.Error())
	}
	return v
}

func keyHash(vkey string) string { return strings.Split(vkey, "+")[1] }

func (k Key) signer(origin string) (note.Signer, error) {
	s, err := note.NewSigner(k.encode(origin))
	if err != nil {
		return nil, fmt.Errorf("%q can't be the name of a key: %w", origin, err)
	}
	return s, nil
}

// Origin is the origin of the log of that name under the keys' name.
func Origin(keys []Key, log string) string { return keys[0].name + "/" + log }

// OriginOf is the origin that a checkpoint bears, unproved.
func OriginOf(signed []byte) string {
	origin, _, _ := strings.Cut(string(signed), "\n")
	return origin
}

// VKeys are the verifier keys for a log, as c2sp.org/signed-note writes them.
func VKeys(keys []Key, origin string) []string {
	var vkeys []string
	for _, k := range keys {
		vkeys = append(vkeys, k.vkey(origin))
	}
	return vkeys
}

// signedBy is the policy that a checkpoint is of the origin and signed by at
// least one of the verifier keys.
func signedBy(origin string, vkeys []string) (torchwood.Policy, error) {
	var one []torchwood.Policy
	for _, vkey := range vkeys {
		v, err := note.NewVerifier(vkey)
		if err != nil {
			return nil, fmt.Errorf("%q is not a verifier key: %w", vkey, err)
		}
		one = append(one, torchwood.SingleVerifierPolicy(v))
	}
	if len(one) == 0 {
		return nil, errors.New("there is no verifier key")
	}
	return torchwood.ThresholdPolicy(2, torchwood.OriginPolicy(origin), torchwood.ThresholdPolicy(1, one...)), nil
}

// OpenCheckpoint reads a checkpoint that at least one of the verifier keys has
// signed, for that origin. Signatures of others, such as witnesses, are let be.
func OpenCheckpoint(signed []byte, origin string, vkeys []string) (torchwood.Checkpoint, error) {
	policy, err := signedBy(origin, vkeys)
	if err != nil {
		return torchwood.Checkpoint{}, err
	}
	c, n, err := torchwood.VerifyCheckpoint(signed, policy)
	if err != nil {
		return torchwood.Checkpoint{}, err
	}
	for _, sig := range n.Sigs {
		if _, err := base64.StdEncoding.Strict().DecodeString(sig.Base64); err != nil {
			return torchwood.Checkpoint{}, errors.New("a signature is not written as it should be")
		}
	}
	return c, nil
}
