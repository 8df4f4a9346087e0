package projections

import (
	"slices"

	"goldenthread/domain"
)

// An InterestLine is a person's own interest in matters (rule R7). It stays
// readable after it has ended.
type InterestLine struct {
	Ref      string              `json:"ref"`
	Person   Who                 `json:"person"`
	Kind     domain.InterestKind `json:"kind" enum:"money,office,family,other"`
	Matters  []string            `json:"matters"`
	Words    string              `json:"words"`
	Now      bool                `json:"now" doc:"it counts on that day"`
	Declared domain.Day          `json:"declared" doc:"day on which it was declared first"`
	Renewed  []domain.Day        `json:"renewed" doc:"days on which it was declared anew"`
	RenewBy  domain.Day          `json:"renewBy,omitzero" doc:"day on which it is to be declared anew; it counts after that too"`
	Overdue  bool                `json:"overdue" doc:"it was to be declared anew before that day"`
	EndWords string              `json:"endWords,omitempty" doc:"why it ends"`
	Index    uint64              `json:"index"`
	domain.Span
}

func (g *backing) interestLine(i *domain.Interest, at domain.Day) InterestLine {
	l := InterestLine{
		Ref: i.Number, Person: g.who(i.Person), Kind: i.Kind, Matters: domain.OrEmpty(i.Matters), Words: i.Words, Now: i.Covers(at), Declared: i.Declared,
		Renewed: []domain.Day{}, RenewBy: i.RenewBy(at), Index: i.Index, Span: i.Span,
	}
	l.Overdue = l.RenewBy != 0 && l.RenewBy < at
	for _, r := range i.Renewals {
		l.Renewed = append(l.Renewed, r.On)
	}
	if i.Ended != nil {
		l.EndWords = i.Ended.Words
	}
	return l
}

// An ItemInterest is an interest that touches an item of an agenda (rule R7).
type ItemInterest struct {
	Ref    string              `json:"ref,omitempty" doc:"none: it was declared on the proposal that the item is about"`
	Person Who                 `json:"person"`
	Kind   domain.InterestKind `json:"kind" enum:"money,office,family,other"`
	Words  string              `json:"words"`
}

// itemInterests are the interests that count on the meeting's day and touch one
// of the matters, and those declared on the proposal that the item is about.
func (g *backing) itemInterests(matters []string, about string, on domain.Day) []ItemInterest {
	lines := []ItemInterest{}
	for _, m := range matters {
		for _, i := range g.state.InterestsTouching(m, on) {
			if !slices.ContainsFunc(lines, func(l ItemInterest) bool { return l.Ref == i.Number }) {
				lines = append(lines, ItemInterest{i.Number, g.who(i.Person), i.Kind, i.Words})
			}
		}
	}
	if p := g.state.Proposals[about]; p != nil {
		for _, c := range p.Conflicts {
			lines = append(lines, ItemInterest{"", g.who(c.Person), domain.OtherInterest, c.Words})
		}
	}
	return lines
}
