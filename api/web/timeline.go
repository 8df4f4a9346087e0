package web

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"strings"

	"goldenthread/domain"
	"goldenthread/projections"
)

// A Timeline is what held from when until when, as a picture and as the table below it.
type Timeline struct {
	ID        string
	Label     string // what it shows, in a few words
	At        domain.Day
	Stretches []Stretch
}

// A Stretch is one thing that held, on its days.
type Stretch struct {
	What  string
	Place string     // where it is shown, below the group; "": nowhere
	From  domain.Day // 0: before anything else
	Until domain.Day // last day; 0: no end is known
}

// When are the days of the stretch in words.
func (s Stretch) When() string {
	switch {
	case s.From == s.Until:
		return "on " + s.From.Words()
	case s.Until == 0:
		return "from " + s.From.Words()
	case s.From == 0:
		return "until " + s.Until.Words()
	}
	return "from " + s.From.Words() + " until " + s.Until.Words()
}

// ends are the first and the last day that the picture shows: both of what is in it, and
// the day that the page is about.
func (t *Timeline) ends() (first, last domain.Day) {
	first, last = t.At, t.At
	for _, s := range t.Stretches {
		first = min(first, cmp.Or(s.From, first))
		last = max(last, s.From, s.Until)
	}
	return first, max(last, first+1)
}

const timelineWidth, timelineRow, timelineTop = 360, 40, 24

// Drawing draws each stretch as a bar below its name. It says what the table says.
func (t *Timeline) Drawing() template.HTML {
	first, last := t.ends()
	x := func(d domain.Day) int { return 4 + int(d-first)*(timelineWidth-8)/int(last-first) }
	height := timelineTop + timelineRow*len(t.Stretches) + 20
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %d %d" role="img" aria-label="%s">`, timelineWidth, height, template.HTMLEscapeString(t.Label+", from "+first.Words()+" to "+last.Words()+". The table below says the same."))
	now := x(t.At)
	anchor := "start"
	if now > timelineWidth/2 {
		anchor = "end"
	}
	fmt.Fprintf(&b, `<path class="thread-chart__now" d="M%d 18V%d"></path><text class="thread-chart__text" x="%d" y="14" text-anchor="%s">%s</text>`, now, height-18, now, anchor, t.At.Words())
	for i, s := range t.Stretches {
		y := timelineTop + timelineRow*i
		from, until := x(cmp.Or(s.From, first)), x(cmp.Or(s.Until, last))
		class := "thread-chart__in"
		if s.Until != 0 && s.Until < t.At || s.From > t.At {
			class += " thread-chart__off"
		}
		fmt.Fprintf(&b, `<text class="thread-chart__text" x="4" y="%d">%s</text><rect class="%s" x="%d" y="%d" width="%d" height="12"></rect>`,
			y+14, template.HTMLEscapeString(short(s.What, 46)), class, from, y+20, max(until-from, 4))
	}
	fmt.Fprintf(&b, `<text class="thread-chart__text" x="4" y="%d">%s</text><text class="thread-chart__text" x="%d" y="%d" text-anchor="end">%s</text></svg>`,
		height-2, first.Words(), timelineWidth-4, height-2, last.Words())
	return template.HTML(b.String())
}

// Timeline is who held which power when.
func (p *Powers) Timeline() *Timeline {
	t := &Timeline{ID: "who-when", Label: "Who held which power when", At: p.At}
	for _, d := range p.Delegations {
		holder := "the executive"
		if d.Person != nil {
			holder = d.Person.Office
		}
		for _, h := range p.Held[d.Ref] {
			t.Stretches = append(t.Stretches, Stretch{fmt.Sprintf("%s, version %d, %s", d.Ref, h.Version, holder), PlaceOf(d.Ref), h.From, h.Until})
		}
	}
	return t
}

// Timeline is who spoke for the group where, and when.
func (r *Representation) Timeline() *Timeline {
	t := &Timeline{ID: "who-when", Label: "Who spoke for us where, and when", At: r.At}
	for _, a := range r.Appointments {
		for _, h := range r.Held[a.Ref] {
			what := a.Ref + ", " + a.ForumName + ": " + a.Person.Office
			if n := len(t.Stretches) - 1; n >= 0 && t.Stretches[n].What == what && t.Stretches[n].Until == h.From-1 { // another version
				t.Stretches[n].Until = h.Until
				continue
			}
			t.Stretches = append(t.Stretches, Stretch{what, PlaceOf(a.Ref), h.From, h.Until})
		}
	}
	return t
}

