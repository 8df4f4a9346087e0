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

// checkWords refuses words that are missing, too long, not UTF-8 or hold
// control characters other than line breaks and tabs.
func checkWords(rule, what, words string, most int) *Refusal {
	if strings.TrimSpace(words) == "" {
		return invalid(rule, "Please give %s.", what)
	}
	return checkOptional(rule, what, words, most)
}

// checkOptional is checkWords for words that may be left out.
func checkOptional(rule, what, words string, most int) *Refusal {
	if !utf8.ValidString(words) {
		return invalid(rule, "Please write %s in plain text.", what)
	}
	if n := utf8.RuneCountInString(words); n > most {
		return invalid(rule, "Please shorten %s: it has %d characters, and %d fit.", what, n, most)
	}
	for _, r := range words {
		if unicode.IsControl(r) && r != '\n' && r != '\t' && r != '\r' {
			return invalid(rule, "Please remove the control characters from %s.", what)
		}
	}
	return nil
}

// checkRef refuses what can't be a reference or code: anything but up to 60
// letters, digits and -_.
func checkRef(rule, what, ref string) *Refusal {
	if ref == "" || len(ref) > 60 || strings.ContainsFunc(ref, func(r rune) bool {
		return r > unicode.MaxASCII || !(unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_.", r))
	}) {
		return invalid(rule, "%q can't be %s: use letters, digits and hyphens.", clip(ref), what)
	}
	return nil
}

// clip shortens what somebody sent, so that a refusal can quote it.
func clip(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return '?'
		}
		return r
	}, s)
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}

// count writes "1 practice", "2 practices".
func count(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return thousands(n) + " " + one + "s"
}

func thousands(n int) string { return strings.TrimPrefix(Pence(n*100).String(), "£") }

// list writes "a, b and c".
func list(items []string) string { return join(items, "and") }

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

// sentence ends what may end with somebody's own words.
func sentence(s string) string { return strings.TrimRight(s, ".") + "." }

// firstUpper starts a sentence.
func firstUpper(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}
