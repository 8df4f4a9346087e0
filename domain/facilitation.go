package domain

import (
	"cmp"
	"slices"
	"strings"
)

// Working an objection through (rule C15). While a block stands, the chair or one
// of the seats in the dispute (the one that raised the proposal and those that
// block it) names a facilitator, and conversations are recorded. The closing day
// can be put off once, if all of these seats agree to it. A proposal that lapses
// says what was tried.

// NameFacilitator names who helps the seats in a dispute to find words that
// everybody signs up to. A later name takes the place of an earlier one.
type NameFacilitator struct {
	Proposal string `json:"proposal" rule:"C15" of:"proposal" ask:"Which proposal?"`
	Person   string `json:"person" doc:"handle or id; somebody who acts for none of the seats in the dispute" maxLength:"60" of:"person" ask:"Who?" hint:"Somebody who acts for none of the seats in the dispute."`
	Words    string `json:"words,omitempty" doc:"why them" maxLength:"2000" call:"why them" ask:"Why them, if you want to say?"`
	Seat     string `json:"seat,omitempty" doc:"organisation's code; needed only by who acts for several of the seats" maxLength:"60" of:"seat" ask:"Which seat?"`
}

func (c *NameFacilitator) may(w *who) (Permission, *Refusal) {
	return w.mustWorkThrough(c.Proposal, c.Seat, false)
}

func (c *NameFacilitator) decide(t *turn) *Refusal {
	p := t.s.Proposals[c.Proposal]
	who, r := t.s.person("C15", c.Person)
	if r != nil {
		return r.at("person")
	}
	for _, seat := range t.s.PartiesOn(p, t.day) {
		if t.s.RoleOn(t.s.Seats[seat], who.ID, t.day) != "" {
			return notNow("C15", "%s acts for %s, which is in this dispute: name somebody who acts for none of the seats in it.", who.Office, t.s.name(seat)).at("person")
		}
	}
	if now := p.Facilitator(); now != nil && now.Person == who.ID {
		return notNow("C15", "%s was named as facilitator on %s.", who.Office, now.On.Words()).at("person")
	}
	t.record(&FacilitatorNamed{Proposal: p.Number, Person: who.ID, Words: c.Words})
	return nil
}

// RecordConversation records a conversation about a block: when, with whom, and
// what was learnt.
type RecordConversation struct {
	Proposal string   `json:"proposal" rule:"C15" of:"proposal" ask:"Which proposal?"`
	On       Day      `json:"on,omitzero" doc:"day of the conversation; none: today" ask:"On which day?" hint:"Leave it empty for today."`
	With     []string `json:"with" doc:"who took part: handles or ids" maxItems:"50" of:"person" else:"Say with whom the conversation was." ask:"Who took part?"`
	Learnt   string   `json:"learnt" doc:"what was learnt" maxLength:"2000" call:"what was learnt" ask:"What was learnt?" hint:"In words that everybody who sees this proposal will read."`
	Seat     string   `json:"seat,omitempty" doc:"organisation's code; needed only by who acts for several of the seats" maxLength:"60" of:"seat" ask:"Which seat?"`
}

func (c *RecordConversation) may(w *who) (Permission, *Refusal) {
	return w.mustWorkThrough(c.Proposal, c.Seat, true)
}

func (c *RecordConversation) decide(t *turn) *Refusal {
	p := t.s.Proposals[c.Proposal]
	on := cmp.Or(c.On, t.day)
	if on < p.Raised {
		return invalid("C15", "%s was raised on %s: a conversation about it is of that day or a later one.", p.Number, p.Raised.Words()).at("on")
	}
	with, r := t.s.people("C15", c.With)
	if r != nil {
		return r.at("with")
	}
	if r := t.notInFuture("C15", on).at("on"); r != nil {
		return r
	}
	t.recordOn(on, &ConversationRecorded{Proposal: p.Number, On: on, With: with, Learnt: c.Learnt})
	return nil
}

// AskPutOff asks the other seats in a dispute to put the closing day off. It is
// the asking seat's own agreement to that day.
type AskPutOff struct {
	Proposal string `json:"proposal" rule:"C15" of:"proposal" ask:"Which proposal?"`
	Closes   Day    `json:"closes" doc:"closing day that is asked for; at most as many days later as the charter gives a proposal" else:"Say to which day the closing is to be put off." ask:"To which day?"`
	Words    string `json:"words,omitempty" doc:"why" maxLength:"2000" call:"why" ask:"Why?"`
	Seat     string `json:"seat,omitempty" doc:"organisation's code; needed only by who acts for several of the seats" maxLength:"60" of:"seat" ask:"Which seat?"`
}

