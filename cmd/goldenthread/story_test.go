package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/api/access"
	"goldenthread/domain"
	"goldenthread/projections"
)

// TestStory asks the real program over HTTP what the worked example expects.
func TestStory(t *testing.T) {
	p := start(t, filepath.Join(t.TempDir(), "data"), "--example", "trafford")
	for _, step := range []struct {
		name string
		run  func(*testing.T, *program)
	}{
		{"1 founding", founding}, {"2 mandates", mandates}, {"3 an executive", anExecutive}, {"4 representation", representation},
		{"5 in the meeting", inTheMeeting}, {"6 commitments", whatWasSaid}, {"7 exercises", exercises}, {"8 withdrawal", withdrawal}, {"9 approaches", approaches}, {"10 priorities", priorities},
		{"11 the thread", theThread}, {"12 review", review}, {"13 departure", departure}, {"14 a wider group", widerGroup}, {"presses", presses},
	} {
		t.Run(step.name, func(t *testing.T) {
			in := *p.Program
			in.T = t
			step.run(t, &program{&in})
		})
	}
	t.Run("a folder that is not empty is left alone", func(t *testing.T) {
		before := ask[projections.AuditPage](p, "/audit?limit=1").Index
		p.Stop()
		again := start(t, p.Dir, "--example", "trafford")
		require.Equal(t, before, ask[projections.AuditPage](again, "/audit?limit=1").Index)
		require.Equal(t, p.Tokens, again.Tokens)
	})
}

func at(query, day string) string {
	if strings.Contains(query, "?") {
		return query + "&at=" + day
	}
	return query + "?at=" + day
}

func asKnown(query, known string) string { return query + "&known=" + known }

// checkAt asks the check of somebody.
func (p *program) checkAt(day, person, forum, matter string, more ...string) access.Check {
	p.T.Helper()
	q := url.Values{"person": {person}, "matter": {matter}, "at": {day}}
	if forum != "" {
		q.Set("forum", forum)
	}
	for i := 0; i < len(more); i += 2 {
		q.Set(more[i], more[i+1])
	}
	return ask[access.Check](p, "/check?"+q.Encode())
}

func founding(t *testing.T, p *program) {
	info, err := os.Stat(filepath.Join(p.Dir, exampleTokens))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	require.Len(t, p.Tokens, 12)

	forming := ask[projections.Register](p, asKnown(at("", "2026-01-11"), "2026-01-11"))
	require.True(t, forming.Forming)
	require.Equal(t, []string{"the consent of Sale Central PCN to the charter"}, forming.Missing)
	require.Len(t, forming.Seats, 7)
	require.Empty(t, ask[projections.Proposals](p, asKnown(at("/proposals", "2026-01-11"), "2026-01-11")).Proposals)
	for _, person := range []string{"cd-altrincham", "lmc-chair", "manager"} {
		for _, forum := range []string{"locality-board", ""} {
			c := p.checkAt("2026-01-11", person, forum, "access", "known", "2026-01-11")
			require.Equal(t, domain.ViewOnly, c.Verdict)
			require.Equal(t, "F1", c.Reasons[0].Rule)
		}
	}
	established := ask[projections.Register](p, at("", "2026-01-12"))
	require.False(t, established.Forming)
	require.Equal(t, "2026-01-12", established.Established.String())
	require.Empty(t, established.Incomplete)

	charter := ask[projections.CharterInForce](p, at("/charter", "2026-01-12"))
	require.Equal(t, 5, charter.Quorum)
	require.Equal(t, "TRAFFORD-LMC", charter.QuorumOf[0].Code)
	require.Equal(t, domain.BringBack, charter.DefaultStance)
	require.Len(t, charter.Consents, 7)
	duties := map[string]string{}
	for _, d := range established.Duties {
		duties[string(d.Duty)] += d.Person.Handle + " "
	}
	require.Equal(t, map[string]string{"chair": "lmc-chair ", "manager": "manager ", "registrar": "manager ", "gatekeeper": "manager cd-south "}, duties)
}

