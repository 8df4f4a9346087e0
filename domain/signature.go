package domain

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// Signatures (rules L5, L9, C3, C5, C10): what a seat says can be signed with a
// passkey of whoever says it, and the charter can require that. What is signed
// is a statement: the event in the words of its command, the exact words that it
// is about, and up to where its author had seen the ledger. That the key made the
// signature is checked by whoever hands the request on; what it says, here.

// A Signature is a statement and the passkey's assertion over its SHA-256 (Web
// Authentication, level 3).
type Signature struct {
	Credential        []byte `json:"credential" doc:"id of the passkey, base64"`
	Statement         string `json:"statement" doc:"exactly as it was signed"`
	AuthenticatorData []byte `json:"authenticatorData" doc:"base64"`
	ClientDataJSON    []byte `json:"clientDataJSON" doc:"base64; its challenge is the statement's SHA-256"`
	Signature         []byte `json:"signature" doc:"base64"`
}

// mostSigned bounds a signature, so that its event fits into a line.
const mostSigned = 24_000 // bytes of all its parts

func (g *Signature) size() int {
	return len(g.Credential) + len(g.Statement) + len(g.AuthenticatorData) + len(g.ClientDataJSON) + len(g.Signature)
}

// Signed is what both a command and its event carry, where it was signed.
type Signed struct {
	Signature *Signature `json:"signature,omitempty"`
}

func (g *Signed) signature() *Signature { return g.Signature }

// A Signable is an event that says something for a seat and can be signed.
type Signable interface {
	Payload
	// said is what the event says, in the words of its command.
	said(*Event) Said
	signature() *Signature
}

// Signs says whether what the command records can be signed.
func Signs(c Command) bool {
	_, ok := c.(interface{ signature() *Signature })
	return ok
}

// Signature is the one that the request carries; nil for none.
func (r *Request) Signature() *Signature {
	if c, ok := r.Command.(interface{ signature() *Signature }); ok {
		return c.signature()
	}
	return nil
}

// SignatureOf is the event's signature; nil for none.
func SignatureOf(e *Event) *Signature {
	if s, ok := e.Data.(Signable); ok {
		return s.signature()
	}
	return nil
}

// statementForm is the form of statement that is written here. It is a storage
// format: it never changes.
const statementForm = "goldenthread.statement.v1"

// A Statement is what a person signs.
type Statement struct {
	Form  string `json:"form"`
	Group string `json:"group"`
	Said
	Exact ExactWords `json:"exact"`
	Known uint64     `json:"known"` // index of the newest event that its author could have seen
	Nonce string     `json:"nonce"` // chosen by the server; never twice in a ledger
}

// Said is what a seat said, in the members of the command with which it said so.
type Said struct {
	Command      string  `json:"command"`
	Proposal     string  `json:"proposal"`
	Version      int     `json:"version,omitempty"`
	Objection    string  `json:"objection,omitempty"` // that is let go
	Confirms     uint64  `json:"confirms,omitempty"`  // index of what the manager had recorded
	Seat         string  `json:"seat"`
	Person       string  `json:"person"`
	NeedNotWait  bool    `json:"needNotWait,omitempty"`
	Reason       string  `json:"reason,omitempty"`
	Interest     string  `json:"interest,omitempty"`
	Grade        Grade   `json:"grade,omitempty"`
	Why          string  `json:"why,omitempty"`
	WouldResolve string  `json:"wouldResolve,omitempty"`
	How          HowLost `json:"how,omitempty"`
	Words        string  `json:"words,omitempty"`
}

// ExactWords name a version of a proposal by the event that made it, and by the
// SHA-256 of that event's line: title, text and instruments, byte for byte.
type ExactWords struct {
	Event  uint64 `json:"event"`
	SHA256 string `json:"sha256"` // hexadecimal
}

