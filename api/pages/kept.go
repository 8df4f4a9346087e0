package pages

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/go-json-experiment/json"

	"goldenthread/api/access"
	"goldenthread/api/caller"
	"goldenthread/api/guard"
	"goldenthread/api/operation"
	"goldenthread/api/problem"
	"goldenthread/api/web"
	"goldenthread/domain"
)

// What was typed is not lost when a session has ended, or when the server can't take it
// just now: the page that says so carries it, through signing in, back to its form. The
// server keeps nothing of it.

// keeps says whether a form that was refused like that is kept by the page that says so.
func keeps(r *http.Request, p *problem.Problem) bool {
	later := p.Status == http.StatusTooManyRequests || p.Status >= http.StatusInternalServerError
	if p.Status == http.StatusForbidden { // such as by a way in that waits (rule L11): of somebody whom this server knows
		later = caller.AskerOf(r.Context()).Caller != nil
	}
	return r.Method == http.MethodPost && guard.IsPage(r.URL.Path) && (later || p.Status == http.StatusUnauthorized)
}

// draftOf is the form that was sent, to be carried by the page that says why it could not
// be taken; "": there is none that can be read. Of a stranger it is read only if a page of
// this server sent it, as browsers say.
func draftOf(w http.ResponseWriter, r *http.Request) string {
	if r.PostForm == nil && r.Header.Get("Sec-Fetch-Site") != "same-origin" {
		return ""
	}
	form, refused := readForm(w, r)
	if refused != nil || len(form) == 0 {
		return ""
	}
	if form.Has(web.DraftField) {
		return form.Get(web.DraftField)
	}
	b, err := json.Marshal(form, json.Deterministic(true))
	if err != nil {
		return ""
	}
	return string(b)
}

// returned is the form that comes back, to be shown again as it was filled in.
func returned(draft string) (url.Values, *problem.Problem) {
	form := url.Values{}
	if err := json.Unmarshal([]byte(draft), &form, operation.Strictly); err != nil {
		return nil, problem.New(http.StatusBadRequest, "The form could not be read.")
	}
	if !form.Has("then") {
		form.Set("then", "back")
	}
	return form, nil
}

// signedInAgain is said above a form that comes back.
const signedInAgain = "What you typed is here as you left it. Nothing has been recorded yet."

// changedMeanwhile is said above a form that is about something else by now than when it
// was filled in, such as another version.
const changedMeanwhile = "Something has changed since you filled in this form. What you typed is still here, and nothing was recorded. Read this page again before you send it."

// renew has the form say of what nobody is asked, such as the version that is spoken to,
// what the page says now, and says whether that is not what it said when it was filled in.
func (o *offered) renew(form *domain.Form, f *filling, given url.Values) (changed bool) {
	for i := range form.Fields {
		field := &form.Fields[i]
		now, asked := given[field.Name], field.Ask != "" || o.ask[field.Name] != ""
		if asked && !slices.Contains(o.given, field.Name) || now == nil || f.fromPath(field) != "" {
			continue
		}
		if before := f.values[field.Name]; before != nil && !slices.Equal(before, now) {
			changed = true
		}
		f.values[field.Name] = now
	}
	return changed
}

// unsent shows what was typed into a form that the page does not offer any more, so that it
// can be copied.
func (a *offering) unsent(p *page, body web.Body) []web.Entered {
	id := a.form.Get("form")
	_, there := a.offers[id]
	if own, ok := body.(interface{ FormID() string }); ok { // such as a proposal's, which is put together in steps
		there = there || own.FormID() == id
	}
	if id == "" || there || a.sheets[id] != nil || !slices.Contains(p.sends, a.form.Get("command")) {
		return nil
	}
	typed := a.typed(p)
	if a.filled != nil && a.filled.Form == id { // what is wrong is said of what is there
		a.filled.Form = "maincontent"
		if typed != nil {
			a.filled.Form = "unsent"
		}
	}
	return typed
}

// typed is what was typed into the form that was sent to the page, in words.
func (a *offering) typed(p *page) []web.Entered {
	kind, known := domain.CommandNamed(a.form.Get("command"))
	if !known || !slices.Contains(p.sends, kind.Name) {
		return nil
	}
	o := &offered{}
	for _, id := range slices.Sorted(maps.Keys(a.offers)) {
		if other := a.offers[id]; domain.CommandName(other.command) == kind.Name { // which asks the same
			o = &offered{ask: other.ask, options: other.options}
		}
	}
	return web.EnteredIn(a.pieces(domain.Describe(kind.New()), &filling{values: a.form, path: a.r.PathValue}, o), "")
}

// failTyped says that a form was not taken whose page can't be shown, with what was typed,
// and where the page is now if it has another address.
func (s *Pages) failTyped(w http.ResponseWriter, r *http.Request, p *page, form url.Values, refused *problem.Problem, why error) {
	var moved *elsewhere
	body := web.Problem{}
	if errors.As(why, &moved) {
		if b, err := json.Marshal(form, json.Deterministic(true)); err == nil {
			body.Draft, body.Next = string(b), moved.path
		}
	} else if q, err := s.ledgers.See(r.Context(), &access.Terms{Group: r.PathValue("group")}, access.Followers); err == nil {
		a := s.asked(q, r)
		a.form = form
		body.Typed = a.typed(p)
	}
	s.fail(w, r, refused, body)
}

// byAnother says, if somebody else filled the form in than whoever is signed in now, that
// nothing of it is taken; "" if it is theirs.
func (s *Pages) byAnother(r *http.Request, form url.Values) string {
	by := form.Get("me")
	c, err := caller.Of(r.Context())
	if by == "" || err != nil {
		return ""
	}
	g, err := s.groups.Now(r.Context(), r.PathValue("group"), nil)
	if err != nil {
		return ""
	}
	me := g.State().Person(c.Person)
	if me == nil || me.Handle == by {
		return ""
	}
	return fmt.Sprintf("Somebody else filled in this form. You are signed in as %s, so nothing of it was recorded or is shown.", me.Office)
}

// readForm reads the form that was sent.
func readForm(w http.ResponseWriter, r *http.Request) (url.Values, *problem.Problem) {
	if r.PostForm == nil {
		r.Body = http.MaxBytesReader(w, r.Body, operation.MostForm)
	}
	err := r.ParseForm()
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large), formSize(r.PostForm) > operation.MostBody && !r.PostForm.Has(web.DraftField):
		return nil, problem.New(http.StatusRequestEntityTooLarge, fmt.Sprintf("That is too much for one form: at most %d KB fit.", operation.MostBody>>10))
	case err != nil:
		return nil, problem.New(http.StatusBadRequest, "The form could not be read.")
	}
	return r.PostForm, nil
}

// formSize is how long all that was typed is, in bytes.
func formSize(form url.Values) int {
	n := 0
	for name, values := range form {
		for _, value := range values {
			n += len(name) + len(value)
		}
	}
	return n
}

// signedIn says whether whoever asks has a session, which they can end.
func signedIn(r *http.Request) bool {
	c, err := caller.Of(r.Context())
	return err == nil && c.Session != ""
}
