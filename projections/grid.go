package projections

import (
	"cmp"
	"slices"

	"goldenthread/domain"
)

// A CoverageGrid says for which practices the group speaks on which subjects of its charter.
type CoverageGrid struct {
	Matters []string
	Rows    []GridRow
}

// A GridRow is one practice: for each subject, whether the group speaks for it.
type GridRow struct {
	Practice Body
	Stands   []bool
}

// CoverageGrid is the grid of all open practices of the place on that day, by name.
func (g *backing) CoverageGrid(at domain.Day) CoverageGrid {
	if g.state.Next == 0 {
		return CoverageGrid{}
	}
	grid := CoverageGrid{Matters: g.state.CharterOn(at).Charter.Matters}
	row := map[string]int{}
	for _, p := range g.state.PracticesOn(at) {
		row[p.Code] = len(grid.Rows)
		grid.Rows = append(grid.Rows, GridRow{g.body(p.Code), make([]bool, len(grid.Matters))})
	}
	for i, m := range grid.Matters {
		coverage := g.state.CoverageOn(m, at)
		for _, in := range coverage.Inside() {
			if n, counted := row[in.Practice.Code]; counted {
				grid.Rows[n].Stands[i] = true
			}
		}
	}
	slices.SortStableFunc(grid.Rows, func(a, b GridRow) int { return cmp.Compare(a.Practice.Name, b.Practice.Name) })
	return grid
}

// In are those of the names, one for each subject, of the subjects on which the group
// speaks for the practice.
func (r GridRow) In(names []string) []string { return r.those(names, true) }

// Out are the other ones.
func (r GridRow) Out(names []string) []string { return r.those(names, false) }

func (r GridRow) those(names []string, stands bool) []string {
	var some []string
	for i, name := range names {
		if r.Stands[i] == stands {
			some = append(some, name)
		}
	}
	return some
}
