package pages

import (
	"slices"

	"goldenthread/api/access"
	"goldenthread/api/web"
	"goldenthread/domain"
	"goldenthread/projections"
)

const recentAgreements = 5

// home is who the group is and what waits for whoever looks.
func home(a *asked) (web.Body, error) {
	body, err := a.publicHome()
	if err != nil {
		return nil, err
	}
	body.ToDo = a.firstToDo()
	for _, p := range a.Proposals(a.At, "").Proposals {
		switch p.Stage {
		case domain.Open:
			body.Open = append(body.Open, p)
		case domain.Agreed:
			body.Agreed = append(body.Agreed, p)
		case domain.Draft, domain.Withdrawn, domain.Lapsed:
		}
	}
	slices.SortStableFunc(body.Agreed, func(x, y projections.ProposalLine) int { return int(y.AgreedOn - x.AgreedOn) })
	body.Agreed = body.Agreed[:min(len(body.Agreed), recentAgreements)]
	body.Consents = len(a.awaiting()) > 0
	return body, nil
}

// outsideHome is the group's page for those from whom the charter keeps its work.
func outsideHome(a *asked) (web.Body, error) {
	body, err := a.publicHome()
	if err != nil {
		return nil, err
	}
	body.Outside = true
	return body, nil
}

func (a *asked) publicHome() (*web.Home, error) {
	mandate, err := access.OrRefused(a.Mandate("", a.At))
	if err != nil {
		return nil, err
	}
	body := &web.Home{Register: a.Register(a.At), Mandate: mandate}
	if a.me != nil && a.me.Organisation != nil {
		if o := a.State().Organisations[a.me.Organisation.Code]; o != nil && o.Kind == domain.Practice {
			body.Practice = a.me.Organisation
		}
	}
	return body, nil
}
