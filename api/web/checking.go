package web

import (
	"slices"
	"strconv"
	"strings"

	"goldenthread/domain"
	"goldenthread/projections"
)

// Checking is a form before it is recorded: what was entered, and what would follow.
// All that was typed travels with it.
type Checking struct {
	Of          Body   // of the page that has the form
	ID          string // of the form there
	Command     string
	About       string // what the form does
	Carried     []Carried
	Entered     []Entered
	Says        projections.Trial
	Kept        bool   // something would end that is for members to see
	Changed     bool   // something else would follow than was shown before
	Fingerprint string // of what is shown
	Button      string
	Class       string // of the button
	Sign        string // what the button says that signs too; "": it can't be signed
}

// Carried is one value of the form, as it was typed.
type Carried struct{ Name, Value string }

// Entered is what was entered in a field, in words.
type Entered struct {
	Label string
	Words []string
}

// Title says what is asked, and of what.
func (c *Checking) Title() string { return "Check before it is recorded" }
func (*Checking) file() string    { return "checking" }

// Signs says whether whoever looks can sign it.
func (c *Checking) Signs() bool {
	p, ok := c.Of.(*Proposal)
	return ok && c.Sign != "" && p.Passkey
}

// MustSign says whether it can't be recorded unsigned.
func (c *Checking) MustSign() bool {
	p, ok := c.Of.(*Proposal)
	return ok && c.Sign != "" && p.MustSign
}

// Ends says whether something would not be so any more.
func (c *Checking) Ends() bool {
	return c.Kept || c.Says.Ends != nil || c.Says.Left != nil || c.Says.Coverage != nil || c.Says.Lost != nil || c.Says.Waits != nil
}

// EnteredIn are the values of the pieces, in words. What was left empty is left out.
func EnteredIn(parts []Piece, row string) []Entered {
	var all []Entered
	for _, p := range parts {
		for _, r := range p.Rows {
			heading := r.Heading
			if heading == "" {
				heading = p.Label
			}
			if row != "" {
				heading = row + ", " + strings.ToLower(heading[:1]) + heading[1:]
			}
			all = append(all, EnteredIn(r.Parts, heading)...)
		}
		words := slices.DeleteFunc(p.words(), func(s string) bool { return strings.TrimSpace(s) == "" })
		if p.Type == "hidden" || p.Rows != nil || len(words) == 0 {
			continue
		}
		label := p.Label
		if row != "" && label != "" {
			label = row + ": " + strings.ToLower(label[:1]) + label[1:]
		}
		all = append(all, Entered{label, words})
	}
	return all
}

// words are what was chosen or written, as people say it.
func (p Piece) words() []string {
	var said []string
	for _, value := range p.Values {
		if i := slices.IndexFunc(p.Options, func(o Option) bool { return o.Value == value }); i >= 0 && value != "" && p.Type != "matter" {
			said = append(said, p.Options[i].Words)
			continue
		}
		switch {
		case value == "":
		case p.Type == "pounds":
			said = append(said, "£"+value)
		case p.Type == "months":
			said = append(said, counted(value, "month"))
		case p.Type == "number" && p.Unit != "":
			said = append(said, value+" "+p.Unit)
		case p.Type == "tick":
			said = append(said, "Yes")
		case p.Type == "matter":
			said = append(said, domain.FirstUpper(domain.MatterWords(value)))
		case p.Type == "lines":
			said = append(said, paragraphs(value)...)
		default:
			said = append(said, value)
		}
	}
	return said
}

// counted writes "1 month" and "6 months".
func counted(number, one string) string {
	n, err := strconv.Atoi(number)
	if err != nil {
		return number
	}
	return domain.Count(n, one)
}
