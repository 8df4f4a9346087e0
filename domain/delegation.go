package domain

import (
	"cmp"
	"maps"
	"slices"
)

// Delegated powers (rules D1–D4, D8, D9): the executive, what it may do, its
// limits, conditions, review and end.

// GrantDelegation gives powers to the executive or to a named person (rule D1).
type GrantDelegation struct {
	To     string  `json:"to" doc:"executive, or a person's handle or id" rule:"D1" of:"executive,person" ask:"To whom?"`
	Powers []Power `json:"powers" maxItems:"50" one:"power" ask:"What they may do"`
	Payer  string  `json:"payer,omitempty" doc:"organisation that pays, by code; needed where a power carries money" of:"payer" ask:"Who pays?" hint:"Needed where a power carries money. They have to agree to it too." none:"Nobody: it carries no money"`
	Review Day     `json:"review,omitzero" doc:"none: as late as the charter allows" of:"review" ask:"Review date" hint:"Leave it empty for the latest day."`
	Span
}

func (c *GrantDelegation) check(t *turn, e enacting) *Refusal {
	if c.To != ToExecutive {
		if _, r := t.s.personInOffice("D1", c.To, max(c.From, e.day)); r != nil {
			return r.at("to")
		}
	} else if len(t.s.ExecutiveOn(max(c.From, e.day))) == 0 {
		return notNow("D1", "There is no executive to delegate to: form it in the same proposal.").at("to")
	}
	from := max(c.From, e.day)
	if c.Until != 0 && c.Until < from {
		return invalid("D3", "The delegation would end before it begins.").at("until")
	}
	return firstRefusal(
		checkPowers(t.s.State, e.day, SettledPowers(c.Powers, c.To)),
		checkPayer(t.s.State, c.Payer, c.Powers, e.day),
		checkReview(t.s.State, c.review(t.s.State, e.day), e.day),
	)
}

func (c *GrantDelegation) review(s *State, d Day) Day {
	return cmp.Or(c.Review, earlier(d.Add(s.CharterOn(d).Charter.ReviewWithin), c.Until))
}

func (c *GrantDelegation) enact(t *turn, e enacting) {
	to := c.To
	if to != ToExecutive {
		to = t.s.Person(to).ID
	}
	from := max(c.From, e.day)
	t.recordBecause(e.cause, from, &DelegationGranted{
		Delegation: t.number('D'), To: to, Powers: SettledPowers(c.Powers, c.To), Payer: c.Payer, Review: c.review(t.s.State, e.day), Source: e.source, Span: Span{from, c.Until},
	})
}

// VaryDelegation changes a delegation's powers from then on; varying does not
// restart its year (rules D4, D8, D9).
type VaryDelegation struct {
	Delegation string  `json:"delegation" rule:"D8" of:"delegation" ask:"Which power?"`
	Version    int     `json:"version" doc:"the version that it changes"`
	Powers     []Power `json:"powers" maxItems:"50" one:"power" ask:"What they may do"`
	Payer      string  `json:"payer,omitempty" doc:"none: as before" of:"payer" ask:"Who pays?" none:"As before"`
	Until      Day     `json:"until,omitzero" doc:"none: as before" ask:"Until when?" hint:"The last day. Leave it empty for as before."`
	Review     Day     `json:"review" doc:"next review" of:"review" ask:"Review date"`
	Feedback   string  `json:"feedback,omitempty" maxLength:"2000" rule:"D9" call:"the feedback" ask:"What is said about how it went, if anything?" hint:"It stays in its history."`
}

func (c *VaryDelegation) check(t *turn, e enacting) *Refusal {
	d, r := t.s.changeable(c.Delegation, c.Version, e.day)
	if r != nil {
		return r
	}
	if c.Until != 0 && c.Until < e.day {
		return invalid("D8", "To end the delegation, say so.").at("until")
	}
	return firstRefusal(
		checkPowers(t.s.State, e.day, SettledPowers(c.Powers, d.To)),
		checkPayer(t.s.State, cmp.Or(c.Payer, d.newest().Payer), c.Powers, e.day),
		checkReview(t.s.State, c.Review, e.day),
	)
}

