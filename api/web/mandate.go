package web

import (
	"fmt"
	"html/template"
	"strings"

	"goldenthread/domain"
	"goldenthread/projections"
)

// Mandate is what stands behind the group for a matter, and how that changed. Of its lists
// it has a page.
type Mandate struct {
	projections.Mandate
	All       projections.Mandate // with its lists whole
	History   projections.MandateHistory
	Matters   []Option
	Practices []Option            // practices and PCNs of which one can ask what if they withdrew
	If        string              // code of the one that is asked about
	WhatIf    *projections.WhatIf // nil: nothing is asked
	Grid      *Grid
	Pager          // of its lists
	Powers    bool // whoever looks may see powers
}

func (*Mandate) Title() string { return "Mandate" }
func (*Mandate) file() string  { return "mandate" }

// Chart draws how many practices stood behind the group, as a line in steps. It
// says what the table below it says.
func (m *Mandate) Chart() template.HTML {
	days := m.History.Days
	if len(days) == 0 {
		return ""
	}
	c := newChart(days, m.At)
	label := fmt.Sprintf("How many practices stand behind the group, from %s to %s. The table below says the same.", c.first.Words(), c.last.Words())
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %d %d" role="img" aria-label="%s">`, chartWidth, chartHeight, template.HTMLEscapeString(label))
	for _, n := range []int{0, c.most} {
		fmt.Fprintf(&b, `<path class="thread-chart__axis" d="M%d %dH%d"></path><text class="thread-chart__text" x="0" y="%d">%d</text>`, chartLeft, c.y(n), chartWidth, c.y(n)+5, n)
	}
	line, ahead := c.line(days, m.At)
	fmt.Fprintf(&b, `<path class="thread-chart__line" d="%s"></path><path class="thread-chart__line thread-chart__ahead" d="%s"></path>`, line, ahead)
	x := c.x(m.At)
	fmt.Fprintf(&b, `<path class="thread-chart__now" d="M%d %dV%d"></path><text class="thread-chart__text" x="%d" y="14" text-anchor="%s">%s</text>`, x, c.y(c.most), c.y(0), x, side(x), m.At.Words())
	fmt.Fprintf(&b, `<text class="thread-chart__text" x="%d" y="%d">%s</text><text class="thread-chart__text" x="%d" y="%d" text-anchor="end">%s</text></svg>`,
		chartLeft, chartHeight-4, c.first.Words(), chartWidth, chartHeight-4, c.last.Words())
	return template.HTML(b.String())
}

const chartWidth, chartHeight, chartLeft, chartTop, chartBottom = 400, 200, 30, 24, 30

// A chart has days across and practices up.
type chart struct {
	first, last domain.Day
	most        int
}

func newChart(days []projections.CoverageLine, at domain.Day) chart {
	c := chart{first: min(days[0].On, at), last: max(days[len(days)-1].On, at)}
	if c.last == c.first {
		c.last++
	}
	for _, d := range days {
		c.most = max(c.most, d.OfPractices)
	}
	c.most = max(c.most, 1)
	return c
}

func (c *chart) x(d domain.Day) int {
	return chartLeft + int(d-c.first)*(chartWidth-chartLeft-4)/int(c.last-c.first)
}

func (c *chart) y(n int) int {
	return chartHeight - chartBottom - n*(chartHeight-chartBottom-chartTop)/c.most
}

// line is the path up to the day, and what is known to come after it.
func (c *chart) line(days []projections.CoverageLine, at domain.Day) (past, ahead string) {
	past = fmt.Sprintf("M%d %d", c.x(days[0].On), c.y(days[0].Practices))
	now := days[0].Practices
	for _, d := range days[1:] {
		step := fmt.Sprintf("H%dV%d", c.x(d.On), c.y(d.Practices))
		if d.On > at {
			ahead += step
			continue
		}
		past += step
		now = d.Practices
	}
	past += fmt.Sprintf("H%d", c.x(at))
	return past, fmt.Sprintf("M%d %d", c.x(at), c.y(now)) + ahead + fmt.Sprintf("H%d", c.x(c.last))
}

func side(x int) string {
	if x > chartWidth/2 {
		return "end"
	}
	return "start"
}
