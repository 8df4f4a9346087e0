package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"golang.org/x/term"
)

// A page is an answer for people: sentences, and tables whose last column is
// broken to the width of the terminal.
type page struct {
	blocks []block
	width  int
	exit   exitCode
}

// A block is a sentence, or a table with its heading.
type block struct {
	text   string
	indent string
	rows   [][]string // of a table, the heading first
}

const (
	plainWidth  = 120 // of lines where there is no terminal
	leastColumn = 24  // of a table's last column
)

// newPage is an empty page for that output.
func newPage(out *os.File) *page {
	p := &page{width: plainWidth}
	if w, _, err := term.GetSize(int(out.Fd())); err == nil && w > 0 {
		p.width = max(w, 2*leastColumn)
	}
	return p
}

// say adds a sentence or a paragraph.
func (p *page) say(format string, args ...any) {
	p.blocks = append(p.blocks, block{text: fmt.Sprintf(format, args...)})
}

// item adds one of a list.
func (p *page) item(format string, args ...any) {
	p.blocks = append(p.blocks, block{text: fmt.Sprintf(format, args...), indent: "  "})
}

// head adds an empty line and a heading.
func (p *page) head(format string, args ...any) {
	if len(p.blocks) > 0 {
		p.say("")
	}
	p.say(format, args...)
}

// note adds an empty line and a sentence.
func (p *page) note(format string, args ...any) { p.head(format, args...) }

// table begins a table; row adds to it.
func (p *page) table(heading ...string) {
	for i := range heading {
		heading[i] = strings.ToUpper(heading[i])
	}
	p.blocks = append(p.blocks, block{rows: [][]string{heading}})
}

func (p *page) row(cells ...any) {
	texts := make([]string, len(cells))
	for i, c := range cells {
		texts[i] = strings.Join(strings.Fields(fmt.Sprint(c)), " ")
	}
	last := &p.blocks[len(p.blocks)-1]
	last.rows = append(last.rows, texts)
}

// print writes the page.
func (p *page) print(w io.Writer) error {
	for _, b := range p.blocks {
		if err := b.print(w, p.width); err != nil {
			return err
		}
	}
	return nil
}

func (b *block) print(w io.Writer, width int) error {
	if b.rows == nil {
		for _, line := range broken(b.text, width-len(b.indent)) {
			if _, err := fmt.Fprintln(w, strings.TrimRight(b.indent+line, " ")); err != nil {
				return err
			}
		}
		return nil
	}
	if len(b.rows) == 1 {
		_, err := fmt.Fprintln(w, "Nothing yet.")
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	last := len(b.rows[0]) - 1
	room := max(width-b.widthBefore(last), leastColumn)
	for _, row := range b.rows {
		for i, line := range broken(row[last], room) {
			if i > 0 {
				clear(row[:last])
			}
			fmt.Fprintln(table, strings.Join(append(row[:last:last], line), "\t"))
		}
	}
	return table.Flush()
}

// widthBefore is how wide the columns before that one are together.
func (b *block) widthBefore(column int) int {
	sum := 0
	for i := range column {
		widest := 0
		for _, row := range b.rows {
			widest = max(widest, utf8.RuneCountInString(row[i]))
		}
		sum += widest + 2
	}
	return sum
}

// broken breaks a text into lines of at most that many characters, at spaces.
// Its own line breaks are kept.
func broken(text string, width int) []string {
	var lines []string
	for _, part := range strings.Split(text, "\n") {
		line := ""
		for _, word := range strings.Fields(part) {
			if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
				lines = append(lines, line)
				line = ""
			}
			if line != "" {
				line += " "
			}
			line += word
		}
		lines = append(lines, line)
	}
	return lines
}
