package projections

import (
	"fmt"

	"goldenthread/domain"
)

// Papers are what a meeting of the group reads before it: its agenda, the full words of
// what each item is about, and what is attached (rule T3).
type Papers struct {
	Title     string
	At        string // time of day; "": none is set
	Items     []Paper
	Documents []DocumentLine // attached to the meeting, in order
}

// A Paper is an item of the agenda, with what there is to read about it.
type Paper struct {
	Number    int
	Title     string
	About     string
	Matter    string
	Lines     []MinutesLine
	Documents []DocumentLine // attached to what it is about, in order
}

// Papers are those of the group's meeting on that day.
func (g *business) Papers(on, at domain.Day) (*Papers, *domain.Refusal) {
	meeting := g.state.GroupMeetings[on]
	if meeting == nil || meeting.Set > at {
		return nil, &domain.Refusal{Rule: "T3", Say: "There is no meeting of this group on " + on.Words() + ".", Class: domain.NotFound}
	}
	m := g.ownMeeting(meeting, at)
	p := &Papers{Title: g.state.Name + ": papers for " + on.Words(), At: m.At, Documents: g.attachedTo(domain.GroupMeetingRef(on), at)}
	for _, item := range m.Items {
		paper := Paper{Number: item.Number, Title: item.Title, About: item.About, Matter: item.Matter, Documents: g.attachedTo(item.About, at)}
		d := &Minutes{}
		d.section("")
		for _, i := range item.Interests {
			d.item("Interest: "+i.Person.Office, ", "+string(i.Kind)+": "+i.Words)
		}
		g.readUp(d, item.About, at)
		paper.Lines = d.Parts[0].Lines
		p.Items = append(p.Items, paper)
	}
	return p, nil
}

// attachedTo is what was attached to the thing, in order; to nothing is nothing attached.
func (g *business) attachedTo(about string, at domain.Day) []DocumentLine {
	var attached []DocumentLine
	for _, d := range g.state.Documents {
		if about != "" && d.About == about && d.On <= at {
			attached = append(attached, DocumentLine{d.About, d.Name, d.SHA256, d.MediaType, d.Bytes, d.Elsewhere, g.who(d.By), d.On, d.Index})
		}
	}
	return attached
}

// readUp writes down what the item is about, if that has words of its own: a proposal, an
// approach, or the minutes of another meeting.
func (g *business) readUp(d *Minutes, about string, at domain.Day) {
	if p, refused := g.Proposal(about, at); refused == nil {
		g.readProposal(d, &p)
		return
	}
	if a := g.state.Approaches[about]; a != nil && a.On <= at {
		l := g.approachLine(a, at)
		d.line(l.Ref + ", from " + l.From.Name + " on " + l.On.Words() + ":")
		d.quote(l.What)
		return
	}
	if on, is := domain.GroupMeetingDay(about); is {
		minutes, refused := g.Minutes(on, at)
		if refused != nil {
			return
		}
		d.line(minutes.State)
		for _, part := range minutes.Parts {
			if len(part.Lines) > 0 {
				d.add(MinutesLine{Kind: MinutesHeading, Text: part.Title})
				d.Parts[0].Lines = append(d.Parts[0].Lines, part.Lines...)
			}
		}
	}
}

func (g *business) readProposal(d *Minutes, p *Proposal) {
	raised := ""
	if p.Seat != nil {
		raised = ", raised by " + p.Seat.Name
	}
	about := ""
	if p.Matter != "" {
		about = ", about " + domain.MatterWords(p.Matter)
	}
	d.line(p.Ref + ": " + p.Title + raised + about + ".")
	open := p.Stage == domain.Open
	if open {
		waits := ""
		if len(p.WaitingFor) > 0 {
			waits = "Waiting for " + domain.List(p.WaitingFor) + ". "
		}
		d.line(fmt.Sprintf("Version %d. %sWithout consensus it lapses on %s.", p.Version, waits, p.Closes.Words()))
	} else {
		d.line("Now " + string(p.Stage) + ".")
	}
	v := p.Versions[len(p.Versions)-1]
	d.quote(v.Text)
	if len(v.Instruments) > 0 {
		title := "What it would do"
		if p.Stage == domain.Agreed {
			title = "What it does"
		}
		d.add(MinutesLine{Kind: MinutesHeading, Text: title})
		for _, i := range v.Instruments {
			d.item(domain.FirstUpper(i.Say), "")
		}
	}
	d.add(MinutesLine{Kind: MinutesHeading, Text: "Responses so far"})
	d.line(domain.FirstUpper(p.RollSay))
	for _, o := range p.Objections {
		if o.Open {
			d.item(o.Seat.Name, ", "+o.Ref+": "+domain.Clause(o.Why)+after(". What would resolve it: ", o.WouldResolve))
		}
	}
}
