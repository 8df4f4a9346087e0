package lists

import (
	"fmt"
	"strings"

	"goldenthread/domain"
)

// A Fault is something in a file that can't be taken, in words for whoever
// brought the file. Nothing of a file with a fault is used.
type Fault struct {
	File   string `json:"file,omitempty"`   // its name, as it was brought
	Row    int    `json:"row,omitempty"`    // as a spreadsheet counts, the first line being 1; 0: the file as a whole
	Column string `json:"column,omitempty"` // its heading; "" for the row as a whole
	Say    string `json:"say"`              // one sentence or more
}

// Error is the fault in one line: "people.csv, row 4, Office: Enter an office."
func (f Fault) Error() string {
	where := f.File
	for _, part := range []string{rowWords(f.Row), f.Column} {
		if where != "" && part != "" {
			where += ", "
		}
		where += part
	}
	if where == "" {
		return f.Say
	}
	return where + ": " + f.Say
}

func rowWords(row int) string {
	if row == 0 {
		return ""
	}
	return fmt.Sprintf("row %d", row)
}

// Faults are all that is wrong, in the order of the rows.
type Faults []Fault

// Error is every fault on a line of its own.
func (fs Faults) Error() string {
	lines := make([]string, len(fs))
	for i, f := range fs {
		lines[i] = f.Error()
	}
	return strings.Join(lines, "\n")
}

// err is the faults as an error; nil if there are none.
func (fs Faults) err() error {
	if len(fs) == 0 {
		return nil
	}
	return fs
}

// mostFaults is how many faults of one file are named. A file with more is most
// likely another kind of file.
const mostFaults = 200

// faulty collects the faults of one file.
type faulty struct {
	file  string
	found Faults
	more  int
}

func (f *faulty) add(row int, column, format string, args ...any) {
	if len(f.found) == mostFaults {
		f.more++
		return
	}
	f.found = append(f.found, Fault{f.file, row, column, fmt.Sprintf(format, args...)})
}

// all are the faults, with a last one that counts those not named.
func (f *faulty) all() Faults {
	if f.more > 0 {
		return append(f.found, Fault{File: f.file, Say: fmt.Sprintf("There are %s more. Is this the right file?", domain.Count(f.more, "fault"))})
	}
	return f.found
}
