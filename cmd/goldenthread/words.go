package main

import (
	"strconv"
	"strings"
	"time"

	"goldenthread/domain"
	"goldenthread/projections"
)

// texts is one text for each of the items.
func texts[T any](items []T, text func(T) string) []string {
	var all []string
	for _, item := range items {
		all = append(all, text(item))
	}
	return all
}

func whoWords(who []projections.Who) string {
	return strings.Join(texts(who, func(w projections.Who) string { return w.Office }), "; ") // an office has commas of its own
}

func bodyWords(bodies []projections.Body) string {
	return strings.Join(texts(bodies, func(b projections.Body) string { return b.Name }), ", ")
}

func orNobody(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// termWords writes ", from 27 January 2026 to 31 December 2026".
func termWords(s domain.Span) string {
	w := ", from " + s.From.Words()
	if s.Until != 0 {
		w += " to " + s.Until.Words()
	}
	return w
}

func spanOf(l *projections.AppointmentLine) string {
	return termWords(domain.Span{From: l.From, Until: l.Until})
}

// dayWords is the day, or a dash where there is none.
func dayWords(d domain.Day) string {
	if d == 0 {
		return "–"
	}
	return d.Words()
}

// momentWords writes a moment as people in London say it, or a dash where there
// is none.
func momentWords(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return domain.DayOf(t).Words() + ", " + t.In(domain.London()).Format("3:04pm")
}

// of writes "24 of 26".
func of(n, all int) string { return domain.Thousands(n) + " of " + domain.Thousands(all) }

// indexWords is an event's index, or a dash where there is none.
func indexWords(i uint64) string {
	if i == 0 {
		return "–"
	}
	return strconv.FormatUint(i, 10)
}
