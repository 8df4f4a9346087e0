package api

import (
	"slices"

	"goldenthread/api/problem"
	"goldenthread/api/web"
	"goldenthread/domain"
)

// The thread to the practices: what they were told, how far it reached, and
// what they asked (rules T1, T2).

var noticeForms = map[string]reading{
	"communicate": func(f *filling) domain.Command {
		return &domain.Communicate{About: f.chosen("about"), How: f.words("how"), Practices: f.chosen("practices"), On: f.day("on")}
	},
	"acknowledge": func(f *filling) domain.Command {
		return &domain.Acknowledge{About: f.words("about"), Practices: f.chosen("practices"), Evidence: f.words("evidence")}
	},
}

var questionForms = map[string]reading{
	"answer-question": func(f *filling) domain.Command {
		return &domain.AnswerQuestion{Question: f.words("question"), Words: f.words("words")}
	},
}

func noticesPage(a *asked) (web.Body, error) {
	body := &web.Notices{Notices: a.Notices(a.At)}
	body.Tells, body.Records = a.has(domain.Manager, domain.Chair, domain.Registrar, domain.Lead), a.has(domain.Manager, domain.Registrar)
	for _, n := range body.Notices.Notices {
		body.About = append(body.About, web.Option{Value: n.Ref, Words: n.Ref + ": " + problem.Clip(n.Text)})
	}
	if body.Tells || body.Records {
		body.Practices = a.practices()
	}
	return body, nil
}

// practices are the open ones of the place.
func (a *asked) practices() []web.Option {
	var os []web.Option
	for _, p := range a.State().PracticesOn(a.At) {
		os = append(os, web.Option{Value: p.Code, Words: p.Name + " (" + p.Code + ")"})
	}
	return os
}

func questionsPage(a *asked) (web.Body, error) {
	return &web.Questions{Questions: a.Questions(a.At), Answers: a.inExecutive() || a.has(domain.Chair, domain.Manager, domain.Lead)}, nil
}

func (a *asked) inExecutive() bool {
	return a.me != nil && a.today() && slices.Contains(a.State().ExecutiveOn(a.At), a.me.ID)
}
