package lists

import (
	"strings"
	"time"

	"goldenthread/domain"
)

// dayForms are how lists and people write dates: 2026-04-01, 20260401, 01-Apr-26,
// 01APR2026, 1 April 2026, 01/04/2026 (the day comes first, as everywhere in England).
var dayForms = []string{
	"2006-01-02", "20060102", "2-Jan-06", "2-Jan-2006", "02Jan2006", "2 January 2006", "2 Jan 2006", "2 Jan 06",
	"2/1/2006", "2/1/06", "2.1.2006", "2-1-2006", "2006-01-02 15:04:05", "2006-01-02T15:04:05",
	"2/1/2006 15:04", "2/1/2006 15:04:05",
}

// ReadDay reads a date as lists and people write it; false where it is none, or none
// that can be meant.
func ReadDay(s string) (domain.Day, bool) {
	s = strings.Join(strings.Fields(s), " ")
	if i := strings.IndexFunc(s, func(r rune) bool { return r >= 'A' && r <= 'z' }); i > 0 {
		s = capitalMonth(s) // time knows Apr and April, not APR and Sept
	}
	for _, form := range dayForms {
		if t, err := time.Parse(form, s); err == nil {
			return domain.NewDay(t.Date()), t.Year() >= domain.FirstYear && t.Year() <= domain.LastYear
		}
	}
	return 0, false
}

// capitalMonth writes the letters of a date as Apr.
func capitalMonth(s string) string {
	letters, upper := []byte(strings.ToLower(strings.ReplaceAll(strings.ToLower(s), "sept ", "sep "))), true
	for i, b := range letters {
		is := b >= 'a' && b <= 'z'
		if is && upper {
			letters[i] = b - 'a' + 'A'
		}
		upper = !is
	}
	return string(letters)
}

// Day is the day in the first of these columns that is not blank; none (0) where all
// are. What is no date is a fault.
func (l *Line) Day(names ...string) domain.Day {
	s := l.First(names...)
	if s == "" {
		return 0
	}
	d, ok := ReadDay(s)
	if !ok {
		l.wrong(names, "%q is not a date. Write it like 9 March 2026 or 2026-03-09.", domain.Clip(s))
		return 0
	}
	return d
}
