package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A page breaks sentences, items and a table's last column to its width; the
// other columns are as wide as their widest cell, counted in characters.
func TestPageIsBrokenToItsWidth(t *testing.T) {
	p := &page{width: 40}
	p.say("A sentence that is longer than the page is wide.")
	p.head("Items")
	p.item("Their own line\n\nbreaks are kept, and every line is indented.")
	p.table("seat", "what")
	p.row("Träff", "What is said here goes on below, in the same column.")
	p.row("–", "")
	p.table("nothing", "is here")
	p.table()
	p.row("C1", "without a heading")
	var out strings.Builder
	require.NoError(t, p.print(&out))
	require.Equal(t, strings.Join([]string{
		"A sentence that is longer than the page",
		"is wide.",
		"",
		"Items",
		"  Their own line",
		"",
		"  breaks are kept, and every line is",
		"  indented.",
		"SEAT   WHAT",
		"Träff  What is said here goes on below,",
		"       in the same column.",
		"–      ",
		"Nothing yet.",
		"C1  without a heading",
		"",
	}, "\n"), out.String())
}
