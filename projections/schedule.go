package projections

import "goldenthread/domain"

// What stood before the ledger, as the schedule to the charter that a group forms with
// (rule F8).

// A ScheduleLine is one item of the schedule, before it is brought in.
type ScheduleLine struct {
	Title     string
	On        domain.Day // since which it stands
	Evidence  string
	Says      []string // what would be brought in, in words
	Documents []DocumentLine
}

// Schedule is what everybody consents to with the charter of a group that is forming;
// none once it is established, when it has been brought in.
func (g *authority) Schedule() []ScheduleLine {
	if g.state.Established != 0 {
		return nil
	}
	var all []ScheduleLine
	for i := range g.state.Schedule {
		item := &g.state.Schedule[i]
		line := ScheduleLine{Title: item.Title, On: item.On, Evidence: item.Evidence}
		if m := item.Mandate; m != nil {
			line.Says = append(line.Says, g.grantText(m.Organisation, m.To, m.Matters, nil, m.Until, m.Conditions, false)+reviewedBy(m.Review))
		}
		for n := range item.Instruments {
			line.Says = append(line.Says, g.instrumentSay(&item.Instruments[n]))
		}
		for _, d := range g.Documents(domain.DayOf(g.state.Last)).Documents {
			if d.About == domain.ScheduleRef(i) {
				line.Documents = append(line.Documents, d)
			}
		}
		all = append(all, line)
	}
	return all
}

// ScheduleOf is the schedule of a group that would be founded.
func ScheduleOf(state *domain.View) []ScheduleLine { return of(state, &trail{}).Schedule() }
