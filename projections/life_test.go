package projections

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/domain"
)

// gate has the system ask two members about weekend vaccination: A1 and A2.
func (b *table) gate() *table {
	b.on("2026-04-07")
	b.do("cd-north", &domain.RecordApproach{From: "ICB", What: "Will North vaccinate at weekends?", Matter: "access"})
	b.do("cd-north", &domain.RedirectApproach{Approach: "A1", To: "cd-south"})
	b.on("2026-04-08")
	b.do("cd-south", &domain.DisposeOfApproach{Approach: "A1", Disposition: domain.ForMessage})
	b.do("cd-south", &domain.AnswerApproach{Approach: "A1", Saying: domain.Saying{Reply: domain.ReplyThroughGroup, Words: "Through the board."}})
	b.on("2026-04-10")
	b.do("lead-fed", &domain.RecordApproach{From: "ICB", What: "Can you vaccinate at weekends?", Matter: "access", Told: &domain.Saying{Reply: domain.ReplyYes, Words: "Yes."}})
	b.do("manager", &domain.ReportSideConversation{With: "ICB", Who: "P00001", What: "Cars"})
	return b
}

func TestApproaches(t *testing.T) {
	b := sit(t).found().gate()
	a := b.fold().Approaches(day("2026-04-10"))
	require.Equal(t, []Who{{Handle: "cd-south", Office: "Clinical Director, South PCN"}}, a.Gatekeepers)
	require.Equal(t, 2, a.Most)
	require.Len(t, a.Side, 1)
	require.Len(t, a.Approaches, 2)
	require.Equal(t, domain.Answered, a.Approaches[0].State)
	require.Equal(t, domain.ToRedirect, a.Approaches[1].State)
	require.Equal(t, []string{"A1"}, a.Approaches[1].MayBeSame)
	require.False(t, a.Approaches[1].Inconsistent)

	b.do("manager", &domain.LinkApproaches{Approach: "A2", With: "A1"})
	linked := b.fold().Approaches(day("2026-04-10")).Approaches
	require.True(t, linked[0].Inconsistent)
	require.Equal(t, []string{"A2"}, linked[0].SameQuestion)
	require.Equal(t, "Lead, Trafford Federation said yes (A2) and the answer of record to A1 is through the group.", linked[1].Differs)

	early := b.fold().Approaches(day("2026-04-07"))
	require.Len(t, early.Approaches, 1)
	require.Equal(t, domain.AtTheGate, early.Approaches[0].State)
	require.False(t, early.Approaches[0].Inconsistent)
	require.Empty(t, b.foldUntil(day("2026-04-06").End()).Approaches(day("2026-04-10")).Approaches)
}

// prioritise lists two priorities, asks all practices, of which three answer,
// and has one adopted, with an action.
func (b *table) prioritise() *table {
	b.on("2026-05-04")
	b.do("cd-north", &domain.ListPriority{Title: "Phones", Kind: domain.JointWorking, Meaning: "Fewer queues at eight."})
	b.do("cd-south", &domain.ListPriority{Title: "Letters", Kind: domain.Influence, Meaning: "A letter on the day."})
	b.do("manager", &domain.AskPractices{Priorities: []string{"Y1", "Y2"}, By: day("2026-05-15")})
	answer := func(practice string, choices ...string) {
		b.do("manager", &domain.AnswerPriorities{Round: "W1", Practice: practice, Choices: choices, Evidence: "form"})
	}
	answer("P00001", "Y1")
	answer("P00001", "Y2", "Y1")
	answer("P00002", "Y2")
	answer("P00003")
	b.on("2026-05-19")
	b.agree("Priorities", "access", domain.Instrument{AdoptPriorities: &domain.AdoptPriorities{Round: "W1", Priorities: []domain.AdoptPriority{
		{Priority: "Y2", Actions: []domain.ActionEntry{{What: "Write to the hospital", Owner: "chair-lmc", Supporter: "manager", Due: day("2026-06-30")}}},
	}}})
	return b
}

