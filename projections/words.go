package projections

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"goldenthread/domain"
)

// list writes "a, b and c".
func list(items []string) string {
	switch n := len(items); n {
	case 0:
		return ""
	case 1:
		return items[0]
	default:
		return strings.Join(items[:n-1], ", ") + " and " + items[n-1]
	}
}

// count writes "1 practice", "2 practices".
func count(n int, one string) string {
	if n != 1 {
		one += "s"
	}
	return thousands(n) + " " + one
}

func thousands(n int) string { return strings.Replace(domain.Pence(n*100).String(), "£", "", 1) }

// firstLower goes on with a sentence.
func firstLower(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(r)) + s[n:]
}

// firstUpper starts a sentence.
func firstUpper(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return s
	}
	return string(unicode.ToUpper(r)) + s[n:]
}

// clip shortens words that are quoted in a sentence.
func clip(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > 240 {
		return string(r[:240]) + "…"
	}
	return s
}

// after writes the words after the mark, or nothing where there are none.
func after(mark, words string) string {
	if strings.TrimSpace(words) == "" {
		return ""
	}
	return mark + strings.TrimSuffix(clip(words), ".") // what goes on after it ends the sentence
}

// spanWords writes " from 6 January 2026 until 31 December 2026".
func spanWords(s domain.Span) string {
	var w string
	if s.From != 0 {
		w = " from " + s.From.Words()
	}
	return w + untilWords(s.Until)
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
	return list(matters)
}

// byNumber are the entries in the order in which their short numbers were given.
func byNumber[V any](m map[string]V) []V {
	numbers := make([]string, 0, len(m))
	for n := range m {
		numbers = append(numbers, n)
	}
	slices.SortFunc(numbers, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b)) })
	vs := make([]V, 0, len(m))
	for _, n := range numbers {
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

// orEmpty is the list, never nil: JSON lists are never null.
func orEmpty[T any](v []T) []T {
	if v == nil {
		return []T{}
	}
	return v
}

func isOrAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}