func (c *AskPutOff) may(w *who) (Permission, *Refusal) { return w.mustBeInDispute(c.Proposal, c.Seat) }

func (c *AskPutOff) decide(t *turn) *Refusal {
	p, seat := t.s.Proposals[c.Proposal], t.permission.seat
	if r := t.checkPuttingOff(p); r != nil {
		return r
	}
	most := p.Closes.Add(t.s.CharterOn(t.day).Charter.CloseWithin)
	switch asked := p.PutOffAsked(); {
	case c.Closes <= p.Closes:
		return invalid("C15", "%s closes on %s: ask for a later day.", p.Number, p.Closes.Words()).at("closes")
	case c.Closes > most:
		return invalid("C15", "The closing day can be put off to %s at the latest.", most.Words()).at("closes")
	case asked != nil && asked.Closes == c.Closes && asked.agreed(t.s.State, seat.ID, t.day):
		return notNow("C15", "%s has already agreed to %s. It waits for %s.", t.s.name(seat.ID), c.Closes.Words(), List(t.s.names(t.s.PutOffWaitsFor(p, t.day)))).at("closes")
	case asked != nil && asked.Closes == c.Closes:
		return notNow("C15", "%s has asked for that day: agree to it.", t.s.name(asked.Agreed[0].Seat)).at("closes")
	}
	t.record(&ClosingPutOffAsked{Proposal: p.Number, Seat: seat.ID, Person: t.actor.ID, Closes: c.Closes, Words: c.Words})
	return nil
}

// AgreePutOff agrees, for a seat in a dispute, to the closing day that another
// asked for. Once every one of these seats has agreed, the closing day is put off.
type AgreePutOff struct {
	Proposal string `json:"proposal" rule:"C15" of:"proposal" ask:"Which proposal?"`
	Closes   Day    `json:"closes,omitzero" doc:"closing day that is agreed to; none: the one that was asked for" ask:"To which day?"`
	Seat     string `json:"seat,omitempty" doc:"organisation's code; needed only by who acts for several of the seats" maxLength:"60" of:"seat" ask:"Which seat?"`
}

func (c *AgreePutOff) may(w *who) (Permission, *Refusal) {
	return w.mustBeInDispute(c.Proposal, c.Seat)
}

func (c *AgreePutOff) decide(t *turn) *Refusal {
	p, seat := t.s.Proposals[c.Proposal], t.permission.seat
	if r := t.checkPuttingOff(p); r != nil {
		return r
	}
	asked := p.PutOffAsked()
	switch {
	case asked == nil:
		return notNow("C15", "Nobody has asked to put off the closing day of %s: ask for a day.", p.Number)
	case c.Closes != 0 && c.Closes != asked.Closes:
		return notNow("C15", "%s asked for %s. Agree to that day, or ask for another.", t.s.name(asked.Agreed[0].Seat), asked.Closes.Words()).at("closes")
	case asked.Closes <= p.Closes:
		return notNow("C15", "%s closes on %s by now, so that %s is not later any more: ask for another day.", p.Number, p.Closes.Words(), asked.Closes.Words())
	case asked.agreed(t.s.State, seat.ID, t.day):
		return notNow("C15", "%s has already agreed to %s.", t.s.name(seat.ID), asked.Closes.Words())
	}
	t.recordBecause(asked.Agreed[0].Index, t.day, &ClosingPutOffAgreed{Proposal: p.Number, Seat: seat.ID, Person: t.actor.ID, Closes: asked.Closes})
	return nil
}

// blocked finds an open proposal that a block stops.
func (w *who) blocked(number string) (*Proposal, *Refusal) {
	p, r := w.s.proposal("C15", number)
	if r != nil {
		return nil, r
	}
	if r := p.checkStage(Open); r != nil {
		return nil, r
	}
	if len(w.s.BlocksOn(p)) == 0 {
		return nil, notNow("C15", "No block stands on %s, so there is nothing to work through.", p.Number)
	}
	return p, nil
}

