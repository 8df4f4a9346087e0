package pages

import (
	"goldenthread/api/web"
	"goldenthread/domain"
)

// Departures: who goes its own way on what, and who stands by it (rule X2).

func departuresPage(a *asked) (web.Body, error) {
	body := &web.Departures{Departures: a.Departures(a.At)}
	for _, x := range body.Departures.Departures {
		if !x.Away {
			continue
		}
		a.offer(offered{
			id: "answer-" + x.Ref, command: &domain.AnswerDeparture{Departure: x.Ref}, given: []string{"departure"},
			Sheet: web.Sheet{Fold: "Answer " + x.Ref, FoldID: "answering-" + x.Ref, Button: "Answer"},
		})
		how := []web.Option{{Value: string(domain.Returned), Words: x.Organisation.Name + " returned"}, {Value: string(domain.NewAgreement), Words: "A new agreement took it up"}, {Value: string(domain.Stands), Words: "It stands"}}
		a.offer(offered{
			id: "resolve-" + x.Ref, command: &domain.ResolveDeparture{Departure: x.Ref, How: domain.Returned}, given: []string{"departure"}, options: map[string][]web.Option{"how": how},
			Sheet: web.Sheet{Fold: "Say how " + x.Ref + " came to rest", FoldID: "resolving-" + x.Ref},
		})
	}
	if organisations := a.departing(); organisations != nil && a.agreements() != nil {
		a.offer(offered{id: "depart", command: &domain.Depart{}, filtered: true, options: map[string][]web.Option{"organisation": organisations}})
	}
	return body, nil
}

// departing are the practices and PCNs of which the person may say that they go
// their own way, their own first.
func (a *asked) departing() []web.Option {
	var own, others []web.Option
	for _, o := range a.withdrawers() {
		switch {
		case !a.may(&domain.Depart{Organisation: o.Value}):
		case a.evidence(&domain.Depart{Organisation: o.Value}):
			others = append(others, o)
		default:
			own = append(own, o)
		}
	}
	return append(own, others...)
}
