package projections

import (
	"strings"

	"goldenthread/domain"
)

// MandateLetters are letters to practices that are not behind the group (rule M1): what the
// group is, what it asks, and how to say yes or no.
type MandateLetters struct {
	CharterInForce
	Group   string // its name
	Short   string // in sentences
	Place   string // in sentences
	Seats   []string
	Manager string     // office of whom it goes back to
	On      domain.Day // that they are of
	To      []MandateLetter
	Until   domain.Day // last day of the codes, where there are any

	asked map[string]string // what the group asked in its words, by practice
}

// A MandateLetter is to one practice.
type MandateLetter struct {
	Of       *MandateLetters // whose words it has
	Practice Body
	Asks     string // in the group's words, where it has asked; "": it has not
	Code     string // by which it is answered; "": only on paper
	Link     string // the same, to open
}

// MandateLetters are the letters to those who are not behind the group on that day, without codes.
func (g *backing) MandateLetters(at domain.Day) *MandateLetters {
	all := &MandateLetters{CharterInForce: g.Charter(at), Group: g.state.Name, Short: g.state.ShortName, Place: g.state.PlaceName, Manager: "the manager", On: at, asked: map[string]string{}}
	register := g.Register(at)
	for _, s := range register.Seats {
		if s.Entitled {
			all.Seats = append(all.Seats, s.Seat.Name)
		}
	}
	for _, d := range register.Duties {
		if d.Duty == domain.Manager {
			all.Manager = d.Person.Office
		}
	}
	for _, one := range g.state.Asked {
		all.asked[one.Organisation] = one.Words
	}
	for _, s := range g.PracticeStandings(at) {
		switch s.State {
		case MandateGiven, MandateOnPaper, MandateAnswered:
		case MandateAsked, MandateRefused, MandateWithdrawn, MandateNone:
			all.To = append(all.To, all.Letter(s.Practice))
		}
	}
	return all
}

// Letter is that to one practice, without a code.
func (m *MandateLetters) Letter(practice Body) MandateLetter {
	return MandateLetter{Of: m, Practice: practice, Asks: m.asked[practice.Code]}
}

// notice is how many days of notice a practice gives to take its mandate back.
func (m *MandateLetters) notice() int {
	for _, s := range m.Settings {
		if s.Name == "noticeDays" {
			return s.Value
		}
	}
	return 0
}

// Asked is what a letter asks, in one sentence.
func (l *MandateLetter) Asked() string { return "May " + l.Of.Short + " speak for your practice?" }

// Words are what a letter says, in paragraphs, after what it asks.
func (l *MandateLetter) Words() []string {
	m := l.Of
	var all []string
	if l.Asks != "" {
		all = append(all, l.Asks)
	}
	reserved, notice := "", "at once"
	for _, matter := range m.Reserved {
		reserved += "; " + domain.MatterWords(matter)
	}
	if n := m.notice(); n > 0 {
		notice = "with " + domain.Count(n, "day") + " of notice"
	}
	return append(all,
		m.Group+" is the general practices of "+m.Place+", deciding together through "+domain.List(m.Seats)+". It decides by consensus, never by vote.",
		"With your mandate it may agree, in meetings with the system, to what its members have agreed to, on the subjects that you give it. Without it, it does not speak for you. Never delegated by anybody: the charter, membership and delegation itself"+reserved+".",
		"You can take your mandate back at any time, for everything or for some subjects, "+notice+". You don’t have to say why. What was agreed before stays.")
}

// ByCode is how the letter is answered in a browser; "" where it has no code.
func (l *MandateLetter) ByCode() string {
	if l.Code == "" {
		return ""
	}
	return "Point a phone’s camera at the square, or open " + l.Link + ". The code is " + l.Code + ". It is good until " + l.Of.Until.Words() + ", for one yes or no of your practice. You need no account, and can ask a question first."
}

// Return is where an answer on paper goes, and what becomes of it.
func (m *MandateLetters) Return() string {
	to := m.Manager
	if !strings.HasSuffix(to, m.Group) {
		to += ", " + m.Group
	}
	return "Please return this to " + to + ". Your answer is recorded, and counts once somebody else has confirmed it: who speaks for your practice, if anybody does there, or another member of the group."
}

// Subjects are what a practice can give its mandate for, in words.
func (m *MandateLetters) Subjects() []string {
	var all []string
	for _, matter := range m.Matters {
		all = append(all, domain.FirstUpper(domain.MatterWords(matter)))
	}
	return all
}

// FillIn are the lines of an answer on paper.
func (*MandateLetters) FillIn() []string {
	return []string{"Until (date), or to be looked at again on:", "On which condition, if any:", "Name and office:", "Signature and date:"}
}
