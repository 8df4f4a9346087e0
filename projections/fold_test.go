package projections

import (
	"flag"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"goldenthread/domain"
)

// TestMain takes the number of histories from GOLDENTHREAD_RAPID_CHECKS; none: 100.
func TestMain(m *testing.M) {
	flag.Parse()
	if n := os.Getenv("GOLDENTHREAD_RAPID_CHECKS"); n != "" {
		if err := flag.Set("rapid.checks", n); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// After any history, each state that was copied and folded on is that of the events
// up to there, whatever was folded into copies of it since: no two share what one of
// them changes. The state that decided is the newest one, and every
// read model has the answer from it that it has from a state folded anew.
func TestAStateStaysAsItWasWhenACopyIsFoldedOn(t *testing.T) {
	base := sit(t).found().mandates().delegate().represent()
	rapid.Check(t, func(t *rapid.T) {
		b := base.again()
		l := newLedgers()
		live := NewGroups(l)
		l.apply(b.events...)
		var states []*domain.State
		for range rapid.IntRange(5, 40).Draw(t, "commands") {
			b.now = b.now.AddDate(0, 0, rapid.SampledFrom([]int{0, 0, 0, 0, 1, 8, 40}).Draw(t, "days"))
			before := len(b.events)
			c := command(t, b.ledger.State())
			b.try(rapid.SampledFrom(actors).Draw(t, "actor"), c)
			if consent, ok := c.(*domain.GiveConsent); ok && consent.NeedNotWait {
				for _, s := range seats {
					b.try(s.holder, c)
				}
			}
			for i := range b.events[before:] {
				l.apply(b.events[before+i])
				states = append(states, l.states["trafford"])
			}
		}
		again := domain.NewState("trafford")
		for i := range b.events {
			again.Apply(&b.events[i])
			if len(states) > 0 && states[0].Next == again.Next {
				require.True(t, reflect.DeepEqual(again, states[0]), "after %d events", again.Next)
				states = states[1:]
			}
		}
		require.Empty(t, states)
		g, err := live.Now(t.Context(), "trafford", nil)
		require.NoError(t, err)
		require.True(t, reflect.DeepEqual(b.ledger.State(), g.State().State), "live")
		anew := b.fold()
		for _, at := range []domain.Day{day("2026-01-01"), domain.DayOf(b.now), domain.DayOf(b.now).Add(100)} {
			require.Equal(t, written(t, questionsOn(anew, at)), written(t, questionsOn(g, at)))
			for _, o := range g.State().PracticesOn(at) {
				page, r := g.Practice(o.Code, at)
				require.Nil(t, r)
				require.Less(t, page.Top.Words, 200)
			}
			for _, p := range g.Proposals(at, "").Proposals {
				_, r := g.Proposal(p.Ref, at)
				require.Nil(t, r)
			}
		}
		require.True(t, reflect.DeepEqual(b.ledger.State(), g.State().State), "answering changes nothing")
		page, err := g.Audit(t.Context(), AuditFilter{Limit: mostAuditLimit}, b.lines)
		require.Len(t, page.Entries, min(len(b.events), mostAuditLimit))
		require.NoError(t, err)
	})
}

// questionsOn are the answers to all that is asked of a group on a day.
func questionsOn(g *Group, at domain.Day) []any {
	return []any{
		g.Register(at), g.Powers(at), g.Representation(at), g.Commitments(at), g.WorkList(at), g.Approaches(at), g.Priorities(at), g.Actions(at),
		g.Departures(at), g.Notices(at), g.Questions(at), g.Agenda(at),
	}
}

// again is a table of its own with the same history.
func (b *table) again() *table {
	c := &table{t: b.t, ledger: domain.NewLedger("trafford"), now: b.now, n: b.n}
	for i := range b.events {
		c.apply(&b.events[i])
	}
	return c
}

var actors = []string{"chair-lmc", "lead-fed", "cd-south", "cd-north", "deputy-north", "manager"}

// command draws something that somebody might ask; most are allowed to somebody.
func command(t *rapid.T, s *domain.State) domain.Command {
	newest := max(1, len(s.Proposals))
	proposal := "P" + strconv.Itoa(newest-rapid.SampledFrom([]int{0, 0, 0, 0, newest / 2}).Draw(t, "proposal"))
	version := 1
	if p := s.Proposals[proposal]; p != nil {
		version = p.Version().Number
	}
	practice := rapid.SampledFrom([]string{"P00001", "P00002", "P00003", "P00004", "U00002"}).Draw(t, "practice")
	matter := rapid.SampledFrom([]string{"access", "workforce", "estates", "contracts/local-schemes", "dentistry"}).Draw(t, "matter")
	amount := domain.Pence(rapid.IntRange(0, 30_000_00).Draw(t, "amount"))
	today := domain.DayOf(s.Last)
	meeting := domain.Day(0) // the newest, else one that is not there
	for _, m := range s.Meetings {
		meeting = max(meeting, m.On)
	}
	number := func(letter string, n int) string {
		return letter + strconv.Itoa(rapid.IntRange(1, max(1, n)).Draw(t, letter))
	}
	instruments := [][]domain.Instrument{
		nil,
		{{AdoptPosition: &domain.AdoptPosition{Matter: matter, Words: "So.", RedLine: amount%2 == 0}}},
		{{Ratify: &domain.Ratify{What: number("K", len(s.Commitments))}}},
		{{Disavow: &domain.Disavow{What: number("E", len(s.Exercises))}}},
		{{SetAside: &domain.SetAside{Agreement: proposal}}},
		{{CreateActions: &domain.CreateActions{Actions: []domain.ActionEntry{{What: "so", Owner: "manager", Supporter: "cd-south", Due: today.Add(20)}}}}},
		{{ConfirmDelegation: &domain.ConfirmDelegation{Delegation: "D1", Version: 1, Review: today.Add(90), Feedback: "Well."}}},
	}
	return rapid.SampledFrom([]domain.Command{
		&domain.RaiseProposal{
			Title: "Something", Text: "Let us.", Matter: matter, New: "It is new.", Draft: amount%7 == 0,
			Instruments: rapid.SampledFrom(instruments).Draw(t, "instruments"),
		},
		&domain.GiveConsent{Proposal: proposal, Version: version},
		&domain.GiveConsent{Proposal: proposal, Version: version, NeedNotWait: true},
		&domain.StandAsideFrom{Proposal: proposal, Version: version, Reason: "not for us"},
		&domain.ReportPosition{Proposal: proposal, Version: version, Seat: "FED", Stand: domain.Consent, From: "lead-fed", How: "by telephone"},
		&domain.RaiseObjection{Proposal: proposal, Version: version, Grade: domain.Block, Why: "no", WouldResolve: "less"},
		&domain.ResolveObjection{Objection: number("O", len(s.Objections)), How: domain.ObjectionWithdrawn},
		&domain.AmendProposal{Proposal: proposal, Version: version, Text: "Let us, differently."},
		&domain.PutProposal{Proposal: proposal},
		&domain.WithdrawProposal{Proposal: proposal, Reason: "no more"},
		&domain.OfferWords{Proposal: proposal, Words: "other words"},
		&domain.GrantMandate{Organisation: practice, Review: today.Add(200), Evidence: "minute"},
		&domain.WithdrawMandate{Organisation: practice, Matters: []string{"access"}, Evidence: "minute"},
		&domain.RecordExercise{
			Delegation: "D1", Matter: "contracts/local-schemes", What: "a scheme", Amount: amount, Months: 12, Acting: []string{"chair-lmc", "lead-fed"},
			Consulted: []domain.Consultation{{Body: "LMC", On: today, How: "by email"}},
		},
		&domain.CallIn{Exercise: number("E", len(s.Exercises)), Reason: "look"},
		&domain.Suspend{What: "D1", Reason: "because of " + amount.String()},
		&domain.ScheduleMeeting{Forum: "locality-board", On: today},
		&domain.RecordCommitment{Forum: "locality-board", Meeting: meeting, Matter: matter, Words: "yes", Given: domain.Outright},
		&domain.DeclareInterest{Matters: []string{"estates"}, Words: "my building"},
		&domain.GiveFeedback{On: number("R", len(s.Appointments)), Worked: "well"},
		&domain.RecordApproach{From: "ICB", What: "Could you " + matter + "?", Matter: matter},
		&domain.RedirectApproach{Approach: number("A", len(s.Approaches)), To: "cd-south"},
		&domain.DisposeOfApproach{Approach: number("A", len(s.Approaches)), Disposition: domain.ForMeeting},
		&domain.AnswerApproach{Approach: number("A", len(s.Approaches)), Saying: domain.Saying{Reply: domain.ReplyYes, Words: "Yes."}},
		&domain.LinkApproaches{Approach: "A1", With: number("A", len(s.Approaches))},
		&domain.Depart{Organisation: practice, Agreement: proposal, Reason: "no staff", Evidence: "a letter"},
		&domain.ResolveDeparture{Departure: number("X", len(s.Departures)), How: domain.Returned, Evidence: "a letter"},
		&domain.Communicate{About: []string{proposal}, How: "by newsletter"},
		&domain.Acknowledge{About: proposal, Practices: []string{practice}, Evidence: "read receipt"},
		&domain.AskGroup{Practice: practice, Words: "Why?", Evidence: "email"},
		&domain.AnswerQuestion{Question: number("Q", len(s.Questions)), Words: "So."},
		&domain.SetAgenda{On: today.Add(1), Items: []domain.GroupAgendaItem{{Title: "So"}}},
		&domain.AttachDocument{About: proposal, Name: "paper.pdf", SHA256: strings.Repeat("0a", 32), MediaType: "application/pdf", Bytes: 1},
		&domain.RecordGroupMeeting{On: today, Present: []string{"cd-north"}},
		&domain.Correct{Index: uint64(amount) % s.Next, Words: "not so"},
	}).Draw(t, "command")
}
