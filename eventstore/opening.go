package eventstore

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"goldenthread/domain"
	"goldenthread/eventstore/commit"
	"goldenthread/eventstore/keys"
	"goldenthread/eventstore/logs"
	"goldenthread/eventstore/stream"
	"goldenthread/eventstore/tilelog"
)

// Other ways to open a store: to import a ledger into it, and to repair it.

// importingFile is in the data folder while a ledger is being imported. Until the ledger
// is complete nothing else may be recorded: events that seem due in a part of it are in
// the rest.
const importingFile = "importing"

// An Importer is a store that is open for importing a ledger. It records nothing else.
type Importer struct {
	*Store
	marker string // path of importingFile
}

// OpenToImport opens the store for importing a ledger. Errors as Open.
func OpenToImport(ctx context.Context, o Options) (*Importer, error) {
	o.importing = true
	s, err := Open(ctx, o)
	if err != nil {
		return nil, err
	}
	return &Importer{s, filepath.Join(o.Dir, importingFile)}, nil
}

// Begin notes that the group's ledger is incomplete: until Done only OpenToImport opens
// the store.
func (i *Importer) Begin(group string) error {
	return stream.WriteFile(i.marker, []byte(group), 0o600)
}

// Append records the next events of a group as they are. Errors as Execute.
func (i *Importer) Append(ctx context.Context, group string, entries []commit.Entry) error {
	c := newCall(domain.Request{Group: group})
	c.ready = entries
	_, err := i.decide(ctx, c)
	return err
}

// Done notes that the ledger is complete.
func (i *Importer) Done() error { return os.Remove(i.marker) }

// OpenToRepair opens the store with its logs read only. Follow is called for every
// commit from the first, with the events that the stream lacks taken from the logs.
// Errors as Open.
func OpenToRepair(ctx context.Context, o Options, follow func(commit.Commit)) (*Store, error) {
	o.idle, o.Whole, o.Follow = true, true, []func(commit.Commit){follow}
	return Open(ctx, o)
}

// OpenToInspect opens the store of a stopped server to be looked at: nothing is recorded,
// signed or erased. The streams must be there. Errors as Open.
func OpenToInspect(ctx context.Context, o Options) (*Store, error) {
	if _, err := os.Stat(filepath.Join(o.Dir, stream.Folder)); err != nil {
		return nil, fmt.Errorf("the streams of the ledgers, in the folder %s, can't be read (%w). If they are gone and the folder %s is there, goldenthread repair writes them anew; otherwise restore the newest backup",
			stream.Folder, err, logs.Folder)
	}
	o.inspecting, o.idle = true, true
	return Open(ctx, o)
}

// checkImported returns an error if an import into the folder was broken off.
func checkImported(o *Options) error {
	group, err := os.ReadFile(filepath.Join(o.Dir, importingFile))
	if err == nil && !o.importing {
		return fmt.Errorf("an import of %s into %s was broken off; import the same file again", group, o.Dir)
	}
	return nil
}

// oursIn are names in a data folder of which one at least is there once it was used.
var oursIn = []string{stream.Folder, logs.Folder, keys.WrappingFile, logs.SigningFile, "lock", "operator-token", "tokens.json", "restoring", "example-loading"}

// CheckFolder returns an error if the folder of a stopped server is none that was used, or the ledgers in it are gone.
// It comes before the folder is locked, which closes it to others.
func CheckFolder(dir string) error { return checkFolder(&Options{Dir: dir}) }

// checkFolder returns an error if the folder is not one to begin in, and is none that was
// used: it has other files, or the keys of ledgers that are gone. It comes before anything
// is written.
func checkFolder(o *Options) error {
	if o.BeginAnew {
		return nil
	}
	there := func(name string) bool {
		_, err := os.Stat(filepath.Join(o.Dir, name))
		return err == nil
	}
	if !slices.ContainsFunc(oursIn, there) {
		return checkForeign(o.Dir)
	}
	keysThere := there(keys.WrappingFile) || there(logs.SigningFile)
	checkpoints, err := filepath.Glob(filepath.Join(o.Dir, logs.Folder, "*", tilelog.CheckpointFile))
	if err != nil || !keysThere || o.NATS != "" || len(checkpoints) > 0 || there(stream.Folder) || there(stream.RepairedFolder) {
		return err
	}
	return fmt.Errorf("%s has the keys of ledgers, and the ledgers are gone. Restore them from a backup into another folder; or, to begin anew with these keys, say so with --begin-anew", o.Dir)
}

// checkForeign returns an error if the folder has anything but hidden files.
func checkForeign(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil // it is made, or locking it says why it can't be used
	}
	for _, e := range entries {
		if name := e.Name(); !strings.HasPrefix(name, ".") && name != "lost+found" {
			return fmt.Errorf("%s has other files, such as %s, and nothing of Golden Thread. Name a folder of its own; or, if this one is meant, say so with --begin-anew", dir, name)
		}
	}
	return nil
}
