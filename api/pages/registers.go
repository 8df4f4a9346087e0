package pages

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"goldenthread/api/access"
	"goldenthread/api/problem"
	"goldenthread/api/registers"
	"goldenthread/api/web"
)

// rowsOnPage are as many rows of a register as one page shows.
const rowsOnPage = 50

// searchPage finds words in what whoever looks may see.
func searchPage(a *asked) (web.Body, error) {
	asks := a.r.URL.Query()
	found, err := a.server.ledgers.Search(a.Question, asks.Get("words"))
	if err != nil {
		return nil, err
	}
	return &web.Search{Found: found, Asked: asks.Get("words") != ""}, nil
}

// registersPage leads to the registers that whoever looks may see.
func registersPage(a *asked) (web.Body, error) {
	body := &web.Registers{}
	if a.sees(access.Checks) {
		body.Registers = append(body.Registers, web.RegisterLink{Name: "scheme", Title: "Who may agree what", Say: "The scheme of delegation, by subject."})
	}
	for _, r := range registers.All() {
		if a.sees(r.Things) {
			body.Registers = append(body.Registers, web.RegisterLink{Name: "registers/" + r.Name, Title: r.Title, Say: r.Say})
		}
	}
	return body, nil
}

// registerOf is one register: as a page, or as a file where the name ends as a file's does.
func (s *Pages) registerOf(w http.ResponseWriter, r *http.Request) {
	name, file, _ := strings.Cut(r.PathValue("register"), ".")
	one := registers.ByName(name)
	switch {
	case one == nil || file != "" && file != "csv" && file != "xlsx":
		s.Fail(w, r, problem.New(http.StatusNotFound, "There is no such register."))
	case file != "":
		s.registerFile(w, r, one, file)
	default:
		s.show(&page{path: "/registers", things: one.Things, body: func(a *asked) (web.Body, error) { return a.registerTable(one) }})(w, r)
	}
}

func (a *asked) registerTable(r *registers.Register) (web.Body, error) {
	asks := url.Values{}
	for name, values := range a.r.URL.Query() {
		if values[0] != "" && name != "at" && name != "known" && name != "atLeast" && name != "recorded" {
			asks[name] = values[:1]
		}
	}
	wanted, err := r.Wants(asks)
	if err != nil {
		return nil, err
	}
	body := &web.RegisterTable{RegisterLink: web.RegisterLink{Name: r.Name, Title: r.Title, Say: r.Say}, Asked: asks}
	rows := r.Rows(a.Group, a.At, wanted)
	body.Found, body.Whole = len(rows), len(rows) <= rowsOnPage || asks.Get("all") == "true"
	if !body.Whole {
		if rows, body.Pager, err = part(a, rows, rowsOnPage); err != nil {
			return nil, err
		}
	}
	shown := r.Filled(rows)
	for i, c := range r.Columns {
		if shown[i] {
			body.Heads = append(body.Heads, headOf(c, wanted.Sort))
		}
		if c.Kind == registers.Choice {
			body.Filters = append(body.Filters, a.filterOf(r, c, wanted))
		}
	}
	if c := r.Dated(); c != nil {
		body.Dated = c.Head
	}
	for _, row := range rows {
		body.Rows = append(body.Rows, cellsOf(r, row, shown))
	}
	return body, nil
}

func headOf(c registers.Column, sort string) web.RegisterHead {
	h := web.RegisterHead{Words: c.Head, Sort: c.Name, Number: figures(c.Kind)}
	switch sort {
	case c.Name:
		h.Sorted, h.Sort = "ascending", "-"+c.Name
	case "-" + c.Name:
		h.Sorted = "descending"
	}
	return h
}

func figures(k registers.Kind) bool { return k == registers.Money || k == registers.Number }

func (a *asked) filterOf(r *registers.Register, c registers.Column, wanted registers.Wanted) web.RegisterFilter {
	f := web.RegisterFilter{Name: c.Name, Label: c.Head, Value: wanted.Choices[c.Name]}
	for _, words := range r.Choices(a.Group, a.At, c.Name) {
		f.Options = append(f.Options, web.Option{Value: words, Words: words})
	}
	return f
}

// cellsOf are the row's, in the columns that are shown.
func cellsOf(r *registers.Register, row registers.Row, shown []bool) []web.RegisterCell {
	var cells []web.RegisterCell
	for i := range row {
		if !shown[i] {
			continue
		}
		c := &r.Columns[i]
		cell := web.RegisterCell{Head: c.Head, Words: c.Words(row[i]), Number: figures(c.Kind), Day: c.Kind == registers.Date}
		if c.Kind == registers.Ref {
			cell.Place = web.PlaceOf(cell.Words)
		}
		cells = append(cells, cell)
	}
	return cells
}

// registerFile downloads the rows that are wanted as a file.
func (s *Pages) registerFile(w http.ResponseWriter, r *http.Request, one *registers.Register, file string) {
	asks := r.URL.Query()
	q, err := s.ledgers.See(r.Context(), &access.Terms{Group: r.PathValue("group"), At: asks.Get("at"), Known: asks.Get("known"), AtLeast: asks.Get("atLeast")}, one.Things)
	var wanted registers.Wanted
	var done func()
	if err == nil {
		wanted, err = one.Wants(asks)
	}
	if err == nil {
		done, err = s.ledgers.Turn(r.Context(), q, "/registers")
	}
	if err != nil {
		s.Fail(w, r, problem.Of(r.Context(), s.log, err))
		return
	}
	defer done()
	kind, write := registers.CSVType, one.WriteCSV
	if file == "xlsx" {
		kind, write = registers.XLSXType, one.WriteXLSX
	}
	var b bytes.Buffer
	if err := write(&b, one.Rows(q.Group, q.At, wanted)); err != nil {
		s.Fail(w, r, problem.Of(r.Context(), s.log, err))
		return
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s-%s-%s.%s"`, q.State().Group, one.Name, q.At, file))
	w.Write(b.Bytes())
}
