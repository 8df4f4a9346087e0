package paper

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/projections"
)

// TestWordHoldsTheMinutes: every line is there, in order and in its style, and what people
// wrote becomes no markup. The same minutes are the same bytes.
func TestWordHoldsTheMinutes(t *testing.T) {
	m := &projections.Minutes{Title: "Trafford GP Board: minutes of 3 February 2026", State: "Draft.", Parts: []projections.MinutesPart{
		{Title: "Agenda", Lines: []projections.MinutesLine{
			{Kind: projections.MinutesNumbered, Number: 2, Text: "Saturdays <w:p> & \x00more."},
			{Kind: projections.MinutesBullet, Below: true, Text: "Decided: £12,000 \u202eis\u202c enough."},
			{Kind: projections.MinutesQuote, Text: "First line.\r\nSecond line."},
			{Kind: projections.MinutesParagraph, Text: "Chaired by the chair."},
			{Kind: projections.MinutesBullet, Text: "A paper."},
		}},
		{Title: "Departures"},
	}}
	b, err := Word(m)
	require.NoError(t, err)
	again, err := Word(m)
	require.NoError(t, err)
	require.Equal(t, b, again)
	require.Equal(t, []string{
		"Title: Trafford GP Board: minutes of 3 February 2026", "Subtitle: Draft.", "Heading1: Agenda",
		"ListParagraph: 2.\tSaturdays <w:p> & \ufffdmore.", "ListBelow: •\tDecided: £12,000 \u202eis\u202c enough.", "Quote: First line.\nSecond line.", ": Chaired by the chair.", "ListParagraph: •\tA paper.",
		"Heading1: Departures", ": Nothing.",
	}, paragraphs(t, b))
}

// paragraphs are the document's paragraphs, each with its style in front, as a reader of
// XML finds them. Every part of the document is read.
func paragraphs(t *testing.T, b []byte) []string {
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	require.NoError(t, err)
	var all []string
	for _, f := range z.File {
		r, err := f.Open()
		require.NoError(t, err)
		d := xml.NewDecoder(r)
		style, text := "", strings.Builder{}
		for {
			token, err := d.Token()
			if err == io.EOF {
				break
			}
			require.NoError(t, err, f.Name)
			switch e := token.(type) {
			case xml.StartElement:
				switch e.Name.Local {
				case "p":
					style = ""
					text.Reset()
				case "pStyle":
					style = e.Attr[0].Value
				case "br":
					text.WriteString("\n")
				case "tab":
					text.WriteString("\t")
				}
			case xml.CharData:
				text.Write(e)
			case xml.EndElement:
				if e.Name.Local == "p" && f.Name == "word/document.xml" {
					all = append(all, style+": "+text.String())
				}
			}
		}
	}
	return all
}
