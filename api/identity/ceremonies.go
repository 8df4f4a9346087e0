package identity

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-webauthn/webauthn/webauthn"

	"goldenthread/api/caller"
	"goldenthread/api/problem"
	"goldenthread/eventstore/shared"
)

const (
	ceremonyCookie = "goldenthread-ceremony"
	ceremonyLasts  = 5 * time.Minute
	answeredList   = "answered"
	// mostAnswered is how many ceremonies one person may complete in the time that one lasts.
	mostAnswered = 60
)

// What a ceremony is for. It can be answered for nothing else.
const (
	forSignIn     = "sign in with a passkey"
	forAnother    = "add a passkey"
	forOperator   = "add a passkey of the operator"
	forInvitation = "take up an invitation " // and the hash of its code
	forSingleSign = "sign in with an organisation's account"
)

// A ceremony is a registration or a sign-in that has begun: a challenge was sent,
// and is to be answered. The browser keeps it, sealed; the server keeps nothing, so
// that whoever begins many takes nobody's place.
type ceremony struct {
	ID     string               `json:"id"`
	Ends   time.Time            `json:"ends"`
	Data   webauthn.SessionData `json:"data,omitzero"`
	Group  string               `json:"group,omitempty"`  // of whoever gets a passkey
	Person string               `json:"person,omitempty"` // who gets it
	Handle []byte               `json:"handle,omitempty"` // of their account
	SignOn *signOn              `json:"signOn,omitempty"` // that goes by the organisation's account instead
}

// account is whose passkey is registered.
func (c *ceremony) account() Account {
	return Account{Group: c.Group, Person: c.Person, Handle: c.Handle}
}

// ceremonies seal and open ceremonies with a key that all nodes have, so that one can be
// answered at another node than the one at which it was begun.
//
// A sealed ceremony is bound to what it is for and to its browser, which alone has it,
// and ends after five minutes. An answer that held is noted until then: the same
// ceremony is not answered twice. After any answer an honest browser forgets the ceremony.
// Whoever keeps it can answer again until its end, as long as no answer held: that gains
// no more than beginning again, and goes at the pace of one address.
type ceremonies struct {
	key      cipher.AEAD
	answered *kept[answeredCeremony]
}

type answeredCeremony struct {
	ID   string    `json:"id"`
	Ends time.Time `json:"ends"`
	Who  string    `json:"who"` // hash of group and person
}

func openCeremonies(r *shared.Records) (*ceremonies, error) {
	key, err := r.Derived("ceremonies")
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	return &ceremonies{aead, openKept(r, answeredList, func(a *answeredCeremony) string { return a.ID }, func(*answeredCeremony) time.Duration { return ceremonyLasts })}, nil
}

// seal gives the ceremony an id and an end, and is what the browser keeps of it.
func (c *ceremonies) seal(is ceremony, purpose string, now time.Time) (string, error) {
	is.ID, is.Ends = rand.Text(), now.Add(ceremonyLasts)
	b, err := json.Marshal(&is)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(c.key.Seal(nil, nil, b, []byte(purpose))), nil
}

// open is the ceremony, if it was sealed here for that purpose and has not ended.
func (c *ceremonies) open(sealed, purpose string, now time.Time) (is ceremony, ok bool) {
	b, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		return is, false
	}
	if b, err = c.key.Open(nil, nil, b, []byte(purpose)); err != nil {
		return is, false
	}
	err = json.Unmarshal(b, &is)
	return is, err == nil && now.Before(is.Ends)
}

// complete notes that the ceremony was answered, by that person. The second answer is refused,
// and so is whoever completes too many.
func (c *ceremonies) complete(is *ceremony, group, person string, now time.Time) error {
	who := inOneWord(group, person)
	return c.answered.change(func(all []answeredCeremony) ([]answeredCeremony, error) {
		theirs := 0
		for i := range all {
			if all[i].ID == is.ID {
				return nil, ErrBeginAgain
			}
			if all[i].Who == who && now.Before(all[i].Ends) {
				theirs++
			}
		}
		if theirs >= mostAnswered {
			return nil, problem.New(http.StatusTooManyRequests, "You signed in too often in a few minutes. Please wait a few minutes and try again.")
		}
		return append(all, answeredCeremony{is.ID, is.Ends, who}), nil
	})
}

// begin seals the ceremony and has the browser keep it.
func (s *ways) begin(w http.ResponseWriter, r *http.Request, is ceremony, purpose string, sites http.SameSite) error {
	sealed, err := s.SignIn.ceremonies.seal(is, purpose, s.clock())
	if err != nil {
		return err
	}
	secure := s.guard.Encrypted(r)
	http.SetCookie(w, &http.Cookie{
		Name: caller.CookieName(ceremonyCookie, secure), Value: sealed, Path: "/", MaxAge: int(ceremonyLasts.Seconds()), HttpOnly: true, Secure: secure, SameSite: sites,
	})
	return nil
}

// begun is the ceremony that this browser began for that purpose. The browser then
// forgets it, whatever comes of it.
func (s *ways) begun(w http.ResponseWriter, r *http.Request, purpose string) (ceremony, error) {
	secure := s.guard.Encrypted(r)
	if c, err := r.Cookie(caller.CookieName(ceremonyCookie, secure)); err == nil {
		http.SetCookie(w, &http.Cookie{Name: c.Name, Path: "/", MaxAge: -1, HttpOnly: true, Secure: secure, SameSite: http.SameSiteLaxMode})
		if is, ok := s.SignIn.ceremonies.open(c.Value, purpose, s.clock()); ok {
			return is, nil
		}
	}
	return ceremony{}, ErrBeginAgain
}
