package projections

import (
	"goldenthread/domain"
)

// Records that wait (rules O3, O1, M1): what a keeper recorded, who is asked, and what
// they said.

// Records are those that wait, or waited.
type Records struct {
	Stamp
	Waits []RecordLine `json:"waits" doc:"those that wait for somebody's word, the oldest first"`
	Ended []RecordLine `json:"ended" doc:"the others, the newest first"`
}

// A RecordLine is one record that waits, or waited.
type RecordLine struct {
	Ref      string       `json:"ref" doc:"such as N3"`
	Text     string       `json:"text" doc:"what it says"`
	By       Who          `json:"by" doc:"who recorded it"`
	As       string       `json:"as" doc:"in which duty"`
	On       domain.Day   `json:"on"`
	Evidence string       `json:"evidence,omitempty"`
	Window   domain.Day   `json:"window" doc:"day on which a full window has run: from then on others can confirm what nobody answered"`
	Silent   bool         `json:"silent,omitempty" doc:"it takes effect on that day by itself, if nobody objects"`
	Parts    []RecordPart `json:"parts" doc:"whose word it takes"`
	Touches  []string     `json:"touches" doc:"in words: what it would end or change, if it took effect today; of one that waits"`
	For      []string     `json:"for" doc:"handles of those who may confirm it today"`
}

// A RecordPart is one of those whose word a record takes, and what they said.
type RecordPart struct {
	Of     string           `json:"of"`
	Name   string           `json:"name"`
	Stage  domain.KeptStage `json:"stage" enum:"waits,confirmed,refused,taken back"`
	How    domain.KeptHow   `json:"how,omitempty" doc:"who confirmed it: itself, seat, keeper, unopposed, past it, towards it"`
	Said   domain.Day       `json:"said,omitzero"`
	By     *Who             `json:"by,omitempty"`
	Reason string           `json:"reason,omitempty"`
	Say    string           `json:"say" doc:"the same in words"`
}

// WaitingRecords are the records that wait on that day, and those that did.
func (g *asking) WaitingRecords(at domain.Day) Records {
	w := Records{Stamp: g.stamp(at), Waits: []RecordLine{}, Ended: []RecordLine{}}
	for _, n := range domain.SortedNumbers(g.state.Records) {
		k := g.state.Records[n]
		line := g.recordLine(k, at)
		if k.Waits() {
			line.Touches = g.touches(k)
			w.Waits = append(w.Waits, line)
		} else {
			w.Ended = append([]RecordLine{line}, w.Ended...)
		}
	}
	return w
}

func (g *asking) recordLine(k *domain.Kept, at domain.Day) RecordLine {
	line := RecordLine{
		Ref: k.Number, Text: domain.FirstUpper(g.state.RecordWords(k.Number)), By: g.who(k.By), As: k.As, On: k.On, Evidence: k.Command.EvidenceWords(), Window: k.Window,
		Silent: k.Silent(), For: []string{}, Touches: []string{},
	}
	for _, p := range k.Parts {
		part := RecordPart{Of: p.Of, Name: g.state.WordOfWhom(p.Of), Stage: p.Stage, How: p.How, Said: p.Said, Reason: p.Reason}
		if p.Person != "" && p.Person != domain.System {
			by := g.who(p.Person)
			part.By = &by
		}
		part.Say = partWords(&part, k)
		line.Parts = append(line.Parts, part)
	}
	for _, id := range g.state.MayConfirm(k, at) {
		line.For = append(line.For, g.who(id).Handle)
	}
	return line
}

// mostTold is how many changes of an import are told.
const mostTold = 20

// touches are what the record would touch, in words.
func (g *asking) touches(k *domain.Kept) []string {
	t, can := g.state.Touched(k)
	if !can {
		return []string{"It can't take effect as things stand now, so it can only be refused."}
	}
	said := []string{}
	if k.Command.ImportOrganisations != nil {
		for i := range t.Events[:min(len(t.Events), mostTold)] {
			said = append(said, g.Sentence(&t.Events[i])+".")
		}
		if more := len(t.Events) - mostTold; more > 0 {
			said = append(said, "And "+domain.Count(more, "more change")+".")
		}
	}
	return append(said, g.follows(&t)...)
}

