package domain

import (
	"slices"
)

// Setting aside (rule C9): a later agreement names an earlier one and undoes,
// forward, what it did. What it created ends; what it changed goes back to the
// version before, if that is still in its time and not wider, and else ends. What
// it replaced or ended does not come back by itself, and what was made within stands.

// SetAside undoes an earlier agreement, from then on (rule C9).
type SetAside struct {
	Agreement string `json:"agreement" doc:"the proposal's number, such as P1" of:"agreement" ask:"Which agreement?"`
}

func (c *SetAside) check(t *turn, e enacting) *Refusal {
	p := t.s.Proposals[c.Agreement]
	if p == nil || p.Stage != Agreed || c.Agreement == e.source {
		return notFound("C9", "%q is not an agreement of this group.", Clip(c.Agreement)).at("agreement")
	}
	if p.SetAside != 0 {
		return notNow("C9", "%s was already set aside on %s.", p.Number, p.SetAside.Words()).at("agreement")
	}
	return firstRefusal(t.s.checkCharterBack(p.Number, e.day), t.s.checkWithoutSeats(p.Number, e.day)).at("agreement")
}

func (c *SetAside) enact(t *turn, e enacting) {
	back := t.s.goingBack(c.Agreement, e.day)
	t.recordBecause(e.cause, e.day, &AgreementSetAside{Proposal: c.Agreement, By: e.source})
	for _, b := range back {
		t.recordBecause(e.cause, b.effective, b.recorded(e.source))
	}
	for _, ledger := range t.s.joinedBy(c.Agreement, e.day) {
		t.recordBecause(e.cause, e.day, &JoiningEnded{Ledger: ledger, Source: e.source})
	}
}

// AgreementSetAside: an agreement ends by a later one.
type AgreementSetAside struct {
	Proposal string `json:"proposal"`
	By       string `json:"by"`
}

func (e *AgreementSetAside) Subject() string { return "proposal/" + e.Proposal }
func (e *AgreementSetAside) apply(s *State, ev *Event) {
	p := edit(s.Proposals, e.Proposal)
	p.SetAside, p.SetAsideBy = ev.Effective, e.By
}

// AgreementHolds says whether the agreement was in force on that day: reached
// and not set aside (rule C9). What came with the founding holds.
func (s *decisions) AgreementHolds(proposal string, d Day) bool {
	if proposal == Founding {
		return true
	}
	p := s.Proposals[proposal]
	return p != nil && p.Stage == Agreed && p.AgreedOn <= d && (p.SetAside == 0 || d < p.SetAside)
}

// sourceHolds is AgreementHolds for what an exercise may have made: that stands or
// falls with the exercise, which is asked elsewhere (rule C8).
func (s *authority) sourceHolds(source string, d Day) bool {
	return s.Exercises[source] != nil || s.AgreementHolds(source, d)
}

// undoneBefore says whether the agreement was set aside before that day, so that
// what it was to begin then never began.
func (s *decisions) undoneBefore(agreement string, d Day) bool {
	p := s.Proposals[agreement]
	return p != nil && p.SetAside != 0 && p.SetAside < d
}

// A goneBack is a thing that an agreement changed, and what becomes of it when the
// agreement is set aside.
type goneBack struct {
	ref       string // D1, R1, or charter
	to        int    // version; 0: it ends
	why       string // it ends
	effective Day
	payer     string // who pays from then on and did not so far
	recorded  func(source string) Payload
}

// goingBack is what becomes of everything that the agreement changed and that is
// still as it left it. What another agreement changed since stays; what others only
// confirmed since does not.
func (s *State) goingBack(agreement string, d Day) []goneBack {
	var back []goneBack
	for _, g := range s.grantsInOrder() {
		if g.granted().Source == agreement || s.isOver(g, d) {
			continue
		}
		if b := s.grantBack(g, agreement, d); b != nil {
			back = append(back, *b)
		}
	}
	return append(back, s.charterBack(agreement, d)...)
}

