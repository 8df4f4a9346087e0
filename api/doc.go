// Package api answers over HTTP and over NATS: it says who is asking, turns
// requests into commands and questions, and errors into problems.
//
// A request travels like this. The middleware recovers, says who is asking and
// refuses whoever does not say; an operation takes what it needs from the
// request, asks the store or the projections, and answers. Operations only map:
// what is wrong becomes a status in one place, problem.go. What they take and
// answer is described by reflection at /openapi.json.
package api
