package web

import (
	"strings"

	"goldenthread/projections"
)

// Practice is one practice's own page, and what it can say there.
type Practice struct {
	projections.PracticePage
	Organisation projections.OrganisationLine
	Own          bool     // of whoever looks
	ToDo         FirstDue // what they are asked to do
	Pager                 // of what was agreed and done in its name
}

func (p *Practice) Title() string { return p.Practice.Name }
func (*Practice) file() string    { return "practice" }

// SayNo is how to say no, after its own label.
func (p *Practice) SayNo() string { return strings.TrimPrefix(p.Top.SayNo, "To say no: ") }
