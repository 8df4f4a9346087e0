package web

import (
	"slices"

	"goldenthread/domain"
	"goldenthread/projections"
)

// Approaches are what the system asked for, and what whoever looks may do about it.
type Approaches struct {
	projections.Approaches
}

func (*Approaches) Title() string { return "Approaches" }
func (*Approaches) file() string  { return "approaches" }

// Newest are the approaches, newest first.
func (a *Approaches) Newest() []projections.ApproachLine {
	ls := slices.Clone(a.Approaches.Approaches)
	slices.Reverse(ls)
	return ls
}

// Inconsistencies are the questions to which the system has different answers,
// each once.
func (a *Approaches) Inconsistencies() []string {
	var found []string
	seen := map[string]bool{}
	for _, l := range a.Approaches.Approaches {
		if !l.Inconsistent || seen[l.Ref] {
			continue
		}
		for _, n := range l.SameQuestion {
			seen[n] = true
		}
		found = append(found, l.Differs)
	}
	return found
}

// Replies are the senses of an answer.
func (*Approaches) Replies() []Option {
	return []Option{
		{string(domain.ReplyYes), "Yes"}, {string(domain.ReplyNo), "No"}, {string(domain.ReplyInPart), "In part"}, {string(domain.ReplyLater), "Later"},
		{string(domain.ReplyThroughGroup), "It will be answered through the group"},
	}
}

// ReplyWords are the sense of an answer in words.
func ReplyWords(r domain.Reply) string {
	for _, o := range (*Approaches)(nil).Replies() {
		if o.Value == string(r) {
			return o.Words
		}
	}
	return string(r)
}