func mandates(t *testing.T, p *program) {
	m := ask[projections.Mandate](p, at("/mandate", "2026-02-01"))
	require.Equal(t, []int{25, 26, 245_193, 248_911}, []int{m.Practices, m.OfPractices, m.Patients, m.OfPatients})
	require.Len(t, m.Outside, 1)
	require.Equal(t, "P91631", m.Outside[0].ODS)
	require.Equal(t, "Riddings Family Health Centre", m.Outside[0].Name)
	via := 0
	for _, s := range m.Inside {
		if s.Via != nil {
			require.Equal(t, "U66368", s.Via.Code)
			via++
		}
	}
	require.Equal(t, 4, via)
	say := p.refused("O1", "manager", "grant-mandate", `{"organisation":"P91633","evidence":"a letter","until":"2026-12-31"}`)
	require.Equal(t, "Grove Medical Practice (P91633) closed on 31 January 2024.", say)
	say = p.refused("F6", "manager", "grant-mandate", `{"organisation":"P91631","matters":["dentistry"],"evidence":"a letter","until":"2026-12-31"}`)
	require.Contains(t, say, "dentistry")
	later := ask[projections.Mandate](p, at("/mandate", "2027-01-01"))
	require.Equal(t, []int{0, 26}, []int{later.Practices, later.OfPractices})
	require.Len(t, later.Outside, 26)
}

func anExecutive(t *testing.T, p *program) {
	on := func(day string) projections.Proposal { return ask[projections.Proposal](p, at("/proposals/P1", day)) }
	blocked := on("2026-01-19")
	require.Equal(t, 1, blocked.Version)
	require.Len(t, blocked.Supports, 5)
	require.Equal(t, []string{"Sale Central PCN"}, blocked.Objects)
	require.Equal(t, "Too much could be signed that we have not seen.", blocked.Objections[0].Why)
	require.Equal(t, "£15,000 an item, and a notice within five days.", blocked.Objections[0].WouldResolve)

	amended := on("2026-01-20")
	require.Equal(t, 2, amended.Version)
	require.Empty(t, amended.Supports)
	require.Len(t, amended.Versions[1].Fallen, 5)
	require.Equal(t, []string{"Sale Central PCN"}, amended.Objects)
	require.True(t, amended.Objections[0].Open)

	waiting := on("2026-01-26")
	require.Equal(t, domain.Open, waiting.Stage)
	require.Len(t, waiting.Supports, 7)
	require.Equal(t, []string{"the time for objections to end on 27 January 2026"}, waiting.WaitingFor)

	agreed := on("2026-01-27")
	require.Equal(t, domain.Agreed, agreed.Stage)
	require.Equal(t, "2026-01-27", agreed.AgreedOn.String())
	require.Len(t, agreed.Roll, 7)
	for _, l := range agreed.Roll {
		require.Equal(t, domain.RollConsents, l.Position)
		require.NotZero(t, l.Index)
		require.NotZero(t, l.Time)
		require.NotNil(t, l.Person)
	}
	require.Contains(t, agreed.Versions[1].Text, "£20,000 an item")
	require.Equal(t, "D1", agreed.Enacted[1].Ref)

	powers := ask[projections.Powers](p, at("/powers", "2026-01-27"))
	require.Len(t, powers.Delegations, 1)
	d1 := powers.Delegations[0]
	require.Equal(t, []string{"D1", "P1", "in force", "2026-01-27", "2026-12-31", "2026-06-30"},
		[]string{d1.Ref, d1.Source, string(d1.State), d1.From.String(), d1.Until.String(), d1.Review.String()})
	require.Contains(t, chainKinds(d1.Chain), "agreement P1")
	before := ask[projections.Powers](p, at("/powers", "2026-01-26"))
	require.NotEqual(t, domain.InForce, before.Delegations[0].State)
	require.Empty(t, before.Executive.Members)

	taken := ask[projections.Proposals](p, "/proposals").Proposals
	p.refused("D2", "cd-south", "raise-proposal", `{"title":"Core","text":"x","matter":"contracts/core","instruments":[{"grantDelegation":{"to":"executive","powers":[{"matter":"contracts/core","may":["commit"]}]}}]}`)
	require.Len(t, ask[projections.Proposals](p, "/proposals").Proposals, len(taken))
	require.Equal(t, fmt.Sprintf("P%d", len(taken)), taken[len(taken)-1].Ref, "no number was taken by what was refused")
}

