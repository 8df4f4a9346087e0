package setup

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
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

// peopleTable reads the table, says all that is wrong with it at once, and puts what is right
// into the draft.
func (s *Setup) peopleTable(w http.ResponseWriter, r *http.Request) error {
	files, err := readUpload(w, r)
	if err != nil {
		return err
	}
	if table := r.PostFormValue("table"); len(files) == 0 && strings.TrimSpace(table) != "" {
		files = []lists.File{{Name: pasted, Body: []byte(table)}}
	}
	d, err := s.drafts.read(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	page := &web.ListsPage{Back: d.at() + "/people"}
	if len(files) != 1 {
		page.Faults = []string{"Choose one file, or paste a table."}
		return s.show(w, r, http.StatusUnprocessableEntity, page, nil, nil)
	}
	var bodies []lists.Body
	for _, o := range d.organisations(&reading{draft: d, today: s.ledgers.Today()}) {
		bodies = append(bodies, lists.Body{Code: o.Code, Name: o.Name})
	}
	people, err := lists.ReadPeople(files[0], bodies)
	var wrong lists.Faults
	if errors.As(err, &wrong) {
		for _, f := range wrong {
			page.Faults = append(page.Faults, f.Error())
		}
		return s.show(w, r, http.StatusUnprocessableEntity, page, nil, nil)
	}
	if err != nil {
		return err
	}
	var counts [3]int
	d, err = s.drafts.change(r.Context(), d.ID, func(d *Draft) { counts = d.takePeople(people) })
	if err != nil {
		return err
	}
	said := url.Values{"new": {fmt.Sprint(counts[0])}, "changed": {fmt.Sprint(counts[1])}, "same": {fmt.Sprint(counts[2])}}
	http.Redirect(w, r, d.at()+"/people?"+said.Encode(), http.StatusSeeOther)
	return nil
}

// takePeople puts the people of a table into the grid, each in the row of their office or, if
// there is none, in a new one. It counts who is new, changed and the same.
func (d *Draft) takePeople(people []lists.Person) (counts [3]int) {
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
	for i := range people {
		said := rowOf(&people[i])
		at := rowsIn(typed, grid)
		for n := range at {
			if strings.EqualFold(strings.TrimSpace(typed.Get(rowField(grid, n, "office"))), said["office"]) {
				at = n
				break
			}
		}
		changed, isNew := false, at == rowsIn(typed, grid)
		for field, value := range said {
			name := rowField(grid, at, field)
			if value != "" && typed.Get(name) != value || isNew {
				typed.Set(name, value)
				changed = true
			}
		}
		switch {
		case isNew:
			counts[0]++
		case changed:
			counts[1]++
		default:
			counts[2]++
		}
	}
	return counts
}

// rowOf is what a person of a table is in the grid. Who speaks for an organisation is
// recorded once the group is founded.
func rowOf(p *lists.Person) map[string]string {
	said := map[string]string{"office": p.Office, "name": p.Personal.Name, "email": p.Personal.Email, "organisation": p.Organisation, "role": ""}
	for _, role := range p.Roles {
		switch role.Role {
		case lists.Holder:
			said["role"], said["organisation"] = string(domain.Holder), role.Organisation
		case lists.Deputy:
			if said["role"] == "" {
				said["role"], said["organisation"] = string(domain.Deputy), role.Organisation
			}
		case lists.Spokesperson:
		}
	}
	return said
}

// takenWords says what became of a table, by the page's address; "" where none was read.
func takenWords(asked url.Values) string {
	if asked.Get("new") == "" {
		return ""
	}
	return fmt.Sprintf("From the table: %s new, %s changed, %s the same. Look at them, and save.", clipped(asked.Get("new")), clipped(asked.Get("changed")), clipped(asked.Get("same")))
}

func clipped(s string) string { return domain.ClipTo(s, 5) }

// peopleTemplate is an example of a table of people.
func (s *Setup) peopleTemplate(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="people.csv"`)
	_, err := w.Write(lists.PeopleTemplate())
	return err
}
