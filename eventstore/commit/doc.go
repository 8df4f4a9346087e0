// Package commit has the bytes of the ledgers: an event as a line, several lines as
// one message of the stream, and the errors that every room of the store knows.
//
// It imports domain only. Start with Encode and Decode (line.go), then Message and
// Read (commit.go).
package commit
