package main

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"goldenthread/api/access"
	"goldenthread/cmd/internal/lists"
	"goldenthread/domain"
	"goldenthread/projections"
)

// An odsImport is lists of the Organisation Data Service being taken over.
type odsImport struct {
	client
	organisations []string
	memberships   string
	place         string
	source        string
	date          string
	part          bool
}

func importCommand() *cobra.Command {
	var o odsImport
	cmd := &cobra.Command{
		Use: "import-ods", Short: "Take over practices and PCNs from lists of the Organisation Data Service", GroupID: "act",
		Long: "Import-ods reads practices, PCNs, memberships and list sizes from CSV files, and records what is different from what the ledger knows.\n" +
			"The same lists can be imported again: only differences become events.\n\n" +
			"A list says what is so on its date: the one that you give, or the one in its file's name, or today. A practice or PCN that it no longer\n" +
			"places here has left, on the day that the list gives or the day before its date. One that newly appears arrived then. What the lists leave\n" +
			"out, and what they say otherwise that was not taken over, is counted and named. Say --part if the lists do not name everybody.\n\n" +
			"Columns of --organisations, found by their names: ods or pcn (the code), kind (practice or pcn; other kinds are left out), name,\n" +
			"parent or sub_icb, open, close, status, role, and list_size_2026-01 for registered patients on 1 January 2026. The file epraccur.csv is\n" +
			"read as the Organisation Data Service publishes it, without a heading line. Columns of --memberships: practice, pcn, start, end.\n" +
			"Dates are 20260101 or 2026-01-01.",
		Example: "  goldenthread import-ods --organisations practices_2026-03-02.csv --memberships pcn_membership_2026-03-02.csv --place 02A",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return o.run(cmd) },
	}
	cmd.Flags().StringSliceVar(&o.organisations, "organisations", nil, "CSV files of practices and PCNs")
	cmd.Flags().StringVar(&o.memberships, "memberships", "", "CSV file of which practice is in which PCN")
	cmd.Flags().StringVar(&o.place, "place", "", "take only organisations whose parent or sub_icb is this; all if not said")
	cmd.Flags().StringVar(&o.source, "source", "", "where the lists come from, in words; the files' names if not said")
	cmd.Flags().StringVar(&o.date, "date", "", "date of the lists, such as 2026-03-02; the one in each file's name, or today, if not said")
	cmd.Flags().BoolVar(&o.part, "part", false, "the lists name only some organisations: nobody has left because a list does not name them")
	must(cmd.MarkFlagRequired("organisations"))
	o.flags(cmd)
	o.groupFlag(cmd)
	return cmd
}

func (o *odsImport) run(cmd *cobra.Command) error {
	register, err := fetchBelow[projections.Register](cmd.Context(), &o.client, "")
	if err != nil {
		return err
	}
	read, err := o.read(register)
	if err != nil {
		return err
	}
	var commands []domain.ImportOrganisations
	for _, c := range read.commands(o.part) {
		commands = append(commands, portions(c, lists.Portion)...)
	}
	outcome := importOutcome{LeftOut: []string{}, Waits: []string{}, Contradicted: read.contradicted}
	for _, c := range commands {
		r, err := o.send(cmd.Context(), &c)
		if err != nil {
			return err
		}
		outcome.add(r, len(c.Rows))
		cmd.PrintErrf("\r%d of %d organisations", outcome.Organisations, len(read.rows))
	}
	cmd.PrintErrln()
	p := newPage()
	outcome.show(p)
	return o.finish(cmd, p, outcome)
}

// An importOutcome is what came of an import.
type importOutcome struct {
	Organisations int      `json:"organisations"`
	Events        uint64   `json:"events"`
	LeftOut       []string `json:"leftOut"`
	Contradicted  []string `json:"contradicted"`
	Waits         []string `json:"waits"` // records that wait to be confirmed; their differences are not recorded yet
}

func (o *importOutcome) add(r *access.Recorded, organisations int) {
	o.Organisations += organisations
	waits := slices.DeleteFunc(slices.Clone(r.Refs), func(ref string) bool { return !strings.HasPrefix(ref, "N") })
	o.Waits = append(o.Waits, waits...)
	if r.Recorded && len(waits) == 0 {
		o.Events += *r.Last - *r.First + 1
		if r.List != nil {
			o.Events-- // the event that names the list is no difference
		}
	}
	if r.List != nil {
		o.LeftOut = append(o.LeftOut, r.List.LeftOut...)
		o.Contradicted = append(o.Contradicted, r.List.Contradicted...)
	}
}

func (o *importOutcome) show(p *page) {
	p.say("%s read, %s recorded.", domain.Count(o.Organisations, "organisation"), domain.Count(int(o.Events), "difference"))
	if len(o.Waits) > 0 {
		p.say("What is different waits until somebody else confirms it, as %s. What it would change: goldenthread records", domain.List(o.Waits))
	}
	for _, part := range []struct {
		say   string
		lines []string
	}{{"left out by the lists:", o.LeftOut}, {"said otherwise by the lists, and not taken over:", o.Contradicted}} {
		if len(part.lines) > 0 {
			p.say("%d %s", len(part.lines), part.say)
		}
		for _, line := range part.lines {
			p.item("%s", line)
		}
	}
}

