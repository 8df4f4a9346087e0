package main

import (
	"goldenthread/domain"
	"goldenthread/projections"
)

// auditQuestion asks for the audit trail (rules L1, L4, L5).
var auditQuestion = question[projections.AuditPage]{
	use: "audit", short: "Every event in a sentence: who did what, when, for whom, and why",
	long: "Audit shows the group's events in order, found by time, type, who acted, what they are about, and words. A page ends with the cursor\n" +
		"of the next one.",
	example: "  goldenthread audit --subject proposal/P1\n" +
		"  goldenthread audit --type objection --from 2026-01-01 --to 2026-01-31\n" +
		"  goldenthread audit --actor cd-sale --order newest --limit 10",
	below: "/audit",
	params: []param{
		{flag: "from", query: "from", usage: "recorded from this day or moment on"},
		{flag: "to", query: "to", usage: "recorded up to the end of this day, or up to this moment"},
		{flag: "type", query: "type", usage: "types of events, with commas between: objection.raised, or objection for all of them"},
		{flag: "actor", query: "actor", usage: "who acted, by handle; system for what the ledger does by itself", names: (*client).personNames},
		{flag: "subject", query: "subject", usage: "what it is about, and all below it: proposal/P1, or proposal"},
		{flag: "words", query: "words", usage: "each of these words must occur"},
		{flag: "cursor", query: "cursor", usage: "cursor of the next page, as the page before gave it"},
		{flag: "limit", query: "limit", usage: "events on a page, up to 500; 50 if not said"},
		{flag: "order", query: "order", usage: "oldest or newest first; oldest if not said", words: []string{"oldest", "newest"}},
	},
	show: func(p *page, a *projections.AuditPage) {
		p.table("event", "recorded", "effective", "who", "what")
		for _, e := range a.Entries {
			text := e.Text
			for _, by := range e.CorrectedBy {
				text += " (corrected by event " + indexWords(by) + ")"
			}
			p.row(e.Index, momentWords(e.Time), effectiveWords(&e), e.Actor.Office, text)
		}
		p.head("As known after event %d.", a.Index)
		if a.Next != "" {
			p.say("There is more: the same again with --cursor %s", a.Next)
		}
	},
}

// effectiveWords is the day on which it holds, where that is not the day on
// which it was recorded.
func effectiveWords(e *projections.AuditEntry) string {
	if e.Effective == domain.DayOf(e.Time) {
		return "then"
	}
	return e.Effective.Words()
}
