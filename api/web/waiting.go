package web

import "goldenthread/projections"

// Waiting is what somebody recorded and what counts only once somebody else confirms
// it: first what waits for whoever looks.
type Waiting struct {
	Yours  []WaitingGroup
	Heard  []projections.WaitingItem // what their seat is said to have said: answered where the proposal is
	Others []WaitingRow
	Ended  []WaitingRow
	Pager  // of what has ended
}

// A WaitingGroup is what the person can confirm by one press.
type WaitingGroup struct {
	ID, Name string
	Of       string // the organisation's code, or AllSeats of the register
	Own      bool   // it is about what the person speaks or sits for, or about themself
	Rows     []WaitingRow
}

// A WaitingRow is one record that waits, or waited.
type WaitingRow struct {
	Ref, Text string
	Place     string   // where it is shown in full, below the group; "": here
	Notes     []string // who recorded it, whose word it takes and when it takes effect
	Follows   []string // if it is confirmed
}

func (*Waiting) Title() string { return "Is this right?" }
func (*Waiting) file() string  { return "waiting" }
