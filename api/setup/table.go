package setup

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"goldenthread/api/lists"
	"goldenthread/api/web"
	"goldenthread/domain"
)

// People are also taken from a table, uploaded or pasted. What is new or changed in it goes
// into the grid, where it is looked at before anything is founded; the same table again
// changes nothing.

// pasted is what a table is called that was pasted.
const pasted = "what you pasted"

// readTable is the one table that was sent, and the draft for which; "" as its name where
// the page was shown that says what is wrong with it.
func (s *Setup) readTable(w http.ResponseWriter, r *http.Request, page string) (*Draft, lists.File, error) {
	files, err := readUpload(w, r)
	if err != nil {
		return nil, lists.File{}, err
	}
	if table := r.PostFormValue("table"); len(files) == 0 && strings.TrimSpace(table) != "" {
		files = []lists.File{{Name: pasted, Body: []byte(table)}}
	}
	d, err := s.drafts.read(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, lists.File{}, err
	}
	if len(files) != 1 {
		return d, lists.File{}, s.showFaults(w, r, d, page, []string{"Choose one file, or paste a table."})
	}
	return d, files[0], nil
}

// showFaults shows what is wrong with a file that was brought for the page.
func (s *Setup) showFaults(w http.ResponseWriter, r *http.Request, d *Draft, page string, faults []string) error {
	return s.show(w, r, http.StatusUnprocessableEntity, &web.ListsPage{Back: d.at() + "/" + page, Faults: faults}, nil, nil)
}

// takeTable puts what was read of a table into the draft, or says all that is wrong with it.
func (s *Setup) takeTable(w http.ResponseWriter, r *http.Request, d *Draft, page string, wrong error, take func(*Draft)) error {
	var faults lists.Faults
	if errors.As(wrong, &faults) {
		said := make([]string, len(faults))
		for i, f := range faults {
			said[i] = f.Error()
		}
		return s.showFaults(w, r, d, page, said)
	}
	if wrong != nil {
		return wrong
	}
	if _, err := s.drafts.change(r.Context(), d.ID, take); err != nil {
		return err
	}
	http.Redirect(w, r, d.at()+"/"+page, http.StatusSeeOther)
	return nil
}

// bodies are the draft's organisations, as a table names them.
func (d *Draft) bodies(today domain.Day) []lists.Body {
	var all []lists.Body
	for _, o := range d.organisations(&reading{draft: d, today: today}) {
		all = append(all, lists.Body{Code: o.Code, Name: o.Name})
	}
	return all
}

// peopleTable reads the table, says all that is wrong with it at once, and puts what is right
// into the draft.
func (s *Setup) peopleTable(w http.ResponseWriter, r *http.Request) error {
	d, table, err := s.readTable(w, r, "people")
	if err != nil || table.Name == "" {
		return err
	}
	people, err := lists.ReadPeople(table, d.bodies(s.ledgers.Today()))
	return s.takeTable(w, r, d, "people", err, func(d *Draft) { d.takePeople(people, s.ledgers.Today()) })
}

// note keeps what became of a table for the page, until it is saved.
func (d *Draft) note(page string, says ...string) {
	if d.Table == nil {
		d.Table = map[string][]string{}
	}
	d.Table[page] = says
}

// tableWords say what became of a table: how many of its entries are new, changed and the
// same, and which.
func tableWords(fresh, changed []string, same int, left []string) []string {
	says := []string{fmt.Sprintf("From the table: %d new, %d changed, %d the same. Look at them below, and save.", len(fresh), len(changed), same)}
	for _, one := range []struct {
		say   string
		which []string
	}{{"New: ", fresh}, {"Changed: ", changed}, {"Left out, to be recorded once the group is founded: ", left}} {
		if one.which != nil {
			says = append(says, one.say+strings.Join(one.which, "; ")+".")
		}
	}
	return says
}

// takePeople puts the people of a table into the grid, each in the row of their office or, if
// there is none, in a new one. Who is new, changed and the same is said until the page is saved.
func (d *Draft) takePeople(people []lists.Person, today domain.Day) {
	const page, grid = "people", "people"
	typed := d.Typed[page]
	if typed == nil { // the page was not saved yet: what is suggested on it stays
		typed = url.Values{}
		for _, row := range peopleParts(d)[0].Rows {
			for _, p := range row.Parts {
				typed[p.Name] = p.Values
			}
		}
		d.Typed[page] = typed
	}
	var fresh, changed, left []string
	for i := range people {
		said, not := rowOf(&people[i], today)
		left = append(left, not...)
		at, isNew := rowFor(typed, grid, said)
		differs := false
		for field, value := range said {
			name := rowField(grid, at, field)
			if value != "" && typed.Get(name) != value || isNew {
				typed.Set(name, value)
				differs = true
			}
		}
		switch {
		case isNew:
			fresh = append(fresh, said["office"])
		case differs:
			changed = append(changed, said["office"])
		}
	}
	d.note(page, tableWords(fresh, changed, len(people)-len(fresh)-len(changed), left)...)
}

// rowFor is the row of the grid in which whoever is said belongs: that of their office; else
// one of their seat that was only suggested, or a new one. It says whether they are new there.
func rowFor(typed url.Values, grid string, said map[string]string) (row int, isNew bool) {
	rows := rowsIn(typed, grid)
	is := func(n int, field string) bool {
		return strings.EqualFold(strings.TrimSpace(typed.Get(rowField(grid, n, field))), said[field])
	}
	for n := range rows {
		if is(n, "office") {
			return n, false
		}
	}
	for n := range rows {
		if said["role"] != "" && is(n, "role") && is(n, "organisation") && typed.Get(rowField(grid, n, "name"))+typed.Get(rowField(grid, n, "email")) == "" {
			return n, true
		}
	}
	return rows, true
}

// rowOf is what a person of a table is in the grid, which has one organisation for each, and
// what of them it has no room for.
func rowOf(p *lists.Person, today domain.Day) (said map[string]string, not []string) {
	said = map[string]string{"office": p.Office, "name": p.Personal.Name, "email": p.Personal.Email, "organisation": p.Organisation, "role": "", "speaks": "", "evidence": ""}
	of := p.Organisation
	if i := slices.IndexFunc(p.Roles, func(r lists.PersonRole) bool { return r.Role == lists.Holder }); i >= 0 {
		of = p.Roles[i].Organisation
	} else if len(p.Roles) > 0 {
		of = p.Roles[0].Organisation
	}
	for _, role := range p.Roles {
		if role.Organisation != of || role.From > today || role.Until != 0 { // what is founded holds from that day, without an end
			not = append(not, p.Office+" as "+string(role.Role)+" of "+role.Organisation)
			continue
		}
		switch role.Role {
		case lists.Holder:
			said["role"] = string(domain.Holder)
		case lists.Deputy:
			if said["role"] == "" {
				said["role"] = string(domain.Deputy)
			}
		case lists.Spokesperson:
			said["speaks"], said["evidence"] = "true", role.Evidence
		}
	}
	said["organisation"] = of
	return said, not
}

// template gives an example of a table to fill in.
func template(name string, of func() []byte) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Content-Type", "text/csv; charset=utf-8")
		w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
		_, err := w.Write(of())
		return err
	}
}
