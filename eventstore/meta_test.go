package eventstore

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"goldenthread/eventstore/keys"
	"goldenthread/eventstore/logs"
	"goldenthread/eventstore/storetest"
	"goldenthread/eventstore/stream"
)

// The stream server skips a stream whose meta.sum or meta.inf is gone, or is not the
// other's. Both are right again after one start, which says so, and every stream is there
// with its messages, also a bucket that nobody opened.
func TestStreamsThatTheServerWouldSkipAreMended(t *testing.T) {
	dir, lines := smallStore(t)
	s := openTest(t, Options{Dir: dir})
	js, err := jetstream.New(s.Conn())
	require.NoError(t, err)
	_, err = js.CreateStream(testContext(t), jetstream.StreamConfig{Name: "OBJ_DOCUMENTS", Subjects: []string{"documents.>"}})
	require.NoError(t, err)
	_, err = js.Publish(testContext(t), "documents.one", []byte("a letter"))
	require.NoError(t, err)
	require.NoError(t, s.Close(testContext(t)))
	unsound, err := stream.CheckMeta(dir)
	require.NoError(t, err)
	require.Empty(t, unsound, "the checksums are the server's own")

	for _, name := range []string{stream.Name, keys.StreamName, logs.BucketStream, "OBJ_DOCUMENTS"} {
		for what, damage := range map[string]func(at string) error{
			"meta.sum is gone": func(at string) error { return os.Remove(filepath.Join(at, "meta.sum")) },
			"meta.sum is another": func(at string) error {
				return os.WriteFile(filepath.Join(at, "meta.sum"), []byte("0011223344556677"), 0o600)
			},
			"meta.inf is gone": func(at string) error { return os.Remove(filepath.Join(at, "meta.inf")) },
			"meta.inf is cut":  func(at string) error { return os.Truncate(filepath.Join(at, "meta.inf"), 20) },
		} {
			if name == "OBJ_DOCUMENTS" && what[:8] == "meta.inf" {
				continue // it is made again when somebody asks for a document
			}
			t.Run(fmt.Sprint(name, " ", what), func(t *testing.T) {
				dir := copyFolder(t, dir)
				require.NoError(t, damage(streamFolder(dir, name)))
				unsound, err := stream.CheckMeta(dir)
				require.NoError(t, err)
				require.Len(t, unsound, 1)
				require.Equal(t, name, unsound[0].Stream)

				var said syncedBuffer
				s := openTest(t, Options{Dir: dir, Log: slog.New(slog.NewTextHandler(&said, nil))})
				require.Contains(t, said.String(), "would have skipped")
				for group := range lines {
					require.NoError(t, s.Stopped(group))
					require.Equal(t, lines[group], linesOf(t, s, group))
				}
				missing, err := s.CheckKeys(testContext(t))
				require.NoError(t, err)
				require.Empty(t, missing)
				st, err := s.stream.JS.Stream(testContext(t), "OBJ_DOCUMENTS")
				require.NoError(t, err)
				require.EqualValues(t, 1, st.CachedInfo().State.Msgs)
				mustExecute(t, s, storetest.Register("one", "after"))
				require.NoError(t, s.Close(testContext(t)))
				unsound, err = stream.CheckMeta(dir)
				require.NoError(t, err)
				require.Empty(t, unsound, "one start is enough")
			})
		}
	}
}

// A file of a stream that can't be read now is neither missing nor damaged: nothing is opened and
// nothing is changed, and once it can be read again everything is there. The stream server would
// have removed the stream.
func TestStreamsThatCantBeReadNowAreLeftAlone(t *testing.T) {
	dir, lines := smallStore(t)
	away := t.TempDir()
	for _, name := range []string{stream.Name, keys.StreamName, logs.BucketStream} {
		for what, instead := range map[string]func(path string) error{
			"a link that leads nowhere": func(path string) error { return os.Symlink(filepath.Join(away, "none"), path) },
			"a folder":                  func(path string) error { return os.Mkdir(path, 0o700) },
		} {
			dir := copyFolder(t, dir)
			block := filepath.Join(streamFolder(dir, name), "msgs", "1.blk")
			require.NoError(t, os.Rename(block, filepath.Join(away, "block")))
			require.NoError(t, instead(block))
			for _, o := range []func() error{
				func() error {
					_, err := Open(testContext(t), Options{Dir: dir, Log: slog.New(slog.DiscardHandler)})
					return err
				},
				func() error {
					_, err := OpenToInspect(testContext(t), Options{Dir: dir, Log: slog.New(slog.DiscardHandler)})
					return err
				},
			} {
				var unreadable *stream.Unreadable
				require.ErrorAs(t, o(), &unreadable, "%s: %s", name, what)
				require.Equal(t, block, unreadable.Path)
			}
			require.NoError(t, os.Remove(block))
			require.NoError(t, os.Rename(filepath.Join(away, "block"), block))
			s := openTest(t, Options{Dir: dir})
			for group := range lines {
				require.NoError(t, s.Stopped(group))
				require.Equal(t, lines[group], linesOf(t, s, group))
			}
			missing, err := s.CheckKeys(testContext(t))
			require.NoError(t, err)
			require.Empty(t, missing)
			require.NoError(t, s.Close(testContext(t)))
		}
	}
}
