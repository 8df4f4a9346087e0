package domain

import (
	"fmt"
	"strconv"
	"time"
	_ "time/tzdata" // London days must not depend on what the machine has installed
)

// Day is a London day (rule L8), counted from 1 January of year 1, which is
// day 1. The zero Day is "no day given". In JSON it is "2026-03-09".
type Day int32

var (
	london   = mustLoad("Europe/London")
	dayEpoch = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).Unix()/86400 - 1
)

func mustLoad(name string) *time.Location {
	l, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return l
}

// London is the place whose days the ledger counts (rule L8).
func London() *time.Location { return london }

// DayOf is the London day on which t falls.
func DayOf(t time.Time) Day {
	y, m, d := t.In(london).Date()
	return NewDay(y, m, d)
}

// NewDay is the day with that date; out-of-range months and days are carried
// over, as time.Date does.
func NewDay(y int, m time.Month, d int) Day {
	return Day(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix()/86400 - dayEpoch)
}

// FirstYear and LastYear are the years between which dates lie; others are slips
// of the pen.
const FirstYear, LastYear = 1900, 2200

// ErrYear says that a date lies outside of the years that dates may have.
var ErrYear = fmt.Errorf("the year must be between %d and %d", FirstYear, LastYear)

// ParseDay reads "2026-03-09". The error is ErrYear where it is a date, and its
// year can't be meant.
func ParseDay(s string) (Day, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, fmt.Errorf("%q is not a date; write it like 2026-03-09", Clip(s))
	}
	if t.Year() < FirstYear || t.Year() > LastYear {
		return 0, fmt.Errorf("%q can't be meant: %w", s, ErrYear)
	}
	return NewDay(t.Date()), nil
}

// Start is the first moment of the day in London.
func (d Day) Start() time.Time {
	y, m, dd := d.date()
	return time.Date(y, m, dd, 0, 0, 0, 0, london)
}

// End is the last millisecond of the day in London.
func (d Day) End() time.Time { return (d + 1).Start().Add(-time.Millisecond) }

// At is the moment of that time of day in London, such as 14:00; the start of
// the day if it is none.
func (d Day) At(clock string) time.Time {
	t, err := time.Parse("15:04", clock)
	if err != nil {
		return d.Start()
	}
	y, m, dd := d.date()
	return time.Date(y, m, dd, t.Hour(), t.Minute(), 0, 0, london)
}

// Add is the day n days later.
func (d Day) Add(n int) Day { return d + Day(n) }

// AddYears is the same date n years later (29 February becomes 1 March).
func (d Day) AddYears(n int) Day {
	y, m, dd := d.date()
	return NewDay(y+n, m, dd)
}

func (d Day) date() (int, time.Month, int) {
	return time.Unix((int64(d)+dayEpoch)*86400, 0).UTC().Date()
}

// String is the date as machines write it: "2026-03-09"; "" for no day.
func (d Day) String() string {
	if d == 0 {
		return ""
	}
	b, _ := d.AppendText(make([]byte, 0, len(time.DateOnly)))
	return string(b)
}

// Words is the date as people write it: "9 March 2026".
func (d Day) Words() string {
	if d == 0 {
		return "no date"
	}
	y, m, dd := d.date()
	return strconv.Itoa(dd) + " " + m.String() + " " + strconv.Itoa(y)
}

// DayMonth is the date as people say it: "9 March".
func (d Day) DayMonth() string {
	_, m, dd := d.date()
	return strconv.Itoa(dd) + " " + m.String()
}

// AppendText writes the day as String does.
func (d Day) AppendText(b []byte) ([]byte, error) {
	if d == 0 {
		return b, nil
	}
	y, m, dd := d.date()
	if y < 1000 || y > 9999 {
		return time.Unix((int64(d)+dayEpoch)*86400, 0).UTC().AppendFormat(b, time.DateOnly), nil
	}
	b = append(strconv.AppendInt(b, int64(y), 10), '-', byte('0'+m/10), byte('0'+m%10), '-', byte('0'+dd/10), byte('0'+dd%10))
	return b, nil
}

// MarshalText writes the day as String does.
func (d Day) MarshalText() ([]byte, error) { return d.AppendText(nil) }

// UnmarshalText reads what MarshalText writes; "" is no day.
func (d *Day) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*d = 0
		return nil
	}
	p, err := ParseDay(string(b))
	*d = p
	return err
}

// Span is a stretch of days, both ends counted; no Until means open-ended.
type Span struct {
	From  Day `json:"from" doc:"first day on which it holds" optional:"true" ask:"From when?" hint:"Leave it empty to begin at once."`
	Until Day `json:"until,omitzero" doc:"last day on which it holds; none: open-ended" ask:"Until when?" hint:"The last day. Leave it empty for no last day."`
}

// Covers says whether the day lies in the span.
func (s Span) Covers(d Day) bool { return s.From <= d && (s.Until == 0 || d <= s.Until) }

// Words write the span after what it is of: " from 6 January 2026 until 31 December 2026".
func (s Span) Words() string {
	var w string
	if s.From != 0 {
		w = " from " + s.From.Words()
	}
	if s.Until != 0 {
		w += " until " + s.Until.Words()
	}
	return w
}

// overlaps says whether the two spans share a day.
func (s Span) overlaps(o Span) bool {
	return (s.Until == 0 || o.From <= s.Until) && (o.Until == 0 || s.From <= o.Until)
}

// earlier is the earlier of two ends, where 0 is "no end".
func earlier(a, b Day) Day {
	if a == 0 || (b != 0 && b < a) {
		return b
	}
	return a
}
