package web

import (
	"maps"
	"net/url"
)

// Registers are those that a group keeps, to choose from.
type Registers struct{ Registers []RegisterLink }

func (*Registers) Title() string { return "Registers" }
func (*Registers) file() string  { return "registers" }

// A RegisterLink leads to a register.
type RegisterLink struct{ Name, Title, Say string }

// A RegisterTable is a register as a table, as it was filtered and sorted.
type RegisterTable struct {
	RegisterLink
	Asked   url.Values
	Heads   []RegisterHead
	Rows    [][]RegisterCell
	Filters []RegisterFilter // columns by whose words rows can be chosen
	Dated   string           // heading of the column by whose days rows can be chosen; "": there is none
	Found   int              // rows in all
	Whole   bool             // all of them are on this page
	Pager
}

func (t *RegisterTable) Title() string { return t.RegisterLink.Title }
func (*RegisterTable) file() string    { return "registertable" }

// A RegisterHead is the heading of a column, by which the rows can be sorted.
type RegisterHead struct {
	Words  string
	Sort   string // for the address: what a press on it sorts by
	Sorted string // ascending, descending; "": the rows are not sorted by it
	Number bool   // its cells are figures
}

// A RegisterCell is one of a row's.
type RegisterCell struct {
	Head   string
	Words  string
	Place  string // where what it names is shown, below the group; "": nowhere
	Number bool
	Day    bool
}

// A RegisterFilter are the words to choose rows by.
type RegisterFilter struct {
	Name, Label, Value string
	Options            []Option
}

// Get is what was asked for.
func (t *RegisterTable) Get(name string) string { return t.Asked.Get(name) }

// To is another address of the register with the same question: its page sorted in another
// way, or one of its files.
func (t *RegisterTable) To(file string, with ...string) string {
	q := url.Values{}
	maps.Copy(q, t.Asked)
	for i := 0; i+1 < len(with); i += 2 {
		if q.Set(with[i], with[i+1]); with[i+1] == "" {
			q.Del(with[i])
		}
	}
	q.Del("page")
	to := "registers/" + t.Name + file
	if len(q) == 0 {
		return to
	}
	return to + "?" + q.Encode()
}
