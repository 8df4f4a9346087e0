package lists

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"goldenthread/domain"
)

// A Before is something that stood before a group's ledger, as a table says it (rule F8):
// one of each row, or of several rows that add powers or lines to it.
type Before struct {
	Kind   string     // mandate, or what an instrument does, as domain.Instrument names it
	Who    string     // what it is, in words: "power of the executive"
	Fields url.Values // by field of the command's part, such as powers-0-matter; on, evidence and title beside them
	row    int
}

var beforeColumns = []column{
	{"What", []string{"what", "kind", "type"}},
	{"Practice or network", []string{"practice_or_network", "practice", "organisation", "ods", "ods_code", "code", "pcn", "network"}},
	{"People", []string{"people", "person", "office", "to", "who"}},
	{"Stand-ins", []string{"stand_ins", "substitutes", "deputies", "supporter", "supported_by"}},
	{"Meeting", []string{"meeting", "forum"}},
	{"Duty", []string{"duty"}},
	{"Subjects", []string{"subjects", "subject", "matters", "matter"}},
	{"May", []string{"may", "stance"}},
	{"Most for one item", []string{"most_for_one_item", "limit", "item_limit"}},
	{"Most in a year", []string{"most_in_a_year", "year_limit", "yearly_limit"}},
	{"Longest term", []string{"longest_term", "term", "months"}},
	{"Acting together", []string{"acting_together", "acting"}},
	{"Words", []string{"words", "text", "conditions"}},
	{"Red line", []string{"red_line"}},
	{"Since", []string{"since", "from", "on", "start", "start_date"}},
	{"Until", []string{"until", "end", "end_date"}},
	{"Review date", []string{"review_date", "review", "due"}},
	{"Evidence", []string{"evidence", "minute", "letter", "source"}},
	{"Title", []string{"title", "agreement"}},
}

// beforeWords are how a kind may be written, as plain writes it.
var beforeWords = map[string]string{
	"mandate": "mandate", "executive": "formExecutive", "power": "grantDelegation", "delegation": "grantDelegation", "appointment": "appoint", "representative": "appoint",
	"duty": "assignDuty", "position": "adoptPosition", "agreement": "adoptPosition", "action": "createActions",
}

// stanceWords are how a stance may be written, as plain writes it.
var stanceWords = map[string]domain.Stance{
	"discretion": domain.Discretion, "agree": domain.Discretion, "agree_then_report": domain.Discretion, "within_limits": domain.WithinLimits, "within_a_limit": domain.WithinLimits,
	"limit": domain.WithinLimits, "bring_back": domain.BringBack, "bring_it_back": domain.BringBack, "not": domain.Not, "no": domain.Not, "red_line": domain.Not,
}

// BeforeTemplate is an example of a table of what stood before, to be filled in.
func BeforeTemplate() []byte {
	return []byte("\ufeff" + headingLine(beforeColumns) +
		"mandate,P91003,,,,,everything,,,,,,,,1 April 2025,31 March 2027,,The partners' minute of 12 March 2025,\r\n" +
		"executive,,\"Chair, Trafford LMC; Clinical Director, Altrincham\",,,,,,,,,,,,3 June 2025,,,Minute of 3 June 2025,Our executive\r\n" +
		"power,,executive,,,,workforce,decide and commit,\"£10,000\",\"£50,000\",12 months,2,,,3 June 2025,31 March 2027,,Minute of 3 June 2025,Our executive\r\n" +
		"appointment,,\"Clinical Director, Altrincham\",\"Chair, Trafford LMC\",Trafford Locality Board,,access,bring back,,,,,,,3 June 2025,31 March 2027,,Minute of 3 June 2025,\r\n" +
		"position,,,,,,digital,,,,,,We ask for one shared record.,no,3 June 2025,,,Minute of 3 June 2025,\r\n")
}

// A beforeReading is a table of what stood before being read.
type beforeReading struct {
	*table
	bodies, people []Body // people by handle and office
	subjects       []string
	all            []Before
}

