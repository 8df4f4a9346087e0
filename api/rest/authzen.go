package rest

import (
	"context"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"goldenthread/api/access"
	"goldenthread/api/caller"
	"goldenthread/api/operation"
	"goldenthread/api/problem"
	"goldenthread/domain"
)

// The check for other systems: the AuthZEN Authorization API 1.0 of the OpenID
// Foundation (Access Evaluation, Access Evaluations, and the metadata that leads there).
//
// A decision is true for an outright yes of the check (rule R3) about today, and for
// nothing else: a yes on conditions is none, for a program can't judge them. A member
// that is not known here makes it false, where the specification would have it ignored:
// ignoring a mistyped sum would be a wrong yes.

const (
	evaluationAt    = "/access/v1/evaluation"
	mostEvaluations = 1_000 // in one request
)

// An Entity is a subject, an action or a resource.
type Entity struct {
	Type       string                    `json:"type,omitempty" doc:"of a subject person (or user), of a resource matter" example:"matter"`
	ID         string                    `json:"id,omitempty" doc:"of a person their handle or id, of a matter its path" example:"workforce"`
	Name       string                    `json:"name,omitempty" doc:"of an action: commit, or endorse, which is without money" example:"commit"`
	Properties map[string]jsontext.Value `json:"properties,omitempty" doc:"of a matter: forum, amountPence, months, openEnded and consulted, as the check takes them; any other makes the decision false"`
	Unknown    map[string]jsontext.Value `json:",embed" hidden:"true"`
}

// An Evaluation is one question. What is left out of one of several is that of the request.
type Evaluation struct {
	Subject *Entity                   `json:"subject,omitempty" doc:"who would sign up"`
	Action  *Entity                   `json:"action,omitempty" doc:"what they would do"`
	On      *Entity                   `json:"resource,omitempty" doc:"what it is about"`
	Context map[string]jsontext.Value `json:"context,omitempty" doc:"time, which must be today; any other makes the decision false"`
	Unknown map[string]jsontext.Value `json:",embed" hidden:"true"`
}

// Evaluations are several questions, answered from one state of the ledger.
type Evaluations struct {
	Evaluation
	Evaluations []Evaluation       `json:"evaluations,omitempty" doc:"up to 1000; none: the request is itself the question"`
	Options     *EvaluationOptions `json:"options,omitempty" doc:"how they are gone through"`
}

// EvaluationOptions say how several questions are gone through.
type EvaluationOptions struct {
	Semantic string                    `json:"evaluations_semantic,omitempty" doc:"execute_all if not said" enum:"execute_all,deny_on_first_deny,permit_on_first_permit"`
	Unknown  map[string]jsontext.Value `json:",embed" hidden:"true"`
}

// A EvaluationDecision is the answer to one question.
type EvaluationDecision struct {
	Decision bool              `json:"decision" doc:"true: an outright yes of the check, and nothing else"`
	Context  EvaluationContext `json:"context" doc:"why"`
}

// An EvaluationContext says why a decision is as it is. It never says what would make
// it a yes: a program that asks for less, twice, would have split a sum.
type EvaluationContext struct {
	Verdict    domain.Verdict  `json:"verdict,omitempty" doc:"the check's; none: the question was not one that it can be asked"`
	Reasons    []domain.Reason `json:"reasons" doc:"with the rules that say so"`
	Conditions []string        `json:"conditions,omitempty" doc:"on which it would be a yes; the decision is false then"`
	Practices  int             `json:"practices,omitempty" doc:"on whose behalf" example:"25"`
	OfPractice int             `json:"ofPractices,omitempty" doc:"practices of the place" example:"26"`
	Index      uint64          `json:"index,omitempty" doc:"newest event that was known"`
	At         domain.Day      `json:"at,omitzero" doc:"the day that it is about: today"`
}

// EvaluationDecisions are the answers, in the order of the questions.
type EvaluationDecisions struct {
	Evaluations []EvaluationDecision `json:"evaluations" doc:"one for each question, in order, up to that at which it ended"`
}

type evaluationInput struct {
	RequestID string `header:"X-Request-ID" doc:"comes back in the answer" maxLength:"200"`
	operation.JSONBody
}

type evaluationOutput struct {
	RequestID string `header:"X-Request-ID" doc:"as it was sent"`
	Body      any
}

