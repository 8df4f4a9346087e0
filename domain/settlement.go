package domain

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Settlement (rules C5–C8, C13, C15): a proposal is agreed when every entitled seat
// has taken a position on its current version, quorum is met by explicit
// consents, no block is open and the window has run. The ledger settles what is
// ripe before any later command, as the system.

// settleDue records on the turn everything that has become due by its day, in
// the order in which it became due. Days before since had been looked at when
// they were today: what is recorded later makes nothing ripe on them.
func (t *turn) settleDue(since Day) {
	for t.s.Established != 0 && t.settleFirst(since) {
	}
}

// settleFirst settles the open proposal, or the record that waits, that became due
// first; false if none is due. What changes the register comes before what rests on it.
func (t *turn) settleFirst(since Day) bool {
	if len(t.out) > 0 && (len(t.s.open)+len(t.s.pending) > 0 || slices.ContainsFunc(t.out, func(e Event) bool { return changesSeats(e.Data) })) {
		t.ownState()
	}
	var on Day
	var settle func()
	if !t.s.formsAgain() {
		if on = t.s.unheldFrom(t.s.unlooked(since), t.day); on != 0 {
			settle = func() { t.formAgain(on) }
		}
	}
	for _, number := range t.s.pending {
		if d, due := t.s.Records[number].unopposedOn(t.s.silentSince(t.s.Records[number], since), t.day); due && (settle == nil || d < on) {
			on, settle = d, func() { t.takeUnopposed(t.s.Records[number], d) }
		}
	}
	for _, number := range t.s.open {
		if d, how := t.settlesOn(t.s.Proposals[number], since); how != nil && (settle == nil || d < on) {
			on, settle = d, func() { how(t, t.s.Proposals[number], d) }
		}
	}
	if settle == nil {
		return false
	}
	t.ownState()
	settle()
	return true
}

// settlesOn is what first became due of an open proposal, and when: it was
// agreed, its closing day was put off, or it lapsed; nil if nothing did.
func (t *turn) settlesOn(p *Proposal, since Day) (Day, func(*turn, *Proposal, Day)) {
	ripe, isRipe := t.ripeOn(p, since)
	later, isLater := t.putOffOn(p, since)
	switch {
	case isRipe && !(isLater && later < ripe):
		return ripe, (*turn).agree
	case isLater:
		return later, (*turn).putOff
	case t.day >= p.Closes:
		return p.Closes, (*turn).lapse
	}
	return 0, nil
}

// ripeOn is the first day, from since up to today and to its closing day, on
// which the proposal was ripe and could be enacted.
func (t *turn) ripeOn(p *Proposal, since Day) (Day, bool) {
	for d := max(p.LastDay, since); d <= min(t.day, p.Closes); d++ {
		if t.s.mayBeRipe(p, d) && t.s.EstablishedOn(d) && len(t.s.WaitingFor(p, d)) == 0 && t.enactable(p, d) {
			return d, true
		}
	}
	return 0, false
}

// mayBeRipe rules out at little cost most of what is not: before the window ends
// somebody must have said that it need not wait, and after it there must be as
// many consents as the quorum has.
func (s *consensus) mayBeRipe(p *Proposal, d Day) bool {
	consents, hurry, version := 0, false, p.Version().Number
	for i := range p.Positions {
		if pos := &p.Positions[i]; pos.Version == version && pos.Stand == Consent {
			consents++
			hurry = hurry || pos.NeedNotWait
		}
	}
	return consents > 0 && consents >= s.quorumOn(p, d) && (hurry || d >= p.WindowEnds())
}

func (t *turn) enactable(p *Proposal, d Day) bool {
	return t.tryInstruments(p.Version().Instruments, p.Number, d) == nil
}

