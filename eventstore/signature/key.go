package signature

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	_ "crypto/sha256" // the hashes of the algorithms
	_ "crypto/sha512"
	"encoding/asn1"
	"math/big"
	"slices"
)

// An Algorithm is one with which passkeys may sign here.
type Algorithm struct {
	Name string
	COSE int64 // its number (RFC 9053, RFC 8812)

	head  string // bytes of the COSE_Key before its numbers
	curve elliptic.Curve
	hash  crypto.Hash
	pss   bool
}

// Algorithms are all, those that are preferred first.
var Algorithms = []Algorithm{
	{Name: "ES256", COSE: -7, head: "\xa5\x01\x02\x03\x26\x20\x01", curve: elliptic.P256(), hash: crypto.SHA256},
	{Name: "EdDSA", COSE: -8, head: "\xa4\x01\x01\x03\x27\x20\x06"},
	{Name: "ES384", COSE: -35, head: "\xa5\x01\x02\x03\x38\x22\x20\x02", curve: elliptic.P384(), hash: crypto.SHA384},
	{Name: "ES512", COSE: -36, head: "\xa5\x01\x02\x03\x38\x23\x20\x03", curve: elliptic.P521(), hash: crypto.SHA512},
	{Name: "RS256", COSE: -257, head: "\xa4\x01\x03\x03\x39\x01\x00", hash: crypto.SHA256},
	{Name: "RS384", COSE: -258, head: "\xa4\x01\x03\x03\x39\x01\x01", hash: crypto.SHA384},
	{Name: "RS512", COSE: -259, head: "\xa4\x01\x03\x03\x39\x01\x02", hash: crypto.SHA512},
	{Name: "PS256", COSE: -37, head: "\xa4\x01\x03\x03\x38\x24", hash: crypto.SHA256, pss: true},
	{Name: "PS384", COSE: -38, head: "\xa4\x01\x03\x03\x38\x25", hash: crypto.SHA384, pss: true},
	{Name: "PS512", COSE: -39, head: "\xa4\x01\x03\x03\x38\x26", hash: crypto.SHA512, pss: true},
}

// A publicKey is one that was read. One of point, edwards and rsa is set.
type publicKey struct {
	*Algorithm
	point   *ecdsa.PublicKey
	edwards ed25519.PublicKey
	rsa     *rsa.PublicKey
}

// readKey reads a COSE_Key. Of each algorithm there is one way to write a key.
func readKey(cose []byte) (*publicKey, error) {
	for i := range Algorithms {
		a := &Algorithms[i]
		rest, ok := cutPrefix(cose, a.head)
		if !ok {
			continue
		}
		k := &publicKey{Algorithm: a}
		switch {
		case a.curve != nil:
			ok = k.readPoint(rest)
		case a.hash == 0:
			ok = k.readEdwards(rest)
		default:
			ok = k.readRSA(rest)
		}
		if !ok {
			return nil, malformed("a public key that is not written as one of %s is", a.Name)
		}
		return k, nil
	}
	return nil, malformed("a public key of a kind that is not known here")
}

func cutPrefix(b []byte, head string) ([]byte, bool) {
	if len(b) < len(head) || string(b[:len(head)]) != head {
		return nil, false
	}
	return b[len(head):], true
}

// readPoint reads both coordinates, in full, of a point on the curve.
func (k *publicKey) readPoint(b []byte) bool {
	n := (k.curve.Params().BitSize + 7) / 8
	if len(b) != 2*(3+n) || string(b[:3]) != string([]byte{0x21, 0x58, byte(n)}) || string(b[3+n:6+n]) != string([]byte{0x22, 0x58, byte(n)}) {
		return false
	}
	var err error
	k.point, err = ecdsa.ParseUncompressedPublicKey(k.curve, slices.Concat([]byte{4}, b[3:3+n], b[6+n:]))
	return err == nil
}

