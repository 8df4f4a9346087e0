package doctor

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"goldenthread/api/mail"
	"goldenthread/api/version"
	"goldenthread/api/webhooks"
	"goldenthread/domain"
	"goldenthread/eventstore"
	"goldenthread/eventstore/archive"
	"goldenthread/eventstore/commit"
	"goldenthread/eventstore/keys"
	"goldenthread/eventstore/logs"
	"goldenthread/eventstore/stream"
	"goldenthread/eventstore/tilelog"
)

const (
	askLongest    = 5 * time.Second // for a log to be signed, a mail server to answer
	witnessBehind = time.Hour       // from which on a witness that is behind is named
	daysLook      = 90              // days that the disk lasts, below which it is to be looked at
	daysWrong     = 14
	roomWrong     = 256 << 20           // bytes free, below which it is nearly full
	backupOld     = 2 * 24 * time.Hour  // age of the newest backup
	backupTooOld  = 14 * 24 * time.Hour // the same
	endsSoon      = 30                  // days that a certificate has left
	named         = 5                   // people or letters that are named
)

// closed is the answer of a check that needs the ledgers while they can't be opened, or the
// streams of a cluster while they do not answer; nil: they can be looked at.
func (in *Installation) closed() []Check {
	switch {
	case in.Store == nil:
		return []Check{unknown("The ledgers are not open.")}
	case in.silent != nil:
		return []Check{unknown("The streams do not answer.")}
	}
	return nil
}

// checkLedgers says whether the ledgers can be opened, which of them are stopped, and
// whether something can be recorded.
func checkLedgers(_ context.Context, in *Installation) []Check {
	if in.Store == nil {
		if errors.Is(in.Closed, stream.ErrInUse) {
			return []Check{look("Ask the server, with the operator's token: goldenthread doctor --server ADDRESS", "A server uses this folder, so that its ledgers were not looked at.")}
		}
		return []Check{wrong("Do what this says. If it says nothing of use, restore the newest backup into another folder.", "The ledgers can't be opened: %v.", in.Closed)}
	}
	var all []Check
	if in.silent != nil {
		all = append(all, wrong("Bring the other NATS servers, and the network between them, back. Nothing is lost, and nothing has to be repaired or restored for it.", "%s.", domain.FirstUpper(in.silent.Error())))
	}
	for _, group := range in.Store.Groups() {
		if why := in.Store.Stopped(group); why != nil {
			all = append(all, wrong(Remedy(why), "%v.", why))
		}
	}
	if err := in.Store.Writable(); err != nil && in.silent == nil {
		all = append(all, wrong("Stop the server, then: goldenthread check-store; and goldenthread repair if it says so.", "%s.", domain.FirstUpper(err.Error())))
	}
	if all == nil {
		all = append(all, well("%s, all in order.", domain.Count(len(in.Store.Groups()), "ledger")))
	}
	return all
}

// Remedy is what to do about a group that is stopped.
func Remedy(why error) string {
	switch {
	case errors.As(why, new(*commit.Newer)):
		return "Upgrade this server to the version that wrote it."
	case errors.As(why, new(*logs.Mendable)):
		return "Stop the server, then: goldenthread repair"
	case errors.As(why, new(*logs.Loss)):
		return "Stop the server and restore the newest backup. If the rest is nowhere, say so once: goldenthread serve --accept-loss"
	case errors.As(why, new(*logs.Altered)), errors.Is(why, tilelog.ErrForked):
		return "Stop the server and restore the newest backup whose events are those that were signed."
	}
	return "Stop the server, then: goldenthread check-store; what it can't mend, restore from the newest backup."
}