// agree records the agreement, with its roll, and enacts its instruments in
// the same append (rules C7, C8).
func (t *turn) agree(p *Proposal, d Day) {
	v := p.Version()
	t.bySystem("settle/"+p.Number, uint64(v.Number), func() {
		at := t.recordBecause(p.LastIndex, d, &AgreementReached{
			Proposal: p.Number, Version: v.Number, Title: v.Title, Text: v.Text, Matter: p.Matter, Roll: t.s.RollOn(p, d), Objections: p.Objections,
		})
		if r := t.enactAll(v.Instruments, enacting{p.Number, at, d}); r != nil {
			panic("domain: an instrument was refused after it had been tried: " + r.Error())
		}
	})
}

// lapse records that a proposal reached its closing day without consensus,
// with its objections listed, and what was tried: an outcome, not an error
// (rules C13, C15).
func (t *turn) lapse(p *Proposal, d Day) {
	var open []string
	for _, o := range t.s.openObjections(p) {
		open = append(open, o.Number)
	}
	t.bySystem("settle/"+p.Number, uint64(p.Version().Number), func() {
		t.recordBecause(p.LastIndex, d, &ProposalLapsed{
			Proposal: p.Number, Version: p.Version().Number, Objections: open, WaitedFor: t.s.WaitingFor(p, d), Tried: t.s.Tried(p),
		})
	})
}

// Lacking is what keeps a proposal from being agreed.
type Lacking struct {
	Seats      []string // that have not responded, by code
	Others     []string // in words
	Objections Day      // when the time for objections ends, where that is waited for; 0: it is not
}

// WaitingFor says in words what keeps the proposal from being agreed on that
// day; nothing means that it is ripe (rule C5). What its instruments lack is
// not among it: see Unenactable.
func (s *beside) WaitingFor(p *Proposal, d Day) []string {
	w := s.LackingOn(p, d)
	var words []string
	for _, seat := range w.Seats {
		words = append(words, s.name(seat)+" to respond")
	}
	words = append(words, w.Others...)
	if w.Objections != 0 {
		words = append(words, "the time for objections to end on "+w.Objections.Words())
	}
	return words
}

// LackingOn is what WaitingFor says in words.
func (s *beside) LackingOn(p *Proposal, d Day) Lacking {
	var silent, waits []string
	seats := s.AskedOn(p, d)
	hurry := true
	consented := map[string]bool{}
	var people []string
	ends := s.ObjectionsEnd(p, d)
	for _, seat := range seats {
		pos := PositionOf(p, seat)
		switch {
		case pos == nil && !s.isVacant(p, s.Seats[seat], d):
			silent = append(silent, seat)
		case pos != nil && pos.Stand == Consent:
			consented[seat] = true
			if who := pos.consenting(); s.named(s.Seats[seat], who) {
				people = append(people, who)
			}
		}
		hurry = hurry && pos != nil && pos.Stand == Consent && pos.NeedNotWait && !s.VacantOn(s.Seats[seat], d)
	}
	if quorum := s.quorumOn(p, d); len(consented) < quorum {
		waits = append(waits, Count(quorum-len(consented), "more consent")+" for the quorum of "+strconv.Itoa(quorum))
	} else if least, are := s.PeopleOn(p, d), s.differentPeople(people); are < least {
		waits = append(waits, "the consents to come from "+strconv.Itoa(least)+" different people, and not from "+strconv.Itoa(are))
	}
	for _, code := range s.CharterOn(d).Charter.QuorumOf {
		for _, is := range s.successorsOn(code, d) {
			if slices.Contains(seats, is) && !consented[is] {
				waits = appendNew(waits, "the consent of "+s.name(is)+", which the charter asks for")
			}
		}
	}
	for _, code := range s.UnpaidOn(p, d) {
		waits = append(waits, "the consent of "+s.name(code)+", which would pay")
	}
	for _, o := range s.BlocksOn(p) {
		waits = appendNew(waits, s.name(o.Seat)+" to remove its block")
	}
	for _, seat := range seats {
		if h := s.ObjectionToAnswer(p, seat, d); h != nil {
			waits = append(waits, s.name(seat)+" to say whether it objects, as the manager heard it does, until "+h.answerBy(p).Words())
		}
	}
	if d >= ends || hurry && len(seats) > 0 {
		ends = 0
	}
	return Lacking{silent, waits, ends}
}

