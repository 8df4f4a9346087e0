package stream

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

// blockOf is a data folder whose stream STREAM has one block, as the server wrote it: of
// messages with and without headers, of which some are gone.
func blockOf(t *testing.T) (dir, path string, data []byte) {
	dir = t.TempDir()
	srv, err := startServer(filepath.Join(dir, Folder), "test", slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	conn, err := nats.Connect("", nats.InProcessServer(srv))
	require.NoError(t, err)
	js, err := jetstream.New(conn)
	require.NoError(t, err)
	stream, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "STREAM", Subjects: []string{"s.>"}})
	require.NoError(t, err)
	for i := range 9 {
		m := nats.NewMsg(fmt.Sprintf("s.%d", i%4))
		m.Data = bytes.Repeat([]byte{byte('a' + i)}, 10*i)
		if i%2 == 0 {
			m.Header.Set("Number", fmt.Sprint(i))
		}
		_, err := js.PublishMsg(t.Context(), m)
		require.NoError(t, err)
	}
	require.NoError(t, stream.DeleteMsg(t.Context(), 3))
	require.NoError(t, stream.SecureDeleteMsg(t.Context(), 5))
	conn.Close()
	srv.Shutdown()
	srv.WaitForShutdown()
	path = filepath.Join(messagesFolder(dir, "STREAM"), "1.blk")
	data, err = os.ReadFile(path)
	require.NoError(t, err)
	return dir, path, data
}

// TestATurnedSequenceIsPutRight turns each bit of each sequence in a block that the server wrote.
func TestATurnedSequenceIsPutRight(t *testing.T) {
	dir, path, data := blockOf(t)
	whole := newBlock("STREAM", 1, data)
	require.GreaterOrEqual(t, len(whole.records), 9)
	for i, r := range whole.records {
		require.True(t, whole.fits(r), "record %d is as the server wrote it", i)
		for bit := range 64 {
			turned := bytes.Clone(data)
			turned[r.at+4+bit/8] ^= 1 << (bit % 8)
			require.NoError(t, os.WriteFile(path, turned, 0o600))
			require.NoError(t, mendSequences(dir, slog.New(slog.DiscardHandler)))
			now, err := os.ReadFile(path)
			require.NoError(t, err)
			if bytes.Equal(turned, now) { // the server is not misled far
				at, gone := newBlock("STREAM", 1, now).sequence(r), whole.sequence(r)&recordGone != 0
				require.True(t, gone || at < uint64(len(whole.records)), "record %d, bit %d: %d", i, bit, at)
				continue
			}
			require.Equal(t, data, now, "record %d, bit %d", i, bit)
		}
	}
	n, placed := newBlock("STREAM", 1, bytes.Clone(data)).mend()
	require.Zero(t, n+placed, "what is right is left as it is")

	turned := bytes.Clone(data)
	turned[whole.records[2].at+10] ^= 1
	require.NoError(t, os.WriteFile(path, turned, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(path), "3.blk"), nil, 0o600)) // and the second is gone
	require.NoError(t, mendSequences(dir, slog.New(slog.DiscardHandler)))
	now, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, data, now)
}

// TestASequenceThatCantBePutRight has another byte of the same message turned too: the message
// is left where it lies among the others, and is damaged as before.
func TestASequenceThatCantBePutRight(t *testing.T) {
	dir, path, data := blockOf(t)
	records := newBlock("STREAM", 1, data).records
	for _, i := range []int{0, 2, 8} { // the first, one in the middle and the last message
		r, damaged := records[i], bytes.Clone(data)
		damaged[r.at+10] ^= 1
		damaged[r.at+r.length-recordChecksum-1] ^= 1
		require.NoError(t, os.WriteFile(path, damaged, 0o600))
		require.NoError(t, mendSequences(dir, slog.New(slog.DiscardHandler)))
		now, err := os.ReadFile(path)
		require.NoError(t, err)
		b := newBlock("STREAM", 1, now)
		require.EqualValues(t, i+1, b.sequence(r))
		require.False(t, b.fits(r))
		damaged[r.at+10] ^= 1
		require.Equal(t, damaged, now, "nothing else is changed")
	}
	binary.LittleEndian.PutUint32(data[records[2].at:], 1<<30) // a length that can't be right is found by the server
	require.NoError(t, os.WriteFile(path, data, 0o600))
	require.NoError(t, mendSequences(dir, slog.New(slog.DiscardHandler)))
}