// Timeline is how the proposal came to where it is: how long each version was open for
// objections, how long each objection stood, and how it ended.
func (p *Proposal) Timeline() *Timeline {
	t := &Timeline{ID: "when", Label: "The proposal over time", At: p.At}
	add := func(what string, from, until domain.Day) {
		if from != 0 {
			t.Stretches = append(t.Stretches, Stretch{what, "", from, until})
		}
	}
	add("Raised", p.Raised, p.Raised)
	for i, v := range p.Versions {
		until := v.WindowEnds - 1
		if i+1 < len(p.Versions) {
			until = min(until, cmp.Or(p.Versions[i+1].Put, until))
		}
		for _, over := range []domain.Day{p.AgreedOn, p.EndedOn} { // before its window ended
			until = min(until, cmp.Or(over, until))
		}
		if v.Put != 0 {
			add(fmt.Sprintf("Version %d open for objections", v.Version), v.Put, until)
		}
	}
	for _, o := range p.Objections {
		until := o.Ended
		if o.Open {
			until = 0
		}
		add(o.Ref+": objection of "+o.Seat.Name, o.On, until)
	}
	add("Agreed", p.AgreedOn, p.AgreedOn)
	if p.EndedOn != p.AgreedOn {
		add(domain.FirstUpper(string(p.Stage)), p.EndedOn, p.EndedOn)
	}
	slices.SortStableFunc(t.Stretches, func(a, b Stretch) int { return cmp.Compare(a.From, b.From) })
	return t
}

// Calendar is until when mandates hold: those that end on one day are one bar.
func (m *Mandate) Calendar() *Timeline {
	t := &Timeline{ID: "calendar", Label: "Until when mandates hold", At: m.At}
	count := map[domain.Day]int{}
	since := map[domain.Day]domain.Day{}
	for _, in := range m.All.Inside {
		count[in.Until]++
		for _, g := range in.Grants {
			if since[in.Until] == 0 || g.Effective < since[in.Until] {
				since[in.Until] = g.Effective
			}
		}
	}
	for until, n := range count {
		what := domain.Count(n, "practice") + ", no end known"
		if until != 0 {
			what = domain.Count(n, "practice") + ", until " + until.Words()
		}
		t.Stretches = append(t.Stretches, Stretch{what, "", since[until], until})
	}
	slices.SortFunc(t.Stretches, func(a, b Stretch) int { return cmp.Compare(a.Until, b.Until) })
	return t
}

// A Grid says of each practice for which subjects the group speaks for it.
type Grid struct {
	projections.CoverageGrid
	Shown []projections.GridRow // on this page of it
}

// Names are the subjects' names.
func (g *Grid) Names() []string {
	names := make([]string, 0, len(g.Matters))
	for _, m := range g.Matters {
		names = append(names, MatterOption(m).Words)
	}
	return names
}

const gridCell, gridLeft = 18, 130

// Drawing draws a square for each practice and subject: full where the group speaks for the
// practice. It says what the table says.
func (g *Grid) Drawing() template.HTML {
	width := gridLeft + gridCell*len(g.Matters) + 4
	height := gridCell*len(g.Shown) + 24
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %d %d" role="img" aria-label="%s">`, max(width, 360), height, template.HTMLEscapeString("For which practices the group speaks on which subject. The table below says the same, with the subjects in this order: "+domain.List(g.Names())+"."))
	for i := range g.Matters {
		fmt.Fprintf(&b, `<text class="thread-chart__text" x="%d" y="16" text-anchor="middle">%d</text>`, gridLeft+gridCell*i+gridCell/2, i+1)
	}
	for i, row := range g.Shown {
		y := 22 + gridCell*i
		fmt.Fprintf(&b, `<text class="thread-chart__text" x="0" y="%d">%s</text>`, y+13, template.HTMLEscapeString(short(row.Practice.Name, 17)))
		for k, stands := range row.Stands {
			class := "thread-grid__out"
			if stands {
				class = "thread-grid__in"
			}
			fmt.Fprintf(&b, `<rect class="%s" x="%d" y="%d" width="%d" height="%d"></rect>`, class, gridLeft+gridCell*k+2, y+1, gridCell-4, gridCell-4)
		}
	}
	b.WriteString("</svg>")
	return template.HTML(b.String())
}
