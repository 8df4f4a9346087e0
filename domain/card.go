package domain

import (
	"slices"
)

// The card (rule R3): what a representative takes along to a meeting, also where
// there is no signal. Each line of it is an answer of the check, and nothing else
// is worked out here: what the card says and what the check says is the same.

// A CardLine is what the check answers on a matter, if no sum and no term is
// named. It holds for all below the matter that has no line of its own.
type CardLine struct {
	Matter string
	Answer *CheckAnswer
}

// Card is what the check answers the person at the forum on that day, on each
// matter at which the answer may change: those of the remit first, then those of
// the charter, then those below them that answer otherwise. Unknown people and
// forums are refused as the check refuses them. A matter that has no line above it is unknown
// to the charter, or one that no charter can release.
func (s *View) Card(person, forum string, d Day) ([]CardLine, *Refusal) {
	p, r := s.person("R3", person)
	if r != nil {
		return nil, r
	}
	var lines []CardLine
	first, below := s.cardMatters(forum, d, p.ID)
	for i, matter := range slices.Concat(first, below) {
		answer, r := s.Check(Question{Person: p.ID, Forum: forum, Matter: matter, At: d})
		if r != nil {
			return nil, r
		}
		if above := LineFor(lines, matter); i >= len(first) && above != nil && answer.saysAs(above.Answer) {
			continue
		}
		lines = append(lines, CardLine{matter, answer})
	}
	return lines, nil
}

// LineFor is the line of a card that holds for the matter: its own, or the
// nearest above it; nil if there is none.
func LineFor(lines []CardLine, matter string) *CardLine {
	var found *CardLine
	for i := range lines {
		if l := &lines[i]; Within(matter, l.Matter) && (found == nil || len(l.Matter) > len(found.Matter)) {
			found = l
		}
	}
	return found
}

// saysAs says whether both answers are the same by the same rules.
func (a *CheckAnswer) saysAs(b *CheckAnswer) bool {
	sameRule := func(x, y Reason) bool { return x.Rule == y.Rule }
	return a.Verdict == b.Verdict && a.Say == b.Say && slices.EqualFunc(a.Reasons, b.Reasons, sameRule) &&
		slices.Equal(a.Limits, b.Limits) && slices.Equal(a.Conditions, b.Conditions)
}

// cardMatters are the matters of the person's remits at the forum and of the
// charter, in their order; and those below them at which another's remit there, a red
// line, an interest, a mandate, or the power above a remit may change the answer,
// the upper ones first.
func (s *authority) cardMatters(forum string, d Day, person string) (first, below []string) {
	ch := &s.CharterOn(d).Charter
	for _, n := range SortedNumbers(s.Appointments) {
		a := s.Appointments[n]
		v := a.VersionOn(d)
		if a.Forum != forum || v == nil {
			continue
		}
		for i := range v.Lines {
			if s.appoints(a, person, d) {
				first = appendNew(first, v.Lines[i].Matter)
			} else {
				below = append(below, v.Lines[i].Matter)
			}
		}
		if parent := s.Delegations[a.Parent]; parent != nil && parent.VersionOn(d) != nil {
			for _, p := range parent.VersionOn(d).Powers {
				below = append(below, p.Matter)
			}
		}
	}
	for _, m := range slices.Concat(ch.Matters, ch.Reserved) {
		first = appendNew(first, m)
	}
	return first, s.mattersBelow(first, below, d)
}
