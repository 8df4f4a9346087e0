// Package stream has the stream of all ledgers: the data folder with its lock, the
// server in it or the connection to another one, appending under the fence, following
// what was appended, and where each event lies.
//
// It imports commit and domain. Start with Stream (stream.go); backups and copies of
// the streams are in copy.go and backup.go.
package stream
