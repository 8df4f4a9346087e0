package projections

import (
	"slices"

	"goldenthread/domain"
)

// Priorities is the long list, what the practices answered, and what was
// adopted, as it stands on a day (rule P1).
type Priorities struct {
	Stamp
	LongList []PriorityLine      `json:"longList"`
	Rounds   []PriorityRoundLine `json:"rounds" doc:"in which every practice was asked"`
	Adopted  *AdoptedLine        `json:"adopted,omitempty" doc:"the list in force on that day"`
	Earlier  []AdoptedLine       `json:"earlier" doc:"lists that were adopted and are not in force on that day"`
}

// A PriorityLine is one on the long list.
type PriorityLine struct {
	Ref     string              `json:"ref"`
	Title   string              `json:"title"`
	Kind    domain.PriorityKind `json:"kind" enum:"joint-working,influence"`
	Meaning string              `json:"meaning" doc:"what it means in a practice"`
	Matter  string              `json:"matter,omitempty"`
	By      Who                 `json:"by"`
	Listed  domain.Day          `json:"listed"`
	Actions []ActionLine        `json:"actions" doc:"that serve it"`
	Index   uint64              `json:"index"`
}

// A PriorityRoundLine is every practice having been asked.
type PriorityRoundLine struct {
	Ref         string               `json:"ref"`
	Asked       domain.Day           `json:"asked"`
	By          domain.Day           `json:"by" doc:"day by which answers are wanted"`
	Words       string               `json:"words,omitempty"`
	Priorities  []string             `json:"priorities"`
	TookPart    int                  `json:"tookPart" doc:"practices that have answered"`
	OfPractices int                  `json:"ofPractices"`
	Chosen      []ChosenLine         `json:"chosen" doc:"how many practices named each, in the order of the list"`
	Answers     []PriorityAnswerLine `json:"answers" doc:"every answer that was given, in order"`
	NotHeard    []Body               `json:"notHeard"`
	Index       uint64               `json:"index"`
}

// A ChosenLine is how many practices named a priority in their newest answer.
type ChosenLine struct {
	Priority  string `json:"priority"`
	Practices int    `json:"practices"`
	First     int    `json:"first" doc:"practices to which it is the most important"`
}

// A PriorityAnswerLine is a practice's answer.
type PriorityAnswerLine struct {
	Practice Body       `json:"practice"`
	Choices  []string   `json:"choices" doc:"the most important first"`
	Words    string     `json:"words,omitempty"`
	Counts   bool       `json:"counts" doc:"it is the practice's newest"`
	On       domain.Day `json:"on"`
	Index    uint64     `json:"index"`
}

// An AdoptedLine is a final list.
type AdoptedLine struct {
	Source      string   `json:"source" doc:"the agreement"`
	Round       string   `json:"round"`
	Priorities  []string `json:"priorities" doc:"the most important first"`
	TookPart    int      `json:"tookPart"`
	OfPractices int      `json:"ofPractices"`
	Say         string   `json:"say"`
	Index       uint64   `json:"index"`
	domain.Span
}

// Priorities answers for that day.
func (g *business) Priorities(at domain.Day) Priorities {
	s := g.state
	p := Priorities{Stamp: g.stamp(at), LongList: []PriorityLine{}, Rounds: []PriorityRoundLine{}, Earlier: []AdoptedLine{}}
	for _, one := range byNumber(s.Priorities) {
		if one.Listed <= at {
			p.LongList = append(p.LongList, g.priorityLine(one, at))
		}
	}
	for _, round := range byNumber(s.Rounds) {
		if round.Asked <= at {
			p.Rounds = append(p.Rounds, g.roundLine(round, at))
		}
	}
	now := s.PrioritiesOn(at)
	for _, l := range s.PriorityLists {
		if line := g.adoptedLine(l); l == now {
			p.Adopted = &line
		} else if l.From <= at {
			p.Earlier = append(p.Earlier, line)
		}
	}
	return p
}

func (g *business) priorityLine(p *domain.Priority, at domain.Day) PriorityLine {
	l := PriorityLine{p.Number, p.Title, p.Kind, p.Meaning, p.Matter, g.who(p.By), p.Listed, []ActionLine{}, p.Index}
	for _, a := range byNumber(g.state.Actions) {
		if a.Priority == p.Number && a.Created <= at {
			l.Actions = append(l.Actions, g.actionLine(a, at))
		}
	}
	return l
}

func (g *business) roundLine(round *domain.PriorityRound, at domain.Day) PriorityRoundLine {
	took := g.state.TookPart(round, at)
	practices := g.state.PracticesOn(at)
	l := PriorityRoundLine{
		Ref: round.Number, Asked: round.Asked, By: round.By, Words: round.Words, Priorities: round.Priorities, TookPart: len(took), OfPractices: len(practices),
		Chosen: []ChosenLine{}, Answers: []PriorityAnswerLine{}, NotHeard: []Body{}, Index: round.Index,
	}
	for _, n := range round.Priorities {
		c := ChosenLine{Priority: n}
		for _, a := range took {
			if slices.Contains(a.Choices, n) {
				c.Practices++
			}
			if len(a.Choices) > 0 && a.Choices[0] == n {
				c.First++
			}
		}
		l.Chosen = append(l.Chosen, c)
	}
	for _, a := range round.Answers {
		if a.On <= at {
			counts := slices.ContainsFunc(took, func(t domain.PriorityAnswer) bool { return t.Index == a.Index })
			l.Answers = append(l.Answers, PriorityAnswerLine{g.body(a.Practice), domain.OrEmpty(a.Choices), a.Words, counts, a.On, a.Index})
		}
	}
	for _, p := range practices {
		if !slices.ContainsFunc(took, func(t domain.PriorityAnswer) bool { return t.Practice == p.Code }) {
			l.NotHeard = append(l.NotHeard, g.body(p.Code))
		}
	}
	return l
}

func (g *business) adoptedLine(l *domain.PriorityList) AdoptedLine {
	say := domain.FirstUpper(domain.List(g.priorityTitles(l.Priorities))) + "; " + tookPartWords(l.TookPart, l.OfPractices) + "."
	return AdoptedLine{l.Source, l.Round, l.Priorities, l.TookPart, l.OfPractices, say, l.Index, l.Span}
}

// priorityTitles are the titles by which priorities are named in sentences.
func (g *terms) priorityTitles(numbers []string) []string {
	var titles []string
	for _, n := range numbers {
		if p := g.state.Priorities[n]; p != nil {
			n = p.Title
		}
		titles = append(titles, n)
	}
	return titles
}

// adoptSay says what the final list would be.
func (g *terms) adoptSay(c *domain.AdoptPriorities) string {
	var numbers []string
	for _, p := range c.Priorities {
		numbers = append(numbers, p.Priority)
	}
	return "Adopt as priorities: " + domain.List(g.priorityTitles(numbers)) + c.Span.Words()
}
