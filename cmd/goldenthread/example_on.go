package main

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"goldenthread/domain"
)

// The story of an example place is of a fixed year. So that whoever loads it later meets a
// group that is alive, it goes on: each year renews what ends (year.txt), and a few things
// are under way on the day on which it is loaded (now.txt). Nothing of the story, and no
// date of a list, is changed by it.

const (
	firstYear = 2026                // of which the story tells
	restDays  = 25 * 24 * time.Hour // after the end of the story, before which now.txt begins nothing
)

// An episode is what is said at one moment.
type episode struct {
	moment time.Time
	lines  []string
}

// goOn tells what has been going on since the story's end, up to that moment.
func (t *telling) goOn(ctx context.Context, until time.Time) error {
	ended := t.now()
	if until.Sub(ended) < restDays {
		return nil
	}
	var all []episode
	for year := firstYear; year <= until.In(domain.London()).Year(); year++ {
		of, err := t.episodes("year.txt", ofYear(year))
		if err != nil {
			return err
		}
		all = append(all, of...)
	}
	now, err := t.episodes("now.txt", ofDay(domain.DayOf(until)))
	if err != nil {
		return err
	}
	all = append(all, now...)
	slices.SortStableFunc(all, func(a, b episode) int { return cmp.Compare(a.moment.UnixMilli(), b.moment.UnixMilli()) })
	for _, e := range all {
		if e.moment.After(until) {
			break
		}
		for _, line := range e.lines {
			t.line++
			if err := t.do(ctx, line); err != nil {
				return fmt.Errorf("%s: %w", domain.Clip(line), err)
			}
		}
		if err := t.unexpected(); err != nil {
			return err
		}
	}
	return t.setClock(ctx, until.In(domain.London()).Format("2006-01-02 15:04"))
}

// episodes are those of the file, its dates filled in.
func (t *telling) episodes(name string, dates func(string) string) ([]episode, error) {
	b, err := examples.ReadFile(path.Join("example", t.place, name))
	if err != nil {
		return nil, err
	}
	text := strings.ReplaceAll(string(b), "\\\n", "")
	var all []episode
	for line := range strings.Lines(text) {
		line = datePlace.ReplaceAllStringFunc(strings.TrimRight(line, "\n"), dates)
		moment, begins := strings.CutPrefix(line, "on ")
		switch {
		case begins:
			at, err := time.ParseInLocation("2006-01-02 15:04", moment, domain.London())
			if err != nil {
				return nil, err
			}
			all = append(all, episode{at, []string{line}})
		case len(all) > 0 && line != "":
			e := &all[len(all)-1]
			e.lines = append(e.lines, line)
		}
	}
	return all, nil
}

var datePlace = regexp.MustCompile(`\{(Y|N|delegation|appointment|[+-]\d+)\}`)

// ofYear fills in a year, the one after it, and the versions that D1 and R1 have by then.
func ofYear(year int) func(string) string {
	return func(place string) string {
		switch place {
		case "{Y}":
			return strconv.Itoa(year)
		case "{N}":
			return strconv.Itoa(year + 1)
		case "{delegation}":
			return strconv.Itoa(year - firstYear + 2) // its review in June made the second
		}
		return strconv.Itoa(year - firstYear + 1)
	}
}

// ofDay fills in working days so many before or after that one.
func ofDay(today domain.Day) func(string) string {
	return func(place string) string {
		n, err := strconv.Atoi(strings.Trim(place, "{}"))
		must(err)
		step := domain.Day(1)
		if n < 0 {
			step = -1
		}
		day := today + domain.Day(n)
		for w := day.Start().In(domain.London()).Weekday(); w == time.Saturday || w == time.Sunday; w = day.Start().In(domain.London()).Weekday() {
			day += step
		}
		return day.String()
	}
}
