package pages

import (
	"slices"

	"goldenthread/api/access"
	"goldenthread/api/web"
	"goldenthread/domain"
	"goldenthread/projections"
)

// A practice's own page: what was agreed in our name, does it bind us, where do
// we say that we disagree (rules T0–T2)?

// noticesEach is how many notices a practice's page shows at a time.
const noticesEach = 20

func practicePage(a *asked) (web.Body, error) {
	code := a.r.PathValue("ods")
	page, err := access.OrRefused(a.Practice(code, a.At))
	if err != nil {
		return nil, err
	}
	body := &web.Practice{PracticePage: page, Organisation: a.organisation(code)}
	if body.Notices, body.Pager, err = part(a, page.Notices, noticesEach); err != nil {
		return nil, err
	}
	if a.me != nil && a.me.Organisation != nil && a.me.Organisation.Code == code {
		body.Own, body.ToDo = true, a.firstToDo()
	}
	if a.me == nil || !a.today() {
		return body, nil
	}
	asks := &domain.AskGroup{Practice: code}
	speaks := a.may(asks) && !a.evidence(asks)
	var without []string
	if speaks {
		without = []string{"evidence"}
	}
	var about []web.Option
	for _, n := range page.Notices {
		about = append(about, web.Option{Value: n.Ref, Words: n.Ref + ": " + domain.Clip(n.Text)})
	}
	if a.may(asks) {
		a.offerSeen(code, body.Notices, speaks, without)
	}
	a.offer(offered{
		id: "ask", command: asks, without: append(without, "on"), options: map[string][]web.Option{"about": about}, Sheet: web.Sheet{Button: "Say it"},
	})
	depart := &domain.Depart{Organisation: code}
	if a.agreements() != nil && !a.evidence(depart) {
		a.offer(offered{
			id: "depart", command: depart, without: []string{"from", "evidence"},
			Sheet: web.Sheet{
				Fold: "Go your own way on an agreement", FoldID: "departing", Class: "warning",
				Say: []string{"It is recorded so that everybody sees it and can talk about it. Your mandate stays as it is."},
			},
		})
	}
	if a.may(&domain.GrantMandate{Organisation: code}) {
		a.offerMandates(nil, code)
	}
	return body, nil
}

// offerSeen offers to say that the practice has seen each of the notices that it has not
// marked, and where there are several, all of those.
func (a *asked) offerSeen(code string, notices []projections.PracticeNotice, speaks bool, without []string) {
	var unseen []string
	for _, n := range notices {
		if n.Acknowledged != 0 {
			continue
		}
		unseen = append(unseen, n.Ref)
		seen := offered{
			id: "seen-" + n.Ref, command: &domain.Acknowledge{About: n.Ref, Practices: []string{code}}, given: []string{"about"}, without: append(without, "also"),
			hint:  map[string]string{"evidence": "Such as: their email of 5 May."},
			Sheet: web.Sheet{Button: "We have seen " + n.Ref, Class: "secondary", Small: true},
		}
		if !speaks {
			seen.Sheet = web.Sheet{Fold: "Record that they have seen " + n.Ref, FoldID: "seeing-" + n.Ref, Class: "secondary"}
		}
		a.offer(seen)
	}
	if len(unseen) > 1 && speaks {
		a.offer(offered{
			id: "seen-all", command: &domain.Acknowledge{About: unseen[0], Also: unseen[1:], Practices: []string{code}}, given: []string{"about", "also"}, without: without,
			Sheet: web.Sheet{Button: "We have seen all " + domain.Thousands(len(unseen)) + " that are not marked here", Class: "secondary"},
		})
	}
}

// charterMatters are those that the charter lists, to tick.
func (a *choosing) charterMatters() []web.Option {
	var os []web.Option
	for _, matter := range a.Charter(a.At).Matters {
		os = append(os, web.Option{Value: matter, Words: matter})
	}
	return os
}

func (a *choosing) organisation(code string) projections.OrganisationLine {
	all := a.Register(a.At).Organisations
	return all[slices.IndexFunc(all, func(o projections.OrganisationLine) bool { return o.Code == code })]
}

// agreements are those that hold.
func (a *choosing) agreements() []web.Option {
	var os []web.Option
	for _, l := range a.Departures(a.At).Alignment {
		os = append(os, web.Option{Value: l.Agreement, Words: l.Agreement + ": " + l.Title})
	}
	return os
}
