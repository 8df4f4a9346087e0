package web

import "time"

// Proof is how a group's ledger is proved: what is signed, who outside holds
// the log to it, and how to check (rule L9).
type Proof struct {
	Origin     string
	Events     int64 // that the log has signed for
	Root       string
	Keys       []string // verifier keys of those that sign
	Checkpoint string   // as it is signed and cosigned
	Witnessed  int64    // events that enough witnesses have cosigned
	Witnesses  []WitnessLag
	Verifier   string // SHA-256 of verify.py, hexadecimal
}

// A WitnessLag is how far a witness is.
type WitnessLag struct {
	Name     string
	Cosigned int64 // events
	Behind   int64 // events
	Since    time.Time
	Trouble  string
}

func (*Proof) Title() string { return "How this is proved" }
func (*Proof) file() string  { return "proof" }