// mustBeInDispute is the permission for a seat in the dispute about the proposal, and
// refuses anybody else.
func (w *who) mustBeInDispute(number, code string) (Permission, *Refusal) {
	p, r := w.blocked(number)
	if r != nil {
		return Permission{}, r
	}
	parties := w.s.PartiesOn(p, w.day)
	mine := slices.DeleteFunc(slices.Clone(parties), func(id string) bool { return w.s.RoleOn(w.s.Seats[id], w.person.ID, w.day) == "" })
	if len(mine) == 0 || (code != "" && !slices.Contains(mine, code)) {
		return Permission{}, notYours("C15", "This is for the seat that raised %s and for those that block it: %s.", p.Number, List(w.s.names(parties)))
	}
	if code == "" && len(mine) > 1 {
		return Permission{}, invalid("F5", "Say for which seat you act: %s.", strings.Join(mine, ", ")).at("seat")
	}
	return *w.sits(cmp.Or(code, mine[0])), nil
}

// mustWorkThrough is the permission of the facilitator, where that is enough, of the
// chair, and of a seat in the dispute; it refuses anybody else.
func (w *who) mustWorkThrough(number, code string, facilitator bool) (Permission, *Refusal) {
	p, r := w.blocked(number)
	if r != nil {
		return Permission{}, r
	}
	also, named := "the chair", ""
	if now := p.Facilitator(); facilitator {
		also = "the facilitator, the chair"
		if now != nil {
			named = now.Person
		}
	}
	if yes := cmp.Or(w.is(named), w.has(Chair)); yes != nil && code == "" {
		return *yes, nil
	}
	yes, r := w.mustBeInDispute(number, code)
	if r != nil && r.Class == NotYours {
		r = notYours("C15", "This is for %s, the seat that raised %s and those that block it: %s.", also, p.Number, List(w.s.names(w.s.PartiesOn(p, w.day))))
	}
	return yes, r
}

// checkPuttingOff refuses to put off the closing day of a blocked proposal that
// can't be put off any more, or where there is nobody to agree with.
func (t *asking) checkPuttingOff(p *Proposal) *Refusal {
	raising := t.s.disputes(p.Seat, t.day)
	switch {
	case p.Working != nil && p.Working.PutOff != nil:
		return notNow("C15", "The closing day of %s was put off once, to %s: it can't be put off again.", p.Number, p.Working.PutOff.Closes.Words())
	case raising == "":
		return notNow("C15", "Nobody holds the seat of %s, which raised %s: nobody can agree for it.", t.s.name(p.Seat), p.Number)
	case len(t.s.PartiesOn(p, t.day)) < 2:
		return notNow("C15", "Only %s itself blocks %s: putting the closing day off needs the agreement of two seats.", t.s.name(raising), p.Number)
	}
	return nil
}

// PartiesOn are the seats in the dispute on that day, by code: the one that
// raised the proposal, first, and those whose blocks stand; none if no block
// stands (rule C15).
func (s *consensus) PartiesOn(p *Proposal, d Day) []string {
	var parties []string
	blocks := s.BlocksOn(p)
	if raising := s.disputes(p.Seat, d); raising != "" && len(blocks) > 0 {
		parties = append(parties, raising)
	}
	for _, o := range blocks {
		parties = appendNew(parties, cmp.Or(s.disputes(o.Seat, d), o.Seat))
	}
	return parties
}

// disputes is the seat that speaks in a dispute for the one that raised the proposal or
// objected: itself, while somebody holds it or deputises, or else one that it went on as
// (rule F11); "" if nobody does.
func (s *consensus) disputes(code string, d Day) string {
	for _, id := range s.LetGoBy(code, d) {
		if seat := s.Seats[id]; seat != nil && !s.VacantOn(seat, d) {
			return id
		}
	}
	return ""
}

// PutOffWaitsFor are the seats in the dispute that have not agreed, on that day,
// to the closing day that one of them asked for; none if nobody asked for a later
// one than it has, or it was put off.
func (s *State) PutOffWaitsFor(p *Proposal, d Day) []string {
	asked := p.PutOffAsked()
	if asked == nil || p.Working.PutOff != nil || asked.Closes <= p.Closes {
		return nil
	}
	return slices.DeleteFunc(s.PartiesOn(p, d), func(seat string) bool { return asked.agreed(s, seat, d) })
}

