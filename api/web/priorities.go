package web

import (
	"fmt"
	"slices"

	"goldenthread/domain"
	"goldenthread/projections"
)

// Priorities are the long list, what practices said about it, and what was adopted.
type Priorities struct {
	projections.Priorities
	Lists     bool                           // can put one on the long list
	Asks      bool                           // can ask the practices
	Records   bool                           // can record answers on named evidence
	Open      *projections.PriorityRoundLine // that can be answered
	Practices []Option                       // for which one can answer
	Matters   []Option
}

func (*Priorities) Title() string { return "Priorities" }
func (*Priorities) file() string  { return "priorities" }

// Newest are the rounds, newest first.
func (p *Priorities) Newest() []projections.PriorityRoundLine {
	rs := slices.Clone(p.Rounds)
	slices.Reverse(rs)
	return rs
}

// OpenRound is the newest round, unless its list was adopted already.
func (p *Priorities) OpenRound() *projections.PriorityRoundLine {
	if len(p.Rounds) == 0 {
		return nil
	}
	newest := &p.Rounds[len(p.Rounds)-1]
	adopted := p.Earlier
	if p.Adopted != nil {
		adopted = append(slices.Clip(adopted), *p.Adopted)
	}
	for _, l := range adopted {
		if l.Round == newest.Ref {
			return nil
		}
	}
	return newest
}

// Of is the priority with the number.
func (p *Priorities) Of(ref string) projections.PriorityLine {
	for _, l := range p.LongList {
		if l.Ref == ref {
			return l
		}
	}
	return projections.PriorityLine{Ref: ref, Title: ref}
}

// Choices are the long list.
func (p *Priorities) Choices() []Option {
	var os []Option
	for _, l := range p.LongList {
		os = append(os, Option{l.Ref, l.Ref + ": " + l.Title})
	}
	return os
}

// OpenChoices are the priorities of the round that can be answered.
func (p *Priorities) OpenChoices() []Option {
	return slices.DeleteFunc(p.Choices(), func(o Option) bool { return !slices.Contains(p.Open.Priorities, o.Value) })
}

// A Rank is one field of an answer: the most important priority, and so on.
type Rank struct{ Name, Label string }

// Ranks are as many fields as the open round has priorities.
func (p *Priorities) Ranks() []Rank {
	var rs []Rank
	for n := range p.Open.Priorities {
		label := "The most important"
		if n > 0 {
			label = "Then, as number " + fmt.Sprint(n+1)
		}
		rs = append(rs, Rank{fmt.Sprint("choice", n+1), label})
	}
	return rs
}

// PriorityKindWords are a priority's kind in words.
func PriorityKindWords(k domain.PriorityKind) string {
	if k == domain.Influence {
		return "influence on the system"
	}
	return "support by joint working"
}
