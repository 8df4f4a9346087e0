package evidence

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"

	"goldenthread/domain"
	"goldenthread/eventstore/signature"
)

// What people signed with their passkeys, among the events of a bundle (rule L9).
// A bundle is a part of a ledger: that a key was not removed, or that there were
// no newer words, can't be seen in it and is for `goldenthread verify` of the
// whole to say. What is here must hold together. verify.py checks the same.

// Kinds of event that bear on signatures, and the members that are read of each. The
// others are free. verify.py reads the same.
const (
	keyRegistered = "goldenthread.passkey.registered.v1"
	keyRemoved    = "goldenthread.passkey.removed.v1"
	wordsRaised   = "goldenthread.proposal.raised.v1"
	wordsAmended  = "goldenthread.proposal.amended.v1"
)

// saidMembers are what is read of an event that can be signed: texts, but version, a
// number, and needNotWait, which is true or false. Any of them may be missing.
var saidMembers = map[string][]string{
	"goldenthread.position.taken.v1":     {"proposal", "version", "seat", "person", "needNotWait", "reason", "interest", "heard", "stand"},
	"goldenthread.position.confirmed.v1": {"proposal", "version", "seat", "person"},
	"goldenthread.objection.raised.v1":   {"proposal", "version", "seat", "person", "grade", "why", "wouldResolve"},
	"goldenthread.objection.resolved.v1": {"proposal", "objection", "person", "how", "words"},
}

// neededMembers are what is read of the other events, all of which must be there.
var neededMembers = map[string][]string{
	keyRegistered: {"person", "credential", "publicKey", "relyingParty"},
	keyRemoved:    {"credential"},
	wordsRaised:   {"proposal"},
	wordsAmended:  {"proposal", "version"},
}

var signatureMembers = []string{"credential", "statement", "authenticatorData", "clientDataJSON", "signature"}

// read is the event as the rules know it, with only what bears on signatures; nil for
// a kind that doesn't.
func (e *event) read() (*domain.Event, error) {
	members, needed := neededMembers[e.kind]
	if !needed {
		members = saidMembers[e.kind]
	}
	if members == nil {
		return nil, nil
	}
	data, err := pick(e.data, members, needed)
	if err != nil {
		return nil, err
	}
	if g, ok := e.data["signature"]; ok && !needed {
		parts, _ := g.(map[string]any)
		if data["signature"], err = pick(parts, signatureMembers, true); err != nil {
			return nil, err
		}
	}
	payload, known := domain.NewPayload(e.kind)
	if !known {
		return nil, fmt.Errorf("%s is of no kind that is known", e.kind)
	}
	text, err := json.Marshal(data)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, payload, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf("what it says can't be read: %w", err)
	}
	return &domain.Event{Group: e.group, Index: e.index, Cause: e.cause, Actor: e.actor, OnBehalfOf: e.onBehalfOf, Data: payload}, nil
}

// pick is these members, each of its type; with needed, none may be missing.
func pick(data map[string]any, members []string, needed bool) (map[string]any, error) {
	picked := map[string]any{}
	for _, name := range members {
		v, there := data[name]
		if !there && !needed {
			continue
		}
		ok := false
		switch name {
		case "version":
			_, ok = v.(int64)
		case "needNotWait":
			_, ok = v.(bool)
		case "credential", "publicKey", "authenticatorData", "clientDataJSON", "signature":
			var text string
			text, ok = v.(string)
			_, err := base64.StdEncoding.Strict().DecodeString(text)
			ok = ok && err == nil && !strings.ContainsAny(text, "\r\n")
		default:
			_, ok = v.(string)
		}
		if !ok {
			return nil, fmt.Errorf("what it says can't be read: its %s", name)
		}
		picked[name] = v
	}
	return picked, nil
}

// SignedWith is the passkey with which the event was signed; nil for none.
func SignedWith(line []byte) []byte {
	if g := domain.SignatureOf(readAlone(line)); g != nil {
		return g.Credential
	}
	return nil
}

// Registers is the passkey that the event makes known as its actor's own; nil for none.
func Registers(line []byte) []byte {
	if !bytes.Contains(line, []byte(keyRegistered)) {
		return nil
	}
	e := readAlone(line)
	if k, ok := e.Data.(*domain.PasskeyRegistered); ok && e.Actor == "person/"+k.Person {
		return k.Credential
	}
	return nil
}

// readAlone is the event in that line, if it bears on signatures; an event that says
// nothing if it doesn't, or can't be read.
func readAlone(line []byte) *domain.Event {
	if e, err := readEvent(line); err == nil {
		if read, err := e.read(); err == nil && read != nil {
			return read
		}
	}
	return &domain.Event{}
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

// errUnsigned says that an event is none that is signed.
var errUnsigned = errors.New("it is not signed")

// take takes the next event, and says whether its signature, and all that it rests on,
// is here and holds. errUnsigned, signature.ErrForm.
func (p *people) take(e *event) (whole bool, err error) {
	read, err := e.read()
	if err != nil {
		return false, err
	}
	if read == nil {
		return false, errUnsigned
	}
	p.learn(read, e.line)
	g := domain.SignatureOf(read)
	if g == nil {
		return false, errUnsigned
	}
	return p.check(read, g)
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
	st, ok := signature.ReadStatement(g.Statement)
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
		return false, fmt.Errorf("its signature: %w", err)
	}
	return worded, nil
}