// ReadBefore reads a table of what stood before, one thing in each row. Organisations are
// named by code or name, people by their office; subjects are the group's. The error is
// Faults, all that is wrong at once.
func ReadBefore(f File, bodies, people []Body, subjects []string) ([]Before, error) {
	t, faults := openColumns(f, beforeColumns, func(cell string) bool { return beforeWords[plain(cell)] != "" }, "what", "since", "evidence")
	if len(faults) > 0 {
		return nil, faults
	}
	r := &beforeReading{table: t, bodies: bodies, people: people, subjects: subjects}
	if !t.each(r.read) && len(t.found) == 0 {
		t.add(0, "", "There is nothing in this table.")
	}
	if err := t.all().err(); err != nil {
		return nil, err
	}
	return r.all, nil
}

// A beforeLine is a row of such a table, with what it says so far.
type beforeLine struct {
	*Line
	r *beforeReading
	b Before
}

func (l *beforeLine) is(name string) string {
	return strings.Join(strings.Fields(l.First(called(beforeColumns, name)...)), " ")
}

// needed is what the column says, with a fault where it says nothing.
func (l *beforeLine) needed(name, say string) string {
	s := l.is(name)
	if s == "" {
		l.wrong(called(beforeColumns, name), "%s", say)
	}
	return s
}

func (l *beforeLine) set(field string, values ...string) {
	if values = slices.DeleteFunc(values, func(s string) bool { return s == "" }); len(values) > 0 {
		l.b.Fields[field] = values
	}
}

// read takes a row.
func (r *beforeReading) read(row Line) {
	if r.full(&row) {
		return
	}
	l := &beforeLine{Line: &row, r: r, b: Before{Fields: url.Values{}, row: row.Row}}
	l.b.Kind = beforeWords[plain(l.is("what"))]
	if l.b.Kind == "" {
		l.wrong(called(beforeColumns, "what"), "Write mandate, executive, power, appointment, duty, position or action.")
		return
	}
	since := l.Day(called(beforeColumns, "since")...)
	if since == 0 && l.is("since") == "" {
		l.wrong(called(beforeColumns, "since"), "Enter since when it stands, such as 3 June 2025.")
	}
	l.set("on", dayWords(since))
	l.set("evidence", l.needed("evidence", "Enter how it is known: which minute or letter says so."))
	until, review := l.Day(called(beforeColumns, "until")...), l.Day(called(beforeColumns, "review_date")...)
	if until != 0 && until < since {
		l.wrong(called(beforeColumns, "until"), "The last day is before the first.")
	}
	if l.b.Kind != "mandate" {
		l.set("title", l.is("title"))
	}
	if l.b.Kind != "createActions" {
		l.set("until", dayWords(until))
	}
	l.kind(dayWords(review))
	if at := slices.IndexFunc(r.all, l.continues); at >= 0 {
		l.add(&r.all[at])
		return
	}
	r.all = append(r.all, l.b)
}

func dayWords(d domain.Day) string {
	if d == 0 {
		return ""
	}
	return d.Words()
}

