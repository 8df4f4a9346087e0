package lists

import (
	"slices"
	"strings"

	"goldenthread/domain"
)

// A MandateState is what a table says about a practice's mandate.
type MandateState string

// The states. Given and on paper are recorded alike, on their evidence (rule M1). So is a
// refusal with evidence, as a withdrawal (rule M2); without evidence it is shown only.
const (
	Given   MandateState = "given"
	OnPaper MandateState = "on paper"
	Asked   MandateState = "asked"
	Refused MandateState = "refused"
)

// A Mandate is one row of a table of mandates.
type Mandate struct {
	Organisation string // code of the practice, or of a PCN for its practices
	State        MandateState
	Matters      []string // none: everything
	Review       domain.Day
	Evidence     string
	Words        string // what is asked
	domain.Span
	row int
}

var mandateColumns = []column{
	{"Practice", []string{"practice", "practice_code", "organisation", "organisation_code", "ods", "ods_code", "code", "practice_name", "name"}},
	{"Mandate", []string{"mandate", "state", "status"}},
	{"Subjects", []string{"subjects", "subject", "matters", "matter"}},
	{"From", []string{"from", "start", "start_date"}},
	{"Until", []string{"until", "end", "end_date", "to"}},
	{"Review date", []string{"review_date", "review"}},
	{"Evidence", []string{"evidence", "minute", "letter", "source"}},
	{"What is asked", []string{"what_is_asked", "words", "question"}},
}

// stateWords are how a state may be written, as plain writes it.
var stateWords = map[string]MandateState{
	"given": Given, "yes": Given, "granted": Given, "on_paper": OnPaper, "paper": OnPaper, "letter": OnPaper,
	"asked": Asked, "ask": Asked, "refused": Refused, "no": Refused, "declined": Refused,
}

// everything are the words for all subjects.
var everything = []string{"", "everything", "all", "all_subjects"}

// MandatesTemplate is an example of a table of mandates, to be filled in.
func MandatesTemplate() []byte {
	return []byte("\ufeff" + headingLine(mandateColumns) +
		"P91003,on paper,everything,1 April 2026,31 March 2027,,The partners' minute of 12 March 2026,\r\n" +
		"P91004,given,\"access, workforce\",,,31 March 2027,The partners' letter of 2 March 2026,\r\n" +
		"P91006,asked,,,,,,Will you stand behind the board until March 2027?\r\n" +
		"P91007,refused,,,,,The practice manager's email of 9 March 2026,\r\n")
}

// ReadMandates reads a table of mandates, a practice or PCN in each row. The subjects are
// the group's; each may be given by its path. The error is Faults, all that is wrong at once.
func ReadMandates(f File, bodies []Body, subjects []string) ([]Mandate, error) {
	t, faults := openColumns(f, mandateColumns, func(cell string) bool { return stateWords[plain(cell)] != "" }, "practice", "mandate")
	if len(faults) > 0 {
		return nil, faults
	}
	var all []Mandate
	rows := map[string]int{}
	some := t.each(func(l Line) {
		if t.full(&l) {
			return
		}
		m := l.mandate(bodies, subjects)
		if before := rows[m.Organisation]; before != 0 && m.Organisation != "" {
			l.wrong(called(mandateColumns, "practice"), "It is in row %d already.", before)
		}
		rows[m.Organisation] = l.Row
		all = append(all, m)
	})
	if !some && len(t.found) == 0 {
		t.add(0, "", "There is no mandate in this table.")
	}
	if err := t.all().err(); err != nil {
		return nil, err
	}
	return all, nil
}

