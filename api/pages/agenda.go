package pages

import (
	"slices"
	"strconv"
	"strings"

	"goldenthread/api/access"
	"goldenthread/api/problem"
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
	return body, nil
}

// ownMeetingPage is one of the group's own meetings: its agenda, what is recorded of each
// item as the meeting goes on, and its record.
func ownMeetingPage(a *asked) (web.Body, error) {
	a.section = "work"
	m, err := a.ownMeeting()
	if err != nil {
		return nil, err
	}
	body := &web.OwnMeeting{OwnMeeting: *m, Begun: m.On <= a.At}
	for _, other := range a.Agenda(a.At).Meetings {
		if other.On > m.On && other.On <= a.At {
			body.Next = max(body.Next, other.On)
		}
	}
	a.offerOwnMeeting(body)
	return body, nil
}

// ownMeeting is the group's meeting that the address names.
func (a *offering) ownMeeting() (*projections.OwnMeeting, error) {
	for _, m := range a.Agenda(a.At).Meetings {
		if m.On.String() == a.r.PathValue("day") {
			return &m, nil
		}
	}
	return nil, problem.NotFound("T3", "No meeting of the group is recorded under this address.")
}

// screenPage is the meeting for everybody in the room to see.
func screenPage(a *asked) (web.Body, error) {
	a.section = "work"
	m, err := a.ownMeeting()
	if err != nil {
		return nil, err
	}
	return &web.Screen{OwnMeeting: *m}, nil
}

// papersPage is what a meeting reads before it, as one document.
func papersPage(a *asked) (web.Body, error) {
	a.section = "work"
	m, err := a.ownMeeting()
	if err != nil {
		return nil, err
	}
	papers, err := access.OrRefused(a.Papers(m.On, a.At))
	return &web.Papers{Papers: papers, On: m.On}, err
}

// offerOwnMeeting offers what can be recorded of the meeting as it stands.
func (a *offering) offerOwnMeeting(m *web.OwnMeeting) {
	if m.Held {
		if m.Approved == 0 {
			a.offer(offered{
				id: "approve", command: &domain.ApproveMinutes{On: m.On, At: m.Next},
				Sheet: web.Sheet{Fold: "Approve the minutes", FoldID: "approving", Button: "Record that they were approved", Class: "secondary"},
			})
		}
		return
	}
	items := make([]domain.GroupAgendaItem, len(m.Items))
	for i, item := range m.Items {
		items[i] = domain.GroupAgendaItem{Title: item.Title, About: item.About, Matter: item.Matter}
	}
	a.offer(offered{
		id: "set", command: &domain.SetAgenda{On: m.On, At: m.At, Items: items}, given: []string{"on"},
		Sheet: web.Sheet{Fold: "Change the agenda", FoldID: "setting", Button: "Set the agenda", Class: "secondary"},
	})
	if !m.Begun {
		return
	}
	met := &domain.RecordGroupMeeting{On: m.On}
	o := offered{
		id: "met", command: met, rows: map[string][]string{"items": {}}, options: map[string][]web.Option{},
		Sheet: web.Sheet{Fold: "Record the meeting", FoldID: "recording", Button: "Record the meeting"},
	}
	for _, item := range m.Items {
		minute := domain.ItemMinute{Item: item.Number, Note: item.Note, Decisions: item.Decisions}
		a.offer(offered{
			id: m.ItemForm(item.Number), command: &domain.MinuteItem{On: m.On, ItemMinute: minute, After: item.Noted}, given: []string{"item", "after"},
			Sheet: web.Sheet{Fold: "Record item " + strconv.Itoa(item.Number), FoldID: "recording-" + strconv.Itoa(item.Number), Button: "Record item " + strconv.Itoa(item.Number), Class: "secondary"},
		})
		met.Items = append(met.Items, minute)
		heading := strconv.Itoa(item.Number) + ". " + item.Title
		o.rows["items"] = append(o.rows["items"], heading)
		o.options["actions-item"] = append(o.options["actions-item"], web.Option{Value: strconv.Itoa(item.Number), Words: heading})
	}
	a.offer(o)
}

// minutesPage is the minutes of one of the group's meetings, as they are drafted.
func minutesPage(a *asked) (web.Body, error) {
	a.section = "work"
	m, err := a.ownMeeting()
	if err != nil {
		return nil, err
	}
	minutes, err := access.OrRefused(a.Minutes(m.On, a.At))
	if err != nil {
		return nil, err
	}
	if m.Held && m.Approved == 0 {
		a.offerWords(m)
	}
	return &web.Minutes{Minutes: minutes, On: m.On, Words: m.Words}, nil
}

// offerWords offers to write the words of the minutes around what is recorded.
func (a *offering) offerWords(m *projections.OwnMeeting) {
	words := &domain.WordMinutes{On: m.On}
	if m.Words != nil {
		words.MinutesWords, words.After = m.Words.MinutesWords, m.Words.Index
	}
	said := words.Items
	words.Items = nil
	o := offered{
		id: "words", command: words, given: []string{"on", "after"}, rows: map[string][]string{"items": {}},
		Sheet: web.Sheet{Fold: "Edit the minutes", FoldID: "wording", Button: "Save the minutes", Say: []string{"What is recorded stays as it is: your words stand around it, until a later meeting approves the minutes."}},
	}
	for _, item := range m.Items {
		one := domain.ItemWords{Item: item.Number}
		if i := slices.IndexFunc(said, func(w domain.ItemWords) bool { return w.Item == item.Number }); i >= 0 {
			one.Words = said[i].Words
		}
		words.Items = append(words.Items, one)
		o.rows["items"] = append(o.rows["items"], strconv.Itoa(item.Number)+". "+item.Title)
	}
	a.offer(o)
}

// suggestions are what could go on the agenda, to be ticked.
func suggestions(all []projections.SuggestionLine) []web.Option {
	var os []web.Option
	known := map[string]bool{}
	for _, s := range all {
		if about := s.About; (s.Kind == domain.SuggestMinutes || !strings.Contains(about, "/")) && !known[about] { // a meeting elsewhere has no number
			known[about] = true
			title := domain.ClipTo(s.Text, longestItem)
			os = append(os, web.Option{Value: about + ": " + title, Words: title})
		}
	}
	return os
}
