package logs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"goldenthread/eventstore/commit"
	"goldenthread/eventstore/stream"
	"goldenthread/eventstore/tilelog"
)

// A CopyReport is the result of comparing a group's stream, log and checkpoint.
type CopyReport struct {
	Group      string
	Checkpoint tlog.Tree // the signed tree, with which both are compared
	Tiles      *tilelog.Report
	Mended     []string      // files of the log that were damaged and are right again
	Stream     []uint64      // indexes of events that the stream lacks, or has otherwise
	Took       time.Duration // without reading the stream
	// Err is what could not be mended: nil, *Mendable (repair does), or what
	// was damaged, by file and event (*tilelog.Damage), with no copy to mend it from.
	Err error
}

// CheckCopies compares the stream, the log and the newest checkpoint of every group, and
// calls progress for each. Damaged files of a log are rebuilt from the stream, if the
// stream has the signed root. Damage that can't be mended stops that group, unless that is
// because the stream does not answer, or the files can't be written or opened now. The error
// is ctx's, or progress's.
func (l *Logs) CheckCopies(ctx context.Context, progress func(CopyReport) error) error {
	names := l.Names()
	streams, err := l.checkStream(ctx, names)
	if err != nil {
		return err
	}
	for _, name := range names {
		r := l.checkCopies(ctx, name, streams[name])
		if isLost(r.Err) && ctx.Err() == nil && l.stream.Stopped(name) == nil {
			l.stream.Positions.Stop(&commit.Stopped{Group: name, At: l.stream.Next(name), Why: r.Err})
		}
		if err := errors.Join(ctx.Err(), progress(r)); err != nil {
			return err
		}
	}
	return nil
}

// isLost says whether the error is that what was signed for is not there any more, and not
// that it can be repaired, or can't be read or mended just now.
func isLost(err error) bool {
	return err != nil && !errors.As(err, new(*Mendable)) && !tilelog.OutOfFiles(err) && !errors.Is(err, tilelog.ErrUnwritten) && !stream.IsSilent(err)
}

func (l *Logs) checkCopies(ctx context.Context, name string, stream *streamCheck) (r CopyReport) {
	start := time.Now()
	r.Group = name
	defer func() { r.Took = time.Since(start) }()
	log, err := l.Log(name)
	if err == nil {
		err = l.Stuck(name)
	}
	if err != nil {
		r.Err = err
		return r
	}
	r.Tiles = new(tilelog.Report)
	if stream == nil {
		return r // nothing was signed for yet
	}
	r.Checkpoint = stream.tree
	right := stream.isComplete(&r)
	if r.Tiles, r.Err = log.Verify(ctx); r.Err == nil {
		r.Err = r.Tiles.Err()
	}
	var damage *tilelog.Damage
	if errors.As(r.Err, &damage) && right && l.Signs() {
		r.Mended, r.Err = l.rounds.mendNow(ctx, name)
	}
	if r.Err == nil && len(r.Stream) > 0 {
		r.Err = &Mendable{r.Stream}
	}
	return r
}

// A streamCheck compares the stream's lines of one group with its log.
type streamCheck struct {
	Comparison
	next  int64    // index of the next line
	lacks []uint64 // indexes of those that the stream lacks, or has otherwise
}

// checkStream reads the stream once and compares every signed line with its leaf. The
// error is ctx's, or says that the stream can't be read.
func (l *Logs) checkStream(ctx context.Context, names []string) (map[string]*streamCheck, error) {
	checks := map[string]*streamCheck{}
	last := l.stream.Applied.Load()
	for _, name := range names {
		if c := l.Compare(name); c != nil && l.Stuck(name) == nil {
			checks[name] = &streamCheck{Comparison: *c}
		}
	}
	for m, err := range l.stream.Messages(ctx, 1, last) {
		if err != nil {
			return nil, err
		}
		pieces, _ := commit.Cut(m.Header, m.Body) // lines of a message with a damaged header are found missing
		for i := range pieces {
			if c := checks[pieces[i].Group]; c != nil {
				c.checkLine(&pieces[i])
			}
		}
	}
	for _, c := range checks {
		if tilelog.OutOfFiles(c.unreadable) {
			return nil, c.unreadable
		}
		c.noteMissing(c.tree.N)
	}
	return checks, ctx.Err()
}

// checkLine compares the next line.
func (c *streamCheck) checkLine(p *commit.Piece) {
	index := int64(p.Index)
	if index < c.next || index >= c.tree.N {
		return
	}
	c.noteMissing(index)
	hash := tlog.RecordHash(p.Entry.Line)
	if leaf, ok := c.leaf(index); ok && leaf != hash {
		c.lacks = append(c.lacks, p.Index)
	}
	c.seen.Add(hash)
	c.next++
}

// noteMissing notes that the lines up to, not including, the index are not there.
func (c *streamCheck) noteMissing(index int64) {
	for ; c.next < index; c.next++ {
		c.lacks = append(c.lacks, uint64(c.next))
	}
}

// isComplete says whether the stream has all lines as the root has them. If not, the
// report names those that it has not.
func (c *streamCheck) isComplete(r *CopyReport) bool {
	if c.seen.Tree() == c.tree {
		return true
	}
	r.Stream = c.lacks
	return false
}

// mendNow has a log mended between two rounds, and waits for it.
func (r *rounds) mendNow(ctx context.Context, name string) (mended []string, err error) {
	done := make(chan struct{})
	select {
	case r.asked <- func() {
		defer close(done)
		mended, err = r.mendLog(ctx, r.groupLog(name))
	}:
		<-done
		return mended, err
	case <-r.ended:
		return nil, commit.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// mendSoon has a log mended before the next round.
func (l *Logs) mendSoon(name string) { l.mendAt(name, time.Now()) }

func (l *Logs) mendAt(name string, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, waits := l.damaged[name]; !waits {
		l.damaged[name] = at
		time.AfterFunc(time.Until(at), l.wakeRounds)
	}
}

// mendDamaged mends the logs in which somebody met damage, and those that could not be mended
// for a while.
func (r *rounds) mendDamaged(ctx context.Context) {
	r.mu.Lock()
	var due []*groupLog
	for name, at := range r.damaged {
		if !time.Now().Before(at) {
			delete(r.damaged, name)
			due = append(due, r.groups[name])
		}
	}
	r.mu.Unlock()
	for _, g := range due {
		r.mendLog(ctx, g)
	}
}

// checkAtStart checks all copies once the stream is replayed; the log says what
// was found.
func (l *Logs) checkAtStart(ctx context.Context, caught <-chan struct{}) {
	defer close(l.Checked)
	select {
	case <-caught:
	case <-ctx.Done():
		return
	}
	l.CheckCopies(ctx, func(r CopyReport) error {
		if r.Err != nil && ctx.Err() == nil {
			l.log.Error("the copies of a ledger differ", "group", r.Group, "error", r.Err)
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
