package web

import (
	"cmp"

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
	if h.Kind == projections.FindMeetings {
		return "meetings/" + h.Ref
	}
	return cmp.Or(hitPages[h.Kind], PlaceOf(h.Ref))
}

// hitPages are the pages of what has none of its own by its number.
var hitPages = map[projections.SearchKind]string{projections.FindOrganisations: "register", projections.FindPeople: "people"}
