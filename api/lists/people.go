package lists

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"goldenthread/domain"
)

// A Role is what somebody does for an organisation.
type Role string

// The roles that a table of people knows.
const (
	Holder       Role = "holder"       // holds its seat
	Deputy       Role = "deputy"       // deputises for the holder
	Spokesperson Role = "spokesperson" // speaks for it: gives its mandate, disagrees
)

// A Person is somebody in a table of people, or whom a group knows already. Nothing
// here is kept: names and addresses stay in memory.
type Person struct {
	Handle       string // short name in addresses; "" in a table that gives none
	Office       string
	Organisation string // its code; "" for none
	Personal     domain.PersonalData
	Roles        []PersonRole

	ID     string // of somebody known
	Hidden bool   // of somebody known: whoever asks may not see their name and address
	row    int
}

// A PersonRole is one role of a person, with its days; none given: from now on.
type PersonRole struct {
	Role         Role
	Organisation string // code
	domain.Span
	Evidence string
	row      int
}

// A Body is an organisation that a table may name by its code or its name.
type Body struct{ Code, Name string }

// columns of a table of people: what the template calls them, and what else they may be
// called, as plain writes it.
var peopleColumns = []column{
	{"Office", []string{"office", "job_title", "job", "position", "post"}},
	{"Name", []string{"name", "full_name", "person"}},
	{"Email", []string{"email", "email_address", "mail", "address_for_mail"}},
	{"Telephone", []string{"telephone", "phone", "telephone_number", "phone_number", "mobile"}},
	{"Organisation", []string{"organisation", "organization", "organisation_code", "ods", "ods_code", "code", "practice", "practice_code", "pcn"}},
	{"Role", []string{"role", "roles", "seat", "seat_role"}},
	{"From", []string{"from", "start", "start_date", "from_date", "since"}},
	{"Until", []string{"until", "end", "end_date", "to", "until_date"}},
	{"Evidence", []string{"evidence", "minute", "letter", "source"}},
	{"Short name", []string{"short_name", "handle", "id"}},
}

// A column is what a template calls it, and the headings under which it is found.
type column struct {
	heading string
	names   []string
}

// ordered are the first names of the columns, for a table without a heading.
func ordered(columns []column) []string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.names[0]
	}
	return names
}

// heads says whether the row is a heading, rather than the first of a table without one:
// a cell of it is a column's name, and none is what only a row has.
func heads(columns []column, first []string, onlyInRows func(cell string) bool) bool {
	return !slices.ContainsFunc(first, onlyInRows) || slices.ContainsFunc(first, func(cell string) bool {
		return slices.ContainsFunc(columns, func(c column) bool { return plain(cell) == c.names[0] || plain(cell) == plain(c.heading) })
	})
}

// called are the headings under which the column of that name is found.
func called(columns []column, name string) []string {
	i := slices.IndexFunc(columns, func(c column) bool { return c.names[0] == name })
	return columns[i].names
}

// openColumns opens a table with such columns, with or without a heading.
func openColumns(f File, columns []column, onlyInRows func(cell string) bool, needed ...string) (*table, Faults) {
	t, faults := openTable(f, func(first []string) []string {
		if heads(columns, first, onlyInRows) {
			return nil
		}
		return ordered(columns)
	})
	if len(faults) > 0 {
		return nil, faults
	}
	for _, name := range needed {
		if !slices.ContainsFunc(called(columns, name), func(c string) bool { _, has := t.columns[c]; return has }) {
			t.add(1, "", "There is no column %q. Download the template for the columns that are read.", headingOf(columns, name))
		}
	}
	for _, h := range t.headings {
		if key := plain(h); key != "" && !slices.ContainsFunc(columns, func(c column) bool { return slices.Contains(c.names, key) }) {
			t.add(1, strings.TrimSpace(h), "This column is not known here. Take it out, or rename it.")
		}
	}
	return t, t.found
}

func headingOf(columns []column, name string) string {
	return columns[slices.IndexFunc(columns, func(c column) bool { return c.names[0] == name })].heading
}

// PeopleTemplate is an example of a table of people, to be filled in.
func PeopleTemplate() []byte {
	return []byte("\ufeff" + headingLine(peopleColumns) +
		"\"Clinical Director, Altrincham\",Dr A Example,a.example@nhs.net,,U95344,holder,1 April 2026,,The PCN's minute of 12 March 2026,\r\n" +
		"\"Practice Manager, Park Medical Practice\",B Example,b.example@nhs.net,0161 496 0000,P91003,spokesperson,,,The partners' letter of 2 March 2026,\r\n")
}

func headingLine(columns []column) string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.heading
	}
	return strings.Join(names, ",") + "\r\n"
}