// checkCopies holds the stream, the log and the checkpoint of every group against each other.
func checkCopies(ctx context.Context, in *Installation) []Check {
	if closed := in.closed(); closed != nil {
		return closed
	}
	var all []Check
	stopped := map[string]bool{} // which is said among the ledgers
	for _, group := range in.Store.Groups() {
		stopped[group] = in.Store.Stopped(group) != nil
	}
	events := int64(0)
	err := in.Store.CheckCopies(ctx, func(r logs.CopyReport) error {
		events += r.Checkpoint.N
		switch damage := new(tilelog.Damage); {
		case r.Err == nil && len(r.Mended) == 0, stopped[r.Group]:
		case r.Err == nil:
			all = append(all, look("It is mended. Look at the disk: files don't change by themselves.", "%s.", r.String()))
		case errors.As(r.Err, &damage) && len(r.Stream) == 0:
			all = append(all, look("The next start makes it anew from the stream. Look at the disk: files don't change by themselves.", "The log of %s is damaged, and the stream is as it was signed: %v.", r.Group, r.Err))
		default:
			all = append(all, wrong(Remedy(r.Err), "%s.", r.String()))
		}
		return nil
	})
	switch {
	case err != nil:
		all = append(all, wrong(Remedy(err), "The stream can't be read: %v.", err))
	case all == nil:
		all = append(all, well("%s signed for, as they were signed in stream and log.", domain.Count(int(events), "event")))
	}
	return all
}

// checkKeys says whose key can't be read, and whose is not destroyed yet.
func checkKeys(ctx context.Context, in *Installation) []Check {
	if _, err := os.Stat(filepath.Join(in.Dir, keys.WrappingFile)); err != nil {
		return []Check{wrong("Copy "+keys.WrappingFile+" from its backup, or from another node, into the data folder.", "%s is missing or can't be read: without it nobody's name can be.", keys.WrappingFile)}
	}
	if closed := in.closed(); closed != nil {
		return closed
	}
	with, without, err := in.Store.WrappingKeys(ctx)
	if err == nil && len(without) > 0 { // which explains that keys can't be read, and has another remedy
		from := "the node that erased somebody, or from its backup"
		if len(with) > 0 {
			from = "node " + with[0]
		}
		return []Check{wrong("Copy "+keys.WrappingFile+" from "+from+", into the data folder of each of these nodes. They need no restart. Then look again.",
			"Somebody was erased, and the %s of %s is the one from before: no name can be read or recorded there.", keys.WrappingFile, strings.Join(without, " and "))}
	}
	missing, err := in.Store.CheckKeys(ctx)
	if err != nil {
		return []Check{wrong(Remedy(err), "The keys can't be compared with the ledgers: %v.", err)}
	}
	var all []Check
	if len(missing) > 0 {
		all = append(all, wrong("Stop the server and restore a backup that has their keys. If there is none, have them erased (goldenthread erase-person) and registered again.",
			"The keys of %s who are not erased can't be read: %s. The first: %s.", people(len(missing)), whose(missing), missing[0].Why))
	}
	if left := in.Store.ErasuresLeft(); len(left) > 0 && in.Running {
		all = append(all, look("It is tried again every minute; the log says why it fails.", "The keys of %s who are erased are not destroyed yet.", people(len(left))))
	}
	if all == nil {
		all = append(all, well("The key of everybody who is not erased can be read."))
	}
	return all
}

// checkWays says whose passkeys and tokens are in force by the ledger and can't be used.
func checkWays(ctx context.Context, in *Installation) []Check {
	if in.Store == nil || in.LostWays == nil {
		return []Check{unknown("Only a server at work knows the ways in.")}
	}
	var all []Check
	for _, group := range in.Store.Groups() {
		lost, err := in.LostWays(ctx, group)
		if err != nil || len(lost) == 0 {
			continue // a ledger that can't be read is said among the ledgers
		}
		all = append(all, wrong("Restore the newest backup, or invite them anew and have the lost ones ended.",
			"Passkeys or tokens of %s in %s are in force by the ledger and can't be used, since what was kept of them is gone: %s.", people(len(lost)), group, strings.Join(lost[:min(named, len(lost))], ", ")))
	}
	if all == nil {
		all = append(all, well("Every passkey and token that is in force by the ledgers can be used."))
	}
	return all
}

func people(n int) string {
	if n == 1 {
		return "1 person"
	}
	return domain.Thousands(n) + " people"
}

func whose(missing []eventstore.MissingKey) string {
	var names []string
	for _, m := range missing[:min(named, len(missing))] {
		names = append(names, m.Group+"/"+m.Handle)
	}
	if more := len(missing) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, ", ")
}

