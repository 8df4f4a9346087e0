package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"goldenthread/api"
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
		portion := rows[done:min(done+lists.Portion, len(rows))]
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
		if err := lists.ReadFile(name, l.addOrganisation); err != nil {
			return nil, err
		}
	}
	if o.memberships != "" {
		if err := lists.ReadFile(o.memberships, l.addMembership); err != nil {
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
func (l *odsList) addOrganisation(line lists.Line) error {
	row := domain.OrganisationRow{Code: line.First("ods", "pcn"), Kind: domain.OrganisationKind(line.First("kind")), Source: l.source}
	if row.Kind == "" {
		row.Kind = domain.Practice
		if line.Has("pcn") {
			row.Kind = domain.PCN
		}
	}
	if (row.Kind != domain.Practice && row.Kind != domain.PCN) || l.place != "" && line.First("parent", "sub_icb") != l.place {
		return nil
	}
	if row.Name = line.First("name"); row.Name == "" {
		if row.Name = l.known[row.Code]; row.Name == "" {
			row.Name = "Practice " + row.Code
		}
	}
	var err error
	if row.Opened, err = line.Day("open"); err != nil {
		return err
	}
	if row.Closed, err = line.Day("close"); err != nil {
		return err
	}
	if row.Closed == 0 && line.First("status") == "INACTIVE" {
		return line.Wrong("status", "is INACTIVE without a closing day")
	}
	if row.Lists, err = line.ListSizes(); err != nil {
		return err
	}
	row.Parents = []domain.MembershipRow{{In: l.in, Span: domain.Span{From: row.Opened}}}
	if row.Opened == 0 {
		return line.Wrong("open", "is missing")
	}
	if l.byCode == nil {
		l.byCode = map[string]int{}
	}
	if _, again := l.byCode[row.Code]; again {
		return line.Wrong("ods", "is in the list twice")
	}
	l.byCode[row.Code] = len(l.rows)
	l.rows = append(l.rows, row)
	return nil
}

// addMembership takes a line of a list of memberships: of practices and PCNs
// that are in the list of organisations; others are left out.
func (l *odsList) addMembership(line lists.Line) error {
	i, ok := l.byCode[line.First("practice")]
	pcn := line.First("pcn")
	if _, here := l.byCode[pcn]; !ok || !here {
		return nil
	}
	from, err := line.Day("start")
	if err != nil {
		return err
	}
	until, err := line.Day("end")
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
