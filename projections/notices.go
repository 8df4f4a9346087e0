package projections

import (
	"strings"
	"time"

	"goldenthread/domain"
)

// Notices is what the practices were told, and how far it reached, as it stands
// on a day (rule T1).
type Notices struct {
	Stamp
	Communications int          `json:"communications" doc:"times that each agreement is communicated, by the charter"`
	Notices        []NoticeLine `json:"notices" doc:"the newest first"`
}

// A NoticeLine is one notice to the practices.
type NoticeLine struct {
	Ref          string            `json:"ref" doc:"what it is about"`
	Kind         domain.NoticeKind `json:"kind" enum:"agreement,delegation,appointment,commitment,departure"`
	On           domain.Day        `json:"on"`
	Text         string            `json:"text" doc:"in plain words"`
	Sent         int               `json:"sent" doc:"times that it went to all practices"`
	TooFew       bool              `json:"tooFew" doc:"an agreement that went out fewer times than the charter says"`
	Rounds       []SentLine        `json:"rounds"`
	Acknowledged int               `json:"acknowledged" doc:"practices that have seen it"`
	OfPractices  int               `json:"ofPractices"`
	By           []AcknowledgedBy  `json:"acknowledgedBy"`
	Index        uint64            `json:"index"`
}

// A SentLine is a notice having gone out.
type SentLine struct {
	How   string     `json:"how"`
	To    []Body     `json:"to" doc:"none: all practices"`
	By    Who        `json:"by"`
	On    domain.Day `json:"on"`
	Index uint64     `json:"index"`
}

// AcknowledgedBy is a practice having seen a notice.
type AcknowledgedBy struct {
	Practice Body       `json:"practice"`
	On       domain.Day `json:"on"`
	Index    uint64     `json:"index"`
}

// Questions is what practices asked or disagreed with, as it stands on a day
// (rule T2).
type Questions struct {
	Stamp
	Questions []QuestionLine `json:"questions" doc:"those that wait first, the oldest first"`
}

// A QuestionLine is a practice asking, or disagreeing.
type QuestionLine struct {
	Ref       string     `json:"ref"`
	Practice  Body       `json:"practice"`
	Words     string     `json:"words"`
	Disagrees bool       `json:"disagrees"`
	About     string     `json:"about,omitempty"`
	Asked     domain.Day `json:"asked"`
	Days      int        `json:"days" doc:"for which it waited, or has waited"`
	Waits     bool       `json:"waits"`
	Answer    string     `json:"answer,omitempty"`
	By        *Who       `json:"answeredBy,omitempty"`
	Answered  domain.Day `json:"answered,omitzero"`
	Index     uint64     `json:"index"`
}

// Notices answers for that day.
func (g *Group) Notices(at domain.Day) Notices {
	n := Notices{Stamp: g.stamp(at), Notices: []NoticeLine{}}
	if g.state.Next == 0 {
		return n
	}
	n.Communications = g.state.CharterOn(at).Charter.Communications
	notices := g.state.NoticesOn(at)
	for i := range notices {
		n.Notices = append(n.Notices, g.noticeLine(&notices[len(notices)-1-i], at))
	}
	return n
}

func (g *Group) noticeLine(n *domain.Notice, at domain.Day) NoticeLine {
	reach := g.state.ReachOn(n.Ref, at)
	l := NoticeLine{
		Ref: n.Ref, Kind: n.Kind, On: n.On, Text: g.noticeText(n, at), Sent: reach.Sent, TooFew: g.tooFew(n, reach.Sent, at), Rounds: []SentLine{},
		Acknowledged: reach.Acknowledged, OfPractices: reach.OfPractices, By: []AcknowledgedBy{}, Index: n.Index,
	}
	noticed := g.state.Noticed[n.Ref]
	if noticed == nil {
		return l
	}
	for _, sent := range noticed.Sent {
		if sent.On <= at {
			l.Rounds = append(l.Rounds, SentLine{sent.How, g.bodies(sent.Practices), g.who(sent.By), sent.On, sent.Index})
		}
	}
	for _, a := range noticed.Acknowledged {
		if a.On <= at {
			l.By = append(l.By, AcknowledgedBy{g.body(a.Practice), a.On, a.Index})
		}
	}
	return l
}

