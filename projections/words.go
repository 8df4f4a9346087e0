package projections

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"goldenthread/domain"
)

// firstLower goes on with a sentence.
func firstLower(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(r)) + s[n:]
}

// clip shortens words that are quoted in a sentence.
func clip(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > 240 {
		return string(r[:240]) + "…"
	}
	return s
}

// clause is somebody's words in one line, without the stop at their end, for a sentence
// that goes on after them.
func clause(s string) string { return domain.Clause(clip(s)) }

// ended are somebody's words in one line, as a whole sentence.
func ended(s string) string { return domain.Sentence(clip(s)) }

// after writes the words after the mark, or nothing where there are none.
func after(mark, words string) string {
	if strings.TrimSpace(words) == "" {
		return ""
	}
	return mark + clause(words) // what goes on after it ends the sentence
}

func untilWords(d domain.Day) string {
	if d == 0 {
		return ""
	}
	return " until " + d.Words()
}

// mattersWords writes what a mandate is for.
func mattersWords(matters []string) string {
	if len(matters) == 0 {
		return "everything"
	}
	return domain.ListMatters(matters)
}

// byNumber are the entries in the order in which their short numbers were given.
func byNumber[V any](m map[string]V) []V {
	vs := make([]V, 0, len(m))
	for _, n := range domain.SortedNumbers(m) {
		vs = append(vs, m[n])
	}
	return vs
}

// byCode are the entries in the order of their codes.
func byCode[V any](m map[string]V) []V {
	codes := make([]string, 0, len(m))
	for c := range m {
		codes = append(codes, c)
	}
	slices.Sort(codes)
	vs := make([]V, 0, len(m))
	for _, c := range codes {
		vs = append(vs, m[c])
	}
	return vs
}

func isOrAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}
