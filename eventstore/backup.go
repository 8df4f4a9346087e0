package eventstore

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/nats-io/nats.go/jetstream"
)

// A backup is made while the store goes on, in the order in which what is
// copied later is never behind what was copied before: a checkpoint is for
// events that the stream has by then, and whoever an event names has had a key
// before that event was recorded.
var backupOrder = []string{"KV_" + checkpoints, StreamName, keysName}

// backupFolder begins the names of folders in which a backup is put together.
const backupFolder = "backup-"

// backup writes the streams as an archive (tar) whose files make a data folder,
// but for wrapping.key and signing.key: whoever has the archive alone can neither
// read what is sealed nor sign. It takes as much room again in the data folder
// while it lasts. The logs are not in it; they are made anew from the stream.
// One is made at a time (ErrNotReady).
func (s *Stream) backup(ctx context.Context, w io.Writer) (err error) {
	if !s.copying.TryLock() {
		return notReady("another backup is being made")
	}
	defer s.copying.Unlock()
	if err := s.dropBackups(); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(s.dir, backupFolder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := s.copyInto(ctx, dir); err != nil {
		return fmt.Errorf("put the backup together: %w", err)
	}
	archive := tar.NewWriter(w)
	return errors.Join(archive.AddFS(os.DirFS(dir)), archive.Close())
}

// dropBackups removes what a crash left of earlier ones.
func (s *Stream) dropBackups() error {
	left, err := filepath.Glob(filepath.Join(s.dir, backupFolder+"*"))
	for _, dir := range left {
		err = errors.Join(err, os.RemoveAll(dir))
	}
	return err
}

// copyInto copies every stream to a server of its own in the folder.
func (s *Stream) copyInto(ctx context.Context, dir string) error {
	from, err := jetstream.New(s.conn)
	if err != nil {
		return err
	}
	names := slices.Clone(backupOrder)
	list := from.StreamNames(ctx)
	for name := range list.Name() {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if err := list.Err(); err != nil {
		return err
	}
	to, err := startServer(filepath.Join(dir, streamsFolder), "backup", s.log)
	if err != nil {
		return err
	}
	defer to.WaitForShutdown()
	defer to.Shutdown()
	nc, err := connect(to, "", "backup", s.log)
	if err != nil {
		return err
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := copyNow(ctx, from, js, name); err != nil {
			return fmt.Errorf("copy the stream %s: %w", name, err)
		}
	}
	return nil
}

// copyNow copies what the stream holds by now, and sees to it that no commit is
// missing: the others would have other places.
func copyNow(ctx context.Context, from, to jetstream.JetStream, name string) error {
	st, err := from.Stream(ctx, name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil // this node keeps no logs, or has no such bucket any more
	}
	if err != nil {
		return err
	}
	info := st.CachedInfo()
	if name == StreamName && info.State.Msgs != info.State.LastSeq {
		return missing(info.State.LastSeq-info.State.Msgs, info.State.LastSeq)
	}
	return copyStream(ctx, from, to, info)
}