// Bytes are the statement as it is signed.
func (st *Statement) Bytes() []byte {
	var b bytes.Buffer
	to := json.NewEncoder(&b)
	to.SetEscapeHTML(false)
	if err := to.Encode(st); err != nil {
		panic("domain: a statement can't be written: " + err.Error())
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// ReadStatement reads a statement; false if Bytes would have written it
// otherwise, so that two programs can't read two things out of one.
func ReadStatement(text string) (*Statement, bool) {
	var st Statement
	if err := json.Unmarshal([]byte(text), &st); err != nil || st.Form != statementForm {
		return nil, false
	}
	return &st, string(st.Bytes()) == text
}

// Says tells whether the statement says exactly what the event says.
func (st *Statement) Says(e *Event) bool {
	s, ok := e.Data.(Signable)
	return ok && st.Group == e.Group && st.Said == s.said(e) && e.Actor == "person/"+st.Person && st.Known < e.Index
}

// StatementFor is what whoever sends the request would sign, as things stand at
// the given moment; the hash of the exact words and the nonce are for the caller
// to add. What would be refused is refused.
func (s *View) StatementFor(r *Request, now time.Time) (*Statement, *Refusal) {
	if !Signs(r.Command) {
		return nil, invalid("L5", "This is nothing that a seat signs.")
	}
	t := newTurn(s, r, now)
	t.stating = true
	t.settleDue(DayOf(s.Last))
	before := len(t.out)
	if refusal := t.run(r); refusal != nil {
		return nil, refusal
	}
	e := &t.out[before]
	said := e.Data.(Signable).said(e)
	exact := t.s.Proposals[said.Proposal].Version().Index
	return &Statement{Form: statementForm, Group: s.Group, Said: said, Exact: ExactWords{Event: exact}, Known: s.Next - 1}, nil
}

// mustBeSigned refuses what the charter wants signed and is not (rule F6), and a
// signature that is not the actor's under exactly what is about to be recorded.
// A statement is good for once: after it the seat has spoken since.
func (t *turn) mustBeSigned(p *Proposal, cause uint64, e Signable) *Refusal {
	g := e.signature()
	switch {
	case t.stating, t.unsigned:
		return nil
	case g == nil && t.s.CharterOn(t.day).Charter.RequireSignatures:
		return notNow("F6", "The charter asks that what a seat says is signed. Please sign it with your passkey.")
	case g == nil:
		return nil
	case g.size() > mostSigned:
		return invalid("L5", "The signature is too long: at most %s bytes fit.", Thousands(mostSigned))
	case t.actor.Passkey(g.Credential) == nil:
		return notYours("L5", "This was signed with a passkey that the ledger does not know as yours, or knows no longer.")
	}
	if r := t.s.MayActWith(WayOfPasskey(g.Credential), t.actor.ID, t.day); r != nil {
		return r
	}
	st, ok := ReadStatement(g.Statement)
	if !ok {
		return invalid("L5", "What was signed is not a statement of this ledger.")
	}
	about := t.event(cause, t.day, e)
	if !st.Says(&about) || st.Exact.Event != p.Version().Index {
		return notNow("L5", "What was signed is not what would be recorded. Please read it again, and sign that.")
	}
	if t.s.spokeAfter(p, st.Seat, st.Known) {
		return notNow("L2", "%s has spoken on %s since this was signed. Please read it again, and sign anew.", t.s.name(st.Seat), p.Number)
	}
	return nil
}

// spokeAfter says whether the seat said something to the proposal after that event.
func (s *decisions) spokeAfter(p *Proposal, seat string, index uint64) bool {
	for i := range p.Positions {
		if p.Positions[i].Seat == seat && p.Positions[i].Index > index {
			return true
		}
	}
	for _, number := range p.Objections {
		if o := s.Objections[number]; o.Seat == seat && max(o.Index, o.EndedIndex) > index {
			return true
		}
	}
	return false
}

func (e *PositionTaken) said(*Event) Said {
	said := Said{Proposal: e.Proposal, Version: e.Version, Seat: e.Seat, Person: e.Person, NeedNotWait: e.NeedNotWait, Reason: e.Reason, Interest: e.Interest}
	switch {
	case e.Heard != "": // said by somebody else's mouth: nothing that one signs
	case e.Stand == Consent:
		said.Command = "consent"
	case e.Stand == StandAside:
		said.Command = "stand-aside"
	}
	return said
}

func (e *PositionConfirmed) said(ev *Event) Said {
	return Said{Command: "confirm-position", Proposal: e.Proposal, Version: e.Version, Confirms: ev.Cause, Seat: e.Seat, Person: e.Person}
}

func (e *ObjectionRaised) said(*Event) Said {
	return Said{
		Command: "object", Proposal: e.Proposal, Version: e.Version, Seat: e.Seat, Person: e.Person,
		Grade: e.Grade, Why: e.Why, WouldResolve: e.WouldResolve,
	}
}

func (e *ObjectionResolved) said(ev *Event) Said {
	return Said{
		Command: "resolve-objection", Proposal: e.Proposal, Objection: e.Objection, Seat: seatOf(ev), Person: e.Person, How: e.How, Words: e.Words,
	}
}

// seatOf is the seat for which the event was recorded; "" for none.
func seatOf(ev *Event) string {
	if code, ok := strings.CutPrefix(ev.OnBehalfOf, "seat/"); ok {
		return code
	}
	return ""
}

// Say is the statement in a sentence, for whoever is about to sign it.
func (st *Statement) Say(s *State) string {
	p, seat := s.Proposals[st.Proposal], s.name(st.Seat)
	words := "version " + strconv.Itoa(p.Version().Number) + " of " + p.Number + ", “" + p.Title() + "”"
	switch st.Command {
	case "consent":
		say := seat + " consents to " + words + "."
		if st.NeedNotWait {
			say += " It need not wait for the window to end."
		}
		return say
	case "stand-aside":
		return seat + " stands aside from " + words + "." + more(" Why: ", st.Reason) + more(" An interest: ", st.Interest)
	case "confirm-position":
		return seat + " confirms what the manager recorded for it on " + words + "."
	case "object":
		return seat + " raises a " + string(st.Grade) + " on " + words + "." + more(" Why: ", st.Why) + more(" What would resolve it: ", st.WouldResolve)
	}
	if st.How == ObjectionWithdrawn {
		return seat + " withdraws objection " + st.Objection + " on " + words + "." + more(" ", st.Words)
	}
	return seat + " accepts a resolution of objection " + st.Objection + " on " + words + "." + more(" ", st.Words)
}

func more(before, words string) string {
	if words == "" {
		return ""
	}
	return before + Sentence(words)
}
