package stream

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/minio/highwayhash"
	"github.com/nats-io/nats-server/v2/server"
)

// The stream server (2.15.2) keeps how each stream is kept in meta.inf, and that file's
// checksum in meta.sum. A stream of which one is missing, or is not the other's, it skips at
// every start. A stream that is made again under the same name finds its messages, but
// meta.sum is then never written, and a bucket that nobody asks for is in no backup. So both
// are put right before the server starts.

// An Unsound is a stream that the server would skip at its start.
type Unsound struct {
	Stream string
	Why    string
}

// streamsFolder is where the server in a data folder keeps the streams.
func streamsFolder(dir string) string {
	return filepath.Join(dir, Folder, "jetstream", "$G", "streams")
}

// messagesFolder is where the server keeps the messages of a stream.
func messagesFolder(dir, stream string) string {
	return filepath.Join(streamsFolder(dir), stream, "msgs")
}

// CheckMeta returns the streams in a data folder that the server would skip. It writes
// nothing.
func CheckMeta(dir string) (unsound []Unsound, err error) {
	entries, err := os.ReadDir(streamsFolder(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, e := range entries {
		if why := checkMeta(filepath.Join(streamsFolder(dir), e.Name()), e.Name()); why != "" && e.Name()[0] != '.' {
			unsound = append(unsound, Unsound{e.Name(), why})
		}
	}
	return unsound, err
}

// checkMeta says why the server would skip a stream; "" if it would not.
func checkMeta(dir, name string) string {
	meta, err := os.ReadFile(filepath.Join(dir, server.JetStreamMetaFile))
	if err != nil {
		return server.JetStreamMetaFile + " is missing or can't be read"
	}
	sum, err := os.ReadFile(filepath.Join(dir, server.JetStreamMetaFileSum))
	switch {
	case err != nil:
		return server.JetStreamMetaFileSum + " is missing or can't be read"
	case string(sum) != metaSum(name, meta):
		return server.JetStreamMetaFile + " and " + server.JetStreamMetaFileSum + " do not belong together"
	}
	return ""
}

// metaSum is the checksum of a stream's meta.inf, as the server writes it.
func metaSum(name string, meta []byte) string {
	key := sha256.Sum256([]byte(name))
	sum := highwayhash.Sum64(meta, key[:])
	b := make([]byte, 8)
	for i := range b {
		b[i] = byte(sum >> (8 * i))
	}
	return hex.EncodeToString(b)
}

// mendMeta puts right what CheckMeta finds. A meta.inf that can be read gets its checksum:
// whoever opens the stream checks how it is kept. Another one is taken away, and is written
// when the stream is made again, with the messages that are there.
func mendMeta(dir string, log *slog.Logger) error {
	unsound, err := CheckMeta(dir)
	for _, u := range unsound {
		at := filepath.Join(streamsFolder(dir), u.Stream)
		meta, unread := os.ReadFile(filepath.Join(at, server.JetStreamMetaFile))
		var info server.FileStreamInfo
		what := "its checksum is written again"
		if unread == nil && json.Unmarshal(meta, &info) == nil && info.Name == u.Stream {
			err = errors.Join(err, WriteFile(filepath.Join(at, server.JetStreamMetaFileSum), []byte(metaSum(u.Stream, meta)), 0o600))
		} else {
			what = "it is made again with its messages"
			err = errors.Join(err, os.RemoveAll(filepath.Join(at, server.JetStreamMetaFile)), os.RemoveAll(filepath.Join(at, server.JetStreamMetaFileSum)))
		}
		log.Warn("the stream server would have skipped a stream; "+what, "stream", u.Stream, "why", u.Why)
	}
	if err != nil {
		return fmt.Errorf("look at how the streams are kept: %w", err)
	}
	return nil
}
