package evidence

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"goldenthread/domain"
	"goldenthread/eventstore/signature"
)

// What people signed with their passkeys, among the events of a bundle (rule L9).
// A bundle is a part of a ledger: that a key was not removed, or that there were
// no newer words, can't be seen in it and is for `goldenthread verify` of the
// whole to say. What is here must hold together. verify.py checks the same.

// keyRegistered is the kind of event that makes a key known.
const keyRegistered = "goldenthread.passkey.registered.v1"

// readEvent reads an event of a kind that bears on signatures; nil for others.
func readEvent(line []byte) (*domain.Event, error) {
	var v struct {
		envelope
		Cause *uint64        `json:"cause"`
		Data  jsontext.Value `json:"data"`
	}
	if err := json.Unmarshal(line, &v); err != nil {
		return nil, fmt.Errorf("an event that is not JSON: %w", err)
	}
	data, known := domain.NewPayload(v.Type)
	if !known {
		return nil, nil
	}
	switch data.(type) {
	case domain.Signable, *domain.PasskeyRegistered, *domain.PasskeyRemoved, *domain.ProposalRaised, *domain.ProposalAmended:
	default:
		return nil, nil
	}
	if err := json.Unmarshal(v.Data, data, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf("what it says can't be read: %w", err)
	}
	e := &domain.Event{Group: strings.TrimPrefix(v.Source, "/groups/"), Index: v.Index, Cause: v.Index, Actor: v.Actor, OnBehalfOf: v.OnBehalf, Data: data}
	if v.Cause != nil {
		e.Cause = *v.Cause
	}
	return e, nil
}

// SignedWith is the passkey with which the event was signed; nil for none.
func SignedWith(line []byte) []byte {
	e, err := readEvent(line)
	if err != nil || e == nil {
		return nil
	}
	if g := domain.SignatureOf(e); g != nil {
		return g.Credential
	}
	return nil
}

// Registers is the passkey that the event makes known as its actor's own; nil for none.
func Registers(line []byte) []byte {
	if !bytes.Contains(line, []byte(keyRegistered)) {
		return nil
	}
	e, err := readEvent(line)
	if err != nil || e == nil {
		return nil
	}
	if k, ok := e.Data.(*domain.PasskeyRegistered); ok && e.Actor == "person/"+k.Person {
		return k.Credential
	}
	return nil
}

// A words event is a version of a proposal.
type wordsEvent struct {
	proposal string
	version  int
	sum      string
}

// people checks what people signed among the events, which are in order.
type people struct {
	keys   map[string]*domain.PasskeyRegistered // in force so far, by credential
	words  map[uint64]wordsEvent
	nonces map[string]uint64
}

// checkPeople gives the indexes of the events whose signatures hold, and of
// those whose key or words are not in the bundle. One that does not hold is the
// error.
func checkPeople(events []Proved) (held, unchecked []uint64, err error) {
	p := people{map[string]*domain.PasskeyRegistered{}, map[uint64]wordsEvent{}, map[string]uint64{}}
	for i := range events {
		e, err := readEvent(events[i].Line)
		if err != nil {
			return held, unchecked, fmt.Errorf("event %d: %w", events[i].Index, err)
		}
		if e == nil {
			continue
		}
		p.learn(e, events[i].Line)
		g := domain.SignatureOf(e)
		if g == nil {
			continue
		}
		switch whole, err := p.check(e, g); {
		case err != nil:
			return held, unchecked, fmt.Errorf("event %d: %w", e.Index, err)
		case whole:
			held = append(held, e.Index)
		default:
			unchecked = append(unchecked, e.Index)
		}
	}
	return held, unchecked, nil
}

func (p *people) learn(e *domain.Event, line []byte) {
	w := wordsEvent{version: 1}
	switch d := e.Data.(type) {
	case *domain.PasskeyRegistered:
		if e.Actor == "person/"+d.Person {
			p.keys[string(d.Credential)] = d
		}
		return
	case *domain.PasskeyRemoved:
		delete(p.keys, string(d.Credential))
		return
	case *domain.ProposalRaised:
		w.proposal = d.Proposal
	case *domain.ProposalAmended:
		w.proposal, w.version = d.Proposal, d.Version
	default: // nothing else bears on whether a signature holds
		return
	}
	sum := sha256.Sum256(line)
	w.sum = hex.EncodeToString(sum[:])
	p.words[e.Index] = w
}

// check says whether all that the signature rests on is here, and what is wrong
// with it. Without key or words, what can be looked at must still be right.
func (p *people) check(e *domain.Event, g *domain.Signature) (whole bool, err error) {
	st, ok := domain.ReadStatement(g.Statement)
	if !ok {
		return false, errors.New("what was signed is not a statement")
	}
	if !st.Says(e) {
		return false, errors.New("what was signed is not what it says")
	}
	if used, again := p.nonces[st.Nonce]; again {
		return false, fmt.Errorf("its signature was used before, by event %d", used)
	}
	p.nonces[st.Nonce] = e.Index
	about, worded := p.words[st.Exact.Event]
	if worded && (about.proposal != st.Proposal || st.Version != 0 && st.Version != about.version || about.sum != st.Exact.SHA256) {
		return false, fmt.Errorf("the words that were signed are not those of event %d", st.Exact.Event)
	}
	by, known := p.keys[string(g.Credential)]
	if !known {
		return false, nil
	}
	if by.Person != st.Person {
		return false, errors.New("it is signed with somebody else's passkey")
	}
	if err := signature.Verify(g, &domain.Passkey{Credential: by.Credential, PublicKey: by.PublicKey, RelyingParty: by.RelyingParty}); err != nil {
		return false, fmt.Errorf("its signature does not hold: %w", err)
	}
	return worded, nil
}
