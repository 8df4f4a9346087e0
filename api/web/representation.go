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

// WorkList is what is due, overdue or paused.
type WorkList struct {
	projections.WorkList
	With    map[string][]string // offices of those who are asked, by what is due
	Reminds bool                // whoever looks can have them reminded by mail
}

func (*WorkList) Title() string { return "Work list" }
func (*WorkList) file() string  { return "worklist" }

// When says how far off a due thing is.
func When(d domain.Due) string {
	switch {
	case d.Left == 0:
		return "Today"
	case d.Left == 1:
		return "Tomorrow"
	case d.Left > 0:
		return "In " + domain.Count(d.Left, "day")
	}
	return "Overdue by " + domain.Count(-d.Left, "day")
}

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
