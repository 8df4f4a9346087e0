package domain

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The rule book says, below each rule, which minutes show it. That list is
// written from the headings of the scripts:
//
//	go test ./domain -run RuleBook -rewrite
func TestRuleBookListsItsMinutes(t *testing.T) {
	got := withMinutes(ruleBook, minutesOfRules(t))
	if got == ruleBook {
		return
	}
	if *rewrite {
		if err := os.WriteFile("RULES.md", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Error("write the list anew with -rewrite\n" + firstDifference("RULES.md", ruleBook, got))
}

// TestRuleBookIsWhole fails if a number is missing or stands twice.
func TestRuleBookIsWhole(t *testing.T) {
	last := map[string]int{"T": -1} // T0 is the first there
	for _, r := range Rules() {
		letter := r.Number[:1]
		if n, _ := strconv.Atoi(r.Number[1:]); n != last[letter]+1 {
			t.Errorf("%s comes after %s%d", r.Number, letter, last[letter])
		} else {
			last[letter] = n
		}
		if r.Text == "" {
			t.Errorf("%s has no text", r.Number)
		}
	}
	for _, letter := range strings.Split("LOFMCDRAPTXG", "") {
		if last[letter] < 1 {
			t.Errorf("the book has no rules under %s", letter)
		}
	}
}

// TestBuiltRulesAreShown fails for a rule that the program keeps and that
// neither minutes nor an existing test show.
func TestBuiltRulesAreShown(t *testing.T) {
	minutes, tests := minutesOfRules(t), testFunctions(t)
	for _, r := range Rules() {
		named := testsNamed(r)
		for _, name := range named {
			if !tests[name] {
				t.Errorf("%s names the test %s, and there is none", r.Number, name)
			}
		}
		if r.Built() && len(minutes[r.Number]) == 0 && len(named) == 0 {
			t.Errorf("no script in minutes/ names %s in its heading, and the book names no test for it", r.Number)
		}
	}
}

// TestRulesNotBuiltClaimNothing: what is marked as not built says what holds
// until then; nothing cites a rule that is not built at all as if it held; and
// no minutes claim to show it.
func TestRulesNotBuiltClaimNothing(t *testing.T) {
	minutes := minutesOfRules(t)
	cited := citedRules(t)
	for _, r := range Rules() {
		if !r.Built() {
			for _, script := range minutes[r.Number] {
				t.Errorf("the book says that %s is not built, and %s shows it", r.Number, script)
			}
			for _, where := range cited[r.Number] {
				if where.refusal {
					t.Errorf("the book says that %s is not built, and %s refuses by it", r.Number, where.file)
				}
			}
		}
		waiting := false
		for _, paragraph := range strings.Split(r.Text, "\n\n") {
			switch {
			case strings.HasPrefix(paragraph, notBuiltYet):
				if waiting {
					t.Errorf("%s: two paragraphs say what is not built, with nothing until then between them", r.Number)
				}
				waiting = true
			case strings.HasPrefix(paragraph, untilThen):
				if !waiting {
					t.Errorf("%s says what holds until then, and before it nothing is marked as not built", r.Number)
				}
				waiting = false
			case !waiting:
				for _, number := range ruleNumber.FindAllString(paragraph, -1) {
					if other, ok := RuleByNumber(number); ok && !other.Built() {
						t.Errorf("%s relies on %s, which is not built", r.Number, number)
					}
				}
			}
		}
		if waiting {
			t.Errorf("%s marks something as not built, and does not say what holds until then", r.Number)
		}
	}
}

// TestCitedRulesAreInTheBook looks at every number that the code, its comments,
// refusals, minutes and documents of the whole repository cite.
func TestCitedRulesAreInTheBook(t *testing.T) {
	cited := citedRules(t)
	for number, where := range cited {
		if _, ok := RuleByNumber(number); !ok {
			t.Errorf("%s is not in the rule book; it is cited in %s", number, where[0].file)
		}
	}
	// that the search finds each sort of citation
	for _, want := range []struct{ number, file string }{
		{"C3", "../domain/objection.go"},             // first argument of a refusal
		{"R7", "../domain/check.go"},                 // a reason
		{"L3", "../eventstore/crash_test.go"},        // a comment
		{"L9", "../domain/minutes/l9-proof.txt"},     // a heading
		{"D6", "../domain/minutes/r3-table.txt"},     // a refusal in minutes
		{"C5", "../README.md"},                       // a document
		{"C4", "../domain/RULES.md"},                 // the book itself
		{"F3", "../domain/minutes/f3-outsiders.txt"}, // a second rule of a heading
	} {
		if !slices.ContainsFunc(cited[want.number], func(c citation) bool { return c.file == want.file }) {
			t.Errorf("%s is cited in %s, and was not found there", want.number, want.file)
		}
	}
}

// A citation is a place that cites a rule.
type citation struct {
	file    string
	refusal bool // the rule is given as the reason of a refusal or verdict
}

const ruleList = `[A-Z]\d{1,2}(?:(?:, | and |–|-| to |, and )[A-Z]\d{1,2})*`

var (
	ruleNumber = regexp.MustCompile(`\b[LOFMCDRAPTXG]\d{1,2}\b`)
	wholeRule  = regexp.MustCompile(`^[LOFMCDRAPTXG]\d{1,2}$`)

	// In words: "rule C5", "Rules kept here: L1, L2", "(F3, F6)", "/rules#C5",
	// and "// C7: the roll …" at the beginning of a line.
	inWords = regexp.MustCompile(`\b[Rr]ules?(?: kept here)?:? (` + ruleList + `)|/rules#([A-Z]\d{1,2})|(?m:^\s*//\s(` + ruleList + `): )`)

	inHeading = regexp.MustCompile(`^# ([A-Z]\d+(?:,? [A-Z]\d+)*): `)
	inMinutes = regexp.MustCompile(`(?m)^  (?:refused|because) ([A-Z]\d+)\b`)
)

// citedRules finds what each file of the repository cites, by rule.
func citedRules(t *testing.T) map[string][]citation {
	cited := map[string][]citation{}
	note := func(file, list string, refusal bool) {
		for _, number := range ruleNumber.FindAllString(list, -1) {
			cited[number] = append(cited[number], citation{file, refusal})
		}
	}
	for file, text := range repositoryFiles(t) {
		for _, m := range inWords.FindAllStringSubmatch(text, -1) {
			note(file, cmp.Or(m[1], m[2], m[3]), false)
		}
		switch {
		case file == "../domain/RULES.md":
			note(file, text, false)
		case strings.HasSuffix(file, ".txt"):
			if m := inHeading.FindStringSubmatch(text); m != nil {
				note(file, m[1], false)
			}
			for _, m := range inMinutes.FindAllStringSubmatch(text, -1) {
				note(file, m[1], true)
			}
		case strings.HasSuffix(file, ".go") && !strings.HasSuffix(file, "_test.go") && !strings.HasPrefix(file, "../cmd/"):
			for _, literal := range ruleLiterals(t, file, text) {
				note(file, literal, true)
			}
		}
	}
	return cited
}

// ruleLiterals are the string literals of a Go file that are a rule's number:
// the reason that a refusal or a verdict gives.
func ruleLiterals(t *testing.T, file, text string) []string {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, text, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	ast.Inspect(parsed, func(n ast.Node) bool {
		if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
			if s, err := strconv.Unquote(l.Value); err == nil && wholeRule.MatchString(s) {
				found = append(found, s)
			}
		}
		return true
	})
	return found
}

// repositoryFiles are the texts in which rules are cited, by path from here.
func repositoryFiles(t *testing.T) map[string]string {
	texts := map[string]string{}
	err := filepath.WalkDir("..", func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && (slices.Contains([]string{"node_modules", "testdata", "data", "bin"}, e.Name()) || strings.HasPrefix(e.Name(), ".") && e.Name() != ".."):
			return filepath.SkipDir
		case e.IsDir() || !slices.Contains([]string{".go", ".md", ".html", ".tmpl", ".js", ".css", ".txt", ".py", ".conf"}, filepath.Ext(path)):
			return nil
		}
		text, err := os.ReadFile(path)
		texts[filepath.ToSlash(path)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

// minutesOfRules are the scripts that name each rule in their heading, in order
// of their names.
func minutesOfRules(t *testing.T) map[string][]string {
	shown := map[string][]string{}
	for _, path := range scripts(t) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if m := inHeading.FindStringSubmatch(string(text)); m != nil {
			for _, number := range ruleNumber.FindAllString(m[1], -1) {
				shown[number] = append(shown[number], filepath.Base(path))
			}
		}
	}
	return shown
}

// minutesLine begins the generated line below a rule.
const minutesLine = "Minutes: "

// withMinutes is the book with those lists below its rules.
func withMinutes(book string, shown map[string][]string) string {
	var out strings.Builder
	rule := ""
	finish := func() {
		if scripts := shown[rule]; rule != "" && len(scripts) > 0 {
			links := make([]string, len(scripts))
			for i, name := range scripts {
				links[i] = "[" + strings.TrimSuffix(name, ".txt") + "](minutes/" + name + ")"
			}
			out.WriteString(minutesLine + strings.Join(links, ",\n") + "\n\n")
		}
		rule = ""
	}
	skipping := false
	for line := range strings.Lines(book) {
		switch {
		case strings.HasPrefix(line, "#"):
			finish()
			if m := ruleHeading.FindStringSubmatch(strings.TrimSuffix(line, "\n")); m != nil {
				rule = m[1]
			}
		case strings.HasPrefix(line, minutesLine):
			skipping = true
		}
		if !skipping {
			out.WriteString(line)
		}
		if line == "\n" {
			skipping = false
		}
	}
	finish()
	return out.String()
}

var testName = regexp.MustCompile("`(Test\\w+)`")

// testsNamed are the tests that a rule names as showing it.
func testsNamed(r Rule) []string {
	var names []string
	for _, paragraph := range strings.Split(r.Text, "\n\n") {
		if strings.HasPrefix(paragraph, "Tests: ") {
			for _, m := range testName.FindAllStringSubmatch(paragraph, -1) {
				names = append(names, m[1])
			}
		}
	}
	return names
}

// testFunctions are the names of all tests of the repository.
func testFunctions(t *testing.T) map[string]bool {
	names := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	for file, text := range repositoryFiles(t) {
		if strings.HasSuffix(file, "_test.go") {
			for _, m := range declared.FindAllStringSubmatch(text, -1) {
				names[m[1]] = true
			}
		}
	}
	return names
}
