// Package projections folds the ledgers into read models: the register, people,
// charter, mandate, powers, proposals, representation, commitments, the work
// list and the audit trail.
//
// A Group is one ledger's domain.State, which answers every question of the
// rules, and small columns by which the audit trail finds events. Nothing here
// decides: a method shapes an answer for people. Everybody is named by handle and
// office (rule L7).
//
// Answers take the day that they are about; they are as known at the end of the
// fold. "As known" at an earlier moment is a Group folded up to that moment.
//
// Groups gives out groups as snapshots that never change, so that no reader holds up
// whoever records. Their states come from a source, which keeps them up to date.
package projections
