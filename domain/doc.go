// Package domain holds the rules of Golden Thread: how independent
// organisations decide together, delegate limited powers and are represented.
//
// It is pure. Commands are decided against the State of one group's ledger and
// answer with events or with a Refusal; events are applied to the State and
// cannot fail. There is no clock, no randomness, no I/O and no context here:
// time, ids and the person who acts come in with the Request.
//
// Each concept file reads from top to bottom: the rules it keeps, by their
// number in the rule book, RULES.md; its commands, each with may (who may give it, and
// for whom) and decide; its events with apply; its part of the State; the questions it
// answers. What every may is made of is in may.go. A new event touches its concept
// file, one line in the table of Kinds and its golden JSON; a new command its
// concept file and one line in the table of Commands.
package domain
