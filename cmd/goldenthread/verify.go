package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"filippo.io/torchwood"
	"github.com/spf13/cobra"

	"goldenthread/domain"
	"goldenthread/eventstore/evidence"
	"goldenthread/eventstore/recovery"
	"goldenthread/eventstore/tilelog"
)

// damageShown is how many places of damage are shown of each log.
const damageShown = 20

// exitDamaged is verify's exit code for a log that is not as it was signed.
const exitDamaged exitCode = 20

// A verifying is a log being checked, from its files or over HTTP.
type verifying struct {
	client
	vkeys  []string
	origin string
	policy string
}

func verifyCommand() *cobra.Command {
	var v verifying
	cmd := &cobra.Command{
		Use: "verify WHAT", Short: "Check that a ledger is whole and as it was signed", GroupID: "ask",
		Long: "Verify reads every byte of a signed log and checks it: every event, every index, every hash, the root, and who signed; and\n" +
			"what people signed with their passkeys, with the keys that the ledger had recorded before. WHAT is\n\n" +
			"  a data folder           all logs in it, offline\n" +
			"  the folder of one log   such as data/log/trafford, or a copy of it\n" +
			"  a file of evidence      as proof wrote it, or the folder into which it was unpacked, offline\n" +
			"  a server's address      such as http://127.0.0.1:8080, with --group and your token\n\n" +
			"Without --vkey the keys are those that the folder or the server itself names: that finds damage, but not somebody who signs another\n" +
			"history with another key. Keep the verifier key of your ledger apart, and give it with --vkey.\n\n" +
			"Exit code: 0 if all is as it was signed, 20 if anything is not, or if a person's signature can't be proved, 1 if a newer version\n" +
			"of this program wrote some of it, which this one can't check.",
		Example: "  goldenthread verify data\n" +
			"  goldenthread verify http://127.0.0.1:8080 --group trafford --vkey goldenthread.local/…+1a2b3c4d+AR…",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return v.run(cmd, args[0]) },
	}
	cmd.Flags().StringSliceVar(&v.vkeys, "vkey", nil, "verifier key that must have signed; several: any of them")
	cmd.Flags().StringVar(&v.policy, "policy", "", "of a file of evidence: file that says whose signatures are needed; the one in the evidence if not said")
	cmd.Flags().StringVar(&v.origin, "origin", "", "origin that the log must bear; as it says itself if not said")
	v.flags(cmd)
	v.groupFlag(cmd)
	return cmd
}

// A log is what is to be verified.
type logToVerify struct {
	name   string
	reader torchwood.TileReader
	vkeys  []string // that the place itself names
	group  string   // whose log lies there, in a data folder; "" if that is not known
}

func (v *verifying) run(cmd *cobra.Command, what string) error {
	if _, err := os.Stat(filepath.Join(what, "SHA256SUMS")); err == nil || strings.HasSuffix(what, ".zip") {
		return v.bundle(cmd, what, err == nil)
	}
	logs, err := v.find(cmd.Context(), what)
	if err != nil {
		return err
	}
	var reports []verified
	for _, l := range logs {
		r, err := v.verify(cmd.Context(), l)
		if err != nil {
			return fmt.Errorf("%s: %w", l.name, err)
		}
		reports = append(reports, *r)
	}
	return v.show(cmd, reports)
}

// find is the logs at that place.
func (v *verifying) find(ctx context.Context, what string) ([]logToVerify, error) {
	if strings.HasPrefix(what, "http://") || strings.HasPrefix(what, "https://") {
		v.server = what
		return v.remote(ctx)
	}
	if _, err := os.Stat(filepath.Join(what, tilelog.CheckpointFile)); err == nil {
		if len(v.vkeys) == 0 {
			return nil, usagef("a log's folder names no key: say with --vkey who must have signed")
		}
		return []logToVerify{{what, tilelog.OpenFiles(what), nil, ""}}, nil
	}
	names, err := recovery.LogFolders(what)
	if err != nil {
		return nil, err
	}
	var logs []logToVerify
	for _, l := range names {
		logs = append(logs, logToVerify{l.Name, tilelog.OpenFiles(l.Dir), l.VKeys, l.Group})
	}
	if len(logs) == 0 {
		return nil, usagef("there is no signed log in %s", what)
	}
	return logs, nil
}