func TestPrioritiesAndActions(t *testing.T) {
	b := sit(t).found().prioritise()
	b.on("2026-07-01").do("chair-lmc", &domain.ProgressAction{Action: "T1", Words: "Half a letter."})
	b.on("2026-07-02").do("manager", &domain.EndAction{Action: "T1", How: domain.ActionDone})
	g := b.fold()

	p := g.Priorities(day("2026-05-19"))
	require.Len(t, p.LongList, 2)
	require.Equal(t, "Letters; 3 of 4 practices took part.", p.Adopted.Say)
	require.Equal(t, []int{3, 4}, []int{p.Adopted.TookPart, p.Adopted.OfPractices})
	require.Equal(t, []ChosenLine{{"Y1", 1, 0}, {"Y2", 2, 2}}, p.Rounds[0].Chosen)
	require.Len(t, p.Rounds[0].Answers, 4)
	require.False(t, p.Rounds[0].Answers[0].Counts)
	require.True(t, p.Rounds[0].Answers[1].Counts)
	require.Equal(t, []Body{{"P00004", "Riddings Family Health Centre"}}, p.Rounds[0].NotHeard)
	require.Equal(t, "T1", p.LongList[1].Actions[0].Ref)
	require.Nil(t, g.Priorities(day("2026-05-18")).Adopted)
	require.Empty(t, b.foldUntil(day("2026-05-03").End()).Priorities(day("2026-05-19")).LongList)

	proposal, r := g.Proposal("P1", day("2026-05-19"))
	require.Nil(t, r)
	require.Equal(t, "Priorities: Letters; 3 of 4 practices took part", proposal.Enacted[0].Text)

	state := func(at string) domain.ActionState { return g.Actions(day(at)).Actions[0].State }
	require.Empty(t, g.Actions(day("2026-05-18")).Actions)
	require.Equal(t, domain.ActionOpen, state("2026-06-30"))
	require.Equal(t, domain.ActionOverdue, state("2026-07-01"))
	require.Equal(t, domain.ActionIsDone, state("2026-07-02"))
	require.Equal(t, "Half a letter.", g.Actions(day("2026-07-01")).Actions[0].Progress[0].Words)
}

func TestDepartures(t *testing.T) {
	b := sit(t).found().mandates()
	b.on("2026-05-05").agree("Weekends", "access")
	b.on("2026-08-03").do("cd-north", &domain.Depart{Organisation: "U00002", Agreement: "P1", Reason: "Promised elsewhere."})
	before := b.fold()
	b.on("2026-08-10").do("chair-lmc", &domain.AnswerDeparture{Departure: "X1", Words: "We take it over."})
	b.on("2026-10-05").do("cd-north", &domain.ResolveDeparture{Departure: "X1", How: domain.Returned})
	g := b.fold()

	away := g.Departures(day("2026-09-01"))
	require.True(t, away.Departures[0].Away)
	require.Equal(t, "We take it over.", away.Departures[0].Answers[0].Words)
	require.Equal(t, "North PCN has gone its own way on P1 since 3 August 2026.", away.Departures[0].Text)
	require.Equal(t, "3 of 4 organisations at the table and 3 of 3 practices stand by it.", away.Alignment[0].Say)
	require.Contains(t, away.Say, "enforces nothing")

	back := g.Departures(day("2026-10-05"))
	require.Equal(t, "North PCN went its own way on P1 from 3 August 2026 and returned on 5 October 2026.", back.Departures[0].Text)
	require.Equal(t, 4, back.Alignment[0].Seats)
	require.Equal(t, 3, before.Departures(day("2026-10-05")).Alignment[0].Seats, "as known in August")
	require.Empty(t, g.Departures(day("2026-08-02")).Departures)

	for _, at := range []string{"2026-08-02", "2026-09-01", "2026-10-05"} {
		m, r := g.Mandate("access", day(at))
		require.Nil(t, r)
		require.Equal(t, 3, m.Practices, "coverage on %s", at)
	}
}

