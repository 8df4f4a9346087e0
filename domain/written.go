package domain

import (
	"errors"
	"fmt"
	"reflect"
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
			return fmt.Errorf("“%s”: %w", clip(s), ErrYear)
		case err != nil:
			return fmt.Errorf("“%s” is not a date; write it like 9 March 2026", clip(s))
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
	case NumberField:
		return f.readNumber(v, s)
	case YesField:
		yes, err := strconv.ParseBool(s)
		v.SetBool(yes)
		return err
	case ChoicesField, RefsField, LinesField:
		if v.Type().Elem().Kind() == reflect.String {
			v.Set(reflect.Append(v, reflect.ValueOf(s)))
			return nil
		}
		return f.readRow(v, s)
	case RowsField:
		return f.readRow(v, s)
	case GroupField, BytesField:
		return fmt.Errorf("%s can't be written in one field", f.Name)
	default:
		v.SetString(s)
	}
	return nil
}

func (f *Field) readNumber(v reflect.Value, s string) error {
	n, err := strconv.ParseUint(strings.TrimSpace(s), 10, 53)
	switch {
	case err != nil && f.Unit == "months":
		return errors.New("write the term as a whole number of months, such as 6")
	case err != nil:
		return errors.New("write a whole number, such as 7")
	case v.CanUint():
		v.SetUint(n)
	default:
		v.SetInt(int64(n))
	}
	return nil
}

// readRow appends a row that is chosen as a whole: the words of its value are its
// fields, in their order.
func (f *Field) readRow(v reflect.Value, s string) error {
	if f.Of == nil {
		return fmt.Errorf("%s can't be written in one field", f.Name)
	}
	row := reflect.New(v.Type().Elem()).Elem()
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
	case MoneyField:
		return []string{strings.TrimPrefix(Pence(v.Int()).String(), "£")}
	case RowsField, GroupField, BytesField:
		return f.writtenRows(v)
	case ChoicesField, RefsField, LinesField:
		var all []string
		for i := range v.Len() {
			all = append(all, v.Index(i).String())
		}
		return all
	}
	return []string{fmt.Sprint(v.Interface())}
}

// writtenRows are rows that are chosen as a whole.
func (f *Field) writtenRows(v reflect.Value) []string {
	if f.Of == nil || f.Kind != RowsField {
		return nil
	}
	var all []string
	for i := range v.Len() {
		var words []string
		for j := range f.Each.Fields {
			words = append(words, f.Each.Fields[j].Written(v.Index(i).FieldByIndex(f.Each.Fields[j].Index))...)
		}
		all = append(all, strings.Join(words, " "))
	}
	return all
}
