package web

import "goldenthread/projections"

// AllMandates are where all practices stand, and what can be recorded for many at once.
// Its form has the id mandates.
type AllMandates struct {
	Say       string // coverage
	Practices []MandateOf
	Brings    bool // whoever looks keeps the register
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
	Place   string // in sentences
	Seats   []string
	Manager string // office of whom it goes back to
	To      []MandateLetter
}

// A MandateLetter is to one practice.
type MandateLetter struct {
	Practice projections.Body
	Asks     string // in the group's words, where it has asked; "": it has not
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
