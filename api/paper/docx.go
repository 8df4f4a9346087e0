// Package paper writes what people take away from a page as a document of their own
// programs: minutes for Word and as a PDF, and a meeting's papers in one PDF.
//
// It imports projections only. Start reading at Word.
package paper

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
	"time"

	"goldenthread/projections"
)

// WordType is the media type of a document for Word.
const WordType = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

// Word is the minutes as a document for Word (ECMA-376, Office Open XML), on A4, with
// headings that its outline and screen readers know. The same minutes are the same bytes.
// It is written here, in the little of the format that minutes need: no library for it in
// Go is both kept up and in wide use.
func Word(m *projections.Minutes) ([]byte, error) {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, part := range []struct{ name, text string }{
		{"[Content_Types].xml", wordTypes}, {"_rels/.rels", wordRelations}, {"word/_rels/document.xml.rels", wordDocumentRelations},
		{"word/styles.xml", wordStyles()}, {"word/footer1.xml", wordFooter}, {"docProps/core.xml", wordProperties(m.Title)}, {"word/document.xml", wordDocument(m)},
	} {
		w, err := z.CreateHeader(&zip.FileHeader{Name: part.name, Method: zip.Deflate, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)})
		if err != nil {
			return nil, err
		}
		if _, err := w.Write([]byte(xml.Header + part.text)); err != nil {
			return nil, err
		}
	}
	err := z.Close()
	return out.Bytes(), err
}

func wordDocument(m *projections.Minutes) string {
	var b strings.Builder
	b.WriteString(`<w:document ` + wordSpace + ` xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><w:body>`)
	paragraph(&b, "Title", m.Title)
	paragraph(&b, "Subtitle", m.State)
	for _, part := range m.Parts {
		paragraph(&b, "Heading1", part.Title)
		if len(part.Lines) == 0 {
			paragraph(&b, "", "Nothing.")
		}
		for _, l := range part.Lines {
			wordLine(&b, &l)
		}
	}
	// A4 with margins of 2 cm, in twentieths of a point.
	b.WriteString(`<w:sectPr><w:footerReference w:type="default" r:id="rId2"/><w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1134" w:right="1134" w:bottom="1134" w:left="1134" w:header="567" w:footer="567" w:gutter="0"/></w:sectPr></w:body></w:document>`)
	return b.String()
}

// wordLine is one line of the minutes. Its mark is part of the text: what is copied from
// the document then keeps the numbers of the agenda.
func wordLine(b *strings.Builder, l *projections.MinutesLine) {
	style, mark := "ListParagraph", "•\t"
	switch l.Kind {
	case projections.MinutesParagraph:
		style, mark = "", ""
	case projections.MinutesBullet:
	case projections.MinutesNumbered:
		mark = fmt.Sprintf("%d.\t", l.Number)
	case projections.MinutesQuote:
		style, mark = "Quote", ""
	case projections.MinutesHeading:
		style, mark = "Heading2", ""
	}
	if l.Below {
		style = "ListBelow"
		if l.Kind == projections.MinutesParagraph {
			mark = "\t"
		}
	}
	paragraph(b, style, mark+l.Text)
}

// paragraph writes the text as one paragraph; its line ends are line breaks, its tabs tabs.
func paragraph(b *strings.Builder, style, text string) {
	b.WriteString("<w:p>")
	if style != "" {
		b.WriteString(`<w:pPr><w:pStyle w:val="` + style + `"/></w:pPr>`)
	}
	b.WriteString("<w:r>")
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			b.WriteString("<w:br/>")
		}
		for j, piece := range strings.Split(strings.TrimSuffix(line, "\r"), "\t") {
			if j > 0 {
				b.WriteString("<w:tab/>")
			}
			b.WriteString(`<w:t xml:space="preserve">` + escaped(piece) + `</w:t>`)
		}
	}
	b.WriteString("</w:r></w:p>")
}

// escaped is the text for XML; what XML 1.0 can't hold becomes the replacement character.
func escaped(text string) string {
	var b bytes.Buffer
	if err := xml.EscapeText(&b, []byte(text)); err != nil {
		panic(err) // a bytes.Buffer takes everything
	}
	return b.String()
}

const (
	wordSpace = `xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"`

	wordTypes = `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>` +
		`<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>` +
		`<Override PartName="/word/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"/>` +
		`<Override PartName="/word/footer1.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.footer+xml"/>` +
		`<Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>`

	wordRelations = `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
		`<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/>` +
		`<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties" Target="docProps/core.xml"/></Relationships>`

	wordDocumentRelations = `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
		`<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/>` +
		`<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/footer" Target="footer1.xml"/></Relationships>`

	wordFooter = `<w:ftr ` + wordSpace + `><w:p><w:pPr><w:jc w:val="right"/></w:pPr><w:r><w:t xml:space="preserve">Page </w:t></w:r><w:fldSimple w:instr="PAGE"><w:r><w:t>1</w:t></w:r></w:fldSimple>` +
		`<w:r><w:t xml:space="preserve"> of </w:t></w:r><w:fldSimple w:instr="NUMPAGES"><w:r><w:t>1</w:t></w:r></w:fldSimple></w:p></w:ftr>`
)

func wordProperties(title string) string {
	return `<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>` +
		escaped(title) + `</dc:title><dc:language>en-GB</dc:language></cp:coreProperties>`
}

// wordStyles are the document's styles: sizes in half points, distances in twentieths of a point.
func wordStyles() string {
	style := func(id, name, paragraph, run string) string {
		return `<w:style w:type="paragraph" w:styleId="` + id + `"><w:name w:val="` + name + `"/><w:basedOn w:val="Normal"/><w:qFormat/><w:pPr>` + paragraph + `</w:pPr><w:rPr>` + run + `</w:rPr></w:style>`
	}
	return `<w:styles ` + wordSpace + `><w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii="Arial" w:hAnsi="Arial" w:cs="Arial"/><w:sz w:val="22"/><w:lang w:val="en-GB"/></w:rPr></w:rPrDefault>` +
		`<w:pPrDefault><w:pPr><w:spacing w:after="120" w:line="276" w:lineRule="auto"/></w:pPr></w:pPrDefault></w:docDefaults>` +
		`<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/><w:qFormat/></w:style>` +
		style("Title", "Title", `<w:spacing w:after="60"/>`, `<w:b/><w:sz w:val="36"/>`) +
		style("Subtitle", "Subtitle", `<w:spacing w:after="240"/>`, `<w:color w:val="425563"/>`) +
		style("Heading1", "heading 1", `<w:keepNext/><w:spacing w:before="300" w:after="80"/><w:outlineLvl w:val="0"/>`, `<w:b/><w:sz w:val="26"/>`) +
		style("Heading2", "heading 2", `<w:keepNext/><w:spacing w:before="200" w:after="60"/><w:outlineLvl w:val="1"/>`, `<w:b/><w:sz w:val="22"/>`) +
		style("ListParagraph", "List Paragraph", `<w:tabs><w:tab w:val="left" w:pos="425"/></w:tabs><w:spacing w:after="60"/><w:ind w:left="425" w:hanging="425"/>`, ``) +
		style("ListBelow", "List Below", `<w:tabs><w:tab w:val="left" w:pos="850"/></w:tabs><w:spacing w:after="60"/><w:ind w:left="850" w:hanging="425"/>`, ``) +
		style("Quote", "Quote", `<w:pBdr><w:left w:val="single" w:sz="12" w:space="8" w:color="768692"/></w:pBdr><w:ind w:left="425"/>`, ``) + `</w:styles>`
}
