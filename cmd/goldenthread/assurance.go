package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"goldenthread/api/doctor"
	"goldenthread/api/version"
	"goldenthread/domain"
	"goldenthread/eventstore/commit"
	"goldenthread/eventstore/logs"
	"goldenthread/eventstore/witness"
)

// An assurance is what whoever assesses an installation asks, answered from its settings.
type assurance struct {
	Made     string    `json:"made"`
	Version  string    `json:"version"`
	Settings []setting `json:"settings"`
	Sections []section `json:"sections"`
	OnlyYou  []string  `json:"onlyYou"` // what no program can say
}

// A setting is one of this installation, in words.
type setting struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// A section is what belongs to one question.
type section struct {
	Title    string  `json:"title"`
	Intro    string  `json:"intro,omitempty"`
	Facts    []fact  `json:"facts,omitempty"`
	Personal []datum `json:"personal,omitempty"`
}

// A fact is a statement with what makes it true and what holds it.
type fact struct {
	Says string `json:"says"`
	proof
}

// A proof names a file and what is declared in it, and a folder and a test there.
type proof struct {
	Place string `json:"place"` // such as "eventstore/keys/keys.go SealPersonal"
	Test  string `json:"test"`  // such as "eventstore TestErasingAmongNodes"
}

// A datum is personal data of one sort.
type datum struct {
	Data   string   `json:"data"`
	Names  []string `json:"names"` // of members of commands and events, and of files
	Lies   string   `json:"lies"`
	Key    string   `json:"key"`
	Erased string   `json:"erased"`
	Kept   string   `json:"kept"`
	proof
}

// An installed is what the statements are made from: what serve would take, and what the
// folder shows.
type installed struct {
	serving
	groups      []string // with a signed log in the folder
	witnessed   []witness.Witness
	certificate string // until when it holds; "": there is none
	backups     []time.Time
}

func assuranceCommand() *cobra.Command {
	var o serving
	var asked client
	cmd := &cobra.Command{
		Use: "assurance", Short: "Write what whoever assesses this installation asks", GroupID: "run",
		Long: "Assurance writes, in Markdown, the facts for DTAC, a data protection impact assessment, clinical safety, retention, data flows,\n" +
			"sub-processors, hosting, backup and exit, and a line for the asset register. Give it the flags and the environment that serve is given.\n" +
			"Each statement names the place in the program that makes it true, and the test that holds it. What only you can hold is listed last.\n" +
			"It reads names of files in the data folder and no ledger; a server can be at work there.",
		Example: "  goldenthread assurance --data /var/lib/goldenthread --behind-proxy --origin https://thread.example.org > assurance.md\n" +
			"  goldenthread assurance --data ./data --backup-to /mnt/backups --json",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			in, err := o.installed()
			if err != nil {
				return saidElsewhere(cmd.Flags(), err)
			}
			a := in.assurance(time.Now())
			return asked.finish(cmd, a.page(), a)
		},
	}
	o.flags(cmd)
	cmd.Flags().BoolVar(&asked.json, "json", false, "print it as JSON")
	return cmd
}

// installed looks at what the settings name: the folder, the address, witnesses, the
// certificate and the backups. Where serve would refuse one of these, so does it.
func (o *serving) installed() (in *installed, err error) {
	if err := mustBeThere(o.dir); err != nil {
		return nil, err
	}
	in = &installed{serving: *o}
	if in.dir, err = filepath.Abs(o.dir); err != nil {
		return nil, err
	}
	if _, err := o.reach(); err != nil {
		return nil, err
	}
	if in.witnessed, err = parseWitnesses(o.witnesses); err != nil {
		return nil, err
	}
	if o.tlsCert != "" {
		leaf, err := doctor.LeafOf(o.tlsCert)()
		if err != nil {
			return nil, err
		}
		in.certificate = domain.DayOf(leaf.NotAfter).Words()
	}
	if o.backupTo != "" {
		if in.backups, err = (&backups{dir: o.backupTo}).list(); err != nil {
			return nil, err
		}
	}
	entries, err := os.ReadDir(filepath.Join(o.dir, logs.Folder))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		if e.IsDir() && commit.ValidGroup(e.Name()) {
			in.groups = append(in.groups, e.Name())
		}
	}
	return in, nil
}

func (in *installed) assurance(now time.Time) *assurance {
	return &assurance{
		Made: domain.DayOf(now).Words(), Version: version.This().String(), Settings: in.settings(),
		Sections: []section{
			in.technology(), clinicalSafety, in.personal(), in.flows(), in.processors(), in.hosting(), in.retention(), in.backupAndExit(), in.register(),
		},
		OnlyYou: onlyYou,
	}
}