// thread communicates P1, which two of four practices acknowledge, and has
// Village Surgery ask and disagree.
func (b *table) thread() *table {
	b.on("2026-06-01")
	b.do("manager", &domain.Communicate{About: []string{"P1", "D1"}, How: "by newsletter"})
	b.on("2026-06-08")
	b.do("manager", &domain.Communicate{About: []string{"P1"}, How: "by letter", Practices: []string{"P00002"}})
	b.do("manager", &domain.Acknowledge{About: "P1", Practices: []string{"P00001", "P00002"}, Evidence: "read receipts"})
	b.on("2026-06-15")
	b.do("manager", &domain.AskGroup{Practice: "P00002", Words: "What was the £20,000 for?", About: "D1", Evidence: "email"})
	b.do("manager", &domain.AskGroup{Practice: "P00002", Words: "No executive.", Disagrees: true, About: "P1", Evidence: "email"})
	b.on("2026-06-18")
	b.do("chair-lmc", &domain.AnswerQuestion{Question: "Q1", Words: "For a scheme."})
	return b
}

func TestNoticesAndQuestions(t *testing.T) {
	g := sit(t).found().mandates().delegate().thread().fold()

	n := g.Notices(day("2026-06-18"))
	require.Equal(t, 2, n.Communications)
	require.Len(t, n.Notices, 2)
	p1 := n.Notices[1]
	require.Equal(t, "The board agreed: An executive.", p1.Text)
	require.Equal(t, []int{1, 2, 4}, []int{p1.Sent, p1.Acknowledged, p1.OfPractices})
	require.True(t, p1.TooFew)
	require.Len(t, p1.Rounds, 2)
	require.Equal(t, "P00001", p1.By[0].Practice.Code)
	require.Contains(t, n.Notices[0].Text, "The executive may commit on contracts, local schemes")
	early := g.Notices(day("2026-06-07")).Notices[1]
	require.Equal(t, []int{1, 0}, []int{early.Sent, early.Acknowledged})
	require.Empty(t, g.Notices(day("2026-01-26")).Notices)

	q := g.Questions(day("2026-06-20")).Questions
	require.Equal(t, []string{"Q2", "Q1"}, []string{q[0].Ref, q[1].Ref}, "those that wait first")
	require.Equal(t, 5, q[0].Days)
	require.True(t, q[0].Disagrees)
	require.Equal(t, 3, q[1].Days)
	require.Equal(t, "For a scheme.", q[1].Answer)
	require.Empty(t, g.Questions(day("2026-06-17")).Questions[0].Answer)
}

