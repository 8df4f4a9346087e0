package projections

import (
	"cmp"
	"slices"
	"strings"

	"goldenthread/domain"
)

// A BetweenLine is something that was decided between two of the group's own
// meetings, for the minutes of the later one (rule T3).
type BetweenLine struct {
	Ref   string     `json:"ref"`
	On    domain.Day `json:"on" doc:"day from which it holds"`
	Text  string     `json:"text"`
	Index uint64     `json:"index"`
}

// A decided thing is in the minutes of the first of the group's meetings after it.
type decided struct {
	ref             string
	holds, recorded domain.Day
	ownDay          bool // what holds from the meeting's own day is between too; else it stands elsewhere in its minutes
	index           uint64
	text            func() string
}

// between is what was decided after the meeting before and before that day, as
// it is known: agreements reached, set aside or lapsed, what they ratified or
// disavowed, and what the executive decided. Something that was recorded only
// after the meeting before, for that day or an earlier one, belongs to it too. What was
// brought in from before the ledger was not decided here.
func (g *business) between(on, at domain.Day) []BetweenLine {
	before, lines := domain.Day(0), []BetweenLine{} // 0 before the first meeting
	if m := g.state.MeetingBefore(on); m != nil {
		before = m.On
	}
	all := g.decisions
	if all == nil {
		all = g.decidedThings(at)
	}
	for i := range all {
		d, through := &all[i], on
		if !d.ownDay {
			through--
		}
		late := d.holds <= before && d.recorded > before && d.recorded <= on
		if d.holds <= at && (late || d.holds > before && d.holds <= through) {
			lines = append(lines, BetweenLine{d.ref, d.holds, d.text(), d.index})
		}
	}
	slices.SortStableFunc(lines, func(x, y BetweenLine) int {
		return cmp.Or(cmp.Compare(x.On, y.On), cmp.Compare(x.Index, y.Index), strings.Compare(x.Ref, y.Ref))
	})
	return lines
}

// decidedThings are all that can be between two meetings, as they stand on that day.
func (g *business) decidedThings(at domain.Day) []decided {
	var all []decided
	for _, p := range byNumber(g.state.Proposals) {
		named := p.Number + ", " + p.Title()
		switch {
		case p.BroughtIn != "":
		case p.Stage == domain.Agreed:
			all = append(all, decided{p.Number, p.AgreedOn, p.LastDay, false, p.Agreement, func() string { return named + ", was agreed. " + domain.RollWords(p.Roll) }})
		case p.Stage == domain.Lapsed:
			all = append(all, decided{p.Number, p.Ended, p.LastDay, true, p.LastIndex, func() string { return named + ", lapsed without consensus" }})
		}
		if p.SetAside != 0 {
			by := g.state.Proposals[p.SetAsideBy]
			all = append(all, decided{p.Number, p.SetAside, by.LastDay, false, by.Agreement, func() string { return named + ", was set aside by " + p.SetAsideBy }})
		}
	}
	for _, x := range byNumber(g.state.Exercises) {
		all = append(all, decided{x.Number, x.On, x.Recorded, true, x.Index, func() string {
			recorded := ""
			if len(x.StillToConfirm(at)) > 0 {
				recorded = "It was recorded that "
			}
			return recorded + g.offices(x.Acting) + " decided " + x.Number + " under " + x.Delegation + ": " + clause(x.What) + termsWords(x.Amount, x.Months, x.OpenEnded) +
				"; now " + string(g.state.ExerciseOn(x, at))
		}})
	}
	return all
}
