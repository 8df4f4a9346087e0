package main

import (
	"context"
	"strconv"
	"strings"

	"goldenthread/api/rest"
	"goldenthread/domain"
	"goldenthread/projections"
)

// commitmentsQuestion lists what representatives said in meetings (rule R4).
var commitmentsQuestion = question[projections.Commitments]{
	use: "commitments", short: "What representatives said in meetings, and how it stands",
	example: "  goldenthread commitments\n  goldenthread commitments --at 2026-03-20",
	below:   "/commitments",
	show: func(p *page, a *projections.Commitments) {
		for i := range a.Commitments {
			showCommitment(p, &a.Commitments[i])
		}
		p.stamp(a.Stamp)
	},
}

func showCommitment(p *page, k *projections.CommitmentLine) {
	terms := k.Matter
	if k.Amount != nil {
		terms += ", " + k.Amount.String()
	}
	if k.Months != nil {
		terms += ", " + domain.Count(*k.Months, "month")
	}
	p.head("%s, %s: %s", k.Ref, terms, k.Standing.Words("the group"))
	p.item("%s, %s, %s, given %s: %s", k.Person.Words(), k.ForumName, k.Meeting.Words(), givenWords[k.Given], k.Words)
	p.item("It was %s.", k.Text)
	p.unless(k.Reason == "", "The representative's reason: %s", k.Reason)
	p.unless(k.Outcome == nil || k.Outcome.Feedback == "", "The group: %s", feedbackOf(k.Outcome))
}

var givenWords = map[domain.Given]string{domain.Outright: "outright", domain.Subject: "subject to the group", domain.OwnView: "as a view"}

func feedbackOf(o *projections.OutcomeLine) string {
	if o == nil {
		return ""
	}
	return o.Feedback
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
		case m.Cancelled != 0:
			report = "cancelled on " + m.Cancelled.Words()
		case m.Reported != 0:
			report = "reported on " + m.Reported.Words()
		case m.Overdue:
			report = "overdue: it was due by " + m.ReportBy.Words()
		}
		p.row(m.ForumName, m.On.Words(), report, m.Happened)
	}
	for _, c := range a.Clashes {
		p.head("Different answers. %s.", c.Text)
	}
	p.stamp(a.Stamp)
}

func showAppointment(p *page, l *projections.AppointmentLine) {
	p.head("%s: %s at %s, %s%s", l.Ref, l.Person.Words(), l.ForumName, l.State, spanOf(l))
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
	return texts(a.Forums, func(f projections.ForumLine) string { return f.Forum + "\t" + f.Name })
}

// worklistQuestion asks what is due (rules D3, M5, D6, R5).
var worklistQuestion = question[rest.WorkList]{
	use: "worklist", short: "What is due, overdue or paused",
	example: "  goldenthread worklist\n  goldenthread worklist --at 2026-07-01 --kind review --person cd-altrincham",
	below:   "/worklist",
	params:  append(taskParams, param{flag: "person", query: "person", usage: "only what this person, by handle, is asked to see to", names: (*client).personNames}),
	show: func(p *page, a *rest.WorkList) {
		p.table("due", "days left", "what", "kind", "text")
		for _, d := range a.Due {
			kind := d.Kind
			switch {
			case d.Paused:
				kind += ", paused"
			case d.Overdue:
				kind += ", overdue"
			}
			p.row(d.On.Words(), daysLeft(d.Left), d.What, kind, d.Text)
		}
		p.more(a.Paged)
		p.stamp(a.Stamp)
	},
}

// taskParams say which tasks are wanted.
var taskParams = []param{
	{flag: "kind", query: "kind", usage: "only things of this kind, such as mandate", words: taskKinds()},
	{flag: "overdue", query: "overdue", usage: "true: only what is overdue", words: []string{"true"}},
	{flag: "on", query: "on", usage: "only what is due on this day"},
	pageParam,
}

func taskKinds() []string {
	return texts(projections.TaskKinds(), func(k projections.WaitingKind) string { return string(k) })
}

// todoQuestion asks what whoever asks is asked to do (rule T4).
var todoQuestion = question[rest.ToDoList]{
	use: "todo", short: "All that you are asked to do",
	example: "  goldenthread todo\n  goldenthread todo --overdue true",
	below:   "/todo",
	params:  taskParams,
	show: func(p *page, a *rest.ToDoList) {
		if len(a.Items) == 0 {
			p.say("You have nothing to do%s.", filtered(a.Kinds))
		} else {
			p.table("by", "what", "kind", "text")
		}
		for _, w := range a.Items {
			by := "–"
			if w.By != 0 {
				by = w.By.Words()
			}
			p.row(by, w.Ref, w.Kind, w.Text)
		}
		p.more(a.Paged)
		p.stamp(a.Stamp)
	},
}

// filtered says that there is something of other kinds.
func filtered(kinds []projections.KindCount) string {
	if len(kinds) > 0 {
		return " of that kind"
	}
	return ""
}

// recordsQuestion asks what waits for a second person (rules O3, O1, M1).
var recordsQuestion = question[projections.Records]{
	use: "records", short: "What waits to be confirmed by a second person",
	example: "  goldenthread records\n  goldenthread do confirm-record --records N3",
	below:   "/records",
	show: func(p *page, a *projections.Records) {
		for _, r := range a.Waits {
			p.say("%s: %s. Recorded by %s on %s.", r.Ref, r.Text, r.By.Office, r.On.Words())
			for _, part := range r.Parts {
				p.item("%s.", part.Say)
			}
			for _, touched := range r.Touches {
				p.item("If it is confirmed: %s", touched)
			}
		}
		if len(a.Waits) == 0 {
			p.say("Nothing waits.")
		}
		if len(a.Ended) > 0 {
			p.say("Confirmed, refused or taken back:")
		}
		for _, r := range a.Ended {
			var parts []string
			for _, part := range r.Parts {
				parts = append(parts, part.Say)
			}
			p.item("%s: %s. %s.", r.Ref, r.Text, strings.Join(parts, "; "))
		}
		p.stamp(a.Stamp)
	},
}

// waysQuestion asks by which ways somebody gets in as oneself (rule L10).
var waysQuestion = question[projections.Ways]{
	use: "ways", short: "The ways in that stand in your name",
	example: "  goldenthread ways\n  goldenthread do end-way-in --way V1 --reason 'I did not ask for it'",
	below:   "/ways",
	show: func(p *page, a *projections.Ways) {
		p.table("way in", "in force", "what the ledger says")
		for _, w := range a.Ways {
			in := "yes"
			switch {
			case !w.InForce:
				in = "no"
			case w.Waits != "":
				in = "reads only"
			}
			p.row(string(w.Way), in, w.Say)
		}
		p.stamp(a.Stamp)
	},
}

func daysLeft(n int) string {
	if n < 0 {
		return strconv.Itoa(-n) + " over"
	}
	return strconv.Itoa(n)
}
