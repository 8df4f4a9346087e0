package web

import (
	"fmt"

	"goldenthread/domain"
	"goldenthread/projections"
)

// fewAlone is how many mandates that are due on one day are still listed one by one.
const fewAlone = 2

// WaitingRows are what waits for somebody, with many mandates that are due on one day in one line.
func WaitingRows(items []projections.WaitingItem) []WaitingLine {
	together := map[domain.Day]int{}
	for _, w := range items {
		if w.Kind == projections.WaitingKind(domain.DueMandate) {
			together[w.By]++
		}
	}
	var lines []WaitingLine
	for _, w := range items {
		n := together[w.By]
		switch {
		case w.Kind != projections.WaitingKind(domain.DueMandate) || n <= fewAlone && n > 0:
			lines = append(lines, WaitingLine{w, WaitingPlace(w)})
		case n > 0:
			w.Text = mandatesText(n, w.By)
			lines = append(lines, WaitingLine{w, mandatesDue(w.By)})
			together[w.By] = 0 // the line is there
		}
	}
	return lines
}

// A WaitingLine is a line of what waits for somebody, and where it is done.
type WaitingLine struct {
	projections.WaitingItem
	To string
}

func mandatesText(n int, on domain.Day) string {
	return fmt.Sprintf("%s end or are to be reviewed by %s: renew them together", domain.FirstUpper(domain.Count(n, "mandate")), on.Words())
}

// mandatesDue is where the mandates that are due on that day are renewed together.
func mandatesDue(on domain.Day) string { return "mandates?due=" + on.String() }
