package domain

import (
	"cmp"
	"slices"
)

// Wider groups (rule G1): places within a system join in a group of their own.
// A seat there belongs to a group here; the code of that group as an
// organisation is its name in addresses. Its consent there rests on an agreement
// or a delegation here, named by ledger, index and proof, and what the wider
// group says of authority follows the thread across ledgers down to practices.

// RestsOn names what another group's consent rests on, in that group's ledger.
type RestsOn struct {
	Ledger string `json:"ledger" doc:"name of that group in addresses" maxLength:"60"`
	Ref    string `json:"ref" doc:"the agreement or delegation there, such as P7 or D1" maxLength:"60"`
	Index  uint64 `json:"index" doc:"of the event that made it there"`
	Proof  []byte `json:"proof,omitempty" doc:"that this event is in that ledger (c2sp.org/tlog-proof@v1); none: the server adds it"`
}

// mostProof bounds a proof, so that its event fits into a line.
const mostProof = 30_000 // bytes

// RestsOn is what the command's consent rests on in another group's ledger; false if it
// rests on nothing.
func (r *Request) RestsOn() (RestsOn, bool) {
	c, ok := r.Command.(interface{ restsOn() *RestsOn })
	if !ok || c.restsOn() == nil {
		return RestsOn{}, false
	}
	return *c.restsOn(), true
}

// Prove puts a proof beside what RestsOn names.
func (r *Request) Prove(proof []byte) {
	if c, ok := r.Command.(interface{ restsOn() *RestsOn }); ok && c.restsOn() != nil {
		c.restsOn().Proof = proof
	}
}

func (c *GiveConsent) restsOn() *RestsOn      { return c.Rests }
func (c *ConsentToCharter) restsOn() *RestsOn { return c.Rests }

// grounds are what the ledger, a place's, holds on which a consent in a wider group on
// the matter can rest on that day. All are looked at, whatever a consent names, so that
// the time that an answer takes says nothing of them.
func (s *State) grounds(matter string, d Day) []RestsOn {
	var all []RestsOn
	var joined []string
	for ledger := range s.Wider {
		if j := s.joining(ledger, d); j != nil {
			joined = append(joined, j.Source)
		}
	}
	for _, p := range s.Proposals {
		if s.AgreementHolds(p.Number, d) && (Within(matter, p.Matter) || matter == membership && slices.Contains(joined, p.Number)) {
			all = append(all, RestsOn{Ledger: s.Group, Ref: p.Number, Index: p.Agreement})
		}
	}
	for _, dl := range s.Delegations {
		if state, _ := s.DelegationOn(dl, d); state == InForce && withinAny(matter, dl.VersionOn(d).toCommit()) {
			for i := range dl.Versions {
				all = append(all, RestsOn{Ledger: s.Group, Ref: dl.Number, Index: dl.Versions[i].Index})
			}
		}
	}
	return all
}

// A Ground is something on which another group's consent can rest, and what it is called.
type Ground struct {
	RestsOn
	Title string
}

// GroundsOf are what a consent of the other group's seat on the matter can rest on, on that
// day, in the order in which they were recorded; nil of any other seat. They are for those who
// act for the seat: nobody else is told of them (rule G1).
func (s *View) GroundsOf(seat, matter string, d Day) []Ground {
	if o := s.Organisations[seat]; o == nil || o.Kind != OtherGroup {
		return nil
	}
	place := s.readable(seat, d)
	if place == nil {
		return nil
	}
	var all []Ground
	for _, g := range place.grounds(matter, d) {
		title := ""
		if p := place.Proposals[g.Ref]; p != nil {
			title = p.Title()
		} else if v := place.Delegations[g.Ref].VersionOn(d); v.Index != g.Index {
			continue // what it was before it was changed
		}
		all = append(all, Ground{g, title})
	}
	slices.SortFunc(all, func(a, b Ground) int { return cmp.Compare(a.Index, b.Index) })
	return all
}