// grantBack is what becomes of the grant when the agreement is set aside; nil where
// that changed nothing that is still so.
func (s *State) grantBack(g grant, agreement string, d Day) *goneBack {
	k, touched := s.versionBack(g, agreement, d)
	if !touched {
		return nil
	}
	b := &goneBack{ref: g.granted().Number, effective: max(d, g.newestTerm().From)}
	switch {
	case k < 0:
		b.why = noVersionBefore
	case over(g.term(k).Until, d):
		b.why = versionOver
	default:
		b.why = g.whyNotBack(s, k, d)
	}
	if b.why != "" {
		b.effective, b.recorded = d, g.over
		return b
	}
	b.to = g.term(k).Number
	_, b.payer = g.back(k, "")
	b.recorded = func(source string) Payload {
		e, _ := g.back(k, source)
		return e
	}
	return b
}

// versionBack is the place of the version to which the grant goes back when the
// agreement is set aside: -1 where it has none; false where the agreement changed
// nothing that is still so.
func (s *authority) versionBack(g grant, agreement string, d Day) (int, bool) {
	changed := g.versions() - 1
	if g.term(changed).Source != agreement {
		for g.confirms(changed) {
			changed--
		}
	}
	if g.term(changed).Source != agreement || changed == 0 {
		return 0, false
	}
	for k := changed - 1; k >= 0; k-- {
		if source := g.term(k).Source; source != agreement && s.sourceHolds(source, d) {
			return k, true
		}
	}
	return -1, true
}

// Why something ends and does not go back.
const (
	noVersionBefore = "no version before it is left"
	versionOver     = "the time of the version before it has run out"
	versionWider    = "the version before it would allow more"
	payerGone       = "who would pay by the version before it has closed"
)

// mayPay says whether the organisation is open, so that it can agree to pay; where
// nobody pays, nobody has to.
func (s *bodies) mayPay(payer string, d Day) bool {
	return payer == "" || (s.Organisations[payer] != nil && s.Organisations[payer].OpenOn(d))
}

// charterBack is what becomes of the charter if the agreement made the one in
// force: it goes back, since a group is never without one. Where that can't be,
// checkCharterBack has refused.
func (s *consensus) charterBack(agreement string, d Day) []goneBack {
	now := &s.Charters[len(s.Charters)-1]
	before := s.charterBefore(agreement, d)
	if before == nil {
		return nil
	}
	return []goneBack{{ref: "charter", to: before.Version, effective: max(d, now.From), recorded: func(source string) Payload {
		return &CharterAdopted{Version: now.Version + 1, Charter: before.Charter, Source: source, Back: before.Version}
	}}}
}

// charterBefore is the charter before the one in force, if the agreement made
// that; else nil. The first came with the founding and is always there.
func (s *consensus) charterBefore(agreement string, d Day) *CharterVersion {
	if len(s.Charters) == 0 || s.Charters[len(s.Charters)-1].Source != agreement {
		return nil
	}
	for k := len(s.Charters) - 2; k > 0; k-- {
		if c := &s.Charters[k]; c.Source != agreement && s.AgreementHolds(c.Source, d) {
			return c
		}
	}
	return &s.Charters[0]
}

// checkCharterBack refuses to set aside what made the charter in force, if the
// one before it would allow more or can't work any more: a charter does not end.
func (s *State) checkCharterBack(agreement string, d Day) *Refusal {
	before := s.charterBefore(agreement, d)
	if before == nil {
		return nil
	}
	if w := before.Charter.widerThan(s.Charter()); w != "" {
		return notNow("C9", "%s made the charter that is in force. The one before it, version %d, allows more (%s), so it does not come back by itself: change the charter first, in this proposal too.",
			agreement, before.Version, w)
	}
	if r := before.Charter.check(s, s.EntitledOn(d)); r != nil {
		return notNow("C9", "%s made the charter that is in force, and the one before it, version %d, can't come back: %s", agreement, before.Version, r.Say)
	}
	return nil
}

