package projections

import (
	"context"
	"crypto/sha256"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/google/uuid"

	"goldenthread/domain"
)

// A table is a group at work in a test: a ledger that decides, and the events.
type table struct {
	t      testing.TB
	ledger *domain.Ledger
	events []domain.Event
	now    time.Time
	n      int
}

func sit(t testing.TB) *table {
	return &table{t: t, ledger: domain.NewLedger("trafford")}
}

func day(s string) domain.Day {
	d, err := domain.ParseDay(s)
	if err != nil {
		panic(err)
	}
	return d
}

// on sets the clock to ten o'clock of that day.
func (b *table) on(d string) *table {
	b.now = day(d).Start().Add(10 * time.Hour)
	return b
}

// try decides the command and applies what it records.
func (b *table) try(actor string, c domain.Command) domain.Decision {
	b.n++
	b.now = b.now.Add(time.Second)
	id := uuid.NewSHA1(uuid.Nil, fmt.Append(nil, b.n))
	r := &domain.Request{Group: "trafford", ID: id, Hash: sha256.Sum256(id[:]), Actor: actor, Command: c}
	if past, needed := r.NeedsPast(domain.DayOf(b.now)); needed {
		r.Past = b.foldUntil(past.End()).State()
	}
	d := b.ledger.Decide(r, b.now)
	for i := range d.Events {
		b.apply(&d.Events[i])
	}
	return d
}

func (b *table) apply(e *domain.Event) {
	e.ID = uuid.NewSHA1(uuid.Nil, fmt.Append(nil, "event", e.Index))
	if err := b.ledger.Apply(e); err != nil {
		b.t.Fatal(err)
	}
	b.events = append(b.events, *e)
}

// do is try that must not be refused; it gives the references that were made.
func (b *table) do(actor string, c domain.Command) []string {
	b.t.Helper()
	d := b.try(actor, c)
	if d.Refusal != nil {
		b.t.Fatalf("%s: %s was refused: %v", actor, domain.CommandName(c), d.Refusal)
	}
	b.confirm()
	return d.Answer.Refs
}

// speaks registers a person of the organisation who speaks for it.
func (b *table) speaks(handle, code string) {
	b.t.Helper()
	b.do("manager", &domain.RegisterPerson{PersonEntry: domain.PersonEntry{Handle: handle, Office: "GP partner", Organisation: code}})
	b.do("manager", &domain.RecordSpokesperson{Organisation: code, Person: handle, Evidence: "letter", Span: domain.Span{From: domain.DayOf(b.now)}})
}

// confirm has somebody who may confirm what the manager recorded; what nobody may yet waits on.
func (b *table) confirm() {
	b.t.Helper()
	s := b.ledger.State()
	for _, k := range s.Pending() {
		if may := s.MayConfirm(k, domain.DayOf(b.now)); len(may) > 0 {
			b.do(may[0], &domain.ConfirmRecord{Records: []string{k.Number}})
		}
	}
}

func (b *table) foldUntil(end time.Time) *Group {
	g := New("trafford")
	for i := range b.events {
		if e := &b.events[i]; !e.Time.After(end) {
			g.Apply(e)
		}
	}
	return g
}

func (b *table) fold() *Group { return b.foldUntil(b.now.AddDate(100, 0, 0)) }

// lines reads the table's events as a store would.
func (b *table) lines(_ context.Context, from, to uint64) iter.Seq2[domain.Event, error] {
	return func(yield func(domain.Event, error) bool) {
		for _, e := range b.events[from:to] {
			if !yield(e, nil) {
				return
			}
		}
	}
}

var seats = []struct{ code, holder string }{
	{"LMC", "chair-lmc"}, {"FED", "lead-fed"}, {"U00001", "cd-south"}, {"U00002", "cd-north"},
}

func from(d string) domain.Span { return domain.Span{From: day(d)} }