// settings are those that matter to whoever assesses, without any secret.
func (in *installed) settings() []setting {
	mail, issuer, witnesses := "none: nothing is mailed", "none", "none"
	if in.mail.server.Address != "" {
		mail = fmt.Sprintf("%s, as %s, encrypted by %s", in.mail.server.Address, orNone(in.mail.server.From), in.mail.server.TLS)
	}
	if in.oidc.Issuer != "" {
		issuer = hostOf(in.oidc.Issuer)
	}
	if len(in.witnessed) > 0 {
		names := texts(in.witnessed, func(w witness.Witness) string { return w.Name() + " at " + hostOf(w.URL()) })
		witnesses = fmt.Sprintf("%s; %d of them must cosign what evidence is given on", strings.Join(names, ", "), in.quorum)
	}
	return []setting{
		{"Data folder", in.dir},
		{"Groups with a ledger", orNone(strings.Join(in.groups, ", "))},
		{"Listens at", in.listen},
		{"Address in browsers", cmp.Or(in.origin, "localhost")},
		{"Encryption in transit", in.encryption()},
		{"Whom to tell of a weakness", orNone(in.contact)},
		{"Sign-in by the organisation’s account (OpenID Connect)", issuer},
		{"Sign-in to the pages by a token", map[bool]string{true: "no", false: "yes"}[in.noTokens]},
		{"Signed out after, without doing anything", timeWords(in.idle)},
		{"Mail server", mail},
		{"Webhooks", orNone(in.webhooks)},
		{"Witnesses of the signed log", witnesses},
		{"Storage", in.storage()},
		{"Access log", in.log.words()},
		{"Programs on this machine ask over NATS", orNone(in.asking.listen)},
		{"Backups by the server itself", in.backupWords()},
	}
}

func (in *installed) encryption() string {
	switch {
	case in.tlsCert != "":
		return "TLS by this program; the certificate holds until " + in.certificate
	case in.behindProxy:
		return "TLS by a proxy in front of this program, as you say (--behind-proxy): the program can’t check that"
	}
	return "none: it answers on this machine only"
}

func (in *installed) storage() string {
	if in.nats.url == "" {
		return "inside this program, in the data folder"
	}
	return fmt.Sprintf("NATS at %s; copies kept there: %d", strings.Join(in.natsHosts(), ", "), in.replicas)
}

func (in *installed) backupWords() string {
	if in.backupTo == "" {
		return "none (--backup-to is not given): make them with goldenthread backup"
	}
	newest := "none as yet"
	if len(in.backups) > 0 {
		newest = fmt.Sprintf("%d there, the newest of %s", len(in.backups), domain.DayOf(in.backups[0]).Words())
	}
	return fmt.Sprintf("every %s to %s; %s", timeWords(in.backupEvery), in.backupTo, newest)
}

func (in *installed) natsHosts() []string {
	return texts(strings.Split(in.nats.url, ","), hostOf)
}

// hostOf is the host and port of an address: neither a user's name and password nor a path.
func hostOf(address string) string {
	address = strings.TrimSpace(address)
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		return u.Host
	}
	return address[strings.LastIndex(address, "@")+1:]
}

// mailHost is the mail server without its port.
func (in *installed) mailHost() string {
	host, _, err := net.SplitHostPort(in.mail.server.Address)
	if err != nil {
		return in.mail.server.Address
	}
	return host
}

// timeWords is a length of time in whole hours or minutes.
func timeWords(d time.Duration) string {
	if d%time.Hour == 0 {
		return domain.Count(int(d/time.Hour), "hour")
	}
	return domain.Count(int(d/time.Minute), "minute")
}

func orNone(text string) string { return cmp.Or(text, "none") }

// page is the assurance in Markdown.
func (a *assurance) page() *page {
	p := newPage()
	p.say("# Golden Thread: what this installation can say for itself")
	p.head("Written on %s by Golden Thread %s, from the settings and the data folder below. Each statement names the place in the program that makes it true and the test that holds it; "+
		"a further test fails when one of them is gone. It is written for whoever fills in DTAC, a DPIA or an asset register, and replaces none of them.", a.Made, a.Version)
	p.head("## This installation")
	p.say("")
	for _, s := range a.Settings {
		p.add("-", fmt.Sprintf("%s: **%s**", s.Name, s.Value))
	}
	for i := range a.Sections {
		a.Sections[i].show(p)
	}
	p.head("## What only you can hold")
	p.head("No program can say these. Whoever operates this installation answers them.")
	p.say("")
	for _, text := range a.OnlyYou {
		p.add("-", text)
	}
	return p
}

func (s *section) show(p *page) {
	p.head("## %s", s.Title)
	if s.Intro != "" {
		p.head("%s", s.Intro)
	}
	if len(s.Facts) > 0 {
		p.say("")
	}
	for _, f := range s.Facts {
		p.add("-", f.Says+" "+f.words())
	}
	for _, d := range s.Personal {
		p.head("### %s", d.Data)
		p.say("")
		p.add("-", "Stored as: `"+strings.Join(d.Names, "`, `")+"`")
		for _, part := range [][2]string{{"Where it lies", d.Lies}, {"Under which key", d.Key}, {"How it is erased", d.Erased}, {"How long it is kept", d.Kept}} {
			p.add("-", part[0]+": "+part[1])
		}
		p.add("-", d.words())
	}
}

// words say where the proof is.
func (f proof) words() string { return fmt.Sprintf("(Place: `%s`. Test: `%s`.)", f.Place, f.Test) }
