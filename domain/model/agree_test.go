package model

import (
	"slices"

	"goldenthread/domain"
)

// open are the open proposals, by number.
func (g *generator) open() []*domain.Proposal {
	var open []*domain.Proposal
	for _, p := range g.state().Proposals {
		if p.Stage == domain.Open {
			open = append(open, p)
		}
	}
	slices.SortFunc(open, func(a, b *domain.Proposal) int {
		return len(a.Number)*100 - len(b.Number)*100 + compare(a.Number, b.Number)
	})
	return open
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// raise puts a proposal; its number, or "".
func (g *generator) raise(is ...domain.Instrument) string {
	seat := pick(g, g.seats()...)
	before := len(g.state().Proposals)
	c := &domain.RaiseProposal{Seat: seat, Title: "A proposal", Text: "We agree.", Matter: pick(g, "access", "workforce", "estates"), Instruments: is}
	c.Title += " " + string(rune('A'+g.IntN(26))) + string(rune('A'+g.IntN(26)))
	if g.settled != "" {
		c.Reopens, c.New = g.settled, "what we learnt since"
	}
	if !g.send(g.holder(seat), c) || len(g.state().Proposals) == before {
		return ""
	}
	newest := ""
	for number := range g.state().Proposals {
		if len(number) > len(newest) || len(number) == len(newest) && number > newest {
			newest = number
		}
	}
	return newest
}

// agree raises the instruments and has every seat consent, mostly without
// waiting.
func (g *generator) agree(is ...domain.Instrument) bool {
	number := g.raise(is...)
	if number == "" {
		return false
	}
	for _, seat := range g.seats() {
		g.consent(number, seat, !g.chance(3))
	}
	return g.state().Proposals[number].Stage == domain.Agreed
}

func (g *generator) consent(number, seat string, soon bool) {
	p := g.state().Proposals[number]
	if p == nil {
		return
	}
	g.send(g.holder(seat), &domain.GiveConsent{Proposal: number, Version: len(p.Versions), Seat: seat, NeedNotWait: soon})
}

// seats are those that may say something, by the order in which they began.
func (g *generator) seats() []string {
	list := slices.Clone(seatOrder)
	if g.state().Seats["P10009"] != nil {
		list = append(list, "P10009")
	}
	return list
}

// holder is somebody who may act for the seat: mostly its first holder.
func (g *generator) holder(seat string) string {
	if seat == "U10001" && g.chance(20) {
		return "gp-1"
	}
	if seat == "P10009" {
		return "gp-3"
	}
	return seats[seat]
}

// discuss has seats say something to an open proposal.
func (g *generator) discuss() {
	open := g.open()
	if len(open) == 0 {
		return
	}
	p := open[g.IntN(len(open))]
	for _, seat := range some(g, 1, 6, g.seats()) {
		who := g.holder(seat)
		switch n := g.IntN(100); {
		case n < 65:
			g.consent(p.Number, seat, g.chance(50))
		case n < 75:
			c := &domain.StandAsideFrom{Proposal: p.Number, Version: len(p.Versions), Seat: seat, Reason: "not for us"}
			if g.chance(4) {
				c.Interest = "my brother's firm"
			}
			g.send(who, c)
		case n < 83:
			g.send(who, &domain.RaiseObjection{Proposal: p.Number, Version: len(p.Versions), Seat: seat, Grade: pick(g, domain.Block, domain.Concern), Why: "too soon", WouldResolve: "later"})
		case n < 90:
			g.send("manager", &domain.ReportPosition{Proposal: p.Number, Version: len(p.Versions), Seat: seat, Stand: pick(g, domain.Consent, domain.StandAside), From: g.holder(seat), How: "by telephone"})
		default:
			g.resolve(p)
		}
	}
	if g.chance(12) {
		v := p.Version()
		g.send(g.holder(p.Seat), &domain.AmendProposal{Proposal: p.Number, Version: v.Number, Title: v.Title, Text: v.Text + " And more.", Instruments: v.Instruments})
	}
	if g.chance(3) {
		g.send(g.holder(p.Seat), &domain.WithdrawProposal{Proposal: p.Number, Reason: "not now"})
	}
}

func (g *generator) resolve(p *domain.Proposal) {
	for _, number := range p.Objections {
		if o := g.state().Objections[number]; o != nil && o.How == "" {
			g.send(g.holder(o.Seat), &domain.ResolveObjection{Objection: number, How: pick(g, domain.ResolutionAccepted, domain.ObjectionWithdrawn), Words: "fine now"})
		}
	}
}