func chainKinds(chain []domain.Link) []string {
	var kinds []string
	for _, l := range chain {
		kinds = append(kinds, string(l.Kind)+" "+l.Ref)
	}
	return kinds
}

func representation(t *testing.T, p *program) {
	require.Equal(t, domain.Open, ask[projections.Proposal](p, at("/proposals/P2", "2026-02-09")).Stage)
	p2 := ask[projections.Proposal](p, at("/proposals/P2", "2026-02-10"))
	require.Equal(t, domain.Agreed, p2.Stage)
	require.Equal(t, "2026-02-10", p2.AgreedOn.String())
	require.Len(t, p2.Supports, 6)
	require.Equal(t, []string{"Trafford GP Federation"}, p2.StandsAside)
	require.Equal(t, "federation-lead", p2.Conflicts[0].Person.Handle)
	r1 := ask[projections.Representation](p, at("/representation", "2026-02-10")).Appointments[0]
	require.Equal(t, []string{"R1", "cd-altrincham", "locality-board", "in force", "2026-12-31", "2026-07-31"},
		[]string{r1.Ref, r1.Person.Handle, r1.Forum, string(r1.State), r1.Until.String(), r1.Review.String()})
	require.Len(t, r1.Lines, 4)
}

var aSum = regexp.MustCompile(`£|\d{3}|,\d`)

func inTheMeeting(t *testing.T, p *program) {
	const day, forum = "2026-03-09", "locality-board"
	for _, c := range []struct {
		matter, pence, months string
		verdict               domain.Verdict
		rule, why             string
	}{
		{"access/extended-hours", "", "", domain.MayCommitReport, "R2", "discretion"},
		{"access/extended-hours", "500000", "", domain.AdReferendum, "R2", "Discretion carries no money"},
		{"workforce/care-coordinators", "800000", "6", domain.MayCommitNow, "R2", "The remit allows it"},
		{"workforce", "1200000", "6", domain.AdReferendum, "R2", "by £2,000"},
		{"estates", "", "", domain.AdReferendum, "R2", "bring estates back"},
		{"contracts/core/pms", "", "", domain.MustNot, "R2", "red line on contracts, core"},
		{"digital", "", "", domain.AdReferendum, "R2", "The remit says nothing on this"},
		{"dentistry", "", "", domain.AdReferendum, "F6", "not a matter that the charter knows"},
	} {
		var more []string
		if c.pence != "" {
			more = append(more, "amountPence", c.pence)
		}
		if c.months != "" {
			more = append(more, "months", c.months)
		}
		a := p.checkAt(day, "cd-altrincham", forum, c.matter, more...)
		require.Equal(t, c.verdict, a.Verdict, c.matter)
		require.Equal(t, c.rule, a.Reasons[0].Rule, c.matter)
		require.Contains(t, a.Reasons[0].Text, c.why, c.matter)
		require.Equal(t, []int{25, 26}, []int{a.Coverage.Practices, a.Coverage.OfPractices}, c.matter)
		require.Equal(t, "P91631", a.Coverage.Outside[0].ODS)
		require.False(t, aSum.MatchString(a.Say), a.Say)
		kinds := chainKinds(a.Chain)
		for _, link := range []string{"charter charter/1", "agreement P2", "appointment R1"} {
			require.Contains(t, kinds, link)
		}
		require.Equal(t, 26+3, len(kinds), "26 mandates: 21 direct, 4 to the PCN and the PCN's own")
	}
	yes := p.checkAt(day, "cd-altrincham", forum, "access/extended-hours")
	require.Equal(t, "Yes. I can agree that for the 25 of Trafford's 26 practices we speak for, and I will report it to the board by 14 March.", yes.Say)

	view := p.checkAt(day, "cd-north", forum, "access/extended-hours")
	require.Equal(t, domain.ViewOnly, view.Verdict)
	require.Equal(t, []int{25, 26}, []int{view.Coverage.Practices, view.Coverage.OfPractices})
	require.Equal(t, "cd-altrincham", view.WhoCould[0].Person)
	require.Contains(t, view.Say, "Clinical Director, Altrincham Healthcare Alliance does.")
	require.False(t, aSum.MatchString(view.Say), view.Say)
}

