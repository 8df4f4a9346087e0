package registers

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"goldenthread/domain"
)

// The files of a register: CSV for any spreadsheet, and XLSX.

const (
	CSVType  = "text/csv; charset=utf-8"
	XLSXType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
)

// byteOrderMark tells a spreadsheet that a CSV is UTF-8.
const byteOrderMark = "\uFEFF"

// Plain is the cell for programs: 2026-03-09; 18000.00, in pounds.
func (c *Column) Plain(cell any) string {
	if empty(cell) {
		return ""
	}
	switch v := cell.(type) {
	case domain.Day:
		return v.String()
	case domain.Pence:
		return fmt.Sprintf("%d.%02d", v/100, v%100)
	case int:
		return strconv.Itoa(v)
	}
	return c.Words(cell)
}

// heading is the column's, with its unit.
func (c *Column) heading() string {
	if c.Kind == Money {
		return c.Head + " (£)"
	}
	return c.Head
}

// WriteCSV writes the rows as a table in UTF-8 with a byte order mark.
func (r *Register) WriteCSV(w io.Writer, rows []Row) error {
	if _, err := io.WriteString(w, byteOrderMark); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	line := make([]string, len(r.Columns))
	for i := range r.Columns {
		line[i] = r.Columns[i].heading()
	}
	if err := out.Write(line); err != nil {
		return err
	}
	for _, row := range rows {
		for i := range r.Columns {
			if line[i] = r.Columns[i].Plain(row[i]); r.Columns[i].Kind != Money && r.Columns[i].Kind != Number {
				line[i] = Safe(line[i])
			}
		}
		if err := out.Write(line); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// Safe keeps a spreadsheet from taking somebody's words for a formula.
func Safe(s string) string {
	if s != "" && strings.ContainsAny(s[:1], "=+-@\t\r\n") || strings.HasPrefix(strings.TrimLeft(s, " \u00a0"), "=") || hasWideSign(s) {
		return "'" + s
	}
	return s
}

// hasWideSign says whether the text begins with a sign that some spreadsheets take for its
// narrow one.
func hasWideSign(s string) bool {
	return strings.HasPrefix(s, "＝") || strings.HasPrefix(s, "＋") || strings.HasPrefix(s, "－") || strings.HasPrefix(s, "＠")
}

// WriteXLSX writes the rows as a spreadsheet: dates are dates, sums are sums in pounds, and
// words are words, whatever they begin with.
func (r *Register) WriteXLSX(w io.Writer, rows []Row) error {
	book := excelize.NewFile()
	defer book.Close()
	const sheet = "Sheet1"
	styles, err := stylesOf(book)
	if err != nil {
		return err
	}
	out, err := book.NewStreamWriter(sheet)
	if err != nil {
		return err
	}
	for i, c := range r.Columns {
		if err := out.SetColWidth(i+1, i+1, widthOf(c.Kind)); err != nil {
			return err
		}
	}
	if err := out.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	head := make([]any, len(r.Columns))
	for i := range r.Columns {
		head[i] = excelize.Cell{StyleID: styles[""], Value: r.Columns[i].Head}
	}
	if err := out.SetRow("A1", head); err != nil {
		return err
	}
	for n, row := range rows {
		if err := out.SetRow("A"+strconv.Itoa(n+2), cellsOf(r.Columns, row, styles)); err != nil {
			return err
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	if err := book.SetSheetName(sheet, r.Title); err != nil {
		return err
	}
	return book.Write(w)
}

func widthOf(k Kind) float64 {
	switch k {
	case Text:
		return 40
	case Choice, Date:
		return 19
	case Money:
		return 14
	case Ref, Number:
	}
	return 10
}

// stylesOf are the ids of the styles by kind; "" is that of the heading.
func stylesOf(book *excelize.File) (map[Kind]int, error) {
	date, pounds := "d mmmm yyyy", `"£"#,##0.00`
	top := &excelize.Alignment{Vertical: "top", WrapText: true}
	styles := map[Kind]int{}
	for kind, style := range map[Kind]*excelize.Style{
		"": {Font: &excelize.Font{Bold: true}, Alignment: top}, Text: {Alignment: top}, Date: {CustomNumFmt: &date, Alignment: top}, Money: {CustomNumFmt: &pounds, Alignment: top},
	} {
		id, err := book.NewStyle(style)
		if err != nil {
			return nil, err
		}
		styles[kind] = id
	}
	return styles, nil
}

func cellsOf(columns []Column, row Row, styles map[Kind]int) []any {
	cells := make([]any, len(row))
	for i, cell := range row {
		if empty(cell) {
			continue
		}
		style, ok := styles[columns[i].Kind]
		if !ok {
			style = styles[Text]
		}
		one := excelize.Cell{StyleID: style, Value: cell}
		switch v := cell.(type) {
		case domain.Day:
			y, m, d := v.Start().In(domain.London()).Date()
			one.Value = time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
		case domain.Pence:
			one.Value = float64(v) / 100
		}
		cells[i] = one
	}
	return cells
}
