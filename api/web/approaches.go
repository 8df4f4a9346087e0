package web

import (
	"slices"

	"goldenthread/domain"
	"goldenthread/projections"
)

// Approaches are what the system asked for, and what whoever looks may do about it.
type Approaches struct {
	projections.Approaches
	Members      bool // can record
	Gatekeeps    bool // says what becomes of each
	Links        bool // can say that two ask the same
	Redirects    map[string]bool
	Answers      map[string]bool
	All          []Option // approaches and side conversations
	Gate         []Option // gatekeepers
	Appointments []Option
	System       []Option // organisations that ask
	Ours         []Option // of general practice
	People       []Option
	Matters      []Option
}

func (*Approaches) Title() string { return "Approaches" }
func (*Approaches) file() string  { return "approaches" }

// Newest are the approaches, newest first.
func (a *Approaches) Newest() []projections.ApproachLine {
	ls := slices.Clone(a.Approaches.Approaches)
	slices.Reverse(ls)
	return ls
}

// Inconsistencies are the questions to which the system has different answers,
// each once.
func (a *Approaches) Inconsistencies() []string {
	var found []string
	seen := map[string]bool{}
	for _, l := range a.Approaches.Approaches {
		if !l.Inconsistent || seen[l.Ref] {
			continue
		}
		for _, n := range l.SameQuestion {
			seen[n] = true
		}
		found = append(found, l.Differs)
	}
	return found
}

// Dispositions are what can become of an approach.
func (*Approaches) Dispositions() []Option {
	return []Option{
		{string(domain.ForMeeting), "To the meeting"}, {string(domain.ForPaperRound), "To a paper round"}, {string(domain.ForMessage), "A message is enough"},
		{string(domain.ForMoreWork), "More work first"}, {string(domain.ForRepresentative), "To a representative"}, {string(domain.ForExecutive), "The executive decides"},
		{string(domain.Declined), "Decline it"},
	}
}

// Replies are the senses of an answer.
func (*Approaches) Replies() []Option {
	return []Option{
		{string(domain.ReplyYes), "Yes"}, {string(domain.ReplyNo), "No"}, {string(domain.ReplyInPart), "In part"}, {string(domain.ReplyLater), "Later"},
		{string(domain.ReplyThroughGroup), "It will be answered through the group"},
	}
}

// ReplyWords are the sense of an answer in words.
func ReplyWords(r domain.Reply) string {
	for _, o := range (*Approaches)(nil).Replies() {
		if o.Value == string(r) {
			return o.Words
		}
	}
	return string(r)
}