// offerAuthZEN registers the operations and the metadata.
func (s *Rest) offerAuthZEN() {
	s.offerEvaluation("evaluation", evaluationAt, "May this person sign up to this? (AuthZEN Access Evaluation)", reflect.TypeFor[Evaluation](), reflect.TypeFor[EvaluationDecision]())
	s.offerEvaluation("evaluations", evaluationAt+"s", "The same of several at once, from one state of the ledger. (AuthZEN Access Evaluations)", reflect.TypeFor[Evaluations](), reflect.TypeFor[EvaluationDecisions]())
	s.api.Mux.HandleFunc("GET /.well-known/authzen-configuration", func(w http.ResponseWriter, r *http.Request) {
		at := caller.AskerOf(r.Context()).Origin()
		w.Header().Set("Content-Type", "application/json")
		json.MarshalWrite(w, map[string]string{
			"policy_decision_point": at, "access_evaluation_endpoint": at + evaluationAt, "access_evaluations_endpoint": at + evaluationAt + "s",
		}, json.Deterministic(true))
	})
}

func (s *Rest) offerEvaluation(id, path, say string, takes, gives reflect.Type) {
	op := operation.Register(s.api, huma.Operation{
		OperationID: id, Method: http.MethodPost, Path: path, Summary: say, Tags: []string{"check"},
		Errors: []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType},
	}, func(ctx context.Context, in *evaluationInput) (*evaluationOutput, error) {
		q, err := s.seeForEvaluation(ctx)
		if err != nil {
			return nil, err
		}
		var asked Evaluations
		if err := readEvaluation(&in.JSONBody, &asked); err != nil {
			return nil, err
		}
		done, err := s.ledgers.Turn(ctx, q, id)
		if err != nil {
			return nil, err
		}
		defer done()
		out := &evaluationOutput{RequestID: in.RequestID}
		if id == "evaluation" || len(asked.Evaluations) == 0 {
			out.Body, err = decide(q, &asked.Evaluation, id == "evaluation" && asked.Evaluations != nil)
		} else {
			out.Body, err = Evaluate(q, &asked)
		}
		return out, err
	})
	op.RequestBody = operation.JSONRequest(s.api.Schemas(), takes)
	op.Responses["200"].Content = operation.JSONResponse(s.api.Schemas(), gives)["200"].Content
}

// seeForEvaluation is the group of the caller's token as it is now, under the check's own guard.
func (s *Rest) seeForEvaluation(ctx context.Context) (*access.Question, error) {
	c, err := caller.Of(ctx)
	if err != nil {
		return nil, err
	}
	if c.Group == "" {
		return nil, problem.New(http.StatusForbidden, "Ask with a token of a group: the operator's is of none.")
	}
	return s.ledgers.See(ctx, &access.Terms{Group: c.Group}, access.Checks)
}

func readEvaluation(body *operation.JSONBody, into *Evaluations) error {
	b, err := body.Load()
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, into); err != nil {
		return problem.New(http.StatusBadRequest, "The body is not an evaluation request in JSON.")
	}
	if len(into.Evaluations) > mostEvaluations {
		return problem.New(http.StatusBadRequest, "At most "+strconv.Itoa(mostEvaluations)+" evaluations are answered at once.")
	}
	return nil
}

// Evaluate answers the questions from the one state, each with what it leaves out taken from the request.
func Evaluate(q *access.Question, asked *Evaluations) (*EvaluationDecisions, error) {
	semantic, strange := "", len(asked.Unknown) > 0
	if o := asked.Options; o != nil {
		semantic = o.Semantic
	}
	switch semantic {
	case "", "execute_all", "deny_on_first_deny", "permit_on_first_permit":
	default:
		return nil, problem.New(http.StatusBadRequest, "evaluations_semantic is execute_all, deny_on_first_deny or permit_on_first_permit.")
	}
	all := &EvaluationDecisions{Evaluations: make([]EvaluationDecision, 0, len(asked.Evaluations))}
	for i := range asked.Evaluations {
		e := asked.Evaluations[i]
		if e.Subject == nil {
			e.Subject = asked.Subject
		}
		if e.Action == nil {
			e.Action = asked.Action
		}
		if e.On == nil {
			e.On = asked.On
		}
		if e.Context == nil {
			e.Context = asked.Context
		}
		d, err := decide(q, &e, strange)
		if err != nil {
			d = denied("", err.Error())
		}
		all.Evaluations = append(all.Evaluations, *d)
		if semantic == "deny_on_first_deny" && !d.Decision || semantic == "permit_on_first_permit" && d.Decision {
			break
		}
	}
	return all, nil
}

