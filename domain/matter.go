package domain

import (
	"slices"
	"strings"
	"unicode"
)

// A matter is what a decision is about: a path such as
// "access/extended-hours". A path takes in everything below it.

// alwaysReserved are the matters that no charter can release (rule D2).
var alwaysReserved = []string{"charter", "membership", "delegation"}

// Within says whether matter is path or lies below it.
func Within(matter, path string) bool {
	return matter == path || (len(matter) > len(path) && matter[len(path)] == '/' && strings.HasPrefix(matter, path))
}

// withinAny says whether the matter is, or lies below, one of the paths.
func withinAny(matter string, paths []string) bool {
	return slices.ContainsFunc(paths, func(p string) bool { return Within(matter, p) })
}

// checkMatter refuses what has not the shape of a matter: lower-case words
// joined by hyphens, levels by slashes.
func checkMatter(rule, matter string) *Refusal {
	if len(matter) == 0 || len(matter) > 120 {
		return invalid(rule, "Name the matter as a short path, such as access/extended-hours.")
	}
	for _, level := range strings.Split(matter, "/") {
		if level == "" || strings.Trim(level, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return invalid(rule, "%q is not a matter; write it as a path such as access/extended-hours.", Clip(matter))
		}
	}
	return nil
}

// MatterWords writes a matter as people say it: "access, extended hours".
func MatterWords(path string) string {
	return strings.ReplaceAll(strings.ReplaceAll(path, "/", ", "), "-", " ")
}

// MatterNames are the matters as people say them.
func MatterNames(paths []string) []string {
	names := make([]string, 0, len(paths))
	for _, path := range paths {
		names = append(names, MatterWords(path))
	}
	return names
}

// ListMatters writes "access and workforce", or "access, extended hours; and workforce"
// where a name has a comma of its own: else it would read as if all of access were meant.
func ListMatters(paths []string) string { return ListApart(MatterNames(paths)) }

// ReadMatter reads a matter as people write it: "Access, extended hours", or the path
// itself.
func ReadMatter(s string) string {
	if s == "" || checkMatter("F6", s) == nil {
		return s
	}
	var levels []string
	for _, level := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == '/' }) {
		words := strings.FieldsFunc(strings.ToLower(level), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		levels = append(levels, strings.Join(words, "-"))
	}
	return strings.Join(levels, "/")
}

// Matters are what the group may be asked about on that day, as far as anything names
// it: the charter, a remit, a power or a position.
func (s *authority) Matters(d Day) []string {
	if s.Next == 0 {
		return nil
	}
	ch := &s.CharterOn(d).Charter
	named := slices.Concat(ch.Matters, ch.Reserved)
	for _, r := range s.Appointments {
		if v := r.VersionOn(d); v != nil {
			for _, l := range v.Lines {
				named = append(named, l.Matter)
			}
		}
	}
	for _, g := range s.Delegations {
		if v := g.VersionOn(d); v != nil {
			for _, p := range v.Powers {
				named = append(named, p.Matter)
			}
		}
	}
	for _, p := range s.Positions {
		named = append(named, p.Matter)
	}
	slices.Sort(named)
	return slices.Compact(named)
}

// MatterMeant is the matter that somebody's words name. Words that name none of Matters
// are no matter that the charter knows, so that nothing is allowed on them (rule R3);
// alike are then those of which a word is like one of theirs. A path that lies below one
// of Matters is a matter of its own.
func (s *authority) MatterMeant(words string, d Day) (matter string, alike []string) {
	named := s.Matters(d)
	if matter = ReadMatter(words); slices.Contains(named, matter) {
		return matter, nil
	}
	if matter == words && s.Next > 0 && s.CharterOn(d).Charter.Knows(matter) {
		return matter, nil
	}
	for _, m := range named {
		if soundsLike(words, m) {
			alike = append(alike, m)
		}
	}
	return strings.ReplaceAll(matter, "/", "-"), alike
}

// soundsLike says whether some word of the one is like one of the other: each has four
// letters or more, and they begin alike or differ by one letter.
func soundsLike(a, b string) bool {
	wordsOf := func(s string) []string {
		return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) })
	}
	for _, x := range wordsOf(a) {
		for _, y := range wordsOf(b) {
			if len(x) >= 4 && len(y) >= 4 && (x[:4] == y[:4] || oneApart(x, y)) {
				return true
			}
		}
	}
	return false
}

// oneApart says whether one letter that is added, left out or another makes one word the
// other.
func oneApart(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	switch len(b) - len(a) {
	case 0:
		return i == len(a) || a[i+1:] == b[i+1:]
	case 1:
		return a[i:] == b[i+1:]
	}
	return false
}

// Knows says whether the charter lists the matter, or one above it, or
// reserves it (rule F6).
func (c *Charter) Knows(matter string) bool {
	return withinAny(matter, c.Matters) || c.Reserves(matter)
}

// Reserves says whether the matter can't be delegated (rules D2, F6).
func (c *Charter) Reserves(matter string) bool {
	return withinAny(matter, c.Reserved) || withinAny(matter, alwaysReserved)
}

// checkKnown refuses an unknown matter (rule F6).
func (c *Charter) checkKnown(matter string) *Refusal {
	if r := checkMatter("F6", matter); r != nil {
		return r
	}
	if !c.Knows(matter) {
		return invalid("F6", "%q is not on the charter's list of matters. The list is: %s.", matter, strings.Join(c.Matters, ", "))
	}
	return nil
}

func (c *Charter) checkAllKnown(matters []string) *Refusal {
	if len(matters) > 200 {
		return invalid("F6", "That is more than 200 matters; name those above them instead.")
	}
	for _, m := range matters {
		if r := c.checkKnown(m); r != nil {
			return r
		}
	}
	return nil
}