// checkWithoutSeats refuses to set aside what opened a seat, if the charter could
// not work without it.
func (s *State) checkWithoutSeats(agreement string, d Day) *Refusal {
	all := s.EntitledOn(d)
	left := slices.DeleteFunc(slices.Clone(all), func(id string) bool { return s.Seats[id].Source == agreement })
	if len(left) == len(all) {
		return nil
	}
	ch := s.Charter()
	if before := s.charterBefore(agreement, d); before != nil {
		ch = &before.Charter
	}
	if r := ch.check(s, left); r != nil {
		return notNow("C9", "Setting %s aside ends a seat, and the charter can't work without it: %s Change the charter first, in this proposal too.", agreement, r.Say)
	}
	return nil
}

// An Undone is one thing that setting an agreement aside ends, takes back or
// leaves, in words (rule C9).
type Undone struct {
	Ref  string // D1, R1, P1 of a position, A1, a seat's code …
	Ends bool   // it ends, or is over from then on
	Back int    // version to which it goes back; 0: none
	Text string // a sentence
}

// Undoing is what setting the agreement aside on that day would end, what it would
// take back, and what stays although the agreement made it, each in a sentence;
// nothing where there is no such agreement in force.
func (s *View) Undoing(agreement string, d Day) []Undone {
	if s.Proposals[agreement] == nil || !s.AgreementHolds(agreement, d) {
		return nil
	}
	u := undoing{s: s, agreement: agreement, day: d}
	u.created()
	u.changed()
	u.made()
	u.stays()
	return u.all
}

type undoing struct {
	s         *View
	agreement string
	day       Day
	all       []Undone
}

func (u *undoing) ends(ref, text string) {
	u.all = append(u.all, Undone{Ref: ref, Ends: true, Text: text})
}

// created is what the agreement, or an exercise that it ratified, created.
func (u *undoing) created() {
	s := u.s
	for _, g := range s.grantsInOrder() {
		if s.isOver(g, u.day) || !s.madeBy(g, u.agreement) {
			continue
		}
		switch g := g.(type) {
		case *Delegation:
			u.ends(g.Number, g.Number+" ends"+u.under(g.Number)+".")
		case *Appointment:
			u.ends(g.Number, g.Number+" ends: "+s.office(g.Person)+" no longer speaks at "+s.forumName(g.Forum)+" by it.")
		}
	}
	for i := range s.Executive {
		if e := &s.Executive[i]; e.Source == u.agreement && !over(e.Until, u.day) && (i == len(s.Executive)-1 || s.Executive[i+1].From > u.day) {
			u.ends("executive", "The executive ends, and the one before it does not come back: nobody is on it until an agreement forms one.")
		}
	}
	for _, p := range s.Positions {
		if p.Source == u.agreement && !over(p.Until, u.day) && s.holdsWithin(p, Span{From: u.day}) {
			what := "The position on "
			if p.RedLine {
				what = "The red line on "
			}
			u.ends(u.agreement, what+MatterWords(p.Matter)+" ends. What it replaced does not come back.")
		}
	}
}

// madeBy says whether the agreement made the grant, or ratified the exercise that did.
func (s *powers) madeBy(g grant, agreement string) bool {
	source := g.granted().Source
	x := s.Exercises[source]
	return source == agreement || x != nil && x.Outcome != nil && x.Outcome.Ratified && x.Outcome.Source == agreement
}

// under says which appointments end with the delegation.
func (u *undoing) under(delegation string) string {
	var under []string
	for _, n := range SortedNumbers(u.s.Appointments) {
		if a := u.s.Appointments[n]; a.Parent == delegation && u.s.namesOn(a, max(u.day, a.newest().From)) {
			under = append(under, n)
		}
	}
	if under == nil {
		return ""
	}
	return ", and so does every appointment made under it: " + List(under)
}

