package projections

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"goldenthread/domain"
)

// What an agreement would do or does, in words.

func positionText(redLine bool, matter, words string) string {
	if redLine {
		return "Red line on " + domain.MatterWords(matter) + ": " + clip(words)
	}
	return "Position on " + domain.MatterWords(matter) + ": " + clip(words)
}

// InstrumentWords say what the instrument would do.
func (g *terms) InstrumentWords(i *domain.Instrument) string { return g.instrumentSay(i) }

// AgreementWords are what the instruments would do as the words of an
// agreement, to be read out: a start, that whoever proposes it writes on.
func (g *terms) AgreementWords(is []domain.Instrument) string {
	var says []string
	for i := range is {
		says = append(says, g.agreementSay(&is[i])+".")
	}
	return strings.Join(says, "\n\n")
}

func (g *terms) agreementSay(i *domain.Instrument) string {
	switch {
	case i.GrantDelegation != nil:
		c := i.GrantDelegation
		return domain.FirstUpper(g.delegate(c.To)) + " may " + domain.List(g.powersWords(domain.SettledPowers(c.Powers, c.To))) + c.Span.Words() + g.paidBy(c.Payer) + reviewedBy(c.Review)
	case i.VaryDelegation != nil:
		c, to := i.VaryDelegation, "its holder"
		if d := g.state.Delegations[c.Delegation]; d != nil {
			to = g.delegate(d.To)
		}
		return "Under " + c.Delegation + ", " + to + " may from then on " + domain.List(g.powersWords(g.variedPowers(c))) + untilWords(c.Until) + g.paidBy(c.Payer) + reviewedBy(c.Review)
	case i.Appoint != nil:
		c := i.Appoint
		return domain.FirstUpper(g.office(c.Person)) + " speaks for us at " + g.forum(c.Forum) + c.Span.Words() + after(": ", remitWords(c.Lines)) + reviewedBy(c.Review)
	case i.AdoptPosition != nil:
		return "Our " + firstLower(g.instrumentSay(i))
	case i.SetAside != nil:
		return "We agree to set " + i.SetAside.Agreement + " aside. What it created ends, and what it changed goes back to the version before or ends"
	}
	return "We agree to " + firstLower(g.instrumentSay(i))
}

// instrumentSay says what the instrument would do.
func (g *terms) instrumentSay(i *domain.Instrument) string {
	switch {
	case i.FormExecutive != nil:
		return "Form the executive of " + g.offices(i.FormExecutive.Members) + i.FormExecutive.Span.Words()
	case i.GrantDelegation != nil:
		c := i.GrantDelegation
		return "Delegate to " + g.delegate(c.To) + ": " + domain.List(g.powersWords(domain.SettledPowers(c.Powers, c.To))) + c.Span.Words() + g.paidBy(c.Payer)
	case i.VaryDelegation != nil:
		c := i.VaryDelegation
		return "Vary " + c.Delegation + " to: " + domain.List(g.powersWords(g.variedPowers(c))) + untilWords(c.Until) + g.paidBy(c.Payer) + ", next review " + c.Review.Words() + after(". ", c.Feedback)
	case i.ConfirmDelegation != nil:
		c := i.ConfirmDelegation
		return "Confirm " + c.Delegation + ", next review " + c.Review.Words() + after(". ", c.Feedback)
	case i.EndDelegation != nil:
		return "End " + i.EndDelegation.Delegation + after(". ", i.EndDelegation.Feedback)
	case i.Appoint != nil:
		c := i.Appoint
		return "Appoint " + g.office(c.Person) + " to " + g.forum(c.Forum) + c.Span.Words() + after(": ", remitWords(c.Lines))
	case i.VaryAppointment != nil:
		c := i.VaryAppointment
		return "Vary " + c.Appointment + " to: " + remitWords(c.Lines) + untilWords(c.Until) + ", next review " + c.Review.Words() + after(". ", c.Feedback)
	case i.ConfirmAppointment != nil:
		c := i.ConfirmAppointment
		return "Confirm " + c.Appointment + ", next review " + c.Review.Words() + after(". ", c.Feedback)
	case i.EndAppointment != nil:
		return "End " + i.EndAppointment.Appointment + after(". ", i.EndAppointment.Feedback)
	}
	return g.termsSay(i)
}

