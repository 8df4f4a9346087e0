package main

import (
	"context"

	"goldenthread/projections"
)

// commitmentsQuestion lists what representatives said in meetings (rule R4).
var commitmentsQuestion = question[projections.Commitments]{
	use: "commitments", short: "What representatives said in meetings, and how it stands",
	example: "  goldenthread commitments\n  goldenthread commitments --at 2026-03-20",
	below:   "/commitments",
	show: func(p *page, a *projections.Commitments) {
		p.table("ref", "meeting", "matter", "amount", "given", "standing", "words")
		for _, k := range a.Commitments {
			amount := "–"
			if k.Amount != nil {
				amount = k.Amount.String()
			}
			p.row(k.Ref, k.ForumName+", "+k.Meeting.Words(), k.Matter, amount, k.Given, k.Standing, k.Person.Office+": "+k.Words+" ("+k.Text+")")
		}
		p.stamp(a.Stamp)
	},
}

// representationQuestion asks who speaks for the group where (rules R1–R7).
var representationQuestion = question[projections.Representation]{
	use: "representation", short: "Who speaks for the group where: forums, remits, meetings",
	example: "  goldenthread representation\n  goldenthread representation --at 2026-04-27",
	below:   "/representation",
	show:    showRepresentation,
}

func showRepresentation(p *page, a *projections.Representation) {
	p.say("Forums")
	p.table("forum", "name", "run by")
	for _, f := range a.Forums {
		by := "–"
		if f.Body != nil {
			by = f.Body.Name
		}
		p.row(f.Forum, f.Name, by)
	}
	for i := range a.Appointments {
		showAppointment(p, &a.Appointments[i])
	}
	p.head("Meetings")
	p.table("forum", "on", "report", "what happened")
	for _, m := range a.Meetings {
		report := "due by " + m.ReportBy.Words()
		switch {
		case m.Reported != 0:
			report = "reported on " + m.Reported.Words()
		case m.Overdue:
			report = "overdue since " + m.ReportBy.Words()
		}
		p.row(m.ForumName, m.On.Words(), report, m.Happened)
	}
	for _, c := range a.Clashes {
		p.note("Different answers. %s.", c.Text)
	}
	p.stamp(a.Stamp)
}

func showAppointment(p *page, l *projections.AppointmentLine) {
	p.head("%s: %s at %s, %s%s", l.Ref, l.Person.Office, l.ForumName, l.State, spanOf(l))
	p.unless(l.Why == "", "%s.", l.Why)
	for _, line := range l.Lines {
		p.item("%s", line.Summary)
	}
	review := "Review by " + l.Review.Words()
	if l.Overdue {
		review += ", overdue"
	}
	p.item("%s. Made by %s; version %d.", review, l.Source, l.Version)
	for _, f := range l.Feedback {
		for _, words := range []string{f.Worked, f.Overstep, f.ThinReport} {
			p.unless(words == "", "%s, %s: %s", f.By.Office, f.Day.Words(), words)
		}
	}
}

func (c *client) forumNames(ctx context.Context) []string {
	a, err := fetchBelow[projections.Representation](ctx, c, "/representation")
	if err != nil {
		return nil
	}
	var names []string
	for _, f := range a.Forums {
		names = append(names, f.Forum+"\t"+f.Name)
	}
	return names
}

// worklistQuestion asks what is due (rules D3, M5, D6, R5).
var worklistQuestion = question[projections.WorkList]{
	use: "worklist", short: "What is due, overdue or asleep",
	example: "  goldenthread worklist\n  goldenthread worklist --at 2026-07-01",
	below:   "/worklist",
	show: func(p *page, a *projections.WorkList) {
		p.table("due", "days left", "what", "kind", "text")
		for _, d := range a.Due {
			kind := d.Kind
			switch {
			case d.Asleep:
				kind += ", asleep"
			case d.Overdue:
				kind += ", overdue"
			}
			p.row(d.On.Words(), d.Left, d.What, kind, d.Text)
		}
		p.stamp(a.Stamp)
	},
}
