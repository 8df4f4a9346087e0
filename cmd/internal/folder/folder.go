// Package folder opens and closes a data folder, for every program of this
// project that works on one: the server, the store's tools and the laboratory.
// It imports eventstore and projections, and nothing of the commands.
package folder

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"runtime/debug"
	"time"

	"goldenthread/api/version"
	"goldenthread/eventstore"
	"goldenthread/projections"
)

const closeTimeout = 10 * time.Second

// Open opens the store, and the projections of what is in it.
func Open(ctx context.Context, o eventstore.Options) (*eventstore.Store, *projections.Groups, error) {
	o.Release = version.Number
	store, err := eventstore.Open(ctx, o)
	if err != nil {
		return nil, nil, err
	}
	groups := projections.NewGroups(store)
	store.OnEvict(groups.Forget)
	return store, groups, nil
}

// Close closes the store; after ten seconds without an end it gives up, with an
// error.
func Close(store *eventstore.Store) error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	return store.Close(ctx)
}

// IsEmpty says whether there is nothing in the folder, or no folder at all.
func IsEmpty(dir string) (bool, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	return len(entries) == 0, err
}

// UsualMemory is how much memory a server uses unless told otherwise, in MB.
const UsualMemory = 2048

// tidyPercent is how much garbage there may be, in percent of what is kept.
const tidyPercent = 400

// UseMemory has garbage collected less often than Go does by default while the
// process takes less than three quarters of mb megabytes. GOGC and GOMEMLIMIT
// take precedence where they are set.
func UseMemory(mb int) {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetGCPercent(tidyPercent)
		debug.SetMemoryLimit(int64(mb) << 20 / 4 * 3)
	}
}
