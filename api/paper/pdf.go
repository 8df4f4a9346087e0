package paper

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"

	"goldenthread/projections"
)

// PDFType is the media type of a PDF.
const PDFType = "application/pdf"

// Sizes on paper: millimetres, and points of type.
const (
	margin   = 20.0
	indented = 7.0
	line     = 5.4 // of running text
	text     = 10.5
)

// PDF is the minutes as a PDF, on A4, with an outline of its headings. The same minutes
// are the same bytes. It carries no tags for screen readers, which the page and the
// document for Word have.
func PDF(m *projections.Minutes) ([]byte, error) {
	p := newSheet(m.Title)
	p.para(m.State, 0)
	for _, part := range m.Parts {
		p.part(part.Title, part.Lines)
	}
	return p.bytes()
}

// A File is one that is attached to what a meeting reads.
type File struct {
	Name  string
	Bytes []byte
	Lacks string // why there are no bytes, such as damaged; "": they are here
}

// Pack is what a meeting reads, in one PDF: its agenda, the paper of each item, and the
// attached files, which lie within it as files of their own and are not changed: whoever
// opens the PDF finds them among its attachments.
func Pack(papers *projections.Papers, files []File) ([]byte, error) {
	p := newSheet(papers.Title)
	p.heading("Agenda", 0)
	for _, item := range papers.Items {
		p.marked(fmt.Sprintf("%d.", item.Number), item.Title, 0)
	}
	for _, item := range papers.Items {
		p.AddPage()
		p.heading(fmt.Sprintf("%d. %s", item.Number, item.Title), 0)
		for _, l := range item.Lines {
			p.line(&l)
		}
		if len(item.Lines) == 0 && len(item.Documents) == 0 {
			p.para("There is no paper for this item.", 0)
		}
		p.attached(item.Documents)
	}
	if len(papers.Documents) > 0 {
		p.heading("Attached to the meeting", 0)
		p.attached(papers.Documents)
	}
	var within []fpdf.Attachment
	var lacking []string
	for _, f := range files {
		if f.Lacks != "" {
			lacking = append(lacking, f.Name+" ("+f.Lacks+")")
			continue
		}
		within = append(within, fpdf.Attachment{Content: f.Bytes, Filename: clean(f.Name)})
	}
	if len(within) > 0 {
		p.para(fmt.Sprintf("Files within this PDF, among its attachments: %d.", len(within)), 0)
		p.SetAttachments(within)
	}
	if lacking != nil {
		p.para("Not within this PDF: "+strings.Join(lacking, ", ")+".", 0)
	}
	return p.bytes()
}

// attached lists documents.
func (p *sheet) attached(documents []projections.DocumentLine) {
	for _, d := range documents {
		p.marked("•", "Attached: "+d.Name, 0)
	}
}

// A sheet is a PDF that is being written. fpdf is the library of the field for writing
// plain documents in Go; the fonts are Go's own, of which only the letters that occur are
// taken, so that names in Latin, Greek and Cyrillic letters read as they are written.
type sheet struct{ *fpdf.Fpdf }

// blankSheet is a PDF without pages.
func blankSheet(title string) *sheet {
	p := &sheet{fpdf.New("P", "mm", "A4", "")}
	p.AddUTF8FontFromBytes("go", "", goregular.TTF)
	p.AddUTF8FontFromBytes("go", "B", gobold.TTF)
	p.SetTitle(title, true)
	p.SetLang("en-GB")
	p.SetCatalogSort(true)
	p.SetCreationDate(time.Unix(0, 0).UTC()) // nothing about it depends on when it is written
	p.SetModificationDate(time.Unix(0, 0).UTC())
	p.SetMargins(margin, margin, margin)
	p.SetAutoPageBreak(true, margin)
	return p
}

// newSheet is one that begins with its title, and whose pages have numbers.
func newSheet(title string) *sheet {
	p := blankSheet(title)
	p.AliasNbPages("{pages}")
	p.SetFooterFunc(func() {
		p.SetY(-margin + 5)
		p.SetFont("go", "", 8.5)
		p.CellFormat(0, 5, clean(title), "", 0, "L", false, 0, "")
		p.SetX(margin)
		p.CellFormat(0, 5, fmt.Sprintf("Page %d of {pages}", p.PageNo()), "", 0, "R", false, 0, "")
	})
	p.AddPage()
	p.SetFont("go", "B", 18)
	p.MultiCell(0, 8.5, clean(title), "", "L", false)
	p.Ln(2)
	return p
}

// part is a heading, and what stands below it.
func (p *sheet) part(title string, lines []projections.MinutesLine) {
	p.heading(title, 0)
	if len(lines) == 0 {
		p.para("Nothing.", 0)
	}
	for _, l := range lines {
		p.line(&l)
	}
}

// heading begins a part, or with level 1 a part of one, and keeps some of it on its page.
func (p *sheet) heading(title string, level int) {
	_, high := p.GetPageSize()
	if p.GetY() > high-margin-25 {
		p.AddPage()
	}
	p.Ln(3)
	p.Bookmark(clean(title), level, -1)
	p.SetFont("go", "B", []float64{13, text}[level])
	p.MultiCell(0, 6.5, clean(title), "", "L", false)
	p.Ln(0.8)
}

func (p *sheet) para(words string, indent float64) {
	p.SetFont("go", "", text)
	p.SetX(margin + indent)
	p.MultiCell(0, line, clean(words), "", "L", false)
	p.Ln(1.2)
}

// marked is an item of a list, with its mark before it.
func (p *sheet) marked(mark, words string, indent float64) {
	p.SetFont("go", "", text)
	_, high := p.GetPageSize()
	if p.GetY() > high-margin-line {
		p.AddPage()
	}
	p.SetX(margin + indent)
	p.CellFormat(indented, line, mark, "", 0, "L", false, 0, "")
	p.SetLeftMargin(margin + indent + indented)
	p.MultiCell(0, line, clean(words), "", "L", false)
	p.SetLeftMargin(margin)
	p.Ln(1.2)
}

func (p *sheet) line(l *projections.MinutesLine) {
	indent := 0.0
	if l.Below {
		indent = indented
	}
	switch l.Kind {
	case projections.MinutesParagraph:
		p.para(l.Text, indent)
	case projections.MinutesBullet:
		p.marked("•", l.Text, indent)
	case projections.MinutesNumbered:
		p.marked(fmt.Sprintf("%d.", l.Number), l.Text, indent)
	case projections.MinutesQuote:
		p.SetLeftMargin(margin + indented)
		p.para(l.Text, indented)
		p.SetLeftMargin(margin)
	case projections.MinutesHeading:
		p.heading(l.Text, 1)
	}
}

func (p *sheet) bytes() ([]byte, error) {
	var b bytes.Buffer
	err := p.Output(&b)
	return b.Bytes(), err
}

// clean is the text as the fonts can show it: line ends are one sign, tabs spaces, and
// what has more than 16 bits, such as emoji, becomes the replacement character.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\r':
			return -1
		case r == '\t':
			return ' '
		case r > 0xFFFF:
			return '\uFFFD'
		}
		return r
	}, s)
}
