package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"goldenthread/api/access"
	"goldenthread/api/lists"
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
	preview       bool
}

func importCommand() *cobra.Command {
	var o odsImport
	cmd := &cobra.Command{
		Use: "import-ods", Short: "Take over practices and PCNs from official lists", GroupID: "act",
		Long: "Import-ods reads practices, PCNs, memberships and list sizes from CSV files, and records what is different from what the ledger knows.\n" +
			"The same lists can be imported again: only differences become events.\n\n" +
			"A list says what is so on its date: the one in its rows, or the one that you give, or the one in its file's name, or today. A practice or\n" +
			"PCN that it no longer places here has left, on the day that the list gives or the day before its date. One that newly appears arrived\n" +
			"then. What the lists leave out, and what they say otherwise that was not taken over, is counted and named. Say --part if the lists do not\n" +
			"name everybody. With --preview it says what would change by them, whose word that takes and what it touches, and records nothing.\n\n" +
			"Files are recognised by their columns: the two files of NHS England's \"Patients registered at a GP practice\", gp-reg-pat-prac-map.csv and\n" +
			"gp-reg-pat-prac-all.csv; or lists of the Organisation Data Service: epraccur.csv, which has no heading; lists with the columns ods or pcn (the\n" +
			"code), kind (practice or pcn; other kinds are left out), name, parent or sub_icb, open, close, status, role, and list_size_2026-01 for patients\n" +
			"registered on 1 January 2026; and memberships, with practice, pcn, start and end.",
		Example: "  goldenthread import-ods --organisations gp-reg-pat-prac-map.csv --organisations gp-reg-pat-prac-all.csv --place 02A --preview\n" +
			"  goldenthread import-ods --organisations gp-reg-pat-prac-map.csv --organisations gp-reg-pat-prac-all.csv --place 02A\n" +
			"  goldenthread import-ods --organisations practices_2026-03-02.csv --memberships pcn_membership_2026-03-02.csv --place 02A",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd) },
	}
	cmd.Flags().StringSliceVar(&o.organisations, "organisations", nil, "CSV files of practices, PCNs and list sizes")
	cmd.Flags().StringVar(&o.memberships, "memberships", "", "CSV file of which practice is in which PCN")
	cmd.Flags().StringVar(&o.place, "place", "", "take only what is in this sub-ICB; all if not said")
	cmd.Flags().StringVar(&o.source, "source", "", "where the lists come from, in words; what the lists are if not said")
	cmd.Flags().StringVar(&o.date, "date", "", "date of the lists, such as 2026-03-02; the one in each file's name, or today, if not said")
	cmd.Flags().BoolVar(&o.part, "part", false, "the lists name only some organisations: nobody has left because a list does not name them")
	cmd.Flags().BoolVar(&o.preview, "preview", false, "say what would change and what that touches, and record nothing")
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
	if o.preview {
		return o.show(cmd, read)
	}
	outcome := importOutcome{LeftOut: []string{}, Waits: []string{}, Contradicted: append([]string{}, read.Notes...)}
	for _, c := range read.Commands() {
		r, err := o.record(cmd.Context(), &c)
		if err != nil {
			return err
		}
		outcome.add(r, len(c.Rows))
		cmd.PrintErrf("\r%d of %d organisations", outcome.Organisations, len(read.Rows))
	}
	cmd.PrintErrln()
	p := newPage()
	outcome.show(p)
	return o.finish(cmd, p, outcome)
}

// An importPreview is what an import would change.
type importPreview struct {
	projections.ListPreview
	Notes []string `json:"notes"` // of the files, and of what is not taken from them
	Parts int      `json:"parts"` // in which the lists are taken over; this is the first
}

// show says what the lists would change.
func (o *odsImport) show(cmd *cobra.Command, read *lists.Taking) error {
	commands := read.Commands()
	path, err := o.path("/lists/preview")
	if err != nil {
		return err
	}
	body, err := json.Marshal(&commands[0])
	if err != nil {
		return err
	}
	answer, err := o.send(cmd.Context(), http.MethodPost, path, body, http.Header{"Content-Type": {"application/json"}})
	if err != nil {
		return err
	}
	preview := importPreview{Notes: append([]string{}, read.Notes...), Parts: len(commands)}
	if err := json.Unmarshal(answer, &preview.ListPreview); err != nil {
		return fmt.Errorf("%w: %w", errUnreachable, err)
	}
	p := newPage()
	preview.show(p)
	return o.finish(cmd, p, preview)
}

func (v *importPreview) show(p *page) {
	p.say("What the list of %s would change. It names %s. Nothing is recorded.", v.On.Words(), domain.Count(v.Organisations, "organisation"))
	p.unless(v.Parts == 1, "The lists are taken over in %d parts. This is the first.", v.Parts)
	p.unless(!v.Repeat, "The same waits already to be confirmed.")
	p.unless(len(v.Changes) > 0 || v.Repeat, "Everything in it is known already.")
	of := map[projections.ListChangeKind][]string{}
	for _, c := range v.Changes {
		of[c.Kind] = append(of[c.Kind], c.Text)
	}
	for _, c := range v.Changes {
		p.list(c.Kind.Words(), of[c.Kind])
		delete(of, c.Kind)
	}
	p.list("What it touches", v.Follows)
	p.list("Whose word it takes before it counts", v.Waits)
	p.list("Left out, or said otherwise", slices.Concat(v.LeftOut, v.Contradicted, v.Notes))
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

// read reads the files, and takes what is of the place.
func (o *odsImport) read(register *projections.Register) (*lists.Taking, error) {
	var given domain.Day
	if o.date != "" {
		day, err := domain.ParseDay(o.date)
		if err != nil {
			return nil, usagef("--date: %v", err)
		}
		given = day
	}
	var files []lists.File
	for _, name := range append(slices.Clone(o.organisations), o.memberships) {
		if name == "" {
			continue
		}
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		files = append(files, lists.File{Name: filepath.Base(name), Body: b})
	}
	official, err := lists.ReadOfficial(files, given, domain.DayOf(time.Now()))
	if err != nil {
		return nil, err
	}
	choice := lists.Choice{In: register.Place.Code, Source: o.source, Part: o.part, Known: map[string]domain.OrganisationKind{}}
	if o.place != "" {
		choice.Places = []string{o.place}
	}
	for _, have := range register.Organisations {
		choice.Known[have.Code] = have.Kind
	}
	taking := official.Take(choice)
	if len(taking.Rows) == 0 {
		return nil, errors.New("there is no practice and no PCN in these files, or none in that place")
	}
	taking.Notes = append(official.Notes, taking.Notes...)
	return taking, nil
}

func (o *odsImport) record(ctx context.Context, c *domain.ImportOrganisations) (*access.Recorded, error) {
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