// whyNoGround says why nothing can rest on that day on what a consent rested on once;
// "" if something can.
func (s *State) whyNoGround(rests RestsOn, d Day) string {
	if p := s.Proposals[rests.Ref]; p != nil {
		switch {
		case p.SetAside != 0 && p.SetAside <= d:
			return p.Number + " of " + s.Name + " was set aside on " + p.SetAside.Words() + "."
		case d < p.AgreedOn:
			return p.Number + " of " + s.Name + " was agreed only on " + p.AgreedOn.Words() + "."
		}
		return ""
	}
	if state, why := s.DelegationOn(s.Delegations[rests.Ref], d); state != InForce {
		return s.Name + ": " + Sentence(why)
	}
	return ""
}

// toCommit are the matters on which the version gives power to commit.
func (v *DelegationVersion) toCommit() []string {
	var matters []string
	for i := range v.Powers {
		if slices.Contains(v.Powers[i].May, MayCommit) {
			matters = append(matters, v.Powers[i].Matter)
		}
	}
	return matters
}

// checkRests refuses a consent of another group that does not rest on an agreement or
// delegation of its own about the matter. Whatever is wrong with what it names, the
// refusal is the same (rule G1).
func (t *asking) checkRests(seat string, rests *RestsOn, matter string) *Refusal {
	name := t.s.name(seat)
	switch {
	case t.s.Organisations[seat].Kind != OtherGroup && rests != nil:
		return invalid("G1", "%s speaks for itself; only another group's consent rests on something in its own ledger.", name)
	case t.s.Organisations[seat].Kind != OtherGroup:
		return nil
	case rests == nil:
		return notNow("G1", "%s consents only on the strength of an agreement or delegation of its own: name it by its ledger, number and index.", name)
	case len(rests.Proof) > mostProof:
		return invalid("G1", "The proof is too long: at most %s bytes fit.", Thousands(mostProof))
	}
	found := false
	if place := t.s.readable(seat, t.day); place != nil {
		for _, g := range place.grounds(matter, t.day) {
			found = found || g.Ledger == rests.Ledger && g.Ref == rests.Ref && g.Index == rests.Index
		}
	}
	if !found {
		return t.s.cantRest(seat)
	}
	return nil
}

// cantRest is the one refusal of whoever names something in another ledger that can't be
// read: there may be no such group, no such agreement, or it may not be about this, or
// not have joined, or have left (rule G1).
func (s *roster) cantRest(seat string) *Refusal {
	return notNow("G1", "%s can't act on the strength of that here. It joins by an agreement of its own that names %s and who speaks for it; then name an agreement or delegation of its own that is in force and about this, by its number and event.",
		s.name(seat), s.Group)
}

// readable is the ledger of the place, of which only what its consents rest on, and who
// stands behind it, is read; nil where it has not joined on that day, or can't be read.
func (s *beside) readable(seat string, d Day) *State {
	place := s.across[seat]
	if place == nil || s.Seats[seat].joiningOn(d) == nil || place.joining(s.Group, d) == nil {
		return nil
	}
	return place
}

// placeOn is the ledger of the place for whoever asks who stands behind the group. In an
// old ledger that gave the place its seat without asking, it is that of the place as it was.
func (s *beside) placeOn(seat string, d Day) *State {
	if s.Seats[seat].byItself(d) {
		return s.across[seat]
	}
	return s.readable(seat, d)
}

// proveConsent records what another group's consent rests on, beside it.
func (t *turn) proveConsent(consent uint64, seat, to string, version int, rests *RestsOn) {
	if rests == nil {
		return
	}
	t.recordBecause(consent, t.day, &ConsentProved{
		Seat: seat, To: to, Version: version, Ledger: rests.Ledger, Ref: rests.Ref, At: rests.Index, Proof: rests.Proof,
	})
}

