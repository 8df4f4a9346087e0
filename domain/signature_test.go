package domain

import (
	"strings"
	"testing"
)

// signing is a group in which cd-north has a passkey and P1 is open.
func signing(t *testing.T) *minutes {
	m := newMinutes(t)
	for _, line := range []string{
		"given the board",
		"on 2026-02-02 10:00",
		`cd-north: register-passkey {"credential":"AQID","publicKey":"BAUG","relyingParty":"thread.example.org"}`,
		`cd-south: raise-proposal {"title":"Evenings","text":"Every evening <or so>.","matter":"access"}`,
	} {
		m.name = line
		m.do(line)
	}
	return m
}

// signed is what the person signs, after change has been at it, with the passkey 1 2 3.
func (m *minutes) signed(person string, c Command, change func(*Statement)) Signed {
	m.t.Helper()
	st, refusal := m.ledger.State().View().StatementFor(&Request{Group: m.group, Actor: person, Command: c}, m.now)
	if refusal != nil {
		m.failf("%v", refusal)
	}
	st.Nonce, st.Exact.SHA256 = "once", "of the line"
	if change != nil {
		change(st)
	}
	return Signed{&Signature{Credential: []byte{1, 2, 3}, Statement: string(st.Bytes())}}
}

func (m *minutes) says(c Command, want string) {
	m.t.Helper()
	if got := strings.Join(m.send("cd-north", c, "x"), "; "); !strings.HasPrefix(got, want) {
		m.t.Errorf("want %s\n got %s", want, got)
	}
}

// TestSignedWordsAreRecorded: everything that a seat says can be signed, and is
// recorded with its signature.
func TestSignedWordsAreRecorded(t *testing.T) {
	m := signing(t)
	m.do(`manager: report-position {"proposal":"P1","version":1,"seat":"U10001","stand":"consent","from":"cd-north","how":"by telephone"}`)
	object := &RaiseObjection{Proposal: "P1", Version: 1, Grade: Block, Why: "Too <late> & long.", WouldResolve: "Eight."}
	object.Signed = m.signed("cd-north", object, nil)
	m.says(object, "objection.raised O1 P1")
	resolve := &ResolveObjection{Objection: "O1", How: ResolutionAccepted, Words: "Eight it is."}
	resolve.Signed = m.signed("cd-north", resolve, nil)
	m.says(resolve, "objection.resolved O1 P1")
	aside := &StandAsideFrom{Proposal: "P1", Version: 1, Reason: "Not for us."}
	aside.Signed = m.signed("cd-north", aside, nil)
	m.says(aside, "position.taken P1")
	consent := &GiveConsent{Proposal: "P1", Version: 1, NeedNotWait: true}
	consent.Signed = m.signed("cd-north", consent, nil)
	m.says(consent, "position.taken P1")
	if p := m.ledger.State().View().Proposals["P1"]; !p.lastOf("U10001").Signed || p.Positions[0].Signed {
		t.Error("what was signed is not known to be, or what was only heard is")
	}
	m.checkStored()
}

// TestSignedConfirmation: where signatures are required the seat's signed word
// makes what was heard count (rule C10).
func TestSignedConfirmation(t *testing.T) {
	m := signing(t)
	m.do(`cd-south: raise-proposal {"title":"Signed","text":"We sign.","matter":"charter","instruments":[{"changeCharter":{"version":1,"charter":{"text":"Signed.","quorum":3,"defaultStance":"bring-back","requireSignatures":true,"matters":["access"]}}}]}`)
	m.do("everybody agrees to P2 now")
	m.do(`manager: report-position {"proposal":"P1","version":1,"seat":"U10001","stand":"consent","from":"cd-north","how":"by telephone"}`)
	s := m.ledger.State().View()
	if PositionOf(s.Proposals["P1"], "U10001") != nil {
		t.Error("what was heard counts before it was confirmed")
	}
	m.says(&ConfirmPosition{Proposal: "P1", Version: 1}, "refused F6")
	confirm := &ConfirmPosition{Proposal: "P1", Version: 1}
	confirm.Signed = m.signed("cd-north", confirm, nil)
	m.says(confirm, "position.confirmed P1")
	s = m.ledger.State().View()
	if pos := PositionOf(s.Proposals["P1"], "U10001"); pos == nil || !pos.Signed {
		t.Error("what was confirmed does not count, or not as signed")
	}
}

