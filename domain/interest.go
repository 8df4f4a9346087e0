package domain

import "slices"

// Interests (rule R7): what somebody declares, by matter; there they commit to
// nothing outright.

// DeclareInterest is a person's own word that they have an interest in matters:
// there they commit to nothing outright (rule R7).
type DeclareInterest struct {
	Matters []string `json:"matters" maxItems:"200"`
	Words   string   `json:"words" maxLength:"2000"`
	Span
}

func (c *DeclareInterest) decide(t *turn) *Refusal {
	if r := t.mustBeMember("R7"); r != nil {
		return r
	}
	span, r := t.span("R7", c.Span)
	if r != nil {
		return r
	}
	if len(c.Matters) == 0 {
		return invalid("R7", "Name the matters in which you have an interest.").at("matters")
	}
	if r := firstRefusal(t.s.Charter().checkAllKnown(c.Matters).at("matters"), checkWords("R7", "the interest", c.Words, someWords).at("words")); r != nil {
		return r
	}
	t.recordOn(span.From, &InterestDeclared{Person: t.actor.ID, Matters: c.Matters, Words: c.Words, Span: span})
	return nil
}

// InterestDeclared: somebody has an interest in matters.
type InterestDeclared struct {
	Person  string   `json:"person"`
	Matters []string `json:"matters"`
	Words   string   `json:"words"`
	Span
}

func (e *InterestDeclared) Subject() string { return "person/" + e.Person }
func (e *InterestDeclared) apply(s *State, ev *Event) {
	s.Interests = append(s.Interests, &Interest{e.Person, e.Matters, e.Words, e.Span, ev.Index})
}

// An Interest is a person's own interest in matters.
type Interest struct {
	Person  string
	Matters []string
	Words   string
	Span
	Index uint64
}

func (s *State) hasInterest(person, matter string, d Day) bool {
	return slices.ContainsFunc(s.Interests, func(i *Interest) bool {
		return i.Person == person && i.Covers(d) && withinAny(matter, i.Matters)
	})
}
