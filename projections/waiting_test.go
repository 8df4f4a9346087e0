package projections

import (
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/domain"
)

// What waits for somebody is theirs alone to do, and goes once it is done.
func TestWaiting(t *testing.T) {
	b := sit(t)
	waits := func(person, on string) []string {
		var kinds []string
		for _, i := range b.fold().Waiting(person, day(on)).Items {
			kinds = append(kinds, string(i.Kind)+" "+i.Ref)
		}
		return kinds
	}
	b.found().mandates().on("2026-01-13")
	require.Empty(t, waits("cd-north", "2026-01-13"))
	b.do("chair-lmc", &domain.RaiseProposal{Title: "Saturdays", Text: "We open.", Matter: "access"})
	require.Equal(t, []string{"position P1"}, waits("cd-north", "2026-01-13"))
	require.Empty(t, waits("manager", "2026-01-13"), "who holds no seat")
	require.Empty(t, waits("nobody", "2026-01-13"))
	require.Empty(t, waits("cd-north", "2026-01-12"), "it was not yet raised")
	b.do("cd-north", &domain.RaiseObjection{Proposal: "P1", Version: 1, Grade: domain.Block, Why: "no", WouldResolve: "yes"})
	require.Equal(t, []string{"block P1"}, waits("cd-north", "2026-01-13"))
	b.do("cd-north", &domain.ResolveObjection{Objection: "O1", How: domain.ObjectionWithdrawn})
	b.do("cd-north", &domain.GiveConsent{Proposal: "P1", Version: 1})
	require.Empty(t, waits("cd-north", "2026-01-13"))
	b.do("manager", &domain.ReportPosition{Proposal: "P1", Version: 1, Seat: "U00001", Stand: domain.Consent, From: "cd-south", How: "by telephone"})
	require.Equal(t, []string{"confirm P1"}, waits("cd-south", "2026-01-13"), "a system body employs the manager")
}

func TestWaitingForTheExecutiveAndRepresentatives(t *testing.T) {
	b := sit(t).found().mandates().delegate().represent()
	b.on("2026-03-02")
	b.exercise(5_000_00)
	g := b.fold()
	require.Equal(t, "The executive decided E1: a scheme. It can be called in until 9 March 2026.", item(g.Waiting("cd-north", day("2026-03-02")), "call-in").Text)
	require.Equal(t, day("2026-03-09"), item(g.Waiting("cd-north", day("2026-03-09")), "call-in").By)
	require.Nil(t, item(g.Waiting("cd-north", day("2026-03-10")), "call-in"))
	require.NotNil(t, item(g.Waiting("lead-fed", day("2026-03-02")), "tell"), "who acted tells")
	require.Nil(t, item(g.Waiting("cd-north", day("2026-03-02")), "tell"))
	b.do("manager", &domain.ScheduleMeeting{Forum: "locality-board", On: day("2026-03-09")})
	require.Nil(t, item(b.fold().Waiting("cd-south", day("2026-03-08")), "report"))
	report := item(b.fold().Waiting("cd-south", day("2026-03-09")), "report")
	require.Equal(t, day("2026-03-14"), report.By)
	require.Nil(t, item(b.fold().Waiting("cd-north", day("2026-03-09")), "report"))
}

