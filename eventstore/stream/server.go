package stream

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

const (
	startTimeout   = 30 * time.Second
	leastPayload   = 1 << 20 // bytes; the least message size that a server must allow
	connectionName = "goldenthread"

	// After pingsOut pings without an answer the connection moves to another server.
	pingEvery = 3 * time.Second
	pingsOut  = 2
)

// startServer starts a NATS server inside this process, without any port.
// SyncAlways: an append is acknowledged after it was synced (rule L3).
func startServer(dir, node string, log *slog.Logger) (*server.Server, error) {
	srv, err := server.NewServer(&server.Options{
		ServerName: node,
		DontListen: true,
		NoSigs:     true,
		JetStream:  true,
		StoreDir:   dir,
		SyncAlways: true,
		MaxPayload: leastPayload,
		// Otherwise it takes three quarters of what is free, and starts with no stream that reserves more.
		JetStreamMaxStore: 1 << 60,
	})
	if err != nil {
		return nil, fmt.Errorf("prepare the stream's server: %w", err)
	}
	srv.SetLoggerV2(&ServerLog{log}, false, false, false)
	srv.Start()
	if !srv.ReadyForConnections(startTimeout) || !srv.JetStreamEnabled() {
		srv.Shutdown()
		srv.WaitForShutdown()
		return nil, errors.New("the stream's server did not start; its log says why")
	}
	return srv, nil
}

// connect opens a connection to the server in this process, or to the one at
// the URL. It reconnects for ever.
func connect(srv *server.Server, url, node string, log *slog.Logger, access ...nats.Option) (*nats.Conn, error) {
	opts := append([]nats.Option{
		nats.Name(connectionName + " " + node),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(250 * time.Millisecond),
		nats.PingInterval(pingEvery),
		nats.MaxPingsOutstanding(pingsOut),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				log.Warn("disconnected from NATS", "error", err)
			}
		}),
	}, access...)
	if srv != nil {
		opts = append(opts, nats.InProcessServer(srv))
	}
	nc, err := nats.Connect(url, opts...)
	if err != nil {
		return nil, fmt.Errorf("connect to NATS: %w", err)
	}
	if nc.MaxPayload() < leastPayload {
		defer nc.Close()
		return nil, fmt.Errorf("this NATS takes messages of up to %d bytes, and at least %d are needed; raise its max_payload", nc.MaxPayload(), leastPayload)
	}
	return nc, nil
}

// A ServerLog logs the warnings and errors of an embedded server.
type ServerLog struct{ Log *slog.Logger }

func (l *ServerLog) Noticef(string, ...any)        {}
func (l *ServerLog) Debugf(string, ...any)         {}
func (l *ServerLog) Tracef(string, ...any)         {}
func (l *ServerLog) Warnf(format string, v ...any) { l.Log.Warn("nats: " + fmt.Sprintf(format, v...)) }
func (l *ServerLog) Errorf(format string, v ...any) {
	l.Log.Error("nats: " + fmt.Sprintf(format, v...))
}
func (l *ServerLog) Fatalf(format string, v ...any) {
	l.Log.Error("nats: " + fmt.Sprintf(format, v...))
}
