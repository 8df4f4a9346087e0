package web

import "goldenthread/projections"

// Lists is where whoever keeps the register brings official lists, and tables of people
// and mandates; and, once something was brought, what it would change.
type Lists struct {
	Brings   bool        // whoever looks may bring something
	Subjects []string    // that a table of mandates may name
	Faults   []ListFault // what is wrong in what was brought
	Open     string      // which form was sent: official, people or mandates
	Pasted   string      // into that form, to be mended

	Preview *ListPreview // of what was brought; nil: nothing was
}

// A ListFault is something wrong in what was brought.
type ListFault struct{ Where, Say string }

// A ListPreview is what a list or a table would change.
type ListPreview struct {
	Heading  string
	Say      []string
	Groups   []ListGroup
	Findings []ListFinding // of a table, by row
	Notes    []string      // what is not taken over, or should be known
	Follows  []string      // what it touches
	Waits    []string      // whose word it takes

	Command, JSON string // that takes it over; "": there is nothing to record
	Next          uint64 // on which it was worked out
	Day           string
}

// A ListGroup is the changes of one kind.
type ListGroup struct {
	Heading string
	Items   []string
}

// A ListFinding is one row of a table beside what is there.
type ListFinding struct {
	Row                int
	Verdict, Who, Says string
}

// ListGroups are the changes by kind.
func ListGroups(changes []projections.ListChange) []ListGroup {
	var groups []ListGroup
	for _, c := range changes {
		if n := len(groups); n == 0 || groups[n-1].Heading != c.Kind.Words() {
			groups = append(groups, ListGroup{Heading: c.Kind.Words()})
		}
		g := &groups[len(groups)-1]
		g.Items = append(g.Items, c.Text)
	}
	return groups
}

func (*Lists) Title() string { return "Bring a list" }
func (*Lists) file() string  { return "bring" }

// A listTable is the form by which a table is brought.
type listTable struct {
	Page                  *Page
	What, Heading, Pasted string
}

func listForm(p *Page, what, heading string) listTable {
	t := listTable{Page: p, What: what, Heading: heading}
	if body := p.Body.(*Lists); body.Open == what {
		t.Pasted = body.Pasted
	}
	return t
}
