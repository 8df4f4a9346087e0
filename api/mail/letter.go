package mail

import (
	"strings"
	"time"

	"github.com/google/uuid"
	gomail "github.com/wneessen/go-mail"

	"goldenthread/api/web"
	"goldenthread/domain"
	"goldenthread/projections"
)

const (
	mostLines = 25 // in one letter; the rest is on the pages
	mostAsked = 90 // characters of what is asked
)

// A letter is one digest on its way.
type letter struct {
	group   string // "Trafford GP Board"
	address string // of the group's pages, below the link: "/g/trafford"
	id      uuid.UUID
	to      domain.PersonalData
	errands []projections.Errand
	link    string // address of the pages, with no slash at the end; "" where there is none
	choices string // address at which the person chooses what they are mailed; "": none
	today   domain.Day

	invitation *Invitation // the letter is this and nothing else; nil: it is a digest
}

// message writes the letter. Its Message-ID is made from what it is about, so
// that whoever gets it twice can tell.
func (l *letter) message(from string, now time.Time) (*gomail.Msg, error) {
	m := gomail.NewMsg()
	if err := m.FromFormat(l.group, from); err != nil {
		return nil, err
	}
	if err := m.To(l.to.Email); err != nil {
		return nil, err
	}
	_, domain, _ := strings.Cut(from, "@")
	m.SetMessageIDWithValue(l.id.String() + "@" + domain)
	m.SetDateWithValue(now)
	m.Subject(l.subject())
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: nobody's machine should answer
	if l.choices != "" {
		m.SetGenHeader("List-Unsubscribe", "<"+l.choices+">") // RFC 2369
		if strings.HasPrefix(l.choices, "https://") {
			m.SetGenHeader("List-Unsubscribe-Post", "List-Unsubscribe=One-Click") // RFC 8058
		}
	}
	m.SetBodyString(gomail.TypeTextPlain, l.text())
	return m, nil
}

// subject says what the letter is about: the first thing to do, or to know, and how many
// more there are.
func (l *letter) subject() string {
	if l.invitation != nil {
		return l.group + ": your invitation"
	}
	first := l.group + ": " + l.asks(&l.errands[0])
	if more := len(l.errands) - 1; more > 0 {
		first += ", and " + domain.Thousands(more) + " more"
	}
	return first
}

// asks is what the person is asked to do, with its last day.
func (l *letter) asks(e *projections.Errand) string {
	do := strings.Join(strings.Fields(e.Do), " ") // a header is one line
	do = domain.Clause(domain.ClipTo(do, mostAsked))
	switch by := e.Item.By; {
	case by == 0:
		return do
	case by < l.today:
		return do + ", overdue since " + by.Words()
	default:
		return do + ", by " + by.Words()
	}
}

// place is the address of the page on which it is done; "" where the pages have none.
func (l *letter) place(e *projections.Errand) string {
	at := ""
	switch {
	case e.Kind == projections.ErrandWay:
		at = "/account"
	case web.WaitingPlace(e.Item) != "":
		at = l.address + "/" + web.WaitingPlace(e.Item)
	}
	if l.link == "" || at == "" {
		return ""
	}
	return l.link + at
}

func (l *letter) text() string {
	var b strings.Builder
	if l.to.Name != "" {
		b.WriteString("Dear " + l.to.Name + ",\n\n")
	}
	if i := l.invitation; i != nil {
		b.WriteString("You are invited to " + l.group + " as: " + i.Person.Office + ".\n\nOpen this link on your own device and make a passkey. It works once, until the end of " + domain.DayOf(i.Until).Words() + ":\n" + i.Link +
			"\n\nIf the link does not open, type this code on the sign-in page, under I have an invitation: " + i.Code + "\n\nIf that is not your office, leave it alone and tell whoever runs the group.\n" + l.group + "\n")
		return b.String()
	}
	shown := l.errands[:min(len(l.errands), mostLines)]
	for i := range shown {
		e := &shown[i]
		b.WriteString(l.asks(e) + ".\n" + e.Text + "\n")
		if place := l.place(e); place != "" {
			b.WriteString(place + "\n")
		}
		b.WriteString("\n")
	}
	if len(shown) < len(l.errands) {
		b.WriteString("There is more than fits here: please look at the pages.\n\n")
	}
	if l.link != "" {
		b.WriteString("Everything for you to do: " + l.link + l.address + "\nTo answer you sign in. You then see what would be recorded before anything is: opening a link says nothing for you.\n\n")
	}
	b.WriteString("You are told once, and again when a day comes nearer. What you have done is not asked again.\n")
	if l.choices != "" {
		b.WriteString("Choose what you are mailed and when you are reminded, or stop it: " + l.choices + "\n")
	}
	b.WriteString(l.group + "\n")
	return b.String()
}
