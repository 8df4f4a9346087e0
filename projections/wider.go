package projections

import (
	"strings"

	"goldenthread/domain"
)

// Wider groups (rule G1): which of them the group joined or was asked to join, and, in a
// wider group, what is shown of a place's consent to those who may not read its ledger.

// A WiderLine is a wider group that the group joined or was asked to join.
type WiderLine struct {
	Ledger   string     `json:"ledger" doc:"name of the wider group in addresses"`
	Name     string     `json:"name,omitempty" doc:"as it calls itself"`
	Asked    domain.Day `json:"asked,omitzero" doc:"since when it asks and has no answer"`
	Joined   domain.Day `json:"joined,omitzero" doc:"since when the group sits there"`
	Source   string     `json:"source,omitempty" doc:"the agreement by which it joined"`
	Speakers []Speaker  `json:"speakers,omitempty" doc:"who speaks for it there"`
}

// A Speaker is who speaks for the group in a wider one.
type Speaker struct {
	Person Who             `json:"person"`
	Role   domain.SeatRole `json:"role"`
	There  string          `json:"there" doc:"their handle in the wider group"`
}

// widerLines are the wider groups that asked or were joined on that day.
func (g *terms) widerLines(at domain.Day) []WiderLine {
	var lines []WiderLine
	for _, w := range byCode(g.state.Wider) {
		l := WiderLine{Ledger: w.Ledger, Name: w.Name}
		if w.Asked <= at {
			l.Asked = w.Asked
		}
		if j := g.state.JoiningOn(w.Ledger, at); j != nil {
			l.Joined, l.Source = j.From, j.Source
			for _, sp := range j.Speakers {
				l.Speakers = append(l.Speakers, Speaker{g.who(sp.Person), sp.Role, sp.Handle})
			}
		}
		if l.Asked != 0 || l.Joined != 0 {
			lines = append(lines, l)
		}
	}
	return lines
}

// Say says in a sentence whether the group sits there.
func (l *WiderLine) Say() string {
	name := l.Ledger
	if l.Name != "" {
		name = l.Name + " (" + l.Ledger + ")"
	}
	if l.Joined == 0 {
		return name + " asked us on " + l.Asked.Words() + " to join."
	}
	var who []string
	for _, sp := range l.Speakers {
		who = append(who, sp.Person.Office+", "+string(sp.Role)+" of our seat")
	}
	return "We joined " + name + " on " + l.Joined.Words() + ", by " + l.Source + ". Who speaks for us there: " + domain.List(who) + "."
}

// rests is what the consent to the proposal rests on, for those who may not read the
// ledger in which that is: no roll and no names, and the proof.
func (g *terms) rests(c *domain.ProvedConsent) RestsLine {
	return RestsLine{
		Seat: g.body(c.Seat), Version: c.Version, Ledger: c.Rests.Ledger, Ref: c.Rests.Ref, Index: c.Rests.Index, Title: c.Title, Matters: c.Matters,
		Say:  "Agreed by the " + strings.TrimPrefix(g.name(c.Seat), "The ") + ": " + c.Rests.Ref + ", event " + domain.Thousands(int(c.Rests.Index)) + " of its own ledger.",
		Root: rootOf(c.Rests.Proof), Proof: c.Rests.Proof, On: c.On, Here: c.Index,
	}
}

// rootOf is the root hash, in base64, of the checkpoint in which a proof
// (c2sp.org/tlog-proof@v1) ends: the third line after the empty one; "" where there is none.
func rootOf(proof []byte) string {
	_, checkpoint, _ := strings.Cut(string(proof), "\n\n")
	lines := strings.SplitN(checkpoint, "\n", 4)
	if len(lines) < 4 {
		return ""
	}
	return lines[2]
}

// speakersWords say who speaks for the group in a wider one.
func (g *terms) speakersWords(speakers []domain.Speaker) string {
	var who []string
	for _, sp := range speakers {
		who = append(who, g.office(sp.Person)+" is "+string(sp.Role)+" of our seat there")
	}
	return domain.List(who)
}

func (g *terms) joinSay(c *domain.JoinGroup) string {
	say := "Join the group " + c.Ledger + ", where " + g.office(c.Holder) + " speaks for us"
	if c.Deputy != "" {
		say += ", and " + g.office(c.Deputy) + " deputises"
	}
	return say
}
