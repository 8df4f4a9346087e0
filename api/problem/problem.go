package problem

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"goldenthread/api/web"
	"goldenthread/domain"
	"goldenthread/eventstore"
	"goldenthread/eventstore/commit"
	"goldenthread/eventstore/keys"
	"goldenthread/eventstore/ledgers"
	"goldenthread/eventstore/logs"
	"goldenthread/eventstore/shared"
	"goldenthread/eventstore/stream"
	"goldenthread/eventstore/tilelog"
	"goldenthread/eventstore/trace"
	"goldenthread/projections"
)

// MediaType is the media type of a problem.
const MediaType = "application/problem+json"

// A Problem says why a request was not done (RFC 9457).
type Problem struct {
	Type    string   `json:"type" doc:"urn:goldenthread:rule: and the rule's number, where a rule says no"`
	Title   string   `json:"title" doc:"the kind of problem, in a few words" example:"Not as things stand"`
	Status  int      `json:"status" doc:"the HTTP status" example:"409"`
	Code    string   `json:"code" doc:"for programs: what kind of problem it is, one of those listed at /docs#errors; it stays the same when sentences change" example:"not-now"`
	Detail  string   `json:"detail" doc:"a sentence for people"`
	Rule    string   `json:"rule,omitempty" doc:"number in the rule book, such as C3"`
	Text    string   `json:"ruleText,omitempty" doc:"address of the rule's text in the rule book, such as /rules#C3, for people to read" format:"uri-reference"`
	Index   *uint64  `json:"index,omitempty" doc:"newest event on which this was judged, or up to which can be answered"`
	Command string   `json:"command,omitempty" doc:"id of the command; send it again with this as its Idempotency-Key"`
	Trace   string   `json:"trace,omitempty" doc:"where this server is at fault: the id to quote, which stands in its log (W3C Trace Context)"`
	Where   []string `json:"where,omitempty" doc:"the parts of the request that are meant"`

	header http.Header
}

// Error is the sentence for people.
func (p *Problem) Error() string { return p.Detail }

// GetStatus is the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders are the headers of the answer.
func (p *Problem) GetHeaders() http.Header { return p.header }

// ContentType is MediaType, whatever was asked for.
func (p *Problem) ContentType(string) string { return MediaType }

// With adds a header to the answer.
func (p *Problem) With(name, v string) *Problem { p.header.Set(name, v); return p }

// ByRule names the rule, with the address of its text.
func (p *Problem) ByRule(number string) { p.Rule, p.Text = number, web.RuleText(number) }

// New is a problem of that HTTP status, with a sentence for people.
func New(status int, detail string) *Problem {
	return &Problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status, Code: codeOf(status), Detail: detail,
		header: http.Header{"Cache-Control": {"no-store"}},
	}
}

