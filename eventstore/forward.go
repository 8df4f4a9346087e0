package eventstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go"

	"goldenthread/domain"
	"goldenthread/eventstore/commit"
	"goldenthread/eventstore/shared"
	"goldenthread/eventstore/stream"
	"goldenthread/eventstore/trace"
)

// Where several nodes write to one stream, a command is forwarded to the node that wrote
// last: two that write at will halve the throughput, and one of them starves. There is no
// lease and no election. If that node does not answer, this one writes, and the fence
// decides. A forwarded command is never forwarded again.

const (
	forwardSubject = "goldenthread.write."
	forwardTimeout = time.Second
	forwardMost    = 256 // forwarded commands under way here at once
)

// nodeName matches the valid names of nodes, which are part of a NATS subject.
var nodeName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,60}$`)

// A forwardedRequest is sealed: it carries no personal data.
type forwardedRequest struct {
	Group   string         `json:"group"`
	ID      uuid.UUID      `json:"id"`
	Hash    [32]byte       `json:"hash"`
	Actor   string         `json:"actor"`
	Trace   domain.Trace   `json:"trace,omitempty"` // to be recorded; the trace of the log lines is in the header
	Name    string         `json:"name"`
	Command jsontext.Value `json:"command"`
	Sealed  [][]byte       `json:"sealed,omitempty"` // in the order of domain.Request.Personals
	Sent    *[32]byte      `json:"sent,omitempty"`
	Way     domain.Way     `json:"way,omitempty"`
	Basis   *domain.Basis  `json:"basis,omitempty"`
}

// A forwardReply is the answer to a forwarded request, if there is one: a result, the
// rules' refusal, or that other nodes are too old for it. With neither, the sender writes
// itself.
type forwardReply struct {
	NotYet  *shared.NotYet  `json:"notYet,omitempty"`
	Result  *Result         `json:"result,omitempty"`
	Refusal *domain.Refusal `json:"refusal,omitempty"`
	Index   uint64          `json:"index,omitzero"`
}

// Forwarding passes commands on to the node that wrote last, and executes those that
// other nodes pass on.
type forwarding struct {
	stream  *stream.Stream
	execute func(context.Context, domain.Request) (Result, error)
	wait    time.Duration // for an answer
	log     *slog.Logger
}

// errNoAnswer says that the node that wrote last is not there, or could not say what became
// of the command, most often because it is older and can't read it.
var errNoAnswer = errors.New("the node that wrote last has no answer")

// forward has the node that wrote last execute the request. It returns false if there is no
// answer, with errNoAnswer if that node said so. It may have recorded it all the same:
// executing it here then finds the answer by the command's id.
func (f *forwarding) forward(ctx context.Context, req *domain.Request) (Result, error, bool) {
	node := f.stream.OtherWriter()
	body, err := packRequest(req)
	if err != nil {
		f.log.ErrorContext(ctx, "a command can't be forwarded", "command", req.ID, "error", err)
		return Result{}, nil, false
	}
	wait, cancel := context.WithTimeout(ctx, f.wait)
	defer cancel()
	ask := nats.NewMsg(forwardSubject + node)
	ask.Data = body
	ask.Header.Set(trace.Header, string(trace.Of(ctx)))
	m, err := f.stream.Conn.RequestMsgWithContext(wait, ask)
	var r forwardReply
	if err == nil {
		err = json.Unmarshal(m.Data, &r, commit.Strict)
	}
	switch {
	case ctx.Err() != nil:
		return Result{}, &Unsettled{req.ID}, true
	case err == nil && r.Result != nil:
		return *r.Result, nil, true
	case err == nil && r.Refusal != nil:
		return Result{}, &Refused{r.Refusal, r.Index}, true
	case err == nil && r.NotYet != nil:
		return Result{}, r.NotYet, true
	case err == nil, errors.Is(err, nats.ErrNoResponders):
		err = errNoAnswer
	}
	f.log.WarnContext(ctx, "the node that wrote last does not answer; writing here", "node", node, "error", err)
	f.stream.TakeOver(node)
	return Result{}, err, false
}

func packRequest(req *domain.Request) ([]byte, error) {
	// An emptied PersonalData stays a member, to say whom the sealed data are of.
	command, err := json.Marshal(req.Command, jsonv1.OmitEmptyWithLegacySemantics(true))
	if err != nil {
		return nil, err
	}
	f := forwardedRequest{req.Group, req.ID, req.Hash, req.Actor, req.Trace, domain.CommandName(req.Command), command, nil, &req.Sent, req.Way, req.Basis}
	for _, p := range req.Personals() {
		f.Sealed = append(f.Sealed, *p.Sealed)
	}
	return json.Marshal(f)
}

func unpackRequest(body []byte) (domain.Request, error) {
	var f forwardedRequest
	if err := json.Unmarshal(body, &f, commit.Strict); err != nil {
		return domain.Request{}, err
	}
	if f.Trace != "" && !f.Trace.Valid() {
		return domain.Request{}, fmt.Errorf("%q is not a trace", f.Trace)
	}
	if f.Way != "" && !f.Way.Valid() {
		return domain.Request{}, fmt.Errorf("%q does not say how the actor is known", f.Way)
	}
	command, ok := domain.NewCommand(f.Name)
	if !ok {
		return domain.Request{}, fmt.Errorf("unknown command %q", f.Name)
	}
	if err := json.Unmarshal(f.Command, command, commit.Strict); err != nil {
		return domain.Request{}, err
	}
	req := domain.Request{Group: f.Group, ID: f.ID, Hash: f.Hash, Actor: f.Actor, Way: f.Way, Trace: f.Trace, Command: command, Basis: f.Basis}
	if f.Sent != nil {
		req.Sent = *f.Sent
	}
	personals := req.Personals()
	if len(personals) != len(f.Sealed) {
		return req, errors.New("the sealed data are not those of the command")
	}
	for i, p := range personals {
		*p.Sealed = f.Sealed[i]
	}
	return req, nil
}

// serveForwarded executes what other nodes send here.
func (f *forwarding) serveForwarded() error {
	busy := make(chan struct{}, forwardMost)
	_, err := f.stream.Conn.Subscribe(forwardSubject+f.stream.Node, func(m *nats.Msg) {
		busy <- struct{}{}
		go func() {
			defer func() { <-busy }()
			m.Respond(f.executeForwarded(m))
		}()
	})
	if err != nil {
		return fmt.Errorf("listen for forwarded commands: %w", err)
	}
	return nil
}

func (f *forwarding) executeForwarded(m *nats.Msg) []byte {
	ctx, cancel := context.WithTimeout(trace.From(context.Background(), m.Header.Values(trace.Header)), f.wait)
	defer cancel()
	var r forwardReply
	req, err := unpackRequest(m.Data)
	if err == nil {
		var result Result
		if result, err = f.execute(ctx, req); err == nil {
			r.Result = &result
		}
		if req.Trace.Sampled() {
			f.log.InfoContext(ctx, "a forwarded command was executed", "group", req.Group, "command", req.ID, "error", err)
		}
	}
	var refused *Refused
	if errors.As(err, &refused) {
		r.Refusal, r.Index = refused.Refusal, refused.Index
	} else if err != nil && !errors.As(err, &r.NotYet) {
		f.log.WarnContext(ctx, "a forwarded command was not answered", "error", err)
	}
	answer, err := json.Marshal(r)
	if err != nil {
		f.log.ErrorContext(ctx, "an answer can't be written down", "error", err)
	}
	return answer
}
