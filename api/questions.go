package api

import (
	"context"
	"math"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"goldenthread/domain"
	"goldenthread/projections"
)

// An answer is bytes before any of it is sent: they have an entity tag.
type answer struct {
	ContentType  string `header:"Content-Type"`
	ETag         string `header:"ETag" doc:"send it back as If-None-Match"`
	CacheControl string `header:"Cache-Control"`
	Body         func(huma.Context)
}

// bytesAnswer is the answer with these bytes, or that the caller has it already.
func bytesAnswer(b []byte, contentType, caching, ifNoneMatch string) *answer {
	a := &answer{ContentType: contentType, ETag: tagOf(b), CacheControl: caching}
	has := matches(ifNoneMatch, a.ETag)
	if has {
		a.ContentType = ""
	}
	a.Body = func(hc huma.Context) {
		if has {
			hc.SetStatus(http.StatusNotModified)
			return
		}
		gather(hc, len(b))
		hc.SetHeader("Content-Length", strconv.Itoa(len(b)))
		hc.SetStatus(http.StatusOK)
		hc.BodyWriter().Write(b) // where that fails there is nobody left to tell
	}
	return a
}

// answerWith is the answer in JSON, or that the caller has it already.
func answerWith(v any, ifNoneMatch string) (*answer, error) {
	b, err := encode(v)
	if err != nil {
		return nil, err
	}
	return bytesAnswer(append(b, '\n'), "application/json", "private, no-cache", ifNoneMatch), nil
}

type plainInput struct{ Terms }

type mandateInput struct {
	Terms
	Matter string `query:"matter" doc:"none: standing behind the group at all" example:"workforce"`
}

type whatIfInput struct {
	Terms
	Organisation string `query:"organisation" required:"true" doc:"code of a practice or PCN of the place" example:"U83990"`
	Matter       string `query:"matter" doc:"what it would withdraw; none: everything" example:"workforce"`
}

type proposalsInput struct {
	Terms
	Stage string `query:"stage" doc:"draft, open, agreed, withdrawn or lapsed; all if not said"`
}

func (in *proposalsInput) check() error {
	switch domain.Stage(in.Stage) {
	case "", domain.Draft, domain.Open, domain.Agreed, domain.Withdrawn, domain.Lapsed:
		return nil
	}
	return invalid("C1", "A proposal is draft, open, agreed, withdrawn or lapsed, not %q.", clip(in.Stage))
}

type proposalInput struct {
	Terms
	Number string `path:"number" example:"P1"`
}

type practiceInput struct {
	Terms
	ODS string `path:"ods" doc:"the practice's ODS code" example:"P91018"`
}

type checkInput struct {
	Terms
	Person    string `query:"person" doc:"handle or id; yourself if not said" example:"cd-altrincham"`
	Forum     string `query:"forum" doc:"the meeting body; none asks about the executive's powers" example:"locality-board"`
	Matter    string `query:"matter" example:"workforce"`
	Amount    string `query:"amountPence" doc:"whole cost over the whole term, in pence" example:"1200000"`
	Months    string `query:"months" doc:"the term" example:"6"`
	OpenEnded string `query:"openEnded" doc:"true: a recurring cost without an end"`
	Consulted string `query:"consulted" doc:"codes of the organisations consulted, with commas between; none: nobody; not said if left out"`
}

// Check is the answer of the check (rule R3), and up to when it knows.
type Check struct {
	domain.CheckAnswer
	Known time.Time `json:"known" doc:"the answer rests on what was recorded by then"`
}

// Member is somebody of the group with what their own key opens (rule L7).
type Member struct {
	projections.PersonLine
	Personal *domain.PersonalData `json:"personal,omitempty" doc:"for members only"`
}

// People is everybody whom the ledger knows.
type People struct {
	projections.Stamp
	People []Member `json:"people"`
}

