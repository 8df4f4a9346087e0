package main

import (
	"fmt"
	"strconv"
	"strings"

	"goldenthread/api/access"
	"goldenthread/domain"
)

// checkQuestion asks whether somebody may sign up to something (rule R3).
var checkQuestion = question[access.Check]{
	use: "check", short: "May I sign up to this?",
	long: "Check says whether somebody may sign up to something in a meeting, what to say there, and what the answer rests on, down to the\n" +
		"practices. Without a forum it asks about the executive's powers. What you leave out makes a yes conditional.\n\n" +
		"Exit code: 0 for a yes, 10 subject to the group, 11 no, 12 a view only.",
	example: "  goldenthread check --forum locality-board --matter workforce --amount 12000 --months 6\n" +
		"  goldenthread check --person cd-altrincham --forum locality-board --matter access/extended-hours --at 2026-03-09\n" +
		"  goldenthread check --matter contracts/local-schemes --amount 18000 --months 12 --consulted lmc",
	below: "/check",
	params: []param{
		{flag: "person", query: "person", usage: "whom you ask for, by handle; yourself if not said", names: (*client).personNames},
		{flag: "forum", query: "forum", usage: "the meeting, such as locality-board; none asks about the executive's powers", names: (*client).forumNames},
		{flag: "matter", query: "matter", usage: "what it is about, such as workforce/care-coordinators", names: (*client).matterNames},
		{flag: "amount", query: "amountPence", usage: "whole cost over the whole term, in pounds", read: readPounds},
		{flag: "months", query: "months", usage: "the term in months"},
		{flag: "open-ended", query: "openEnded", usage: "true: a recurring cost without an end", words: []string{"true", "false"}},
		{flag: "consulted", query: "consulted", usage: "who was consulted, by code or kind, with commas between; none; all"},
	},
	show: showCheck,
}

var verdictWords = map[domain.Verdict]struct {
	say  string
	exit exitCode
}{
	domain.MayCommitNow:    {"YES", 0},
	domain.MayCommitReport: {"YES, THEN REPORT", 0},
	domain.AdReferendum:    {"SUBJECT TO THE GROUP", 10},
	domain.MustNot:         {"NO", 11},
	domain.ViewOnly:        {"A VIEW ONLY", 12},
}

func showCheck(p *page, a *access.Check) {
	v := verdictWords[a.Verdict]
	p.exit = v.exit
	verdict := v.say
	if len(a.Conditions) > 0 {
		verdict += ", " + strings.Join(a.Conditions, ", ")
	}
	p.say("%s", verdict)
	p.say("Say: “%s”", a.Say)
	p.head("Why")
	for _, r := range a.Reasons {
		p.item("%s [rule %s]", r.Text, r.Rule)
	}
	for _, n := range a.Notes {
		p.item("%s", n)
	}
	p.list("Limits, for you alone", texts(a.Limits, func(l domain.Limit) string { return l.Of + ": " + l.Text }))
	p.head("On whose behalf")
	p.item("%s", a.Coverage.Words())
	p.unless(len(a.Sizes) == 0, "%s", domain.SizeWords(a.Sizes))
	for _, c := range a.Coverage.Conditions {
		p.item("on condition, %s", c)
	}
	p.list("What would make it a yes", texts(a.Remedies, func(r domain.Remedy) string { return r.Text }))
	p.list("Who could say yes", texts(a.WhoCould, couldName))
	p.optional("Our position", a.Position)
	p.optional("Last said", a.LastSaid)
	p.head("What this rests on")
	showChain(p, a.Chain)
	p.head("Worked out for %s as known after event %d.", a.At.Words(), a.Index)
}

// showChain shows what an answer rests on. Mandates are many and alike: they are
// counted, and the question that lists them is named.
func showChain(p *page, links []domain.Link) {
	p.table("event", "since", "what")
	var mandates []domain.Link
	for _, l := range links {
		if l.Kind == domain.LinkMandate {
			mandates = append(mandates, l)
		}
	}
	if n := len(mandates); n > 0 {
		p.row(fmt.Sprintf("%d–%d", mandates[0].Index, mandates[n-1].Index), mandates[0].Effective.Words(),
			fmt.Sprintf("Mandates by which practices stand behind the group: %d. To read each: goldenthread mandate", n))
	}
	for _, l := range links {
		if l.Kind != domain.LinkMandate {
			p.row(l.Index, l.Effective.Words(), l.Text)
		}
	}
}

func couldName(w domain.SomeoneWhoCould) string {
	if w.Person == "" {
		return w.Name
	}
	return w.Name + " (" + w.Person + ")"
}

// readPounds turns pounds into the server's pence.
func readPounds(s string) (string, error) {
	pence, err := domain.ReadPence(s)
	return strconv.FormatInt(int64(pence), 10), err
}
