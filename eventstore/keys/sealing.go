package keys

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
)

// What is sealed: a version byte, a random salt, the commitment, and the text
// under AES-256-GCM. Salt and key give, by HKDF-SHA256, a key for this text alone
// (hence the nonce of zeros) and the commitment, without which somebody could make
// a text that opens under two keys. The person's id is bound in as associated data.
const (
	sealVersion = 1
	saltSize    = 32
	commitSize  = 32
	sealedHead  = 1 + saltSize + commitSize
)

// ErrSealBroken says that the key is another, that the person is another, or that what
// was sealed is damaged.
var ErrSealBroken = errors.New("what was sealed does not open with this key")

// Seal seals a text for that person, or under that name, with a key of 32 bytes.
func Seal(key []byte, who string, plain []byte) ([]byte, error) {
	out := make([]byte, 1+saltSize, sealedHead+len(plain)+16)
	out[0] = sealVersion
	rand.Read(out[1:])
	aead, commitment, err := sealer(key, out[1:])
	if err != nil {
		return nil, err
	}
	out = append(out, commitment...)
	return aead.Seal(out, make([]byte, aead.NonceSize()), plain, []byte(who)), nil
}

// Unseal opens what Seal sealed; ErrSealBroken.
func Unseal(key []byte, who string, sealed []byte) ([]byte, error) {
	if len(sealed) < sealedHead || sealed[0] != sealVersion {
		return nil, ErrSealBroken
	}
	aead, commitment, err := sealer(key, sealed[1:1+saltSize])
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare(commitment, sealed[1+saltSize:sealedHead]) != 1 {
		return nil, ErrSealBroken
	}
	plain, err := aead.Open(nil, make([]byte, aead.NonceSize()), sealed[sealedHead:], []byte(who))
	if err != nil {
		return nil, ErrSealBroken
	}
	return plain, nil
}

func sealer(key, salt []byte) (cipher.AEAD, []byte, error) {
	both, err := hkdf.Key(sha256.New, key, salt, "goldenthread seal v1", keySize+commitSize)
	if err != nil {
		return nil, nil, err
	}
	block, err := aes.NewCipher(both[:keySize])
	if err != nil {
		return nil, nil, err
	}
	aead, err := cipher.NewGCM(block)
	return aead, both[keySize:], err
}