// ObjectionsEnd is the first day on which the newest version of the proposal is no longer
// open for objections, as the seats are on that day (rules C4, C6).
func (s *consensus) ObjectionsEnd(p *Proposal, d Day) Day {
	ends := p.WindowEnds()
	for _, seat := range s.AskedOn(p, d) {
		ends = max(ends, s.lateWindow(p, seat))
	}
	return ends
}

// lateWindow is the end of the full window that a seat gets which joined after
// the version was put (rule C6); 0 for the others.
func (s *table) lateWindow(p *Proposal, seat string) Day {
	v := p.Version()
	if joined := s.Seats[seat].since(); joined > v.Put {
		return joined.Add(v.Window)
	}
	return 0
}

func (p *Proposal) paid(code string) bool {
	return slices.ContainsFunc(p.Payments, func(a Payment) bool { return a.Organisation == code && a.Version == p.Version().Number })
}

// Unenactable says why the newest version could not be enacted on that day as
// things stand; nil if it could (rules C9, D2).
func (s *View) Unenactable(p *Proposal, d Day) *Refusal {
	return s.Refuses(p.Version().Instruments, p.Number, d)
}

// Refuses says why the instruments could not be enacted on that day as things
// stand, by that proposal, or by a new one that has no number yet; nil if they
// could. It is what raising them would be refused for (rule C1).
func (s *View) Refuses(is []Instrument, proposal string, d Day) *Refusal {
	t := &turn{asking: asking{s: s, req: &Request{Group: s.Group}, now: s.Last, day: d}}
	return t.tryInstruments(is, proposal, d)
}

// NextDue is the next moment at which something may become due in the group by
// itself; the zero time if nothing can.
func (s *business) NextDue(now time.Time) time.Time {
	silent := slices.ContainsFunc(s.pending, func(n string) bool { return len(s.Records[n].unopposedParts()) > 0 })
	switch today := DayOf(now); {
	case s.Established == 0:
		return time.Time{}
	case len(s.open) > 0 || silent:
		return (today + 1).Start()
	case !s.formsAgain():
		if d := s.unheldFrom(s.unlooked(today), NewDay(LastYear, 12, 31)); d != 0 {
			return max(d, today+1).Start()
		}
	}
	return time.Time{}
}

// AgreementReached: a consensus, with the exact words and the roll (rule C7).
type AgreementReached struct {
	Proposal   string      `json:"proposal"`
	Version    int         `json:"version"`
	Title      string      `json:"title"`
	Text       string      `json:"text"`
	Matter     string      `json:"matter"`
	Roll       []RollEntry `json:"roll"`
	Objections []string    `json:"objections,omitempty"`
}

func (e *AgreementReached) Subject() string { return "proposal/" + e.Proposal }
func (e *AgreementReached) apply(s *State, ev *Event) {
	s.makeNotice(ev)
	p := s.end(e.Proposal, ev, Agreed)
	p.AgreedOn, p.Roll, p.Agreement = ev.Effective, e.Roll, ev.Index
}

// ProposalLapsed: a proposal reached its closing day without consensus.
type ProposalLapsed struct {
	Proposal   string   `json:"proposal"`
	Version    int      `json:"version"`
	Objections []string `json:"objections,omitempty"`
	WaitedFor  []string `json:"waitedFor,omitempty"`
	Tried      []string `json:"tried,omitempty" doc:"what was tried to work its objections through"`
}

func (e *ProposalLapsed) Subject() string           { return "proposal/" + e.Proposal }
func (e *ProposalLapsed) apply(s *State, ev *Event) { s.end(e.Proposal, ev, Lapsed) }

