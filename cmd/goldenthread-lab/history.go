package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/google/uuid"

	"goldenthread/domain"
	"goldenthread/eventstore"
	"goldenthread/eventstore/commit"
)

// The made-up history of one group. It is a group that works: it meets every
// week but the two around Christmas, what it was asked a week ago is agreed, a
// concern is raised now and then and a block once in a while, and every
// practice hears of everything.

const (
	decisions   = 6  // in a meeting
	mandateFor  = 3  // years
	forumEvery  = 4  // meetings
	recordEvery = 3  // meetings, from one executive decision to the next
	standsAside = 25 // one position in so many
	concerns    = 20 // one proposal in so many
	blocks      = 60 // likewise
	withdraws   = 25 // one practice in so many, each year

	boardForum = "locality-board"
	systemBody = "ICB"
	committee  = "LMC"
	federation = "FED"
	lmcChair   = "lmc-chair"
	fedLead    = "federation-lead"
	manager    = "manager"
)

// subjects are what groups decide about.
var subjects = []struct{ matter, title string }{
	{"access/extended-hours", "Extended hours on Saturdays"}, {"access/telephone", "Call-back lists"}, {"workforce/locums", "A shared locum bank"},
	{"workforce/training", "Protected learning time"}, {"estates", "Rooms for trainees"}, {"digital/records", "One referral form"},
	{"digital/letters", "Letters on the day of discharge"}, {"communications", "What patients are told"}, {"contracts/local-schemes", "A dressing scheme"},
	{"vaccination/weekend", "Weekend vaccination"}, {"vaccination/housebound", "Visits to the housebound"}, {"workforce/care-coordinators", "Care coordinators"},
}

type history struct {
	*part
	years   *passing
	luck    *rand.Rand
	seed    uint64
	sent    int        // commands
	from    domain.Day // first day of all
	weekday time.Weekday
	meeting int // how many there were

	open     []string            // put at the last meeting
	blocked  map[string]string   // objection that blocks, by proposal
	adopted  map[string]adoption // the newest position, by matter
	agreed   []string            // to be told to the practices
	told     []string            // to be acknowledged by them
	back     []string            // practices that withdrew and will grant again
	reviewed int                 // years for which the powers have been confirmed
}

// An adoption is a position that was put to the group, and adopted unless it is
// still open.
type adoption struct {
	agreement string
	until     domain.Day
	open      bool
}

func newHistory(p *part, years *passing, seed uint64, from domain.Day) *history {
	luck := p.luck(seed)
	return &history{part: p, years: years, luck: luck, seed: seed, from: from, weekday: time.Monday + time.Weekday(luck.IntN(5)), blocked: map[string]string{}, adopted: map[string]adoption{}}
}

