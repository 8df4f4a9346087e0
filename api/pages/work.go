package pages

import (
	"fmt"
	"strings"

	"goldenthread/api/web"
	"goldenthread/domain"
	"goldenthread/projections"
)

// A partOfWork is what the page of the work says of a page.
type partOfWork struct {
	what, say string
	waits     func(*asked) string // what is to be done there; "": nothing
}

// workPage leads to all that the group is doing, with what waits in each. What
// the charter keeps from the person is left out.
func workPage(a *asked) (web.Body, error) {
	body := &web.Work{}
	for _, p := range groupsPages() {
		if p.work != nil && a.sees(p.things) {
			body.Parts = append(body.Parts, web.WorkPart{To: strings.TrimPrefix(p.path, "/"), What: p.work.what, Say: p.work.say, Waits: p.work.waits(a)})
		}
	}
	return body, nil
}

// waiting says how many wait, and how; nothing where none does.
func waiting[T any](of []T, does func(*T) bool, one, many string) string {
	n := 0
	for i := range of {
		if does(&of[i]) {
			n++
		}
	}
	switch n {
	case 0:
		return ""
	case 1:
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func (a *asked) dueWaits() string {
	return waiting(a.State().WorkListOn(a.At), func(d *domain.Due) bool { return d.Overdue }, "is overdue", "are overdue")
}

func (a *asked) recordsWait() string {
	return waiting(a.State().Pending(), func(**domain.Kept) bool { return true }, "waits to be confirmed", "wait to be confirmed")
}

func (a *asked) meetingWaits() string {
	return waiting(a.Agenda(a.At).Meetings, func(m *projections.OwnMeeting) bool { return !m.Held && m.On >= a.At }, "is to come", "are to come")
}

func (a *asked) approachesWait() string {
	return waiting(a.Approaches(a.At).Approaches, func(l *projections.ApproachLine) bool { return l.Answer == nil }, "waits for its answer", "wait for their answers")
}

func (a *asked) roundWaits() string {
	p := web.Priorities{Priorities: a.Priorities(a.At)}
	if r := p.OpenRound(); r != nil {
		return fmt.Sprintf("%d of %d practices have answered %s", r.TookPart, r.OfPractices, r.Ref)
	}
	return ""
}

func (a *asked) actionsWait() string {
	return waiting(a.Actions(a.At).Actions, func(l *projections.ActionLine) bool {
		return l.State == domain.ActionOpen || l.State == domain.ActionOverdue
	}, "is to be done", "are to be done")
}

func (a *asked) wordWaits() string {
	return waiting(a.Commitments(a.At).Commitments, func(k *projections.CommitmentLine) bool {
		return k.Standing == domain.KAdReferendum || k.Standing == domain.KBeyond
	}, "waits for our word", "wait for our word")
}

func (a *asked) noticesWait() string {
	return waiting(a.Notices(a.At).Notices, func(n *projections.NoticeLine) bool { return n.TooFew }, "was told too few times", "were told too few times")
}

func (a *asked) questionsWait() string {
	return waiting(a.Questions(a.At).Questions, func(q *projections.QuestionLine) bool { return q.Waits }, "waits for an answer", "wait for an answer")
}

func (a *asked) departuresAway() string {
	return waiting(a.Departures(a.At).Departures, func(x *projections.DepartureLine) bool { return x.Away }, "goes its own way", "go their own way")
}