// changed is what goes back, or ends since it can't.
func (u *undoing) changed() {
	for _, b := range u.s.goingBack(u.agreement, u.day) {
		switch {
		case b.to == 0:
			u.ends(b.ref, b.ref+" ends, since "+b.why+u.under(b.ref)+".")
		case b.ref == "charter":
			u.all = append(u.all, Undone{Ref: b.ref, Back: b.to, Text: "The charter goes back to version " + Thousands(b.to) + "."})
		default:
			pays := ""
			if b.payer != "" {
				pays = " " + u.s.name(b.payer) + " would pay, and has to agree to it."
			}
			u.all = append(u.all, Undone{Ref: b.ref, Back: b.to, Text: b.ref + " goes back to version " + Thousands(b.to) + ", with its review date." + pays})
		}
	}
}

// made is what else it made: seats, duties, priorities, actions, ended suspensions.
func (u *undoing) made() {
	s := u.s
	for _, id := range s.EntitledOn(u.day) {
		if s.Seats[id].Source == u.agreement {
			u.ends(id, "The seat of "+s.name(id)+" ends.")
		}
	}
	for _, ledger := range s.joinedBy(u.agreement, u.day) {
		u.ends("joining/"+ledger, FirstUpper(s.ShortName)+" leaves "+ledger+", and its seat there ends.")
	}
	for i := range s.Duties {
		if o := &s.Duties[i]; o.Source == u.agreement && !over(o.Until, u.day) {
			u.ends(string(o.Duty), s.office(o.Person)+" is no longer "+o.Duty.Words()+". Nobody takes it over by itself.")
		}
	}
	if l := s.PrioritiesOn(u.day); l != nil && l.Source == u.agreement {
		u.ends("priorities", "The list of priorities ends, and the one before it does not come back.")
	}
	for _, n := range SortedNumbers(s.Actions) {
		if a := s.Actions[n]; a.Source == u.agreement {
			if state := s.ActionOn(a, u.day); state == ActionOpen || state == ActionOverdue {
				u.ends(n, n+" falls.")
			}
		}
	}
	for _, g := range s.grantsInOrder() {
		for _, sus := range g.granted().Suspensions {
			if sus.EndedBy == u.agreement && sus.Covers(u.day) {
				what := g.granted().Number
				u.all = append(u.all, Undone{Ref: what, Text: "The suspension of " + what + " that it ended runs again, until " + sus.Until.Words() + "."})
			}
		}
	}
}

// stays is what the agreement did and setting it aside leaves.
func (u *undoing) stays() {
	add := func(ref, text string) { u.all = append(u.all, Undone{Ref: ref, Text: text}) }
	for _, n := range SortedNumbers(u.s.Proposals) {
		if u.s.Proposals[n].SetAsideBy == u.agreement {
			add(n, n+", which it set aside, does not come back.")
		}
	}
	s, back := u.s, u.s.goingBack(u.agreement, u.day)
	for _, g := range s.grantsInOrder() {
		is := g.granted()
		switch {
		case is.EndedBy == u.agreement:
			add(is.Number, is.Number+", which it ended, does not come back.")
		case is.Source != u.agreement && is.EndedBy == "" && variedBy(g, u.agreement) && !slices.ContainsFunc(back, func(b goneBack) bool { return b.ref == is.Number }):
			add(is.Number, is.Number+" stays as "+g.newestTerm().Source+" has left it since.")
		}
	}
	for _, n := range slices.Concat(SortedNumbers(s.Exercises), SortedNumbers(s.Commitments)) {
		var o *Outcome
		if x := s.Exercises[n]; x != nil {
			o = x.Outcome
		} else {
			o = s.Commitments[n].Outcome
		}
		if o != nil && o.Source == u.agreement {
			what := "ratified"
			if !o.Ratified {
				what = "disavowed"
			}
			add(n, n+" stays "+what+": what was said or decided then is not undone.")
		}
	}
}

// variedBy says whether one of the grant's versions has the agreement's words.
func variedBy(g grant, agreement string) bool {
	for i := range g.versions() {
		if g.term(i).Source == agreement {
			return true
		}
	}
	return false
}
