package eventstore

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"goldenthread/domain"
	"goldenthread/eventstore/commit"
	"goldenthread/eventstore/stream"
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

// checkImported returns an error if an import into the folder was broken off.
func checkImported(o *Options) error {
	group, err := os.ReadFile(filepath.Join(o.Dir, importingFile))
	if err == nil && !o.importing {
		return fmt.Errorf("an import of %s into %s was broken off; import the same file again", group, o.Dir)
	}
	return nil
}
