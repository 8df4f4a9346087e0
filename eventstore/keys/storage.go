package keys

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"

	"github.com/nats-io/nats.go/jetstream"

	"goldenthread/eventstore/stream"
)

// A Storage is where the keys lie: entries of a stream, and files of the data
// folder. Each method is one step of an erasure, done or not done when it returns.
type Storage interface {
	// Replace stores an entry in the place of the one with that sequence, and
	// returns its own; jetstream's error if that one is not the last of its name.
	Replace(ctx context.Context, name string, sealed []byte, replaces uint64) (sequence uint64, err error)
	// Delete overwrites an entry.
	Delete(ctx context.Context, sequence uint64) error
	// DeleteBefore removes all entries before the sequence.
	DeleteBefore(ctx context.Context, sequence uint64) error
	// Write makes a file with a key.
	Write(path string, key []byte) error
	// Overwrite puts the key where the old one lies on the disk: the same bytes of
	// the same file. A file system or a disk that moves what is written, and a
	// backup, keep the old one.
	Overwrite(path string, key []byte) error
	// Shred overwrites a file that holds a key and removes it, if it is there.
	Shred(path string) error
}

// stored keeps the keys in JetStream and on this machine's disk.
type stored struct {
	js      jetstream.JetStream
	entries jetstream.Stream
}

func (s *stored) Replace(ctx context.Context, name string, sealed []byte, replaces uint64) (uint64, error) {
	ack, err := s.js.Publish(ctx, keySubject(name), sealed,
		jetstream.WithExpectStream(StreamName), jetstream.WithExpectLastSequencePerSubject(replaces))
	if err != nil {
		return 0, err
	}
	return ack.Sequence, nil
}

func (s *stored) Delete(ctx context.Context, sequence uint64) error {
	return s.entries.SecureDeleteMsg(ctx, sequence)
}

func (s *stored) DeleteBefore(ctx context.Context, sequence uint64) error {
	return s.entries.Purge(ctx, jetstream.WithPurgeSequence(sequence))
}

func (s *stored) Write(path string, key []byte) error { return stream.WriteFile(path, key, 0o600) }

func (s *stored) Overwrite(path string, key []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(key, 0)
	return errors.Join(err, f.Sync(), f.Close())
}

func (s *stored) Shred(path string) error {
	noise := make([]byte, keySize)
	rand.Read(noise)
	err := s.Overwrite(path, noise)
	if err == nil {
		err = os.Remove(path)
	}
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return errors.Join(err, stream.SyncFolder(filepath.Dir(path)))
}
