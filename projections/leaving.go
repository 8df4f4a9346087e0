package projections

import "goldenthread/domain"

// What somebody leaves open who leaves their office (rule F5).

// A LeftLine is one thing that somebody leaves open.
type LeftLine struct {
	Ref  string
	Text string
	Hand domain.Command // hands it over once it names the person; nil: no record does
}

// LeftOpen is what the person leaves open, as it stands on that day or, where their last one
// is still to come, as it would on the day after it; nothing while no last day is known.
func (g *backing) LeftOpen(person string, at domain.Day) []LeftLine {
	p := g.state.Person(person)
	if p == nil || p.Left == 0 {
		return nil
	}
	var all []LeftLine
	for _, l := range g.state.LeftOpenBy(p.ID, max(at, p.Left+1)) {
		all = append(all, LeftLine{l.Ref, g.leftLine(&l), l.Hand})
	}
	return all
}

// leftLine says what is left open, and who sees to it.
func (g *backing) leftLine(l *domain.LeftOpen) string {
	if len(l.To) == 0 {
		return l.Text
	}
	offices := make([]string, len(l.To))
	for i, id := range l.To {
		offices[i] = g.office(id)
	}
	return l.Text + " For " + domain.List(offices) + " to see to."
}
