package signature

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/domain"
)

// A ledger is written by somebody who keeps no rules.
type ledger struct {
	t       *testing.T
	d       *device
	checker Checker
	next    uint64
	words   domain.ExactWords
}

const alice, bob = "alice", "bob"

func newLedger(t *testing.T) *ledger {
	l := &ledger{t: t, d: newDevice(t, "EdDSA")}
	k := l.d.passkey(t)
	require.NoError(t, l.add(alice, &domain.PasskeyRegistered{Person: alice, Credential: k.Credential, PublicKey: k.PublicKey, RelyingParty: k.RelyingParty}))
	require.NoError(t, l.add(bob, &domain.ProposalRaised{Proposal: "P1", Title: "Evenings", Text: "Every evening."}))
	return l
}

func (l *ledger) add(actor string, p domain.Payload) error {
	e := &domain.Event{Group: "trafford", Index: l.next, Cause: l.next, Effective: domain.NewDay(2026, 2, 2), Actor: "person/" + actor, Data: p}
	line := fmt.Appendf(nil, "%d %s", l.next, e.Kind())
	if _, ok := p.(*domain.ProposalRaised); ok {
		sum := sha256.Sum256(line)
		l.words = domain.ExactWords{Event: l.next, SHA256: hex.EncodeToString(sum[:])}
	}
	l.next++
	return l.checker.Check(e, line)
}

// consent is alice's, signed under that nonce after change has been at the statement.
func (l *ledger) consent(nonce string, change func(*domain.Statement)) *domain.PositionTaken {
	st := domain.Statement{
		Form: "goldenthread.statement.v1", Group: "trafford", Exact: l.words, Known: l.next - 1, Nonce: nonce,
		Said: domain.Said{Command: "consent", Proposal: "P1", Version: 1, Seat: "U1", Person: alice},
	}
	if change != nil {
		change(&st)
	}
	text := string(st.Bytes())
	return &domain.PositionTaken{
		Proposal: "P1", Version: 1, Seat: "U1", Person: alice, Stand: domain.Consent,
		Signed: domain.Signed{Signature: l.d.sign(l.t, text, honest(text))},
	}
}

func (l *ledger) roll(person string, index uint64) *domain.AgreementReached {
	return &domain.AgreementReached{Proposal: "P1", Version: 1, Roll: []domain.RollEntry{
		{Seat: "U1", Name: "North", Person: person, Position: "consent", Index: index}, {Seat: "U2", Position: domain.RollVacant},
	}}
}

func TestCheckerFindsWhatWasMadeUp(t *testing.T) {
	l := newLedger(t)
	require.ErrorContains(t, l.add(bob, l.consent("a", nil)), "what was signed is not what it says")
	require.ErrorContains(t, l.add(alice, l.consent("a", func(st *domain.Statement) { st.Exact.SHA256 = "" })), "are not those of event 1")
	require.ErrorContains(t, l.add(alice, l.consent("a", func(st *domain.Statement) { st.Exact.Event = 0 })), "other words")
	require.ErrorContains(t, l.add(alice, l.consent("a", func(st *domain.Statement) { st.Known = l.next })), "not what it says")
	require.ErrorContains(t, l.add("system", l.roll(alice, l.next)), "its roll has North")

	once := l.consent("b", nil)
	at := l.next
	require.NoError(t, l.add(alice, once))
	require.ErrorContains(t, l.add(alice, once), "used before, by event")
	require.NoError(t, l.add("system", l.roll(alice, at)))
	require.ErrorContains(t, l.add("system", l.roll(bob, at)), "its roll has North")
	require.Equal(t, 1, l.checker.Checked)

	require.NoError(t, l.add(bob, &domain.ProposalAmended{Proposal: "P1", Version: 2}))
	require.ErrorContains(t, l.add(alice, l.consent("c", nil)), "other words")
}

