package identity

import (
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"goldenthread/api/caller"
	"goldenthread/api/problem"
	"goldenthread/eventstore/shared"
	"goldenthread/eventstore/signature"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"
)

const (
	passkeysFile = "passkeys.json"
	mostPasskeys = 20 // of one person
)

// An Account is a person of a group with the passkeys that sign them in. It
// says nothing of what they may do: that is in the ledger.
type Account struct {
	Group    string    `json:"group"`
	Person   string    `json:"person"` // id
	Handle   []byte    `json:"handle"` // random; what authenticators know the account by
	Passkeys []passkey `json:"passkeys"`
	// Seen is up to when whoever signed in that way was told of new passkeys.
	Seen map[string]time.Time `json:"seen,omitempty"`

	office string // what authenticators show
}

// A passkey is a public key and what it is called. The private key never leaves
// the device.
type passkey struct {
	ID         string              `json:"id"` // to remove it by
	Name       string              `json:"name"`
	Registered time.Time           `json:"registered"`
	Used       time.Time           `json:"used,omitzero"`
	Party      string              `json:"party,omitempty"` // name of the server to which the device bound it
	Credential webauthn.Credential `json:"credential"`
	// Handle is what the device knows the account by, if it is not the account's own: it
	// was registered at another node, when each had accounts of its own.
	Handle []byte `json:"handle,omitempty"`
}

func (a *Account) WebAuthnID() []byte          { return a.Handle }
func (a *Account) WebAuthnName() string        { return a.office }
func (a *Account) WebAuthnDisplayName() string { return a.office }
func (a *Account) WebAuthnCredentials() []webauthn.Credential {
	var all []webauthn.Credential
	for _, p := range a.Passkeys {
		all = append(all, p.Credential)
	}
	return all
}

func (a *Account) is(group, person string) bool { return a.Group == group && a.Person == person }

// passkeys are the accounts.
type passkeys struct{ Accounts *kept[Account] }

func openPasskeys(r *shared.Records, dir string) (*passkeys, error) {
	k := openKept(r, passkeysFile, func(a *Account) string { return inOneWord(a.Group, a.Person) }, nil)
	return &passkeys{k}, k.bring(dir, nil, joinAccounts)
}

// joinAccounts adds to a person's account the passkeys that another node had for them.
func joinAccounts(there, brought Account) Account {
	there.Passkeys = slices.Clone(there.Passkeys)
	for _, k := range brought.Passkeys {
		if !slices.ContainsFunc(there.Passkeys, k.same) {
			if string(there.Handle) != string(brought.Handle) {
				k.Handle = brought.Handle
			}
			there.Passkeys = append(there.Passkeys, k)
		}
	}
	return there
}

// account is the person's account; a new one if they have none yet.
func (p *passkeys) account(group, person string) Account {
	a, ok := p.Accounts.find(func(a *Account) bool { return a.is(group, person) })
	if !ok {
		a = Account{Group: group, Person: person, Handle: make([]byte, 32)}
		rand.Read(a.Handle)
	}
	return a
}

// mayAdd refuses what add would refuse.
func (p *passkeys) mayAdd(to *Account, credential *webauthn.Credential) error {
	_, err := withPasskey(slices.Clone(p.Accounts.those(func(*Account) bool { return true })), to, passkey{ID: PasskeyID(credential.ID), Credential: *credential})
	return err
}

// add gives the account a passkey.
func (p *passkeys) add(to *Account, name, party string, credential *webauthn.Credential, now time.Time) (passkey, error) {
	now = now.UTC().Truncate(time.Second)
	if name == "" {
		name = "Passkey of " + now.Format("2 January 2006")
	}
	k := passkey{ID: PasskeyID(credential.ID), Name: name, Registered: now, Party: party, Credential: *credential}
	return k, p.Accounts.change(func(all []Account) ([]Account, error) { return withPasskey(all, to, k) })
}

