package main

import (
	"strings"

	"goldenthread/domain"
	"goldenthread/projections"
)

// schemeQuestion asks who may agree what, by subject (rules R3, D4).
var schemeQuestion = question[projections.Scheme]{
	use: "scheme", short: "Who may agree what without asking the group, by subject",
	long: "Scheme is the group's scheme of delegation: for each subject who may agree, up to what, on which conditions, until when and by which\n" +
		"agreement. Each line is what the check answers. With --since it also says what is otherwise than on that earlier day.",
	example: "  goldenthread scheme\n  goldenthread scheme --at 2026-05-20 --since 2026-02-01",
	below:   "/scheme",
	params:  []param{{flag: "since", query: "since", usage: "also say what is otherwise than on that earlier day, such as 2026-02-01"}},
	show:    showScheme,
}

func showScheme(p *page, a *projections.Scheme) {
	p.table("subject", "ref", "agreed by", "who, and up to what")
	for _, s := range a.Subjects {
		if len(s.Lines) == 0 {
			p.row(domain.MatterWords(s.Matter), "", "", strings.TrimSpace("Only the group. "+s.Why))
		}
		for i := range s.Lines {
			l := &s.Lines[i]
			p.row(domain.MatterWords(s.Matter), l.Ref, l.Source, domain.FirstUpper(strings.Join(append([]string{domain.Clause(l.Say())}, l.Used...), ". "))+".")
		}
	}
	if a.Since != 0 {
		p.head("Otherwise than on %s", a.Since.Words())
		p.table("subject", "ref", "was", "is")
		for _, c := range a.Changes {
			p.row(domain.MatterWords(c.Matter), c.Ref, c.Was, c.Is)
		}
	}
	p.stamp(a.Stamp)
}
