package web

import "goldenthread/projections"

// Departures are who goes its own way on what, and who stands by each agreement.
type Departures struct {
	projections.Departures
}

func (*Departures) Title() string { return "Departures" }
func (*Departures) file() string  { return "departures" }
