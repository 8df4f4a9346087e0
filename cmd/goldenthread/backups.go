package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"goldenthread/eventstore/archive"
	"goldenthread/eventstore/stream"
)

// Backups that a server makes by itself, as serve --backup-to asks for.
type backups struct {
	dir   string
	every time.Duration
	key   archive.Key
	write func(context.Context, io.Writer) error
	log   *slog.Logger
}

const (
	backupPrefix = "goldenthread-"
	backupLayout = "20060102T150405Z"  // of the time in a name, UTC
	backupLook   = time.Minute         // between looks whether one is due
	backupsDaily = 7 * 24 * time.Hour  // for which all are kept
	backupsKept  = 90 * 24 * time.Hour // for which one a week is kept
)

// run makes a backup whenever the newest is that old, until ctx ends.
func (b *backups) run(ctx context.Context) {
	for {
		if err := b.makeIfDue(ctx, time.Now()); err != nil && ctx.Err() == nil {
			b.log.Error("a backup could not be made; it is tried again within a minute", "folder", b.dir, "error", err)
		}
		if stream.Pause(ctx, backupLook) != nil {
			return
		}
	}
}

func (b *backups) makeIfDue(ctx context.Context, now time.Time) error {
	made, err := b.list()
	if err != nil || len(made) > 0 && now.Sub(made[0]) < b.every {
		return err
	}
	path := b.path(now)
	if err := b.makeOne(ctx, path+".new"); err != nil {
		return errors.Join(err, os.Remove(path+".new"))
	}
	if err := errors.Join(os.Rename(path+".new", path), stream.SyncFolder(b.dir)); err != nil {
		return err
	}
	b.log.Info("a backup was made, and read whole", "file", path)
	for _, old := range thinned(append([]time.Time{now.UTC().Truncate(time.Second)}, made...)) {
		err = errors.Join(err, os.Remove(b.path(old)))
	}
	return err
}

// makeOne writes a backup and reads it again.
func (b *backups) makeOne(ctx context.Context, path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(b.write(ctx, f), f.Sync(), f.Close()); err != nil {
		return err
	}
	backup, err := archive.Check(path, b.key)
	if err == nil && !backup.Authentic {
		err = errors.New("what was written is not what was read")
	}
	return err
}

func (b *backups) path(made time.Time) string {
	return filepath.Join(b.dir, backupPrefix+made.UTC().Format(backupLayout)+".tar")
}

// list is when the backups in the folder were made, by their names, the newest first.
func (b *backups) list() (made []time.Time, err error) {
	entries, err := os.ReadDir(b.dir)
	if err != nil {
		return nil, fmt.Errorf("--backup-to: %w", err)
	}
	for _, e := range entries {
		name, is := strings.CutSuffix(e.Name(), ".tar")
		name, ours := strings.CutPrefix(name, backupPrefix)
		if at, err := time.Parse(backupLayout, name); err == nil && is && ours {
			made = append(made, at)
		}
	}
	slices.SortFunc(made, func(a, b time.Time) int { return b.Compare(a) })
	return made, nil
}

// thinned are the backups that are no longer kept, of those that were made at these times,
// the newest first: after a week one a week is kept, after 90 days none.
func thinned(made []time.Time) (old []time.Time) {
	weeks := map[int]bool{}
	for _, at := range slices.Backward(made) { // the first of each week
		year, week := at.ISOWeek()
		switch age := made[0].Sub(at); {
		case age <= backupsDaily:
		case age > backupsKept, weeks[year*100+week]:
			old = append(old, at)
		default:
			weeks[year*100+week] = true
		}
	}
	return old
}
