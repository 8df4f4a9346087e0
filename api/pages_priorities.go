package api

import (
	"fmt"
	"slices"

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
	body.Lists = len(a.me.Seats) > 0 || a.has(domain.Chair, domain.Manager, domain.Lead)
	body.Asks, body.Records = a.has(domain.Chair, domain.Manager), a.has(domain.Registrar, domain.Manager)
	body.Matters = a.matters()
	if body.Open = body.OpenRound(); body.Open == nil {
		return body, nil
	}
	body.Practices = slices.DeleteFunc(a.practices(), func(p web.Option) bool { return !body.Records && !a.State().SpeaksFor(a.me.ID, p.Value, a.At) })
	return body, nil
}