func whatWasSaid(t *testing.T, p *program) {
	on := func(day string) []projections.CommitmentLine {
		return ask[projections.Commitments](p, at("/commitments", day)).Commitments
	}
	standings := func(day string) (s []string) {
		for _, k := range on(day) {
			s = append(s, k.Ref+" "+string(k.Standing))
		}
		return s
	}
	require.Equal(t, []string{"K1 within", "K2 ad referendum", "K3 beyond"}, standings("2026-03-12"))
	require.Equal(t, "The offer closed that day.", on("2026-03-12")[2].Reason)
	require.Equal(t, []string{"K1 within", "K2 ad referendum", "K3 beyond"}, standings("2026-03-19"))
	require.Equal(t, []string{"K1 within", "K2 ratified", "K3 disavowed"}, standings("2026-03-20"))
	require.Contains(t, on("2026-03-20")[2].Outcome.Feedback, "bring it back")
	require.Equal(t, "P3", on("2026-03-20")[1].Outcome.Source)

	meeting := func(day string, n int) projections.MeetingLine {
		return ask[projections.Representation](p, at("/representation", day)).Meetings[n]
	}
	require.Equal(t, "2026-03-12", meeting("2026-03-12", 0).Reported.String())
	require.False(t, meeting("2026-03-31", 0).Overdue)
	require.False(t, meeting("2026-04-25", 1).Overdue)
	require.True(t, meeting("2026-04-26", 1).Overdue)
	require.True(t, meeting("2026-04-27", 1).Overdue)
	require.False(t, meeting("2026-04-28", 1).Overdue)
	require.Equal(t, "2026-04-28", meeting("2026-04-28", 1).Reported.String())
}

func exercises(t *testing.T, p *program) {
	power := func(day string) (used, left domain.Pence) {
		pw := ask[projections.Powers](p, at("/powers", day)).Delegations[0].Powers[0]
		return pw.Used, *pw.Left
	}
	standing := func(day, ref string) projections.ExerciseLine {
		for _, x := range ask[projections.Powers](p, at("/powers", day)).Delegations[0].Exercises {
			if x.Ref == ref {
				return x
			}
		}
		t.Fatalf("no %s on %s", ref, day)
		return projections.ExerciseLine{}
	}
	require.Equal(t, domain.XWithin, standing("2026-03-02", "E1").Standing)
	e2 := standing("2026-03-30", "E2")
	require.Equal(t, domain.XBeyond, e2.Standing)
	require.Contains(t, e2.Beyond[0].Text, "over the item limit of £20,000 by £2,000")
	require.Equal(t, domain.XLapsed, standing("2026-03-31", "E2").Standing)
	for day, ref := range map[string]string{"2026-04-01": "E3", "2026-04-15": "E4", "2026-05-01": "E5", "2026-05-15": "E6"} {
		require.Equal(t, domain.XWithin, standing(day, ref).Standing, ref)
	}
	used, left := power("2026-05-15")
	require.Equal(t, []domain.Pence{97_000_00, 3_000_00}, []domain.Pence{used, left})
	called := standing("2026-05-18", "E6")
	require.Equal(t, domain.XCalledIn, called.Standing)
	require.Equal(t, "Trafford West PCN", called.CalledIn.By.Name)
	used, _ = power("2026-05-18")
	require.Equal(t, domain.Pence(97_000_00), used, "suspended, its amount still reserved")
	e7 := standing("2026-05-20", "E7")
	require.Equal(t, domain.XBeyond, e7.Standing)
	require.Contains(t, e7.Beyond[0].Text, "over the year's total of £100,000 by £2,000")
	require.Equal(t, domain.XCalledIn, standing("2026-05-31", "E6").Standing)
	require.Equal(t, domain.XDisavowed, standing("2026-06-01", "E6").Standing)
	used, _ = power("2026-06-01")
	require.Equal(t, domain.Pence(77_000_00), used)
	require.Equal(t, domain.XWithin, standing("2026-06-02", "E8").Standing)
	used, _ = power("2026-06-02")
	require.Equal(t, domain.Pence(82_000_00), used)
	for _, ref := range []string{"E1", "E2", "E3", "E4", "E5", "E6", "E7", "E8"} {
		x := standing("2026-06-10", ref)
		require.NotZero(t, x.ToldOn, ref)
		require.False(t, x.TellOverdue, ref)
		require.Equal(t, "TRAFFORD-FED", x.Payer.Code, ref)
	}
}

