package main

import (
	"goldenthread/api/rest"
)

// registerQuestion asks for one of the group's registers.
var registerQuestion = question[rest.RegisterTable]{
	use: "register <name>", short: "A register: decisions, powers, representatives, interests, actions, approaches, mandates or departures",
	long: "Register shows everything of one kind that the group has recorded, as a table. The pages offer the same as a spreadsheet.",
	example: "  goldenthread register decisions\n  goldenthread register decisions --words scheme --sort=-amount\n" +
		"  goldenthread register mandates --from 2026-03-01 --page 2",
	below:    "/registers/%s",
	argument: func(name string) string { return name },
	params: []param{
		{flag: "words", query: "words", usage: "each of these words must occur in a row"},
		{flag: "from", query: "from", usage: "only rows of this day or later"},
		{flag: "to", query: "to", usage: "only rows of this day or before"},
		{flag: "sort", query: "sort", usage: "column to sort by; with - before it the last come first"},
		pageParam,
	},
	show: func(p *page, t *rest.RegisterTable) {
		var heads []string
		for _, c := range t.Columns {
			heads = append(heads, c.Name)
		}
		p.table(heads...)
		for _, row := range t.Rows {
			cells := make([]any, len(row))
			for i := range row {
				cells[i] = row[i]
			}
			p.row(cells...)
		}
		p.more(t.Paged)
		p.stamp(t.Stamp)
	},
}
