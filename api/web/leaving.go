package web

import (
	"goldenthread/domain"
	"goldenthread/projections"
)

// Leaving is somebody who leaves their office, with what they leave open. Its forms have the
// ids left and hand.
type Leaving struct {
	Office, Handle string
	Left           domain.Day             // last day; 0: not known
	Hands          []projections.LeftLine // what is handed over by a record
	Others         []projections.LeftLine // what others do, or the group decides
}

func (l *Leaving) Title() string { return l.Office + " leaves" }
func (*Leaving) file() string    { return "leaving" }
