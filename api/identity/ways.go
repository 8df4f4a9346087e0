package identity

import (
	"crypto/rand"
	"crypto/sha256"
	"slices"
	"strings"

	"goldenthread/domain"
	"goldenthread/eventstore/shared"
)

// Which way in, as the ledger names it, somebody used (rule L5).

// way is the way in on which the session rests; "" if that is gone.
func (s *ways) way(is *Session) domain.Way {
	if id, token := strings.CutPrefix(is.Passkey, byToken); token {
		if k, ok := s.tokens.Tokens.find(func(k *HeldToken) bool { return k.ID == id }); ok {
			return k.way()
		}
		return ""
	}
	if holder, account := strings.CutPrefix(is.Passkey, byAccount); account {
		return s.SignIn.Accounts.way(is.Group, is.Person, holder)
	}
	keys := s.SignIn.Passkeys.account(is.Group, is.Person).Passkeys
	if i := slices.IndexFunc(keys, func(k passkey) bool { return k.ID == is.Passkey }); i >= 0 {
		return domain.WayOfPasskey(keys[i].Credential.ID)
	}
	return ""
}

const accountsFile = "known-accounts.json"

// accounts name the organisations' accounts that sign people in. An account's address
// is personal data, so that its way in is the hash of a random salt and the account:
// without this list nobody can tell from the ledger whose account it was.
type accounts struct{ Known *kept[knownAccount] }

// A knownAccount is one of the list.
type knownAccount struct {
	Salt   string `json:"salt"`
	Holder string `json:"holder"` // id of the line in the operator's file
	Group  string `json:"group"`
	Person string `json:"person"` // id
}

func openAccounts(r *shared.Records, dir string) (*accounts, error) {
	k := openKept(r, accountsFile, func(k *knownAccount) string { return inOneWord(k.Group, k.Person, k.Holder) }, nil)
	return &accounts{k}, k.bring(dir, nil, nil)
}

func (k *knownAccount) way() domain.Way {
	return domain.WayOf(domain.AccountWay, sha256.Sum256([]byte(k.Salt+"\x00"+k.Holder)))
}

// way is the way in of the account; "" if it has none yet.
func (a *accounts) way(group, person, holder string) domain.Way {
	if k, ok := a.Known.find(func(k *knownAccount) bool { return k.Group == group && k.Person == person && k.Holder == holder }); ok {
		return k.way()
	}
	return ""
}

// name gives the account its way in, if it has none yet.
func (a *accounts) name(group, person, holder string) (domain.Way, error) {
	if w := a.way(group, person, holder); w != "" {
		return w, nil
	}
	k := knownAccount{rand.Text(), holder, group, person}
	err := a.Known.change(func(all []knownAccount) ([]knownAccount, error) {
		if i := slices.IndexFunc(all, func(o knownAccount) bool { return o.Group == group && o.Person == person && o.Holder == holder }); i >= 0 {
			k = all[i] // another node was quicker
			return all, nil
		}
		return append(all, k), nil
	})
	return k.way(), err
}
