package main

import (
	"strings"

	"goldenthread/api/rest"
	"goldenthread/domain"
	"goldenthread/projections"
)

// proposalsQuestion lists proposals (rules C1–C14).
var proposalsQuestion = question[rest.ProposalList]{
	use: "proposals", short: "Every proposal and how far it has come",
	example: "  goldenthread proposals\n  goldenthread proposals --stage open --at 2026-01-26",
	below:   "/proposals",
	params:  []param{pageParam, {flag: "stage", query: "stage", usage: "draft, open, agreed, withdrawn or lapsed; all if not said", words: []string{"draft", "open", "agreed", "withdrawn", "lapsed"}}},
	show: func(p *page, a *rest.ProposalList) {
		p.table("ref", "stage", "since", "matter", "title")
		for i := range a.Proposals.Proposals {
			l := &a.Proposals.Proposals[i]
			title := l.Title
			if l.SetAside != nil {
				title += " (set aside by " + l.SetAside.By + " on " + l.SetAside.On.Words() + ")"
			}
			if len(l.WaitingFor) > 0 {
				title += "; waits for " + strings.Join(l.WaitingFor, ", ")
			}
			p.row(l.Ref, l.Stage, stageDay(l).Words(), l.Matter, title)
		}
		p.more(a.Paged)
		p.stamp(a.Stamp)
	},
}

// stageDay is the day on which the proposal came to its stage.
func stageDay(l *projections.ProposalLine) domain.Day {
	switch {
	case l.AgreedOn != 0:
		return l.AgreedOn
	case l.EndedOn != 0:
		return l.EndedOn
	}
	return l.Raised
}

// proposalQuestion asks who agreed what, when, and on which wording.
var proposalQuestion = question[projections.Proposal]{
	use: "proposal NUMBER", short: "Who agreed what, when, and on which wording",
	long:     "Proposal shows one proposal with the exact words of each version, the roll seat by seat, objections and how they were met, and what it\nenacted.",
	example:  "  goldenthread proposal P1\n  goldenthread proposal P1 --at 2026-01-20",
	below:    "/proposals/%s",
	argument: strings.ToUpper,
	show:     showProposal,
}

func showProposal(p *page, a *projections.Proposal) {
	p.say("%s, %s: %s since %s. About %s.", a.Ref, a.Title, a.Stage, stageDay(&a.ProposalLine).Words(), a.Matter)
	if a.SetAside != nil {
		p.say("Set aside by %s on %s.", a.SetAside.By, a.SetAside.On.Words())
	}
	p.unless(a.BroughtIn == "", "Brought in from before the ledger: %s", a.BroughtIn)
	p.unless(a.Reopens == "", "Opens %s again. What is new: %s", a.Reopens, a.New)
	p.list("Waits for", a.WaitingFor)
	p.optional("As things stand it can't be enacted", a.Unenactable)
	if len(a.Roll) > 0 {
		p.head("The roll")
		p.table("seat", "position", "event", "by")
		for _, l := range a.Roll {
			p.row(l.Seat.Name, l.Position, indexWords(l.Index), rollBy(&l))
		}
	}
	if len(a.Objections) > 0 {
		p.head("Objections")
		for _, o := range a.Objections {
			p.item("%s, a %s by %s, version %d: %s", o.Ref, o.Grade, o.Seat.Name, o.Version, o.Why)
			p.item("Would resolve it: %s", o.WouldResolve)
			p.item("It %s", objectionStands(&o))
		}
	}
	showWorking(p, &a.Working)
	for i := len(a.Versions) - 1; i >= 0; i-- {
		showVersion(p, &a.Versions[i])
	}
	for _, o := range a.Offers {
		p.item("%s offered words for version %d: %s", o.Person.Office, o.Version, o.Words)
	}
	for _, pay := range a.Payments {
		p.item("%s agreed to pay, version %d, on %s.", pay.Organisation.Name, pay.Version, pay.On.Words())
	}
	if len(a.Enacted) > 0 {
		p.head("What it enacted")
		p.table("event", "ref", "what")
		for _, e := range a.Enacted {
			p.row(e.Index, e.Ref, e.Text)
		}
	}
	p.optional("Does it bind us?", a.Binds)
	p.stamp(a.Stamp)
}

// showWorking shows what was tried to work objections through (rule C15).
func showWorking(p *page, w *projections.Working) {
	if len(w.Facilitators) == 0 && len(w.Conversations) == 0 && w.Asked == nil && w.PutOff == nil {
		return
	}
	p.head("Working it through")
	for _, f := range w.Facilitators {
		p.item("%s was named as facilitator on %s by %s.", f.Person.Office, f.On.Words(), f.By.Office)
	}
	for _, c := range w.Conversations {
		p.item("%s, with %s: %s", c.On.Words(), whoWords(c.With), c.Learnt)
	}
	if o := w.PutOff; o != nil {
		p.item("The closing day was put off from %s to %s.", o.From.Words(), o.Closes.Words())
	}
	if r := w.Asked; r != nil {
		p.item("%s asked to put the closing day off to %s.", r.By.Name, r.Closes.Words())
		if len(r.WaitsFor) > 0 {
			p.item("Waiting for %s to agree.", bodyWords(r.WaitsFor))
		}
	}
}

func showVersion(p *page, v *projections.ProposalVersion) {
	p.head("Version %d, made on %s, event %d", v.Version, v.Made.Words(), v.Index)
	if v.WindowEnds != 0 {
		p.item("Open for objections until the start of %s.", v.WindowEnds.Words())
	}
	if len(v.Fallen) > 0 {
		p.item("What was given to other words fell: %s.", bodyWords(v.Fallen))
	}
	p.item("%s", v.Text)
	for _, i := range v.Instruments {
		p.item("– %s", i.Say)
	}
}

func rollBy(l *projections.RollLine) string {
	if l.Person == nil {
		return ""
	}
	by := l.Person.Office
	if l.Role == domain.Deputy {
		by += ", as deputy"
	}
	if !l.Time.IsZero() {
		by += ", " + momentWords(l.Time)
	}
	for _, why := range []string{l.Reason, l.Interest, l.Heard} {
		if why != "" {
			by += "; " + why
		}
	}
	return by
}

func objectionStands(o *projections.ObjectionLine) string {
	switch {
	case o.Open:
		return "is open."
	case o.How == domain.ResolutionAccepted:
		return "was met on " + o.Ended.Words() + ": " + o.Met
	}
	return "was withdrawn on " + o.Ended.Words() + "."
}
