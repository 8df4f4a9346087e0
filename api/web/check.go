package web

import (
	"cmp"
	"fmt"
	"html/template"
	"net/url"
	"strconv"
	"strings"

	"goldenthread/domain"
)

// Check is the representative's question and its answer.
type Check struct {
	Answer  *domain.CheckAnswer // nil: not asked yet
	Asked   CheckAsked
	Forums  []Option
	Matters []Option
	People  []Option // in whose place one can ask
	Forum   string   // name, of the answer's
	Person  string   // office, of the answer's
	Group   string   // what the group is called in a sentence, such as "the board"
	Alike   []Option // subjects that could be meant, where what was typed names none
	Sizes   string   // on which lists the numbers of patients rest, in a sentence
}

// CheckAsked is the question as it was filled in.
type CheckAsked struct {
	Forum, Matter, Amount, Months, OpenEnded, Consulted, Person string
}

// Asks are the fields of the check's form beside the meeting.
type Asks struct {
	Form
	Asked   CheckAsked
	Matters []Option
}

func (Check) Title() string { return "May I sign up to this?" }
func (Check) file() string  { return "check" }

func (c *Check) lean() bool { return c.Answer != nil }

// Verdict is the answer in plain words.
func (c *Check) Verdict() string {
	switch c.Answer.Verdict {
	case domain.MayCommitNow:
		return "Yes, you may agree to this"
	case domain.MayCommitReport:
		return "Yes, you may agree to this, and then report it"
	case domain.AdReferendum:
		return "Only subject to " + cmp.Or(c.Group, "the group")
	case domain.MustNot:
		return "No, you must not agree to this"
	case domain.ViewOnly:
	}
	return "You can give your own view only"
}

// Kind is the verdict's kind, for its look.
func (c *Check) Kind() string {
	switch c.Answer.Verdict {
	case domain.MayCommitNow, domain.MayCommitReport:
		return "yes"
	case domain.AdReferendum:
		return "back"
	case domain.MustNot:
		return "no"
	case domain.ViewOnly:
	}
	return "view"
}

// Question is what was asked, in a line.
func (c *Check) Question() string {
	on := c.Answer.On
	parts := []string{domain.MatterWords(on.Matter)}
	if on.Amount != nil {
		parts = append(parts, on.Amount.String())
	}
	if on.Months != nil {
		parts = append(parts, domain.Count(*on.Months, "month"))
	}
	if on.OpenEnded {
		parts = append(parts, "without an end")
	}
	where := "the executive's powers"
	if c.Forum != "" {
		where = c.Forum
	}
	return where + ": " + strings.Join(parts, ", ")
}

// Evidence is what proves this very answer, below the group: the same question,
// as known up to the same event.
func (c *Check) Evidence() string {
	q := asking(c.Answer.On)
	q.Set("at", c.Answer.At.String())
	q.Set("known", strconv.FormatUint(c.Answer.Index, 10))
	if on := c.Answer.On; on.Amount != nil {
		q.Set("amountPence", strconv.FormatInt(int64(*on.Amount), 10))
	}
	return "check/evidence?" + q.Encode()
}

// About is where the same question is asked about another subject, below the group.
func (c *Check) About(matter string) string {
	on := c.Answer.On
	on.Matter = matter
	return c.Asks(on)
}

// Asks is where the question of a remedy is asked, below the group.
func (c *Check) Asks(on domain.CheckInputs) string {
	q := asking(on)
	if on.Amount != nil {
		q.Set("amount", on.Amount.String())
	}
	return "check?" + q.Encode()
}

// asking is the question as a query, without its amount.
func asking(on domain.CheckInputs) url.Values {
	q := url.Values{"person": {on.Person}, "forum": {on.Forum}, "matter": {on.Matter}}
	if on.Months != nil {
		q.Set("months", strconv.Itoa(*on.Months))
	}
	if on.OpenEnded {
		q.Set("openEnded", "true")
	}
	if on.Consulted != nil {
		q.Set("consulted", cmp.Or(strings.Join(on.Consulted, ","), "none"))
	}
	return q
}

