package mail

import (
	"strings"
	"time"

	"github.com/google/uuid"
	gomail "github.com/wneessen/go-mail"

	"goldenthread/domain"
	"goldenthread/projections"
)

const mostLines = 25 // in one letter; the rest is on the pages

// A letter is one digest on its way.
type letter struct {
	group   string // "Trafford GP Board"
	address string // of the group's pages, below the link: "/g/trafford"
	id      uuid.UUID
	to      domain.PersonalData
	errands []projections.Errand
	link    string // address of the pages; "" where there is none

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
	m.SetBodyString(gomail.TypeTextPlain, l.text())
	return m, nil
}

func (l *letter) subject() string {
	if l.invitation != nil {
		return l.group + ": your invitation"
	}
	if len(l.errands) == 1 {
		return l.group + ": " + l.errands[0].About
	}
	return l.group + ": what is new, and what waits for you"
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
	for _, e := range shown {
		b.WriteString("- " + e.Text + "\n")
		if e.Confirm && l.link != "" {
			b.WriteString("  Confirm or refuse it: " + strings.TrimSuffix(l.link, "/") + l.address + "/waiting#" + e.About + "\n")
		}
		b.WriteString("\n")
	}
	if len(shown) < len(l.errands) {
		b.WriteString("There is more than fits here: please look at the pages.\n\n")
	}
	if l.link != "" {
		b.WriteString("You find all of it here: " + l.link + "\n\n")
	}
	b.WriteString("You are told once, and again when a day comes nearer. What you have done is not asked again.\n" + l.group + "\n")
	return b.String()
}
