package rest

import (
	"goldenthread/api/access"
	"goldenthread/projections"
)

type mandateInput struct {
	access.Terms
	Matter string `query:"matter" doc:"none: standing behind the group at all" example:"workforce"`
}

type whatIfInput struct {
	access.Terms
	Organisation string `query:"organisation" required:"true" doc:"code of a practice or PCN of the place" example:"U83990"`
	Matter       string `query:"matter" doc:"what it would withdraw; none: everything" example:"workforce"`
}

type searchInput struct {
	access.Terms
	Words string `query:"words" required:"true" doc:"each of which must occur; a sum also as £12,000" example:"extended hours"`
}

type powersInput struct {
	access.Terms
	access.Between
}

type schemeInput struct {
	access.Terms
	Since string `query:"since" doc:"also say what is otherwise than on that earlier day" example:"2026-02-01"`
}

type proposalsInput struct {
	access.Terms
	access.Paging
	Stage string `query:"stage" doc:"draft, open, agreed, withdrawn or lapsed; all if not said"`
}

// A ProposalList is one page of the proposals.
type ProposalList struct {
	projections.Proposals
	access.Paged
}

type noticesInput struct {
	access.Terms
	access.Paging
}

type todoInput struct {
	access.Terms
	access.TasksAsked
	access.Paging
}

// A ToDoList is one page of what somebody is asked to do.
type ToDoList struct {
	projections.ToDoList
	access.Paged
}

type workListInput struct {
	access.Terms
	access.TasksAsked
	access.Paging
	Person string `query:"person" doc:"only what this person, by handle, is asked to see to" example:"cd-north"`
}

// A WorkList is one page of the work list.
type WorkList struct {
	projections.WorkList
	access.Paged
}

// A NoticeList is one page of the notices.
type NoticeList struct {
	projections.Notices
	access.Paged
}

type proposalInput struct {
	access.Terms
	Number string `path:"number" example:"P1"`
}

type practiceInput struct {
	access.Terms
	ODS string `path:"ods" doc:"the practice's ODS code" example:"P91018"`
}

func (s *Rest) offerQuestions() {
	s.offerServerQuestions()
	const at = "/v1/groups/{group}"
	access.Ask(s.ledgers, s.api, "register", at, "Who and what belongs to the group.", access.Followers,
		func(q *access.Question, _ *access.PlainInput) (projections.Register, error) {
			return q.Register(q.At), nil
		})
	access.Ask(s.ledgers, s.api, "people", at+"/people", "Everybody whom the ledger knows, in pages; members see their names.", access.Followers, s.ledgers.People)
	access.Ask(s.ledgers, s.api, "charter", at+"/charter", "The charter in force, with its settings explained.", access.Followers,
		func(q *access.Question, _ *access.PlainInput) (projections.CharterInForce, error) {
			return q.Charter(q.At), nil
		})
	access.Ask(s.ledgers, s.api, "schedule", at+"/schedule", "What stood before the ledger, with its evidence: the schedule to the charter, and as what each of it came in.", access.Powers,
		func(q *access.Question, _ *access.PlainInput) (projections.Before, error) {
			return q.Before(q.At), nil
		})
	access.Ask(s.ledgers, s.api, "mandate", at+"/mandate", "What stands behind the group.", access.Followers,
		func(q *access.Question, in *mandateInput) (projections.Mandate, error) {
			return access.OrRefused(q.Mandate(in.Matter, q.At))
		})
	access.Ask(s.ledgers, s.api, "what-if", at+"/what-if", "What coverage and which powers would change if a practice or PCN withdrew; nothing is recorded.", access.Powers,
		func(q *access.Question, in *whatIfInput) (projections.WhatIf, error) {
			return access.OrRefused(q.WhatIf(in.Organisation, in.Matter, q.At))
		})
	access.Ask(s.ledgers, s.api, "powers", at+"/powers", "Powers handed on, with what is used and left, and what was decided under them.", access.Powers,
		func(q *access.Question, in *powersInput) (projections.Powers, error) {
			from, to, err := in.Days()
			return q.PowersBetween(from, to, q.At), err
		})
	access.Ask(s.ledgers, s.api, "scheme", at+"/scheme", "Who may agree what without asking the group, by subject: its scheme of delegation. Each line is what the check answers.", access.Checks,
		func(q *access.Question, in *schemeInput) (projections.Scheme, error) {
			since, err := access.ReadSince(in.Since, q.At)
			return q.Scheme(q.At, since), err
		})
	access.Ask(s.ledgers, s.api, "proposals", at+"/proposals", "The proposals, in pages.", access.Proposals,
		func(q *access.Question, in *proposalsInput) (ProposalList, error) {
			if err := access.CheckStage(in.Stage); err != nil {
				return ProposalList{}, err
			}
			list := ProposalList{Proposals: q.Proposals(q.At, in.Stage)}
			var err error
			list.Proposals.Proposals, list.Paged, err = access.PageOf(list.Proposals.Proposals, in.Paging)
			return list, err
		})
	access.Ask(s.ledgers, s.api, "proposal", at+"/proposals/{number}", "One proposal: versions, positions, objections, roll.", access.Proposals,
		func(q *access.Question, in *proposalInput) (projections.Proposal, error) {
			return access.OrRefused(q.Proposal(in.Number, q.At))
		})
	access.Ask(s.ledgers, s.api, "representation", at+"/representation", "Forums, appointments with their remits, meetings, clashes.", access.Meetings,
		func(q *access.Question, _ *access.PlainInput) (projections.Representation, error) {
			return q.Representation(q.At), nil
		})
	access.Ask(s.ledgers, s.api, "commitments", at+"/commitments", "What representatives said in meetings, and its standing.", access.Commitments,
		func(q *access.Question, _ *access.PlainInput) (projections.Commitments, error) {
			return q.Commitments(q.At), nil
		})
	s.offerWork(at)
	s.offerRegisters(at)
	access.Ask(s.ledgers, s.api, "search", at+"/search", "Everything that holds the words, numbers or sums, of what the caller may see; the best first, up to 100.", access.Followers,
		func(q *access.Question, in *searchInput) (projections.Found, error) {
			return s.ledgers.Search(q, in.Words)
		})
	s.offerDocuments(at)
	s.offerListPreview(at)
	s.offerAudit(at + "/audit")
	s.offerRemains(at + "/people/{person}/remains")
	access.Ask(s.ledgers, s.api, "check", at+"/check", "May this person sign up to this, here, now?", access.Checks, access.AnswerCheck)
	s.offerEvidence(at)
	s.offerVerifier()
	access.Ask(s.ledgers, s.api, "witnesses", at+"/log/witnesses", "How far each witness of the log is, and why it is behind.", access.Followers, s.ledgers.Witnesses)
}

