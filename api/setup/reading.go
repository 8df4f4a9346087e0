package setup

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"goldenthread/api/web"
	"goldenthread/domain"
)

// A reading reads a draft into the command that founds the group. It notes what can't be
// read, and which field each part of the command comes from.
type reading struct {
	draft  *Draft
	today  domain.Day
	faults []fault
	places map[string]place // by path in the command, such as /people/3
}

// A place is a field of a page. A field below it in the command has its name added.
type place struct{ page, field string }

// A fault is something that is wrong on one of the pages.
type fault struct {
	page string
	web.Fault
}

// wrong notes that the field can't be read; its label comes before the sentence.
func (r *reading) wrong(page, field, say string, args ...any) {
	r.faults = append(r.faults, fault{page, web.Fault{Part: "/" + strings.ReplaceAll(field, "-", "/"), Say: fmt.Sprintf(say, args...), Bare: true}})
}

// from notes which field that part of the command comes from.
func (r *reading) from(part, page, field string) {
	if r.places == nil {
		r.places = map[string]place{}
	}
	r.places[part] = place{page, field}
}

// at is the field that is meant by a part of the command; a page without a field where it is
// the whole page, and no page where it is none in particular.
func (r *reading) at(part string) (page, field string) {
	for under := part; under != ""; under = under[:strings.LastIndex(under, "/")] {
		if p, ok := r.places[under]; ok {
			below := strings.ReplaceAll(strings.TrimPrefix(strings.TrimPrefix(part, under), "/"), "/", "-")
			below = strings.TrimPrefix(below, "personal-")
			if below == "" || p.field == "" {
				return p.page, p.field
			}
			return p.page, p.field + "-" + below
		}
	}
	return "", ""
}

// refuse notes what the domain says is wrong.
func (r *reading) refuse(is *domain.Refusal, part string) {
	page, field := r.at(part)
	said := web.Fault{Say: is.Say, Rule: is.Rule}
	if field != "" {
		said.Part = "/" + strings.ReplaceAll(field, "-", "/")
	}
	if !slices.ContainsFunc(r.faults, func(f fault) bool { return f.page == page && f.Part == said.Part && (field != "" || f.Say == said.Say) }) {
		r.faults = append(r.faults, fault{page, said})
	}
}

// found is the command that founds the group.
func (d *Draft) found(r *reading) *domain.Found {
	for part, p := range map[string]place{
		"/name": {"group", "name"}, "/shortName": {"group", "short"}, "/place": {"group", "place"}, "/placeName": {"group", "placeName"}, "/founder": {"duties", "chair"},
		"/organisations": {practicesPage, ""}, "/people": {"people", ""}, "/seats": {"people", ""}, "/duties": {"duties", ""}, "/schedule": {beforePage, ""}, "/charter": {"decide", ""}, "/charter/text": {"words", "text"},
		"/charter/quorum": {"decide", "quorum"}, "/charter/quorumOf": {"decide", "quorumOf"}, "/charter/defaultStance": {"decide", "stance"}, "/charter/systemSees": {"decide", "sees"},
		"/charter/matters": {"decide", "matters"}, "/charter/reserved": {"decide", "reserved"},
	} {
		r.from(part, p.page, p.field)
	}
	for _, q := range questions {
		r.from("/charter/"+q.setting, "decide", q.setting)
	}
	c := &domain.Found{
		Name: d.said("group", "name"), ShortName: d.said("group", "short"), Place: d.place(), PlaceName: d.said("group", "placeName"), Charter: d.charter(r),
		Organisations: d.organisations(r), People: d.people(r), Duties: d.duties(), Founder: d.duty("chair"),
	}
	if c.Founder == "" && len(c.People) > 0 {
		c.Founder = c.People[0].Handle
	}
	c.Seats, c.Speakers = d.seats(r, c.People), d.speakers(r, c.People)
	c.Schedule, c.Forums = d.schedule(r)
	return c
}

