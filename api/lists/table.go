package lists

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"goldenthread/domain"
)

// A File is what somebody uploaded, or pasted under a name of ours.
type File struct {
	Name string
	Body []byte
}

// What one file may hold. The list sizes of all practices in England are some 6,200
// rows and half a megabyte.
const (
	MostBytes   = 16 << 20
	mostRows    = 150_000
	mostColumns = 200
)

// A table is a file being read row by row. Its columns are separated by commas,
// semicolons or tabs, and found by their headings.
type table struct {
	faulty
	headings []string       // as the file writes them; nil if it has none
	columns  map[string]int // by heading, as plain writes it
	reader   *csv.Reader
	text     []byte
	first    []string // the first row, where it is no heading and not read yet
	rows     int      // of a table that people fill in, so far
	inside   int      // line ends inside cells so far, which a spreadsheet counts as no row
}

// A Line is one row of a table. It is good until the next is read.
type Line struct {
	Row   int // as a spreadsheet counts
	table *table
	cells []string
}

// openTable reads a file's first row. noHeading gives the names of the columns of a
// file whose first row is no heading, and nil for any other. The table is nil if the
// file is none.
func openTable(f File, noHeading func(first []string) []string) (*table, Faults) {
	t := &table{faulty: faulty{file: f.Name}}
	text, wrong := decode(f.Body)
	if wrong != "" {
		t.add(0, "", "%s", wrong)
		return nil, t.all()
	}
	t.text, t.reader = text, newReader(text, separator(text))
	first, row := t.record()
	if first == nil {
		t.add(0, "", "There is nothing in this file.")
		return nil, t.all()
	}
	if names := noHeading(first); names != nil {
		t.first = slices.Clone(first)
		t.name(names, row)
		return t, t.found
	}
	t.headings = slices.Clone(first)
	t.name(t.headings, row)
	return t, t.found
}

// name says what the columns are called.
func (t *table) name(names []string, row int) {
	t.columns = map[string]int{}
	if len(names) > mostColumns {
		t.add(row, "", "This row has %s. Is this the right file?", domain.Count(len(names), "column"))
		return
	}
	for i, name := range names {
		key := plain(name)
		if _, twice := t.columns[key]; twice && key != "" {
			t.add(row, strings.TrimSpace(name), "Two columns have this heading. Take one of them out.")
		}
		t.columns[key] = i
	}
}

// each reads every row below the heading that is not blank, and says whether there
// was one.
func (t *table) each(add func(Line)) bool {
	rows := 0
	for {
		cells, row := t.record()
		if cells == nil {
			return rows > 0
		}
		if !slices.ContainsFunc(cells, func(c string) bool { return strings.TrimSpace(c) != "" }) {
			continue
		}
		if rows++; rows > mostRows {
			t.add(row, "", "The file has more than %s rows. Is this the right file?", domain.Thousands(mostRows))
			return true
		}
		if over := slices.IndexFunc(cells[min(len(cells), t.width()):], func(c string) bool { return strings.TrimSpace(c) != "" }); over >= 0 {
			t.add(row, "", "The row has %s, and the heading has %d. Is there a comma or a quotation mark too many?", domain.Count(len(cells), "cell"), t.width())
			continue
		}
		add(Line{row, t, cells})
	}
}

func (t *table) width() int {
	if t.headings == nil {
		return mostColumns
	}
	return len(t.headings)
}

// record is the next row and its number; nil at the end, and after a row that swallows
// those below it.
func (t *table) record() ([]string, int) {
	if first := t.first; first != nil {
		t.first = nil
		return first, 1
	}
	from := t.reader.InputOffset()
	cells, err := t.reader.Read()
	if err == io.EOF {
		return nil, 0
	}
	line, _ := t.reader.FieldPos(0)
	row := line - t.inside
	if err != nil {
		t.add(row, "", "The row can't be read: %v.", err)
		return nil, 0
	}
	inside := 0
	for _, c := range cells {
		inside += strings.Count(c, "\n")
	}
	if inside > 0 && bytes.Count(t.text[from:t.reader.InputOffset()], []byte{'"'})%2 == 1 {
		t.add(row, "", "A quotation mark in this row is never closed, so the rows below it can't be read.")
		return nil, 0
	}
	t.inside += inside
	return cells, row
}

func newReader(text []byte, comma rune) *csv.Reader {
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma, r.FieldsPerRecord, r.LazyQuotes, r.ReuseRecord = comma, -1, true, true
	return r
}

// separator is what separates the columns: the one that makes most of the first row.
func separator(text []byte) rune {
	best, most := ',', 0
	for _, comma := range []rune{'\t', ';', ','} {
		if first, err := newReader(text[:min(len(text), 64<<10)], comma).Read(); err == nil && len(first) > most {
			best, most = comma, len(first)
		}
	}
	return best
}

