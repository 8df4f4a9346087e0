package web

import (
	"html/template"

	"goldenthread/domain"
	"goldenthread/projections"
)

// AllMandates are where all practices stand, and what can be recorded for many at once.
// Its form has the id mandates.
type AllMandates struct {
	Say       string // coverage
	Practices []MandateOf
	Brings    bool       // whoever looks keeps the register
	Due       domain.Day // those whose mandate is due on that day are ticked; 0: none are
}

func (*AllMandates) Title() string { return "Mandates of all practices" }
func (*AllMandates) file() string  { return "allmandates" }

// Ticked are the practices that are ticked, by name and code.
func (m *AllMandates) Ticked() (names []string) {
	for _, one := range m.Practices {
		if one.Ticked {
			names = append(names, one.Practice.Name+" ("+one.Practice.Code+")")
		}
	}
	return names
}

// A MandateOf is where one practice stands, as a row that can be ticked.
type MandateOf struct {
	projections.PracticeStanding
	Tick   bool // whoever looks can record something for it
	Ticked bool
}

// Tag is the state as an adjective.
func (m MandateOf) Tag() Tag {
	switch m.State {
	case projections.MandateGiven:
		return green("given")
	case projections.MandateOnPaper:
		return yellow("on paper")
	case projections.MandateAnswered:
		return blue("answered")
	case projections.MandateAsked:
		return blue("asked")
	case projections.MandateRefused:
		return red("refused")
	case projections.MandateWithdrawn:
		return red("withdrawn")
	case projections.MandateNone:
	}
	return grey("none")
}

// MandateLetters are letters to practices that are not behind the group, to print: what the
// group is, what it asks, and how to say yes or no on paper.
type MandateLetters struct {
	projections.CharterInForce
	Group   string // its name
	Short   string // in sentences
	Place   string // in sentences
	Seats   []string
	Manager string // office of whom it goes back to
	To      []MandateLetter
	Until   domain.Day // last day of the codes, where they have been made
}

// A MandateLetter is to one practice.
type MandateLetter struct {
	Of       *MandateLetters // whose words it has
	Practice projections.Body
	Asks     string       // in the group's words, where it has asked; "": it has not
	Code     string       // by which it is answered; "": only on paper
	Link     string       // the same, to open
	Picture  template.URL // the link as a QR code
}

// NewMandateLetters are the letters to those who are not behind the group on that day, without codes.
func NewMandateLetters(g *projections.Group, at domain.Day) *MandateLetters {
	body := &MandateLetters{CharterInForce: g.Charter(at), Group: g.State().Name, Short: g.State().ShortName, Place: g.State().PlaceName, Manager: "the manager"}
	register := g.Register(at)
	for _, s := range register.Seats {
		if s.Entitled {
			body.Seats = append(body.Seats, s.Seat.Name)
		}
	}
	for _, d := range register.Duties {
		if d.Duty == domain.Manager {
			body.Manager = d.Person.Office
		}
	}
	asked := map[string]string{}
	for _, one := range g.State().Asked {
		asked[one.Organisation] = one.Words
	}
	for _, s := range g.PracticeStandings(at) {
		switch s.State {
		case projections.MandateGiven, projections.MandateOnPaper, projections.MandateAnswered:
		case projections.MandateAsked, projections.MandateRefused, projections.MandateWithdrawn, projections.MandateNone:
			body.To = append(body.To, MandateLetter{Of: body, Practice: s.Practice, Asks: asked[s.Practice.Code]})
		}
	}
	return body
}

// LettersSheet is the form by which letters get codes; it asks until when these are good.
func LettersSheet(until string) *Sheet {
	return &Sheet{
		Form: Form{ID: "write"}, Button: "Write letters with codes",
		Say: []string{
			"With a code somebody at the practice answers in a browser and needs no account: yes, no, or a question. Each code is shown once, on the letter that you print, and a new letter ends the code of the one before.",
			"Anybody who has a letter can type its answer, and you have all the letters. So an answer gives no mandate by itself: you record it as you record paper, and somebody who did not write the letter confirms it.",
		},
		Parts: []Piece{{Type: "date", Name: "until", Label: "Until when can they answer with the code?", Hint: "Such as 31 January 2027; 120 days from now at most.", Values: []string{until}}},
	}
}

func (*MandateLetters) Title() string { return "Letters to practices" }
func (*MandateLetters) file() string  { return "letters" }

// Notice is how many days of notice a practice gives to take its mandate back.
func (m *MandateLetters) Notice() int {
	for _, s := range m.Settings {
		if s.Name == "noticeDays" {
			return s.Value
		}
	}
	return 0
}

// A LetterPage is what somebody sees behind the code of a letter: the letter's words, and
// the form with which it is answered, what they are about to say, or what was said.
type LetterPage struct {
	Letter    MandateLetter
	Over      string                     // why it can't be answered; "": it can
	Said      string                     // what was answered; "": nothing was yet
	Recorded  bool                       // the registrar has recorded it
	Questions []*domain.PracticeQuestion // that were asked with the code
	Entered   []Entered                  // what is about to be said, to be looked at; nil: the form is shown
	Carried   []Carried                  // the same, as it was sent
	Question  bool                       // it is a question
}

func (l *LetterPage) Title() string { return "A letter to " + l.Letter.Practice.Name }
func (*LetterPage) file() string    { return "letter" }

// LetterCode is where the code of a letter is typed.
type LetterCode struct{}

func (LetterCode) Title() string { return "Answer a letter" }
func (LetterCode) file() string  { return "lettercode" }
