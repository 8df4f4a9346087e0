// Package api answers over HTTP and over NATS. Here the rooms are put together; what
// they do is told in their own folders, from the ground up:
//
//	problem    errors become answers, in one place
//	caller     who asks
//	operation  how an operation is described, registered and answered
//	guard      strangers, origins, limits, TLS
//	access     what a known caller may read and record
//	identity   who is it? signing in, tokens, signatures
//	feeds      Atom, calendar, live events, mail
//	rest       commands and questions in JSON, and the check over NATS
//	pages      pages and their forms
//
// A room imports only what stands above it, and rest, feeds and pages do not import
// each other; a test holds that (domain/deps_test.go). What pages look like is in
// web, the outbox in mail.
//
// A request travels like this. ServeHTTP recovers, has the guard keep strangers out,
// has identity say who asks, and refuses whoever does not say. What they may see and
// do is in the ledger, at this moment, and nowhere else (rule F3): see
// access.Ledgers.MaySee. An operation takes what it needs from the request, asks the
// ledgers, and answers. Start reading at New.
package api
