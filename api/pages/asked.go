package pages

import (
	"net/http"

	"goldenthread/api/access"
	"goldenthread/api/web"
	"goldenthread/projections"
)

// asked is a page being answered. It stands in layers, each on those below: who looks at
// what, what there is to choose from, the forms that are offered.
type asked struct{ offering }

type looking struct {
	*access.Question
	server *Pages
	r      *http.Request
	me     *projections.PersonLine // nil for the operator
	sent
	section string // of the menu; "": the page has an entry of its own, or none
}

type choosing struct{ looking }

type offering struct {
	choosing
	sheets map[string]*web.Sheet // the forms that the page offers, by id
	offers map[string]offered    // the same, as they were offered
}

// asked is the page that a request asks for, as yet without forms.
func (s *Pages) asked(q *access.Question, r *http.Request) *asked {
	a := &asked{}
	a.Question, a.server, a.r, a.me = q, s, r, q.Member(q.Caller.Person, q.At)
	return a
}