func (c *VaryDelegation) enact(t *turn, e enacting) {
	d := t.s.Delegations[c.Delegation]
	t.recordBecause(e.cause, max(e.day, d.From()), &DelegationVaried{
		Delegation: d.Number, Version: c.Version + 1, Powers: SettledPowers(c.Powers, d.To), Payer: cmp.Or(c.Payer, d.newest().Payer),
		Until: cmp.Or(c.Until, d.newest().Until), Review: c.Review, Feedback: c.Feedback, Source: e.source,
	})
}

// ConfirmDelegation reviews a delegation and leaves its powers as they are (rule D9).
type ConfirmDelegation struct {
	Delegation string `json:"delegation" rule:"D8" of:"delegation" ask:"Which power?"`
	Version    int    `json:"version" doc:"the version that is confirmed"`
	Review     Day    `json:"review" doc:"next review" of:"review" ask:"Review date"`
	Feedback   string `json:"feedback" maxLength:"2000" rule:"D9" optional:"true" call:"the feedback" ask:"What is said about how it went, if anything?" hint:"It stays in its history."`
}

func (c *ConfirmDelegation) check(t *turn, e enacting) *Refusal {
	_, r := t.s.changeable(c.Delegation, c.Version, e.day)
	return firstRefusal(r, checkReview(t.s.State, c.Review, e.day))
}

func (c *ConfirmDelegation) enact(t *turn, e enacting) {
	now := t.s.Delegations[c.Delegation].newest()
	t.recordBecause(e.cause, max(e.day, now.From), &DelegationVaried{
		Delegation: c.Delegation, Version: c.Version + 1, Powers: now.Powers, Payer: now.Payer, Until: now.Until,
		Review: c.Review, Feedback: c.Feedback, Source: e.source,
	})
}

// EndDelegation ends a delegation (rules D8, D9).
type EndDelegation struct {
	Delegation string `json:"delegation" rule:"D8" of:"delegation" ask:"Which power?"`
	Version    int    `json:"version" doc:"the version that ends"`
	Feedback   string `json:"feedback,omitempty" maxLength:"2000" rule:"D9" call:"the feedback" ask:"What is said about how it went, if anything?" hint:"It stays in its history."`
}

func (c *EndDelegation) check(t *turn, e enacting) *Refusal {
	_, r := t.s.changeable(c.Delegation, c.Version, e.day)
	return r
}

func (c *EndDelegation) enact(t *turn, e enacting) {
	t.recordBecause(e.cause, e.day, &DelegationEnded{Delegation: c.Delegation, Feedback: c.Feedback, Source: e.source})
}

// changeable finds a delegation that has not ended, at that version (rule C9).
func (s *State) changeable(number string, version int, day Day) (*Delegation, *Refusal) {
	d := s.Delegations[number]
	if d == nil {
		return nil, notFound("C9", "There is no delegation %q here.", Clip(number))
	}
	return d, s.checkChangeable("D8", d, version, day)
}

// DelegationGranted: powers were delegated.
type DelegationGranted struct {
	Delegation string  `json:"delegation"`
	To         string  `json:"to"`
	Powers     []Power `json:"powers"`
	Payer      string  `json:"payer,omitempty"`
	Review     Day     `json:"review"`
	Source     string  `json:"source"`
	Span
}

func (e *DelegationGranted) Subject() string { return "delegation/" + e.Delegation }
func (e *DelegationGranted) made() string    { return e.Delegation }
func (e *DelegationGranted) apply(s *State, ev *Event) {
	s.makeNotice(ev)
	s.took(e.Delegation)
	s.Delegations[e.Delegation] = &Delegation{To: e.To, Versioned: Versioned[DelegationVersion, *DelegationVersion]{
		Granted{Number: e.Delegation, Source: e.Source, Index: ev.Index},
		[]DelegationVersion{{Term{Number: 1, Review: e.Review, Source: e.Source, Span: e.Span, Index: ev.Index}, e.Powers, e.Payer}},
	}}
}

