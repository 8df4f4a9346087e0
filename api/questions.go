package api

import (
	"goldenthread/domain"
	"goldenthread/projections"
)

type mandateInput struct {
	Terms
	Matter string `query:"matter" doc:"none: standing behind the group at all" example:"workforce"`
}

type whatIfInput struct {
	Terms
	Organisation string `query:"organisation" required:"true" doc:"code of a practice or PCN of the place" example:"U83990"`
	Matter       string `query:"matter" doc:"what it would withdraw; none: everything" example:"workforce"`
}

type proposalsInput struct {
	Terms
	Stage string `query:"stage" doc:"draft, open, agreed, withdrawn or lapsed; all if not said"`
}

func (in *proposalsInput) check() error {
	switch domain.Stage(in.Stage) {
	case "", domain.Draft, domain.Open, domain.Agreed, domain.Withdrawn, domain.Lapsed:
		return nil
	}
	return invalid("C1", "A proposal is draft, open, agreed, withdrawn or lapsed, not %q.", clip(in.Stage))
}

type proposalInput struct {
	Terms
	Number string `path:"number" example:"P1"`
}

type practiceInput struct {
	Terms
	ODS string `path:"ods" doc:"the practice's ODS code" example:"P91018"`
}

func (s *Rest) offerQuestions() {
	s.offerServerQuestions()
	const at = "/v1/groups/{group}"
	ask(s.ledgers, s.api, "register", at, "Who and what belongs to the group.", followers,
		func(q *question, _ *plainInput) (projections.Register, error) { return q.Register(q.at), nil })
	ask(s.ledgers, s.api, "people", at+"/people", "Everybody whom the ledger knows; members see their names.", followers, s.ledgers.people)
	ask(s.ledgers, s.api, "charter", at+"/charter", "The charter in force, with its settings explained.", followers,
		func(q *question, _ *plainInput) (projections.CharterInForce, error) { return q.Charter(q.at), nil })
	ask(s.ledgers, s.api, "mandate", at+"/mandate", "What stands behind the group.", followers,
		func(q *question, in *mandateInput) (projections.Mandate, error) {
			return orRefused(q.Mandate(in.Matter, q.at))
		})
	ask(s.ledgers, s.api, "what-if", at+"/what-if", "What coverage and which powers would change if a practice or PCN withdrew; nothing is recorded.", powers,
		func(q *question, in *whatIfInput) (projections.WhatIf, error) {
			return orRefused(q.WhatIf(in.Organisation, in.Matter, q.at))
		})
	ask(s.ledgers, s.api, "powers", at+"/powers", "Powers handed on, with what is used and left, and what was decided under them.", powers,
		func(q *question, _ *plainInput) (projections.Powers, error) { return q.Powers(q.at), nil })
	ask(s.ledgers, s.api, "proposals", at+"/proposals", "All proposals.", proposals,
		func(q *question, in *proposalsInput) (projections.Proposals, error) {
			return q.Proposals(q.at, in.Stage), in.check()
		})
	ask(s.ledgers, s.api, "proposal", at+"/proposals/{number}", "One proposal: versions, positions, objections, roll.", proposals,
		func(q *question, in *proposalInput) (projections.Proposal, error) {
			return orRefused(q.Proposal(in.Number, q.at))
		})
	ask(s.ledgers, s.api, "representation", at+"/representation", "Forums, appointments with their remits, meetings, clashes.", meetings,
		func(q *question, _ *plainInput) (projections.Representation, error) {
			return q.Representation(q.at), nil
		})
	ask(s.ledgers, s.api, "commitments", at+"/commitments", "What representatives said in meetings, and its standing.", commitments,
		func(q *question, _ *plainInput) (projections.Commitments, error) { return q.Commitments(q.at), nil })
	ask(s.ledgers, s.api, "worklist", at+"/worklist", "What is due, overdue or paused.", worklist,
		func(q *question, _ *plainInput) (projections.WorkList, error) { return q.WorkList(q.at), nil })
	ask(s.ledgers, s.api, "approaches", at+"/approaches", "What the system asked for, and what it was answered.", approaches,
		func(q *question, _ *plainInput) (projections.Approaches, error) { return q.Approaches(q.at), nil })
	ask(s.ledgers, s.api, "priorities", at+"/priorities", "The long list, what each practice answered, and what was adopted.", priorities,
		func(q *question, _ *plainInput) (projections.Priorities, error) { return q.Priorities(q.at), nil })
	ask(s.ledgers, s.api, "actions", at+"/actions", "What is to be done, by whom and by when.", actions,
		func(q *question, _ *plainInput) (projections.Actions, error) { return q.Actions(q.at), nil })
	ask(s.ledgers, s.api, "departures", at+"/departures", "Who goes its own way on what, and who stands by each agreement.", departures,
		func(q *question, _ *plainInput) (projections.Departures, error) { return q.Departures(q.at), nil })
	ask(s.ledgers, s.api, "notices", at+"/notices", "What the practices were told, and how far it reached.", notices,
		func(q *question, _ *plainInput) (projections.Notices, error) { return q.Notices(q.at), nil })
	ask(s.ledgers, s.api, "practice", at+"/practices/{ods}", "One practice's page: who the group is, what it may agree for it, what it can't, how to say no.", notices,
		func(q *question, in *practiceInput) (projections.PracticePage, error) {
			return orRefused(q.Practice(in.ODS, q.at))
		})
	ask(s.ledgers, s.api, "questions", at+"/questions", "What practices asked or disagreed with, and for how long they wait.", followers,
		func(q *question, _ *plainInput) (projections.Questions, error) { return q.Questions(q.at), nil })
	ask(s.ledgers, s.api, "agenda", at+"/agenda", "The group's own meetings, and what could be on the next agenda.", agenda,
		func(q *question, _ *plainInput) (projections.Agenda, error) { return q.Agenda(q.at), nil })
	s.offerDocuments(at)
	s.offerAudit(at + "/audit")
	s.offerRemains(at + "/people/{person}/remains")
	ask(s.ledgers, s.api, "check", at+"/check", "May this person sign up to this, here, now?", checks, check)
	s.offerEvidence(at)
	ask(s.ledgers, s.api, "witnesses", at+"/log/witnesses", "How far each witness of the log is, and why it is behind.", followers, s.ledgers.witnesses)
}
