package pages

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"goldenthread/api/problem"
	"goldenthread/api/web"
	"goldenthread/domain"
)

// A filling is a form as it was filled in. What can't be read is remembered as
// its faults; the domain judges the rest.
type filling struct {
	values url.Values
	path   func(string) string // of the page's address
	came   map[string]string   // where rows stood before empty ones were taken out, by where they stand now
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

// origin is where the part of the command was filled in, rows having been left out.
func (f *filling) origin(part string) string {
	name := strings.ReplaceAll(strings.TrimPrefix(part, "/"), "/", "-")
	for _, to := range slices.SortedFunc(maps.Keys(f.came), func(a, b string) int { return len(a) - len(b) }) {
		if rest, ok := strings.CutPrefix(name, to); ok {
			name = f.came[to] + rest
		}
	}
	if name == "" {
		return part
	}
	return partOf(name)
}

// readPounds reads a sum as people write it; none is not said.
func readPounds(s string) (*domain.Pence, *domain.Refusal) {
	if s == "" {
		return nil, nil
	}
	sum, err := domain.ReadPence(s)
	if err != nil {
		return nil, problem.Invalid("D4", "Write the amount in pounds, such as 12,000 or 12,000.50.")
	}
	return &sum, nil
}

func readMonths(s string) (*int, *domain.Refusal) {
	if s == "" {
		return nil, nil
	}
	n, err := domain.ReadMonths(s)
	if err != nil {
		return nil, problem.Invalid("D4", "Write the term as a whole number of months, such as 6, or in years.")
	}
	return &n, nil
}
