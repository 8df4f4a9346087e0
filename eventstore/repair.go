package eventstore

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
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// A hole in the stream can't be filled in place, so repair writes a new one.

// Repaired says what Repair did.
type Repaired struct {
	Commits uint64
	Events  int
	Taken   map[string][]uint64 // by group, the events that came from its log
	Aside   string              // the folder with the streams as they were
}

const (
	streamsFolder  = "nats"
	repairedFolder = "nats.repaired"
)

// Repair writes the streams of a stopped data folder anew, the ledgers with
// what the stream lacks or has otherwise taken from the logs, proved. The old
// streams stay beside them, under Aside, until the operator removes them: they
// hold the keys of people who are erased later. Nothing is changed if some
// group has lost events for which it was signed and no log has them.
//
// The new streams are whole and on disk before they take the old ones' place,
// by two renames. A crash before leaves the old ones as they were; a crash
// between the two leaves them aside, and the next start puts the new ones there.
//
// In a cluster nothing is repaired like this: a damaged replica is taken away
// and its peers build it anew.
func Repair(ctx context.Context, o Options) (*Repaired, error) {
	if o.NATS != "" {
		return nil, errors.New("only streams in the data folder are repaired; in a cluster, take the damaged replica away and let its peers build it anew")
	}
	if err := whileLocked(o.Dir, finishRepair); err != nil {
		return nil, err
	}
	r := &Repaired{Taken: map[string][]uint64{}}
	if err := r.write(ctx, o); err != nil {
		return nil, errors.Join(err, os.RemoveAll(filepath.Join(o.Dir, repairedFolder)))
	}
	return r, whileLocked(o.Dir, r.exchange)
}

func whileLocked(dir string, do func(dir string) error) error {
	lock, err := lockFolder(dir)
	if err != nil {
		return err
	}
	return errors.Join(do(dir), lock.Unlock())
}

// exchange puts the old streams aside and the new ones in their place.
func (r *Repaired) exchange(dir string) error {
	r.Aside = fmt.Sprintf("%s.damaged-%s", streamsFolder, time.Now().UTC().Format("20060102T150405.000"))
	if err := os.Rename(filepath.Join(dir, streamsFolder), filepath.Join(dir, r.Aside)); err != nil {
		return err
	}
	return finishRepair(dir)
}

// finishRepair puts repaired streams in their place if it is empty, and takes
// away what a repair left that did not come so far. Open does it too.
func finishRepair(dir string) error {
	from, to := filepath.Join(dir, repairedFolder), filepath.Join(dir, streamsFolder)
	if _, err := os.Stat(to); err == nil {
		return os.RemoveAll(from)
	}
	err := os.Rename(from, to)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// write opens the store as it is, which takes what is missing from the logs, and
// writes each commit as it is applied to a new server's stream.
func (r *Repaired) write(ctx context.Context, o Options) error {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	to, err := startServer(filepath.Join(o.Dir, repairedFolder), "repair", o.Log)
	if err != nil {
		return err
	}
	defer to.WaitForShutdown()
	defer to.Shutdown()
	nc, err := connect(to, "", "repair", o.Log)
	if err != nil {
		return err
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return err
	}
	if _, err := openStream(ctx, js, ledgerConfig(1)); err != nil {
		return err
	}
	var failed error
	o.Follow = []func(Commit){func(c Commit) {
		if failed == nil {
			failed = r.append(ctx, js, &c)
		}
	}}
	o.idle, o.Whole = true, true
	s, err := Open(ctx, o)
	if err != nil {
		return err
	}
	err = errors.Join(failed, r.judge(s), copyStreams(ctx, s, js))
	return errors.Join(err, s.Close(ctx))
}

func (r *Repaired) append(ctx context.Context, js jetstream.JetStream, c *Commit) error {
	if len(c.Entries) == 0 {
		return nil
	}
	_, err := js.PublishMsg(ctx, commitMessage(c, "repair", uuid.NewString(), bodyOf(c.Entries)), jetstream.WithExpectLastSequence(r.Commits))
	if err != nil {
		return fmt.Errorf("write the new stream: %w", err)
	}
	r.Commits++
	r.Events += len(c.Entries)
	return nil
}

// judge refuses to drop what can't be repaired, and notes what came from the logs.
func (r *Repaired) judge(s *Store) error {
	var lost error
	for _, name := range s.Groups() {
		stopped := s.Stopped(name)
		var mendable *Mendable
		switch {
		case errors.As(stopped, &mendable):
			r.Taken[name] = mendable.Indexes
		case stopped != nil:
			lost = errors.Join(lost, stopped)
		}
	}
	if lost != nil {
		return fmt.Errorf("not everything can be repaired: %w", lost)
	}
	return nil
}

// copyStreams copies every other stream, its messages in order.
func copyStreams(ctx context.Context, s *Store, to jetstream.JetStream) error {
	from, err := jetstream.New(s.stream.conn)
	if err != nil {
		return err
	}
	list := from.ListStreams(ctx)
	for info := range list.Info() {
		if info.Config.Name == StreamName {
			continue
		}
		if err := copyStream(ctx, from, to, info); err != nil {
			return fmt.Errorf("copy the stream %s: %w", info.Config.Name, err)
		}
	}
	return list.Err()
}

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
