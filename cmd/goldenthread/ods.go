package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"goldenthread/api"
	"goldenthread/domain"
	"goldenthread/projections"
)

// odsPortion is how many organisations go into one command.
const odsPortion = 100

// An odsImport is lists of the Organisation Data Service being taken over.
type odsImport struct {
	client
	organisations []string
	memberships   string
	place         string
	source        string
}

func importCommand() *cobra.Command {
	var o odsImport
	cmd := &cobra.Command{
		Use: "import-ods", Short: "Take over practices and PCNs from lists of the Organisation Data Service", GroupID: "act",
		Long: "Import-ods reads practices, PCNs, memberships and list sizes from CSV files with a heading line, and records what is different from\n" +
			"what the ledger knows. The same lists can be imported again: only differences become events.\n\n" +
			"Columns of --organisations, found by their names: ods or pcn (the code), kind (practice or pcn; other kinds are left out), name,\n" +
			"parent or sub_icb, open, close, status, and list_size_2026-01 for registered patients on 1 January 2026. Columns of --memberships:\n" +
			"practice, pcn, start, end. Dates are 20260101 or 2026-01-01.",
		Example: "  goldenthread import-ods --organisations practices.csv --memberships pcn_membership.csv --place 02A",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return o.run(cmd) },
	}
	cmd.Flags().StringSliceVar(&o.organisations, "organisations", nil, "CSV files of practices and PCNs")
	cmd.Flags().StringVar(&o.memberships, "memberships", "", "CSV file of which practice is in which PCN")
	cmd.Flags().StringVar(&o.place, "place", "", "take only organisations whose parent or sub_icb is this; all if not said")
	cmd.Flags().StringVar(&o.source, "source", "", "where the lists come from, in words; the files' names if not said")
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
	rows, err := o.rows(register)
	if err != nil {
		return err
	}
	events := uint64(0)
	for done := 0; done < len(rows); {
		portion := rows[done:min(done+odsPortion, len(rows))]
		r, err := o.send(cmd.Context(), portion)
		if err != nil {
			return err
		}
		if r.Recorded {
			events += *r.Last - *r.First + 1
		}
		done += len(portion)
		cmd.PrintErrf("\r%d of %d organisations", done, len(rows))
	}
	cmd.PrintErrln()
	if o.json {
		return json.MarshalWrite(cmd.OutOrStdout(), map[string]any{"organisations": len(rows), "events": events})
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d organisations read, %d differences recorded.\n", len(rows), events)
	return err
}

// rows reads the files: PCNs come first, so that practices find them.
func (o *odsImport) rows(register *projections.Register) ([]domain.OrganisationRow, error) {
	l := &odsList{place: o.place, in: register.Place.Code, source: o.source, known: map[string]string{}}
	if l.source == "" {
		l.source = strings.Join(append(slices.Clone(o.organisations), o.memberships), ", ")
	}
	for _, have := range register.Organisations {
		l.known[have.Code] = have.Name
	}
	for _, name := range o.organisations {
		if err := readFileCSV(name, l.addOrganisation); err != nil {
			return nil, err
		}
	}
	if o.memberships != "" {
		if err := readFileCSV(o.memberships, l.addMembership); err != nil {
			return nil, err
		}
	}
	if len(l.rows) == 0 {
		return nil, errors.New("there is no practice and no PCN in these files, or none in that place")
	}
	return l.sorted(), nil
}

func (o *odsImport) send(ctx context.Context, rows []domain.OrganisationRow) (*api.Recorded, error) {
	path, err := o.commandPath("import-organisations")
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(domain.ImportOrganisations{Rows: rows})
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
	return read[api.Recorded](answer)
}

// An odsList is what the files say, by code.
type odsList struct {
	place  string            // only organisations of this parent; "" for all
	in     string            // code of the place to which they belong here
	source string            // where the lists come from
	known  map[string]string // names that the ledger has, for lists without names
	rows   []domain.OrganisationRow
	byCode map[string]int
}

