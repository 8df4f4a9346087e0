package problem

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"goldenthread/domain"
)

// Clip shortens what somebody sent, so that an answer can quote it.
func Clip(s string) string { return ClipTo(s, 60) }

func ClipTo(s string, most int) string {
	if len(s) > 4*most {
		s = s[:4*most] // enough for most runes
	}
	s = strings.Map(func(r rune) rune {
		if domain.Hides(r) {
			return '?'
		}
		return r
	}, s)
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// Plain says whether the words can be used: UTF-8 without control characters.
func Plain(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}
