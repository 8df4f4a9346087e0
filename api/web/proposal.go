package web

import (
	"fmt"

	"goldenthread/domain"
	"goldenthread/projections"
)

// Proposals are all that was put to the seats.
type Proposals struct {
	Proposals []projections.ProposalLine // newest first
	Stage     string
	Pager
}

func (Proposals) Title() string { return "Proposals and agreements" }
func (Proposals) file() string  { return "proposals" }

// Stages are those to choose from.
func (Proposals) Stages() []Option {
	return []Option{{"", "All"}, {"open", "Open"}, {"agreed", "Agreed"}, {"draft", "Drafts"}, {"withdrawn", "Withdrawn"}, {"lapsed", "Lapsed"}}
}

// Proposal is one proposal, and what whoever looks may do about it.
type Proposal struct {
	projections.Proposal
	Own  bool // whoever looks acts for the seat that raised it
	Asks bool // it is open, and whoever looks could be asked something about it
	Next *Do  // what the reader is asked to do first; nil: nothing

	Passkey  bool // can sign what they say
	MustSign bool // the charter asks for it
	Kept     bool // only members see proposals
}

// Title is the proposal's.
func (p *Proposal) Title() string { return p.Ref + ": " + p.ProposalLine.Title }
func (*Proposal) file() string    { return "proposal" }

// A Do is something to do, and where.
type Do struct{ Text, To string }

// WaitWords say what keeps the open proposal from being agreed, beside the time for
// objections. Seats that have not responded are counted: the roll names each.
func (p *Proposal) WaitWords() []string {
	if silent := len(p.Lacks.Seats); silent > 0 {
		return append([]string{fmt.Sprintf("%d of %s to respond", silent, domain.Count(len(p.Roll), "seat"))}, p.Lacks.Others...)
	}
	return p.Lacks.Others
}

// StepFor is what is asked, by the kind of the thing that waits, and where on the page.
func (p *Proposal) StepFor(w projections.WaitingItem) *Do {
	to := "act"
	switch w.Kind {
	case projections.WaitsBlock:
		to = "objections"
	case projections.WaitsFacilitate, projections.WaitsPutOff:
		to = "working"
	default:
	}
	return &Do{w.Text, to}
}

// HeardObjecting are the seats of which an objection was heard that they have not answered.
func (p *Proposal) HeardObjecting() []string {
	var seats []string
	for _, l := range p.Roll {
		if l.Position == domain.RollToAnswer {
			seats = append(seats, l.Seat.Name)
		}
	}
	return seats
}

// Current is the newest version.
func (p *Proposal) Current() projections.ProposalVersion { return p.Versions[len(p.Versions)-1] }

// A VersionChange is what changed from one version to the next.
type VersionChange struct {
	From, To projections.ProposalVersion
	Words    []Change
	Left     []string // what was to be enacted and no longer is
	Came     []string
}

// Changed are the changes between versions, newest first.
func (p *Proposal) Changed() []VersionChange {
	var cs []VersionChange
	for i := len(p.Versions) - 1; i > 0; i-- {
		from, to := p.Versions[i-1], p.Versions[i]
		cs = append(cs, VersionChange{from, to, Changes(from.Title+". "+from.Text, to.Title+". "+to.Text), lacking(from, to), lacking(to, from)})
	}
	return cs
}

// lacking are the instruments of the one version that the other has not.
func lacking(one, other projections.ProposalVersion) []string {
	var out []string
	for _, i := range one.Instruments {
		found := false
		for _, j := range other.Instruments {
			found = found || i.Say == j.Say
		}
		if !found {
			out = append(out, i.Say)
		}
	}
	return out
}

// Fallen are positions on earlier versions.
func (p *Proposal) Fallen() []projections.PositionTaken {
	var out []projections.PositionTaken
	for _, o := range p.Positions {
		if !o.Current {
			out = append(out, o)
		}
	}
	return out
}

// Said is what a seat says, in plain words.
func Said(position domain.RollPosition) string {
	switch position {
	case domain.RollConsents:
		return "Consents"
	case domain.RollStandsAside:
		return "Stands aside"
	case domain.RollBlocks:
		return "Objects"
	case domain.RollVacant:
		return "Vacant: nobody holds this seat"
	case domain.RollUnconfirmed:
		return "Heard, to be confirmed"
	case domain.RollToAnswer:
		return "Heard to object, to be answered"
	case domain.RollNotHeard:
	}
	return "Not heard yet"
}
