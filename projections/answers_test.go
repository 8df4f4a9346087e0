package projections

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/domain"
)

func TestRegisterPeopleCharter(t *testing.T) {
	b := sit(t).found()
	g := b.fold()

	r := g.Register(day("2026-01-12"))
	require.Equal(t, "Trafford GP Board", r.Name)
	require.Equal(t, day("2026-01-12"), r.Established)
	require.False(t, r.Forming)
	require.True(t, g.Register(day("2026-01-11")).Forming)
	require.Empty(t, r.Incomplete)
	require.Len(t, r.Organisations, 10)
	require.Len(t, r.Seats, 4)
	require.Equal(t, Body{"U00002", "North PCN"}, r.Seats[3].Seat)
	require.Equal(t, &Who{Handle: "cd-north", Office: "Clinical Director, North PCN"}, r.Seats[3].Holder)
	require.Equal(t, []Who{{Handle: "deputy-north", Office: "Deputy, North PCN"}}, r.Seats[3].Deputies)
	require.Equal(t, "manager", string(r.Duties[1].Duty))
	require.True(t, r.Duties[1].EmployedBySystem)
	require.Equal(t, 1, r.Charter.Version)
	practice := r.Organisations[3]
	require.Equal(t, "P00001", practice.Code)
	require.Equal(t, 10_000, practice.Patients)
	require.Equal(t, "South PCN", practice.Memberships[0].In.Name)

	forming := b.foldUntil(day("2026-01-06").End()).Register(day("2026-01-06"))
	require.Contains(t, forming.Missing, "the consent of South PCN to the charter")

	p := g.People(day("2026-01-12"))
	require.Len(t, p.People, 6)
	require.Equal(t, "cd-north", p.People[0].Handle)
	require.Equal(t, "North PCN", p.People[0].Seats[0].Seat.Name)
	require.Equal(t, []byte{1, 2, 3}, p.People[0].Sealed)
	text, err := json.Marshal(p)
	require.NoError(t, err)
	require.NotContains(t, string(text), "ealed")

	c := g.Charter(day("2026-01-12"))
	require.Equal(t, "We decide together.", c.Text)
	require.Len(t, c.Settings, len(domain.Settings))
	require.Equal(t, SettingLine{"windowDays", 7, 7, domain.Settings[0].Say}, c.Settings[0])
	require.Equal(t, 14, c.Settings[4].Value)
	require.Len(t, c.Consents, 4)
	require.Len(t, c.Versions, 1)
}

func TestMandate(t *testing.T) {
	b := sit(t).found().mandates()
	b.on("2026-04-01").speaks("gp-park", "P00001")
	b.do("gp-park", &domain.WithdrawMandate{Organisation: "P00001", Matters: []string{"workforce"}, Reason: "too soon"})
	b.do("chair-lmc", &domain.AskMandate{Organisation: "P00004", Words: "Join us"})
	g := b.fold()

	m, r := g.Mandate("", day("2026-02-01"))
	require.Nil(t, r)
	require.Equal(t, []int{3, 4, 24_000, 28_000}, []int{m.Practices, m.OfPractices, m.Patients, m.OfPatients})
	require.Equal(t, "P00004", m.Outside[0].ODS)
	require.True(t, m.Above)
	require.Equal(t, []string{"Village Surgery: nothing on Sundays"}, m.Conditions)
	require.Equal(t, "The board speaks for 3 of 4 practices, 24,000 of 28,000 patients; outside: Riddings Family Health Centre (P00004).", m.Say)
	require.Equal(t, &Body{"U00002", "North PCN"}, m.Inside[2].Via)
	require.Len(t, m.Inside[2].Grants, 2)
	require.Equal(t, "Park Medical Practice gave a mandate for everything until 31 December 2026", m.Inside[0].Grants[0].Text)
	require.Len(t, m.Entries, 5)
	require.Equal(t, "Park Medical Practice withdrew its mandate for workforce from 29 April 2026: too soon", m.Entries[4].Text)
	require.Equal(t, "M6", m.Asked[0].Ref)

	m, r = g.Mandate("workforce", day("2026-04-29"))
	require.Nil(t, r)
	require.Equal(t, 2, m.Practices)
	require.False(t, m.Above)
	require.Contains(t, m.Say, "nobody commits outright")

	m, r = g.Mandate("dentistry", day("2026-02-01"))
	require.Nil(t, r)
	require.Contains(t, m.Notes[0], "Dentistry is not on the charter's list")
	for _, bad := range []string{"Work Force", "/", "a//b", "access/"} {
		_, r = g.Mandate(bad, day("2026-02-01"))
		require.NotNil(t, r, bad)
		require.Equal(t, "F6", r.Rule)
	}
}

