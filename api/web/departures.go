package web

import "goldenthread/projections"

// Departures are who goes its own way on what, and who stands by each agreement.
type Departures struct {
	projections.Departures
	Members       bool // can answer, and report
	Resolves      map[string]bool
	Organisations []Option // those that can depart
	Agreements    []Option // that hold
}

func (*Departures) Title() string { return "Departures" }
func (*Departures) file() string  { return "departures" }