// offerWork registers the questions about what the group has to do, and what came to it.
func (s *Rest) offerWork(at string) {
	access.Ask(s.ledgers, s.api, "todo", at+"/todo", "What the caller is asked to do, in pages.", access.Worklist,
		func(q *access.Question, in *todoInput) (ToDoList, error) {
			f, err := in.Filter()
			if err != nil {
				return ToDoList{}, err
			}
			f.Person = q.Caller.Person
			own, err := access.OrRefused(q.ToDoOf(f, q.At))
			list := ToDoList{ToDoList: own}
			if err == nil {
				list.Items, list.Paged, err = access.PageOf(own.Items, in.Paging)
			}
			return list, err
		})
	access.Ask(s.ledgers, s.api, "worklist", at+"/worklist", "What is due, overdue or paused, and with whom it is, in pages.", access.Worklist,
		func(q *access.Question, in *workListInput) (WorkList, error) {
			f, err := in.Filter()
			if err != nil {
				return WorkList{}, err
			}
			f.Person = in.Person
			all, err := access.OrRefused(q.WorkListOf(f, q.At))
			list := WorkList{WorkList: all}
			if err == nil {
				list.Due, list.Paged, err = access.PageOf(all.Due, in.Paging)
			}
			return list, err
		})
	access.Ask(s.ledgers, s.api, "records", at+"/records", "What somebody recorded about another organisation, and what waits for a second person.", access.Worklist,
		func(q *access.Question, _ *access.PlainInput) (projections.Records, error) {
			return q.WaitingRecords(q.At), nil
		})
	access.Ask(s.ledgers, s.api, "ways", at+"/ways", "The ways in that stand in the name of whoever asks: passkeys, tokens, accounts and invitations, as the ledger has them.", access.Own,
		func(q *access.Question, _ *access.PlainInput) (projections.Ways, error) {
			return q.WaysOf(q.Caller.Person, q.At), nil
		})
	access.Ask(s.ledgers, s.api, "approaches", at+"/approaches", "What the system asked for, and what it was answered.", access.Approaches,
		func(q *access.Question, _ *access.PlainInput) (projections.Approaches, error) {
			return q.Approaches(q.At), nil
		})
	access.Ask(s.ledgers, s.api, "priorities", at+"/priorities", "The long list, what each practice answered, and what was adopted.", access.Priorities,
		func(q *access.Question, _ *access.PlainInput) (projections.Priorities, error) {
			return q.Priorities(q.At), nil
		})
	access.Ask(s.ledgers, s.api, "actions", at+"/actions", "What is to be done, by whom and by when.", access.Actions,
		func(q *access.Question, _ *access.PlainInput) (projections.Actions, error) {
			return q.Actions(q.At), nil
		})
	access.Ask(s.ledgers, s.api, "departures", at+"/departures", "Who goes its own way on what, and who stands by each agreement.", access.Departures,
		func(q *access.Question, _ *access.PlainInput) (projections.Departures, error) {
			return q.Departures(q.At), nil
		})
	access.Ask(s.ledgers, s.api, "notices", at+"/notices", "What the practices were told, and how far it reached, in pages.", access.Notices,
		func(q *access.Question, in *noticesInput) (NoticeList, error) {
			list := NoticeList{Notices: q.Notices(q.At)}
			var err error
			list.Notices.Notices, list.Paged, err = access.PageOf(list.Notices.Notices, in.Paging)
			return list, err
		})
	access.Ask(s.ledgers, s.api, "practice", at+"/practices/{ods}", "One practice's page: who the group is, what it may agree for it, what it can't, how to say no.", access.Notices,
		func(q *access.Question, in *practiceInput) (projections.PracticePage, error) {
			return access.OrRefused(q.Practice(in.ODS, q.At))
		})
	access.Ask(s.ledgers, s.api, "questions", at+"/questions", "What practices asked or disagreed with, and for how long they wait.", access.Questions,
		func(q *access.Question, _ *access.PlainInput) (projections.Questions, error) {
			return q.Questions(q.At), nil
		})
	access.Ask(s.ledgers, s.api, "agenda", at+"/agenda", "The group's own meetings, and what could be on the next agenda.", access.Agenda,
		func(q *access.Question, _ *access.PlainInput) (projections.Agenda, error) { return q.Agenda(q.At), nil })
}
