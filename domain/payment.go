package domain

import "slices"

// Who pays (rule C1): whatever costs money names the organisation that pays, and that
// agrees to it by whoever speaks for it.

// AgreeToPay is the consent of the organisation that a version names as paying
// (rule C1). Where it has a seat, that seat's consent is the same.
type AgreeToPay struct {
	Proposal     string `json:"proposal" rule:"C1" of:"proposal" ask:"Which proposal?"`
	Version      int    `json:"version"`
	Organisation string `json:"organisation" of:"payer" ask:"Who pays?"`
}

func (c *AgreeToPay) may(w *who) (Permission, *Refusal) {
	return anyOf(notYours("O3", "Only somebody who speaks for %s can agree that it pays.", Clip(w.s.name(c.Organisation))), w.speaksFor(c.Organisation))
}

func (c *AgreeToPay) decide(t *turn) *Refusal {
	p, r := t.s.proposal("C1", c.Proposal)
	if r != nil {
		return r
	}
	if r := firstRefusal(p.checkStage(Open), p.checkVersion(c.Version)); r != nil {
		return r
	}
	if !slices.Contains(t.s.PayersOf(p.Number, t.day), c.Organisation) {
		return notNow("C1", "%s is not named as paying in %s.", Clip(c.Organisation), p.Number)
	}
	for _, had := range p.Payments {
		if had.Organisation == c.Organisation && had.Version == c.Version && had.Person == t.actor.ID {
			return t.saidBefore(had.Index)
		}
	}
	t.record(&PaymentAgreed{Proposal: p.Number, Version: c.Version, Organisation: c.Organisation, Person: t.actor.ID})
	return nil
}

// PaymentAgreed: the organisation that pays agreed to a version.
type PaymentAgreed struct {
	Proposal     string `json:"proposal"`
	Version      int    `json:"version"`
	Organisation string `json:"organisation"`
	Person       string `json:"person"`
}

func (e *PaymentAgreed) Subject() string { return "proposal/" + e.Proposal }

func (e *PaymentAgreed) apply(s *State, ev *Event) {
	p := s.touch(e.Proposal, ev)
	p.Payments = append(slices.Clip(p.Payments), Payment{e.Organisation, e.Person, e.Version, ev.Effective, ev.Index})
}

// A Payment is the paying organisation's consent to a version.
type Payment struct {
	Organisation string
	Person       string
	Version      int
	On           Day
	Index        uint64
}

// PayersOf are the organisations whose consent to paying the newest version of the
// proposal asks for on that day, by code; none if there is no such proposal (rule C1).
func (s *beside) PayersOf(proposal string, d Day) []string {
	p := s.Proposals[proposal]
	if p == nil {
		return nil
	}
	var codes []string
	for _, payer := range s.payers(p.Version().Instruments) {
		for _, code := range s.successorsOn(payer, d) {
			codes = appendNew(codes, code)
		}
	}
	return codes
}

// UnpaidOn are the organisations whose consent to paying the newest version still lacks on
// that day, by code: neither they themselves nor their seat has agreed to it (rule C1).
func (s *beside) UnpaidOn(p *Proposal, d Day) []string {
	var codes []string
	asked := s.AskedOn(p, d)
	for _, payer := range s.payers(p.Version().Instruments) {
		for _, code := range s.successorsOn(payer, d) {
			pos := PositionOf(p, code)
			consents := pos != nil && pos.Stand == Consent && slices.Contains(asked, code)
			if !consents && !p.paid(code) && !p.paid(payer) {
				codes = appendNew(codes, code)
			}
		}
	}
	return codes
}

// payers are the organisations that the instruments name as paying, or that
// would pay as before for powers that are varied or go back (rule C1).
func (s *beside) payers(is []Instrument) []string {
	var codes []string
	for _, i := range is {
		for _, code := range []string{i.grantPayer(), s.varyPayer(i.VaryDelegation), i.appointPayer()} {
			if code != "" {
				codes = appendNew(codes, code)
			}
		}
		if i.SetAside != nil {
			for _, b := range s.goingBack(i.SetAside.Agreement, DayOf(s.Last)) {
				if b.payer != "" {
					codes = appendNew(codes, b.payer)
				}
			}
		}
	}
	return codes
}

func (i *Instrument) grantPayer() string {
	if i.GrantDelegation == nil {
		return ""
	}
	return i.GrantDelegation.Payer
}

func (s *powers) varyPayer(c *VaryDelegation) string {
	if c == nil {
		return ""
	}
	d := s.Delegations[c.Delegation]
	if c.Payer != "" || d == nil || !slices.ContainsFunc(c.Powers, func(p Power) bool { return p.money() }) {
		return c.Payer
	}
	return d.newest().Payer
}

func (i *Instrument) appointPayer() string {
	if i.Appoint == nil {
		return ""
	}
	return i.Appoint.Payer
}

func checkPayer(s *State, payer string, powers []Power, d Day) *Refusal {
	if payer == "" {
		if slices.ContainsFunc(powers, func(p Power) bool { return p.money() }) {
			return invalid("C1", "Whatever costs money names the organisation that pays.").at("payer")
		}
		return nil
	}
	_, r := s.openOrganisation("C1", s.successorOrganisation(payer, d), d)
	return r.at("payer")
}
