// Package logs has the signed log of each group: how it grows in rounds, who signs it,
// who witnesses it, how a start goes on from it, and how the stream and the log are
// held against each other (rules L1, L9). Ledgers are read here too, since a group's
// events lie together in its log.
//
// It imports keys, stream, commit, domain, and tilelog, witness and evidence. Start
// with Logs (log.go), then the rounds (rounds.go); reading is in reading.go.
package logs