// termsSay says what the other instruments would do.
func (g *terms) termsSay(i *domain.Instrument) string {
	switch {
	case i.AssignDuty != nil:
		c := i.AssignDuty
		return "Make " + g.office(c.Person) + " " + c.Duty.Words() + c.Span.Words()
	case i.OpenSeat != nil:
		if o := g.state.Organisations[i.OpenSeat.Organisation]; o != nil && o.Kind == domain.OtherGroup {
			return "Ask " + o.Name + " to take a seat, which it does by an agreement of its own"
		}
		return "Open a seat for " + g.name(i.OpenSeat.Organisation) + ", held by " + g.office(i.OpenSeat.Holder)
	case i.JoinGroup != nil:
		return g.joinSay(i.JoinGroup)
	case i.LeaveGroup != nil:
		return "Leave the group " + i.LeaveGroup.Ledger + ", or decline to join it"
	case i.ChangeCharter != nil:
		return g.charterSay(i.ChangeCharter)
	case i.AdoptPosition != nil:
		c := i.AdoptPosition
		return positionText(c.RedLine, c.Matter, c.Words) + c.Span.Words() + g.replacesWords(c.Replaces, c.Matter)
	case i.Ratify != nil:
		return "Ratify " + i.Ratify.What + g.ratifiedNames(i.Ratify.What) + after(". ", i.Ratify.Feedback)
	case i.Disavow != nil:
		return "Disavow " + i.Disavow.What + after(". ", i.Disavow.Feedback)
	case i.SetAside != nil:
		return "Set " + i.SetAside.Agreement + " aside" + after(". ", g.undoingWords(i.SetAside.Agreement))
	case i.CreateActions != nil:
		return "Do: " + domain.List(g.actionsWords(i.CreateActions.Actions))
	case i.AdoptPriorities != nil:
		return g.adoptSay(i.AdoptPriorities)
	case i.EndSuspension != nil:
		return "End the suspension of " + i.EndSuspension.What + g.suspendedBy(i.EndSuspension)
	case i.EndDuty != nil:
		return "End the duty of " + g.office(i.EndDuty.Person) + " as " + i.EndDuty.Duty.Words() + untilWords(i.EndDuty.Until)
	}
	return "Nothing"
}

// undoingWords say what setting the agreement aside would end and take back, as
// things stand now (rule C9).
func (g *terms) undoingWords(agreement string) string {
	var says []string
	for _, u := range g.state.Undoing(agreement, domain.DayOf(g.state.Last)) {
		says = append(says, u.Text)
	}
	return domain.Clause(strings.Join(says, " "))
}

// replacesWords say which positions end when another begins.
func (g *terms) replacesWords(refs []domain.PositionRef, matter string) string {
	var says []string
	for _, ref := range refs {
		says = append(says, "the one on "+domain.MatterWords(cmp.Or(ref.Matter, matter))+" by "+ref.Agreement)
	}
	return after(". It replaces ", domain.List(says))
}

// ratifiedNames say whom a ratified exercise appoints (rule C8).
func (g *terms) ratifiedNames(what string) string {
	if x := g.state.Exercises[what]; x != nil {
		return after(", which appoints ", g.namesWords(x.Names))
	}
	return ""
}

// suspendedBy says whose suspension is to end, since when and why.
func (g *terms) suspendedBy(c *domain.EndSuspension) string {
	sus := g.state.SuspensionAt(c.What, c.Event)
	if sus == nil {
		return ""
	}
	return " by " + g.name(sus.Seat) + " on " + sus.From.Words() + " (" + sus.Reason + ")"
}

// variedPowers are the powers as they would hold for whoever has them now.
func (g *terms) variedPowers(c *domain.VaryDelegation) []domain.Power {
	d := g.state.Delegations[c.Delegation]
	if d == nil {
		return c.Powers
	}
	return domain.SettledPowers(c.Powers, d.To)
}

func reviewedBy(d domain.Day) string {
	if d == 0 {
		return ""
	}
	return ". It is reviewed by " + d.Words()
}

// delegate is to whom powers go: the executive, or a named person.
func (g *terms) delegate(to string) string {
	if to == domain.ToExecutive {
		return "the executive"
	}
	return g.office(to)
}

func (g *terms) paidBy(payer string) string {
	if payer == "" {
		return ""
	}
	return ", paid by " + g.name(payer)
}

