package projections

import "goldenthread/domain"

// Departures is who goes its own way on what, and who stands by each agreement,
// as it stands on a day (rule X2).
type Departures struct {
	Stamp
	Say        string          `json:"say"`
	Departures []DepartureLine `json:"departures"`
	Alignment  []AlignmentLine `json:"alignment" doc:"of each agreement that holds on that day"`
}

// A DepartureLine is one departure.
type DepartureLine struct {
	Ref          string           `json:"ref"`
	Organisation Body             `json:"organisation"`
	Agreement    string           `json:"agreement"`
	Title        string           `json:"title" doc:"of the agreement"`
	Reason       string           `json:"reason"`
	Reported     bool             `json:"reported" doc:"by another, not by the organisation itself"`
	Evidence     string           `json:"evidence,omitempty"`
	By           Who              `json:"by"`
	From         domain.Day       `json:"from"`
	Away         bool             `json:"away" doc:"on that day"`
	Answers      []RemarkLine     `json:"answers"`
	Resolutions  []ResolutionLine `json:"resolutions"`
	Text         string           `json:"text" doc:"how it stands, in a sentence"`
	Index        uint64           `json:"index"`
}

// A ResolutionLine is how a departure came to rest.
type ResolutionLine struct {
	How       domain.Resolution `json:"how" enum:"returned,new-agreement,stands"`
	Agreement string            `json:"agreement,omitempty"`
	Words     string            `json:"words,omitempty"`
	By        Who               `json:"by"`
	On        domain.Day        `json:"on"`
	Index     uint64            `json:"index"`
}

// An AlignmentLine is who stands by an agreement.
type AlignmentLine struct {
	Agreement   string   `json:"agreement"`
	Title       string   `json:"title"`
	Seats       int      `json:"seats" doc:"organisations with a seat that stand by it"`
	OfSeats     int      `json:"ofSeats"`
	Practices   int      `json:"practices" doc:"practices that stand by it"`
	OfPractices int      `json:"ofPractices" doc:"practices that stand behind the group on its matter"`
	Away        []string `json:"away" doc:"departures"`
	Say         string   `json:"say"`
}

// noEnforcement is what the ledger does about a departure (rule X2).
const noEnforcement = "A departure is recorded so that everybody sees it and can talk about it. It changes no mandate and no coverage, and the ledger enforces nothing."

// Departures answers for that day.
func (g *backing) Departures(at domain.Day) Departures {
	s := g.state
	d := Departures{g.stamp(at), noEnforcement, g.departureLines(at), []AlignmentLine{}}
	for _, p := range byNumber(s.Proposals) {
		if s.AgreementHolds(p.Number, at) {
			d.Alignment = append(d.Alignment, g.alignmentLine(p, at))
		}
	}
	return d
}

func (g *backing) departureLines(at domain.Day) []DepartureLine {
	lines := []DepartureLine{}
	for _, x := range byNumber(g.state.Departures) {
		if x.From <= at {
			lines = append(lines, g.departureLine(x, at))
		}
	}
	return lines
}

func (g *backing) departureLine(x *domain.Departure, at domain.Day) DepartureLine {
	l := DepartureLine{
		Ref: x.Number, Organisation: g.body(x.Organisation), Agreement: x.Agreement, Title: g.state.Proposals[x.Agreement].Title(), Reason: x.Reason,
		Reported: x.Reported, Evidence: x.Evidence, By: g.who(x.By), From: x.From, Away: x.AwayOn(at), Answers: g.remarks(x.Answers, at),
		Resolutions: []ResolutionLine{}, Index: x.Index,
	}
	for _, r := range x.Resolutions {
		if r.On <= at {
			l.Resolutions = append(l.Resolutions, ResolutionLine{r.How, r.Agreement, r.Words, g.who(r.By), r.On, r.Index})
		}
	}
	l.Text = l.text(x.Resolved(at))
	return l
}

func (l *DepartureLine) text(end *domain.ResolvedHow) string {
	text := l.Organisation.Name + " has gone its own way on " + l.Agreement + " since " + l.From.Words()
	switch {
	case end == nil:
		return text + "."
	case end.How == domain.Returned:
		return l.Organisation.Name + " went its own way on " + l.Agreement + " from " + l.From.Words() + " and returned on " + end.On.Words() + "."
	case end.How == domain.NewAgreement:
		return l.Organisation.Name + " went its own way on " + l.Agreement + " from " + l.From.Words() + ", until " + end.Agreement + " took it up on " + end.On.Words() + "."
	}
	return text + ", and that stands."
}

func (g *backing) alignmentLine(p *domain.Proposal, at domain.Day) AlignmentLine {
	a := g.state.AlignmentOn(p, at)
	l := AlignmentLine{Agreement: p.Number, Title: p.Title(), Seats: a.Seats, OfSeats: a.OfSeats, Practices: a.Practices, OfPractices: a.OfPractices, Away: []string{}}
	for _, x := range a.Away {
		l.Away = append(l.Away, x.Number)
	}
	l.Say = domain.Thousands(a.Seats) + " of " + domain.Count(a.OfSeats, "organisation") + " at the table and " + domain.Thousands(a.Practices) + " of " + domain.Count(a.OfPractices, "practice") + " stand by it."
	return l
}