// follows is what would end by the record, and what becomes of coverage, powers and open
// proposals, in words.
func (g *asking) follows(t *domain.Touched) []string {
	var said []string
	for _, e := range t.Ends {
		said = append(said, "No longer so: "+e.Text)
	}
	for i := range t.Left {
		said = append(said, g.leftLine(&t.Left[i]))
	}
	before, after := g.coverageIs(&t.Before, t.On), g.coverageIs(&t.After, t.On)
	if before.figures() != after.figures() {
		said = append(said, domain.FirstUpper(g.state.ShortName)+" would speak for "+after.figures()+". Now it speaks for "+before.figures()+".")
	}
	for i := range t.Lost {
		said = append(said, g.lostLine(&t.Lost[i], t.On).Text)
	}
	for _, a := range t.Asked {
		said = append(said, "On "+a.Proposal+", "+g.state.Proposals[a.Proposal].Title()+", "+g.name(a.Seat)+" would be asked for a full window more, and then no longer.")
	}
	return said
}

// partWords say how far a part of a record has come.
func partWords(p *RecordPart, k *domain.Kept) string {
	by := ""
	if p.By != nil {
		by = " by " + p.By.Office
	}
	switch p.Stage {
	case domain.KeptTaken:
		if p.How == domain.Unopposed {
			return "Nobody objected: it took effect on " + p.Said.Words()
		}
		return "Confirmed for " + p.Name + by + " on " + p.Said.Words() + howWords[p.How]
	case domain.KeptRefused:
		return "Refused for " + p.Name + by + " on " + p.Said.Words() + ": " + p.Reason
	case domain.KeptTakenBack:
		return "Taken back" + by + " on " + p.Said.Words() + ": " + p.Reason
	case domain.KeptWaits:
	}
	if p.Reason != "" {
		return "Waits for " + p.Name + ", after an objection" + by + " on " + p.Said.Words() + ": " + p.Reason
	}
	return "Waits for " + p.Name
}

// recordsWait adds the records that the person may confirm or refuse (rule O3).
func (w *Waiting) recordsWait(g *asking, p *domain.Person, at domain.Day) {
	for _, k := range g.state.Pending() {
		if g.state.Allows(p.ID, &domain.ConfirmRecord{Records: []string{k.Number}}, at) {
			w.add(k.Number, WaitsRecord, k.Window, g.who(k.By).Office+" recorded that "+g.state.RecordWords(k.Number)+" ("+k.Number+"). Is that right?")
		}
	}
}

func (g *telling) keptText(d *domain.RecordKept, by string) string {
	return domain.FirstUpper(by) + " recorded that " + g.state.RecordWords(d.Record) + after("; evidence: ", d.Command.EvidenceWords()) + ". It waits to be confirmed, as " + d.Record
}

func (g *telling) confirmedText(d *domain.RecordConfirmed, by string) string {
	said := g.state.RecordWords(d.Record)
	if d.How == domain.Unopposed {
		return "Nobody objected to " + d.Record + " in a full window, so it took effect: " + said
	}
	return domain.FirstUpper(by) + " confirmed " + d.Record + g.forWhom(d.Of) + ": " + said + howWords[d.How]
}

var howWords = map[domain.KeptHow]string{
	domain.BySeat:    ". A seat holder did so, since nobody of the organisation had",
	domain.ByKeeper:  ". A second keeper did so, since no seat holder could",
	domain.PastIt:    ". It had been refused, and enough others have confirmed it now",
	domain.TowardsIt: ". It had been refused, and more people have to confirm it",
}

func (g *telling) refusedText(d *domain.RecordRefused, by string) string {
	verb := " refused "
	if d.TakenBack {
		verb = " took back "
	}
	return domain.FirstUpper(by) + verb + d.Record + g.forWhom(d.Of) + ": " + d.Reason
}

func (g *naming) forWhom(of []string) string {
	var names []string
	for _, one := range of {
		names = append(names, g.state.WordOfWhom(one))
	}
	return ", for " + domain.List(names)
}
