package web

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// DraftField is the field in which a form comes back that could not be taken. No form has
// a field of that name.
const DraftField = "kept-form"

// A Sheet is a form of a page: what it asks, filled in, and how it is sent.
type Sheet struct {
	Form
	Fold   string   // what opens it, where it is folded away; "": it stands open
	FoldID string   // of what is folded
	Open   bool     // it is open already
	Say    []string // before the fields
	Parts  []Piece
	Button string
	Class  string // of the button: secondary, warning; "": the page's main one
	Small  bool   // the button
	Sign   string // what the button says that signs too; "": it can't be signed
}

// Send is the button that sends it.
func (s *Sheet) Send() Button {
	b := newButton(s.Button, s.Class)
	if s.Small {
		b.Class += " nhsuk-button--small"
	}
	return b
}

// sheetOf is the page's form with that id, its parts joined; nil if the page
// doesn't offer it.
func sheetOf(p *Page, id ...any) *Sheet {
	var b strings.Builder
	for _, part := range id {
		fmt.Fprint(&b, part)
	}
	s := p.Sheets[b.String()]
	if s != nil {
		s.Page = p
	}
	return s
}

// A Piece is a field of a form, or a list with rows of fields.
type Piece struct {
	Type      string // text, words, long, lines, date, pounds, months, number, matter, choice, radios, ticks, tick, files (whose value is what can be chosen), ranked, hidden, group, rows or effects
	Name      string
	Label     string
	Hint      string
	Unit      string // after a number
	Options   []Option
	Values    []string
	Suggested []Option // to tick, beside what is written on lines
	Ticked    []string // of them
	Rows      []Row
	Fixed     bool     // no rows can be added
	One       string   // what a row is called: power
	Says      []string // of effects: what would follow, in sentences
}

// A Row is one of a list's.
type Row struct {
	Heading string
	Parts   []Piece
}

// Value is the piece's only value.
func (p Piece) Value() string { return strings.Join(p.Values, "") }

// Many says whether there are so many options that they are folded away.
func (p Piece) Many() bool { return len(p.Options) > 8 }

// Chosen are the words of the options that were ticked.
func (p Piece) Chosen() []string {
	var words []string
	for _, o := range p.Options {
		if slices.Contains(p.Values, o.Value) {
			words = append(words, o.Words)
		}
	}
	return words
}

// Ranks are the places of a list in order, from the first, each with the options.
func (p Piece) Ranks() []Piece {
	var all []Piece
	for i := range p.Options {
		one := Piece{Type: "choice", Name: p.Name, Label: "The most important", Options: append([]Option{{Words: "None"}}, p.Options...)}
		if i > 0 {
			one.Label = "Then, as number " + strconv.Itoa(i+1)
		}
		if i < len(p.Values) {
			one.Values = p.Values[i : i+1]
		}
		all = append(all, one)
	}
	return all
}

// A FormPart is a piece in its form, in a row or not.
type FormPart struct {
	Form
	Piece
	Row string
}

func newFormPart(f Form, p Piece, row string) FormPart { return FormPart{f, p, row} }

// Field is the piece as a field.
func (p FormPart) Field() Field {
	return Field{p.Form, p.Name, p.Label, p.Hint, p.Value(), p.Values}
}

// Choice is the piece as a field with its options.
func (p FormPart) Choice() Choice { return Choice{p.Field(), p.Options} }

// Suggestions are what can be ticked beside what is written on lines.
func (p FormPart) Suggestions() Choice {
	return Choice{Field{p.Form, p.Name + "-suggested", p.Label, "", "", p.Ticked}, p.Suggested}
}

// Unfolded says whether its options are shown at once.
func (p FormPart) Unfolded() bool { return len(p.Values) > 0 || p.Field().Wrong() != "" }

// Offers says whether the page offers one of the forms.
func (p *Page) Offers(ids ...string) bool {
	return slices.ContainsFunc(ids, func(id string) bool { return p.Sheets[id] != nil })
}

// Under are the forms that the page offers whose ids begin so, in order.
func (p *Page) Under(id string) []*Sheet {
	var all []*Sheet
	for _, one := range slices.Sorted(maps.Keys(p.Sheets)) {
		if strings.HasPrefix(one, id) {
			all = append(all, sheetOf(p, one))
		}
	}
	return all
}
