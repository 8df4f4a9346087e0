package pages

import (
	"slices"

	"goldenthread/api/web"
	"goldenthread/domain"
)

// Departures: who goes its own way on what, and who stands by it (rule X2).

var departureForms = map[string]reading{
	"depart": func(f *filling) domain.Command {
		return &domain.Depart{Organisation: f.words("organisation"), Agreement: f.words("agreement"), Reason: f.words("reason"), From: f.day("from"), Evidence: f.words("evidence")}
	},
	"answer-departure": func(f *filling) domain.Command {
		return &domain.AnswerDeparture{Departure: f.words("departure"), Words: f.words("words")}
	},
	"resolve-departure": func(f *filling) domain.Command {
		return &domain.ResolveDeparture{
			Departure: f.words("departure"), How: domain.Resolution(f.words("how")), Agreement: f.words("agreement"), Words: f.words("words"), Evidence: f.words("evidence"),
		}
	},
}

func departuresPage(a *asked) (web.Body, error) {
	body := &web.Departures{Departures: a.Departures(a.At), Answer: map[string]bool{}, Resolves: map[string]bool{}}
	if a.me == nil || !a.today() {
		return body, nil
	}
	body.Agreements = a.agreements()
	for _, o := range a.Register(a.At).Organisations {
		if o.Open && (o.Kind == domain.Practice || o.Kind == domain.PCN) && a.may(&domain.Depart{Organisation: o.Code}) {
			body.Organisations = append(body.Organisations, web.Option{Value: o.Code, Words: o.Name + " (" + o.Code + ")"})
		}
	}
	own := func(code string) bool { return !a.evidence(&domain.Depart{Organisation: code}) }
	slices.SortStableFunc(body.Organisations, func(x, y web.Option) int { // one's own first
		switch {
		case own(x.Value) == own(y.Value):
			return 0
		case own(x.Value):
			return -1
		}
		return 1
	})
	for _, x := range body.Departures.Departures {
		body.Answer[x.Ref] = x.Away && a.may(&domain.AnswerDeparture{Departure: x.Ref})
		body.Resolves[x.Ref] = x.Away && a.may(&domain.ResolveDeparture{Departure: x.Ref})
	}
	return body, nil
}