// kind reads what the kind of thing says.
func (l *beforeLine) kind(review string) {
	people := l.persons("people")
	first := strings.Join(people[:min(1, len(people))], "")
	switch l.b.Kind {
	case "mandate":
		l.mandate(review)
	case "formExecutive":
		l.set("members", people...)
		l.b.Who = "The executive"
	case "grantDelegation":
		l.power(first, review)
	case "appoint":
		l.appointment(first, review)
	case "assignDuty":
		duty := strings.ReplaceAll(strings.ToLower(l.needed("duty", "Enter chair, co-chair, deputy chair, manager, registrar, gatekeeper or lead.")), " ", "-")
		if duty != "" && !slices.Contains([]domain.DutyName{domain.Chair, domain.CoChair, domain.DeputyChair, domain.Manager, domain.Registrar, domain.Gatekeeper, domain.Lead}, domain.DutyName(duty)) {
			l.wrong(called(beforeColumns, "duty"), "%q is no duty here. Write chair, co-chair, deputy chair, manager, registrar, gatekeeper or lead.", domain.Clip(duty))
		}
		l.set("duty", duty)
		l.set("person", first)
		l.b.Who = domain.FirstUpper(duty) + ": " + l.is("people")
	case "adoptPosition":
		l.set("matter", l.oneSubject())
		l.set("words", l.needed("words", "Enter what the group agreed, in words."))
		l.set("redLine", map[bool]string{true: "true"}[slices.Contains([]string{"yes", "true", "x", "1"}, plain(l.is("red_line")))])
		l.b.Who = "Position on " + l.is("subjects")
	case "createActions":
		l.set("actions-0-what", l.needed("words", "Enter what is to be done."))
		l.set("actions-0-owner", first)
		l.set("actions-0-supporter", strings.Join(l.persons("stand_ins"), ""))
		l.set("actions-0-due", review)
		l.b.Who = "Action: " + domain.Clip(l.is("words"))
	}
	if l.b.Kind != "mandate" && l.b.Kind != "adoptPosition" && people == nil && l.is("people") == "" {
		l.wrong(called(beforeColumns, "people"), "Enter who it is, by their office.")
	}
}

func (l *beforeLine) mandate(review string) {
	if named := l.needed("practice_or_network", "Enter the practice or network, by its code or its name."); named != "" {
		l.set("organisation", l.body(called(beforeColumns, "practice_or_network"), l.r.bodies, named))
	}
	l.set("matters", l.listed()...)
	l.set("conditions", l.is("words"))
	l.set("review", review)
	if l.is("until") == "" && review == "" && l.is("review_date") == "" {
		l.wrong(called(beforeColumns, "until"), "A mandate has an end or a review: enter one of them.")
	}
	l.b.Who = "Mandate of " + nameOf(l.r.bodies, l.b.Fields.Get("organisation"))
}

func (l *beforeLine) power(to, review string) {
	l.set("to", to)
	l.set("review", review)
	l.set("powers-0-matter", l.oneSubject())
	var may []string
	for _, one := range []string{"decide", "commit"} {
		if strings.Contains(strings.ToLower(l.needed("may", "Enter decide, commit, or both.")), one) {
			may = append(may, one)
		}
	}
	if may == nil && l.is("may") != "" {
		l.wrong(called(beforeColumns, "may"), "Write decide, commit, or decide and commit.")
	}
	l.set("powers-0-may", may...)
	l.set("powers-0-itemLimitPence", l.money("most_for_one_item"))
	l.set("powers-0-yearLimitPence", l.money("most_in_a_year"))
	l.set("powers-0-months", l.term())
	acting := l.is("acting_together")
	if _, err := strconv.Atoi(acting); acting != "" && err != nil {
		l.wrong(called(beforeColumns, "acting_together"), "Write a whole number, such as 2.")
	}
	l.set("powers-0-acting", acting)
	l.b.Who = "Power of " + l.is("people") + " on " + l.is("subjects")
}

func (l *beforeLine) appointment(person, review string) {
	l.set("person", person)
	l.set("substitutes", l.persons("stand_ins")...)
	l.set("meeting", l.needed("meeting", "Enter the meeting, such as Trafford Locality Board."))
	l.set("review", review)
	l.b.Who = l.is("people") + " at " + l.is("meeting")
	if l.is("subjects") == "" {
		return // the charter's default holds for everything
	}
	l.set("lines-0-matter", l.oneSubject())
	stance := stanceWords[plain(l.is("may"))]
	if stance == "" {
		l.wrong(called(beforeColumns, "may"), "Write discretion, within limits, bring back or not.")
	}
	l.set("lines-0-stance", string(stance))
	sum, year := l.money("most_for_one_item"), l.money("most_in_a_year")
	switch {
	case sum != "" && year != "":
		l.wrong(called(beforeColumns, "most_in_a_year"), "A line has one limit: for each item, or for a year.")
	case year != "":
		l.set("lines-0-limitPence", year)
		l.set("lines-0-yearly", "true")
	default:
		l.set("lines-0-limitPence", sum)
	}
	l.set("lines-0-months", l.term())
	l.set("lines-0-words", l.is("words"))
}

