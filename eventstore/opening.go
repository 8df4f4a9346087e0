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

// A store is opened in other ways to bring in a ledger, and to repair it.

// importingFile is in the data folder while a ledger is being brought in: until
// it is whole nothing else may be written, since what seems due in a part of a
// ledger was settled in the rest of it.
const importingFile = "importing"

// An Importer is a store that is open to bring in a ledger: nothing else is recorded.
type Importer struct {
	*Store
	marker string // path of importingFile
}

// OpenToImport opens the store to bring in a ledger. Errors as Open.
func OpenToImport(ctx context.Context, o Options) (*Importer, error) {
	o.importing = true
	s, err := Open(ctx, o)
	if err != nil {
		return nil, err
	}
	return &Importer{s, filepath.Join(o.Dir, importingFile)}, nil
}

// Begin says that a part of the group's ledger is going to be there: until Done only
// an Importer can open the store.
func (i *Importer) Begin(group string) error {
	return stream.WriteFile(i.marker, []byte(group), 0o600)
}

// Append records the next events of a group as they are. Errors as Execute.
func (i *Importer) Append(ctx context.Context, group string, entries []commit.Entry) error {
	c := newCall(domain.Request{Group: group})
	c.ready = entries
	_, err := i.wait(ctx, c)
	return err
}

// Done says that the ledger is whole.
func (i *Importer) Done() error { return os.Remove(i.marker) }

// OpenToRepair opens the store and lets its logs be. Follow is told of every commit
// from the first, with what the stream lacks taken from the logs. Errors as Open.
func OpenToRepair(ctx context.Context, o Options, follow func(commit.Commit)) (*Store, error) {
	o.idle, o.Whole, o.Follow = true, true, []func(commit.Commit){follow}
	return Open(ctx, o)
}

// checkImported refuses a folder into which a ledger was brought by half.
func checkImported(o *Options) error {
	group, err := os.ReadFile(filepath.Join(o.Dir, importingFile))
	if err == nil && !o.importing {
		return fmt.Errorf("an import of %s into %s was broken off; import the same file again", group, o.Dir)
	}
	return nil
}