func (s *bodies) names(codes []string) []string {
	var names []string
	for _, code := range codes {
		names = append(names, s.name(code))
	}
	return names
}

// putOffOn is the first day, from since up to today and before the closing day,
// on which every seat in the dispute had agreed to put that day off.
func (t *asking) putOffOn(p *Proposal, since Day) (Day, bool) {
	asked := p.PutOffAsked()
	if asked == nil || p.Working.PutOff != nil || asked.Closes <= p.Closes {
		return 0, false
	}
	for d := max(p.LastDay, asked.last().On, since); d <= min(t.day, p.Closes-1); d++ {
		raising := t.s.disputes(p.Seat, d)
		if raising != "" && len(t.s.PartiesOn(p, d)) >= 2 && len(t.s.PutOffWaitsFor(p, d)) == 0 {
			return d, true
		}
	}
	return 0, false
}

// putOff records that the closing day was put off.
func (t *turn) putOff(p *Proposal, d Day) {
	asked := p.PutOffAsked()
	t.bySystem("put-off/"+p.Number, 0, func() {
		t.recordBecause(asked.last().Index, d, &ClosingPutOff{Proposal: p.Number, From: p.Closes, Closes: asked.Closes, Seats: asked.Seats()})
	})
}

// FacilitatorNamed: somebody was named to help the seats in a dispute.
type FacilitatorNamed struct {
	Proposal string `json:"proposal"`
	Person   string `json:"person"`
	Words    string `json:"words,omitempty"`
}

func (e *FacilitatorNamed) Subject() string { return "proposal/" + e.Proposal }
func (e *FacilitatorNamed) apply(s *State, ev *Event) {
	w := s.editWorking(e.Proposal)
	w.Facilitators = with(w.Facilitators, Facilitator{e.Person, e.Words, actorID(ev), ev.OnBehalfOf, ev.Effective, ev.Index})
}

// ConversationRecorded: people talked about a block.
type ConversationRecorded struct {
	Proposal string   `json:"proposal"`
	On       Day      `json:"on"`
	With     []string `json:"with"`
	Learnt   string   `json:"learnt"`
}

func (e *ConversationRecorded) Subject() string { return "proposal/" + e.Proposal }
func (e *ConversationRecorded) apply(s *State, ev *Event) {
	w := s.editWorking(e.Proposal)
	w.Conversations = with(w.Conversations, Conversation{e.On, e.With, e.Learnt, actorID(ev), DayOf(ev.Time), ev.Index})
}

// ClosingPutOffAsked: a seat in a dispute asked to put the closing day off.
type ClosingPutOffAsked struct {
	Proposal string `json:"proposal"`
	Seat     string `json:"seat"`
	Person   string `json:"person"`
	Closes   Day    `json:"closes"`
	Words    string `json:"words,omitempty"`
}

func (e *ClosingPutOffAsked) Subject() string { return "proposal/" + e.Proposal }
func (e *ClosingPutOffAsked) apply(s *State, ev *Event) {
	day := DayOf(ev.Time)
	w := s.editWorking(e.Proposal)
	w.Requests = with(w.Requests, PutOffRequest{Closes: e.Closes, Words: e.Words, Agreed: []PutOffAgreement{{e.Seat, e.Person, day, ev.Index}}})
}

// ClosingPutOffAgreed: another seat in the dispute agreed to that day.
type ClosingPutOffAgreed struct {
	Proposal string `json:"proposal"`
	Seat     string `json:"seat"`
	Person   string `json:"person"`
	Closes   Day    `json:"closes"`
}

func (e *ClosingPutOffAgreed) Subject() string { return "proposal/" + e.Proposal }
func (e *ClosingPutOffAgreed) apply(s *State, ev *Event) {
	w := s.editWorking(e.Proposal)
	w.Requests = slices.Clone(w.Requests)
	asked := &w.Requests[len(w.Requests)-1]
	asked.Agreed = with(asked.Agreed, PutOffAgreement{e.Seat, e.Person, DayOf(ev.Time), ev.Index})
}

// ClosingPutOff: every seat in the dispute agreed, so the proposal closes later.
type ClosingPutOff struct {
	Proposal string   `json:"proposal"`
	From     Day      `json:"from" doc:"closing day before"`
	Closes   Day      `json:"closes" doc:"closing day from now on"`
	Seats    []string `json:"seats" doc:"that agreed; the first one asked"`
}

