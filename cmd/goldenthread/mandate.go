package main

import (
	"context"
	"strings"

	"goldenthread/domain"
	"goldenthread/projections"
)

// mandateQuestion asks what stands behind the group (rules M1–M5).
var mandateQuestion = question[projections.Mandate]{
	use: "mandate", short: "Which practices stand behind the group",
	long: "Mandate shows which practices stand behind the group for a matter, by count and by registered patients, through what, and who is\n" +
		"outside. Without a matter it asks who stands behind the group at all.",
	example: "  goldenthread mandate --matter workforce --at 2026-04-29\n" +
		"  goldenthread mandate --matter workforce --at 2026-04-30 --known 2026-03-31",
	below:  "/mandate",
	params: []param{{flag: "matter", query: "matter", usage: "matter, such as workforce", names: (*client).matterNames}},
	show:   showMandate,
}

func showMandate(p *page, m *projections.Mandate) {
	p.say("%s", m.Say)
	for _, n := range m.Notes {
		p.say("%s", n)
	}
	p.optional("Incomplete", m.Incomplete)
	if !m.Known {
		p.stamp(m.Stamp)
		return
	}
	if len(m.Outside) > 0 {
		p.head("Outside")
		p.table("ods", "practice", "since", "why")
		for _, o := range m.Outside {
			p.row(o.ODS, o.Name, dayWords(o.Since), o.Why)
		}
	}
	p.head("Behind the group")
	p.table("ods", "practice", "patients", "event", "until", "through")
	for _, s := range m.Inside {
		p.row(s.ODS, s.Name, domain.Thousands(s.Patients), grantEvents(s.Grants), standingEnd(&s), through(s.Via))
	}
	p.list("On condition", m.Conditions)
	if len(m.Asked) > 0 {
		p.head("Asked for")
		p.table("ref", "on", "organisation", "words")
		for _, a := range m.Asked {
			p.row(a.Ref, a.On.Words(), a.Organisation.Name, a.Words)
		}
	}
	p.stamp(m.Stamp)
}

func grantEvents(grants []projections.GrantLine) string {
	return strings.Join(texts(grants, func(g projections.GrantLine) string { return indexWords(g.Index) }), ", ")
}

// whatIfQuestion asks what would change if somebody withdrew (rules M2–M4).
var whatIfQuestion = question[projections.WhatIf]{
	use: "what-if", short: "What would change if a practice or PCN withdrew",
	long: "What-if shows what coverage and which powers would change if a practice or PCN took its mandate back, for a matter or for everything.\n" +
		"Nothing is recorded by asking.",
	example: "  goldenthread what-if --organisation U66368 --matter workforce\n" +
		"  goldenthread what-if --organisation P91003 --at 2026-05-01",
	below: "/what-if",
	params: []param{
		{flag: "organisation", query: "organisation", usage: "code of the practice or PCN, such as U66368", read: upper},
		{flag: "matter", query: "matter", usage: "what it would withdraw, such as workforce; everything if not said", names: (*client).matterNames},
	},
	show: showWhatIf,
}

func upper(code string) (string, error) { return strings.ToUpper(code), nil }

func showWhatIf(p *page, w *projections.WhatIf) {
	p.say("%s", w.Say)
	p.head("Behind the group")
	p.table("", "practices", "patients", "above the least coverage")
	for _, row := range []struct {
		when string
		c    projections.CoverageIs
	}{{"now", w.Before}, {"then", w.After}} {
		p.row(row.when, of(row.c.Practices, row.c.OfPractices), patientFigures(row.c), map[bool]string{true: "yes", false: "no"}[row.c.Above])
	}
	if w.SizeSay != "" {
		p.head("%s", w.SizeSay)
	}
	if len(w.Leaving) > 0 {
		p.head("No longer behind the group")
		p.table("ods", "practice")
		for _, o := range w.Leaving {
			p.row(o.Code, o.Name)
		}
	}
	p.list("Powers that would be lost", texts(w.Powers, func(l projections.LostLine) string { return l.Text }))
	for _, n := range w.Notes {
		p.say("%s", n)
	}
	p.stamp(w.Stamp)
}

func patientFigures(c projections.CoverageIs) string {
	if c.OfPatients == 0 {
		return "not known"
	}
	return of(c.Patients, c.OfPatients)
}

// standingEnd is the last day on which the practice stands behind the group, or the
// day on which one of its grants is reviewed if that is sooner.
func standingEnd(s *projections.StandingLine) string {
	first := s.Until
	for _, g := range s.Grants {
		if g.Review != 0 && (first == 0 || g.Review < first) {
			first = g.Review
		}
	}
	return dayWords(first)
}

func through(via *projections.Body) string {
	if via == nil {
		return "itself"
	}
	return via.Name
}

func (c *client) matterNames(ctx context.Context) []string {
	charter, err := fetchBelow[projections.CharterInForce](ctx, c, "/charter")
	if err != nil {
		return nil
	}
	return charter.Matters
}
