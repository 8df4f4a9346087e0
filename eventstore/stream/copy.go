package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"goldenthread/eventstore/commit"
)

// A copy of the streams is written by a server of its own, which nobody else reaches.

const (
	Folder         = "nats"
	RepairedFolder = "nats.repaired"
)

// A Copy is a server with streams in a folder of their own, while they are written.
type Copy struct {
	server *server.Server
	conn   *nats.Conn
	js     jetstream.JetStream
	last   uint64 // sequence of the last commit
}

// openCopy starts the server of a copy in the folder; close it at the end.
func openCopy(dir, name string, log *slog.Logger) (c *Copy, err error) {
	c = &Copy{}
	if c.server, err = startServer(dir, name, log); err != nil {
		return nil, err
	}
	if c.conn, err = connect(c.server, "", name, log); err == nil {
		c.js, err = jetstream.New(c.conn)
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// OpenRepaired begins the streams that are to take the place of those in the data
// folder, with an empty stream of the ledgers.
func OpenRepaired(ctx context.Context, dir string, log *slog.Logger) (*Copy, error) {
	c, err := openCopy(filepath.Join(dir, RepairedFolder), "repair", log)
	if err != nil {
		return nil, err
	}
	if _, err := OpenStream(ctx, c.js, Config(1)); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func (c *Copy) Close() {
	if c.conn != nil {
		c.conn.Close()
	}
	c.server.Shutdown()
	c.server.WaitForShutdown()
}

// Append writes a commit to the stream of the ledgers, behind those before it.
func (c *Copy) Append(ctx context.Context, entries []commit.Entry) error {
	_, err := c.js.PublishMsg(ctx, commit.Message(&commit.Commit{Sequence: c.last + 1, Entries: entries}, "repair", uuid.NewString(), commit.Body(entries)), jetstream.WithExpectLastSequence(c.last))
	if err != nil {
		return fmt.Errorf("write the new stream: %w", err)
	}
	c.last++
	return nil
}

// CopyOthers copies every stream but that of the ledgers, its messages in order.
func (c *Copy) CopyOthers(ctx context.Context, conn *nats.Conn) error {
	from, err := jetstream.New(conn)
	if err != nil {
		return err
	}
	list := from.ListStreams(ctx)
	for info := range list.Info() {
		if info.Config.Name == Name {
			continue
		}
		if err := copyStream(ctx, from, c.js, info); err != nil {
			return fmt.Errorf("copy the stream %s: %w", info.Config.Name, err)
		}
	}
	return list.Err()
}

// SetAside puts the streams of a stopped data folder aside, under the name that it
// returns, and the repaired ones in their place.
func SetAside(dir string) (aside string, err error) {
	aside = fmt.Sprintf("%s.damaged-%s", Folder, time.Now().UTC().Format("20060102T150405.000"))
	return aside, WhileLocked(dir, func(dir string) error {
		if err := os.Rename(filepath.Join(dir, Folder), filepath.Join(dir, aside)); err != nil {
			return err
		}
		return FinishRepair(dir)
	})
}

// DropRepaired removes repaired streams that are not to take the old ones' place.
func DropRepaired(dir string) error { return os.RemoveAll(filepath.Join(dir, RepairedFolder)) }

func copyStream(ctx context.Context, from, to jetstream.JetStream, info *jetstream.StreamInfo) error {
	config := info.Config
	config.Replicas = 1 // there is one server
	if _, err := to.CreateStream(ctx, config); err != nil {
		return err
	}
	st, err := from.Stream(ctx, info.Config.Name)
	if err != nil {
		return err
	}
	for sequence := info.State.FirstSeq; sequence <= info.State.LastSeq && info.State.Msgs > 0; sequence++ {
		m, err := st.GetMsg(ctx, sequence)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue // deleted
		}
		if err != nil {
			return err
		}
		header := nats.Header{}
		for name, values := range m.Header {
			if !strings.HasPrefix(name, "Nats-") { // those are about the old stream
				header[name] = values
			}
		}
		if _, err := to.PublishMsg(ctx, &nats.Msg{Subject: m.Subject, Header: header, Data: m.Data}); err != nil {
			return err
		}
	}
	return nil
}

// FinishRepair finishes or undoes a repair that was broken off: if the streams were
// already set aside, the repaired ones take their place; otherwise those are removed.
func FinishRepair(dir string) error {
	from, to := filepath.Join(dir, RepairedFolder), filepath.Join(dir, Folder)
	if _, err := os.Stat(to); err == nil {
		return os.RemoveAll(from)
	}
	err := os.Rename(from, to)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

func WhileLocked(dir string, do func(dir string) error) error {
	lock, err := LockFolder(dir)
	if err != nil {
		return err
	}
	return errors.Join(do(dir), lock.Unlock())
}