// A RollEntry is one seat's line in the roll (rules C7, C12).
type RollEntry struct {
	Seat     string       `json:"seat"`
	Name     string       `json:"name" doc:"of the organisation, then"`
	Person   string       `json:"person,omitempty"`
	Office   string       `json:"office,omitempty"`
	Role     SeatRole     `json:"role,omitempty"`
	Position RollPosition `json:"position" doc:"consent, stand-aside, blocks, not heard, vacant, or what was heard and is to be confirmed or answered"`
	Time     int64        `json:"time,omitzero" doc:"recorded, milliseconds since 1970"`
	Index    uint64       `json:"index,omitzero"`
	Reason   string       `json:"reason,omitempty"`
	Interest string       `json:"interest,omitempty"`
	Heard    string       `json:"heard,omitempty"`
}

// RollPosition is what a seat says on a proposal, or why nothing.
type RollPosition string

const (
	RollConsents    = RollPosition(Consent)
	RollStandsAside = RollPosition(StandAside)

	RollBlocks      RollPosition = "blocks"
	RollNotHeard    RollPosition = "not heard"
	RollVacant      RollPosition = "vacant"
	RollUnconfirmed RollPosition = "heard, to be confirmed"
	RollToAnswer    RollPosition = "heard to object, to be answered"
)

// RollOn names for each entitled seat what it says to the newest version on
// that day: who supports, stands aside, objects and has not been heard; never a
// percentage (rule C12).
func (s *consensus) RollOn(p *Proposal, d Day) []RollEntry {
	if p.Stage == Agreed && p.AgreedOn <= d {
		return p.Roll
	}
	blocks := s.BlocksOn(p)
	ids := s.AskedOn(p, d)
	for _, o := range blocks {
		ids = appendNew(ids, o.Seat)
	}
	slices.Sort(ids)
	var roll []RollEntry
	for _, id := range ids {
		e := RollEntry{Seat: id, Name: s.nameOn(id, d), Position: RollNotHeard}
		if s.isVacant(p, s.Seats[id], d) {
			e.Position = RollVacant
		}
		if pos := p.ToConfirm(id); pos != nil {
			e.Position, e.Heard = RollUnconfirmed, pos.Heard
		}
		if pos := PositionOf(p, id); pos != nil {
			e.Person, e.Office, e.Role, e.Position = pos.Person, s.office(pos.Person), pos.Role, RollPosition(pos.Stand)
			e.Time, e.Index, e.Reason, e.Interest, e.Heard = pos.Time, pos.Index, pos.Reason, pos.Interest, pos.Heard
		}
		if h := s.ObjectionToAnswer(p, id, d); h != nil {
			e = RollEntry{Seat: id, Name: e.Name, Position: RollToAnswer, Index: h.Index, Reason: h.Why, Heard: h.Heard}
		}
		for _, o := range blocks {
			if o.Seat == id {
				e = RollEntry{Seat: id, Name: e.Name, Position: RollBlocks, Person: o.Person, Office: s.office(o.Person), Role: o.Role, Index: o.Index, Reason: o.Why}
			}
		}
		roll = append(roll, e)
	}
	return roll
}

// RollWords are the roll in a sentence.
func RollWords(roll []RollEntry) string {
	by := map[RollPosition][]string{}
	for _, e := range roll {
		by[e.Position] = append(by[e.Position], e.Name)
	}
	var parts []string
	for _, p := range []struct {
		position RollPosition
		say      string
	}{
		{RollConsents, "consented"}, {RollStandsAside, "stood aside"}, {RollBlocks, "blocks"},
		{RollUnconfirmed, "heard, to be confirmed"}, {RollToAnswer, "heard to object, to be answered"}, {RollNotHeard, "not yet heard"}, {RollVacant, "vacant"},
	} {
		if len(by[p.position]) > 0 {
			parts = append(parts, p.say+": "+List(by[p.position]))
		}
	}
	return FirstUpper(strings.Join(parts, "; "))
}
