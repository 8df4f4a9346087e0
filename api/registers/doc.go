// Package registers are the lists that a group keeps of one kind of thing: decisions,
// powers, representatives, interests, actions, approaches, mandates, departures. Each is
// described in one place, in described.go; its page, JSON, CSV and spreadsheet come from that.
//
// It may import problem and access. Start reading at Register.
package registers
