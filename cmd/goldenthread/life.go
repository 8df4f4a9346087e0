package main

import (
	"strconv"
	"strings"

	"goldenthread/api/rest"
	"goldenthread/domain"
	"goldenthread/projections"
)

// approachesQuestion asks what the system asked for (rules A1–A4).
var approachesQuestion = question[projections.Approaches]{
	use: "approaches", short: "What the system asked for, and what it was answered",
	example: "  goldenthread approaches\n  goldenthread approaches --at 2026-04-14",
	below:   "/approaches",
	show: func(p *page, a *projections.Approaches) {
		p.say("Gatekeepers: %s.", orNobody(whoWords(a.Gatekeepers)))
		for i := range a.Approaches {
			showApproach(p, &a.Approaches[i])
		}
		for _, s := range a.Side {
			p.head("%s, a side conversation of %s with %s on %s", s.Ref, s.Who.Name, s.With.Name, s.On.Words())
			p.item("%s", s.What)
		}
		p.stamp(a.Stamp)
	},
}

func showApproach(p *page, l *projections.ApproachLine) {
	p.head("%s, from %s on %s, reached %s: %s", l.Ref, l.From.Name, l.On.Words(), l.Reached.Office, l.State)
	p.item("%s", l.What)
	if l.Told != nil {
		p.item("Told there and then: %s", l.Told.Words)
	}
	if l.RedirectedTo != nil {
		p.item("Redirected to %s on %s.", l.RedirectedTo.Office, l.Redirected.Words())
	}
	for _, d := range l.Dispositions {
		p.item("%s, %s: %s", d.By.Office, d.On.Words(), d.Text)
	}
	if l.Answer != nil {
		p.item("The answer of record, %s, %s: %s", l.Answer.By.Office, l.Answer.On.Words(), l.Answer.Words)
	}
	p.unless(len(l.SameQuestion) == 0, "The same question as %s.", strings.Join(l.SameQuestion, ", "))
	p.unless(len(l.MayBeSame) == 0, "May be the same question as %s.", strings.Join(l.MayBeSame, ", "))
	p.unless(!l.Inconsistent, "DIFFERENT ANSWERS: %s", l.Differs)
}

// prioritiesQuestion asks for the group's own priorities (rule P1).
var prioritiesQuestion = question[projections.Priorities]{
	use: "priorities", short: "The group's own priorities, and what practices said about them",
	example: "  goldenthread priorities",
	below:   "/priorities",
	show: func(p *page, a *projections.Priorities) {
		if a.Adopted != nil {
			p.say("%s", a.Adopted.Say)
		}
		for _, r := range a.Rounds {
			p.say("%s, asked on %s: %d of %d practices have answered.", r.Ref, r.Asked.Words(), r.TookPart, r.OfPractices)
		}
		p.say("")
		p.table("ref", "kind", "named by", "priority", "what it means in a practice")
		for _, l := range a.LongList {
			p.row(l.Ref, l.Kind, namedBy(a, l.Ref), l.Title, l.Meaning)
		}
		p.stamp(a.Stamp)
	},
}

// namedBy is how many practices named the priority in the newest round.
func namedBy(a *projections.Priorities, ref string) string {
	if len(a.Rounds) == 0 {
		return "–"
	}
	for _, c := range a.Rounds[len(a.Rounds)-1].Chosen {
		if c.Priority == ref {
			return strconv.Itoa(c.Practices)
		}
	}
	return "–"
}

// actionsQuestion asks what is to be done (rule X1).
var actionsQuestion = question[projections.Actions]{
	use: "actions", short: "What is to be done, by whom, supported by whom, by when",
	example: "  goldenthread actions",
	below:   "/actions",
	show: func(p *page, a *projections.Actions) {
		p.table("ref", "state", "due", "from", "owner", "what")
		for _, l := range a.Actions {
			p.row(l.Ref, l.State, l.Due.Words(), l.Source, l.Owner.Handle+", with "+l.Supporter.Handle, l.What)
		}
		p.stamp(a.Stamp)
	},
}