// What others recorded of somebody waits for them until the day by which they are to
// confirm it, with what it comes to (rules D5, R4).
func TestWaitingToBeConfirmed(t *testing.T) {
	b := sit(t).found().mandates().delegate().represent()
	b.on("2026-03-02").unconfirmed(5_000_00)
	at := func(who, on string) *WaitingItem { return item(b.fold().Waiting(who, day(on)), WaitsConfirm) }
	require.Equal(t, WaitingItem{"E1", WaitsConfirm, day("2026-03-09"), "It was recorded that you decided E1 with others: a scheme, £5,000, 12 months. It counts once you confirm it, and lapses after 9 March 2026."}, *at("chair-lmc", "2026-03-02"))
	require.Nil(t, at("lead-fed", "2026-03-02"), "who recorded it has")
	require.Nil(t, at("chair-lmc", "2026-03-10"), "it has lapsed")
	callIn := item(b.fold().Waiting("cd-north", day("2026-03-02")), WaitsCallIn)
	require.Equal(t, "The executive decided E1: a scheme. It is not confirmed by Chair, Trafford LMC yet. It can be called in now, and for 7 days once it is.", callIn.Text)
	line := func(on string) ExerciseLine { return b.fold().exerciseLine(b.fold().state.Exercises["E1"], day(on)) }
	require.Equal(t, "not confirmed by Chair, Trafford LMC; lapsed after 9 March 2026", line("2026-03-10").Text)
	b.do("chair-lmc", &domain.RefuseRecord{Records: []string{"E1"}, Reason: "I was not asked."})
	require.Equal(t, "refused by Chair, Trafford LMC on 2 March 2026: I was not asked", line("2026-03-02").Text)

	b.on("2026-03-09").do("manager", &domain.ScheduleMeeting{Forum: "locality-board", On: day("2026-03-09")})
	b.do("manager", &domain.RecordCommitment{Person: "cd-south", Forum: "locality-board", Meeting: day("2026-03-09"), Matter: "access", Words: "Yes.", Given: domain.Outright})
	require.Equal(t, "It was recorded that you said K1 in Trafford Locality Board on 9 March 2026: Yes. It binds nobody until you confirm it, and is beyond after 14 March 2026.", at("cd-south", "2026-03-09").Text)
	said := func(on string) CommitmentLine {
		return b.fold().commitmentLine(b.fold().state.Commitments["K1"], day(on))
	}
	require.Equal(t, "reported: it binds nobody, and is beyond after 14 March 2026 unless Clinical Director, South PCN confirms it", said("2026-03-09").Text)
	require.Equal(t, "beyond: not confirmed by Clinical Director, South PCN; lapses after 28 March 2026 unless ratified", said("2026-03-15").Text)
	require.Contains(t, b.fold().noticeText(b.fold().state.NoticeOf("K1"), day("2026-03-09")), "It was recorded that Clinical Director, South PCN said at Trafford Locality Board: Yes.")
	b.do("cd-south", &domain.RefuseRecord{Records: []string{"K1"}, Reason: "I said that I would ask."})
	require.Equal(t, "disputed: Clinical Director, South PCN said on 9 March 2026 that they did not say it: I said that I would ask", said("2026-03-09").Text)
	require.Nil(t, at("cd-south", "2026-03-09"))
}

func item(w Waiting, kind WaitingKind) *WaitingItem {
	for i := range w.Items {
		if w.Items[i].Kind == kind {
			return &w.Items[i]
		}
	}
	return nil
}

// The history has the days on which coverage changed, and only those; each of
// them says what the mandate says of that day.
func TestMandateHistory(t *testing.T) {
	b := sit(t).found().mandates().on("2026-04-01")
	b.speaks("gp-park", "P00001")
	b.do("gp-park", &domain.WithdrawMandate{Organisation: "P00001", Matters: []string{"workforce"}})
	g := b.fold()
	h, r := g.MandateHistory("workforce", day("2026-04-02"))
	require.Nil(t, r)
	type line struct {
		on        string
		practices int
		ahead     bool
	}
	var lines []line
	for _, d := range h.Days {
		lines = append(lines, line{d.On.String(), d.Practices, d.Ahead})
		m, r := g.Mandate("workforce", d.On)
		require.Nil(t, r)
		require.Equal(t, []int{m.Practices, m.OfPractices, m.Patients, m.OfPatients}, []int{d.Practices, d.OfPractices, d.Patients, d.OfPatients}, d.On)
	}
	require.Equal(t, []line{{"2026-01-05", 0, false}, {"2026-01-12", 3, false}, {"2026-04-29", 2, true}, {"2027-01-01", 0, true}}, lines)
	require.Equal(t, []Body{{"P00001", "Park Medical Practice"}}, h.Days[2].Went)
	require.Empty(t, h.Days[2].Came)

	other, r := g.MandateHistory("estates", day("2026-04-02"))
	require.Nil(t, r)
	require.Len(t, other.Days, 3, "the withdrawal was for workforce only")
	_, r = g.MandateHistory("Not a matter", day("2026-04-02"))
	require.Equal(t, "F6", r.Rule)
}

