// Package rest answers programs: commands and questions in JSON, the ledger's own
// bytes, its signed log, documents, evidence, the server's health, metrics and
// backup, and the check over NATS. Each operation maps what it is sent to a command
// or a question, and decides nothing.
//
// It may import problem, caller, operation, access and identity. Start reading at
// New, which offers them all.
package rest
