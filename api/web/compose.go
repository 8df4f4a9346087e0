package web

import (
	"slices"
	"strings"
)

// Compose is a proposal being made, or made anew: what it would do is put
// together part by part, read in words, and only then sent. All of it travels
// with the form; nothing is kept here meanwhile.
type Compose struct {
	Step string // choose, which, parts or words

	Number  string // of the proposal that is amended; "": a new one
	Version int    // of it, that is replaced
	Draft   bool   // the one that is amended is a draft

	Instruments string      // finished so far, as JSON
	Say         []string    // what they would do, in words
	Groups      []KindGroup // to choose from
	Kind        Kinds       // being put together
	Of          string      // what it is about: D1
	Which       []Option    // of which one is to be chosen
	Index       string      // of the one being changed among those finished; "": one more
	Parts       []Piece

	Named   string
	Text    string
	Made    string // the text as it was made of what it would do, to see whether somebody changed it
	Matter  string
	Seats   []Option
	Seat    string
	Matters []Option
	Settled []Option
	Reopens string
	New     string
	Keep    bool // as a draft for now
}

// Kinds are what a proposal can do, and how it is called.
type Kinds struct {
	Name  string // of the instrument
	Words string
	Say   string
}

// A KindGroup is some of them that belong together.
type KindGroup struct {
	Words string
	Kinds []Kinds
}

// Title says what is being made.
func (c *Compose) Title() string {
	if c.Number != "" {
		return "Amend " + c.Number
	}
	return "Raise a proposal"
}
func (*Compose) file() string { return "compose" }

// Heading is of the step.
func (c *Compose) Heading() string {
	switch c.Step {
	case "choose":
		if c.Number == "" && len(c.Say) == 0 {
			return "What would the proposal do?"
		}
		return "What else would it do?"
	case "words":
		if c.Number == "" {
			return "Read it, and raise it"
		}
		return c.Title()
	}
	return c.Kind.Words
}

// FormID is the id of its form on the page.
func (c *Compose) FormID() string {
	if c.Number != "" {
		return "amend"
	}
	return "raise"
}

// Command is what sends it.
func (c *Compose) Command() string {
	if c.Number != "" {
		return "amend-proposal"
	}
	return "raise-proposal"
}

// A Piece is a field of what is put together, or a list with rows of fields.
type Piece struct {
	Type    string // text, words, lines, date, pounds, months, number, matter, choice, radios, ticks, tick, hidden, rows or effects
	Name    string
	Label   string
	Hint    string
	Unit    string // after a number
	Options []Option
	Values  []string
	Rows    []Row
	One     string   // what a row is called: power
	Says    []string // of effects: what would follow, in sentences
}

// A Row is one of a list's.
type Row struct {
	Heading string
	Parts   []Piece
}

// Value is the part's only value.
func (p Piece) Value() string { return strings.Join(p.Values, "") }

// Many says whether there are so many options that they are folded away.
func (p Piece) Many() bool { return len(p.Options) > 8 }

// A FormPart is a part in its form, in a row or not.
type FormPart struct {
	Form
	Piece
	Row string
}

func newFormPart(f Form, p Piece, row string) FormPart { return FormPart{f, p, row} }

// Field is the part as a field.
func (p FormPart) Field() Field {
	f := Field{p.Form, p.Name, p.Label, p.Hint, p.Value(), p.Values}
	if p.Refused != nil {
		label := p.Label
		if p.Row != "" {
			label = p.Row + ", " + strings.ToLower(label[:1]) + label[1:]
		}
		p.Refused.learn(p.Name, label)
	}
	return f
}

// Choice is the part as a field with its options.
func (p FormPart) Choice() Choice { return Choice{p.Field(), p.Options} }

// Unfolded says whether its options are shown at once.
func (p FormPart) Unfolded() bool { return len(p.Values) > 0 || p.Field().Wrong() != "" }

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
