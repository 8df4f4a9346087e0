package eventstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"goldenthread/eventstore/tilelog"
)

// A CopyReport says how a group's two copies and its checkpoints were found.
type CopyReport struct {
	Group      string
	Checkpoint tlog.Tree // what both are held against
	Tiles      *tilelog.Report
	Mended     []string // files of the log that were damaged and are right again
	Stream     []uint64 // indexes of events that the stream lacks, or has otherwise
	Took       time.Duration
	// Err is what could not be mended: nil, *Mendable (repair does), or what
	// was damaged, by file and event (*tilelog.Damage), with no copy to mend it from.
	Err error
}

// CheckCopies holds, for every group, the stream, the tile log and the last
// checkpoint against each other, and tells of each group as it is done. What is
// damaged of a log is rebuilt from the stream, once the root proves the stream
// right. A group that has something which can't be mended stops, and no other.
// The error is ctx's, or progress's.
func (s *Store) CheckCopies(ctx context.Context, progress func(CopyReport) error) error {
	for _, name := range s.logs.names() {
		r := s.checkCopies(ctx, name)
		var mendable *Mendable
		if r.Err != nil && !errors.As(r.Err, &mendable) && ctx.Err() == nil && s.Stopped(name) == nil {
			s.places.stop(&Stopped{name, s.Next(name), r.Err})
		}
		if err := errors.Join(ctx.Err(), progress(r)); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) checkCopies(ctx context.Context, name string) (r CopyReport) {
	start := time.Now()
	r.Group = name
	defer func() { r.Took = time.Since(start) }()
	log, err := s.Log(name)
	if err == nil {
		err = s.logs.stuck(name)
	}
	if err != nil {
		r.Err = err
		return r
	}
	r.Checkpoint, r.Tiles = log.Tree(), new(tilelog.Report)
	if r.Checkpoint.N == 0 {
		return r // nothing is signed for yet
	}
	right := s.checkStream(ctx, log, &r)
	if r.Tiles, r.Err = log.Verify(ctx); r.Err == nil {
		r.Err = r.Tiles.Err()
	}
	var damage *tilelog.Damage
	if errors.As(r.Err, &damage) && right {
		r.Mended, r.Err = s.logs.mendNow(ctx, name)
	}
	if r.Err == nil && len(r.Stream) > 0 {
		r.Err = &Mendable{r.Stream}
	}
	return r
}

// checkStream holds the stream's lines against the root, and if that is not
// theirs, each against its leaf. It says whether they are all right.
func (s *Store) checkStream(ctx context.Context, log *tilelog.Log, r *CopyReport) bool {
	var seen tilelog.Compact
	var lacks []uint64
	c := comparison{log: log, tree: r.Checkpoint}
	for index := uint64(0); index < uint64(r.Checkpoint.N); {
		for line, err := range s.linesFrom(ctx, r.Group, index, uint64(r.Checkpoint.N)) {
			hash := tlog.RecordHash(line)
			if leaf, ok := c.leaf(int64(index)); err != nil || ok && leaf != hash {
				lacks = append(lacks, index)
			}
			seen.Add(hash)
			index++
			if ctx.Err() != nil {
				return false
			}
		}
	}
	if seen.Tree() == r.Checkpoint {
		return true
	}
	r.Stream = lacks
	return false
}

// mendNow has a log mended by the goroutine that lets it grow.
func (l *logs) mendNow(ctx context.Context, name string) (mended []string, err error) {
	done := make(chan struct{})
	select {
	case l.asked <- func() {
		defer close(done)
		mended, err = l.mend(ctx, l.group(name))
	}:
		<-done
		return mended, err
	case <-l.store.written:
		return nil, ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// mendSoon asks for a log to be mended, if the goroutine that lets it grow has
// time just now. Whoever meets the damage next asks again.
func (l *logs) mendSoon(name string) {
	select {
	case l.asked <- func() { l.mend(context.Background(), l.group(name)) }:
	default:
	}
}

// checkAtStart checks all copies once the stream is replayed; the log says what
// was found.
func (s *Store) checkAtStart(ctx context.Context, caught <-chan struct{}) {
	defer close(s.checked)
	select {
	case <-caught:
	case <-ctx.Done():
		return
	}
	s.CheckCopies(ctx, func(r CopyReport) error {
		if r.Err != nil && ctx.Err() == nil {
			s.log.Error("the copies of a ledger differ", "group", r.Group, "error", r.Err)
		}
		return nil
	})
}

// String is the report in a line.
func (r CopyReport) String() string {
	switch {
	case r.Err != nil:
		return fmt.Sprintf("%s: %d events signed for; %v", r.Group, r.Checkpoint.N, r.Err)
	case len(r.Mended) > 0:
		return fmt.Sprintf("%s: %d events, all as signed; mended %d files of the log, the first is %s", r.Group, r.Checkpoint.N, len(r.Mended), r.Mended[0])
	}
	return fmt.Sprintf("%s: %d events, all as signed, in stream and log", r.Group, r.Checkpoint.N)
}
