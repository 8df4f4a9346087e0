package domain

import (
	"cmp"
	"slices"
	"strings"
)

// On which lists the numbers of patients rest (rules O1, O2).

// A SizeList is a list from which numbers of registered patients are.
type SizeList struct {
	Source    string `json:"source" doc:"none: nobody said where the numbers are from"`
	On        Day    `json:"on" doc:"the list's date"`
	Practices int    `json:"practices" doc:"whose numbers are from it"`
}

// SizeListsOn are the lists from which the numbers of patients are that coverage counts on
// that day, that of most practices first.
func (s *remembering) SizeListsOn(d Day) []SizeList {
	return remember(s.memo.sizes, mostRemembered, s.periodOf("", d), func() []SizeList { return s.sizeListsOn(d) })
}

func (s *roster) sizeListsOn(d Day) []SizeList {
	counts := map[SizeList]int{}
	for _, o := range s.PracticesOn(d) {
		for _, l := range s.figures(o, d) {
			counts[SizeList{Source: l.Source, On: l.On}]++
		}
	}
	all := make([]SizeList, 0, len(counts))
	for l, n := range counts {
		l.Practices = n
		all = append(all, l)
	}
	slices.SortFunc(all, func(a, b SizeList) int {
		return cmp.Or(cmp.Compare(b.Practices, a.Practices), cmp.Compare(b.On, a.On), strings.Compare(a.Source, b.Source))
	})
	return all
}

// figures are the list sizes of which PatientsOn is the sum: the practice's own, and those of
// practices that merged into it since.
func (s *bodies) figures(o *Organisation, d Day) []ListSize {
	var all []ListSize
	figure := Day(0)
	if l := o.ListOn(d); l != nil {
		all, figure = append(all, *l), l.On
	}
	for _, was := range s.predecessors[o.Code] {
		part, last := s.partOf(was, o.Code, d)
		if part == nil || figure > last {
			continue
		}
		if period := s.endedBefore(was, d); len(period.Into) == 1 {
			all = append(all, s.figures(s.Organisations[was], last)...)
		}
	}
	return all
}

// SizeWords say on which lists the numbers of patients rest; "" where none are known.
func SizeWords(lists []SizeList) string {
	say := func(l SizeList) string {
		if l.Source == "" {
			return "of " + l.On.Words() + ", without a source"
		}
		return "of " + l.On.Words() + " (" + l.Source + ")"
	}
	switch len(lists) {
	case 0:
		return ""
	case 1:
		return "The numbers of patients are " + say(lists[0]) + "."
	}
	days, words := []Day{}, []string{}
	for _, l := range lists {
		if !slices.Contains(days, l.On) {
			days = append(days, l.On)
		}
		words = append(words, Count(l.Practices, "practice")+" "+say(l))
	}
	several := "from several lists"
	if len(days) > 1 {
		several = "of several dates"
	}
	if len(words) > mostSizeLists {
		words = append(words[:mostSizeLists], Count(len(words)-mostSizeLists, "other list"))
	}
	return "The numbers of patients are " + several + ": " + List(words) + "."
}

// mostSizeLists is how many lists are named in a sentence.
const mostSizeLists = 6