func (s *Server) offerQuestions() {
	s.offerServerQuestions()
	const at = "/v1/groups/{group}"
	ask(s, "register", at, "Who and what belongs to the group.", followers,
		func(q *question, _ *plainInput) (projections.Register, error) { return q.Register(q.at), nil })
	ask(s, "people", at+"/people", "Everybody whom the ledger knows; members see their names.", followers, s.people)
	ask(s, "charter", at+"/charter", "The charter in force, with its settings explained.", followers,
		func(q *question, _ *plainInput) (projections.CharterInForce, error) { return q.Charter(q.at), nil })
	ask(s, "mandate", at+"/mandate", "What stands behind the group.", followers,
		func(q *question, in *mandateInput) (projections.Mandate, error) {
			return orRefused(q.Mandate(in.Matter, q.at))
		})
	ask(s, "what-if", at+"/what-if", "What coverage and which powers would change if a practice or PCN withdrew; nothing is recorded.", powers,
		func(q *question, in *whatIfInput) (projections.WhatIf, error) {
			return orRefused(q.WhatIf(in.Organisation, in.Matter, q.at))
		})
	ask(s, "powers", at+"/powers", "Powers handed on, with what is used and left, and what was decided under them.", powers,
		func(q *question, _ *plainInput) (projections.Powers, error) { return q.Powers(q.at), nil })
	ask(s, "proposals", at+"/proposals", "All proposals.", proposals,
		func(q *question, in *proposalsInput) (projections.Proposals, error) {
			return q.Proposals(q.at, in.Stage), in.check()
		})
	ask(s, "proposal", at+"/proposals/{number}", "One proposal: versions, positions, objections, roll.", proposals,
		func(q *question, in *proposalInput) (projections.Proposal, error) {
			return orRefused(q.Proposal(in.Number, q.at))
		})
	ask(s, "representation", at+"/representation", "Forums, appointments with their remits, meetings, clashes.", meetings,
		func(q *question, _ *plainInput) (projections.Representation, error) {
			return q.Representation(q.at), nil
		})
	ask(s, "commitments", at+"/commitments", "What representatives said in meetings, and its standing.", commitments,
		func(q *question, _ *plainInput) (projections.Commitments, error) { return q.Commitments(q.at), nil })
	ask(s, "worklist", at+"/worklist", "What is due, overdue or paused.", worklist,
		func(q *question, _ *plainInput) (projections.WorkList, error) { return q.WorkList(q.at), nil })
	ask(s, "approaches", at+"/approaches", "What the system asked for, and what it was answered.", approaches,
		func(q *question, _ *plainInput) (projections.Approaches, error) { return q.Approaches(q.at), nil })
	ask(s, "priorities", at+"/priorities", "The long list, what each practice answered, and what was adopted.", priorities,
		func(q *question, _ *plainInput) (projections.Priorities, error) { return q.Priorities(q.at), nil })
	ask(s, "actions", at+"/actions", "What is to be done, by whom and by when.", actions,
		func(q *question, _ *plainInput) (projections.Actions, error) { return q.Actions(q.at), nil })
	ask(s, "departures", at+"/departures", "Who goes its own way on what, and who stands by each agreement.", departures,
		func(q *question, _ *plainInput) (projections.Departures, error) { return q.Departures(q.at), nil })
	ask(s, "notices", at+"/notices", "What the practices were told, and how far it reached.", notices,
		func(q *question, _ *plainInput) (projections.Notices, error) { return q.Notices(q.at), nil })
	ask(s, "practice", at+"/practices/{ods}", "One practice's page: who the group is, what it may agree for it, what it can't, how to say no.", notices,
		func(q *question, in *practiceInput) (projections.PracticePage, error) {
			return orRefused(q.Practice(in.ODS, q.at))
		})
	ask(s, "questions", at+"/questions", "What practices asked or disagreed with, and for how long they wait.", followers,
		func(q *question, _ *plainInput) (projections.Questions, error) { return q.Questions(q.at), nil })
	ask(s, "agenda", at+"/agenda", "The group's own meetings, and what could be on the next agenda.", agenda,
		func(q *question, _ *plainInput) (projections.Agenda, error) { return q.Agenda(q.at), nil })
	s.offerPracticeFeed(at)
	s.offerCalendar(at)
	s.offerLetters(at)
	s.offerDocuments(at)
	s.offerAudit(at + "/audit")
	s.offerRemains(at + "/people/{person}/remains")
	ask(s, "check", at+"/check", "May this person sign up to this, here, now?", checks, check)
	s.offerEvidence(at)
	ask(s, "witnesses", at+"/log/witnesses", "How far each witness of the log is, and why it is behind.", followers, s.witnesses)
}

