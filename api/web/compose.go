package web

import "goldenthread/projections"

// Compose is a proposal being made, or made anew: what it would do is put
// together part by part, read in words, and only then sent. All of it travels
// with the form; nothing is kept here meanwhile.
type Compose struct {
	Step string // choose, which, parts or words

	Number  string                       // of the proposal that is amended; "": a new one
	Version int                          // of it, that is replaced
	Draft   bool                         // the one that is amended is a draft
	Since   *projections.ProposalVersion // the newest, where it was made since somebody began to amend; else nil

	Instruments string      // finished so far, as JSON
	Say         []string    // what they would do, in words
	Groups      []KindGroup // to choose from
	Kind        Kinds       // being put together
	Of          string      // what it is about: D1
	Which       []Option    // of which one is to be chosen
	Index       string      // of the one being changed among those finished; "": one more
	Parts       []Piece
	Again       []Piece // about opening a settled matter again

	Named   string
	Text    string
	Made    string // the text as it was made of what it would do, to see whether somebody changed it
	Matter  string
	Seat    string
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

// Button is what the button says that sends it.
func (c *Compose) Button() string {
	if c.Number != "" {
		return "Make the new version"
	}
	return "Raise it"
}

// Whichever is the field in which to choose what it is about, or what it would do.
func (c *Compose) Whichever() []Piece {
	switch c.Step {
	case "which":
		return []Piece{{Type: "choice", Name: "of", Label: "Which one?", Options: c.Which}}
	case "choose":
		return []Piece{{Name: "kind"}}
	}
	return nil
}
