package evidence

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"html/template"
	"slices"
	"strings"

	"filippo.io/torchwood"
	"rsc.io/qr"

	"goldenthread/domain"
)

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// A pageEvent is an event on the page, in the words that are stored.
type pageEvent struct {
	Index    uint64
	Kind     string
	Subject  string
	Recorded string
	Holds    string
	Line     string
}

// page is the bundle to be read, and printed, by people.
func (b *Bundle) page() ([]byte, error) {
	text, _, _ := strings.Cut(string(b.Checkpoint), "\n\n")
	c, err := torchwood.ParseCheckpoint(text + "\n")
	if err != nil {
		return nil, err
	}
	events := make([]pageEvent, len(b.Events))
	for i, e := range b.Events {
		v, err := readEvent(e.Line)
		if err != nil {
			return nil, err
		}
		events[i] = pageEvent{
			Index: e.Index, Kind: strings.TrimPrefix(v.kind, "goldenthread."), Subject: v.subject,
			Recorded: v.time, Holds: inWords(v.effective), Line: string(e.Line),
		}
	}
	main := b.Events[len(b.Events)-1]
	picture, err := b.picture(&main)
	if err != nil {
		return nil, err
	}
	mandates, above := split(b.Steps)
	slices.SortFunc(events, func(a, b pageEvent) int { return int(a.Index) - int(b.Index) })
	var out bytes.Buffer
	err = pageTemplate.Execute(&out, struct {
		*Bundle
		Proved          []pageEvent
		Tree            torchwood.Checkpoint
		Root            string
		Keys            string
		Main            uint64
		QR              template.URL
		Mandates, Above []domain.Link
	}{b, events, c, c.Hash.String(), strings.TrimSpace(string(b.Policy)), main.Index, picture, mandates, above})
	return out.Bytes(), err
}

// split parts the practices' mandates, which are many and alike, from the steps
// above them, so that these stand on one page.
func split(steps []domain.Link) (mandates, above []domain.Link) {
	for _, s := range steps {
		if s.Kind == "mandate" {
			mandates = append(mandates, s)
		} else {
			above = append(above, s)
		}
	}
	return mandates, above
}

// picture is the proof of an event as a QR code, to stand on paper; none where
// the proof, with the cosignatures of many witnesses, is too long for one.
func (b *Bundle) picture(e *Event) (template.URL, error) {
	proof, err := b.proof(e)
	if err != nil {
		return "", err
	}
	code, err := qr.Encode(string(proof), qr.L)
	if err != nil {
		return "", nil
	}
	code.Scale = 4
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(code.PNG())), nil
}

func inWords(day string) string {
	d, err := domain.ParseDay(day)
	if err != nil {
		return day
	}
	return d.Words()
}