// checkLog says whether the logs can be signed, and whether they are.
func checkLog(ctx context.Context, in *Installation) []Check {
	if _, err := logs.ReadSigning(in.Dir); err != nil {
		return []Check{wrong("Copy "+logs.SigningFile+" from its backup, or from another node, into the data folder, and start again.", "The keys that sign can't be read: %v.", err)}
	}
	if in.Store == nil || !in.Running {
		return []Check{well("The keys that sign are there.")}
	}
	if closed := in.closed(); closed != nil {
		return closed
	}
	ctx, cancel := context.WithTimeout(ctx, askLongest)
	defer cancel()
	var all []Check
	for _, group := range in.Store.Groups() {
		next := in.Store.Next(group)
		if tree, err := in.Store.AwaitSigned(ctx, group, next); err != nil && in.Store.Stopped(group) == nil {
			all = append(all, wrong("The server's log says why: most often the disk is full, or this node has no signing key.", "The log of %s is signed for %d of %d events.", group, tree.N, next))
		}
	}
	if all == nil {
		all = append(all, well("Every log is signed for all of its events."))
	}
	return all
}

// checkWitnesses says which witness is behind.
func checkWitnesses(_ context.Context, in *Installation) []Check {
	if in.Store == nil || !in.Running {
		return []Check{unknown("Only a server at work knows its witnesses.")}
	}
	var all []Check
	any := false
	for _, group := range in.Store.Groups() {
		for _, w := range in.Store.Witnesses(group) {
			any = true
			if !w.Since.IsZero() && in.Now.Sub(w.Since) > witnessBehind {
				all = append(all, look("Ask whoever runs the witness. Recording does not wait for it.", "%s has cosigned %d of %d events of %s. %s", w.Name, w.Cosigned, w.Size, group, w.Trouble))
			}
		}
	}
	switch {
	case !any:
		return []Check{unknown("No witness cosigns the logs. With one, nobody can be shown another history.")}
	case all == nil:
		return []Check{well("Every witness has cosigned what is signed, or is less than an hour behind.")}
	}
	return all
}

// checkNodes says which nodes of the cluster don't answer, or run another release.
func checkNodes(ctx context.Context, in *Installation) []Check {
	if in.Store == nil || !in.Running {
		return []Check{unknown("Only a server at work knows the nodes of its cluster.")}
	}
	if closed := in.closed(); closed != nil {
		return closed
	}
	nodes, _, err := in.Store.Nodes(ctx)
	if err != nil {
		return []Check{wrong(Remedy(err), "The nodes of the cluster can't be listed: %v.", err)}
	}
	var all []Check
	for i := range nodes {
		switch n := &nodes[i]; {
		case n.Release != version.Number:
			all = append(all, look("Upgrade the older ones: what a release added to events is recorded once every node knows it.",
				"Node %s runs release %s, and this one %s.", n.Where(), cmp.Or(n.Release, "without a record of the nodes"), version.Number))
		case !n.AtWork:
			all = append(all, look("Start it. If it will not come back: goldenthread nodes --retire "+n.Name, "Node %s does not answer. It was last heard of at %s.", n.Where(), n.Heard.UTC().Format("15:04 UTC on 2 January 2006")))
		}
	}
	switch {
	case len(nodes) == 0:
		return []Check{unknown("This server is alone.")}
	case all == nil:
		all = append(all, well("%s, all at work, all of release %s.", domain.Count(len(nodes), "node"), version.Number))
	}
	return all
}

// checkClock says whether the clock keeps anything from being recorded.
func checkClock(_ context.Context, in *Installation) []Check {
	if closed := in.closed(); closed != nil {
		return closed
	}
	if err := in.Store.Ready(); err != nil && in.Store.Writable() == nil {
		return []Check{wrong("Set this computer's clock right. If it is right, and nothing was recorded for a month: goldenthread serve --clock-is-right, once.", "%s.", domain.FirstUpper(err.Error()))}
	}
	return []Check{well("This computer's clock fits the ledger.")}
}