// notText are the first bytes of files that are not text, and what to do.
var notText = []struct{ begins, say string }{
	{"PK\x03\x04", "This is an Excel workbook or a zip file. Open it, choose Save As, and save the sheet as CSV."},
	{"\xd0\xcf\x11\xe0", "This is an Excel workbook. Open it, choose Save As, and save the sheet as CSV."},
	{"%PDF", "This is a PDF. Bring the list as a CSV file."},
	{"<!", "This is a web page, not a list. Download the CSV file itself."},
	{"<html", "This is a web page, not a list. Download the CSV file itself."},
}

// decode is the file's text: UTF-8 with or without a mark, UTF-16 with one, or else
// Windows-1252, which Excel writes. What is wrong is said where it is none of these.
func decode(b []byte) (text []byte, wrong string) {
	if len(b) > MostBytes {
		return nil, fmt.Sprintf("The file has %d MB, and %d MB fit. Is this the right file?", len(b)>>20, MostBytes>>20)
	}
	switch {
	case bytes.HasPrefix(b, []byte("\xff\xfe")):
		b = fromUTF16(b[2:], 0, 1)
	case bytes.HasPrefix(b, []byte("\xfe\xff")):
		b = fromUTF16(b[2:], 1, 0)
	default:
		b = bytes.TrimPrefix(b, []byte("\ufeff"))
	}
	begins := bytes.ToLower(bytes.TrimSpace(b[:min(len(b), 100)]))
	for _, not := range notText {
		if bytes.HasPrefix(begins, []byte(strings.ToLower(not.begins))) {
			return nil, not.say
		}
	}
	if bytes.IndexByte(b, 0) >= 0 {
		return nil, "This is not a text file. Bring the list as a CSV file."
	}
	if !utf8.Valid(b) {
		decoded, err := charmap.Windows1252.NewDecoder().Bytes(b)
		if err != nil {
			return nil, "This is not a text file. Bring the list as a CSV file."
		}
		b = decoded
	}
	if bytes.IndexByte(b, '\n') < 0 { // line ends of old Macs
		b = bytes.ReplaceAll(b, []byte{'\r'}, []byte{'\n'})
	}
	return b, ""
}

// fromUTF16 reads UTF-16 whose lower byte is at low in each pair.
func fromUTF16(b []byte, low, high int) []byte {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = uint16(b[2*i+low]) | uint16(b[2*i+high])<<8
	}
	return []byte(string(utf16.Decode(units)))
}

// plain is a heading without what makes no difference: capitals, spaces, signs.
// "E-mail address" and "E_MAIL ADDRESS" are both email_address.
func plain(heading string) string {
	words := strings.FieldsFunc(strings.ToLower(strings.ReplaceAll(heading, "e-mail", "email")), func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9')
	})
	return strings.ReplaceAll(strings.Join(words, "_"), "e_mail", "email")
}

// Has says whether there is such a column.
func (l *Line) Has(name string) bool { _, has := l.table.columns[name]; return has }

// First is what the first of these columns says that is there and not blank; ""
// where none is.
func (l *Line) First(names ...string) string {
	for _, name := range names {
		if i, has := l.table.columns[name]; has && i < len(l.cells) {
			if cell := strings.TrimSpace(l.cells[i]); cell != "" {
				return cell
			}
		}
	}
	return ""
}

// heading is the first of these columns that is there, as the file writes it.
func (l *Line) heading(names ...string) string {
	for _, name := range names {
		if i, has := l.table.columns[name]; has {
			if i < len(l.table.headings) {
				return strings.TrimSpace(l.table.headings[i])
			}
			return name
		}
	}
	return ""
}

// wrong adds a fault about the first of these columns that is there.
func (l *Line) wrong(names []string, format string, args ...any) {
	l.table.add(l.Row, l.heading(names...), format, args...)
}

// short says, and adds as a fault, whether the row ends before its last column, as where
// a download broke off.
func (l *Line) short() bool {
	if l.table.headings == nil || len(l.cells) >= len(l.table.headings) {
		return false
	}
	l.table.add(l.Row, "", "The row has %s, and the heading has %d. Did the download break off?", domain.Count(len(l.cells), "cell"), len(l.table.headings))
	return true
}

// ReadLines reads every row of a table that has a heading, and is not blank. The error
// is Faults.
func ReadLines(f File, add func(Line)) error {
	t, faults := openTable(f, func([]string) []string { return nil })
	if len(faults) == 0 {
		t.each(add)
		faults = t.all()
	}
	return faults.err()
}
