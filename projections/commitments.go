package projections

import "goldenthread/domain"

// Commitments is what representatives said in meetings, as it stands on a day
// (rule R4).
type Commitments struct {
	Stamp
	Commitments []CommitmentLine `json:"commitments"`
}

// A CommitmentLine is one commitment.
type CommitmentLine struct {
	Ref              string                    `json:"ref"`
	Person           Who                       `json:"person"`
	Appointment      string                    `json:"appointment,omitempty"`
	Forum            string                    `json:"forum"`
	ForumName        string                    `json:"forumName"`
	Meeting          domain.Day                `json:"meeting" doc:"day of the meeting"`
	Matter           string                    `json:"matter"`
	Words            string                    `json:"words"`
	Amount           *domain.Pence             `json:"amountPence,omitempty"`
	Months           *int                      `json:"months,omitempty"`
	Given            domain.Given              `json:"given" enum:"outright,subject,view"`
	Standing         domain.CommitmentStanding `json:"standing" enum:"within,ad referendum,beyond,view,ratified,disavowed,lapsed,reported,disputed" doc:"on that day"`
	RecordedStanding domain.CommitmentStanding `json:"recordedStanding" enum:"within,ad referendum,beyond,view" doc:"when it was recorded; of what is reported, once it is confirmed"`
	Reported         bool                      `json:"reported,omitempty" doc:"somebody else than the representative recorded it"`
	ConfirmBy        domain.Day                `json:"confirmBy,omitzero" doc:"reported: last day for the representative to confirm it"`
	Confirmed        *ConfirmedLine            `json:"confirmed,omitempty" doc:"the representative's word that they said it"`
	Disputed         *DeniedLine               `json:"disputed,omitempty" doc:"the representative's word that they did not say it"`
	Verdict          domain.Verdict            `json:"verdict" doc:"of the check at the meeting"`
	Reasons          []domain.Reason           `json:"reasons" doc:"of that verdict"`
	Reason           string                    `json:"reason,omitempty" doc:"the representative's own"`
	JudgedAt         uint64                    `json:"judgedAt" doc:"number of events that were known at the end of the meeting's day"`
	Recorded         domain.Day                `json:"recorded"`
	RatifyBy         domain.Day                `json:"ratifyBy,omitzero" doc:"last day to ratify what waits for the group's word"`
	Text             string                    `json:"text" doc:"the standing in a sentence"`
	Outcome          *OutcomeLine              `json:"outcome,omitempty" doc:"the group's word on it"`
	Feedback         []FeedbackLine            `json:"feedback"`
	Index            uint64                    `json:"index"`
}

// Commitments answers for that day: what was said in meetings up to it.
func (g *business) Commitments(at domain.Day) Commitments {
	c := Commitments{g.stamp(at), []CommitmentLine{}}
	for _, k := range byNumber(g.state.Commitments) {
		if k.Meeting <= at {
			c.Commitments = append(c.Commitments, g.commitmentLine(k, at))
		}
	}
	return c
}

func (g *business) commitmentLine(k *domain.Commitment, at domain.Day) CommitmentLine {
	l := CommitmentLine{
		Ref: k.Number, Person: g.acting(k.Person, k.Meeting), Appointment: k.Appointment, Forum: k.Forum, ForumName: g.forum(k.Forum), Meeting: k.Meeting,
		Matter: k.Matter, Words: k.Words, Amount: k.Amount, Months: k.Months, Given: k.Given, Standing: g.state.CommitmentOn(k, at),
		RecordedStanding: k.Standing, Verdict: k.Verdict, Reasons: domain.OrEmpty(k.Reasons), Reason: k.Reason, JudgedAt: k.JudgedAt, Reported: k.Reported,
		Recorded: k.Recorded, Outcome: outcomeOn(k.Outcome, at), Feedback: g.feedbackOn(k.Number, at), Index: k.Index,
	}
	if c := k.Confirmed; c != nil && c.On <= at {
		l.Confirmed = &ConfirmedLine{g.acting(c.Person, c.On), c.On, c.Index}
	}
	if l.Disputed = g.deniedOn(k.Disputed, at); k.Reported && l.Confirmed == nil {
		l.ConfirmBy = g.state.ConfirmCommitmentBy(k)
	}
	if l.Disputed == nil && (k.Standing == domain.KAdReferendum || k.Standing == domain.KBeyond || l.ConfirmBy != 0) {
		l.RatifyBy = g.state.RatifyCommitmentBy(k)
	}
	l.Text = l.text(g.state.ShortName)
	return l
}

func (l *CommitmentLine) text(group string) string {
	text := l.RecordedStanding.Words(group)
	switch {
	case l.Disputed != nil:
		return "disputed: " + l.Person.Office + " said on " + l.Disputed.On.Words() + " that they did not say it" + after(": ", l.Disputed.Words)
	case l.Standing == domain.KReported:
		return "reported: it binds nobody, and is beyond after " + l.ConfirmBy.Words() + " unless " + l.Person.Office + " confirms it"
	case l.ConfirmBy != 0:
		text = "beyond: not confirmed by " + l.Person.Office
	case l.RecordedStanding == domain.KBeyond:
		text += after(": ", reasonsWords(l.Reasons))
	}
	switch l.Standing {
	case domain.KWithin, domain.KView, domain.KReported, domain.KDisputed:
	case domain.KAdReferendum, domain.KBeyond:
		text += "; lapses after " + l.RatifyBy.Words() + " unless ratified"
	case domain.KLapsed:
		text += "; lapsed after " + l.RatifyBy.Words()
	case domain.KRatified, domain.KDisavowed:
		text += "; " + l.Outcome.words()
	}
	return text
}