func (g *Group) tooFew(n *domain.Notice, sent int, at domain.Day) bool {
	return n.Kind == domain.OfAgreement && g.state.Proposals[n.Ref].BroughtIn == "" && g.state.AgreementHolds(n.Ref, at) &&
		sent < g.state.CharterOn(n.On).Charter.Communications
}

// noticeText says in plain words what was made.
func (g *Group) noticeText(n *domain.Notice, at domain.Day) string {
	s := g.state
	switch n.Kind {
	case domain.OfAgreement:
		p := s.Proposals[n.Ref]
		if p.SetAside != 0 && p.SetAside <= at {
			return firstUpper(s.ShortName) + " agreed: " + p.Title() + ". It was set aside on " + p.SetAside.Words() + "."
		}
		return firstUpper(s.ShortName) + " agreed: " + p.Title() + "."
	case domain.OfDelegation:
		d := s.Delegations[n.Ref]
		v := d.VersionOn(at)
		if v == nil {
			v = &d.Versions[0]
		}
		return firstUpper(g.delegate(d.To)) + " may " + list(g.powersWords(v.Powers)) + spanWords(v.Span) + g.endedWords(d.Ended, at)
	case domain.OfAppointment:
		a := s.Appointments[n.Ref]
		return g.office(a.Person) + " speaks for " + s.ShortName + " at " + g.forum(a.Forum) + spanWords(a.Versions[0].Span) + g.endedWords(a.Ended, at)
	case domain.OfCommitment:
		k := g.commitmentLine(s.Commitments[n.Ref], at)
		return k.Person.Office + " said at " + k.ForumName + ": " + strings.TrimSuffix(clip(k.Words), ".") + ". It is " + k.Text + "."
	case domain.OfDeparture:
		x := g.departureLine(s.Departures[n.Ref], at)
		return x.Text + " Its reason: " + clip(x.Reason)
	}
	return n.Ref
}

// noticeUpdated is when the notice was recorded, or the beginning of the day on
// which what it tells of ended, if that came later.
func (g *Group) noticeUpdated(n *domain.Notice, at domain.Day) time.Time {
	updated, ended := n.Recorded.UTC(), domain.Day(0)
	switch n.Kind {
	case domain.OfAgreement:
		ended = g.state.Proposals[n.Ref].SetAside
	case domain.OfDelegation:
		ended = g.state.Delegations[n.Ref].Ended
	case domain.OfAppointment:
		ended = g.state.Appointments[n.Ref].Ended
	}
	if start := ended.Start().UTC(); ended != 0 && ended <= at && start.After(updated) {
		return start
	}
	return updated
}

func (g *Group) endedWords(ended, at domain.Day) string {
	if ended == 0 || ended > at {
		return "."
	}
	return ". It ended on " + ended.Words() + "."
}

// Questions answers for that day.
func (g *Group) Questions(at domain.Day) Questions {
	q := Questions{g.stamp(at), []QuestionLine{}}
	for _, waits := range []bool{true, false} {
		for _, one := range byNumber(g.state.Questions) {
			if l := g.questionLine(one, at); one.Asked <= at && l.Waits == waits {
				q.Questions = append(q.Questions, l)
			}
		}
	}
	return q
}

func (g *Group) questionLine(q *domain.PracticeQuestion, at domain.Day) QuestionLine {
	l := QuestionLine{
		Ref: q.Number, Practice: g.body(q.Practice), Words: q.Words, Disagrees: q.Disagrees, About: q.About, Asked: q.Asked, Days: q.Age(at),
		Waits: q.Answered == 0 || at < q.Answered, Index: q.Index,
	}
	if !l.Waits {
		l.Answer, l.By, l.Answered = q.Answer, g.anyone(q.AnsweredBy), q.Answered
	}
	return l
}