// readRSA reads a modulus of 2048, 3072 or 4096 bits and the exponent 65537.
func (k *publicKey) readRSA(b []byte) bool {
	for _, n := range []int{256, 384, 512} {
		if len(b) != 4+n+5 {
			continue
		}
		modulus := b[4 : 4+n]
		k.rsa = &rsa.PublicKey{N: new(big.Int).SetBytes(modulus), E: 65_537}
		return string(b[:4]) == string([]byte{0x20, 0x59, byte(n >> 8), 0}) && string(b[4+n:]) == "\x21\x43\x01\x00\x01" && modulus[0] >= 0x80 && modulus[n-1]&1 == 1
	}
	return false
}

func (k *publicKey) readEdwards(b []byte) bool {
	rest, ok := cutPrefix(b, "\x21\x58\x20")
	k.edwards = rest
	return ok && SoundEd25519(rest)
}

var (
	field25519 = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	d25519, _  = new(big.Int).SetString("52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3", 16)
	// lowOrder are the y of points of small order, for which others than the owner of
	// the key can find signatures.
	lowOrder = func() (low []*big.Int) {
		for _, y := range []string{
			"0", "1", "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffec",
			"7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7", "05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826",
		} {
			n, _ := new(big.Int).SetString(y, 16)
			low = append(low, n)
		}
		return low
	}()
)

// SoundEd25519 says whether the 32 bytes are an Ed25519 key in its one spelling: of a
// point on the curve (RFC 8032, section 5.1.3), and not one of small order.
func SoundEd25519(b []byte) bool {
	if len(b) != ed25519.PublicKeySize {
		return false
	}
	reversed := slices.Clone(b)
	slices.Reverse(reversed)
	reversed[0] &= 0x7f
	y := new(big.Int).SetBytes(reversed)
	if y.Cmp(field25519) >= 0 || slices.ContainsFunc(lowOrder, func(low *big.Int) bool { return low.Cmp(y) == 0 }) {
		return false
	}
	square := new(big.Int).Mul(y, y)
	v := new(big.Int).Mul(d25519, square)
	v.Mod(v.Add(v, big.NewInt(1)), field25519)
	u := square.Sub(square, big.NewInt(1))
	u.Mod(u.Mul(u, v), field25519) // a square as u/v is
	return big.Jacobi(u, field25519) == 1
}

// checkShape says whether a signature is written as those of the key are.
func (k *publicKey) checkShape(signature []byte) error {
	ok := false
	switch {
	case k.point != nil:
		ok = k.isDER(signature)
	case k.edwards != nil:
		ok = len(signature) == ed25519.SignatureSize
	default:
		ok = len(signature) == k.rsa.Size()
	}
	if !ok {
		return malformed("a signature that is not written as one of %s is", k.Name)
	}
	return nil
}

// isDER says whether it is the one spelling in DER of two numbers from 1 to below
// the order of the curve.
func (k *publicKey) isDER(signature []byte) bool {
	var two struct{ R, S *big.Int }
	rest, err := asn1.Unmarshal(signature, &two)
	if err != nil || len(rest) > 0 {
		return false
	}
	for _, n := range []*big.Int{two.R, two.S} {
		if n.Sign() <= 0 || n.Cmp(k.curve.Params().N) >= 0 {
			return false
		}
	}
	again, err := asn1.Marshal(two)
	return err == nil && string(again) == string(signature)
}

// made says whether the key made the signature over the message.
func (k *publicKey) made(message, signature []byte) bool {
	if k.edwards != nil {
		return ed25519.Verify(k.edwards, message, signature)
	}
	h := k.hash.New()
	h.Write(message)
	sum := h.Sum(nil)
	switch {
	case k.point != nil:
		return ecdsa.VerifyASN1(k.point, sum, signature)
	case k.pss:
		return rsa.VerifyPSS(k.rsa, k.hash, sum, signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil
	}
	return rsa.VerifyPKCS1v15(k.rsa, k.hash, sum, signature) == nil
}