// slug makes a short name of words: small letters, digits and hyphens.
func slug(words string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(words) {
		switch {
		case r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	return strings.Trim(b.String(), "-")
}

// address is the group's name in addresses.
func (d *Draft) address() string {
	return cmp.Or(d.said("group", "address"), slug(d.said("group", "placeName")))
}

// place is the code of the place.
func (d *Draft) place() string {
	return cmp.Or(d.said("group", "place"), strings.ToUpper(slug(d.said("group", "placeName"))))
}

// organisations are the place, its networks and practices, and the bodies.
func (d *Draft) organisations(r *reading) []domain.OrganisationRow {
	all := []domain.OrganisationRow{{Code: d.place(), Kind: domain.PlaceKind, Name: d.said("group", "placeName")}}
	r.from("/organisations/0", "group", "placeName")
	all = append(all, d.Listed...)
	typed := d.typedPractices(r)
	for _, o := range typed {
		if !slices.ContainsFunc(all, func(had domain.OrganisationRow) bool { return had.Code == o.Code }) {
			r.from(fmt.Sprintf("/organisations/%d", len(all)), practicesPage, "practices")
			all = append(all, o)
		}
	}
	for _, i := range d.rows(practicesPage, "bodies", "name", "code") {
		said := func(field string) string { return d.said(practicesPage, rowField("bodies", i, field)) }
		o := domain.OrganisationRow{Kind: domain.OrganisationKind(said("kind")), Name: said("name"), Code: cmp.Or(said("code"), codeOf(said("name")))}
		if o.Kind == "" {
			r.wrong(practicesPage, rowField("bodies", i, "kind"), "Choose what kind of organisation it is.")
		}
		if o.Kind == domain.OtherGroup && said("code") == "" {
			r.wrong(practicesPage, rowField("bodies", i, "code"), "Enter the group’s short name in addresses, such as trafford.")
		}
		r.from(fmt.Sprintf("/organisations/%d", len(all)), practicesPage, fmt.Sprintf("bodies-%d", i))
		all = append(all, o)
	}
	return all
}

// codeOf makes a code of a name: the LMC of Trafford is TRAFFORD-LMC.
func codeOf(name string) string {
	short := strings.NewReplacer("Local Medical Committee", "LMC", "Integrated Care Board", "ICB", "GP Federation", "FED", "Federation", "FED").Replace(name)
	return strings.ToUpper(domain.ClipTo(slug(short), 60))
}

// typedPractices are the practices that were typed or pasted on lines, with their networks first.
func (d *Draft) typedPractices(r *reading) []domain.OrganisationRow {
	const page, field = practicesPage, "practices"
	on := r.today
	if s := d.said(page, "on"); s != "" {
		var err error
		if on, err = domain.ReadDay(s); err != nil {
			r.wrong(page, "on", "Write a date, such as 1 October 2026.")
		}
	}
	var networks, practices []domain.OrganisationRow
	for i, line := range strings.Split(d.said(page, field), "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		cells, err := cellsOf(line)
		if err != nil || len(cells) < 2 || len(cells) > 5 {
			r.wrong(page, field, "Line %d: write a code, a name, the number of patients, and the code and name of the network.", i+1)
			continue
		}
		cells = append(cells, "", "", "", "")
		row := domain.OrganisationRow{Code: cells[0], Kind: domain.Practice, Name: cells[1], Parents: []domain.MembershipRow{{In: d.place(), Span: domain.Span{From: on}}}, Source: d.said(page, "source")}
		if cells[2] != "" {
			patients, err := strconv.Atoi(strings.ReplaceAll(cells[2], ",", ""))
			if err != nil {
				r.wrong(page, field, "Line %d: %s is not a number of patients.", i+1, domain.Clip(cells[2]))
			}
			row.Lists = []domain.ListRow{{On: on, Patients: patients}}
		}
		if pcn := cells[3]; pcn != "" {
			row.Parents = append(row.Parents, domain.MembershipRow{In: pcn, Span: domain.Span{From: on}})
			if !slices.ContainsFunc(networks, func(o domain.OrganisationRow) bool { return o.Code == pcn }) {
				networks = append(networks, domain.OrganisationRow{Code: pcn, Kind: domain.PCN, Name: cells[4], Parents: []domain.MembershipRow{{In: d.place(), Span: domain.Span{From: on}}}})
			}
		}
		practices = append(practices, row)
	}
	return append(networks, practices...)
}

// cellsOf are the columns of a line that was copied from a spreadsheet, or typed with commas.
func cellsOf(line string) ([]string, error) {
	reader := csv.NewReader(strings.NewReader(line))
	reader.LazyQuotes, reader.TrimLeadingSpace = true, true
	if strings.Contains(line, "\t") {
		reader.Comma = '\t'
	} else if strings.Contains(line, ";") {
		reader.Comma = ';'
	}
	cells, err := reader.Read()
	for i := range cells {
		cells[i] = strings.TrimSpace(cells[i])
	}
	return cells, err
}

// people are those who were named, each with a handle that is made of the office.
func (d *Draft) people(r *reading) []domain.PersonEntry {
	var all []domain.PersonEntry
	for _, i := range d.rows("people", "people", "office", "name", "email") {
		said := func(field string) string { return d.said("people", rowField("people", i, field)) }
		p := domain.PersonEntry{Office: said("office"), Organisation: said("organisation"), Handle: slug(domain.ClipTo(said("office"), 50))}
		if p.Handle == "" {
			r.wrong("people", rowField("people", i, "office"), "Enter an office, such as Clinical Director, Altrincham.")
			continue
		}
		base := p.Handle
		for n := 2; slices.ContainsFunc(all, func(o domain.PersonEntry) bool { return o.Handle == p.Handle }); n++ {
			p.Handle = fmt.Sprintf("%s-%d", base, n)
		}
		if said("name") != "" || said("email") != "" {
			p.Personal = &domain.PersonalData{Name: said("name"), Email: said("email")}
		}
		r.from(fmt.Sprintf("/people/%d", len(all)), "people", fmt.Sprintf("people-%d", i))
		all = append(all, p)
	}
	return all
}

// personRows are the rows of the grid that people reads, in the same order.
func (d *Draft) personRows() []int {
	return slices.DeleteFunc(d.rows("people", "people", "office", "name", "email"), func(i int) bool {
		return slug(domain.ClipTo(d.said("people", rowField("people", i, "office")), 50)) == ""
	})
}

// speakers are those who speak for their organisations, apart from who sits for them.
func (d *Draft) speakers(r *reading, people []domain.PersonEntry) []domain.RecordSpokesperson {
	var all []domain.RecordSpokesperson
	for n, i := range d.personRows() {
		field := rowField("people", i, "speaks")
		if d.said("people", field) == "" {
			continue
		}
		if people[n].Organisation == "" {
			r.wrong("people", rowField("people", i, "organisation"), "Choose the organisation for which they speak.")
			continue
		}
		part := fmt.Sprintf("/speakers/%d", len(all))
		r.from(part, "people", field)
		said := domain.RecordSpokesperson{Organisation: people[n].Organisation, Person: people[n].Handle, Evidence: d.said("people", rowField("people", i, "evidence"))}
		if said.Evidence == "" {
			said.Evidence = d.said("people", "evidence")
			r.from(part+"/evidence", "people", "evidence")
		}
		all = append(all, said)
	}
	return all
}

// seats are those of the organisations for which somebody holds one.
func (d *Draft) seats(r *reading, people []domain.PersonEntry) []domain.SeatEntry {
	var seats []domain.SeatEntry
	for n, i := range d.personRows() {
		said := func(field string) string { return d.said("people", rowField("people", i, field)) }
		person := people[n]
		role, field := said("role"), rowField("people", i, "role")
		if role == "" {
			continue
		}
		if person.Organisation == "" {
			r.wrong("people", rowField("people", i, "organisation"), "Choose the organisation whose seat it is.")
			continue
		}
		at := slices.IndexFunc(seats, func(s domain.SeatEntry) bool { return s.Organisation == person.Organisation })
		if at < 0 {
			r.from(fmt.Sprintf("/seats/%d", len(seats)), "people", field)
			at, seats = len(seats), append(seats, domain.SeatEntry{Organisation: person.Organisation})
		}
		into := &seats[at].Holder
		if role == string(domain.Deputy) {
			into = &seats[at].Deputy
		}
		if *into != "" {
			r.wrong("people", field, "Somebody else has this seat in that role already.")
			continue
		}
		*into = person.Handle
	}
	return seats
}

// seated are the organisations that have a seat in the draft or, before people were named,
// those that commonly have one.
func (d *Draft) seated(r *reading) []domain.OrganisationRow {
	_, named := d.Typed["people"]
	seats := d.seats(r, d.people(r))
	return slices.DeleteFunc(d.organisations(r), func(o domain.OrganisationRow) bool {
		if named {
			return !slices.ContainsFunc(seats, func(s domain.SeatEntry) bool { return s.Organisation == o.Code })
		}
		return o.Kind != domain.PCN && o.Kind != domain.LMC && o.Kind != domain.Federation && o.Kind != domain.OtherGroup
	})
}

func (d *Draft) duties() []domain.DutyEntry {
	var all []domain.DutyEntry
	for _, duty := range []struct {
		field string
		is    domain.DutyName
	}{{"chair", domain.Chair}, {"cochair", domain.CoChair}, {"deputy", domain.DeputyChair}, {"manager", domain.Manager}, {"registrar", domain.Registrar}, {"gatekeeper", domain.Gatekeeper}, {"second", domain.Gatekeeper}} {
		if person := d.duty(duty.field); person != "" {
			entry := domain.DutyEntry{Duty: duty.is, Person: person}
			if duty.is == domain.Chair && d.duty("cochair") != "" {
				entry.Duty = domain.CoChair
			}
			if duty.is == domain.Manager {
				entry.Employer = d.duty("employer")
			}
			all = append(all, entry)
		}
	}
	return all
}

// charter is the charter, with its words.
func (d *Draft) charter(r *reading) domain.Charter {
	ch := d.settings(r)
	ch.Text = d.words()
	return ch
}

// settings are those of the charter; those that nobody is asked for have their defaults.
func (d *Draft) settings(r *reading) domain.Charter {
	ch := domain.Charter{
		QuorumOf:      slices.DeleteFunc(slices.Clone(d.Typed["decide"]["quorumOf"]), func(s string) bool { return s == "" }),
		DefaultStance: domain.Stance(d.said("decide", "stance")), SystemSees: domain.Sight(d.said("decide", "sees")),
		Matters: linesOf(d.said("decide", "matters")), Reserved: linesOf(d.said("decide", "reserved")),
	}
	number := func(field string) (n int) {
		s := d.said("decide", field)
		if s == "" {
			return 0
		}
		n, err := strconv.Atoi(s)
		if err != nil {
			r.wrong("decide", field, "Write a whole number.")
		} else if n == 0 && field != "quorum" {
			ch.Zero = append(ch.Zero, field) // zero was asked for, and is no default (F6)
		}
		return n
	}
	ch.Quorum = number("quorum")
	ch.Window, ch.ReviewWithin, ch.Notice, ch.LeastCoverage = number("windowDays"), number("reviewDays"), number("noticeDays"), number("leastCoverage")
	return ch
}

func linesOf(words string) []string {
	var lines []string
	for line := range strings.SplitSeq(words, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}