// Behalf is on whose behalf one speaks.
func (c *Check) Behalf() string { return c.Answer.Coverage.Words() }

// mostStrands are drawn of the mandates that run together into one thread.
const mostStrands = 12

// A knot is one step in the drawing of a chain.
type knot struct{ what, since string }

// Drawing draws the chain: the practices' mandates as strands that run together,
// and below them each step down to the answer. It says what the list below it
// says, and is one picture to those who can't see it.
func Drawing(chain []domain.Link) template.HTML {
	mandates := 0
	var knots []knot
	for i := range chain {
		if l := &chain[i]; l.Kind == domain.LinkMandate {
			mandates++
		} else {
			knots = append(knots, knot{stepWords(l), "since " + l.Effective.Words()})
		}
	}
	const width, step, top = 360, 58, 74
	height := top + step*len(knots)
	label := fmt.Sprintf("The chain: %s, then %d steps, which are listed below.", domain.Count(mandates, "mandate"), len(knots))
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %d %d" role="img" aria-label="%s">`, width, height, template.HTMLEscapeString(label))
	strands := min(mandates, mostStrands)
	for i := range strands {
		x := 10 + i*26*mostStrands/max(strands, 1)/2
		fmt.Fprintf(&b, `<path class="thread-chain__strand" d="M%d 30C%d 58 24 46 24 %d"></path>`, x, x, top)
	}
	fmt.Fprintf(&b, `<text class="thread-chain__what" x="10" y="18">%s</text>`, template.HTMLEscapeString(domain.FirstUpper(domain.Count(mandates, "mandate"))+" from practices and PCNs"))
	if mandates > 0 && len(knots) > 0 {
		fmt.Fprintf(&b, `<path class="thread-chain__line" d="M24 %dV%d"></path>`, top, height-step+16)
	}
	for i, k := range knots {
		y := top + step*i + 16
		class := "thread-chain__knot"
		if i == len(knots)-1 {
			class = "thread-chain__knot thread-chain__end"
		}
		fmt.Fprintf(&b, `<circle class="%s" cx="24" cy="%d" r="9"></circle><text class="thread-chain__what" x="48" y="%d">%s</text><text class="thread-chain__since" x="48" y="%d">%s</text>`,
			class, y, y, template.HTMLEscapeString(k.what), y+18, template.HTMLEscapeString(k.since))
	}
	b.WriteString("</svg>")
	return template.HTML(b.String())
}

// stepWords name a step shortly, for the drawing.
func stepWords(l *domain.Link) string {
	switch l.Kind {
	case domain.LinkCharter:
		return "Charter, version " + strings.TrimPrefix(l.Ref, "charter/")
	case domain.LinkExecutive:
		return "The executive"
	case domain.LinkPosition:
		return "Position on " + short(l.Ref, 24)
	case domain.LinkAgreement:
		title, _, _ := strings.Cut(strings.TrimPrefix(l.Text, l.Ref+", "), ", agreed on")
		return "Agreement " + l.Ref + ": " + short(title, 24)
	default: // what has a number
		return domain.FirstUpper(string(l.Kind)) + " " + l.Ref
	}
}

func short(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return strings.TrimSpace(string(r[:most-1])) + "…"
	}
	return s
}

// StepPlace is where a step of the chain is shown.
func StepPlace(l domain.Link) string {
	if l.Kind == domain.LinkPosition {
		return "representation#positions"
	}
	return PlaceOf(l.Ref)
}

// Steps are the chain without the mandates.
func Steps(chain []domain.Link) []domain.Link {
	var steps []domain.Link
	for _, l := range chain {
		if l.Kind != domain.LinkMandate {
			steps = append(steps, l)
		}
	}
	return steps
}

// Mandates are those of the chain.
func Mandates(chain []domain.Link) []domain.Link {
	var ms []domain.Link
	for _, l := range chain {
		if l.Kind == domain.LinkMandate {
			ms = append(ms, l)
		}
	}
	return ms
}
