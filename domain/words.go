package domain

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	shortWords = 200    // a title, an office, a name: characters
	someWords  = 2_000  // a reason, a comment
	longWords  = 20_000 // the text of a charter or a proposal
)

// checkWords refuses words that are missing, or have nothing in them to read, and
// whatever checkOptional refuses.
func checkWords(rule, what, words string, most int) *Refusal {
	if strings.TrimSpace(words) == "" {
		return invalid(rule, "Please give %s.", what)
	}
	return checkOptional(rule, what, words, most)
}

// checkOptional is checkWords for words that may be left out. It refuses words
// that are too long, not UTF-8, nothing but characters that can't be seen, or
// that hold a character that reorders or hides others, and says which.
func checkOptional(rule, what, words string, most int) *Refusal {
	if !utf8.ValidString(words) {
		return invalid(rule, "Please write %s in plain text.", what)
	}
	if n := utf8.RuneCountInString(words); n > most {
		return invalid(rule, "Please shorten %s: it has %d characters, and %d fit.", what, n, most)
	}
	if words != "" && isBlank(words) {
		return invalid(rule, "Please give %s: what was sent has nothing in it that can be read.", what)
	}
	if place, r, does := illegible(words); place != 0 {
		return invalid(rule, "Please take character %d (%U) out of %s: %s.", place, r, asKnown(what), does)
	}
	return nil
}

// checkRef refuses what can't be a reference or code: anything but up to 60
// letters, digits and -_.
func checkRef(rule, what, ref string) *Refusal {
	if ref == "" || len(ref) > 60 || strings.ContainsFunc(ref, func(r rune) bool {
		return r > unicode.MaxASCII || !(unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_.", r))
	}) {
		return invalid(rule, "%q can't be %s: use letters, digits and hyphens.", Clip(ref), what)
	}
	return nil
}

// sameWords says whether the two differ at most by capital letters and by the
// spaces between the words.
func sameWords(a, b string) bool {
	return strings.EqualFold(strings.Join(strings.Fields(a), " "), strings.Join(strings.Fields(b), " "))
}

// sameLines says whether the two differ at most by how their lines end.
func sameLines(a, b string) bool {
	lines := func(s string) string { return strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n")) }
	return lines(a) == lines(b)
}

// like is the key that is the same as the name, or differs only by capital and
// small letters; "" if there is none.
func like[V any](named map[string]V, name string) string {
	if _, same := named[name]; same {
		return name
	}
	var found string // the first in order, so that an old ledger with several gives one answer
	for key := range named {
		if strings.EqualFold(key, name) && (found == "" || key < found) {
			found = key
		}
	}
	return found
}

// onlyByCase goes on in a refusal that names what there is already, where the new
// name is not quite the same.
func onlyByCase(had, name string) string {
	if had == name {
		return ""
	}
	return ", and " + name + " differs from it only by capital letters"
}

// Clip shortens what somebody sent to 60 characters, so that an answer can quote it.
func Clip(s string) string { return ClipTo(s, 60) }

// ClipTo shortens what somebody sent to so many characters, without those that hide others.
func ClipTo(s string, most int) string {
	if len(s) > 4*most {
		s = s[:4*most] // enough for most runes
	}
	s = strings.Map(func(r rune) rune {
		if Hides(r) {
			return '?'
		}
		return r
	}, s)
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// Count writes "1 practice", "2 practices".
func Count(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return Thousands(n) + " " + one + "s"
}

// Thousands writes "12,000".
func Thousands(n int) string { return strings.TrimPrefix(Pence(n*100).String(), "£") }

// List writes "a, b and c".
func List(items []string) string { return join(items, "and") }

// ListApart is List, with semicolons where an item has a comma of its own.
func ListApart(items []string) string {
	last := len(items) - 1
	if last < 1 || !strings.Contains(strings.Join(items, ""), ",") {
		return List(items)
	}
	return strings.Join(items[:last], "; ") + "; and " + items[last]
}

func join(items []string, word string) string {
	switch n := len(items); n {
	case 0:
		return ""
	case 1:
		return items[0]
	default:
		return strings.Join(items[:n-1], ", ") + " " + word + " " + items[n-1]
	}
}

// Clause is somebody's words without the stop at their end, for a sentence that goes on
// after them.
func Clause(s string) string { return strings.TrimRight(strings.TrimSpace(s), ".") }

// Sentence ends what may end with somebody's own words: with a stop, unless those ask or
// exclaim.
func Sentence(s string) string {
	s = Clause(s)
	if strings.HasSuffix(s, "?") || strings.HasSuffix(s, "!") {
		return s
	}
	return s + "."
}

// FirstUpper starts a sentence.
func FirstUpper(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return s
	}
	return string(unicode.ToUpper(r)) + s[n:]
}

// asKnown names once more what was named before: "the title" for "a title".
func asKnown(what string) string {
	if rest, ok := strings.CutPrefix(what, "a "); ok {
		return "the " + rest
	}
	return what
}
