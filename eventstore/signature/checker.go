package signature

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"goldenthread/domain"
)

// A Checker checks the signatures of one group's ledger, event by event from
// the first, with the keys, words and charters that the ledger recorded before.
// The zero Checker stands before the first event.
type Checker struct {
	Checked   int         // signatures that hold
	NotProved []NotProved // and those that are of no form that can be proved

	keys      map[string]owned // by credential
	words     map[uint64]words // by index of the event that made them
	newest    map[string]uint64
	positions map[uint64]position
	nonces    map[string]uint64 // by which event each was used
	charters  []charter
}

// NotProved is an event whose signature, or the passkey for it, is not of the form
// that GRAMMAR.md allows. Ledgers from before there was a GRAMMAR.md may hold such.
type NotProved struct {
	Index uint64
	Why   error
}

// owned is a passkey in force and whose it is.
type owned struct {
	person string
	domain.Passkey
}

// position is what a seat said, and whether it counts already: what was only
// heard may have to be confirmed first (rule C10).
type position struct {
	*domain.PositionTaken
	counts bool
}

// words are a version of a proposal.
type words struct {
	proposal string
	version  int
	sum      string
}

// charter is one version's say on signatures.
type charter struct {
	from     domain.Day
	requires bool
}

// Check takes the next event and its line, and says what is wrong with its
// signature, or with its having none.
func (c *Checker) Check(e *domain.Event, line []byte) error {
	if c.keys == nil {
		c.keys, c.words, c.newest = map[string]owned{}, map[uint64]words{}, map[string]uint64{}
		c.positions, c.nonces = map[uint64]position{}, map[string]uint64{}
	}
	if s, ok := e.Data.(domain.Signable); ok {
		if err := c.checkSaid(e, s); err != nil {
			return err
		}
	}
	if r, ok := e.Data.(*domain.AgreementReached); ok {
		if err := c.checkRoll(r); err != nil {
			return err
		}
	}
	c.learn(e, line)
	return nil
}

// learn keeps what later signatures are checked with.
func (c *Checker) learn(e *domain.Event, line []byte) {
	switch d := e.Data.(type) {
	case *domain.PasskeyRegistered:
		if _, taken := c.keys[string(d.Credential)]; !taken && e.Actor == "person/"+d.Person {
			c.keys[string(d.Credential)] = owned{d.Person, domain.Passkey{Credential: d.Credential, PublicKey: d.PublicKey, RelyingParty: d.RelyingParty, Index: e.Index}}
		}
	case *domain.PasskeyRemoved:
		delete(c.keys, string(d.Credential))
	case *domain.ProposalRaised:
		c.learnWords(e, d.Proposal, 1, line)
	case *domain.ProposalAmended:
		c.learnWords(e, d.Proposal, d.Version, line)
	case *domain.PositionTaken:
		c.positions[e.Index] = position{d, !d.Unconfirmed}
	case *domain.PositionConfirmed:
		if p, ok := c.positions[e.Cause]; ok && p.Seat == d.Seat {
			c.positions[e.Cause] = position{p.PositionTaken, true}
		}
	case *domain.GroupFounded:
		c.charters = []charter{{e.Effective, d.Charter.RequireSignatures}}
	case *domain.CharterAdopted:
		c.charters = append(c.charters, charter{e.Effective, d.Charter.RequireSignatures})
	default: // nothing else bears on whether a signature holds
	}
}

func (c *Checker) learnWords(e *domain.Event, proposal string, version int, line []byte) {
	sum := sha256.Sum256(line)
	c.words[e.Index] = words{proposal, version, hex.EncodeToString(sum[:])}
	c.newest[proposal] = e.Index
}

// required says whether the charter in force on that day wants what a seat says
// signed (rule F6).
func (c *Checker) required(d domain.Day) bool {
	for _, ch := range slices.Backward(c.charters) {
		if ch.from <= d {
			return ch.requires
		}
	}
	return len(c.charters) > 0 && c.charters[0].requires
}

func (c *Checker) checkSaid(e *domain.Event, s domain.Signable) error {
	g := domain.SignatureOf(e)
	if g == nil {
		heard, ok := s.(*domain.PositionTaken)
		if c.required(e.Effective) && !(ok && heard.Unconfirmed) {
			return errors.New("the charter requires a signature, and it has none")
		}
		return nil
	}
	by, ok := c.keys[string(g.Credential)]
	if !ok {
		return errors.New("it is signed with a passkey that the ledger does not know, or knows no longer")
	}
	if err := c.checkStatement(e, g, by.person); err != nil {
		return err
	}
	err := Verify(g, &by.Passkey)
	if errors.Is(err, ErrForm) {
		c.NotProved = append(c.NotProved, NotProved{e.Index, err})
		return nil
	}
	if err != nil {
		return fmt.Errorf("its signature does not hold: %w", err)
	}
	c.Checked++
	return nil
}

// checkStatement holds the statement against the event and what came before it.
func (c *Checker) checkStatement(e *domain.Event, g *domain.Signature, person string) error {
	st, ok := ReadStatement(g.Statement)
	if !ok {
		return errors.New("what was signed is not a statement")
	}
	about := c.words[st.Exact.Event]
	used, again := c.nonces[st.Nonce]
	switch {
	case !st.Says(e):
		return errors.New("what was signed is not what it says")
	case st.Person != person:
		return errors.New("it is signed with somebody else's passkey")
	case about.proposal != st.Proposal || c.newest[st.Proposal] != st.Exact.Event || st.Version != 0 && st.Version != about.version:
		return errors.New("it was signed for other words than those before the seats")
	case about.sum != st.Exact.SHA256:
		return fmt.Errorf("the words that were signed are not those of event %d", st.Exact.Event)
	case again:
		return fmt.Errorf("its signature was used before, by event %d", used)
	}
	c.nonces[st.Nonce] = e.Index
	return nil
}

// checkRoll refuses an agreement whose roll names a consent, or a standing
// aside, that was not said there, or not confirmed: signatures would not help if
// a roll could be made up.
func (c *Checker) checkRoll(r *domain.AgreementReached) error {
	for _, entry := range r.Roll {
		if entry.Position != domain.RollConsents && entry.Position != domain.RollStandsAside {
			continue
		}
		p, ok := c.positions[entry.Index]
		if !ok || !p.counts || p.Proposal != r.Proposal || p.Version != r.Version || domain.RollPosition(p.Stand) != entry.Position || p.Person != entry.Person {
			return fmt.Errorf("its roll has %s at event %d, and that is not what was said there", entry.Name, entry.Index)
		}
	}
	return nil
}
