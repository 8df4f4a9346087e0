package pages

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"goldenthread/api/mail"
	"goldenthread/api/problem"
	"goldenthread/api/web"
	"goldenthread/domain"
)

// The work list, with whom each thing is, and a reminder to them (rule T1).

func workListPage(a *asked) (web.Body, error) {
	body := &web.WorkList{WorkList: a.WorkList(a.At), With: map[string][]string{}}
	for id, errands := range a.Errands(a.At) {
		for _, e := range errands {
			if office := a.State().People[id].Office; !slices.Contains(body.With[e.About], office) {
				body.With[e.About] = append(body.With[e.About], office)
			}
		}
	}
	for _, offices := range body.With {
		slices.Sort(offices)
	}
	body.Reminds = a.server.Mail != nil && a.me != nil && a.today() && a.State().MaySeeToMail(a.me.ID, a.At) == nil
	return body, nil
}

// remind has a letter sent to everybody who is asked about what the form names.
func (s *Pages) remind(p *page) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		said, err := s.remindOf(r)
		if err != nil {
			s.Fail(w, r, problem.Of(r.Context(), s.log, err))
			return
		}
		if said != "" {
			s.step(w, r, p, sent{notice: said})
			return
		}
		http.Redirect(w, r, r.URL.Path+"?"+url.Values{"recorded": {"reminded"}}.Encode(), http.StatusSeeOther)
	}
}

// remindOf has everybody reminded who is asked about what the form names. It says why
// nobody is; "" where somebody is.
func (s *Pages) remindOf(r *http.Request) (said string, err error) {
	group := r.PathValue("group")
	c, err := s.ledgers.CallerIn(r.Context(), group)
	if err != nil {
		return "", err
	}
	g, err := s.groups.Now(r.Context(), group, nil)
	if err != nil {
		return "", err
	}
	today := s.ledgers.Today()
	if refused := g.State().MaySeeToMail(c.Person, today); refused != nil {
		return "", refused
	}
	if s.Mail == nil {
		return "", problem.NotNow("T1", "No mail server is configured here.")
	}
	if err := r.ParseForm(); err != nil {
		return "", problem.New(http.StatusBadRequest, "The form could not be read.")
	}
	about := r.PostForm.Get("about")
	var asked []string
	for id, errands := range g.Errands(today) {
		for _, e := range errands {
			if e.About == about && !slices.Contains(asked, id) {
				asked = append(asked, id)
			}
		}
	}
	return s.remindAll(r.Context(), group, about, asked)
}

// remindAll has them reminded of the reference.
func (s *Pages) remindAll(ctx context.Context, group, about string, asked []string) (said string, err error) {
	said = "Nobody is asked to do anything about " + domain.Clip(about) + " any more."
	reminded := false
	for _, id := range asked {
		switch err := s.Mail.Remind(ctx, group, id, about); {
		case err == nil:
			reminded = true
		case mail.IsNobody(err):
			said = "Nobody was reminded: " + err.Error() + "."
		default:
			return "", err
		}
	}
	if reminded {
		said = ""
	}
	return said, nil
}
