package main

import (
	"context"
	"strconv"
	"strings"
	"time"

	"goldenthread/domain"
	"goldenthread/projections"
)

// fetchBelow asks for what lies below the group.
func fetchBelow[T any](ctx context.Context, c *client, below string) (*T, error) {
	path, err := c.path(below)
	if err != nil {
		return nil, err
	}
	return fetch[T](ctx, c, path, nil)
}

// unless adds an item, unless there is nothing to say.
func (p *page) unless(nothing bool, format string, args ...any) {
	if !nothing {
		p.item(format, args...)
	}
}

func whoWords(who []projections.Who) string {
	var names []string
	for _, w := range who {
		names = append(names, w.Office)
	}
	return strings.Join(names, "; ") // an office has commas of its own
}

func bodyWords(bodies []projections.Body) string {
	var names []string
	for _, b := range bodies {
		names = append(names, b.Name)
	}
	return strings.Join(names, ", ")
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

// momentWords writes a moment as people in London say it.
func momentWords(t time.Time) string {
	return domain.DayOf(t).Words() + ", " + t.In(domain.London()).Format("3:04pm")
}

// indexWords is an event's index, or a dash where there is none.
func indexWords(i uint64) string {
	if i == 0 {
		return "–"
	}
	return strconv.FormatUint(i, 10)
}

// number writes 248911 as 248,911.
func number(n int) string { return strings.TrimPrefix(domain.Pence(n*100).String(), "£") }