// ask registers a question about a group. Things are what its answer shows of
// what the charter can keep to members.
func ask[I any, P interface {
	*I
	terms() *Terms
}, T any](s *Server, name, path, say string, things []string, f func(*question, P) (T, error)) {
	operation(s, huma.Operation{
		OperationID: name, Method: http.MethodGet, Path: path, Summary: say, Tags: []string{"questions"},
		Responses: jsonResponse(s.api.OpenAPI().Components.Schemas, reflect.TypeFor[T]()),
	}, func(ctx context.Context, in *I) (*answer, error) {
		t := P(in).terms()
		q, err := s.see(ctx, t, things)
		if err != nil {
			return nil, err
		}
		done, err := s.turns.take(ctx, q.named(name))
		if err != nil {
			return nil, err
		}
		defer done()
		v, err := f(q, in)
		if err != nil {
			return nil, err
		}
		return answerWith(&v, t.IfNoneMatch)
	})
}

// orRefused makes an error of a refusal, if there is one.
func orRefused[T any](v T, r *domain.Refusal) (T, error) {
	if r != nil {
		return v, r
	}
	return v, nil
}

func check(q *question, in *checkInput) (Check, error) {
	asked, err := in.question(q)
	if err != nil {
		return Check{}, err
	}
	a, refusal := q.Check(asked)
	if refusal != nil {
		return Check{}, refusal
	}
	return Check{*a, q.known}, nil
}

// question reads what is asked of the check. What is not said stays unsaid.
func (in *checkInput) question(q *question) (domain.Question, error) {
	asked := domain.Question{Person: in.Person, Forum: in.Forum, Matter: in.Matter, At: q.at}
	if asked.Person == "" {
		asked.Person = q.caller.Person
	}
	if asked.Person == "" {
		return asked, invalid("R3", "Say for whom you ask.")
	}
	if in.Amount != "" {
		pence, err := strconv.ParseInt(in.Amount, 10, 64)
		if err != nil {
			return asked, invalid("D4", "An amount is a whole number of pence from 0 on, and not absurdly large.")
		}
		asked.Amount = ptr(domain.Pence(pence))
	}
	if in.Months != "" {
		months, err := readNumber("months", in.Months, math.MinInt32, math.MaxInt32, 0)
		if err != nil {
			return asked, invalid("D4", "A term is a whole number of months.")
		}
		asked.Months = &months
	}
	switch in.OpenEnded {
	case "", "false":
	case "true":
		asked.OpenEnded = true
	default:
		return asked, invalid("D4", "openEnded is true or false.")
	}
	switch in.Consulted {
	case "":
	case "none":
		asked.Consulted = []string{}
	default:
		asked.Consulted = strings.Split(in.Consulted, ",")
	}
	return asked, nil
}

// people adds to everybody what their own key opens, if a member asks.
func (s *Server) people(q *question, _ *plainInput) (People, error) {
	all := q.People(q.at)
	out := People{all.Stamp, make([]Member, 0, len(all.People))}
	me := q.State().Person(q.caller.Person)
	member := me != nil && q.State().Member(me.ID, s.today())
	for _, p := range all.People {
		m := Member{PersonLine: p}
		if member && len(p.Sealed) > 0 {
			if data, err := s.store.OpenPersonal(p.ID, p.Sealed); err == nil { // without a key they were erased
				m.Personal = &data
			}
		}
		out.People = append(out.People, m)
	}
	return out, nil
}