func withdrawal(t *testing.T, p *program) {
	coverage := func(query string) []int {
		m := ask[projections.Mandate](p, query)
		return []int{m.Practices, m.OfPractices, m.Patients, len(m.Outside)}
	}
	require.Equal(t, 25, coverage(at("/mandate?matter=workforce", "2026-04-28"))[0])
	require.Equal(t, []int{20, 26, 179_863, 6}, coverage(at("/mandate?matter=workforce", "2026-04-29")))
	require.Equal(t, []int{20, 26, 179_863, 6}, coverage(at("/mandate?matter=workforce/care-coordinators", "2026-04-29")))
	require.Equal(t, []int{25, 26, 245_193, 1}, coverage(at("/mandate?matter=access", "2026-04-29")))
	require.Equal(t, 25, coverage(asKnown(at("/mandate?matter=workforce", "2026-04-30"), "2026-03-31"))[0])
	for _, o := range ask[projections.Mandate](p, at("/mandate?matter=workforce", "2026-04-29")).Outside {
		if o.ODS != "P91631" {
			require.Equal(t, "2026-04-29", o.Since.String())
		}
	}
	require.Equal(t, domain.KRatified, ask[projections.Commitments](p, at("/commitments", "2026-04-29")).Commitments[1].Standing, "K2 stands")
	c := p.checkAt("2026-04-29", "cd-altrincham", "locality-board", "workforce", "amountPence", "800000", "months", "6")
	require.Equal(t, domain.MayCommitNow, c.Verdict)
	require.Equal(t, "Yes. I can agree that for the 20 of Trafford's 26 practices we speak for.", c.Say)
}

func review(t *testing.T, p *program) {
	due := func(day string) *domain.Due {
		for _, d := range ask[projections.WorkList](p, asKnown(at("/worklist", day), day)).Due {
			if d.What == "D1" && d.Kind == "review" {
				return &d.Due
			}
		}
		return nil
	}
	require.Nil(t, due("2026-03-31"))
	require.Equal(t, 90, due("2026-04-01").Left)
	require.False(t, due("2026-06-30").Overdue)
	require.True(t, due("2026-07-01").Overdue)
	require.True(t, ask[projections.Powers](p, asKnown(at("/powers", "2026-07-01"), "2026-07-01")).Delegations[0].Overdue)

	for _, c := range []struct {
		day, known string
		verdict    domain.Verdict
		reasons    []string
	}{
		{"2026-07-06", "", domain.AdReferendum, []string{"item limit of £20,000 by £2,000", "year's total of £100,000 by £4,000"}},
		{"2026-07-08", "", domain.MayCommitNow, nil},
		{"2026-07-06", "2026-07-06", domain.AdReferendum, nil},
		{"2026-07-08", "2026-07-06", domain.AdReferendum, nil},
	} {
		more := []string{"amountPence", "2200000", "months", "12", "consulted", "lmc"}
		if c.known != "" {
			more = append(more, "known", c.known)
		}
		a := p.checkAt(c.day, "lmc-chair", "", "contracts/local-schemes", more...)
		require.Equal(t, c.verdict, a.Verdict, "%s as known on %s", c.day, c.known)
		var texts []string
		for _, r := range a.Reasons {
			texts = append(texts, r.Text)
		}
		for _, why := range c.reasons {
			require.Contains(t, strings.Join(texts, " "), why)
		}
		if c.verdict == domain.MayCommitNow {
			year := a.Limits[1]
			require.Equal(t, []any{"year", int64(68_000_00)}, []any{year.Kind, year.Left})
		}
	}
	d1 := ask[projections.Powers](p, at("/powers", "2026-07-08")).Delegations[0]
	require.Equal(t, 2, d1.Version)
	require.Equal(t, "2026-12-31", d1.Review.String())
	require.NotEmpty(t, d1.History[1].Feedback)
}

