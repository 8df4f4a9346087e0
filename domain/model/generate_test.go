package model

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"goldenthread/domain"
)

// The place of every history: three PCNs, ten practices, a medical committee,
// a federation and two system bodies.
var (
	pcns      = []string{"U10001", "U10002", "U10003"}
	practices = []string{"P10001", "P10002", "P10003", "P10004", "P10005", "P10006", "P10007", "P10008", "P10009"}
	seats     = map[string]string{"LMC": "chair", "FED": "fed-lead", "U10001": "cd-1", "U10002": "cd-2", "U10003": "cd-3"}
	seatOrder = []string{"LMC", "FED", "U10001", "U10002", "U10003"}
	people    = []string{"chair", "fed-lead", "cd-1", "cd-2", "cd-3", "manager", "gp-1", "gp-2", "gp-3"}
	forums    = []string{"board", "council"}
	matters   = []string{"access", "access/hours", "access/hours/sunday", "workforce", "workforce/pay", "estates", "digital", "digital/records", "representation", "dentistry", "charter", "contracts/core", "contracts"}
)

// A generator makes up one history. It looks at the production code's state
// only to choose what to say next.
type generator struct {
	*recorder
	*rand.Rand
	now     time.Time
	settled string // agreement that the next proposal opens again
}

func (g *generator) today() domain.Day { return domain.DayOf(g.now) }

func (g *generator) state() *domain.State { return g.ledger.State() }

func pick[T any](g *generator, of ...T) T { return of[g.IntN(len(of))] }

func (g *generator) chance(percent int) bool { return g.IntN(100) < percent }

// some are between least and most of them, in their order.
func some[T any](g *generator, least, most int, of []T) []T {
	n := least + g.IntN(most-least+1)
	var chosen []T
	for _, i := range g.Perm(len(of))[:min(n, len(of))] {
		chosen = append(chosen, of[i])
	}
	return chosen
}

// generate makes up the history of that seed.
func generate(seed uint64, steps int) *recorder {
	g := &generator{recorder: newRecorder(seed), Rand: rand.New(rand.NewPCG(seed, 7))}
	g.found()
	for range steps {
		g.wait()
		g.step()
	}
	g.now = g.now.AddDate(0, 0, g.IntN(20))
	g.give(order{Time: g.now, Name: settle})
	return g.recorder
}

// wait lets the clock run: mostly minutes, often days, now and then weeks. It
// may stop shortly before or after midnight in London or UTC.
func (g *generator) wait() {
	switch n := g.IntN(100); {
	case n < 55:
		g.now = g.now.Add(time.Duration(1+g.IntN(90)) * time.Minute)
	case n < 94:
		g.now = g.now.AddDate(0, 0, 1+g.IntN(4)).Truncate(24 * time.Hour).Add(time.Duration(g.IntN(24*60)) * time.Minute)
	default:
		g.now = g.now.AddDate(0, 0, 5+g.IntN(25))
	}
	if g.chance(10) {
		g.now = g.now.Truncate(24 * time.Hour).Add(24*time.Hour - time.Duration(1+g.IntN(80))*time.Minute)
	}
	if g.chance(60) {
		g.give(order{Time: g.now, Name: settle})
	}
}

func (g *generator) send(actor string, c domain.Command) bool {
	g.now = g.now.Add(time.Duration(1+g.IntN(5)) * time.Minute)
	sent := g.recorder.send(g.now, actor, c) == nil
	for _, k := range g.recorder.ledger.State().Pending() {
		g.answer(k)
	}
	return sent
}

// speaker is somebody who speaks for the organisation, named if there was nobody; the
// manager where that can't be.
func (g *generator) speaker(code string) string {
	const who = "gp-2"
	s := g.state()
	if p := s.Person(who); p != nil && s.SpeaksFor(p.ID, code, g.today()) {
		return who
	}
	g.send("manager", &domain.RecordSpokesperson{Organisation: code, Person: who, Evidence: "letter", Span: domain.Span{From: g.today()}})
	s = g.state()
	if p := s.Person(who); p != nil && s.SpeaksFor(p.ID, code, g.today()) {
		return who
	}
	return "manager"
}