// remote is the group's log on the server.
func (v *verifying) remote(ctx context.Context) ([]logToVerify, error) {
	path, err := v.path("/log/")
	if err != nil {
		return nil, err
	}
	keys, err := v.get(ctx, path+"vkey", nil)
	if err != nil {
		return nil, err
	}
	base, err := url.JoinPath(v.server, path)
	if err != nil {
		return nil, usagef("%q is not the address of a server; write it like %s", v.server, defaultServer)
	}
	fetcher, err := torchwood.NewTileFetcher(base, torchwood.WithHTTPClient(&http.Client{Transport: &asSomebody{&v.client}, Timeout: clientTimeout}))
	if err != nil {
		return nil, err
	}
	return []logToVerify{{v.group, fetcher, strings.Fields(string(keys)), ""}}, nil
}

// asSomebody sends requests with the client's token.
type asSomebody struct{ *client }

// RoundTrip implements http.RoundTripper.
func (a *asSomebody) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+a.bearer())
	return patient{}.RoundTrip(r)
}

// bundle checks a file of evidence, or the folder into which it was unpacked.
func (v *verifying) bundle(cmd *cobra.Command, name string, unpacked bool) error {
	var policy, zipped []byte
	var err error
	if v.policy != "" {
		if policy, err = readUpTo(v.policy); err != nil {
			return err
		}
	}
	if !unpacked {
		if zipped, err = readUpTo(name); err != nil {
			return err
		}
	}
	var report evidence.Report
	if unpacked {
		report, err = evidence.VerifyFolder(os.DirFS(name), policy)
	} else {
		report, err = evidence.VerifyZip(zipped, policy)
	}
	return v.showBundle(cmd, name, report, err)
}

// readUpTo reads a file, and no more of it than a bundle may have, and a byte.
func readUpTo(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, evidence.MostZip+1))
}

func (v *verifying) showBundle(cmd *cobra.Command, name string, report evidence.Report, err error) error {
	p := newPage()
	if err != nil {
		p.exit = exitDamaged
		p.say("%s DOES NOT HOLD: %v", name, err)
		return v.finish(cmd, p, map[string]any{"file": name, "holds": false, "why": err.Error()})
	}
	signed := report.Checkpoint
	p.say("%s holds: %d events are in the ledger %s, word for word.", name, len(report.Events), signed.Origin)
	p.table("event", "type")
	for _, e := range report.Events {
		p.row(e.Index, strings.TrimPrefix(e.Type, "goldenthread."))
	}
	if len(report.Persons) > 0 {
		p.say("%d of them carry their author's own signature, and it holds.", len(report.Persons))
	}
	notProved := []uint64{}
	for _, n := range report.NotProved {
		p.exit = exitDamaged
		p.say("NOT PROVED: the signature in event %d: %v.", n.Index, n.Why)
		notProved = append(notProved, n.Index)
	}
	p.unless(len(report.Unchecked) == 0, "NOT CHECKED, since the passkey or the exact words are not in it: the signatures in %s.", indexList(report.Unchecked))
	p.head("Signed on %d events under the root %s, by: %s.", signed.N, signed.Hash, strings.Join(report.Signers, ", "))
	p.item("NOT PROVED: the words of page.html and README.txt, which are from whoever made the bundle.")
	p.unless(!report.Verifier, "NOT PROVED: the verify.py that came in the bundle. Do not run it.")
	p.unless(!report.OwnPolicy, "Whose signatures are needed was said by the evidence itself; to be sure, give your own with --policy.")
	return v.finish(cmd, p, map[string]any{"file": name, "holds": len(notProved) == 0, "events": len(report.Events), "origin": signed.Origin, "size": signed.N, "signers": report.Signers,
		"personSignatures": report.Persons, "personSignaturesUnchecked": report.Unchecked, "personSignaturesNotProved": notProved})
}

// indexList names events: "event 3, event 7".
func indexList(indexes []uint64) string {
	return strings.Join(texts(indexes, func(i uint64) string { return "event " + strconv.FormatUint(i, 10) }), ", ")
}

// verified is what verify says of one log.
type verified struct {
	Log        string     `json:"log"`
	Origin     string     `json:"origin"`
	Size       int64      `json:"size" doc:"events that the checkpoint signs for"`
	Root       string     `json:"root" doc:"base64"`
	Keys       []string   `json:"keys" doc:"of which one at least signed"`
	Given      bool       `json:"keysGiven" doc:"the keys were given by whoever asked"`
	Events     int64      `json:"events" doc:"read, hashed and found under the root"`
	Bundles    int        `json:"bundles"`
	Tiles      int        `json:"tiles"`
	Bytes      int64      `json:"bytes" doc:"of the events"`
	Signed     int        `json:"personSignatures" doc:"signatures of people that hold, with the keys that the ledger had recorded before"`
	NotProved  []unproved `json:"personSignaturesNotProved" doc:"signatures of people that are of no form that can be proved, either way"`
	Newer      []uint64   `json:"newer,omitempty" doc:"events that a newer version of Golden Thread wrote: their hashes are right, and nothing else of them is checked"`
	Took       float64    `json:"milliseconds"`
	Damage     []damage   `json:"damage"`
	Signatures []string   `json:"signatures" doc:"names of all that signed the checkpoint, witnesses among them, unproved"`
}