// titled is the number of the proposal with that title.
func (p *program) titled(title string) string {
	p.T.Helper()
	for _, l := range ask[projections.Proposals](p, "/proposals").Proposals {
		if l.Title == title {
			return l.Ref
		}
	}
	p.T.Fatalf("there is no proposal called %q", title)
	return ""
}

const weekends = "Weekend vaccination is answered only through the board"

func approaches(t *testing.T, p *program) {
	before := ask[projections.Approaches](p, asKnown(at("/approaches", "2026-04-08"), "2026-04-08")).Approaches
	require.Len(t, before, 1)
	require.Equal(t, "cd-north", before[0].Reached.Handle)
	require.Equal(t, "manager", before[0].RedirectedTo.Handle)
	require.Equal(t, domain.ReplyThroughGroup, before[0].Answer.Reply)
	require.False(t, before[0].Inconsistent)
	both := ask[projections.Approaches](p, at("/approaches", "2026-04-14"))
	require.Len(t, both.Gatekeepers, 2)
	require.Equal(t, domain.ReplyYes, both.Approaches[1].Told.Reply)
	for i, a := range both.Approaches {
		require.Equal(t, []string{both.Approaches[1-i].Ref}, a.SameQuestion)
		require.True(t, a.Inconsistent)
		require.NotEmpty(t, a.Differs)
	}
	require.Equal(t, domain.Open, ask[projections.Proposal](p, at("/proposals/"+p.titled(weekends), "2026-05-04")).Stage)
	require.Equal(t, "2026-05-05", ask[projections.Proposal](p, "/proposals/"+p.titled(weekends)).AgreedOn.String())
	held := p.checkAt("2026-05-05", "cd-altrincham", "locality-board", "vaccination/weekend")
	require.Equal(t, weekends+".", held.Position)
	p.refused("A4", "cd-north", "redirect-approach", `{"approach":"A1","to":"cd-west"}`)
}

func priorities(t *testing.T, p *program) {
	none := ask[projections.Priorities](p, at("/priorities", "2026-05-25"))
	require.Nil(t, none.Adopted)
	require.Len(t, none.LongList, 6)
	pr := ask[projections.Priorities](p, at("/priorities", "2026-05-26"))
	require.Equal(t, []int{22, 26}, []int{pr.Adopted.TookPart, pr.Adopted.OfPractices})
	require.Contains(t, pr.Adopted.Say, "22 of 26")
	require.Len(t, pr.Adopted.Priorities, 4)
	require.Len(t, pr.Rounds[0].NotHeard, 4)
	var actions []string
	for _, a := range ask[projections.Actions](p, at("/actions", "2026-05-26")).Actions {
		if a.Priority != "" {
			actions = append(actions, a.Priority+" "+a.Owner.Handle)
		}
	}
	require.Equal(t, []string{"Y1 cd-west", "Y2 cd-altrincham", "Y4 federation-lead", "Y5 cd-sale"}, actions)
}

