package web

import (
	"goldenthread/domain"
	"goldenthread/projections"
)

// Notices are what the practices were told, and how far it reached.
type Notices struct {
	projections.Notices
	About string // only the notice about this is shown, and every practice that has seen it; "": all are
	Pager
}

func (*Notices) Title() string { return "What the practices were told" }
func (*Notices) file() string  { return "notices" }

// Reach is how many practices have seen a notice.
func Reach(n projections.NoticeLine) Bar {
	return Bar{n.Acknowledged * 100 / max(n.OfPractices, 1), domain.Thousands(n.Acknowledged) + " of " + domain.Count(n.OfPractices, "practice") + " have said that they have seen it"}
}

// Questions are what practices asked, and whether they were answered.
type Questions struct {
	projections.Questions
}

func (*Questions) Title() string { return "What practices asked" }
func (*Questions) file() string  { return "questions" }