// A peopleReading is a table of people being read.
type peopleReading struct {
	*table
	bodies []Body
	people []Person
	byWho  map[string]int        // index in people, by whom a row is about
	seats  map[string]PersonRole // who holds each, by organisation
}

// ReadPeople reads a table of people, one in each row, and in several for several roles.
// Organisations are named by their code or their name. The error is Faults, all that is
// wrong at once.
func ReadPeople(f File, bodies []Body) ([]Person, error) {
	t, faults := openColumns(f, peopleColumns, func(cell string) bool { return strings.Contains(cell, "@") || roleWords[plain(cell)] != "" }, "office")
	if len(faults) > 0 {
		return nil, faults
	}
	r := &peopleReading{table: t, bodies: bodies, byWho: map[string]int{}, seats: map[string]PersonRole{}}
	if !t.each(r.read) && len(t.found) == 0 {
		t.add(0, "", "There is nobody in this table.")
	}
	if err := t.all().err(); err != nil {
		return nil, err
	}
	return r.people, nil
}

// read takes a row.
func (r *peopleReading) read(l Line) {
	if r.full(&l) {
		return
	}
	is := func(name string) string {
		return strings.Join(strings.Fields(l.First(called(peopleColumns, name)...)), " ")
	}
	p := Person{
		Office: is("office"), Handle: is("short_name"), row: l.Row,
		Personal: domain.PersonalData{Name: is("name"), Email: strings.TrimPrefix(is("email"), "mailto:"), Phone: is("telephone")},
	}
	if p.Office == "" {
		l.wrong(called(peopleColumns, "office"), "Enter an office, such as Clinical Director, Altrincham.")
	}
	r.checkPersonal(&l, &p)
	organisation := is("organisation")
	if organisation != "" {
		p.Organisation = l.body(called(peopleColumns, "organisation"), r.bodies, organisation)
	}
	p.Office = officeOf(p.Office, nameOf(r.bodies, p.Organisation))
	span := l.span(peopleColumns)
	for _, role := range r.roles(&l, is("role")) {
		if organisation == "" {
			l.wrong(called(peopleColumns, "organisation"), "Enter the organisation for which they are %s.", role)
			break
		}
		p.Roles = append(p.Roles, PersonRole{role, p.Organisation, span, is("evidence"), l.Row})
	}
	if p.Office != "" {
		r.addPerson(&l, p)
	}
}

// mostTyped is the most rows of a table that people fill in.
const mostTyped = 1000

// full says, once, that there are too many rows for a table that people fill in.
func (t *table) full(l *Line) bool {
	if t.rows++; t.rows == mostTyped+1 {
		t.add(l.Row, "", "This table has at most %s rows. Is this the right file?", domain.Thousands(mostTyped))
	}
	return t.rows > mostTyped
}

// checkPersonal says what of a name or address no letter can be addressed with.
func (r *peopleReading) checkPersonal(l *Line, p *Person) {
	ask := domain.Request{ID: uuid.Nil, Command: &domain.RegisterPerson{PersonEntry: domain.PersonEntry{Handle: "x", Office: "x", Personal: &p.Personal}}}
	if refused := ask.CheckPersonal(); refused != nil {
		name := map[string]string{"/personal/name": "name", "/personal/email": "email", "/personal/phone": "telephone"}[refused.Part]
		l.wrong(called(peopleColumns, cmp.Or(name, "name")), "%s", refused.Say)
	}
	if p.Handle == "" {
		return
	}
	if p.Handle != slug(p.Handle) || len(p.Handle) > mostHandle {
		l.wrong(called(peopleColumns, "short_name"), "Use small letters, digits and hyphens, %d at most, such as cd-altrincham.", mostHandle)
	}
}

// addPerson adds the row's person, or to the one of the same office what this row adds.
func (r *peopleReading) addPerson(l *Line, p Person) {
	for _, role := range p.Roles {
		r.oneHolder(l, role)
	}
	who := cmp.Or(p.Handle, who(p.Office, p.Organisation))
	i, again := r.byWho[who]
	if !again {
		r.byWho[who] = len(r.people)
		r.people = append(r.people, p)
		return
	}
	was := &r.people[i]
	for _, d := range []struct {
		column   string
		was, now *string
	}{{"name", &was.Personal.Name, &p.Personal.Name}, {"email", &was.Personal.Email, &p.Personal.Email}, {"telephone", &was.Personal.Phone, &p.Personal.Phone}, {"office", &was.Office, &p.Office}} {
		if *d.now != "" && *d.was != "" && !strings.EqualFold(*d.now, *d.was) {
			l.wrong(called(peopleColumns, d.column), "Row %d says something else about the same person. Two people have two offices.", was.row)
		}
		*d.was = cmp.Or(*d.was, *d.now)
	}
	for _, role := range p.Roles {
		if slices.ContainsFunc(was.Roles, func(have PersonRole) bool { return have.Role == role.Role && have.Organisation == role.Organisation }) {
			l.wrong(called(peopleColumns, "role"), "This is said in row %d already.", was.row)
			continue
		}
		was.Roles = append(was.Roles, role)
	}
}

