package api

import (
	"slices"

	"goldenthread/api/web"
	"goldenthread/domain"
	"goldenthread/projections"
)

// A practice's own page: what was agreed in our name, does it bind us, where do
// we say that we disagree (rules T0–T2)?

var practiceForms = map[string]reading{
	"grant-mandate": func(f *filling) domain.Command {
		return &domain.GrantMandate{
			Organisation: f.path("ods"), Matters: f.chosen("matters"), Conditions: f.words("conditions"), Evidence: f.words("evidence"), Span: domain.Span{Until: f.day("until")},
		}
	},
	"withdraw-mandate": func(f *filling) domain.Command {
		return &domain.WithdrawMandate{Organisation: f.path("ods"), Matters: f.chosen("matters"), Reason: f.words("reason"), Evidence: f.words("evidence")}
	},
	"acknowledge": func(f *filling) domain.Command {
		return &domain.Acknowledge{About: f.words("about"), Practices: []string{f.path("ods")}, Evidence: f.words("evidence")}
	},
	"ask-group": func(f *filling) domain.Command {
		return &domain.AskGroup{
			Practice: f.path("ods"), Words: f.words("words"), Disagrees: f.ticked("disagrees"), About: f.words("about"), Evidence: f.words("evidence"),
		}
	},
	"depart": func(f *filling) domain.Command {
		return &domain.Depart{Organisation: f.path("ods"), Agreement: f.words("agreement"), Reason: f.words("reason")}
	},
}

func practicePage(a *asked) (web.Body, error) {
	code := a.r.PathValue("ods")
	page, err := orRefused(a.Practice(code, a.at))
	if err != nil {
		return nil, err
	}
	body := &web.Practice{PracticePage: page, Organisation: a.organisation(code)}
	if a.me == nil || !a.today() {
		return body, nil
	}
	body.Speaks, body.Records = a.State().SpeaksFor(a.me.ID, code, a.at), a.has(domain.Manager, domain.Registrar)
	for _, matter := range a.Charter(a.at).Matters {
		body.Matters = append(body.Matters, web.Option{Value: matter, Words: matter})
	}
	for _, n := range body.Notices {
		body.About = append(body.About, web.Option{Value: n.Ref, Words: n.Ref + ": " + clip(n.Text)})
	}
	body.Agreements = a.agreements()
	return body, nil
}

func (a *asked) organisation(code string) projections.OrganisationLine {
	all := a.Register(a.at).Organisations
	return all[slices.IndexFunc(all, func(o projections.OrganisationLine) bool { return o.Code == code })]
}

// agreements are those that hold.
func (a *asked) agreements() []web.Option {
	var os []web.Option
	for _, l := range a.Departures(a.at).Alignment {
		os = append(os, web.Option{Value: l.Agreement, Words: l.Agreement + ": " + l.Title})
	}
	return os
}