// An EnactedLine is something that an agreement made.
type EnactedLine struct {
	Ref   string `json:"ref" doc:"such as D1"`
	Text  string `json:"text"`
	Index uint64 `json:"index"`
}

// enacted is what the agreement made, by the source that each thing names.
func (g *terms) enacted(number string) []EnactedLine {
	s := g.state
	agreement := s.Proposals[number].Agreement
	made := []EnactedLine{}
	add := func(source, ref, text string, index uint64) {
		if source == number {
			made = append(made, EnactedLine{ref, text, index})
		}
	}
	for _, e := range s.Executive {
		add(e.Source, "executive", "The executive: "+g.offices(e.Members)+e.Span.Words(), e.Index)
	}
	for _, d := range s.Delegations {
		for i := range d.Versions {
			v := &d.Versions[i]
			add(v.By(), d.Number, d.Number+", version "+strconv.Itoa(v.Number)+": "+domain.List(g.powersWords(v.Powers)), v.Index)
		}
		add(d.EndedBy, d.Number, d.Number+" ended on "+d.Ended.Words(), agreement)
		for i := range d.Suspensions {
			add(d.Suspensions[i].EndedBy, d.Number, "The suspension of "+d.Number+" ended on "+d.Suspensions[i].Ended.Words(), agreement)
		}
	}
	for _, a := range s.Appointments {
		for i := range a.Versions {
			v := &a.Versions[i]
			add(v.By(), a.Number, a.Number+", version "+strconv.Itoa(v.Number)+": "+g.office(a.Person)+" at "+g.forum(a.Forum)+". "+domain.FirstUpper(remitWords(v.Lines)), v.Index)
		}
		add(a.EndedBy, a.Number, a.Number+" ended on "+a.Ended.Words(), agreement)
		for i := range a.Suspensions {
			add(a.Suspensions[i].EndedBy, a.Number, "The suspension of "+a.Number+" ended on "+a.Suspensions[i].Ended.Words(), agreement)
		}
	}
	for _, p := range s.Proposals {
		add(p.SetAsideBy, p.Number, p.Number+", "+p.Title()+", set aside on "+p.SetAside.Words(), agreement)
	}
	g.enactedTerms(add)
	for n, x := range s.Exercises {
		g.enactedOutcome(n, x.Outcome, add)
	}
	for n, k := range s.Commitments {
		g.enactedOutcome(n, k.Outcome, add)
	}
	slices.SortFunc(made, func(a, b EnactedLine) int { return cmp.Or(cmp.Compare(a.Index, b.Index), cmp.Compare(a.Ref, b.Ref)) })
	return made
}

// enactedTerms adds what agreements make of the group itself.
func (g *terms) enactedTerms(add func(source, ref, text string, index uint64)) {
	s := g.state
	for i := range s.Charters {
		c := &s.Charters[i]
		add(c.By(), "charter/"+strconv.Itoa(c.Version), "Charter, version "+strconv.Itoa(c.Version), c.Index)
	}
	for _, d := range s.Duties {
		add(d.Source, "duty/"+string(d.Duty), g.office(d.Person)+" is "+d.Duty.Words()+d.Span.Words(), d.Index)
	}
	for _, seat := range s.Seats {
		add(seat.Source, "seat/"+seat.ID, "A seat for "+g.name(seat.ID), seat.Index)
	}
	for _, l := range s.PriorityLists {
		add(l.Source, "priorities/"+l.Round, "Priorities: "+domain.List(g.priorityTitles(l.Priorities))+"; "+tookPartWords(l.TookPart, l.OfPractices), l.Index)
	}
	for _, a := range s.Actions {
		add(a.Source, a.Number, a.Number+" for "+g.office(a.Owner)+", by "+a.Due.Words()+after(": ", a.What), a.Index)
	}
	for _, p := range s.Positions {
		add(p.Source, "matter/"+p.Matter, positionText(p.RedLine, p.Matter, p.Words), p.Index)
	}
}

func (g *terms) enactedOutcome(number string, o *domain.Outcome, add func(source, ref, text string, index uint64)) {
	if o != nil {
		l := outcomeOn(o, o.On)
		add(o.Source, number, number+" "+l.What+after(": ", o.Feedback), o.Index)
	}
}