// found founds and establishes the board: four seats, two PCNs of two practices.
func (b *table) found() *table {
	b.on("2026-01-05")
	row := func(kind domain.OrganisationKind, code, name, in string, patients int) domain.OrganisationRow {
		r := domain.OrganisationRow{Code: code, Kind: kind, Name: name}
		if in != "" {
			r.Parents = []domain.MembershipRow{{In: in, Span: from("2020-04-01")}}
		}
		if patients > 0 {
			r.Lists = []domain.ListRow{{On: day("2025-12-01"), Patients: patients}}
		}
		return r
	}
	who := func(handle, office, org string) domain.PersonEntry {
		return domain.PersonEntry{Handle: handle, Office: office, Organisation: org, Personal: &domain.PersonalData{Name: "A Secret Name"}, Sealed: []byte{1, 2, 3}}
	}
	b.do("chair-lmc", &domain.Found{
		Name: "Trafford GP Board", ShortName: "the board", Place: "TRAF", PlaceName: "Trafford", Founder: "chair-lmc",
		Charter: domain.Charter{
			Text: "We decide together.", Quorum: 3, QuorumOf: []string{"LMC"}, RatifyWithin: 14, DefaultStance: domain.BringBack,
			Matters: []string{"access", "workforce", "estates", "contracts", "communications"}, Reserved: []string{"contracts/core"},
		},
		Organisations: []domain.OrganisationRow{
			row(domain.PlaceKind, "TRAF", "Trafford", "", 0), row(domain.LMC, "LMC", "Trafford LMC", "TRAF", 0), row(domain.Federation, "FED", "Trafford Federation", "TRAF", 0),
			row(domain.PCN, "U00001", "South PCN", "TRAF", 0), row(domain.PCN, "U00002", "North PCN", "TRAF", 0), row(domain.SystemBody, "ICB", "Greater Manchester ICB", "", 0),
			row(domain.Practice, "P00001", "Park Medical Practice", "U00001", 10_000), row(domain.Practice, "P00002", "Village Surgery", "U00001", 8_000),
			row(domain.Practice, "P00003", "Canal Practice", "U00002", 6_000), row(domain.Practice, "P00004", "Riddings Family Health Centre", "U00002", 4_000),
		},
		People: []domain.PersonEntry{
			who("chair-lmc", "Chair, Trafford LMC", "LMC"), who("lead-fed", "Lead, Trafford Federation", "FED"), who("cd-south", "Clinical Director, South PCN", "U00001"),
			who("cd-north", "Clinical Director, North PCN", "U00002"), who("manager", "Manager, Trafford GP Board", "ICB"), who("deputy-north", "Deputy, North PCN", "U00002"),
		},
		Seats: []domain.SeatEntry{
			{Organisation: "LMC", Holder: "chair-lmc"}, {Organisation: "FED", Holder: "lead-fed"}, {Organisation: "U00001", Holder: "cd-south"},
			{Organisation: "U00002", Holder: "cd-north", Deputy: "deputy-north"},
		},
		Duties: []domain.DutyEntry{
			{Duty: domain.Chair, Person: "chair-lmc"}, {Duty: domain.Manager, Person: "manager", Employer: "ICB"},
			{Duty: domain.Registrar, Person: "manager"}, {Duty: domain.Gatekeeper, Person: "cd-south"},
		},
	})
	b.on("2026-01-12")
	for _, s := range seats {
		b.do(s.holder, &domain.ConsentToCharter{})
	}
	return b
}

// mandates are given by all practices but Riddings: one through its PCN.
func (b *table) mandates() *table {
	b.on("2026-01-12")
	grant := func(org, to, conditions string) {
		b.do("manager", &domain.GrantMandate{Organisation: org, To: to, Conditions: conditions, Evidence: "minute of 12 January", Span: domain.Span{Until: day("2026-12-31")}})
	}
	grant("P00001", "", "")
	grant("P00002", "", "nothing on Sundays")
	grant("P00003", "U00002", "")
	grant("U00002", "", "")
	return b
}

func ptr[T any](v T) *T { return &v }

// delegate raises P1, which a seat blocks, amends it and has it agreed: D1.
func (b *table) delegate() *table {
	power := func(item domain.Pence) []domain.Instrument {
		return []domain.Instrument{
			{FormExecutive: &domain.FormExecutive{Members: []string{"chair-lmc", "lead-fed", "cd-south"}}},
			{GrantDelegation: &domain.GrantDelegation{
				To: domain.ToExecutive, Payer: "FED", Review: day("2026-06-30"), Span: domain.Span{Until: day("2026-12-31")},
				Powers: []domain.Power{{
					Matter: "contracts/local-schemes", May: []string{domain.MayCommit}, ItemLimit: item, YearLimit: 100_000_00, Months: 12,
					Conditions: []domain.Condition{{When: domain.Before, Body: "LMC"}, {When: domain.After, Body: domain.ToGroup, Days: 5}},
				}},
			}},
		}
	}
	b.on("2026-01-13")
	b.do("chair-lmc", &domain.RaiseProposal{Title: "An executive", Text: "Three of us act.", Matter: "contracts", Instruments: power(25_000_00)})
	b.do("chair-lmc", &domain.GiveConsent{Proposal: "P1", Version: 1})
	b.do("cd-south", &domain.GiveConsent{Proposal: "P1", Version: 1})
	b.do("cd-north", &domain.RaiseObjection{Proposal: "P1", Version: 1, Grade: domain.Block, Why: "too much unseen", WouldResolve: "£20,000 and a notice within five days"})
	b.do("manager", &domain.OfferWords{Proposal: "P1", Words: "Perhaps a smaller sum"})
	b.on("2026-01-20")
	b.do("chair-lmc", &domain.AmendProposal{Proposal: "P1", Version: 1, Text: "Three of us act, up to £20,000.", Instruments: power(20_000_00)})
	b.on("2026-01-22")
	b.do("cd-north", &domain.ResolveObjection{Objection: "O1", How: domain.ResolutionAccepted, Words: "£20,000 and the notice"})
	for _, s := range seats {
		b.do(s.holder, &domain.GiveConsent{Proposal: "P1", Version: 2})
	}
	b.on("2026-01-28")
	b.do("manager", &domain.Correct{Index: 0, Words: "The board was founded in the evening."})
	return b
}

