package web

// Work leads to all that the group is doing.
type Work struct{ Parts []WorkPart }

// A WorkPart is one page of it, and what waits there.
type WorkPart struct{ To, What, Say, Waits string }

func (*Work) Title() string { return "Work" }
func (*Work) file() string  { return "work" }
