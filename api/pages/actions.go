package pages

import (
	"goldenthread/api/web"
	"goldenthread/domain"
)

// Actions: what is to be done, by whom, and how far it has come (rule X1).

func actionsPage(a *asked) (web.Body, error) {
	body := &web.Actions{Actions: a.Actions(a.At)}
	for _, l := range body.Running() {
		a.offer(offered{
			id: "progress-" + l.Ref, command: &domain.ProgressAction{Action: l.Ref}, given: []string{"action"},
			Sheet: web.Sheet{Fold: "Say how far " + l.Ref + " has come", FoldID: "progressing-" + l.Ref},
		})
		a.offer(offered{
			id: "end-" + l.Ref, command: &domain.EndAction{Action: l.Ref, How: domain.ActionDone}, given: []string{"action"},
			Sheet: web.Sheet{Fold: "End " + l.Ref, FoldID: "ending-" + l.Ref, Button: "End it", Class: "secondary"},
		})
	}
	return body, nil
}
