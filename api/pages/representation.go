package pages

import (
	"net/url"
	"slices"

	"goldenthread/api/access"
	"goldenthread/api/guard"
	"goldenthread/api/problem"
	"goldenthread/api/web"
	"goldenthread/domain"
	"goldenthread/projections"
)

// Representation: forums, meetings, what was said in them, and the card of
// whoever speaks (rules R1–R7).

func representationPage(a *asked) (web.Body, error) {
	body := &web.Representation{Representation: a.Representation(a.At), Held: map[string][]domain.Held{}}
	for _, r := range body.Appointments {
		body.Held[r.Ref] = a.State().HeldSpans(r.Ref, a.At)
		if r.State == domain.InForce {
			a.offerSuspension(r.Ref, "It stops at once, until the others have settled it.")
		}
		a.offerFeedback(r.Ref)
	}
	for _, i := range body.Interests {
		if i.Until != 0 && i.Until < a.At {
			continue
		}
		a.offer(offered{id: "renew-" + i.Ref, command: &domain.RenewInterest{Interest: i.Ref}, given: []string{"interest"}, Sheet: web.Sheet{Button: "Declare " + i.Ref + " again", Class: "secondary"}})
		a.offer(offered{id: "end-" + i.Ref, command: &domain.EndInterest{Interest: i.Ref}, given: []string{"interest"}, Sheet: web.Sheet{Button: "End " + i.Ref, Class: "secondary"}})
	}
	var forums []web.Option
	for _, f := range body.Representation.Forums {
		if a.may(&domain.ScheduleMeeting{Forum: f.Forum}) {
			forums = append(forums, web.Option{Value: f.Forum, Words: f.Name})
		}
	}
	if forums != nil {
		a.offer(offered{id: "schedule", command: &domain.ScheduleMeeting{}, filtered: true, options: map[string][]web.Option{"forum": forums}, Sheet: web.Sheet{Button: "Record the meeting"}})
	}
	a.offer(offered{id: "forum", command: &domain.RegisterForum{}, Sheet: web.Sheet{Button: "Name it", Class: "secondary"}})
	a.offer(offered{id: "interest", command: &domain.DeclareInterest{}, without: []string{"from"}, Sheet: web.Sheet{Button: "Declare interest", Class: "secondary"}})
	a.offer(offered{id: "employer", command: &domain.DeclareEmployer{}, Sheet: web.Sheet{Button: "Record who employs you", Class: "secondary"}})
	return body, nil
}

// offerSuspension offers to suspend a power or an appointment.
func (a *offering) offerSuspension(ref, say string) {
	if a.seats() != nil {
		a.offer(offered{
			id: "suspend-" + ref, command: &domain.Suspend{What: ref}, given: []string{"what"}, filtered: true,
			Sheet: web.Sheet{Fold: "Suspend " + ref, FoldID: "suspending-" + ref, Say: []string{say}, Button: "Suspend it", Class: "warning"},
		})
	}
}

// offerFeedback offers to say how something went.
func (a *offering) offerFeedback(ref string) {
	a.offer(offered{
		id: "feedback-" + ref, command: &domain.GiveFeedback{On: ref}, given: []string{"on"},
		Sheet: web.Sheet{Fold: "Give feedback on " + ref, FoldID: "reviewing-" + ref, Class: "secondary"},
	})
}

func commitmentsPage(a *asked) (web.Body, error) {
	body := &web.Commitments{Commitments: a.Commitments(a.At)}
	for _, k := range body.Commitments.Commitments {
		a.offerCommitmentAnswer(&k)
		a.offerFeedback(k.Ref)
	}
	slices.Reverse(body.Commitments.Commitments)
	return body, nil
}

// offerCommitmentAnswer offers the representative to say whether they said it.
func (a *offering) offerCommitmentAnswer(k *projections.CommitmentLine) {
	if k.Standing == domain.KReported || k.Standing == domain.KBeyond && k.ConfirmBy != 0 {
		a.offerAnswer(k.Ref, k.Standing == domain.KReported, "Yes, I said this", commitmentRefusal)
	}
}

func meetingPage(a *asked) (web.Body, error) {
	forum, day := a.r.PathValue("forum"), a.r.PathValue("day")
	meetings := a.Representation(a.At).Meetings
	i := -1 // the one that takes place, where another of that day was cancelled
	for n, m := range meetings {
		if m.Forum == forum && m.On.String() == day && (i < 0 || m.Cancelled == 0) {
			i = n
		}
	}
	if on, err := domain.ParseDay(day); err == nil && i < 0 {
		if to := a.State().MovedTo(forum, on); to != 0 {
			return nil, &elsewhere{guard.GroupPages + url.PathEscape(a.r.PathValue("group")) + "/" + web.PlaceOf(forum+"/"+to.String())}
		}
	}
	if i < 0 {
		return nil, problem.NotFound("R5", "No meeting is recorded under this address.")
	}
	body := &web.Meeting{MeetingLine: meetings[i]}
	for _, k := range a.Commitments(a.At).Commitments {
		if k.Forum == forum && k.Meeting == body.On {
			body.Said = append(body.Said, k)
			a.offerCommitmentAnswer(&k)
		}
	}
	if body.Cancelled == 0 {
		a.offerMeeting(&body.MeetingLine)
	}
	return body, nil
}