// proved says whether the seat's consent to the newest version rests, by what was
// recorded last, on just that.
func (s *decisions) proved(seat string, p *Proposal, rests *RestsOn) bool {
	for i := len(s.Proved) - 1; i >= 0; i-- {
		if c := s.Proved[i]; c.Seat == seat && c.To == p.Number && c.Version == p.Version().Number {
			return c.Rests.Ledger == rests.Ledger && c.Rests.Ref == rests.Ref && c.Rests.Index == rests.Index
		}
	}
	return false
}

// ToCharter is what a consent to the first charter is to.
const ToCharter = "charter"

// membership is the matter of a consent to the charter.
const membership = "membership"

// ConsentProved: another group's consent rests on something in its own ledger.
type ConsentProved struct {
	Seat    string   `json:"seat"`
	To      string   `json:"to" doc:"the proposal, or charter"`
	Version int      `json:"version"`
	Ledger  string   `json:"ledger"`
	Ref     string   `json:"ref"`
	At      uint64   `json:"at" doc:"index in that ledger"`
	Title   string   `json:"title,omitzero" doc:"only in an old ledger"`
	Matters []string `json:"matters,omitempty" doc:"only in an old ledger"`
	Proof   []byte   `json:"proof,omitempty"`
}

func (e *ConsentProved) Subject() string {
	if e.To == ToCharter {
		return ToCharter
	}
	return "proposal/" + e.To
}

func (e *ConsentProved) apply(s *State, ev *Event) {
	s.Proved = append(s.Proved, &ProvedConsent{
		e.Seat, e.To, e.Version, RestsOn{e.Ledger, e.Ref, e.At, e.Proof}, e.Title, e.Matters, ev.Effective, ev.Index,
	})
}

// A ProvedConsent is another group's consent and what it rests on.
type ProvedConsent struct {
	Seat    string
	To      string
	Version int
	Rests   RestsOn
	Title   string
	Matters []string
	On      Day
	Index   uint64
}

// Places are the groups that ever joined, and took a seat here, by their names in
// addresses: whose ledgers a view Across wants. No other is read.
func (s *roster) Places() []string {
	var names []string
	for id, seat := range s.Seats {
		if s.Organisations[id].Kind == OtherGroup && (!seat.Asked || len(seat.Joinings) > 0) {
			names = append(names, id)
		}
	}
	slices.Sort(names)
	return names
}

// A Place is a group that holds a seat in a wider one, and whether it has
// agreed to what is asked about, down to its practices.
type Place struct {
	Group       string `json:"group"`
	Name        string `json:"name"`
	Agreed      bool   `json:"agreed"`
	Ref         string `json:"ref,omitempty" doc:"what its consent rests on, in its own ledger"`
	Index       uint64 `json:"index,omitempty" doc:"of the event there"`
	Here        uint64 `json:"here,omitempty" doc:"index of the event here that says so"`
	Why         string `json:"why,omitempty" doc:"why it has not agreed"`
	Practices   int    `json:"practices"`
	OfPractices int    `json:"ofPractices"`
	Patients    int    `json:"patients"`
	OfPatients  int    `json:"ofPatients"`
}

// addPlaces adds to the coverage what stands behind the places whose consent
// to the source, or to anything where there is no source, still rests on
// something. A place that has not agreed stands outside with all its practices.
func (s *remembering) addPlaces(c *Coverage, matter, source string, d Day) {
	places := s.memo.places
	if !s.remembers() {
		places = s.Places()
	}
	for _, seat := range places {
		if s.entitled(s.Seats[seat], d) {
			s.addPlace(c, Place{Group: seat, Name: s.name(seat)}, matter, source, d)
		}
	}
}