// read reads the files.
func (o *odsImport) read(register *projections.Register) (*odsList, error) {
	l := &odsList{place: o.place, in: register.Place.Code, source: o.source, known: map[string]domain.OrganisationKind{}, contradicted: []string{}}
	if l.source == "" {
		l.source = strings.Join(slices.DeleteFunc(append(slices.Clone(o.organisations), o.memberships), func(name string) bool { return name == "" }), ", ")
	}
	for _, have := range register.Organisations {
		l.known[have.Code] = have.Kind
	}
	for _, name := range o.organisations {
		if err := o.dated(l, name); err != nil {
			return nil, err
		}
		if err := lists.ReadFile(name, l.addOrganisation); err != nil {
			return nil, err
		}
	}
	if o.memberships != "" {
		if err := o.dated(l, o.memberships); err != nil {
			return nil, err
		}
		l.membershipsOn = l.on
		if err := lists.ReadFile(o.memberships, l.addMembership); err != nil {
			return nil, err
		}
		l.addLeavers()
	}
	if len(l.rows) == 0 {
		return nil, errors.New("there is no practice and no PCN in these files, or none in that place")
	}
	return l, nil
}

var dateInName = regexp.MustCompile(`(\d{4})-?(\d{2})-?(\d{2})`)

// dated finds the date of the file that is read next.
func (o *odsImport) dated(l *odsList, file string) error {
	given := o.date
	if m := dateInName.FindStringSubmatch(filepath.Base(file)); m != nil && given == "" {
		given = m[1] + "-" + m[2] + "-" + m[3]
	}
	l.on = domain.DayOf(time.Now())
	if given == "" {
		return nil
	}
	day, err := domain.ParseDay(given)
	if err != nil && o.date != "" {
		return usagef("--date: %v", err)
	}
	if err == nil && day <= l.on {
		l.on = day
	}
	return nil
}

func (o *odsImport) send(ctx context.Context, c *domain.ImportOrganisations) (*access.Recorded, error) {
	path, err := o.commandPath("import-organisations")
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	key, err := uuid.NewV7()
	if err != nil {
		return nil, err
	}
	answer, err := o.post(ctx, path, body, key.String())
	if err != nil {
		return nil, err
	}
	return read[access.Recorded](answer)
}

// portions are the command in several of at most so many rows. Only the last says
// that the list holds everybody, since the others are part of it.
func portions(c domain.ImportOrganisations, most int) []domain.ImportOrganisations {
	var parts []domain.ImportOrganisations
	for done := 0; done < len(c.Rows); done += most {
		part := c
		part.Rows = c.Rows[done:min(done+most, len(c.Rows))]
		if done+most < len(c.Rows) {
			part.Complete = slices.DeleteFunc(slices.Clone(c.Complete), func(what string) bool { return what != domain.AllMemberships })
		} else {
			for _, row := range c.Rows[:done] {
				part.Also = append(part.Also, row.Code)
			}
		}
		parts = append(parts, part)
	}
	return parts
}

// An odsList is what the files say, by code.
type odsList struct {
	place         string                             // only organisations of this parent; "" for all
	in            string                             // code of the place to which they belong here
	source        string                             // where the lists come from
	known         map[string]domain.OrganisationKind // that the ledger has
	on            domain.Day                         // date of the file that is being read
	membershipsOn domain.Day                         // date of the list of memberships
	rows          []domain.OrganisationRow
	dates         []domain.Day // of the list that each row is from
	byCode        map[string]int
	left          map[string][]domain.MembershipRow // memberships here of practices that the lists place elsewhere
	contradicted  []string                          // what can't be taken over, in sentences
}

// addOrganisation takes a line of a list of organisations.
func (l *odsList) addOrganisation(line lists.Line) error {
	row := domain.OrganisationRow{Code: line.First("ods", "pcn"), Kind: domain.OrganisationKind(line.First("kind")), Name: line.First("name"), Source: l.source}
	if row.Kind == "" {
		row.Kind = domain.Practice
		if line.Has("pcn") {
			row.Kind = domain.PCN
		}
	}
	if (row.Kind != domain.Practice && row.Kind != domain.PCN) || l.place != "" && line.First("parent", "sub_icb") != l.place {
		return nil
	}
	if role := line.First("role"); role != "" && role != "RO76" && role != "4" {
		return nil // a prescribing setting that is no GP practice
	}
	if row.Name == "" && l.known[row.Code] == "" {
		row.Name = "Practice " + row.Code
	}
	if err := l.addDays(&row, &line); err != nil {
		return err
	}
	if l.byCode == nil {
		l.byCode = map[string]int{}
	}
	if _, again := l.byCode[row.Code]; again {
		return line.Wrong("ods", "is in the list twice")
	}
	l.add(row)
	return nil
}