// departuresQuestion asks who goes their own way, and who stands by what (rule X2).
var departuresQuestion = question[projections.Departures]{
	use: "departures", short: "Who goes their own way, and who stands by which agreement",
	example: "  goldenthread departures --at 2026-08-10",
	below:   "/departures",
	show: func(p *page, a *projections.Departures) {
		p.say("%s", a.Say)
		for _, d := range a.Departures {
			p.head("%s, %s from %s, %s", d.Ref, d.Organisation.Name, d.Agreement, d.Title)
			p.item("%s", d.Text)
			for _, r := range d.Answers {
				p.item("%s, %s: %s", r.By.Office, r.On.Words(), r.Words)
			}
		}
		p.head("Standing by")
		p.table("agreement", "seats", "practices", "title")
		for _, l := range a.Alignment {
			p.row(l.Agreement, of(l.Seats, l.OfSeats), of(l.Practices, l.OfPractices), l.Title)
		}
		p.stamp(a.Stamp)
	},
}

// noticesQuestion asks what went to the practices, and who has seen it (rule T1).
var noticesQuestion = question[rest.NoticeList]{
	use: "notices", short: "What went to the practices, and how many have seen it",
	example: "  goldenthread notices",
	below:   "/notices",
	params:  []param{pageParam},
	show: func(p *page, a *rest.NoticeList) {
		p.table("about", "of", "sent", "seen by", "text")
		for _, n := range a.Notices.Notices {
			p.row(n.Ref, n.On.Words(), n.Sent, of(n.Acknowledged, n.OfPractices), n.Text)
		}
		p.more(a.Paged)
		p.stamp(a.Stamp)
	},
}

// questionsQuestion asks what practices asked, and for how long (rule T2).
var questionsQuestion = question[projections.Questions]{
	use: "questions", short: "What practices ask or disagree with, and what they were answered",
	example: "  goldenthread questions",
	below:   "/questions",
	show: func(p *page, a *projections.Questions) {
		for _, q := range a.Questions {
			p.head("%s, %s, %s%s", q.Ref, q.Practice.Name, q.Asked.Words(), aboutWords(q.About))
			p.item("%s", q.Words)
			if q.Waits {
				p.item("Not answered for %s.", domain.Count(q.Days, "day"))
			} else {
				p.item("%s after %s: %s", q.By.Office, domain.Count(q.Days, "day"), q.Answer)
			}
		}
		p.stamp(a.Stamp)
	},
}

func aboutWords(ref string) string {
	if ref == "" {
		return ""
	}
	return ", about " + ref
}

// practiceQuestion asks for a practice's own page (rule T0).
var practiceQuestion = question[projections.PracticePage]{
	use: "practice ODS", short: "A practice's page: what was agreed in its name, and how to say no",
	example: "  goldenthread practice P91623",
	below:   "/practices/%s", argument: strings.ToUpper,
	show: func(p *page, a *projections.PracticePage) {
		p.say("%s (%s)", a.Practice.Name, a.Practice.Code)
		for _, words := range []string{a.Top.Who, a.Top.May, a.Top.MayNot, a.Top.SayNo} {
			p.head("%s", words)
		}
		p.head("May it agree for you?")
		p.table("on", "may it agree?")
		for _, m := range a.Matters {
			p.row(m.Matter, m.Text)
		}
		p.say("")
		p.table("about", "of", "seen", "text")
		for _, n := range a.Notices {
			p.row(n.Ref, n.On.Words(), dayWords(n.Acknowledged), n.Text+" "+n.Binds)
		}
		p.stamp(a.Stamp)
	},
}

// agendaQuestion asks for the group's own agenda (rule T3).
var agendaQuestion = question[projections.Agenda]{
	use: "agenda", short: "The group's own agenda, who sets it, and what is suggested for it",
	example: "  goldenthread agenda",
	below:   "/agenda",
	show: func(p *page, a *projections.Agenda) {
		p.say("Set by: %s.", orNobody(whoWords(a.Setters)))
		for _, f := range a.Flags {
			p.say("%s", f)
		}
		p.say("")
		p.table("kind", "about", "suggested")
		for _, s := range a.Suggestions {
			p.row(s.Kind, s.About, s.Text)
		}
		for _, m := range a.Meetings {
			p.head("%s, set by %s", m.On.Words(), m.SetBy.Office)
			for _, i := range m.Items {
				p.item("%s", i.Title)
			}
		}
		p.stamp(a.Stamp)
	},
}