// TestSignatureMustFit: nothing is recorded under a statement that does not say
// exactly that, under somebody else's passkey, or a second time.
func TestSignatureMustFit(t *testing.T) {
	m := signing(t)
	base := func() *GiveConsent { return &GiveConsent{Proposal: "P1", Version: 1} }
	for name, change := range map[string]func(*Statement){
		"another group":     func(st *Statement) { st.Group = "salford" },
		"another proposal":  func(st *Statement) { st.Proposal = "P2" },
		"another version":   func(st *Statement) { st.Version = 2 },
		"other words":       func(st *Statement) { st.Exact.Event-- },
		"another seat":      func(st *Statement) { st.Seat = "U10002" },
		"another person":    func(st *Statement) { st.Person = m.ledger.State().View().ByHandle("cd-south").ID },
		"another command":   func(st *Statement) { st.Command = "stand-aside" },
		"more than is said": func(st *Statement) { st.NeedNotWait = true },
		"a reason":          func(st *Statement) { st.Reason = "Because." },
		"the future":        func(st *Statement) { st.Known = m.ledger.State().View().Next },
	} {
		c := base()
		c.Signed = m.signed("cd-north", c, change)
		m.name = name
		m.says(c, "refused L5: What was signed is not what would be recorded.")
	}
	for name, change := range map[string]func(string) string{
		"white space":    func(s string) string { return s + " " },
		"a double":       func(s string) string { return strings.Replace(s, `"group"`, `"group":"x","group"`, 1) },
		"another form":   func(s string) string { return strings.Replace(s, ".v1", ".v2", 1) },
		"more members":   func(s string) string { return strings.Replace(s, `"group"`, `"extra":1,"group"`, 1) },
		"not a JSON one": func(string) string { return "consent" },
	} {
		c := base()
		c.Signed = m.signed("cd-north", c, nil)
		c.Signature.Statement = change(c.Signature.Statement)
		m.name = name
		m.says(c, "refused L5: What was signed is not a statement of this ledger.")
	}
	long := base()
	long.Signed = m.signed("cd-north", long, nil)
	long.Signature.ClientDataJSON = make([]byte, mostSigned)
	m.says(long, "refused L5: The signature is too long: at most 24,000 bytes fit.")

	c := base()
	c.Signed = m.signed("cd-north", c, nil)
	m.says(c, "position.taken")
	aside := &StandAsideFrom{Proposal: "P1", Version: 1}
	aside.Signed = m.signed("cd-north", aside, nil)
	m.says(aside, "position.taken")
	m.says(c, "refused L2: North PCN has spoken on P1 since this was signed.")

	again := base()
	again.Signed = m.signed("cd-north", again, nil)
	again.Signature.Credential = []byte{9}
	m.says(again, "refused L5: This was signed with a passkey that the ledger does not know as yours")
	m.do(`cd-north: remove-passkey {"credential":"AQID"}`)
	again.Signature.Credential = []byte{1, 2, 3}
	m.says(again, "refused L5: This was signed with a passkey that the ledger does not know as yours")
}

// TestStatements: what would be refused is refused before anybody signs it.
func TestStatements(t *testing.T) {
	m := signing(t)
	state := func(person string, c Command) (*Statement, *Refusal) {
		return m.ledger.State().View().StatementFor(&Request{Group: m.group, Actor: person, Command: c}, m.now)
	}
	for _, refused := range []struct {
		person string
		c      Command
		rule   string
	}{
		{"manager", &GiveConsent{Proposal: "P1", Version: 1}, "F5"},
		{"cd-north", &GiveConsent{Proposal: "P1", Version: 2}, "C2"},
		{"cd-north", &GiveConsent{Proposal: "P9", Version: 1}, "C5"},
		{"nobody", &GiveConsent{Proposal: "P1", Version: 1}, "L5"},
		{"cd-north", &OfferWords{Proposal: "P1", Words: "Other."}, "L5"},
	} {
		if _, r := state(refused.person, refused.c); r == nil || r.Rule != refused.rule {
			t.Errorf("%s %T: %v, want %s", refused.person, refused.c, r, refused.rule)
		}
	}
	next := m.ledger.State().View().Next
	st, r := state("cd-north", &GiveConsent{Proposal: "P1", Version: 1, NeedNotWait: true})
	if r != nil || m.ledger.State().View().Next != next || st.Known != next-1 {
		t.Errorf("%v %+v", r, st)
	}
	if say := st.Say(m.ledger.State()); say != "North PCN consents to version 1 of P1, “Evenings”. It need not wait for the window to end." {
		t.Error(say)
	}
}
