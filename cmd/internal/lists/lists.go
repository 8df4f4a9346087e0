// Package lists reads the lists of the Organisation Data Service: CSV files whose
// columns are found by their names. The command line, the example place and the
// made-up England read them. It imports domain alone.
package lists

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"goldenthread/domain"
)

// Portion is how many organisations go into one command.
const Portion = 100

// A Line is one line of a file whose columns have names.
type Line struct {
	file   string
	number int
	names  []string
	cells  []string
}

// ReadFile reads a file line by line; what add returns as an error ends it.
func ReadFile(name string, add func(Line) error) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return Read(name, f, add)
}

// epraccur are the columns of epraccur.csv, which has no heading line, as far as
// they are read (Organisation Data Service, GP practices and prescribing cost
// centres). join and left are its days at the commissioner that parent names; role is
// the prescribing setting, 4 for a GP practice.
var epraccur = map[int]string{0: "ods", 1: "name", 10: "open", 11: "close", 12: "status", 14: "parent", 15: "join", 16: "left", 25: "role"}

const epraccurColumns = 27

var practiceCode = regexp.MustCompile(`^[A-Z][0-9]{5}$`)

// headless are the names of the columns of a file whose first line is no heading
// but a practice of epraccur.csv; nil for any other file.
func headless(first []string) []string {
	if len(first) != epraccurColumns || !practiceCode.MatchString(first[0]) {
		return nil
	}
	names := make([]string, len(first))
	for i, name := range epraccur {
		names[i] = name
	}
	return names
}

// Read reads CSV line by line: with a heading line, or as epraccur.csv, which has
// none. The name is for errors.
func Read(name string, in io.Reader, add func(Line) error) error {
	r := csv.NewReader(in)
	first, err := r.Read()
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	first[0] = strings.TrimPrefix(first[0], "\ufeff")
	heading := headless(first)
	if heading == nil {
		heading = first
	} else if err := add(Line{name, 1, heading, first}); err != nil {
		return err
	}
	for {
		cells, err := r.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		number, _ := r.FieldPos(0)
		if err := add(Line{name, number, heading, cells}); err != nil {
			return err
		}
	}
}

// Has says whether there is such a column.
func (l *Line) Has(name string) bool { return slices.Contains(l.names, name) }

// First is what the first of these columns says that is there and not blank;
// "" where none is.
func (l *Line) First(names ...string) string {
	for _, name := range names {
		if i := slices.Index(l.names, name); i >= 0 && strings.TrimSpace(l.cells[i]) != "" {
			return strings.TrimSpace(l.cells[i])
		}
	}
	return ""
}

// Day is the day in the column, written 20260101 or 2026-01-01; none (0) where the
// column is blank.
func (l *Line) Day(name string) (domain.Day, error) {
	s := l.First(name)
	if s == "" {
		return 0, nil
	}
	if len(s) == 8 {
		s = s[:4] + "-" + s[4:6] + "-" + s[6:]
	}
	d, err := domain.ParseDay(s)
	switch {
	case errors.Is(err, domain.ErrYear):
		return 0, l.Wrong(name, "is not a date: "+domain.ErrYear.Error())
	case err != nil:
		return 0, l.Wrong(name, "is not a date")
	}
	return d, nil
}

var listSizeColumn = regexp.MustCompile(`^list_size_(\d{4}-\d{2})$`)

// ListSizes are the registered patients, from columns such as list_size_2026-01.
func (l *Line) ListSizes() ([]domain.ListRow, error) {
	var sizes []domain.ListRow
	for _, name := range l.names {
		m := listSizeColumn.FindStringSubmatch(name)
		if m == nil || l.First(name) == "" {
			continue
		}
		month, err := time.Parse("2006-01", m[1])
		if err != nil {
			return nil, l.Wrong(name, "names no month")
		}
		patients, err := strconv.Atoi(l.First(name))
		if err != nil {
			return nil, l.Wrong(name, "is not a number of patients")
		}
		sizes = append(sizes, domain.ListRow{On: domain.NewDay(month.Date()), Patients: patients})
	}
	return sizes, nil
}

// Wrong is an error about a column of this line.
func (l *Line) Wrong(column, why string) error {
	return fmt.Errorf("%s, line %d: %s %s", l.file, l.number, column, why)
}
