package pages

import (
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
	body.Tells = a.may(&domain.Communicate{})
	for _, n := range body.Notices.Notices {
		body.About = append(body.About, web.Option{Value: n.Ref, Words: n.Ref + ": " + problem.Clip(n.Text)})
	}
	for _, p := range a.practices() {
		if a.may(&domain.Acknowledge{Practices: []string{p.Value}}) {
			body.Seen = append(body.Seen, p)
		}
		if body.Tells {
			body.Practices = append(body.Practices, p)
		}
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
	body := &web.Questions{Questions: a.Questions(a.At), Answers: map[string]bool{}}
	for _, q := range body.Questions.Questions {
		body.Answers[q.Ref] = q.Waits && a.may(&domain.AnswerQuestion{Question: q.Ref})
	}
	return body, nil
}
