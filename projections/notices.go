package projections

import (
	"cmp"
	"slices"
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
func (g *asking) Notices(at domain.Day) Notices {
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

func (g *asking) noticeLine(n *domain.Notice, at domain.Day) NoticeLine {
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

func (g *asking) tooFew(n *domain.Notice, sent int, at domain.Day) bool {
	return n.Kind == domain.OfAgreement && g.state.Proposals[n.Ref].BroughtIn == "" && g.state.AgreementHolds(n.Ref, at) &&
		sent < g.state.CharterOn(n.On).Charter.Communications
}

// noticeText says in plain words what was made, as it was when it was made, and
// then what has become of it by that day: what a notice said once, it goes on saying.
func (g *asking) noticeText(n *domain.Notice, at domain.Day) string {
	s := g.state
	switch n.Kind {
	case domain.OfAgreement:
		p := s.Proposals[n.Ref]
		if p.SetAside != 0 && p.SetAside <= at {
			return domain.FirstUpper(s.ShortName) + " agreed: " + p.Title() + ". It was set aside on " + p.SetAside.Words() + "."
		}
		return domain.FirstUpper(s.ShortName) + " agreed: " + p.Title() + "."
	case domain.OfDelegation:
		d := s.Delegations[n.Ref]
		first := &d.Versions[0]
		text := domain.FirstUpper(g.delegate(d.To)) + " may " + domain.List(g.powersWords(first.Powers)) + first.Span.Words() + "."
		for _, change := range g.delegationChanges(d, at) {
			text += " " + change.say
		}
		return text + g.endedWords(d.Ended, at)
	case domain.OfAppointment:
		a := s.Appointments[n.Ref]
		text := g.office(a.Person) + " speaks for " + s.ShortName + " at " + g.forum(a.Forum) + a.Versions[0].Span.Words() + "."
		for _, change := range appointmentChanges(a, at) {
			text += " " + change.say
		}
		return text + g.endedWords(a.Ended, at)
	case domain.OfCommitment:
		k := g.commitmentLine(s.Commitments[n.Ref], at)
		said := k.Person.Office + " said at "
		if k.Reported && k.Confirmed == nil {
			said = "It was recorded that " + said
		}
		return said + k.ForumName + ": " + ended(k.Words) + " It is " + k.Text + "."
	case domain.OfDeparture:
		x := g.departureLine(s.Departures[n.Ref], at)
		return x.Text + " Its reason: " + clip(x.Reason)
	}
	return n.Ref
}

// A noticeChange is a change of what a notice told of: what it adds to the notice,
// from which day, and by which agreement.
type noticeChange struct {
	say string
	on  domain.Day
	by  string
}

// delegationChanges are those up to that day of what the delegation allows, or until
// when. A review that left it as it was is none.
func (g *asking) delegationChanges(d *domain.Delegation, at domain.Day) []noticeChange {
	var changes []noticeChange
	was := &d.Versions[0]
	for i := range d.Versions[1:] {
		v := &d.Versions[i+1]
		if v.From > at {
			continue
		}
		powers := domain.List(g.powersWords(v.Powers))
		if powers != domain.List(g.powersWords(was.Powers)) || v.Until != was.Until {
			changes = append(changes, noticeChange{"From " + v.From.Words() + ": " + powers + untilWords(v.Until) + ".", v.From, v.By()})
		}
		was = v
	}
	return changes
}

// appointmentChanges are those up to that day of what the representative may sign up
// to, who substitutes, or until when.
func appointmentChanges(a *domain.Appointment, at domain.Day) []noticeChange {
	var changes []noticeChange
	was := &a.Versions[0]
	for i := range a.Versions[1:] {
		v := &a.Versions[i+1]
		if v.From > at {
			continue
		}
		if !slices.Equal(linesWords(v.Lines), linesWords(was.Lines)) || !slices.Equal(v.Substitutes, was.Substitutes) || v.Until != was.Until {
			say := "The remit changed on " + v.From.Words()
			if v.Until != was.Until {
				say += ": it lasts" + cmp.Or(untilWords(v.Until), " without an end")
			}
			changes = append(changes, noticeChange{say + ".", v.From, v.By()})
		}
		was = v
	}
	return changes
}

// noticeUpdated is when the text of the notice became what it is on that day (RFC
// 4287, 4.2.15): when what it tells of was recorded, or changed, or ended. A change
// counts from its day, or from when it was recorded if that was later.
func (g *asking) noticeUpdated(n *domain.Notice, at domain.Day) time.Time {
	s, updated := g.state, n.Recorded.UTC()
	changed := func(on domain.Day, recorded time.Time) {
		if on != 0 && on <= at {
			updated = later(updated, later(on.Start(), recorded).UTC())
		}
	}
	agreed := func(on domain.Day, by string) {
		var recorded time.Time
		if p := s.Proposals[by]; p != nil {
			recorded = s.RecordedAt(p.Agreement)
		}
		changed(on, recorded)
	}
	switch n.Kind {
	case domain.OfAgreement:
		agreed(s.Proposals[n.Ref].SetAside, s.Proposals[n.Ref].SetAsideBy)
	case domain.OfDelegation:
		d := s.Delegations[n.Ref]
		for _, change := range g.delegationChanges(d, at) {
			agreed(change.on, change.by)
		}
		agreed(d.Ended, d.EndedBy)
	case domain.OfAppointment:
		a := s.Appointments[n.Ref]
		for _, change := range appointmentChanges(a, at) {
			agreed(change.on, change.by)
		}
		agreed(a.Ended, a.EndedBy)
	case domain.OfCommitment:
		k := g.commitmentLine(s.Commitments[n.Ref], at)
		switch {
		case k.Disputed != nil:
			changed(k.Disputed.On, s.RecordedAt(k.Disputed.Index))
		case k.Confirmed != nil:
			changed(k.Confirmed.On, s.RecordedAt(k.Confirmed.Index))
		case k.ConfirmBy != 0:
			changed(k.ConfirmBy.Add(1), time.Time{})
		}
		if o := s.Commitments[n.Ref].Outcome; k.Outcome != nil {
			agreed(o.On, o.Source)
		} else if k.Standing == domain.KLapsed {
			changed(k.RatifyBy.Add(1), time.Time{})
		}
	case domain.OfDeparture:
		if end := s.Departures[n.Ref].Resolved(at); end != nil {
			changed(end.On, s.RecordedAt(end.Index))
		}
	}
	return updated
}

func (g *asking) endedWords(ended, at domain.Day) string {
	if ended == 0 || ended > at {
		return ""
	}
	return " It ended on " + ended.Words() + "."
}

// Questions answers for that day.
func (g *asking) Questions(at domain.Day) Questions {
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

func (g *asking) questionLine(q *domain.PracticeQuestion, at domain.Day) QuestionLine {
	l := QuestionLine{
		Ref: q.Number, Practice: g.body(q.Practice), Words: q.Words, Disagrees: q.Disagrees, About: q.About, Asked: q.Asked, Days: q.Age(at),
		Waits: q.Answered == 0 || at < q.Answered, Index: q.Index,
	}
	if !l.Waits {
		l.Answer, l.By, l.Answered = q.Answer, g.anyone(q.AnsweredBy), q.Answered
	}
	return l
}
