package setup

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"goldenthread/api/lists"
)

// What stood before is also taken from a table, uploaded or pasted. As with people, what is
// new or changed goes into the grids, and the same table again changes nothing.

// beforeTable reads the table, says all that is wrong with it at once, and puts what is
// right into the draft.
func (s *Setup) beforeTable(w http.ResponseWriter, r *http.Request) error {
	d, table, err := s.readTable(w, r, beforePage)
	if err != nil || table.Name == "" {
		return err
	}
	var people []lists.Body
	for _, p := range d.people(&reading{draft: d}) {
		people = append(people, lists.Body{Code: p.Handle, Name: p.Office})
	}
	all, err := lists.ReadBefore(table, d.bodies(s.ledgers.Today()), people, linesOf(d.said("decide", "matters")))
	return s.takeTable(w, r, d, beforePage, err, func(d *Draft) { d.takeBefore(all) })
}

// beforeKeys are the fields that say which row of a grid is meant; of an agreement's parts
// also its title tells them apart.
var beforeKeys = map[string][]string{
	mandateBefore: {"organisation"}, "formExecutive": nil, "assignDuty": {"duty", "person"}, "grantDelegation": {"to", "powers-0-matter"},
	"appoint": {"person", "meeting"}, "adoptPosition": {"matter"}, "createActions": {"actions-0-what"},
}

// takeBefore puts what a table says into the grids: into the row that says the same thing
// already or, if there is none, into a new one.
func (d *Draft) takeBefore(all []lists.Before) {
	typed := d.Typed[beforePage]
	if typed == nil {
		typed = url.Values{}
		d.Typed[beforePage] = typed
	}
	var fresh, changed []string
	for _, b := range all {
		k := &beforeKinds[slices.IndexFunc(beforeKinds, func(k beforeKind) bool { return k.grid == b.Kind })]
		row := k.rowOf(typed, b.Fields)
		isNew := row < 0
		if isNew {
			row = rowsIn(typed, k.grid)
		}
		differs := false
		for field, values := range b.Fields {
			if name := k.prefix(row) + field; !slices.Equal(typed[name], values) {
				typed[name], differs = values, true
			}
		}
		switch {
		case isNew:
			fresh = append(fresh, b.Who)
		case differs:
			changed = append(changed, b.Who)
		}
	}
	d.note(beforePage, tableWords(fresh, changed, len(all)-len(fresh)-len(changed), nil)...)
}

// rowOf is the row of the grid that is about the same; -1 if there is none.
func (k *beforeKind) rowOf(typed, fields url.Values) int {
	for _, row := range k.filledRows(typed) {
		if !slices.ContainsFunc(beforeKeys[k.grid], func(key string) bool {
			return !strings.EqualFold(strings.TrimSpace(typed.Get(k.prefix(row)+key)), fields.Get(key))
		}) {
			return row
		}
	}
	return -1
}