type unproved struct {
	Event uint64 `json:"event"`
	Why   string `json:"why"`
}

type damage struct {
	Path  string `json:"path"`
	Event int64  `json:"event"`
	Why   string `json:"why"`
}

func (v *verifying) verify(ctx context.Context, l logToVerify) (*verified, error) {
	signed, err := l.reader.ReadEndpoint(ctx, tilelog.CheckpointFile)
	if err != nil && l.group == "" {
		return nil, err
	}
	r := &verified{Log: l.name, Origin: v.origin, Keys: v.vkeys, Given: len(v.vkeys) > 0, Damage: []damage{}, NotProved: []unproved{}, Signatures: signers(signed)}
	if r.Origin == "" {
		r.Origin = tilelog.OriginOf(signed)
	}
	if !r.Given {
		r.Keys = l.vkeys
	}
	lines := recovery.LineCheck{Group: l.group}
	checked, err := tilelog.Verify(ctx, l.reader, r.Origin, r.Keys, lines.Line)
	if err != nil {
		return nil, err
	}
	r.Size, r.Root = checked.Checkpoint.N, checked.Checkpoint.Hash.String()
	r.Events, r.Bundles, r.Tiles, r.Bytes = checked.Entries, checked.Bundles, checked.Tiles, checked.Bytes
	r.Signed, r.Newer = lines.Signatures(), lines.Newer()
	for _, n := range lines.NotProved() {
		r.NotProved = append(r.NotProved, unproved{n.Index, n.Why.Error()})
	}
	r.Took = float64(checked.Took.Microseconds()) / 1000
	for _, d := range checked.Damage {
		r.Damage = append(r.Damage, damage{d.Path, d.Index, d.Why.Error()})
	}
	return r, nil
}

func signatures(n int) string {
	switch n {
	case 0:
		return "nothing"
	case 1:
		return "1 signature holds, with the keys that the ledger had recorded before it"
	}
	return domain.Thousands(n) + " signatures hold, with the keys that the ledger had recorded before them"
}

// signers are the names on the checkpoint's signature lines.
func signers(signed []byte) []string {
	names := []string{}
	for line := range strings.Lines(string(signed)) {
		if rest, ok := strings.CutPrefix(line, "— "); ok {
			name, _, _ := strings.Cut(rest, " ")
			names = append(names, name)
		}
	}
	return names
}

// show says what was checked, and ends with exitDamaged if anything was found.
func (v *verifying) show(cmd *cobra.Command, reports []verified) error {
	p := newPage()
	for _, r := range reports {
		switch {
		case len(r.Damage) > 0 || len(r.NotProved) > 0:
			p.exit = exitDamaged
		case len(r.Newer) > 0 && p.exit == 0:
			p.exit = exitFailed
		}
		showVerified(p, &r)
	}
	return v.finish(cmd, p, reports)
}

func showVerified(p *page, r *verified) {
	if len(r.Damage) == 0 {
		p.head("%s is as it was signed: %d events, root %s.", r.Log, r.Size, r.Root)
	} else {
		p.head("%s IS NOT AS IT WAS SIGNED.", r.Log)
		for _, d := range r.Damage[:min(len(r.Damage), damageShown)] {
			p.item("%s, event %d: %s", d.Path, d.Event, d.Why)
		}
		p.unless(len(r.Damage) <= damageShown, "and %s more places; --json lists them all", domain.Thousands(len(r.Damage)-damageShown))
	}
	p.item("Read and hashed: %d events, %s KB, from %d bundles; held against %d tiles of hashes; %.0f ms.", r.Events, domain.Thousands(int(r.Bytes/1024)), r.Bundles, r.Tiles, r.Took)
	p.unless(len(r.Damage) > 0, "Each event is written as it must be, in its place, and none goes back in time.")
	p.item("What people signed with passkeys: %s.", signatures(r.Signed))
	for _, n := range r.NotProved {
		p.item("NOT PROVED: the signature in event %d: %s.", n.Event, n.Why)
	}
	p.unless(len(r.Newer) == 0, "NOT CHECKED: %d events that a newer version of Golden Thread wrote, by their hashes as they were signed. Verify with that version.", len(r.Newer))
	p.item("Signed as %s, by one at least of: %s", r.Origin, strings.Join(r.Keys, ", "))
	if !r.Given {
		p.item("These keys were named by the same place as the log; to be sure of who signed, keep the key apart and give it with --vkey.")
	}
}
