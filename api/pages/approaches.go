package pages

import (
	"slices"

	"goldenthread/api/web"
	"goldenthread/domain"
	"goldenthread/projections"
)

// Approaches: what the system asked for, through whom, and its one answer
// (rules A1–A4).

func approachesPage(a *asked) (web.Body, error) {
	body := &web.Approaches{Approaches: a.Approaches(a.At)}
	var all []web.Option
	for _, l := range body.Approaches.Approaches {
		a.offerOn(&l)
		all = append(all, web.Option{Value: l.Ref, Words: l.Ref + ": " + domain.Clip(l.What)})
	}
	for _, s := range body.Side {
		all = append(all, web.Option{Value: s.Ref, Words: s.Ref + ": " + domain.Clip(s.What)})
	}
	a.offer(offered{id: "approach", command: &domain.RecordApproach{}, Sheet: web.Sheet{Fold: "Record an approach", FoldID: "recording"}})
	a.offer(offered{id: "side", command: &domain.ReportSideConversation{}, Sheet: web.Sheet{Fold: "Report a direct approach", FoldID: "reporting", Button: "Report it", Class: "secondary"}})
	if len(all) > 1 {
		a.offer(offered{
			id: "link", command: &domain.LinkApproaches{}, options: map[string][]web.Option{"approach": all, "with": all},
			Sheet: web.Sheet{Fold: "Say that two ask the same", FoldID: "linking", Class: "secondary"},
		})
	}
	return body, nil
}

// offerOn offers what can be said of an approach as it stands.
func (a *offering) offerOn(l *projections.ApproachLine) {
	given := []string{"approach"}
	if l.State == domain.ToRedirect {
		a.offer(offered{
			id: "pass-" + l.Ref, command: &domain.RedirectApproach{Approach: l.Ref}, given: given,
			Sheet: web.Sheet{Fold: "Pass " + l.Ref + " to a gatekeeper", FoldID: "passing-" + l.Ref},
		})
	}
	if l.State == domain.AtTheGate || l.State == domain.DisposedOf {
		a.offer(offered{
			id: "dispose-" + l.Ref, command: &domain.DisposeOfApproach{Approach: l.Ref}, given: given,
			Sheet: web.Sheet{Fold: "Say what becomes of " + l.Ref, FoldID: "disposing-" + l.Ref},
		})
	}
	if l.State == domain.DisposedOf {
		a.offer(offered{
			id: "answer-" + l.Ref, command: &domain.AnswerApproach{Approach: l.Ref}, given: given,
			Sheet: web.Sheet{Fold: "Record the answer to " + l.Ref, FoldID: "answering-" + l.Ref, Say: []string{"There is one answer of record."}, Button: "Record the answer"},
		})
	}
}

// parties are the open organisations: those of the system, that ask, and ours.
func (a *choosing) parties() (system, ours []web.Option) {
	for _, o := range a.Register(a.At).Organisations {
		one := web.Option{Value: o.Code, Words: o.Name}
		switch {
		case !o.Open || o.Kind == domain.PlaceKind:
		case slices.Contains([]domain.OrganisationKind{domain.SystemBody, domain.Provider, domain.PrimaryCare}, o.Kind):
			system = append(system, one)
		default:
			ours = append(ours, one)
		}
	}
	return system, ours
}
