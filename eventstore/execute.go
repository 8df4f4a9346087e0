package eventstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"goldenthread/domain"
	"goldenthread/eventstore/commit"
	"goldenthread/eventstore/shared"
	"goldenthread/eventstore/trace"
)

// Execute has a request decided and recorded, and returns when its events are on disk. The request and what it points to belong to the store from then on:
// personal data in it is sealed and taken out.
//
// Errors: *Refused (a rule says no), *Stopped (the group's ledger is damaged),
// *Unsettled (it may or may not be recorded: send it again with the same id),
// *shared.NotYet (not before other nodes are upgraded),
// ErrNotReady, ErrClosed, or the context's: then nothing was recorded.
func (s *Store) Execute(ctx context.Context, req domain.Request) (Result, error) {
	if req.Command == nil {
		return Result{}, errors.New("a request without a command")
	}
	if !commit.ValidGroup(req.Group) {
		return Result{}, &Refused{&domain.Refusal{Rule: "L1", Say: "A group's name in addresses is made of up to 60 small letters, digits and hyphens.", Class: domain.Invalid}, 0}
	}
	if err := errors.Join(s.Ready(), s.Stopped(req.Group)); err != nil {
		return Result{}, err
	}
	if r := req.CheckPersonal(); r != nil {
		return Result{}, &Refused{r, s.Next(req.Group)}
	}
	if err := s.sealPersonal(ctx, &req); err != nil {
		return Result{}, err
	}
	if !s.stream.Alone && s.stream.OtherWriter() != "" {
		r, other, answered := s.forwarding().forward(ctx, &req)
		if answered {
			if other != nil || !mayErase(req.Command) {
				return r, other
			}
			if err := s.CatchUp(ctx); err != nil {
				return Result{}, &Unsettled{req.ID}
			}
			return r, nil
		}
		r, err := s.execute(ctx, req)
		tooOld := errors.Is(other, errNoAnswer) && errors.As(err, new(*shared.NotYet))
		if err != nil && !tooOld && !errors.As(err, new(*Refused)) && !errors.As(err, new(*commit.Stopped)) {
			err = &Unsettled{req.ID} // the other node may have recorded it
		}
		return r, err
	}
	return s.execute(ctx, req)
}

// mayErase says whether the command may erase somebody. Only the ledger says whether it did,
// or whether the erasure waits to be confirmed. So a node that forwards such a command answers
// once it has read the ledger up to it: from then on it opens no data of an erased person.
func mayErase(command domain.Command) bool {
	switch command.(type) {
	case *domain.ErasePerson, *domain.ConfirmRecord:
		return true
	}
	return false
}

// sealPersonal seals the personal data in the request. The group's ledger is read up before
// if it has to be: it says for whom there is a key already.
func (s *Store) sealPersonal(ctx context.Context, req *domain.Request) error {
	if len(req.Personals()) == 0 {
		return nil
	}
	state, err := s.State(ctx, req.Group)
	if err != nil {
		return err
	}
	req.NamePersonsByID(state)
	if err := s.keys.SealPersonal(ctx, req); err != nil {
		return fmt.Errorf("seal personal data: %w", err)
	}
	return nil
}

// Try says what the request would do if it were decided now, or why it would be refused;
// nothing is recorded. Personal data in it stay as they are, and a signature is not asked
// for yet. Errors as Execute.
func (s *Store) Try(ctx context.Context, req domain.Request) (domain.Trial, error) {
	if err := errors.Join(s.Ready(), s.Stopped(req.Group)); err != nil {
		return domain.Trial{}, err
	}
	past := &pastStates{s.stream, s.logs, s.ledgers}
	if err := past.addTo(ctx, &req, s.clock()); err != nil {
		return domain.Trial{}, err
	}
	view, err := past.now(ctx, req.Group)
	if err != nil {
		return domain.Trial{}, err
	}
	if view == nil {
		view = domain.NewState(req.Group).View()
	}
	refused := req.CheckPersonal()
	var trial domain.Trial
	if refused == nil {
		trial, refused = view.TryUnsigned(&req, s.clock())
	}
	if refused != nil {
		return domain.Trial{}, &Refused{refused, s.Next(req.Group)}
	}
	return trial, nil
}

func (s *Store) forwarding() *forwarding {
	return &forwarding{s.stream, s.execute, s.forwardWait, s.log}
}

// execute has a sealed request decided and recorded by this node's writer.
func (s *Store) execute(ctx context.Context, req domain.Request) (Result, error) {
	past := &pastStates{s.stream, s.logs, s.ledgers}
	if err := errors.Join((&proofs{s.stream, s.logs, past, s.clock}).proveAcross(ctx, &req), past.addTo(ctx, &req, s.clock())); err != nil {
		return Result{}, err
	}
	c := newCall(req)
	c.trace = trace.Of(ctx)
	r, err := s.decide(ctx, c)
	if _, erases := req.Command.(*domain.ErasePerson); erases && err == nil {
		s.keys.AwaitErased(ctx)
	}
	return r, err
}

// Settle has what is due in the group recorded now (rule C5). Errors as Execute.
func (s *Store) Settle(ctx context.Context, group string) error {
	if err := errors.Join(s.Ready(), s.Stopped(group)); err != nil || s.Next(group) == 0 {
		return err
	}
	_, err := s.decide(ctx, newCall(domain.Request{Group: group}))
	return err
}

// decide queues the call and waits for its answer. If a ledger that it needs is not in
// memory, it has that read up and queues the call again; likewise if its events are of a
// format that is not in use yet, and every node knows it.
func (s *Store) decide(ctx context.Context, c *call) (Result, error) {
	for {
		r, err := s.enqueue(ctx, c)
		var u *unfolded
		var n *notInUse
		switch {
		case errors.As(err, &u):
			err = s.ledgers.ReadUp(ctx, u.group)
		case errors.As(err, &n):
			err = s.nodes.Use(ctx, n.format, s.atWork)
		default:
			return r, err
		}
		if err != nil {
			return Result{}, err
		}
		c = c.copyToQueue()
	}
}

func (s *Store) enqueue(ctx context.Context, c *call) (Result, error) {
	if !s.queue.add(c) {
		return Result{}, s.health.closeReason()
	}
	select {
	case a := <-c.answer:
		return a.result, a.err
	case <-ctx.Done():
	}
	if c.abandon() {
		return Result{}, ctx.Err()
	}
	select {
	case a := <-c.answer:
		return a.result, a.err
	default:
		return Result{}, &Unsettled{c.req.ID}
	}
}

// A Result is what the caller of Execute is told once the events are safe.
type Result struct {
	domain.Answer
	Next uint64 // the group's next index: a read at this index or later sees the events
}

// Refused says that a rule refuses the command. Nothing of it was recorded.
type Refused struct {
	*domain.Refusal
	Index uint64 // it was decided on the group's events before this index
}

// Unwrap gives out the refusal.
func (r *Refused) Unwrap() error { return r.Refusal }

// Unsettled says that it is not known yet whether the command's events were
// written. They may still be: the same command id will then get their answer.
type Unsettled struct {
	Command uuid.UUID // its id
}

func (u *Unsettled) Error() string {
	return fmt.Sprintf("It is not known yet whether command %s was recorded. Send it again with the same id.", u.Command)
}

// tooLarge is the refusal of a command whose events don't fit (rule L2: they
// are appended together or not at all).
func tooLarge(what string) *domain.Refusal {
	return &domain.Refusal{Rule: "L2", Say: "This is too much for one command: " + what + ". Please split it.", Class: domain.Invalid}
}
