package domain

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Values as people write them, in forms and on the command line.

// dayForms are dates as people write them.
var dayForms = []string{"2 January 2006", "2 Jan 2006", "2/1/2006", "2.1.2006", "2-1-2006", time.DateOnly}

// ReadDay reads a date: 9 March 2026, 9 Mar 2026, 9/3/2026, or 2026-03-09. The
// error is ErrYear where it is a date, and its year can't be meant.
func ReadDay(s string) (Day, error) {
	for _, form := range dayForms {
		if t, err := time.Parse(form, strings.TrimSpace(s)); err == nil {
			return ParseDay(t.Format(time.DateOnly))
		}
	}
	return ParseDay(s)
}

var errPence = errors.New("write the amount in pounds, such as 12,000 or 12,000.50")

// ReadPence reads a sum in pounds: 12000, £12,000, 12,000.50 or 12k. Commas stand
// between thousands, or it is no sum.
func ReadPence(s string) (Pence, error) {
	s = strings.NewReplacer("£", "", " ", "").Replace(s)
	digits, thousands := strings.CutSuffix(strings.ToLower(s), "k")
	pounds, pence, hasPence := strings.Cut(digits, ".")
	groups := strings.Split(pounds, ",")
	for i, g := range groups {
		if g == "" || i > 0 && len(g) != 3 || i == 0 && len(groups) > 1 && len(g) > 3 {
			return 0, errPence
		}
	}
	switch {
	case !hasPence:
		pence = "00"
	case thousands && len(pence) == 1:
		pence += "0"
	}
	sum, err := strconv.ParseUint(strings.Join(groups, "")+pence, 10, 53)
	if err != nil || len(pence) != 2 {
		return 0, errPence
	}
	if thousands {
		sum *= 1000
	}
	return Pence(sum), nil
}

// timeForms are times of day as people write them, in small letters and without spaces.
var timeForms = []string{"15:04", "15.04", "3pm", "3:04pm", "3.04pm"}

// ReadTime reads a time of day: 7pm, 7:30pm or 19:30. It comes back as 19:30.
func ReadTime(s string) (string, error) {
	s = strings.ToLower(strings.ReplaceAll(s, " ", ""))
	for _, form := range timeForms {
		if t, err := time.Parse(form, s); err == nil {
			return t.Format("15:04"), nil
		}
	}
	return "", errors.New("write the time like 7pm, 7:30pm or 14:00")
}

// TimeWords writes a time of day as people do: 7pm, 7:30pm. What isn't one stays as it is.
func TimeWords(at string) string {
	t, err := time.Parse("15:04", at)
	if err != nil {
		return at
	}
	return strings.Replace(t.Format("3:04pm"), ":00", "", 1)
}

// Read puts one value, as people write it, into the command's member: v is that
// of a pointer's kind too. Kinds that hold several values take one more at each
// call; rows, groups and bytes can't be written so, and the error says that.
func (f *Field) Read(v reflect.Value, s string) error {
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	switch f.Kind {
	case DateField:
		d, err := ReadDay(s)
		switch {
		case errors.Is(err, ErrYear):
			return fmt.Errorf("“%s”: %w", Clip(s), ErrYear)
		case err != nil:
			return fmt.Errorf("“%s” is not a date; write it like 9 March 2026", Clip(s))
		}
		v.SetInt(int64(d))
	case MoneyField:
		sum, err := ReadPence(s)
		v.SetInt(int64(sum))
		return err
	case TimeField:
		at, err := ReadTime(s)
		v.SetString(at)
		return err
	case MatterField:
		v.SetString(ReadMatter(s))
	case NumberField:
		return f.readNumber(v, s)
	case YesField:
		yes, err := strconv.ParseBool(s)
		v.SetBool(yes)
		return err
	case ChoicesField, RefsField, RankedField, LinesField, RowsField:
		return f.readOneMore(v, s)
	case GroupField, BytesField:
		return fmt.Errorf("%s can't be written in one field", f.Name)
	default:
		v.SetString(s)
	}
	return nil
}

// SmallNumbers are numbers that people write as words, by their value.
var SmallNumbers = [...]string{"no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"}

// ReadMonths reads a term: 6, 6 months, six months, 1 year, two years.
func ReadMonths(s string) (int, error) {
	number, unit, _ := strings.Cut(strings.ToLower(strings.TrimSpace(s)), " ")
	n, err := strconv.ParseUint(number, 10, 16)
	if i := slices.Index(SmallNumbers[:], number); i >= 0 {
		n, err = uint64(i), nil
	}
	switch strings.TrimSpace(unit) {
	case "", "month", "months":
	case "year", "years":
		n *= 12
	default:
		err = strconv.ErrSyntax
	}
	if err != nil {
		return 0, errors.New("write the term as a whole number of months, such as 6, or in years")
	}
	return int(n), nil
}