// answer has what waits confirmed at once, or taken back: what holds while it waits the
// model takes from what is recorded then (rules O1, O3).
func (g *generator) answer(k *domain.Kept) {
	confirm := &domain.ConfirmRecord{Records: []string{k.Number}}
	for range 3 {
		may := g.recorder.ledger.State().MayConfirm(k, g.today())
		if len(may) == 0 || g.recorder.send(g.now, may[0], confirm) != nil {
			break
		}
	}
	if g.recorder.ledger.State().Records[k.Number].Waits() {
		g.recorder.send(g.now, k.By, &domain.RefuseRecord{Records: confirm.Records, Reason: "entered by mistake"})
	}
}

func (g *generator) found() {
	g.now = pick(g, time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC), time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC),
		time.Date(2026, 10, 1, 9, 0, 0, 0, time.UTC), time.Date(2028, 1, 20, 9, 0, 0, 0, time.UTC)).AddDate(0, 0, g.IntN(10))
	began := g.today().Add(-400)
	place := func(code string) []domain.MembershipRow {
		return []domain.MembershipRow{{In: code, Span: domain.Span{From: began}}}
	}
	rows := []domain.OrganisationRow{
		{Code: "VALE", Kind: domain.PlaceKind, Name: "Vale"},
		{Code: "LMC", Kind: domain.LMC, Name: "Vale LMC"},
		{Code: "FED", Kind: domain.Federation, Name: "Vale Federation", Parents: place("VALE")},
		{Code: "ICB", Kind: domain.SystemBody, Name: "Vale ICB"},
	}
	for _, code := range pcns {
		rows = append(rows, domain.OrganisationRow{Code: code, Kind: domain.PCN, Name: "PCN " + code, Parents: place("VALE")})
	}
	var more []domain.OrganisationRow
	for i, code := range practices {
		row := domain.OrganisationRow{Code: code, Kind: domain.Practice, Name: "Practice " + code, Parents: place(pcns[i%3])}
		if i == 8 {
			row.Parents = place("VALE")
		} else if i%2 == 0 {
			row.Parents = append(row.Parents, place("VALE")...)
		}
		if i < 3 {
			rows = append(rows, row)
		} else {
			more = append(more, row)
		}
	}
	var persons []domain.PersonEntry
	for _, h := range people {
		entry := domain.PersonEntry{Handle: h, Office: "Office of " + h}
		for seat, holder := range seats {
			if holder == h {
				entry.Organisation = seat
			}
		}
		if entry.Organisation == "" {
			entry.Organisation = "P10001"
		}
		persons = append(persons, entry)
	}
	var table []domain.SeatEntry
	for _, code := range seatOrder {
		entry := domain.SeatEntry{Organisation: code, Holder: seats[code]}
		if code == "U10001" {
			entry.Deputy = "gp-1"
		}
		table = append(table, entry)
	}
	since := domain.Span{From: g.today()}
	found := &domain.Found{
		Name: "Vale Board", ShortName: "the board", Place: "VALE", PlaceName: "Vale", Founder: "chair",
		Charter: g.charter(), Organisations: rows, People: persons, Seats: table,
		Duties: []domain.DutyEntry{
			{Duty: domain.Chair, Person: "chair", Span: since}, {Duty: domain.Manager, Person: "manager", Employer: "FED", Span: since},
			{Duty: domain.Registrar, Person: "manager", Span: since}, {Duty: domain.Gatekeeper, Person: "manager", Span: since},
		},
	}
	g.send("chair", found)
	g.send("manager", &domain.ImportOrganisations{Rows: more})
	for _, f := range forums {
		g.send("manager", &domain.RegisterForum{Forum: f, Name: "The " + f, Body: "ICB"})
	}
	g.send("manager", &domain.RecordSpokesperson{Organisation: "LMC", Person: "gp-2", Evidence: "letter", Span: domain.Span{From: g.today()}})
	if !g.chance(4) {
		g.send("manager", &domain.ImportOrganisations{Rows: g.lists(g.today().Add(-30), practices)})
	}
	for _, code := range seatOrder {
		g.wait()
		g.send(seats[code], &domain.ConsentToCharter{Seat: code})
	}
	for i, code := range practices {
		if g.chance(96) {
			to := ""
			if i < 8 && g.chance(45) {
				to = pcns[i%3]
			}
			g.mandate(code, to, nil)
		}
	}
	for _, code := range pcns {
		if g.chance(93) {
			g.mandate(code, "", nil)
		}
	}
	g.agree(domain.Instrument{FormExecutive: &domain.FormExecutive{Members: []string{"chair", "fed-lead", "cd-1"}, Span: g.span(200)}})
}

