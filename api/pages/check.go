package pages

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"goldenthread/api/access"
	"goldenthread/api/web"
	"goldenthread/domain"
)

// checkPage asks and answers "may I sign up to this?" (rule R3).
func checkPage(a *asked) (web.Body, error) {
	asks := a.r.URL.Query()
	body := &web.Check{Asked: web.CheckAsked{
		Forum: asks.Get("forum"), Matter: asks.Get("matter"), Amount: asks.Get("amount"), Months: asks.Get("months"),
		OpenEnded: asks.Get("openEnded"), Consulted: asks.Get("consulted"), Person: asks.Get("person"),
	}}
	body.Sizes = domain.SizeWords(a.State().SizeListsOn(a.At))
	body.Forums, body.Matters, body.People = a.forums(), a.matters(), web.PeopleOptions(a.People(a.At).People)
	if !asks.Has("matter") {
		body.Asked.Forum = a.ownForum()
		return body, nil
	}
	matter, alike := a.State().MatterMeant(body.Asked.Matter, a.At)
	answer, err := a.answer(&body.Asked, matter)
	var refused *domain.Refusal
	switch {
	case errors.As(err, &refused):
		a.filled = &web.Filled{Form: "ask", Values: asks, Faults: []web.Fault{{Field: strings.TrimPrefix(refused.Part, "/"), Say: refused.Say, Rule: refused.Rule}}}
		return body, nil
	case err != nil:
		return nil, err
	}
	body.Answer, body.Group = answer, a.State().ShortName
	for _, m := range alike {
		body.Alike = append(body.Alike, web.MatterOption(m))
	}
	if f := a.State().Forums[answer.On.Forum]; f != nil {
		body.Forum = f.Name
	}
	if p := a.State().Person(answer.On.Person); p != nil {
		body.Person = p.Office
	}
	return body, nil
}

// answer asks the check as the JSON question does.
func (a *asked) answer(asked *web.CheckAsked, matter string) (*domain.CheckAnswer, error) {
	in := access.CheckInput{Person: asked.Person, Forum: asked.Forum, Matter: matter, OpenEnded: asked.OpenEnded, Consulted: asked.Consulted}
	amount, r := readPounds(asked.Amount)
	if r != nil {
		r.Part = "/amount"
		return nil, r
	}
	months, r := readMonths(asked.Months)
	if r != nil {
		r.Part = "/months"
		return nil, r
	}
	if amount != nil {
		in.Amount = strconv.FormatInt(int64(*amount), 10)
	}
	if months != nil {
		in.Months = strconv.Itoa(*months)
	}
	c, err := access.AnswerCheck(a.Question, &in)
	if err != nil {
		return nil, err
	}
	return &c.CheckAnswer, nil
}

func (a *choosing) forums() []web.Option {
	var forums []web.Option
	for _, f := range a.Representation(a.At).Forums {
		forums = append(forums, web.Option{Value: f.Forum, Words: f.Name})
	}
	return append(forums, web.Option{Value: "", Words: noMeeting})
}

// ownForum is where the person is appointed; else nowhere.
func (a *choosing) ownForum() string {
	for _, r := range a.Representation(a.At).Appointments {
		over := r.State == domain.Ended || r.State == domain.Expired
		if a.me != nil && r.Person.Handle == a.me.Handle && !over {
			return r.Forum
		}
	}
	return ""
}

// matters are the subjects to choose from: those of the person's own remits first.
func (a *choosing) matters() []web.Option {
	var own, others []web.Option
	mine := a.ownMatters()
	for _, m := range a.State().Matters(a.At) {
		if slices.Contains(mine, m) {
			own = append(own, web.MatterOption(m))
		} else {
			others = append(others, web.MatterOption(m))
		}
	}
	return append(own, others...)
}

func (a *choosing) ownMatters() []string {
	var own []string
	for _, r := range a.Representation(a.At).Appointments {
		if a.me == nil || !a.isOwn(&r) {
			continue
		}
		for _, l := range r.Lines {
			own = append(own, l.Matter)
		}
	}
	return own
}
