package api

import (
	"strings"

	"goldenthread/api/web"
	"goldenthread/domain"
)

// The group's own meetings: who sets the agenda, who came (rule T3).

var agendaForms = map[string]reading{
	"set-agenda": func(f *filling) domain.Command {
		return &domain.SetAgenda{On: f.day("on"), At: f.words("at"), Items: f.ownAgenda()}
	},
	"record-group-meeting": func(f *filling) domain.Command {
		c := &domain.RecordGroupMeeting{On: f.day("on"), Chaired: f.words("chaired"), Present: f.chosen("present"), Notes: f.words("notes")}
		if what := f.words("action"); what != "" {
			c.Actions = []domain.ActionRaised{{What: what, Owner: f.words("owner"), Supporter: f.words("supporter"), Due: f.day("due")}}
		}
		return c
	},
}

// ownAgenda reads what was suggested and ticked, "P4: its words", and then an
// item on each line.
func (f *filling) ownAgenda() []domain.GroupAgendaItem {
	var items []domain.GroupAgendaItem
	for _, suggested := range f.chosen("suggested") {
		about, title, _ := strings.Cut(suggested, ": ")
		items = append(items, domain.GroupAgendaItem{Title: title, About: about})
	}
	for _, i := range f.agenda("items") {
		items = append(items, domain.GroupAgendaItem{Title: i.Title, Matter: i.Matter})
	}
	return items
}

// longestItem is how much of what is suggested goes on the agenda.
const longestItem = 150

func agendaPage(a *asked) (web.Body, error) {
	body := &web.Agenda{Agenda: a.Agenda(a.at)}
	if body.Sets = a.inExecutive() || a.has(domain.Chair, domain.Manager); !body.Sets {
		return body, nil
	}
	known := map[string]bool{}
	for _, s := range body.Suggestions {
		if about := s.About; !strings.Contains(about, "/") && !known[about] { // a meeting elsewhere has no number
			known[about] = true
			title := clipTo(s.Text, longestItem)
			body.Suggested = append(body.Suggested, web.Option{Value: about + ": " + title, Words: title})
		}
	}
	body.People = web.PeopleOptions(a.People(a.at).People)
	return body, nil
}