func (e *ClosingPutOff) Subject() string { return "proposal/" + e.Proposal }
func (e *ClosingPutOff) apply(s *State, ev *Event) {
	w := s.editWorking(e.Proposal)
	w.PutOff = &PutOff{e.From, e.Closes, e.Seats, ev.Effective, ev.Index}
	edit(s.Proposals, e.Proposal).Closes = e.Closes
}

// editWorking gives out what was tried on the proposal, to be changed.
func (s *decisions) editWorking(proposal string) *WorkingThrough {
	p := edit(s.Proposals, proposal)
	var w WorkingThrough
	if p.Working != nil {
		w = *p.Working
	}
	p.Working = &w
	return &w
}

// WorkingThrough is what was tried to work objections to a proposal through.
type WorkingThrough struct {
	Facilitators  []Facilitator // in order; the last is the facilitator
	Conversations []Conversation
	Requests      []PutOffRequest // to put the closing day off, in order; the last one counts
	PutOff        *PutOff         // nil: it was not put off
}

// A Facilitator is who helps the seats in a dispute.
type Facilitator struct {
	Person string
	Words  string
	By     string // person
	For    string // for whom they named them: duty/chair, or a seat
	On     Day
	Index  uint64
}

// A Conversation about a block.
type Conversation struct {
	On       Day
	With     []string
	Learnt   string
	By       string
	Recorded Day
	Index    uint64
}

// A PutOffRequest is a seat's request to put the closing day off.
type PutOffRequest struct {
	Closes Day
	Words  string
	Agreed []PutOffAgreement // in order; the first one asked
}

// A PutOffAgreement is a seat's agreement to a later closing day.
type PutOffAgreement struct {
	Seat   string
	Person string
	On     Day
	Index  uint64
}

// agreed says whether the seat, or one that it succeeds, agreed.
func (r *PutOffRequest) agreed(s *State, seat string, d Day) bool {
	return slices.ContainsFunc(r.Agreed, func(a PutOffAgreement) bool { return slices.Contains(s.LetGoBy(a.Seat, d), seat) })
}

// last is the newest agreement.
func (r *PutOffRequest) last() *PutOffAgreement { return &r.Agreed[len(r.Agreed)-1] }

// Seats are those that agreed, by code, the one that asked first.
func (r *PutOffRequest) Seats() []string {
	var seats []string
	for _, a := range r.Agreed {
		seats = append(seats, a.Seat)
	}
	return seats
}

// A PutOff is the closing day having been put off.
type PutOff struct {
	From   Day
	Closes Day
	Seats  []string
	On     Day
	Index  uint64
}

// Facilitator is who was named last; nil if nobody was.
func (p *Proposal) Facilitator() *Facilitator {
	if p.Working == nil || len(p.Working.Facilitators) == 0 {
		return nil
	}
	return &p.Working.Facilitators[len(p.Working.Facilitators)-1]
}

// PutOffAsked is the newest request to put the closing day off; nil if there is none.
func (p *Proposal) PutOffAsked() *PutOffRequest {
	if p.Working == nil || len(p.Working.Requests) == 0 {
		return nil
	}
	return &p.Working.Requests[len(p.Working.Requests)-1]
}

// Tried says in words what was tried to work objections to the proposal through;
// nothing if nothing is recorded (rules C13, C15).
func (s *register) Tried(p *Proposal) []string {
	w := p.Working
	if w == nil {
		return nil
	}
	var tried []string
	for _, f := range w.Facilitators {
		tried = append(tried, s.office(f.Person)+" was named as facilitator on "+f.On.Words())
	}
	for _, c := range w.Conversations {
		tried = append(tried, "a conversation with "+s.offices(c.With)+" on "+c.On.Words()+": "+Clip(c.Learnt))
	}
	switch {
	case w.PutOff != nil:
		tried = append(tried, "the closing day was put off from "+w.PutOff.From.Words()+" to "+w.PutOff.Closes.Words())
	case len(w.Requests) > 0:
		asked := p.PutOffAsked()
		tried = append(tried, s.name(asked.Agreed[0].Seat)+" asked to put the closing day off to "+asked.Closes.Words()+", and not every seat has agreed")
	}
	return tried
}
