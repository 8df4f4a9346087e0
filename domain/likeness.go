package domain

import (
	"slices"
	"strings"
	"unicode"
)

// The same question (rule A3): people link approaches that ask the same; other words for
// likeness only suggest it.

// LinkApproaches says that the same question was asked twice, or that it was
// not after all (rule A3). People link; likeness only suggests.
type LinkApproaches struct {
	Approach string `json:"approach" doc:"an approach or a side conversation, such as A2" rule:"A3" of:"approach" ask:"Which one?"`
	With     string `json:"with" doc:"the other" of:"approach" ask:"And which other?"`
	Apart    bool   `json:"apart,omitempty" doc:"they are not the same after all" ask:"Do they ask the same?" yes:"No: that they did was a mistake" no:"Yes, the same question"`
	Words    string `json:"words,omitempty" maxLength:"2000" call:"why" ask:"Why, if you want to say?"`
}

func (c *LinkApproaches) may(w *who) (Permission, *Refusal) {
	return w.mustHave("A3", Gatekeeper, Manager, Chair, Lead)
}

func (c *LinkApproaches) decide(t *turn) *Refusal {
	a, r := t.s.approach("A3", c.Approach)
	if r != nil {
		return r
	}
	b, r := t.s.approach("A3", c.With)
	if r != nil {
		return r
	}
	switch linked := slices.Contains(a.Links, b.Number); {
	case a == b:
		return invalid("A3", "Name 2 approaches.").at("with")
	case linked && !c.Apart:
		return notNow("A3", "%s and %s are linked already.", a.Number, b.Number)
	case !linked && c.Apart:
		return notNow("A3", "%s and %s are not linked.", a.Number, b.Number)
	}
	t.recordBecause(a.Index, t.day, &ApproachesLinked{Approach: a.Number, With: b.Number, Apart: c.Apart, Words: c.Words})
	return nil
}

// ApproachesLinked: two approaches ask the same, or do not after all.
type ApproachesLinked struct {
	Approach string `json:"approach"`
	With     string `json:"with"`
	Apart    bool   `json:"apart,omitempty"`
	Words    string `json:"words,omitempty"`
}

func (e *ApproachesLinked) Subject() string { return "approach/" + e.Approach }

func (e *ApproachesLinked) apply(s *State, _ *Event) {
	s.link(e.Approach, e.With, e.Apart)
	s.link(e.With, e.Approach, e.Apart)
}

func (s *gate) link(number, with string, apart bool) {
	a := edit(s.Approaches, number)
	if apart {
		a.Links = slices.DeleteFunc(slices.Clone(a.Links), func(n string) bool { return n == with })
		return
	}
	a.Links = appendNew(a.Links, with)
}

// SameQuestion are the numbers of the approaches and side conversations that
// people linked with this one, directly or through others, this one first.
func (s *gate) SameQuestion(number string) []string {
	same := []string{number}
	for i := 0; i < len(same); i++ {
		for _, n := range s.Approaches[same[i]].Links {
			if !slices.Contains(same, n) {
				same = append(same, n)
			}
		}
	}
	return same
}

// Inconsistent says whether the system has different answers to the question
// that this approach asks, from it and those linked with it, up to that day
// (rule A3).
func (s *gate) Inconsistent(number string, d Day) bool {
	var first Reply
	for _, n := range s.SameQuestion(number) {
		a := s.Approaches[n]
		for _, said := range a.said() {
			switch {
			case a.On > d || (a.Answer != nil && said == a.Answer.Saying && a.Answer.On > d):
			case first == "":
				first = said.Reply
			case first != said.Reply:
				return true
			}
		}
	}
	return false
}

// Alike are the approaches that may ask the same and that nobody has linked
// with this one, by number: a suggestion by likeness of words and matter.
func (s *gate) Alike(number string) []string {
	same := s.SameQuestion(number)
	var alike []string
	for _, n := range SortedNumbers(s.Approaches) {
		if !slices.Contains(same, n) && likeness(s.Approaches[number], s.Approaches[n]) {
			alike = append(alike, n)
		}
	}
	return alike
}

// likeness says whether the two are about the same matter, or one below the
// other's, and share a third of their telling words; without matters, half.
func likeness(a, b *Approach) bool {
	x, y := tellingWords(a.What), tellingWords(b.What)
	shared := 0
	for w := range x {
		if y[w] {
			shared++
		}
	}
	all := len(x) + len(y) - shared
	switch {
	case a.Matter != "" && b.Matter != "" && !Within(a.Matter, b.Matter) && !Within(b.Matter, a.Matter):
		return false
	case a.Matter == "" || b.Matter == "":
		return shared > 0 && shared*2 >= all
	}
	return shared > 0 && shared*3 >= all
}

// tellingWords are the words of five letters and more, in small letters and
// without a plural's s.
func tellingWords(text string) map[string]bool {
	words := map[string]bool{}
	for _, w := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) }) {
		if w = strings.TrimSuffix(w, "s"); len([]rune(w)) >= 5 {
			words[w] = true
		}
	}
	return words
}
