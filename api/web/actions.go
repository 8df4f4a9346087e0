package web

import (
	"cmp"
	"slices"

	"goldenthread/domain"
	"goldenthread/projections"
)

// Actions are what is to be done, and what was.
type Actions struct {
	projections.Actions
}

func (*Actions) Title() string { return "Actions" }
func (*Actions) file() string  { return "actions" }

// Running are those that have not ended, soonest due first.
func (a *Actions) Running() []projections.ActionLine {
	var ls []projections.ActionLine
	for _, l := range a.Actions.Actions {
		if l.State == domain.ActionOpen || l.State == domain.ActionOverdue {
			ls = append(ls, l)
		}
	}
	slices.SortStableFunc(ls, func(x, y projections.ActionLine) int { return cmp.Compare(x.Due, y.Due) })
	return ls
}

// Over are those that have ended.
func (a *Actions) Over() []projections.ActionLine {
	var ls []projections.ActionLine
	for _, l := range a.Actions.Actions {
		if l.State != domain.ActionOpen && l.State != domain.ActionOverdue {
			ls = append(ls, l)
		}
	}
	return ls
}
