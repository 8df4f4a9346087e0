package web

import (
	"html/template"
	"regexp"
	"strings"
	"sync"

	"goldenthread/domain"
)

// RulesAt is the address of the rule book, and what is below it.
const RulesAt = "/rules"

// RuleText is the address of a rule's text, such as /rules#C5; "" if the rule
// book has none of that number.
func RuleText(number string) string {
	if _, ok := domain.RuleByNumber(number); !ok {
		return ""
	}
	return RulesAt + "#" + number
}

// Rules is the rule book.
type Rules struct{}

func (Rules) Title() string { return "The rule book" }
func (Rules) file() string  { return "rules" }

// Lede is what the book says before its first part, in HTML.
func (Rules) Lede() template.HTML { return template.HTML(book().lede) }

// Text is the rest of the book in HTML. Each rule has its number as its id.
func (Rules) Text() template.HTML { return template.HTML(book().text) }

// Chapters are the parts of the book, for the list of contents.
func (Rules) Chapters() []Chapter { return book().chapters }

// A Chapter is a part of the book with its rules, if it has any.
type Chapter struct {
	ID    string
	Title string
	Rules []domain.Rule
}

// Range says which rules the chapter holds: "L1 to L11"; "" if it holds none.
func (c Chapter) Range() string {
	switch len(c.Rules) {
	case 0:
		return ""
	case 1:
		return c.Rules[0].Number
	}
	return c.Rules[0].Number + " to " + c.Rules[len(c.Rules)-1].Number
}

type printedBook struct {
	lede     string
	text     string
	chapters []Chapter
}

// book is written once: it is part of the program.
var book = sync.OnceValue(func() printedBook { return printBook(domain.RuleBook()) })

var (
	ruleHeading = regexp.MustCompile(`^([A-Z]\d+)\. (.+)$`)
	ruleNumber  = regexp.MustCompile(`\b[A-Z]\d{1,2}\b`)
	notInID     = regexp.MustCompile(`[^a-z0-9]+`)
)

// printBook writes the book in HTML. The rules that a text names become links
// to them. The title is left out: it is the page's.
func printBook(text string) printedBook {
	var (
		printed printedBook
		reading string // number of the rule, not to be linked in its own text
	)
	m := &markdown{}
	m.link = func(to string) string {
		if name, ok := strings.CutPrefix(to, "minutes/"); ok {
			return RulesAt + "/minutes/" + name
		}
		return to
	}
	m.words = func(escaped string) string {
		return ruleNumber.ReplaceAllStringFunc(escaped, func(number string) string {
			if _, ok := domain.RuleByNumber(number); !ok || number == reading {
				return number
			}
			return `<a href="#` + number + `">` + number + "</a>"
		})
	}
	m.heading = func(level int, words string) string {
		escaped := template.HTMLEscapeString(words)
		switch rule := ruleHeading.FindStringSubmatch(words); {
		case level == 1:
			return ""
		case level == 2:
			reading = ""
			id := strings.Trim(notInID.ReplaceAllString(strings.ToLower(words), "-"), "-")
			printed.chapters = append(printed.chapters, Chapter{ID: id, Title: words})
			return `<h2 class="nhsuk-heading-m" id="` + id + `">` + escaped + "</h2>\n"
		case rule != nil:
			reading = rule[1]
			if r, ok := domain.RuleByNumber(rule[1]); ok {
				last := &printed.chapters[len(printed.chapters)-1]
				last.Rules = append(last.Rules, r)
			}
			return `<h3 class="nhsuk-heading-s thread-rule" id="` + rule[1] + `">` + escaped + "</h3>\n"
		}
		return `<h3 class="nhsuk-heading-s">` + escaped + "</h3>\n"
	}
	lede, text, _ := strings.Cut(text, "\n## ")
	printed.lede = m.html(lede)
	printed.text = strings.NewReplacer(
		"<p><strong>Not built yet:", `<div class="thread-unbuilt"><p><strong>Not built yet:`,
		"<p><strong>Until then:", "</div><p><strong>Until then:", // each follows what is not built
	).Replace(m.html("## " + text))
	return printed
}