func TestProposal(t *testing.T) {
	b := sit(t).found().mandates().delegate()
	g := b.fold()

	on := func(d string) Proposal {
		p, r := g.Proposal("P1", day(d))
		require.Nil(t, r)
		return p
	}
	early := on("2026-01-14")
	require.Equal(t, domain.Open, early.Stage)
	require.Equal(t, 1, early.Version)
	require.Len(t, early.Versions, 1)
	require.Equal(t, []string{"Trafford LMC", "South PCN"}, early.Supports)
	require.Equal(t, []string{"North PCN"}, early.Objects)
	require.Equal(t, []string{"Trafford Federation"}, early.NotHeard)
	require.True(t, early.Objections[0].Open)
	require.Contains(t, early.WaitingFor, "North PCN to remove its block")
	require.Contains(t, early.Binds, "binds nobody unless it is agreed")

	fallen := on("2026-01-20")
	require.Empty(t, fallen.Supports)
	require.Equal(t, []string{"North PCN"}, fallen.Objects)
	require.Equal(t, []Body{{"LMC", "Trafford LMC"}, {"U00001", "South PCN"}}, fallen.Versions[1].Fallen)

	ripe := on("2026-01-26")
	require.Equal(t, domain.Open, ripe.Stage)
	require.Equal(t, []string{"the time for objections to end on 27 January 2026"}, ripe.WaitingFor)

	agreed := on("2026-01-28")
	require.Equal(t, domain.Agreed, agreed.Stage)
	require.Equal(t, day("2026-01-27"), agreed.AgreedOn)
	require.Len(t, agreed.Roll, 4)
	require.NotZero(t, agreed.Roll[0].Time)
	require.Len(t, agreed.Positions, 6)
	require.False(t, agreed.Positions[0].Current)
	require.Equal(t, "£20,000 and the notice", agreed.Objections[0].Met)
	require.Equal(t, "Perhaps a smaller sum", agreed.Offers[0].Words)
	require.Equal(t, []string{"executive", "D1"}, []string{agreed.Enacted[0].Ref, agreed.Enacted[1].Ref})
	require.Contains(t, agreed.Binds, "P1 binds in honour those whose mandate stands: 3 of 4 practices when it was agreed. It changes no practice's contract")
	require.Equal(t, "Delegate to the executive: commit on contracts, local schemes up to £20,000 an item, £100,000 a year and 12 months, 2 acting together, after consulting Trafford LMC, telling the board within 5 days until 31 December 2026, paid by Trafford Federation", agreed.Versions[1].Instruments[1].Say)
	text, err := json.Marshal(agreed)
	require.NoError(t, err)
	require.NotContains(t, string(text), "%")

	_, r := g.Proposal("P1", day("2026-01-01"))
	require.NotNil(t, r)
	_, r = g.Proposal("P99", day("2026-01-28"))
	require.Equal(t, domain.NotFound, r.Class)

	require.Len(t, g.Proposals(day("2026-01-28"), "").Proposals, 1)
	require.Len(t, g.Proposals(day("2026-01-28"), "agreed").Proposals, 1)
	require.Len(t, g.Proposals(day("2026-01-26"), "open").Proposals, 1)
	require.Empty(t, g.Proposals(day("2026-01-12"), "").Proposals)
}