// T0: under 200 words at the top, whatever the group is called.
func TestPracticePage(t *testing.T) {
	b := sit(t).found().mandates().delegate().represent().thread()
	b.do("cd-north", &domain.Depart{Organisation: "U00002", Agreement: "P1", Reason: "No."})
	g := b.fold()
	page := func(code, at string) PracticePage {
		p, r := g.Practice(code, day(at))
		require.Nil(t, r)
		top := p.Top.Who + " " + p.Top.May + " " + p.Top.MayNot + " " + p.Top.SayNo
		require.Equal(t, len(strings.Fields(top)), p.Top.Words)
		require.Less(t, p.Top.Words, 200, top)
		return p
	}
	village := page("P00002", "2026-06-18")
	require.True(t, village.Inside)
	require.Equal(t, "Trafford GP Board is how the practices of Trafford agree things together. 4 organisations sit at its table. It decides by consensus and never votes. Chair: Chair, Trafford LMC.", village.Top.Who)
	require.Equal(t, "Your practice gave it a mandate until 31 December 2026. So it may agree, in your name, on access, workforce, estates, contracts and communications. "+
		"Between meetings its executive may act, within limits that all agreed. 1 representative can speak for you in system meetings.", village.Top.May)
	require.Contains(t, village.Top.MayNot, "hands none of these on: charter; membership; delegation; and contracts, core.")
	require.Contains(t, village.Top.SayNo, "tell South PCN, whose block stops any agreement")
	require.Contains(t, village.Top.SayNo, "28 days' notice")
	require.Len(t, village.Questions, 2)
	require.Empty(t, village.Departures)
	var p1 PracticeNotice
	for _, n := range village.Notices {
		if n.Ref == "P1" {
			p1 = n
		}
	}
	require.Equal(t, []any{2, day("2026-06-08"), "It binds you in honour. It does not change your contract."}, []any{p1.Sent, p1.Acknowledged, p1.Binds})

	canal := page("P00003", "2026-06-18")
	require.Equal(t, "North PCN", canal.Via.Name)
	require.Len(t, canal.Departures, 1, "of its PCN")
	riddings := page("P00004", "2026-06-18")
	require.False(t, riddings.Inside)
	require.Contains(t, riddings.Top.May, "nothing is agreed in your name")
	require.Contains(t, riddings.Notices[len(riddings.Notices)-1].Binds, "does not bind you")
	require.Contains(t, page("P00001", "2026-01-11").Top.May, "still forming")
	for _, no := range []string{"U00001", "", "nobody"} {
		_, r := g.Practice(no, day("2026-06-18"))
		require.Equal(t, "T0", r.Rule)
	}

	long := strings.TrimSpace(strings.Repeat("x ", 100))
	c := sit(t).found().mandates().delegate().represent()
	s := c.fold()
	s.state.Name, s.state.PlaceName = long, long
	for _, p := range s.state.People {
		p.Office = long
	}
	for _, o := range s.state.Organisations {
		o.Name = long
	}
	for range 200 {
		s.state.Charters[0].Charter.Matters = append(s.state.Charters[0].Charter.Matters, "matter")
		s.state.Charters[0].Charter.Reserved = append(s.state.Charters[0].Charter.Reserved, "reserved")
	}
	for _, code := range []string{"P00001", "P00003", "P00004"} {
		p, r := s.Practice(code, day("2026-06-18"))
		require.Nil(t, r)
		require.Less(t, p.Top.Words, 200)
	}
}

func TestAgenda(t *testing.T) {
	b := sit(t).found().mandates().delegate()
	b.on("2026-06-01").do("lead-fed", &domain.SetAgenda{On: day("2026-06-02"), At: "14:00", Items: []domain.GroupAgendaItem{{Title: "Review", About: "D1"}}})
	b.on("2026-06-02").do("manager", &domain.RecordGroupMeeting{On: day("2026-06-02"), Present: []string{"chair-lmc", "deputy-north"}, Actions: []domain.MeetingAction{{ActionRaised: domain.ActionRaised{What: "Write", Owner: "manager", Supporter: "cd-south"}, Item: 1}}})
	g := b.fold()
	a := g.Agenda(day("2026-06-02"))
	require.Equal(t, "chair-lmc", a.Chair.Handle)
	require.True(t, a.RunBySystem, "the ICB employs the manager")
	require.Equal(t, []string{"The manager, Manager, Trafford GP Board, comes from Greater Manchester ICB."}, a.Flags)
	m := a.Meetings[0]
	require.True(t, m.Held)
	require.Equal(t, []Body{{"LMC", "Trafford LMC"}, {"U00002", "North PCN"}}, m.Seats)
	require.Equal(t, []Body{{"FED", "Trafford Federation"}, {"U00001", "South PCN"}}, m.Absent)
	require.Equal(t, day("2026-06-30"), m.Actions[0].Due, "the days for settling, from the meeting")
	require.False(t, g.Agenda(day("2026-06-01")).Meetings[0].Held)
	require.Empty(t, g.Agenda(day("2026-05-31")).Meetings)
	var kinds []string
	for _, s := range a.Suggestions {
		kinds = append(kinds, string(s.Kind)+" "+s.About)
	}
	require.Contains(t, kinds, "review D1")
	require.Contains(t, kinds, "overdue P1")
}