// withPasskey is the list with one more passkey. Two of one name would be taken for each other.
func withPasskey(all []Account, to *Account, k passkey) ([]Account, error) {
	if slices.ContainsFunc(all, func(a Account) bool { return slices.ContainsFunc(a.Passkeys, k.same) }) {
		return nil, problem.NotNow("L5", "This passkey is known here already.")
	}
	i := slices.IndexFunc(all, func(a Account) bool { return a.is(to.Group, to.Person) })
	if i < 0 {
		all, i = append(all, Account{Group: to.Group, Person: to.Person, Handle: to.Handle}), len(all)
	}
	if string(all[i].Handle) != string(to.Handle) { // two began at once; the device of this one has another handle
		return nil, problem.NotNow("L5", "Another passkey was made at the same moment. Please begin again.")
	}
	had := slices.Clone(all[i].Passkeys)
	if len(had) >= mostPasskeys {
		return nil, problem.NotNow("L5", "There are %d passkeys already. Please remove one first.", len(had))
	}
	all[i].Passkeys = append(had, k)
	return all, nil
}

func (k *passkey) same(o passkey) bool {
	return k.ID == o.ID || string(k.Credential.ID) == string(o.Credential.ID)
}

// seen notes that whoever signed in that way knows of the passkeys until now.
func (p *passkeys) seen(group, person, way string, now time.Time) error {
	fresh := p.account(group, person)
	return p.Accounts.change(func(all []Account) ([]Account, error) {
		i := slices.IndexFunc(all, func(a Account) bool { return a.is(group, person) })
		if i < 0 {
			all, i = append(all, fresh), len(all)
		}
		seen := maps.Clone(all[i].Seen)
		if seen == nil {
			seen = map[string]time.Time{}
		}
		seen[way] = now.UTC()
		all[i].Seen = seen
		return all, nil
	})
}

// Remove takes a passkey from the person.
func (p *passkeys) Remove(group, person, id string) error {
	return p.Edit(group, person, func(a *Account) {
		a.Passkeys = slices.DeleteFunc(a.Passkeys, func(k passkey) bool { return k.ID == id })
	})
}

// used notes that the passkey signed the person in at the party, with its new counter.
func (p *passkeys) used(a *Account, party string, c *webauthn.Credential, now time.Time) (id string, err error) {
	err = p.Edit(a.Group, a.Person, func(a *Account) {
		for i := range a.Passkeys {
			if k := &a.Passkeys[i]; string(k.Credential.ID) == string(c.ID) {
				k.Credential, k.Party, k.Used, id = *c, party, now.UTC().Truncate(time.Second), k.ID
			}
		}
	})
	return id, err
}

func (p *passkeys) Edit(group, person string, f func(*Account)) error {
	return p.Accounts.change(func(all []Account) ([]Account, error) {
		for i := range all {
			if all[i].is(group, person) {
				all[i].Passkeys = slices.Clone(all[i].Passkeys)
				f(&all[i])
			}
		}
		return all, nil
	})
}

// owner is the account that an authenticator names.
func (p *passkeys) owner(_, handle []byte) (webauthn.User, error) {
	by := func(h []byte) bool { return len(h) > 0 && string(h) == string(handle) }
	a, ok := p.Accounts.find(func(a *Account) bool {
		return by(a.Handle) || slices.ContainsFunc(a.Passkeys, func(k passkey) bool { return by(k.Handle) })
	})
	if !ok {
		return nil, errors.New("nobody has this passkey")
	}
	a.Handle = handle
	return &a, nil
}

// credentialParameters are the kinds of passkey that devices are asked for: those that
// can sign what is proved (rule L9).
func credentialParameters() (all []protocol.CredentialParameter) {
	for _, a := range signature.Algorithms {
		all = append(all, protocol.CredentialParameter{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.COSEAlgorithmIdentifier(a.COSE)})
	}
	return all
}

// relyingParty checks passkeys for one origin, such as https://thread.example.org.
func relyingParty(origin string) (*webauthn.WebAuthn, error) {
	w, err := webauthn.New(&webauthn.Config{
		RPID: caller.PartyOf(origin), RPDisplayName: "Golden Thread", RPOrigins: []string{origin},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: new(true), UserVerification: protocol.VerificationRequired,
		},
		Timeouts: webauthn.TimeoutsConfig{
			Login:        webauthn.TimeoutConfig{Enforce: true, Timeout: ceremonyLasts, TimeoutUVD: ceremonyLasts},
			Registration: webauthn.TimeoutConfig{Enforce: true, Timeout: ceremonyLasts, TimeoutUVD: ceremonyLasts},
		},
	})
	if err != nil {
		return nil, fmt.Errorf("passkeys at %s: %w", origin, err)
	}
	return w, nil
}
