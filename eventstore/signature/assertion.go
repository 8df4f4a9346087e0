package signature

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"

	"goldenthread/domain"
)

// Challenge is what the passkey is asked to sign for that statement.
func Challenge(statement string) []byte {
	sum := sha256.Sum256([]byte(statement))
	return sum[:]
}

// clientData is what the browser says of the signing. It adds members as it
// likes: they are signed too, and nothing rests on them.
type clientData struct {
	Type        string `json:"type"`
	Challenge   string `json:"challenge"`
	Origin      string `json:"origin"`
	CrossOrigin bool   `json:"crossOrigin"`
}

func readClientData(b []byte) (*clientData, error) {
	var c clientData
	if err := json.Unmarshal(b, &c, jsontext.AllowDuplicateNames(false)); err != nil {
		return nil, fmt.Errorf("what the browser said is not JSON: %w", err)
	}
	return &c, nil
}

// Origin is the page on which it was signed, as the browser says.
func Origin(g *domain.Signature) (string, error) {
	c, err := readClientData(g.ClientDataJSON)
	if err != nil {
		return "", err
	}
	return c.Origin, nil
}

// Verify says why the passkey did not sign the statement, if it did not.
func Verify(g *domain.Signature, by *domain.Passkey) error {
	c, err := readClientData(g.ClientDataJSON)
	if err != nil {
		return err
	}
	switch {
	case c.Type != string(protocol.AssertCeremony):
		return fmt.Errorf("it is a %q, not an assertion", c.Type)
	case c.Challenge != base64.RawURLEncoding.EncodeToString(Challenge(g.Statement)):
		return errors.New("it is of another statement")
	case c.CrossOrigin || !belongs(c.Origin, by.RelyingParty):
		return fmt.Errorf("it was made on a page of %s, and the passkey is for %s", c.Origin, by.RelyingParty)
	}
	var device protocol.AuthenticatorData
	if err := device.Unmarshal(g.AuthenticatorData); err != nil {
		return fmt.Errorf("what the device said can't be read: %w", err)
	}
	party := sha256.Sum256([]byte(by.RelyingParty))
	if err := device.Verify(party[:], nil, true, true); err != nil {
		return fmt.Errorf("the device was not for %s, or its owner was not there: %w", by.RelyingParty, err)
	}
	return verifyKey(g, by.PublicKey)
}

func verifyKey(g *domain.Signature, publicKey []byte) error {
	key, err := webauthncose.ParsePublicKey(publicKey)
	if err != nil {
		return fmt.Errorf("the public key can't be read: %w", err)
	}
	sum := sha256.Sum256(g.ClientDataJSON)
	ok, err := webauthncose.VerifySignature(key, slices.Concat(g.AuthenticatorData, sum[:]), g.Signature)
	if err != nil || !ok {
		return errors.New("the key did not make this signature")
	}
	return nil
}

// belongs says whether a passkey for the party may be used on pages of the
// origin: the party's own host or one below it, over TLS or on this machine.
func belongs(origin, party string) bool {
	u, err := url.Parse(origin)
	if err != nil {
		return false
	}
	host := u.Hostname()
	within := host == party || strings.HasSuffix(host, "."+party)
	return within && (u.Scheme == "https" || u.Scheme == "http" && (host == "localhost" || strings.HasSuffix(host, ".localhost")))
}
