package web

import (
	"goldenthread/projections"
)

// Search is what was looked for, and found.
type Search struct {
	projections.Found
	Asked bool // something was looked for
}

func (*Search) Title() string { return "Search" }
func (*Search) file() string  { return "search" }

// HitPlace is where the hit is shown, below the group.
func HitPlace(h projections.Hit) string {
	switch h.Kind {
	case projections.FindOrganisations:
		return "register"
	case projections.FindPeople:
		return "people"
	case projections.FindMeetings:
		return "meetings/" + h.Ref
	}
	return PlaceOf(h.Ref)
}
