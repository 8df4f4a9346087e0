package api

import (
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"

	"goldenthread/api/web"
	"goldenthread/domain"
)

// A filling is a form as it was filled in. What can't be read is remembered as
// its faults; the domain judges the rest.
type filling struct {
	values url.Values
	path   func(string) string // of the page's address
	faults unreadable
}

// unreadable is what of a form can't be read, by field.
type unreadable []web.Fault

func (u unreadable) Error() string { return u[0].Say }

// refuse remembers that the form as a whole can't be taken.
func (f *filling) refuse(r *domain.Refusal) { f.faults = append(f.faults, web.Fault{Say: r.Say}) }

// wrong remembers that a field can't be read; its label comes before the sentence.
func (f *filling) wrong(name, say string) {
	f.faults = append(f.faults, web.Fault{Part: name, Say: say, Bare: true})
}

// words are what was written, without the line ends of forms.
func (f *filling) words(name string) string {
	return strings.TrimSpace(strings.ReplaceAll(f.values.Get(name), "\r\n", "\n"))
}

// chosen are all that were ticked.
func (f *filling) chosen(name string) []string { return f.values[name] }

func (f *filling) ticked(name string) bool { return f.values.Get(name) == "true" }

// lines are what was written on lines of their own.
func (f *filling) lines(name string) []string {
	var lines []string
	for line := range strings.SplitSeq(f.words(name), "\n") {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// day reads a date; none is no day.
func (f *filling) day(name string) domain.Day {
	s := f.words(name)
	if s == "" {
		return 0
	}
	d, err := readDay(s)
	switch {
	case errors.Is(err, domain.ErrYear):
		f.wrong(name, "“"+clip(s)+"”: "+domain.ErrYear.Error()+".")
	case err != nil:
		f.wrong(name, "“"+clip(s)+"” is not a date; write it like 9 March 2026.")
	}
	return d
}

// dayForms are dates as people write them.
var dayForms = []string{"2 January 2006", "2 Jan 2006", "2/1/2006", "2.1.2006", "2-1-2006"}

// readDay reads a date: 9 March 2026, 9 Mar 2026, 9/3/2026, or 2026-03-09.
func readDay(s string) (domain.Day, error) {
	for _, form := range dayForms {
		if t, err := time.Parse(form, s); err == nil {
			s = t.Format(time.DateOnly)
			break
		}
	}
	return domain.ParseDay(s)
}

// version reads which version somebody had before them.
func (f *filling) version(name string) int {
	n, err := strconv.Atoi(f.words(name))
	if err != nil {
		f.refuse(invalid("C2", "The form does not say which version it is about. Please open the page again."))
	}
	return n
}

// pounds reads a sum in pounds; none is not said.
func (f *filling) pounds(name string) *domain.Pence {
	p, r := readPounds(f.words(name))
	if r != nil {
		f.wrong(name, r.Say)
	}
	return p
}

// months reads a term; none is not said.
func (f *filling) months(name string) *int {
	n, r := readMonths(f.words(name))
	if r != nil {
		f.wrong(name, r.Say)
	}
	return n
}

// readPounds reads a sum as people write it: 12000, £12,000 or 12,000.50.
func readPounds(s string) (*domain.Pence, *domain.Refusal) {
	s = strings.NewReplacer("£", "", ",", "", " ", "").Replace(s)
	if s == "" {
		return nil, nil
	}
	pounds, pence, part := strings.Cut(s, ".")
	if !part {
		pence = "00"
	}
	sum, err := strconv.ParseUint(pounds+pence, 10, 53)
	if err != nil || len(pence) != 2 || pounds == "" {
		return nil, invalid("D4", "Write the amount in pounds, such as 12,000 or 12,000.50.")
	}
	return new(domain.Pence(sum)), nil
}

func readMonths(s string) (*int, *domain.Refusal) {
	if s == "" {
		return nil, nil
	}
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil {
		return nil, invalid("D4", "Write the term as a whole number of months, such as 6.")
	}
	return new(int(n)), nil
}
