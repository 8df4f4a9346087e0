package registers

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"goldenthread/api/access"
	"goldenthread/api/problem"
	"goldenthread/domain"
	"goldenthread/projections"
)

// A Register is a table of everything of one kind that a group has recorded.
type Register struct {
	Name    string // in addresses
	Title   string
	Say     string   // what it holds, in a sentence
	Things  []string // it shows, of what the charter can keep to members
	Columns []Column
	rows    func(*projections.Group, domain.Day) []Row
}

// A Column is one of a register's.
type Column struct {
	Name string // in addresses and JSON
	Head string
	Kind Kind
}

// Kind is what the cells of a column hold.
type Kind string

const (
	Text   Kind = "text"
	Choice Kind = "choice" // one of few words, by which rows can be chosen
	Ref    Kind = "ref"    // the number of something, such as E1
	Date   Kind = "date"   // domain.Day; 0: none
	Money  Kind = "money"  // domain.Pence; nil: none
	Number Kind = "number" // int; nil: none
)

// A Row is one cell for each column: a string, domain.Day, domain.Pence or int, as the
// column's kind says; nil: it is empty.
type Row []any

// All are the registers, in the order in which they are shown.
func All() []*Register { return all }

// ByName is the register of that name; nil if there is none.
func ByName(name string) *Register {
	for _, r := range all {
		if r.Name == name {
			return r
		}
	}
	return nil
}

// A Wanted says which rows are wanted, and in which order.
type Wanted struct {
	Words   string            // each of which a row must hold, in any case
	Choices map[string]string // words that a column must hold, by its name
	From    domain.Day        // of the first column that holds dates
	To      domain.Day
	Sort    string // name of a column, with - before it for the last first; "": as recorded
}

// Wants reads which rows are wanted.
func (r *Register) Wants(asks url.Values) (Wanted, error) {
	w := Wanted{Words: strings.TrimSpace(asks.Get("words")), Choices: map[string]string{}, Sort: asks.Get("sort")}
	for _, c := range r.Columns {
		if v := asks.Get(c.Name); c.Kind == Choice && v != "" {
			w.Choices[c.Name] = v
		}
	}
	if r.column(strings.TrimPrefix(w.Sort, "-")) < 0 && w.Sort != "" {
		return w, problem.Invalid("L4", "This register has no column %q to be sorted by.", domain.Clip(w.Sort))
	}
	days := access.Between{From: asks.Get("from"), To: asks.Get("to")}
	var err error
	w.From, w.To, err = days.Days()
	return w, err
}

func (r *Register) column(name string) int {
	return slices.IndexFunc(r.Columns, func(c Column) bool { return c.Name == name })
}

// Dated is the column by whose days rows are chosen: the first that holds dates; nil if
// none does.
func (r *Register) Dated() *Column {
	if i := r.dated(); i >= 0 {
		return &r.Columns[i]
	}
	return nil
}

func (r *Register) dated() int {
	return slices.IndexFunc(r.Columns, func(c Column) bool { return c.Kind == Date })
}

// Rows are those that are wanted of the group on that day, in the order that is wanted.
func (r *Register) Rows(g *projections.Group, at domain.Day, w Wanted) []Row {
	rows := slices.DeleteFunc(r.rows(g, at), func(row Row) bool { return !r.fits(row, &w) })
	if name, last := strings.CutPrefix(w.Sort, "-"); name != "" {
		i := r.column(name)
		slices.SortStableFunc(rows, func(a, b Row) int { return compareCells(a[i], b[i], last) })
	}
	return rows
}

// Filled says of each column whether any of the rows has something in it.
func (r *Register) Filled(rows []Row) []bool {
	filled := make([]bool, len(r.Columns))
	for _, row := range rows {
		for i, cell := range row {
			filled[i] = filled[i] || !empty(cell)
		}
	}
	return filled
}

// Choices are the words that the column holds on that day, in alphabetical order.
func (r *Register) Choices(g *projections.Group, at domain.Day, name string) []string {
	var words []string
	i := r.column(name)
	for _, row := range r.rows(g, at) {
		if s := r.Columns[i].Words(row[i]); s != "" && !slices.Contains(words, s) {
			words = append(words, s)
		}
	}
	slices.Sort(words)
	return words
}

func (r *Register) fits(row Row, w *Wanted) bool {
	if i := r.dated(); i >= 0 && (w.From != 0 || w.To != 0) {
		on, _ := row[i].(domain.Day)
		if on == 0 || on < w.From || w.To != 0 && on > w.To {
			return false
		}
	}
	var said strings.Builder
	for i, c := range r.Columns {
		words := c.Words(row[i])
		if want := w.Choices[c.Name]; want != "" && words != want {
			return false
		}
		said.WriteString(strings.ToLower(words) + "\n")
	}
	return !slices.ContainsFunc(strings.Fields(strings.ToLower(w.Words)), func(word string) bool { return !strings.Contains(said.String(), word) })
}

// compareCells orders two cells of a column; empty ones come last, either way.
func compareCells(a, b any, last bool) int {
	if empty(a) || empty(b) {
		return cmp.Compare(b2i(empty(a)), b2i(empty(b)))
	}
	n := 0
	switch v := a.(type) {
	case domain.Day:
		n = cmp.Compare(v, b.(domain.Day))
	case domain.Pence:
		n = cmp.Compare(v, b.(domain.Pence))
	case int:
		n = cmp.Compare(v, b.(int))
	case string:
		n = compareWords(v, b.(string))
	}
	if last {
		return -n
	}
	return n
}

// compareWords orders numbers such as E2 and E10 as they were given, and words by alphabet.
func compareWords(a, b string) int {
	if a[0] == b[0] && numbered(a) && numbered(b) {
		return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
	}
	return cmp.Or(strings.Compare(strings.ToLower(a), strings.ToLower(b)), strings.Compare(a, b))
}

func numbered(s string) bool {
	return len(s) > 1 && strings.Trim(s[1:], "0123456789") == "" && 'A' <= s[0] && s[0] <= 'Z'
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func empty(cell any) bool {
	switch v := cell.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case domain.Day:
		return v == 0
	}
	return false
}

// Words are the cell for people: "9 March 2026", "£18,000".
func (c *Column) Words(cell any) string {
	if empty(cell) {
		return ""
	}
	switch v := cell.(type) {
	case domain.Day:
		return v.Words()
	case domain.Pence:
		return v.String()
	case int:
		return domain.Thousands(v)
	case string:
		return v
	}
	return ""
}
