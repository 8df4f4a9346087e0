// Package api answers over HTTP and over NATS: it says who is asking, turns
// requests into commands and questions, and errors into problems.
//
// A request travels like this. The middleware recovers, keeps strangers out
// (guard.go), says who is asking, by a token or by the session of somebody who
// signed in with a passkey (signin.go), and refuses whoever does not say. What
// they may see and do is in the ledger, at this moment, and nowhere else (rule
// F3): see maySee, and domain.State.MaySee. An operation takes what it needs
// from the request, asks the store or the projections, and answers. Operations
// only map: what is wrong becomes a status in one place, problem.go. What they
// take and answer is described by reflection at /openapi.json.
package api