func (g *generator) charter() domain.Charter {
	return domain.Charter{
		Text: "We decide together.", Quorum: 3, QuorumOf: []string{"LMC"}, Window: 1 + g.IntN(4), ReviewWithin: 60 + g.IntN(60), Grace: 1 + g.IntN(10),
		ReportWithin: 3, RatifyWithin: 5 + g.IntN(12), CallInWithin: 2 + g.IntN(6), SettleWithin: 4 + g.IntN(8), CloseWithin: 9 + g.IntN(12),
		Gatekeepers: 2, Communications: 1, Notice: 1 + g.IntN(6), DefaultStance: pick(g, domain.Discretion, domain.BringBack),
		LeastCoverage: pick(g, 20, 50, 50, 66), Reserved: []string{"contracts/core"},
		Matters: []string{"access", "workforce", "estates", "digital", "contracts", "representation", "workforce/pay"},
	}
}

func (g *generator) lists(on domain.Day, codes []string) []domain.OrganisationRow {
	var rows []domain.OrganisationRow
	for _, code := range codes {
		if g.chance(95) {
			row := g.row(code)
			row.Lists = []domain.ListRow{{On: on, Patients: 1000 * (1 + g.IntN(9))}}
			rows = append(rows, row)
		}
	}
	return rows
}

// row is the organisation as it is recorded now, to be imported with changes.
func (g *generator) row(code string) domain.OrganisationRow {
	kind := domain.Practice
	if slices.Contains(pcns, code) {
		kind = domain.PCN
	}
	row := domain.OrganisationRow{Code: code, Kind: kind, Name: "Practice " + code}
	if o := g.state().Organisations[code]; o != nil {
		row.Name, row.Opened, row.Closed = o.Name, o.Opened, o.Closed
		for _, m := range o.Memberships {
			row.Parents = append(row.Parents, domain.MembershipRow{In: m.In, Span: m.Span})
		}
	}
	return row
}

// span begins at about today and lasts for up to so many days, or for good.
func (g *generator) span(most int) domain.Span {
	s := domain.Span{From: g.today()}
	if g.chance(15) {
		s.From = s.From.Add(g.IntN(20))
	}
	if !g.chance(20) {
		s.Until = s.From.Add(g.IntN(most))
		if g.chance(70) {
			s.Until = s.Until.Add(most / 3)
		}
	}
	return s
}

func (g *generator) matters(least, most int) []string {
	var chosen []string
	for _, m := range some(g, least, most, matters[:9]) {
		below := slices.ContainsFunc(chosen, func(o string) bool { return domain.Within(m, o) || domain.Within(o, m) })
		if !below || g.chance(30) {
			chosen = append(chosen, m)
		}
	}
	return chosen
}

func (g *generator) mandate(code, to string, ms []string) bool {
	m := &domain.GrantMandate{Organisation: code, To: to, Matters: ms, Evidence: "minute", Span: domain.Span{From: g.today()}}
	switch n := g.IntN(100); {
	case n < 15:
		m.From = m.From.Add(-g.IntN(30))
	case n < 30:
		m.From = m.From.Add(g.IntN(30))
	}
	if g.chance(20) {
		m.Until = m.From.Add(20 + g.IntN(120))
	} else {
		m.Review = m.From.Add(300)
	}
	if g.chance(15) {
		m.Conditions = fmt.Sprint("condition ", g.IntN(4))
	}
	return g.send("manager", m)
}
