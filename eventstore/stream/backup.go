package stream

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/nats-io/nats.go/jetstream"

	"goldenthread/eventstore/commit"
)

// backupFolder begins the names of folders in which a backup is put together.
const backupFolder = "backup-"

// Backup copies the streams, those named first and in that order, and not those left out,
// and has their files written while the copy is there. It takes as much space again in the data folder
// while it lasts. One is made at a time (ErrNotReady).
func (s *Stream) Backup(ctx context.Context, write func(fs.FS) error, first, without []string) (err error) {
	if !s.copying.TryLock() {
		return commit.NotReady("another backup is being made")
	}
	defer s.copying.Unlock()
	if err := s.dropBackups(); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(s.Dir, backupFolder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := s.copyInto(ctx, dir, first, without); err != nil {
		return s.silent(fmt.Errorf("put the backup together: %w", err))
	}
	return write(os.DirFS(dir))
}

// dropBackups removes folders that a crash left behind.
func (s *Stream) dropBackups() error {
	left, err := filepath.Glob(filepath.Join(s.Dir, backupFolder+"*"))
	for _, dir := range left {
		err = errors.Join(err, os.RemoveAll(dir))
	}
	return err
}

// copyInto copies every stream but those left out to a server of its own in the folder.
func (s *Stream) copyInto(ctx context.Context, dir string, names, without []string) error {
	from, err := jetstream.New(s.Conn)
	if err != nil {
		return err
	}
	list := from.StreamNames(ctx)
	for name := range list.Name() {
		if !slices.Contains(names, name) && !slices.Contains(without, name) {
			names = append(names, name)
		}
	}
	if err := list.Err(); err != nil {
		return err
	}
	to, err := openCopy(filepath.Join(dir, Folder), "backup", s.log)
	if err != nil {
		return err
	}
	defer to.Close()
	for _, name := range names {
		if err := copyNow(ctx, from, to.js, name); err != nil {
			return fmt.Errorf("copy the stream %s: %w", name, err)
		}
	}
	return nil
}

// copyNow copies the messages that the stream has now. It fails if a commit is missing:
// those after it would get other sequences.
func copyNow(ctx context.Context, from, to jetstream.JetStream, name string) error {
	st, err := from.Stream(ctx, name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil // this node keeps no logs, or has no such bucket any more
	}
	if err != nil {
		return err
	}
	info := st.CachedInfo()
	if name == Name && info.State.Msgs != info.State.LastSeq {
		return Missing(info.State.LastSeq-info.State.Msgs, info.State.LastSeq)
	}
	return copyStream(ctx, from, to, info)
}
