package projections

import (
	"slices"
	"strconv"
	"strings"

	"goldenthread/domain"
)

// An Errand is something that somebody is to be told of or reminded of on a
// day, and has not done or seen yet. One that comes nearer is a new errand: on
// its first day and 30 and 7 days before it is due, and when it is overdue.
type Errand struct {
	Key   string // the same whenever it is worked out; whoever was told of it is not told again
	About string // reference, such as P4
	Text  string // in plain words
	Way   bool   // it is about a way in that the person has, so that it can't wait (rule L11)

	Confirm bool // it is confirmed or refused on the page of what waits
}

// An errandList is what everybody is to be told, by person's id.
type errandList map[string][]Errand

func (l errandList) add(persons []string, e Errand) {
	for _, id := range persons {
		l[id] = append(l[id], e)
	}
}

// Errands are what each person is to be told of on that day, by the person's id
// (rules C2, C10, D6, R5, T1, T2).
func (g *Group) Errands(at domain.Day) map[string][]Errand {
	errands := errandList{}
	if g.state.Next == 0 {
		return errands
	}
	for _, due := range g.state.WorkListOn(at) {
		errands.add(g.state.DueFor(&due, at), Errand{Key: g.errandKey(string(due.Kind), due.What, due.On, at), About: due.What, Text: overdueWords(due.Text, due.On, at)})
	}
	for id := range g.state.People {
		for _, w := range g.Waiting(id, at).Items {
			text := w.Text
			if w.Kind == WaitsPosition {
				text += " Silence is never consent."
			}
			errands.add([]string{id}, Errand{Key: g.errandKey(string(w.Kind), w.Ref, w.By, at), About: w.Ref, Text: overdueWords(text, w.By, at), Confirm: w.ToConfirm()})
		}
	}
	g.consultedErrands(errands, at)
	g.practiceErrands(errands, at)
	g.wayErrands(errands, at)
	return errands
}

// errandKey names what is to be done and how near its day is; of a proposal also
// the version: consents to other words have fallen (rule C2).
func (g *Group) errandKey(kind, ref string, by, at domain.Day) string {
	parts := []string{kind, ref, by.String()}
	if p := g.state.Proposals[ref]; p != nil && p.Stage == domain.Open {
		parts = append(parts, "v"+strconv.Itoa(p.Version().Number))
	}
	switch left := int(by - at); {
	case by == 0 || left > 30:
		parts = append(parts, "first")
	case left > 7:
		parts = append(parts, "30")
	case left >= 0:
		parts = append(parts, "7")
	default:
		parts = append(parts, "overdue")
	}
	return strings.Join(parts, "/")
}

func overdueWords(text string, by, at domain.Day) string {
	if by == 0 || at <= by {
		return text
	}
	return text + " It was due by " + by.Words() + "."
}

// consultedErrands tell bodies that are said to have been consulted, while they
// can deny it (rule D6).
func (g *Group) consultedErrands(errands errandList, at domain.Day) {
	for _, x := range byNumber(g.state.Exercises) {
		last := g.callableUntil(x, at)
		if last == 0 {
			continue
		}
		for _, code := range g.state.ConsultedOn(x.Number, at) {
			errands.add(g.speakers(code, at), Errand{Key: "consulted/" + x.Number + "/" + code, About: x.Number, Text: g.consultedText(x, code, last)})
		}
	}
}

// consultedText says to a body, or what it went on as, that it is said to have been consulted.
func (g *Group) consultedText(x *domain.Exercise, code string, last domain.Day) string {
	c := x.Consulted[0]
	for _, k := range x.Consulted {
		if k.Body == code {
			c = k
		}
	}
	return x.Number + " says that " + g.name(c.Body) + " was consulted on " + c.On.Words() + " (" + clip(c.How) + "): " + clip(x.What) + ". If that is not so, it can be denied until " + last.Words() + "."
}

// speakers may speak for the organisation, or hold its seat.
func (g *Group) speakers(code string, at domain.Day) []string {
	if g.state.Organisations[code] == nil {
		return nil
	}
	ids := g.state.SpokespeopleOn(code, at)
	if seat := g.state.Seats[code]; seat != nil {
		for _, h := range g.state.TenuresOn(seat, at) {
			if !slices.Contains(ids, h.Person) {
				ids = append(ids, h.Person)
			}
		}
	}
	return ids
}

// practiceErrands tell those who speak for a practice of notices that it has
// not acknowledged, and of answers to what it asked.
func (g *Group) practiceErrands(errands errandList, at domain.Day) {
	notices := g.state.NoticesOn(at)
	for _, o := range g.state.PracticesOn(at) {
		speakers := g.state.SpokespeopleOn(o.Code, at)
		if len(speakers) == 0 {
			continue
		}
		for i := range notices {
			if round := g.noticeRound(&notices[i], o.Code, at); round > 0 {
				n := &notices[i]
				errands.add(speakers, Errand{Key: "notice/" + n.Ref + "/" + o.Code + "/" + strconv.Itoa(round), About: n.Ref,
					Text: "For " + o.Name + ": " + g.noticeText(n, at) + " " + g.bindsPractice(n, o, at) + " Please say that you have seen it."})
			}
		}
		for _, q := range byNumber(g.state.Questions) {
			if q.Practice == o.Code && q.Answered != 0 && q.Answered <= at {
				errands.add(speakers, Errand{Key: "answered/" + q.Number, About: q.Number, Text: q.Number + " of " + o.Name + " was answered on " + q.Answered.Words() + ": " + clip(q.Answer)})
			}
		}
	}
}

// noticeRound returns which telling of the notice is due to the practice on that day
// (1, 2, …), one window after another, until it has had it as often as the charter
// says; 0 if none is, or if it has acknowledged it (rule T1).
func (g *Group) noticeRound(n *domain.Notice, practice string, at domain.Day) int {
	if g.state.AcknowledgedOn(n.Ref, practice, at) != 0 {
		return 0
	}
	charter := &g.state.CharterOn(n.On).Charter
	times := 1
	if n.Kind == domain.OfAgreement {
		times = charter.Communications
	}
	return min(1+int(at-n.On)/max(charter.Window, 1), max(times-g.state.SentTo(n.Ref, practice, at), 0))
}
