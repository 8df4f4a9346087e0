package pages

import (
	"fmt"

	"goldenthread/api/web"
	"goldenthread/domain"
)

// The group's own priorities: the long list, what practices say about it, and
// what was adopted (rule P1).

var priorityForms = map[string]reading{
	"list-priority": func(f *filling) domain.Command {
		return &domain.ListPriority{Title: f.words("title"), Kind: domain.PriorityKind(f.words("kind")), Meaning: f.words("meaning"), Matter: f.words("matter")}
	},
	"ask-practices": func(f *filling) domain.Command {
		return &domain.AskPractices{Priorities: f.chosen("priorities"), Words: f.words("words"), By: f.day("by")}
	},
	"answer-priorities": func(f *filling) domain.Command {
		return &domain.AnswerPriorities{
			Round: f.words("round"), Practice: f.words("practice"), Choices: f.ranked("choice"), Words: f.words("words"), Evidence: f.words("evidence"),
		}
	},
}

// ranked are the choices first, second and so on, without those left empty.
func (f *filling) ranked(name string) []string {
	choices := []string{}
	for n := 1; f.values.Has(fmt.Sprint(name, n)); n++ {
		if choice := f.words(fmt.Sprint(name, n)); choice != "" {
			choices = append(choices, choice)
		}
	}
	return choices
}

func prioritiesPage(a *asked) (web.Body, error) {
	body := &web.Priorities{Priorities: a.Priorities(a.At)}
	if a.me == nil || !a.today() {
		return body, nil
	}
	body.Lists, body.Asks = a.may(&domain.ListPriority{}), a.may(&domain.AskPractices{})
	body.Matters = a.matters()
	if body.Open = body.OpenRound(); body.Open == nil {
		return body, nil
	}
	for _, p := range a.practices() {
		answer := &domain.AnswerPriorities{Practice: p.Value}
		if a.may(answer) {
			body.Practices = append(body.Practices, p)
		}
		body.Records = body.Records || a.evidence(answer)
	}
	return body, nil
}
