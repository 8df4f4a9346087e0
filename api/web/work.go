package web

// Work leads to all that the group is doing.
type Work struct{ Parts []WorkPart }

// A WorkPart is one page of it, and what waits there.
type WorkPart struct{ To, What, Say, Waits string }

func (*Work) Title() string { return "The work" }
func (*Work) file() string  { return "work" }

// partsOfWork are the pages that belong to the menu's entry for the work.
var partsOfWork = map[string]bool{
	"worklist": true, "waiting": true, "agenda": true, "approaches": true, "priorities": true, "actions": true, "commitments": true, "notices": true, "questions": true, "departures": true,
}
