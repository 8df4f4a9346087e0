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
		errands.add(g.state.DueFor(&due, at), Errand{dueKey(&due, g.state.Proposals[due.What]), due.What, g.errandText(&due, at)})
	}
	g.heardErrands(errands, at)
	g.consultedErrands(errands, at)
	g.practiceErrands(errands, at)
	return errands
}

// dueKey names what is due and how near it is; of a proposal also the version:
// consents to other words have fallen (rule C2).
func dueKey(due *domain.Due, p *domain.Proposal) string {
	parts := []string{due.Kind, due.What, due.On.String()}
	if p != nil && due.Kind == "position" {
		parts = append(parts, "v"+strconv.Itoa(p.Version().Number))
	}
	switch {
	case due.Overdue:
		parts = append(parts, "overdue")
	case due.Left <= 7:
		parts = append(parts, "7")
	case due.Left <= 30:
		parts = append(parts, "30")
	default:
		parts = append(parts, "first")
	}
	return strings.Join(parts, "/")
}

func (g *Group) errandText(due *domain.Due, at domain.Day) string {
	text := due.Text
	if p := g.state.Proposals[due.What]; p != nil && due.Kind == "position" {
		text = due.What + ", " + p.Title() + ", waits for your word on version " + strconv.Itoa(p.Version().Number) + ": consent, stand aside, or say what stands in the way. Silence is never consent."
	}
	if due.Overdue {
		return text + " It is overdue since " + due.On.Words() + "."
	}
	return text
}

// heardErrands tell holders which position the manager recorded for their seat,
// while it can still be corrected (rule C10).
func (g *Group) heardErrands(errands errandList, at domain.Day) {
	for _, p := range byNumber(g.state.Proposals) {
		if p.Stage != domain.Open {
			continue
		}
		for code, seat := range g.state.Seats {
			pos := g.state.PositionOf(p, code, at)
			if pos == nil || pos.Heard == "" || pos.Confirmed {
				continue
			}
			for _, h := range seat.Holders {
				if h.Covers(at) && h.Role == domain.Holder {
					errands.add([]string{h.Person}, Errand{"heard/" + p.Number + "/" + strconv.FormatUint(pos.Index, 10), p.Number,
						"The manager recorded a position of " + g.name(code) + " on " + p.Number + ", " + p.Title() + ": " + string(pos.Stand) + " (" + pos.Heard + "). If that is wrong, please correct it before it is settled."})
				}
			}
		}
	}
}

// consultedErrands tell bodies that are said to have been consulted, while they
// can deny it (rule D6).
func (g *Group) consultedErrands(errands errandList, at domain.Day) {
	for _, x := range byNumber(g.state.Exercises) {
		last := x.Recorded.Add(g.state.CharterOn(x.Recorded).Charter.CallInWithin)
		if x.Recorded > at || at > last {
			continue
		}
		for _, c := range x.Consulted {
			errands.add(g.speakers(c.Body, at), Errand{"consulted/" + x.Number + "/" + c.Body, x.Number,
				x.Number + " says that " + g.name(c.Body) + " was consulted on " + c.On.Words() + " (" + clip(c.How) + "): " + clip(x.What) + ". If that is not so, it can be denied until " + last.Words() + "."})
		}
	}
}

// speakers may speak for the organisation, or hold its seat.
func (g *Group) speakers(code string, at domain.Day) []string {
	if g.state.Organisations[code] == nil {
		return nil
	}
	ids := g.state.SpokespeopleOn(code, at)
	if seat := g.state.Seats[code]; seat != nil {
		for _, h := range seat.Holders {
			if h.Covers(at) && !slices.Contains(ids, h.Person) {
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
				errands.add(speakers, Errand{"notice/" + n.Ref + "/" + o.Code + "/" + strconv.Itoa(round), n.Ref,
					"For " + o.Name + ": " + g.noticeText(n, at) + " " + g.bindsPractice(n, o, at) + " Please say that you have seen it."})
			}
		}
		for _, q := range byNumber(g.state.Questions) {
			if q.Practice == o.Code && q.Answered != 0 && q.Answered <= at {
				errands.add(speakers, Errand{"answered/" + q.Number, q.Number, q.Number + " of " + o.Name + " was answered on " + q.Answered.Words() + ": " + clip(q.Answer)})
			}
		}
	}
}

// noticeRound is the how-many-eth time it is that the practice should be told of
// the notice on that day, one window after another, until it has had it as often
// as the charter says; 0 for not again, or if it has acknowledged it (rule T1).
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
