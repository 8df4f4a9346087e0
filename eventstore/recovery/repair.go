package recovery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"goldenthread/eventstore"
	"goldenthread/eventstore/commit"
	"goldenthread/eventstore/logs"
	"goldenthread/eventstore/stream"
)

// A hole in the stream can't be filled in place, so repair writes a new one.

// Repaired says what Repair did.
type Repaired struct {
	Commits uint64
	Events  int
	Taken   map[string][]uint64 // by group, the events that came from its log
	Aside   string              // the folder with the streams as they were
}

// Repair writes the streams of a stopped data folder anew. Events that the stream lacks or
// has changed are taken from the logs, proved. The old streams stay in the folder Aside
// until the operator removes them, which must be done: they have the keys of people who
// are erased later. If a group has lost signed events that no log has, nothing is changed,
// and the error says so.
//
// The new streams are whole and on disk before they take the old ones' place,
// by two renames. A crash before leaves the old ones as they were; a crash
// between the two leaves them aside, and the next start puts the new ones there.
//
// In a cluster nothing is repaired like this: a damaged replica is taken away
// and its peers build it anew.
func Repair(ctx context.Context, o eventstore.Options) (_ *Repaired, err error) {
	if o.NATS != "" {
		return nil, errors.New("only streams in the data folder are repaired; in a cluster, take the damaged replica away and let its peers build it anew")
	}
	if err := eventstore.CheckFolder(o.Dir); err != nil {
		return nil, err
	}
	if err := stream.WhileLocked(o.Dir, stream.FinishRepair); err != nil {
		return nil, err
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	r := &Repaired{Taken: map[string][]uint64{}}
	if err = r.write(ctx, o); err != nil {
		return nil, errors.Join(err, stream.DropRepaired(o.Dir))
	}
	r.Aside, err = stream.SetAside(o.Dir)
	return r, err
}

// write opens the store as it is, which takes what is missing from the logs, and
// writes each commit as it is applied to a new server's stream.
func (r *Repaired) write(ctx context.Context, o eventstore.Options) error {
	to, err := stream.OpenRepaired(ctx, o.Dir, o.Log)
	if err != nil {
		return err
	}
	defer to.Close()
	var failed error
	s, err := eventstore.OpenToRepair(ctx, o, func(c commit.Commit) {
		if failed != nil || len(c.Entries) == 0 {
			return
		}
		failed = to.Append(ctx, c.Entries)
		r.Commits++
		r.Events += len(c.Entries)
	})
	if err != nil {
		return err
	}
	err = errors.Join(failed, r.checkRepairable(s), to.CopyOthers(ctx, s.Conn()))
	return errors.Join(err, s.Close(ctx))
}

// checkRepairable returns an error if some group can't be repaired, and notes which events
// came from the logs.
func (r *Repaired) checkRepairable(s *eventstore.Store) error {
	var lost error
	for _, name := range s.Groups() {
		stopped := s.Stopped(name)
		var mendable *logs.Mendable
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
