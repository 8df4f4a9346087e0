package access

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

	"goldenthread/api/caller"
	"goldenthread/api/operation"
	"goldenthread/api/problem"
	"goldenthread/domain"
	"goldenthread/eventstore"
	"goldenthread/eventstore/trace"
)

const commandTimeout = 10 * time.Second

// CommandInput is a command as it was sent, in JSON.
type CommandInput struct {
	Group string `path:"group" doc:"name in addresses, such as trafford" example:"trafford"`
	Key   string `header:"Idempotency-Key" doc:"up to 200 printable characters, best a UUID: sent again, the same request gets the same answer"`
	operation.JSONBody
	Before []byte        // as this server wrote a form's command before, for its hash; nil: as it was sent
	Basis  *domain.Basis // on which alone it is to be decided; nil: on whatever it meets
}

// Recorded says what a command added to the ledger.
type Recorded struct {
	Recorded bool     `json:"recorded" doc:"false: there was nothing to add"`
	Group    string   `json:"group"`
	First    *uint64  `json:"first,omitempty" doc:"index of the command's first event"`
	Last     *uint64  `json:"last,omitempty" doc:"index of the command's last event"`
	Index    uint64   `json:"index" doc:"newest event of the group: questions with atLeast see it"`
	Refs     []string `json:"refs" doc:"what was made, such as P1"`
	Command  string   `json:"command" doc:"id of the command"`
	Repeat   bool     `json:"repeat" doc:"it had been recorded before"`

	Erased *Erasure `json:"erased,omitempty" doc:"of somebody who is erased by it: what became of their key, and what is to be done now"`

	List *domain.ListOutcome `json:"list,omitempty" doc:"of an official list that was imported: what it left out or said otherwise"`
}

// RecordedOutput is the answer to a command: 201, or 200 where nothing was added.
type RecordedOutput struct {
	Status   int
	Replayed string `header:"Idempotency-Replayed" doc:"true: the answer that was given before"`
	Body     Recorded
}

// request is the command as a request of whoever sends it.
func (s *Ledgers) request(ctx context.Context, kind domain.CommandKind, in *CommandInput) (domain.Request, error) {
	c, err := caller.Of(ctx)
	if err != nil {
		return domain.Request{}, err
	}
	command := kind.New()
	if _, err := s.Actor(c, in.Group, command); err != nil { // before anything of the body is read
		return domain.Request{}, err
	}
	if err := in.LoadInto(command); err != nil {
		return domain.Request{}, err
	}
	domain.NoteZeros(command, in.Bytes)
	actor, err := s.Actor(c, in.Group, command)
	if err != nil {
		return domain.Request{}, err
	}
	id, err := commandID(in.Key, in.Group, actor)
	if err != nil {
		return domain.Request{}, err
	}
	return domain.Request{
		Group: in.Group, ID: id, Hash: domain.HashOf(command), Sent: sentHash(kind.Name, cmp.Or(string(in.Before), string(in.Bytes))),
		Actor: actor, Way: c.Way, Trace: trace.Sent(ctx), Command: command, Basis: in.Basis,
	}, nil
}

