package pages

import (
	"slices"

	"goldenthread/api/access"
	"goldenthread/api/problem"
	"goldenthread/api/web"
	"goldenthread/domain"
	"goldenthread/projections"
)

// A practice's own page: what was agreed in our name, does it bind us, where do
// we say that we disagree (rules T0–T2)?

var practiceForms = map[string]reading{
	"grant-mandate":    func(f *filling) domain.Command { return f.grant(f.path("ods")) },
	"withdraw-mandate": func(f *filling) domain.Command { return f.withdrawal(f.path("ods")) },
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
	page, err := access.OrRefused(a.Practice(code, a.At))
	if err != nil {
		return nil, err
	}
	body := &web.Practice{PracticePage: page, Organisation: a.organisation(code)}
	if a.me == nil || !a.today() {
		return body, nil
	}
	asks := &domain.AskGroup{Practice: code}
	body.Records = a.evidence(asks)
	body.Speaks = a.may(asks) && !body.Records
	body.Mandates = a.may(&domain.GrantMandate{Organisation: code})
	body.Departs = a.may(&domain.Depart{Organisation: code}) && !a.evidence(&domain.Depart{Organisation: code})
	body.Charter = a.charterMatters()
	for _, m := range body.Organisation.Memberships {
		if o := a.State().Organisations[m.In.Code]; m.Now && o != nil && o.Kind == domain.PCN {
			body.PCNs = append(body.PCNs, web.Option{Value: o.Code, Words: o.Name})
		}
	}
	for _, asked := range a.State().Asked {
		if asked.Organisation == code {
			body.Asked = append(body.Asked, web.Option{Value: asked.Number, Words: asked.Number + ": " + problem.Clip(asked.Words)})
		}
	}
	for _, n := range body.Notices {
		body.About = append(body.About, web.Option{Value: n.Ref, Words: n.Ref + ": " + problem.Clip(n.Text)})
	}
	body.Agreements = a.agreements()
	return body, nil
}

// grant reads a mandate that the organisation gives.
func (f *filling) grant(organisation string) domain.Command {
	return &domain.GrantMandate{
		Organisation: organisation, To: f.words("to"), Matters: f.chosen("matters"), Conditions: f.words("conditions"), Review: f.day("review"),
		Evidence: f.words("evidence"), Answers: f.words("answers"), Span: f.span(),
	}
}

// withdrawal reads a mandate that the organisation takes back.
func (f *filling) withdrawal(organisation string) domain.Command {
	return &domain.WithdrawMandate{
		Organisation: organisation, From: f.words("to"), Everything: f.words("what") == "everything", Matters: f.chosen("matters"),
		Given: f.day("given"), Effective: f.day("effective"),
		Reason: f.words("reason"), Evidence: f.words("evidence"),
	}
}

// charterMatters are those that the charter lists, to tick.
func (a *asked) charterMatters() []web.Option {
	var os []web.Option
	for _, matter := range a.Charter(a.At).Matters {
		os = append(os, web.Option{Value: matter, Words: matter})
	}
	return os
}

func (a *asked) organisation(code string) projections.OrganisationLine {
	all := a.Register(a.At).Organisations
	return all[slices.IndexFunc(all, func(o projections.OrganisationLine) bool { return o.Code == code })]
}

// agreements are those that hold.
func (a *asked) agreements() []web.Option {
	var os []web.Option
	for _, l := range a.Departures(a.At).Alignment {
		os = append(os, web.Option{Value: l.Agreement, Words: l.Agreement + ": " + l.Title})
	}
	return os
}
