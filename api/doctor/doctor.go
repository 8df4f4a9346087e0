package doctor

import (
	"context"
	"crypto/x509"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"goldenthread/api/mail"
	"goldenthread/api/version"
	"goldenthread/api/webhooks"
	"goldenthread/domain"
	"goldenthread/eventstore"
	"goldenthread/eventstore/archive"
	"goldenthread/eventstore/stream"
)

// A State says whether something needs doing.
type State string

// The states, from the best to the worst.
const (
	Well    State = "well"
	Unknown State = "not looked at" // it is not used, or can't be seen from here
	Look    State = "look at it"    // something needs doing, and nothing is lost by waiting a day
	Wrong   State = "wrong"         // something needs doing now
)

// A Check is what was found about one thing.
type Check struct {
	Name  string `json:"name"`
	State State  `json:"state"`
	Found string `json:"found"`
	Do    string `json:"do,omitempty" doc:"what to do; none if nothing needs doing"`
}

func well(found string, args ...any) Check {
	return Check{State: Well, Found: fmt.Sprintf(found, args...)}
}

func unknown(found string, args ...any) Check {
	return Check{State: Unknown, Found: fmt.Sprintf(found, args...)}
}

func look(do, found string, args ...any) Check {
	return Check{State: Look, Found: fmt.Sprintf(found, args...), Do: do}
}

func wrong(do, found string, args ...any) Check {
	return Check{State: Wrong, Found: fmt.Sprintf(found, args...), Do: do}
}

// A Report is everything that was looked at.
type Report struct {
	Version string  `json:"version"` // of the program that looked
	Checks  []Check `json:"checks"`
}

// NeedsDoing says whether anything does.
func (r *Report) NeedsDoing() bool {
	return slices.ContainsFunc(r.Checks, func(c Check) bool { return c.State == Look || c.State == Wrong })
}

// An Installation is what is looked at.
type Installation struct {
	Dir     string            // the data folder
	Store   *eventstore.Store // nil: it can't be opened, and Closed says why
	Closed  error
	Running bool // it is the store of a server at work
	Now     time.Time

	Certificate   func() (*x509.Certificate, error)                                                                    // of TLS; nil: this server has none
	Mail          *mail.Post                                                                                           // nil: there is no mail server
	Webhooks      *webhooks.Hooks                                                                                      // nil: none are set
	Backups       string                                                                                               // folder of the backups; "": none is known
	LostWays      func(ctx context.Context, group string) (people []string, err error)                                 // nil: they can't be seen from here
	LostDocuments func(ctx context.Context, group string, named []domain.Document) (lost []domain.Document, err error) // nil: they can't be seen from here
	BackupKey     archive.Key                                                                                          // nil: whether a backup is of this installation is not looked at

	silent error                           // why the streams of a cluster can't be asked; nil: they can
	before []Check                         // found in the folder before it was opened
	free   func(dir string) (int64, error) // bytes that may still be written; nil: freeBytes
}

// checks are all checks, in the order in which they are shown. Each gives one or more.
var checks = []struct {
	name string
	look func(context.Context, *Installation) []Check
}{
	{"Ledgers", checkLedgers},
	{"Second copy", checkCopies},
	{"Keys of people", checkKeys},
	{"Documents", checkDocuments},
	{"Ways in", checkWays},
	{"Signing key and log", checkLog},
	{"Witnesses", checkWitnesses},
	{"Nodes", checkNodes},
	{"Clock", checkClock},
	{"Disk", checkDisk},
	{"Backups", checkBackups},
	{"Mail", checkMail},
	{"Webhooks", checkWebhooks},
	{"Certificate", checkCertificate},
	{"Version", func(context.Context, *Installation) []Check {
		return []Check{well("Golden Thread %s; stream server %s, %s.", version.This(), server.VERSION, runtime.Version())}
	}},
}

// Examine looks at everything.
func Examine(ctx context.Context, in *Installation) *Report {
	r := &Report{Version: version.This().String(), Checks: in.before}
	if in.Running && !in.Store.Alone() {
		asked, cancel := context.WithTimeout(ctx, askLongest)
		defer cancel()
		in.silent = in.Store.CatchUp(asked)
	}
	if in.before == nil {
		r.Checks = checkFolder(in.Dir)
	}
	for _, check := range checks {
		for _, c := range check.look(ctx, in) {
			c.Name = check.name
			r.Checks = append(r.Checks, c)
		}
	}
	return r
}

// Open opens the folder of a stopped server to be looked at. Close its store at the end, if
// there is one.
func Open(ctx context.Context, dir string, log *slog.Logger) *Installation {
	in := &Installation{Dir: dir, Now: time.Now(), before: checkFolder(dir)}
	if err := stream.CheckReadable(dir); err != nil {
		in.before[0] = Check{in.before[0].Name, Wrong, domain.FirstUpper(err.Error()) + ".", "Do what this says."}
	}
	in.Store, in.Closed = eventstore.OpenToInspect(ctx, eventstore.Options{Dir: dir, Log: log})
	return in
}

// checkFolder looks at the files of the folder, without opening the ledgers.
func checkFolder(dir string) []Check {
	all := []Check{checkStreams(dir), checkPermissions(dir), checkLeftovers(dir), checkEntry(dir), checkCheckpoints(dir)}
	for i, name := range []string{"Stream files", "Permissions", "Folder", "Ways in and keys", "Checkpoints"} {
		all[i].Name = name
	}
	return all
}

// checkStreams looks for streams that the stream server would skip at its start.
func checkStreams(dir string) Check {
	unsound, err := stream.CheckMeta(dir)
	switch {
	case err != nil:
		return wrong("Make the folder readable for the user that runs the server.", "The files of the streams can't be read: %v.", err)
	case len(unsound) > 0:
		return look("The next start puts this right and keeps the messages. Files don't go missing by themselves: look at the disk, and make a backup.",
			"The stream server would skip %d of its streams; the first is %s: %s.", len(unsound), unsound[0].Stream, unsound[0].Why)
	}
	return well("Every stream has its meta.inf and the meta.sum that belongs to it.")
}
