package pages

import (
	"slices"

	"goldenthread/api/web"
	"goldenthread/domain"
	"goldenthread/projections"
)

// What waits for a second person (rules O3, O1, M1): everything for one organisation is
// confirmed at once, and each record can be refused.

func waitingPage(a *asked) (web.Body, error) {
	all := a.WaitingRecords(a.At)
	body := &web.Waiting{Ended: all.Ended}
	for _, r := range all.Waits {
		refuse := &domain.RefuseRecord{Records: []string{r.Ref}}
		if a.may(refuse) {
			a.offer(offered{
				id: "refuse-" + r.Ref, command: refuse, given: []string{"records"},
				Sheet: web.Sheet{Fold: "Something is wrong with " + r.Ref, FoldID: "refusing-" + r.Ref, Button: "Refuse " + r.Ref},
			})
		}
		if !a.may(&domain.ConfirmRecord{Records: []string{r.Ref}}) {
			body.Others = append(body.Others, r)
			continue
		}
		of := r.Parts[0]
		i := slices.IndexFunc(body.Yours, func(g web.WaitingGroup) bool { return g.ID == of.Of })
		if i < 0 {
			i = len(body.Yours)
			body.Yours = append(body.Yours, web.WaitingGroup{ID: of.Of, Name: domain.FirstUpper(of.Name)})
		}
		body.Yours[i].Records = append(body.Yours[i].Records, r)
	}
	for _, g := range body.Yours {
		button := "This is right"
		if len(g.Records) > 1 {
			button = "All of these are right"
		}
		a.offer(offered{id: "confirm-" + g.ID, command: &domain.ConfirmRecord{Records: recordRefs(g.Records)}, given: []string{"records"}, Sheet: web.Sheet{Button: button}})
	}
	return body, nil
}

func recordRefs(records []projections.RecordLine) []string {
	var refs []string
	for _, r := range records {
		refs = append(refs, r.Ref)
	}
	return refs
}
