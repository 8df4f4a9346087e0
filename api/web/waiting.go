package web

import "goldenthread/projections"

// Waiting are the records that wait for somebody's word, and those that did.
type Waiting struct {
	Yours  []WaitingGroup // that the person may confirm, by the organisation that they are about
	Others []projections.RecordLine
	Ended  []projections.RecordLine
}

// A WaitingGroup is what waits for one organisation's word.
type WaitingGroup struct {
	ID, Name string
	Records  []projections.RecordLine
}

func (*Waiting) Title() string { return "Is this right?" }
func (*Waiting) file() string  { return "waiting" }