// What somebody is asked to do is all of it: what waits for them, what is due that they are
// to see to, consultations that they can deny, and notices that their practice has not seen.
func TestToDoIsEverything(t *testing.T) {
	b := sit(t).found().mandates().delegate().represent()
	b.on("2026-03-02").exercise(5_000_00)
	todo := func(who, on string) []string {
		var kinds []string
		for _, i := range b.fold().ToDo(who, day(on)).Items {
			kinds = append(kinds, string(i.Kind)+" "+i.Ref)
		}
		return kinds
	}
	require.Contains(t, todo("chair-lmc", "2026-03-02"), "deny E1", "the LMC is said to have been consulted")
	require.NotContains(t, todo("chair-lmc", "2026-03-10"), "deny E1", "the time to deny it is over")
	require.NotContains(t, todo("cd-north", "2026-03-02"), "deny E1")
	require.Contains(t, todo("manager", "2026-03-02"), "communicate P1")
	require.NotContains(t, todo("cd-north", "2026-03-02"), "communicate P1")
	require.Contains(t, todo("lead-fed", "2026-03-02"), "tell E1")
	require.Empty(t, todo("nobody", "2026-03-02"))
	for _, who := range []string{"manager", "chair-lmc", "cd-north", "lead-fed"} {
		waits := b.fold().Waiting(who, day("2026-03-02")).Items
		require.Subset(t, b.fold().ToDo(who, day("2026-03-02")).Items, waits, who)
	}
}

// Whoever speaks for the organisation that would pay is asked to agree to it, until it has or
// its seat consents; who is asked for the seat's word anyway is asked once (rules C1, T4).
func TestWaitingForThePayer(t *testing.T) {
	b := sit(t).found().mandates().on("2026-01-13")
	b.do("manager", &domain.RegisterPerson{PersonEntry: domain.PersonEntry{Handle: "treasurer", Office: "Treasurer, Trafford Federation", Organisation: "FED"}})
	for _, who := range []string{"treasurer", "lead-fed"} {
		b.do("manager", &domain.RecordSpokesperson{Organisation: "FED", Person: who, Evidence: "a letter", Span: from("2026-01-13")})
	}
	asked := func(who string) []string {
		var kinds []string
		for _, i := range b.fold().ToDo(who, domain.DayOf(b.now)).Items {
			if i.Ref == "P1" {
				kinds = append(kinds, string(i.Kind)+" "+i.Text)
			}
		}
		return kinds
	}
	grant := func(item domain.Pence) []domain.Instrument {
		return []domain.Instrument{{GrantDelegation: &domain.GrantDelegation{To: "chair-lmc", Payer: "FED", Review: day("2026-06-30"), Span: domain.Span{Until: day("2026-12-31")},
			Powers: []domain.Power{{Matter: "access", May: []string{domain.MayCommit}, ItemLimit: item, Months: 12}}}}}
	}
	b.do("chair-lmc", &domain.RaiseProposal{Title: "Money", Text: "We spend.", Matter: "access", Instruments: grant(10_000_00)})
	pays := []string{"pay Trafford Federation is named as paying in P1, Money, and has not agreed to it."}
	require.Equal(t, pays, asked("treasurer"))
	require.Equal(t, []string{"position Trafford Federation has not been heard on P1, Money."}, asked("lead-fed"))
	b.do("lead-fed", &domain.StandAsideFrom{Proposal: "P1", Version: 1, Reason: "Not ours."})
	require.Equal(t, pays, asked("lead-fed"), "its word agreed to nothing")
	b.do("treasurer", &domain.AgreeToPay{Proposal: "P1", Version: 1, Organisation: "FED"})
	require.Empty(t, append(asked("treasurer"), asked("lead-fed")...))
	b.do("chair-lmc", &domain.AmendProposal{Proposal: "P1", Version: 1, Text: "We spend more.", Instruments: grant(20_000_00)})
	require.Equal(t, pays, asked("treasurer"), "other words are agreed to anew")
	b.do("lead-fed", &domain.GiveConsent{Proposal: "P1", Version: 2})
	require.Empty(t, asked("treasurer"), "the seat's consent is the same")
}
