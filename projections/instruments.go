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
	made := g.enactments
	if made == nil {
		made = g.enactedBy(number)
	}
	return domain.OrEmpty(made[number])
}

// enactedBy is what each agreement made, in order: of that one alone, or of all where none is named.
func (g *terms) enactedBy(number string) map[string][]EnactedLine {
	made := map[string][]EnactedLine{}
	g.eachEnacted(func(source, ref string, index uint64, text func() string) {
		if p := g.state.Proposals[source]; p != nil && (number == "" || source == number) {
			made[source] = append(made[source], EnactedLine{ref, text(), cmp.Or(index, p.Agreement)})
		}
	})
	for _, lines := range made {
		slices.SortFunc(lines, func(a, b EnactedLine) int {
			return cmp.Or(cmp.Compare(a.Index, b.Index), cmp.Compare(a.Ref, b.Ref), cmp.Compare(a.Text, b.Text))
		})
	}
	return made
}

// eachEnacted calls add with everything that an agreement can have made: its source, the
// index of the event that says so (0: the agreement's own) and what it is in words.
func (g *terms) eachEnacted(add func(source, ref string, index uint64, text func() string)) {
	s := g.state
	for _, e := range s.Executive {
		add(e.Source, "executive", e.Index, func() string { return "The executive: " + g.offices(e.Members) + e.Span.Words() })
	}
	for _, d := range s.Delegations {
		for i := range d.Versions {
			v := &d.Versions[i]
			add(v.By(), d.Number, v.Index, func() string {
				return d.Number + ", version " + strconv.Itoa(v.Number) + ": " + domain.List(g.powersWords(v.Powers))
			})
		}
		enactedEnd(d.Number, d.EndedBy, d.Ended, d.Suspensions, add)
	}
	for _, a := range s.Appointments {
		for i := range a.Versions {
			v := &a.Versions[i]
			add(v.By(), a.Number, v.Index, func() string {
				return a.Number + ", version " + strconv.Itoa(v.Number) + ": " + g.office(a.Person) + " at " + g.forum(a.Forum) + ". " + domain.FirstUpper(remitWords(v.Lines))
			})
		}
		enactedEnd(a.Number, a.EndedBy, a.Ended, a.Suspensions, add)
	}
	for _, p := range s.Proposals {
		add(p.SetAsideBy, p.Number, 0, func() string { return p.Number + ", " + p.Title() + ", set aside on " + p.SetAside.Words() })
	}
	g.enactedTerms(add)
	for n, x := range s.Exercises {
		g.enactedOutcome(n, x.Outcome, add)
	}
	for n, k := range s.Commitments {
		g.enactedOutcome(n, k.Outcome, add)
	}
}

// enactedEnd adds the agreements that ended a delegation or an appointment, or its suspensions.
func enactedEnd(number, by string, on domain.Day, suspensions []domain.Suspension, add func(source, ref string, index uint64, text func() string)) {
	add(by, number, 0, func() string { return number + " ended on " + on.Words() })
	for i := range suspensions {
		add(suspensions[i].EndedBy, number, 0, func() string { return "The suspension of " + number + " ended on " + suspensions[i].Ended.Words() })
	}
}

// enactedTerms adds what agreements make of the group itself.
func (g *terms) enactedTerms(add func(source, ref string, index uint64, text func() string)) {
	s := g.state
	for i := range s.Charters {
		c := &s.Charters[i]
		add(c.By(), "charter/"+strconv.Itoa(c.Version), c.Index, func() string { return "Charter, version " + strconv.Itoa(c.Version) })
	}
	for _, d := range s.Duties {
		add(d.Source, "duty/"+string(d.Duty), d.Index, func() string { return g.office(d.Person) + " is " + d.Duty.Words() + d.Span.Words() })
	}
	for _, seat := range s.Seats {
		add(seat.Source, "seat/"+seat.ID, seat.Index, func() string { return "A seat for " + g.name(seat.ID) })
	}
	for _, l := range s.PriorityLists {
		add(l.Source, "priorities/"+l.Round, l.Index, func() string {
			return "Priorities: " + domain.List(g.priorityTitles(l.Priorities)) + "; " + tookPartWords(l.TookPart, l.OfPractices)
		})
	}
	for _, a := range s.Actions {
		add(a.Source, a.Number, a.Index, func() string {
			return a.Number + " for " + g.office(a.Owner) + ", by " + a.Due.Words() + after(": ", a.What)
		})
	}
	for _, p := range s.Positions {
		add(p.Source, "matter/"+p.Matter, p.Index, func() string { return positionText(p.RedLine, p.Matter, p.Words) })
	}
}

func (g *terms) enactedOutcome(number string, o *domain.Outcome, add func(source, ref string, index uint64, text func() string)) {
	if o != nil {
		add(o.Source, number, o.Index, func() string { return number + " " + outcomeOn(o, o.On).What + after(": ", o.Feedback) })
	}
}