func (l *beforeLine) money(column string) string {
	s := l.is(column)
	if s == "" {
		return ""
	}
	if _, err := domain.ReadPence(s); err != nil {
		l.wrong(called(beforeColumns, column), "%s.", domain.FirstUpper(err.Error()))
	}
	return strings.TrimPrefix(s, "£")
}

func (l *beforeLine) term() string {
	s := l.is("longest_term")
	if s == "" {
		return ""
	}
	if _, err := domain.ReadMonths(s); err != nil {
		l.wrong(called(beforeColumns, "longest_term"), "%s.", domain.FirstUpper(err.Error()))
	}
	return s
}

// listed are the subjects that the row names; none for everything.
func (l *beforeLine) listed() (all []string) {
	if slices.Contains(everything, plain(l.is("subjects"))) {
		return nil
	}
	for _, part := range strings.FieldsFunc(l.is("subjects"), func(r rune) bool { return strings.ContainsRune(",;", r) }) {
		all = append(all, l.subject(strings.TrimSpace(part), l.r.subjects))
	}
	return all
}

// oneSubject is the subject that the row names, which has to be one, or a path below one.
func (l *beforeLine) oneSubject() string {
	s := domain.ReadMatter(l.needed("subjects", "Enter the subject, such as workforce."))
	top, below, _ := strings.Cut(s, "/")
	if s == "" || below != "" && slices.Contains(l.r.subjects, top) {
		return s
	}
	return l.subject(s, l.r.subjects)
}

// persons are the handles of the people whom the column names by their offices, with
// semicolons between; executive is the executive itself.
func (l *beforeLine) persons(column string) []string {
	var handles []string
	for part := range strings.SplitSeq(l.is(column), ";") {
		named := strings.TrimSpace(part)
		if named == "" {
			continue
		}
		if plain(strings.TrimPrefix(strings.ToLower(named), "the ")) == domain.ToExecutive && l.b.Kind == "grantDelegation" {
			handles = append(handles, domain.ToExecutive)
			continue
		}
		at := slices.IndexFunc(l.r.people, func(p Body) bool { return strings.EqualFold(p.Name, named) || strings.EqualFold(p.Code, named) })
		if at < 0 {
			l.wrong(called(beforeColumns, column), "Nobody on the page of people has the office %q. Put semicolons between several.", domain.Clip(named))
			continue
		}
		handles = append(handles, l.r.people[at].Code)
	}
	return handles
}

// nested is the list of the kind to which more rows add.
var nested = map[string]string{"grantDelegation": "powers", "appoint": "lines", "createActions": "actions"}

// continues says whether the row adds to what was said in a row before it: the same, but for the list.
func (l *beforeLine) continues(before Before) bool {
	list := nested[l.b.Kind]
	if before.Kind != l.b.Kind || list == "" {
		return false
	}
	for _, of := range []url.Values{before.Fields, l.b.Fields} {
		for name := range of {
			if !strings.HasPrefix(name, list+"-") && !slices.Equal(before.Fields[name], l.b.Fields[name]) {
				return false
			}
		}
	}
	return l.b.Fields.Has(list + "-0-matter")
}

// add adds the row's power or line to what a row before it began.
func (l *beforeLine) add(to *Before) {
	list, n := nested[l.b.Kind], 0
	for to.Fields.Has(fmt.Sprintf("%s-%d-matter", list, n)) {
		n++
	}
	for name, values := range l.b.Fields {
		if rest, ok := strings.CutPrefix(name, list+"-0-"); ok {
			to.Fields[fmt.Sprintf("%s-%d-%s", list, n, rest)] = values
		}
	}
}
