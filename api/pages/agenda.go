package pages

import (
	"strconv"
	"strings"

	"goldenthread/api/web"
	"goldenthread/domain"
	"goldenthread/projections"
)

// The group's own meetings: who sets the agenda, who came (rule T3).

// longestItem is how much of what is suggested goes on the agenda.
const longestItem = 150

func agendaPage(a *asked) (web.Body, error) {
	body := &web.Agenda{Agenda: a.Agenda(a.At)}
	a.offer(offered{
		id: "set", command: &domain.SetAgenda{}, options: map[string][]web.Option{"items": suggestions(body.Suggestions)},
		Sheet: web.Sheet{Fold: "Set an agenda", FoldID: "setting", Button: "Set the agenda"},
	})
	for _, m := range body.ToRecord() {
		c := &domain.RecordGroupMeeting{On: m.On}
		o := offered{
			id: "met-" + m.On.String(), command: c, given: []string{"on"}, rows: map[string][]string{"items": {}}, options: map[string][]web.Option{},
			Sheet: web.Sheet{Fold: "Record the meeting of " + m.On.Words(), FoldID: "recording-" + m.On.String(), Button: "Record the meeting of " + m.On.Words()},
		}
		for _, item := range m.Items {
			c.Items = append(c.Items, domain.ItemMinute{Item: item.Number})
			o.rows["items"] = append(o.rows["items"], strconv.Itoa(item.Number)+". "+item.Title)
			o.options["actions-item"] = append(o.options["actions-item"], web.Option{Value: strconv.Itoa(item.Number), Words: strconv.Itoa(item.Number) + ". " + item.Title})
		}
		a.offer(o)
	}
	return body, nil
}

// suggestions are what could go on the agenda, to be ticked.
func suggestions(all []projections.SuggestionLine) []web.Option {
	var os []web.Option
	known := map[string]bool{}
	for _, s := range all {
		if about := s.About; !strings.Contains(about, "/") && !known[about] { // a meeting elsewhere has no number
			known[about] = true
			title := domain.ClipTo(s.Text, longestItem)
			os = append(os, web.Option{Value: about + ": " + title, Words: title})
		}
	}
	return os
}
