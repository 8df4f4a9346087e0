package eventstore

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"goldenthread/eventstore/keys"
	"goldenthread/eventstore/storetest"
	"goldenthread/eventstore/stream"
)

// withoutMajority is one server of a cluster of three whose others can't be reached.
func withoutMajority(t *testing.T) string {
	t.Helper()
	srv, err := server.NewServer(&server.Options{
		ServerName: "one", Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(), SyncAlways: true, NoSigs: true, NoLog: true,
		Cluster: server.ClusterOpts{Name: "three", Host: "127.0.0.1", Port: -1}, Routes: server.RoutesFromStr("nats-route://127.0.0.1:1,nats-route://127.0.0.1:2"),
	})
	require.NoError(t, err)
	srv.Start()
	t.Cleanup(func() { srv.Shutdown(); srv.WaitForShutdown() })
	require.Eventually(t, func() bool { return srv.ClientURL() != "" && srv.ReadyForConnections(time.Second) }, testTimeout, 10*time.Millisecond)
	return srv.ClientURL()
}

// A start waits for a majority, or for NATS itself, says for what, and ends when it is told to.
func TestAStartWaitsForAMajority(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]string{"no majority": withoutMajority(t), "no server": "nats://127.0.0.1:1"} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var said syncedBuffer
			ended := make(chan error, 1)
			go func() {
				_, err := Open(ctx, Options{Dir: t.TempDir(), NATS: url, Log: slog.New(slog.NewTextHandler(&said, nil))})
				ended <- err
			}()
			require.Eventually(t, func() bool { return strings.Contains(said.String(), "waiting for NATS") }, testTimeout, 10*time.Millisecond)
			select {
			case err := <-ended:
				require.Fail(t, "it did not wait", "%v", err)
			default:
			}
			cancel()
			require.Error(t, <-ended)
		})
	}
}

// What is read while the stream does not answer is refused for now, and says how far it is.
func TestAStreamThatDoesNotAnswerIsSaid(t *testing.T) {
	t.Parallel()
	srv, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(), SyncAlways: true, NoSigs: true, NoLog: true})
	require.NoError(t, err)
	srv.Start()
	require.True(t, srv.ReadyForConnections(testTimeout))
	s := openWith(t, Options{Dir: t.TempDir(), NATS: srv.ClientURL()}, withoutLogs(true))
	mustExecute(t, s, storetest.Found("trafford"))
	founder := person(t, s, "founder")
	srv.Shutdown()
	srv.WaitForShutdown()
	_, err = s.Line(testContext(t), "trafford", 0)
	var silent *stream.Silent
	require.ErrorAs(t, err, &silent)
	require.EqualValues(t, 1, silent.Read)
	_, err = s.OpenPersonal(founder.ID, founder.Sealed)
	require.ErrorAs(t, err, new(*keys.Unreadable), "that is no erasure")

	for _, err := range []error{nats.ErrNoResponders, nats.ErrTimeout, jetstream.ErrNoStreamResponse, &jetstream.APIError{Code: 503, ErrorCode: 10008}} {
		require.True(t, stream.IsSilent(errors.Join(errors.New("read"), err)))
	}
	require.False(t, stream.IsSilent(nil))
	require.False(t, stream.IsSilent(&jetstream.APIError{Code: 404}))
}
