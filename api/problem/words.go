package problem

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Plain says whether the words can be used: UTF-8 without control characters.
func Plain(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}