// say has a command recorded; a refusal is an error, since nothing here is meant
// to be refused.
func (h *history) say(ctx context.Context, who string, c domain.Command) ([]string, error) {
	h.sent++
	name := fmt.Appendf(nil, "goldenthread/generated/%d/%s/%d", h.seed, h.group, h.sent)
	req := domain.Request{Group: h.group, ID: uuid.NewSHA1(uuid.NameSpaceURL, name), Hash: sha256.Sum256(name), Actor: who, Command: c}
	var r eventstore.Result
	err := patiently(ctx, func() (err error) {
		r, err = h.years.store.Execute(ctx, req)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%s, %s, %s, %T: %w", h.group, domain.DayOf(h.years.now()), who, c, err)
	}
	return r.Refs, nil
}

// patiently does again what can't be recorded at the moment, for a minute: a disk
// that pauses does not end the years.
func patiently(ctx context.Context, f func() error) error {
	until := time.Now().Add(time.Minute)
	for {
		err := f()
		if notNow := errors.Is(err, commit.ErrNotReady) || errors.As(err, new(*eventstore.Unsettled)); !notNow || time.Now().After(until) || ctx.Err() != nil {
			return err
		}
		time.Sleep(time.Second)
	}
}

func (h *history) sayAll(ctx context.Context, who string, commands ...domain.Command) error {
	for _, c := range commands {
		if _, err := h.say(ctx, who, c); err != nil {
			return err
		}
	}
	return nil
}

// settle is what the server does at midnight.
func (h *history) settle(ctx context.Context) error {
	if len(h.open) == 0 {
		return nil
	}
	return patiently(ctx, func() error { return h.years.store.Settle(ctx, h.group) })
}

// work is what the group does on that day.
func (h *history) work(ctx context.Context, d domain.Day) error {
	if d == h.from {
		return firstError(
			func() error { return h.found(ctx, d) },
			func() error { return h.grantAll(ctx, d) },
		)
	}
	month, day := d.Start().Month(), d.Start().Day()
	if d.Start().Weekday() != h.weekday || month == time.December && day > 21 && day < 29 || month == time.January && day < 8 {
		return nil
	}
	h.meeting++
	return h.meet(ctx, d)
}

func firstError(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// meet is one meeting, in the order of its agenda.
func (h *history) meet(ctx context.Context, d domain.Day) error {
	year := int(d-h.from) / 365
	return firstError(
		func() error { return h.openMeeting(ctx, d) },
		func() error { return h.acknowledge(ctx) },
		func() error { return h.tell(ctx) },
		func() error { return h.decide(ctx) },
		func() error { return h.raise(ctx, d) },
		func() error { return h.represent(ctx, d) },
		func() error { return h.exercise(ctx, d) },
		func() error { return h.changeMandates(ctx, d, year) },
	)
}

func (h *history) openMeeting(ctx context.Context, d domain.Day) error {
	return h.sayAll(ctx, manager,
		&domain.SetAgenda{On: d, At: "18:30", Items: []domain.GroupAgendaItem{{Title: "What is to be decided"}, {Title: "Reports"}}},
		&domain.RecordGroupMeeting{On: d, Present: h.people(), Notes: "Minutes are kept by the manager."},
	)
}

// director is the handle of a PCN's clinical director.
func director(pcn string) string { return "cd-" + strings.ToLower(pcn) }

// people are the seats' holders.
func (h *history) people() []string {
	people := []string{lmcChair, fedLead}
	for _, p := range h.pcns {
		people = append(people, director(p.Code))
	}
	return people
}

func (h *history) decide(ctx context.Context) error {
	put := h.open
	h.open = nil
	for _, p := range put {
		if err := h.position(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// position has every seat speak on a proposal. A block that was raised a week
// ago is let go first; a new one leaves the proposal for the next meeting.
func (h *history) position(ctx context.Context, p string) error {
	objector := director(h.pcns[h.luck.IntN(len(h.pcns))].Code)
	switch o := h.blocked[p]; {
	case o != "":
		by, number, _ := strings.Cut(o, " ")
		delete(h.blocked, p)
		if err := h.sayAll(ctx, by, &domain.ResolveObjection{Objection: number, How: domain.ResolutionAccepted, Words: "We were shown what it costs, and who pays."}); err != nil {
			return err
		}
	case h.luck.IntN(blocks) == 0:
		made, err := h.say(ctx, objector, &domain.RaiseObjection{Proposal: p, Version: 1, Grade: domain.Block, Why: "Too much in it is unseen.", WouldResolve: "The sums, in writing."})
		if err != nil {
			return err
		}
		h.blocked[p], h.open = objector+" "+made[0], append(h.open, p)
		return nil
	case h.luck.IntN(concerns) == 0:
		if err := h.sayAll(ctx, objector, &domain.RaiseObjection{Proposal: p, Version: 1, Grade: domain.Concern, Why: "Small practices will find this hard.", WouldResolve: "A look at it in half a year."}); err != nil {
			return err
		}
	}
	aside := false
	for _, who := range h.people() {
		var err error
		if aside, err = h.takePosition(ctx, who, p, aside); err != nil {
			return err
		}
	}
	h.agreed = append(h.agreed, p)
	for matter, a := range h.adopted {
		if a.agreement == p {
			h.adopted[matter] = adoption{p, a.until, false}
		}
	}
	return nil
}

// takePosition has a seat stand aside, now and then, unless another does already
// (who stands aside does not count to the quorum), or else consent.
func (h *history) takePosition(ctx context.Context, who, p string, aside bool) (bool, error) {
	if h.meeting > 3 && who != lmcChair && who != fedLead && h.luck.IntN(standsAside) == 0 && !aside {
		return true, h.sayAll(ctx, who, &domain.StandAsideFrom{Proposal: p, Version: 1, Reason: "Not for us this year."})
	}
	return aside, h.sayAll(ctx, who, &domain.GiveConsent{Proposal: p, Version: 1})
}

// raise puts what is to be decided in a week: in the first meeting the
// executive and the representative, each year their review.
func (h *history) raise(ctx context.Context, d domain.Day) error {
	for i := range decisions {
		c := h.proposal(d, i)
		switch {
		case h.meeting == 1 && i == 0:
			c = h.executive(d)
		case h.meeting == 1 && i == 1:
			c = h.representative(d)
		case h.meeting%50 == 46 && i == 0:
			h.reviewed++
			c = h.review(d)
		}
		seat := h.people()[h.luck.IntN(len(h.people()))]
		made, err := h.say(ctx, seat, c)
		if err != nil {
			return err
		}
		h.open = append(h.open, made[0])
		for _, i := range c.Instruments {
			if i.AdoptPosition != nil {
				h.adopted[i.AdoptPosition.Matter] = adoption{made[0], i.AdoptPosition.Until, true}
			}
		}
	}
	return nil
}

func (h *history) proposal(d domain.Day, i int) *domain.RaiseProposal {
	s := subjects[h.luck.IntN(len(subjects))]
	c := &domain.RaiseProposal{
		Title:  fmt.Sprintf("%s (%s, item %d)", s.title, d, i+1),
		Text:   s.title + ": we do this together from next month, each practice as far as its rooms and people allow. The manager says in half a year how it went. Nothing in it changes a practice's contract.",
		Matter: s.matter,
	}
	if h.luck.IntN(3) == 0 {
		c.Instruments = h.adopt(s.matter, fmt.Sprintf("%s: as agreed on %s.", s.title, d.Add(7).Words()), d)
	}
	return c
}

// adopt is a position for a year, which names the one that it replaces (rule C9).
// While another on the matter is open, or ends before this one would be agreed,
// it is none.
func (h *history) adopt(matter, words string, d domain.Day) []domain.Instrument {
	c := &domain.AdoptPosition{Matter: matter, Words: words, Span: domain.Span{Until: d.Add(365)}}
	switch before, any := h.adopted[matter]; {
	case !any || before.until < d:
	case before.open || before.until < d.Add(30):
		return nil
	default:
		c.Replaces = []domain.PositionRef{{Agreement: before.agreement}}
	}
	return []domain.Instrument{{AdoptPosition: c}}
}

func (h *history) executive(d domain.Day) *domain.RaiseProposal {
	return &domain.RaiseProposal{
		Title: "An executive", Text: "Three of us may act for the board within these limits, after consulting the LMC. The federation pays.", Matter: "contracts/local-schemes",
		Instruments: []domain.Instrument{
			{FormExecutive: &domain.FormExecutive{Members: []string{lmcChair, fedLead, director(h.pcns[0].Code)}}},
			{GrantDelegation: &domain.GrantDelegation{
				To: domain.ToExecutive, Payer: federation, Review: d.Add(360),
				Powers: []domain.Power{{
					Matter: "contracts/local-schemes", May: []string{domain.MayCommit}, ItemLimit: 25_000_00, YearLimit: 150_000_00, Months: 12, Acting: 2,
					Conditions: []domain.Condition{{When: domain.Before, Body: committee}},
				}},
			}},
		},
	}
}

func (h *history) representative(d domain.Day) *domain.RaiseProposal {
	return &domain.RaiseProposal{
		Title: "Representation at the locality board", Text: "A director speaks for us at the locality board within this remit, and reports to us.", Matter: "representation",
		Instruments: []domain.Instrument{{Appoint: &domain.Appoint{
			Person: director(h.pcns[0].Code), ByOffice: true, Forum: boardForum, Review: d.Add(360),
			Lines: []domain.Line{
				{Matter: "access", Stance: domain.Discretion, Words: "We support extended hours where practices can staff them."},
				{Matter: "workforce", Stance: domain.WithinLimits, Limit: 10_000_00, Months: 6},
				{Matter: "estates", Stance: domain.BringBack},
			},
		}}},
	}
}

func (h *history) review(d domain.Day) *domain.RaiseProposal {
	return &domain.RaiseProposal{
		Title: "Review of the year to " + d.String(), Text: "The executive told us of every scheme; the representative reported from every meeting. We confirm both for a year.", Matter: "representation",
		Instruments: []domain.Instrument{
			{ConfirmDelegation: &domain.ConfirmDelegation{Delegation: "D1", Version: h.reviewed, Review: d.Add(360), Feedback: "Told in time, every time."}},
			{ConfirmAppointment: &domain.ConfirmAppointment{Appointment: "R1", Version: h.reviewed, Review: d.Add(360), Feedback: "Short, clear reports."}},
		},
	}
}

// tell sends the notices of what was agreed a week ago; a week later the
// practices have seen them.
func (h *history) tell(ctx context.Context) error {
	if len(h.agreed) == 0 {
		return nil
	}
	h.told, h.agreed = h.agreed, nil
	return h.sayAll(ctx, manager,
		&domain.Communicate{About: h.told, How: "By newsletter"},
		&domain.Communicate{About: h.told, How: "By letter to each practice"},
	)
}

func (h *history) acknowledge(ctx context.Context) error {
	codes := make([]string, len(h.practices))
	for i := range h.practices {
		codes[i] = h.practices[i].Code
	}
	for _, p := range h.told {
		if err := h.sayAll(ctx, manager, &domain.Acknowledge{About: p, Practices: codes, Evidence: "Read receipts"}); err != nil {
			return err
		}
	}
	h.told = nil
	return nil
}

// represent is a meeting of the locality board, on the same day.
func (h *history) represent(ctx context.Context, d domain.Day) error {
	if h.meeting < 3 || h.meeting%forumEvery != 0 {
		return nil
	}
	who := director(h.pcns[0].Code)
	months := 6
	sum := domain.Pence(h.luck.IntN(120)) * 100_00
	return h.sayAll(ctx, who,
		&domain.ScheduleMeeting{Forum: boardForum, On: d, At: "14:00", Agenda: []domain.AgendaItem{{Matter: "access", Title: "Access in winter"}, {Matter: "workforce", Title: "Care coordinators"}}},
		&domain.BriefMeeting{Forum: boardForum, On: d, Words: "Access: say yes, and report. Care coordinators: within our limits."},
		&domain.RecordCommitment{Forum: boardForum, Meeting: d, Matter: "access/extended-hours", Words: "Open on Saturdays where it can be staffed.", Given: domain.Outright},
		&domain.RecordCommitment{Forum: boardForum, Meeting: d, Matter: "workforce/care-coordinators", Words: "Two care coordinators.", Amount: &sum, Months: &months, Given: domain.Outright, Reason: "They asked for an answer on the day."},
		&domain.ReportMeeting{Forum: boardForum, On: d, Happened: "Access and care coordinators were talked about.", Present: []string{who}},
	)
}

// exercise is a decision of the executive.
func (h *history) exercise(ctx context.Context, d domain.Day) error {
	if h.meeting < 3 || h.meeting%recordEvery != 0 {
		return nil
	}
	made, err := h.say(ctx, fedLead, &domain.RecordExercise{
		Delegation: "D1", Matter: "contracts/local-schemes", What: "A dressing scheme for the winter", Amount: domain.Pence(1+h.luck.IntN(12)) * 1_000_00, Months: 12,
		Acting: []string{lmcChair, fedLead}, Consulted: []domain.Consultation{{Body: committee, On: d, How: "At the LMC's officers' call"}},
	})
	if err != nil {
		return err
	}
	if err := h.sayAll(ctx, lmcChair, &domain.ConfirmRecord{Records: made[:1]}); err != nil {
		return err
	}
	return h.sayAll(ctx, fedLead, &domain.TellExercise{Exercise: made[0], Body: domain.ToGroup, How: "By email to every seat"})
}

// changeMandates renews mandates in time; in spring a few practices withdraw
// for one matter, and in autumn they come back.
func (h *history) changeMandates(ctx context.Context, d domain.Day, year int) error {
	switch nth := h.meeting % 50; {
	case nth == 45 && year%mandateFor == mandateFor-1:
		return h.grantAll(ctx, d)
	case nth == 12:
		for _, p := range h.practices {
			if h.luck.IntN(withdraws) > 0 {
				continue
			}
			h.back = append(h.back, p.Code)
			if err := h.sayAll(ctx, manager, &domain.WithdrawMandate{Organisation: p.Code, Matters: []string{"workforce"}, Reason: "We make our own arrangements.", Evidence: "Letter of " + d.Words()}); err != nil {
				return err
			}
		}
	case nth == 36:
		for _, code := range h.back {
			if err := h.grantOnPaper(ctx, code, d); err != nil {
				return err
			}
		}
		h.back = nil
	}
	return nil
}

func (h *history) grantAll(ctx context.Context, d domain.Day) error {
	for _, p := range h.practices {
		if err := h.grantOnPaper(ctx, p.Code, d); err != nil {
			return err
		}
	}
	return nil
}

// grantOnPaper has the manager record the practice's mandate, and a seat holder confirm it.
func (h *history) grantOnPaper(ctx context.Context, code string, d domain.Day) error {
	refs, err := h.say(ctx, manager, h.grant(code, d))
	if err != nil {
		return err
	}
	return h.sayAll(ctx, lmcChair, &domain.ConfirmRecord{Records: refs})
}

func (h *history) grant(code string, d domain.Day) *domain.GrantMandate {
	return &domain.GrantMandate{Organisation: code, Evidence: "Letter of " + d.Words(), Span: domain.Span{From: d, Until: d.AddYears(mandateFor)}}
}
