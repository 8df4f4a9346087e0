package eventstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"goldenthread/domain"
	"goldenthread/eventstore/commit"
	"goldenthread/eventstore/logs"
	"goldenthread/eventstore/stream"
	"goldenthread/eventstore/tilelog"
)

// Rule G1: what a wider group decides depends on the ledgers of the groups that joined it
// and hold its seats. All groups of an installation have one writer, so it reads their
// acknowledged states as it decides, and hands on what each has to say to another: that
// it asks it to join, and that it joined or left. No ledger is read because a request
// names it. The recorded proof is for those who check the wider ledger elsewhere.

// proofTimeout is the longest wait for a checkpoint that covers the event on which a
// consent depends. It usually takes less than a second.
const proofTimeout = 5 * time.Second

// Proofs checks and makes the proofs from other ledgers that come with requests.
type proofs struct {
	stream *stream.Stream
	logs   *logs.Logs
	past   *pastStates
	clock  func() time.Time
}

// proveAcross checks the proof that came with the request against the log of the
// ledger that it names, or adds one. A node that keeps no logs adds none. Of a request
// that the rules refuse, or that says nothing new, no log is read, so that nothing is learnt by how long that takes.
func (p *proofs) proveAcross(ctx context.Context, req *domain.Request) error {
	rests, ok := req.RestsOn()
	if !ok {
		return nil
	}
	if would, err := p.wouldRecord(ctx, req); err != nil || !would {
		return err
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

// wouldRecord says whether the request would be recorded as things stand.
func (p *proofs) wouldRecord(ctx context.Context, req *domain.Request) (bool, error) {
	view, err := p.past.now(ctx, req.Group)
	if err != nil || view == nil {
		return false, err
	}
	trial, refused := view.Try(req, p.clock())
	return refused == nil && !trial.Answer.Repeat, nil
}

// addOtherLedgers adds to the request the states of the groups that hold seats in its
// own, but for those that are not here or stopped.
func (w *writer) addOtherLedgers(req *domain.Request, g *group) {
	req.Places = nil
	for _, name := range g.ledger().State().Places() {
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

// handOn notes what the group's ledger has to say to those of others, and has them
// record what is new to them.
func (w *writer) handOn(g *group) {
	for to, said := range g.ledger().State().Tells() {
		if w.heard[to] == nil {
			w.heard[to] = map[string]domain.Heard{}
		}
		w.heard[to][g.name] = said
		w.hear(to)
	}
	w.hear(g.name) // what others said before it was ready to hear it
}

// hearAll has each group record what others said while the stream was replayed.
func (w *writer) hearAll() {
	for to := range w.heard {
		w.hear(to)
	}
}

// hear has the group record what others said to it, if it is here.
func (w *writer) hear(to string) {
	g := w.groups[to]
	if g == nil || len(w.heard[to]) == 0 || w.caughtUp != nil || w.importing || w.health.writeError() != nil {
		return
	}
	if newest := w.times.newest(); g.due.IsZero() || g.due.After(newest) {
		g.due = newest
	}
	w.queueIfDue(g, w.clock())
}
