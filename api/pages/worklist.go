package pages

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"goldenthread/api/access"
	"goldenthread/api/mail"
	"goldenthread/api/problem"
	"goldenthread/api/web"
	"goldenthread/domain"
	"goldenthread/projections"
)

// What people are asked to do: somebody's own list, and the group's, with whom each thing
// is, and a reminder to them (rules T1, T4).

const (
	tasksEach  = 50 // lines on one page
	firstTasks = 10 // on a page about other things too
)

// taskFilter is which tasks the address asks for.
func (a *asked) taskFilter() (projections.TaskFilter, error) {
	q := a.r.URL.Query()
	in := access.TasksAsked{Kind: q.Get("kind"), Overdue: q.Get("overdue"), On: q.Get("on")}
	return in.Filter()
}

// todoPage is all that the reader is asked to do.
func todoPage(a *asked) (web.Body, error) {
	f, err := a.taskFilter()
	if err != nil {
		return nil, err
	}
	body := &web.ToDo{DueList: web.DueList{Asked: f}}
	if a.me == nil { // nobody's member is asked to do anything
		return body, nil
	}
	f.Person = a.Caller.Person
	list, refused := a.ToDoOf(f, a.At)
	if refused != nil {
		return nil, refused
	}
	body.Kinds = list.Kinds
	return body, a.tasks(&body.DueList, web.Together(a.ownTasks(list.Items), "todo", body.Asked))
}

// tasks puts the part of the lines that the address asks for on the page.
func (a *asked) tasks(list *web.DueList, lines []web.DueLine) (err error) {
	lines, list.Pager, err = part(a, lines, tasksEach)
	list.Stretches = web.DueDays(lines, a.At)
	return err
}

// firstToDo is what comes first of what the reader is asked to do.
func (a *asked) firstToDo() web.FirstDue {
	items := a.ToDo(a.Caller.Person, a.At).Items
	lines := web.Together(a.ownTasks(items), "todo", projections.TaskFilter{})
	n := min(len(lines), firstTasks)
	return web.FirstDue{First: lines[:n], All: len(items), More: n < len(lines)}
}

func (a *asked) ownTasks(items []projections.WaitingItem) []web.DueLine {
	tasks := make([]web.DueLine, 0, len(items))
	for _, w := range items {
		tasks = append(tasks, web.DueLine{Ref: w.Ref, Kind: w.Kind, On: w.By, Text: w.Text, To: a.doneAt(w.Kind, w.Ref, web.WaitingPlace(w))})
	}
	return tasks
}

// doneAt is where a thing of that kind and reference is done: a practice's mandate is given
// anew on the practice's page, everything else at the usual place.
func (a *asked) doneAt(kind projections.WaitingKind, ref, usual string) string {
	if kind != projections.WaitingKind(domain.DueMandate) {
		return usual
	}
	for _, m := range a.State().Mandates {
		if o := a.State().Organisations[m.Organisation]; m.Number == ref && o != nil && o.Kind == domain.Practice {
			return "practices/" + o.Code + "#say"
		}
	}
	return "mandate"
}

func workListPage(a *asked) (web.Body, error) {
	f, err := a.taskFilter()
	if err != nil {
		return nil, err
	}
	f.Person = a.r.URL.Query().Get("person")
	list, refused := a.WorkListOf(f, a.At)
	if refused != nil {
		return nil, refused
	}
	body := &web.WorkList{DueList: web.DueList{Asked: f, Kinds: list.Kinds, People: list.People}}
	var tasks []web.DueLine
	for _, d := range list.Due {
		kind := projections.WaitingKind(d.Kind)
		t := web.DueLine{Ref: d.What, Kind: kind, On: d.On, Text: d.Text, To: a.doneAt(kind, d.What, web.DuePlace(d.Due)), Paused: d.Paused}
		for _, who := range d.With {
			t.With = append(t.With, who.Office)
		}
		tasks = append(tasks, t)
	}
	body.Reminds = a.server.Mail != nil && a.me != nil && a.today() && a.State().MaySeeToMail(a.me.ID, a.At) == nil
	return body, a.tasks(&body.DueList, web.Together(tasks, "worklist", f))
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
