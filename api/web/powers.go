package web

import (
	"net/url"

	"goldenthread/domain"
	"goldenthread/projections"
)

// Powers are what was handed on, what was used of it, and what was done with it.
type Powers struct {
	projections.Powers
	Held map[string][]domain.Held // when each was held, by its number
}

func (*Powers) Title() string { return "Powers" }
func (*Powers) file() string  { return "powers" }

// Audit is the file of evidence for what the page shows, below the group.
func (p *Powers) Audit() string {
	q := url.Values{}
	for name, day := range map[string]domain.Day{"from": p.From, "to": p.To} {
		if day != 0 {
			q.Set(name, day.String())
		}
	}
	return "powers/evidence?" + q.Encode()
}

// A Bar is a part of a whole, with the figures in words.
type Bar struct {
	Width int // of 100
	Say   string
}

// Used is the part of the year's limit that is used.
func Used(p projections.DelegatedPower) Bar {
	width := 0
	if p.YearLimit > 0 {
		width = int(min(p.Used*100/p.YearLimit, 100))
	}
	left := domain.Pence(0)
	if p.Left != nil {
		left = *p.Left
	}
	return Bar{width, p.Used.String() + " used of " + p.YearLimit.String() + " in the year from " + p.Year.From.Words() + " to " + p.Year.Until.Words() + "; " + left.String() + " left"}
}

// Part is the part of the practices that stand behind the group.
func Part(m projections.Mandate) []Bar {
	width := func(part, of int) int { return part * 100 / max(of, 1) }
	bars := []Bar{{width(m.Practices, m.OfPractices), domain.Thousands(m.Practices) + " of " + domain.Count(m.OfPractices, "practice")}}
	if m.OfPatients > 0 {
		bars = append(bars, Bar{width(m.Patients, m.OfPatients), domain.Thousands(m.Patients) + " of " + domain.Count(m.OfPatients, "registered patient")})
	}
	return bars
}

// PowerOptions are a delegation's powers, to choose from.
func PowerOptions(d projections.DelegationLine) []Option {
	os := make([]Option, 0, len(d.Powers))
	for _, p := range d.Powers {
		os = append(os, MatterOption(p.Matter))
	}
	return os
}