func (s *beside) addPlace(c *Coverage, p Place, matter, source string, d Day) {
	place := s.placeOn(p.Group, d)
	if place == nil {
		p.Why = "its ledger can't be read here"
		c.Places = append(c.Places, p)
		return
	}
	within := place.View().CoverageOn(matter, d)
	p.OfPractices, p.OfPatients = within.OfPractices, within.OfPatients
	c.OfPractices, c.OfPatients = c.OfPractices+within.OfPractices, c.OfPatients+within.OfPatients
	c.NotCounted += within.NotCounted
	proved, why := s.standsOn(p.Group, source, place, d)
	if p.Why = why; why != "" {
		for _, o := range place.PracticesOn(d) {
			c.Outside = append(c.Outside, Outsider{ODS: o.Code, Name: o.Name, Why: p.Name + " has not agreed"})
		}
		c.Places = append(c.Places, p)
		return
	}
	p.Agreed, p.Ref, p.Index, p.Here = true, proved.Rests.Ref, proved.Rests.Index, proved.Index
	p.Practices, p.Patients = within.Practices, within.Patients
	c.Practices, c.Patients = c.Practices+within.Practices, c.Patients+within.Patients
	c.Outside = append(c.Outside, within.Outside...)
	for _, w := range within.Conditions {
		c.Conditions = appendNew(c.Conditions, w)
	}
	c.Places = append(c.Places, p)
}

// standsOn is the newest consent of the place to the source, or to anything,
// that still rests on something in its ledger on that day; else why there is none.
func (s *consensus) standsOn(seat, source string, place *State, d Day) (*ProvedConsent, string) {
	why := "it has not consented"
	for i := len(s.Proved) - 1; i >= 0; i-- {
		p := s.Proved[i]
		if p.Seat != seat || p.On > d || (source != "" && p.To != source) || !s.proves(p, d) {
			continue
		}
		no := place.whyNoGround(p.Rests, d)
		if no == "" {
			return p, ""
		}
		if why == "it has not consented" {
			why = no
		}
	}
	return nil, why
}

// proves says whether the consent was one of those by which the charter was
// adopted, or an agreement that holds on that day was reached.
func (s *consensus) proves(c *ProvedConsent, d Day) bool {
	if c.To == ToCharter {
		return s.EstablishedOn(d)
	}
	p := s.Proposals[c.To]
	return s.AgreementHolds(c.To, d) && p.Version().Number == c.Version && slices.ContainsFunc(p.Roll, func(e RollEntry) bool {
		return e.Seat == c.Seat && e.Position == RollConsents
	})
}

// basis is the agreement on which the appointment rests on that day.
func (s *powers) basis(a *Appointment, d Day) string {
	if parent := s.Delegations[a.Parent]; parent != nil {
		return parent.Source
	}
	return a.VersionOn(d).Source
}

// basisOf is the agreement by which the first of the delegations that has a
// power for the matter reads as it does on that day; "" for none.
func (s *ground) basisOf(held []*Delegation, matter string, d Day) string {
	for _, dl := range held {
		if v := dl.VersionOn(d); s.powerFor(v, matter, d) != nil {
			return v.Source
		}
	}
	return ""
}

// placeNotes say which places have not agreed.
func (c *Coverage) placeNotes() []string {
	var notes []string
	for _, p := range c.Places {
		if !p.Agreed {
			notes = append(notes, p.Name+" has not agreed: "+Sentence(p.Why))
		}
	}
	return notes
}

// placeLinks lead from the wider group's ledger into those of its places, down
// to how many practices stand behind each.
func (s *beside) placeLinks(c *Coverage) []Link {
	var links []Link
	for _, p := range c.Places {
		if p.Agreed {
			text := p.Name + ", for " + Thousands(p.Practices) + " of " + Count(p.OfPractices, "practice") + ": agreed by " + p.Name + ", " + p.Ref +
				", event " + Thousands(int(p.Index)) + " of its own ledger"
			links = append(links, Link{LinkPlace, p.Group + "/" + p.Ref, p.Here, s.provedAt(p.Here).On, text})
		}
	}
	return links
}

func (s *decisions) provedAt(index uint64) *ProvedConsent {
	i := slices.IndexFunc(s.Proved, func(p *ProvedConsent) bool { return p.Index == index })
	return s.Proved[i]
}
