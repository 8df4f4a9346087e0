package domain

import (
	"bytes"
	"slices"
)

// Passkeys (rules L5, L9, L10): the public keys with which people sign what they
// say for a seat. They are in the ledger, each recorded as the person themself,
// so that a signature can be checked by whoever holds a copy and nothing else.

const (
	mostPasskeys   = 20    // of one person at a time
	mostCredential = 1_023 // bytes of a credential's id (Web Authentication, level 3)
	mostPublicKey  = 2_048 // bytes
)

// RegisterPasskey makes a passkey known as the actor's own.
type RegisterPasskey struct {
	Credential   []byte `json:"credential" doc:"the credential's id, base64"`
	PublicKey    []byte `json:"publicKey" doc:"as the device gave it (COSE_Key, RFC 9052), base64"`
	RelyingParty string `json:"relyingParty" doc:"name of the server to which the device bound it, such as thread.example.org" maxLength:"253" rule:"L5" call:"the name of the server"`
}

func (c *RegisterPasskey) may(w *who) (Permission, *Refusal) {
	return anyOf(nil, w.aboutThemself(true))
}

func (c *RegisterPasskey) decide(t *turn) *Refusal {
	if len(c.Credential) == 0 || len(c.Credential) > mostCredential || len(c.PublicKey) == 0 || len(c.PublicKey) > mostPublicKey {
		return invalid("L5", "This is not a passkey.")
	}
	if k := t.actor.Passkey(c.Credential); k != nil && bytes.Equal(k.PublicKey, c.PublicKey) && k.RelyingParty == c.RelyingParty {
		return nil
	}
	for _, p := range t.s.People {
		if p.Passkey(c.Credential) != nil {
			return notNow("L5", "This passkey is known here already.")
		}
	}
	if w := t.s.Ways[WayOfPasskey(c.Credential)]; w != nil && (!w.Before || w.Person != t.actor.ID || t.s.over(w, t.day) != nil) {
		return notNow("L10", "This passkey was known here before, and was removed. Please make a new one.")
	}
	if r := firstRefusal(t.mustHaveRoom(t.actor), t.actor.mustNotBeErased()); r != nil {
		return r
	}
	if len(t.actor.Passkeys) >= mostPasskeys {
		return notNow("L5", "There are %d passkeys already. Please remove one first.", mostPasskeys)
	}
	e := PasskeyRegistered{Person: t.actor.ID, Credential: c.Credential, PublicKey: c.PublicKey, RelyingParty: c.RelyingParty}
	if t.s.OnRecord {
		by := t.s.Ways[t.req.Way]
		e.NewWay = t.newWay(t.actor, by != nil && by.Way.Kind() == InvitationWay && by.Replaces)
	}
	t.record(&e)
	return nil
}

// RemovePasskey says that one of the actor's passkeys is theirs no longer. What
// was signed with it before stays signed.
type RemovePasskey struct {
	Credential []byte `json:"credential" doc:"the credential's id, base64"`
}

func (c *RemovePasskey) may(w *who) (Permission, *Refusal) { return anyOf(nil, w.aboutThemself(true)) }

func (c *RemovePasskey) decide(t *turn) *Refusal {
	if t.actor.Passkey(c.Credential) == nil {
		return notFound("L5", "You have no such passkey.")
	}
	t.record(&PasskeyRemoved{Person: t.actor.ID, Credential: c.Credential})
	return nil
}

// PasskeyRegistered: a person has a passkey with this public key.
type PasskeyRegistered struct {
	Person       string `json:"person"`
	Credential   []byte `json:"credential"`
	PublicKey    []byte `json:"publicKey" doc:"COSE_Key (RFC 9052)"`
	RelyingParty string `json:"relyingParty"`
	NewWay
}

func (e *PasskeyRegistered) Subject() string { return "person/" + e.Person }
func (e *PasskeyRegistered) made() string    { return e.Number }
func (e *PasskeyRegistered) apply(s *State, ev *Event) {
	p := edit(s.People, e.Person)
	p.keys = with(p.keys, e.PublicKey)
	p.Passkeys = append(slices.Clip(p.Passkeys), Passkey{e.Credential, e.PublicKey, e.RelyingParty, ev.Index})
	if w := s.Ways[WayOfPasskey(e.Credential)]; w != nil && w.Before && w.Ended == 0 {
		return // the ledger knew that there is such a passkey, and now knows its key
	}
	s.addWay(&WayIn{Way: WayOfPasskey(e.Credential), Person: e.Person, NewWay: e.NewWay}, ev)
}

// PasskeyRemoved: from now on this passkey signs nothing for the person.
type PasskeyRemoved struct {
	Person     string `json:"person"`
	Credential []byte `json:"credential"`
	Reason     string `json:"reason,omitempty"`
}

func (e *PasskeyRemoved) Subject() string { return "person/" + e.Person }
func (e *PasskeyRemoved) apply(s *State, ev *Event) {
	s.endWay(WayOfPasskey(e.Credential), ev)
	p := edit(s.People, e.Person)
	p.Passkeys = slices.DeleteFunc(slices.Clone(p.Passkeys), func(k Passkey) bool { return bytes.Equal(k.Credential, e.Credential) })
}

// A Passkey is one with which a person can sign.
type Passkey struct {
	Credential   []byte
	PublicKey    []byte // COSE_Key (RFC 9052)
	RelyingParty string // to which the device bound it
	Index        uint64 // of the event that made it known
}

// Passkey is the person's passkey of that credential id; nil if they have none such.
func (p *Person) Passkey(credential []byte) *Passkey {
	for i := range p.Passkeys {
		if bytes.Equal(p.Passkeys[i].Credential, credential) {
			return &p.Passkeys[i]
		}
	}
	return nil
}
