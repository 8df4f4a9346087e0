package domain

import "strconv"

// number is the next short number of that letter, such as P7. People say them
// aloud. It counts as taken once an event that carries it is applied, so a turn
// that needs several has its own state.
func (t *turn) number(letter byte) string { return t.s.nextNumber(letter) }

func (s *State) nextNumber(letter byte) string {
	return string(letter) + strconv.Itoa(s.counts[letter-'A']+1)
}

// took notes that a short number has been given out.
func (s *State) took(number string) {
	letter := int(number[0]) - 'A'
	if n, err := strconv.Atoi(number[1:]); err == nil && letter >= 0 && letter < len(s.counts) {
		s.counts[letter] = max(s.counts[letter], n)
	}
}
