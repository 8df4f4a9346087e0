package rest

import (
	"net/url"

	"goldenthread/api/access"
	"goldenthread/api/registers"
	"goldenthread/projections"
)

type registerInput struct {
	access.Terms
	access.Paging
	access.Between
	Words string `query:"words" doc:"each of these words must occur in a row"`
	Sort  string `query:"sort" doc:"name of a column; with - before it the last come first; as recorded if not said" example:"-ref"`
}

// A RegisterTable is a page of a register.
type RegisterTable struct {
	projections.Stamp
	Title   string           `json:"title" doc:"of the register" example:"Decisions"`
	Columns []RegisterColumn `json:"columns" doc:"in order"`
	Rows    [][]string       `json:"rows" doc:"a cell for each column: dates as 2026-03-09, sums as 18000.00 in pounds; empty: there is none"`
	access.Paged
}

// A RegisterColumn is one of a register's columns.
type RegisterColumn struct {
	Name string         `json:"name" doc:"by which rows can be sorted" example:"ref"`
	Head string         `json:"head" doc:"for people" example:"Number"`
	Kind registers.Kind `json:"kind" enum:"text,choice,ref,date,money,number" doc:"what its cells hold" example:"ref"`
}

// offerRegisters registers each register as a question of its own: each shows other things.
func (s *Rest) offerRegisters(at string) {
	for _, r := range registers.All() {
		access.Ask(s.ledgers, s.api, "register-"+r.Name, at+"/registers/"+r.Name, "The register of "+r.Name+", in pages. "+r.Say, r.Things,
			func(q *access.Question, in *registerInput) (RegisterTable, error) { return registerTable(q, in, r) })
	}
}

func registerTable(q *access.Question, in *registerInput, r *registers.Register) (RegisterTable, error) {
	t := RegisterTable{Stamp: projections.Stamp{Index: q.State().Next - 1, At: q.At}, Title: r.Title, Columns: []RegisterColumn{}, Rows: [][]string{}}
	wanted, err := r.Wants(url.Values{"words": {in.Words}, "sort": {in.Sort}, "from": {in.From}, "to": {in.To}})
	if err != nil {
		return t, err
	}
	rows, paged, err := access.PageOf(r.Rows(q.Group, q.At, wanted), in.Paging)
	if err != nil {
		return t, err
	}
	t.Paged = paged
	for _, c := range r.Columns {
		t.Columns = append(t.Columns, RegisterColumn{c.Name, c.Head, c.Kind})
	}
	for _, row := range rows {
		cells := make([]string, len(row))
		for i := range row {
			cells[i] = r.Columns[i].Plain(row[i])
		}
		t.Rows = append(t.Rows, cells)
	}
	return t, nil
}
