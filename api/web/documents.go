package web

import (
	"fmt"
	"strings"

	"goldenthread/projections"
)

// Documents are what was attached: all of it, or what belongs to one thing.
type Documents struct {
	About    string // to what; "": to anything
	Attached []Document
	Endings  []string // of the names of files that can be attached
	Most     int      // of a file, in MB
}

// A Document is one of them.
type Document struct {
	projections.DocumentLine
	Kind string // of file: "PDF"
	Held string // where its bytes are: here, elsewhere, missing or damaged
}

// Title says what the documents belong to.
func (d *Documents) Title() string {
	if d.About == "" {
		return "Documents"
	}
	return "Documents about " + AboutWords(d.About)
}
func (*Documents) file() string { return "documents" }

// Accept is what a field for a file takes.
func (d *Documents) Accept() string { return strings.Join(d.Endings, ",") }

// Here says whether it can be downloaded.
func (d *Document) Here() bool { return d.Held == "here" }

// AboutWords say what a document is about: "P1", "the meeting of 9 March 2026".
func AboutWords(about string) string { return sourceWords(about) }

// SizeWords say how large so many bytes are: "340 KB".
func SizeWords(n int64) string {
	switch {
	case n >= 1<<20:
		return strings.TrimSuffix(fmt.Sprintf("%.1f", float64(n)/(1<<20)), ".0") + " MB"
	case n >= 1<<10:
		return fmt.Sprintf("%d KB", (n+1<<9)/(1<<10))
	case n == 1:
		return "1 byte"
	}
	return fmt.Sprintf("%d bytes", n)
}