// Write answers with the problem outside of an operation.
func (p *Problem) Write(w http.ResponseWriter) {
	for name, values := range p.header {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", MediaType)
	b, _ := json.Marshal(p) // it holds nothing that can't be written
	w.WriteHeader(p.Status)
	w.Write(append(b, '\n'))
}

// What huma itself finds wrong becomes a problem too. It says where, but never
// gives back what was sent.
func init() {
	huma.NewError = func(status int, detail string, errs ...error) huma.StatusError {
		var p *Problem
		for _, err := range errs {
			if errors.As(err, &p) {
				return p
			}
		}
		p = New(status, "The request is not as it should be.")
		for _, err := range errs {
			var d huma.ErrorDetailer
			if errors.As(err, &d) {
				p.Where = append(p.Where, domain.Clip(d.ErrorDetail().Location))
				p.Detail = "This part of the request is not as it should be: " + domain.Clip(d.ErrorDetail().Message) + "."
			}
		}
		if slices.ContainsFunc(p.Where, func(w string) bool { return strings.HasPrefix(w, "query.") }) && strings.Contains(p.Detail, "unknown query parameter") {
			p.Detail = "This question is not asked in this way: " + strings.ReplaceAll(strings.Join(p.Where, ", "), "query.", "") + " is not known here."
		}
		return p
	}
	huma.DefaultArrayNullable = false // arrays are written [] when empty
}

// Refusals of the API's own, each by the rule that it keeps.

// Invalid refuses what can't be taken as it is (422).
func Invalid(rule, say string, args ...any) *domain.Refusal {
	return &domain.Refusal{Rule: rule, Say: fmt.Sprintf(say, args...), Class: domain.Invalid}
}

// NotFound refuses what is about something that is not here (404).
func NotFound(rule, say string, args ...any) *domain.Refusal {
	return &domain.Refusal{Rule: rule, Say: fmt.Sprintf(say, args...), Class: domain.NotFound}
}

// NotYours refuses what is for somebody else (403).
func NotYours(rule, say string, args ...any) *domain.Refusal {
	return &domain.Refusal{Rule: rule, Say: fmt.Sprintf(say, args...), Class: domain.NotYours}
}

// NotNow refuses what can't be done as things stand (409).
func NotNow(rule, say string, args ...any) *domain.Refusal {
	return &domain.Refusal{Rule: rule, Say: fmt.Sprintf(say, args...), Class: domain.NotNow}
}

// NoGroup says that there is no group of that name, or none that the caller may know of.
func NoGroup(name string) *domain.Refusal {
	return NotFound("L1", "There is no group called %q here.", domain.Clip(name))
}

// Of turns any error into the answer: the one place in which errors
// become statuses. What is not foreseen is logged under the request's trace.
func Of(ctx context.Context, log *slog.Logger, err error) *Problem {
	p := foreseen(ctx, log, err)
	if p.Status >= http.StatusInternalServerError {
		traced := *p
		p, traced.Trace = &traced, trace.Of(ctx).ID()
	}
	var of *commandError
	if errors.As(err, &of) {
		p.Command = of.id.String()
	}
	return p
}

func foreseen(ctx context.Context, log *slog.Logger, err error) *Problem {
	var (
		p         *Problem
		refused   *eventstore.Refused
		refusal   *domain.Refusal
		unsettled *eventstore.Unsettled
		stopped   *commit.Stopped
		behind    *ledgers.Behind
		unknown   *projections.NotFound
		damage    *tilelog.Damage

		notYet     *shared.NotYet
		unreadable *keys.Unreadable
		silent     *stream.Silent
	)
	switch {
	case errors.As(err, &p):
		return p
	case tilelog.OutOfFiles(err):
		log.ErrorContext(ctx, "too many files are open", "error", err)
		return Unavailable("This server has as many files open as it may. Nothing is damaged. Please ask again in a moment.").coded(CodeBusy)
	case errors.As(err, &refused):
		p = refusalProblem(refused.Refusal)
		p.Index = newest(refused.Index)
		return p
	case errors.As(err, &refusal):
		return refusalProblem(refusal)
	case errors.As(err, &notYet):
		return New(http.StatusConflict, notYet.Error()+".")
	case errors.As(err, &unsettled):
		return Unavailable(unsettled.Error()).coded(CodeUnsettled)
	case errors.As(err, &stopped):
		return stoppedProblem(stopped)
	case errors.As(err, &behind):
		p = Unavailable(fmt.Sprintf("This server has reached event %d of this group. Please ask again in a moment.", behind.Have)).coded(CodeBehind)
		p.Index = &behind.Have
		return p
	case errors.As(err, &damage):
		log.ErrorContext(ctx, "a log is damaged", "error", err)
		return Unavailable("This part of the log is damaged here, and is being mended. Please ask again in a moment.").coded(CodeDamaged)
	case errors.As(err, &unknown):
		return refusalProblem(NoGroup(unknown.Group))
	case errors.As(err, &silent):
		log.ErrorContext(ctx, "the stream does not answer", "error", err)
		return Unavailable(fmt.Sprintf("The servers that keep the ledgers don't answer in time, or most of them can't be reached. This server has read the ledgers up to message %d, and can't read on now. Nothing is lost. Please ask again in a moment.", silent.Read))
	case errors.As(err, &unreadable):
		log.ErrorContext(ctx, "a person's key can't be read", "error", err)
		return Unavailable("Somebody's name, email and phone can't be read on this server at the moment. They are not erased. Whoever runs the server finds who it is, and what to do, with: goldenthread doctor.")
	case errors.Is(err, commit.ErrNoEvent):
		return refusalProblem(&domain.Refusal{Rule: "L1", Say: "There is no such event (yet).", Class: domain.NotFound})
	case errors.Is(err, commit.ErrNotReady):
		return Unavailable(sentence(err))
	case errors.Is(err, commit.ErrClosed):
		return Unavailable("This server is stopping. Please send it again.").coded(CodeBusy)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return Unavailable("This took too long, and nothing was recorded. Please send it again.").coded(CodeBusy)
	}
	log.ErrorContext(ctx, "internal error", "error", err)
	return New(http.StatusInternalServerError, "internal error (id "+quotable(trace.Of(ctx))+")")
}

// quotable is as much of a trace's id as people can quote. It is the end of it:
// not all who begin traces fill the front with chance.
func quotable(t domain.Trace) string {
	id := t.ID()
	return id[max(0, len(id)-8):]
}

// refusalProblem gives each class of refusal its status.
func refusalProblem(r *domain.Refusal) *Problem {
	status, title, code := http.StatusUnprocessableEntity, "This can't be taken as it is", CodeInvalid
	switch r.Class {
	case domain.Invalid:
	case domain.NotFound:
		status, title, code = http.StatusNotFound, "There is no such thing here", CodeNotFound
	case domain.NotYours:
		status, title, code = http.StatusForbidden, "This is for somebody else", CodeNotYours
	case domain.NotNow:
		status, title, code = http.StatusConflict, "Not as things stand", CodeNotNow
	}
	p := New(status, r.Say)
	p.Type, p.Title, p.Code = "urn:goldenthread:rule:"+r.Rule, title, code
	p.ByRule(r.Rule)
	if r.Part != "" {
		p.Where = []string{r.Part}
	}
	return p
}

func stoppedProblem(s *commit.Stopped) *Problem {
	say := fmt.Sprintf("The ledger of this group is damaged: it stopped at event %d and must be repaired first.", s.At)
	switch loss := new(logs.Loss); {
	case errors.As(s, new(*commit.Newer)):
		say = fmt.Sprintf("Event %d of this group was written by a newer version of Golden Thread. Whoever runs this server must upgrade it.", s.At)
	case errors.As(s, &loss) && loss.Elsewhere:
		say = fmt.Sprintf("This server was set back to an earlier day: it has %d events of this group, and %d were signed for. Nothing is recorded before whoever runs it has restored the rest.", loss.Left, loss.Signed)
	}
	p := Unavailable(say).coded(CodeDamaged)
	p.Index = newest(s.At)
	return p
}

// Unavailable is for what may be otherwise in a moment.
func Unavailable(detail string) *Problem {
	return New(http.StatusServiceUnavailable, detail).With("Retry-After", "1")
}

// newest is the index of the newest of the events before next; nil for none.
func newest(next uint64) *uint64 {
	if next == 0 {
		return nil
	}
	next--
	return &next
}

func sentence(err error) string {
	say := domain.ClipTo(err.Error(), 300)
	return strings.ToUpper(say[:1]) + say[1:] + "."
}

// OfCommand says of which command the error is: its problem then names it.
func OfCommand(id uuid.UUID, err error) error { return &commandError{id, err} }

// A commandError is what became of a command, with its id.
type commandError struct {
	id  uuid.UUID
	err error
}

func (e *commandError) Error() string { return "command " + e.id.String() + ": " + e.err.Error() }
func (e *commandError) Unwrap() error { return e.err }

// Unauthorized asks for who it is (401).
func Unauthorized(say string) *Problem {
	return New(http.StatusUnauthorized, say).With("WWW-Authenticate", `Bearer realm="goldenthread"`)
}
