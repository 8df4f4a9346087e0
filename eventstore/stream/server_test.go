package stream

import (
	"log/slog"
	"os/exec"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

// TestASmallDiskHasEveryStream: a stream that may become larger than what is free is made, and
// is there after the next start.
func TestASmallDiskHasEveryStream(t *testing.T) {
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("no file system can be mounted here: %s", out)
	}
	t.Cleanup(func() { exec.Command("umount", dir).Run() })
	for messages := range uint64(3) {
		srv, err := startServer(dir, "node", slog.New(slog.DiscardHandler))
		require.NoError(t, err)
		conn, err := connect(srv, "", "node", slog.New(slog.DiscardHandler))
		require.NoError(t, err)
		js, err := jetstream.New(conn)
		require.NoError(t, err)
		if messages == 0 {
			_, err = js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "LARGE", Subjects: []string{"large"}, MaxBytes: 256 << 20})
			require.NoError(t, err)
		}
		large, err := js.Stream(t.Context(), "LARGE")
		require.NoError(t, err)
		require.Equal(t, messages, large.CachedInfo().State.Msgs)
		_, err = js.Publish(t.Context(), "large", []byte("x"))
		require.NoError(t, err)
		conn.Close()
		srv.Shutdown()
		srv.WaitForShutdown()
	}
}