// decide answers one question; strange says that the request has a member that is not known here.
// The error says what a question must have and this has not.
func decide(q *access.Question, e *Evaluation, strange bool) (*EvaluationDecision, error) {
	switch {
	case e.Subject == nil || e.Subject.Type == "" || e.Subject.ID == "":
		return nil, problem.New(http.StatusBadRequest, "A question needs a subject with its type and id.")
	case e.Action == nil || e.Action.Name == "":
		return nil, problem.New(http.StatusBadRequest, "A question needs an action with its name.")
	case e.On == nil || e.On.Type == "" || e.On.ID == "":
		return nil, problem.New(http.StatusBadRequest, "A question needs a resource with its type and id.")
	}
	if why := e.notAsked(q, strange); why != "" {
		return denied("R3", why), nil
	}
	asked := domain.Question{Person: e.Subject.ID, Matter: e.On.ID, At: q.At}
	if why := e.On.read(&asked); why != "" {
		return denied("R3", why), nil
	}
	if e.Action.Name == "endorse" && (asked.Amount != nil || asked.Months != nil || asked.OpenEnded) {
		return denied("R3", "To endorse is without money and without a term; ask to commit."), nil
	}
	a, refusal := q.CheckBriefly(asked)
	if refusal != nil {
		return denied(refusal.Rule, refusal.Say), nil
	}
	conditions := append(append([]string{}, a.Conditions...), a.Coverage.Conditions...)
	yes := a.Verdict == domain.MayCommitNow || a.Verdict == domain.MayCommitReport
	return &EvaluationDecision{Decision: yes && len(conditions) == 0, Context: EvaluationContext{
		Verdict: a.Verdict, Reasons: domain.OrEmpty(a.Reasons), Conditions: conditions,
		Practices: a.Coverage.Practices, OfPractice: a.Coverage.OfPractices, Index: a.Index, At: a.At,
	}}, nil
}

func denied(rule, why string) *EvaluationDecision {
	return &EvaluationDecision{Context: EvaluationContext{Reasons: []domain.Reason{{Rule: rule, Text: why}}}}
}

// notAsked says why the check can't be asked this; "" if it can.
func (e *Evaluation) notAsked(q *access.Question, strange bool) string {
	strange = strange || len(e.Unknown)+len(e.Subject.Unknown)+len(e.Action.Unknown)+len(e.On.Unknown)+len(e.Subject.Properties)+len(e.Action.Properties) > 0 ||
		e.Subject.Name != "" || e.Action.Type != "" || e.Action.ID != "" || e.On.Name != ""
	switch {
	case strange:
		return "The question has a member that is not known here."
	case e.Subject.Type != "person" && e.Subject.Type != "user":
		return "The subject is a person, by handle or id."
	case e.Action.Name != "commit" && e.Action.Name != "endorse":
		return "The action is commit or endorse."
	case e.On.Type != "matter":
		return "The resource is a matter, by its path."
	}
	for name, value := range e.Context {
		var text string
		if name != "time" || json.Unmarshal(value, &text) != nil {
			return "The context has a member that is not known here."
		}
		if day, _, _ := strings.Cut(text, "T"); day != q.At.String() {
			return "A decision is about today, " + q.At.String() + "."
		}
	}
	return ""
}

// read reads the properties of a matter into the question, and says what is wrong with one.
func (on *Entity) read(asked *domain.Question) string {
	for name, value := range on.Properties {
		var err error
		switch name {
		case "forum":
			err = json.Unmarshal(value, &asked.Forum)
		case "amountPence":
			var pence int64
			pence, err = strconv.ParseInt(string(value), 10, 64)
			asked.Amount = new(domain.Pence(pence))
		case "months":
			var months int
			months, err = strconv.Atoi(string(value))
			asked.Months = &months
		case "openEnded":
			err = json.Unmarshal(value, &asked.OpenEnded)
		case "consulted":
			if err = json.Unmarshal(value, &asked.Consulted); asked.Consulted == nil {
				asked.Consulted = []string{}
			}
		default:
			return "The resource has a property that is not known here."
		}
		if err != nil || string(value) == "null" {
			return name + " is not as the check takes it."
		}
	}
	return ""
}
