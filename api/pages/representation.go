package pages

import (
	"net/url"
	"slices"
	"strings"

	"goldenthread/api/access"
	"goldenthread/api/guard"
	"goldenthread/api/problem"
	"goldenthread/api/web"
	"goldenthread/domain"
	"goldenthread/projections"
)

// Representation: forums, meetings, what was said in them, and the card of
// whoever speaks (rules R1–R7).

var representationForms = map[string]reading{
	"suspend":       readSuspend,
	"give-feedback": readFeedback,
	"schedule-meeting": func(f *filling) domain.Command {
		return &domain.ScheduleMeeting{Forum: f.words("forum"), On: f.day("on"), At: f.words("at"), Agenda: f.agenda("agenda")}
	},
	"register-forum": func(f *filling) domain.Command {
		return &domain.RegisterForum{Forum: f.words("forum"), Name: f.words("name"), Body: f.words("body")}
	},
	"declare-interest": func(f *filling) domain.Command {
		return &domain.DeclareInterest{Kind: domain.InterestKind(f.words("kind")), Matters: []string{f.words("matter")}, Words: f.words("words"), Span: domain.Span{Until: f.day("until")}}
	},
	"renew-interest": func(f *filling) domain.Command {
		return &domain.RenewInterest{Interest: f.words("interest"), Words: f.words("words")}
	},
	"end-interest": func(f *filling) domain.Command {
		return &domain.EndInterest{Interest: f.words("interest"), Until: f.day("until"), Words: f.words("words")}
	},
}

var commitmentForms = map[string]reading{"give-feedback": readFeedback}

var meetingForms = map[string]reading{
	"record-commitment": func(f *filling) domain.Command {
		return &domain.RecordCommitment{
			Person: f.words("person"), Forum: f.path("forum"), Meeting: f.meetingDay(), Matter: f.words("matter"), Words: f.words("words"),
			Amount: f.pounds("amount"), Months: f.months("months"), Given: domain.Given(f.words("given")), Reason: f.words("reason"),
		}
	},
	"move-meeting": func(f *filling) domain.Command {
		return &domain.MoveMeeting{Forum: f.path("forum"), On: f.meetingDay(), To: f.day("to"), At: f.words("at"), Reason: f.words("reason")}
	},
	"cancel-meeting": func(f *filling) domain.Command {
		return &domain.CancelMeeting{Forum: f.path("forum"), On: f.meetingDay(), Reason: f.words("reason")}
	},
	"brief-meeting": func(f *filling) domain.Command {
		return &domain.BriefMeeting{Forum: f.path("forum"), On: f.meetingDay(), Words: f.words("words")}
	},
	"report-meeting": readReport,
}

func readReport(f *filling) domain.Command {
	c := &domain.ReportMeeting{Forum: f.path("forum"), On: f.meetingDay(), Happened: f.words("happened"), Agreed: f.words("agreed"), Present: f.chosen("present")}
	if what := f.words("action"); what != "" {
		c.Actions = []domain.ActionRaised{{What: what, Owner: f.words("owner"), Supporter: f.words("supporter"), Due: f.day("due")}}
	}
	return c
}

// meetingDay is the day in the page's address.
func (f *filling) meetingDay() domain.Day {
	d, err := domain.ParseDay(f.path("day"))
	if err != nil {
		f.refuse(access.NotDay(f.path("day"), err, "2026-03-09"))
	}
	return d
}

// agenda reads an item on each line, with a matter in front if there is one.
func (f *filling) agenda(name string) []domain.AgendaItem {
	var items []domain.AgendaItem
	for _, line := range f.lines(name) {
		matter, title, named := strings.Cut(line, ": ")
		if !named || strings.ContainsAny(matter, " ,.") || strings.ToLower(matter) != matter {
			matter, title = "", line
		}
		items = append(items, domain.AgendaItem{Matter: matter, Title: title})
	}
	return items
}

func representationPage(a *asked) (web.Body, error) {
	body := &web.Representation{Representation: a.Representation(a.At), Seats: a.seats(), Matters: a.matters()}
	if !a.today() || a.me == nil {
		return body, nil
	}
	body.Declares, body.Own, body.Feedback = a.may(&domain.DeclareInterest{}), map[string]bool{}, map[string]bool{}
	for _, i := range body.Interests {
		body.Own[i.Ref] = (i.Until == 0 || i.Until >= a.At) && a.may(&domain.RenewInterest{Interest: i.Ref})
	}
	for _, r := range body.Appointments {
		body.Feedback[r.Ref] = a.may(&domain.GiveFeedback{On: r.Ref})
	}
	if a.may(&domain.RegisterForum{}) {
		body.Bodies, _ = a.parties()
	}
	for _, f := range body.Representation.Forums {
		if a.may(&domain.ScheduleMeeting{Forum: f.Forum}) {
			body.Forums = append(body.Forums, web.Option{Value: f.Forum, Words: f.Name})
		}
	}
	return body, nil
}

func commitmentsPage(a *asked) (web.Body, error) {
	body := &web.Commitments{Commitments: a.Commitments(a.At), Feedback: map[string]bool{}}
	for _, k := range body.Commitments.Commitments {
		body.Feedback[k.Ref] = a.may(&domain.GiveFeedback{On: k.Ref})
	}
	slices.Reverse(body.Commitments.Commitments)
	return body, nil
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
	body := &web.Meeting{MeetingLine: meetings[i], Begun: meetings[i].On <= a.At}
	for _, k := range a.Commitments(a.At).Commitments {
		if k.Forum == forum && k.Meeting == body.On {
			body.Said = append(body.Said, k)
		}
	}
	if a.today() && a.me != nil {
		here := body.Cancelled == 0
		body.Attends = here && a.may(&domain.BriefMeeting{Forum: forum, On: body.On})
		body.Says = here && body.Begun && a.may(&domain.RecordCommitment{Forum: forum, Meeting: body.On})
		body.Moves = here && body.Reported == 0 && len(body.MeetingLine.Commitments) == 0 && a.may(&domain.MoveMeeting{Forum: forum, On: body.On})
		body.People, body.Matters = web.PeopleOptions(a.People(a.At).People), a.matters()
	}
	return body, nil
}

func workListPage(a *asked) (web.Body, error) { return &web.WorkList{WorkList: a.WorkList(a.At)}, nil }

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
	body := &web.Card{Person: a.me.Office, Correct: a.Known, Gatekeepers: home.Duties("gatekeeper"), Coverage: strings.TrimSuffix(m.Say, ".")}
	if a.Live {
		body.Correct = a.server.ledgers.Clock()
	}
	for _, r := range a.Representation(a.At).Appointments {
		substitute := slices.ContainsFunc(r.Substitutes, func(w projections.Who) bool { return w.Handle == a.me.Handle })
		if (r.Person.Handle != a.me.Handle && !substitute) || r.State == domain.Ended || r.State == domain.Expired {
			continue
		}
		c := web.CardAppointment{AppointmentLine: r, Proof: a.proofOf(r.History)}
		lines, err := access.OrRefused(a.State().Card(a.me.ID, r.Forum, a.At))
		if err != nil {
			return nil, err
		}
		for _, l := range lines {
			c.Answers = append(c.Answers, web.CardAnswer{Matter: l.Matter, Check: web.Check{Answer: l.Answer}})
		}
		body.Appointments = append(body.Appointments, c)
	}
	return body, nil
}

// proofOf is the picture that proves the appointment as it stands on that day;
// nil where the person may not read the ledger, or it is not signed yet.
func (a *asked) proofOf(history []projections.AppointmentHistory) *web.CardProof {
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