// mandate reads a row.
func (l *Line) mandate(bodies []Body, subjects []string) Mandate {
	is := func(name string) string {
		return strings.Join(strings.Fields(l.First(called(mandateColumns, name)...)), " ")
	}
	m := Mandate{State: stateWords[plain(is("mandate"))], Span: l.span(mandateColumns), Review: l.Day(called(mandateColumns, "review_date")...), Evidence: is("evidence"), Words: is("what_is_asked"), row: l.Row}
	if practice := is("practice"); practice == "" {
		l.wrong(called(mandateColumns, "practice"), "Enter the practice, by its code or its name.")
	} else {
		m.Organisation = l.body(called(mandateColumns, "practice"), bodies, practice)
	}
	if !slices.Contains(everything, plain(is("subjects"))) {
		for _, part := range strings.FieldsFunc(is("subjects"), func(r rune) bool { return strings.ContainsRune(",;", r) }) {
			m.Matters = append(m.Matters, l.subject(strings.TrimSpace(part), subjects))
		}
	}
	switch {
	case m.State == "" && is("mandate") == "":
		l.wrong(called(mandateColumns, "mandate"), "Enter given, on paper, asked or refused.")
	case m.State == "":
		l.wrong(called(mandateColumns, "mandate"), "%q is not known here. Write given, on paper, asked or refused.", domain.Clip(is("mandate")))
	case m.State == Asked && m.Words == "":
		m.Words = "Please tell us whether you give us a mandate."
	case m.State == Given || m.State == OnPaper:
		if m.Evidence == "" {
			l.wrong(called(mandateColumns, "evidence"), "Enter the evidence: which minute or letter says so.")
		}
		if m.Until == 0 && m.Review == 0 {
			l.wrong(called(mandateColumns, "until"), "A mandate has an end or a review: enter one of them.")
		}
		if m.Review != 0 && m.Review < m.From {
			l.wrong(called(mandateColumns, "review_date"), "The review would be before the mandate begins.")
		}
	}
	return m
}

// subject is the subject that the cell names, as the group writes it.
func (l *Line) subject(named string, subjects []string) string {
	for _, s := range subjects {
		if strings.EqualFold(s, named) || strings.EqualFold(strings.ReplaceAll(s, "-", " "), named) {
			return s
		}
	}
	l.wrong(called(mandateColumns, "subjects"), "%q is not a subject of this group. Write everything, or: %s.", domain.Clip(named), strings.Join(subjects, ", "))
	return ""
}

// A KnownMandate is one in force, or recorded and waiting, or asked for.
type KnownMandate struct {
	Organisation string
	Asked        bool // it is asked for, and not given
	Refused      bool // it was taken back, or never given, by the practice's own word
	Matters      []string
	Review       domain.Day
	domain.Span
}

// CompareMandates compares a table of mandates with those that the group knows.
func CompareMandates(table []Mandate, known []KnownMandate, bodies []Body, today domain.Day) *Comparison {
	c := &Comparison{rows: map[string][]int{}}
	for i := range table {
		m := &table[i]
		if m.State == Refused && m.Evidence == "" {
			c.Findings = append(c.Findings, Finding{m.row, Same, nameOf(bodies, m.Organisation), []string{"says no: without evidence nothing is recorded"}})
			continue
		}
		there := slices.ContainsFunc(known, func(k KnownMandate) bool { return k.Organisation == m.Organisation && !k.Asked })
		c.find(m.row, nameOf(bodies, m.Organisation), there, c.giveMandate(m, known, today))
	}
	return c
}

// giveMandate adds to the command what the row says that is not known.
func (c *Comparison) giveMandate(m *Mandate, known []KnownMandate, today domain.Day) []string {
	of := " for everything"
	if len(m.Matters) > 0 {
		of = " for " + domain.List(m.Matters)
	}
	same := slices.ContainsFunc(known, func(k KnownMandate) bool {
		begun := m.From == 0 || m.From == k.From || m.From <= today && k.From <= today
		return k.Organisation == m.Organisation && k.Asked == (m.State == Asked) && k.Refused == (m.State == Refused) && sameSet(k.Matters, m.Matters) && (k.Asked || k.Refused || begun && k.Until == m.Until && k.Review == m.Review)
	})
	switch {
	case same:
		return nil
	case m.State == Asked:
		c.Command.Asked = append(c.Command.Asked, domain.AskMandate{Organisation: m.Organisation, Matters: m.Matters, Words: m.Words})
		c.from("asked", m.row)
		return []string{"is asked for a mandate" + of}
	case m.State == Refused:
		c.Command.Withdrawals = append(c.Command.Withdrawals, domain.WithdrawMandate{Organisation: m.Organisation, Everything: len(m.Matters) == 0, Matters: m.Matters, Evidence: m.Evidence})
		c.from("withdrawals", m.row)
		return []string{"gives no mandate" + of + ", on paper"}
	}
	c.Command.Mandates = append(c.Command.Mandates, domain.GrantMandate{Organisation: m.Organisation, Matters: m.Matters, Review: m.Review, Evidence: m.Evidence, Span: m.Span})
	c.from("mandates", m.row)
	return []string{"gives a mandate" + of + spanWords(m.Span) + ", on paper"}
}

func sameSet(a, b []string) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(a, b)
}