// checkDisk says how long the disk lasts at the growth of the last month.
func checkDisk(_ context.Context, in *Installation) []Check {
	ask := freeBytes
	if in.free != nil {
		ask = in.free
	}
	free, err := ask(in.Dir)
	if err != nil {
		return []Check{unknown("How much room there is can't be found out: %v.", err)}
	}
	const do = "Make room: move the backups elsewhere, delete what is not needed, or use a larger disk. The server stops when the disk is full; nothing is lost by that."
	if free < roomWrong {
		return []Check{wrong(do, "%s are free.", sizeWords(free))}
	}
	if in.Store == nil {
		return []Check{well("%s are free.", sizeWords(free))}
	}
	days := daysLeft(in, free)
	switch {
	case days < 0:
		return []Check{well("%s are free, and nothing was recorded in the last 30 days.", sizeWords(free))}
	case days < daysWrong:
		return []Check{wrong(do, "%s are free, which is room for %s at the growth of the last 30 days.", sizeWords(free), domain.Count(days, "day"))}
	case days < daysLook:
		return []Check{look(do, "%s are free, which is room for %s at the growth of the last 30 days.", sizeWords(free), domain.Count(days, "day"))}
	}
	return []Check{well("%s are free, which is room for more than %d days at the growth of the last 30 days.", sizeWords(free), daysLook)}
}

// daysLeft is for how many days the room lasts at the growth of the last 30 days, of which
// each event takes as much room as all do now on average; -1 if nothing was recorded.
func daysLeft(in *Installation, free int64) int {
	var all, recent uint64
	for _, group := range in.Store.Groups() {
		next := in.Store.Next(group)
		before, err := in.Store.IndexAt(group, in.Now.AddDate(0, 0, -30))
		if err != nil {
			before = next
		}
		all, recent = all+next, recent+next-before
	}
	if recent == 0 {
		return -1
	}
	used := sizeOf(filepath.Join(in.Dir, stream.Folder)) + sizeOf(filepath.Join(in.Dir, logs.Folder))
	daily := max(1, used*int64(recent)/int64(all)/30)
	return int(min(free/daily, 1_000_000))
}

// checkBackups says how old the newest backup is, and whether it can be read whole.
func checkBackups(_ context.Context, in *Installation) []Check {
	const do = "goldenthread backup --to FILE, with the operator's token"
	if in.Backups == "" {
		return []Check{look("Name the folder of the backups with --backups. To make one: "+do+".", "No folder of backups was named.")}
	}
	newest, err := archive.Newest(in.Backups)
	switch {
	case err != nil:
		return []Check{wrong("Name another folder with --backups, or run this as a user who may read it.", "The backups can't be listed: %v.", err)}
	case newest == "":
		return []Check{wrong(do+".", "There is no backup in %s.", in.Backups)}
	}
	backup, err := archive.Check(newest, in.BackupKey)
	if err != nil {
		return []Check{wrong("Make a new one now: "+do+". Delete this one, and look at the disk that it lies on.", "The newest backup, %s, can't be read whole: %v.", filepath.Base(newest), err)}
	}
	age := in.Now.Sub(backup.Made)
	said := fmt.Sprintf("The newest backup, %s, was made %s ago and was read whole", filepath.Base(newest), domain.Count(int(age/(24*time.Hour)), "day"))
	switch {
	case age > backupTooOld:
		return []Check{wrong(do+".", "%s.", said)}
	case age > backupOld:
		return []Check{look(do+". Best every day, by a timer.", "%s.", said)}
	case in.BackupKey != nil && !backup.Authentic:
		return []Check{look("Make one of this installation: "+do+".", "%s, but another installation made it, or one with another backup.key.", said)}
	}
	return []Check{well("%s.", said)}
}

// checkMail asks the mail server whether it takes letters, and names those that did not
// arrive.
func checkMail(ctx context.Context, in *Installation) []Check {
	switch {
	case !in.Running:
		return []Check{unknown("Only a server at work knows its mail.")}
	case in.Mail == nil:
		return []Check{unknown("There is no mail server, so nobody is mailed.")}
	}
	asking, cancel := context.WithTimeout(ctx, askLongest)
	defer cancel()
	if err := in.Mail.Reach(asking); err != nil {
		return []Check{wrong("Check --mail-server, --mail-tls and its credentials.", "The mail server does not answer as it should: %v.", err)}
	}
	var stuck int
	for _, group := range in.Store.Groups() {
		letters, err := in.Mail.Letters(ctx, group)
		if err != nil {
			return []Check{wrong("Look at the server's log.", "The letters of %s can't be read: %v.", group, err)}
		}
		for _, l := range letters {
			if l.State == mail.Refused || l.State == mail.Unknown {
				stuck++
			}
		}
	}
	if stuck > 0 {
		return []Check{look("goldenthread mail names them; goldenthread mail again sends one again.", "The mail server answers. %s did not arrive, or nobody knows whether they did.", domain.Count(stuck, "letter"))}
	}
	return []Check{well("The mail server answers.")}
}

