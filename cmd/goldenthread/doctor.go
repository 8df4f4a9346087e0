package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/spf13/cobra"

	"goldenthread/api/access"
	"goldenthread/api/doctor"
	"goldenthread/api/identity"
	"goldenthread/api/version"
	"goldenthread/cmd/internal/folder"
	"goldenthread/eventstore/archive"
)

// exitNeedsDoing is doctor's exit code where something needs doing.
const exitNeedsDoing exitCode = 20

// A looking is an installation to be looked at: a folder, or a server.
type looking struct {
	client
	dir, config, backups, backupKey, certificate string
}

func doctorCommand() *cobra.Command {
	var d looking
	cmd := &cobra.Command{
		Use: "doctor", Short: "Look at an installation and say what needs doing", GroupID: "run",
		Long: "Doctor looks at everything that an installation needs: the ledgers and their second copy, the files of the streams, people's keys, documents, the\n" +
			"signing key, witnesses, the clock, the disk, backups, mail, the certificate, permissions. It says what was found and what to do.\n\n" +
			"With the operator's token it asks a server at work. With --data it looks at the folder of a stopped one; nothing is recorded there, and\n" +
			"nothing is mended that a start of the server would not mend. Backups are looked for in --backups, on this machine.\n\n" +
			"With --config it reads the settings of serve, from that file and the environment: it asks the server that they describe, with the\n" +
			"operator's token from its data folder, and looks at the folder if that server can't be reached.\n\n" +
			"Exit code: 0 if nothing needs doing, 20 if something does.",
		Example: "  goldenthread doctor --config /etc/goldenthread/goldenthread.conf\n" +
			"  GOLDENTHREAD_TOKEN=$(cat data/operator-token) goldenthread doctor --backups /var/backups/goldenthread\n" +
			"  goldenthread doctor --data ./data --backups ./backups --json",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return d.run(cmd) },
	}
	cmd.Flags().StringVar(&d.dir, "data", "", "data folder of a stopped server; a server is asked if not said")
	cmd.Flags().StringVar(&d.backups, "backups", "", "folder of the backups; the newest is read whole")
	cmd.Flags().StringVar(&d.backupKey, "backup-key", "", "file of the key of backups; "+backupKeyFile+" in the data folder if not said")
	cmd.Flags().StringVar(&d.certificate, "tls-cert", "", "of a stopped server: file of its certificate (PEM)")
	d.flags(cmd)
	cmd.Flags().StringVar(&d.config, configFlag, os.Getenv(variable(configFlag)), "file of the settings of serve ("+variable(configFlag)+")")
	cmd.MarkFlagsMutuallyExclusive("data", "server", configFlag)
	return cmd
}

func (d *looking) run(cmd *cobra.Command) (err error) {
	var report *doctor.Report
	switch said := cmd.Flags().Changed; {
	case d.dir != "":
		report, err = d.lookAtFolder(cmd.Context())
	case d.config != "" && !said("server"):
		report, err = d.lookAsConfigured(cmd.Context())
	default:
		report, err = d.askServer(cmd.Context())
	}
	if err != nil {
		return err
	}
	p := newPage()
	p.table("what", "state", "found, and what to do")
	for _, c := range report.Checks {
		p.row(c.Name, c.State, c.Found)
		if c.Do != "" {
			p.row("", "", "→ "+c.Do)
		}
	}
	if report.NeedsDoing() {
		p.exit = exitNeedsDoing
	}
	return d.finish(cmd, p, report)
}

// lookAsConfigured asks the server that the settings of serve describe, or looks at its
// folder if it can't be reached. What the command line says goes before the settings.
func (d *looking) lookAsConfigured(ctx context.Context) (*doctor.Report, error) {
	var o serving
	serve := &cobra.Command{}
	o.flags(serve)
	if err := serve.Flags().Set(configFlag, d.config); err != nil {
		return nil, err
	}
	if err := readSettings(serve.Flags()); err != nil {
		return nil, err
	}
	d.server = o.addressFromHere()
	d.backups, d.certificate = cmp.Or(d.backups, o.backupTo), cmp.Or(d.certificate, o.tlsCert)
	if key := cmp.Or(o.backupKey, filepath.Join(o.dir, backupKeyFile)); d.backupKey == "" && isThere(key) {
		d.backupKey = key
	}
	if d.bearer() == "" {
		token, err := os.ReadFile((&identity.Tokens{Dir: o.dir}).OperatorFile())
		if err != nil {
			return nil, fmt.Errorf("the operator's token: %w", err)
		}
		d.token = strings.TrimSpace(string(token))
	}
	report, err := d.askServer(ctx)
	if errors.Is(err, errUnreachable) {
		d.dir = o.dir
		return d.lookAtFolder(ctx)
	}
	return report, err
}

// isThere says whether there is such a file.
func isThere(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// lookAtFolder looks at the folder of a stopped server.
func (d *looking) lookAtFolder(ctx context.Context) (report *doctor.Report, err error) {
	key, err := d.key(filepath.Join(d.dir, backupKeyFile))
	if err != nil {
		return nil, err
	}
	in := doctor.Open(ctx, d.dir, slog.New(slog.DiscardHandler))
	if in.Store != nil {
		defer func() { err = errors.Join(err, folder.Close(in.Store)) }()
		in.LostDocuments = access.NewDocuments(func() (jetstream.JetStream, error) { return jetstream.New(in.Store.Conn()) }, 0).Lost
	}
	in.Certificate, in.Backups, in.BackupKey = doctor.LeafOf(d.certificate), d.backups, key
	return doctor.Examine(ctx, in), nil
}

// askServer asks a server at work, and looks for the backups here.
func (d *looking) askServer(ctx context.Context) (*doctor.Report, error) {
	report, err := fetch[doctor.Report](ctx, &d.client, "/v1/doctor", nil)
	if err != nil {
		return nil, err
	}
	key, err := d.key("")
	if err != nil {
		return nil, err
	}
	for i := range report.Checks {
		if d.backups != "" && report.Checks[i].Name == "Backups" {
			report.Checks[i] = doctor.CheckBackups(ctx, &doctor.Installation{Now: time.Now(), Backups: d.backups, BackupKey: key})
		}
	}
	if here := version.This().String(); here != report.Version {
		report.Checks = append(report.Checks, doctor.Check{
			Name: "This program", State: doctor.Look, Found: "It is " + here + ", and the server is " + report.Version + ".", Do: "Use the server's version.",
		})
	}
	return report, nil
}

// key is the key of backups; nil if there is none in its usual place.
func (d *looking) key(usual string) (archive.Key, error) {
	if d.backupKey != "" {
		return archive.ReadKey(d.backupKey)
	}
	key, err := archive.ReadKey(usual)
	if err != nil {
		return nil, nil // that there is none, or that it can't be read, is among what is looked at
	}
	return key, nil
}
