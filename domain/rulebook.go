package domain

import (
	"embed"
	"io/fs"
	"regexp"
	"strings"
)

//go:embed RULES.md
var ruleBook string

//go:embed minutes/*.txt
var ruleMinutes embed.FS

// RuleBook returns the whole rule book, in Markdown.
func RuleBook() string { return ruleBook }

// RuleMinutes returns the minutes scripts that show the rules, one file each,
// such as c5-settlement.txt.
func RuleMinutes() fs.FS {
	files, err := fs.Sub(ruleMinutes, "minutes")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	return files
}

// A Rule is one numbered rule of the rule book.
type Rule struct {
	Number string // such as "C5"
	Title  string // such as "When agreement is reached"
	Text   string // in Markdown, without the heading
}

// Built says whether the program keeps the rule, at least in part. A rule that
// begins with "Not built yet" is agreed and not kept so far.
func (r Rule) Built() bool { return !strings.HasPrefix(r.Text, notBuiltYet) }

// The words with which a paragraph begins that says what is not built, and the
// one after it that says what the program does instead.
const (
	notBuiltYet = "**Not built yet:**"
	untilThen   = "**Until then:**"
)

var ruleHeading = regexp.MustCompile(`^### ([A-Z][0-9]+)\. (.+)$`)

var rules = readRules(ruleBook)

// Rules returns the rules in the order of the book.
func Rules() []Rule { return rules }

// RuleByNumber finds a rule by its number, such as "C5"; ok is false if the
// book has none of that number.
func RuleByNumber(number string) (rule Rule, ok bool) {
	for _, r := range rules {
		if r.Number == number {
			return r, true
		}
	}
	return Rule{}, false
}

// readRules takes the book apart. A rule ends where the next heading begins.
func readRules(book string) []Rule {
	var (
		found []Rule
		text  strings.Builder
		open  bool
	)
	end := func() {
		if open {
			found[len(found)-1].Text = strings.TrimSpace(text.String())
		}
		text.Reset()
		open = false
	}
	for line := range strings.Lines(book) {
		heading := ruleHeading.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		switch {
		case heading != nil:
			end()
			found, open = append(found, Rule{Number: heading[1], Title: heading[2]}), true
		case strings.HasPrefix(line, "#"):
			end()
		default:
			text.WriteString(line)
		}
	}
	end()
	return found
}
