package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"

	"goldenthread/projections"
)

// A page is an answer for people: sentences, lists and tables, broken to the
// width of the terminal. Every command that shows more than a line prints one.
type page struct {
	blocks []block
	width  int // in characters
	exit   exitCode
}

// A block is rows of cells in columns. A sentence is one cell, an item of a list
// has an empty cell before it. The last column is broken to the page's width.
type block struct {
	rows   [][]string
	headed bool // the first row is a heading
}

const (
	plainWidth  = 120 // of lines where there is no terminal
	leastColumn = 24  // of a table's last column
	columnGap   = 2
)

// newPage is an empty page for standard output.
func newPage() *page {
	p := &page{width: plainWidth}
	if w, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil && w > 0 {
		p.width = max(w, 2*leastColumn)
	}
	return p
}

func (p *page) add(cells ...string) { p.blocks = append(p.blocks, block{rows: [][]string{cells}}) }

// say adds a sentence or a paragraph.
func (p *page) say(format string, args ...any) { p.add(fmt.Sprintf(format, args...)) }

// item adds one of a list.
func (p *page) item(format string, args ...any) { p.add("", fmt.Sprintf(format, args...)) }

// unless adds an item, unless there is nothing to say.
func (p *page) unless(nothing bool, format string, args ...any) {
	if !nothing {
		p.item(format, args...)
	}
}

// head adds an empty line and a heading, or a sentence on its own.
func (p *page) head(format string, args ...any) {
	if len(p.blocks) > 0 {
		p.say("")
	}
	p.say(format, args...)
}

// list adds a heading with items, if there are any.
func (p *page) list(head string, items []string) {
	if len(items) == 0 {
		return
	}
	p.head("%s", head)
	for _, item := range items {
		p.item("%s", item)
	}
}

// optional adds a heading with one text, if there is one.
func (p *page) optional(head, text string) {
	if text != "" {
		p.list(head, []string{text})
	}
}

// stamp ends a page: the day and the event up to which it holds.
func (p *page) stamp(s projections.Stamp) {
	p.head("For %s, as known after event %d.", s.At.Words(), s.Index)
}

// table begins a table, with or without a heading; row adds to it.
func (p *page) table(heading ...string) {
	b := block{headed: len(heading) > 0}
	if b.headed {
		for i := range heading {
			heading[i] = strings.ToUpper(heading[i])
		}
		b.rows = append(b.rows, heading)
	}
	p.blocks = append(p.blocks, b)
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
	var text strings.Builder
	for _, b := range p.blocks {
		b.write(&text, p.width)
	}
	_, err := io.WriteString(w, text.String())
	return err
}

func (b *block) write(out *strings.Builder, width int) {
	if len(b.rows) == 0 || b.headed && len(b.rows) == 1 {
		out.WriteString("Nothing yet.\n")
		return
	}
	widths := b.widths()
	for _, w := range widths {
		width -= w
	}
	for _, row := range b.rows {
		for i, line := range broken(row[len(widths)], max(width, leastColumn)) {
			before := ""
			for column, cell := range row[:len(widths)] {
				if i > 0 {
					cell = ""
				}
				before += fmt.Sprintf("%-*s", widths[column], cell)
			}
			if line = before + line; strings.TrimSpace(line) != "" {
				out.WriteString(line)
			}
			out.WriteByte('\n')
		}
	}
}

// widths are those of the columns before the last, with the gap after each.
func (b *block) widths() []int {
	widths := make([]int, len(b.rows[0])-1)
	for _, row := range b.rows {
		for i := range widths {
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i])+columnGap)
		}
	}
	return widths
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