// DelegationVaried: a review varied or confirmed a delegation.
type DelegationVaried struct {
	Delegation string  `json:"delegation"`
	Version    int     `json:"version"`
	Powers     []Power `json:"powers"`
	Payer      string  `json:"payer,omitempty"`
	Until      Day     `json:"until,omitzero"`
	Review     Day     `json:"review"`
	Feedback   string  `json:"feedback,omitempty"`
	Source     string  `json:"source"`
	Back       int     `json:"back,omitzero" doc:"version to which it goes back, the agreement that changed it having been set aside"`
}

func (e *DelegationVaried) Subject() string { return "delegation/" + e.Delegation }
func (e *DelegationVaried) apply(s *State, ev *Event) {
	t := Term{Number: e.Version, Review: e.Review, Source: e.Source, Feedback: e.Feedback, Span: Span{ev.Effective, e.Until}, Back: e.Back, Index: ev.Index}
	edit(s.Delegations, e.Delegation).vary(DelegationVersion{t, e.Powers, e.Payer})
}

// DelegationEnded: a delegation ended; from that day it holds no more.
type DelegationEnded struct {
	Delegation string `json:"delegation"`
	Feedback   string `json:"feedback,omitempty"`
	Source     string `json:"source"`
}

func (e *DelegationEnded) Subject() string { return "delegation/" + e.Delegation }
func (e *DelegationEnded) apply(s *State, ev *Event) {
	edit(s.Delegations, e.Delegation).end(ev, e.Source, e.Feedback)
}

// powers are what the group gave to the executive and to named people, and what
// they did with it.
type powers struct {
	Executive   []ExecutiveTerm
	Delegations map[string]*Delegation
	Exercises   map[string]*Exercise
	Reviews     []Review
}

func newPowers() powers {
	return powers{Delegations: map[string]*Delegation{}, Exercises: map[string]*Exercise{}}
}

func (s powers) copy() powers {
	s.Executive, s.Reviews = slices.Clip(s.Executive), slices.Clip(s.Reviews)
	s.Delegations, s.Exercises = maps.Clone(s.Delegations), maps.Clone(s.Exercises)
	return s
}

// A Delegation is powers given by an agreement.
type Delegation struct {
	Versioned[DelegationVersion, *DelegationVersion]
	To string // ToExecutive, or a person's id
}

// A DelegationVersion is what a delegation allows from a day on.
type DelegationVersion struct {
	Term
	Powers []Power
	Payer  string
}

func (v *DelegationVersion) says() any { return []any{v.Powers, v.Payer, v.Until} }

// DelegationOn says whether the delegation holds on that day, with a sentence where
// it does not.
func (s *State) DelegationOn(d *Delegation, day Day) (PowerState, string) {
	if state, why := s.begunOn(d, day); state != InForce {
		return state, why
	}
	return pausing(d.pausedBy(s, day))
}

// pausedBy is everything for which the delegation does not hold on that day
// though it has begun and not ended (rules D3, D8). There is nothing where it is in
// force, and nothing where it has not begun or has ended: ask DelegationOn.
func (d *Delegation) pausedBy(s *State, day Day) []Reason { return s.pausesOf(d, day) }

func (d *Delegation) stateOn(s *State, day Day) (PowerState, string) { return s.DelegationOn(d, day) }

func (d *Delegation) whyNotBack(s *State, i int, day Day) string {
	v, now := &d.Versions[i], d.newest()
	switch {
	case !v.within(now):
		return versionWider
	case v.Payer != now.Payer && !s.mayPay(v.Payer, day):
		return payerGone
	}
	return ""
}

func (d *Delegation) back(i int, source string) (e Payload, payer string) {
	v, now := &d.Versions[i], d.newest()
	if v.Payer != now.Payer {
		payer = v.Payer
	}
	return &DelegationVaried{
		Delegation: d.Number, Version: now.Number + 1, Powers: v.Powers, Payer: v.Payer, Until: v.Until, Review: v.Review, Source: source, Back: v.Number,
	}, payer
}

func (d *Delegation) over(source string) Payload {
	return &DelegationEnded{Delegation: d.Number, Source: source}
}
