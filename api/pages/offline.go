package pages

import (
	"net/http"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"goldenthread/api/access"
	"goldenthread/api/problem"
	"goldenthread/api/web"
	"goldenthread/domain"
	"goldenthread/projections"
)

// The check without a server (rule R3): the check's own answers, signed, for a device
// to keep, and the page that answers from them there.

// offlinePage is what is kept on the device, and the check there: the device shows it
// where the server can't be reached.
func offlinePage(a *asked) (web.Body, error) {
	if a.me == nil {
		return nil, problem.NotFound("R1", "What is kept on a device is somebody's of the group.")
	}
	body := &web.Offline{Matters: a.matters()}
	for _, f := range a.speaksIn() {
		body.Forums, body.Speaks = append(body.Forums, web.Option{Value: f.Forum, Words: f.Name}), true
	}
	if body.Speaks {
		body.Asked.Forum = body.Forums[0].Value
	}
	l, err := a.server.store.Log(a.r.PathValue("group"))
	if err != nil {
		return nil, err
	}
	body.Keys = l.VKeys()
	return body, nil
}

// speaksIn are the meetings in which the person speaks for the group, and whose
// substitute they are; then the executive's powers, if they hold any or speak anywhere.
func (a *looking) speaksIn() []web.OfflineForum {
	var forums []web.OfflineForum
	for _, r := range a.Representation(a.At).Appointments {
		f := web.OfflineForum{Forum: r.Forum, Name: r.ForumName}
		if a.isOwn(&r) && !slices.Contains(forums, f) {
			forums = append(forums, f)
		}
	}
	if len(forums) > 0 || a.State().HoldsPower(a.me.ID, a.At) {
		forums = append(forums, web.OfflineForum{Name: noMeeting})
	}
	return forums
}

// isOwn says whether the appointment, which is not over, is the person's, or they substitute.
func (a *looking) isOwn(r *projections.AppointmentLine) bool {
	substitute := slices.ContainsFunc(r.Substitutes, func(w projections.Who) bool { return w.Handle == a.me.Handle })
	return (r.Person.Handle == a.me.Handle || substitute) && r.State != domain.Ended && r.State != domain.Expired
}

// offlineAnswers answers with the caller's answers to take along, as a signed note.
func (s *Pages) offlineAnswers(w http.ResponseWriter, r *http.Request) {
	note, err := s.signedAnswers(r)
	if err != nil {
		s.Fail(w, r, problem.Of(r.Context(), s.log, err))
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Add("Vary", "Accept-Encoding")
	if web.TakesGzip(r) {
		h.Set("Content-Encoding", "gzip")
		note = web.Zip(note)
	}
	w.Write(note)
}

func (s *Pages) signedAnswers(r *http.Request) ([]byte, error) {
	q, err := s.ledgers.See(r.Context(), &access.Terms{Group: r.PathValue("group")}, access.Checks)
	if err != nil {
		return nil, err
	}
	done, err := s.ledgers.Turn(r.Context(), q, "offline")
	if err != nil {
		return nil, err
	}
	defer done()
	a := s.asked(q, r)
	if a.me == nil || len(a.speaksIn()) == 0 {
		return nil, problem.NotFound("R1", "Answers to take along are for whoever speaks for the group.")
	}
	answers, err := a.takeAlong()
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(answers, json.Deterministic(true))
	if err != nil {
		return nil, err
	}
	l, err := s.store.Log(r.PathValue("group"))
	if err != nil {
		return nil, err
	}
	return l.SignText(l.Origin() + web.AnswersHead + string(text) + "\n")
}

// taking collects answers to take along.
type taking struct {
	web.OfflineAnswers
	of      *asked
	state   *domain.View
	answers map[string]int // numbers, by the answer as JSON
	tables  map[string]int // numbers, by the table as JSON
}

func (a *asked) takeAlong() (*web.OfflineAnswers, error) {
	state := a.State()
	t := &taking{of: a, state: state.Remembering(), answers: map[string]int{}, tables: map[string]int{}, OfflineAnswers: web.OfflineAnswers{
		Group: state.Group, Person: a.me.Handle, Known: a.server.ledgers.Clock(), Index: state.Next - 1, Numbers: domain.SmallNumbers[:],
		Back: web.TakenBack(state.SayTakenBack(), state.ShortName), Forums: a.speaksIn(),
	}}
	t.Most, t.Longest = domain.Most()
	for d := a.At; d <= a.At+domain.OfflineDays; d++ {
		for _, m := range state.Matters(d) {
			option := web.MatterOption(m)
			if om := (web.OfflineMatter{Matter: m, Name: option.Words}); !slices.Contains(t.Matters, om) {
				t.Matters = append(t.Matters, om)
			}
		}
	}
	for d := a.At; d <= a.At+domain.OfflineDays; d++ {
		if err := t.day(d); err != nil {
			return nil, err
		}
	}
	return &t.OfflineAnswers, nil
}

func (t *taking) day(d domain.Day) error {
	day := web.OfflineDay{Day: d}
	for _, f := range t.Forums {
		var tables []int
		for _, m := range t.Matters {
			cases, refused := t.state.OfflineCases(t.of.me.ID, f.Forum, m.Matter, d)
			if refused != nil {
				return refused
			}
			n, err := t.table(cases)
			if err != nil {
				return err
			}
			tables = append(tables, n)
		}
		day.Tables = append(day.Tables, tables)
	}
	t.Days = append(t.Days, day)
	return nil
}

// table is the number of the cases' table. Of sums in order that have one answer the
// largest stands for all.
func (t *taking) table(cases []domain.OfflineCase) (int, error) {
	var table []web.OfflineCase
	for _, c := range cases {
		n, err := t.answer(c.Answer)
		if err != nil {
			return 0, err
		}
		row := web.OfflineCase{Amount: c.Amount, Months: c.Months, OpenEnded: c.OpenEnded, Consulted: c.Consulted, Answer: n}
		if last := len(table) - 1; c.Amount != nil && last >= 0 && table[last].Amount != nil && table[last].Answer == n {
			table[last] = row // the same term, for sums begin anew with none named
			continue
		}
		table = append(table, row)
	}
	return numbered(&t.Tables, t.tables, table)
}

func (t *taking) answer(a *domain.CheckAnswer) (int, error) {
	check := web.Check{Answer: a, Group: t.state.ShortName}
	return numbered(&t.Answers, t.answers, check.Offline())
}

// numbered is the number of the value among all, to which it is added if it is new.
func numbered[T any](all *[]T, numbers map[string]int, v T) (int, error) {
	b, err := json.Marshal(v, json.Deterministic(true), jsontext.EscapeForHTML(false))
	if err != nil {
		return 0, err
	}
	n, known := numbers[string(b)]
	if !known {
		n = len(*all)
		numbers[string(b)] = n
		*all = append(*all, v)
	}
	return n, nil
}

// noMeeting is what the check is asked of where it is asked of no meeting.
const noMeeting = "No meeting: the executive's powers"
