package domain

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// number is the next short number of that letter, such as P7. People say them
// aloud. It counts as taken once an event that carries it is applied, so a turn
// that needs several has its own state.
func (t *asking) number(letter byte) string { return t.s.nextNumber(letter) }

func (s *head) nextNumber(letter byte) string {
	return string(letter) + strconv.Itoa(s.counts[letter-'A']+1)
}

// took notes that a short number has been given out.
func (s *head) took(number string) {
	letter := int(number[0]) - 'A'
	if n, err := strconv.Atoi(number[1:]); err == nil && letter >= 0 && letter < len(s.counts) {
		s.counts[letter] = max(s.counts[letter], n)
	}
}

// SortedNumbers are the map's short numbers, in the order in which they were given.
func SortedNumbers[V any](m map[string]V) []string {
	ns := make([]string, 0, len(m))
	for n := range m {
		ns = append(ns, n)
	}
	slices.SortFunc(ns, compareNumbers)
	return ns
}

// compareNumbers orders short numbers as they were given.
func compareNumbers(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}
