package pages

import (
	"fmt"
	"strconv"
	"strings"

	"goldenthread/api/problem"
	"goldenthread/api/web"
	"goldenthread/domain"
)

// The group's own meetings: who sets the agenda, who came (rule T3).

var agendaForms = map[string]reading{
	"set-agenda": func(f *filling) domain.Command {
		return &domain.SetAgenda{On: f.day("on"), At: f.words("at"), Items: f.ownAgenda()}
	},
	"record-group-meeting": func(f *filling) domain.Command {
		c := &domain.RecordGroupMeeting{
			On: f.day("on"), Chaired: f.words("chaired"), Present: f.chosen("present"), Apologies: f.chosen("apologies"), Notes: f.words("notes"), Items: f.minuted(),
		}
		for _, person := range f.chosen("inAttendance") {
			c.InAttendance = append(c.InAttendance, domain.Attendance{Person: person})
		}
		if what := f.words("action"); what != "" {
			raised := domain.ActionRaised{What: what, Owner: f.words("owner"), Supporter: f.words("supporter"), Due: f.day("due")}
			item, _ := strconv.Atoi(f.words("item")) // none: of no item
			c.Actions = []domain.MeetingAction{{ActionRaised: raised, Item: item}}
		}
		return c
	},
}

// minuted reads what was said on each item of the agenda, and what was decided,
// each on a line of its own. Items of which nothing was written are left out.
func (f *filling) minuted() []domain.ItemMinute {
	var minuted []domain.ItemMinute
	for n := 1; f.values.Has(fmt.Sprintf("note-%d", n)); n++ {
		item := domain.ItemMinute{Item: n, Note: f.words(fmt.Sprintf("note-%d", n))}
		for _, line := range f.lines(fmt.Sprintf("decided-%d", n)) {
			item.Decisions = append(item.Decisions, domain.ItemDecision{Words: line})
		}
		if item.Note != "" || item.Decisions != nil {
			minuted = append(minuted, item)
		}
	}
	return minuted
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
	body := &web.Agenda{Agenda: a.Agenda(a.At)}
	if body.Sets = a.may(&domain.SetAgenda{}); !body.Sets {
		return body, nil
	}
	known := map[string]bool{}
	for _, s := range body.Suggestions {
		if about := s.About; !strings.Contains(about, "/") && !known[about] { // a meeting elsewhere has no number
			known[about] = true
			title := problem.ClipTo(s.Text, longestItem)
			body.Suggested = append(body.Suggested, web.Option{Value: about + ": " + title, Words: title})
		}
	}
	body.People = web.PeopleOptions(a.People(a.At).People)
	return body, nil
}
