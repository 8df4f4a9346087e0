package pages

import (
	"errors"
	"net/http"

	"github.com/go-json-experiment/json"

	"goldenthread/api/access"
	"goldenthread/api/caller"
	"goldenthread/api/operation"
	"goldenthread/api/problem"
	"goldenthread/api/web"
	"goldenthread/domain"
)

// Erasing somebody's name, email and phone (rule L7).

func erasingPage(a *asked) (web.Body, error) {
	s := a.State()
	p := s.Person(a.r.PathValue("person"))
	if p == nil {
		return nil, problem.NotFound("L7", "There is nobody of that name here.")
	}
	body := &web.Erasing{Office: p.Office, Handle: p.Handle, Own: a.me != nil && a.me.ID == p.ID, Window: max(1, s.Charter().Window)}
	if a.sees(access.Everything) {
		remains, err := a.Remains(a.r.Context(), p.ID, a.server.ledgers.EventsOf(a.r.PathValue("group")))
		if err != nil {
			return nil, err
		}
		body.Remains = &remains
	}
	c := &domain.ErasePerson{Person: p.ID}
	switch {
	case p.Erased != 0:
		erasure, err := a.server.ledgers.ErasureOf(a.r.Context(), p.ID)
		if err != nil {
			return nil, err
		}
		body.Erased, body.KeyLeft = p.Erased.Words(), erasure.KeyLeft
		if a.may(&domain.ImportOrganisations{}) { // whoever keeps the register passes it on
			body.Todo = erasure.Todo
		}
		return body, nil
	case !a.may(c):
		return body, nil
	}
	for _, k := range s.Pending() {
		if e := k.Command.ErasePerson; e != nil && e.Person == p.ID {
			body.Waiting = k.Number
			return body, nil
		}
	}
	if body.Not = a.notYet(c); body.Not == "" || a.form != nil {
		a.offer(offered{id: "erase", command: c, given: []string{"person"}, Sheet: web.Sheet{Button: "Erase the name, email and phone", Class: "warning"}})
	}
	return body, nil
}

// notYet is why the command would be refused as things stand; "" if it would not be.
func (a *looking) notYet(c domain.Command) string {
	kind, _ := domain.CommandNamed(domain.CommandName(c))
	b, err := json.Marshal(c)
	if err == nil {
		_, err = a.server.ledgers.Try(a.r.Context(), kind, &access.CommandInput{Group: a.r.PathValue("group"), JSONBody: operation.JSONBody{Bytes: b}})
	}
	var refused *domain.Refusal
	if errors.As(err, &refused) {
		return refused.Say
	}
	return ""
}

// farewell tells whoever erased themself that it is done: no page of the group is theirs
// any more.
func (s *Pages) farewell(w http.ResponseWriter, r *http.Request) {
	b, err := (&web.Page{Body: web.Problem{Heading: "Your name, email and phone are erased", Say: "You are signed out, and your ways in have ended. What was done in your office stays on the record, without your name."}}).Render()
	if err != nil {
		s.Fail(w, r, problem.Of(r.Context(), s.log, err))
		return
	}
	w.Header().Set("Clear-Site-Data", `"storage"`) // as signing out does
	writePage(w, r, http.StatusOK, b)
}

// isOwn says whether whoever sends the command is erased by it.
func (s *Pages) isOwn(r *http.Request, c domain.Command) bool {
	erase, ok := c.(*domain.ErasePerson)
	by, err := caller.Of(r.Context())
	if !ok || err != nil {
		return false
	}
	g, err := s.groups.Now(r.Context(), r.PathValue("group"), nil)
	if err != nil {
		return false
	}
	p := g.State().Person(by.Person)
	return p != nil && p.ID == erase.Person
}