func theThread(t *testing.T, p *program) {
	for _, n := range ask[projections.Notices](p, at("/notices", "2026-06-12")).Notices {
		if n.Kind == "agreement" {
			require.Equal(t, 2, n.Sent, n.Ref)
			require.False(t, n.TooFew, n.Ref)
		}
		if n.Ref == "P1" {
			require.Equal(t, []int{19, 26}, []int{n.Acknowledged, n.OfPractices})
		}
	}
	waits := ask[projections.Questions](p, at("/questions", "2026-06-17")).Questions[0]
	require.True(t, waits.Waits)
	answered := ask[projections.Questions](p, at("/questions", "2026-06-18")).Questions[0]
	require.Equal(t, []any{"P91623", 3, false}, []any{answered.Practice.Code, answered.Days, answered.Waits})

	village := ask[projections.PracticePage](p, at("/practices/P91623", "2026-06-18"))
	require.Less(t, village.Top.Words, 200)
	for _, words := range []string{village.Top.Who, village.Top.May, village.Top.MayNot, village.Top.SayNo} {
		require.NotEmpty(t, words)
	}
	require.True(t, village.Inside)
	require.False(t, ask[projections.PracticePage](p, at("/practices/P91631", "2026-06-18")).Inside, "Riddings")
}

func departure(t *testing.T, p *program) {
	weekend := p.titled(weekends)
	seats := func(day string) []int {
		for _, l := range ask[projections.Departures](p, at("/departures", day)).Alignment {
			if l.Agreement == weekend {
				return []int{l.Seats, l.OfSeats}
			}
		}
		return nil
	}
	require.Equal(t, []int{7, 7}, seats("2026-08-02"))
	require.Equal(t, []int{6, 7}, seats("2026-08-03"))
	require.Equal(t, []int{6, 7}, seats("2026-10-04"))
	require.Equal(t, []int{7, 7}, seats("2026-10-05"))
	for _, day := range []string{"2026-08-02", "2026-08-03", "2026-10-05"} {
		require.Equal(t, 25, ask[projections.Mandate](p, at("/mandate?matter=vaccination/weekend", day)).Practices, "coverage is unchanged")
	}
	d := ask[projections.Departures](p, at("/departures", "2026-08-10")).Departures[0]
	require.Equal(t, []any{"U95344", true, 1}, []any{d.Organisation.Code, d.Away, len(d.Answers)})
	require.NotEmpty(t, d.Reason)
}

func widerGroup(t *testing.T, p *program) {
	in := func(person, path string, into any) {
		t.Helper()
		status, body := p.Send(person, "GET", "/v1/groups/greater-manchester"+path, "")
		require.Equal(t, 200, status, "%s", body)
		v, err := read[map[string]any](body)
		require.NoError(t, err)
		b, err := json.Marshal(*v)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(b, into))
	}
	var proposal struct {
		Stage string `json:"stage"`
		Rests []struct {
			Ledger string `json:"ledger"`
			Ref    string `json:"ref"`
			Index  uint64 `json:"index"`
			Proof  []byte `json:"proof"`
		} `json:"rests"`
	}
	in("gm-lead", "/proposals/P1?at=2026-09-21", &proposal)
	require.Equal(t, "agreed", proposal.Stage)
	require.Len(t, proposal.Rests, 1)
	rests := proposal.Rests[0]
	require.Equal(t, []any{"trafford", p.titled("Extended hours with the other places")}, []any{rests.Ledger, rests.Ref})
	require.Equal(t, ask[projections.Proposal](p, "/proposals/"+rests.Ref).AgreementIndex, rests.Index)
	require.Contains(t, string(rests.Proof), "c2sp.org/tlog-proof@v1")

	var mandate struct {
		Practices, OfPractices int
		Places                 []struct {
			Group  string
			Agreed bool
		}
	}
	in("trafford-chair", "/mandate?matter=access/extended-hours&at=2026-09-21", &mandate)
	require.Equal(t, []int{25, 26}, []int{mandate.Practices, mandate.OfPractices}, "down to the practices")
	require.Len(t, mandate.Places, 1)
	require.True(t, mandate.Places[0].Agreed)
	in("trafford-chair", "/mandate?matter=access/extended-hours&at=2026-09-06", &mandate)
	require.Zero(t, mandate.Practices, "before the place joined")

	status, _ := p.Send("cd-north", "GET", "/v1/groups/greater-manchester", "")
	require.Equal(t, 404, status, "one group's people see nothing of another's")
}
