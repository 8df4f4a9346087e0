package pages

import (
	"slices"

	"goldenthread/api/web"
	"goldenthread/domain"
	"goldenthread/projections"
)

// The thread to the practices: what they were told, how far it reached, and
// what they asked (rules T1, T2).

func noticesPage(a *asked) (web.Body, error) {
	body := &web.Notices{Notices: a.Notices(a.At)}
	var err error
	if body.About = a.r.URL.Query().Get("about"); body.About != "" {
		body.Notices.Notices = slices.DeleteFunc(body.Notices.Notices, func(n projections.NoticeLine) bool { return n.Ref != body.About })
	}
	if body.Notices.Notices, body.Pager, err = part(a, body.Notices.Notices, noticesEach); err != nil {
		return nil, err
	}
	if len(body.Notices.Notices) == 0 {
		return body, nil
	}
	a.offer(offered{id: "tell", command: &domain.Communicate{}, Sheet: web.Sheet{Fold: "Record what was told", FoldID: "telling"}})
	var seen []web.Option
	for _, p := range a.practices() {
		if a.may(&domain.Acknowledge{Practices: []string{p.Value}}) {
			seen = append(seen, p)
		}
	}
	if seen != nil {
		a.offer(offered{id: "seen", command: &domain.Acknowledge{}, without: []string{"also"}, options: map[string][]web.Option{"practices": seen}, Sheet: web.Sheet{Fold: "Record who has seen it", FoldID: "seeing"}})
	}
	return body, nil
}

// practices are the open ones of the place.
func (a *choosing) practices() []web.Option {
	var os []web.Option
	for _, p := range a.State().PracticesOn(a.At) {
		os = append(os, web.Option{Value: p.Code, Words: p.Name + " (" + p.Code + ")"})
	}
	return os
}

func questionsPage(a *asked) (web.Body, error) {
	body := &web.Questions{Questions: a.Questions(a.At)}
	for _, q := range body.Questions.Questions {
		if q.Waits {
			a.offer(offered{
				id: "answer-" + q.Ref, command: &domain.AnswerQuestion{Question: q.Ref}, given: []string{"question"},
				Sheet: web.Sheet{Fold: "Answer " + q.Ref, FoldID: "answering-" + q.Ref, Button: "Answer"},
			})
		}
	}
	return body, nil
}