// offerMeeting offers what can be recorded of a meeting as it stands.
func (a *offering) offerMeeting(m *projections.MeetingLine) {
	begun := m.On <= a.At
	if begun {
		a.offer(offered{
			id: "commit", command: &domain.RecordCommitment{Forum: m.Forum, Meeting: m.On}, without: []string{"openEnded", "consulted"},
			Sheet: web.Sheet{Fold: "Record what was said", FoldID: "committing", Say: []string{"Record it as it was said. Where it stands is worked out for you, on what was known at the meeting."}},
		})
	}
	if m.Reported == 0 {
		a.offer(offered{
			id: "brief", command: &domain.BriefMeeting{Forum: m.Forum, On: m.On, Words: m.Brief},
			Sheet: web.Sheet{Fold: "Brief whoever goes", FoldID: "briefing", Button: "Record the brief", Class: "secondary"},
		})
	}
	if m.Reported == 0 && begun {
		a.offer(offered{
			id: "report", command: &domain.ReportMeeting{Forum: m.Forum, On: m.On},
			Sheet: web.Sheet{Fold: "Report back", FoldID: "reporting", Button: "Record the report"},
		})
	}
	if m.Reported == 0 && len(m.Commitments) == 0 {
		a.offer(offered{
			id: "move", command: &domain.MoveMeeting{Forum: m.Forum, On: m.On},
			Sheet: web.Sheet{
				Fold: "Move this meeting", FoldID: "moving", Button: "Move meeting", Class: "secondary",
				Say: []string{"The agenda, the brief and the papers go with it, and calendars change. The report is due after the new day."},
			},
		})
		a.offer(offered{
			id: "cancel", command: &domain.CancelMeeting{Forum: m.Forum, On: m.On},
			Sheet: web.Sheet{
				Fold: "Cancel this meeting", FoldID: "cancelling", Button: "Cancel meeting", Class: "warning",
				Say: []string{"Calendars show it as cancelled. No report will be due, and nothing can be recorded as said in it. You can put it in the diary again."},
			},
		})
	}
}

// cardPage is what a representative takes along: on every matter known, what the
// check answers if no sum is named.
func cardPage(a *asked) (web.Body, error) {
	if a.me == nil {
		return nil, problem.NotFound("R1", "A card is somebody's who speaks for the group.")
	}
	m, err := access.OrRefused(a.Mandate("", a.At))
	if err != nil {
		return nil, err
	}
	home := web.Home{Register: a.Register(a.At)}
	body := &web.Card{Person: a.me.Office, Correct: a.Known, Gatekeepers: home.Duties("gatekeeper"), Coverage: domain.Clause(m.Say), Back: web.TakenBack(a.State().SayTakenBack(), a.State().ShortName)}
	if a.Live {
		body.Correct = a.server.ledgers.Clock()
	}
	for _, r := range a.Representation(a.At).Appointments {
		if !a.isOwn(&r) {
			continue
		}
		c := web.CardAppointment{AppointmentLine: r, Proof: a.proofOf(r.History)}
		lines, err := access.OrRefused(a.State().Card(a.me.ID, r.Forum, a.At))
		if err != nil {
			return nil, err
		}
		for _, l := range lines {
			c.Answers = append(c.Answers, web.CardAnswer{Matter: l.Matter, Check: web.Check{Answer: l.Answer, Group: a.State().ShortName}})
		}
		body.Appointments = append(body.Appointments, c)
	}
	return body, nil
}

// proofOf is the picture that proves the appointment as it stands on that day;
// nil where the person may not read the ledger, or it is not signed yet.
func (a *offering) proofOf(history []projections.AppointmentHistory) *web.CardProof {
	l, err := a.server.store.Log(a.r.PathValue("group"))
	if err != nil || !a.sees(access.Everything) {
		return nil
	}
	var index uint64
	for _, h := range history {
		if h.From <= a.At {
			index = h.Index
		}
	}
	if index == 0 || int64(index) >= l.Tree().N {
		return nil
	}
	_, proof, err := l.Proof(int64(index))
	if err != nil {
		a.server.log.Warn("the card's proof could not be made", "error", err)
		return nil
	}
	return web.NewCardProof(index, proof)
}