func (l *odsList) add(row domain.OrganisationRow) {
	l.byCode[row.Code] = len(l.rows)
	l.rows, l.dates = append(l.rows, row), append(l.dates, l.on)
}

// addDays reads the days of an organisation, its list sizes, and since when it is
// in the place, where the list says so.
func (l *odsList) addDays(row *domain.OrganisationRow, line *lists.Line) error {
	in := domain.MembershipRow{In: l.in}
	for _, d := range []struct {
		column string
		day    *domain.Day
	}{{"open", &row.Opened}, {"close", &row.Closed}, {"join", &in.From}, {"left", &in.Until}} {
		day, err := line.Day(d.column)
		if err != nil {
			return err
		}
		*d.day = day
	}
	status := line.First("status")
	switch {
	case row.Closed == 0 && (status == "INACTIVE" || status == "C"):
		return line.Wrong("status", "is "+status+" without a closing day")
	case row.Opened == 0:
		return line.Wrong("open", "is missing")
	}
	var err error
	row.Lists, err = line.ListSizes()
	row.Parents = []domain.MembershipRow{in}
	return err
}

// addMembership takes a line of a list of memberships. Those of practices that are
// in no list, and in PCNs elsewhere, are left out.
func (l *odsList) addMembership(line lists.Line) error {
	code, pcn := line.First("practice"), line.First("pcn")
	from, err := line.Day("start")
	if err != nil {
		return err
	}
	until, err := line.Day("end")
	if err != nil {
		return err
	}
	i, listed := l.byCode[code]
	_, here := l.byCode[pcn]
	here = here || l.known[pcn] == domain.PCN
	m := domain.MembershipRow{In: pcn, Span: domain.Span{From: from, Until: until}}
	switch {
	case listed && here:
		l.rows[i].Parents = append(l.rows[i].Parents, m)
	case listed && (until == 0 || until >= l.on):
		l.contradicted = append(l.contradicted, code+" is said to be in "+pcn+", a PCN that is in none of the lists.")
	case !listed && here && l.known[code] == domain.Practice:
		if l.left == nil {
			l.left = map[string][]domain.MembershipRow{}
		}
		l.left[code] = append(l.left[code], m)
	}
	return nil
}

// addLeavers adds the practices that the ledger knows and the lists place
// elsewhere, if their memberships here say when they left.
func (l *odsList) addLeavers() {
	for _, code := range slices.Sorted(maps.Keys(l.left)) {
		last, open := domain.Day(0), false
		for _, m := range l.left[code] {
			last, open = max(last, m.Until), open || m.Until == 0 || m.Until >= l.on
		}
		if !open {
			parents := append([]domain.MembershipRow{{In: l.in, Span: domain.Span{Until: last}}}, l.left[code]...)
			l.add(domain.OrganisationRow{Code: code, Kind: domain.Practice, Source: l.source, Parents: parents})
		}
	}
}

// typed are the rows as if somebody had typed them today, PCNs first: each in the
// place since it opened, where the lists don't say since when.
func (l *odsList) typed() []domain.OrganisationRow {
	for i := range l.rows {
		for j := range l.rows[i].Parents {
			if m := &l.rows[i].Parents[j]; m.From == 0 {
				m.From = l.rows[i].Opened
			}
		}
	}
	slices.SortStableFunc(l.rows, func(a, b domain.OrganisationRow) int { return strings.Compare(string(a.Kind), string(b.Kind)) })
	return l.rows
}

// commands are one for each list, PCNs first so that practices find them. Unless
// the lists are only a part, each says what it holds all of: the kinds of
// organisation that are in no list of another date.
func (l *odsList) commands(part bool) []domain.ImportOrganisations {
	type list struct {
		kind domain.OrganisationKind
		on   domain.Day
	}
	rows := map[list][]domain.OrganisationRow{}
	for i, row := range l.rows {
		on := l.dates[i]
		if row.Kind == domain.Practice && l.membershipsOn != 0 {
			on = min(on, l.membershipsOn)
		}
		rows[list{row.Kind, on}] = append(rows[list{row.Kind, on}], row)
	}
	sorted := slices.SortedFunc(maps.Keys(rows), func(a, b list) int {
		return cmp.Or(strings.Compare(string(a.kind), string(b.kind)), cmp.Compare(a.on, b.on))
	})
	var commands []domain.ImportOrganisations
	for _, one := range sorted {
		c := domain.ImportOrganisations{Rows: rows[one], On: one.on, Source: l.source}
		alone := !slices.ContainsFunc(sorted, func(other list) bool { return other != one && other.kind == one.kind })
		switch {
		case part || !alone:
		case one.kind == domain.PCN:
			c.Complete = []string{domain.AllPCNs}
		case l.membershipsOn != 0:
			c.Complete = []string{domain.AllPractices, domain.AllMemberships}
		default:
			c.Complete = []string{domain.AllPractices}
		}
		commands = append(commands, c)
	}
	return commands
}
