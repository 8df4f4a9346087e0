package projections

import (
	"cmp"
	"slices"

	"goldenthread/domain"
)

// What stood before the ledger, as the schedule to the charter that a group forms with
// (rule F8).

// A ScheduleLine is one item of the schedule.
type ScheduleLine struct {
	Ref       string         `json:"ref" doc:"the agreement or mandate as which it came in; schedule/1 and so on before that"`
	Title     string         `json:"title"`
	On        domain.Day     `json:"on" doc:"since which it stands"`
	Evidence  string         `json:"evidence"`
	Says      []string       `json:"says" doc:"what is brought in, in words"`
	Documents []DocumentLine `json:"documents" doc:"files that are its evidence"`
}

// Before is what stood before the ledger.
type Before struct {
	Stamp
	In    domain.Day     `json:"in,omitzero" doc:"day on which the group was established and it came in; none: the group is forming, and whoever consents to the charter consents to it too"`
	Items []ScheduleLine `json:"items"`
}

// Before is the whole schedule: what would come in or, once the group is established, what
// came in and as what.
func (g *authority) Before(at domain.Day) Before {
	b := Before{Stamp: g.stamp(at), Items: []ScheduleLine{}}
	var agreements, mandates []string
	if in := g.state.Established; in != 0 && in <= at {
		b.In = in
		agreements, mandates = g.cameIn()
	}
	documents := g.Documents(domain.DayOf(g.state.Last)).Documents
	for i := range g.state.Schedule {
		item := &g.state.Schedule[i]
		line := ScheduleLine{Ref: domain.ScheduleRef(i), Title: item.Title, On: item.On, Evidence: item.Evidence, Says: []string{}, Documents: []DocumentLine{}}
		came := &agreements
		if m := item.Mandate; m != nil {
			came = &mandates
			line.Says = append(line.Says, g.grantText(m.Organisation, m.To, m.Matters, nil, m.Until, m.Conditions, false)+reviewedBy(m.Review))
		}
		if len(*came) > 0 {
			line.Ref, *came = (*came)[0], (*came)[1:]
		}
		for n := range item.Instruments {
			line.Says = append(line.Says, g.instrumentSay(&item.Instruments[n]))
		}
		for _, d := range documents {
			if d.About == line.Ref {
				line.Documents = append(line.Documents, d)
			}
		}
		b.Items = append(b.Items, line)
	}
	return b
}

// cameIn are the agreements and the mandates that came in, in the schedule's order.
func (g *authority) cameIn() (agreements, mandates []string) {
	for number, p := range g.state.Proposals {
		if p.BroughtIn != "" {
			agreements = append(agreements, number)
		}
	}
	slices.SortFunc(agreements, func(a, b string) int { return cmp.Compare(g.state.Proposals[a].Index, g.state.Proposals[b].Index) })
	for _, m := range g.state.Mandates {
		if m.BroughtIn {
			mandates = append(mandates, m.Number)
		}
	}
	return agreements, mandates
}

// Schedule is what everybody consents to with the charter of a group that is forming;
// none once it is established, when it has been brought in.
func (g *authority) Schedule() []ScheduleLine {
	if g.state.Established != 0 {
		return nil
	}
	return g.Before(domain.DayOf(g.state.Last)).Items
}

// ScheduleOf is the schedule of a group that would be founded.
func ScheduleOf(state *domain.View) []ScheduleLine { return of(state, &trail{}).Schedule() }