// checkWebhooks says of each webhook whether its newest message was taken.
func checkWebhooks(ctx context.Context, in *Installation) []Check {
	switch {
	case !in.Running:
		return []Check{unknown("Only a server at work knows its webhooks.")}
	case in.Webhooks == nil:
		return []Check{unknown("No webhook is set.")}
	}
	all, err := in.Webhooks.Status(ctx)
	if err != nil {
		return []Check{wrong("Look at the server's log.", "How the webhooks stand can't be read: %v.", err)}
	}
	var found []Check
	for _, s := range all {
		name := fmt.Sprintf("%s, about %s, at %s", s.Name, s.Group, s.Host)
		last := " No message was taken yet."
		if !s.Sent.IsZero() {
			last = " A message was taken last on " + domain.DayOf(s.Sent).Words() + "."
		}
		switch s.State {
		case webhooks.Ready:
			found = append(found, well("%s: nothing waits.%s", name, last))
		case webhooks.Waiting:
			found = append(found, look("It is tried again by itself. Look whether the webhook is still there, and its line in the file of --webhooks.", "%s: a message was not taken. %s%s", name, s.Why, last))
		case webhooks.GaveUp:
			found = append(found, wrong("Make the webhook anew and put its address into the file of --webhooks. What was given up is not sent again: all of it is on the pages.", "%s: a message was tried too often and given up. %s%s", name, s.Why, last))
		}
	}
	return found
}

// checkCertificate says how long the certificate of TLS lasts.
func checkCertificate(_ context.Context, in *Installation) []Check {
	if in.Certificate == nil {
		return []Check{unknown("This server has no certificate of its own: it serves this machine alone, or a proxy.")}
	}
	const do = "Renew the certificate and put its files in place; the server reads them again by itself."
	leaf, err := in.Certificate()
	if err != nil {
		return []Check{wrong(do, "The certificate can't be read: %v.", err)}
	}
	days := int(leaf.NotAfter.Sub(in.Now) / (24 * time.Hour))
	until := domain.DayOf(leaf.NotAfter).Words()
	switch {
	case in.Now.After(leaf.NotAfter):
		return []Check{wrong(do, "The certificate ended on %s.", until)}
	case days < endsSoon:
		return []Check{look(do, "The certificate ends on %s, in %s.", until, domain.Count(days, "day"))}
	}
	return []Check{well("The certificate ends on %s, in %s.", until, domain.Count(days, "day"))}
}

// Leaf gives the certificate with which a server of that configuration answers; nil where
// there is none.
func Leaf(config *tls.Config) func() (*x509.Certificate, error) {
	if config == nil {
		return nil
	}
	return func() (*x509.Certificate, error) {
		served, err := config.GetCertificate(&tls.ClientHelloInfo{})
		if err != nil {
			return nil, err
		}
		return x509.ParseCertificate(served.Certificate[0])
	}
}

// LeafOf gives the certificate in a file (PEM); nil for no file.
func LeafOf(file string) func() (*x509.Certificate, error) {
	if file == "" {
		return nil
	}
	return func() (*x509.Certificate, error) {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		block, _ := pem.Decode(text)
		if block == nil {
			return nil, fmt.Errorf("%s holds no certificate", file)
		}
		return x509.ParseCertificate(block.Bytes)
	}
}

// CheckBackups is the check of the backups in a folder of this machine alone, such as for
// the server of another one.
func CheckBackups(ctx context.Context, in *Installation) Check {
	c := checkBackups(ctx, in)[0]
	c.Name = "Backups"
	return c
}
