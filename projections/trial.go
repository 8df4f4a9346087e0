package projections

import (
	"strings"

	"goldenthread/domain"
)

// A Trial is what a command would record and change, in words: what a form shows before
// it is sent.
type Trial struct {
	For      string               // on whose behalf it is; "": on nobody's but one's own
	Says     []string             // what would be recorded
	Follows  []string             // what the ledger would then record by itself
	Waits    []string             // of what waits to be confirmed: what it would change once it is
	Ends     []string             // what is so now and would not be any more
	Left     []string             // what somebody would leave open, and who sees to it then
	Coverage []CoverageDifference // where it would be another
	Lost     []string             // powers that nobody could use any more, for want of coverage
	On       domain.Day           // day of Ends, Coverage and Lost
	Back     string               // how it can be taken back; "": it can't be undone
	Repeat   bool                 // it was said before: nothing would be recorded
}

// A CoverageDifference is what stands behind the group for some matters, and what would.
type CoverageDifference struct {
	Matters       []string // "": for at least one matter
	Before, After string
}

// TrialOf tells the trial of a command of that kind. Names are those after it.
func TrialOf(kind domain.CommandKind, t *domain.Trial) Trial {
	g, after := of(t.Before, &trail{}), of(t.After, &trail{})
	w := Trial{On: t.On, Back: t.Back(kind)}
	for i := range t.Events {
		e := &t.Events[i]
		switch {
		case e.Index < t.Answer.First: // it was due anyway
		case e.Actor == domain.System:
			w.Follows = append(w.Follows, after.Sentence(e))
		default:
			w.Says = append(w.Says, after.Sentence(e))
			if !strings.HasPrefix(e.OnBehalfOf, "person/") {
				w.For = after.ForWhom(e.OnBehalfOf)
			}
		}
		if kept, ok := e.Data.(*domain.RecordKept); ok {
			w.Waits = append(w.Waits, after.touches(after.state.Records[kept.Record])...)
		}
	}
	w.Repeat = w.Says == nil
	for _, e := range t.Ends {
		w.Ends = append(w.Ends, e.Text)
	}
	for i := range t.Left {
		w.Left = append(w.Left, after.leftLine(&t.Left[i]))
	}
	for _, c := range t.Coverage() {
		w.covers(c.Matter, g.coverageIs(&c.Before, t.On), g.coverageIs(&c.After, t.On))
	}
	for _, p := range t.Lost() {
		w.Lost = append(w.Lost, g.lostLine(&p, t.On).Text)
	}
	return w
}

// covers adds what stands behind the group for the matter: where the figures are those of
// others, beside them.
func (t *Trial) covers(matter string, before, after CoverageIs) {
	for i := range t.Coverage {
		if c := &t.Coverage[i]; c.Before == before.figures() && c.After == after.figures() {
			c.Matters = append(c.Matters, matter)
			return
		}
	}
	t.Coverage = append(t.Coverage, CoverageDifference{[]string{matter}, before.figures(), after.figures()})
}
