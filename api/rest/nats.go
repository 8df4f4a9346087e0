package rest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"goldenthread/api/access"
	"goldenthread/api/caller"
	"goldenthread/api/operation"
	"goldenthread/api/problem"
	"goldenthread/eventstore/trace"
)

// CheckRequest asks the check over NATS. What is left out is not said.
type CheckRequest struct {
	Group     string    `json:"group"`
	Token     string    `json:"token"`
	Person    string    `json:"person,omitempty"`
	Forum     string    `json:"forum,omitempty"`
	Matter    string    `json:"matter"`
	Amount    *int64    `json:"amountPence,omitempty"`
	Months    *int      `json:"months,omitempty"`
	OpenEnded bool      `json:"openEnded,omitempty"`
	Consulted *[]string `json:"consulted,omitempty"`
	At        string    `json:"at,omitempty"`
	Known     string    `json:"known,omitempty"`
}

// CheckSubject is where the check is asked over NATS.
const CheckSubject = "goldenthread.check"

// An instance of the service answers one question after the other. There are several in each
// process, so that a question for which a ledger is read up does not hold up the others.
const instances = 4

// Services are the instances of a process.
type Services []micro.Service

// Stop has them take no more questions.
func (all Services) Stop() (err error) {
	for _, one := range all {
		err = errors.Join(err, one.Stop())
	}
	return err
}

// Offer answers the check on CheckSubject, as the NATS service goldenthread, until it is
// stopped. Requests and answers are described in this folder's README.
func (s *Rest) Offer(nc *nats.Conn) (all Services, err error) {
	for range instances {
		one, err := micro.AddService(nc, micro.Config{Name: "goldenthread", Version: "1.0.0", Description: "May this person sign up to this, here, now?"})
		if err == nil {
			all = append(all, one)
			err = one.AddEndpoint("check", micro.HandlerFunc(s.serveCheck), micro.WithEndpointSubject(CheckSubject))
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("offer the check over NATS: %w", err), all.Stop())
		}
	}
	return all, nil
}

// serveCheck answers one request; an error is a Problem, as over HTTP.
func (s *Rest) serveCheck(r micro.Request) {
	ctx := trace.From(context.Background(), r.Headers().Values(trace.Header))
	a, err := s.checkFor(ctx, r.Data())
	if err == nil {
		err = r.Respond(a)
	} else {
		p := problem.Of(ctx, s.log, err)
		b, _ := json.Marshal(p)
		err = r.Error(strconv.Itoa(p.Status), p.Title, b) // the title alone: others see the last one in the statistics
	}
	if err != nil {
		s.log.WarnContext(ctx, "a check could not be answered", "error", err)
	}
}

func (s *Rest) checkFor(ctx context.Context, data []byte) (b []byte, err error) {
	defer func() {
		if why := recover(); why != nil {
			err = fmt.Errorf("panic: %v\n%s", why, debug.Stack())
		}
	}()
	var req CheckRequest
	if err := operation.Decode(data, &req); err != nil {
		return nil, err
	}
	c, unknown := s.identity.ByToken(ctx, req.Token)
	if unknown != nil {
		return nil, unknown
	}
	if !c.Scope.Allows(caller.ScopeCheck) {
		return nil, c.OutOfScope()
	}
	in := req.input()
	q, err := s.ledgers.See((&caller.Asker{Caller: &c, Origin: caller.Nobody.Origin}).In(ctx), &in.Terms, access.Checks)
	if err != nil {
		return nil, err
	}
	v, err := access.AnswerCheck(q, in)
	if err != nil {
		return nil, err
	}
	return operation.Encode(&v)
}

// input is the same question as it would be asked over HTTP.
func (r *CheckRequest) input() *access.CheckInput {
	in := &access.CheckInput{Terms: access.Terms{Group: r.Group, At: r.At, Known: r.Known}, Person: r.Person, Forum: r.Forum, Matter: r.Matter}
	if r.Amount != nil {
		in.Amount = strconv.FormatInt(*r.Amount, 10)
	}
	if r.Months != nil {
		in.Months = strconv.Itoa(*r.Months)
	}
	in.OpenEnded = strconv.FormatBool(r.OpenEnded)
	if r.Consulted != nil {
		in.Consulted = cmp.Or(strings.Join(*r.Consulted, ","), "none")
	}
	return in
}
