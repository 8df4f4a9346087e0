package web

import (
	"strings"

	"goldenthread/projections"
)

// Practice is one practice's own page, and what it can say there.
type Practice struct {
	projections.PracticePage
	Organisation projections.OrganisationLine
	Speaks       bool     // whoever looks speaks for it
	Records      bool     // whoever looks can record for it, on named evidence
	Mandates     bool     // whoever looks can give and withdraw its mandate
	Departs      bool     // whoever looks can say for it that it goes its own way
	Charter      []Option // the charter's matters, to tick
	PCNs         []Option // through which it can stand behind the group
	Asked        []Option // what the group asked of it, to be answered
	About        []Option // notices
	Agreements   []Option // that hold
}

func (p *Practice) Title() string { return p.Practice.Name }
func (*Practice) file() string    { return "practice" }

// SayNo is how to say no, after its own label.
func (p *Practice) SayNo() string { return strings.TrimPrefix(p.Top.SayNo, "To say no: ") }
