package web

import (
	"html"
	"regexp"
	"strings"
)

// The part of Markdown in which the rule book is written: headings, paragraphs,
// lists, tables, bold, italic, code and links. Everything else is shown as it is
// typed. Nothing of the text becomes HTML but by these.

// A markdown is how a text is written as HTML.
type markdown struct {
	heading func(level int, text string) string // a whole heading; text is as typed
	link    func(to string) string              // where a link leads
	words   func(escaped string) string         // text outside of code and links, already escaped
}

// html writes the text.
func (m *markdown) html(text string) string {
	var b strings.Builder
	for _, block := range blocksOf(text) {
		m.block(&b, block)
	}
	return b.String()
}

// blocksOf takes a text apart at empty lines and headings.
func blocksOf(text string) [][]string {
	var blocks [][]string
	var open []string
	end := func() {
		if len(open) > 0 {
			blocks = append(blocks, open)
		}
		open = nil
	}
	for line := range strings.SplitSeq(text, "\n") {
		switch {
		case line == "":
			end()
		case strings.HasPrefix(line, "#"):
			end()
			blocks = append(blocks, []string{line})
		default:
			open = append(open, line)
		}
	}
	end()
	return blocks
}

var numbered = regexp.MustCompile(`^\d+\. `)

func (m *markdown) block(b *strings.Builder, lines []string) {
	first := lines[0]
	switch {
	case strings.HasPrefix(first, "#"):
		words := strings.TrimLeft(first, "#")
		b.WriteString(m.heading(len(first)-len(words), strings.TrimSpace(words)))
	case strings.HasPrefix(first, "- "):
		b.WriteString(`<ul class="nhsuk-list nhsuk-list--bullet">` + m.items(lines, func(l string) (string, bool) { return strings.CutPrefix(l, "- ") }) + "</ul>\n")
	case numbered.MatchString(first):
		b.WriteString(`<ol class="nhsuk-list nhsuk-list--number">` + m.items(lines, func(l string) (string, bool) {
			mark := numbered.FindString(l)
			return l[len(mark):], mark != ""
		}) + "</ol>\n")
	case strings.HasPrefix(first, "|") && len(lines) > 2:
		m.table(b, lines)
	default:
		b.WriteString("<p>" + m.inline(strings.Join(lines, "\n")) + "</p>\n")
	}
}

// items are a list's; a line without a mark goes on with the item before it.
func (m *markdown) items(lines []string, cut func(string) (string, bool)) string {
	var items []string
	for _, l := range lines {
		if item, begins := cut(l); begins {
			items = append(items, item)
		} else {
			items[len(items)-1] += "\n" + strings.TrimSpace(l)
		}
	}
	for i := range items {
		items[i] = "<li>" + m.inline(items[i]) + "</li>"
	}
	return strings.Join(items, "")
}

// table writes a table as the pages have it: on a phone each row becomes a block
// that names its columns.
func (m *markdown) table(b *strings.Builder, lines []string) {
	heads := cells(lines[0])
	b.WriteString(`<table role="table" class="nhsuk-table nhsuk-table-responsive"><thead role="rowgroup" class="nhsuk-table__head"><tr role="row">`)
	for _, h := range heads {
		b.WriteString(`<th role="columnheader" class="nhsuk-table__header" scope="col">` + m.inline(h) + "</th>")
	}
	b.WriteString(`</tr></thead><tbody role="rowgroup" class="nhsuk-table__body">`)
	for _, line := range lines[2:] { // below the line that only separates
		b.WriteString(`<tr role="row" class="nhsuk-table__row">`)
		for i, cell := range cells(line) {
			b.WriteString(`<td role="cell" class="nhsuk-table__cell">`)
			if i < len(heads) {
				b.WriteString(`<span class="nhsuk-table-responsive__heading">` + m.inline(heads[i]) + ": </span>")
			}
			b.WriteString(m.inline(cell) + "</td>")
		}
		b.WriteString("</tr>")
	}
	b.WriteString("</tbody></table>\n")
}

func cells(line string) []string {
	all := strings.Split(strings.Trim(line, "|"), "|")
	for i := range all {
		all[i] = strings.TrimSpace(all[i])
	}
	return all
}

// Code and links are found first: nothing inside them is looked at again.
var (
	codeOrLink = regexp.MustCompile("`([^`]+)`" + `|\[([^\]]+)\]\(([^)\s]+)\)`)
	bold       = regexp.MustCompile(`\*\*([^*]+)\*\*`)
	italic     = regexp.MustCompile(`\*([^*\s][^*]*)\*`)
)

// inline writes what stands within a block.
func (m *markdown) inline(text string) string {
	var b strings.Builder
	plain := func(s string) {
		s = m.words(html.EscapeString(s))
		s = bold.ReplaceAllString(s, "<strong>$1</strong>")
		b.WriteString(italic.ReplaceAllString(s, "<em>$1</em>"))
	}
	at := 0
	for _, found := range codeOrLink.FindAllStringSubmatchIndex(text, -1) {
		plain(text[at:found[0]])
		at = found[1]
		if found[2] >= 0 {
			b.WriteString("<code>" + html.EscapeString(text[found[2]:found[3]]) + "</code>")
		} else {
			b.WriteString(`<a href="` + html.EscapeString(m.link(text[found[6]:found[7]])) + `">` + html.EscapeString(text[found[4]:found[5]]) + "</a>")
		}
	}
	plain(text[at:])
	return b.String()
}