// oneHolder says where a seat would have two holders at the same time.
func (r *peopleReading) oneHolder(l *Line, role PersonRole) {
	if role.Role != Holder || role.Organisation == "" {
		return
	}
	if before, taken := r.seats[role.Organisation]; taken && overlap(before.Span, role.Span) {
		l.wrong(called(peopleColumns, "role"), "The seat of %s has a holder in row %d already.", nameOf(r.bodies, role.Organisation), before.row)
		return
	}
	r.seats[role.Organisation] = role
}

func overlap(a, b domain.Span) bool {
	return (a.Until == 0 || b.From <= a.Until) && (b.Until == 0 || a.From <= b.Until)
}

// span reads the days of a row.
func (l *Line) span(columns []column) domain.Span {
	span := domain.Span{From: l.Day(called(columns, "from")...), Until: l.Day(called(columns, "until")...)}
	if span.Until != 0 && span.Until < span.From {
		l.wrong(called(columns, "until"), "The last day is before the first.")
	}
	return span
}

// roleWords are how a role may be written, as plain writes it.
var roleWords = map[string]Role{
	"holder": Holder, "seat_holder": Holder, "holds_the_seat": Holder, "member": Holder,
	"deputy": Deputy, "deputises": Deputy,
	"spokesperson": Spokesperson, "speaks": Spokesperson, "speaks_for_it": Spokesperson, "speaker": Spokesperson,
}

// roles reads "holder", or several with a comma or "and" between.
func (r *peopleReading) roles(l *Line, cell string) []Role {
	var roles []Role
	for _, part := range strings.FieldsFunc(strings.ReplaceAll(cell, " and ", ","), func(r rune) bool { return strings.ContainsRune(",;/+&", r) }) {
		role, known := roleWords[plain(part)]
		switch {
		case plain(part) == "none" || plain(part) == "":
		case !known:
			l.wrong(called(peopleColumns, "role"), "%q is not known here. Write holder, deputy or spokesperson, or leave it empty.", domain.Clip(strings.TrimSpace(part)))
		case !slices.Contains(roles, role):
			roles = append(roles, role)
		}
	}
	return roles
}

// body is the code of the organisation that the columns of the row name; "", with a
// fault, where there is none of that name or code, or several.
func (l *Line) body(columns []string, bodies []Body, named string) string {
	var codes []string
	for _, b := range bodies {
		if strings.EqualFold(b.Code, named) {
			return b.Code
		}
		if strings.EqualFold(b.Name, named) {
			codes = append(codes, b.Code)
		}
	}
	switch len(codes) {
	case 1:
		return codes[0]
	case 0:
		l.wrong(columns, "No organisation here has the name or code %q.", domain.Clip(named))
	default:
		l.wrong(columns, "Several are called %q. Write the code: %s.", domain.Clip(named), strings.Join(codes, " or "))
	}
	return ""
}

// nameOf is the name of the organisation with that code.
func nameOf(bodies []Body, code string) string {
	for _, b := range bodies {
		if b.Code == code {
			return b.Name
		}
	}
	return code
}

// officeOf is the office with its organisation, which makes it one of its kind: "Clinical
// Director" of Altrincham PCN is "Clinical Director, Altrincham PCN". An office that
// shares a word with the organisation's name, or has a comma, says it already.
func officeOf(office, organisation string) string {
	if office == "" || organisation == "" || strings.Contains(office, ",") {
		return office
	}
	for word := range strings.FieldsSeq(strings.ToLower(organisation)) {
		if len(word) > 3 && strings.Contains(strings.ToLower(office), word) && !slices.Contains([]string{"practice", "medical", "health", "centre", "primary", "care"}, word) {
			return office
		}
	}
	return office + ", " + organisation
}

// who tells people apart: by their office and its organisation.
func who(office, organisation string) string { return strings.ToLower(office) + "\n" + organisation }

const mostHandle = 60

// slug is the words in small letters, digits and hyphens.
func slug(words string) string {
	return strings.ReplaceAll(plain(strings.NewReplacer("'", "", "’", "").Replace(words)), "_", "-")
}

// handleFor is a short name made from the office, unlike those that are taken.
func handleFor(office string, taken func(string) bool) string {
	base := slug(office)
	for len(base) > 40 && strings.Contains(base[20:], "-") {
		base = base[:strings.LastIndexByte(base, '-')]
	}
	base = cmp.Or(strings.Trim(base[:min(len(base), 40)], "-"), "person")
	handle := base
	for n := 2; taken(handle); n++ {
		handle = fmt.Sprintf("%s-%d", base, n)
	}
	return handle
}
