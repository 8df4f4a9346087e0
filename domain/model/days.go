package model

import (
	"time"

	"goldenthread/domain"
)

// A day is a London day as the events count it: 1 January of year 1 is day 1.
type day = domain.Day

// The model counts days by itself: it asks the production code neither for a
// day's date nor for a moment's day.

func leap(year int) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

func daysOf(year, month int) int {
	switch month {
	case 2:
		if leap(year) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// dayOfDate counts the days up to a date, from 2000 on. 1 January 2000 is day
// 730,120.
func dayOfDate(year, month, date int) day {
	d := 730120
	for y := 2000; y < year; y++ {
		d += 365
		if leap(y) {
			d++
		}
	}
	for m := 1; m < month; m++ {
		d += daysOf(year, m)
	}
	return day(d + date - 1)
}

// dateOf is the day's date.
func dateOf(d day) (year, month, date int) {
	year, month = 2000, 1
	left := int(d) - 730120
	for {
		n := 365
		if leap(year) {
			n++
		}
		if left < n {
			break
		}
		left -= n
		year++
	}
	for left >= daysOf(year, month) {
		left -= daysOf(year, month)
		month++
	}
	return year, month, left + 1
}

// yearsLater is the same date so many years later; 29 February becomes 1 March.
func yearsLater(d day, years int) day {
	y, m, date := dateOf(d)
	if date > daysOf(y+years, m) {
		return dayOfDate(y+years, m, daysOf(y+years, m)) + 1
	}
	return dayOfDate(y+years, m, date)
}

// lastSunday is the date of the month's last Sunday. Day 7 was a Sunday, and
// so is every seventh day since.
func lastSunday(year, month int) int {
	date := daysOf(year, month)
	for dayOfDate(year, month, date)%7 != 0 {
		date--
	}
	return date
}

// londonDay is the London day of a moment: clocks go forward at 01:00 UTC on
// the last Sunday of March, and back at 01:00 UTC on that of October.
func londonDay(t time.Time) day {
	seconds := t.Unix()
	utc := day(seconds/86400) + 719163
	if seconds%86400 < 23*3600 {
		return utc // an hour later is the same day
	}
	year, _, _ := dateOf(utc)
	at := func(month int) int64 {
		return int64(dayOfDate(year, month, lastSunday(year, month))-719163)*86400 + 3600
	}
	if seconds >= at(3) && seconds < at(10) {
		seconds += 3600
	}
	return day(seconds/86400) + 719163
}
