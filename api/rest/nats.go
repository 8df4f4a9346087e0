package rest

import (
	"cmp"
	"context"
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

// mostChecks are answered at once over NATS.
const mostChecks = 16

// Offer answers the check on the subject goldenthread.check, as the NATS
// service goldenthread, until the service is stopped.
func (s *Rest) Offer(nc *nats.Conn) (micro.Service, error) {
	svc, err := micro.AddService(nc, micro.Config{Name: "goldenthread", Version: "1.0.0", Description: "May this person sign up to this, here, now?"})
	if err != nil {
		return nil, fmt.Errorf("offer the check over NATS: %w", err)
	}
	busy := make(chan struct{}, mostChecks)
	err = svc.AddEndpoint("check", micro.HandlerFunc(func(r micro.Request) {
		busy <- struct{}{}
		go func() {
			defer func() { <-busy }()
			s.serveCheck(r)
		}()
	}), micro.WithEndpointSubject("goldenthread.check"))
	if err != nil {
		return nil, fmt.Errorf("offer the check over NATS: %w", err)
	}
	return svc, nil
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
		err = r.Error(strconv.Itoa(p.Status), p.Detail, b)
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
