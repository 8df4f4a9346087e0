package pages

import (
	"slices"

	"goldenthread/api/web"
	"goldenthread/domain"
)

// The group's own priorities: the long list, what practices say about it, and
// what was adopted (rule P1).

func prioritiesPage(a *asked) (web.Body, error) {
	body := &web.Priorities{Priorities: a.Priorities(a.At)}
	a.offer(offered{id: "list", command: &domain.ListPriority{}, Sheet: web.Sheet{Fold: "Put one on the long list", FoldID: "listing", Button: "Put it on the list"}})
	if len(body.LongList) > 0 {
		a.offer(offered{id: "asking", command: &domain.AskPractices{}, Sheet: web.Sheet{Fold: "Ask every practice", FoldID: "asks", Button: "Ask them"}})
	}
	round := body.OpenRound()
	if round == nil {
		return body, nil
	}
	var practices []web.Option
	records := false
	for _, p := range a.practices() {
		answer := &domain.AnswerPriorities{Practice: p.Value}
		if a.may(answer) {
			practices = append(practices, p)
		}
		records = records || a.evidence(answer)
	}
	if practices == nil {
		return body, nil
	}
	o := offered{
		id: "answer", command: &domain.AnswerPriorities{Round: round.Ref}, given: []string{"round"}, filtered: true,
		options: map[string][]web.Option{"practice": practices, "choices": a.among(round.Priorities)},
		Sheet: web.Sheet{
			Fold: "Answer " + round.Ref + " for a practice", FoldID: "answering", Say: []string{"A later answer takes the place of an earlier one; both are kept."}, Button: "Record the answer",
		},
	}
	if !records {
		o.without = []string{"evidence"}
	}
	a.offer(o)
	return body, nil
}

// among are those of the long list with that number.
func (a *choosing) among(numbers []string) []web.Option {
	return slices.DeleteFunc(a.listed(), func(o web.Option) bool { return !slices.Contains(numbers, o.Value) })
}
