package main

import (
	"strconv"
	"strings"

	"goldenthread/domain"
	"goldenthread/projections"
)

// powersQuestion asks what the executive may do, and what it did (rules D1–D9).
var powersQuestion = question[projections.Powers]{
	use: "powers", short: "What the executive may do, what is used and left, and what it did",
	long: "Powers shows each delegation as it stands on a day: what it allows, limits used and left, every decision made under it with its\n" +
		"standing, its reviews, and the agreement that it rests on.",
	example: "  goldenthread powers\n  goldenthread powers --at 2026-05-20\n  goldenthread powers --from 2026-03-01 --to 2026-05-31",
	below:   "/powers",
	params: []param{
		{flag: "from", query: "from", usage: "only what was decided on this day or later"},
		{flag: "to", query: "to", usage: "only what was decided on this day or before"},
	},
	show: showPowers,
}

func showPowers(p *page, a *projections.Powers) {
	p.say("%s", a.Say)
	if len(a.Executive.Members) == 0 {
		p.say("There is no executive.")
	} else {
		p.say("The executive: %s (%s).", whoWords(a.Executive.Members), a.Executive.Source)
	}
	for i := range a.Delegations {
		showDelegation(p, &a.Delegations[i])
	}
	p.stamp(a.Stamp)
}

func showDelegation(p *page, d *projections.DelegationLine) {
	to := "the executive"
	if d.Person != nil {
		to = d.Person.Words()
	}
	p.head("%s to %s: %s%s", d.Ref, to, d.State, termWords(domain.Span{From: d.From, Until: d.Until}))
	p.unless(d.Why == "", "%s.", d.Why)
	for _, pw := range d.Powers {
		p.item("%s", pw.Say)
		if pw.Left != nil {
			p.item("Used %s of %s in the year from %s; %s left.", pw.Used, pw.YearLimit, pw.Year.From.Words(), *pw.Left)
		}
	}
	review := "Review by " + d.Review.Words()
	if d.Overdue {
		review += ", overdue"
	}
	p.item("%s. Agreed as %s; version %d.", review, d.Source, d.Version)
	if len(d.History) > 1 {
		p.list("Changes to this power", historyWords(d.History))
	}
	for _, s := range d.Suspensions {
		p.item("Suspended by %s%s: %s", s.Seat.Name, termWords(s.Span), s.Reason)
	}
	if len(d.Exercises) > 0 {
		p.say("")
		p.table("ref", "on", "amount", "months", "standing", "what")
		for _, x := range d.Exercises {
			p.row(x.Ref, x.On.Words(), x.Amount, termOf(x.Months, x.OpenEnded), x.Standing, x.What+" ("+x.Text+")")
		}
	}
	p.head("%s rests on", d.Ref)
	showChain(p, d.Chain)
}

func historyWords(history []projections.DelegationHistory) []string {
	var lines []string
	for _, h := range history {
		line := "Version " + strconv.Itoa(h.Version) + ", " + h.Source + ", from " + h.From.Words()
		if h.Back != 0 {
			line += ", back to version " + strconv.Itoa(h.Back)
		}
		line += ": " + strings.Join(h.Powers, "; ")
		if h.Feedback != "" {
			line += ". " + h.Feedback
		}
		lines = append(lines, line)
	}
	return lines
}

func termOf(months int, openEnded bool) string {
	switch {
	case openEnded:
		return "open-ended"
	case months == 0:
		return "–"
	}
	return strconv.Itoa(months)
}