// The minutes of a meeting list what was decided since the one before, also what
// was recorded late, and what belongs to each item (rules T3, R7).
func TestMinutesBetweenMeetings(t *testing.T) {
	b := sit(t).found().mandates().delegate()
	meets := func(on string, items ...domain.GroupAgendaItem) {
		b.on(on).do("manager", &domain.SetAgenda{On: day(on), Items: items})
		b.do("manager", &domain.RecordGroupMeeting{On: day(on), Present: []string{"chair-lmc"}})
	}
	meets("2026-02-01", domain.GroupAgendaItem{Title: "First"})
	b.on("2026-02-03").agree("Between", "access")
	b.on("2026-02-05").do("chair-lmc", &domain.RaiseProposal{Title: "Never", Text: "Never.", Matter: "access"})
	b.on("2026-03-02").exercise(10_000_00)
	b.on("2026-03-10").do("cd-south", &domain.DeclareInterest{Kind: domain.MoneyInterest, Matters: []string{"access"}, Words: "We run it."})
	b.on("2026-03-10").do("manager", &domain.SetAgenda{On: day("2026-03-10"), Items: []domain.GroupAgendaItem{{Title: "Hours", Matter: "access/hours"}, {Title: "Rest"}}})
	b.do("manager", &domain.RecordGroupMeeting{
		On: day("2026-03-10"), Present: []string{"chair-lmc", "deputy-north"}, Apologies: []string{"cd-south"}, InAttendance: []domain.Attendance{{Person: "manager", For: "ICB"}},
		Items: []domain.ItemMinute{{Item: 1, Note: "Much.", Decisions: []domain.ItemDecision{{Words: "To wait.", Ref: "P1"}}}},
	})
	minutes, refusal := b.fold().Minutes(day("2026-03-10"), day("2026-03-10"))
	require.Nil(t, refusal)
	said := minutes.Markdown()
	require.Contains(t, said, "In attendance: Manager, Trafford GP Board (for Greater Manchester ICB).")
	require.Contains(t, said, "Apologies: Clinical Director, South PCN.")
	require.Contains(t, said, "1. Hours.\n\n   - Interest: Clinical Director, South PCN, money: We run it.\n\n  > Much.\n\n   - Decided: To wait (P1).\n\n2. Rest.")
	between := func(g *Group, on string) (refs []string) {
		for _, m := range g.Agenda(domain.DayOf(b.now)).Meetings {
			if m.On == day(on) {
				for _, l := range m.Between {
					refs = append(refs, l.Ref+" "+l.On.String())
				}
			}
		}
		return refs
	}
	require.Equal(t, []string{"P2 2026-02-03", "E1 2026-03-02"}, between(b.fold(), "2026-03-10"))
	require.Contains(t, said, "- 3 February 2026: P2, Between, was agreed.")
	require.Contains(t, said, "decided E1 under D1: a scheme, £10,000, 12 months; now within")

	// What was recorded only after a meeting, for a day before it, belongs to the next one too.
	meets("2026-03-16", domain.GroupAgendaItem{Title: "Short"})
	b.on("2026-03-20").do("lead-fed", &domain.RecordExercise{Delegation: "D1", Matter: "contracts/local-schemes", What: "late", Amount: 1_00, Months: 1, Acting: []string{"chair-lmc", "lead-fed"}, On: day("2026-03-12")})
	require.Contains(t, b.fold().exerciseLine(b.fold().state.Exercises["E2"], day("2026-03-20")).Text, "not confirmed by Chair, Trafford LMC; binds nobody, and lapses after 27 March 2026 unless they confirm it")
	meets("2026-04-10", domain.GroupAgendaItem{Title: "After"})
	require.Equal(t, []string{"E2 2026-03-12", "P3 2026-04-06"}, between(b.fold(), "2026-04-10"), "P3 lapsed on its closing day")
	require.Equal(t, []string{"E2 2026-03-12"}, between(b.fold(), "2026-03-16"), "as it is known now")
	require.Empty(t, between(b.foldUntil(day("2026-03-16").End()), "2026-03-16"))
}