// A key counts only from when its owner recorded it until it is removed.
func TestCheckerKnowsWhoseKeysTheyAre(t *testing.T) {
	l := newLedger(t)
	k := newDevice(t, "EdDSA").passkey(t)
	k.Credential = []byte{9}
	require.NoError(t, l.add(bob, &domain.PasskeyRegistered{Person: alice, Credential: k.Credential, PublicKey: k.PublicKey, RelyingParty: party}))
	slipped := l.consent("a", nil)
	slipped.Signature.Credential = k.Credential
	require.ErrorContains(t, l.add(alice, slipped), "a passkey that the ledger does not know")

	require.NoError(t, l.add(alice, &domain.PasskeyRemoved{Person: alice, Credential: []byte{1, 2, 3}}))
	require.ErrorContains(t, l.add(alice, l.consent("a", nil)), "knows no longer")

	bobs := l.d.passkey(t)
	require.NoError(t, l.add(bob, &domain.PasskeyRegistered{Person: bob, Credential: bobs.Credential, PublicKey: bobs.PublicKey, RelyingParty: party}))
	require.ErrorContains(t, l.add(alice, l.consent("a", nil)), "somebody else's passkey")
}

// Where the charter asks for signatures nothing goes without, and what was only
// heard counts in no roll until its seat confirmed it (rules F6, C10).
func TestCheckerKnowsTheCharter(t *testing.T) {
	l := newLedger(t)
	unsigned := l.consent("a", nil)
	unsigned.Signature = nil
	require.NoError(t, l.add(alice, unsigned))
	require.NoError(t, l.add("system", &domain.CharterAdopted{Version: 2, Charter: domain.Charter{RequireSignatures: true}}))
	require.ErrorContains(t, l.add(alice, unsigned), "the charter requires a signature")
	require.ErrorContains(t, l.add(alice, &domain.ObjectionResolved{Proposal: "P1"}), "the charter requires a signature")
	require.NoError(t, l.add(alice, l.consent("a", nil)))

	heard := *unsigned
	heard.Heard, heard.Unconfirmed = "by telephone", true
	at := l.next
	require.NoError(t, l.add(bob, &heard))
	require.ErrorContains(t, l.add("system", l.roll(alice, at)), "its roll has North")
	require.ErrorContains(t, l.add(alice, &domain.PositionConfirmed{Proposal: "P1", Seat: "U1"}), "the charter requires a signature")
	require.ErrorContains(t, l.add("system", l.roll(alice, at)), "its roll has North")
}

// A ledger from before there was a GRAMMAR.md may hold a signature that no verifier can
// be sure to read. The ledger is read on, and the signature is not proved.
func TestCheckerNamesWhatIsNotProved(t *testing.T) {
	for name, change := range map[string]func(*domain.Signature){
		"a number of 5,000 digits": func(g *domain.Signature) {
			g.ClientDataJSON = append(g.ClientDataJSON[:len(g.ClientDataJSON)-1], `,"n":`+strings.Repeat("7", 5_000)+"}"...)
		},
		"half floats": func(g *domain.Signature) {
			g.AuthenticatorData[32] |= 0x80
			g.AuthenticatorData = append(g.AuthenticatorData, "\xa1\x61a\xf9\x3c\x00"...)
		},
		"a signature of another length": func(g *domain.Signature) { g.Signature = g.Signature[1:] },
	} {
		l := newLedger(t)
		odd := l.consent("a", nil)
		change(odd.Signature)
		at := l.next
		require.NoError(t, l.add(alice, odd), name)
		require.Len(t, l.checker.NotProved, 1, name)
		require.Equal(t, at, l.checker.NotProved[0].Index)
		require.ErrorIs(t, l.checker.NotProved[0].Why, ErrForm)
		require.Zero(t, l.checker.Checked)
		require.ErrorContains(t, l.add(alice, odd), "used before", "it is good for once, though it proves nothing")
		require.NoError(t, l.add(alice, l.consent("b", nil)))
		require.Equal(t, 1, l.checker.Checked)
	}
	l := newLedger(t)
	l.d.public[4] = 1 // a member that no key should have
	k := l.d.passkey(t)
	k.Credential = []byte{7}
	require.NoError(t, l.add(alice, &domain.PasskeyRegistered{Person: alice, Credential: k.Credential, PublicKey: k.PublicKey, RelyingParty: party}))
	odd := l.consent("a", nil)
	odd.Signature.Credential = k.Credential
	require.NoError(t, l.add(alice, odd))
	require.Len(t, l.checker.NotProved, 1)
}
