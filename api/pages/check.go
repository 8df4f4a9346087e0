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
	body.Forums, body.Matters, body.People = a.forums(), a.matters(), web.PeopleOptions(a.People(a.At).People)
	if !asks.Has("matter") {
		body.Asked.Forum = a.ownForum()
		return body, nil
	}
	answer, err := a.answer(&body.Asked)
	var refused *domain.Refusal
	switch {
	case errors.As(err, &refused):
		a.filled = &web.Filled{Form: "ask", Values: asks, Faults: []web.Fault{{Field: strings.TrimPrefix(refused.Part, "/"), Say: refused.Say, Rule: refused.Rule}}}
		return body, nil
	case err != nil:
		return nil, err
	}
	body.Answer = answer
	if f := a.State().Forums[answer.On.Forum]; f != nil {
		body.Forum = f.Name
	}
	if p := a.State().Person(answer.On.Person); p != nil {
		body.Person = p.Office
	}
	return body, nil
}

// answer asks the check as the JSON question does.
func (a *asked) answer(asked *web.CheckAsked) (*domain.CheckAnswer, error) {
	in := access.CheckInput{Person: asked.Person, Forum: asked.Forum, Matter: asked.Matter, OpenEnded: asked.OpenEnded, Consulted: asked.Consulted}
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

func (a *asked) forums() []web.Option {
	var forums []web.Option
	for _, f := range a.Representation(a.At).Forums {
		forums = append(forums, web.Option{Value: f.Forum, Words: f.Name})
	}
	return append(forums, web.Option{Value: "", Words: "No meeting: the executive's powers"})
}

// ownForum is where the person is appointed; else nowhere.
func (a *asked) ownForum() string {
	for _, r := range a.Representation(a.At).Appointments {
		over := r.State == domain.Ended || r.State == domain.Expired
		if a.me != nil && r.Person.Handle == a.me.Handle && !over {
			return r.Forum
		}
	}
	return ""
}

// matters are those of the charter, and those that a remit, a power or a
// position names.
func (a *asked) matters() []web.Option {
	if a.State().Next == 0 {
		return nil
	}
	ch := &a.State().CharterOn(a.At).Charter
	named := slices.Concat(ch.Matters, ch.Reserved)
	for _, r := range a.State().Appointments {
		if v := r.VersionOn(a.At); v != nil {
			for _, l := range v.Lines {
				named = append(named, l.Matter)
			}
		}
	}
	for _, d := range a.State().Delegations {
		if v := d.VersionOn(a.At); v != nil {
			for _, p := range v.Powers {
				named = append(named, p.Matter)
			}
		}
	}
	for _, p := range a.State().Positions {
		named = append(named, p.Matter)
	}
	slices.Sort(named)
	var matters []web.Option
	for _, m := range slices.Compact(named) {
		matters = append(matters, web.Option{Value: m, Words: m})
	}
	return matters
}