func TestPowers(t *testing.T) {
	b := sit(t).found().mandates().delegate()
	b.on("2026-03-02").exercise(18_000_00)
	b.do("lead-fed", &domain.TellExercise{Exercise: "E1", Body: domain.ToGroup, How: "by email"})
	b.on("2026-03-16").exercise(22_000_00)
	b.on("2026-05-15").exercise(20_000_00)
	b.on("2026-05-18").do("cd-north", &domain.CallIn{Exercise: "E3", Reason: "not seen"})
	b.on("2026-05-20").do("cd-north", &domain.Suspend{What: "D1", Reason: "a pause"})
	b.on("2026-06-01").agree("Undo", "contracts", domain.Instrument{Disavow: &domain.Disavow{What: "E3", Feedback: "Show us first."}})
	b.on("2026-06-02").agree("Review", "contracts", domain.Instrument{ConfirmDelegation: &domain.ConfirmDelegation{Delegation: "D1", Version: 1, Review: day("2026-12-31"), Feedback: "It works."}})
	g := b.fold()

	d := func(at string) DelegationLine { return g.Powers(day(at)).Delegations[0] }
	require.Equal(t, domain.NotYet, d("2026-01-26").State)
	require.Len(t, g.Powers(day("2026-01-27")).Executive.Members, 3)
	require.Empty(t, g.Powers(day("2026-01-26")).Executive.Members)

	first := d("2026-03-02")
	require.Equal(t, domain.InForce, first.State)
	require.Equal(t, domain.Pence(18_000_00), first.Powers[0].Used)
	require.Equal(t, domain.Pence(82_000_00), *first.Powers[0].Left)
	require.Equal(t, domain.Span{From: day("2026-01-27"), Until: day("2027-01-26")}, first.Powers[0].Year)
	require.Equal(t, 2, first.Powers[0].Acting)
	require.Equal(t, []string{"charter", "agreement", "executive", "delegation"}, kinds(first.Chain))
	require.Equal(t, "within", first.Exercises[0].Text)
	require.Equal(t, day("2026-03-02"), first.Exercises[0].ToldOn)
	require.Equal(t, day("2026-03-09"), first.Exercises[0].CallInBy)

	require.Equal(t, "beyond, over the item limit of £20,000 by £2,000; lapses after 30 March 2026 unless ratified", d("2026-03-30").Exercises[1].Text)
	require.Equal(t, "beyond, over the item limit of £20,000 by £2,000; lapsed after 30 March 2026", d("2026-03-31").Exercises[1].Text)
	require.True(t, d("2026-03-22").Exercises[1].TellOverdue)

	called := d("2026-05-20")
	require.Equal(t, domain.Suspended, called.State)
	require.Equal(t, "a pause", called.Suspensions[0].Reason)
	require.Equal(t, "within; called in by North PCN on 18 May 2026: not seen; falls after 15 June 2026 unless settled", called.Exercises[2].Text)
	require.Equal(t, domain.Pence(38_000_00), called.Powers[0].Used)

	undone := d("2026-06-02")
	require.Equal(t, domain.InForce, undone.State)
	require.Equal(t, 2, undone.Version)
	require.Equal(t, "It works.", undone.History[1].Feedback)
	require.Equal(t, domain.Pence(18_000_00), undone.Powers[0].Used)
	require.Equal(t, "disavowed", undone.Exercises[2].Outcome.What)
	require.Equal(t, "P2", undone.Exercises[2].Outcome.Source)
	require.True(t, d("2027-01-01").State == domain.Expired && !d("2027-01-01").Overdue)
}

func kinds(chain []domain.Link) (ks []string) {
	for _, l := range chain {
		ks = append(ks, string(l.Kind))
	}
	return ks
}

