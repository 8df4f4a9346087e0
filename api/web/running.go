package web

import (
	"fmt"
	"html/template"
	"strings"

	"goldenthread/domain"
	"goldenthread/projections"
)

// Running draws how much of a power's limit for a year was used, against the limit, as
// lines in steps up to the last day. It says what the table below it says.
func Running(t projections.RunningTotal, last domain.Day) template.HTML {
	days := t.Days
	c := chart{first: days[0].On, last: max(last, days[0].On+1)}
	for _, d := range days {
		c.most = max(c.most, int(d.Used/100), int(d.Limit/100))
	}
	c.most = max(c.most, 1)
	label := fmt.Sprintf("How much of the limit for a year on %s was used, from %s to %s. The table below says the same.", domain.MatterWords(t.Matter), c.first.Words(), c.last.Words())
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %d %d" role="img" aria-label="%s">`, chartWidth, chartHeight, template.HTMLEscapeString(label))
	fmt.Fprintf(&b, `<path class="thread-chart__axis" d="M%d %dH%d"></path>`, chartLeft, c.y(0), chartWidth)
	used := c.steps(days, func(d projections.RunningLine) domain.Pence { return d.Used })
	limit := c.steps(days, func(d projections.RunningLine) domain.Pence { return d.Limit })
	fmt.Fprintf(&b, `<path class="thread-chart__in" d="%sV%dH%dZ"></path>`, used, c.y(0), c.x(c.first))
	fmt.Fprintf(&b, `<path class="thread-chart__line" d="%s"></path><path class="thread-chart__limit" d="%s"></path>`, used, limit)
	end := days[len(days)-1]
	fmt.Fprintf(&b, `<text class="thread-chart__text" x="%d" y="14">Limit: %s</text><text class="thread-chart__text" x="%d" y="14" text-anchor="end">Used: %s</text>`, chartLeft, end.Limit, chartWidth, end.Used)
	fmt.Fprintf(&b, `<text class="thread-chart__text" x="%d" y="%d">%s</text><text class="thread-chart__text" x="%d" y="%d" text-anchor="end">%s</text></svg>`,
		chartLeft, chartHeight-4, c.first.Words(), chartWidth, chartHeight-4, c.last.Words())
	return template.HTML(b.String())
}

// steps is the path of those sums.
func (c *chart) steps(days []projections.RunningLine, of func(projections.RunningLine) domain.Pence) string {
	path := fmt.Sprintf("M%d %d", c.x(days[0].On), c.y(int(of(days[0])/100)))
	for _, d := range days[1:] {
		path += fmt.Sprintf("H%dV%d", c.x(d.On), c.y(int(of(d)/100)))
	}
	return path + fmt.Sprintf("H%d", c.x(c.last))
}
