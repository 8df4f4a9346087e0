package pages

import (
	"goldenthread/api/web"
	"goldenthread/domain"
)

// Actions: what is to be done, by whom, and how far it has come (rule X1).

var actionForms = map[string]reading{
	"progress-action": func(f *filling) domain.Command {
		return &domain.ProgressAction{Action: f.words("action"), Words: f.words("words")}
	},
	"end-action": func(f *filling) domain.Command {
		return &domain.EndAction{Action: f.words("action"), How: domain.ActionEnd(f.words("how")), Words: f.words("words")}
	},
}

func actionsPage(a *asked) (web.Body, error) {
	body := &web.Actions{Actions: a.Actions(a.At), Mine: map[string]bool{}}
	for _, l := range body.Actions.Actions {
		body.Mine[l.Ref] = a.may(&domain.EndAction{Action: l.Ref})
	}
	return body, nil
}
