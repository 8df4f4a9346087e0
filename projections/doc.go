// Package projections folds the ledgers into read models: the register, people,
// charter, mandate, powers, proposals, representation, commitments, the work
// list and the audit trail.
//
// A Group folds the events of one ledger into a domain.State of its own, which
// answers every question of the rules, and into small columns by which the
// audit trail finds events. Nothing here decides: a method shapes an answer for
// people. Everybody is named by handle and office (rule L7).
//
// Answers take the day that they are about; they are as known at the end of the
// fold. "As known" at an earlier moment is a Group folded up to that moment.
//
// Groups keeps all groups up to date beside the ledger, for many readers.
package projections
