package web

import (
	"goldenthread/domain"
	"goldenthread/projections"
)

// Representation is who speaks for the group where.
type Representation struct {
	projections.Representation
	Held map[string][]domain.Held // when each was held, by its number
}

func (*Representation) Title() string { return "Representation" }
func (*Representation) file() string  { return "representation" }

// Ahead are the meetings of that day and after it, soonest first.
func (r *Representation) Ahead(at domain.Day) []projections.MeetingLine {
	var ms []projections.MeetingLine
	for _, m := range r.Representation.Meetings {
		if m.On >= at {
			ms = append(ms, m)
		}
	}
	return ms
}

// Past are the meetings before that day, newest first.
func (r *Representation) Past(at domain.Day) []projections.MeetingLine {
	var ms []projections.MeetingLine
	for i := len(r.Representation.Meetings) - 1; i >= 0; i-- {
		if m := r.Representation.Meetings[i]; m.On < at {
			ms = append(ms, m)
		}
	}
	return ms
}

// Meeting is one meeting: brief, what was said, report.
type Meeting struct {
	projections.MeetingLine
	Said []projections.CommitmentLine
}

func (m *Meeting) Title() string { return m.ForumName + ", " + m.On.Words() }
func (*Meeting) file() string    { return "meeting" }

// Commitments are what was said in meetings.
type Commitments struct {
	projections.Commitments
}

func (*Commitments) Title() string { return "What was said in our name" }
func (*Commitments) file() string  { return "commitments" }

// InterestWords say what kind of interest it is.
func InterestWords(k domain.InterestKind) string {
	switch k {
	case domain.MoneyInterest:
		return "money"
	case domain.OfficeInterest:
		return "an office"
	case domain.FamilyInterest:
		return "family"
	case domain.OtherInterest:
	}
	return "other"
}
