package web

import (
	"goldenthread/domain"
	"goldenthread/projections"
)

// AllMandates are where all practices stand, and what can be recorded for many at once.
// Its form has the id mandates.
type AllMandates struct {
	Say       string // coverage
	Practices []MandateOf
	Brings    bool       // whoever looks keeps the register
	Due       domain.Day // only those whose mandate is due on that day are shown, and ticked; 0: none are
	State     string     // only those in that state are shown; "": all
	States    []StateCount
	Pager
}

// A StateCount is how many practices are in a state.
type StateCount struct {
	State projections.MandateState
	Count int
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

// MandateLetters are letters to practices that are not behind the group, to print.
type MandateLetters struct{ *projections.MandateLetters }

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

// A LetterPage is what somebody sees behind the code of a letter: the letter's words, and
// the form with which it is answered, what they are about to say, or what was said.
type LetterPage struct {
	Letter    projections.MandateLetter
	Code      string                     // of the address
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
