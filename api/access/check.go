package access

import (
	"math"
	"strconv"
	"strings"
	"time"

	"goldenthread/api/problem"
	"goldenthread/domain"
)

// CheckInput is what the check takes (rule R3). What is left out is not said.
type CheckInput struct {
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
	Sizes []domain.SizeList `json:"sizes" doc:"lists from which the numbers of patients are, that of most practices first"`
	Known time.Time         `json:"known" doc:"what was recorded up to then was taken into account"`
}

// AnswerCheck asks the check what the input says; a refusal says what can't be asked.
func AnswerCheck(q *Question, in *CheckInput) (Check, error) {
	asked, err := in.question(q)
	if err != nil {
		return Check{}, err
	}
	a, refusal := q.Check(asked)
	if refusal != nil {
		return Check{}, refusal
	}
	return Check{*a, q.SizeListsOn(q.At), q.Known}, nil
}

// question reads what is asked of the check. What is not said stays unsaid.
func (in *CheckInput) question(q *Question) (domain.Question, error) {
	asked := domain.Question{Person: in.Person, Forum: in.Forum, Matter: in.Matter, At: q.At}
	if asked.Person == "" {
		asked.Person = q.Caller.Person
	}
	if asked.Person == "" {
		return asked, problem.Invalid("R3", "Say for whom you ask.")
	}
	if in.Amount != "" {
		pence, err := strconv.ParseInt(in.Amount, 10, 64)
		if err != nil {
			return asked, problem.Invalid("D4", "An amount is a whole number of pence from 0 on, and not absurdly large.")
		}
		asked.Amount = new(domain.Pence(pence))
	}
	if in.Months != "" {
		months, err := ReadNumber("months", in.Months, math.MinInt32, math.MaxInt32, 0)
		if err != nil {
			return asked, problem.Invalid("D4", "A term is a whole number of months.")
		}
		asked.Months = &months
	}
	switch in.OpenEnded {
	case "", "false":
	case "true":
		asked.OpenEnded = true
	default:
		return asked, problem.Invalid("D4", "openEnded is true or false.")
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