func (f *Field) readNumber(v reflect.Value, s string) error {
	n, err := strconv.ParseUint(strings.TrimSpace(s), 10, 53)
	if f.Unit == "months" {
		months, wrong := ReadMonths(s)
		n, err = uint64(months), wrong
	}
	switch {
	case err != nil && f.Unit == "months":
		return err
	case err != nil:
		return errors.New("write a whole number, such as 7")
	case v.CanUint():
		v.SetUint(n)
	default:
		v.SetInt(int64(n))
	}
	return nil
}

// A lineItem is written on one line.
type lineItem interface {
	readLine(string)
	line() string
}

// readOneMore appends to what holds several. The words of a row that is chosen as
// a whole are its fields, in their order.
func (f *Field) readOneMore(v reflect.Value, s string) error {
	if f.Each == nil {
		if slices.Contains(f.Of, "matter") {
			s = ReadMatter(s)
		}
		v.Set(reflect.Append(v, reflect.ValueOf(s)))
		return nil
	}
	row := reflect.New(v.Type().Elem()).Elem()
	if item, ok := row.Addr().Interface().(lineItem); ok && f.Kind == LinesField {
		item.readLine(s)
		v.Set(reflect.Append(v, row))
		return nil
	}
	if f.Of == nil {
		return fmt.Errorf("%s can't be written in one field", f.Name)
	}
	for i, word := range strings.Fields(s) {
		if i < len(f.Each.Fields) {
			if err := f.Each.Fields[i].Read(row.FieldByIndex(f.Each.Fields[i].Index), word); err != nil {
				return err
			}
		}
	}
	v.Set(reflect.Append(v, row))
	return nil
}

// Written is the member's value as people write it, as Read reads it; several for
// a kind that holds several. Nothing is written for what says nothing.
func (f *Field) Written(v reflect.Value) []string {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil
		}
		v = v.Elem()
	} else if v.IsZero() {
		return nil
	}
	switch f.Kind {
	case DateField:
		return []string{Day(v.Int()).Words()}
	case MatterField:
		return []string{FirstUpper(MatterWords(v.String()))}
	case MoneyField:
		return []string{strings.TrimPrefix(Pence(v.Int()).String(), "£")}
	case ChoicesField, RefsField, RankedField, LinesField, RowsField:
		var all []string
		for i := range v.Len() {
			all = append(all, f.writtenItem(v.Index(i)))
		}
		return all
	case GroupField, BytesField:
		return nil
	}
	return []string{fmt.Sprint(v.Interface())}
}

func (f *Field) writtenItem(v reflect.Value) string {
	if f.Each == nil {
		if slices.Contains(f.Of, "matter") {
			return FirstUpper(MatterWords(v.String()))
		}
		return v.String()
	}
	if item, ok := v.Addr().Interface().(lineItem); ok && f.Kind == LinesField {
		return item.line()
	}
	var words []string
	for i := range f.Each.Fields {
		of, value := &f.Each.Fields[i], v.FieldByIndex(f.Each.Fields[i].Index)
		if of.Kind == MatterField && !value.IsZero() { // its name has several words
			words = append(words, value.String())
			continue
		}
		words = append(words, of.Written(value)...)
	}
	return strings.Join(words, " ")
}

// An item of an agenda is its title, with the matter, or what it is about, in front.
func cutItem(s string) (before, title string) {
	before, title, named := strings.Cut(s, ": ")
	if !named || strings.ContainsAny(before, " ,.") {
		return "", s
	}
	return before, title
}

func joinItem(before, title string) string {
	if before == "" {
		return title
	}
	return before + ": " + title
}

func (c *AgendaItem) line() string { return joinItem(c.Matter, c.Title) }

func (c *AgendaItem) readLine(s string) {
	c.Matter, c.Title = cutItem(s)
	if strings.ToLower(c.Matter) != c.Matter {
		c.Matter, c.Title = "", s
	}
}

func (c *GroupAgendaItem) line() string {
	return joinItem(c.About, joinItem(c.Matter, c.Title))
}

func (c *GroupAgendaItem) readLine(s string) {
	before, title := cutItem(s)
	if isNumber(before) || isGroupMeeting(before) {
		c.About = before
		s = title
		before, title = cutItem(s)
	}
	if strings.ToLower(before) != before { // the title's own words
		before, title = "", s
	}
	c.Matter, c.Title = before, title
}

// isNumber says whether it is a short number, such as P4.
func isNumber(s string) bool {
	return len(s) > 1 && s[0] >= 'A' && s[0] <= 'Z' && strings.Trim(s[1:], "0123456789") == ""
}

func (c *ItemDecision) line() string {
	if c.Words == "" {
		return c.Ref
	}
	return joinItem(c.Ref, c.Words)
}

func (c *ItemDecision) readLine(s string) {
	switch before, words := cutItem(s); {
	case isNumber(s):
		c.Ref = s
	case isNumber(before):
		c.Ref, c.Words = before, words
	default:
		c.Words = s
	}
}
