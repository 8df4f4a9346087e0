// Package problem turns errors into answers, in one place: a refusal by a rule,
// a ledger that has stopped, a request that is not as it should be, each with its
// HTTP status and a sentence for people (RFC 9457).
//
// It may import domain, eventstore, projections and web (for the addresses of
// rules), and nothing else of api. Start reading at Of.
package problem
