package pages

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"goldenthread/api/caller"
	"goldenthread/api/problem"
	"goldenthread/api/web"
)

// refuse shows the page again with what was filled in, and why it was refused.
func (s *Pages) refuse(w http.ResponseWriter, r *http.Request, p *page, form url.Values, f *filling, why error) {
	faults, refused := s.faultsOf(r.Context(), why)
	caller.LogRefused(r.Context(), s.log, form.Get("command"), refused)
	if refused.Status >= http.StatusInternalServerError {
		s.Fail(w, r, refused)
		return
	}
	for i := range faults {
		faults[i].Part = f.origin(faults[i].Part)
	}
	b, _, err := s.draw(r, p, sent{form: form, filled: &web.Filled{Form: form.Get("form"), Values: form, Faults: faults}})
	if err != nil {
		s.failTyped(w, r, p, form, refused, err)
		return
	}
	writePage(w, r, refused.Status, b)
}

// step shows the page as the form goes on. Nothing is recorded.
func (s *Pages) step(w http.ResponseWriter, r *http.Request, p *page, in sent) {
	b, status, err := s.draw(r, p, in)
	if err != nil {
		refused := problem.New(http.StatusConflict, "This has moved since you opened the form. Nothing was recorded.")
		if moved := new(elsewhere); !errors.As(err, &moved) {
			refused = problem.Of(r.Context(), s.log, err)
		}
		s.failTyped(w, r, p, in.form, refused, err)
		return
	}
	writePage(w, r, status, b)
}

// faultsOf is why a form was refused, as its page shows it.
func (s *Pages) faultsOf(ctx context.Context, why error) ([]web.Fault, *problem.Problem) {
	var unread unreadable
	if errors.As(why, &unread) {
		return unread, problem.New(http.StatusUnprocessableEntity, unread.Error())
	}
	p := problem.Of(ctx, s.log, why)
	fault := web.Fault{Say: p.Detail, Rule: p.Rule}
	if len(p.Where) > 0 {
		fault.Part = p.Where[0]
	}
	return []web.Fault{fault}, p
}
