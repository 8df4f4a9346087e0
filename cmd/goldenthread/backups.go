package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"goldenthread/eventstore"
	"goldenthread/eventstore/archive"
	"goldenthread/eventstore/stream"
)

// Backups that a server makes by itself, as serve --backup-to asks for.
type backups struct {
	dir   string
	every time.Duration
	key   archive.Key
	write func(context.Context, io.Writer) error
	known func() map[string]uint64 // events that are signed for, by the log's origin
	log   *slog.Logger
	mu    sync.Mutex // one at a time is made
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
	defer b.noteOrSay()
	for {
		if err := b.makeIfDue(ctx, time.Now()); err != nil && ctx.Err() == nil {
			b.log.Error("a backup could not be made; it is tried again within a minute", "folder", b.dir, "error", err)
		}
		b.noteOrSay()
		if stream.Pause(ctx, backupLook) != nil {
			return
		}
	}
}

func (b *backups) makeIfDue(ctx context.Context, now time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	made, err := b.list()
	if err != nil || len(made) > 0 && now.Sub(made[0]) < b.every {
		return err
	}
	return b.makeAt(ctx, now, made)
}

// Make makes a backup now, however old the newest is.
func (b *backups) Make(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	made, err := b.list()
	if err != nil {
		return err
	}
	return b.makeAt(ctx, time.Now(), made)
}

// Newest is the newest backup: each was read whole before it got its name. Its path is ""
// where there is none.
func (b *backups) Newest() (made time.Time, path string, err error) {
	all, err := b.list()
	if err != nil || len(all) == 0 {
		return made, "", err
	}
	return all[0], b.path(all[0]), nil
}

// Folder is where they are made, and Every how often.
func (b *backups) Folder() string       { return b.dir }
func (b *backups) Every() time.Duration { return b.every }

// makeAt makes one, and deletes those that are kept no longer.
func (b *backups) makeAt(ctx context.Context, now time.Time, made []time.Time) (err error) {
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

// noteFile says, beside the backups, how many events each log had, by its origin. A data folder
// that was set back as a whole shows by it.
const noteFile = "goldenthread-known.json"

// readNote is what stands in the note; nothing if there is none.
func (b *backups) readNote() (known map[string]uint64, err error) {
	text, err := os.ReadFile(filepath.Join(b.dir, noteFile))
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]uint64{}, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &known)
	}
	if err == nil && known == nil {
		err = errors.New("it says null")
	}
	if err != nil {
		return nil, fmt.Errorf("%s can't be read: %w; delete it if it is damaged, and the next minute writes a new one", filepath.Join(b.dir, noteFile), err)
	}
	return known, nil
}

// note writes how far the ledgers are, if they are further than it says. It takes nothing back.
func (b *backups) note() error {
	noted, err := b.readNote()
	if err != nil {
		return err
	}
	further := false
	for origin, events := range b.known() {
		if events > noted[origin] {
			noted[origin], further = events, true
		}
	}
	if !further {
		return nil
	}
	text, err := json.Marshal(noted, json.Deterministic(true))
	if err != nil {
		return err
	}
	path := filepath.Join(b.dir, noteFile)
	return errors.Join(os.WriteFile(path+".new", append(text, '\n'), 0o600), os.Rename(path+".new", path), stream.SyncFolder(b.dir))
}

func (b *backups) noteOrSay() {
	if err := b.note(); err != nil {
		b.log.Error("how far the ledgers are could not be noted beside the backups", "folder", b.dir, "error", err)
	}
}

// signedFor is how many events each of the store's logs is signed for, by its origin.
func signedFor(store *eventstore.Store) map[string]uint64 {
	all := map[string]uint64{}
	for _, group := range store.Groups() {
		if log, err := store.Log(group); err == nil {
			all[log.Origin()] = uint64(log.Tree().N)
		}
	}
	return all
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
