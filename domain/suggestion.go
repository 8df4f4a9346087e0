package domain

// Suggestions (rule T3): what the executive may want on the agenda.

// SuggestionKind is why something is suggested for the agenda.
type SuggestionKind string

const (
	SuggestProposal SuggestionKind = "proposal" // it is open
	SuggestApproach SuggestionKind = "approach" // it waits
	SuggestQuestion SuggestionKind = "question" // it waits
	SuggestOverdue  SuggestionKind = "overdue"
	SuggestReview   SuggestionKind = "review"  // it is near
	SuggestMinutes  SuggestionKind = "minutes" // they are to be approved
)

// A Suggestion is something that the executive may want on the agenda.
type Suggestion struct {
	Kind  SuggestionKind
	About string
	Text  string
}

// SuggestionsOn are what the agenda could be made from on that day: open
// proposals, approaches for the meeting, practices that wait for an answer,
// what is overdue, and reviews; and the minutes of the newest meeting, to be approved.
func (s *beside) SuggestionsOn(d Day) []Suggestion {
	var items []Suggestion
	if b := s.MinutesToApprove(d); b != nil {
		items = append(items, Suggestion{SuggestMinutes, GroupMeetingRef(b.On), "The minutes of " + b.On.Words() + " are to be approved."})
	}
	for _, due := range s.WorkListOn(d) {
		kind := SuggestionKind("")
		switch a := s.Approaches[due.What]; {
		case due.Kind == DuePosition:
			kind = SuggestProposal
		case due.Kind == DueApproach && a.Disposition() != nil && a.Disposition().Disposition != ForMeeting && !due.Overdue:
		case due.Kind == DueApproach:
			kind = SuggestApproach
		case due.Kind == DueReview:
			kind = SuggestReview
		case due.Kind == DueQuestion:
			kind = SuggestQuestion
		case due.Overdue:
			kind = SuggestOverdue
		}
		if kind != "" {
			items = append(items, Suggestion{kind, due.What, due.Text})
		}
	}
	return items
}
