package web

import (
	"slices"

	"goldenthread/domain"
	"goldenthread/projections"
)

// Priorities are the long list, what practices said about it, and what was adopted.
type Priorities struct {
	projections.Priorities
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

// PriorityKindWords are a priority's kind in words.
func PriorityKindWords(k domain.PriorityKind) string {
	if k == domain.Influence {
		return "influence on the system"
	}
	return "support by joint working"
}