// What was tried to work a block through stands on the proposal as it was on each
// day, its closing day too, and is said in the audit trail (rules C13, C15).
func TestWorkingThrough(t *testing.T) {
	b := sit(t).found().mandates().delegate()
	b.on("2026-02-02").do("chair-lmc", &domain.RaiseProposal{Title: "Saturdays", Text: "All of them.", Matter: "access"})
	b.on("2026-02-03").do("cd-north", &domain.RaiseObjection{Proposal: "P2", Version: 1, Grade: domain.Block, Why: "Staff", WouldResolve: "Staff"})
	b.on("2026-02-04").do("chair-lmc", &domain.NameFacilitator{Proposal: "P2", Person: "manager"})
	b.on("2026-02-08").do("manager", &domain.RecordConversation{Proposal: "P2", On: day("2026-02-06"), With: []string{"cd-north"}, Learnt: "A pilot."})
	b.on("2026-02-10").do("chair-lmc", &domain.AskPutOff{Proposal: "P2", Closes: day("2026-04-20"), Words: "A pilot."})
	b.on("2026-02-11").do("chair-lmc", &domain.AskPutOff{Proposal: "P2", Closes: day("2026-05-01")})
	b.on("2026-02-12").do("cd-north", &domain.AgreePutOff{Proposal: "P2"})
	b.on("2026-05-01").do("manager", &domain.Correct{Index: 0, Words: "It was later."})
	g := b.fold()
	on := func(d string) Proposal {
		p, refusal := g.Proposal("P2", day(d))
		require.Nil(t, refusal)
		return p
	}
	require.Equal(t, Working{Parties: []Body{}, Facilitators: []FacilitatorLine{}, Conversations: []ConversationLine{}}, on("2026-02-02").Working)
	p := on("2026-02-07")
	require.Equal(t, []Body{{"LMC", "Trafford LMC"}, {"U00002", "North PCN"}}, p.Working.Parties)
	require.Equal(t, "manager", p.Working.Facilitators[0].Person.Handle)
	require.Equal(t, "Greater Manchester ICB", p.Working.Facilitators[0].From.Name)
	require.Empty(t, p.Working.Conversations, "it was recorded on the 8th")
	p = on("2026-02-10")
	require.Equal(t, day("2026-04-03"), p.Closes)
	require.Equal(t, day("2026-04-20"), p.Working.Asked.Closes)
	require.Equal(t, []Body{{"U00002", "North PCN"}}, p.Working.Asked.WaitsFor)
	require.Equal(t, day("2026-05-01"), on("2026-02-11").Working.Asked.Closes)
	p = on("2026-02-12")
	require.Nil(t, p.Working.Asked)
	require.Equal(t, day("2026-05-01"), p.Closes)
	require.Equal(t, PutOffLine{day("2026-04-03"), day("2026-05-01"), []Body{{"LMC", "Trafford LMC"}, {"U00002", "North PCN"}}, day("2026-02-12"), p.Working.PutOff.Index}, *p.Working.PutOff)
	p = on("2026-05-01")
	require.Equal(t, domain.Lapsed, p.Stage)
	require.Empty(t, p.Working.Parties)
	require.Len(t, p.Working.Conversations, 1)
	for i := range b.events {
		if e := &b.events[i]; e.Kind() == "goldenthread.proposal.lapsed.v1" {
			require.Contains(t, g.Sentence(e), "What was tried: Manager, Trafford GP Board was named as facilitator on 4 February 2026; a conversation with ")
			require.Contains(t, g.Sentence(e), "the closing day was put off from 3 April 2026 to 1 May 2026")
			return
		}
	}
	t.Fatal("it did not lapse")
}