// addOrganisation takes a line of a list of organisations.
func (l *odsList) addOrganisation(line csvLine) error {
	row := domain.OrganisationRow{Code: line.first("ods", "pcn"), Kind: domain.OrganisationKind(line.first("kind")), Source: l.source}
	if row.Kind == "" {
		row.Kind = domain.Practice
		if line.has("pcn") {
			row.Kind = domain.PCN
		}
	}
	if (row.Kind != domain.Practice && row.Kind != domain.PCN) || l.place != "" && line.first("parent", "sub_icb") != l.place {
		return nil
	}
	if row.Name = line.first("name"); row.Name == "" {
		if row.Name = l.known[row.Code]; row.Name == "" {
			row.Name = "Practice " + row.Code
		}
	}
	var err error
	if row.Opened, err = line.day("open"); err != nil {
		return err
	}
	if row.Closed, err = line.day("close"); err != nil {
		return err
	}
	if row.Closed == 0 && line.first("status") == "INACTIVE" {
		return line.wrong("status", "is INACTIVE without a closing day")
	}
	if row.Lists, err = line.listSizes(); err != nil {
		return err
	}
	row.Parents = []domain.MembershipRow{{In: l.in, Span: domain.Span{From: row.Opened}}}
	if row.Opened == 0 {
		return line.wrong("open", "is missing")
	}
	if l.byCode == nil {
		l.byCode = map[string]int{}
	}
	if _, again := l.byCode[row.Code]; again {
		return line.wrong("ods", "is in the list twice")
	}
	l.byCode[row.Code] = len(l.rows)
	l.rows = append(l.rows, row)
	return nil
}

// addMembership takes a line of a list of memberships: of practices and PCNs
// that are in the list of organisations; others are left out.
func (l *odsList) addMembership(line csvLine) error {
	i, ok := l.byCode[line.first("practice")]
	pcn := line.first("pcn")
	if _, here := l.byCode[pcn]; !ok || !here {
		return nil
	}
	from, err := line.day("start")
	if err != nil {
		return err
	}
	until, err := line.day("end")
	if err != nil {
		return err
	}
	l.rows[i].Parents = append(l.rows[i].Parents, domain.MembershipRow{In: pcn, Span: domain.Span{From: from, Until: until}})
	return nil
}

// sorted puts PCNs before practices.
func (l *odsList) sorted() []domain.OrganisationRow {
	slices.SortStableFunc(l.rows, func(a, b domain.OrganisationRow) int { return strings.Compare(string(a.Kind), string(b.Kind)) })
	return l.rows
}

// A csvLine is one line of a file with a heading.
type csvLine struct {
	file   string
	number int
	names  []string
	cells  []string
}

func readFileCSV(name string, add func(csvLine) error) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return readCSV(name, f, add)
}

func readCSV(name string, in io.Reader, add func(csvLine) error) error {
	r := csv.NewReader(in)
	heading, err := r.Read()
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	heading[0] = strings.TrimPrefix(heading[0], "\ufeff")
	for {
		cells, err := r.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		number, _ := r.FieldPos(0)
		if err := add(csvLine{name, number, heading, cells}); err != nil {
			return err
		}
	}
}

func (l *csvLine) has(name string) bool { return slices.Contains(l.names, name) }

// first is the first of the columns that is there and says something.
func (l *csvLine) first(names ...string) string {
	for _, name := range names {
		if i := slices.Index(l.names, name); i >= 0 && strings.TrimSpace(l.cells[i]) != "" {
			return strings.TrimSpace(l.cells[i])
		}
	}
	return ""
}

// day is the day in the column; none where it says nothing.
func (l *csvLine) day(name string) (domain.Day, error) {
	s := l.first(name)
	if s == "" {
		return 0, nil
	}
	if len(s) == 8 {
		s = s[:4] + "-" + s[4:6] + "-" + s[6:]
	}
	d, err := domain.ParseDay(s)
	switch {
	case errors.Is(err, domain.ErrYear):
		return 0, l.wrong(name, "is not a date: "+domain.ErrYear.Error())
	case err != nil:
		return 0, l.wrong(name, "is not a date")
	}
	return d, nil
}

var listSizeColumn = regexp.MustCompile(`^list_size_(\d{4}-\d{2})$`)

// listSizes are the columns such as list_size_2026-01.
func (l *csvLine) listSizes() ([]domain.ListRow, error) {
	var sizes []domain.ListRow
	for _, name := range l.names {
		m := listSizeColumn.FindStringSubmatch(name)
		if m == nil || l.first(name) == "" {
			continue
		}
		month, err := time.Parse("2006-01", m[1])
		if err != nil {
			return nil, l.wrong(name, "names no month")
		}
		patients, err := strconv.Atoi(l.first(name))
		if err != nil {
			return nil, l.wrong(name, "is not a number of patients")
		}
		sizes = append(sizes, domain.ListRow{On: domain.NewDay(month.Date()), Patients: patients})
	}
	return sizes, nil
}

func (l *csvLine) wrong(column, why string) error {
	return fmt.Errorf("%s, line %d: %s %s", l.file, l.number, column, why)
}
