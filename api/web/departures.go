package web

import "goldenthread/projections"

// Departures are who goes its own way on what, and who stands by each agreement.
type Departures struct {
	projections.Departures
	Answer        map[string]bool // departures that one can answer
	Resolves      map[string]bool // and resolve
	Organisations []Option        // of which one can say, or report, that they depart
	Agreements    []Option        // that hold
}

func (*Departures) Title() string { return "Departures" }
func (*Departures) file() string  { return "departures" }
