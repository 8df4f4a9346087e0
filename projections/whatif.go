package projections

import (
	"goldenthread/domain"
)

// WhatIf is what coverage, and which powers, would change if a practice or a PCN
// withdrew (rules M2–M4). Nothing is recorded by asking.
type WhatIf struct {
	Stamp
	Organisation Body              `json:"organisation"`
	Matter       string            `json:"matter" doc:"that it would withdraw; none: everything"`
	Earliest     domain.Day        `json:"earliest" doc:"day on which a withdrawal would take effect if notice were given on the day that is asked about"`
	Before       CoverageIs        `json:"before" doc:"coverage as it is on that day; no matter: behind the group at all"`
	After        CoverageIs        `json:"after" doc:"coverage if the withdrawal took effect on that day"`
	Sizes        []domain.SizeList `json:"sizes" doc:"lists from which the numbers of patients are, that of most practices first"`
	SizeSay      string            `json:"sizeSay,omitempty" doc:"the same in a sentence; none where no numbers are known"`
	Leaving      []Body            `json:"leaving" doc:"practices that would no longer stand behind the group"`
	Powers       []LostLine        `json:"powers" doc:"under which somebody could commit before, and nobody could after, since coverage would fall to the charter's least or below"`
	Say          string            `json:"say"`
	Notes        []string          `json:"notes"`
}

// CoverageIs is a coverage in figures and in words.
type CoverageIs struct {
	Practices   int    `json:"practices"`
	OfPractices int    `json:"ofPractices"`
	Patients    int    `json:"patients"`
	OfPatients  int    `json:"ofPatients"`
	NotCounted  int    `json:"notCounted" doc:"practices whose number of registered patients is not known"`
	Above       bool   `json:"above" doc:"above the charter's least coverage"`
	Words       string `json:"words"`
}

// A LostLine is a power, or a line of an appointment, that would be lost.
type LostLine struct {
	Ref    string     `json:"ref" doc:"delegation or appointment"`
	Kind   string     `json:"kind" enum:"delegation,appointment"`
	Matter string     `json:"matter" doc:"of the power or line; none: what the appointment does not name"`
	On     string     `json:"on" doc:"matter on which nobody could commit under it any longer"`
	Before CoverageIs `json:"before"`
	After  CoverageIs `json:"after"`
	Text   string     `json:"text"`
}

// WhatIf answers for the practice or PCN and the matter, or everything where none is
// named, as if its withdrawal from the group took effect on that day.
func (g *authority) WhatIf(organisation, matter string, at domain.Day) (WhatIf, *domain.Refusal) {
	w, r := g.state.WhatIf(organisation, matter, at)
	if r != nil {
		return WhatIf{}, r
	}
	a := WhatIf{
		Stamp: g.stamp(at), Organisation: g.body(w.Organisation.Code), Matter: matter, Earliest: w.Earliest,
		Before: g.coverageIs(&w.Before, at), After: g.coverageIs(&w.After, at), Leaving: []Body{}, Powers: []LostLine{}, Notes: []string{},
	}
	for _, o := range w.Leaving {
		a.Leaving = append(a.Leaving, g.body(o.Code))
	}
	for i := range w.Powers {
		a.Powers = append(a.Powers, g.lostLine(&w.Powers[i], at))
	}
	a.Sizes = g.SizeListsOn(at)
	a.SizeSay = domain.SizeWords(a.Sizes)
	a.Say = g.whatIfSay(&a)
	if w.Organisation.Kind == domain.PCN {
		a.Notes = append(a.Notes, "Practices of "+w.Organisation.Name+" that gave "+g.state.ShortName+" a mandate themselves would still stand behind it.")
	}
	a.Notes = append(a.Notes, "A withdrawal takes "+domain.Count(g.state.CharterOn(at).Charter.Notice, "day")+"' notice: given on "+at.Words()+", it would take effect on "+w.Earliest.Words()+". What was agreed before would still bind in honour.")
	return a, nil
}

func (g *authority) coverageIs(c *domain.Coverage, at domain.Day) CoverageIs {
	return CoverageIs{
		c.Practices, c.OfPractices, c.Patients, c.OfPatients, c.NotCounted, c.Above(g.state.CharterOn(at).Charter.LeastCoverage), c.Words(),
	}
}

// figures are the coverage in words, without the names of those outside.
func (c *CoverageIs) figures() string {
	w := domain.Thousands(c.Practices) + " of " + domain.Count(c.OfPractices, "practice")
	if c.NotCounted == c.OfPractices {
		return w
	}
	return w + ", " + domain.Thousands(c.Patients) + " of " + domain.Count(c.OfPatients, "registered patient")
}

func (g *authority) lostLine(p *domain.PowerLost, at domain.Day) LostLine {
	l := LostLine{Ref: p.Ref, Kind: "appointment", Matter: p.Matter, On: p.On, Before: g.coverageIs(&p.Before, at), After: g.coverageIs(&p.After, at)}
	if p.Delegation {
		l.Kind = "delegation"
		l.Text = "Under " + p.Ref + ", " + g.delegate(g.state.Delegations[p.Ref].To) + " could no longer commit on " + domain.MatterWords(p.On)
	} else {
		a := g.state.Appointments[p.Ref]
		l.Text = "Under " + p.Ref + ", " + g.office(a.Person) + " could no longer commit on " + domain.MatterWords(p.On) + " at " + g.forum(a.Forum)
	}
	l.Text += ": " + domain.Thousands(p.After.Practices) + " of " + domain.Count(p.After.OfPractices, "practice") + " would stand behind it, which is not above the least coverage."
	return l
}

func (g *authority) whatIfSay(a *WhatIf) string {
	on, withdrew := "", " withdrew for everything"
	if a.Matter != "" {
		on, withdrew = " on "+a.Matter, " withdrew for "+a.Matter
	}
	say := "If " + a.Organisation.Name + withdrew + ", "
	if len(a.Leaving) == 0 && len(a.Powers) == 0 {
		return say + "nothing would change: " + g.state.ShortName + " would still speak" + on + " for " + a.After.figures() + "."
	}
	say += g.state.ShortName + " would speak" + on + " for " + a.After.figures() + ". Now it speaks for " + domain.Thousands(a.Before.Practices) + "."
	switch n := len(a.Powers); {
	case n == 0:
		say += " No power would be lost."
	case n == 1:
		say += " One power would be lost."
	default:
		say += " " + domain.Count(n, "power") + " would be lost."
	}
	return say
}