// Try says what the command would do if it were recorded now: the group's read models
// tell it in words. A signature is not asked for yet. Errors as Record.
func (s *Ledgers) Try(ctx context.Context, kind domain.CommandKind, in *CommandInput) (domain.Trial, error) {
	req, err := s.request(ctx, kind, in)
	if err != nil {
		return domain.Trial{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	trial, err := s.Store.Try(ctx, req)
	if err == nil {
		err = s.Documents.keepAll(ctx, in.Group, attachments(req.Command), true)
	}
	if err != nil {
		return domain.Trial{}, problem.OfCommand(req.ID, err)
	}
	return trial, nil
}

// attachments are the documents that the ledger would name by the command.
func attachments(c domain.Command) []*domain.AttachDocument {
	switch c := c.(type) {
	case *domain.AttachDocument:
		return []*domain.AttachDocument{c}
	case *domain.Found:
		return c.Attachments()
	}
	return nil
}

// execute has the command decided and recorded. Before a document is attached its bytes
// are checked, and kept.
func (s *Ledgers) execute(ctx context.Context, req domain.Request) (eventstore.Result, error) {
	named := attachments(req.Command)
	if named == nil {
		return s.Store.Execute(ctx, req)
	}
	_, refused := s.Store.Try(ctx, req)
	if refused == nil {
		refused = s.Documents.keepAll(ctx, req.Group, named, false)
	}
	if refused == nil {
		return s.Store.Execute(ctx, req)
	}
	req.Basis = &domain.Basis{} // on which only what was recorded under this key before is answered
	again, err := s.Store.Execute(ctx, req)
	if err != nil {
		return again, refused
	}
	return again, nil
}

// Record has one command recorded.
func (s *Ledgers) Record(ctx context.Context, kind domain.CommandKind, in *CommandInput) (*RecordedOutput, error) {
	req, err := s.request(ctx, kind, in)
	if err != nil {
		return nil, err
	}
	id, command := req.ID, req.Command
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	if err := s.Signed(ctx, &req); err != nil {
		return nil, problem.OfCommand(id, err)
	}
	came := time.Now()
	result, err := s.execute(ctx, req)
	s.Counts.note(came, result, err)
	if req.Trace.Sampled() { // its caller keeps records of it, and so does the log
		about := []any{"group", in.Group, "name", kind.Name, "command", id, "next", result.Next, "took", time.Since(came)}
		if err != nil {
			about = append(about, "error", err)
		}
		s.Log.InfoContext(ctx, "command", about...)
	}
	if err != nil {
		return nil, problem.OfCommand(id, err)
	}
	if _, founded := command.(*domain.Found); founded && s.Founded != nil {
		if err := s.Founded(ctx, in.Group); err != nil {
			s.Log.WarnContext(ctx, "access to a new group is not on its record yet; the next start or invitation puts it there", "group", in.Group, "error", err)
		}
	}
	out := &RecordedOutput{Status: http.StatusCreated, Body: Recorded{
		Group: in.Group, Index: result.Next - 1, Refs: result.Refs, Command: id.String(), Repeat: result.Repeat, List: result.List,
	}}
	if result.First < result.Next {
		out.Body.Recorded, out.Body.First, out.Body.Last = true, &result.First, &result.Last
	}
	if out.Body.Erased, err = s.erasedBy(ctx, in.Group, command, result); err != nil {
		s.Log.WarnContext(ctx, "what became of an erased person's key could not be asked", "group", in.Group, "error", err)
	}
	if result.Repeat {
		out.Replayed = "true"
	}
	if result.Repeat || !out.Body.Recorded {
		out.Status = http.StatusOK
	}
	return out, nil
}

// Actor is the person who acts. Only the operator founds, as the founder whom
// the command names; in everything else a person of the group acts.
func (s *Ledgers) Actor(c caller.Caller, group string, command domain.Command) (string, error) {
	if found, ok := command.(*domain.Found); ok {
		if !c.Operator {
			return "", problem.NotYours("F1", "Only the operator of this server begins a group.")
		}
		return found.Founder, nil
	}
	if !s.Belongs(c, group) {
		return "", problem.NoGroup(group)
	}
	switch command.(type) {
	case *domain.RegisterPasskey, *domain.RemovePasskey:
		return "", problem.NotYours("L5", "A passkey is registered and removed by its owner, on the account page, with the device at hand.")
	case *domain.WriteLetters:
		return "", problem.NotYours("M1", "Letters are written on the page of letters to practices, where their codes are made.")
	case *domain.AnswerLetter:
		return "", problem.NotYours("M1", "A letter is answered with its code, at the address that is printed on it.")
	case *domain.MakeWay, *domain.BeginAccess:
		return "", problem.NotYours("L10", "Ways in are made by invitation, on the account page, or by whoever runs this server. Each is recorded as it is made.")
	}
	if c.Operator && domain.OperatorGives(command) {
		return domain.Operator, nil
	}
	if c.Operator {
		return "", problem.NotYours("L5", "The operator is nobody of this group and can't act in it.")
	}
	return c.Person, nil
}

// Belongs says whether the caller may know of the group at all.
func (s *Ledgers) Belongs(c caller.Caller, group string) bool {
	return c.Group == group || c.Operator && s.Store.Next(group) > 0
}

// commandNames is the name space of the command ids that are made of keys.
var commandNames = uuid.MustParse("7c8d6c1e-6f0e-4b7f-9d0b-6b1c5f0e9a52")

// commandID is the id that the key stands for: itself if it is a UUID. Any
// other key is the caller's own: somebody else's is another command.
func commandID(key, group, actor string) (uuid.UUID, error) {
	if key == "" {
		return uuid.NewV7()
	}
	if len(key) > 200 || strings.ContainsFunc(key, func(r rune) bool { return r > unicode.MaxASCII || !unicode.IsPrint(r) }) {
		return uuid.UUID{}, problem.Invalid("L5", "The Idempotency-Key is up to 200 printable characters.")
	}
	if id, err := uuid.Parse(key); err == nil && len(key) == 36 {
		return id, nil
	}
	return uuid.NewSHA1(commandNames, []byte(group+"\x00"+actor+"\x00"+key)), nil
}

// sentHash is the hash of a command as it was sent, which events hold that were
// recorded before their hash was that of what a command says: it recognises a
// command that is sent again across the change.
func sentHash(name, body string) [sha256.Size]byte {
	return sha256.Sum256(fmt.Appendf(nil, "%s\n%s", name, body))
}
