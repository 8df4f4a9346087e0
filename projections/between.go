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

// between is what was decided after the meeting before and before that day, as
// it is known: agreements reached, set aside or lapsed, what they ratified or
// disavowed, and what the executive decided. Something that was recorded only
// after the meeting before, for that day or an earlier one, belongs to it too. What was
// brought in from before the ledger was not decided here.
func (g *business) between(on, at domain.Day) []BetweenLine {
	b := betweenMeetings{on: on, at: at, lines: []BetweenLine{}}
	if before := g.state.MeetingBefore(on); before != nil {
		b.before = before.On
	}
	for _, p := range byNumber(g.state.Proposals) {
		switch {
		case p.BroughtIn != "":
		case p.Stage == domain.Agreed:
			b.add(p.Number, p.AgreedOn, on-1, p.LastDay, p.Agreement, p.Number+", "+p.Title()+", was agreed. "+domain.RollWords(p.Roll))
		case p.Stage == domain.Lapsed:
			b.add(p.Number, p.Ended, on, p.LastDay, p.LastIndex, p.Number+", "+p.Title()+", lapsed without consensus")
		}
		if p.SetAside != 0 {
			by := g.state.Proposals[p.SetAsideBy]
			b.add(p.Number, p.SetAside, on-1, by.LastDay, by.Agreement, p.Number+", "+p.Title()+", was set aside by "+p.SetAsideBy)
		}
	}
	for _, x := range byNumber(g.state.Exercises) {
		standing, recorded := g.state.ExerciseOn(x, at), ""
		if len(x.StillToConfirm(at)) > 0 {
			recorded = "It was recorded that "
		}
		b.add(x.Number, x.On, on, x.Recorded, x.Index, recorded+g.offices(x.Acting)+" decided "+x.Number+" under "+x.Delegation+": "+clause(x.What)+termsWords(x.Amount, x.Months, x.OpenEnded)+
			"; now "+string(standing))
	}
	slices.SortStableFunc(b.lines, func(x, y BetweenLine) int {
		return cmp.Or(cmp.Compare(x.On, y.On), cmp.Compare(x.Index, y.Index), strings.Compare(x.Ref, y.Ref))
	})
	return b.lines
}

type betweenMeetings struct {
	before, on, at domain.Day // 0 before the first meeting
	lines          []BetweenLine
}

// add takes what holds from a day and was recorded on another, if it belongs to
// the minutes: what is of the meeting's own day and stands elsewhere in them does
// not, so through is the last day that does.
func (b *betweenMeetings) add(ref string, holds, through, recorded domain.Day, index uint64, text string) {
	late := holds <= b.before && recorded > b.before && recorded <= b.on
	if holds <= b.at && (late || holds > b.before && holds <= through) {
		b.lines = append(b.lines, BetweenLine{ref, holds, text, index})
	}
}
