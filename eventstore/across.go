package eventstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"goldenthread/domain"
	"goldenthread/eventstore/commit"
	"goldenthread/eventstore/logs"
	"goldenthread/eventstore/stream"
	"goldenthread/eventstore/tilelog"
)

// Rule G1: what a wider group decides depends on the ledgers of the groups that hold its
// seats. All groups of an installation have one writer, so it reads their acknowledged
// states as it decides. The recorded proof is for those who check the wider ledger
// elsewhere.

// proofTimeout is the longest wait for a checkpoint that covers the event on which a
// consent depends. It usually takes less than a second.
const proofTimeout = 5 * time.Second

// Proofs checks and makes the proofs from other ledgers that come with requests.
type proofs struct {
	stream *stream.Stream
	logs   *logs.Logs
}

// proveAcross checks the proof that came with the request against the log of the
// ledger that it names, or adds one. A node that keeps no logs adds none.
func (p *proofs) proveAcross(ctx context.Context, req *domain.Request) error {
	rests, ok := req.NeedsClaim()
	if !ok || rests.Index >= p.stream.Next(rests.Ledger) {
		return nil // the rules refuse it
	}
	l, err := p.logs.Log(rests.Ledger)
	switch {
	case errors.Is(err, logs.ErrNoLog) && len(rests.Proof) == 0:
		return nil
	case errors.Is(err, logs.ErrNoLog):
		return p.refuseProof(req, "No log of %s is kept here, so that a proof can't be checked. Send none.", rests.Ledger)
	case err != nil:
		return err
	case len(rests.Proof) == 0:
		return p.addProof(ctx, req, rests, l)
	}
	line, err := p.logs.Line(ctx, rests.Ledger, rests.Index)
	if err != nil {
		return err
	}
	if tilelog.VerifyProof(line, rests.Proof, l.Origin(), l.VKeys()) != nil {
		return p.refuseProof(req, "The proof does not show that event %d is in the ledger of %s.", rests.Index, rests.Ledger)
	}
	return nil
}

func (p *proofs) addProof(ctx context.Context, req *domain.Request, rests domain.RestsOn, l *tilelog.Log) error {
	ctx, cancel := context.WithTimeout(ctx, proofTimeout)
	defer cancel()
	if tree, err := p.logs.AwaitSigned(ctx, rests.Ledger, rests.Index+1); err != nil {
		return commit.NotReady("the log of %s is signed for %d events so far: %v", rests.Ledger, tree.N, err)
	}
	_, proof, err := l.Proof(int64(rests.Index))
	if err == nil {
		req.Prove(proof)
	}
	return err
}

func (p *proofs) refuseProof(req *domain.Request, say string, args ...any) error {
	return &Refused{&domain.Refusal{Rule: "G1", Say: fmt.Sprintf(say, args...), Class: domain.Invalid}, p.stream.Next(req.Group)}
}

// otherLedgersOf are the groups, besides its own, whose ledgers the decision depends on:
// that of the consent it refers to, and those that hold seats in this one.
func otherLedgersOf(req *domain.Request, state *domain.State) []string {
	names := state.Places()
	if rests, ok := req.NeedsClaim(); ok {
		names = append(slices.Clip(names), rests.Ledger)
	}
	return names
}

// addOtherLedgers adds the states of those ledgers to the request, but for groups that
// are not here or stopped.
func (w *writer) addOtherLedgers(req *domain.Request, g *group, now time.Time) {
	req.Claim, req.Places = nil, nil
	state := g.ledger().State()
	if rests, ok := req.NeedsClaim(); ok {
		if there := w.stateOf(rests.Ledger); there != nil {
			req.Claim = there.ClaimOn(rests, domain.DayOf(later(now, state.Last)))
		}
	}
	for _, name := range state.Places() {
		if there := w.stateOf(name); there != nil {
			if req.Places == nil {
				req.Places = map[string]*domain.State{}
			}
			req.Places[name] = there
		}
	}
}

func (w *writer) stateOf(name string) *domain.State {
	if g := w.groups[name]; g != nil && g.stopped == nil {
		return g.ledger().State()
	}
	return nil
}