func TestRepresentationAndCommitments(t *testing.T) {
	b := sit(t).found().mandates().delegate().represent().meet()
	g := b.fold()

	r := g.Representation(day("2026-03-13"))
	a := r.Appointments[0]
	require.Equal(t, "R1", a.Ref)
	require.Equal(t, domain.InForce, a.State)
	require.Equal(t, "workforce: within £10,000 for each commitment and 6 months", a.Lines[1].Summary)
	require.Equal(t, "clear words", a.Feedback[0].Worked)
	require.True(t, g.Representation(day("2026-08-01")).Appointments[0].Overdue)
	m := r.Meetings[0]
	require.Equal(t, day("2026-03-12"), m.Reported)
	require.Equal(t, []string{"K1", "K2", "K3", "K4"}, m.Commitments)
	require.Contains(t, m.Agenda[0].LastSaid, "open on Saturdays")
	require.Equal(t, Who{Handle: "manager", Office: "Manager, Trafford GP Board"}, m.Actions[0].Owner)
	require.Zero(t, g.Representation(day("2026-03-11")).Meetings[0].Reported)
	require.Len(t, r.Clashes, 1)
	require.Equal(t, "estates", r.Clashes[0].Matter)

	standing := func(at string) (all []domain.CommitmentStanding) {
		for _, k := range g.Commitments(day(at)).Commitments {
			all = append(all, k.Standing)
		}
		return all
	}
	require.Equal(t, []domain.CommitmentStanding{domain.KWithin, domain.KAdReferendum, domain.KBeyond, domain.KView}, standing("2026-03-12"))
	require.Equal(t, []domain.CommitmentStanding{domain.KWithin, domain.KRatified, domain.KDisavowed, domain.KView}, standing("2026-03-13"))
	require.Empty(t, standing("2026-03-08"))
	k3 := g.Commitments(day("2026-03-13")).Commitments[2]
	require.Equal(t, domain.KBeyond, k3.RecordedStanding)
	require.Equal(t, "Ask first.", k3.Outcome.Feedback)
	require.Equal(t, day("2026-03-23"), k3.RatifyBy)

	c, refusal := g.Check(domain.Question{Person: "cd-south", Forum: "locality-board", Matter: "access/extended-hours", At: day("2026-03-09")})
	require.Nil(t, refusal)
	require.Equal(t, domain.MayCommitReport, c.Verdict)
	require.NotEmpty(t, g.WorkList(day("2026-06-30")).Due)
}

// Every list in every answer is a list: never null.
func TestNoNullLists(t *testing.T) {
	b := sit(t).found().mandates().delegate().represent().meet()
	b.on("2026-03-16").exercise(22_000_00)
	for _, g := range []*Group{New("trafford"), b.foldUntil(day("2026-01-05").End()), b.foldUntil(day("2026-01-21").End()), b.fold()} {
		for _, at := range []domain.Day{day("2025-12-31"), day("2026-01-14"), day("2026-03-16"), day("2028-01-01")} {
			answers := []any{
				g.Register(at), g.People(at), g.Charter(at), g.Powers(at), g.Proposals(at, ""), g.Representation(at), g.Commitments(at), g.WorkList(at),
			}
			if m, r := g.Mandate("access", at); r == nil {
				answers = append(answers, m)
			}
			if p, r := g.Proposal("P1", at); r == nil {
				answers = append(answers, p)
			}
			if c, r := g.Check(domain.Question{Person: "cd-south", Matter: "access", At: at}); r == nil {
				answers = append(answers, c)
			}
			page, err := g.Audit(t.Context(), AuditFilter{}, b.lines)
			require.NoError(t, err)
			for _, a := range append(answers, page) {
				text, err := json.Marshal(a)
				require.NoError(t, err)
				require.NotContains(t, string(text), "null", "%T", a)
				require.Contains(t, string(text), `"index":`, "%T", a)
			}
		}
	}
}

// An answer names each member once: a name given twice would be left out of JSON.
func TestEveryFieldIsWritten(t *testing.T) {
	for _, a := range []any{
		Register{}, People{}, PersonLine{}, CharterInForce{}, Mandate{}, MandateLine{}, Powers{}, DelegationLine{}, DelegationHistory{}, ExerciseLine{}, SuspensionLine{},
		Proposals{}, Proposal{}, Representation{}, AppointmentLine{}, AppointmentHistory{}, MeetingLine{}, PositionLine{}, InterestLine{}, Commitments{}, CommitmentLine{},
		WorkList{}, AuditPage{}, AuditEntry{}, MembershipLine{}, TenureLine{}, DutyLine{}, InvitationLine{},
	} {
		seen := map[string]bool{}
		for _, f := range reflect.VisibleFields(reflect.TypeOf(a)) {
			tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if f.Anonymous || tag == "-" {
				continue
			}
			require.NotEmpty(t, tag, "%T.%s", a, f.Name)
			require.False(t, seen[tag], "%T has %s twice", a, tag)
			seen[tag] = true
		}
	}
}
