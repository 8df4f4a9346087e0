package main

import (
	"strings"

	"goldenthread/projections"
)

// searchQuestion looks for words in everything that one may see.
var searchQuestion = question[projections.Found]{
	use: "search", short: "Find words, numbers, organisations and sums in everything that you may see",
	long:    "Search finds what holds all the words: in proposals, decisions, powers, meetings, approaches, actions and the rest. The best comes first.",
	example: "  goldenthread search --words 'extended hours'\n  goldenthread search --words 22k --at 2026-05-20",
	below:   "/search",
	params:  []param{{flag: "words", query: "words", usage: "words, a number such as P7, or a sum such as 12k"}},
	show: func(p *page, f *projections.Found) {
		p.table("what", "ref", "on", "title, and where the words are")
		for _, h := range f.Hits {
			p.row(h.Kind, h.Ref, dayWords(h.On), strings.TrimSuffix(h.Title+": "+h.Text, ": "))
		}
		p.stamp(f.Stamp)
	},
}