// agree raises a proposal that all seats consent to at once; what it enacts is
// in force the same day.
func (b *table) agree(title, matter string, instruments ...domain.Instrument) string {
	p := b.do("chair-lmc", &domain.RaiseProposal{Title: title, Text: title + ".", Matter: matter, New: "It is needed.", Instruments: instruments})[0]
	for _, s := range seats {
		b.do(s.holder, &domain.GiveConsent{Proposal: p, Version: 1, NeedNotWait: true})
	}
	return p
}

// exercise records what the executive decided under D1, and has both confirm it.
func (b *table) exercise(amount domain.Pence) string {
	number := b.unconfirmed(amount)
	b.do("chair-lmc", &domain.ConfirmRecord{Records: []string{number}})
	return number
}

// unconfirmed is the same with one who has still to confirm it.
func (b *table) unconfirmed(amount domain.Pence) string {
	return b.do("lead-fed", &domain.RecordExercise{
		Delegation: "D1", Matter: "contracts/local-schemes", What: "a scheme", Amount: amount, Months: 12, Acting: []string{"chair-lmc", "lead-fed"},
		Consulted: []domain.Consultation{{Body: "LMC", On: domain.DayOf(b.now), How: "by email"}},
	})[0]
}

// represent appoints the South director to the locality board: R1.
func (b *table) represent() *table {
	b.on("2026-02-03")
	b.do("chair-lmc", &domain.RegisterForum{Forum: "locality-board", Name: "Trafford Locality Board", Body: "ICB"})
	b.agree("Representation", "access", domain.Instrument{Appoint: &domain.Appoint{
		Person: "cd-south", Forum: "locality-board", Review: day("2026-07-31"), Span: domain.Span{Until: day("2026-12-31")},
		Lines: []domain.Line{
			{Matter: "access/extended-hours", Stance: domain.Discretion, Words: "Saturdays work"},
			{Matter: "workforce", Stance: domain.WithinLimits, Limit: 10_000_00, Months: 6},
			{Matter: "contracts/core", Stance: domain.Not},
		},
	}})
	return b
}

// meet has a meeting on 9 March with three commitments, reported on 12 March.
func (b *table) meet() *table {
	b.on("2026-03-01")
	b.do("manager", &domain.ScheduleMeeting{Forum: "locality-board", On: day("2026-03-09"), At: "14:00", Agenda: []domain.AgendaItem{{Matter: "access/extended-hours", Title: "Saturdays"}, {Title: "Any other business"}}})
	b.do("manager", &domain.BriefMeeting{Forum: "locality-board", On: day("2026-03-09"), Words: "We like Saturdays."})
	b.on("2026-03-09")
	commit := func(matter, words string, amount domain.Pence, given domain.Given) {
		c := &domain.RecordCommitment{Forum: "locality-board", Meeting: day("2026-03-09"), Matter: matter, Words: words, Given: given}
		if amount > 0 {
			c.Amount, c.Months = &amount, ptr(6)
		}
		b.do("cd-south", c)
	}
	commit("access/extended-hours", "open on Saturdays", 0, domain.Outright)
	commit("workforce", "a coordinator", 12_000_00, domain.Subject)
	commit("estates", "sign the lease", 0, domain.Outright)
	b.do("cd-north", &domain.RecordCommitment{Forum: "locality-board", Meeting: day("2026-03-09"), Matter: "estates", Words: "not our lease", Given: domain.OwnView})
	b.on("2026-03-12")
	b.do("cd-south", &domain.ReportMeeting{
		Forum: "locality-board", On: day("2026-03-09"), Happened: "Much was said.", Agreed: "Saturdays", Present: []string{"cd-south", "cd-north"},
		Actions: []domain.ActionRaised{{What: "tell practices", Owner: "manager", Supporter: "cd-south"}},
	})
	b.on("2026-03-13")
	b.agree("Settling", "workforce", domain.Instrument{Ratify: &domain.Ratify{What: "K2"}}, domain.Instrument{Disavow: &domain.Disavow{What: "K3", Feedback: "Ask first."}})
	b.do("cd-north", &domain.GiveFeedback{On: "R1", Worked: "clear words", ThinReport: "nothing on estates"})
	return b
}
