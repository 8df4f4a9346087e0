package web

import (
	"slices"

	"goldenthread/projections"
)

// Scheme is who may agree what, by subject.
type Scheme struct {
	projections.Scheme
	SinceAsked string // as it stands in the address
}

// Kept are the subjects on which nobody has a power: only the group decides.
func (s *Scheme) Kept() []projections.SchemeSubject {
	return slices.DeleteFunc(slices.Clone(s.Subjects), func(one projections.SchemeSubject) bool { return len(one.Lines) > 0 })
}

func (*Scheme) Title() string { return "Who may agree what" }
func (*Scheme) file() string  { return "scheme" }
